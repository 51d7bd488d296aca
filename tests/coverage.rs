//! Nothing that the project's own lists name is forgotten: each normative sentence, each quirk of an identity provider and each
//! step of a vendor's test that can be judged has a case or a rule that cites it, or a reason why it has none.

use std::collections::BTreeSet;
use std::path::Path;

use scimproof::data::gates::{self, Judged};
use scimproof::data::{Reference, quirks, requirements};
use scimproof::rules;
use scimproof::suite::{self, Library};

/// The suites as they are on disk. Where they don't load, `tests/suites.rs` says why.
fn library() -> Library {
    suite::only_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("suites"))
        .expect("tests/suites.rs shows what is wrong with a suite")
}

/// What the cases of these profiles cite (all where none is named), and what rules cite.
fn cited(library: &Library, profile: Option<&str>) -> BTreeSet<String> {
    let cases = library
        .suites
        .iter()
        .filter(|suite| profile.is_none_or(|profile| suite.profile == profile))
        .flat_map(|suite| &suite.cases)
        .flat_map(|case| case.cited().map(str::to_owned).collect::<Vec<_>>());
    let rules = rules::all()
        .into_iter()
        .flat_map(|rule| rule.refs.iter().map(|reference| (*reference).to_owned()));
    cases.chain(rules).collect()
}

/// What a profile lists as not covered.
fn excused(library: &Library, profile: &str) -> BTreeSet<String> {
    library
        .not_covered
        .iter()
        .filter(|gap| gap.profile == profile && !gap.reason.trim().is_empty())
        .map(|gap| gap.reference.clone())
        .collect()
}

#[test]
fn every_requirement_of_a_provider_is_covered_or_has_its_reason() {
    let library = library();
    let (cited, excused) = (cited(&library, Some("rfc")), excused(&library, "rfc"));
    let mut judged = 0;
    let missing: Vec<String> = requirements::all()
        .iter()
        .filter(|row| row.binds_provider())
        .filter(|row| {
            ["7643-", "7644-", "9865-"]
                .iter()
                .any(|rfc| row.id.starts_with(rfc))
        })
        .inspect(|_| judged += 1)
        .map(|row| (format!("rfc:{}", row.id), row.requirement))
        .filter(|(id, _)| !cited.contains(id) && !excused.contains(id))
        .map(|(id, text)| format!("{id}: {text}"))
        .collect();
    assert!(judged > 500, "the list of requirements shrank to {judged}");
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "neither covered nor excused in suites/rfc/not-covered.yaml"
    );
}

#[test]
fn every_quirk_is_covered_by_its_profile_or_has_its_reason() {
    let library = library();
    let mut missing = Vec::new();
    for profile in quirks::profiles() {
        let (cited, excused) = (cited(&library, Some(profile)), excused(&library, profile));
        assert!(quirks::of(profile).count() > 0, "{profile} has no quirks");
        missing.extend(
            quirks::of(profile)
                .map(|quirk| format!("quirk:{}", quirk.id))
                .filter(|id| !cited.contains(id) && !excused.contains(id)),
        );
    }
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "neither covered nor excused in suites/PROFILE/not-covered.yaml"
    );
}

#[test]
fn every_step_of_a_gate_that_can_be_judged_has_a_case() {
    let library = library();
    let mut missing = Vec::new();
    for gate in gates::all() {
        let (cited, excused) = (
            cited(&library, Some(gate.profile)),
            excused(&library, gate.profile),
        );
        missing.extend(
            gate.steps()
                .filter(|step| step.judged != Judged::NotJudged)
                .map(|step| format!("gate:{}", step.id))
                .filter(|id| !cited.contains(id) && !excused.contains(id)),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn what_is_excused_is_not_covered() {
    let library = library();
    for gap in &library.not_covered {
        let profile = (gap.profile != "rfc").then_some(gap.profile.as_str());
        assert!(
            !cited(&library, profile.or(Some("rfc"))).contains(&gap.reference),
            "{} is covered: take it out of suites/{}/not-covered.yaml",
            gap.reference,
            gap.profile
        );
        assert!(gap.reason.len() >= 10, "{} has no reason", gap.reference);
    }
}

#[test]
fn every_reference_names_something() {
    for reference in cited(&library(), None) {
        let parsed: Result<Reference, _> = reference.parse();
        assert!(
            parsed.is_ok_and(|parsed| parsed.resolve().is_some()),
            "{reference} names nothing"
        );
    }
}
