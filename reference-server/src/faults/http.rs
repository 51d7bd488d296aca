//! Media types, encodings and headers.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use serde_json::json;

use super::memory::Memory;
use super::twist::{Twist, asked, replied, told};
use super::wire::{no, place};
use super::{ALL, ENTRA, FaultInfo, OKTA, OKTA_ENTRA, RFC, of, own};
use crate::http::Answer;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(142, "charset-415", OKTA_ENTRA, || {
            refuses_type(|media| media.contains("charset"))
        }),
        own(
            "scim-json-415",
            "Only application/json is taken",
            ALL,
            "RFC 7644 section 3.1",
            || refuses_type(|media| media.contains("scim+json")),
        ),
        own(
            "plain-json-415",
            "application/json is not taken",
            OKTA,
            "RFC 7644 section 8.1",
            || refuses_type(|media| media.starts_with("application/json")),
        ),
        of(143, "answers-plain-json", ENTRA, || {
            labelled("application/json")
        }),
        of(144, "media-type-scrambled", RFC, || {
            labelled("application/json+scim")
        }),
        own(
            "answers-html",
            "Answers are labelled text/html",
            RFC,
            "RFC 7644 section 8.1",
            || labelled("text/html"),
        ),
        own(
            "answers-latin-1",
            "Answers are labelled as ISO-8859-1",
            RFC,
            "RFC 7644 section 8.1",
            || labelled("application/scim+json; charset=iso-8859-1"),
        ),
        own(
            "answers-without-type",
            "Answers have no Content-Type that says anything",
            RFC,
            "RFC 7644 section 3.1",
            || labelled("application/octet-stream"),
        ),
        own(
            "body-cut",
            "Long answers end in the middle",
            ALL,
            "RFC 8259",
            || {
                vec![replied(|_, answer| {
                    if let Some(body) = answer.body.as_mut().filter(|body| body.len() > 1_500) {
                        let half = body.len() / 2;
                        body.truncate(half);
                    }
                })]
            },
        ),
        own(
            "active-as-word",
            "active is the word yes",
            ALL,
            "RFC 7643 section 2.3.2",
            || {
                vec![super::twist::each(|_, user| {
                    if user.contains_key("userName") {
                        user.insert("active".to_owned(), json!("yes"));
                    }
                })]
            },
        ),
        own(
            "wrapped-in-data",
            "Resources are wrapped in an object named data",
            ALL,
            "RFC 7644 section 3.4.1",
            || {
                vec![told(|request, status, body| {
                    if status < 300
                        && matches!(place(request).0, "Users" | "Groups")
                        && body.get("id").is_some()
                    {
                        *body = json!({"data": body.take()});
                    }
                })]
            },
        ),
        own(
            "user-name-misspelt",
            "userName is called user_name",
            ALL,
            "RFC 7643 section 2.1",
            || {
                vec![super::twist::each(|_, user| {
                    if let Some(name) = user.shift_remove("userName") {
                        user.insert("user_name".to_owned(), name);
                    }
                })]
            },
        ),
        own(
            "unknown-endpoint-200",
            "An unknown endpoint is answered with 200",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|request, answer| {
                    let known = [
                        "Users",
                        "Groups",
                        "Schemas",
                        "ResourceTypes",
                        "ServiceProviderConfig",
                        "Bulk",
                        ".search",
                        "Me",
                    ];
                    if answer.status == 404 && !known.contains(&place(request).0) {
                        *answer = Answer::json(200, "{}".to_owned());
                    }
                })]
            },
        ),
        of(151, "429-without-retry-after", OKTA_ENTRA, || {
            limited(|| {
                let mut answer = Answer::empty(429);
                answer.body = Some(b"slow down".to_vec());
                answer
                    .headers
                    .push((CONTENT_TYPE, HeaderValue::from_static("text/plain")));
                answer
            })
        }),
        of(152, "burst-refused", OKTA_ENTRA, || {
            limited(|| no(429, "too many requests"))
        }),
        of(153, "bulk-stores-nothing", RFC, || {
            vec![super::twist::refuses(|request, body| {
                if place(request).0 != "Bulk" || !body["Operations"].is_array() {
                    return None;
                }
                let operations = body["Operations"].as_array().into_iter().flatten().map(|operation| {
                    let location = format!("http://127.0.0.1/scim/v2{}/{}", operation["path"].as_str().unwrap_or_default(), uuid::Uuid::new_v4());
                    let status = if operation["method"] == "POST" { "201" } else { "200" };
                    json!({"method": operation["method"], "bulkId": operation["bulkId"], "location": location, "status": status})
                });
                let operations: Vec<_> = operations.collect();
                Some(Answer::json(
                    200,
                    json!({"schemas": [crate::protocol::BULK_RESPONSE], "Operations": operations})
                        .to_string(),
                ))
            })]
        }),
        of(154, "bulk-stops-at-first-error", RFC, || {
            vec![super::twist::sent(|request, body| {
                if place(request).0 == "Bulk" && body.get("failOnErrors").is_none() {
                    body["failOnErrors"] = json!(1);
                }
            })]
        }),
        own(
            "slow",
            "Every answer takes twelve seconds",
            ALL,
            "quirk OKTA-12",
            || {
                vec![replied(|request, answer| {
                    if place(request) == ("Users", None) && request.method == "GET" {
                        answer.delay = Some(std::time::Duration::from_secs(12));
                    }
                })]
            },
        ),
    ]
}

fn labelled(media: &'static str) -> Vec<Twist> {
    vec![replied(move |_, answer| {
        if answer.body.is_some() {
            answer.headers.retain(|(name, _)| *name != CONTENT_TYPE);
            answer
                .headers
                .push((CONTENT_TYPE, HeaderValue::from_static(media)));
        }
    })]
}

fn refuses_type(like: fn(&str) -> bool) -> Vec<Twist> {
    vec![asked(move |request| {
        let media = request
            .headers
            .get(CONTENT_TYPE)?
            .to_str()
            .ok()?
            .to_lowercase();
        (!request.body.is_empty() && like(&media))
            .then(|| no(415, "this media type is not supported"))
    })]
}

/// More than a few dozen searches within a second are refused.
pub(super) fn limited(refusal: fn() -> Answer) -> Vec<Twist> {
    let seen: Memory<std::collections::VecDeque<std::time::Instant>> = Memory::default();
    vec![asked(move |request| {
        if request.method != "GET" || request.query.is_none() {
            return None;
        }
        let now = std::time::Instant::now();
        let count = seen.with(|seen| {
            while seen.front().is_some_and(|first| {
                now.duration_since(*first) > std::time::Duration::from_secs(10)
            }) {
                seen.pop_front();
            }
            seen.push_back(now);
            seen.len()
        });
        (count > 40).then(refusal)
    })]
}
