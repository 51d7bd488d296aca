//! A resource as the body of a POST or PUT.

use serde_json::Value;

use super::super::Server;
use super::{LETTER, Problems};
use crate::protocol::schema::{
    Attribute, ENTERPRISE, Kind, Mutability, ResourceType, Schema, find, slots,
};
use crate::protocol::{Object, conform, member, names_schema};

/// Reviews a resource; `at` is where it stands in the request.
pub(super) fn review(
    server: &Server,
    kind: &ResourceType,
    body: &Object,
    at: &str,
    problems: &mut Problems,
) {
    schemas(kind, body, at, problems);
    for (name, value) in body {
        let place = format!("{at} {name}");
        if let Some(schema) = kind.extension(name) {
            extension(schema, value, &place, problems);
        } else if let Some(attribute) = kind.core(name) {
            written(attribute, value, &place, problems);
        } else {
            unknown(kind, name, &place, problems);
        }
    }
    for (index, element) in elements(body, "members") {
        if kind.has_members() {
            member_exists(server, element, &format!("{at} members[{index}]"), problems);
        }
    }
    let manager = member(body, ENTERPRISE)
        .and_then(Value::as_object)
        .and_then(|extension| member(extension, "manager"));
    if let Some(manager) = manager {
        manager_exists(server, manager, &format!("{at} manager"), problems);
    }
}

fn elements<'a>(body: &'a Object, name: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    member(body, name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
}

fn schemas(kind: &ResourceType, body: &Object, at: &str, problems: &mut Problems) {
    let rule = "RFC 7643 section 3";
    let place = format!("{at} schemas");
    let base = &kind.schema.id;
    let Some(listed) = member(body, "schemas").and_then(Value::as_array) else {
        let says = format!("'schemas' is missing: a list with '{base}'");
        return problems.error("schemas-missing", place, says, rule);
    };
    if !names_schema(body, base) {
        let says = format!("'schemas' does not name '{base}'");
        problems.error("schemas-missing", place.clone(), says, rule);
    }
    for entry in listed {
        let known = entry
            .as_str()
            .is_some_and(|urn| urn.eq_ignore_ascii_case(base) || kind.extension(urn).is_some());
        if !known {
            let says = format!("{entry} is no schema of {}", kind.name);
            problems.error("schemas-unknown", place.clone(), says, rule);
        }
    }
    for (schema, _) in &kind.extensions {
        if member(body, &schema.id).is_some() && !names_schema(body, &schema.id) {
            let says = format!(
                "the body uses '{}', which 'schemas' does not name",
                schema.id
            );
            problems.error("schemas-missing", place.clone(), says, rule);
        }
    }
}

/// Reviews the object of an extension.
pub(super) fn extension(schema: &Schema, value: &Value, at: &str, problems: &mut Problems) {
    match value {
        Value::Object(content) => {
            for (name, value) in content {
                let place = format!("{at}:{name}");
                match schema.attribute(name) {
                    Some(attribute) => written(attribute, value, &place, problems),
                    None => undeclared(&format!("'{}'", schema.id), name, &place, problems),
                }
            }
        }
        Value::Null => {}
        _ => {
            let says = "the attributes of an extension stand in an object".to_owned();
            problems.error("wrong-type", at, says, "RFC 7643 section 3.3");
        }
    }
}

/// Reviews a name that is no attribute of the type.
pub(super) fn unknown(kind: &ResourceType, name: &str, at: &str, problems: &mut Problems) {
    let owner = kind
        .extensions
        .iter()
        .map(|(schema, _)| schema)
        .find(|schema| schema.attribute(name).is_some());
    match owner {
        Some(schema) => {
            let says = format!(
                "'{name}' belongs to '{}' and stands inside of its object",
                schema.id
            );
            problems.error("unknown-attribute", at, says, "RFC 7643 section 3.3");
        }
        None => undeclared(&kind.name, name, at, problems),
    }
}

fn undeclared(owner: &str, name: &str, at: &str, problems: &mut Problems) {
    let says = format!("'{name}' is no attribute of {owner}; what it says is lost");
    problems.error("unknown-attribute", at, says, "RFC 7644 section 3.3");
}

/// Reviews a value that a client gives to an attribute.
fn written(attribute: &Attribute, value: &Value, at: &str, problems: &mut Problems) {
    if attribute.name == "schemas" {
        return;
    }
    if attribute.mutability == Mutability::ReadOnly {
        let says = format!("'{}' is the server's to set; it is ignored", attribute.name);
        return problems.hint("read-only", at, says, "RFC 7643 section 2.2");
    }
    whole(attribute, value, at, problems);
}

/// Reviews the value of an attribute: its type, and the names inside.
pub(super) fn whole(attribute: &Attribute, value: &Value, at: &str, problems: &mut Problems) {
    if let Err(error) = conform::attribute_value(attribute, value.clone(), &LETTER) {
        problems.error("wrong-type", at, error.detail, "RFC 7643 section 2.3");
    }
    match value {
        Value::Array(list) if attribute.multi => {
            for (index, element) in list.iter().enumerate() {
                inside(attribute, element, &format!("{at}[{index}]"), problems);
            }
            let primary = |element: &&Value| element.get("primary") == Some(&Value::Bool(true));
            if list.iter().filter(primary).count() > 1 {
                let says = "more than one value is primary".to_owned();
                problems.error("primary", at, says, "RFC 7643 section 2.4");
            }
        }
        other => inside(attribute, other, at, problems),
    }
}

/// Reviews one value of an attribute that may be a list.
pub(super) fn one(attribute: &Attribute, value: &Value, at: &str, problems: &mut Problems) {
    if let Err(error) = conform::single(attribute, value.clone(), &LETTER) {
        problems.error("wrong-type", at, error.detail, "RFC 7643 section 2.3");
    }
    inside(attribute, value, at, problems);
}

/// Reviews the names inside of a complex value.
fn inside(attribute: &Attribute, value: &Value, at: &str, problems: &mut Problems) {
    let Value::Object(object) = value else {
        return;
    };
    if attribute.kind != Kind::Complex {
        return;
    }
    for (name, _) in object {
        if find(&attribute.sub, name).is_none() {
            undeclared(
                &format!("'{}'", attribute.name),
                name,
                &format!("{at}.{name}"),
                problems,
            );
        }
    }
}

/// Reviews whom a member refers to.
pub(super) fn member_exists(server: &Server, element: &Value, at: &str, problems: &mut Problems) {
    let id = element
        .as_object()
        .and_then(|element| member(element, "value"))
        .and_then(Value::as_str);
    match id {
        // Filled in by the server once the resource is there (RFC 7644 section 3.7.2).
        Some(id) if id.starts_with("bulkId:") => {}
        Some(id) if !server.engine.has_any(id) => {
            let says = "no resource has this id".to_owned();
            problems.error("unknown-id", at, says, "RFC 7643 section 4.2");
        }
        Some(_) => {}
        None => {
            let says = "a member needs the id of a resource as its 'value'".to_owned();
            problems.error("value-missing", at, says, "RFC 7643 section 4.2");
        }
    }
}

/// Reviews whom a manager refers to.
pub(super) fn manager_exists(server: &Server, manager: &Value, at: &str, problems: &mut Problems) {
    let id = manager
        .as_object()
        .and_then(|manager| member(manager, "value"))
        .and_then(Value::as_str);
    let user = server.engine.registry().kind(slots::USER);
    if let Some(id) = id
        && !id.is_empty()
        && !id.starts_with("bulkId:")
        && !server.engine.has(user, id)
    {
        let says = "no user has this id".to_owned();
        problems.hint("unknown-id", at, says, "RFC 7643 section 4.3");
    }
}
