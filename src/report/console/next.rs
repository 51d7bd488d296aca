//! After the verdicts: what else is worth knowing, what to do next, and the run in one line.

use std::io;

use crate::report::finding::findings;
use crate::report::load;
use crate::report::text::{counted, visible};
use crate::results::{KnownStatus, Outcome, Run, Severity, StopReason};

use super::{NAMED, Screen};

/// What is worth a line beside the verdicts: leftovers, throttling, notes on the target, the known-failures file.
pub(super) fn remarks(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let mut lines: Vec<String> = run.target.notes.iter().map(|n| visible(n)).collect();
    if run.summary.throttled > 0 {
        lines.push(format!(
            "The target asked to slow down (429) {}; each was waited for.",
            counted(run.summary.throttled, "time", "times")
        ));
    }
    lines.extend(load::lines(run));
    if !run.summary.leftovers.is_empty() {
        let named: Vec<_> = run
            .summary
            .leftovers
            .iter()
            .take(NAMED)
            .map(|l| visible(l))
            .collect();
        lines.push(format!(
            "{} could not be removed: {}{}. `scimproof cleanup` tries again.",
            counted(run.summary.leftovers.len() as u64, "resource", "resources"),
            named.join(", "),
            if run.summary.leftovers.len() > NAMED {
                ", ..."
            } else {
                ""
            }
        ));
    }
    let known = |status| {
        run.known_failures
            .iter()
            .filter(|k| k.status == status)
            .collect::<Vec<_>>()
    };
    for entry in known(KnownStatus::Fixed) {
        lines.push(format!(
            "Listed as a known failure, but it passes: {}",
            visible(&entry.id)
        ));
    }
    for entry in known(KnownStatus::Expired) {
        lines.push(format!(
            "A known failure has expired and still fails: {}",
            visible(&entry.id)
        ));
    }
    if lines.is_empty() {
        return Ok(());
    }
    screen.heading("Worth knowing")?;
    for line in lines {
        screen.prose(2, &line)?;
    }
    Ok(())
}

pub(super) fn write(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let steps = next_steps(run);
    if steps.is_empty() {
        return Ok(());
    }
    screen.heading("What to do next")?;
    for (at, step) in steps.iter().enumerate() {
        for (line_at, line) in step.lines().enumerate() {
            if line_at == 0 {
                screen.prose(2, &format!("{}. {line}", at + 1))?;
            } else {
                // A command is not wrapped: it must survive being copied.
                screen.line(&format!("       {line}"))?;
            }
        }
    }
    Ok(())
}

fn next_steps(run: &Run) -> Vec<String> {
    let mut steps = Vec::new();
    if run
        .stop
        .as_ref()
        .is_some_and(|s| s.reason == StopReason::Untestable)
    {
        steps.push("See what answers there:\nscimproof probe --target URL".to_owned());
        return steps;
    }
    let all = findings(run);
    if let Some(worst) = all.iter().find(|f| f.severity > Severity::Info && !f.known) {
        if !worst.mend.is_empty() {
            steps.push(format!("Mend the worst first: {}", visible(worst.mend)));
        }
        if let (Some(case), Some(_)) = (worst.case, worst.profile) {
            steps.push(format!(
                "Play it alone and keep what it made, so that its curl line works:\nscimproof run --case '{}' --keep",
                visible(&case.id)
            ));
        }
        steps.push(format!(
            "Read why it matters:\nscimproof explain '{}'",
            visible(worst.id)
        ));
    }
    if run
        .known_failures
        .iter()
        .any(|k| matches!(k.status, KnownStatus::Fixed | KnownStatus::Expired))
    {
        steps.push(
            "Mend the known-failures file:\nscimproof run --known-failures FILE --update-known-failures"
                .to_owned(),
        );
    }
    steps
}

pub(super) fn closing(run: &Run) -> String {
    let failed = run
        .summary
        .checks
        .get("failed")
        .copied()
        .unwrap_or_default();
    let passed = run
        .summary
        .checks
        .get("passed")
        .copied()
        .unwrap_or_default();
    let in_cases: u64 = run.cases.iter().map(|case| case.for_information()).sum();
    let in_rules = run
        .rules
        .iter()
        .filter(|rule| rule.outcome == Outcome::Failed && rule.severity == Severity::Info)
        .count() as u64;
    let information = (in_cases + in_rules).min(failed);
    let failed = failed - information;
    let noted = match information {
        0 => String::new(),
        some => format!(", {some} for information"),
    };
    format!(
        "{}: {} passed, {failed} failed{noted}; {} in {:.1} s against {} (exit code {})",
        run.tool,
        counted(passed, "check", "checks"),
        counted(run.summary.requests, "request", "requests"),
        run.summary.duration_ms / 1000.0,
        visible(&run.target.base_url),
        run.summary.exit_code
    )
}
