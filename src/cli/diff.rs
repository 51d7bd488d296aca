//! `scimproof diff OLD.json NEW.json`: what broke, what was mended, which verdicts changed.
//!
//! Worse (exit code 1) is: a check that holds no more, a check that was evaluated and could not be this time, a verdict that
//! went down. What only came into or out of the selection is counted and changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::args::{DiffArgs, DiffFormat};
use super::error::{CLEAN, CliError, FAILED};
use super::terminal::{Terminal, plain};
use crate::results::{Outcome, Run, Severity, Verdict};

/// Lines of one section: a job summary holds a megabyte, a reader holds less.
const SHOWN: usize = 200;

/// Compares two reports. 1 where something is worse than before.
pub(super) fn diff(args: &DiffArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let comparison = compare(&read(&args.old)?, &read(&args.new)?);
    terminal.write_out(comparison.render(args.format).as_bytes())?;
    Ok(if comparison.is_worse() { FAILED } else { CLEAN })
}

fn read(path: &Path) -> Result<Run, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })?;
    let not_a_report = |why: String| {
        CliError::Usage(format!(
            "{} is not a JSON report of scimproof: {why}",
            path.display()
        ))
    };
    let version = serde_json::from_str::<serde_json::Value>(&text)
        .map_err(|e| not_a_report(e.to_string()))?
        .get("schema_version")
        .and_then(serde_json::Value::as_u64);
    match version {
        Some(1) => {}
        Some(other) => {
            return Err(not_a_report(format!(
                "it has schema_version {other}, and this program reads 1"
            )));
        }
        None => return Err(not_a_report("it has no `schema_version`".to_owned())),
    }
    serde_json::from_str(&text).map_err(|e| not_a_report(e.to_string()))
}

/// What was judged, by id: outcome, severity and the sentence that goes with it.
type Judged<'r> = BTreeMap<&'r str, (Outcome, Severity, &'r str)>;

fn judged(run: &Run) -> Judged<'_> {
    let checks = run
        .cases
        .iter()
        .flat_map(|case| &case.checks)
        .map(|c| (c.id.as_str(), (c.outcome, c.severity, c.message.as_str())));
    let rules = run
        .rules
        .iter()
        .map(|r| (r.id.as_str(), (r.outcome, r.severity, r.message.as_str())));
    checks.chain(rules).collect()
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Comparison {
    /// The two runs, in words.
    runs: [String; 2],
    verdicts: Vec<(String, Verdict, Verdict)>,
    broken: Vec<(String, Severity, String)>,
    mended: Vec<String>,
    unevaluated: Vec<String>,
    gone: usize,
    added: usize,
}

/// It did not hold. Info is worth knowing, not a failure.
fn is_bad((outcome, severity, _): &(Outcome, Severity, &str)) -> bool {
    match outcome {
        Outcome::Failed | Outcome::Known => *severity > Severity::Info,
        Outcome::Passed | Outcome::Skipped | Outcome::Errored | Outcome::Fixed => false,
    }
}

fn holds((outcome, ..): &(Outcome, Severity, &str)) -> bool {
    match outcome {
        Outcome::Passed | Outcome::Fixed => true,
        Outcome::Failed | Outcome::Known | Outcome::Skipped | Outcome::Errored => false,
    }
}

fn compare(old: &Run, new: &Run) -> Comparison {
    let (before, after) = (judged(old), judged(new));
    let mut found = Comparison {
        runs: [old, new].map(|run| {
            let name = run.target.name.as_deref().unwrap_or(&run.target.base_url);
            format!("{name}, {}", run.started)
        }),
        gone: before.keys().filter(|id| !after.contains_key(*id)).count(),
        added: after.keys().filter(|id| !before.contains_key(*id)).count(),
        ..Comparison::default()
    };
    for (id, now) in &after {
        let then = before.get(id);
        if is_bad(now) && !then.is_some_and(is_bad) {
            found
                .broken
                .push(((*id).to_owned(), now.1, now.2.to_owned()));
        } else if holds(now) && then.is_some_and(is_bad) {
            found.mended.push((*id).to_owned());
        } else if now.0 == Outcome::Errored && then.is_some_and(|t| t.0 != Outcome::Errored) {
            found.unevaluated.push((*id).to_owned());
        }
    }
    found
        .broken
        .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for profile in &new.profiles {
        if let Some(earlier) = old.profiles.iter().find(|p| p.id == profile.id)
            && earlier.verdict != profile.verdict
        {
            found
                .verdicts
                .push((profile.title.clone(), earlier.verdict, profile.verdict));
        }
    }
    found
}

impl Comparison {
    fn is_worse(&self) -> bool {
        !self.broken.is_empty()
            || !self.unevaluated.is_empty()
            || self.verdicts.iter().any(|(_, then, now)| now > then)
    }

    fn render(&self, format: DiffFormat) -> String {
        let (head, item, code) = match format {
            DiffFormat::Text => ("", "  ", ""),
            DiffFormat::Markdown => ("## ", "- ", "`"),
        };
        let mut out = match format {
            DiffFormat::Text => String::new(),
            DiffFormat::Markdown => "# scimproof: what changed\n\n".to_owned(),
        };
        for (label, run) in ["before", "now"].iter().zip(&self.runs) {
            let _ = writeln!(out, "{item}{label}: {}", safe(run, format));
        }
        out.push('\n');
        let beginning = out.len();
        let mut section = |title: String, lines: Vec<String>| {
            if !lines.is_empty() {
                let _ = writeln!(out, "{head}{title}");
                for line in lines.iter().take(SHOWN) {
                    let _ = writeln!(out, "{item}{line}");
                }
                if lines.len() > SHOWN {
                    let _ = writeln!(out, "{item}and {} more", lines.len() - SHOWN);
                }
                out.push('\n');
            }
        };
        let verdicts = self
            .verdicts
            .iter()
            .map(|(title, then, now)| {
                format!("{}: {} -> {}", plain(title), word(*then), word(*now))
            })
            .collect();
        section("Verdicts".to_owned(), verdicts);
        let broken: Vec<String> = self
            .broken
            .iter()
            .map(|(id, severity, message)| {
                format!(
                    "{} {code}{}{code}: {}",
                    severity_word(*severity),
                    plain(id),
                    safe(message, format)
                )
            })
            .collect();
        section(format!("Broken: {}", broken.len()), broken);
        let ids = |ids: &[String]| {
            ids.iter()
                .map(|id| format!("{code}{}{code}", plain(id)))
                .collect::<Vec<_>>()
        };
        section(format!("Mended: {}", self.mended.len()), ids(&self.mended));
        section(
            format!(
                "Could not be evaluated any more: {}",
                self.unevaluated.len()
            ),
            ids(&self.unevaluated),
        );
        if out.len() == beginning {
            out.push_str("Nothing broke, nothing was mended.\n\n");
        }
        if self.added + self.gone > 0 {
            let _ = writeln!(
                out,
                "{} checks are new, {} are not there any more.",
                self.added, self.gone
            );
        }
        format!("{}\n", out.trim_end())
    }
}

fn safe(message: &str, format: DiffFormat) -> String {
    let line = plain(message).replace('\n', " ");
    match format {
        DiffFormat::Text => line,
        DiffFormat::Markdown => line.chars().fold(String::new(), |mut out, c| {
            if "\\`*_[]<>|#".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        }),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "ready",
        Verdict::ReadyWithWarnings => "ready with warnings",
        Verdict::NotFullyTested => "not fully tested",
        Verdict::NotReady => "not ready",
        Verdict::NotTested => "not tested",
    }
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Violation => "violation",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
