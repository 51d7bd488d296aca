//! Errors in the wrong form.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::twist::{Twist, replied, told};
use super::wire::{no, place};
use super::{ENTRA, FaultInfo, OKTA, RFC, of, own};
use crate::http::Answer;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(136, "html-error", RFC, || {
            vec![replied(|request, answer| {
                if answer.status == 400 && request.method == "GET" {
                    *answer = html(500);
                }
            })]
        }),
        own(
            "html-404",
            "An unknown id is answered with an HTML page",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 404 {
                        *answer = html(404)
                    }
                })]
            },
        ),
        of(137, "error-wrapped", OKTA, || {
            errors(|error| *error = json!({"status": error["status"], "response": error.take()}))
        }),
        of(138, "error-schemas-text", RFC, || {
            errors(|error| error["schemas"] = error["schemas"][0].take())
        }),
        of(138, "error-schemas-misspelt", RFC, || {
            errors(|error| {
                let schemas = error["schemas"].take();
                error["schema"] = schemas;
                error
                    .as_object_mut()
                    .map(|error| error.shift_remove("schemas"));
            })
        })
        .saying("An error has schema for schemas"),
        of(139, "error-status-number", RFC, || {
            errors(|error| {
                let number: Option<u16> = error["status"]
                    .as_str()
                    .and_then(|status| status.parse().ok());
                error["status"] = json!(number);
            })
        }),
        of(139, "error-status-missing", RFC, || {
            errors(|error| {
                error
                    .as_object_mut()
                    .map(|error| error.shift_remove("status"));
            })
        })
        .saying("An error has no status"),
        own(
            "error-status-differs",
            "The status in an error is not the one of the answer",
            RFC,
            "RFC 7644 section 3.12",
            || errors(|error| error["status"] = json!("418")),
        ),
        of(140, "error-detail-object", ENTRA, || {
            errors(|error| error["detail"] = json!({"Operations": {"0": [error["detail"].take()]}}))
        }),
        own(
            "error-type-invented",
            "scimType is a word of the server's own",
            RFC,
            "RFC 7644 section 3.12, table 9",
            || {
                errors(|error| {
                    if error.get("scimType").is_some() {
                        error["scimType"] = json!("somethingWrong");
                    }
                })
            },
        ),
        own(
            "error-as-text",
            "Errors are plain text",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|_, answer| {
                    if answer.status >= 400 {
                        answer.body = Some(b"that went wrong".to_vec());
                        answer
                            .headers
                            .push((CONTENT_TYPE, HeaderValue::from_static("text/plain")));
                    }
                })]
            },
        ),
        own(
            "error-200",
            "Errors are answered with 200 and an error body",
            super::ALL,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|_, answer| {
                    if (400..500).contains(&answer.status) && answer.status != 401 {
                        answer.status = 200;
                    }
                })]
            },
        ),
        own(
            "error-stack-trace",
            "Errors show a stack trace",
            RFC,
            "RFC 7644 section 7.4",
            || {
                errors(|error| {
                    error["detail"] = json!(
                        "Traceback (most recent call last):\n  File \"/srv/app/scim/views.py\", line 112, in get\nKeyError: 'id'"
                    );
                })
            },
        ),
        of(141, "refusals-500", RFC, || {
            vec![replied(|request, answer| {
                if answer.status == 400 && request.method == "PATCH" && place(request).0 == "Groups"
                {
                    *answer = no(500, "foreign key violation");
                }
            })]
        }),
        own(
            "bad-requests-500",
            "Every bad request is a server error",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 400 {
                        *answer = no(500, "unexpected")
                    }
                })]
            },
        ),
        own(
            "bad-json-accepted",
            "A body that is not JSON counts as empty",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![super::twist::asked(|request| {
                    if matches!(request.method.as_str(), "PUT" | "POST" | "PATCH")
                        && serde_json::from_slice::<Value>(&request.body).is_err()
                    {
                        request.body = format!("{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"made-{}\"}}", uuid::Uuid::new_v4()).into_bytes();
                    }
                    None
                })]
            },
        ),
    ]
}

fn html(status: u16) -> Answer {
    Answer {
        body: Some(b"<!doctype html><title>Error</title><h1>Something went wrong</h1>".to_vec()),
        headers: vec![(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        )],
        ..Answer::empty(status)
    }
}

fn errors(change: fn(&mut Value)) -> Vec<Twist> {
    vec![told(move |_, status, body| {
        if status >= 400 && body.is_object() {
            change(body);
        }
    })]
}
