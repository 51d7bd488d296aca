//! Requests and answers as faults look at them.

use serde_json::Value;

use crate::http::Answer;
use crate::http::hooks::Incoming;
use crate::http::query::decoded;
use crate::protocol::Object;
use crate::protocol::error::ScimError;

/// The URN of the enterprise extension.
pub(super) use crate::protocol::schema::ENTERPRISE;

const COLLECTIONS: [&str; 8] = [
    "Users",
    "Groups",
    "Devices",
    "Schemas",
    "ResourceTypes",
    "ServiceProviderConfig",
    "Bulk",
    ".search",
];

/// The collection of a request, and the id below it.
pub(super) fn place(request: &Incoming) -> (&str, Option<&str>) {
    let mut segments = request
        .path
        .rsplit('/')
        .filter(|segment| !segment.is_empty());
    let (last, before) = (
        segments.next().unwrap_or_default(),
        segments.next().unwrap_or_default(),
    );
    if COLLECTIONS.contains(&before) && last != ".search" {
        (before, Some(last))
    } else {
        (last, None)
    }
}

/// Whether it is this method on this collection itself.
pub(super) fn on(request: &Incoming, method: &str, collection: &str) -> bool {
    request.method == *method && place(request) == (collection, None)
}

/// Whether it is this method on a resource of this collection.
pub(super) fn at(request: &Incoming, method: &str, collection: &str) -> bool {
    let (found, id) = place(request);
    request.method == *method && found == collection && id.is_some()
}

/// The id that the request is about.
pub(super) fn id(request: &Incoming) -> Option<String> {
    decoded(place(request).1?, false)
}

/// A parameter of the query string.
pub(super) fn parameter(request: &Incoming, name: &str) -> Option<String> {
    let query = request.query.as_deref()?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| decoded(value, true))
}

/// A parameter as a number.
pub(super) fn number(request: &Incoming, name: &str) -> Option<i64> {
    parameter(request, name)?.parse().ok()
}

/// Takes a parameter away, or puts another value in its place.
pub(super) fn set_parameter(request: &mut Incoming, name: &str, value: Option<&str>) {
    let query = request.query.take().unwrap_or_default();
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name))
        .map(str::to_owned)
        .collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    request.query = Some(pairs.join("&"));
}

/// An error answer.
pub(super) fn no(status: u16, detail: &str) -> Answer {
    Answer::error(&ScimError::new(status, detail))
}

/// The operations of a PATCH body.
pub(super) fn operations(body: &Value) -> Vec<&Object> {
    let list = body.get("Operations").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect()
}

/// The path of an operation.
pub(super) fn path(operation: &Object) -> &str {
    operation
        .get("path")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The word of an operation as it was sent.
pub(super) fn op(operation: &Object) -> &str {
    operation
        .get("op")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A PATCH of this collection is refused when one of its operations is like this.
pub(super) fn refuses_operation(
    collection: &'static str,
    status: u16,
    detail: &'static str,
    like: fn(&Object) -> bool,
) -> super::twist::Twist {
    super::twist::refuses(move |request, body| {
        let hit = at(request, "PATCH", collection) && operations(body).into_iter().any(like);
        hit.then(|| no(status, detail))
    })
}

/// Calls with each resource of an answer: the one that it is, or those that it lists.
pub(super) fn resources(body: &mut Value, with: &mut dyn FnMut(&mut Object)) {
    let Value::Object(object) = body else {
        return;
    };
    if let Some(Value::Array(list)) = object.get_mut("Resources") {
        list.iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(with);
    } else if object.contains_key("id") || object.contains_key("userName") {
        with(object);
    }
}

/// Whether a resource is a group: it has no user name.
pub(super) fn is_group(resource: &Object) -> bool {
    text(resource, "schemas").is_none()
        && resource
            .get("schemas")
            .and_then(Value::as_array)
            .is_some_and(|list| {
                list.iter()
                    .any(|urn| urn.as_str().is_some_and(|urn| urn.ends_with(":Group")))
            })
}

/// A member that is text.
pub(super) fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str)
}
