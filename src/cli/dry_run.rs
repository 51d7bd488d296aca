//! `scimproof run --dry-run`: what would be played, how much would be sent and made. Nothing is sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::error::{CLEAN, CliError};
use super::list::severity_word;
use super::settings::Settings;
use super::terminal::Terminal;
use crate::plan::Plan;

/// Prints the plan.
pub(super) fn show(plan: &Plan, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    terminal.write_out(text(plan, settings).as_bytes())?;
    Ok(CLEAN)
}

fn text(plan: &Plan, settings: &Settings) -> String {
    let mut out = String::new();
    let width = plan
        .cases
        .iter()
        .map(|case| case.id.chars().count())
        .max()
        .unwrap_or(0)
        .min(80);
    for planned in &plan.cases {
        let what = match &planned.skip {
            Some(skip) => format!("skipped: {}", skip.reason),
            None => format!(
                "{:<9} {}",
                severity_word(planned.case.severity),
                planned.case.title
            ),
        };
        let _ = writeln!(out, "{:<width$}  {what}", planned.id);
    }
    let mut by_profile: BTreeMap<&str, usize> = BTreeMap::new();
    for planned in plan.to_play() {
        *by_profile.entry(planned.profile.id.as_str()).or_default() += 1;
    }
    let profiles: Vec<String> = by_profile
        .iter()
        .map(|(profile, cases)| format!("{profile} {cases}"))
        .collect();
    let footprint = plan.footprint(settings.jobs);
    let _ = writeln!(
        out,
        "\n{} cases ({}), {} skipped; about {} requests.",
        plan.to_play().count(),
        profiles.join(", "),
        plan.cases.len() - plan.to_play().count(),
        plan.requests_estimate()
    );
    let _ = writeln!(
        out,
        "At most {} users and {} groups of this run exist at once, with {} cases side by side. Nothing was sent.",
        footprint.users, footprint.groups, settings.jobs
    );
    out
}
