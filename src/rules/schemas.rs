//! `schemas`: there, in form, and naming what is in the body (RFC 7643 section 3, RFC 7644 section 3.1).

use std::collections::BTreeSet;

use serde_json::Value;

use super::book::{Check, Fault, Rule, Ruling};
use super::view::{Endpoint, Found, View, show, type_of};
use crate::results::Severity;
use crate::scim::{misplaced, named};

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:";

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/schemas-present",
            title: "Every body names its schemas: an array of different URNs, not empty",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.1-R02",
                "rfc:7643-2.1-R02",
                "rfc:7643-3-R01",
                "rfc:7643-3-R02",
                "rfc:7643-3-R04",
            ],
            breaks: &[],
            hint: "Put \"schemas\": [\"urn:...\"] into every resource and every message.",
        },
        judge: present,
    },
    Check {
        rule: Rule {
            id: "rules/schemas-message",
            title: "A resource does not call itself a protocol message",
            severity: Severity::Blocker,
            refs: &["rfc:7643-3-R03", "quirk:OKTA-56"],
            breaks: &["okta"],
            hint: "Answer a PATCH with the resource's own schemas, not with those of the request.",
        },
        judge: message,
    },
    Check {
        rule: Rule {
            id: "rules/schemas-base",
            title: "schemas names the resource type's own schema",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.3-R01", "rfc:7643-3-R03"],
            breaks: &[],
            hint: "List urn:ietf:params:scim:schemas:core:2.0:User (or :Group) in schemas of every user (or group).",
        },
        judge: base,
    },
    Check {
        rule: Rule {
            id: "rules/schemas-extensions",
            title: "schemas names each extension that is in the body",
            severity: Severity::Violation,
            refs: &["rfc:7643-3-R02", "rfc:7644-3.3-R21"],
            breaks: &[],
            hint: "Add the URN of every extension object that a resource holds to its schemas.",
        },
        judge: extensions,
    },
];

fn strings(schemas: &Value) -> Vec<&str> {
    schemas
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn present(view: &View<'_>) -> Ruling {
    if !view.is_scim() || !view.is_success() || !view.whole || view.is_narrowed() {
        return Ruling::Apart;
    }
    // The printed Schema resources lack schemas (RFC 7643 erratum 8417), and many copy them.
    if matches!(&view.endpoint, Endpoint::Discovery { kind, one: true } if kind == "Schemas") {
        return Ruling::Apart;
    }
    let Some(json) = view.json.filter(|json| json.is_object()) else {
        return Ruling::Apart;
    };
    let wanted = "an array of URNs";
    let Some(schemas) = named(json, "schemas").filter(|v| !v.is_null()) else {
        return Ruling::broken("the body has no schemas", wanted, "no schemas");
    };
    let Some(items) = schemas.as_array() else {
        return Ruling::broken(
            format!("schemas is of type {}, not an array", type_of(schemas)),
            wanted,
            show(schemas),
        );
    };
    if items.is_empty() {
        return Ruling::broken("schemas is empty", wanted, "[]");
    }
    let mut seen = BTreeSet::new();
    for item in items {
        match item.as_str() {
            None | Some("") => {
                return Ruling::broken(
                    format!("schemas holds {}", show(item)),
                    wanted,
                    show(schemas),
                );
            }
            Some(text) if !seen.insert(text.to_ascii_lowercase()) => {
                return Ruling::broken(
                    format!("schemas names {} twice", show(item)),
                    "each URN once",
                    show(schemas),
                );
            }
            Some(_) => {}
        }
    }
    Ruling::Held
}

/// Judges each resource that carries schemas as an array.
fn each(view: &View<'_>, look: impl Fn(&Found<'_>, &Value) -> Ruling) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let schemas = named(found.value, "schemas").filter(|s| s.is_array())?;
        Some(look(found, schemas))
    }))
}

fn message(view: &View<'_>) -> Ruling {
    each(view, |found, schemas| {
        match strings(schemas).into_iter().find(|urn| {
            urn.get(..MESSAGE.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(MESSAGE))
        }) {
            None => Ruling::Held,
            Some(urn) => Ruling::broken(
                format!(
                    "{} names the protocol message {urn} in its schemas",
                    found.place()
                ),
                "the resource's own schemas",
                show(schemas),
            ),
        }
    })
}

fn base(view: &View<'_>) -> Ruling {
    let (kind, urn) = match view.kind() {
        Some("Users") => ("users", "urn:ietf:params:scim:schemas:core:2.0:User"),
        Some("Groups") => ("groups", "urn:ietf:params:scim:schemas:core:2.0:Group"),
        _ => return Ruling::Apart,
    };
    each(view, |_, schemas| {
        let urns = strings(schemas);
        if urns.is_empty() || urns.iter().any(|found| found.eq_ignore_ascii_case(urn)) {
            return Ruling::Held;
        }
        Ruling::Broken(Fault {
            message: format!("schemas lacks {urn}"),
            expected: urn.to_owned(),
            actual: show(schemas),
            lawful_if_declared: urns
                .first()
                .map(|first| (kind.to_owned(), first.to_ascii_lowercase())),
        })
    })
}

fn extensions(view: &View<'_>) -> Ruling {
    if view.is_narrowed() {
        return Ruling::Apart;
    }
    each(view, |found, schemas| {
        let urns = strings(schemas);
        let containers = found
            .value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| {
                key.get(..4)
                    .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
                    && value.as_object().is_some_and(|map| !map.is_empty())
                    && misplaced(key, &urns, view.schema).is_none()
            });
        Ruling::first(containers.map(|(key, _)| {
            if urns.iter().any(|urn| urn.eq_ignore_ascii_case(key)) {
                return Ruling::Held;
            }
            Ruling::broken(
                format!(
                    "{} holds {key}, which its schemas do not name",
                    found.place()
                ),
                format!("{key} in schemas"),
                show(schemas),
            )
        }))
    })
}
