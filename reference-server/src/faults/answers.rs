//! Whole operations that fail, and answers to writes that say something else than what was done.

use axum::http::header::{ETAG, LOCATION};
use serde_json::{Value, json};

use super::memory::Memory;
use super::nth::lie;
use super::twist::{Twist, asked, document, refuses, replied, told};
use super::wire::{at, no, on, parameter, place};
use super::{ALL, FaultInfo, PROVIDERS, RFC, own};
use crate::engine::hooks::Action;
use crate::http::Answer;
use crate::http::hooks::Incoming;

const CREATE: &str = "RFC 7644 section 3.3";
const PUT: &str = "RFC 7644 section 3.5.1";
const PATCH: &str = "RFC 7644 section 3.5.2";
const BULK: &str = "RFC 7644 section 3.7";
const CURSOR: &str = "RFC 9865 section 2";
const ERROR: &str = "RFC 7644 section 3.12";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "creates-fail",
            "Every POST of a person is a server error",
            ALL,
            CREATE,
            || fails("POST", "Users"),
        ),
        own(
            "group-creates-fail",
            "Every POST of a group is a server error",
            ALL,
            CREATE,
            || fails("POST", "Groups"),
        ),
        own("puts-fail", "Every PUT is a server error", ALL, PUT, || {
            [fails("PUT", "Users"), fails("PUT", "Groups")]
                .into_iter()
                .flatten()
                .collect()
        }),
        own(
            "patches-fail",
            "Every PATCH is a server error",
            ALL,
            PATCH,
            || {
                [fails("PATCH", "Users"), fails("PATCH", "Groups")]
                    .into_iter()
                    .flatten()
                    .collect()
            },
        ),
        own(
            "deletes-fail",
            "Every DELETE of a person or group is a server error, and it stays",
            ALL,
            "RFC 7644 section 3.6",
            || {
                [fails("DELETE", "Users"), fails("DELETE", "Groups")]
                    .into_iter()
                    .flatten()
                    .collect()
            },
        ),
        own(
            "create-answers-other-values",
            "The answer to a POST shows other values than what is stored",
            ALL,
            CREATE,
            || {
                vec![told(|request, status, body| {
                    if is_create(request) && status == 201 {
                        lie(body, false);
                    }
                })]
            },
        ),
        own(
            "create-answers-bare",
            "The answer to a POST has nothing but the id",
            ALL,
            CREATE,
            || {
                vec![
                    told(|request, status, body| {
                        if is_create(request) && status == 201 {
                            *body = json!({"id": body["id"]});
                        }
                    }),
                    replied(|request, answer| {
                        if is_create(request) {
                            answer.headers.retain(|(name, _)| *name != LOCATION);
                        }
                    }),
                ]
            },
        ),
        own(
            "create-answers-without-id",
            "The answer to a POST has no id",
            ALL,
            CREATE,
            || {
                vec![told(|request, status, body| {
                    if is_create(request)
                        && status == 201
                        && let Some(body) = body.as_object_mut()
                    {
                        body.shift_remove("id");
                    }
                })]
            },
        ),
        own(
            "put-answers-other-values",
            "The answer to a PUT shows other values than what is stored",
            ALL,
            PUT,
            || {
                vec![told(|request, status, body| {
                    if request.method == "PUT" && status == 200 {
                        lie(body, true);
                    }
                })]
            },
        ),
        own(
            "patch-answers-other-values",
            "The answer to a PATCH shows other values than what is stored",
            ALL,
            PATCH,
            || {
                vec![told(|request, status, body| {
                    if request.method == "PATCH" && status == 200 {
                        lie(body, true);
                    }
                })]
            },
        ),
        own(
            "patch-answers-nothing",
            "200 for a PATCH, without a body",
            ALL,
            PATCH,
            || {
                vec![replied(|request, answer| {
                    if request.method == "PATCH" && answer.status < 300 {
                        *answer = Answer::empty(200);
                    }
                })]
            },
        ),
        own(
            "put-drops-what-differs",
            "A PUT is answered as done and not stored",
            ALL,
            PUT,
            || drops(Action::Replace),
        ),
        own(
            "patch-drops-everything",
            "A PATCH is answered as done and not stored",
            ALL,
            PATCH,
            || drops(Action::Patch),
        ),
        own(
            "refusals-accepted",
            "What should be refused with 400 is answered with 200 and not done",
            ALL,
            ERROR,
            || {
                vec![replied(|request, answer| {
                    if answer.status == 400 {
                        let kind = if place(request).0 == "Groups" {
                            "Group"
                        } else {
                            "User"
                        };
                        *answer = Answer::json(
                        if request.method == "POST" { 201 } else { 200 },
                        json!({"schemas": [format!("urn:ietf:params:scim:schemas:core:2.0:{kind}")], "id": "accepted", "userName": "accepted", "meta": {"resourceType": kind}}).to_string(),
                    );
                    }
                })]
            },
        ),
        own(
            "refusals-403",
            "Whatever is wrong with a request is answered with 403",
            RFC,
            ERROR,
            || {
                vec![replied(|_, answer| {
                    if matches!(answer.status, 400 | 404 | 405 | 409 | 413 | 415 | 501) {
                        *answer = no(403, "forbidden");
                    }
                })]
            },
        ),
        own(
            "errors-bare",
            "Errors have a detail and nothing else",
            ALL,
            ERROR,
            || {
                vec![told(|_, status, body| {
                    if status >= 400 {
                        *body = json!({"message": "no"});
                    }
                })]
            },
        ),
        own(
            "errors-echo-the-request",
            "An error repeats what was sent",
            RFC,
            ERROR,
            || {
                let sent: Memory<Vec<u8>> = Memory::default();
                let known = sent.clone();
                vec![
                    asked(move |request| {
                        sent.with(|sent| {
                            *sent = request.body.clone();
                            sent.extend_from_slice(request.path.as_bytes());
                        });
                        None
                    }),
                    told(move |_, status, body| {
                        if status >= 400 {
                            body["detail"] = json!(
                                known.with(|sent| String::from_utf8_lossy(sent).into_owned())
                            );
                        }
                    }),
                ]
            },
        ),
        own(
            "wrong-ids-show-the-list",
            "An id that is nobody's is answered with everybody",
            RFC,
            "RFC 7644 section 3.4.1",
            || {
                let all: Memory<Vec<Value>> = Memory::default();
                let known = all.clone();
                vec![
                    told(move |request, status, body| {
                        if is_create(request) && status == 201 {
                            all.with(|all| all.push(body.clone()));
                        }
                    }),
                    replied(move |request, answer| {
                        if request.method == "GET"
                            && matches!(answer.status, 400 | 404)
                            && request.path.contains("/Users/")
                        {
                            let list = known.with(|all| all.clone());
                            *answer = Answer::json(200, json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": list.len(), "Resources": list}).to_string());
                        }
                    }),
                ]
            },
        ),
        own(
            "unauthorized-shows-people",
            "Whoever has no right credential is refused, and shown the people all the same",
            ALL,
            "RFC 7644 section 2",
            || {
                let all: Memory<Vec<Value>> = Memory::default();
                let known = all.clone();
                vec![
                    told(move |request, status, body| {
                        if is_create(request) && status == 201 {
                            all.with(|all| all.push(body.clone()));
                        }
                    }),
                    told(move |_, status, body| {
                        if status == 401 {
                            body["people"] = json!(known.with(|all| all.clone()));
                        }
                    }),
                ]
            },
        ),
        own(
            "bulk-fails",
            "Every bulk request is a server error",
            RFC,
            BULK,
            || fails("POST", "Bulk"),
        ),
        own(
            "bulk-answers-nothing",
            "A bulk answer lists no operation",
            RFC,
            BULK,
            || {
                vec![told(|request, status, body| {
                    if on(request, "POST", "Bulk") && status == 200 {
                        body["Operations"] = json!([]);
                        body["schemas"] = json!([]);
                    }
                })]
            },
        ),
        own(
            "bulk-answers-other-things",
            "A bulk answer has the wrong status, method and place for each operation, and the data",
            RFC,
            BULK,
            || {
                vec![told(|request, status, body| {
                    if on(request, "POST", "Bulk") && status == 200 {
                        for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                            *operation = json!({"method": "TRACE", "status": {"code": 418}, "bulkId": "x", "response": {"id": "1", "userName": "x"}});
                        }
                    }
                })]
            },
        ),
        own(
            "bulk-takes-anything",
            "A bulk request that is broken or too large is answered with 200",
            RFC,
            BULK,
            || {
                vec![replied(|request, answer| {
                    if on(request, "POST", "Bulk") && answer.status >= 400 {
                        *answer = Answer::json(200, json!({"schemas": [crate::protocol::BULK_RESPONSE], "Operations": [{"method": "POST", "status": "201", "location": "http://127.0.0.1/Users/1"}]}).to_string());
                    }
                })]
            },
        ),
        own(
            "cursor-pages-fail",
            "A page by cursor after the first is a server error",
            RFC,
            CURSOR,
            || {
                vec![replied(|request, answer| {
                    if parameter(request, "cursor").is_some_and(|cursor| !cursor.is_empty()) {
                        *answer = no(500, "the cursor broke");
                    }
                })]
            },
        ),
        own(
            "cursor-ends-at-once",
            "The first page by cursor is the last, and all pages are whole",
            RFC,
            CURSOR,
            || {
                vec![told(|request, status, body| {
                    if status == 200
                        && (parameter(request, "cursor").is_some() || place(request).0 == ".search")
                        && let Some(list) = body.as_object_mut()
                    {
                        list.shift_remove("nextCursor");
                        list.insert("previousCursor".to_owned(), json!("+/="));
                        if let Some(Value::Array(resources)) = list.get_mut("Resources") {
                            let first = resources.first().cloned();
                            resources.extend(first);
                            let stranger = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "1", "userName": "x", "meta": {"resourceType": "User"}});
                            resources.push(stranger);
                        }
                    }
                })]
            },
        ),
        own(
            "cursor-needs-escapes",
            "Cursors are made of characters that a URL does not take",
            RFC,
            CURSOR,
            || {
                vec![told(|request, status, body| {
                    if status == 200
                        && parameter(request, "cursor").is_some()
                        && body["nextCursor"].is_string()
                    {
                        body["nextCursor"] = json!("a+b/c==");
                    }
                })]
            },
        ),
        own(
            "cursor-goes-round",
            "The cursor of every page leads to the first",
            RFC,
            CURSOR,
            || {
                vec![asked(|request| {
                    if parameter(request, "cursor").is_some_and(|cursor| !cursor.is_empty()) {
                        super::wire::set_parameter(request, "cursor", Some(""));
                    }
                    None
                })]
            },
        ),
        own(
            "configuration-unreadable",
            "Every member of the configuration is text",
            RFC,
            "RFC 7643 section 5",
            || {
                vec![told(|request, status, body| {
                    if status == 200
                        && place(request).0 == "ServiceProviderConfig"
                        && let Some(config) = body.as_object_mut()
                    {
                        for (name, value) in config.iter_mut() {
                            match name.as_str() {
                                "schemas" | "meta" | "patch" | "filter" => {}
                                "bulk" => {
                                    *value = json!({"supported": true, "maxOperations": "many", "maxPayloadSize": "much"})
                                }
                                "pagination" => {
                                    *value = json!({"cursor": true, "index": "yes", "defaultPaginationMethod": "any", "defaultPageSize": 0, "maxPageSize": "x", "cursorTimeout": -1})
                                }
                                _ => *value = json!({"supported": "yes"}),
                            }
                        }
                        config.insert("documentationUri".to_owned(), json!("see the wiki"));
                        config.insert("Resources".to_owned(), json!([]));
                    }
                })]
            },
        ),
        own(
            "schema-by-uri-is-a-list",
            "A schema that is read by its URI comes in a list",
            RFC,
            "RFC 7644 section 4",
            || {
                vec![told(|request, status, body| {
                    if status == 200 && at(request, "GET", "Schemas") {
                        *body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1, "Resources": [body.take()]});
                    }
                })]
            },
        ),
        own(
            "discovery-takes-writes",
            "POST on schemas and resource types is answered with 201",
            RFC,
            "RFC 7644 section 4",
            || {
                vec![asked(|request| {
                    (on(request, "POST", "Schemas") || on(request, "POST", "ResourceTypes")).then(
                        || Answer::json(201, json!({"schemas": [], "id": "made"}).to_string()),
                    )
                })]
            },
        ),
        own(
            "tags-change-with-each-answer",
            "The ETag is another one each time, and none is known again",
            RFC,
            "RFC 7644 section 3.14",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 304 {
                        *answer = no(412, "the tag is not known");
                    }
                    for (name, value) in &mut answer.headers {
                        if *name == ETAG
                            && let Ok(fresh) = axum::http::HeaderValue::try_from(format!(
                                "W/\"{}\"",
                                uuid::Uuid::new_v4()
                            ))
                        {
                            *value = fresh;
                        }
                    }
                })]
            },
        ),
        own(
            "tags-missing",
            "There is no ETag in the headers, although the configuration promises them",
            RFC,
            "RFC 7644 section 3.14",
            || {
                vec![replied(|_, answer| {
                    answer.headers.retain(|(name, _)| *name != ETAG)
                })]
            },
        ),
        own(
            "searches-by-post-fail",
            "POST on .search is a server error",
            RFC,
            "RFC 7644 section 3.4.3",
            || {
                vec![replied(|request, answer| {
                    if place(request).0 == ".search" {
                        *answer = no(500, "the query failed");
                    }
                })]
            },
        ),
        own(
            "groups-fail-after-deactivation",
            "Groups with an inactive member cannot be read or changed",
            PROVIDERS,
            "RFC 7643 section 4.1.1",
            || {
                let off: Memory<bool> = Memory::default();
                let known = off.clone();
                vec![
                    refuses(move |request, body| {
                        let text = body.to_string().to_lowercase();
                        if place(request).0 == "Users"
                            && (text.contains("\"active\":false")
                                || text.contains("\"false\"")
                                || (text.contains("\"active\"") && text.contains("false")))
                        {
                            off.with(|off| *off = true);
                        }
                        None
                    }),
                    replied(move |request, answer| {
                        if place(request).0 == "Groups"
                            && place(request).1.is_some()
                            && request.method != "DELETE"
                            && known.with(|off| *off)
                        {
                            *answer = no(500, "the member is not active");
                        }
                        if on(request, "POST", "Groups") {
                            known.with(|off| *off = false);
                        }
                    }),
                ]
            },
        ),
    ]
}

fn is_create(request: &Incoming) -> bool {
    on(request, "POST", "Users") || on(request, "POST", "Groups")
}

/// A change of this kind that nothing is kept of.
fn drops(action: Action) -> Vec<Twist> {
    vec![document(move |moment, before, after| {
        if let (true, Some(before)) = (moment.action == action, before) {
            *after = before.clone();
        }
    })]
}

/// This method on this collection or its resources is a server error, and nothing is done.
fn fails(method: &'static str, collection: &'static str) -> Vec<Twist> {
    vec![asked(move |request| {
        (request.method == *method && place(request).0 == collection).then(|| no(500, "not today"))
    })]
}
