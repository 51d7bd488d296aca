//! The body of a PATCH (RFC 7644 section 3.5.2).

use serde_json::Value;

use super::super::Server;
use super::{LETTER, Problems, resource};
use crate::protocol::filter::{self, PatchPath, parse_path};
use crate::protocol::path::Resolved;
use crate::protocol::schema::{Attribute, ENTERPRISE, Mutability, ResourceType};
use crate::protocol::{Object, PATCH_OP, member, names_schema};

const RULE: &str = "RFC 7644 section 3.5.2";

/// Reviews a PATCH; `at` is where its body stands in the request.
pub(super) fn review(
    server: &Server,
    kind: &ResourceType,
    body: &Object,
    at: &str,
    problems: &mut Problems,
) {
    if !names_schema(body, PATCH_OP) {
        let says = format!("'schemas' must name '{PATCH_OP}'");
        problems.error("schemas-missing", format!("{at} schemas"), says, RULE);
    }
    for (name, _) in body {
        if !["schemas", "Operations"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            let says = format!("'{name}' means nothing in a PATCH");
            problems.hint("unknown-member", format!("{at} {name}"), says, RULE);
        }
    }
    let place = format!("{at} Operations");
    match member(body, "Operations").and_then(Value::as_array) {
        None => {
            let says = "'Operations' is missing: a list of operations".to_owned();
            problems.error("operations", place, says, RULE);
        }
        Some(list) if list.is_empty() => {
            let says = "there is no operation".to_owned();
            problems.error("operations", place, says, RULE);
        }
        Some(list) => {
            for (index, entry) in list.iter().enumerate() {
                let place = format!("{place}[{index}]");
                match entry.as_object() {
                    Some(entry) => operation(server, kind, entry, &place, problems),
                    None => {
                        let says = "an operation is an object".to_owned();
                        problems.error("operations", place, says, RULE);
                    }
                }
            }
        }
    }
}

fn operation(
    server: &Server,
    kind: &ResourceType,
    entry: &Object,
    at: &str,
    problems: &mut Problems,
) {
    for (name, _) in entry {
        if !["op", "path", "value"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            let says = format!("'{name}' means nothing in an operation");
            problems.hint("unknown-member", format!("{at}.{name}"), says, RULE);
        }
    }
    let written = member(entry, "op")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let op = written.to_ascii_lowercase();
    if !["add", "remove", "replace"].contains(&op.as_str()) {
        let says = format!("'op' is add, remove or replace, not '{written}'");
        return problems.error("op", format!("{at}.op"), says, RULE);
    }
    if op != written {
        let says = format!("'{written}' is spelled '{op}'");
        problems.error("op-case", format!("{at}.op"), says, RULE);
    }
    let value = member(entry, "value");
    match (op.as_str(), value) {
        ("remove", Some(_)) => {
            let says =
                "a remove has no 'value': say in the path what goes, or all of it does".to_owned();
            problems.error(
                "value-unused",
                format!("{at}.value"),
                says,
                "RFC 7644 section 3.5.2.2",
            );
        }
        ("add" | "replace", None) => {
            let says = format!("{op} needs a 'value'");
            problems.error("value-missing", at, says, RULE);
        }
        _ => {}
    }
    match member(entry, "path") {
        None | Some(Value::Null) => without_path(server, kind, &op, value, at, problems),
        Some(Value::String(text)) => match parse_path(text, &LETTER) {
            Ok(path) => target(server, kind, &path, &op, value, at, problems),
            Err(complaint) => {
                problems.error(
                    "path-syntax",
                    format!("{at}.path"),
                    complaint,
                    "RFC 7644 figure 7",
                );
            }
        },
        Some(_) => {
            let says = "'path' is a string".to_owned();
            problems.error("path-syntax", format!("{at}.path"), says, RULE);
        }
    }
}

fn without_path(
    server: &Server,
    kind: &ResourceType,
    op: &str,
    value: Option<&Value>,
    at: &str,
    problems: &mut Problems,
) {
    if op == "remove" {
        let says = "a remove needs a 'path'".to_owned();
        return problems.error("path-missing", at, says, "RFC 7644 section 3.5.2.2");
    }
    let Some(value) = value else {
        return;
    };
    let Value::Object(value) = value else {
        let says = "without a 'path', 'value' is an object of attributes".to_owned();
        return problems.error("wrong-type", format!("{at}.value"), says, RULE);
    };
    for (name, value) in value {
        let place = format!("{at}.value.{name}");
        if let Some(schema) = kind.extension(name) {
            resource::extension(schema, value, &place, problems);
        } else if let Some(attribute) = kind.core(name) {
            given(server, attribute, None, value, &place, problems);
        } else if parse_path(name, &LETTER)
            .is_ok_and(|path| path.path.resolve(kind, &LETTER).is_some())
        {
            let says =
                format!("'{name}' is a path; without 'path', names of attributes stand here");
            problems.error("unknown-attribute", place, says, RULE);
        } else {
            resource::unknown(kind, name, &place, problems);
        }
    }
}

fn target(
    server: &Server,
    kind: &ResourceType,
    path: &PatchPath,
    op: &str,
    value: Option<&Value>,
    at: &str,
    problems: &mut Problems,
) {
    let place = format!("{at}.path");
    let value = value.filter(|_| op != "remove");
    let found = match path.path.resolve(kind, &LETTER) {
        None => {
            let says = format!("'{}' is no attribute of {}", path.path, kind.name);
            return problems.error("unknown-attribute", place, says, RULE);
        }
        Some(Resolved::Core) => return,
        Some(Resolved::Container(schema)) => {
            if let Some(value) = value {
                resource::extension(schema, value, &format!("{at}.value"), problems);
            }
            return;
        }
        Some(Resolved::Place(found)) => found,
    };
    let mut leaf = found.leaf();
    let mut selected = false;
    if let Some(selection) = &path.selection {
        selected = true;
        if !found.attribute.multi {
            let says = format!(
                "'{}' has one value, so nothing is to be selected",
                found.attribute.name
            );
            problems.error("path", place.clone(), says, "RFC 7644 figure 7");
        } else if let Err(error) = filter::elements(selection, found.attribute, &LETTER) {
            problems.error(
                "filter",
                place.clone(),
                error.detail,
                "RFC 7644 section 3.4.2.2",
            );
        }
    }
    if let Some(name) = &path.sub {
        match found.attribute.sub(name) {
            Some(sub) => {
                leaf = sub;
                selected = false;
            }
            None => {
                let says = format!("'{name}' is no sub-attribute of '{}'", found.attribute.name);
                return problems.error("unknown-attribute", place, says, RULE);
            }
        }
    }
    if leaf.mutability == Mutability::ReadOnly || found.attribute.mutability == Mutability::ReadOnly
    {
        let says = format!("'{}' is the server's to change", leaf.name);
        return problems.error("read-only", place, says, RULE);
    }
    let Some(value) = value else {
        return;
    };
    let place = format!("{at}.value");
    if selected {
        resource::one(leaf, value, &place, problems);
    } else {
        given(server, leaf, found.extension, value, &place, problems);
    }
}

/// Reviews the value for an attribute; where that is a list, one element will do.
fn given(
    server: &Server,
    attribute: &Attribute,
    extension: Option<&str>,
    value: &Value,
    at: &str,
    problems: &mut Problems,
) {
    if attribute.mutability == Mutability::ReadOnly {
        let says = format!("'{}' is the server's to change", attribute.name);
        return problems.error("read-only", at, says, RULE);
    }
    match value {
        Value::Array(_) | Value::Null => resource::whole(attribute, value, at, problems),
        _ if attribute.multi => resource::one(attribute, value, at, problems),
        _ => resource::whole(attribute, value, at, problems),
    }
    if extension.is_none() && attribute.name == "members" {
        let list = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for (index, element) in list.iter().enumerate() {
            resource::member_exists(server, element, &format!("{at}[{index}]"), problems);
        }
    }
    if extension == Some(ENTERPRISE) && attribute.name == "manager" {
        resource::manager_exists(server, value, at, problems);
    }
}
