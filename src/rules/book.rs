//! The fold: exchanges come in any order, results are the same whatever that order was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::agreement::{self, Looks};
use super::history::History;
use super::reuse::Ids;
use super::view::View;
use super::{
    declarations, errors, http, identity, list, media, meta, names, schemas, secrets, status,
    types, values,
};
use crate::results::{Exchange, ExchangeId, Outcome, RuleResult, Severity};
use crate::scim::{SchemaView, named};

/// An invariant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// `rules/NAME`.
    pub id: &'static str,
    /// What it demands, in a phrase.
    pub title: &'static str,
    /// How bad a failure is in `rfc`.
    pub severity: Severity,
    /// Namespaced references.
    pub refs: &'static [&'static str],
    /// Profiles for which a failure counts besides `rfc`, each with evidence in its catalogue.
    pub breaks: &'static [&'static str],
    /// How to mend it.
    pub hint: &'static str,
}

/// One exchange as the rules see it: unredacted, with where it belongs.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The case, `PROFILE/SUITE/CASE.FLAVOUR`; `probe` for discovery.
    pub case: &'a str,
    /// The case's number in plan order (probe: 0).
    pub order: u64,
    /// The case sends bad input on purpose.
    pub hostile: bool,
    /// The record.
    pub exchange: &'a Exchange,
    /// Response headers as received.
    pub headers: &'a [(String, String)],
    /// The response body as received.
    pub body: &'a [u8],
    /// The response body read as JSON. Shared, since a rule may keep it until the resource is seen again.
    pub json: Option<&'a Arc<Value>>,
    /// The request body read as JSON.
    pub sent: Option<&'a Value>,
}

/// A rule with what judges one exchange by it.
#[derive(Clone, Copy)]
pub(super) struct Check {
    pub(super) rule: Rule,
    pub(super) judge: fn(&View<'_>) -> Ruling,
}

/// What a rule says of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ruling {
    /// The rule does not speak of it.
    Apart,
    /// It holds.
    Held,
    /// It does not.
    Broken(Fault),
}

/// Why a rule does not hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) expected: String,
    pub(super) actual: String,
    /// The endpoint and what it used: lawful where /ResourceTypes declares just that.
    pub(super) lawful_if_declared: Option<(String, String)>,
}

impl Ruling {
    pub(super) fn broken(
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self::Broken(Fault {
            message: message.into(),
            expected: expected.into(),
            actual: actual.into(),
            lawful_if_declared: None,
        })
    }

    /// The first fault of several looks at one exchange; held where at least one look applied.
    pub(super) fn first(rulings: impl Iterator<Item = Self>) -> Self {
        let mut out = Self::Apart;
        for ruling in rulings {
            match ruling {
                Self::Broken(_) => return ruling,
                Self::Held => out = Self::Held,
                Self::Apart => {}
            }
        }
        out
    }
}

fn checks() -> impl Iterator<Item = &'static Check> {
    [
        media::CHECKS,
        status::CHECKS,
        errors::CHECKS,
        schemas::CHECKS,
        identity::CHECKS,
        meta::CHECKS,
        secrets::CHECKS,
        list::CHECKS,
        types::CHECKS,
        names::CHECKS,
        values::CHECKS,
        http::CHECKS,
    ]
    .into_iter()
    .flatten()
    .chain(declarations::checks())
}

/// All rules, in the order in which they are listed.
#[must_use]
pub fn all() -> Vec<Rule> {
    checks()
        .map(|check| check.rule)
        .chain(super::history::RULES.iter().copied())
        .chain(super::reuse::RULES.iter().copied())
        .chain(agreement::RULES.iter().copied())
        .collect()
}

/// Where an exchange stands in plan order.
pub(super) type Place = (u64, ExchangeId);

/// Exchanges that a result names.
const NAMED: usize = 3;

/// What became of one rule so far.
#[derive(Debug, Default)]
struct Tally {
    judged: u64,
    faults: BTreeMap<Place, (String, Fault)>,
}

/// Judges exchanges as they come and remembers what broke.
#[derive(Debug)]
pub struct RuleBook {
    schema: Arc<SchemaView>,
    base_url: String,
    /// In the order of [`all`].
    tallies: Vec<Tally>,
    history: History,
    ids: Ids,
    looks: Looks,
    declared: BTreeSet<(String, String)>,
}

impl RuleBook {
    /// A book for one run against one target. `base_url` is what request URLs begin with.
    #[must_use]
    pub fn new(schema: Arc<SchemaView>, base_url: &str) -> Self {
        Self {
            schema,
            base_url: base_url.trim_end_matches('/').to_owned(),
            tallies: all().iter().map(|_| Tally::default()).collect(),
            history: History::default(),
            ids: Ids::default(),
            looks: Looks::default(),
            declared: BTreeSet::new(),
        }
    }

    /// Grants the target this time until every answer shows a write.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.looks.settle(settle);
        self
    }

    /// Judges one exchange by every rule that applies to it.
    pub fn judge(&mut self, seen: &Seen<'_>) {
        let Some(view) = View::read(seen, &self.schema, &self.base_url) else {
            return;
        };
        // The rules that look at one exchange come first in `all`.
        for (check, tally) in checks().zip(&mut self.tallies) {
            match (check.judge)(&view) {
                Ruling::Apart => {}
                Ruling::Held => tally.judged += 1,
                Ruling::Broken(fault) => {
                    tally.judged += 1;
                    tally.faults.insert(
                        (seen.order, seen.exchange.id),
                        (seen.case.to_owned(), fault),
                    );
                }
            }
        }
        self.history.note(&view);
        self.ids.note(&view);
        self.looks.note(&view);
        note_declared(&view, &mut self.declared);
    }

    /// What became of each rule, in the order of [`all`].
    #[must_use]
    pub fn finish(mut self) -> Vec<RuleResult> {
        let ids = self.ids.judge();
        let over_time = (self.history.judge().into_iter())
            .chain(ids)
            .chain(self.looks.judge());
        let rules = all();
        for (id, told) in over_time {
            let at = rules.iter().position(|rule| rule.id == id);
            let Some(tally) = at.and_then(|at| self.tallies.get_mut(at)) else {
                continue;
            };
            tally.judged += 1;
            if let Some(told) = told {
                tally.faults.insert(told.place, (told.case, told.fault));
            }
        }
        let declared = self.declared;
        let excused = |fault: &Fault| {
            fault
                .lawful_if_declared
                .as_ref()
                .is_some_and(|pair| declared.contains(pair))
        };
        rules
            .iter()
            .zip(self.tallies)
            .map(|(rule, mut tally)| {
                tally.faults.retain(|_, (_, fault)| !excused(fault));
                result(rule, tally)
            })
            .collect()
    }
}

/// What /ResourceTypes says of names and schemas excuses what deviates from the usual ones.
fn note_declared(view: &View<'_>, declared: &mut BTreeSet<(String, String)>) {
    for resource in view.resource_types() {
        let text = |name: &str| {
            named(resource, name)
                .and_then(Value::as_str)
                .map(str::to_ascii_lowercase)
        };
        let Some(endpoint) = text("endpoint") else {
            continue;
        };
        let endpoint = endpoint.trim_matches('/').to_owned();
        for said in [text("name"), text("schema")].into_iter().flatten() {
            if declared.len() < 1_000 {
                declared.insert((endpoint.clone(), said));
            }
        }
    }
}

fn result(rule: &Rule, tally: Tally) -> RuleResult {
    let outcome = match (tally.judged, tally.faults.is_empty()) {
        (0, _) => Outcome::Skipped,
        (_, true) => Outcome::Passed,
        (_, false) => Outcome::Failed,
    };
    let count = tally.faults.len() as u64;
    let exchanges = tally
        .faults
        .iter()
        .take(NAMED)
        .map(|((_, id), (case, _))| (case.clone(), *id))
        .collect();
    let first = tally.faults.into_values().next().map(|(_, fault)| fault);
    let (message, expected, actual) = first
        .map(|f| (f.message, f.expected, f.actual))
        .unwrap_or_default();
    RuleResult {
        id: rule.id.to_owned(),
        title: rule.title.to_owned(),
        outcome,
        severity: rule.severity,
        refs: rule.refs.iter().map(|r| (*r).to_owned()).collect(),
        breaks: rule.breaks.iter().map(|b| (*b).to_owned()).collect(),
        judged: tally.judged,
        count,
        message,
        expected,
        actual,
        hint: rule.hint.to_owned(),
        exchanges,
        note: String::new(),
    }
}
