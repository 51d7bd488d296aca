//! Keys that stand where none belong after a write: a path that was taken as a name, a patch operation that was stored, one attribute
//! under two spellings.

use serde_json::{Map, Value};

use super::words::{cut, show, show_or_nothing};
use crate::scim::{AttrPath, Difference, SchemaView, misplaced, misplaced_inside};

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
    let urns: Vec<&str> = new
        .get("schemas")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (key, value) in new {
        if old.contains_key(key) {
            continue;
        }
        let why = misplaced(key, &urns, schema).or_else(|| respelled(key, old, new));
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
                if let Some(why) = misplaced_inside(key).filter(|_| new) {
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
