//! Markdown for the summary of a CI job. GitHub throws a summary away whole above 1 MiB, so it is bounded well below; what
//! does not fit is counted and left to the other reports. Text from the target is escaped or stands in a code block whose
//! fence it cannot close.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::results::{Outcome, Run, Severity, Verdict};

use super::finding::{Finding, findings, sources};
use super::text::{counted, cut, visible};

/// Bytes at which findings stop being added.
const FULL: usize = 800_000;
/// Bytes of the last part, kept free.
const LAST: usize = 100_000;
/// Bytes of a body.
const BODY: usize = 2_000;
/// Bytes of a sentence.
const SENTENCE: usize = 1_500;
/// Lines of what was not tested, for each profile.
const UNTESTED: usize = 100;

/// Writes the run as GitHub-flavoured Markdown.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    head(&mut text, run);
    verdicts(&mut text, run);
    gates(&mut text, run);
    all_findings(&mut text, run);
    untested(&mut text, run);
    pace(&mut text, run);
    out.write_all(text.as_bytes())
}

fn head(text: &mut String, run: &Run) {
    line(text, "# scimproof");
    line(text, "");
    line(
        text,
        &format!(
            "{} against {}: {} in {:.1} s.",
            prose(&run.tool),
            code(&run.target.base_url),
            counted(run.summary.requests, "request", "requests"),
            run.summary.duration_ms / 1000.0
        ),
    );
    if let Some(stop) = &run.stop {
        line(text, "");
        line(
            text,
            &format!("> **The run ended early.** {}", prose(&stop.message)),
        );
    }
}

fn verdicts(text: &mut String, run: &Run) {
    if run.profiles.is_empty() {
        return;
    }
    line(text, "");
    line(text, "| | verdict | flavours | blockers | warnings |");
    line(text, "|---|---|---|---:|---:|");
    for profile in &run.profiles {
        let flavours: Vec<_> = profile
            .flavours
            .iter()
            .map(|f| format!("{}: {}", prose(&f.id), f.verdict.words()))
            .collect();
        line(
            text,
            &format!(
                "| **{}** | {} {} | {} | {} | {} |",
                prose(&profile.title),
                sign(profile.verdict),
                profile.verdict.words(),
                flavours.join("<br>"),
                profile.blockers.len(),
                profile.warnings.len()
            ),
        );
    }
    for profile in &run.profiles {
        line(text, "");
        line(
            text,
            &format!(
                "**{}: {}.**",
                prose(&profile.title),
                profile.verdict.words()
            ),
        );
        line(text, "");
        for reason in profile.reasons.iter().take(UNTESTED) {
            line(text, &format!("- {}", prose(&cut(reason, SENTENCE))));
        }
    }
}

fn pace(text: &mut String, run: &Run) {
    let lines = super::load::lines(run);
    if lines.is_empty() {
        return;
    }
    line(text, "");
    line(text, "## The pace that the target sustained");
    line(text, "");
    for load in lines {
        line(text, &format!("- {}", prose(&load)));
    }
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => ":white_check_mark:",
        Verdict::ReadyWithWarnings => ":warning:",
        Verdict::NotFullyTested | Verdict::NotTested => ":grey_question:",
        Verdict::NotReady => ":x:",
    }
}

fn gates(text: &mut String, run: &Run) {
    let judged: Vec<_> = run.gates.iter().filter(|g| g.judged > 0).collect();
    if judged.is_empty() {
        return;
    }
    line(text, "");
    line(text, "## What the vendors' own tests would say");
    line(text, "");
    line(text, "| test | would pass | would fail | not judged |");
    line(text, "|---|---|---|---|");
    for gate in judged {
        let with = |outcomes: &[Outcome], titled: bool| -> String {
            let steps: Vec<_> = gate
                .steps
                .iter()
                .filter(|s| outcomes.contains(&s.outcome))
                .map(|s| {
                    let number = s.id.rsplit('/').next().unwrap_or(&s.id);
                    if titled {
                        format!("{} {}", prose(number), prose(&s.title))
                    } else {
                        prose(number)
                    }
                })
                .collect();
            steps.join(if titled { "<br>" } else { ", " })
        };
        line(
            text,
            &format!(
                "| {} | {} of {} judged | {} | {} |",
                prose(&gate.title),
                gate.passed,
                gate.judged,
                with(&[Outcome::Failed], true),
                with(&[Outcome::Skipped, Outcome::Errored], false),
            ),
        );
    }
}

fn all_findings(text: &mut String, run: &Run) {
    let all = findings(run);
    let (worth, notes): (Vec<_>, Vec<_>) = all.iter().partition(|f| f.severity > Severity::Info);
    if worth.is_empty() && notes.is_empty() {
        return;
    }
    line(text, "");
    line(text, "## Findings");
    let mut written = 0;
    for finding in worth.iter().chain(&notes) {
        let part = one_finding(run, finding);
        if text.len() + part.len() > FULL {
            break;
        }
        text.push_str(&part);
        written += 1;
    }
    let left = all.len() - written;
    if left > 0 {
        line(text, "");
        line(
            text,
            &format!(
                "{} more did not fit here: see the HTML or JSON report.",
                counted(left as u64, "finding", "findings")
            ),
        );
    }
}

fn one_finding(run: &Run, finding: &Finding<'_>) -> String {
    let mut text = String::new();
    line(&mut text, "");
    let known = if finding.known { " (known)" } else { "" };
    line(
        &mut text,
        &format!(
            "<details><summary><b>{}</b>{known} {}: {}</summary>",
            finding.severity.as_str(),
            html(finding.id),
            html(&cut(finding.requirement, SENTENCE))
        ),
    );
    line(&mut text, "");
    let list = |label: &str, value: &str| {
        if value.is_empty() {
            String::new()
        } else {
            format!("- **{label}**: {}\n", prose(&cut(value, SENTENCE)))
        }
    };
    for also in finding.also.iter().take(UNTESTED) {
        text.push_str(&list("also", also));
    }
    text.push_str(&list("requirement", finding.requirement));
    for (label, lines) in [("sent", finding.sent(BODY)), ("got", finding.got(BODY))] {
        if !lines.is_empty() {
            let _ = write!(text, "- **{label}**:\n\n{}\n", block(&lines.join("\n")));
        }
    }
    text.push_str(&list("expected", finding.expected));
    text.push_str(&list("who breaks", &finding.breaks));
    text.push_str(&list("mend", finding.mend));
    let curl: Vec<_> = finding.curl().iter().map(|c| cut(c, BODY)).collect();
    if !curl.is_empty() {
        let _ = write!(text, "- **curl**:\n\n{}\n", block(&curl.join("\n")));
    }
    for source in sources(run, finding) {
        text.push_str(&list("source", &source));
    }
    text.push_str(&list("note", finding.note));
    line(&mut text, "");
    line(&mut text, "</details>");
    text
}

fn untested(text: &mut String, run: &Run) {
    let room = text.len() + LAST;
    let mut part = String::new();
    for profile in run.profiles.iter().filter(|p| !p.untested.is_empty()) {
        line(&mut part, "");
        line(&mut part, &format!("**{}**", prose(&profile.title)));
        line(&mut part, "");
        for untested in profile.untested.iter().take(UNTESTED) {
            line(&mut part, &format!("- {}", prose(&cut(untested, SENTENCE))));
        }
        let more = profile.untested.len().saturating_sub(UNTESTED);
        if more > 0 {
            line(&mut part, &format!("- and {more} more"));
        }
        if text.len() + part.len() > room {
            line(&mut part, "");
            line(
                &mut part,
                "The rest did not fit here: see the HTML or JSON report.",
            );
            break;
        }
    }
    if !part.is_empty() {
        line(text, "");
        line(text, "## What was not tested");
        text.push_str(&part);
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// One line of text in which nothing means anything to Markdown or HTML.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A name with an at sign would notify somebody.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '!'
            | '|' | '~' | ':' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text for an HTML element.
fn html(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('@', "&#64;")
}

/// Text as inline code.
fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Lines as a code block, with a fence longer than any in them; indented, so that they belong to their list item.
fn block(lines: &str) -> String {
    let longest = lines
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = format!("  {fence}text\n");
    for line in lines.lines() {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(out, "  {fence}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn rendered(run: &Run) -> String {
        let mut out = Vec::new();
        render(run, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("Markdown is UTF-8")
    }

    #[test]
    fn a_run_with_findings() {
        insta::assert_snapshot!(rendered(&sample::run()));
    }

    #[test]
    fn it_stays_below_what_a_job_summary_may_be() {
        let mut run = sample::run();
        let one = run.cases[0].clone();
        for number in 0..3_000 {
            let mut case = one.clone();
            case.id = format!("okta/users/create-{number}.aiw");
            for check in &mut case.checks {
                check.id = format!("{}#post.body.userName", case.id);
                check.message = "<".repeat(2_000);
            }
            run.cases.push(case);
            run.profiles[0].untested.push("u".repeat(2_000));
        }
        let text = rendered(&run);
        assert!(text.len() < 1_048_576, "{}", text.len());
        assert!(
            text.contains("did not fit here"),
            "what was left out is said"
        );
    }

    #[test]
    fn text_of_the_target_stays_text() {
        let text = rendered(&sample::run());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{0}'));
        let outside: Vec<_> = text.lines().filter(|l| !l.starts_with("  ")).collect();
        assert!(
            !outside.iter().any(|l| l.contains("<script")),
            "markup is escaped outside of code blocks"
        );
        assert_eq!(
            prose("<b>|*x*` [l](u) @me"),
            "&lt;b&gt;\\|\\*x\\*\\` \\[l\\]\\(u\\) &#64;me"
        );
        assert!(block("a```b").starts_with("  ````text\n"));
    }
}
