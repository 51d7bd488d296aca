//! What must not move while a resource lives: its creation date stays, its last modification never goes back (RFC 7643 section 3.1).
//!
//! Only within a case, whose exchanges know their order, and only between answers of which one was complete before the other was asked for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::book::{Fault, Place, Rule};
use super::view::View;
use crate::results::Severity;
use crate::scim::{Instant, instant, named};

const CREATED: Rule = Rule {
    id: "rules/meta-created-stays",
    title: "meta.created never changes",
    severity: Severity::Violation,
    refs: &["rfc:7643-3.1-R15", "rfc:7644-3.5.1-R16"],
    breaks: &[],
    hint: "Set created once, when the resource is made.",
};

const MODIFIED: Rule = Rule {
    id: "rules/meta-modified-forward",
    title: "meta.lastModified never goes back",
    severity: Severity::Warning,
    refs: &["rfc:7644-3.5.1-R16", "rfc:7644-3.5.2-R35"],
    breaks: &[],
    hint: "Take lastModified from one clock, at every change.",
};

/// The rules that look at several exchanges.
pub(super) const RULES: &[Rule] = &[CREATED, MODIFIED];

/// Observations kept in memory; a run has some thousands.
const MOST: usize = 200_000;

#[derive(Debug)]
struct Observation {
    place: Place,
    case: String,
    started: f64,
    ended: f64,
    /// The answer to a POST: a person who was deleted may come back under the old id, and is made anew.
    made: bool,
    created: Option<Instant>,
    modified: Option<Instant>,
}

/// What each resource said of its times.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Case number, endpoint and id.
    resources: BTreeMap<(u64, String, String), Vec<Observation>>,
    kept: usize,
}

/// A judged exchange: the rule, and what is told where it did not hold.
pub(super) type Judged = (&'static str, Option<Told>);

/// A fault that only several exchanges show, with the one at which it is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) place: Place,
    pub(super) case: String,
    pub(super) fault: Fault,
}

impl History {
    /// Remembers what a resource says of its times: a single one, and one in a list that this case has met before.
    pub(super) fn note(&mut self, view: &View<'_>) {
        let Some(kind) = view.kind() else {
            return;
        };
        if let Some(resource) = view.single() {
            self.observe(view, kind, resource, true);
            return;
        }
        for element in view.elements() {
            let met = named(element, "id")
                .and_then(Value::as_str)
                .map(|id| (view.seen.order, kind.to_owned(), id.to_owned()))
                .is_some_and(|key| self.resources.contains_key(&key));
            // An index behind lists may lag, so that only what never moves is compared.
            if met {
                self.observe(view, kind, element, false);
            }
        }
    }

    fn observe(&mut self, view: &View<'_>, kind: &str, resource: &Value, alone: bool) {
        let Some(id) = named(resource, "id").and_then(Value::as_str) else {
            return;
        };
        let time = |name: &str| {
            named(named(resource, "meta")?, name)?
                .as_str()
                .and_then(instant)
        };
        let created = time("created");
        let modified = time("lastModified").filter(|_| alone);
        if self.kept >= MOST || (created.is_none() && modified.is_none()) {
            return;
        }
        self.kept += 1;
        let exchange = view.seen.exchange;
        let key = (view.seen.order, kind.to_owned(), id.to_owned());
        self.resources.entry(key).or_default().push(Observation {
            place: (view.seen.order, exchange.id),
            case: view.seen.case.to_owned(),
            started: exchange.started_ms,
            ended: exchange.started_ms + exchange.duration_ms,
            made: view.method.eq_ignore_ascii_case("POST") && alone,
            created,
            modified,
        });
    }

    /// Compares each observation with the one before it.
    pub(super) fn judge(&mut self) -> Vec<Judged> {
        let mut out = Vec::new();
        for observations in self.resources.values_mut() {
            observations.sort_by_key(|observation| observation.place);
            let (mut made, mut changed): (Option<&Observation>, Option<&Observation>) =
                (None, None);
            for later in observations.iter() {
                let told = |fault: Fault| Told {
                    place: later.place,
                    case: later.case.clone(),
                    fault,
                };
                if later.made {
                    (made, changed) = (None, None);
                }
                let before = |earlier: &Option<&Observation>| {
                    earlier.is_none_or(|earlier| earlier.ended <= later.started)
                };
                if let Some(after) = later.created {
                    if let Some(before) = made.filter(|_| before(&made)).and_then(|it| it.created) {
                        // A column of lower precision may cut the fraction between two answers.
                        let moved =
                            (before.as_millisecond() - after.as_millisecond()).abs() > 1_000;
                        let fault = moved.then(|| fault("meta.created changed", before, after));
                        out.push((CREATED.id, fault.map(told)));
                    }
                    made = Some(later);
                }
                if let Some(after) = later.modified {
                    if let Some(before) = changed
                        .filter(|_| before(&changed))
                        .and_then(|it| it.modified)
                    {
                        let back = before.as_millisecond() - after.as_millisecond() > 1_000;
                        let fault =
                            back.then(|| fault("meta.lastModified went back", before, after));
                        out.push((MODIFIED.id, fault.map(told)));
                    }
                    changed = Some(later);
                }
            }
        }
        out
    }
}

fn fault(what: &str, before: Instant, after: Instant) -> Fault {
    Fault {
        message: format!("{what} from {before} to {after}"),
        expected: before.to_string(),
        actual: after.to_string(),
        lawful_if_declared: None,
    }
}
