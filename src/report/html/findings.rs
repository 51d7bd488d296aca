//! A finding on the page: its parts in the order of the contract, the answer line by line, and the story of its case.

use crate::report::finding::{Finding, profile_title, sources};
use crate::report::text::{cut, visible, visible_lines};
use crate::results::{Body, CaseResult, Exchange, Run, Severity};

use super::LINE;

/// Bytes of a body that a finding shows.
const BODY: usize = 4_096;
/// Findings whose story and bodies are shown; below the worst of them the page would only grow.
const IN_FULL: usize = 300;
/// Exchanges of a story.
const STORY: usize = 60;

pub(super) struct FindingView {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) severity: &'static str,
    pub(super) outcome: &'static str,
    /// The profiles that it concerns, separated by spaces.
    pub(super) profiles: String,
    pub(super) unstable: bool,
    pub(super) open: bool,
    pub(super) place: String,
    pub(super) also: Vec<String>,
    pub(super) requirement: String,
    pub(super) sent: Vec<(String, String)>,
    pub(super) status: String,
    pub(super) answer: Vec<(bool, String)>,
    pub(super) message: String,
    pub(super) actual: String,
    pub(super) count: String,
    pub(super) expected: String,
    pub(super) breaks: String,
    pub(super) mend: String,
    pub(super) curl: Vec<(String, String)>,
    pub(super) sources: Vec<String>,
    pub(super) note: String,
    pub(super) story: Vec<StepView>,
}

pub(super) struct StepView {
    pub(super) step: String,
    pub(super) request: String,
    pub(super) answer: String,
    pub(super) at: String,
    pub(super) took: String,
    pub(super) shown: bool,
}

pub(super) fn finding(run: &Run, at: usize, f: &Finding<'_>) -> FindingView {
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
