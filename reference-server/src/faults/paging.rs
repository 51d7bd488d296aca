//! Pages and counts.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, asked, hits, replied, told};
use super::wire::{number, parameter, place, set_parameter};
use super::{ALL, FaultInfo, OKTA, OKTA_ENTRA, OKTA_RFC, RFC, of, own};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(39, "total-is-page-size", OKTA_RFC, || {
            lists(|list| list["totalResults"] = json!(length(list)))
        }),
        own(
            "total-one-short",
            "totalResults counts one too few",
            OKTA_RFC,
            "RFC 7644 section 3.4.2",
            || {
                lists(|list| {
                    let total = list["totalResults"].as_u64().unwrap_or_default();
                    list["totalResults"] = json!(total.saturating_sub(1));
                })
            },
        ),
        own(
            "total-counts-everybody",
            "totalResults of a search counts everybody",
            OKTA_RFC,
            "RFC 7644 section 3.4.2",
            || {
                lists(|list| {
                    let total = list["totalResults"].as_u64().unwrap_or_default();
                    list["totalResults"] = json!(total + 1_000);
                })
            },
        ),
        own(
            "counters-as-strings",
            "The counters of a list are strings",
            ALL,
            "RFC 7644 section 3.4.2",
            || {
                lists(|list| {
                    for name in ["totalResults", "startIndex", "itemsPerPage"] {
                        if let Some(number) = list.get(name).and_then(Value::as_u64) {
                            list[name] = json!(number.to_string());
                        }
                    }
                })
            },
        ),
        own(
            "items-per-page-is-limit",
            "itemsPerPage is the page limit, not what came",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || lists(|list| list["itemsPerPage"] = json!(100)),
        ),
        own(
            "start-index-echo-zero",
            "A list says that it starts at 0",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || lists(|list| list["startIndex"] = json!(0)),
        ),
        of(40, "start-index-ignored", OKTA_RFC, || {
            asks(|request| set_parameter(request, "startIndex", None))
        }),
        own(
            "start-index-ignored-but-echoed",
            "Every page is the first, though it names the start that was asked for",
            OKTA_RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                let start: Memory<Option<i64>> = Memory::default();
                let told_start = start.clone();
                vec![
                    asked(move |request| {
                        start.with(|start| *start = number(request, "startIndex"));
                        set_parameter(request, "startIndex", None);
                        None
                    }),
                    told(move |_, _, body| {
                        if let Some(start) = told_start
                            .with(Option::take)
                            .filter(|_| body["Resources"].is_array())
                        {
                            body["startIndex"] = json!(start);
                        }
                    }),
                ]
            },
        ),
        of(41, "start-index-from-zero", OKTA_RFC, || {
            asks(|request| {
                if let Some(start) = number(request, "startIndex").filter(|start| *start > 0) {
                    set_parameter(request, "startIndex", Some(&(start + 1).to_string()));
                }
            })
        }),
        of(42, "pages-overlap", OKTA_RFC, || {
            asks(|request| {
                if let Some(start) = number(request, "startIndex").filter(|start| *start > 1) {
                    set_parameter(request, "startIndex", Some(&(start - 1).to_string()));
                }
            })
        }),
        own(
            "third-page-repeats",
            "From the fifth row on pages begin one row early",
            OKTA_RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                asks(|request| {
                    if let Some(start) = number(request, "startIndex").filter(|start| *start > 4) {
                        set_parameter(request, "startIndex", Some(&(start - 1).to_string()));
                    }
                })
            },
        ),
        own(
            "start-index-is-page-number",
            "startIndex is read as the number of a page",
            OKTA_RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                asks(|request| {
                    if let (Some(start), Some(count)) =
                        (number(request, "startIndex"), number(request, "count"))
                    {
                        set_parameter(
                            request,
                            "startIndex",
                            Some(&((start - 1).max(0) * count + 1).to_string()),
                        );
                    }
                })
            },
        ),
        of(43, "rows-beyond-the-end", ALL, || {
            let last: Memory<HashMap<String, Value>> = Memory::default();
            vec![told(move |request, status, body| {
                let start = number(request, "startIndex").filter(|_| status == 200);
                let kind = format!("{} {:?}", place(request).0, parameter(request, "filter"));
                let total = body["totalResults"].as_i64().unwrap_or_default();
                if length(body) > 0 {
                    last.with(|last| last.insert(kind, body["Resources"].clone()));
                } else if start.is_some_and(|start| start > total)
                    && let Some(rows) = last.with(|last| last.get(&kind).cloned())
                {
                    body["Resources"] = rows;
                    body["itemsPerPage"] = json!(length(body));
                }
            })]
        }),
        own(
            "beyond-the-end-400",
            "A start beyond the end is refused",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![replied(|request, answer| {
                    let body: Value = answer
                        .body
                        .as_deref()
                        .and_then(|body| serde_json::from_slice(body).ok())
                        .unwrap_or_default();
                    let total = body["totalResults"].as_i64().unwrap_or(i64::MAX);
                    if number(request, "startIndex").is_some_and(|start| start > 1 && start > total)
                    {
                        *answer = super::wire::no(400, "there is no such page");
                    }
                })]
            },
        ),
        of(44, "count-zero-gives-all", RFC, || {
            asks(|request| {
                if number(request, "count") == Some(0) {
                    set_parameter(request, "count", None);
                }
            })
        }),
        own(
            "count-zero-refused",
            "count=0 is refused",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![asked(|request| {
                    (number(request, "count") == Some(0))
                        .then(|| super::wire::no(400, "count must be positive"))
                })]
            },
        ),
        own(
            "negative-count-refused",
            "A negative count is refused",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![asked(|request| {
                    number(request, "count")
                        .is_some_and(|count| count < 0)
                        .then(|| super::wire::no(400, "count must be positive"))
                })]
            },
        ),
        own(
            "start-index-zero-refused",
            "startIndex=0 is refused",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![asked(|request| {
                    number(request, "startIndex")
                        .is_some_and(|start| start < 1)
                        .then(|| super::wire::no(400, "startIndex must be positive"))
                })]
            },
        ),
        own(
            "count-ignored",
            "count is passed over",
            RFC,
            "RFC 7644 section 3.4.2.4",
            || asks(|request| set_parameter(request, "count", None)),
        ),
        own(
            "one-row-too-many",
            "A page has one row more than was asked for",
            OKTA_RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                asks(|request| {
                    if let Some(count) = number(request, "count").filter(|count| *count > 0) {
                        set_parameter(request, "count", Some(&(count + 1).to_string()));
                    }
                })
            },
        ),
        of(45, "page-thinned", OKTA, || {
            lists(|list| {
                if let Some(Value::Array(rows)) = list.get_mut("Resources")
                    && rows.len() > 1
                {
                    rows.remove(1);
                    list["itemsPerPage"] = json!(length(list));
                }
            })
        }),
        of(46, "resources-in-lower-case", ALL, || {
            lists(|list| {
                if let Some(rows) = list
                    .as_object_mut()
                    .and_then(|list| list.shift_remove("Resources"))
                {
                    list["resources"] = rows;
                }
            })
        }),
        own(
            "list-has-resource-schema",
            "A list names the schema of its resources",
            RFC,
            "RFC 7644 section 3.4.2",
            || {
                lists(|list| {
                    list["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
                })
            },
        ),
        own(
            "list-is-array",
            "A list is a bare array",
            ALL,
            "RFC 7644 section 3.4.2",
            || lists(|list| *list = list["Resources"].take()),
        ),
        own(
            "search-gives-resource",
            "A search with one hit gives the resource itself",
            ALL,
            "RFC 7644 section 3.4.2",
            || {
                vec![told(|request, _, body| {
                    if parameter(request, "filter").is_some() && length(body) == 1 {
                        *body = body["Resources"][0].take();
                    }
                })]
            },
        ),
        own(
            "list-shows-ids-only",
            "Lists hold the ids of the resources and nothing else",
            ALL,
            "RFC 7644 section 3.4.2",
            || {
                lists(|list| {
                    for row in list["Resources"].as_array_mut().into_iter().flatten() {
                        *row = json!({"id": row["id"], "schemas": row["schemas"], "meta": row["meta"]});
                    }
                })
            },
        ),
        own(
            "newest-missing-from-lists",
            "The newest resource is not in lists yet",
            OKTA_ENTRA,
            "RFC 7644 section 3.4.2",
            || {
                vec![hits(|_, hits| {
                    if hits.len() > 1 {
                        hits.pop();
                    }
                })]
            },
        ),
        own(
            "order-changes-between-pages",
            "Lists are in another order each time",
            OKTA,
            "RFC 7644 section 3.4.2.4",
            || {
                let turn: Memory<usize> = Memory::default();
                vec![hits(move |_, hits| {
                    let turn = turn.with(|turn| {
                        *turn += 3;
                        *turn
                    });
                    let length = hits.len().max(1);
                    hits.rotate_left(turn % length);
                })]
            },
        ),
        own(
            "sort-ignored",
            "sortBy has no effect, though sorting is declared",
            RFC,
            "RFC 7644 section 3.4.2.3",
            || asks(|request| set_parameter(request, "sortBy", None)),
        ),
        own(
            "sort-order-ignored",
            "sortOrder has no effect",
            RFC,
            "RFC 7644 section 3.4.2.3",
            || asks(|request| set_parameter(request, "sortOrder", None)),
        ),
        own(
            "cursor-repeats",
            "The second page by cursor is the first again",
            RFC,
            "RFC 9865 section 2",
            || {
                asks(|request| {
                    if parameter(request, "cursor").is_some() {
                        set_parameter(request, "cursor", Some(""));
                    }
                })
            },
        ),
        own(
            "broken-cursor-accepted",
            "A cursor that was never given is read as the first",
            RFC,
            "RFC 9865 section 2.1",
            || {
                asks(|request| {
                    if parameter(request, "cursor").is_some_and(|cursor| cursor.len() < 20) {
                        set_parameter(request, "cursor", Some(""));
                    }
                })
            },
        ),
        own(
            "attributes-ignored",
            "attributes has no effect",
            RFC,
            "RFC 7644 section 3.9",
            || asks(|request| set_parameter(request, "attributes", None)),
        ),
        of(113, "excluded-attributes-ignored", OKTA_ENTRA, || {
            asks(|request| set_parameter(request, "excludedAttributes", None))
        }),
        own(
            "search-by-post-ignores-filter",
            "A search by POST passes its filter over",
            RFC,
            "RFC 7644 section 3.4.3",
            || {
                vec![super::twist::sent(|request, body| {
                    if place(request).0 == ".search" {
                        body.as_object_mut().map(|body| body.shift_remove("filter"));
                    }
                })]
            },
        ),
    ]
}

fn length(list: &Value) -> usize {
    list["Resources"].as_array().map_or(0, Vec::len)
}

/// Each list of users or groups is changed.
fn lists(change: fn(&mut Value)) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status == 200
            && request.method == "GET"
            && matches!(place(request), ("Users" | "Groups", None))
            && body["totalResults"].is_number()
        {
            change(body);
        }
    })]
}

fn asks(change: fn(&mut crate::http::hooks::Incoming)) -> Vec<Twist> {
    vec![asked(move |request| {
        if matches!(place(request), ("Users" | "Groups", _)) && request.method == "GET" {
            change(request);
        }
        None
    })]
}
