//! What became of each normative requirement: folded from the cases and rules that refer to it.

use std::collections::BTreeMap;

use crate::results::{CaseResult, Outcome, RequirementResult, RuleResult};

use super::evidence::checks_for;
use super::worst;

const NAMESPACE: &str = "rfc:";

/// One result for each requirement, in the order of the list. What nothing of this run covers is `skipped`.
pub(super) fn roll_up(
    requirements: &[String],
    cases: &[CaseResult],
    rules: &[RuleResult],
) -> Vec<RequirementResult> {
    let mut covered: BTreeMap<&str, Vec<(String, Outcome)>> = BTreeMap::new();
    for case in cases {
        for id in referred(case) {
            let reference = format!("{NAMESPACE}{id}");
            let outcomes: Vec<_> = checks_for(case, &reference).map(|c| c.outcome).collect();
            let outcome = if outcomes.is_empty() {
                case.outcome
            } else {
                worst(outcomes)
            };
            covered
                .entry(id)
                .or_default()
                .push((case.id.clone(), outcome));
        }
    }
    for rule in rules {
        for id in rule.refs.iter().filter_map(|r| r.strip_prefix(NAMESPACE)) {
            covered
                .entry(id)
                .or_default()
                .push((rule.id.clone(), rule.outcome));
        }
    }
    requirements
        .iter()
        .map(|id| {
            let by = covered.remove(id.as_str()).unwrap_or_default();
            RequirementResult {
                id: id.clone(),
                outcome: settle(by.iter().map(|(_, outcome)| *outcome)),
                covered_by: by.into_iter().map(|(id, _)| id).collect(),
            }
        })
        .collect()
}

/// The requirements that the case or one of its checks refers to, each once.
fn referred(case: &CaseResult) -> Vec<&str> {
    let mut ids: Vec<&str> = case
        .refs
        .iter()
        .chain(case.checks.iter().flat_map(|c| &c.refs))
        .filter_map(|r| r.strip_prefix(NAMESPACE))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// One failure decides; else what was seen to hold; only then what was not evaluated.
fn settle(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    outcomes
        .map(|outcome| match outcome {
            Outcome::Failed | Outcome::Known => (3, Outcome::Failed),
            Outcome::Passed | Outcome::Fixed => (2, Outcome::Passed),
            Outcome::Errored => (1, Outcome::Errored),
            Outcome::Skipped => (0, Outcome::Skipped),
        })
        .max_by_key(|(weight, _)| *weight)
        .map_or(Outcome::Skipped, |(_, outcome)| outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Severity::Violation;
    use crate::verdict::sample::{case, errored, failed, passed, rule};

    #[test]
    fn a_requirement_is_what_its_cases_and_rules_came_to() {
        let about = |id: &str, check, reference: &str| {
            let mut c = case(id, vec![check]);
            c.refs = vec![format!("rfc:{reference}")];
            c
        };
        let mut broken = rule("rules/x", Outcome::Failed);
        broken.refs = vec!["rfc:R5".to_owned()];
        let cases = [
            about("rfc/u/a", passed("s", Violation), "R1"),
            about("rfc/u/b", failed("s", Violation), "R1"),
            about("rfc/u/c", passed("s", Violation), "R2"),
            about("rfc/u/d", errored("s", Violation), "R2"),
            about("rfc/u/e", errored("s", Violation), "R3"),
        ];
        let ids = ["R1", "R2", "R3", "R4", "R5"].map(str::to_owned);
        let rolled: Vec<_> = roll_up(&ids, &cases, &[broken])
            .into_iter()
            .map(|r| (r.id, r.outcome, r.covered_by.join(" ")))
            .collect();
        let expected = [
            ("R1", Outcome::Failed, "rfc/u/a rfc/u/b"),
            ("R2", Outcome::Passed, "rfc/u/c rfc/u/d"),
            ("R3", Outcome::Errored, "rfc/u/e"),
            ("R4", Outcome::Skipped, ""),
            ("R5", Outcome::Failed, "rules/x"),
        ]
        .map(|(id, o, by)| (id.to_owned(), o, by.to_owned()));
        assert_eq!(rolled, expected);
    }
}
