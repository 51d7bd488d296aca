//! The matrix of mapped attributes: one line for each attribute, one cell for each thing that its provider does with it.

use std::collections::BTreeMap;

use super::Frame;
use crate::plan::Plan;
use crate::plan::mapping::{CLEAR, CREATE, FILTER, PATCH, REPLACE, SUITE};
use crate::results::{CaseResult, MappingCell, MappingRowResult, Outcome};
use crate::suite::model::Step;

/// An attribute of a provider, and the checks that show what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFrame {
    /// The profile.
    pub profile: String,
    /// The identity provider's name of the attribute.
    pub attribute: String,
    /// The SCIM path.
    pub path: String,
    /// `create`, `replace`, ... -> whole ids of checks, in all flavours.
    pub checks: BTreeMap<String, Vec<String>>,
}

/// The attributes of a plan's mapping cases, in the order of their tables.
pub(super) fn frames(plan: &Plan) -> Vec<MappingFrame> {
    let mut frames: Vec<MappingFrame> = Vec::new();
    for planned in &plan.cases {
        let profile = &planned.profile.id;
        if planned.suite.strip_suffix(SUITE) != Some(&format!("{profile}/")) {
            continue;
        }
        let sends = planned.case.steps.iter().filter_map(|step| match step {
            Step::Send(send) if planned.plays(&send.only) => Some(send),
            _ => None,
        });
        for row in sends.flat_map(|send| &send.rows) {
            let known = frames
                .iter()
                .position(|frame| frame.profile == *profile && frame.path == row.path);
            let at = known.unwrap_or_else(|| {
                frames.push(MappingFrame {
                    profile: profile.clone(),
                    attribute: row.attribute.clone(),
                    path: row.path.clone(),
                    checks: BTreeMap::new(),
                });
                frames.len() - 1
            });
            let id = format!("{}#{}", planned.id, row.id);
            let checks = frames[at]
                .checks
                .entry(planned.case.id.clone())
                .or_default();
            if !checks.contains(&id) {
                checks.push(id);
            }
        }
    }
    frames
}

/// What became of each attribute.
pub(super) fn matrix(frame: &Frame, cases: &[CaseResult]) -> Vec<MappingRowResult> {
    let outcomes: BTreeMap<&str, Outcome> = cases
        .iter()
        .flat_map(|case| &case.checks)
        .map(|check| (check.id.as_str(), check.outcome))
        .collect();
    frame
        .mapping
        .iter()
        .map(|row| {
            let cell = |operation: &str| {
                row.checks
                    .get(operation)
                    .map_or(MappingCell::NotApplicable, |ids| cell(ids, &outcomes))
            };
            MappingRowResult {
                profile: row.profile.clone(),
                attribute: row.attribute.clone(),
                path: row.path.clone(),
                create: cell(CREATE),
                replace: cell(REPLACE),
                patch: cell(PATCH),
                clear: cell(CLEAR),
                filter: cell(FILTER),
            }
        })
        .collect()
}

/// One failure is enough; passed is what passed in every flavour.
fn cell(ids: &[String], outcomes: &BTreeMap<&str, Outcome>) -> MappingCell {
    let all: Vec<Option<Outcome>> = ids
        .iter()
        .map(|id| outcomes.get(id.as_str()).copied())
        .collect();
    let is = |outcome: &Option<Outcome>, wanted: &[Outcome]| {
        outcome.is_some_and(|outcome| wanted.contains(&outcome))
    };
    if all
        .iter()
        .any(|outcome| is(outcome, &[Outcome::Failed, Outcome::Known]))
    {
        MappingCell::Failed
    } else if all
        .iter()
        .all(|outcome| is(outcome, &[Outcome::Passed, Outcome::Fixed]))
    {
        MappingCell::Passed
    } else {
        MappingCell::NotTested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_as_good_as_its_worst_check() {
        let outcomes = BTreeMap::from([
            ("a", Outcome::Passed),
            ("b", Outcome::Failed),
            ("c", Outcome::Errored),
            ("d", Outcome::Known),
        ]);
        for (ids, wanted) in [
            (&["a"][..], MappingCell::Passed),
            (&["a", "b"], MappingCell::Failed),
            (&["a", "c"], MappingCell::NotTested),
            (&["c", "b"], MappingCell::Failed),
            (&["d"], MappingCell::Failed),
            (&["a", "never sent"], MappingCell::NotTested),
        ] {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(cell(&ids, &outcomes), wanted, "{ids:?}");
        }
    }
}
