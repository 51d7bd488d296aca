//! The elements of multi-valued attributes under PATCH: appending, selecting, the primary one.

use serde_json::{Map, Value};

use crate::protocol::error::Result;
use crate::protocol::filter::{Bound, Operator, matches};
use crate::protocol::leniency::Leniency;
use crate::protocol::schema::{Attribute, Kind};
use crate::protocol::{Object, conform, value};

/// Reads the value of an `add` or `replace` at a multi-valued attribute: a list or one element.
pub(super) fn listed(attribute: &Attribute, raw: Value, leniency: &Leniency) -> Result<Vec<Value>> {
    let raw = match raw {
        list @ Value::Array(_) => list,
        Value::Null => return Ok(Vec::new()),
        other => Value::Array(vec![other]),
    };
    Ok(match conform::attribute_value(attribute, raw, leniency)? {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    })
}

/// Appends the elements that are not there yet. Elements with one `value` and `type` are one: what
/// else the new one says is written into the old (RFC 7643 section 2.4: a type and value pair
/// occurs once).
pub(super) fn append(attribute: &Attribute, list: &mut Vec<Value>, added: Vec<Value>) {
    for element in added {
        let known = list
            .iter()
            .position(|known| alike(attribute, known, &element));
        let primary = is_primary(&element);
        let position = match known {
            Some(position) => {
                if let (Some(old), Value::Object(new)) = (list[position].as_object_mut(), element) {
                    merge(attribute, old, new);
                }
                position
            }
            None => {
                list.push(element);
                list.len() - 1
            }
        };
        if primary {
            settle_primary(list, position);
        }
    }
}

/// Writes what is new into an element; what only differs in its letter case stays as it was.
fn merge(attribute: &Attribute, old: &mut Object, new: Object) {
    for (name, value) in new {
        let same = |known: &Value| {
            attribute
                .sub(&name)
                .is_some_and(|sub| value::same(sub, known, &value))
        };
        if !old.get(&name).is_some_and(same) {
            old.insert(name, value);
        }
    }
}

fn alike(attribute: &Attribute, known: &Value, element: &Value) -> bool {
    let (Some(old), Some(new)) = (known.as_object(), element.as_object()) else {
        return value::same(attribute, known, element);
    };
    let Some(sub) = attribute.sub("value") else {
        return value::same(attribute, known, element);
    };
    let (Some(left), Some(right)) = (old.get("value"), new.get("value")) else {
        return value::same(attribute, known, element);
    };
    let kind = |object: &Object| {
        object
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    value::same(sub, left, right) && kind(old) == kind(new)
}

/// Whether the element is the preferred one.
pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Makes one element the only primary one (RFC 7644 section 3.5.2).
pub(super) fn settle_primary(list: &mut [Value], preferred: usize) {
    for (position, element) in list.iter_mut().enumerate() {
        if position != preferred && is_primary(element) {
            element["primary"] = Value::Bool(false);
        }
    }
}

/// The positions of the elements that meet a filter.
pub(super) fn selected(list: &[Value], filter: &Bound<'_>) -> Vec<usize> {
    let met = |element: &Value| {
        element
            .as_object()
            .is_some_and(|object| matches(filter, object))
    };
    list.iter()
        .enumerate()
        .filter(|(_, element)| met(element))
        .map(|(position, _)| position)
        .collect()
}

/// What a filter says of the element that it looks for, when it says so plainly: `eq` on sub-attributes,
/// joined by `and`.
pub(super) fn asserted(filter: &Bound<'_>) -> Option<Object> {
    let mut object = Map::new();
    collect(filter, &mut object).then_some(object)
}

fn collect(filter: &Bound<'_>, object: &mut Object) -> bool {
    match filter {
        Bound::And(parts) => parts.iter().all(|part| collect(part, object)),
        Bound::Compare(place, Operator::Eq, operand) => object
            .insert(place.leaf().name.clone(), operand.clone())
            .is_none(),
        _ => false,
    }
}

/// The element that an identity provider means to create when its filter finds nothing: the filter
/// speaks of `type` and `primary` only, and the type is one that the attribute knows
/// (quirks ENTRA-26 to ENTRA-29).
pub(super) fn created(attribute: &Attribute, filter: &Bound<'_>) -> Option<Object> {
    let object = asserted(filter)?;
    let known = object.iter().all(|(name, value)| match name.as_str() {
        "primary" => value == &Value::Bool(true),
        "type" => {
            let canonical = attribute.sub("type").map_or(&[][..], |sub| &sub.canonical);
            let text = value.as_str().unwrap_or_default();
            canonical.is_empty()
                || canonical
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(text))
        }
        _ => false,
    });
    known.then_some(object)
}

/// Whether an element says nothing any more: it has lost its value and only tells its type.
pub(super) fn is_husk(attribute: &Attribute, element: &Value) -> bool {
    attribute.kind == Kind::Complex
        && element.as_object().is_some_and(|object| {
            object
                .keys()
                .all(|name| matches!(name.as_str(), "type" | "primary" | "display"))
        })
}
