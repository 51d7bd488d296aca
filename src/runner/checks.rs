//! Rulings become checks: ids, severities, which failure hangs on which, and what only came late.

use std::collections::BTreeSet;

use super::record::Heard;
use super::strangers::scrub;
use crate::expect::{Judged, Ruling};
use crate::plan::PlannedCase;
use crate::results::{CheckResult, Outcome, Severity};
use crate::suite::model::MappedRow;

/// A ruling with what the suite says of it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Id within the case: `disable.status`.
    pub(super) id: String,
    pub(super) ruling: Ruling,
    pub(super) severity: Severity,
    pub(super) refs: Vec<String>,
    pub(super) hint: String,
}

impl Part {
    pub(super) fn new(id: String, judged: Judged, severity: Severity) -> Self {
        Self {
            id,
            ruling: judged.ruling,
            severity,
            refs: Vec::new(),
            hint: String::new(),
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.ruling, Ruling::Held { .. })
    }
}

/// The checks of one attempt at a case, in order.
#[derive(Debug)]
pub(super) struct Checks {
    case: PlannedCase,
    done: Vec<CheckResult>,
    /// Ids of checks that hold by now and only failed at first.
    late: BTreeSet<String>,
    /// References and hint of the step under way, for parts that have none of their own.
    about: (Vec<String>, String),
}

impl Checks {
    pub(super) fn new(case: &PlannedCase) -> Self {
        Self {
            case: case.clone(),
            done: Vec::new(),
            late: BTreeSet::new(),
            about: (Vec::new(), String::new()),
        }
    }

    /// From here on checks are about this step, until the next one (or, with nothing, about the whole case).
    pub(super) fn about(&mut self, refs: &[String], hint: &str) {
        self.about = (refs.to_vec(), hint.to_owned());
    }

    /// The severity of a check that nothing nearer says anything about.
    pub(super) fn severity(&self) -> Severity {
        self.case.case.severity
    }

    /// The whole id of a check.
    pub(super) fn whole_id(&self, id: &str) -> String {
        format!("{}#{id}", self.case.id)
    }

    /// Whether a failed check is worse than a remark.
    pub(super) fn matters(&self, id: &str) -> bool {
        self.done
            .iter()
            .any(|check| check.id == id && check.severity > Severity::Info)
    }

    /// Adds what was ruled. Returns the whole id where it failed.
    pub(super) fn add(&mut self, part: Part, heard: Option<&Heard>) -> Option<String> {
        let mut check = self.blank(&part);
        check.exchange = heard.map(Heard::id);
        match part.ruling {
            Ruling::Held { note } => {
                check.outcome = Outcome::Passed;
                check.message = note;
            }
            Ruling::Broken {
                severity,
                message,
                expected,
                actual,
            } => {
                check.outcome = Outcome::Failed;
                check.severity = severity.unwrap_or(part.severity);
                check.message = message;
                check.expected = expected;
                check.actual = actual;
            }
        }
        if let Some(heard) = heard {
            for text in [&mut check.message, &mut check.actual, &mut check.expected] {
                *text = scrub(text, &heard.private);
            }
        }
        let failed = (check.outcome == Outcome::Failed).then(|| check.id.clone());
        self.done.push(check);
        failed
    }

    /// Adds a check that failed at first and held a moment later: a stale read, which is a warning.
    pub(super) fn add_late(&mut self, part: Part, heard: &Heard) {
        let Ruling::Broken {
            message,
            expected,
            actual,
            ..
        } = part.ruling
        else {
            self.add(part, Some(heard));
            return;
        };
        let ruling = Ruling::Broken {
            severity: Some(Severity::Warning.min(part.severity)),
            message: format!(
                "eventual: it held only when asked again {} ms later (--settle waits longer and then lets it pass). At first: {message}",
                super::context::LATE.as_millis()
            ),
            expected,
            actual,
        };
        if let Some(id) = self.add(Part { ruling, ..part }, Some(heard)) {
            self.late.insert(id);
        }
    }

    /// Adds a check that could not be evaluated.
    pub(super) fn add_errored(
        &mut self,
        part: Part,
        reason: String,
        cause: Option<String>,
        heard: Option<&Heard>,
    ) {
        let mut check = self.blank(&part);
        check.exchange = heard.map(Heard::id);
        check.outcome = Outcome::Errored;
        check.message = reason;
        check.cause = cause;
        self.done.push(check);
    }

    /// Adds a check that could not be judged fairly.
    pub(super) fn add_skipped(&mut self, part: Part, reason: String, heard: Option<&Heard>) {
        let mut check = self.blank(&part);
        check.exchange = heard.map(Heard::id);
        check.outcome = Outcome::Skipped;
        check.message = reason;
        self.done.push(check);
    }

    /// A part for a check that is not about an answer.
    pub(super) fn part(&self, id: &str, severity: Option<Severity>) -> Part {
        Part::new(
            id.to_owned(),
            Judged::held(id),
            severity.unwrap_or(self.severity()),
        )
    }

    /// A part for a row of a mapping table.
    pub(super) fn part_of(&self, row: &MappedRow) -> Part {
        let mut part = self.part(&row.id, Some(row.severity));
        part.hint.clone_from(&row.hint);
        part
    }

    /// A refused request was explained by what was found in its parts: that is the finding, and this one hangs on it.
    pub(super) fn explained_by(&mut self, id: &str, cause: &str, why: &str) {
        if let Some(check) = self.done.iter_mut().find(|check| check.id == id) {
            check.outcome = Outcome::Errored;
            check.cause = Some(cause.to_owned());
            check.message = format!("{}; {why}", check.message);
        }
    }

    /// Whether anything failed that a repeat might explain: all but what was merely late.
    pub(super) fn worth_repeating(&self) -> bool {
        self.done
            .iter()
            .any(|check| check.outcome == Outcome::Failed && !self.late.contains(&check.id))
    }

    /// The checks.
    pub(super) fn done(&self) -> &[CheckResult] {
        &self.done
    }

    /// The checks, and the ids of those that were merely late.
    pub(super) fn finish(self) -> (Vec<CheckResult>, BTreeSet<String>) {
        (self.done, self.late)
    }

    fn blank(&self, part: &Part) -> CheckResult {
        let case = &self.case.case;
        let (step_refs, step_hint) = &self.about;
        let own = if part.refs.is_empty() {
            step_refs
        } else {
            &part.refs
        };
        let mut refs = case.refs.clone();
        refs.extend(own.iter().filter(|own| !case.refs.contains(own)).cloned());
        CheckResult {
            id: self.free_id(&part.id),
            outcome: Outcome::Passed,
            severity: part.severity,
            refs,
            message: String::new(),
            expected: String::new(),
            actual: String::new(),
            exchange: None,
            hint: [&part.hint, step_hint, &case.hint]
                .into_iter()
                .find(|hint| !hint.is_empty())
                .cloned()
                .unwrap_or_default(),
            unstable: false,
            cause: None,
            core: case.core,
            note: String::new(),
        }
    }

    /// Ids are unique within a case: a second one of the same name becomes `NAME-2`.
    fn free_id(&self, id: &str) -> String {
        let whole = self.whole_id(id);
        if !self.done.iter().any(|check| check.id == whole) {
            return whole;
        }
        let mut number = 2_u32;
        loop {
            let next = format!("{whole}-{number}");
            if !self.done.iter().any(|check| check.id == next) {
                return next;
            }
            number += 1;
        }
    }
}
