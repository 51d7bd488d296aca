//! Who a resource is: id, externalId, the attributes that every resource of its type must have (RFC 7643 sections 3.1, 4.1, 4.2).

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, show, type_of};
use crate::results::Severity;
use crate::scim::named;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/id-present",
            title: "Every resource has an id",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-3.1-R01",
                "rfc:7643-3.1-R02",
                "rfc:7643-3.1-R08",
                "rfc:7643-7-R16",
            ],
            breaks: &[],
            hint: "Return id in every representation, whatever attributes were asked for.",
        },
        judge: present,
    },
    Check {
        rule: Rule {
            id: "rules/id-string",
            title: "id is a JSON string",
            severity: Severity::Blocker,
            refs: &["rfc:7643-2.3.1-R01", "rfc:7643-3.1-R08", "quirk:JC-25"],
            breaks: &["jumpcloud"],
            hint: "Write the id in quotation marks, also where it is a number in the database.",
        },
        judge: string,
    },
    Check {
        rule: Rule {
            id: "rules/id-reserved",
            title: "No id contains the word bulkId",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R07"],
            breaks: &[],
            hint: "Make ids without the reserved word bulkId.",
        },
        judge: reserved,
    },
    Check {
        rule: Rule {
            id: "rules/id-of-url",
            title: "The resource at an id's address has that id",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-3.1-R04",
                "rfc:7644-3.4.1-R01",
                "rfc:7644-3.5.1-R16",
            ],
            breaks: &[],
            hint: "Answer with the resource that was asked for, under the id that it was given at creation.",
        },
        judge: of_url,
    },
    Check {
        rule: Rule {
            id: "rules/id-by-provider",
            title: "The id of a new resource is not the client's choice",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R01", "rfc:7644-3.3-R02"],
            breaks: &[],
            hint: "Ignore an id in a POST: a client that can choose ids can overwrite somebody.",
        },
        judge: by_provider,
    },
    Check {
        rule: Rule {
            id: "rules/external-id",
            title: "The provider makes up no externalId",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R10"],
            breaks: &[],
            hint: "Leave externalId away until a client sends one: identity providers match people by it.",
        },
        judge: external_id,
    },
    Check {
        rule: Rule {
            id: "rules/required",
            title: "A user has a userName, a group a displayName",
            severity: Severity::Violation,
            refs: &["rfc:7643-4.1.1-R01", "rfc:7643-4.2-R01"],
            breaks: &[],
            hint: "Return the required attributes of every resource, also of those made by other means than SCIM.",
        },
        judge: required,
    },
];

fn id(resource: &Value) -> Option<&Value> {
    named(resource, "id").filter(|id| !id.is_null())
}

fn present(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().map(|found| match id(found.value) {
        None => Ruling::broken(format!("{} has no id", found.place()), "an id", "no id"),
        Some(Value::String(text)) if text.trim().is_empty() => Ruling::broken(
            format!("the id of {} is empty", found.place()),
            "an id",
            "\"\"",
        ),
        Some(_) => Ruling::Held,
    }))
}

fn string(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let id = id(found.value)?;
        Some(match id {
            Value::String(_) => Ruling::Held,
            other => Ruling::broken(
                format!(
                    "{} came as {}, not as a string",
                    found.place_of("id"),
                    found.show(other)
                ),
                "a string",
                type_of(other),
            ),
        })
    }))
}

fn reserved(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let id = id(found.value)?.as_str()?;
        Some(if id.contains("bulkId") {
            Ruling::broken(
                format!("{} contains the reserved word bulkId", found.place_of("id")),
                "an id without it",
                "bulkId",
            )
        } else {
            Ruling::Held
        })
    }))
}

fn of_url(view: &View<'_>) -> Ruling {
    let Endpoint::Resource { id: asked, .. } = &view.endpoint else {
        return Ruling::Apart;
    };
    let Some(found) = view.single().and_then(id).and_then(Value::as_str) else {
        return Ruling::Apart;
    };
    if found == asked {
        return Ruling::Held;
    }
    // Whether ids are compared with case is what `rfc/read/user#case` judges; here it is the same resource.
    if found.eq_ignore_ascii_case(asked) {
        return Ruling::Apart;
    }
    let (asked, found) = (
        show(&Value::from(asked.as_str())),
        show(&Value::from(found)),
    );
    Ruling::broken(
        format!("the resource at id {asked} says that its id is {found}"),
        asked,
        found,
    )
}

fn by_provider(view: &View<'_>) -> Ruling {
    if view.method != "POST" || !matches!(view.endpoint, Endpoint::Collection(_)) {
        return Ruling::Apart;
    }
    let wished = view
        .seen
        .sent
        .and_then(id)
        .filter(|id| id.as_str().is_none_or(|text| !text.is_empty()));
    let (Some(wished), Some(found)) = (wished, view.single().and_then(id)) else {
        return Ruling::Apart;
    };
    if wished == found {
        return Ruling::broken(
            format!(
                "the new resource has the id {} that the client wrote",
                show(found)
            ),
            "an id of the provider's",
            show(found),
        );
    }
    Ruling::Held
}

fn external_id(view: &View<'_>) -> Ruling {
    if view.method != "POST"
        || view.status != 201
        || !matches!(view.endpoint, Endpoint::Collection(_))
        || view.seen.hostile
    {
        return Ruling::Apart;
    }
    if !view
        .seen
        .sent
        .is_some_and(|sent| sent.is_object() && named(sent, "externalId").is_none())
    {
        return Ruling::Apart;
    }
    let Some(resource) = view.single() else {
        return Ruling::Apart;
    };
    match named(resource, "externalId") {
        None | Some(Value::Null) => Ruling::Held,
        Some(Value::String(text)) if text.is_empty() => Ruling::Held,
        Some(made_up) => Ruling::broken(
            format!("externalId is {}, although none was sent", show(made_up)),
            "no externalId",
            show(made_up),
        ),
    }
}

fn required(view: &View<'_>) -> Ruling {
    let name = match view.kind() {
        Some("Users") => "userName",
        Some("Groups") => "displayName",
        _ => return Ruling::Apart,
    };
    if view.is_narrowed() {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().map(|found| {
        match named(found.value, name).filter(|v| !v.is_null()) {
            None => Ruling::broken(
                format!("{} has no {name}", found.place()),
                format!("a {name}"),
                format!("no {name}"),
            ),
            Some(Value::String(text)) if text.is_empty() => Ruling::broken(
                format!("{name} of {} is empty", found.place()),
                format!("a {name}"),
                "\"\"",
            ),
            Some(_) => Ruling::Held,
        }
    }))
}
