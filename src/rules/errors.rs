//! Error bodies (RFC 7644 section 3.12).

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, cut, has_schema, show};
use crate::results::Severity;
use crate::scim::named;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The keywords of RFC 7644 table 9 and of RFC 9865.
const KEYWORDS: [&str; 13] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/error-body",
            title: "An error has a SCIM error body",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.12-R01",
                "rfc:7644-3.12-R02",
                "quirk:OKTA-65",
                "defect:136",
                "defect:137",
                "defect:138",
            ],
            breaks: &[],
            hint: "Answer errors with schemas [\"urn:ietf:params:scim:api:messages:2.0:Error\"], status and detail at the top level.",
        },
        judge: error_body,
    },
    Check {
        rule: Rule {
            id: "rules/error-body-gateway",
            title: "Errors of what stands in front of the endpoint have SCIM bodies too",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.12-R28", "rfc:7644-3.12-R01", "quirk:OKTA-65"],
            breaks: &["okta"],
            hint: "Let routers, token filters and size limits answer with a SCIM error body as well.",
        },
        judge: gateway_body,
    },
    Check {
        rule: Rule {
            id: "rules/error-status",
            title: "status of an error is the HTTP status as a string",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.12-R03", "rfc:7644-3.2-R09", "defect:139"],
            breaks: &[],
            hint: "Write \"status\": \"404\", a string that equals the HTTP status.",
        },
        judge: error_status,
    },
    Check {
        rule: Rule {
            id: "rules/error-scim-type",
            title: "scimType is one of the registered keywords",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.12-R04"],
            breaks: &[],
            hint: "Use a keyword of RFC 7644 table 9, spelt as there, or leave scimType out.",
        },
        judge: scim_type,
    },
    Check {
        rule: Rule {
            id: "rules/error-detail",
            title: "detail of an error is text",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.12-R05", "defect:140"],
            breaks: &[],
            hint: "Make detail a string; put structure elsewhere.",
        },
        judge: detail,
    },
    Check {
        rule: Rule {
            id: "rules/conflict-uniqueness",
            title: "A refused duplicate says scimType uniqueness",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.3-R12",
                "quirk:ENTRA-17",
                "quirk:OKTA-27",
                "defect:19",
            ],
            breaks: &[],
            hint: "Send \"scimType\": \"uniqueness\" with the 409 of a creation.",
        },
        judge: uniqueness,
    },
];

/// The error as a document, where there is one that means to be a SCIM error.
fn error<'a>(view: &View<'a>) -> Option<&'a Value> {
    let json = view
        .json
        .filter(|json| view.is_error() && view.is_scim() && view.whole && json.is_object())?;
    (has_schema(json, ERROR)
        || named(json, "schemas").is_some()
        || named(json, "scimType").is_some())
    .then_some(json)
}

/// Errors that the endpoint itself gives, not what stands in front of it.
fn is_endpoints_own(view: &View<'_>) -> bool {
    let resources = matches!(
        view.endpoint,
        Endpoint::Collection(_)
            | Endpoint::Resource { .. }
            | Endpoint::Search
            | Endpoint::Bulk
            | Endpoint::Me
    );
    let known = view
        .kind()
        .is_none_or(|kind| matches!(kind, "Users" | "Groups"));
    // What is not offered is refused by the router, not by the endpoint.
    let offered = !matches!(
        view.endpoint,
        Endpoint::Search | Endpoint::Bulk | Endpoint::Me
    ) || !matches!(view.status, 404 | 501);
    !view.seen.hostile
        && resources
        && offered
        && known
        && matches!(view.status, 400 | 404 | 409 | 412 | 422 | 500 | 501)
}

fn judge_body(view: &View<'_>) -> Ruling {
    let status = view.status;
    let wanted = "a SCIM error body";
    if !view.has_body() {
        return Ruling::broken(format!("{status} came without a body"), wanted, "no body");
    }
    let text = String::from_utf8_lossy(view.seen.body);
    let Some(json) = view.json else {
        let what = if text.trim_start().starts_with('<') {
            "an HTML or XML page"
        } else {
            "text that is not JSON"
        };
        return Ruling::broken(format!("{status} came with {what}"), wanted, cut(&text));
    };
    if has_schema(json, ERROR) {
        return Ruling::Held;
    }
    let message = match named(json, "schemas") {
        Some(schemas) => format!("schemas of the error is {}", show(schemas)),
        None if json.is_object() => {
            format!("the body of {status} has no schemas: it is no SCIM error")
        }
        None => format!("the body of {status} is no SCIM error object"),
    };
    Ruling::broken(message, wanted, cut(&text))
}

fn error_body(view: &View<'_>) -> Ruling {
    if !view.is_error() || !view.whole || !is_endpoints_own(view) {
        Ruling::Apart
    } else {
        judge_body(view)
    }
}

fn gateway_body(view: &View<'_>) -> Ruling {
    if !view.is_error() || !view.is_scim() || !view.whole || is_endpoints_own(view) {
        Ruling::Apart
    } else {
        judge_body(view)
    }
}

fn error_status(view: &View<'_>) -> Ruling {
    let Some(json) = error(view) else {
        return Ruling::Apart;
    };
    let wanted = format!("\"{}\"", view.status);
    match named(json, "status").filter(|v| !v.is_null()) {
        Some(Value::String(text)) if *text == view.status.to_string() => Ruling::Held,
        Some(Value::Number(number)) => Ruling::broken(
            format!("status of the error is the number {number}, not a string"),
            wanted,
            number.to_string(),
        ),
        Some(other) => Ruling::broken(
            format!(
                "status of the error is {}, the HTTP status is {}",
                show(other),
                view.status
            ),
            wanted,
            show(other),
        ),
        None => Ruling::broken("the error has no status", wanted, "no status"),
    }
}

/// Whether a list was asked for, or something like a search; a bulk job may have too many operations.
fn is_query(view: &View<'_>) -> bool {
    match view.endpoint {
        Endpoint::Resource { .. } | Endpoint::Me => false,
        Endpoint::Collection(_) => view.method == "GET",
        _ => true,
    }
}

fn scim_type(view: &View<'_>) -> Ruling {
    let Some(json) = error(view) else {
        return Ruling::Apart;
    };
    match named(json, "scimType").filter(|v| !v.is_null()) {
        None => Ruling::Apart,
        Some(Value::String(text)) if text == "tooMany" && !is_query(view) => Ruling::broken(
            format!("scimType is tooMany, and {} asks for no list", view.method),
            "a keyword that applies to the operation (RFC 7644 table 9), or none",
            "tooMany",
        ),
        Some(Value::String(text)) if KEYWORDS.contains(&text.as_str()) => Ruling::Held,
        Some(other) => Ruling::broken(
            format!("scimType is {}", show(other)),
            format!("one of {}", KEYWORDS.join(", ")),
            show(other),
        ),
    }
}

fn detail(view: &View<'_>) -> Ruling {
    let Some(json) = error(view) else {
        return Ruling::Apart;
    };
    match named(json, "detail").filter(|v| !v.is_null()) {
        None => Ruling::Apart,
        Some(Value::String(_)) => Ruling::Held,
        Some(other) => {
            let kind = super::view::type_of(other);
            Ruling::broken(
                format!("detail of the error is of type {kind}, not a string"),
                "a string",
                show(other),
            )
        }
    }
}

fn uniqueness(view: &View<'_>) -> Ruling {
    if view.status != 409
        || view.method != "POST"
        || !matches!(view.endpoint, Endpoint::Collection(_))
    {
        return Ruling::Apart;
    }
    // A body that is no SCIM error is another rule's.
    let Some(json) = error(view) else {
        return Ruling::Apart;
    };
    match named(json, "scimType").filter(|v| !v.is_null()) {
        Some(Value::String(text)) if text == "uniqueness" => Ruling::Held,
        Some(other) => Ruling::broken(
            format!("409 of a creation says scimType {}", show(other)),
            "\"uniqueness\"",
            show(other),
        ),
        None => Ruling::broken(
            "409 of a creation has no scimType",
            "\"uniqueness\"",
            "no scimType",
        ),
    }
}
