//! What must notice each fault of the reference server: fixtures/detection.tsv.
//!
//! A row is a fault and a profile, `FAULT@PROFILE`, or `FAULT@PROFILE+SETTING` where the fault bites only a target that
//! leaves something out or promises something (tests/faults says which settings there are): the verdict that the profile must get, the severity of the finding, and the checks
//! or rules of which at least one must fail. And the observed defects that no server can show on the wire:
//! fixtures/defects-not-shown.tsv, with the reason.

use std::sync::LazyLock;

use super::DataError;
use super::table::{Cells, Table};
use crate::results::{Severity, Verdict};

const FILE: &str = "fixtures/detection.tsv";
const TEXT: &str = include_str!("../../fixtures/detection.tsv");
const COLUMNS: &[&str] = &["fault", "verdict", "severity", "noticed_by"];

const NOT_SHOWN_FILE: &str = "fixtures/defects-not-shown.tsv";
const NOT_SHOWN_TEXT: &str = include_str!("../../fixtures/defects-not-shown.tsv");
const NOT_SHOWN_COLUMNS: &[&str] = &["defect", "reason"];

static TABLE: LazyLock<Table<Detection>> =
    LazyLock::new(|| read().expect("fixtures/detection.tsv is embedded and read by a test"));

static NOT_SHOWN: LazyLock<Table<NotShown>> = LazyLock::new(|| {
    read_not_shown().expect("fixtures/defects-not-shown.tsv is embedded and read by a test")
});

const VERDICTS: &[(&str, Verdict)] = &[
    ("ready", Verdict::Ready),
    ("ready-with-warnings", Verdict::ReadyWithWarnings),
    ("not-ready", Verdict::NotReady),
    ("not-tested", Verdict::NotTested),
];

const SEVERITIES: &[(&str, Severity)] = &[
    ("info", Severity::Info),
    ("warning", Severity::Warning),
    ("violation", Severity::Violation),
    ("blocker", Severity::Blocker),
];

/// What must notice a fault in one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The fault's name.
    pub fault: &'static str,
    /// The profile that is played.
    pub profile: &'static str,
    /// What the target is besides broken; `plain` where nothing is said.
    pub setting: &'static str,
    /// The verdict that it must get.
    pub verdict: Verdict,
    /// The severity of the finding.
    pub severity: Severity,
    /// Ids of checks and rules; one of them must fail with that severity.
    pub noticed_by: Vec<&'static str>,
}

/// A defect that no fault mimics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotShown {
    /// Its number.
    pub defect: u16,
    /// Why a server cannot show it on the wire, or why it is none.
    pub reason: &'static str,
}

/// All rows, in file order.
pub fn all() -> &'static [Detection] {
    TABLE.rows()
}

/// The rows of a fault.
pub fn of(fault: &str) -> impl Iterator<Item = &'static Detection> {
    all().iter().filter(move |row| row.fault == fault)
}

/// The defects that no fault mimics.
pub fn not_shown() -> &'static [NotShown] {
    NOT_SHOWN.rows()
}

fn read() -> Result<Table<Detection>, DataError> {
    let mut table = Table::new();
    table.read(FILE, TEXT, COLUMNS, row)?;
    Ok(table)
}

fn row(cells: &Cells) -> Result<(&'static str, Detection), DataError> {
    let id = cells.text("fault")?;
    let (fault, profile) = id
        .split_once('@')
        .ok_or_else(|| cells.error(format!("`{id}` must be a fault, `@` and a profile")))?;
    let (profile, setting) = profile.split_once('+').unwrap_or((profile, "plain"));
    Ok((
        id,
        Detection {
            fault,
            profile,
            setting,
            verdict: cells.word("verdict", VERDICTS)?,
            severity: cells.word("severity", SEVERITIES)?,
            noticed_by: cells.text("noticed_by")?.split(' ').collect(),
        },
    ))
}

fn read_not_shown() -> Result<Table<NotShown>, DataError> {
    let mut table = Table::new();
    table.read(NOT_SHOWN_FILE, NOT_SHOWN_TEXT, NOT_SHOWN_COLUMNS, |cells| {
        let number = cells.text("defect")?;
        let defect = number
            .parse()
            .map_err(|_| cells.error(format!("`{number}` is no number")))?;
        let reason = cells.text("reason")?;
        Ok((number, NotShown { defect, reason }))
    })?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_read() {
        assert!(read().is_ok(), "{:?}", read().err());
        assert!(read_not_shown().is_ok(), "{:?}", read_not_shown().err());
    }
}
