//! Small cases and checks for the tables of this room's tests.

use std::collections::BTreeMap;

use crate::results::{
    CaseResult, Certainty, CertaintyLevel, CheckResult, Collected, Exchange, ExchangeId, Outcome,
    Policy, RuleResult, Run, Severity, TargetFacts,
};
use crate::suite::model::Combine;

use super::{FlavourFrame, Frame, KnownFailures, ProfileFrame};

/// A core case `PROFILE/SUITE/CASE[.FLAVOUR]` of a sure source.
pub(super) fn case(id: &str, checks: Vec<CheckResult>) -> CaseResult {
    let mut parts = id.split('/');
    let profile = parts.next().unwrap_or_default().to_owned();
    let suite = format!("{profile}/{}", parts.next().unwrap_or_default());
    let flavour = id.rsplit_once('.').map(|(_, f)| f.to_owned());
    let checks: Vec<_> = checks
        .into_iter()
        .map(|mut c| {
            c.id = format!("{id}#{}", c.id);
            c
        })
        .collect();
    CaseResult {
        id: id.to_owned(),
        suite,
        profile,
        flavour,
        row: None,
        title: format!("title of {id}"),
        why: String::new(),
        outcome: super::worst_outcome(&checks).unwrap_or(Outcome::Skipped),
        severity: Severity::Blocker,
        certainty: Certainty {
            shape: CertaintyLevel::Documented,
            need: CertaintyLevel::Documented,
        },
        core: true,
        reason: String::new(),
        skip: None,
        uses: vec![],
        refs: vec![],
        duration_ms: 1.0,
        checks,
        exchanges: vec![],
        load: vec![],
    }
}

/// A check of this outcome; its id is completed by [`case`].
pub(super) fn check(what: &str, outcome: Outcome, severity: Severity) -> CheckResult {
    CheckResult {
        id: what.to_owned(),
        outcome,
        severity,
        refs: vec![],
        message: if outcome == Outcome::Passed {
            String::new()
        } else {
            format!("{what} did not hold")
        },
        expected: String::new(),
        actual: String::new(),
        exchange: None,
        hint: String::new(),
        unstable: false,
        note: String::new(),
        cause: None,
        core: true,
    }
}

/// A check that held.
pub(super) fn passed(what: &str, severity: Severity) -> CheckResult {
    check(what, Outcome::Passed, severity)
}

/// A check that did not hold.
pub(super) fn failed(what: &str, severity: Severity) -> CheckResult {
    check(what, Outcome::Failed, severity)
}

/// A check that could not be evaluated.
pub(super) fn errored(what: &str, severity: Severity) -> CheckResult {
    check(what, Outcome::Errored, severity)
}

/// An answered request.
pub(super) fn exchange(
    id: u32,
    step: &str,
    method: &str,
    operation: &str,
    url: &str,
    status: u16,
) -> Exchange {
    Exchange {
        id: ExchangeId(id),
        step: step.to_owned(),
        method: method.to_owned(),
        url: url.to_owned(),
        request_headers: vec![],
        request_body: None,
        status: Some(status),
        http_version: Some("HTTP/1.1".to_owned()),
        response_headers: vec![],
        response_body: None,
        error: None,
        started_ms: f64::from(id),
        duration_ms: 2.0,
        throttled: 0,
        throttled_blindly: 0,
        repeated: 0,
        operation: operation.to_owned(),
    }
}

/// Profiles with flavours that all count; violations and worse fail the run.
pub(super) fn frame(profiles: &[(&str, Combine, &[&str])]) -> Frame {
    Frame {
        tool: "scimproof 0.0.0".to_owned(),
        profiles: profiles
            .iter()
            .map(|(id, combine, flavours)| ProfileFrame {
                id: (*id).to_owned(),
                title: (*id).to_owned(),
                combine: *combine,
                flavours: flavours
                    .iter()
                    .map(|f| FlavourFrame {
                        id: (*f).to_owned(),
                        counts: true,
                    })
                    .collect(),
            })
            .collect(),
        fail_on: Severity::Violation,
        ..Frame::default()
    }
}

/// A rule that counts for `rfc` only, as a violation.
pub(super) fn rule(id: &str, outcome: Outcome) -> RuleResult {
    RuleResult {
        id: id.to_owned(),
        title: format!("title of {id}"),
        outcome,
        severity: Severity::Violation,
        refs: vec![],
        breaks: vec![],
        judged: 10,
        count: u64::from(outcome == Outcome::Failed),
        message: format!("{id} broken"),
        expected: String::new(),
        actual: String::new(),
        hint: String::new(),
        exchanges: vec![],
        note: String::new(),
    }
}

/// What a runner would hand over.
pub(super) fn collected(cases: Vec<CaseResult>, rules: Vec<RuleResult>) -> Collected {
    Collected {
        run_id: "r1".to_owned(),
        seed: 1,
        facts: TargetFacts {
            base_url: "http://target".to_owned(),
            name: None,
            capabilities: BTreeMap::new(),
            policy: Policy::default(),
            existing_users: None,
            notes: vec![],
        },
        cases,
        rules,
        leftovers: vec![],
        stop: None,
        started: "2026-11-21T10:00:00Z".to_owned(),
        finished: "2026-11-21T10:00:01Z".to_owned(),
        duration_ms: 1000.0,
        requests: 1,
        throttled: 0,
    }
}

/// A run of these cases, without a known-failures file.
pub(super) fn run_of(cases: Vec<CaseResult>, frame: &Frame) -> Run {
    super::judge(collected(cases, vec![]), frame, &KnownFailures::default())
}
