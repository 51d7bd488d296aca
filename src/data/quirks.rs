//! What identity providers send and need beyond (or against) the RFCs: fixtures/quirks/PROVIDER.tsv.
//!
//! `severity` is the worst that a failure means for live provisioning; fixtures/README.md has the rule it follows.

use std::sync::LazyLock;

use super::DataError;
use super::table::{Cells, Table};
use crate::results::{Certainty, CertaintyLevel, Severity};

const COLUMNS: &[&str] = &[
    "id",
    "modes",
    "shape",
    "need",
    "severity",
    "shape_certainty",
    "need_certainty",
    "source",
];

const FILES: &[(&str, &str, &str)] = &[
    (
        "okta",
        "fixtures/quirks/okta.tsv",
        include_str!("../../fixtures/quirks/okta.tsv"),
    ),
    (
        "entra",
        "fixtures/quirks/entra.tsv",
        include_str!("../../fixtures/quirks/entra.tsv"),
    ),
    (
        "jumpcloud",
        "fixtures/quirks/jumpcloud.tsv",
        include_str!("../../fixtures/quirks/jumpcloud.tsv"),
    ),
    (
        "onelogin",
        "fixtures/quirks/onelogin.tsv",
        include_str!("../../fixtures/quirks/onelogin.tsv"),
    ),
    (
        "google",
        "fixtures/quirks/google.tsv",
        include_str!("../../fixtures/quirks/google.tsv"),
    ),
    (
        "ping",
        "fixtures/quirks/ping.tsv",
        include_str!("../../fixtures/quirks/ping.tsv"),
    ),
    (
        "rippling",
        "fixtures/quirks/rippling.tsv",
        include_str!("../../fixtures/quirks/rippling.tsv"),
    ),
    (
        "cyberark",
        "fixtures/quirks/cyberark.tsv",
        include_str!("../../fixtures/quirks/cyberark.tsv"),
    ),
    (
        "keycloak",
        "fixtures/quirks/keycloak.tsv",
        include_str!("../../fixtures/quirks/keycloak.tsv"),
    ),
    (
        "authentik",
        "fixtures/quirks/authentik.tsv",
        include_str!("../../fixtures/quirks/authentik.tsv"),
    ),
];

static TABLE: LazyLock<Table<Quirk>> =
    LazyLock::new(|| read().expect("the lists of fixtures/quirks are embedded and read by a test"));

const SEVERITIES: &[(&str, Severity)] = &[
    ("blocker", Severity::Blocker),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];

const LEVELS: &[(&str, CertaintyLevel)] = &[
    ("documented", CertaintyLevel::Documented),
    ("observed", CertaintyLevel::Observed),
    ("inferred", CertaintyLevel::Inferred),
];

/// Who sends the shape: a flavour of the provider's live client, or something beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A flavour of the profile, by its id (`legacy`).
    Flavour(&'static str),
    /// The one way of a profile without flavours.
    Any,
    /// The vendor's own acceptance test, not live provisioning.
    Validator,
    /// Only where entitlements are managed.
    Entitlements,
}

const MODES: &[(&str, Mode)] = &[
    ("aiw", Mode::Flavour("aiw")),
    ("catalogue", Mode::Flavour("catalogue")),
    ("legacy", Mode::Flavour("legacy")),
    ("flag", Mode::Flavour("flag")),
    ("put", Mode::Flavour("put")),
    ("patch", Mode::Flavour("patch")),
    ("any", Mode::Any),
    ("validator", Mode::Validator),
    ("entitlements", Mode::Entitlements),
];

/// One way in which a provider's traffic asks for more than the RFC's plain reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quirk {
    /// `ENTRA-42`.
    pub id: &'static str,
    /// `entra`.
    pub profile: &'static str,
    /// Who sends it.
    pub modes: Vec<Mode>,
    /// The shape on the wire.
    pub shape: &'static str,
    /// What the endpoint must do.
    pub need: &'static str,
    /// The worst that a failure means.
    pub severity: Severity,
    /// How sure shape and need are.
    pub certainty: Certainty,
    /// Documents by title, threads as owner/repository#number, separated by `; `.
    pub source: &'static str,
}

impl Quirk {
    /// Whether the live client of the flavour sends it.
    pub fn is_sent_by(&self, flavour: &str) -> bool {
        self.modes
            .iter()
            .any(|mode| matches!(mode, Mode::Flavour(id) if *id == flavour))
    }

    /// Whether only a vendor's acceptance test sends it.
    pub fn is_validator_only(&self) -> bool {
        self.modes.iter().all(|mode| *mode == Mode::Validator)
    }
}

/// All quirks, provider by provider.
pub fn all() -> &'static [Quirk] {
    TABLE.rows()
}

/// The profiles that have quirks, in the order of the lists.
pub fn profiles() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(profile, ..)| *profile)
}

/// The quirks of a profile.
pub fn of(profile: &str) -> impl Iterator<Item = &'static Quirk> {
    all().iter().filter(move |quirk| quirk.profile == profile)
}

/// The quirk of an id such as `ENTRA-42`.
pub fn find(id: &str) -> Option<&'static Quirk> {
    TABLE.find(id)
}

fn read() -> Result<Table<Quirk>, DataError> {
    let mut table = Table::new();
    for (profile, file, text) in FILES {
        table.read(file, text, COLUMNS, |cells| row(profile, cells))?;
    }
    Ok(table)
}

fn row(profile: &'static str, cells: &Cells) -> Result<(&'static str, Quirk), DataError> {
    let id = cells.text("id")?;
    let modes = cells
        .text("modes")?
        .split(',')
        .map(|part| cells.word_in("modes", part, MODES))
        .collect::<Result<Vec<_>, _>>()?;
    let quirk = Quirk {
        id,
        profile,
        modes,
        shape: cells.text("shape")?,
        need: cells.text("need")?,
        severity: cells.word("severity", SEVERITIES)?,
        certainty: Certainty {
            shape: cells.word("shape_certainty", LEVELS)?,
            need: cells.word("need_certainty", LEVELS)?,
        },
        source: cells.text("source")?,
    };
    Ok((id, quirk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_is_whole_and_numbered_without_gaps() {
        assert_eq!(read().map(|table| table.rows().len()), Ok(246));
        for (profile, prefix, count) in [
            ("okta", "OKTA", 72),
            ("entra", "ENTRA", 87),
            ("jumpcloud", "JC", 33),
            ("onelogin", "OL", 9),
            ("google", "GW", 6),
            ("ping", "PING", 7),
            ("rippling", "RIP", 6),
            ("cyberark", "CA", 6),
            ("keycloak", "KC", 8),
            ("authentik", "AK", 12),
        ] {
            let ids: Vec<&str> = of(profile).map(|quirk| quirk.id).collect();
            let expected: Vec<String> = (1..=count).map(|n| format!("{prefix}-{n:02}")).collect();
            assert_eq!(ids, expected);
        }
    }

    #[test]
    fn an_inferred_need_is_never_a_blocker() {
        for quirk in all() {
            let capped = quirk.certainty.need == CertaintyLevel::Inferred;
            assert!(
                !(capped && quirk.severity == Severity::Blocker),
                "{}",
                quirk.id
            );
        }
    }

    #[test]
    fn what_only_a_validator_demands_is_never_a_blocker() {
        for quirk in all().iter().filter(|quirk| quirk.is_validator_only()) {
            assert!(quirk.severity <= Severity::Warning, "{}", quirk.id);
        }
    }

    #[test]
    fn flavours_are_those_of_the_provider() {
        let put_or_patch: &[&str] = &["put", "patch"];
        let of_profile = [
            ("okta", &["aiw", "catalogue"][..]),
            ("entra", &["legacy", "flag"]),
            ("jumpcloud", put_or_patch),
            ("onelogin", put_or_patch),
            ("google", put_or_patch),
            ("ping", put_or_patch),
            ("rippling", put_or_patch),
            ("keycloak", put_or_patch),
            ("cyberark", &[]),
            ("authentik", &[]),
        ];
        for (profile, flavours) in of_profile {
            for quirk in of(profile) {
                assert!(
                    flavours.is_empty() || !quirk.modes.contains(&Mode::Any),
                    "{}",
                    quirk.id
                );
            }
            for quirk in of(profile) {
                for mode in &quirk.modes {
                    if let Mode::Flavour(flavour) = mode {
                        assert!(flavours.contains(flavour), "{} names {flavour}", quirk.id);
                    }
                }
            }
        }
        assert!(find("ENTRA-42").is_some_and(|q| q.is_sent_by("legacy") && !q.is_sent_by("flag")));
    }
}
