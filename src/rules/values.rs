//! Values of multi-valued attributes: one primary, nothing twice (RFC 7643 section 2.4).

use std::collections::BTreeSet;

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{Found, View};
use crate::results::Severity;
use crate::scim::named;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/one-primary",
            title: "At most one value is primary",
            severity: Severity::Violation,
            refs: &["rfc:7643-2.4-R02"],
            breaks: &[],
            hint: "When a value becomes primary, take the flag from the others.",
        },
        judge: one_primary,
    },
    Check {
        rule: Rule {
            id: "rules/members-once",
            title: "A member is listed once",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-4.2-R10",
                "rfc:7643-2.4-R08",
                "quirk:JC-23",
                "quirk:OKTA-54",
            ],
            breaks: &[],
            hint: "Adding somebody who is there already changes nothing.",
        },
        judge: members_once,
    },
    Check {
        rule: Rule {
            id: "rules/values-once",
            title: "No value is listed twice with the same type",
            severity: Severity::Warning,
            refs: &["rfc:7643-2.4-R08"],
            breaks: &[],
            hint: "Compare value and type before adding to a multi-valued attribute.",
        },
        judge: values_once,
    },
];

/// Judges each array of a resource, at the top and in its extensions.
fn each_array(view: &View<'_>, look: impl Fn(&str, &[Value], &Found<'_>) -> Ruling) -> Ruling {
    Ruling::first(view.resources().iter().flat_map(|found| {
        let map = found.value.as_object().into_iter().flatten();
        let inner = map
            .clone()
            .filter(|(key, _)| key.starts_with("urn:"))
            .filter_map(|(_, value)| value.as_object())
            .flatten();
        map.chain(inner)
            .filter_map(|(key, value)| Some((key, value.as_array()?)))
            .map(|(key, items)| look(key, items, found))
            .collect::<Vec<_>>()
    }))
}

fn one_primary(view: &View<'_>) -> Ruling {
    each_array(view, |key, items, found| {
        let primaries = items
            .iter()
            .filter(|item| named(item, "primary") == Some(&Value::Bool(true)))
            .count();
        match primaries {
            0 | 1 => Ruling::Held,
            many => Ruling::broken(
                format!("{} has {many} primary values", found.place_of(key)),
                "at most one",
                many.to_string(),
            ),
        }
    })
}

fn twice(items: &[Value], key: impl Fn(&Value) -> Option<String>) -> bool {
    if items.len() < 2 {
        return false;
    }
    let mut seen = BTreeSet::new();
    items.iter().filter_map(key).any(|key| !seen.insert(key))
}

fn members_once(view: &View<'_>) -> Ruling {
    if view.kind() != Some("Groups") {
        return Ruling::Apart;
    }
    each_array(view, |key, items, found| {
        if !key.eq_ignore_ascii_case("members") {
            return Ruling::Apart;
        }
        // A person and a group may have the same id, where each kind is counted by itself.
        let id = |item: &Value| {
            if item.is_object() {
                let kind = named(item, "type").and_then(Value::as_str).unwrap_or("");
                let id = named(item, "value")?.as_str()?;
                Some(format!("{}\u{0}{id}", kind.to_lowercase()))
            } else {
                item.as_str().map(str::to_owned)
            }
        };
        if twice(items, id) {
            Ruling::broken(
                format!("{} lists somebody twice", found.place_of(key)),
                "each member once",
                "a member twice",
            )
        } else {
            Ruling::Held
        }
    })
}

fn values_once(view: &View<'_>) -> Ruling {
    each_array(view, |key, items, found| {
        if ["schemas", "members"]
            .iter()
            .any(|name| key.eq_ignore_ascii_case(name))
        {
            return Ruling::Apart;
        }
        // Addresses have no value; a member of a list without one is not compared.
        let pair = |item: &Value| {
            let value = if item.is_object() {
                named(item, "value").filter(|v| !v.is_null())?
            } else {
                item
            };
            let kind = named(item, "type")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_lowercase();
            Some(format!("{kind}\u{0}{value}"))
        };
        if twice(items, pair) {
            Ruling::broken(
                format!(
                    "{} holds a value twice with the same type",
                    found.place_of(key)
                ),
                "each pair of value and type once",
                "a pair twice",
            )
        } else {
            Ruling::Held
        }
    })
}
