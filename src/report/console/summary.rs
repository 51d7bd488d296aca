//! The last screen: what was not tested, the table of verdicts with their reasons, the gates, what to do next.

use std::collections::BTreeMap;
use std::io;

use crate::report::finding::findings;
use crate::report::text::{counted, cut, visible};
use crate::results::{
    GateResult, KnownStatus, Outcome, ProfileResult, Run, Severity, SkipKind, StopReason, Verdict,
};

use super::Screen;

/// Ids named for one reason of not being tested; the rest is counted.
const NAMED: usize = 3;
/// Reasons of a verdict that the screen shows without `-v`.
const REASONS: usize = 4;
/// Bytes of a reason that the screen shows.
const REASON: usize = 600;

/// What was not tested, said as loudly as what failed.
pub(super) fn write_untested(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let mut any = false;
    for profile in &run.profiles {
        let groups = untested(run, profile, screen.verbose);
        if groups.is_empty() {
            continue;
        }
        if !any {
            screen.heading("What was not tested")?;
            any = true;
        }
        let title = screen.paint.bold(&visible(&profile.title));
        screen.line(&format!("  {title}"))?;
        for line in groups {
            screen.prose(4, &line)?;
        }
    }
    Ok(())
}

/// One line for each reason, with how many cases it kept from being evaluated.
fn untested(run: &Run, profile: &ProfileResult, verbose: bool) -> Vec<String> {
    let mut groups: BTreeMap<(u8, String), Vec<&str>> = BTreeMap::new();
    for case in run.cases.iter().filter(|c| c.profile == profile.id) {
        let key = match case.outcome {
            // Optional checks and undeclared capabilities change no verdict; they are named where everything is.
            Outcome::Skipped
                if !verbose
                    && matches!(case.skip, Some(SkipKind::Optional | SkipKind::Capability)) =>
            {
                (
                    2,
                    "optional or not declared by the target (-v names them)".to_owned(),
                )
            }
            Outcome::Skipped => (1, case.reason.clone()),
            _ => match case.checks.iter().find(|c| c.outcome == Outcome::Errored) {
                Some(check) => (
                    0,
                    match &check.cause {
                        Some(cause) => format!("could not be evaluated, because {cause} failed"),
                        None => format!("could not be evaluated: {}", check.message),
                    },
                ),
                None if case.outcome == Outcome::Errored => {
                    (0, format!("could not be played: {}", case.reason))
                }
                None => continue,
            },
        };
        groups.entry(key).or_default().push(&case.id);
    }
    let mut lines: Vec<String> = groups
        .into_iter()
        .map(|((_, reason), ids)| {
            let named: Vec<_> = ids.iter().take(NAMED).map(|id| visible(id)).collect();
            let more = ids.len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!(
                "{}: {} ({}{more})",
                counted(ids.len() as u64, "case", "cases"),
                visible(&cut(&reason, REASON)),
                named.join(", ")
            )
        })
        .collect();
    lines.extend(
        profile
            .untested
            .iter()
            .filter(|line| line.contains("outside this run's selection"))
            .map(|line| visible(line)),
    );
    lines
}

pub(super) fn write(screen: &mut Screen<'_>, run: &Run, quiet: bool) -> io::Result<()> {
    if !run.profiles.is_empty() {
        screen.heading("Verdict")?;
        table(screen, run)?;
        if !quiet {
            for profile in &run.profiles {
                reasons(screen, profile)?;
            }
        }
    }
    if !quiet {
        gates(screen, run)?;
        remarks(screen, run)?;
        next(screen, run)?;
    }
    screen.line("")?;
    screen.prose(0, &closing(run))
}

/// Columns that the counts of the table take beside name and verdict.
const COUNTS: usize = 38;
/// Columns of a verdict.
const VERDICT: usize = 19;

fn table(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let name_width = run
        .profiles
        .iter()
        .flat_map(|p| {
            std::iter::once(p.title.chars().count())
                .chain(p.flavours.iter().map(|f| f.id.chars().count() + 2))
        })
        .max()
        .unwrap_or(0)
        .clamp(8, 30);
    let wide = screen.width >= name_width + VERDICT + COUNTS + 4;
    if wide {
        let head = format!(
            "  {:<name_width$}  {:<VERDICT$} {:>8} {:>8} {:>7} {:>10}",
            "", "", "blockers", "warnings", "passed", "not tested"
        );
        let head = screen.paint.dim(&head);
        screen.line(&head)?;
    }
    for profile in &run.profiles {
        let words = format!("{:<VERDICT$}", words(profile.verdict));
        let verdict = screen.paint.verdict(profile.verdict, &words);
        let name = visible(&profile.title);
        let (blockers, warnings) = (profile.blockers.len(), profile.warnings.len());
        let passed = count(profile, "passed");
        let not_tested = count(profile, "skipped") + count(profile, "errored");
        if wide {
            screen.line(&format!(
                "  {name:<name_width$}  {verdict} {blockers:>8} {warnings:>8} {passed:>7} {not_tested:>10}"
            ))?;
        } else {
            screen.line(&format!("  {name:<name_width$}  {verdict}"))?;
            screen.prose(
                4,
                &format!("{blockers} blockers, {warnings} warnings, {passed} passed, {not_tested} not tested"),
            )?;
        }
        for flavour in profile
            .flavours
            .iter()
            .filter(|_| profile.flavours.len() > 1)
        {
            let verdict = screen
                .paint
                .verdict(flavour.verdict, flavour.verdict.words());
            let name = format!("  {}", visible(&flavour.id));
            screen.line(&format!("  {name:<name_width$}  {verdict}"))?;
        }
    }
    if stand_apart(run) {
        screen.line("")?;
        screen.prose(
            2,
            "Conformance to the protocol and each identity provider are judged apart: a provider may need what the RFC forbids, and the other way round.",
        )?;
    }
    Ok(())
}

/// The plain protocol and a provider came to different verdicts.
fn stand_apart(run: &Run) -> bool {
    let rfc = run.profiles.iter().find(|p| p.id == "rfc");
    rfc.is_some_and(|rfc| {
        run.profiles
            .iter()
            .any(|p| p.id != "rfc" && p.verdict != Verdict::NotTested && p.verdict != rfc.verdict)
    })
}

/// What decides stands out without colour too.
fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::NotReady | Verdict::NotFullyTested | Verdict::NotTested => {
            verdict.words().to_uppercase()
        }
        Verdict::Ready | Verdict::ReadyWithWarnings => verdict.words().to_owned(),
    }
}

fn count(profile: &ProfileResult, outcome: &str) -> u64 {
    profile.counts.get(outcome).copied().unwrap_or_default()
}

fn reasons(screen: &mut Screen<'_>, profile: &ProfileResult) -> io::Result<()> {
    screen.line("")?;
    let verdict = screen
        .paint
        .verdict(profile.verdict, profile.verdict.words());
    let title = screen.paint.bold(&visible(&profile.title));
    screen.line(&format!("{title}: {verdict}."))?;
    let shown = if screen.verbose { usize::MAX } else { REASONS };
    for reason in profile.reasons.iter().take(shown) {
        screen.prose(2, &visible(&cut(reason, REASON)))?;
    }
    let more = profile.reasons.len().saturating_sub(shown);
    if more > 0 {
        screen.prose(
            2,
            &format!(
                "... and {} (-v shows them).",
                counted(more as u64, "more reason", "more reasons")
            ),
        )?;
    }
    Ok(())
}

fn gates(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let judged: Vec<_> = run.gates.iter().filter(|g| g.judged > 0).collect();
    if judged.is_empty() {
        return Ok(());
    }
    screen.heading("What the vendors' own tests would say")?;
    for gate in judged {
        screen.prose(2, &gate_line(gate))?;
        for step in gate.steps.iter().filter(|s| s.outcome == Outcome::Failed) {
            let effect = if step.by_effect {
                ", judged by its effect"
            } else {
                ""
            };
            screen.prose(
                4,
                &format!(
                    "would fail: {} {} ({}{effect})",
                    visible(&step.id),
                    visible(&step.title),
                    step.category
                ),
            )?;
        }
        let open: Vec<_> = gate
            .steps
            .iter()
            .filter(|s| matches!(s.outcome, Outcome::Skipped | Outcome::Errored))
            .map(|s| s.id.rsplit('/').next().unwrap_or(&s.id).to_owned())
            .collect();
        if !open.is_empty() {
            screen.prose(
                4,
                &format!("not judged: steps {}", visible(&open.join(", "))),
            )?;
        }
    }
    Ok(())
}

fn gate_line(gate: &GateResult) -> String {
    let effect = gate
        .steps
        .iter()
        .filter(|s| s.by_effect && s.outcome != Outcome::Skipped)
        .count();
    let effect = if effect > 0 {
        format!(", {effect} of them judged by their effect on the endpoint")
    } else {
        String::new()
    };
    format!(
        "{}: {} of {} judged would pass (the test has {}{effect}).",
        visible(&gate.title),
        gate.passed,
        gate.judged,
        counted(u64::from(gate.steps_total), "step", "steps"),
    )
}

/// What is worth a line beside the verdicts: leftovers, throttling, notes on the target, the known-failures file.
fn remarks(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let mut lines: Vec<String> = run.target.notes.iter().map(|n| visible(n)).collect();
    if run.summary.throttled > 0 {
        lines.push(format!(
            "The target asked to slow down (429) {}; each was waited for.",
            counted(run.summary.throttled, "time", "times")
        ));
    }
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

fn next(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
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

fn closing(run: &Run) -> String {
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
    format!(
        "{}: {} passed, {failed} failed; {} in {:.1} s against {} (exit code {})",
        run.tool,
        counted(passed, "check", "checks"),
        counted(run.summary.requests, "request", "requests"),
        run.summary.duration_ms / 1000.0,
        visible(&run.target.base_url),
        run.summary.exit_code
    )
}
