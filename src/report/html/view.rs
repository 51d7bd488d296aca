//! What the page shows, as plain text ready for the template: nothing is decided there.

use askama::Template;

use crate::report::finding::findings;
use crate::report::text::{counted, cut, visible};
use crate::results::{ProfileResult, Run, Verdict};

use super::LINE;
use super::findings::{FindingView, finding};
use super::tables::{
    CoverageView, GateView, MappingView, RuleView, SuiteView, TimingView, coverage, gate, mapping,
    rules, suites, timing,
};

/// Reasons of a verdict that a card shows without being asked.
const REASONS: usize = 3;

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    style: &'static str,
    script: &'static str,
    target: String,
    started: String,
    tool: String,
    run_id: String,
    seed: u64,
    requests: String,
    seconds: String,
    exit_code: u8,
    stop: Option<String>,
    cards: Vec<Card>,
    findings: Vec<FindingView>,
    untested: Vec<(String, Vec<String>)>,
    gates: Vec<GateView>,
    mapping: Vec<(String, Vec<MappingView>)>,
    suites: Vec<SuiteView>,
    rules: Vec<RuleView>,
    coverage: Vec<CoverageView>,
    timing: Vec<TimingView>,
    load: Vec<String>,
}

struct Card {
    id: String,
    class: &'static str,
    title: String,
    verdict: &'static str,
    flavours: Vec<(String, &'static str, String)>,
    reasons: Vec<String>,
    /// Those that a card folds away, so that all verdicts are on one screen.
    more: Vec<String>,
    figures: String,
}

impl Page {
    pub(super) fn of(run: &Run) -> Self {
        let all = findings(run);
        Self {
            style: include_str!("style.css"),
            script: include_str!("script.js"),
            target: visible(&run.target.base_url),
            started: visible(&readable_instant(&run.started)),
            tool: visible(&run.tool),
            run_id: visible(&run.run_id),
            seed: run.seed,
            requests: counted(run.summary.requests, "request", "requests"),
            seconds: format!("{:.1}", run.summary.duration_ms / 1000.0),
            exit_code: run.summary.exit_code,
            stop: run.stop.as_ref().map(|s| visible(&s.message)),
            cards: run
                .profiles
                .iter()
                .map(|profile| card(run, profile))
                .collect(),
            findings: all
                .iter()
                .enumerate()
                .map(|(at, f)| finding(run, at, f))
                .collect(),
            untested: untested(run),
            gates: run
                .gates
                .iter()
                .filter(|g| g.judged > 0)
                .map(gate)
                .collect(),
            mapping: mapping(run),
            suites: suites(run),
            rules: rules(run),
            coverage: coverage(run),
            timing: timing(run),
            load: crate::report::load::lines(run),
        }
    }
}

/// `2026-11-21 10:00:00 UTC`; as written where it is no instant.
fn readable_instant(instant: &str) -> String {
    instant.parse::<jiff::Timestamp>().map_or_else(
        |_| instant.to_owned(),
        |t| t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

fn card(run: &Run, profile: &ProfileResult) -> Card {
    let count = |outcome: &str| profile.counts.get(outcome).copied().unwrap_or_default();
    let own = run.cases.iter().filter(|case| case.profile == profile.id);
    let information: u64 = own.map(|case| case.for_information()).sum();
    let noted = match information {
        0 => String::new(),
        some => format!(", {some} for information"),
    };
    // Flavours that came out the same need no reason beside the profile's.
    let alike = profile
        .flavours
        .iter()
        .all(|f| f.verdict == profile.verdict);
    let mut reasons: Vec<String> = profile
        .reasons
        .iter()
        .map(|r| visible(&cut(r, LINE)))
        .collect();
    let more = reasons.split_off(reasons.len().min(REASONS));
    Card {
        id: visible(&profile.id),
        class: match profile.verdict {
            Verdict::Ready => "ready",
            Verdict::ReadyWithWarnings => "ready-with-warnings",
            Verdict::NotFullyTested => "not-fully-tested",
            Verdict::NotReady => "not-ready",
            Verdict::NotTested => "not-tested",
        },
        title: visible(&profile.title),
        verdict: profile.verdict.words(),
        flavours: profile
            .flavours
            .iter()
            .map(|f| {
                let reason = if alike {
                    String::new()
                } else {
                    visible(&f.reason)
                };
                (visible(&f.id), f.verdict.words(), reason)
            })
            .collect(),
        reasons,
        more,
        figures: format!(
            "{}, {}; checks: {} passed, {} failed{noted}, {} not tested",
            counted(profile.blockers.len() as u64, "blocker", "blockers"),
            counted(profile.warnings.len() as u64, "warning", "warnings"),
            count("passed"),
            (count("failed") + count("known")).saturating_sub(information),
            count("skipped") + count("errored"),
        ),
    }
}

fn untested(run: &Run) -> Vec<(String, Vec<String>)> {
    run.profiles
        .iter()
        .filter(|p| !p.untested.is_empty())
        .map(|p| {
            let lines = p
                .untested
                .iter()
                .map(|line| visible(&cut(line, LINE)))
                .collect();
            (visible(&p.title), lines)
        })
        .collect()
}
