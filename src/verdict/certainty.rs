//! What an uncertain source can prove. A blocker needs evidence that the live identity provider fails (contract, section 1).
//!
//! Two rules. Where it is only inferred that the provider *needs* the answer, a failure is at most a warning. Where it is
//! only inferred what the provider *sends*, the case is written in variants (rows of one case, or flavours of a profile
//! whose flavour is not known): a failure keeps its severity only if every variant fails, else it is at most a warning.

use std::collections::BTreeMap;

use crate::results::{CaseResult, CertaintyLevel, CheckResult, Outcome, Severity};

use super::Frame;

/// Caps the severities of all checks by the certainty of their case.
pub(super) fn cap(cases: &mut [CaseResult], frame: &Frame) {
    for case in cases.iter_mut() {
        if case.certainty.need == CertaintyLevel::Inferred {
            soften_to_warning(
                &mut case.checks,
                "at most a warning: that the provider needs this answer is inferred",
            );
        }
    }
    for members in variants(cases, frame).into_values() {
        if every_variant_fails(&members, cases) || way_is_known(&members, cases, frame) {
            continue;
        }
        let note = if members.len() == 1 {
            "at most a warning: that the provider sends this request is inferred"
        } else {
            "at most a warning: that the provider sends this variant of the request is inferred, and not every variant fails"
        };
        for at in members {
            soften_to_warning(&mut cases[at].checks, note);
        }
    }
}

/// Cases with an inferred shape, grouped by the request that they are variants of: positions in `cases`.
fn variants(cases: &[CaseResult], frame: &Frame) -> BTreeMap<(String, String), Vec<usize>> {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, case) in cases.iter().enumerate() {
        if case.certainty.shape == CertaintyLevel::Inferred {
            let flavour = if frame.is_best_of(&case.profile) {
                String::new()
            } else {
                case.flavour.clone().unwrap_or_default()
            };
            groups
                .entry((case.base_id().to_owned(), flavour))
                .or_default()
                .push(at);
        }
    }
    groups
}

/// The configuration narrowed a profile whose flavour is not known to one: then the lone variant is what the provider sends.
fn way_is_known(members: &[usize], cases: &[CaseResult], frame: &Frame) -> bool {
    members.iter().all(|at| {
        let case = &cases[*at];
        case.flavour.is_some()
            && frame.is_best_of(&case.profile)
            && frame
                .profile(&case.profile)
                .is_some_and(|p| p.flavours.len() == 1)
    })
}

/// At least two variants, and none of them without a failure above a warning.
fn every_variant_fails(members: &[usize], cases: &[CaseResult]) -> bool {
    members.len() > 1
        && members.iter().all(|at| {
            cases[*at]
                .checks
                .iter()
                .any(|c| c.outcome == Outcome::Failed && c.severity > Severity::Warning)
        })
}

fn soften_to_warning(checks: &mut [CheckResult], note: &str) {
    for check in checks.iter_mut().filter(|c| c.severity > Severity::Warning) {
        check.severity = Severity::Warning;
        if check.outcome == Outcome::Failed {
            check.note = note.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Certainty;
    use crate::suite::model::Combine;
    use crate::verdict::sample::{case, failed, frame, passed};

    const SURE: Certainty = Certainty {
        shape: CertaintyLevel::Documented,
        need: CertaintyLevel::Observed,
    };
    const SHAPE_INFERRED: Certainty = Certainty {
        shape: CertaintyLevel::Inferred,
        need: CertaintyLevel::Documented,
    };
    const NEED_INFERRED: Certainty = Certainty {
        shape: CertaintyLevel::Documented,
        need: CertaintyLevel::Inferred,
    };

    fn with(mut c: CaseResult, certainty: Certainty) -> CaseResult {
        c.certainty = certainty;
        c
    }

    fn severities(cases: &[CaseResult]) -> Vec<Severity> {
        cases
            .iter()
            .flat_map(|c| &c.checks)
            .map(|c| c.severity)
            .collect()
    }

    #[test]
    fn certainty_caps_what_a_failure_can_be() {
        use Severity::{Blocker, Warning};
        let fails = |id: &str, row: Option<&str>| {
            let mut c = case(id, vec![failed("a.status", Blocker)]);
            c.row = row.map(str::to_owned);
            c
        };
        let holds = |id: &str, row: &str| {
            let mut c = case(id, vec![passed("a.status", Blocker)]);
            c.row = Some(row.to_owned());
            c
        };
        let table = [
            (
                "a sure source keeps its severity",
                vec![with(fails("okta/u/x.aiw", None), SURE)],
                vec![Blocker],
            ),
            (
                "an inferred need is a warning",
                vec![with(fails("okta/u/x.aiw", None), NEED_INFERRED)],
                vec![Warning],
            ),
            (
                "a lone inferred shape is a warning",
                vec![with(fails("okta/u/x.aiw", None), SHAPE_INFERRED)],
                vec![Warning],
            ),
            (
                "all rows fail",
                vec![
                    with(fails("okta/u/x-one.aiw", Some("one")), SHAPE_INFERRED),
                    with(fails("okta/u/x-two.aiw", Some("two")), SHAPE_INFERRED),
                ],
                vec![Blocker, Blocker],
            ),
            (
                "one row holds",
                vec![
                    with(fails("okta/u/x-one.aiw", Some("one")), SHAPE_INFERRED),
                    with(holds("okta/u/x-two.aiw", "two"), SHAPE_INFERRED),
                ],
                vec![Warning, Warning],
            ),
            (
                "flavours of a worst-of profile are no variants",
                vec![
                    with(fails("okta/u/x.aiw", None), SHAPE_INFERRED),
                    with(fails("okta/u/x.catalogue", None), SHAPE_INFERRED),
                ],
                vec![Warning, Warning],
            ),
            (
                "flavours of a best-of profile are variants",
                vec![
                    with(fails("jumpcloud/u/x.put", None), SHAPE_INFERRED),
                    with(fails("jumpcloud/u/x.patch", None), SHAPE_INFERRED),
                ],
                vec![Blocker, Blocker],
            ),
        ];
        let frame = frame(&[
            ("okta", Combine::Worst, &["aiw", "catalogue"]),
            ("jumpcloud", Combine::Best, &["put", "patch"]),
        ]);
        for (name, mut cases, expected) in table {
            cap(&mut cases, &frame);
            assert_eq!(severities(&cases), expected, "{name}");
        }
    }

    #[test]
    fn a_narrowed_flavour_is_no_guess() {
        let lone = || {
            with(
                case("jumpcloud/u/x.put", vec![failed("s", Severity::Blocker)]),
                SHAPE_INFERRED,
            )
        };
        let mut narrowed = vec![lone()];
        cap(
            &mut narrowed,
            &frame(&[("jumpcloud", Combine::Best, &["put"])]),
        );
        assert_eq!(severities(&narrowed), [Severity::Blocker]);
        let mut open = vec![lone()];
        cap(
            &mut open,
            &frame(&[("jumpcloud", Combine::Best, &["put", "patch"])]),
        );
        assert_eq!(severities(&open), [Severity::Warning]);
    }

    #[test]
    fn the_base_id_has_neither_row_nor_flavour() {
        let mut c = case("okta/u/turn-off-two.aiw", vec![]);
        c.row = Some("two".to_owned());
        assert_eq!(c.base_id(), "okta/u/turn-off");
    }
}
