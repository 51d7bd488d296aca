//! The exit code (contract, section 3): what a script that runs us may rely on.

use crate::results::{
    CaseResult, KnownEntryResult, KnownStatus, Outcome, RuleResult, Severity, Stop, StopReason,
};

/// Nothing at or above `--fail-on` failed and nothing errored.
pub const CLEAN: u8 = 0;
/// Something failed or errored, or the known-failures file is out of date.
pub const FAILED: u8 = 1;
/// The command line, the config, a suite or the known-failures file is wrong.
pub const USAGE: u8 = 2;
/// The target could not be tested.
pub const UNTESTABLE: u8 = 3;
/// SIGINT or SIGTERM, after clean-up.
pub const INTERRUPTED: u8 = 130;

pub(super) fn code(
    cases: &[CaseResult],
    rules: &[RuleResult],
    known: &[KnownEntryResult],
    stop: Option<&Stop>,
    fail_on: Severity,
) -> u8 {
    match stop.map(|s| s.reason) {
        Some(StopReason::Untestable) => return UNTESTABLE,
        Some(StopReason::Interrupted) => return INTERRUPTED,
        Some(StopReason::Deadline) => return FAILED,
        None => {}
    }
    let failed = |outcome, severity| outcome == Outcome::Failed && severity >= fail_on;
    let bad_case = |case: &CaseResult| {
        case.checks.iter().any(|check| match check.outcome {
            Outcome::Errored => !waits_for_a_known_failure(check.cause.as_deref(), cases),
            outcome => failed(outcome, check.severity),
        }) || (case.checks.is_empty() && case.outcome == Outcome::Errored)
    };
    let out_of_date = known
        .iter()
        .any(|k| matches!(k.status, KnownStatus::Fixed | KnownStatus::Expired));
    let bad = cases.iter().any(bad_case)
        || rules
            .iter()
            .any(|rule| failed(rule.outcome, rule.severity) || rule.outcome == Outcome::Errored)
        || out_of_date;
    if bad { FAILED } else { CLEAN }
}

/// What could not be evaluated because of a listed failure is part of what is known.
fn waits_for_a_known_failure(cause: Option<&str>, cases: &[CaseResult]) -> bool {
    cause.is_some_and(|cause| {
        cases
            .iter()
            .flat_map(|c| &c.checks)
            .any(|c| c.id == cause && c.outcome == Outcome::Known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{case, check, errored, failed, passed, rule};

    fn entry(status: KnownStatus) -> KnownEntryResult {
        KnownEntryResult {
            id: "x".to_owned(),
            reason: "r".to_owned(),
            until: None,
            status,
        }
    }

    #[test]
    fn the_code_follows_what_failed_errored_or_is_out_of_date() {
        use Severity::{Blocker, Info, Violation, Warning};
        let one = |check| vec![case("okta/u/a.aiw", vec![check])];
        let table = [
            ("all held", one(passed("s", Blocker)), Warning, CLEAN),
            ("a blocker", one(failed("s", Blocker)), Blocker, FAILED),
            (
                "a violation below fail-on",
                one(failed("s", Violation)),
                Blocker,
                CLEAN,
            ),
            (
                "a violation",
                one(failed("s", Violation)),
                Violation,
                FAILED,
            ),
            (
                "a warning below fail-on",
                one(failed("s", Warning)),
                Violation,
                CLEAN,
            ),
            ("a warning", one(failed("s", Warning)), Warning, FAILED),
            ("a note", one(failed("s", Info)), Warning, CLEAN),
            (
                "errored, whatever its severity",
                one(errored("s", Info)),
                Blocker,
                FAILED,
            ),
            (
                "known",
                one(check("s", Outcome::Known, Blocker)),
                Warning,
                CLEAN,
            ),
            (
                "skipped",
                one(check("s", Outcome::Skipped, Blocker)),
                Warning,
                CLEAN,
            ),
        ];
        for (name, cases, fail_on, expected) in table {
            assert_eq!(code(&cases, &[], &[], None, fail_on), expected, "{name}");
        }
    }

    #[test]
    fn rules_stops_and_the_known_failures_file_count() {
        let broken = [rule("rules/x", Outcome::Failed)];
        assert_eq!(code(&[], &broken, &[], None, Severity::Violation), FAILED);
        assert_eq!(code(&[], &broken, &[], None, Severity::Blocker), CLEAN);
        for (status, expected) in [
            (KnownStatus::Known, CLEAN),
            (KnownStatus::NotSelected, CLEAN),
            (KnownStatus::Fixed, FAILED),
            (KnownStatus::Expired, FAILED),
        ] {
            assert_eq!(
                code(&[], &[], &[entry(status)], None, Severity::Blocker),
                expected,
                "{status:?}"
            );
        }
        for (reason, expected) in [
            (StopReason::Untestable, UNTESTABLE),
            (StopReason::Interrupted, INTERRUPTED),
            (StopReason::Deadline, FAILED),
        ] {
            let stop = Stop {
                reason,
                message: "m".to_owned(),
            };
            assert_eq!(
                code(&[], &[], &[], Some(&stop), Severity::Blocker),
                expected,
                "{reason:?}"
            );
        }
    }

    #[test]
    fn what_waits_for_a_known_failure_does_not_fail_the_run() {
        let mut waiting = errored("t", Severity::Blocker);
        waiting.cause = Some("okta/u/a.aiw#s".to_owned());
        let with = |outcome| {
            vec![case(
                "okta/u/a.aiw",
                vec![check("s", outcome, Severity::Blocker), waiting.clone()],
            )]
        };
        assert_eq!(
            code(&with(Outcome::Known), &[], &[], None, Severity::Blocker),
            CLEAN
        );
        assert_eq!(
            code(&with(Outcome::Failed), &[], &[], None, Severity::Blocker),
            FAILED
        );
    }
}
