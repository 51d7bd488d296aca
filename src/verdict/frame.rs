//! What the verdict must know besides what happened: who was played, in which flavours, and what the selection left out.

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

/// A vendor's acceptance test, as the lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateFrame {
    /// `entra-gallery`.
    pub id: String,
    /// For people: `Entra gallery validation`.
    pub title: String,
    /// The profile whose vendor demands it.
    pub profile: String,
    /// Its steps, in order.
    pub steps: Vec<GateStepFrame>,
}

/// A step of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateStepFrame {
    /// `entra-gallery/16`.
    pub id: String,
    /// The vendor's name of the step.
    pub title: String,
    /// How far the step can be judged without the vendor.
    pub judged: Judged,
    /// Why it cannot be judged, or how it is.
    pub note: String,
}

/// How far a gate's step can be judged without the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// The same requests and the same assertions.
    Offline,
    /// By what the step does to the endpoint.
    ByEffect,
    /// Not at all: it needs the vendor's engine or a set-up outside SCIM.
    NotJudged,
}

/// All that the verdict must know besides what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// `scimproof VERSION`.
    pub tool: String,
    /// Profiles in the order of the plan.
    pub profiles: Vec<ProfileFrame>,
    /// Core cases of these profiles that the selection left out.
    pub unselected: Vec<Unselected>,
    /// Gates of all vendors; those of profiles that were not played are left out of the result.
    pub gates: Vec<GateFrame>,
    /// Ids of all normative requirements (`7644-3.5.2.3-R02`), in the order of the list.
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
            gates: Vec::new(),
            requirements: Vec::new(),
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
