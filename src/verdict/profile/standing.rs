//! How one flavour of one profile stands: what failed, what could not be evaluated, what was left out and why.

use crate::results::{
    CaseResult, CertaintyLevel, CheckResult, Outcome, RuleResult, Severity, SkipKind, Verdict,
};

use super::{Evidence, ProfileFrame, deciding, rule_counts};
use crate::verdict::policy;

/// A check or a rule that failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure<'a> {
    Check(&'a CaseResult, &'a CheckResult),
    Rule(&'a RuleResult),
}

impl Failure<'_> {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Failure::Check(_, check) => check.severity,
            Failure::Rule(rule) => rule.severity,
        }
    }
}

/// Something that *ready* needs and that was not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// What the case shows.
    pub(super) title: String,
    /// Why it was not evaluated.
    pub(super) reason: String,
}

/// How a flavour stands.
pub(super) struct Standing<'a> {
    deciding: Severity,
    /// Everything at warning or above that failed, in plan order, rules last.
    pub(super) failures: Vec<Failure<'a>>,
    /// What *ready* needs and was not evaluated, though it should have been.
    pub(super) gaps: Vec<Gap>,
    /// Core features that the declared policy leaves out or bends.
    pub(super) left_out: Vec<Gap>,
    /// Core cases of which all checks were evaluated.
    pub(super) core_evaluated: usize,
    evaluated: usize,
    errored: bool,
}

impl<'a> Standing<'a> {
    pub(super) fn of(
        evidence: &'a Evidence<'a>,
        profile: &ProfileFrame,
        flavour: Option<&str>,
    ) -> Self {
        let mut standing = Self {
            deciding: deciding(&profile.id),
            failures: Vec::new(),
            gaps: Vec::new(),
            left_out: Vec::new(),
            core_evaluated: 0,
            evaluated: 0,
            errored: false,
        };
        let concerns = |f: Option<&str>| f.is_none() || flavour.is_none() || f == flavour;
        for case in evidence.cases {
            if case.profile == profile.id && concerns(case.flavour.as_deref()) {
                standing.add(case, evidence);
            }
        }
        for rule in evidence.rules {
            if rule.outcome.is_failure()
                && rule.severity >= Severity::Warning
                && rule_counts(rule, &profile.id)
            {
                standing.failures.push(Failure::Rule(rule));
            }
        }
        for case in &evidence.frame.unselected {
            if case.profile == profile.id && concerns(case.flavour.as_deref()) {
                standing.gaps.push(Gap {
                    title: case.title.clone(),
                    reason: "outside this run's selection".to_owned(),
                });
            }
        }
        standing
    }

    fn add(&mut self, case: &'a CaseResult, evidence: &Evidence<'_>) {
        let gap = |reason: &str| Gap {
            title: case.title.clone(),
            reason: reason.to_owned(),
        };
        let before = self.gaps.len();
        let evaluated = case
            .checks
            .iter()
            .filter(|c| !matches!(c.outcome, Outcome::Skipped | Outcome::Errored))
            .count();
        self.evaluated += evaluated;
        self.errored |= case.outcome == Outcome::Errored;
        for check in &case.checks {
            let needed = case.core || check.core || check.severity >= Severity::Blocker;
            if check.outcome.is_failure() && check.severity >= Severity::Warning {
                self.failures.push(Failure::Check(case, check));
            } else if evidence.excused.contains(&check.id) {
                if case.core && check.note != policy::KEPT {
                    self.left_out.push(gap(&check.note));
                }
            } else if check.outcome == Outcome::Errored && needed {
                self.gaps.push(gap(&why_errored(case, check)));
            } else if check.outcome == Outcome::Skipped && needed {
                self.gaps
                    .push(gap(first_of(&[&check.message, &case.reason, "skipped"])));
            }
        }
        if case.checks.is_empty() {
            self.add_unplayed(case, gap(first_of(&[&case.reason, "not played"])));
        } else if case.core && evaluated > 0 && self.gaps.len() == before {
            self.core_evaluated += 1;
        }
    }

    /// A case without a single check: skipped, not reached, or broken off before its first answer.
    fn add_unplayed(&mut self, case: &CaseResult, gap: Gap) {
        let could_block = case.severity == Severity::Blocker
            && case.certainty.need != CertaintyLevel::Inferred
            && case.certainty.shape != CertaintyLevel::Inferred;
        match case.skip {
            Some(SkipKind::Capability | SkipKind::Optional) => {}
            Some(SkipKind::Policy) if case.core => self.left_out.push(gap),
            Some(SkipKind::Policy) => {}
            Some(SkipKind::Requested | SkipKind::Unreached) | None => {
                if case.core || could_block {
                    self.gaps.push(gap);
                }
            }
        }
    }

    /// The failures that decide.
    pub(super) fn blockers(&self) -> impl Iterator<Item = &Failure<'a>> {
        self.failures
            .iter()
            .filter(|f| f.severity() >= self.deciding)
    }

    /// The failures that do not.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &Failure<'a>> {
        self.failures
            .iter()
            .filter(|f| f.severity() < self.deciding)
    }

    /// The verdict rules of the contract, section 2. *Ready* needs core checks: without a single one nothing was shown.
    pub(super) fn verdict(&self) -> Verdict {
        if self.evaluated == 0 && !self.errored {
            Verdict::NotTested
        } else if self.blockers().next().is_some() {
            Verdict::NotReady
        } else if !self.gaps.is_empty() || self.core_evaluated == 0 {
            Verdict::NotFullyTested
        } else if !self.failures.is_empty() || !self.left_out.is_empty() {
            Verdict::ReadyWithWarnings
        } else {
            Verdict::Ready
        }
    }
}

fn why_errored(case: &CaseResult, check: &CheckResult) -> String {
    match &check.cause {
        Some(cause) => format!("could not be evaluated, because {cause} failed"),
        None => first_of(&[&check.message, &case.reason, "could not be evaluated"]).to_owned(),
    }
}

fn first_of<'t>(texts: &[&'t str]) -> &'t str {
    texts
        .iter()
        .find(|t| !t.is_empty())
        .copied()
        .unwrap_or_default()
}
