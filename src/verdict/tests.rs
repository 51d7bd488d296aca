//! The contract's rules for verdicts, as tables over whole runs.

use super::sample::{case, check, collected, errored, failed, frame, passed, rule};
use super::*;
use crate::results::Severity::{Blocker, Info, Violation, Warning};
use crate::results::Verdict::{NotFullyTested, NotReady, NotTested, Ready, ReadyWithWarnings};
use crate::results::{Policy, ProfileResult, SkipKind, Verdict};
use crate::suite::model::Combine;

fn okta_frame() -> Frame {
    frame(&[("okta", Combine::Worst, &["aiw", "catalogue"])])
}

fn jumpcloud_frame() -> Frame {
    frame(&[("jumpcloud", Combine::Best, &["put", "patch"])])
}

fn rfc_frame() -> Frame {
    frame(&[("rfc", Combine::Worst, &[])])
}

fn judged(frame: &Frame, cases: Vec<CaseResult>, rules: Vec<RuleResult>) -> ProfileResult {
    judge(collected(cases, rules), frame, &KnownFailures::default())
        .profiles
        .remove(0)
}

/// A case that was not played.
fn skipped(id: &str, kind: Option<SkipKind>, core: bool) -> CaseResult {
    let mut c = case(id, vec![]);
    c.skip = kind;
    c.core = core;
    c.reason = "the reason".to_owned();
    c
}

fn not_core(mut c: CaseResult) -> CaseResult {
    c.core = false;
    c.checks.iter_mut().for_each(|check| check.core = false);
    c
}

fn ok(flavour: &str) -> CaseResult {
    case(
        &format!("okta/u/ok.{flavour}"),
        vec![passed("s.status", Blocker)],
    )
}

#[test]
fn a_flavours_verdict_follows_the_contract() {
    let table: Vec<(&str, CaseResult, Verdict)> = vec![
        (
            "a blocker",
            case("okta/u/x.aiw", vec![failed("s", Blocker)]),
            NotReady,
        ),
        (
            "a known blocker still breaks the provider",
            case("okta/u/x.aiw", vec![check("s", Outcome::Known, Blocker)]),
            NotReady,
        ),
        (
            "a blocker that is no core check",
            not_core(case("okta/u/x.aiw", vec![failed("s", Blocker)])),
            NotReady,
        ),
        (
            "a violation",
            case("okta/u/x.aiw", vec![failed("s", Violation)]),
            ReadyWithWarnings,
        ),
        (
            "a warning",
            case("okta/u/x.aiw", vec![failed("s", Warning)]),
            ReadyWithWarnings,
        ),
        (
            "a note",
            case("okta/u/x.aiw", vec![failed("s", Info)]),
            Ready,
        ),
        (
            "an errored core check",
            case("okta/u/x.aiw", vec![errored("s", Warning)]),
            NotFullyTested,
        ),
        (
            "an errored blocker",
            not_core(case("okta/u/x.aiw", vec![errored("s", Blocker)])),
            NotFullyTested,
        ),
        (
            "an errored warning that is no core check",
            not_core(case("okta/u/x.aiw", vec![errored("s", Warning)])),
            Ready,
        ),
        (
            "a core case left out by --skip",
            skipped("okta/u/x.aiw", Some(SkipKind::Requested), true),
            NotFullyTested,
        ),
        (
            "a blocker left out by --skip",
            skipped("okta/u/x.aiw", Some(SkipKind::Requested), false),
            NotFullyTested,
        ),
        (
            "a core case out of time",
            skipped("okta/u/x.aiw", Some(SkipKind::Unreached), true),
            NotFullyTested,
        ),
        (
            "a core case skipped for no known reason",
            skipped("okta/u/x.aiw", None, true),
            NotFullyTested,
        ),
        (
            "a core feature that policy leaves out",
            skipped("okta/u/x.aiw", Some(SkipKind::Policy), true),
            ReadyWithWarnings,
        ),
        (
            "another feature that policy leaves out",
            skipped("okta/u/x.aiw", Some(SkipKind::Policy), false),
            Ready,
        ),
        (
            "an optional credential that is not given",
            skipped("okta/u/x.aiw", Some(SkipKind::Optional), true),
            Ready,
        ),
        (
            "everything held",
            case("okta/u/x.aiw", vec![passed("s", Blocker)]),
            Ready,
        ),
        (
            "fixed",
            case("okta/u/x.aiw", vec![check("s", Outcome::Fixed, Blocker)]),
            Ready,
        ),
    ];
    for (name, one, expected) in table {
        let profile = judged(&okta_frame(), vec![ok("aiw"), ok("catalogue"), one], vec![]);
        let verdicts: Vec<_> = profile.flavours.iter().map(|f| f.verdict).collect();
        assert_eq!(verdicts, [expected, Ready], "{name}");
        assert_eq!(
            profile.verdict, expected,
            "{name}: the profile is as its worst flavour"
        );
        assert!(!profile.reasons.is_empty(), "{name}: a verdict says why");
        assert_eq!(profile.blockers.is_empty(), expected != NotReady, "{name}");
    }
}

#[test]
fn what_is_alike_in_every_flavour_counts_for_each() {
    let profile = judged(
        &okta_frame(),
        vec![
            ok("aiw"),
            ok("catalogue"),
            case("okta/u/x", vec![failed("s", Blocker)]),
        ],
        vec![],
    );
    assert!(profile.flavours.iter().all(|f| f.verdict == NotReady));
}

#[test]
fn a_run_that_tested_little_is_never_ready() {
    let nothing_core = judged(
        &okta_frame(),
        vec![not_core(ok("aiw")), not_core(ok("catalogue"))],
        vec![],
    );
    assert_eq!(nothing_core.verdict, NotFullyTested);
    let nothing = judged(&okta_frame(), vec![], vec![]);
    assert_eq!(nothing.verdict, NotTested);
    let all_skipped = judged(
        &okta_frame(),
        vec![skipped("okta/u/x.aiw", Some(SkipKind::Requested), true)],
        vec![],
    );
    assert_eq!(all_skipped.verdict, NotTested);
    let all_errored = judged(
        &okta_frame(),
        vec![
            case("okta/u/x.aiw", vec![errored("s", Blocker)]),
            case("okta/u/x.catalogue", vec![errored("s", Blocker)]),
        ],
        vec![],
    );
    assert_eq!(all_errored.verdict, NotFullyTested);
    let mut narrowed = okta_frame();
    narrowed.unselected = vec![Unselected {
        id: "okta/u/other.aiw".to_owned(),
        profile: "okta".to_owned(),
        flavour: Some("aiw".to_owned()),
        title: "another core case".to_owned(),
    }];
    let selected = judged(&narrowed, vec![ok("aiw"), ok("catalogue")], vec![]);
    let verdicts: Vec<_> = selected.flavours.iter().map(|f| f.verdict).collect();
    assert_eq!(verdicts, [NotFullyTested, Ready]);
    assert!(
        selected
            .untested
            .iter()
            .any(|u| u.contains("okta/u/other.aiw"))
    );
}

#[test]
fn in_rfc_a_violation_is_not_ready_and_a_missing_capability_changes_nothing() {
    let table = [
        (case("rfc/u/x", vec![failed("s", Violation)]), NotReady),
        (
            case("rfc/u/x", vec![failed("s", Warning)]),
            ReadyWithWarnings,
        ),
        (skipped("rfc/u/x", Some(SkipKind::Capability), true), Ready),
    ];
    for (one, expected) in table {
        let profile = judged(
            &rfc_frame(),
            vec![case("rfc/u/ok", vec![passed("s", Violation)]), one],
            vec![],
        );
        assert_eq!(profile.verdict, expected);
    }
}

#[test]
fn a_rule_counts_for_rfc_and_for_the_providers_that_it_breaks() {
    let mut breaks_okta = rule("rules/x", Outcome::Failed);
    breaks_okta.severity = Blocker;
    breaks_okta.breaks = vec!["okta".to_owned()];
    let cases = || vec![ok("aiw"), ok("catalogue")];
    assert_eq!(
        judged(&okta_frame(), cases(), vec![breaks_okta]).verdict,
        NotReady
    );
    let run = judge(
        collected(cases(), vec![rule("rules/x", Outcome::Failed)]),
        &okta_frame(),
        &KnownFailures::default(),
    );
    assert_eq!(
        run.profiles[0].verdict, Ready,
        "the rule breaks nobody who was played"
    );
    assert_eq!(
        (run.rules[0].severity, run.summary.exit_code),
        (Info, CLEAN)
    );
    assert!(!run.rules[0].note.is_empty());
    let rfc = judged(
        &rfc_frame(),
        vec![case("rfc/u/ok", vec![passed("s", Violation)])],
        vec![rule("rules/x", Outcome::Failed)],
    );
    assert_eq!(
        (rfc.verdict, rfc.blockers),
        (NotReady, vec!["rules/x".to_owned()])
    );
}

#[test]
fn one_working_way_excuses_the_other_where_the_way_is_not_known() {
    let run = |put: CheckResult, patch: CheckResult| {
        judge(
            collected(
                vec![
                    case("jumpcloud/u/x.put", vec![put]),
                    case("jumpcloud/u/x.patch", vec![patch]),
                ],
                vec![],
            ),
            &jumpcloud_frame(),
            &KnownFailures::default(),
        )
    };
    let one = run(passed("s", Blocker), failed("s", Blocker));
    let profile = &one.profiles[0];
    assert_eq!(profile.verdict, Ready);
    assert_eq!(
        profile.flavours[1].verdict, NotReady,
        "the flavour's own verdict stays honest"
    );
    assert!(profile.blockers.is_empty());
    assert_eq!(profile.warnings, ["jumpcloud/u/x.patch#s"]);
    assert_eq!(one.cases[1].checks[0].severity, Warning);
    assert_eq!(one.summary.exit_code, CLEAN);
    assert!(
        profile.reasons.iter().any(|r| r.contains("`patch`")),
        "{:?}",
        profile.reasons
    );

    let both = run(failed("s", Blocker), failed("s", Blocker));
    assert_eq!(both.profiles[0].verdict, NotReady);
    assert_eq!(both.profiles[0].blockers.len(), 2);
    assert_eq!(both.summary.exit_code, FAILED);
}

#[test]
fn reasons_begin_with_what_breaks_and_name_each_case_once() {
    let mut aiw = case(
        "okta/u/x.aiw",
        vec![failed("s", Blocker), failed("t", Blocker)],
    );
    aiw.title = "a person who is turned off is locked out".to_owned();
    aiw.why = "Disabling a person in Okta leaves their access open".to_owned();
    let mut catalogue = case("okta/u/x.catalogue", vec![failed("s", Blocker)]);
    catalogue.title.clone_from(&aiw.title);
    let profile = judged(
        &okta_frame(),
        vec![aiw, catalogue, skipped("okta/u/y.aiw", None, true)],
        vec![],
    );
    assert_eq!(
        profile.reasons,
        [
            "Broken: a person who is turned off is locked out. Disabling a person in Okta leaves their access open. Seen: s did not hold.",
            "Not evaluated: title of okta/u/y.aiw (the reason).",
        ]
    );
    assert_eq!(
        profile.flavours[0].reason,
        "One thing would break it: a person who is turned off is locked out."
    );
}

#[test]
fn a_declared_policy_excuses_but_never_makes_ready() {
    use super::sample::exchange;
    use crate::results::ExchangeId;
    let story = |policy: Policy| {
        let mut gone = failed("get.status", Blocker);
        gone.exchange = Some(ExchangeId(2));
        let mut c = case(
            "okta/u/x.aiw",
            vec![passed("disable.status", Blocker), gone],
        );
        c.uses = vec!["deactivation".to_owned()];
        c.refs = vec!["gate:okta-crud/8".to_owned()];
        c.checks[1].refs.clone_from(&c.refs);
        c.exchanges = vec![
            exchange(
                1,
                "disable",
                "PATCH",
                "PATCH /Users/{id}",
                "http://t/Users/1",
                204,
            ),
            exchange(2, "get", "GET", "GET /Users/{id}", "http://t/Users/1", 404),
        ];
        let mut collected = collected(vec![ok("aiw"), ok("catalogue"), c], vec![]);
        collected.facts.policy = policy;
        judge(collected, &okta_frame(), &KnownFailures::default())
    };
    let declared = story(Policy {
        deactivation: Some("remove".to_owned()),
        ..Policy::default()
    });
    assert_eq!(declared.profiles[0].verdict, ReadyWithWarnings);
    assert_eq!(declared.summary.exit_code, CLEAN);
    let undeclared = story(Policy::default());
    assert_eq!(undeclared.profiles[0].verdict, NotReady);
    assert_eq!(undeclared.summary.exit_code, FAILED);
    for run in [declared, undeclared] {
        let crud = run
            .gates
            .iter()
            .find(|g| g.id == "okta-crud")
            .expect("a gate of Okta");
        assert_eq!(
            (crud.passed, crud.judged),
            (0, 1),
            "the vendor's test knows no policy"
        );
    }
}

#[test]
fn a_stopped_run_keeps_its_reason_and_code() {
    use crate::results::{Stop, StopReason};
    let mut untestable = collected(vec![], vec![]);
    untestable.stop = Some(Stop {
        reason: StopReason::Untestable,
        message: "nobody listens".to_owned(),
    });
    let run = judge(untestable, &okta_frame(), &KnownFailures::default());
    assert_eq!(
        (run.summary.exit_code, run.profiles[0].verdict),
        (UNTESTABLE, NotTested)
    );
}
