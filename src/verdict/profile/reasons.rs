//! The verdict in words that somebody understands who never saw a SCIM request.

use crate::results::{Outcome, Verdict};

use super::standing::{Failure, Gap, Standing};
use super::{Evidence, ProfileFrame};

/// A flavour's verdict in one sentence.
pub(super) fn of_flavour(standing: &Standing<'_>) -> String {
    match standing.verdict() {
        Verdict::Ready => all_held(standing.core_evaluated),
        Verdict::NotReady => first_and_count(standing.blockers(), "would break it"),
        Verdict::NotFullyTested if standing.gaps.is_empty() => {
            "None of its core cases was played.".to_owned()
        }
        Verdict::NotFullyTested => gap_sentence(&standing.gaps),
        Verdict::ReadyWithWarnings if standing.failures.is_empty() => {
            left_out_sentence(&standing.left_out)
        }
        Verdict::ReadyWithWarnings => first_and_count(standing.warnings(), "should be looked at"),
        Verdict::NotTested => "Nothing of it was tested.".to_owned(),
    }
}

fn all_held(core: usize) -> String {
    if core == 1 {
        "Its one core case was played and held.".to_owned()
    } else {
        format!("All {core} core cases were played and held.")
    }
}

fn first_and_count<'a, 'b: 'a>(
    failures: impl Iterator<Item = &'a Failure<'b>>,
    what: &str,
) -> String {
    let titles = titles(failures);
    match titles.as_slice() {
        [] => String::new(),
        [title] => format!("One thing {what}: {title}."),
        [title, ..] => format!("{} things {what}, the first: {title}.", titles.len()),
    }
}

/// What the failures are about, each case once.
fn titles<'a, 'b: 'a>(failures: impl Iterator<Item = &'a Failure<'b>>) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for failure in failures {
        let title = match failure {
            Failure::Check(case, _) => &case.title,
            Failure::Rule(rule) => &rule.title,
        };
        if !titles.contains(title) {
            titles.push(title.clone());
        }
    }
    titles
}

/// A profile's reasons: what breaks it, then what is not known, then what was left out, then what to look at.
pub(super) fn of_profile(
    evidence: &Evidence<'_>,
    profile: &ProfileFrame,
    verdict: Verdict,
    standings: &[(Option<&str>, bool, Standing<'_>)],
) -> Vec<String> {
    if verdict == Verdict::NotTested {
        return vec!["Nothing of it was tested.".to_owned()];
    }
    let mut reasons = Vec::new();
    if verdict == Verdict::NotReady {
        reasons.extend(broken(standings));
    }
    for (flavour, counts, standing) in standings {
        let Some(flavour) = flavour else { continue };
        let own = standing.verdict();
        if own != verdict && *counts && evidence.frame.is_best_of(&profile.id) {
            reasons.push(format!(
                "Which of its ways {} uses is not known. As `{flavour}` it is {}: {}",
                profile.title,
                own.words(),
                of_flavour(standing)
            ));
        }
    }
    let gaps = merged(standings.iter().map(|s| &s.2.gaps));
    if !gaps.is_empty() {
        reasons.push(gap_sentence(&gaps));
    } else if verdict == Verdict::NotFullyTested {
        reasons.push("None of the core cases was played.".to_owned());
    }
    let left_out = merged(standings.iter().map(|s| &s.2.left_out));
    if !left_out.is_empty() {
        reasons.push(left_out_sentence(&left_out));
    }
    let warnings = titles(standings.iter().flat_map(|s| s.2.warnings()));
    match warnings.as_slice() {
        [] => {}
        [title] => reasons.push(format!("To look at: {title}.")),
        [title, ..] => reasons.push(format!(
            "To look at: {} things, the first: {title}.",
            warnings.len()
        )),
    }
    if verdict == Verdict::Ready {
        let core: usize = standings
            .iter()
            .map(|s| s.2.core_evaluated)
            .max()
            .unwrap_or_default();
        reasons.push(all_held(core));
    }
    reasons
}

/// One sentence or two for each case that breaks the provider, flavours and rows taken together.
fn broken(standings: &[(Option<&str>, bool, Standing<'_>)]) -> Vec<String> {
    let mut seen: Vec<&str> = Vec::new();
    let mut sentences = Vec::new();
    for failure in standings.iter().flat_map(|s| s.2.blockers()) {
        let (key, sentence) = match failure {
            Failure::Check(case, check) => (
                case.base_id(),
                sentence(&case.title, &case.why, &check.message),
            ),
            Failure::Rule(rule) => (rule.id.as_str(), sentence(&rule.title, "", &rule.message)),
        };
        if !seen.contains(&key) {
            seen.push(key);
            sentences.push(sentence);
        }
    }
    sentences
}

/// `Broken: WHAT SHOULD BE. WHO BREAKS. (WHAT WAS SEEN)`
fn sentence(title: &str, why: &str, message: &str) -> String {
    let mut sentence = format!("Broken: {}.", title.trim_end_matches('.'));
    if !why.is_empty() {
        sentence = format!("{sentence} {}", ended(why));
    }
    if !message.is_empty() {
        sentence = format!("{sentence} Seen: {}", ended(message));
    }
    sentence
}

fn ended(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn merged<'a>(lists: impl Iterator<Item = &'a Vec<Gap>>) -> Vec<Gap> {
    let mut merged: Vec<Gap> = Vec::new();
    for gap in lists.flatten() {
        if !merged.contains(gap) {
            merged.push(gap.clone());
        }
    }
    merged
}

fn gap_sentence(gaps: &[Gap]) -> String {
    match gaps {
        [] => String::new(),
        [gap] => format!("Not evaluated: {} ({}).", gap.title, gap.reason),
        [gap, ..] => format!(
            "Not evaluated: {} things that a verdict needs, the first: {} ({}).",
            gaps.len(),
            gap.title,
            gap.reason
        ),
    }
}

fn left_out_sentence(left_out: &[Gap]) -> String {
    match left_out {
        [] => String::new(),
        [gap] => format!("Left out on purpose: {} ({}).", gap.title, gap.reason),
        [gap, ..] => format!(
            "Left out on purpose: {} core features, the first: {} ({}).",
            left_out.len(),
            gap.title,
            gap.reason
        ),
    }
}

/// What was not tested, each with its reason, in plan order; the selection last, as one line.
pub(super) fn untested(evidence: &Evidence<'_>, profile: &ProfileFrame) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for case in evidence.cases.iter().filter(|c| c.profile == profile.id) {
        match case.outcome {
            Outcome::Skipped => lines.push(format!("{}: {}", case.id, case.reason)),
            Outcome::Errored if case.checks.is_empty() => {
                lines.push(format!("{}: could not be played: {}", case.id, case.reason));
            }
            Outcome::Errored => lines.push(format!("{}: could not be evaluated", case.id)),
            Outcome::Passed | Outcome::Failed | Outcome::Known | Outcome::Fixed => {}
        }
    }
    let outside: Vec<_> = evidence
        .frame
        .unselected
        .iter()
        .filter(|u| u.profile == profile.id)
        .collect();
    if let Some(first) = outside.first() {
        lines.push(format!(
            "{} core cases are outside this run's selection, such as {}",
            outside.len(),
            first.id
        ));
    }
    lines
}
