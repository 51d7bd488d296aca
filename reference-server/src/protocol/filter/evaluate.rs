//! Whether a resource meets a bound filter.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Bound, Operator};
use crate::protocol::path::Place;
use crate::protocol::schema::{Attribute, Kind};
use crate::protocol::{Object, text, value};

/// Whether the resource meets the filter. `member` answers whether the resource has a member,
/// which is not read from the document.
pub fn holds(filter: &Bound<'_>, resource: &Object, member: &dyn Fn(&str) -> bool) -> bool {
    match filter {
        Bound::And(parts) => parts.iter().all(|part| holds(part, resource, member)),
        Bound::Or(parts) => parts.iter().any(|part| holds(part, resource, member)),
        Bound::Not(part) => !holds(part, resource, member),
        Bound::Present(place) => values(*place, resource).any(present),
        Bound::Extended(urn) => resource.get(*urn).is_some_and(present),
        Bound::Compare(place, operator, operand) => {
            let mut found = values(*place, resource)
                .filter(|found| !found.is_null())
                .peekable();
            if found.peek().is_none() {
                return missing(place.leaf(), *operator, operand);
            }
            found.any(|found| compares(place.leaf(), found, *operator, operand))
        }
        Bound::Element(place, part) => values(*place, resource)
            .filter_map(Value::as_object)
            .any(|element| holds(part, element, member)),
        Bound::Member(id) => member(id),
        Bound::Absent(answer) => *answer,
    }
}

/// Whether one element of a multi-valued attribute meets the inside of a value filter.
pub fn matches(filter: &Bound<'_>, element: &Object) -> bool {
    holds(filter, element, &|_| false)
}

/// A comparison with an attribute that has no value: null is its value (RFC 7643 section 2.5), but for `primary`, which
/// is false where nobody says it (section 2.4).
fn missing(leaf: &Attribute, operator: Operator, operand: &Value) -> bool {
    let primary = leaf.kind == Kind::Boolean && leaf.name.eq_ignore_ascii_case("primary");
    let same = operand.is_null() || primary && operand == &Value::Bool(false);
    match operator {
        Operator::Eq => same,
        Operator::Ne => !same,
        _ => false,
    }
}

/// All values at a place; the elements of lists one by one.
fn values<'v>(place: Place<'v>, resource: &'v Object) -> impl Iterator<Item = &'v Value> {
    let holder = match place.extension {
        Some(urn) => resource.get(urn).and_then(Value::as_object),
        None => Some(resource),
    };
    let value = holder.and_then(|holder| holder.get(&place.attribute.name));
    each(value).filter_map(move |value| match place.sub {
        Some(sub) => value.get(&sub.name),
        None => Some(value),
    })
}

fn each(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (one, many) = match value {
        Some(Value::Array(list)) => (None, Some(list.iter())),
        other => (other, None),
    };
    one.into_iter().chain(many.into_iter().flatten())
}

fn present(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => list.iter().any(present),
        Value::Object(object) => object.values().any(present),
        Value::Null => false,
        _ => true,
    }
}

fn compares(attribute: &Attribute, found: &Value, operator: Operator, operand: &Value) -> bool {
    if operator.searches() {
        let (Some(found), Some(operand)) = (found.as_str(), operand.as_str()) else {
            return false;
        };
        let case_exact = attribute.case_exact || attribute.kind == Kind::DateTime;
        let (found, operand) = (
            text::prepared(found, case_exact),
            text::prepared(operand, case_exact),
        );
        return match operator {
            Operator::Co => found.contains(&*operand),
            Operator::Sw => found.starts_with(&*operand),
            _ => found.ends_with(&*operand),
        };
    }
    let order = value::compare(attribute, found, operand);
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}
