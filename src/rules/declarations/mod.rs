//! What a target declares of itself must be readable as such: schemas, resource types, ways to authenticate (RFC 7643 sections 2, 5 to 7).
//!
//! Whether behaviour keeps to the declarations is for cases; here only their form is judged, on every answer that carries them.

mod attributes;
mod resources;

use serde_json::Value;

use super::book::{Check, Ruling};
use super::view::{Endpoint, View, cut};
use crate::scim::named;

/// All checks of declarations.
pub(super) fn checks() -> impl Iterator<Item = &'static Check> {
    attributes::CHECKS.iter().chain(resources::CHECKS)
}

/// Judges each of the resources.
fn each<'a>(
    resources: impl IntoIterator<Item = &'a Value>,
    mut look: impl FnMut(&'a Value) -> Ruling,
) -> Ruling {
    let objects = resources.into_iter().filter(|r| r.is_object());
    Ruling::first(objects.map(&mut look))
}

/// The Schema resources in an answer.
fn schemas<'a>(view: &View<'a>) -> Vec<&'a Value> {
    match &view.endpoint {
        Endpoint::Discovery { kind, one: false } if kind == "Schemas" => {
            view.elements().iter().collect()
        }
        Endpoint::Discovery { kind, one: true }
            if kind == "Schemas" && view.is_success() && view.whole && view.method == "GET" =>
        {
            view.json.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A member that is text, and not empty.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    named(value, name)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

/// A member that has a value.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    named(value, name).filter(|v| !v.is_null())
}

/// What a schema or resource type calls itself, for a message.
fn called(value: &Value) -> String {
    ["id", "name"]
        .iter()
        .find_map(|name| text(value, name))
        .map_or_else(|| "one without a name".to_owned(), cut)
}
