//! Names of attributes: none that is a path, none that the grammar forbids (RFC 7643 sections 2.1 and 3.3).

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{View, cut};
use crate::results::Severity;
use crate::scim::{misplaced, misplaced_inside, named};

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/stray-keys",
            title: "No path stands as an attribute's name",
            severity: Severity::Violation,
            refs: &["rfc:7643-2.1-R03", "rfc:7643-3.3-R02", "rfc:7643-3-R08"],
            breaks: &[],
            hint: "Follow paths and qualified names (name.givenName, emails[...].value, urn:...:User:department) instead of storing them as names.",
        },
        judge: stray,
    },
    Check {
        rule: Rule {
            id: "rules/attribute-names",
            title: "Attributes have names that the grammar allows",
            severity: Severity::Warning,
            refs: &["rfc:7643-2.1-R03"],
            breaks: &[],
            hint: "Begin names with a letter, and keep the database's own columns (_id, __v) out of answers.",
        },
        judge: grammar,
    },
];

fn stray(view: &View<'_>) -> Ruling {
    // Bad input may name such keys itself; what becomes of them is judged in its case.
    if view.seen.hostile {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().map(|found| {
        let urns: Vec<&str> = named(found.value, "schemas")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (key, value) in found.value.as_object().into_iter().flatten() {
            if let Some(why) = misplaced(key, &urns, view.schema) {
                let place = found.place_of(&format!("the key \"{}\"", cut(key)));
                return Ruling::broken(
                    format!("{place} is no attribute name: {why}"),
                    "attributes in their places",
                    cut(key),
                );
            }
            let items = if let Value::Array(items) = value {
                items.as_slice()
            } else {
                std::slice::from_ref(value)
            };
            for inner in items.iter().filter_map(Value::as_object) {
                if let Some((inner, why)) = inner
                    .keys()
                    .find_map(|inner| Some((inner, misplaced_inside(inner)?)))
                {
                    let place =
                        found.place_of(&format!("the key \"{}\" in {}", cut(inner), cut(key)));
                    return Ruling::broken(
                        format!("{place} is no attribute name: {why}"),
                        "attributes in their places",
                        cut(inner),
                    );
                }
            }
        }
        Ruling::Held
    }))
}

fn grammar(view: &View<'_>) -> Ruling {
    if view.seen.hostile {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().map(|found| {
        let wrong = found
            .value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
            .find(|key| {
                let urn = key
                    .get(..4)
                    .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
                    || key.contains("://");
                let allowed = key.starts_with(|c: char| c.is_ascii_alphabetic())
                    && key
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '-' | '_'));
                // Paths as names are the other rule's.
                !urn && !allowed && !key.contains(['.', '[', ':'])
            });
        match wrong {
            None => Ruling::Held,
            Some(key) => Ruling::broken(
                format!(
                    "{} is no name that the grammar allows",
                    found.place_of(&format!("\"{}\"", cut(key)))
                ),
                "a letter, then letters, digits, $, - or _",
                cut(key),
            ),
        }
    }))
}
