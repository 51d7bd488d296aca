//! ListResponses: their form, their counters and the arithmetic between them (RFC 7644 sections 3.4.2 and 3.4.2.4).
//!
//! Other people may use the tenant and other cases run at the same time, so the count of a list without a filter may have moved between
//! two looks of the server; small differences are not judged there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, has_schema, is_list, show, type_of};
use crate::results::Severity;
use crate::scim::named;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// How far counts of a list without a filter may be apart: more changes than that are not under way at the same time.
const UNDER_WAY: u64 = 64;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/list-response",
            title: "A list is a ListResponse",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.4.2-R01",
                "rfc:7644-4-R02",
                "rfc:7644-4-R04",
                "rfc:7644-3.1-R03",
                "defect:46",
            ],
            breaks: &[],
            hint: "Answer queries with schemas [\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"], totalResults and Resources.",
        },
        judge: response,
    },
    Check {
        rule: Rule {
            id: "rules/list-counters",
            title: "totalResults, startIndex and itemsPerPage are JSON integers",
            severity: Severity::Blocker,
            refs: &[
                "rfc:7644-3.4.2-R11",
                "rfc:7643-2.3.4-R01",
                "quirk:OKTA-16",
                "quirk:JC-26",
            ],
            breaks: &["okta", "jumpcloud"],
            hint: "Write counters as numbers without quotation marks.",
        },
        judge: counters,
    },
    Check {
        rule: Rule {
            id: "rules/list-total",
            title: "totalResults is there and counts at least what came",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.4.2-R02", "rfc:7644-3.4.2.4-R10", "defect:39"],
            breaks: &[],
            hint: "Count all matches, before the page is cut.",
        },
        judge: total,
    },
    Check {
        rule: Rule {
            id: "rules/list-resources",
            title: "Resources is an array, and there where there are matches",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.4.2-R03", "rfc:7644-3.8-R11"],
            breaks: &[],
            hint: "Put the page's resources into an array called Resources.",
        },
        judge: resources,
    },
    Check {
        rule: Rule {
            id: "rules/list-names",
            title: "The members of a list are spelt as in the RFC",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.4.2-R09", "defect:46"],
            breaks: &[],
            hint: "Write totalResults, Resources (with a capital R), startIndex and itemsPerPage.",
        },
        judge: spelling,
    },
    Check {
        rule: Rule {
            id: "rules/list-partial",
            title: "A part of a list says where it starts and how much it holds",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.4.2-R04",
                "rfc:7644-3.4.2-R05",
                "rfc:7644-3.4.2.4-R09",
            ],
            breaks: &[],
            hint: "Return startIndex and itemsPerPage (the number of resources in this answer) with every page.",
        },
        judge: partial,
    },
    Check {
        rule: Rule {
            id: "rules/list-page-size",
            title: "itemsPerPage is what came, not what might have come",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.4.2.4-R09", "rfc:7644-3.4.2-R05"],
            breaks: &[],
            hint: "Set itemsPerPage to the number of resources in this answer.",
        },
        judge: page_size,
    },
    Check {
        rule: Rule {
            id: "rules/list-start",
            title: "startIndex is where the page starts",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.4.2.4-R02",
                "rfc:7644-3.4.2-R04",
                "defect:40",
                "defect:41",
            ],
            breaks: &[],
            hint: "Count from 1, start the page at the index that was asked for, and say so.",
        },
        judge: start,
    },
    Check {
        rule: Rule {
            id: "rules/list-count",
            title: "No page is longer than was asked for",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.4.2.4-R04",
                "rfc:7644-3.4.2.4-R06",
                "rfc:7644-3.4.2.4-R07",
                "rfc:9865-2-R05",
                "defect:44",
            ],
            breaks: &[],
            hint: "Return at most count resources; with count=0 only totalResults.",
        },
        judge: count,
    },
    Check {
        rule: Rule {
            id: "rules/list-once",
            title: "No resource is listed twice",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.4.2.4-R11", "rfc:7643-3.1-R03", "defect:42"],
            breaks: &[],
            hint: "Look for a join that multiplies rows, and for a page that is cut before duplicates are removed.",
        },
        judge: once,
    },
    Check {
        rule: Rule {
            id: "rules/list-elements",
            title: "Each listed resource is whole: schemas, id and meta",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.4.2-R10", "rfc:7644-3.1-R02"],
            breaks: &[],
            hint: "List resources as they are returned alone.",
        },
        judge: elements,
    },
    Check {
        rule: Rule {
            id: "rules/schemas-nulls",
            title: "/Schemas has no null members",
            severity: Severity::Warning,
            refs: &["quirk:ENTRA-80"],
            breaks: &["entra"],
            hint: "Leave out what has no value; Entra's schema discovery stops at null.",
        },
        judge: nulls,
    },
];

/// The members of an answer that is, or should be, a list.
fn list<'a>(view: &View<'a>) -> Option<&'a Map<String, Value>> {
    view.list()
        .filter(|json| is_list(json))
        .and_then(Value::as_object)
}

fn integer(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_u64)
}

fn member<'a>(view: &View<'a>, name: &str) -> Option<&'a Value> {
    list(view)?;
    view.list()
        .and_then(|json| named(json, name))
        .filter(|v| !v.is_null())
}

fn length(view: &View<'_>) -> u64 {
    view.elements().len() as u64
}

/// Pages by cursor have neither startIndex nor, perhaps, totalResults (RFC 9865 section 2).
fn is_by_cursor(view: &View<'_>) -> bool {
    view.parameter("cursor").is_some()
        || view
            .seen
            .sent
            .is_some_and(|sent| named(sent, "cursor").is_some())
        || ["nextCursor", "previousCursor"]
            .iter()
            .any(|name| member(view, name).is_some())
}

fn slack(view: &View<'_>) -> u64 {
    let shared = !view.is_filtered() && !matches!(view.endpoint, Endpoint::Discovery { .. });
    if shared { UNDER_WAY } else { 0 }
}

fn response(view: &View<'_>) -> Ruling {
    let Some(json) = view.list().filter(|json| json.is_object()) else {
        return Ruling::Apart;
    };
    if has_schema(json, LIST) {
        return Ruling::Held;
    }
    let said = named(json, "schemas").map_or_else(|| "no schemas".to_owned(), show);
    Ruling::broken(
        format!("a list came with {said}, not as a ListResponse"),
        LIST,
        said,
    )
}

fn counters(view: &View<'_>) -> Ruling {
    Ruling::first(
        ["totalResults", "startIndex", "itemsPerPage"]
            .into_iter()
            .filter_map(|name| {
                let value = member(view, name)?;
                if value.is_u64() {
                    return Some(Ruling::Held);
                }
                let (kind, value) = (type_of(value), show(value));
                Some(Ruling::broken(
                    format!("{name} is {value}, a {kind} and not a whole number from 0"),
                    "an integer",
                    value,
                ))
            }),
    )
}

fn total(view: &View<'_>) -> Ruling {
    if list(view).is_none() {
        return Ruling::Apart;
    }
    let Some(value) = member(view, "totalResults") else {
        // RFC 9865 lets it go where it cannot be estimated.
        return if is_by_cursor(view) {
            Ruling::Apart
        } else {
            Ruling::broken(
                "the list has no totalResults",
                "totalResults",
                "no totalResults",
            )
        };
    };
    let Some(total) = integer(Some(value)) else {
        return Ruling::Apart;
    };
    let first = integer(member(view, "startIndex"))
        .filter(|start| *start > 0)
        .unwrap_or(1);
    let came = length(view);
    let least = if came == 0 { 0 } else { first - 1 + came };
    if total.saturating_add(slack(view)) >= least {
        return Ruling::Held;
    }
    let from = if first > 1 {
        format!(" from startIndex {first}")
    } else {
        String::new()
    };
    Ruling::broken(
        format!("totalResults is {total}, but {came} resources came{from}"),
        format!("at least {least}"),
        total.to_string(),
    )
}

fn resources(view: &View<'_>) -> Ruling {
    if list(view).is_none() {
        return Ruling::Apart;
    }
    match member(view, "Resources") {
        Some(Value::Array(items)) => match items.iter().find(|item| !item.is_object()) {
            None => Ruling::Held,
            Some(item) => Ruling::broken(
                format!(
                    "Resources holds an element of type {}, not a resource",
                    type_of(item)
                ),
                "resources",
                type_of(item),
            ),
        },
        Some(other) => Ruling::broken(
            format!("Resources is of type {}, not an array", type_of(other)),
            "an array",
            type_of(other),
        ),
        None => {
            let total = integer(member(view, "totalResults")).unwrap_or(0);
            let start = view.number("startIndex").unwrap_or(1);
            let asked_for_none = view.number("count").is_some_and(|count| count <= 0);
            if asked_for_none
                || total <= slack(view)
                || start > i64::try_from(total).unwrap_or(i64::MAX)
            {
                return Ruling::Held;
            }
            Ruling::broken(
                format!("totalResults is {total}, and no Resources came"),
                "Resources",
                "no Resources",
            )
        }
    }
}

fn spelling(view: &View<'_>) -> Ruling {
    let Some(map) = list(view) else {
        return Ruling::Apart;
    };
    let names = ["totalResults", "Resources", "startIndex", "itemsPerPage"];
    let wrong = map.keys().find_map(|key| {
        let name = names.iter().find(|name| name.eq_ignore_ascii_case(key))?;
        (key != name).then_some((key, *name))
    });
    match wrong {
        None => Ruling::Held,
        Some((key, name)) => Ruling::broken(
            format!("the list calls {name} \"{key}\""),
            name,
            key.clone(),
        ),
    }
}

/// Whether the answer is for certain only a part of the matches.
fn is_partial(view: &View<'_>) -> bool {
    let Some(total) = integer(member(view, "totalResults")) else {
        return false;
    };
    let came = length(view);
    if came == 0 || came >= total || is_by_cursor(view) {
        return false;
    }
    let full_page = view
        .number("count")
        .is_some_and(|count| u64::try_from(count).is_ok_and(|count| count == came));
    let later = view.number("startIndex").is_some_and(|start| start > 1);
    full_page || later || total - came > slack(view)
}

fn partial(view: &View<'_>) -> Ruling {
    if !is_partial(view) || matches!(view.endpoint, Endpoint::Discovery { .. }) {
        return Ruling::Apart;
    }
    for name in ["itemsPerPage", "startIndex"] {
        if member(view, name).is_none() {
            return Ruling::broken(
                format!(
                    "{} of {} matches came, and the answer has no {name}",
                    length(view),
                    show(member(view, "totalResults").unwrap_or(&Value::Null))
                ),
                name,
                format!("no {name}"),
            );
        }
    }
    match integer(member(view, "itemsPerPage")) {
        Some(said) if said < length(view) => Ruling::broken(
            format!(
                "itemsPerPage is {said}, but {} resources came",
                length(view)
            ),
            length(view).to_string(),
            said.to_string(),
        ),
        _ => Ruling::Held,
    }
}

/// Nothing came of a page that lies within the matches.
fn is_hollow(view: &View<'_>) -> bool {
    let start = view.number("startIndex").unwrap_or(1).max(1);
    let within = integer(member(view, "totalResults"))
        .is_some_and(|total| u64::try_from(start).is_ok_and(|start| start <= total));
    within && length(view) == 0 && view.number("count") != Some(0) && !is_by_cursor(view)
}

fn page_size(view: &View<'_>) -> Ruling {
    if !is_partial(view) && !is_hollow(view) {
        return Ruling::Apart;
    }
    match integer(member(view, "itemsPerPage")) {
        None => Ruling::Apart,
        Some(said) if said <= length(view) => Ruling::Held,
        Some(said) => Ruling::broken(
            format!(
                "itemsPerPage is {said}, but {} resources came",
                length(view)
            ),
            length(view).to_string(),
            said.to_string(),
        ),
    }
}

fn start(view: &View<'_>) -> Ruling {
    let Some(said) = integer(member(view, "startIndex")) else {
        return Ruling::Apart;
    };
    if length(view) == 0 || matches!(view.endpoint, Endpoint::Discovery { .. }) {
        return Ruling::Apart;
    }
    // An index below 1 is read as 1; what the answer then says is judged in a case of its own.
    let asked = view.number("startIndex").unwrap_or(1);
    let Ok(asked) = u64::try_from(asked) else {
        return Ruling::Apart;
    };
    if asked == 0 {
        return Ruling::Apart;
    }
    if asked == said {
        return Ruling::Held;
    }
    Ruling::broken(
        format!("startIndex is {said}, asked was {asked}"),
        asked.to_string(),
        said.to_string(),
    )
}

fn count(view: &View<'_>) -> Ruling {
    if list(view).is_none() || matches!(view.endpoint, Endpoint::Discovery { .. }) {
        return Ruling::Apart;
    }
    let Some(asked) = view.number("count") else {
        return Ruling::Apart;
    };
    let most = u64::try_from(asked).unwrap_or(0);
    let came = length(view);
    if came <= most {
        return Ruling::Held;
    }
    Ruling::broken(
        format!("{came} resources came, asked were {asked}"),
        format!("at most {most}"),
        came.to_string(),
    )
}

fn once(view: &View<'_>) -> Ruling {
    if list(view).is_none() {
        return Ruling::Apart;
    }
    let mut seen = BTreeSet::new();
    let key = |item: &Value| {
        let id = named(item, "id")?.as_str()?.to_owned();
        let kind = named(item, "meta")
            .and_then(|meta| named(meta, "resourceType"))
            .and_then(Value::as_str);
        Some((kind.unwrap_or("").to_owned(), id))
    };
    let twice = view
        .elements()
        .iter()
        .filter_map(key)
        .any(|key| !seen.insert(key));
    if twice {
        Ruling::broken(
            "a resource is in one answer twice",
            "each resource once",
            "one id twice",
        )
    } else {
        Ruling::Held
    }
}

fn elements(view: &View<'_>) -> Ruling {
    if view.is_narrowed() || matches!(view.endpoint, Endpoint::Discovery { .. }) {
        return Ruling::Apart;
    }
    Ruling::first(
        view.elements()
            .iter()
            .enumerate()
            .filter(|(_, item)| item.is_object())
            .map(|(index, item)| {
                let missing = ["schemas", "meta"]
                    .into_iter()
                    .find(|name| named(item, name).is_none_or(crate::scim::is_unassigned));
                match missing {
                    None => Ruling::Held,
                    Some(name) => Ruling::broken(
                        format!("element {} of Resources has no {name}", index + 1),
                        name,
                        format!("no {name}"),
                    ),
                }
            }),
    )
}

fn nulls(view: &View<'_>) -> Ruling {
    let schemas = matches!(&view.endpoint, Endpoint::Discovery { kind, .. } if kind == "Schemas")
        && view.is_success();
    let Some(json) = view.json.filter(|_| schemas && view.whole) else {
        return Ruling::Apart;
    };
    match find_null(json, "", 0) {
        None => Ruling::Held,
        Some(place) => Ruling::broken(format!("{place} is null"), "no null", "null"),
    }
}

fn find_null(value: &Value, place: &str, depth: usize) -> Option<String> {
    match value {
        _ if depth > 32 => None,
        Value::Null => Some(place.to_owned()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| find_null(item, &format!("{place}[{index}]"), depth + 1)),
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let dot = if place.is_empty() { "" } else { "." };
            find_null(value, &format!("{place}{dot}{key}"), depth + 1)
        }),
        _ => None,
    }
}
