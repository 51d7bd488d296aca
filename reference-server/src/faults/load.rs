//! What shows only under load: many requests within seconds, lists of a thousand.

use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use serde_json::Value;

use super::http::limited;
use super::twist::sent;
use super::wire::{no, place};
use super::{FaultInfo, OKTA, OKTA_ENTRA, own};

/// Members of one request that are read; the others are passed over.
const READ: usize = 500;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "429-until-a-date",
            "429 names a date in Retry-After, not seconds",
            OKTA,
            "quirk OKTA-66",
            || {
                limited(|| {
                    let mut answer = no(429, "too many requests");
                    answer.headers.push((
                        RETRY_AFTER,
                        HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
                    ));
                    answer
                })
            },
        ),
        own(
            "burst-503",
            "Many searches within seconds are server errors",
            OKTA_ENTRA,
            "quirk ENTRA-81",
            || limited(|| no(503, "the pool of connections is exhausted")),
        ),
        own(
            "members-beyond-500-unread",
            "Of the members that a request writes only the first 500 are read",
            OKTA_ENTRA,
            "defect 111",
            || {
                vec![sent(|request, body| {
                    if place(request).0 == "Groups" {
                        cut(body);
                    }
                })]
            },
        ),
    ]
}

/// Cuts every list named members, or written to members.
fn cut(body: &mut Value) {
    match body {
        Value::Object(members) => {
            let to_members = members
                .get("path")
                .and_then(Value::as_str)
                .is_some_and(|path| path.eq_ignore_ascii_case("members"));
            for (name, value) in members.iter_mut() {
                if name == "members" || to_members && name == "value" {
                    if let Some(list) = value.as_array_mut() {
                        list.truncate(READ);
                    }
                } else {
                    cut(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut),
        _ => {}
    }
}
