//! What will run, in which order and why something will not: known before anything is sent.
//!
//! Imports: `results` (policy), `data` (mapping tables), `config` (access check), `suite`. Case x flavour x row becomes a planned case; policy and selection skip, each with
//! its reason; an empty plan is an error and never a green run.

pub mod access;
mod budget;
mod declared;
mod glob;
pub mod mapping;
mod needs;
mod offered;
mod select;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use budget::Footprint;
pub use glob::Glob;
pub use needs::unmet;
pub use select::select;

use crate::results::{Policy, SkipKind};
use crate::scim::SchemaView;
use crate::suite::model::{Case, Profile, Row, Step};

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Profiles; empty: those of the default run, and those that a pattern names.
    pub profiles: Vec<String>,
    /// Suites by `PROFILE/SUITE`; empty: all.
    pub suites: Vec<Glob>,
    /// Cases by `PROFILE/SUITE/CASE`, with or without row and flavour; empty: all.
    pub cases: Vec<Glob>,
    /// Left out: cases as in `cases`, or whole suites.
    pub skips: Vec<Glob>,
    /// Leave out cases that send bad input on purpose.
    pub skip_hostile: bool,
}

/// What the config says of the target that decides what can run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// What the target promises.
    pub policy: Policy,
    /// Profile -> the flavours to play, where the config narrows them.
    pub flavours: BTreeMap<String, Vec<String>>,
    /// A revoked credential is given.
    pub revoked_credential: bool,
    /// Another tenant's credential is given.
    pub other_tenant_credential: bool,
}

/// A case that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The class, on which the verdict depends.
    pub kind: SkipKind,
    /// For people.
    pub reason: String,
}

/// A case in a flavour and with a row.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCase {
    /// `PROFILE/SUITE/CASE[-ROW][.FLAVOUR]`.
    pub id: String,
    /// `PROFILE/SUITE`.
    pub suite: String,
    /// The suite's title.
    pub suite_title: Arc<str>,
    /// The profile.
    pub profile: Arc<Profile>,
    /// The flavour; `None` where the profile has none or the case is alike in each.
    pub flavour: Option<String>,
    /// The row.
    pub row: Option<Row>,
    /// The case.
    pub case: Arc<Case>,
    /// Why it does not run.
    pub skip: Option<Skip>,
}

/// What will run, in the order of reports.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Selected cases in plan order, the skipped ones too.
    pub cases: Vec<PlannedCase>,
    /// The profiles that are played, in order, each with the flavours that count for its verdict.
    pub profiles: Vec<(Arc<Profile>, Vec<String>)>,
}

/// Why there is no plan. All of these are the command line's or the config's fault (exit 2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// `--profile` or the config names a profile that does not exist.
    #[error("no such profile: `{name}`{}", crate::suite::did_you_mean(.near.as_deref()))]
    UnknownProfile {
        /// What was written.
        name: String,
        /// The nearest profile.
        near: Option<String>,
    },
    /// The config names a flavour that the profile does not have.
    #[error("profile `{profile}` has no flavour `{name}`{}", crate::suite::did_you_mean(.near.as_deref()))]
    UnknownFlavour {
        /// The profile.
        profile: String,
        /// What was written.
        name: String,
        /// The nearest flavour.
        near: Option<String>,
    },
    /// A pattern fits nothing that exists in the selected profiles.
    #[error("{flag} `{pattern}` fits nothing{}", nearest_of(.near))]
    Unmatched {
        /// `--suite`, `--case` or `--skip`.
        flag: &'static str,
        /// The pattern.
        pattern: String,
        /// The nearest ids.
        near: Vec<String>,
    },
    /// The selection leaves nothing to run.
    #[error("nothing is selected: {reason}")]
    NothingSelected {
        /// What led to it.
        reason: String,
    },
}

fn nearest_of(near: &[String]) -> String {
    if near.is_empty() {
        String::new()
    } else {
        format!("; nearest: {}", near.join(", "))
    }
}

impl Plan {
    /// Skips what the target does not have by its own declaration, once it was asked (GETs only). Declarations gate
    /// only `rfc`: identity providers don't read them.
    pub fn gate(&mut self, capabilities: &BTreeMap<String, bool>, schema: &SchemaView) {
        for planned in self
            .cases
            .iter_mut()
            .filter(|planned| planned.skip.is_none())
        {
            mapping::grade(Arc::make_mut(&mut planned.case), schema);
            planned.skip = unmet(&planned.case.needs, capabilities, schema)
                .or_else(|| {
                    let plain = planned.profile.id == "rfc";
                    plain.then(|| declared::closed(planned, schema)).flatten()
                })
                .map(|reason| Skip {
                    kind: SkipKind::Capability,
                    reason,
                });
        }
    }

    /// Fills in what only the target can say: the cases that are made from its own schemas, once it was asked.
    pub fn declare(&mut self, schema: &SchemaView, resource_types: Option<&serde_json::Value>) {
        let waiting = self
            .cases
            .iter_mut()
            .filter(|planned| planned.suite == declared::SUITE && planned.skip.is_none());
        for planned in waiting {
            planned.skip = declared::fill(Arc::make_mut(&mut planned.case), schema, resource_types)
                .map(|reason| Skip {
                    kind: SkipKind::Capability,
                    reason,
                });
        }
        // Identity providers send what they send; a client of the plain protocol heeds what is declared as required.
        let plain = self
            .cases
            .iter_mut()
            .filter(|planned| planned.profile.id == "rfc" && planned.skip.is_none());
        for planned in plain {
            declared::complete(Arc::make_mut(&mut planned.case), schema, resource_types);
        }
    }

    /// The cases that are to be played.
    pub fn to_play(&self) -> impl Iterator<Item = &PlannedCase> {
        self.cases.iter().filter(|planned| planned.skip.is_none())
    }
}

impl PlannedCase {
    /// Whether the case runs alone, after the others: it says so, or it walks a whole list, which the others change.
    pub fn runs_alone(&self) -> bool {
        self.case.exclusive
            || self.case.steps.iter().any(|step| match step {
                Step::Walk(walk) => !walk.target.contains("filter="),
                Step::Send(_) | Step::Together(_) => false,
            })
    }

    /// Whether a step with this `only` is played in this case's flavour.
    pub fn plays(&self, only: &[String]) -> bool {
        only.is_empty()
            || self
                .flavour
                .as_ref()
                .is_some_and(|flavour| only.contains(flavour))
    }
}
