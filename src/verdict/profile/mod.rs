//! The verdict of each profile and flavour, from the checks after policy, certainty and known failures had their say.
//!
//! A known failure still breaks the provider: it fails here. Each flavour is judged on its own cases and on those that are
//! alike in every flavour; the profile is as its worst flavour, or as its best where nobody knows which one the live
//! provider speaks.

mod reasons;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use crate::results::{CaseResult, FlavourVerdict, ProfileResult, RuleResult, Severity, Verdict};
use crate::suite::model::Combine;

use super::frame::{Frame, ProfileFrame};
use standing::Standing;

/// The plain protocol: the one profile in which a violation is as bad as a blocker.
pub(super) const RFC: &str = "rfc";

/// What the verdicts are made from.
struct Evidence<'a> {
    frame: &'a Frame,
    cases: &'a [CaseResult],
    rules: &'a [RuleResult],
    /// Ids of checks whose failure a declared policy excuses.
    excused: &'a BTreeSet<String>,
}

/// The verdicts, one for each profile of the frame and in its order.
pub(super) fn judge_all(
    frame: &Frame,
    cases: &mut [CaseResult],
    rules: &[RuleResult],
    excused: &BTreeSet<String>,
) -> Vec<ProfileResult> {
    let mut judged = Vec::new();
    for profile in &frame.profiles {
        let mut result = judge(
            &Evidence {
                frame,
                cases,
                rules,
                excused,
            },
            profile,
        );
        if profile.combine == Combine::Best && result.verdict != Verdict::NotReady {
            excuse_other_ways(cases, &result);
            (result.blockers, result.warnings) = failures(cases, rules, profile);
        }
        judged.push(result);
    }
    judged
}

/// Where one way of the provider works and nobody knows which way the live one speaks, what fails in the others is at most
/// a warning: it is no evidence that the live provider fails.
fn excuse_other_ways(cases: &mut [CaseResult], result: &ProfileResult) {
    let broken: Vec<&str> = result
        .flavours
        .iter()
        .filter(|f| f.verdict == Verdict::NotReady)
        .map(|f| f.id.as_str())
        .collect();
    for case in cases.iter_mut().filter(|c| c.profile == result.id) {
        if !case.flavour.as_deref().is_some_and(|f| broken.contains(&f)) {
            continue;
        }
        for check in &mut case.checks {
            if check.outcome.is_failure() && check.severity > Severity::Warning {
                check.severity = Severity::Warning;
                if check.note.is_empty() {
                    check.note = format!(
                        "at most a warning: {} works in another of its ways, and which one it uses is not known",
                        result.title
                    );
                }
            }
        }
    }
}

fn judge(evidence: &Evidence<'_>, profile: &ProfileFrame) -> ProfileResult {
    let standings: Vec<(Option<&str>, bool, Standing<'_>)> = if profile.flavours.is_empty() {
        vec![(None, true, Standing::of(evidence, profile, None))]
    } else {
        let any_counts = profile.flavours.iter().any(|f| f.counts);
        profile
            .flavours
            .iter()
            .map(|f| {
                let standing = Standing::of(evidence, profile, Some(&f.id));
                (Some(f.id.as_str()), f.counts || !any_counts, standing)
            })
            .collect()
    };
    let verdict = combine(
        profile.combine,
        standings.iter().filter(|s| s.1).map(|s| s.2.verdict()),
    );
    let (blockers, warnings) = failures(evidence.cases, evidence.rules, profile);
    ProfileResult {
        id: profile.id.clone(),
        title: profile.title.clone(),
        verdict,
        reasons: reasons::of_profile(evidence, profile, verdict, &standings),
        flavours: standings
            .iter()
            .filter_map(|(flavour, _, standing)| {
                Some(FlavourVerdict {
                    id: (*flavour)?.to_owned(),
                    verdict: standing.verdict(),
                    reason: reasons::of_flavour(standing),
                })
            })
            .collect(),
        blockers,
        warnings,
        untested: reasons::untested(evidence, profile),
        counts: counts(evidence, profile),
    }
}

/// Worst or best of the flavours. A flavour that was not played proves nothing: beside others that were, the worst-of
/// profile is not fully tested.
fn combine(combine: Combine, verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let (untested, tested): (Vec<_>, Vec<_>) = verdicts.partition(|v| *v == Verdict::NotTested);
    let folded = match combine {
        Combine::Worst => tested.iter().max(),
        Combine::Best => tested.iter().min(),
    };
    match folded {
        None => Verdict::NotTested,
        Some(verdict) if combine == Combine::Worst && !untested.is_empty() => {
            (*verdict).max(Verdict::NotFullyTested)
        }
        Some(verdict) => *verdict,
    }
}

/// From which severity on a failure makes this profile *not ready*.
fn deciding(profile: &str) -> Severity {
    if profile == RFC {
        Severity::Violation
    } else {
        Severity::Blocker
    }
}

/// Whether a rule counts for the profile.
pub(super) fn rule_counts(rule: &RuleResult, profile: &str) -> bool {
    profile == RFC || rule.breaks.iter().any(|b| b == profile)
}

/// Ids of what failed: what decides, and the rest at warning or above; in plan order, rules last.
fn failures(
    cases: &[CaseResult],
    rules: &[RuleResult],
    profile: &ProfileFrame,
) -> (Vec<String>, Vec<String>) {
    let checks = cases
        .iter()
        .filter(|c| c.profile == profile.id)
        .flat_map(|c| &c.checks)
        .filter(|c| c.outcome.is_failure())
        .map(|c| (c.severity, c.id.clone()));
    let rules = rules
        .iter()
        .filter(|r| r.outcome.is_failure() && rule_counts(r, &profile.id))
        .map(|r| (r.severity, r.id.clone()));
    let (worst, rest): (Vec<_>, Vec<_>) = checks
        .chain(rules)
        .filter(|(severity, _)| *severity >= Severity::Warning)
        .partition(|(severity, _)| *severity >= deciding(&profile.id));
    let ids = |list: Vec<(Severity, String)>| list.into_iter().map(|(_, id)| id).collect();
    (ids(worst), ids(rest))
}

fn counts(evidence: &Evidence<'_>, profile: &ProfileFrame) -> BTreeMap<String, u64> {
    super::count(
        evidence
            .cases
            .iter()
            .filter(|c| c.profile == profile.id)
            .flat_map(super::outcomes_of),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{NotFullyTested, NotReady, NotTested, Ready, ReadyWithWarnings};

    #[test]
    fn flavours_combine_as_the_profile_says() {
        let table: &[(Combine, &[Verdict], Verdict)] = &[
            (Combine::Worst, &[Ready, Ready], Ready),
            (
                Combine::Worst,
                &[Ready, ReadyWithWarnings],
                ReadyWithWarnings,
            ),
            (
                Combine::Worst,
                &[ReadyWithWarnings, NotFullyTested],
                NotFullyTested,
            ),
            (Combine::Worst, &[NotReady, NotFullyTested], NotReady),
            (Combine::Worst, &[Ready, NotTested], NotFullyTested),
            (Combine::Worst, &[NotReady, NotTested], NotReady),
            (Combine::Best, &[Ready, NotReady], Ready),
            (Combine::Best, &[NotFullyTested, NotReady], NotFullyTested),
            (Combine::Best, &[NotReady, NotReady], NotReady),
            (Combine::Best, &[NotTested, NotReady], NotReady),
            (Combine::Worst, &[NotTested], NotTested),
            (Combine::Best, &[], NotTested),
        ];
        for (way, flavours, expected) in table {
            assert_eq!(
                combine(*way, flavours.iter().copied()),
                *expected,
                "{way:?} {flavours:?}"
            );
        }
    }
}
