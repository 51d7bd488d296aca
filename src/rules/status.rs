//! Status codes against methods, and bodies against status codes (RFC 7644 section 3).

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, is_list};
use crate::results::Severity;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/status-method",
            title: "A success has the status of its method",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.3-R08",
                "rfc:7644-3.4.1-R01",
                "rfc:7644-3.4.3-R04",
                "rfc:7644-3.5.1-R13",
                "rfc:7644-3.5.2-R31",
                "rfc:7644-3.6-R01",
                "rfc:7644-3.7-R15",
                "defect:18",
                "defect:146",
            ],
            breaks: &[],
            hint: "201 for what was created, 200 for what was read or replaced, 200 or 204 for PATCH, 204 for DELETE.",
        },
        judge: status_method,
    },
    Check {
        rule: Rule {
            id: "rules/status-accepted",
            title: "202 is answered only where it was asked for",
            severity: Severity::Warning,
            refs: &["rfc:9967-2.5.1.1-R02"],
            breaks: &[],
            hint: "Do the work before answering; identity providers take an answer as the final word.",
        },
        judge: accepted,
    },
    Check {
        rule: Rule {
            id: "rules/no-content",
            title: "204 and 304 have no body",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.5.2-R31", "rfc:7644-3.14-R05"],
            breaks: &[],
            hint: "Send no body and no Content-Length with 204 and 304, or answer 200.",
        },
        judge: no_content,
    },
    Check {
        rule: Rule {
            id: "rules/body-present",
            title: "200 has a body",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.4.1-R01",
                "rfc:7644-3.5.1-R13",
                "rfc:7644-3.5.2-R31",
                "rfc:7644-3.4.3-R04",
            ],
            breaks: &[],
            hint: "Return the resource (or the list) with 200; where there is nothing to say after a PATCH, 204 is the status.",
        },
        judge: body_present,
    },
    Check {
        rule: Rule {
            id: "rules/created-body",
            title: "201 shows the resource that was made",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.3-R09", "quirk:ENTRA-18"],
            breaks: &[],
            hint: "Return the whole new resource with 201: clients read its id there.",
        },
        judge: created_body,
    },
    Check {
        rule: Rule {
            id: "rules/resource-not-list",
            title: "One resource comes bare, not in a list",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.4.1-R06", "rfc:7644-4-R01"],
            breaks: &[],
            hint: "Answer GET of one resource, and /ServiceProviderConfig, with the resource itself.",
        },
        judge: not_a_list,
    },
];

/// A server of RFC 9967 answers 202 where `Prefer: respond-async` was honoured.
fn is_asynchronous(view: &View<'_>) -> bool {
    view.header("set-txn").is_some() || view.header("preference-applied").is_some()
}

fn status_method(view: &View<'_>) -> Ruling {
    if !view.is_success() || view.status == 202 {
        return Ruling::Apart;
    }
    let (allowed, what): (&[u16], &str) = match (&view.endpoint, view.method) {
        (Endpoint::Collection(_), "POST") => (&[201], "a creation"),
        (
            Endpoint::Collection(_)
            | Endpoint::Resource { .. }
            | Endpoint::Discovery { .. }
            | Endpoint::Config,
            "GET",
        ) => (&[200], "a GET"),
        (Endpoint::Search, "POST") => (&[200], "a search"),
        (Endpoint::Bulk, "POST") => (&[200], "a bulk job"),
        (Endpoint::Resource { .. }, "PUT") => (&[200], "a PUT"),
        (Endpoint::Resource { .. }, "PATCH") => (&[200, 204], "a PATCH"),
        (Endpoint::Resource { .. }, "DELETE") => (&[204], "a DELETE"),
        _ => return Ruling::Apart,
    };
    if allowed.contains(&view.status) {
        return Ruling::Held;
    }
    let wanted = allowed
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(" or ");
    Ruling::broken(
        format!("{what} was answered {}, expected {wanted}", view.status),
        wanted,
        view.status.to_string(),
    )
}

fn accepted(view: &View<'_>) -> Ruling {
    if !view.is_scim() || !view.is_success() || is_asynchronous(view) {
        return Ruling::Apart;
    }
    if view.status != 202 {
        return Ruling::Held;
    }
    Ruling::broken(
        format!(
            "{} was answered 202: nobody knows when it will be done",
            view.method
        ),
        "the final status",
        "202",
    )
}

fn no_content(view: &View<'_>) -> Ruling {
    if !matches!(view.status, 204 | 304) {
        return Ruling::Apart;
    }
    let announced = view
        .header("content-length")
        .and_then(|text| text.trim().parse::<u64>().ok())
        .filter(|_| view.status == 204);
    match (view.has_body(), announced) {
        (false, None | Some(0)) => Ruling::Held,
        _ => {
            let bytes = announced.unwrap_or(view.seen.body.len() as u64);
            Ruling::broken(
                format!("{} came with a body of {bytes} bytes", view.status),
                "no body",
                format!("{bytes} bytes"),
            )
        }
    }
}

fn body_present(view: &View<'_>) -> Ruling {
    let wants = view.status == 200
        && view.whole
        && match (&view.endpoint, view.method) {
            (Endpoint::Other, _) => false,
            (_, "GET") => true,
            (Endpoint::Search | Endpoint::Bulk, "POST") => true,
            (Endpoint::Resource { .. } | Endpoint::Me, "PUT" | "PATCH") => true,
            _ => false,
        };
    match (wants, view.has_body()) {
        (false, _) => Ruling::Apart,
        (true, true) => Ruling::Held,
        (true, false) => Ruling::broken(
            format!("{} was answered 200 without a body", view.method),
            "a body",
            "no body",
        ),
    }
}

fn created_body(view: &View<'_>) -> Ruling {
    if view.status != 201
        || view.method != "POST"
        || !matches!(view.endpoint, Endpoint::Collection(_))
        || !view.whole
    {
        return Ruling::Apart;
    }
    if view.has_body() {
        Ruling::Held
    } else {
        Ruling::broken("201 came without a body", "the new resource", "no body")
    }
}

fn not_a_list(view: &View<'_>) -> Ruling {
    let one = matches!(
        (&view.endpoint, view.method),
        (
            Endpoint::Resource { .. }
                | Endpoint::Config
                | Endpoint::Discovery { one: true, .. }
                | Endpoint::Me,
            "GET"
        ) | (Endpoint::Resource { .. }, "PUT" | "PATCH")
            | (Endpoint::Collection(_), "POST")
    );
    let Some(json) = view
        .json
        .filter(|json| one && view.is_success() && json.is_object())
    else {
        return Ruling::Apart;
    };
    if is_list(json) {
        return Ruling::broken(
            "one resource came inside a ListResponse",
            "the resource itself",
            "a ListResponse",
        );
    }
    Ruling::Held
}
