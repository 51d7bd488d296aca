//! What a server can do wrong within SCIM: JSON that is none or too much of it, ids that lead elsewhere, lists without
//! end, answers to other requests, texts that are meant for the terminal or the browser of whoever reads the report.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::behaviours::{Behaviour, Ends, Told, behaviours};
use super::server::Piece::Bytes;
use super::server::{Answer, Asked, Piece};

/// Moves cursors, paints, sets titles, ends tags and sections, turns reading directions.
pub(crate) const NASTY: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m</script><script>alert(1)</script><img src=x onerror=alert(1)>]]>&\"'\u{202e}`|**\r\n::error::x";

fn one(answer: Answer) -> Vec<Piece> {
    vec![Bytes(answer.bytes())]
}

fn body(right: &Answer, body: impl Into<Vec<u8>>) -> Vec<Piece> {
    let mut answer = right.clone();
    answer.body = body.into();
    one(answer)
}

fn ids(right: &Answer, id: &Value) -> Vec<Piece> {
    one(right
        .clone()
        .each_resource(|resource| resource["id"] = id.clone()))
}

/// Ids, and every place that repeats them.
fn ids_everywhere(right: &Answer, id: &str) -> Vec<Piece> {
    let mut answer = right.clone().each_resource(|resource| {
        resource["id"] = json!(id);
        if resource["meta"].is_object() {
            resource["meta"]["location"] = json!(format!("/Users/{id}"));
        }
    });
    for (name, value) in &mut answer.headers {
        if name.eq_ignore_ascii_case("location") {
            *value = format!("/scim/v2/Users/{id}");
        }
    }
    one(answer)
}

fn every_text(value: &mut Value, to: &str) {
    match value {
        Value::String(text) => *text = to.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| every_text(item, to)),
        Value::Object(members) => members.values_mut().for_each(|item| every_text(item, to)),
        _ => {}
    }
}

fn every_name(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(every_name),
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (name, mut item) in old {
                every_name(&mut item);
                members.insert(format!("{name}{NASTY}"), item);
            }
        }
        _ => {}
    }
}

fn deep(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(10_000), close.repeat(10_000))
}

fn list(resources: Value, total: Value) -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total, "startIndex": 1, "itemsPerPage": 1, "Resources": resources
    })
    .to_string()
}

fn of_lists(asked: &Asked, text: impl FnOnce() -> String) -> Vec<Piece> {
    if asked.is_list() {
        one(Answer::new(200, text()))
    } else {
        vec![]
    }
}

const FROM_THE_START: &[Told] = &[
    ("json/10000-deep-arrays", Ends::Untestable, |_, right, _| {
        body(right, deep("[", "]"))
    }),
    (
        "json/10000-deep-objects",
        Ends::Untestable,
        |_, right, _| body(right, deep("{\"a\":", "}")),
    ),
    ("json/cut", Ends::Untestable, |_, right, _| {
        body(right, &right.body[..right.body.len() / 2])
    }),
    ("json/scalars", Ends::Any, |_, right, _| body(right, "null")),
    ("json/a-million-empty-arrays", Ends::Any, |_, right, _| {
        body(right, format!("[{}[]]", "[],".repeat(2_500_000)))
    }),
    (
        "json/a-million-numbers-in-a-list",
        Ends::Any,
        |_, right, _| {
            body(
                right,
                format!(
                    "{{\"totalResults\":1,\"Resources\":[{}0]}}",
                    "0,".repeat(4_000_000)
                ),
            )
        },
    ),
    (
        "json/as-many-values-as-are-read",
        Ends::Any,
        |_, right, _| {
            body(
                right,
                format!("{{\"Resources\":[{}0]}}", "[],".repeat(99_000)),
            )
        },
    ),
    (
        "json/as-many-names-as-are-read",
        Ends::Any,
        |_, right, _| {
            let names: String = (0..190_000).map(|n| format!("\"{n}\":0,")).collect();
            body(right, format!("{{{names}\"x\":0}}"))
        },
    ),
    ("json/a-million-names", Ends::Any, |_, right, _| {
        let names: String = (0..500_000).map(|n| format!("\"{n}\":0,")).collect();
        body(right, format!("{{{names}\"x\":0}}"))
    }),
    ("json/same-name-twice", Ends::Finding, |_, right, _| {
        let text = String::from_utf8_lossy(&right.body).replacen(
            '{',
            "{\"id\":\"a\",\"id\":\"b\",\"schemas\":7,",
            1,
        );
        body(right, text)
    }),
    (
        "json/numbers-beyond-measure",
        Ends::Finding,
        |_, right, _| {
            body(
                right,
                "{\"totalResults\":1e999999,\"itemsPerPage\":-1e400,\"Resources\":[]}",
            )
        },
    ),
    ("json/half-a-surrogate", Ends::Any, |_, right, _| {
        body(
            right,
            "{\"schemas\":[\"\\ud800\"],\"id\":\"\\udfff\",\"Resources\":[]}",
        )
    }),
    (
        "discovery/everything-is-a-list-of-itself",
        Ends::Any,
        |asked, right, _| {
            if asked.path().starts_with("/Schemas") || asked.path().starts_with("/ResourceTypes") {
                let text = String::from_utf8_lossy(&right.body).into_owned();
                body(
                    right,
                    format!("{{\"Resources\":[{text},{text},[{text}],7,null]}}"),
                )
            } else {
                vec![]
            }
        },
    ),
    ("discovery/nasty-texts", Ends::Any, |asked, right, _| {
        if asked.is_write() || asked.is_list() || asked.is_one() {
            return vec![];
        }
        one(right.clone().with_json(|json| every_text(json, NASTY)))
    }),
    (
        "discovery/a-schema-that-holds-itself",
        Ends::Any,
        |asked, right, _| {
            if !asked.path().starts_with("/Schemas") {
                return vec![];
            }
            let mut attribute = json!({"name": "a", "type": "complex", "multiValued": true});
            for _ in 0..30 {
                attribute = json!({"name": "a", "type": "complex", "subAttributes": [attribute.clone(), {"name": 7}]});
            }
            one(right.clone().with_json(|json| {
                json["Resources"] =
                    json!([{"id": "urn:x", "attributes": [attribute]}, {"id": 5}, {"id": []}]);
            }))
        },
    ),
    (
        "discovery/types-that-lead-elsewhere",
        Ends::Any,
        |asked, right, _| {
            if !asked.path().starts_with("/ResourceTypes") {
                return vec![];
            }
            one(right.clone().each_resource(|resource| {
                resource["endpoint"] = json!("http://127.0.0.2:9/../../Users");
            }))
        },
    ),
    (
        "discovery/promises-beyond-measure",
        Ends::Any,
        |asked, right, _| {
            if !asked.path().starts_with("/ServiceProviderConfig") {
                return vec![];
            }
            one(right.clone().with_json(|json| {
                json["bulk"] =
                    json!({"supported": true, "maxOperations": -1, "maxPayloadSize": 1e300});
                json["filter"] =
                    json!({"supported": "true", "maxResults": 18_446_744_073_709_551_615_u64});
            }))
        },
    ),
    ("lists/totals-of-text", Ends::Finding, |asked, _, _| {
        of_lists(asked, || list(json!([]), json!("many")))
    }),
];

const FROM_THE_FIRST_WRITE: &[Told] = &[
    ("ids/dot-dot", Ends::Finding, |_, right, _| {
        ids_everywhere(right, "..")
    }),
    ("ids/slash", Ends::Finding, |_, right, _| {
        ids_everywhere(right, "/")
    }),
    ("ids/empty", Ends::Finding, |_, right, _| {
        ids_everywhere(right, "")
    }),
    ("ids/encoded-dots", Ends::Finding, |_, right, _| {
        ids_everywhere(right, "%2e%2e%2fGroups")
    }),
    ("ids/a-query", Ends::Finding, |_, right, _| {
        ids_everywhere(right, "?filter=x#y")
    }),
    ("ids/a-megabyte", Ends::Finding, |_, right, _| {
        ids_everywhere(right, &"7".repeat(1 << 20))
    }),
    ("ids/control-characters", Ends::Finding, |_, right, _| {
        ids(right, &json!("a\r\nX-Injected: 1\r\n\r\n\u{1b}[2J"))
    }),
    ("ids/numbers", Ends::Finding, |_, right, _| {
        ids(right, &json!(7))
    }),
    ("ids/objects", Ends::Finding, |_, right, _| {
        ids(right, &json!({"$oid": "7"}))
    }),
    ("ids/null", Ends::Finding, |_, right, _| {
        ids(right, &Value::Null)
    }),
    ("ids/all-the-same", Ends::Finding, |_, right, _| {
        ids(right, &json!("1"))
    }),
    ("ids/other-each-time", Ends::Finding, |_, right, memory| {
        let n = memory.count.fetch_add(1, Ordering::SeqCst);
        ids(right, &json!(format!("id-{n}")))
    }),
    ("ids/a-url", Ends::Finding, |_, right, _| {
        ids(right, &json!("http://127.0.0.2:9/Users/1"))
    }),
    ("answers/swapped", Ends::Finding, |_, right, memory| {
        let mut previous = memory.previous.lock().unwrap();
        let answer = previous.replace(right.clone());
        answer.map_or_else(Vec::new, one)
    }),
    (
        "answers/the-first-for-ever",
        Ends::Finding,
        |_, right, memory| {
            let mut first = memory.previous.lock().unwrap();
            one(first.get_or_insert_with(|| right.clone()).clone())
        },
    ),
    (
        "answers/an-array-around-each",
        Ends::Finding,
        |_, right, _| {
            if right.body.is_empty() {
                return vec![];
            }
            body(
                right,
                [b"[".to_vec(), right.body.clone(), b"]".to_vec()].concat(),
            )
        },
    ),
    (
        "answers/members-are-strings-of-json",
        Ends::Finding,
        |_, right, _| {
            one(right.clone().with_json(|json| {
                if let Some(members) = json.as_object_mut() {
                    for value in members.values_mut() {
                        *value = Value::String(value.to_string());
                    }
                }
            }))
        },
    ),
    ("answers/everything-null", Ends::Finding, |_, right, _| {
        one(right.clone().with_json(|json| {
            if let Some(members) = json.as_object_mut() {
                members.values_mut().for_each(|value| *value = Value::Null);
            }
        }))
    }),
    (
        "answers/10000-deep-in-a-resource",
        Ends::Finding,
        |_, right, _| {
            let text = String::from_utf8_lossy(&right.body).replacen(
                '{',
                &format!("{{\"deep\":{},", deep("[", "]")),
                1,
            );
            body(right, text)
        },
    ),
    ("answers/a-100-deep-resource", Ends::Any, |_, right, _| {
        one(right.clone().each_resource(|resource| {
            let mut deep = json!(1);
            for _ in 0..100 {
                deep = json!({"a": [deep]});
            }
            resource["deep"] = deep;
        }))
    }),
    (
        "lists/every-total-a-billion",
        Ends::Finding,
        |asked, right, _| {
            if !asked.is_list() {
                return vec![];
            }
            one(right
                .clone()
                .with_json(|json| json["totalResults"] = json!(1_000_000_000)))
        },
    ),
    ("lists/without-end", Ends::Finding, |asked, _, memory| {
        of_lists(asked, || {
            let n = memory.count.fetch_add(1, Ordering::SeqCst);
            list(
                json!([{"id": format!("s{n}"), "userName": format!("stranger{n}")}]),
                json!(1_000_000_000),
            )
        })
    }),
    (
        "lists/next-page-is-this-page",
        Ends::Finding,
        |asked, _, _| {
            of_lists(asked, || {
                json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                    "totalResults": 3, "startIndex": 1, "itemsPerPage": 1, "nextCursor": "again",
                    "Resources": [{"id": "s1", "userName": "stranger"}]
                })
                .to_string()
            })
        },
    ),
    ("lists/negative-totals", Ends::Finding, |asked, right, _| {
        if !asked.is_list() {
            return vec![];
        }
        one(right.clone().with_json(|json| {
            json["totalResults"] = json!(-5);
            json["startIndex"] = json!(-1);
        }))
    }),
    (
        "lists/resources-are-an-object",
        Ends::Finding,
        |asked, _, _| of_lists(asked, || list(json!({"0": {"id": "s"}}), json!(1))),
    ),
    (
        "lists/50000-strangers-at-once",
        Ends::Finding,
        |asked, _, _| {
            of_lists(asked, || {
                let all: Vec<Value> = (0..50_000)
                .map(|n| json!({"id": format!("s{n}"), "userName": format!("stranger{n}@example.com"), "active": true}))
                .collect();
                list(Value::Array(all), json!(50_000))
            })
        },
    ),
    ("lists/own-ones-twice", Ends::Finding, |asked, right, _| {
        if !asked.is_list() {
            return vec![];
        }
        one(right.clone().with_json(|json| {
            let twice = json["Resources"]
                .as_array()
                .map(|all| [all.clone(), all.clone()].concat());
            json["Resources"] = json!(twice);
        }))
    }),
    ("texts/nasty-values", Ends::Finding, |_, right, _| {
        one(right.clone().each_resource(|resource| {
            let id = resource["id"].clone();
            every_text(resource, NASTY);
            resource["id"] = id;
        }))
    }),
    ("texts/nasty-names", Ends::Finding, |_, right, _| {
        one(right.clone().with_json(every_name))
    }),
    ("texts/nasty-errors", Ends::Finding, |_, right, _| {
        let mut answer = Answer::new(
            400,
            json!({"schemas": [NASTY], "scimType": NASTY, "detail": NASTY, "status": NASTY})
                .to_string(),
        );
        answer.headers = right.headers.clone();
        one(answer)
    }),
    ("texts/a-megabyte-each", Ends::Finding, |_, right, _| {
        one(right.clone().each_resource(|resource| {
            resource["userName"] = json!("\u{1}".repeat(1 << 20));
        }))
    }),
];

/// All of them.
pub(crate) fn all() -> Vec<Behaviour> {
    behaviours(FROM_THE_START, FROM_THE_FIRST_WRITE)
}
