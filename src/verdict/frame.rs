//! What the verdict must know besides what happened: who was played, in which flavours, and what the selection left out.

use crate::data::gates::{self, Gate, Step};
use crate::data::requirements;
use crate::results::Severity;
use crate::suite::model::Combine;

/// A profile that was played.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileFrame {
    /// `entra`.
    pub id: String,
    /// `Microsoft Entra ID`.
    pub title: String,
    /// How the flavours' verdicts make the profile's.
    pub combine: Combine,
    /// The flavours that were played, in order.
    pub flavours: Vec<FlavourFrame>,
}

/// A flavour that was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlavourFrame {
    /// `legacy`.
    pub id: String,
    /// Counts for the profile's verdict.
    pub counts: bool,
}

/// A case that *ready* needs and that the selection of this run left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unselected {
    /// The case's id.
    pub id: String,
    /// Its profile.
    pub profile: String,
    /// Its flavour; `None` counts for all.
    pub flavour: Option<String>,
    /// What it shows.
    pub title: String,
}

/// A vendor's acceptance test with its steps.
#[derive(Debug, Clone)]
pub struct GateFrame {
    /// Which one, and whose.
    pub gate: Gate,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// All that the verdict must know besides what happened.
#[derive(Debug, Clone)]
pub struct Frame {
    /// `scimproof VERSION`.
    pub tool: String,
    /// Profiles in the order of the plan.
    pub profiles: Vec<ProfileFrame>,
    /// Core cases of these profiles that the selection left out.
    pub unselected: Vec<Unselected>,
    /// Gates of all vendors, from the lists; those of profiles that were not played are left out of the result.
    pub gates: Vec<GateFrame>,
    /// Ids of all requirements that bind a provider (`7644-3.5.2.3-R02`), from the list and in its order.
    pub requirements: Vec<String>,
    /// A selection left out something that a full run of these profiles would have played.
    pub narrowed: bool,
    /// The least severity of a failure that makes the run fail (`--fail-on`).
    pub fail_on: Severity,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            tool: concat!("scimproof ", env!("CARGO_PKG_VERSION")).to_owned(),
            profiles: Vec::new(),
            unselected: Vec::new(),
            gates: gates::all()
                .into_iter()
                .map(|gate| GateFrame {
                    gate,
                    steps: gate.steps().cloned().collect(),
                })
                .collect(),
            requirements: requirements::all()
                .iter()
                .filter(|requirement| requirement.binds_provider())
                .map(|requirement| requirement.id.to_owned())
                .collect(),
            narrowed: false,
            fail_on: Severity::Violation,
        }
    }
}

impl Frame {
    /// The profile of this id, where it was played.
    #[must_use]
    pub fn profile(&self, id: &str) -> Option<&ProfileFrame> {
        self.profiles.iter().find(|p| p.id == id)
    }

    pub(super) fn is_best_of(&self, profile: &str) -> bool {
        self.profile(profile)
            .is_some_and(|p| p.combine == Combine::Best)
    }
}
