//! A finding as all formats show it: what failed, folded over the flavours and rows in which it failed alike, with its parts
//! in the one order: requirement, sent, got, expected, who breaks, how to mend it, curl, source.

use crate::client::curl::curl;
use crate::results::{CaseResult, CheckResult, Exchange, Outcome, RuleResult, Run, Severity};

use super::text::{body_line, capitalised, cut, visible};

/// Bytes of a sentence of ours that may quote the target.
const SENTENCE: usize = 1_000;

/// A check or a rule that did not hold.
#[derive(Debug, Clone)]
pub(super) struct Finding<'a> {
    /// The id of the first check, or of the rule.
    pub(super) id: &'a str,
    /// Ids of the checks that failed alike in other flavours or rows.
    pub(super) also: Vec<&'a str>,
    /// The profile; none for a rule.
    pub(super) profile: Option<&'a str>,
    /// How bad it is.
    pub(super) severity: Severity,
    /// Listed in the known-failures file.
    pub(super) known: bool,
    /// A repeat on fresh resources passed.
    pub(super) unstable: bool,
    /// What must hold.
    pub(super) requirement: &'a str,
    /// What was seen, in a sentence.
    pub(super) message: &'a str,
    /// The exchange that shows it.
    pub(super) exchange: Option<&'a Exchange>,
    /// Where that only reads: the write before it, which it shows the effect of.
    pub(super) write: Option<&'a Exchange>,
    /// What was expected, beside the message.
    pub(super) expected: &'a str,
    /// What came, beside the message.
    pub(super) actual: &'a str,
    /// Who breaks and how.
    pub(super) breaks: String,
    /// How to mend it.
    pub(super) mend: &'a str,
    /// Why severity or outcome are not as written.
    pub(super) note: &'a str,
    /// Its references, as written.
    pub(super) refs: &'a [String],
    /// The case to play again; none for a rule whose exchanges are not in a case.
    pub(super) case: Option<&'a CaseResult>,
    /// For a rule: how many exchanges broke it, and of how many.
    pub(super) count: Option<(u64, u64)>,
}

impl Finding<'_> {
    /// What led to it, in order: the write whose effect is seen, and the request that shows it.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Exchange> {
        self.write.into_iter().chain(self.exchange)
    }

    /// `POST http://target/Users` with the body on the next line, for each request.
    pub(super) fn sent(&self, limit: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for exchange in self.requests() {
            lines.push(format!(
                "{} {}",
                visible(&exchange.method),
                visible(&exchange.url)
            ));
            lines.extend(exchange.request_body.as_ref().map(|b| body_line(b, limit)));
        }
        lines
    }

    /// The answer, then what is wrong with it.
    pub(super) fn got(&self, limit: usize) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(exchange) = self.exchange {
            lines.push(match (&exchange.status, &exchange.error) {
                (Some(status), None) => status.to_string(),
                (Some(status), Some(error)) => {
                    format!("{status}, then {}", visible(&error.message))
                }
                (None, Some(error)) => format!("no answer: {}", visible(&error.message)),
                (None, None) => "no answer".to_owned(),
            });
            lines.extend(exchange.response_body.as_ref().map(|b| body_line(b, limit)));
        }
        lines.push(visible(&cut(self.message, limit.max(SENTENCE))));
        let actual = visible(&cut(self.actual, limit));
        let is_news = !actual.is_empty() && !lines.iter().any(|line| line.contains(&actual));
        if is_news && !self.repeats_the_answer() {
            lines.push(actual);
        }
        lines
    }

    /// What came is the answer itself, which is shown already.
    fn repeats_the_answer(&self) -> bool {
        const BEGINNING: usize = 40;
        let body = self.exchange.and_then(|e| e.response_body.as_ref());
        body.is_some_and(|body| {
            let beginning: String = body.text.trim().chars().take(BEGINNING).collect();
            !beginning.is_empty() && self.actual.contains(&beginning)
        })
    }

    /// A line for each request that repeats it; what it acts on must still be there.
    pub(super) fn curl(&self) -> Vec<String> {
        self.requests().map(|e| visible(&curl(e))).collect()
    }

    /// The flavours that it failed in.
    pub(super) fn flavours(&self, run: &Run) -> Vec<String> {
        let ids = std::iter::once(self.id).chain(self.also.iter().copied());
        let mut flavours: Vec<String> = ids
            .filter_map(|id| id.split_once('#'))
            .filter_map(|(case, _)| run.cases.iter().find(|c| c.id == case)?.flavour.clone())
            .collect();
        flavours.dedup();
        flavours
    }
}

/// Everything that failed, known or not: the worst first, then in plan order, rules last.
pub(super) fn findings(run: &Run) -> Vec<Finding<'_>> {
    let mut findings: Vec<Finding<'_>> = Vec::new();
    for case in &run.cases {
        for check in case.checks.iter().filter(|c| c.outcome.is_failure()) {
            let finding = of_check(run, case, check);
            match findings.iter_mut().find(|f| is_alike(f, &finding)) {
                Some(first) => {
                    first.also.push(finding.id);
                    first.severity = first.severity.max(finding.severity);
                    first.known &= finding.known;
                    first.unstable &= finding.unstable;
                }
                None => findings.push(finding),
            }
        }
    }
    findings.extend(
        run.rules
            .iter()
            .filter(|r| r.outcome.is_failure())
            .map(|rule| of_rule(run, rule)),
    );
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

/// A message without what differs from one play of a case to the next: ids and names. Short words stay, status codes above
/// all.
fn wording(message: &str) -> String {
    let is_made_up = |word: &str| word.len() > 4 && word.contains(|c: char| c.is_ascii_digit());
    message
        .split(|c: char| c.is_whitespace() || c == ',' || c == '.' || c == ';')
        .map(|word| if is_made_up(word) { "#" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The same check of the same case in another flavour or row, with the same words.
fn is_alike(first: &Finding<'_>, other: &Finding<'_>) -> bool {
    let what = |f: &Finding<'_>| f.id.rsplit_once('#').map(|(_, what)| what.to_owned());
    match (first.case, other.case) {
        (Some(a), Some(b)) => {
            a.base_id() == b.base_id()
                && what(first) == what(other)
                && wording(first.message) == wording(other.message)
        }
        _ => false,
    }
}

fn of_check<'a>(run: &'a Run, case: &'a CaseResult, check: &'a CheckResult) -> Finding<'a> {
    let title = profile_title(run, &case.profile);
    let exchange = case.exchanges.iter().find(|e| Some(e.id) == check.exchange);
    Finding {
        id: &check.id,
        also: Vec::new(),
        profile: Some(&case.profile),
        severity: check.severity,
        known: check.outcome == Outcome::Known,
        unstable: check.unstable,
        requirement: &case.title,
        message: &check.message,
        exchange,
        write: exchange.and_then(|e| write_before(case, e)),
        expected: &check.expected,
        actual: &check.actual,
        breaks: who_breaks(title, &case.why),
        mend: &check.hint,
        note: &check.note,
        refs: &check.refs,
        case: Some(case),
        count: None,
    }
}

/// The case's own words, with the provider's name before them where they don't name it.
fn who_breaks(title: &str, why: &str) -> String {
    // Longer words only: "ID" or "by" would be found everywhere.
    let named = title
        .split(' ')
        .any(|word| word.len() > 3 && why.contains(word));
    match (why.is_empty(), named) {
        (true, _) => title.to_owned(),
        (false, true) => why.to_owned(),
        (false, false) => format!("{title}: {why}"),
    }
}

/// Where the request only reads: the last write to the same resource, else the last write of the case's own steps. What was
/// made before the first step is no cause.
fn write_before<'a>(case: &'a CaseResult, shown: &Exchange) -> Option<&'a Exchange> {
    if shown.method != "GET" {
        return None;
    }
    let writes = || {
        case.exchanges
            .iter()
            .filter(|e| e.id < shown.id && e.method != "GET" && !e.step.starts_with("given."))
    };
    writes()
        .rfind(|e| e.url == shown.url)
        .or_else(|| writes().next_back())
}

fn of_rule<'a>(run: &'a Run, rule: &'a RuleResult) -> Finding<'a> {
    let shown = rule.exchanges.first().and_then(|(id, number)| {
        let case = run.cases.iter().find(|c| c.id == *id)?;
        Some((case, case.exchanges.iter().find(|e| e.id == *number)?))
    });
    let breaks: Vec<_> = rule.breaks.iter().map(|p| profile_title(run, p)).collect();
    Finding {
        id: &rule.id,
        also: Vec::new(),
        profile: None,
        severity: rule.severity,
        known: rule.outcome == Outcome::Known,
        unstable: false,
        requirement: &rule.title,
        message: &rule.message,
        exchange: shown.map(|(_, exchange)| exchange),
        write: None,
        expected: &rule.expected,
        actual: &rule.actual,
        breaks: if breaks.is_empty() {
            "clients that rely on the protocol as written".to_owned()
        } else {
            breaks.join(", ")
        },
        mend: &rule.hint,
        note: &rule.note,
        refs: &rule.refs,
        case: shown.map(|(case, _)| case),
        count: Some((rule.count, rule.judged)),
    }
}

/// A profile's name for people; its id where the run does not know it.
pub(super) fn profile_title<'a>(run: &'a Run, id: &'a str) -> &'a str {
    run.profiles
        .iter()
        .find(|p| p.id == id)
        .map_or(id, |p| p.title.as_str())
}

/// The sources of a finding, each with what it says, and how sure we are of them.
pub(super) fn sources(run: &Run, finding: &Finding<'_>) -> Vec<String> {
    let mut lines: Vec<String> = finding
        .refs
        .iter()
        .map(|id| match run.references.iter().find(|r| r.id == *id) {
            Some(reference) if reference.title.is_empty() => visible(&reference.url),
            Some(reference) => format!("{}: {}", visible(id), visible(&reference.title)),
            None => visible(id),
        })
        .collect();
    if let (Some(case), Some(_)) = (finding.case, finding.profile) {
        lines.push(format!(
            "{} that it sends this, {} that it needs the answer",
            capitalised(level(case.certainty.shape)),
            level(case.certainty.need)
        ));
    }
    lines
}

fn level(level: crate::results::CertaintyLevel) -> &'static str {
    use crate::results::CertaintyLevel::{Documented, Inferred, Observed};
    match level {
        Documented => "documented",
        Observed => "observed",
        Inferred => "inferred",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_worst_comes_first_and_what_fails_alike_is_one_finding() {
        let run = sample::run();
        let found: Vec<_> = findings(&run)
            .iter()
            .map(|f| (f.severity.as_str(), f.id.to_owned(), f.also.len(), f.known))
            .collect();
        let expected = [
            (
                "blocker",
                "okta/users/create.aiw#post.body.userName",
                1,
                false,
            ),
            (
                "blocker",
                "entra/users/disable-string-false.legacy#get.body.active",
                0,
                false,
            ),
            ("violation", "rules/error-body", 0, false),
            ("warning", "okta/users/find.aiw#get.status", 0, true),
            ("info", "entra/users/remove.flag#patch.either", 0, false),
        ]
        .map(|(severity, id, also, known)| (severity, id.to_owned(), also, known));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rule_shows_its_first_exchange() {
        let run = sample::run();
        let findings = findings(&run);
        let rule = findings
            .iter()
            .find(|f| f.profile.is_none())
            .expect("a rule failed");
        assert_eq!(rule.exchange.map(|e| e.status), Some(Some(404)));
        assert_eq!(rule.count, Some((3, 40)));
    }

    #[test]
    fn a_reading_that_shows_the_damage_names_the_write_that_did_it() {
        let run = sample::run();
        let findings = findings(&run);
        let disable = findings
            .iter()
            .find(|f| f.id.contains("disable-string-false"))
            .expect("the sample's blocker");
        let methods: Vec<_> = disable.requests().map(|e| e.method.as_str()).collect();
        assert_eq!(methods, ["PATCH", "GET"]);
        assert!(disable.sent(200)[1].contains("\"False\""));
        assert_eq!(disable.curl().len(), 2);
    }

    #[test]
    fn ids_do_not_keep_equal_failures_apart() {
        assert_eq!(
            wording("user was made as /Users/a8ed85, but reading it back answered 404"),
            wording("user was made as /Users/77, but reading it back answered 404")
        );
        assert_ne!(wording("active is true"), wording("active is absent"));
        assert_ne!(
            wording("expected 200, got 404"),
            wording("expected 200, got 500")
        );
    }
}
