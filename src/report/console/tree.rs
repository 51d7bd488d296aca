//! What failed, as a tree: profile, suite, finding. One line each, so that the whole is seen before its parts.

use std::fmt::Write as _;
use std::io;

use crate::report::finding::{Finding, profile_title};
use crate::report::text::{cut, visible};
use crate::results::{Run, Severity};

use super::Screen;

/// Bytes of a title in the tree.
const TITLE: usize = 200;

pub(super) fn write(
    screen: &mut Screen<'_>,
    run: &Run,
    findings: &[&Finding<'_>],
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    screen.heading("What failed")?;
    for profile in &run.profiles {
        let own: Vec<_> = findings
            .iter()
            .filter(|f| f.profile == Some(&profile.id))
            .collect();
        if own.is_empty() {
            continue;
        }
        let title = screen.paint.bold(&visible(profile_title(run, &profile.id)));
        screen.line(&format!("  {title}"))?;
        let mut suites: Vec<&str> = Vec::new();
        for suite in own.iter().filter_map(|f| f.case.map(|c| c.suite.as_str())) {
            if !suites.contains(&suite) {
                suites.push(suite);
            }
        }
        for suite in suites {
            screen.line(&format!("    {}", visible(suite)))?;
            let of_suite = own
                .iter()
                .filter(|f| f.case.is_some_and(|c| c.suite == suite));
            leaves(screen, of_suite.map(|finding| leaf(run, finding)))?;
        }
    }
    let rules: Vec<_> = findings.iter().filter(|f| f.profile.is_none()).collect();
    if !rules.is_empty() {
        let title = screen.paint.bold("Rules for every exchange");
        screen.line(&format!("  {title}"))?;
        leaves(screen, rules.into_iter().map(|finding| leaf(run, finding)))?;
    }
    Ok(())
}

/// The lines of a branch; findings of one case that read alike share one.
fn leaves(
    screen: &mut Screen<'_>,
    all: impl Iterator<Item = (Severity, String)>,
) -> io::Result<()> {
    let mut counted: Vec<((Severity, String), usize)> = Vec::new();
    for leaf in all {
        match counted.iter_mut().find(|(known, _)| *known == leaf) {
            Some((_, count)) => *count += 1,
            None => counted.push((leaf, 1)),
        }
    }
    for ((severity, mut text), count) in counted {
        if count > 1 {
            let _ = write!(text, " ({count} checks)");
        }
        let mark = screen
            .paint
            .severity(severity, &format!("{:<9}", severity.as_str()));
        let mut lines = super::wrap(&text, screen.width.saturating_sub(18)).into_iter();
        let first = lines.next().unwrap_or_default();
        screen.line(&format!("      x {mark} {first}"))?;
        for line in lines {
            screen.line(&format!("{:18}{line}", ""))?;
        }
    }
    Ok(())
}

fn leaf(run: &Run, finding: &Finding<'_>) -> (Severity, String) {
    let name = finding
        .case
        .filter(|_| finding.profile.is_some())
        .map_or(finding.id, |case| {
            case.base_id().rsplit('/').next().unwrap_or(finding.id)
        });
    let mut marks = match finding.flavours(run).as_slice() {
        [] => String::new(),
        flavours => format!(" ({})", visible(&flavours.join(", "))),
    };
    if finding.known {
        marks.push_str(" [known]");
    }
    if finding.unstable {
        marks.push_str(" [unstable]");
    }
    let title = visible(&cut(finding.requirement, TITLE));
    (
        finding.severity,
        format!("{}: {title}{marks}", visible(name)),
    )
}
