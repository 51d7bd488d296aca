//! Lists of one kind, or asked for in one way, that are answered otherwise than the rest.

use serde_json::{Value, json};

use super::twist::{asked, told};
use super::wire::{no, number, on, parameter};
use super::{ALL, FaultInfo, JUMPCLOUD, OKTA, OKTA_ENTRA, OKTA_ENTRA_RFC, own};
use crate::http::Answer;

const LIST: &str = "RFC 7644 section 3.4.2";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "start-index-echo-next",
            "A page says that it begins one row later than it does",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.4.2.4",
            || {
                vec![told(|request, status, body| {
                    if status == 200
                        && (on(request, "GET", "Users") || on(request, "GET", "Groups"))
                        && let Some(start) = body["startIndex"].as_i64()
                    {
                        body["startIndex"] = json!(start + 1);
                    }
                })]
            },
        ),
        own(
            "lists-end-at-a-hundred",
            "A list ends after one hundred rows, and its total says so too",
            OKTA_ENTRA,
            LIST,
            || {
                vec![told(|request, status, body| {
                    const MOST: usize = 100;
                    let listed = on(request, "GET", "Users") || on(request, "GET", "Groups");
                    let total = body["totalResults"].as_u64().unwrap_or_default();
                    if !listed || status != 200 || total <= MOST as u64 {
                        return;
                    }
                    body["totalResults"] = json!(MOST);
                    let start = number(request, "startIndex").map_or(1, |start| start.max(1));
                    let left = (MOST + 1).saturating_sub(usize::try_from(start).unwrap_or(MOST));
                    if let Some(rows) = body["Resources"].as_array_mut() {
                        rows.truncate(left);
                        body["itemsPerPage"] = json!(rows.len());
                    }
                })]
            },
        ),
        own(
            "group-lists-refused",
            "A list of groups without a filter is refused",
            ALL,
            LIST,
            || {
                vec![asked(|request| {
                    (on(request, "GET", "Groups") && parameter(request, "filter").is_none())
                        .then(|| no(400, "a filter is needed"))
                })]
            },
        ),
        own(
            "bare-lists-refused",
            "A list is refused that names no page",
            JUMPCLOUD,
            LIST,
            || {
                vec![asked(|request| {
                    let whole = number(request, "count").is_none()
                        && number(request, "startIndex").is_none()
                        && parameter(request, "filter").is_none();
                    (whole && (on(request, "GET", "Users") || on(request, "GET", "Groups")))
                        .then(|| no(400, "count is needed"))
                })]
            },
        ),
        own(
            "double-slash-redirected",
            "A path with two slashes is redirected to the same with one",
            OKTA,
            "quirk OKTA-70",
            || {
                vec![asked(|request| {
                    let single = request.path.replace("//", "/").parse().ok()?;
                    request.path.contains("//").then(|| {
                        let mut answer = Answer::empty(301);
                        answer.headers.push((axum::http::header::LOCATION, single));
                        answer
                    })
                })]
            },
        ),
        own(
            "small-pages-are-bare",
            "A page of two or fewer that is cut out of more has no list around its people",
            ALL,
            LIST,
            || {
                vec![told(|request, status, body| {
                    let small = number(request, "count").is_some_and(|count| count == 2);
                    let cut = body["totalResults"].as_i64().is_some_and(|total| total > 2);
                    if status == 200 && small && cut && on(request, "GET", "Users") {
                        *body = json!({"users": body["Resources"].take(), "next": Value::Null});
                    }
                })]
            },
        ),
    ]
}
