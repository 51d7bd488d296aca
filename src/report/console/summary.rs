//! The last screen: the table of verdicts with their reasons, and the gates.

use std::io;

use crate::report::text::{counted, cut, visible};
use crate::results::{GateResult, Outcome, ProfileResult, Run, Verdict};

use super::{REASON, Screen, next};

/// Reasons of a verdict that the screen shows without `-v`.
const REASONS: usize = 4;

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
        next::remarks(screen, run)?;
        next::write(screen, run)?;
    }
    screen.line("")?;
    screen.prose(0, &next::closing(run))
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
