//! Ways in which real servers failed real identity providers: fixtures/defects.tsv, numbered from 1.

use std::sync::LazyLock;

use super::DataError;
use super::table::{Cells, Table};
use crate::results::CertaintyLevel;

const FILE: &str = "fixtures/defects.tsv";
const TEXT: &str = include_str!("../../fixtures/defects.tsv");
const COLUMNS: &[&str] = &[
    "number", "area", "title", "idp", "severity", "view", "evidence", "wrong", "right", "source",
];

static TABLE: LazyLock<Table<Defect>> =
    LazyLock::new(|| read().expect("fixtures/defects.tsv is embedded and read by a test"));

/// What the defect did to those who had it. This is the reports' own scale, not the severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Harm {
    /// Provisioning stopped.
    Blocker,
    /// Data was lost or mixed up.
    DataLoss,
    /// Access stayed open or opened.
    Security,
    /// It cost time.
    Annoyance,
}

const HARMS: &[(&str, Harm)] = &[
    ("blocker", Harm::Blocker),
    ("data-loss", Harm::DataLoss),
    ("security", Harm::Security),
    ("annoyance", Harm::Annoyance),
];

/// How the defect stands to the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Breaks a MUST of RFC 7643 or 7644.
    Rule,
    /// Breaks a SHOULD or an optional feature that providers rely on.
    Should,
    /// Lawful, or the request itself is off the specification: breaks only with that provider.
    Idp,
    /// Not covered by the RFCs.
    Outside,
}

const VIEWS: &[(&str, View)] = &[
    ("rule", View::Rule),
    ("should", View::Should),
    ("idp", View::Idp),
    ("outside", View::Outside),
];

const EVIDENCE: &[(&str, CertaintyLevel)] = &[
    ("documented", CertaintyLevel::Documented),
    ("observed", CertaintyLevel::Observed),
    ("inferred", CertaintyLevel::Inferred),
];

/// One defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// From 1.
    pub number: u16,
    /// `patch-remove`.
    pub area: &'static str,
    /// The defect in a phrase.
    pub title: &'static str,
    /// The provider that it bites: `okta`, `entra`, `jumpcloud`, `onelogin` or `any`.
    pub idp: &'static str,
    /// What it did to people.
    pub harm: Harm,
    /// How it stands to the RFCs.
    pub view: View,
    /// How it is known.
    pub evidence: CertaintyLevel,
    /// What the server did.
    pub wrong: &'static str,
    /// What it should do.
    pub right: &'static str,
    /// Threads as owner/repository#number, documents by title, separated by `; `.
    pub source: &'static str,
}

/// All defects, by number.
pub fn all() -> &'static [Defect] {
    TABLE.rows()
}

/// The defect of a number.
pub fn find(number: u16) -> Option<&'static Defect> {
    TABLE.find(&number.to_string())
}

fn read() -> Result<Table<Defect>, DataError> {
    let mut table = Table::new();
    table.read(FILE, TEXT, COLUMNS, row)?;
    Ok(table)
}

fn row(cells: &Cells) -> Result<(&'static str, Defect), DataError> {
    let number = cells.text("number")?;
    let defect = Defect {
        number: number
            .parse()
            .map_err(|_| cells.error(format!("`{number}` is no number")))?,
        area: cells.text("area")?,
        title: cells.text("title")?,
        idp: cells.text("idp")?,
        harm: cells.word("severity", HARMS)?,
        view: cells.word("view", VIEWS)?,
        evidence: cells.word("evidence", EVIDENCE)?,
        wrong: cells.text("wrong")?,
        right: cells.text("right")?,
        source: cells.text("source")?,
    };
    Ok((number, defect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_are_numbered_without_gaps() {
        assert!(read().is_ok());
        let numbers: Vec<u16> = all().iter().map(|defect| defect.number).collect();
        assert_eq!(numbers, (1..=157).collect::<Vec<u16>>());
    }

    #[test]
    fn every_defect_bites_somebody_we_know() {
        for defect in all() {
            assert!(
                ["okta", "entra", "jumpcloud", "onelogin", "any"].contains(&defect.idp),
                "{}",
                defect.number
            );
        }
        assert_eq!(
            all()
                .iter()
                .filter(|defect| defect.idp == "jumpcloud")
                .count(),
            2
        );
    }

    #[test]
    fn a_defect_is_found_by_number() {
        let defect = find(77).expect("there are 157");
        assert_eq!(
            (defect.area, defect.idp, defect.harm, defect.view),
            ("patch-remove", "entra", Harm::DataLoss, View::Idp)
        );
        assert_eq!((find(0), find(158)), (None, None));
    }
}
