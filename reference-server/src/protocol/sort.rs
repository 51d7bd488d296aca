//! The order of list answers (RFC 7644 section 3.4.2.3).

use std::cmp::Ordering;

use serde_json::Value;

use super::path::Place;
use super::schema::{Attribute, Kind};
use super::{Object, value};

/// The value by which a resource is sorted: of a list the primary element, else the first; of a
/// complex value its `value`, else its first sub-attribute in the order of the schema.
pub fn key(place: Place<'_>, resource: &Object) -> Option<Value> {
    let holder = match place.extension {
        Some(urn) => resource.get(urn)?.as_object()?,
        None => resource,
    };
    let found = match holder.get(&place.attribute.name)? {
        Value::Array(list) => list
            .iter()
            .find(|element| element.get("primary") == Some(&Value::Bool(true)))
            .or_else(|| list.first())?,
        other => other,
    };
    match (place.sub, found) {
        (Some(sub), found) => found.get(&sub.name).cloned(),
        (None, Value::Object(object)) => governing(place.attribute, object)
            .and_then(|sub| object.get(&sub.name))
            .cloned(),
        (None, found) => Some(found.clone()),
    }
}

fn governing<'a>(attribute: &'a Attribute, object: &Object) -> Option<&'a Attribute> {
    attribute
        .sub("value")
        .into_iter()
        .chain(&attribute.sub)
        .find(|sub| object.contains_key(&sub.name))
}

/// Compares two keys, ascending; resources without a value come last.
pub fn compare(place: Place<'_>, left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let attribute = match place.leaf() {
        complex if complex.kind == Kind::Complex => complex
            .sub("value")
            .or_else(|| complex.sub.first())
            .unwrap_or(complex),
        leaf => leaf,
    };
    match (left, right) {
        (Some(left), Some(right)) => {
            value::compare(attribute, left, right).unwrap_or(Ordering::Equal)
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
