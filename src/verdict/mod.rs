//! From what happened to what it means: severities settled, causes folded, known failures marked, gates and requirements
//! rolled up, each profile judged, the exit code.
//!
//! Imports: `results`, `data` (gates, requirements, references), `suite` (profiles), `plan`. Pure functions: no clock, no
//! network, no environment. The order of the folds is fixed here and matters:
//! gates see the checks as written (a vendor's test knows no policy), then certainty caps, policy excuses, one cause becomes
//! one finding, known failures are marked, and only then verdicts and the exit code are made.

mod cause;
mod certainty;
mod evidence;
mod exit;
mod frame;
mod gates;
mod known;
mod mapping;
mod policy;
mod profile;
mod references;
mod requirements;
#[cfg(test)]
mod sample;
mod timing;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::results::{
    CaseResult, CheckResult, Collected, Outcome, RuleResult, Run, Severity, Summary,
};

pub use exit::{CLEAN, FAILED, INTERRUPTED, UNTESTABLE, USAGE};
pub use frame::{FlavourFrame, Frame, GateFrame, ProfileFrame, Unselected};
pub use known::{KnownEntry, KnownError, KnownFailures, updated};
pub use mapping::MappingFrame;

/// The version of the JSON report that [`Run`] is.
const SCHEMA_VERSION: u32 = 1;

/// Judges a run.
#[must_use]
pub fn judge(collected: Collected, frame: &Frame, known: &KnownFailures) -> Run {
    let Collected {
        run_id,
        seed,
        facts,
        mut cases,
        mut rules,
        leftovers,
        stop,
        started,
        finished,
        duration_ms,
        requests,
        throttled,
    } = collected;
    let gates = gates::roll_up(frame, &cases);
    certainty::cap(&mut cases, frame);
    let excused = policy::soften(&mut cases, &facts.policy);
    cause::fold(&mut cases);
    scope_rules(&mut rules, frame);
    let known_failures = known::apply(known, &mut cases, &mut rules, day(&started), frame.narrowed);
    for case in &mut cases {
        case.outcome = worst_outcome(&case.checks).unwrap_or(case.outcome);
    }
    let profiles = profile::judge_all(frame, &mut cases, &rules, &excused);
    let exit_code = exit::code(
        &cases,
        &rules,
        &known_failures,
        stop.as_ref(),
        frame.fail_on,
    );
    Run {
        schema_version: SCHEMA_VERSION,
        tool: frame.tool.clone(),
        run_id,
        target: facts,
        started,
        finished,
        seed,
        fail_on: frame.fail_on,
        stop,
        summary: Summary {
            cases: count(cases.iter().map(|c| c.outcome)),
            checks: count(cases.iter().flat_map(|c| &c.checks).map(|c| c.outcome)),
            requests,
            duration_ms,
            throttled,
            leftovers,
            exit_code,
        },
        gates,
        requirements: requirements::roll_up(&frame.requirements, &cases, &rules),
        mapping: mapping::matrix(frame, &cases),
        timing: timing::fold(&cases),
        known_failures,
        references: references::of_findings(&cases, &rules),
        profiles,
        rules,
        cases,
    }
}

/// A rule counts for `rfc` and for the profiles that it breaks. Where none of these was played, its failure is a note.
fn scope_rules(rules: &mut [RuleResult], frame: &Frame) {
    for rule in rules.iter_mut().filter(|r| r.outcome == Outcome::Failed) {
        let counts = frame
            .profiles
            .iter()
            .any(|p| profile::rule_counts(rule, &p.id));
        if !counts {
            rule.severity = Severity::Info;
            rule.note =
                "counts for the plain protocol (`rfc`), which this run did not play".to_owned();
        }
    }
}

/// The day of an RFC 3339 instant, in UTC as all instants of a run are.
fn day(instant: &str) -> Option<Date> {
    instant.get(..10)?.parse().ok()
}

/// The outcome that speaks for several; none where there are none.
fn worst_outcome(checks: &[CheckResult]) -> Option<Outcome> {
    (!checks.is_empty()).then(|| worst(checks.iter().map(|c| c.outcome)))
}

/// The outcome that asks most for attention.
fn worst(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    outcomes
        .into_iter()
        .max_by_key(|outcome| match outcome {
            Outcome::Failed => 5,
            Outcome::Errored => 4,
            Outcome::Fixed => 3,
            Outcome::Known => 2,
            Outcome::Passed => 1,
            Outcome::Skipped => 0,
        })
        .unwrap_or(Outcome::Skipped)
}

/// The outcomes that a case adds to counts of checks: its checks', or its own where it has none.
fn outcomes_of(case: &CaseResult) -> Vec<Outcome> {
    if case.checks.is_empty() {
        vec![case.outcome]
    } else {
        case.checks.iter().map(|c| c.outcome).collect()
    }
}

fn count(outcomes: impl Iterator<Item = Outcome>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome.as_str().to_owned()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests;
