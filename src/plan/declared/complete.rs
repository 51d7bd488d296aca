//! What the target's own schemas demand of a person beyond the published ones, put into what the suites of the protocol send.
//!
//! `required` is the provider's to declare (RFC 7643 sections 2.2 and 6). Identity providers send what they send; a plain
//! client of the protocol reads /Schemas and sends what is asked for.

use serde_json::{Value, json};

use super::sample::plausible;
use super::subject::{Own, USER, everything_of_people, is, settable};
use crate::data::bodies;
use crate::scim::{AttrPath, SchemaView, get, set};
use crate::suite::model::{Case, Send, SendBody, Step};

/// A path that every person must have, with a value for it.
type Needed = (AttrPath, String, Value);

/// Adds what is demanded to the people that a case makes or replaces.
pub(in crate::plan) fn complete(
    case: &mut Case,
    schema: &SchemaView,
    resource_types: Option<&Value>,
) {
    let needed = needed(schema, resource_types);
    if needed.is_empty() {
        return;
    }
    for given in &mut case.given {
        let missing = missing_in(&given.fixture, &needed);
        given.set.extend(missing.into_iter().filter(|(path, _)| {
            !given.without.iter().any(|left| left.eq_ignore_ascii_case(path))
        }));
    }
    for step in &mut case.steps {
        let sends = match step {
            Step::Send(send) => std::slice::from_mut(&mut **send),
            Step::Together(sends) => sends.as_mut_slice(),
            Step::Walk(_) => &mut [],
        };
        sends.iter_mut().for_each(|send| add(send, &needed));
    }
}

fn needed(schema: &SchemaView, resource_types: Option<&Value>) -> Vec<Needed> {
    let people = everything_of_people(schema, resource_types);
    let demanded = |own: &&Own<'_>| {
        let whole = own
            .urn
            .as_ref()
            .is_none_or(|urn| people.required.contains(urn));
        let name = own.attribute.name.to_ascii_lowercase();
        own.attribute.required
            && settable(own.attribute)
            && whole
            && !(own.urn.is_none() && ["username", "password"].contains(&name.as_str()))
    };
    let mut needed: Vec<&Own<'_>> = people.own.iter().filter(demanded).collect();
    // An extension that must be there, though nothing in it must.
    for urn in &people.required {
        let inside = |own: &&Own<'_>| own.urn.as_ref() == Some(urn);
        if !needed.iter().any(|own| inside(own)) {
            needed.extend(
                people
                    .own
                    .iter()
                    .filter(inside)
                    .find(|own| is(own.attribute, "readWrite") && plausible(own).is_some()),
            );
        }
    }
    needed
        .into_iter()
        .filter_map(|own| {
            Some((
                AttrPath::parse(&own.path).ok()?,
                own.path.clone(),
                plausible(own)?,
            ))
        })
        .collect()
}

/// What a fixture of a person lacks.
fn missing_in(fixture: &str, needed: &[Needed]) -> Vec<(String, Value)> {
    let Some(body) = bodies::find(fixture).filter(|body| !bodies::is_group(body)) else {
        return Vec::new();
    };
    let mut out: Vec<(String, Value)> = needed
        .iter()
        .filter(|(path, ..)| get(body, path).is_empty())
        .map(|(_, text, value)| (text.clone(), value.clone()))
        .collect();
    let urns: Vec<&String> = needed
        .iter()
        .filter(|(path, ..)| get(body, path).is_empty())
        .filter_map(|(path, ..)| path.urn.as_ref())
        .collect();
    if !urns.is_empty() {
        let mut schemas = get(body, &AttrPath::name("schemas"))
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(list) => list.clone(),
                one => vec![one.clone()],
            })
            .collect::<Vec<_>>();
        schemas.extend(urns.into_iter().map(|urn| json!(urn)));
        out.push(("schemas".to_owned(), Value::Array(schemas)));
    }
    out
}

fn add(send: &mut Send, needed: &[Needed]) {
    let path = send.target.split('?').next().unwrap_or_default().to_owned();
    match &mut send.body {
        SendBody::Fixture {
            fixture,
            set,
            without,
            ..
        } => {
            let missing = missing_in(fixture, needed);
            set.extend(missing.into_iter().filter(|(path, _)| {
                !without.iter().any(|left| left.eq_ignore_ascii_case(path))
            }));
        }
        SendBody::Json(body) => match (send.method.as_str(), path.as_str()) {
            ("POST", "/Users") => fill(body, needed, None),
            ("PUT", _) => {
                // What the person was made with stays.
                if let Some(name) = path
                    .strip_prefix("/Users/{{")
                    .and_then(|rest| rest.strip_suffix(".id}}"))
                {
                    fill(body, needed, Some(name));
                }
            }
            ("POST", "/Bulk") => {
                let operations = body.get_mut("Operations").and_then(Value::as_array_mut);
                for operation in operations.into_iter().flatten() {
                    let creates = operation["method"]
                        .as_str()
                        .is_some_and(|method| method.eq_ignore_ascii_case("POST"))
                        && operation["path"] == "/Users";
                    if let Some(data) = operation.get_mut("data").filter(|_| creates) {
                        fill(data, needed, None);
                    }
                }
            }
            _ => {}
        },
        SendBody::Empty | SendBody::Raw(_) | SendBody::Echo { .. } => {}
    }
}

fn fill(body: &mut Value, needed: &[Needed], made: Option<&str>) {
    let is_user = body
        .get("schemas")
        .and_then(Value::as_array)
        .is_some_and(|urns| urns.iter().any(|urn| urn == USER));
    if !body.is_object() || !is_user {
        return;
    }
    for (path, text, value) in needed {
        if !get(body, path).is_empty() {
            continue;
        }
        let value = match made {
            Some(name) => json!(format!("{{{{{name}.{text}}}}}")),
            None => value.clone(),
        };
        set(body, path, value);
        if let (Some(urn), Some(urns)) = (
            &path.urn,
            body.get_mut("schemas").and_then(Value::as_array_mut),
        ) && !urns.iter().any(|known| known == urn)
        {
            urns.push(json!(urn));
        }
    }
}
