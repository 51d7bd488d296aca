//! Demands that nobody announced: whole requests are refused for the form of one thing in them, or for their length.

use serde_json::Value;

use super::twist::{refuses, replied};
use super::wire::{self, no, number, on};
use super::{ALL, FaultInfo, OKTA_ENTRA, OKTA_RFC, own};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "spaced-numbers-refused",
            "A person with a phone number that has spaces is refused",
            OKTA_ENTRA,
            "RFC 7643 section 4.1.2",
            || {
                vec![refuses(|request, body| {
                    let mut numbers = body["phoneNumbers"].as_array().into_iter().flatten();
                    let spaced =
                        |number: &Value| number["value"].as_str().is_some_and(|n| n.contains(' '));
                    (on(request, "POST", "Users") && numbers.any(spaced))
                        .then(|| no(400, "the number is not in E.164 format"))
                })]
            },
        ),
        own(
            "long-patches-refused",
            "A PATCH of more than two operations is refused",
            &["entra", "jumpcloud"],
            "RFC 7644 section 3.5.2",
            || {
                vec![refuses(|request, body| {
                    (request.method == "PATCH" && wire::operations(body).len() > 2)
                        .then(|| no(400, "too many operations"))
                })]
            },
        ),
        own(
            "cut-lists-fail",
            "A list that has more than the page that was asked for is a server error",
            ALL,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![replied(|request, answer| {
                    let body = answer.body.as_deref().unwrap_or_default();
                    let list: Value = serde_json::from_slice(body).unwrap_or_default();
                    let total = list["totalResults"].as_i64().unwrap_or_default();
                    if request.method == "GET"
                        && number(request, "count").is_some_and(|count| count > 0 && total > count)
                    {
                        *answer = no(500, "the next page could not be linked");
                    }
                })]
            },
        ),
        own(
            "plain-media-loses-addresses",
            "A person who is created as application/json has no e-mail addresses",
            OKTA_RFC,
            "RFC 7644 section 3.8",
            || {
                vec![super::twist::sent(|request, user| {
                    let media = request.headers.get(axum::http::header::CONTENT_TYPE);
                    if on(request, "POST", "Users")
                        && media.is_some_and(|media| media.as_bytes() == b"application/json")
                        && let Some(user) = user.as_object_mut()
                    {
                        user.shift_remove("emails");
                    }
                })]
            },
        ),
    ]
}
