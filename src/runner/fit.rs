//! How a body of the `rfc` suites is fitted to what the target's own /Schemas declare.
//!
//! A provider may publish fewer attributes than RFC 7643 section 8.7 prints, and require more (section 2.2: what is required is said
//! by the schema). A strict one then refuses what it did not declare, and what lacks a required value: both are lawful, and no
//! finding of a check about something else. So published attributes that the target does not declare are left out, and values that it
//! alone requires are filled in. Identity providers send what they send: their suites are not fitted.

use serde_json::{Map, Value, json};

use crate::scim::{Attribute, Kind, SchemaView, is_unassigned, named};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The core schema of what a POST, PUT or PATCH to this target writes; `None` for everything else.
pub(super) fn written(method: &str, target: &str) -> Option<&'static str> {
    if !matches!(method, "POST" | "PUT" | "PATCH") {
        return None;
    }
    let path = target.split(['?', '#']).next().unwrap_or_default();
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "Users"] | ["", "Users", _] if !path.ends_with(".search") => Some(USER),
        ["", "Groups"] | ["", "Groups", _] if !path.ends_with(".search") => Some(GROUP),
        _ => None,
    }
}

/// Where the resource with this id is.
pub(super) type Place<'a> = &'a dyn Fn(&str) -> String;

/// Leaves out and fills in. A target that declares nothing of this type gets the body as it is.
pub(super) fn fit(
    body: &mut Value,
    core: &str,
    enterprise: bool,
    schema: &SchemaView,
    place: Place<'_>,
) {
    let declared = schema.declared_attributes_of(core);
    if declared.is_empty() {
        return;
    }
    let published = schema.published_attributes_of(core);
    let Some(map) = body.as_object_mut() else {
        return;
    };
    leave_out(map, published, declared);
    let extension = map
        .keys()
        .find(|key| key.eq_ignore_ascii_case(ENTERPRISE))
        .cloned();
    if !enterprise {
        if let Some(key) = extension {
            map.remove(&key);
        }
        if let Some(Value::Array(schemas)) = map.get_mut("schemas") {
            schemas.retain(|urn| {
                !urn.as_str()
                    .is_some_and(|urn| urn.eq_ignore_ascii_case(ENTERPRISE))
            });
        }
    } else if let Some(Value::Object(inner)) = extension.and_then(|key| map.get_mut(&key)) {
        let declared = schema.declared_attributes_of(ENTERPRISE);
        if !declared.is_empty() {
            leave_out(inner, schema.published_attributes_of(ENTERPRISE), declared);
            refer(inner, declared, place);
        }
    }
    refer(map, declared, place);
    let who = named(&Value::Object(map.clone()), "userName")
        .or_else(|| map.get("displayName"))
        .and_then(Value::as_str)
        .unwrap_or("scimproof")
        .to_owned();
    // What everybody requires is the affair of the cases about it (erratum 5368: a group's name is).
    let demanded: Vec<Attribute> = declared
        .iter()
        .filter(|attribute| {
            let name = if core == GROUP {
                "displayName"
            } else {
                "userName"
            };
            !attribute.name.eq_ignore_ascii_case(name)
        })
        .cloned()
        .collect();
    fill_in(map, published, &demanded, &who);
}

/// Gives the references that a PATCH adds their addresses, where the target demands them.
pub(super) fn fit_patch(body: &mut Value, core: &str, schema: &SchemaView, place: Place<'_>) {
    let declared = schema.declared_attributes_of(core);
    let operations = body
        .as_object_mut()
        .and_then(|map| map.get_mut("Operations"))
        .and_then(Value::as_array_mut);
    for operation in operations.into_iter().flatten() {
        let path = operation
            .get("path")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let Some(value) = operation.get_mut("value") else {
            continue;
        };
        match path {
            None => {
                if let Some(map) = value.as_object_mut() {
                    refer(map, declared, place);
                }
            }
            Some(path) => {
                if let Some(attribute) = of(declared, &path) {
                    refer_all(value, attribute, place);
                }
            }
        }
    }
}

/// Fills in the `$ref` of references that the target requires (RFC 7643 section 8.7 prints it so for the manager).
fn refer(map: &mut Map<String, Value>, declared: &[Attribute], place: Place<'_>) {
    for (key, value) in map.iter_mut() {
        if let Some(attribute) = of(declared, key) {
            refer_all(value, attribute, place);
        }
    }
}

fn refer_all(value: &mut Value, attribute: &Attribute, place: Place<'_>) {
    let demanded = |sub: &Attribute| sub.required && !is_read_only(sub);
    if is_read_only(attribute) || !of(&attribute.sub, "$ref").is_some_and(demanded) {
        return;
    }
    let one = |item: &mut Value| {
        let Some(map) = item.as_object_mut() else {
            return;
        };
        let id = map.get("value").and_then(Value::as_str).map(&place);
        if let Some(address) = id.filter(|_| !map.contains_key("$ref")) {
            map.insert("$ref".to_owned(), Value::from(address));
        }
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(one),
        other => one(other),
    }
}

fn of<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

fn is_read_only(attribute: &Attribute) -> bool {
    attribute.mutability.eq_ignore_ascii_case("readOnly")
}

fn leave_out(map: &mut Map<String, Value>, published: &[Attribute], declared: &[Attribute]) {
    map.retain(|key, value| {
        let Some(known) = of(published, key) else {
            return true;
        };
        let Some(own) = of(declared, key) else {
            return false;
        };
        if is_read_only(own) && !is_read_only(known) {
            return false;
        }
        if own.sub.is_empty() {
            return true;
        }
        match value {
            Value::Object(inner) => {
                let held = !inner.is_empty();
                leave_out(inner, &known.sub, &own.sub);
                !(held && inner.is_empty())
            }
            Value::Array(items) => {
                let held = !items.is_empty();
                items.retain_mut(|item| match item {
                    Value::Object(inner) => {
                        leave_out(inner, &known.sub, &own.sub);
                        !inner.is_empty()
                    }
                    _ => true,
                });
                !(held && items.is_empty())
            }
            _ => true,
        }
    });
}

fn fill_in(
    map: &mut Map<String, Value>,
    published: &[Attribute],
    declared: &[Attribute],
    who: &str,
) {
    for attribute in declared {
        let demanded = attribute.required
            && !is_read_only(attribute)
            && !of(published, &attribute.name).is_some_and(|known| known.required);
        let known = of(published, &attribute.name).map_or(&[][..], |known| &known.sub);
        let key = map
            .keys()
            .find(|key| key.eq_ignore_ascii_case(&attribute.name))
            .cloned();
        let missing = key.as_ref().is_none_or(|key| is_unassigned(&map[key]));
        if missing {
            if demanded && let Some(value) = sample(attribute, who) {
                map.insert(key.unwrap_or_else(|| attribute.name.clone()), value);
            }
            continue;
        }
        match key.and_then(|key| map.get_mut(&key)) {
            Some(Value::Object(inner)) => fill_in(inner, known, &attribute.sub, who),
            Some(Value::Array(items)) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    fill_in(item, known, &attribute.sub, who);
                }
            }
            _ => {}
        }
    }
}

/// A plausible value of an attribute; `None` where only the target knows which values exist.
fn sample(attribute: &Attribute, who: &str) -> Option<Value> {
    let one = match attribute.kind {
        Kind::String => json!(word(attribute, who)),
        Kind::Boolean => json!(true),
        Kind::Integer => json!(7),
        Kind::Decimal => json!(7.5),
        Kind::DateTime => json!("2026-01-02T03:04:05Z"),
        Kind::Binary => json!("c2NpbXByb29m"),
        Kind::Reference => return None,
        Kind::Complex => {
            let inner: Map<String, Value> = attribute
                .sub
                .iter()
                .filter(|sub| sub.required || sub.name.eq_ignore_ascii_case("value"))
                .filter_map(|sub| {
                    let value = if attribute.name.eq_ignore_ascii_case("emails")
                        && sub.name.eq_ignore_ascii_case("value")
                    {
                        json!(address(who))
                    } else {
                        sample(sub, who)?
                    };
                    Some((sub.name.clone(), value))
                })
                .collect();
            // Whom a reference names only the target knows: an empty list of them is what can be said.
            if attribute.name.eq_ignore_ascii_case("members") || inner.is_empty() {
                return attribute.multi_valued.then(|| json!([]));
            }
            Value::Object(inner)
        }
    };
    Some(if attribute.multi_valued {
        json!([one])
    } else {
        one
    })
}

fn word(attribute: &Attribute, who: &str) -> String {
    if let Some(first) = attribute.canonical_values.first() {
        return first.clone();
    }
    match attribute.name.to_ascii_lowercase().as_str() {
        "givenname" => "Amara".to_owned(),
        "familyname" => "Okafor".to_owned(),
        "formatted" | "displayname" => "Amara Okafor".to_owned(),
        "locale" | "preferredlanguage" => "en-US".to_owned(),
        "timezone" => "Europe/Amsterdam".to_owned(),
        name => format!("{name}-{who}"),
    }
}

/// An e-mail address that is as unique as the name.
fn address(who: &str) -> String {
    if who.contains('@') {
        who.to_owned()
    } else {
        let local: String = who.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{local}@example.com")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(attributes: Value) -> SchemaView {
        SchemaView::with_target(&[json!({"id": USER, "attributes": attributes})])
    }

    fn fitted(attributes: Value, mut body: Value) -> Value {
        fit(&mut body, USER, false, &view(attributes), &place);
        body
    }

    fn place(id: &str) -> String {
        format!("https://scim.example.com/Users/{id}")
    }

    #[test]
    fn references_get_their_addresses_where_these_are_required() {
        let members = |required: bool| {
            SchemaView::with_target(&[json!({"id": GROUP, "attributes": [
                {"name": "displayName", "type": "string"},
                {"name": "members", "type": "complex", "multiValued": true, "subAttributes": [
                    {"name": "value", "type": "string"},
                    {"name": "$ref", "type": "reference", "required": required}]}]})])
        };
        let bare = json!({"value": "7"});
        let whole = json!({"value": "7", "$ref": "https://scim.example.com/Users/7"});
        for (required, wanted) in [(false, &bare), (true, &whole)] {
            let schema = members(required);
            let mut body = json!({"displayName": "a", "members": [bare.clone()]});
            fit(&mut body, GROUP, false, &schema, &place);
            assert_eq!(body["members"][0], *wanted);
            let mut body = json!({"Operations": [
                {"op": "add", "path": "members", "value": [bare.clone()]},
                {"op": "add", "value": {"members": [bare.clone()]}},
                {"op": "remove", "path": "members[value eq \"7\"]"}]});
            fit_patch(&mut body, GROUP, &schema, &place);
            assert_eq!(body["Operations"][0]["value"][0], *wanted);
            assert_eq!(body["Operations"][1]["value"]["members"][0], *wanted);
            assert_eq!(body["Operations"][2].get("value"), None);
        }
    }

    #[test]
    fn what_is_not_declared_is_left_out_and_what_is_required_is_filled_in() {
        let user_name = json!({"name": "userName", "type": "string", "required": true});
        let name = |required: bool| {
            json!({"name": "name", "type": "complex", "required": required, "subAttributes": [
                {"name": "formatted", "type": "string", "required": true},
                {"name": "givenName", "type": "string"}]})
        };
        let emails = json!({"name": "emails", "type": "complex", "multiValued": true, "required": true,
            "subAttributes": [{"name": "value", "type": "string", "required": true}]});
        for (attributes, body, wanted) in [
            // Nothing is declared of this type.
            (
                json!([]),
                json!({"userName": "a", "title": "x"}),
                json!({"userName": "a", "title": "x"}),
            ),
            (
                json!([user_name]),
                json!({"userName": "a", "Title": "x", "own": 1}),
                json!({"userName": "a", "own": 1}),
            ),
            (
                json!([user_name, name(false)]),
                json!({"userName": "a"}),
                json!({"userName": "a"}),
            ),
            (
                json!([user_name, name(true)]),
                json!({"userName": "a"}),
                json!({"userName": "a", "name": {"formatted": "Amara Okafor"}}),
            ),
            (
                json!([user_name, {"name": "title", "type": "string", "mutability": "readOnly", "required": true}]),
                json!({"userName": "a", "title": "x"}),
                json!({"userName": "a"}),
            ),
            (
                json!([user_name, name(false)]),
                json!({"userName": "a", "Name": {"givenName": "Ann", "middleName": "B"}}),
                json!({"userName": "a", "Name": {"givenName": "Ann", "formatted": "Amara Okafor"}}),
            ),
            (
                json!([user_name, emails]),
                json!({"userName": "a@example.com"}),
                json!({"userName": "a@example.com", "emails": [{"value": "a@example.com"}]}),
            ),
            (
                json!([user_name, emails]),
                json!({"userName": "a", "emails": [{"type": "work", "value": "b@example.com"}]}),
                json!({"userName": "a", "emails": [{"value": "b@example.com"}]}),
            ),
            // What everybody requires is the case's own affair.
            (json!([user_name]), json!({"title": "x"}), json!({})),
            (
                json!([user_name]),
                json!({"schemas": [USER, ENTERPRISE], "userName": "a", (ENTERPRISE): {"department": "x"}}),
                json!({"schemas": [USER], "userName": "a"}),
            ),
        ] {
            assert_eq!(fitted(attributes, body), wanted);
        }
    }

    #[test]
    fn only_whole_resources_are_fitted() {
        for (method, target, wanted) in [
            ("POST", "/Users", Some(USER)),
            ("POST", "/Users?attributes=id", Some(USER)),
            ("PUT", "/Groups/7", Some(GROUP)),
            ("PATCH", "/Users/7", Some(USER)),
            ("GET", "/Users/7", None),
            ("POST", "/Users/.search", None),
            ("POST", "/Bulk", None),
            ("PUT", "/Me", None),
        ] {
            assert_eq!(written(method, target), wanted, "{method} {target}");
        }
    }
}
