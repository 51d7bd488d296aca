//! What was not tested, said as loudly as what failed: one line for each reason.

use std::collections::BTreeMap;
use std::io;

use crate::report::text::{counted, cut, visible};
use crate::results::{Outcome, ProfileResult, Run, SkipKind};

use super::{NAMED, REASON, Screen};

/// What was not tested, said as loudly as what failed.
pub(super) fn write(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
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
