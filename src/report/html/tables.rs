//! The tables of the page: gates, mapping, cases by suite, rules, coverage by section, latencies.

use std::collections::BTreeMap;

use crate::report::finding::profile_title;
use crate::report::text::{counted, cut, visible};
use crate::results::{CaseResult, GateResult, MappingCell, MappingRowResult, Outcome, Run};

use super::LINE;

/// Columns of a bar.
const BAR: u64 = 160;

pub(super) struct GateView {
    pub(super) title: String,
    pub(super) passed: u32,
    pub(super) judged: u32,
    pub(super) total: u32,
    pub(super) steps: Vec<GateStepView>,
}

pub(super) struct GateStepView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) category: String,
    pub(super) outcome: &'static str,
    pub(super) word: String,
    pub(super) basis: String,
}

pub(super) struct MappingView {
    pub(super) attribute: String,
    pub(super) path: String,
    pub(super) cells: Vec<(&'static str, &'static str, &'static str)>,
}

pub(super) struct SuiteView {
    pub(super) id: String,
    pub(super) figures: String,
    pub(super) cases: Vec<CaseView>,
}

pub(super) struct CaseView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) outcome: &'static str,
    pub(super) title: String,
    pub(super) reason: String,
    pub(super) took: String,
}

pub(super) struct RuleView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) outcome: &'static str,
    pub(super) judged: u64,
    pub(super) count: u64,
}

pub(super) struct CoverageView {
    pub(super) section: String,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) open: u64,
    pub(super) passed_width: u64,
    pub(super) failed_width: u64,
    pub(super) open_at: u64,
    pub(super) open_width: u64,
}

pub(super) struct TimingView {
    pub(super) operation: String,
    pub(super) count: u64,
    pub(super) p50: String,
    pub(super) p95: String,
    pub(super) p99: String,
    pub(super) max: String,
    pub(super) p95_width: u64,
    pub(super) max_width: u64,
}

pub(super) fn gate(gate: &GateResult) -> GateView {
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

pub(super) fn mapping(run: &Run) -> Vec<(String, Vec<MappingView>)> {
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

pub(super) fn suites(run: &Run) -> Vec<SuiteView> {
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

pub(super) fn rules(run: &Run) -> Vec<RuleView> {
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
pub(super) fn coverage(run: &Run) -> Vec<CoverageView> {
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

pub(super) fn timing(run: &Run) -> Vec<TimingView> {
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
