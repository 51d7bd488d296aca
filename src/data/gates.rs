//! The acceptance tests of the vendors themselves, step by step: fixtures/gates/GATE.tsv.
//!
//! A gate says what its maker asserts, no more: where that differs from the RFC, the finding says what is right.

use std::sync::LazyLock;

use super::DataError;
use super::table::{Cells, Table};

const COLUMNS: &[&str] = &["id", "title", "category", "judged", "asserts", "note"];

/// The gates, each with its file and its text.
const SOURCES: &[(Gate, &str, &str)] = &[
    (
        Gate {
            id: "okta-spec",
            title: "Okta SCIM 2.0 SPEC test",
            profile: "okta",
        },
        "fixtures/gates/okta-spec.tsv",
        include_str!("../../fixtures/gates/okta-spec.tsv"),
    ),
    (
        Gate {
            id: "okta-crud",
            title: "Okta SCIM 2.0 CRUD test",
            profile: "okta",
        },
        "fixtures/gates/okta-crud.tsv",
        include_str!("../../fixtures/gates/okta-crud.tsv"),
    ),
    (
        Gate {
            id: "okta-entitlements",
            title: "Okta SCIM 2.0 entitlements tests",
            profile: "okta",
        },
        "fixtures/gates/okta-entitlements.tsv",
        include_str!("../../fixtures/gates/okta-entitlements.tsv"),
    ),
    (
        Gate {
            id: "okta-qa",
            title: "Okta manual QA plan",
            profile: "okta",
        },
        "fixtures/gates/okta-qa.tsv",
        include_str!("../../fixtures/gates/okta-qa.tsv"),
    ),
    (
        Gate {
            id: "entra-gallery",
            title: "Entra gallery validation",
            profile: "entra",
        },
        "fixtures/gates/entra-gallery.tsv",
        include_str!("../../fixtures/gates/entra-gallery.tsv"),
    ),
    (
        Gate {
            id: "entra-web",
            title: "Entra web SCIM validator",
            profile: "entra",
        },
        "fixtures/gates/entra-web.tsv",
        include_str!("../../fixtures/gates/entra-web.tsv"),
    ),
    (
        Gate {
            id: "jumpcloud-activation",
            title: "JumpCloud activation",
            profile: "jumpcloud",
        },
        "fixtures/gates/jumpcloud-activation.tsv",
        include_str!("../../fixtures/gates/jumpcloud-activation.tsv"),
    ),
];

static TABLE: LazyLock<Table<Step>> =
    LazyLock::new(|| read().expect("the lists of fixtures/gates are embedded and read by a test"));

/// What a failed step means at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// It must pass.
    Mandatory,
    /// It may fail.
    Optional,
    /// One of several must pass.
    OneOf,
    /// It must pass where the feature it needs is offered or mapped; the note says which.
    Conditional,
    /// Known from users' reports, not from the vendor.
    Reported,
}

const CATEGORIES: &[(&str, Category)] = &[
    ("mandatory", Category::Mandatory),
    ("optional", Category::Optional),
    ("one-of", Category::OneOf),
    ("conditional", Category::Conditional),
    ("reported", Category::Reported),
];

impl Category {
    /// The word of the list.
    pub fn as_str(self) -> &'static str {
        CATEGORIES
            .iter()
            .find(|(_, category)| *category == self)
            .map_or("", |(word, _)| word)
    }
}

/// Whether a step can be judged without its vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judged {
    /// Its own requests can be replayed.
    Offline,
    /// Its engine is the vendor's; what that would do to the endpoint can be replayed.
    Effect,
    /// Not without the vendor, or nothing reaches the endpoint; the note says why.
    NotJudged,
}

const JUDGED: &[(&str, Judged)] = &[
    ("offline", Judged::Offline),
    ("effect", Judged::Effect),
    ("not-judged", Judged::NotJudged),
];

impl Judged {
    /// The word of the list.
    pub fn as_str(self) -> &'static str {
        JUDGED
            .iter()
            .find(|(_, judged)| *judged == self)
            .map_or("", |(word, _)| word)
    }
}

/// One step of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `entra-gallery/16`.
    pub id: &'static str,
    /// The vendor's name of it, or what it does.
    pub title: &'static str,
    /// What a failure means at the gate.
    pub category: Category,
    /// Whether it can be judged here.
    pub judged: Judged,
    /// What the vendor asserts.
    pub asserts: &'static str,
    /// What must be known beside it; may be empty.
    pub note: &'static str,
}

impl Step {
    /// The gate it belongs to: `entra-gallery`.
    pub fn gate(&self) -> &'static str {
        self.id.split('/').next().unwrap_or_default()
    }
}

/// A vendor's acceptance test.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// `entra-gallery`.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// The profile whose cases decide it.
    pub profile: &'static str,
}

impl Gate {
    /// Its steps, in order.
    pub fn steps(self) -> impl Iterator<Item = &'static Step> {
        steps().iter().filter(move |step| step.gate() == self.id)
    }
}

/// All gates.
pub fn all() -> Vec<Gate> {
    SOURCES.iter().map(|(gate, ..)| *gate).collect()
}

/// All steps of all gates.
pub fn steps() -> &'static [Step] {
    TABLE.rows()
}

/// The step of an id such as `entra-gallery/16`.
pub fn find(id: &str) -> Option<&'static Step> {
    TABLE.find(id)
}

fn read() -> Result<Table<Step>, DataError> {
    let mut table = Table::new();
    for (gate, file, text) in SOURCES {
        table.read(file, text, COLUMNS, |cells| row(gate.id, cells))?;
    }
    Ok(table)
}

fn row(gate: &str, cells: &Cells) -> Result<(&'static str, Step), DataError> {
    let id = cells.text("id")?;
    if id.split('/').next() != Some(gate) {
        return Err(cells.error(format!("`{id}` does not begin with `{gate}/`")));
    }
    let step = Step {
        id,
        title: cells.text("title")?,
        category: cells.word("category", CATEGORIES)?,
        judged: cells.word("judged", JUDGED)?,
        asserts: cells.text("asserts")?,
        note: cells.get("note")?,
    };
    if step.judged == Judged::NotJudged && step.note.is_empty() {
        return Err(cells.error("a step that is not judged says why in its note".to_owned()));
    }
    Ok((id, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_gate_is_whole() {
        assert!(read().is_ok());
        let counts: Vec<(&str, usize)> = all()
            .into_iter()
            .map(|gate| (gate.id, gate.steps().count()))
            .collect();
        assert_eq!(
            counts,
            [
                ("okta-spec", 12),
                ("okta-crud", 13),
                ("okta-entitlements", 2),
                ("okta-qa", 51),
                ("entra-gallery", 25),
                ("entra-web", 12),
                ("jumpcloud-activation", 11),
            ]
        );
        assert_eq!(steps().len(), 126);
    }

    #[test]
    fn the_gallery_is_judged_as_far_as_it_can_be() {
        let judged = |number: u32| find(&format!("entra-gallery/{number}")).map(|step| step.judged);
        for number in 1..=25 {
            let expected = match number {
                1..=14 => Judged::Effect,
                21 | 22 => Judged::NotJudged,
                _ => Judged::Offline,
            };
            assert_eq!(judged(number), Some(expected), "entra-gallery/{number}");
        }
    }

    #[test]
    fn words_are_read_as_written() {
        let step = find("okta-spec/10").expect("the SPEC test has ten steps and more");
        assert_eq!(
            (step.category.as_str(), step.judged.as_str(), step.gate()),
            ("optional", "offline", "okta-spec")
        );
        assert_eq!(find("okta-spec/13"), None);
    }
}
