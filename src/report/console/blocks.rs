//! One block for each finding, its parts in the order of the contract.

use std::io;

use crate::report::finding::{Finding, sources};
use crate::report::text::{counted, visible};
use crate::results::{Run, Severity};

use super::{BLOCKS, BODY, BODY_VERBOSE, Screen};

pub(super) fn write(
    screen: &mut Screen<'_>,
    run: &Run,
    findings: &[&Finding<'_>],
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    screen.heading("Findings")?;
    // A blocker is always shown in full.
    let in_full = |at: usize, f: &Finding<'_>| screen_verbose(screen.verbose, at, f);
    let (full, rest): (Vec<_>, Vec<_>) = findings
        .iter()
        .enumerate()
        .partition(|(at, finding)| in_full(*at, finding));
    for (at, finding) in full {
        block(screen, run, at + 1, finding)?;
    }
    if !rest.is_empty() {
        screen.line("")?;
        screen.prose(
            2,
            &format!(
                "{} not shown in full: -v shows all of them, --report html=report.html is easier to read.",
                counted(rest.len() as u64, "finding is", "findings are")
            ),
        )?;
    }
    Ok(())
}

fn screen_verbose(verbose: bool, at: usize, finding: &Finding<'_>) -> bool {
    verbose || at < BLOCKS || finding.severity == Severity::Blocker
}

fn block(
    screen: &mut Screen<'_>,
    run: &Run,
    number: usize,
    finding: &Finding<'_>,
) -> io::Result<()> {
    let limit = if screen.verbose { BODY_VERBOSE } else { BODY };
    let severity = screen
        .paint
        .severity(finding.severity, finding.severity.as_str());
    screen.line("")?;
    screen.line(&format!("{number:>2}. {severity}  {}", visible(finding.id)))?;
    for also in &finding.also {
        screen.labelled("also", &visible(also))?;
    }
    screen.labelled("requirement", &visible(finding.requirement))?;
    parts(screen, "sent", &finding.sent(limit))?;
    parts(screen, "got", &finding.got(limit))?;
    if let Some((count, judged)) = finding.count {
        screen.labelled("", &format!("in {count} of {judged} exchanges"))?;
    }
    if !finding.expected.is_empty() {
        screen.labelled("expected", &visible(finding.expected))?;
    }
    screen.labelled("who breaks", &visible(&finding.breaks))?;
    if !finding.mend.is_empty() {
        screen.labelled("mend", &visible(finding.mend))?;
    }
    for (at, curl) in finding.curl().iter().enumerate() {
        // Not wrapped: it must survive being copied.
        let label = if at == 0 { "curl" } else { "" };
        let label = screen.paint.dim(&format!("{label:<13}"));
        screen.line(&format!("    {label}{curl}"))?;
    }
    parts(screen, "source", &sources(run, finding))?;
    if !finding.note.is_empty() {
        screen.labelled("note", &visible(finding.note))?;
    }
    if finding.unstable {
        screen.labelled(
            "note",
            "unstable: a repeat of the whole case on fresh resources passed",
        )?;
    }
    Ok(())
}

fn parts(screen: &mut Screen<'_>, label: &str, lines: &[String]) -> io::Result<()> {
    for (at, line) in lines.iter().enumerate() {
        screen.labelled(if at == 0 { label } else { "" }, line)?;
    }
    Ok(())
}
