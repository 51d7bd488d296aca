//! Cases that the target's own schemas write: `rfc/declared` says what is sent and judged, /Schemas and /ResourceTypes say on which attributes.
//!
//! Only what the target invented is tried here; the published attributes have suites of their own. What is read is foreign input:
//! numbers are bounded, and whatever does not look like a declaration is passed over.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::scim::{AttrPath, Attribute, Kind, Returned, SchemaView, named};
use crate::suite::model::{Case, Change, Matcher, Send, SendBody, Step};

/// The suite that is filled in.
pub(super) const SUITE: &str = "rfc/declared";

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Attributes that are tried at most; a schema of a real target has some dozens.
const MOST: usize = 60;

/// An attribute of the target's own, with the path under which a body has it.
struct Own<'a> {
    path: String,
    urn: Option<String>,
    attribute: &'a Attribute,
}

/// Puts the target's own attributes into the steps. A reason where nothing is left to try.
pub(super) fn fill(
    case: &mut Case,
    schema: &SchemaView,
    resource_types: Option<&Value>,
) -> Option<String> {
    let own = own_attributes(schema, resource_types);
    case.steps.retain_mut(|step| match step {
        Step::Send(send) => match send.id.as_str() {
            "write" => write(send, &own),
            "immutable" => immutable(send, &own),
            "wrong-type" => wrong_type(send, &own),
            _ => true,
        },
        Step::Together(_) | Step::Walk(_) => true,
    });
    case.steps.is_empty().then(|| {
        "the target's /Schemas and /ResourceTypes declare no attribute of its own for people"
            .to_owned()
    })
}

/// The extensions of the resource type at /Users.
fn extensions(resource_types: Option<&Value>) -> BTreeSet<String> {
    let list = resource_types
        .and_then(|document| named(document, "Resources"))
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter(|one| {
            named(one, "endpoint")
                .and_then(Value::as_str)
                .is_some_and(|endpoint| endpoint.trim_matches('/') == "Users")
        })
        .filter_map(|one| named(one, "schemaExtensions").and_then(Value::as_array))
        .flatten()
        .filter_map(|extension| named(extension, "schema").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

fn own_attributes<'a>(schema: &'a SchemaView, resource_types: Option<&Value>) -> Vec<Own<'a>> {
    let published = &|urn: &str, attribute: &Attribute| {
        schema
            .published_attributes_of(urn)
            .iter()
            .any(|known| known.name.eq_ignore_ascii_case(&attribute.name))
    };
    let common = ["id", "externalId", "meta", "schemas"];
    let core = schema
        .declared_attributes_of(USER)
        .iter()
        .filter(|a| !published(USER, a))
        .filter(|a| !common.iter().any(|name| name.eq_ignore_ascii_case(&a.name)))
        .map(|attribute| Own {
            path: attribute.name.clone(),
            urn: None,
            attribute,
        });
    let extensions = extensions(resource_types);
    let extended = extensions.iter().flat_map(|urn| {
        schema
            .declared_attributes_of(urn)
            .iter()
            .filter(move |a| !published(urn, a))
            .map(move |attribute| Own {
                path: format!("{urn}:{}", attribute.name),
                urn: Some(urn.clone()),
                attribute,
            })
    });
    core.chain(extended)
        .filter(|own| AttrPath::parse(&own.path).is_ok())
        .take(MOST)
        .collect()
}

/// A value of the declared type that no other attribute has; `None` where only the target knows which values exist.
fn sample(attribute: &Attribute, place: usize) -> Option<Value> {
    let one = match attribute.kind {
        Kind::String => match attribute.canonical_values.first() {
            Some(first) if !first.contains("{{") => json!(first),
            _ => json!(format!("v{place}-{{{{unique.own}}}}")),
        },
        Kind::Boolean => json!(true),
        Kind::Integer => json!(7),
        Kind::Decimal => json!(7.5),
        Kind::DateTime => json!("2026-01-02T03:04:05Z"),
        Kind::Binary => json!("c2NpbXByb29m"),
        Kind::Reference => return None,
        Kind::Complex => {
            let members: Map<String, Value> = attribute
                .sub
                .iter()
                .filter(|sub| sub.kind != Kind::Complex && writable(sub))
                .take(MOST)
                .filter_map(|sub| Some((sub.name.clone(), sample(sub, place)?)))
                .collect();
            if members.is_empty() {
                return None;
            }
            Value::Object(members)
        }
    };
    Some(if attribute.multi_valued {
        json!([one])
    } else {
        one
    })
}

/// What says nothing is readWrite (RFC 7643 section 2.2).
fn is(attribute: &Attribute, mutability: &str) -> bool {
    let said = match attribute.mutability.as_str() {
        "" => "readWrite",
        said => said,
    };
    said.eq_ignore_ascii_case(mutability)
}

/// What is stored as it was sent and comes back unasked.
fn writable(attribute: &Attribute) -> bool {
    matches!(attribute.returned, Returned::Always | Returned::Default)
        && (is(attribute, "readWrite") || is(attribute, "immutable"))
}

/// Sets paths in what is sent; the URNs of their extensions stand in `schemas`.
fn put(send: &mut Send, values: &[(&Own<'_>, Value)]) {
    let SendBody::Echo { set, .. } = &mut send.body else {
        return;
    };
    let urns: BTreeSet<&String> = values
        .iter()
        .filter_map(|(own, _)| own.urn.as_ref())
        .collect();
    if !urns.is_empty() {
        let mut schemas = vec![json!(USER)];
        schemas.extend(urns.into_iter().map(|urn| json!(urn)));
        set.push(("schemas".to_owned(), Value::Array(schemas)));
    }
    set.extend(
        values
            .iter()
            .map(|(own, value)| (own.path.clone(), value.clone())),
    );
}

fn expect(send: &mut Send, paths: Vec<(String, Matcher)>) {
    if let Some(changes) = &mut send.changes {
        for (_, change) in &mut changes.of {
            if let Change::Paths(all) = change {
                all.extend(paths.iter().cloned());
            }
        }
    }
}

fn write(send: &mut Send, own: &[Own<'_>]) -> bool {
    let mut values = Vec::new();
    let mut paths = Vec::new();
    for (place, one) in own.iter().enumerate() {
        let Some(value) = sample(one.attribute, place) else {
            continue;
        };
        let read_only = is(one.attribute, "readOnly");
        // What the server makes up itself may well be true, 7 or a canonical value; text that carries the run's tag may not.
        if read_only
            && (one.attribute.kind != Kind::String || !one.attribute.canonical_values.is_empty())
        {
            continue;
        }
        let matcher = if one.attribute.returned == Returned::Never {
            Matcher::Absent
        } else if read_only {
            Matcher::Not(Box::new(Matcher::Is(value.clone())))
        } else if writable(one.attribute) {
            Matcher::Is(value.clone())
        } else {
            continue;
        };
        paths.push((one.path.clone(), matcher));
        values.push((one, value));
    }
    put(send, &values);
    expect(send, paths);
    !values.is_empty()
}

fn immutable(send: &mut Send, own: &[Own<'_>]) -> bool {
    let found = own.iter().enumerate().find(|(_, one)| {
        is(one.attribute, "immutable")
            && one.attribute.kind == Kind::String
            && !one.attribute.multi_valued
            && one.attribute.canonical_values.is_empty()
            && writable(one.attribute)
    });
    let Some((place, one)) = found else {
        return false;
    };
    put(
        send,
        &[(one, json!(format!("other{place}-{{{{unique.other}}}}")))],
    );
    let kept = Matcher::Not(Box::new(Matcher::Is(json!(format!(
        "other{place}-{{{{unique.other}}}}"
    )))));
    expect(send, vec![(one.path.clone(), kept)]);
    true
}

fn wrong_type(send: &mut Send, own: &[Own<'_>]) -> bool {
    let found = own.iter().find(|one| {
        writable(one.attribute)
            && is(one.attribute, "readWrite")
            && !one.attribute.multi_valued
            && matches!(
                one.attribute.kind,
                Kind::Integer | Kind::Boolean | Kind::Decimal | Kind::String
            )
    });
    let Some(one) = found else {
        return false;
    };
    put(send, &[(one, json!({"wrong": "type"}))]);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: &str = "urn:acme:extension:1.0:User";

    fn view(attributes: Value) -> SchemaView {
        SchemaView::with_target(&[json!({"Resources": [
            {"id": USER, "attributes": [{"name": "userName", "type": "string"}, {"name": "shoeSize", "type": "integer"}]},
            {"id": ACME, "attributes": attributes},
        ]})])
    }

    fn types(extension: Value) -> Value {
        json!({"Resources": [{"name": "User", "endpoint": "Users/", "schema": USER, "schemaExtensions": extension}]})
    }

    fn filled(schema: &SchemaView, types: Option<&Value>) -> (Vec<String>, Option<String>) {
        let library = crate::suite::bundled().expect("tests/suites.rs loads the bundled suites");
        let mut case = library
            .suites
            .iter()
            .find(|suite| suite.id == SUITE)
            .expect("the suite that this module fills in")
            .cases[0]
            .clone();
        let why = fill(&mut case, schema, types);
        let mut out = Vec::new();
        for step in &case.steps {
            if let Step::Send(send) = step
                && let SendBody::Echo { set, .. } = &send.body
            {
                out.extend(
                    set.iter()
                        .map(|(path, value)| format!("{} {path}={value}", send.id)),
                );
            }
        }
        (out, why)
    }

    #[test]
    fn own_attributes_are_written_by_their_characteristics() {
        let schema = view(json!([
            {"name": "badge", "type": "string", "mutability": "immutable"},
            {"name": "secret", "type": "string", "returned": "request"},
            {"name": "score", "type": "decimal"},
            {"name": "owner", "type": "reference"},
            {"name": "stamp", "type": "boolean", "mutability": "readOnly"},
            {"name": "tags", "type": "string", "multiValued": true, "canonicalValues": ["red"]},
        ]));
        let types = types(json!([{"schema": ACME, "required": false}]));
        let (sent, why) = filled(&schema, Some(&types));
        let schemas = format!("schemas=[\"{USER}\",\"{ACME}\"]");
        assert_eq!(why, None);
        assert_eq!(
            sent,
            [
                format!("write {schemas}"),
                "write shoeSize=7".to_owned(),
                format!("write {ACME}:badge=\"v1-{{{{unique.own}}}}\""),
                format!("write {ACME}:score=7.5"),
                format!("write {ACME}:tags=[\"red\"]"),
                format!("immutable {schemas}"),
                format!("immutable {ACME}:badge=\"other1-{{{{unique.other}}}}\""),
                "wrong-type shoeSize={\"wrong\":\"type\"}".to_owned(),
            ]
        );
    }

    #[test]
    fn what_is_not_declared_for_people_is_not_sent() {
        let bare = SchemaView::with_target(&[json!({"Resources": [
            {"id": USER, "attributes": [{"name": "userName", "type": "string"}]},
            {"id": ACME, "attributes": [{"name": "level", "type": "integer"}]},
        ]})]);
        for types in [
            None,
            Some(json!({})),
            Some(json!({"Resources": [7, null, {"endpoint": []}]})),
            Some(types(json!("x"))),
        ] {
            let (sent, why) = filled(&bare, types.as_ref());
            assert_eq!(sent, Vec::<String>::new(), "{types:?}");
            assert!(why.is_some());
        }
    }
}
