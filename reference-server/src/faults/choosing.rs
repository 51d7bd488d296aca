//! attributes and excludedAttributes, and lists that tell of themselves what is not so.

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{asked, refuses, replied, told};
use super::wire::{self, ENTERPRISE, no, on, parameter};
use super::{ALL, ENTRA_RFC, FaultInfo, OKTA_ENTRA_RFC, RFC, own};
use crate::http::hooks::Incoming;

const CHOICE: &str = "RFC 7644 section 3.9";
const CURSOR: &str = "RFC 9865 section 2";
const LIST: &str = "RFC 7644 section 3.4.2";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "attributes-give-whole-parents",
            "attributes with a part of a name or of an extension gives all parts of it",
            RFC,
            CHOICE,
            || {
                vec![asked(|request| {
                    let names = parameter(request, "attributes")?;
                    let whole: Vec<&str> = names.split(',').map(parent).collect();
                    let whole = whole.join(",");
                    wire::set_parameter(request, "attributes", Some(&whole));
                    None
                })]
            },
        ),
        own(
            "excluded-parts-ignored",
            "excludedAttributes with a part of a name has no effect",
            RFC,
            CHOICE,
            || {
                vec![asked(|request| {
                    let names = parameter(request, "excludedAttributes")?;
                    let whole: Vec<&str> = names
                        .split(',')
                        .filter(|name| parent(name) == *name)
                        .collect();
                    let whole = whole.join(",");
                    let kept = (!whole.is_empty()).then_some(whole.as_str());
                    wire::set_parameter(request, "excludedAttributes", kept);
                    None
                })]
            },
        ),
        own(
            "meta-whatever-is-asked",
            "meta comes back whatever attributes asks for",
            RFC,
            CHOICE,
            || {
                vec![asked(|request| {
                    let names = parameter(request, "attributes")?;
                    wire::set_parameter(request, "attributes", Some(&format!("{names},meta")));
                    None
                })]
            },
        ),
        own(
            "nameless-person-breaks-lists",
            "Where somebody has no name, a list of everybody is a server error",
            ALL,
            LIST,
            || {
                vec![replied(|request, answer| {
                    if !on(request, "GET", "Users") || parameter(request, "filter").is_some() {
                        return;
                    }
                    let body: Value = body_of(answer);
                    let rows = body["Resources"].as_array();
                    let nameless =
                        |row: &Value| row.get("userName").is_some() && row.get("name").is_none();
                    if rows.is_some_and(|rows| rows.iter().any(nameless)) {
                        *answer = no(500, "name is null");
                    }
                })]
            },
        ),
        own(
            "managed-person-breaks-lists",
            "Where somebody has a manager, a list with them is a server error",
            ENTRA_RFC,
            LIST,
            || {
                vec![replied(|request, answer| {
                    let body: Value = body_of(answer);
                    let rows = body["Resources"]
                        .as_array()
                        .filter(|_| on(request, "GET", "Users"));
                    let managed = |row: &Value| {
                        row.get(ENTERPRISE)
                            .is_some_and(|extension| extension.get("manager").is_some())
                    };
                    if rows.is_some_and(|rows| rows.iter().any(managed)) {
                        *answer = no(500, "the manager is not loaded");
                    }
                })]
            },
        ),
        own(
            "items-per-page-is-total",
            "itemsPerPage is the number of all matches",
            ALL,
            LIST,
            || {
                vec![told(|_, status, body| {
                    if status == 200 && body.get("Resources").is_some() {
                        body["itemsPerPage"] = body["totalResults"].clone();
                    }
                })]
            },
        ),
        own(
            "resources-by-id",
            "Resources of a search is an object with ids for names, not a list",
            ALL,
            LIST,
            || {
                vec![told(|request, status, body| {
                    let rows = body.get("Resources").and_then(Value::as_array).cloned();
                    if let (Some(rows), 200) = (rows, status)
                        && parameter(request, "filter").is_some()
                    {
                        let named = rows
                            .into_iter()
                            .map(|row| (row["id"].as_str().unwrap_or_default().to_owned(), row));
                        body["Resources"] = Value::Object(named.collect());
                    }
                })]
            },
        ),
        own(
            "first-search-429",
            "The first search is refused with 429, and nothing says for how long",
            OKTA_ENTRA_RFC,
            "RFC 6585 section 4",
            || {
                let asked_before: Memory<bool> = Memory::default();
                vec![asked(move |request| {
                    let search = request.method == "GET" && parameter(request, "filter").is_some();
                    (search && !asked_before.with(|before| std::mem::replace(before, true)))
                        .then(|| no(429, "slow down"))
                })]
            },
        ),
        own(
            "previous-cursor-needs-escapes",
            "The cursor of the page before is made of characters that a URL does not take",
            RFC,
            CURSOR,
            || {
                vec![told(|_, status, body| {
                    if status == 200 && body.get("previousCursor").is_some_and(Value::is_string) {
                        body["previousCursor"] = json!("a+b/c==");
                    }
                })]
            },
        ),
        own(
            "cursor-in-search-fails",
            "A cursor in the body of a search is a server error",
            RFC,
            CURSOR,
            || {
                vec![refuses(|request, body| {
                    later_search(request, body).then(|| no(500, "the cursor is no number"))
                })]
            },
        ),
        own(
            "cursor-in-search-row-twice",
            "A page of a search that a cursor in its body leads to has its last row twice",
            RFC,
            CURSOR,
            || {
                vec![told(|request, _, body| {
                    let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                    if later_search(request, &sent)
                        && let Some(Value::Array(rows)) = body.get_mut("Resources")
                    {
                        rows.extend(rows.last().cloned());
                    }
                })]
            },
        ),
        own(
            "total-counts-what-is-left",
            "totalResults of a later page by cursor counts what is left",
            RFC,
            CURSOR,
            || {
                vec![told(|request, _, body| {
                    if parameter(request, "cursor").is_some_and(|cursor| !cursor.is_empty())
                        && body.get("totalResults").is_some()
                    {
                        let left = body["Resources"].as_array().map_or(0, Vec::len);
                        body["totalResults"] = json!(left);
                    }
                })]
            },
        ),
        own(
            "last-cursor-leads-to-itself",
            "Every page that a cursor leads to names the same cursor as the next",
            RFC,
            CURSOR,
            || {
                vec![told(|request, status, body| {
                    let asked = parameter(request, "cursor").filter(|cursor| !cursor.is_empty());
                    if let (Some(cursor), 200) = (asked, status) {
                        body["nextCursor"] = json!(cursor);
                    }
                })]
            },
        ),
        own(
            "read-with-list-around",
            "A person that is read by id has the counters of a list beside the values",
            ALL,
            "RFC 7644 section 3.4.1",
            || {
                vec![told(|request, status, body| {
                    if wire::at(request, "GET", "Users") && status == 200 && body.is_object() {
                        body["totalResults"] = json!(1);
                        body["Resources"] = json!([]);
                    }
                })]
            },
        ),
    ]
}

/// A search by POST for a page that is not the first.
fn later_search(request: &Incoming, body: &Value) -> bool {
    wire::place(request).0 == ".search"
        && body["cursor"]
            .as_str()
            .is_some_and(|cursor| !cursor.is_empty())
}

fn body_of(answer: &crate::http::Answer) -> Value {
    let body = answer.body.as_deref().unwrap_or_default();
    serde_json::from_slice(body).unwrap_or_default()
}

/// The attribute or extension of which this is a part; itself where it is whole.
fn parent(name: &str) -> &str {
    let name = name.trim();
    if let Some(rest) = name.strip_prefix(ENTERPRISE) {
        return if rest.is_empty() { name } else { ENTERPRISE };
    }
    if name.starts_with("urn:") {
        return name;
    }
    name.split('.').next().unwrap_or(name)
}
