//! Only the second time, or the third: what is right at first and wrong when asked again.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, asked, replied, told};
use super::wire::{self, no, parameter, place};
use super::{ALL, FaultInfo, RFC, own};
use crate::http::hooks::Incoming;

const READ: &str = "RFC 7644 section 3.4.1";
const LIST: &str = "RFC 7644 section 3.4.2";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "first-read-fails",
            "The first read by id of each resource is a server error",
            ALL,
            READ,
            || reads_fail(1),
        ),
        own(
            "second-read-fails",
            "The second read by id of each resource is a server error",
            ALL,
            READ,
            || reads_fail(2),
        ),
        own(
            "third-read-fails",
            "The third read by id of each resource is a server error",
            ALL,
            READ,
            || reads_fail(3),
        ),
        own(
            "fourth-read-fails",
            "The fourth read by id of each resource is a server error",
            ALL,
            READ,
            || reads_fail(4),
        ),
        own(
            "first-read-wrong",
            "The first read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(1),
        ),
        own(
            "second-read-wrong",
            "The second read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(2),
        ),
        own(
            "third-read-wrong",
            "The third read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(3),
        ),
        own(
            "fourth-read-wrong",
            "The fourth read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(4),
        ),
        own(
            "fifth-read-wrong",
            "The fifth read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(5),
        ),
        own(
            "sixth-read-wrong",
            "The sixth read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(6),
        ),
        own(
            "seventh-read-wrong",
            "The seventh read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(7),
        ),
        own(
            "ninth-read-wrong",
            "The ninth read by id of each resource shows other values",
            ALL,
            READ,
            || reads_lie(9),
        ),
        own(
            "searches-fail",
            "Every list with a filter is a server error",
            ALL,
            LIST,
            || {
                vec![replied(|request, answer| {
                    if is_list(request) && parameter(request, "filter").is_some() {
                        *answer = no(500, "the query failed");
                    }
                })]
            },
        ),
        own(
            "plain-lists-fail-later",
            "Lists without a filter are server errors, but for the first ones",
            ALL,
            LIST,
            || {
                let count: Memory<u32> = Memory::default();
                vec![replied(move |request, answer| {
                    if is_later_plain_list(request, &count) {
                        *answer = no(500, "the query failed");
                    }
                })]
            },
        ),
        own(
            "plain-lists-bare-later",
            "Lists without a filter lack all but their resources, but for the first ones",
            ALL,
            LIST,
            || {
                let count: Memory<u32> = Memory::default();
                vec![told(move |request, _, body| {
                    if is_later_plain_list(request, &count)
                        && let Some(list) = body.as_object_mut()
                    {
                        list.retain(|name, _| name == "Resources");
                    }
                })]
            },
        ),
        own(
            "plain-lists-text-later",
            "Lists without a filter have their numbers as text and their resources under another name, but for the first ones",
            RFC,
            LIST,
            || {
                let count: Memory<u32> = Memory::default();
                vec![told(move |request, _, body| {
                    if is_later_plain_list(request, &count) {
                        for name in ["totalResults", "startIndex", "itemsPerPage"] {
                            body[name] = json!(body[name].to_string());
                        }
                        body["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:List"]);
                        body["Resources"] = json!({"all": body["Resources"].take()});
                    }
                })]
            },
        ),
        own(
            "page-numbers-shifted",
            "The numbers of every page but the first are those of the page before",
            ALL,
            LIST,
            || {
                vec![told(|request, _, body| {
                    if is_list(request)
                        && wire::number(request, "startIndex").is_some_and(|start| start > 1)
                    {
                        body["startIndex"] = json!(1);
                        body["totalResults"] =
                            json!(body["totalResults"].as_i64().unwrap_or(0) + 1);
                    }
                })]
            },
        ),
        own(
            "page-element-twice",
            "The last element of a page is there twice",
            ALL,
            LIST,
            || {
                vec![told(|request, _, body| {
                    if is_list(request)
                        && parameter(request, "count").is_some()
                        && let Some(Value::Array(list)) = body.get_mut("Resources")
                    {
                        list.extend(list.last().cloned());
                    }
                })]
            },
        ),
        own(
            "pages-fail-from-the-third",
            "The third page of a list is a server error",
            ALL,
            LIST,
            || {
                vec![replied(|request, answer| {
                    let start = wire::number(request, "startIndex").unwrap_or(1);
                    let count = wire::number(request, "count").unwrap_or(i64::MAX);
                    if is_list(request) && start > count.saturating_mul(2) {
                        *answer = no(500, "the query failed");
                    }
                })]
            },
        ),
        own(
            "pages-bare-from-the-second",
            "The second page of a list has no list around it",
            ALL,
            LIST,
            || {
                vec![told(|request, status, body| {
                    if is_list(request)
                        && status == 200
                        && wire::number(request, "startIndex").is_some_and(|start| start > 1)
                    {
                        *body = body["Resources"].take();
                    }
                })]
            },
        ),
        own(
            "found-once",
            "Whoever was found by a filter is not found again",
            ALL,
            LIST,
            || {
                let seen: Memory<HashMap<String, u32>> = Memory::default();
                vec![told(move |request, status, body| {
                    if let (true, Some(filter)) = (
                        is_list(request) && status == 200,
                        parameter(request, "filter"),
                    ) && body["totalResults"] != 0
                        && seen.with(|seen| {
                            let n = seen.entry(filter).or_default();
                            *n += 1;
                            *n > 1
                        })
                    {
                        body["totalResults"] = json!(0);
                        body["Resources"] = json!([]);
                    }
                })]
            },
        ),
        own(
            "found-with-other-values",
            "Whoever is found by a filter is shown with other values",
            ALL,
            LIST,
            || {
                vec![told(|request, status, body| {
                    if is_list(request)
                        && status == 200
                        && parameter(request, "filter").is_some()
                        && let Some(Value::Array(list)) = body.get_mut("Resources")
                    {
                        list.iter_mut().for_each(|resource| lie(resource, true));
                    }
                })]
            },
        ),
        own(
            "stranger-in-every-search",
            "Everybody's search finds the first person as well",
            ALL,
            LIST,
            || {
                let first: Memory<Option<Value>> = Memory::default();
                vec![told(move |request, status, body| {
                    if !is_list(request) || status != 200 || parameter(request, "filter").is_none()
                    {
                        return;
                    }
                    let total = body["totalResults"].as_i64().unwrap_or(0);
                    if let Some(Value::Array(list)) = body.get_mut("Resources") {
                        let known = first.with(|first| first.get_or_insert_with(|| json!({
                        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "1", "userName": "first",
                        "meta": {"resourceType": "User"}
                    })).clone());
                        list.push(known);
                        body["totalResults"] = json!(total + 1);
                    }
                })]
            },
        ),
        own(
            "projection-fails",
            "attributes and excludedAttributes are server errors",
            RFC,
            "RFC 7644 section 3.9",
            || {
                vec![asked(|request| {
                    let asks = parameter(request, "attributes").is_some()
                        || parameter(request, "excludedAttributes").is_some();
                    asks.then(|| no(500, "unknown column"))
                })]
            },
        ),
        own(
            "projection-shows-the-wrong-half",
            "attributes leaves out what it names, and excludedAttributes shows nothing else",
            RFC,
            "RFC 7644 section 3.9",
            || {
                vec![told(|request, status, body| {
                    let named = parameter(request, "attributes");
                    let left_out = parameter(request, "excludedAttributes");
                    let (Some(names), true) = (named.clone().or(left_out), status == 200) else {
                        return;
                    };
                    let flip = |resource: &mut crate::protocol::Object| {
                        for name in names.split(',') {
                            let name = name.split('.').next().unwrap_or(name);
                            if named.is_some() {
                                resource.shift_remove(name);
                            } else {
                                resource.insert(name.to_owned(), json!("here"));
                            }
                        }
                        if named.is_some() {
                            for name in ["name", "emails", "members"] {
                                resource.insert(name.to_owned(), json!([{"value": "here"}]));
                            }
                        }
                        resource.shift_remove("id");
                        resource.shift_remove("schemas");
                        resource.shift_remove("meta");
                    };
                    match body.get_mut("Resources") {
                        Some(Value::Array(list)) => list
                            .iter_mut()
                            .filter_map(Value::as_object_mut)
                            .for_each(flip),
                        _ => body.as_object_mut().into_iter().for_each(flip),
                    }
                })]
            },
        ),
    ]
}

/// Lists without a filter that are still right, so that the probe and the first cases see nothing.
const RIGHT_LISTS: u32 = 3;

/// A list without a filter after the first ones, which are counted here.
fn is_later_plain_list(request: &Incoming, count: &Memory<u32>) -> bool {
    is_list(request)
        && parameter(request, "filter").is_none()
        && count.with(|count| {
            *count += 1;
            *count > RIGHT_LISTS
        })
}

/// A GET of a collection of people or groups.
fn is_list(request: &Incoming) -> bool {
    wire::on(request, "GET", "Users") || wire::on(request, "GET", "Groups")
}

/// How often this resource was read with success, this time included.
fn nth(seen: &Memory<HashMap<String, u32>>, request: &Incoming, status: u16) -> u32 {
    let (kind, id) = place(request);
    match id {
        Some(id)
            if request.method == "GET"
                && status == 200
                && matches!(kind, "Users" | "Groups" | "Devices") =>
        {
            seen.with(|seen| {
                let times = seen.entry(id.to_owned()).or_default();
                *times += 1;
                *times
            })
        }
        _ => 0,
    }
}

fn reads_fail(n: u32) -> Vec<Twist> {
    let seen: Memory<HashMap<String, u32>> = Memory::default();
    vec![replied(move |request, answer| {
        if nth(&seen, request, answer.status) == n {
            *answer = no(500, "the record is locked");
        }
    })]
}

fn reads_lie(n: u32) -> Vec<Twist> {
    let seen: Memory<HashMap<String, u32>> = Memory::default();
    vec![told(move |request, status, body| {
        if nth(&seen, request, status) == n {
            lie(body, true);
        }
    })]
}

/// Other values throughout: text, truth and lists. The id too where `all`.
pub(super) fn lie(resource: &mut Value, all: bool) {
    let Some(resource) = resource.as_object_mut() else {
        return;
    };
    for (name, value) in resource.iter_mut() {
        match name.as_str() {
            "id" if !all => {}
            "schemas" => *value = json!(["urn:example:params:scim:schemas:None"]),
            _ => *value = other(value),
        }
    }
    for name in [
        "displayName",
        "title",
        "nickName",
        "locale",
        "preferredLanguage",
    ] {
        resource
            .entry(name.to_owned())
            .or_insert_with(|| json!("xy"));
    }
    for name in [
        "emails",
        "phoneNumbers",
        "photos",
        "roles",
        "members",
        "groups",
    ] {
        resource
            .entry(name.to_owned())
            .or_insert_with(|| json!([{"value": "xy"}]));
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!(!value),
        Value::Number(_) => json!("1"),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(_) => json!([{"value": "x"}]),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), other(value)))
            .collect(),
        Value::Null => json!("x"),
    }
}
