//! Whether an id is given twice: to somebody, and later to somebody else (RFC 7643 section 3.1).
//!
//! Whoever was deleted may come back under the old id, so that only the name tells a return from a mix-up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::book::{Fault, Place, Rule};
use super::history::{Judged, Told};
use super::view::View;
use crate::results::Severity;
use crate::scim::named;

const REUSED: Rule = Rule {
    id: "rules/id-not-reused",
    title: "No id is given to two people or groups",
    severity: Severity::Violation,
    refs: &["rfc:7643-3.1-R05"],
    breaks: &[],
    hint: "Never give an id again, not that of a deleted record either: clients keep ids for years and would write to a stranger.",
};

/// The rules about ids that come twice.
pub(super) const RULES: &[Rule] = &[REUSED];

/// Creations kept in memory; a run has some thousands.
const MOST: usize = 200_000;

#[derive(Debug)]
struct Made {
    place: Place,
    case: String,
    name: String,
}

/// Who was made under which id.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Endpoint and id.
    made: BTreeMap<(String, String), Vec<Made>>,
    kept: usize,
}

impl Ids {
    /// Remembers who was made under which id: a 201 with the resource in it.
    pub(super) fn note(&mut self, view: &View<'_>) {
        let (Some(kind), Some(resource)) = (view.kind(), view.single()) else {
            return;
        };
        if view.status != 201 || !view.method.eq_ignore_ascii_case("POST") || self.kept >= MOST {
            return;
        }
        let text = |name: &str| named(resource, name).and_then(Value::as_str);
        let (Some(id), Some(name)) = (text("id"), text("userName").or_else(|| text("displayName")))
        else {
            return;
        };
        self.kept += 1;
        self.made
            .entry((kind.to_owned(), id.to_owned()))
            .or_default()
            .push(Made {
                place: (view.seen.order, view.seen.exchange.id),
                case: view.seen.case.to_owned(),
                name: name.to_owned(),
            });
    }

    /// Compares all who were made under one id.
    pub(super) fn judge(&mut self) -> Vec<Judged> {
        let mut out = Vec::new();
        for ((_, id), all) in &mut self.made {
            all.sort_by_key(|made| made.place);
            let mut all = all.iter();
            let Some(first) = all.next() else {
                continue;
            };
            let other = all.find(|later| later.name.to_lowercase() != first.name.to_lowercase());
            out.push((
                REUSED.id,
                other.map(|later| Told {
                    place: later.place,
                    case: later.case.clone(),
                    fault: Fault {
                        message: format!(
                            "the id {id} was given to {} and then to {}",
                            first.name, later.name
                        ),
                        expected: "an id that nobody had".to_owned(),
                        actual: id.clone(),
                        lawful_if_declared: None,
                    },
                }),
            ));
        }
        out
    }
}
