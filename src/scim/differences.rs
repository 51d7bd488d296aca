//! What differs between two states of one resource, leaf by leaf: for messages that name the place.

use serde_json::Value;

use super::equality::{is_unassigned, pair};
use super::{AttrPath, Filter, SchemaView, equal, named};

/// One place where two states differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where; an element of a multi-valued attribute is named by its type or value.
    pub path: AttrPath,
    /// What was there; `None` where nothing was.
    pub before: Option<Value>,
    /// What is there now; `None` where nothing is.
    pub after: Option<Value>,
}

/// Every place where `after` is not what `before` was, in both directions; what lies at or below an ignored path is left out.
///
/// This knows nothing of what a server may change by itself; `expect::compare_state` does.
#[must_use]
pub fn differences(
    before: &Value,
    after: &Value,
    ignore: &[AttrPath],
    schema: &SchemaView,
) -> Vec<Difference> {
    let mut found = Walk {
        ignore,
        schema,
        out: Vec::new(),
    };
    found.objects(None, before, after);
    found.out
}

struct Walk<'a> {
    ignore: &'a [AttrPath],
    schema: &'a SchemaView,
    out: Vec<Difference>,
}

impl Walk<'_> {
    fn objects(&mut self, at: Option<&AttrPath>, before: &Value, after: &Value) {
        let empty = serde_json::Map::new();
        let (old, new) = (
            before.as_object().unwrap_or(&empty),
            after.as_object().unwrap_or(&empty),
        );
        for (name, value) in old {
            let later = named(after, name).unwrap_or(&Value::Null);
            // Most of what is compared is the same to the letter, and then nothing needs a path.
            if value != later {
                self.values(&step(at, name), value, later);
            }
        }
        for (name, value) in new {
            if named(before, name).is_none() {
                self.values(&step(at, name), &Value::Null, value);
            }
        }
    }

    fn values(&mut self, at: &AttrPath, before: &Value, after: &Value) {
        if self.ignore.iter().any(|path| path.covers(at))
            || (is_unassigned(before) && is_unassigned(after))
        {
            return;
        }
        let (object_or_nothing, arrays_or_nothing) = (
            |v: &Value| v.is_object() || is_unassigned(v),
            |v: &Value| v.is_array() || is_unassigned(v),
        );
        if (before.is_object() || after.is_object())
            && object_or_nothing(before)
            && object_or_nothing(after)
        {
            self.objects(Some(at), before, after);
        } else if (before.is_array() || after.is_array())
            && arrays_or_nothing(before)
            && arrays_or_nothing(after)
        {
            self.lists(at, items(before), items(after));
        } else if !(equal(before, after, at, self.schema)
            || (is_primary(at) && no(before) && no(after)))
        {
            self.push(at.clone(), before, after);
        }
    }

    fn lists(&mut self, at: &AttrPath, before: &[Value], after: &[Value]) {
        let (schema, ignore) = (self.schema, self.ignore);
        let exact = pair(before, after, |a, b| {
            let mut inner = Walk {
                ignore,
                schema,
                out: Vec::new(),
            };
            inner.element(at, a, b);
            inner.out.is_empty()
        });
        let mut lost = exact.spare_left;
        let mut come = exact.spare_right;
        lost.retain(|&index| !is_unassigned(&before[index]));
        come.retain(|&index| !is_unassigned(&after[index]));
        // What is left is first taken as the same element, changed: same value, else same type.
        for sub in ["value", "type"] {
            let mut rest = Vec::new();
            for &old in &lost {
                let key = named(&before[old], sub).filter(|v| !is_unassigned(v));
                let partner = key.and_then(|key| {
                    let path = at.child(sub);
                    come.iter().position(|&new| {
                        named(&after[new], sub)
                            .is_some_and(|found| equal(key, found, &path, schema))
                    })
                });
                match partner {
                    Some(position) => {
                        let new = come.remove(position);
                        self.element(
                            &name_element(at, &before[old], sub),
                            &before[old],
                            &after[new],
                        );
                    }
                    None => rest.push(old),
                }
            }
            lost = rest;
        }
        for index in lost {
            self.push(
                name_element(at, &before[index], "value"),
                &before[index],
                &Value::Null,
            );
        }
        for index in come {
            self.push(
                name_element(at, &after[index], "value"),
                &Value::Null,
                &after[index],
            );
        }
    }

    fn element(&mut self, at: &AttrPath, before: &Value, after: &Value) {
        if before.is_object() && after.is_object() {
            self.objects(Some(at), before, after);
        } else if !equal(before, after, &at.bare(), self.schema) {
            self.push(at.clone(), before, after);
        }
    }

    fn push(&mut self, path: AttrPath, before: &Value, after: &Value) {
        let some = |value: &Value| (!is_unassigned(value)).then(|| value.clone());
        self.out.push(Difference {
            path,
            before: some(before),
            after: some(after),
        });
    }
}

fn step(at: Option<&AttrPath>, name: &str) -> AttrPath {
    match at {
        Some(at) => at.child(name),
        None if name
            .get(..4)
            .is_some_and(|s| s.eq_ignore_ascii_case("urn:")) =>
        {
            AttrPath::extension(name)
        }
        None => AttrPath::name(name),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_primary(at: &AttrPath) -> bool {
    at.segments.len() > 1
        && at
            .segments
            .last()
            .is_some_and(|s| s.name.eq_ignore_ascii_case("primary"))
}

fn no(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

/// Names an element by the sub-attribute that people know it by: its type, else its value.
fn name_element(at: &AttrPath, element: &Value, by: &str) -> AttrPath {
    let ids = at.segments.last().is_some_and(|s| {
        ["members", "groups"]
            .iter()
            .any(|n| s.name.eq_ignore_ascii_case(n))
    });
    for sub in [if ids { "value" } else { "type" }, by, "value"] {
        if let Some(value @ (Value::String(_) | Value::Number(_))) = named(element, sub) {
            return at.selecting(Filter::equals(sub, value.clone()));
        }
    }
    at.clone()
}
