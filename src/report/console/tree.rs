//! What failed, as a tree: profile, suite, finding. One line each, so that the whole is seen before its parts.

use std::io;

use crate::report::finding::{Finding, profile_title};
use crate::report::text::{cut, visible};
use crate::results::Run;

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
            for finding in own
                .iter()
                .filter(|f| f.case.is_some_and(|c| c.suite == suite))
            {
                leaf(screen, run, finding)?;
            }
        }
    }
    let rules: Vec<_> = findings.iter().filter(|f| f.profile.is_none()).collect();
    if !rules.is_empty() {
        let title = screen.paint.bold("Rules for every exchange");
        screen.line(&format!("  {title}"))?;
        for finding in rules {
            leaf(screen, run, finding)?;
        }
    }
    Ok(())
}

fn leaf(screen: &mut Screen<'_>, run: &Run, finding: &Finding<'_>) -> io::Result<()> {
    let name = finding
        .case
        .filter(|_| finding.profile.is_some())
        .map_or(finding.id, |case| {
            case.base_id().rsplit('/').next().unwrap_or(finding.id)
        });
    let severity = screen.paint.severity(
        finding.severity,
        &format!("{:<9}", finding.severity.as_str()),
    );
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
    let text = format!("{}: {title}{marks}", visible(name));
    let mut lines = super::wrap(&text, screen.width.saturating_sub(18)).into_iter();
    let first = lines.next().unwrap_or_default();
    screen.line(&format!("      x {severity} {first}"))?;
    for line in lines {
        screen.line(&format!("{:18}{line}", ""))?;
    }
    Ok(())
}
