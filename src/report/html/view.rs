//! What the page shows, as plain text ready for the template: nothing is decided there.

use std::collections::BTreeMap;

use askama::Template;

use crate::report::finding::{Finding, findings, profile_title, sources};
use crate::report::text::{counted, cut, visible, visible_lines};
use crate::results::{
    Body, CaseResult, Exchange, GateResult, MappingCell, MappingRowResult, Outcome, ProfileResult,
    Run, Severity,
};

/// Bytes of a body that a finding shows.
const BODY: usize = 4_096;
/// Bytes of a line of text.
const LINE: usize = 2_000;
/// Findings whose story and bodies are shown; below the worst of them the page would only grow.
const IN_FULL: usize = 300;
/// Exchanges of a story.
const STORY: usize = 60;
/// Columns of a bar.
const BAR: u64 = 160;

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
}

struct Card {
    id: String,
    class: &'static str,
    title: String,
    verdict: &'static str,
    flavours: Vec<(String, &'static str, String)>,
    reasons: Vec<String>,
    figures: String,
}

struct FindingView {
    anchor: String,
    id: String,
    severity: &'static str,
    outcome: &'static str,
    /// The profiles that it concerns, separated by spaces.
    profiles: String,
    unstable: bool,
    open: bool,
    place: String,
    also: Vec<String>,
    requirement: String,
    sent: Vec<(String, String)>,
    status: String,
    answer: Vec<(bool, String)>,
    message: String,
    actual: String,
    count: String,
    expected: String,
    breaks: String,
    mend: String,
    curl: Vec<(String, String)>,
    sources: Vec<String>,
    note: String,
    story: Vec<StepView>,
}

struct StepView {
    step: String,
    request: String,
    answer: String,
    at: String,
    took: String,
    shown: bool,
}

struct GateView {
    title: String,
    passed: u32,
    judged: u32,
    total: u32,
    steps: Vec<GateStepView>,
}

struct GateStepView {
    id: String,
    title: String,
    category: String,
    outcome: &'static str,
    word: String,
    basis: String,
}

struct MappingView {
    attribute: String,
    path: String,
    cells: Vec<(&'static str, &'static str, &'static str)>,
}

struct SuiteView {
    id: String,
    figures: String,
    cases: Vec<CaseView>,
}

struct CaseView {
    id: String,
    name: String,
    profile: String,
    outcome: &'static str,
    title: String,
    reason: String,
    took: String,
}

struct RuleView {
    id: String,
    title: String,
    outcome: &'static str,
    judged: u64,
    count: u64,
}

struct CoverageView {
    section: String,
    passed: u64,
    failed: u64,
    open: u64,
    passed_width: u64,
    failed_width: u64,
    open_at: u64,
    open_width: u64,
}

struct TimingView {
    operation: String,
    count: u64,
    p50: String,
    p95: String,
    p99: String,
    max: String,
    p95_width: u64,
    max_width: u64,
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
            cards: run.profiles.iter().map(card).collect(),
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

fn card(profile: &ProfileResult) -> Card {
    let count = |outcome: &str| profile.counts.get(outcome).copied().unwrap_or_default();
    // Flavours that came out the same need no reason beside the profile's.
    let alike = profile
        .flavours
        .iter()
        .all(|f| f.verdict == profile.verdict);
    Card {
        id: visible(&profile.id),
        class: match profile.verdict {
            crate::results::Verdict::Ready => "ready",
            crate::results::Verdict::ReadyWithWarnings => "ready-with-warnings",
            crate::results::Verdict::NotFullyTested => "not-fully-tested",
            crate::results::Verdict::NotReady => "not-ready",
            crate::results::Verdict::NotTested => "not-tested",
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
        reasons: profile
            .reasons
            .iter()
            .map(|r| visible(&cut(r, LINE)))
            .collect(),
        figures: format!(
            "{}, {}; checks: {} passed, {} failed, {} not tested",
            counted(profile.blockers.len() as u64, "blocker", "blockers"),
            counted(profile.warnings.len() as u64, "warning", "warnings"),
            count("passed"),
            count("failed") + count("known"),
            count("skipped") + count("errored"),
        ),
    }
}

fn finding(run: &Run, at: usize, f: &Finding<'_>) -> FindingView {
    let anchor = anchor(f.id, at);
    let in_full = at < IN_FULL;
    let line = |text: &str| visible(&cut(text, LINE));
    let answered = f
        .exchange
        .filter(|_| in_full)
        .and_then(|e| e.response_body.as_ref());
    FindingView {
        id: visible(f.id),
        severity: f.severity.as_str(),
        outcome: if f.known { "known" } else { "failed" },
        profiles: match (f.profile, f.count) {
            (Some(profile), _) => visible(profile),
            (None, _) => "rfc".to_owned(),
        },
        unstable: f.unstable,
        open: f.severity == Severity::Blocker && at < 3,
        place: match f.profile {
            Some(profile) => {
                let flavours = f.flavours(run);
                let title = visible(profile_title(run, profile));
                if flavours.is_empty() {
                    title
                } else {
                    format!("{title} ({})", visible(&flavours.join(", ")))
                }
            }
            None => "rule for every exchange".to_owned(),
        },
        also: f.also.iter().map(|id| visible(id)).collect(),
        requirement: line(f.requirement),
        sent: if in_full {
            f.requests().map(sent).collect()
        } else {
            Vec::new()
        },
        status: f.exchange.map(status).unwrap_or_default(),
        answer: answered.map(|body| answer(body, f.id)).unwrap_or_default(),
        message: line(f.message),
        actual: if f.message.contains(f.actual) {
            String::new()
        } else {
            line(f.actual)
        },
        count: f
            .count
            .map(|(count, judged)| format!("In {count} of {judged} exchanges."))
            .unwrap_or_default(),
        expected: line(f.expected),
        breaks: line(&f.breaks),
        mend: line(f.mend),
        curl: if in_full {
            f.curl()
                .iter()
                .enumerate()
                .map(|(nth, curl)| (format!("curl-{nth}-{anchor}"), cut(curl, BODY)))
                .collect()
        } else {
            Vec::new()
        },
        sources: sources(run, f),
        note: line(f.note),
        story: match f.case {
            Some(case) if in_full => story(case, f),
            _ => Vec::new(),
        },
        anchor,
    }
}

/// The finding's id as an anchor: stable across runs, so that a link keeps its meaning.
fn anchor(id: &str, at: usize) -> String {
    let slug: String = id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if slug.is_empty() {
        format!("finding-{at}")
    } else {
        format!("finding-{slug}")
    }
}

fn sent(exchange: &Exchange) -> (String, String) {
    let request = format!(
        "{} {}",
        visible(&exchange.method),
        visible(&cut(&exchange.url, LINE))
    );
    let body = exchange
        .request_body
        .as_ref()
        .map(readable)
        .unwrap_or_default();
    (request, body)
}

fn status(exchange: &Exchange) -> String {
    match (&exchange.status, &exchange.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => format!("no answer: {}", visible(&error.message)),
        (None, None) => "no answer".to_owned(),
    }
}

/// A body for people: JSON indented, everything else as it came; cut.
fn readable(body: &Body) -> String {
    let text = serde_json::from_str::<serde_json::Value>(&body.text)
        .ok()
        .filter(|_| body.text.len() <= BODY * 4)
        .map_or_else(|| body.text.clone(), |json| format!("{json:#}"));
    visible_lines(&cut(&text, BODY))
}

/// The answer by lines, those that name the attribute of the check marked.
fn answer(body: &Body, check: &str) -> Vec<(bool, String)> {
    let attribute = check
        .rsplit_once('#')
        .filter(|(_, what)| what.contains(".body.") || what.contains(".state."))
        .and_then(|(_, what)| what.rsplit('.').next())
        .map(|name| format!("\"{}\":", name.to_lowercase()));
    readable(body)
        .lines()
        .map(|line| {
            let marked = attribute
                .as_ref()
                .is_some_and(|name| line.to_lowercase().contains(name.as_str()));
            (marked, line.to_owned())
        })
        .collect()
}

fn story(case: &CaseResult, f: &Finding<'_>) -> Vec<StepView> {
    case.exchanges
        .iter()
        .take(STORY)
        .map(|exchange| StepView {
            step: visible(&exchange.step),
            request: format!(
                "{} {}",
                visible(&exchange.method),
                visible(&cut(&exchange.url, 300))
            ),
            answer: status(exchange),
            at: format!("{:.0}", exchange.started_ms),
            took: format!("{:.1}", exchange.duration_ms),
            shown: f.exchange.is_some_and(|e| e.id == exchange.id),
        })
        .collect()
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

fn gate(gate: &GateResult) -> GateView {
    GateView {
        title: visible(&gate.title),
        passed: gate.passed,
        judged: gate.judged,
        total: gate.steps_total,
        steps: gate
            .steps
            .iter()
            .map(|step| {
                let word = match step.outcome {
                    Outcome::Passed | Outcome::Fixed => "would pass",
                    Outcome::Failed | Outcome::Known => "would fail",
                    Outcome::Skipped => "not judged",
                    Outcome::Errored => "could not be evaluated",
                };
                let judged = !matches!(step.outcome, Outcome::Skipped);
                GateStepView {
                    id: visible(&step.id),
                    title: visible(&step.title),
                    category: visible(&step.category),
                    outcome: step.outcome.as_str(),
                    word: if step.by_effect && judged {
                        format!("{word}, by its effect")
                    } else {
                        word.to_owned()
                    },
                    basis: basis(step.outcome, &step.basis),
                }
            })
            .collect(),
    }
}

/// All reasons for what did not pass; for what did, how many checks.
fn basis(outcome: Outcome, basis: &[String]) -> String {
    const NAMED: usize = 3;
    if outcome == Outcome::Passed {
        return counted(basis.len() as u64, "check", "checks");
    }
    let named: Vec<_> = basis
        .iter()
        .take(NAMED)
        .map(|b| visible(&cut(b, LINE)))
        .collect();
    let more = basis.len().saturating_sub(NAMED);
    if more > 0 {
        format!("{} and {more} more", named.join(", "))
    } else {
        named.join(", ")
    }
}

fn mapping(run: &Run) -> Vec<(String, Vec<MappingView>)> {
    let mut tables: Vec<(String, Vec<MappingView>)> = Vec::new();
    for row in &run.mapping {
        let title = visible(profile_title(run, &row.profile));
        let view = mapping_row(row);
        match tables.iter_mut().find(|(known, _)| *known == title) {
            Some((_, rows)) => rows.push(view),
            None => tables.push((title, vec![view])),
        }
    }
    tables
}

fn mapping_row(row: &MappingRowResult) -> MappingView {
    MappingView {
        attribute: visible(&row.attribute),
        path: visible(&row.path),
        cells: [row.create, row.replace, row.patch, row.clear, row.filter]
            .map(|cell| match cell {
                MappingCell::Passed => ("passed", "arrived and came back as sent", "\u{2713}"),
                MappingCell::Failed => ("failed", "did not arrive as sent", "\u{2717}"),
                MappingCell::NotTested => ("skipped", "not tested in this run", "?"),
                MappingCell::NotApplicable => ("", "the provider never does this", "\u{2013}"),
            })
            .to_vec(),
    }
}

fn suites(run: &Run) -> Vec<SuiteView> {
    let mut suites: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for case in &run.cases {
        match suites.iter_mut().find(|(id, _)| *id == case.suite) {
            Some((_, cases)) => cases.push(case),
            None => suites.push((&case.suite, vec![case])),
        }
    }
    suites
        .into_iter()
        .map(|(id, cases)| SuiteView {
            id: visible(id),
            figures: figures(&cases),
            cases: cases.into_iter().map(case_view).collect(),
        })
        .collect()
}

fn figures(cases: &[&CaseResult]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for case in cases {
        *counts.entry(case.outcome.as_str()).or_default() += 1;
    }
    let figures: Vec<_> = counts
        .iter()
        .map(|(outcome, n)| format!("{n} {outcome}"))
        .collect();
    figures.join(", ")
}

fn case_view(case: &CaseResult) -> CaseView {
    CaseView {
        id: visible(&case.id),
        name: visible(case.id.rsplit('/').next().unwrap_or(&case.id)),
        profile: visible(&case.profile),
        outcome: case.outcome.as_str(),
        title: visible(&cut(&case.title, LINE)),
        reason: visible(&cut(&case.reason, LINE)),
        took: format!("{:.0}", case.duration_ms),
    }
}

fn rules(run: &Run) -> Vec<RuleView> {
    run.rules
        .iter()
        .map(|rule| RuleView {
            id: visible(&rule.id),
            title: visible(&rule.title),
            outcome: rule.outcome.as_str(),
            judged: rule.judged,
            count: rule.count,
        })
        .collect()
}

/// Requirements by the section that they stand in, `7644-3.5.2.3-R02` in section 3.5 of RFC 7644.
fn coverage(run: &Run) -> Vec<CoverageView> {
    let mut sections: Vec<(String, [u64; 3])> = Vec::new();
    for requirement in &run.requirements {
        let section = section_of(&requirement.id);
        let at = sections
            .iter()
            .position(|(known, _)| *known == section)
            .unwrap_or_else(|| {
                sections.push((section, [0; 3]));
                sections.len() - 1
            });
        let column = match requirement.outcome {
            Outcome::Passed | Outcome::Fixed => 0,
            Outcome::Failed | Outcome::Known => 1,
            Outcome::Skipped | Outcome::Errored => 2,
        };
        sections[at].1[column] += 1;
    }
    sections
        .into_iter()
        .map(|(section, [passed, failed, open])| {
            let all = (passed + failed + open).max(1);
            let (passed_width, failed_width) = (passed * BAR / all, failed * BAR / all);
            CoverageView {
                section,
                passed,
                failed,
                open,
                passed_width,
                failed_width,
                open_at: passed_width + failed_width,
                open_width: BAR.saturating_sub(passed_width + failed_width),
            }
        })
        .collect()
}

fn section_of(requirement: &str) -> String {
    let mut parts = requirement.split('-');
    match (parts.next(), parts.next()) {
        (Some(document), Some(section)) => {
            let top: Vec<_> = section.split('.').take(2).collect();
            visible(&format!("RFC {document} section {}", top.join(".")))
        }
        _ => visible(requirement),
    }
}

fn timing(run: &Run) -> Vec<TimingView> {
    let slowest = run
        .timing
        .iter()
        .map(|t| t.max)
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE);
    let width = |value: f64| (value / slowest * BAR as f64).clamp(0.0, BAR as f64) as u64;
    run.timing
        .iter()
        .map(|t| TimingView {
            operation: visible(&t.operation),
            count: t.count,
            p50: format!("{:.1}", t.p50),
            p95: format!("{:.1}", t.p95),
            p99: format!("{:.1}", t.p99),
            max: format!("{:.1}", t.max),
            p95_width: width(t.p95),
            max_width: width(t.max),
        })
        .collect()
}
