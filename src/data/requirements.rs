//! The normative sentences of RFC 7643, 7644, 9865 and (as far as an endpoint shows it) 9967, in our own words:
//! fixtures/requirements.tsv. Ids are frozen: `DOCUMENT-SECTION-Rnn`.

use std::sync::LazyLock;

use super::DataError;
use super::table::Table;

const FILE: &str = "fixtures/requirements.tsv";
const TEXT: &str = include_str!("../../fixtures/requirements.tsv");
const COLUMNS: &[&str] = &[
    "id",
    "section",
    "level",
    "side",
    "topic",
    "requirement",
    "how_to_test",
];

static TABLE: LazyLock<Table<Requirement>> =
    LazyLock::new(|| read().expect("fixtures/requirements.tsv is embedded and read by a test"));

/// The strength of a requirement (RFC 2119), as far as the text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// MUST, SHALL, REQUIRED; also sentences that define behaviour.
    Must,
    /// MUST NOT, SHALL NOT.
    MustNot,
    /// SHOULD.
    Should,
    /// SHOULD NOT.
    ShouldNot,
    /// RECOMMENDED.
    Recommended,
    /// MAY, OPTIONAL.
    May,
    /// Follows from the text, an example or HTTP without a key word of its own.
    Implied,
}

impl Level {
    const WORDS: &[(&str, Level)] = &[
        ("MUST", Level::Must),
        ("MUST NOT", Level::MustNot),
        ("SHOULD", Level::Should),
        ("SHOULD NOT", Level::ShouldNot),
        ("RECOMMENDED", Level::Recommended),
        ("MAY", Level::May),
        ("implied", Level::Implied),
    ];

    /// The key word as the RFC writes it.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, level)| *level == self)
            .map_or("", |(word, _)| word)
    }
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The endpoint under test.
    Provider,
    /// The identity provider: these rows check our own suites.
    Client,
    /// Both.
    Both,
}

impl Side {
    const WORDS: &[(&str, Side)] = &[
        ("provider", Side::Provider),
        ("client", Side::Client),
        ("both", Side::Both),
    ];

    /// `provider`, `client` or `both`.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, side)| *side == self)
            .map_or("", |(word, _)| word)
    }
}

/// One normative sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `7644-3.5.2.3-R02`.
    pub id: &'static str,
    /// `RFC 7644 section 3.5.2.3`; rows of RFC 9967 say from which draft they were read.
    pub section: &'static str,
    /// Its strength.
    pub level: Level,
    /// Whom it binds.
    pub side: Side,
    /// `patch`, `query-filter`, ...
    pub topic: &'static str,
    /// The sentence.
    pub requirement: &'static str,
    /// How it shows on the wire, or why it does not.
    pub how_to_test: &'static str,
}

impl Requirement {
    /// The number of the RFC: `7644`.
    pub fn document(&self) -> &'static str {
        self.id.split('-').next().unwrap_or_default()
    }

    /// Whether the endpoint is bound by it.
    pub fn binds_provider(&self) -> bool {
        matches!(self.side, Side::Provider | Side::Both)
    }
}

/// All requirements, in the order of the documents.
pub fn all() -> &'static [Requirement] {
    TABLE.rows()
}

/// The requirement of an id such as `7644-3.5.2.3-R02`.
pub fn find(id: &str) -> Option<&'static Requirement> {
    TABLE.find(id)
}

fn read() -> Result<Table<Requirement>, DataError> {
    let mut table = Table::new();
    table.read(FILE, TEXT, COLUMNS, |cells| {
        let id = cells.text("id")?;
        let requirement = Requirement {
            id,
            section: cells.text("section")?,
            level: cells.word("level", Level::WORDS)?,
            side: cells.word("side", Side::WORDS)?,
            topic: cells.text("topic")?,
            requirement: cells.text("requirement")?,
            how_to_test: cells.text("how_to_test")?,
        };
        Ok((id, requirement))
    })?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let rows = read().map(|table| table.rows().len());
        assert_eq!(rows, Ok(677));
    }

    #[test]
    fn each_document_is_whole() {
        for (document, count) in [("7643", 188), ("7644", 447), ("9865", 36), ("9967", 6)] {
            assert_eq!(
                all().iter().filter(|r| r.document() == document).count(),
                count,
                "RFC {document}"
            );
        }
        assert_eq!(all().iter().filter(|r| r.binds_provider()).count(), 635);
    }

    #[test]
    fn an_id_names_its_section() {
        for r in all() {
            let section =
                r.id.split_once('-')
                    .and_then(|(_, rest)| rest.rsplit_once("-R"))
                    .map(|(section, _)| format!("RFC {} section {section}", r.document()));
            let stated = r.section.replace(" (draft -16 text)", "");
            assert_eq!(Some(stated), section, "{}", r.id);
        }
    }

    #[test]
    fn levels_and_sides_are_read_as_written() {
        let r = find("7643-3.1-R07").expect("the id is frozen");
        assert_eq!(
            (r.level, r.side, r.topic),
            (Level::MustNot, Side::Provider, "common-attrs")
        );
        assert_eq!(
            (r.level.as_str(), r.side.as_str()),
            ("MUST NOT", "provider")
        );
        assert!(find("7643-3.1-R06").is_some_and(|r| !r.binds_provider()));
        assert_eq!(find("7644-0-R00"), None);
    }
}
