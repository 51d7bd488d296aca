//! What the verdict must know besides what happened: who was played, in which flavours, and what the selection left out.

use std::collections::BTreeSet;

use super::MappingFrame;
use crate::data::gates::{self, Gate, Step};
use crate::data::requirements;
use crate::plan::Plan;
use crate::results::Severity;
use crate::suite::Library;
use crate::suite::model::{Case, Combine, Suite};

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
    /// The attributes that the plan maps, from its mapping cases.
    pub mapping: Vec<MappingFrame>,
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
            mapping: Vec::new(),
            narrowed: false,
            fail_on: Severity::Violation,
        }
    }
}

impl Frame {
    /// The frame of a plan: its profiles and flavours, and what of the library the selection left out.
    #[must_use]
    pub fn of(plan: &Plan, library: &Library, fail_on: Severity) -> Self {
        let profiles = plan
            .profiles
            .iter()
            .map(|(profile, counting)| ProfileFrame {
                id: profile.id.clone(),
                title: profile.title.clone(),
                combine: profile.combine,
                flavours: profile
                    .flavours
                    .iter()
                    .map(|f| FlavourFrame {
                        id: f.id.clone(),
                        counts: counting.contains(&f.id),
                    })
                    .filter(|f| f.counts || plays(plan, &profile.id, &f.id))
                    .collect(),
            })
            .collect();
        let left_out = left_out(plan, library);
        Self {
            profiles,
            mapping: super::mapping::frames(plan),
            narrowed: !left_out.is_empty(),
            unselected: left_out
                .into_iter()
                .filter(|(core, _)| *core)
                .map(|(_, unselected)| unselected)
                .collect(),
            fail_on,
            ..Self::default()
        }
    }

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

fn plays(plan: &Plan, profile: &str, flavour: &str) -> bool {
    plan.cases
        .iter()
        .any(|c| c.profile.id == profile && c.flavour.as_deref() == Some(flavour))
}

/// Cases that a full run of the plan's profiles would play and the plan does not hold; whether each is a core case.
fn left_out(plan: &Plan, library: &Library) -> Vec<(bool, Unselected)> {
    let planned: BTreeSet<(&str, &str, Option<&str>)> = plan
        .cases
        .iter()
        .map(|c| (c.suite.as_str(), c.case.id.as_str(), c.flavour.as_deref()))
        .collect();
    let mut left_out = Vec::new();
    for (profile, counting) in &plan.profiles {
        for suite in library.suites.iter().filter(|s| s.profile == profile.id) {
            for case in suite.cases.iter().filter(|c| !c.opt_in) {
                for flavour in flavours_of(case, counting) {
                    if !planned.contains(&(suite.id.as_str(), case.id.as_str(), flavour)) {
                        left_out.push((case.core, unselected(suite, case, flavour)));
                    }
                }
            }
        }
    }
    left_out
}

/// The flavours that a full run plays the case in.
fn flavours_of<'a>(case: &'a Case, counting: &'a [String]) -> Vec<Option<&'a str>> {
    if case.every_flavour_alike || counting.is_empty() {
        return vec![None];
    }
    counting
        .iter()
        .filter(|f| case.flavours.is_empty() || case.flavours.contains(f))
        .map(|f| Some(f.as_str()))
        .collect()
}

fn unselected(suite: &Suite, case: &Case, flavour: Option<&str>) -> Unselected {
    let ending = flavour.map(|f| format!(".{f}")).unwrap_or_default();
    Unselected {
        id: format!("{}/{}{ending}", suite.id, case.id),
        profile: suite.profile.clone(),
        flavour: flavour.map(str::to_owned),
        title: case.title.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Conditions, Glob, Selection, select};
    use crate::suite::bundled;

    fn frame_of(selection: &Selection, conditions: &Conditions) -> Frame {
        let library = bundled().expect("the bundled suites load");
        let plan = select(&library, selection, conditions).expect("something is selected");
        Frame::of(&plan, &library, Severity::Violation)
    }

    fn okta() -> Selection {
        Selection {
            profiles: vec!["okta".to_owned()],
            ..Selection::default()
        }
    }

    #[test]
    fn a_whole_profile_leaves_nothing_out() {
        let frame = frame_of(&okta(), &Conditions::default());
        assert!(!frame.narrowed);
        assert_eq!(frame.unselected, []);
        let flavours: Vec<_> = frame.profiles[0]
            .flavours
            .iter()
            .map(|f| f.id.as_str())
            .collect();
        assert_eq!(
            (frame.profiles[0].id.as_str(), flavours),
            ("okta", vec!["aiw", "catalogue"])
        );
    }

    #[test]
    fn a_selection_names_the_core_cases_that_it_leaves_out() {
        let selection = Selection {
            suites: vec![Glob::new("okta/match")],
            ..okta()
        };
        let frame = frame_of(&selection, &Conditions::default());
        assert!(frame.narrowed);
        assert!(
            frame
                .unselected
                .iter()
                .any(|u| u.id == "okta/users/create" && u.flavour.is_none())
        );
        assert!(
            frame
                .unselected
                .iter()
                .all(|u| u.profile == "okta" && !u.id.starts_with("okta/match/"))
        );
    }

    #[test]
    fn a_skipped_case_is_in_the_plan_and_not_left_out() {
        let selection = Selection {
            skips: vec![Glob::new("okta/users/create")],
            ..okta()
        };
        assert_eq!(frame_of(&selection, &Conditions::default()).unselected, []);
    }

    #[test]
    fn flavours_that_the_config_leaves_out_are_neither_played_nor_missed() {
        let conditions = Conditions {
            flavours: [("okta".to_owned(), vec!["aiw".to_owned()])].into(),
            ..Conditions::default()
        };
        let frame = frame_of(&okta(), &conditions);
        assert!(!frame.narrowed);
        assert_eq!(frame.profiles[0].flavours.len(), 1);
    }
}
