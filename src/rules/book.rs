//! The fold: exchanges come in any order, results are the same whatever that order was.

use std::sync::Arc;

use serde_json::Value;

use crate::results::{Exchange, Outcome, RuleResult, Severity};
use crate::scim::SchemaView;

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
    /// The response body read as JSON.
    pub json: Option<&'a Value>,
    /// The request body read as JSON.
    pub sent: Option<&'a Value>,
}

/// All rules, in the order in which they are listed.
#[must_use]
pub fn all() -> Vec<Rule> {
    Vec::new()
}

/// Judges exchanges as they come and remembers what broke.
#[derive(Debug)]
pub struct RuleBook {
    schema: Arc<SchemaView>,
    base_url: String,
}

impl RuleBook {
    /// A book for one run against one target. `base_url` is what request URLs begin with.
    #[must_use]
    pub fn new(schema: Arc<SchemaView>, base_url: &str) -> Self {
        Self {
            schema,
            base_url: base_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Judges one exchange by every rule that applies to it.
    pub fn judge(&mut self, seen: &Seen<'_>) {
        let _ = (seen, &self.schema, &self.base_url);
    }

    /// What became of each rule.
    #[must_use]
    pub fn finish(self) -> Vec<RuleResult> {
        all()
            .into_iter()
            .map(|rule| RuleResult {
                id: rule.id.to_owned(),
                title: rule.title.to_owned(),
                outcome: Outcome::Skipped,
                severity: rule.severity,
                refs: rule.refs.iter().map(|r| (*r).to_owned()).collect(),
                breaks: rule.breaks.iter().map(|b| (*b).to_owned()).collect(),
                judged: 0,
                count: 0,
                message: String::new(),
                expected: String::new(),
                actual: String::new(),
                hint: rule.hint.to_owned(),
                note: String::new(),
                exchanges: Vec::new(),
            })
            .collect()
    }
}
