//! JUnit XML for CI servers. The one place that knows the `junit-report` crate.
//!
//! That crate writes text as it gets it, so everything goes through [`xml_safe`] first: whatever a target sends, the file
//! parses. A testcase is a case, a rule, or an entry of the known-failures file that must go; what failed below `--fail-on`
//! or is known does not fail it. Sizes are bounded, since CI servers refuse or drop large reports.

use std::io::{self, Write};

use junit_report::{
    Duration, OffsetDateTime, ReportBuilder, TestCase, TestCaseBuilder, TestSuite, TestSuiteBuilder,
};

use crate::results::{
    CaseResult, CheckResult, Exchange, KnownStatus, Outcome, RuleResult, Run, Severity, SkipKind,
};

use super::text::{body_line, cut, visible, visible_lines};

/// Bytes of a failure's one-line message: GitHub's and GitLab's summaries show a line of it.
const MESSAGE: usize = 1_000;
/// Bytes of the text of a testcase. With 2,000 failing cases the file stays below the 30 MB that GitLab reads.
const OUTPUT: usize = 12_000;
/// Bytes of a body within it.
const BODY: usize = 2_000;

/// Writes the run as JUnit XML.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut report = ReportBuilder::new();
    let started = started(run);
    if let Some(stop) = &run.stop {
        let mut case = TestCaseBuilder::error(
            "scimproof/run",
            Duration::ZERO,
            "stopped",
            &attribute(&stop.message),
        );
        case.set_classname("scimproof.run");
        report.add_testsuite(suite("scimproof/run", started, vec![case.build()]));
    }
    for (id, cases) in suites(run) {
        let cases = cases
            .iter()
            .map(|case| of_case(case, run.fail_on))
            .collect();
        report.add_testsuite(suite(id, started, cases));
    }
    if !run.rules.is_empty() {
        let rules = run.rules.iter().map(|rule| of_rule(run, rule)).collect();
        report.add_testsuite(suite("rules", started, rules));
    }
    let stale = stale_entries(run);
    if !stale.is_empty() {
        report.add_testsuite(suite("known-failures", started, stale));
    }
    let mut xml = Vec::new();
    report
        .build()
        .write_xml(&mut xml)
        .map_err(io::Error::other)?;
    let xml = String::from_utf8(xml).map_err(io::Error::other)?;
    out.write_all(with_exact_times(&xml).as_bytes())?;
    out.write_all(
        b"
",
    )
}

/// The crate prints seconds as floating point, such as `1.2389999999999999`; Jenkins' schema grants three decimals. Text is
/// CDATA and quotes in attributes are escaped, so outside of CDATA ` time="` is always the attribute.
fn with_exact_times(xml: &str) -> String {
    const ATTRIBUTE: &str = " time=\"";
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while !rest.is_empty() {
        let (markup, after) = rest.split_at(rest.find("<![CDATA[").unwrap_or(rest.len()));
        for (at, part) in markup.split(ATTRIBUTE).enumerate() {
            if at == 0 {
                out.push_str(part);
                continue;
            }
            let (value, tail) = part.split_at(part.find('"').unwrap_or(part.len()));
            let seconds: f64 = value.parse().unwrap_or_default();
            out.push_str(&format!("{ATTRIBUTE}{seconds:.3}{tail}"));
        }
        let (text, next) = after.split_at(after.find("]]>").map_or(after.len(), |end| end + 3));
        out.push_str(text);
        rest = next;
    }
    out
}

/// Cases by suite, suites in plan order.
fn suites(run: &Run) -> Vec<(&str, Vec<&CaseResult>)> {
    let mut suites: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for case in &run.cases {
        match suites.iter_mut().find(|(id, _)| *id == case.suite) {
            Some((_, cases)) => cases.push(case),
            None => suites.push((&case.suite, vec![case])),
        }
    }
    suites
}

fn suite(id: &str, started: OffsetDateTime, cases: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuiteBuilder::new(&attribute(id));
    suite.set_timestamp(started).add_testcases(cases);
    suite.build()
}

/// When the run began; the epoch where the run does not say it in a way that can be read.
fn started(run: &Run) -> OffsetDateTime {
    run.started
        .parse::<jiff::Timestamp>()
        .ok()
        .and_then(|t| OffsetDateTime::from_unix_timestamp(t.as_second()).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn of_case(case: &CaseResult, fail_on: Severity) -> TestCase {
    // Whole milliseconds: Jenkins' schema grants three decimals.
    let time = Duration::milliseconds(case.duration_ms.clamp(0.0, 1e12) as i64);
    let name = attribute(&case.id);
    let counts = |c: &CheckResult| c.outcome == Outcome::Failed && c.severity >= fail_on;
    let worst = case
        .checks
        .iter()
        .filter(|c| counts(c))
        .reduce(|worst, next| {
            if next.severity > worst.severity {
                next
            } else {
                worst
            }
        });
    let errored = case.checks.iter().find(|c| c.outcome == Outcome::Errored);
    let known = case.checks.iter().find(|c| c.outcome == Outcome::Known);
    let mut built = if let Some(check) = worst {
        TestCaseBuilder::failure(&name, time, check.severity.as_str(), &headline(check))
    } else if let Some(check) = errored {
        TestCaseBuilder::error(&name, time, "errored", &attribute(&errored_reason(check)))
    } else if case.checks.is_empty() && case.outcome == Outcome::Errored {
        TestCaseBuilder::error(&name, time, "errored", &attribute(&case.reason))
    } else if let Some(check) = known {
        TestCaseBuilder::skipped_with_cause(&name, "known", &attribute(&check.note))
    } else if case.outcome == Outcome::Skipped {
        let reason = match &case.reason {
            reason if reason.is_empty() => "not played",
            reason => reason,
        };
        TestCaseBuilder::skipped_with_cause(&name, skip_word(case.skip), &attribute(reason))
    } else {
        TestCaseBuilder::success(&name, time)
    };
    built.set_classname(&class_name(&case.suite));
    let words = story(case, false);
    if !words.is_empty() {
        built.set_trace(&words).set_system_out(&story(case, true));
    }
    built.build()
}

/// `scimproof.PROFILE.SUITE`; dots separate packages, so none may come from a name.
fn class_name(suite: &str) -> String {
    let dotted: Vec<_> = suite
        .split('/')
        .map(|part| part.replace('.', "_"))
        .collect();
    attribute(&format!("scimproof.{}", dotted.join(".")))
}

fn skip_word(kind: Option<SkipKind>) -> &'static str {
    match kind {
        Some(SkipKind::Requested) => "requested",
        Some(SkipKind::Policy) => "policy",
        Some(SkipKind::Capability) => "capability",
        Some(SkipKind::Optional) => "optional",
        Some(SkipKind::Unreached) => "unreached",
        None => "skipped",
    }
}

fn errored_reason(check: &CheckResult) -> String {
    match &check.cause {
        Some(cause) => format!("could not be evaluated, because {cause} failed"),
        None => check.message.clone(),
    }
}

/// `[blocker] rfc:7644-3.3-R06 quirk:OKTA-17: what was seen`.
fn headline(check: &CheckResult) -> String {
    headline_of(check.severity, &check.refs, &check.message)
}

fn headline_of(severity: Severity, refs: &[String], message: &str) -> String {
    attribute(&format!(
        "[{}] {}: {message}",
        severity.as_str(),
        refs.join(" ")
    ))
}

/// What a testcase says beside its result: each check that did not simply pass and, where wanted, the exchange that shows it.
fn story(case: &CaseResult, exchanges: bool) -> String {
    let mut text = String::new();
    for check in &case.checks {
        if check.outcome == Outcome::Passed && check.message.is_empty() {
            continue;
        }
        let severity = match check.outcome {
            Outcome::Failed | Outcome::Known => format!(" ({})", check.severity.as_str()),
            _ => String::new(),
        };
        text.push_str(&format!(
            "{}{severity} {}\n",
            check.outcome.as_str(),
            check.id
        ));
        for (label, value) in [
            ("requirement", &case.title),
            ("message", &check.message),
            ("expected", &check.expected),
            ("got", &check.actual),
            ("who breaks", &case.why),
            ("mend", &check.hint),
            ("source", &check.refs.join(" ")),
            ("cause", check.cause.as_ref().unwrap_or(&String::new())),
            ("note", &check.note),
        ] {
            let beside_the_finding = matches!(
                check.outcome,
                Outcome::Failed | Outcome::Known | Outcome::Errored
            );
            if !value.is_empty() && (beside_the_finding || matches!(label, "message" | "note")) {
                text.push_str(&format!("  {label}: {}\n", visible(&cut(value, BODY))));
            }
        }
        if exchanges && (check.outcome.is_failure() || check.outcome == Outcome::Errored) {
            let shown = case.exchanges.iter().find(|e| Some(e.id) == check.exchange);
            text.push_str(&shown.map(exchange_text).unwrap_or_default());
        }
        if text.len() > OUTPUT {
            break;
        }
    }
    output(&text)
}

fn exchange_text(exchange: &Exchange) -> String {
    let mut text = format!(
        "  > {} {}\n",
        visible(&exchange.method),
        visible(&exchange.url)
    );
    for header in &exchange.request_headers {
        text.push_str(&format!(
            "  > {}: {}\n",
            visible(&header.name),
            visible(&cut(&header.value, BODY))
        ));
    }
    if let Some(body) = &exchange.request_body {
        text.push_str(&format!("  > {}\n", body_line(body, BODY)));
    }
    match (&exchange.status, &exchange.error) {
        (Some(status), _) => text.push_str(&format!("  < {status}\n")),
        (None, Some(error)) => {
            text.push_str(&format!("  < no answer: {}\n", visible(&error.message)))
        }
        (None, None) => text.push_str("  < no answer\n"),
    }
    for header in &exchange.response_headers {
        text.push_str(&format!(
            "  < {}: {}\n",
            visible(&header.name),
            visible(&cut(&header.value, BODY))
        ));
        if text.len() > OUTPUT {
            return text;
        }
    }
    if let Some(body) = &exchange.response_body {
        text.push_str(&format!("  < {}\n", body_line(body, BODY)));
    }
    text.push_str(&format!(
        "  curl: {}\n",
        visible(&cut(&crate::client::curl::curl(exchange), BODY))
    ));
    text
}

fn of_rule(run: &Run, rule: &RuleResult) -> TestCase {
    let name = attribute(&rule.id);
    let mut built = match rule.outcome {
        Outcome::Failed if rule.severity >= run.fail_on => TestCaseBuilder::failure(
            &name,
            Duration::ZERO,
            rule.severity.as_str(),
            &headline_of(
                rule.severity,
                &rule.refs,
                &format!(
                    "{} ({} of {} exchanges)",
                    rule.message, rule.count, rule.judged
                ),
            ),
        ),
        Outcome::Known => {
            TestCaseBuilder::skipped_with_cause(&name, "known", &attribute(&rule.note))
        }
        Outcome::Skipped => TestCaseBuilder::skipped_with_cause(
            &name,
            "skipped",
            "no exchange of this run to judge",
        ),
        Outcome::Errored => {
            TestCaseBuilder::error(&name, Duration::ZERO, "errored", &attribute(&rule.message))
        }
        Outcome::Failed | Outcome::Passed | Outcome::Fixed => {
            TestCaseBuilder::success(&name, Duration::ZERO)
        }
    };
    built.set_classname("scimproof.rules");
    if rule.outcome.is_failure() {
        let mut text = format!(
            "{} ({}) {}\n",
            rule.outcome.as_str(),
            rule.severity.as_str(),
            rule.id
        );
        for (label, value) in [
            ("requirement", &rule.title),
            ("message", &rule.message),
            ("expected", &rule.expected),
            ("got", &rule.actual),
            ("who breaks", &rule.breaks.join(" ")),
            ("mend", &rule.hint),
            ("source", &rule.refs.join(" ")),
            ("note", &rule.note),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("  {label}: {}\n", visible(&cut(value, BODY))));
            }
        }
        for (case, number) in &rule.exchanges {
            let shown = run
                .cases
                .iter()
                .find(|c| c.id == *case)
                .and_then(|c| c.exchanges.iter().find(|e| e.id == *number));
            text.push_str(&shown.map(exchange_text).unwrap_or_default());
        }
        let text = output(&text);
        built.set_trace(&text).set_system_out(&text);
    }
    built.build()
}

/// Entries of the known-failures file that fail the run: they passed or expired.
fn stale_entries(run: &Run) -> Vec<TestCase> {
    run.known_failures
        .iter()
        .filter_map(|entry| {
            let what = match entry.status {
                KnownStatus::Fixed => "passes, but is listed as a known failure",
                KnownStatus::Expired => {
                    "still fails, but its entry in the known-failures file has expired"
                }
                KnownStatus::Known | KnownStatus::NotSelected => return None,
            };
            let mut built = TestCaseBuilder::failure(
                &attribute(&format!("known-failures/{}", entry.id)),
                Duration::ZERO,
                "known-failures",
                &attribute(&format!(
                    "{} {what}; --update-known-failures mends the file",
                    entry.id
                )),
            );
            built.set_classname("scimproof.known-failures");
            Some(built.build())
        })
        .collect()
}

/// Text for an attribute: one bounded line.
fn attribute(text: &str) -> String {
    xml_safe(&visible(&cut(text, MESSAGE)))
}

/// Text for an element, which the crate writes as CDATA: bounded, and without the mark that ends CDATA.
fn output(text: &str) -> String {
    xml_safe(&visible_lines(&cut(text, OUTPUT))).replace("]]>", "]] >")
}

/// Only what XML 1.0 allows as `Char` (section 2.2), whatever the text held.
fn xml_safe(text: &str) -> String {
    text.chars()
        .filter(|c| {
            matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        })
        .collect()
}

#[cfg(test)]
mod tests;
