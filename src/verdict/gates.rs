//! Vendors' own acceptance tests, as they would go. A gate asks for less or more than the RFC; its result says what the gate
//! would say, so it is folded from the checks as written, before policy and certainty soften them.

use std::collections::BTreeMap;

use crate::data::gates::{Judged, Step};
use crate::results::{CaseResult, GateResult, GateStepResult, Outcome, Severity};

use super::Frame;
use super::evidence::{checks_for, names};
use super::frame::GateFrame;

/// The gates of the profiles that were played.
pub(super) fn roll_up(frame: &Frame, cases: &[CaseResult]) -> Vec<GateResult> {
    frame
        .gates
        .iter()
        .filter(|gate| frame.profile(gate.gate.profile).is_some())
        .map(|gate| roll_up_one(gate, frame, cases))
        .collect()
}

fn roll_up_one(gate: &GateFrame, frame: &Frame, cases: &[CaseResult]) -> GateResult {
    let steps: Vec<_> = gate
        .steps
        .iter()
        .map(|step| judge_step(step, frame.is_best_of(gate.gate.profile), cases))
        .collect();
    let with = |outcome: Outcome| steps.iter().filter(|s| s.outcome == outcome).count() as u32;
    GateResult {
        id: gate.gate.id.to_owned(),
        title: gate.gate.title.to_owned(),
        passed: with(Outcome::Passed),
        judged: with(Outcome::Passed) + with(Outcome::Failed),
        steps_total: steps.len() as u32,
        steps,
    }
}

fn judge_step(step: &Step, best_of: bool, cases: &[CaseResult]) -> GateStepResult {
    let reference = format!("gate:{}", step.id);
    let about: Vec<_> = cases
        .iter()
        .filter(|case| names(case, &reference))
        .collect();
    let (outcome, basis) = if step.judged == Judged::NotJudged {
        (Outcome::Skipped, vec![not_judged(step)])
    } else if about.is_empty() {
        (
            Outcome::Skipped,
            vec!["no case of this run plays it".to_owned()],
        )
    } else {
        decide(&reference, best_of, &about)
    };
    GateStepResult {
        id: step.id.to_owned(),
        title: step.title.to_owned(),
        category: step.category.as_str().to_owned(),
        outcome,
        by_effect: step.judged == Judged::Effect,
        basis,
    }
}

fn not_judged(step: &Step) -> String {
    if step.note.is_empty() {
        "cannot be judged without the vendor".to_owned()
    } else {
        format!("cannot be judged without the vendor: {}", step.note)
    }
}

/// What one flavour's checks came to.
#[derive(Default)]
struct Tally {
    passed: Vec<String>,
    failed: Vec<String>,
    errored: Vec<String>,
}

/// Flavours are judged apart. The step fails where one of them fails; in a profile whose flavour is not known, where all do.
fn decide(reference: &str, best_of: bool, about: &[&CaseResult]) -> (Outcome, Vec<String>) {
    let mut flavours: BTreeMap<Option<&str>, Tally> = BTreeMap::new();
    for case in about {
        let tally = flavours.entry(case.flavour.as_deref()).or_default();
        for check in checks_for(case, reference) {
            match check.outcome {
                Outcome::Passed | Outcome::Fixed => tally.passed.push(check.id.clone()),
                // Notes are no failures, but where the check itself, and not its case, is said to be what the gate asks for:
                // a lawful choice that the gate alone refuses.
                Outcome::Failed | Outcome::Known
                    if check.severity == Severity::Info
                        && case.refs.iter().any(|r| r == reference) =>
                {
                    tally.passed.push(check.id.clone());
                }
                Outcome::Failed | Outcome::Known => tally.failed.push(check.id.clone()),
                Outcome::Errored => tally.errored.push(check.id.clone()),
                Outcome::Skipped => {}
            }
        }
    }
    let alike_fails = flavours.get(&None).is_some_and(|t| !t.failed.is_empty());
    let some_flavour_passes = flavours
        .values()
        .any(|t| t.failed.is_empty() && t.errored.is_empty() && !t.passed.is_empty());
    let excused = best_of && some_flavour_passes && !alike_fails;
    let all = |list: fn(&Tally) -> &Vec<String>| -> Vec<String> {
        flavours.values().flat_map(list).cloned().collect()
    };
    let failed = all(|t| &t.failed);
    let errored = all(|t| &t.errored);
    let passed = all(|t| &t.passed);
    if !failed.is_empty() && !excused {
        (Outcome::Failed, failed)
    } else if !errored.is_empty() && !excused {
        (Outcome::Errored, errored)
    } else if !passed.is_empty() {
        (Outcome::Passed, passed)
    } else {
        (Outcome::Skipped, reasons(about))
    }
}

fn reasons(about: &[&CaseResult]) -> Vec<String> {
    about
        .iter()
        .map(|case| format!("{} was not played: {}", case.id, case.reason))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::gates::{Category, Gate};
    use crate::suite::model::Combine;
    use crate::verdict::sample::{case, errored, failed, frame, passed};

    fn gate(profile: &'static str, judged: &[Judged]) -> GateFrame {
        const IDS: [&str; 4] = ["gate/1", "gate/2", "gate/3", "gate/4"];
        GateFrame {
            gate: Gate {
                id: "gate",
                title: "Gate",
                profile,
            },
            steps: IDS
                .iter()
                .zip(judged)
                .map(|(id, judged)| Step {
                    id,
                    title: "a step",
                    category: Category::Mandatory,
                    judged: *judged,
                    asserts: "",
                    note: "needs a tenant",
                })
                .collect(),
        }
    }

    fn about(mut c: CaseResult, step: &str) -> CaseResult {
        c.refs = vec![format!("gate:gate/{step}")];
        for check in &mut c.checks {
            check.refs.clone_from(&c.refs);
        }
        c
    }

    #[test]
    fn a_note_fails_the_gate_that_it_alone_is_about() {
        let mut own = about(
            case("okta/u/a", vec![failed("a.status", Severity::Info)]),
            "1",
        );
        own.refs.clear();
        let gate = |cases: &[CaseResult]| {
            decide("gate:gate/1", false, &cases.iter().collect::<Vec<_>>()).0
        };
        assert_eq!(gate(std::slice::from_ref(&own)), Outcome::Failed);
        own.refs = own.checks[0].refs.clone();
        assert_eq!(
            gate(&[own]),
            Outcome::Passed,
            "what the case is about is told by its other checks"
        );
    }

    #[test]
    fn a_step_is_judged_by_the_cases_that_name_it() {
        use Severity::{Blocker, Info, Warning};
        let ok = || passed("a.status", Blocker);
        let bad = |severity| failed("a.status", severity);
        let entra = |f: &str, check| about(case(&format!("entra/u/a.{f}"), vec![check]), "1");
        let jumpcloud =
            |f: &str, check| about(case(&format!("jumpcloud/u/a.{f}"), vec![check]), "1");
        let table = [
            (
                "held",
                "entra",
                vec![entra("legacy", ok())],
                Outcome::Passed,
            ),
            (
                "one flavour fails",
                "entra",
                vec![entra("legacy", ok()), entra("flag", bad(Blocker))],
                Outcome::Failed,
            ),
            (
                "a warning fails a gate",
                "entra",
                vec![entra("legacy", bad(Warning))],
                Outcome::Failed,
            ),
            (
                "a note does not",
                "entra",
                vec![entra("legacy", bad(Info))],
                Outcome::Passed,
            ),
            (
                "could not be evaluated",
                "entra",
                vec![entra("legacy", errored("a", Blocker))],
                Outcome::Errored,
            ),
            (
                "best of: one flavour fails",
                "jumpcloud",
                vec![jumpcloud("put", ok()), jumpcloud("patch", bad(Blocker))],
                Outcome::Passed,
            ),
            (
                "best of: both fail",
                "jumpcloud",
                vec![
                    jumpcloud("put", bad(Blocker)),
                    jumpcloud("patch", bad(Blocker)),
                ],
                Outcome::Failed,
            ),
            ("nobody plays it", "entra", vec![], Outcome::Skipped),
            (
                "its case was skipped",
                "entra",
                vec![about(case("entra/u/a.flag", vec![]), "1")],
                Outcome::Skipped,
            ),
        ];
        for (name, profile, cases, expected) in table {
            let mut frame = frame(&[
                ("entra", Combine::Worst, &["legacy", "flag"]),
                ("jumpcloud", Combine::Best, &["put", "patch"]),
            ]);
            frame.gates = vec![gate(profile, &[Judged::Offline])];
            let rolled = roll_up(&frame, &cases);
            assert_eq!(rolled[0].steps[0].outcome, expected, "{name}");
            assert!(
                !rolled[0].steps[0].basis.is_empty(),
                "{name}: says on what it rests"
            );
        }
    }

    #[test]
    fn figures_count_only_what_was_judged() {
        let mut frame = frame(&[("entra", Combine::Worst, &["flag"])]);
        frame.gates = vec![
            gate(
                "entra",
                &[
                    Judged::Offline,
                    Judged::Effect,
                    Judged::NotJudged,
                    Judged::Offline,
                ],
            ),
            gate("okta", &[Judged::Offline]),
        ];
        let rolled = roll_up(
            &frame,
            &[
                about(
                    case("entra/u/a.flag", vec![passed("s", Severity::Blocker)]),
                    "1",
                ),
                about(
                    case("entra/u/b.flag", vec![failed("s", Severity::Blocker)]),
                    "2",
                ),
                about(
                    case("entra/u/c.flag", vec![passed("s", Severity::Blocker)]),
                    "3",
                ),
            ],
        );
        assert_eq!(
            rolled.len(),
            1,
            "gates of profiles that were not played are left out"
        );
        let g = &rolled[0];
        assert_eq!((g.passed, g.judged, g.steps_total), (1, 2, 4));
        assert!(g.steps[1].by_effect);
        assert_eq!(
            g.steps[2].basis,
            ["cannot be judged without the vendor: needs a tenant"]
        );
    }
}
