//! What the target's own schemas demand of a person beyond the published ones, put into what the suites of the protocol send.
//!
//! `required` is the provider's to declare (RFC 7643 sections 2.2 and 6). Identity providers send what they send; a plain
//! client of the protocol reads /Schemas and sends what is asked for.

use serde_json::{Value, json};

use super::sample::plausible;
use super::subject::{Own, USER, everything_of_people, is, settable};
use crate::data::bodies;
use crate::scim::{AttrPath, SchemaView, get, named, set};
use crate::suite::model::{Case, Send, SendBody, Step};

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A path that every person must have, with a value for it.
type Needed = (AttrPath, String, Value);

/// Adds what is demanded to the people that a case makes or replaces.
pub(in crate::plan) fn complete(
    case: &mut Case,
    schema: &SchemaView,
    resource_types: Option<&Value>,
) {
    let needed = needed(schema, resource_types);
    let absent = absent(schema);
    if needed.is_empty() && absent.is_empty() {
        return;
    }
    for given in &mut case.given {
        recipe(
            &given.fixture,
            &mut given.set,
            &mut given.without,
            &needed,
            &absent,
        );
    }
    for step in &mut case.steps {
        let sends = match step {
            Step::Send(send) => std::slice::from_mut(&mut **send),
            Step::Together(sends) => sends.as_mut_slice(),
            Step::Walk(_) => &mut [],
        };
        sends
            .iter_mut()
            .for_each(|send| add(send, &needed, &absent));
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
        if !needed.iter().any(&inside) {
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

/// Published attributes that the target has not: it may refuse what it does not declare (RFC 7644 section 3.12,
/// `invalidSyntax`).
fn absent(schema: &SchemaView) -> Vec<String> {
    let declared = schema.declared_attributes_of(USER);
    if declared.is_empty() {
        return Vec::new();
    }
    schema
        .published_attributes_of(USER)
        .iter()
        .map(|attribute| &attribute.name)
        .filter(|name| {
            !declared
                .iter()
                .any(|own| own.name.eq_ignore_ascii_case(name))
        })
        .cloned()
        .chain(
            schema
                .declared_attributes_of(ENTERPRISE)
                .is_empty()
                .then(|| ENTERPRISE.to_owned()),
        )
        .collect()
}

/// Completes what is made of a fixture.
fn recipe(
    fixture: &str,
    set: &mut Vec<(String, Value)>,
    without: &mut Vec<String>,
    needed: &[Needed],
    absent: &[String],
) {
    let Some(body) = bodies::find(fixture).filter(|body| !bodies::is_group(body)) else {
        return;
    };
    let names = |path: &str, name: &str| {
        AttrPath::parse(path).is_ok_and(|path| {
            path.urn.is_none()
                && path
                    .segments
                    .first()
                    .is_some_and(|first| first.name.eq_ignore_ascii_case(name))
        })
    };
    set.retain(|(path, _)| !absent.iter().any(|name| names(path, name)));
    without.extend(
        absent
            .iter()
            .filter(|name| named(body, name).is_some())
            .cloned(),
    );
    if absent.iter().any(|name| name == ENTERPRISE) && named(body, ENTERPRISE).is_some() {
        set.retain(|(path, _)| !path.starts_with(ENTERPRISE));
        set.push(("schemas".to_owned(), json!([USER])));
    }
    let user_name = set
        .iter()
        .find(|(path, _)| path.eq_ignore_ascii_case("userName"))
        .map(|(_, value)| value)
        .or_else(|| named(body, "userName"))
        .and_then(Value::as_str)
        .map(str::to_owned);
    let mut first: Vec<(String, Value)> = missing_in(fixture, needed)
        .into_iter()
        .map(|(path, value)| {
            let value = as_named(&path, &value, user_name.as_deref());
            (path, value)
        })
        .filter(|(path, _)| {
            !without.iter().any(|left| left.eq_ignore_ascii_case(path))
                && !set
                    .iter()
                    .any(|(known, _)| known.eq_ignore_ascii_case(path))
        })
        .collect();
    // A part of it may be set afterwards.
    first.append(set);
    *set = first;
    for (path, value) in set.iter_mut() {
        if let Some((.., whole)) = needed
            .iter()
            .find(|(_, text, _)| text.eq_ignore_ascii_case(path))
        {
            add_members(value, whole);
        }
    }
}

/// What a complex value lacks of a whole one.
fn add_members(value: &mut Value, whole: &Value) {
    if let (Value::Object(value), Value::Object(whole)) = (value, whole) {
        for (name, member) in whole {
            if !value.keys().any(|key| key.eq_ignore_ascii_case(name)) {
                value.insert(name.clone(), member.clone());
            }
        }
    }
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

fn add(send: &mut Send, needed: &[Needed], absent: &[String]) {
    let path = send.target.split('?').next().unwrap_or_default().to_owned();
    match &mut send.body {
        SendBody::Fixture {
            fixture,
            set,
            without,
            ..
        } => recipe(fixture, set, without, needed, absent),
        SendBody::Json(body) => match (send.method.as_str(), path.as_str()) {
            ("POST", "/Users") => fill(body, needed, absent, None),
            ("PUT", _) => {
                // What the person was made with stays.
                if let Some(name) = person_at(&path) {
                    fill(body, needed, absent, Some(name));
                }
            }
            ("POST", "/Bulk") => {
                let operations = body.get_mut("Operations").and_then(Value::as_array_mut);
                for operation in operations.into_iter().flatten() {
                    let text = |name: &str| {
                        operation
                            .get(name)
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned()
                    };
                    let (method, path) = (text("method"), text("path"));
                    let made = person_at(&path);
                    let whole = match method.to_ascii_uppercase().as_str() {
                        "POST" => path == "/Users",
                        "PUT" => made.is_some(),
                        _ => false,
                    };
                    if let Some(data) = operation.get_mut("data").filter(|_| whole) {
                        fill(data, needed, absent, made);
                    }
                }
            }
            _ => {}
        },
        SendBody::Empty | SendBody::Raw(_) | SendBody::Echo { .. } => {}
    }
}

/// `user` of `/Users/{{user.id}}`.
fn person_at(path: &str) -> Option<&str> {
    path.strip_prefix("/Users/{{")?.strip_suffix(".id}}")
}

/// The address of somebody whose user name is one is that: some providers take no other.
fn as_named(text: &str, value: &Value, user_name: Option<&str>) -> Value {
    let mut value = value.clone();
    let plain = |name: &&str| {
        name.contains('@')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"@.-_{}".contains(&byte))
    };
    if text.eq_ignore_ascii_case("emails")
        && let Some(name) = user_name.filter(plain)
        && let Some(address) = value.pointer_mut("/0/value")
    {
        *address = json!(name);
    }
    value
}

fn fill(body: &mut Value, needed: &[Needed], absent: &[String], made: Option<&str>) {
    let is_user = body
        .get("schemas")
        .and_then(Value::as_array)
        .is_some_and(|urns| urns.iter().any(|urn| urn == USER));
    if !body.is_object() || !is_user {
        return;
    }
    // A row of the case names an attribute: which one is not known here.
    let open = |body: &Value| {
        body.as_object()
            .is_some_and(|members| members.keys().any(|name| name.contains("{{")))
    };
    if open(body) {
        return;
    }
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !absent.iter().any(|one| one.eq_ignore_ascii_case(name)));
    }
    let user_name = named(body, "userName")
        .and_then(Value::as_str)
        .map(str::to_owned);
    for (path, text, value) in needed {
        if let Some(known) = path
            .urn
            .is_none()
            .then(|| body.as_object_mut())
            .flatten()
            .and_then(|members| {
                members
                    .iter_mut()
                    .find(|(name, _)| name.eq_ignore_ascii_case(text))
            })
        {
            if made.is_none() {
                add_members(known.1, value);
            }
            continue;
        }
        if !get(body, path).is_empty() {
            continue;
        }
        let value = match made {
            Some(name) => json!(format!("{{{{{name}.{text}}}}}")),
            None => as_named(text, value, user_name.as_deref()),
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

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "urn:acme:extension:1.0:User";

    fn played(steps: &str) -> Case {
        let library = crate::suite::bundled().expect("tests/suites.rs loads the bundled suites");
        let cases = library.suites.iter().flat_map(|suite| &suite.cases);
        let mut cases = cases.filter(|case| case.id == steps);
        cases.next().expect("a case of this id").clone()
    }

    #[test]
    fn people_are_made_with_what_the_target_demands() {
        let schema = SchemaView::with_target(&[json!([
            {"id": USER, "attributes": [
                {"name": "userName", "type": "string", "required": true},
                {"name": "emails", "type": "complex", "multiValued": true, "required": true}
            ]},
            {"id": OWN, "attributes": [{"name": "contract", "type": "string", "required": true}]}
        ])]);
        let types = |required: bool| {
            json!({"Resources": [{"name": "User", "endpoint": "/Users", "schema": USER,
                "schemaExtensions": [{"schema": OWN, "required": required}]}]})
        };
        for required in [true, false] {
            let mut case = played("own-attributes");
            complete(&mut case, &schema, Some(&types(required)));
            let paths: Vec<&str> = case.given[0]
                .set
                .iter()
                .map(|(path, _)| path.as_str())
                .collect();
            let contract = format!("{OWN}:contract");
            let wanted: &[&str] = if required {
                &["emails", &contract, "schemas"]
            } else {
                &["emails"]
            };
            assert_eq!(paths, wanted, "{required}");
        }
    }

    #[test]
    fn whole_people_in_bodies_are_completed_and_keep_what_they_were_made_with() {
        let needed = vec![(
            AttrPath::name("name"),
            "name".to_owned(),
            json!({"givenName": "Amara", "familyName": "Okafor"}),
        )];
        let absent = vec!["title".to_owned()];
        for (made, body, wanted) in [
            (
                None,
                json!({"schemas": [USER], "Title": "x", "name": {"givenName": "Zoe"}}),
                json!({"schemas": [USER], "name": {"givenName": "Zoe", "familyName": "Okafor"}}),
            ),
            (
                Some("u"),
                json!({"schemas": [USER]}),
                json!({"schemas": [USER], "name": "{{u.name}}"}),
            ),
            (None, json!({"schemas": []}), json!({"schemas": []})),
            (
                None,
                json!({"schemas": [USER], "{{row.a}}": 1}),
                json!({"schemas": [USER], "{{row.a}}": 1}),
            ),
        ] {
            let mut filled = body;
            fill(&mut filled, &needed, &absent, made);
            assert_eq!(filled, wanted);
        }
        let address = json!([{"value": "{{unique}}@example.com", "type": "work"}]);
        for (text, name, wanted) in [
            (
                "emails",
                Some("ann.{{unique.s}}@example.com"),
                "ann.{{unique.s}}@example.com",
            ),
            ("emails", Some("zoë@example.com"), "{{unique}}@example.com"),
            (
                "emails",
                Some("{{user.userName}}"),
                "{{unique}}@example.com",
            ),
            ("emails", None, "{{unique}}@example.com"),
            ("others", Some("ann@example.com"), "{{unique}}@example.com"),
        ] {
            assert_eq!(
                as_named(text, &address, name)[0]["value"],
                wanted,
                "{name:?}"
            );
        }
        assert_eq!(person_at("/Users/{{user.id}}"), Some("user"));
        assert_eq!(person_at("/Groups/{{g.id}}"), None);
    }
}
