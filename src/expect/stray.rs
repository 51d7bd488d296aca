//! Keys that stand where none belong after a write: a path that was taken as a name, a patch operation that was stored, one attribute
//! under two spellings.

use serde_json::{Map, Value};

use super::words::{cut, show, show_or_nothing};
use crate::scim::{AttrPath, Difference, SchemaView};

/// A key that does not belong where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stray {
    /// The attribute that holds it; empty at the top.
    pub(super) inside: String,
    pub(super) key: String,
    pub(super) value: Value,
    why: &'static str,
}

impl Stray {
    pub(super) fn sentence(&self) -> String {
        let place = if self.inside.is_empty() {
            "at the top of the resource".to_owned()
        } else {
            format!("in {}", self.inside)
        };
        format!(
            "a key \"{}\" with {} now stands {place}: {}",
            cut(&self.key),
            show(&self.value),
            self.why
        )
    }

    pub(super) fn difference(&self) -> Difference {
        Difference {
            path: AttrPath::name(&self.key),
            before: None,
            after: Some(self.value.clone()),
        }
    }

    pub(super) fn shown(&self, value: &Option<Value>) -> String {
        format!(
            "key \"{}\": {}",
            cut(&self.key),
            show_or_nothing(value.as_ref())
        )
    }
}

/// Finds keys of `after` that `before` did not have and that are no attribute names.
pub(super) fn find(before: &Value, after: &Value, schema: &SchemaView) -> Vec<Stray> {
    let mut out = Vec::new();
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return out;
    };
    let urns = urns_of(new, schema);
    for (key, value) in new {
        if old.contains_key(key) {
            continue;
        }
        let why = structural(key)
            .or_else(|| qualified(key, &urns, schema))
            .or_else(|| patch_word(key))
            .or_else(|| respelled(key, old, new));
        if let Some(why) = why {
            out.push(Stray {
                inside: String::new(),
                key: key.clone(),
                value: value.clone(),
                why,
            });
        }
    }
    for (name, value) in new {
        let keys_before = inner_keys(crate::scim::named(before, name));
        let items = if let Value::Array(items) = value {
            items.as_slice()
        } else {
            std::slice::from_ref(value)
        };
        for map in items.iter().filter_map(Value::as_object) {
            for (key, value) in map {
                let new = !keys_before.contains(&key.as_str());
                if let Some(why) = structural(key).filter(|_| new) {
                    out.push(Stray {
                        inside: name.clone(),
                        key: key.clone(),
                        value: value.clone(),
                        why,
                    });
                }
            }
        }
    }
    out
}

/// Takes the stray keys out, so that they are reported once.
pub(super) fn remove(after: &mut Value, stray: &[Stray]) {
    for one in stray {
        let Some(map) = after.as_object_mut() else {
            return;
        };
        if one.inside.is_empty() {
            map.shift_remove(&one.key);
            continue;
        }
        match map.get_mut(&one.inside) {
            Some(Value::Object(inner)) => {
                inner.shift_remove(&one.key);
            }
            Some(Value::Array(items)) => {
                for inner in items.iter_mut().filter_map(Value::as_object_mut) {
                    inner.shift_remove(&one.key);
                }
            }
            _ => {}
        }
    }
}

fn inner_keys(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Object(map)) => map.keys().map(String::as_str).collect(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|map| map.keys().map(String::as_str))
            .collect(),
        _ => Vec::new(),
    }
}

fn urns_of(resource: &Map<String, Value>, schema: &SchemaView) -> Vec<String> {
    let listed = resource
        .get("schemas")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let mut urns: Vec<String> = listed.map(str::to_ascii_lowercase).collect();
    urns.extend(schema.declared_schemas().map(str::to_owned));
    urns.push("urn:ietf:params:scim:schemas:extension:enterprise:2.0:user".to_owned());
    urns
}

/// A path that was taken as a name (`name.givenName`, `emails[type eq "work"].value`).
fn structural(key: &str) -> Option<&'static str> {
    let why = "the path was stored as a name instead of being followed";
    if key.contains(['[', ']']) {
        return Some(why);
    }
    let (first, rest) = key.split_once('.')?;
    let known = SchemaView::standard()
        .attribute(&AttrPath::name(first))
        .is_some();
    (known && !rest.is_empty()).then_some(why)
}

/// A qualified attribute name that was taken as a name (`urn:...:User:department`).
fn qualified(key: &str, urns: &[String], schema: &SchemaView) -> Option<&'static str> {
    let lower = key.to_ascii_lowercase();
    if !lower.starts_with("urn:") || urns.contains(&lower) || schema.knows_schema(&lower) {
        return lower
            .starts_with("urn:ietf:params:scim:schemas:core:")
            .then_some("attributes of the core schema stand at the top, not below their URN");
    }
    let extends = |urn: &String| {
        lower
            .strip_prefix(urn.as_str())
            .is_some_and(|rest| rest.starts_with([':', '.']))
    };
    (urns.iter().any(extends) || lower.starts_with("urn:ietf:params:scim:schemas:core:")).then_some(
        "the qualified name was stored as a name instead of being followed into its extension",
    )
}

fn patch_word(key: &str) -> Option<&'static str> {
    ["op", "path", "operations"]
        .iter()
        .any(|word| key.eq_ignore_ascii_case(word))
        .then_some("a part of the PATCH request was stored as an attribute")
}

/// `USERNAME` beside `userName`.
fn respelled(
    key: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<&'static str> {
    let twin = |other: &&String| *other != key && other.eq_ignore_ascii_case(key);
    (old.keys().any(|k| twin(&k)) && new.keys().any(|k| twin(&k)))
        .then_some("the attribute stands there twice, in two spellings")
}
