//! The entries against what happened: outcomes become `known` or `fixed`, and each entry gets its own status.

use jiff::civil::Date;

use crate::results::{CaseResult, KnownEntryResult, KnownStatus, Outcome, RuleResult};

use super::{KnownEntry, KnownFailures};

/// What an entry's ids came to in this run.
#[derive(Debug, Default)]
struct Seen {
    failed: bool,
    passed: bool,
    unevaluated: bool,
}

impl Seen {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Failed | Outcome::Known => self.failed = true,
            Outcome::Passed | Outcome::Fixed => self.passed = true,
            Outcome::Skipped | Outcome::Errored => self.unevaluated = true,
        }
    }
}

/// Marks what is listed. `today` decides what has expired; where it is not known, nothing has. In a `narrowed` run (a
/// selection was made) a pattern or a rule may have failures outside of the run, so that a pass proves nothing.
pub(in crate::verdict) fn apply(
    known: &KnownFailures,
    cases: &mut [CaseResult],
    rules: &mut [RuleResult],
    today: Option<Date>,
    narrowed: bool,
) -> Vec<KnownEntryResult> {
    let statuses: Vec<_> = known
        .entries
        .iter()
        .map(|entry| status(entry, cases, rules, today, narrowed))
        .collect();
    for (entry, status) in known.entries.iter().zip(&statuses) {
        mark(entry, *status, cases, rules);
    }
    known
        .entries
        .iter()
        .zip(statuses)
        .map(|(entry, status)| KnownEntryResult {
            id: entry.pattern.to_string(),
            reason: entry.reason.clone(),
            until: entry.until.map(|d| d.to_string()),
            status,
        })
        .collect()
}

fn status(
    entry: &KnownEntry,
    cases: &[CaseResult],
    rules: &[RuleResult],
    today: Option<Date>,
    narrowed: bool,
) -> KnownStatus {
    let mut seen = Seen::default();
    for case in cases.iter().filter(|case| !case.checks.is_empty()) {
        let mut named = case
            .checks
            .iter()
            .filter(|c| entry.names(&case.id, &c.id))
            .peekable();
        if named.peek().is_some() {
            named.for_each(|check| seen.add(check.outcome));
        } else if entry.is_about(&case.id) {
            // Some checks exist only where they fail, such as a lost value: their absence is a pass if the case was played.
            seen.add(
                if case.checks.iter().any(|c| c.outcome == Outcome::Errored) {
                    Outcome::Errored
                } else {
                    Outcome::Passed
                },
            );
        }
    }
    for rule in rules.iter().filter(|rule| entry.pattern.matches(&rule.id)) {
        seen.add(rule.outcome);
        seen.unevaluated |= narrowed && !seen.failed;
    }
    seen.unevaluated |= narrowed && !entry.pattern.is_literal();
    let expired = entry
        .until
        .zip(today)
        .is_some_and(|(until, today)| until < today);
    match seen {
        Seen { failed: true, .. } if expired => KnownStatus::Expired,
        Seen { failed: true, .. } => KnownStatus::Known,
        Seen {
            passed: true,
            unevaluated: false,
            ..
        } => KnownStatus::Fixed,
        _ => KnownStatus::NotSelected,
    }
}

fn mark(
    entry: &KnownEntry,
    status: KnownStatus,
    cases: &mut [CaseResult],
    rules: &mut [RuleResult],
) {
    let (from, to, note) = match status {
        KnownStatus::Known => (
            Outcome::Failed,
            Outcome::Known,
            format!("known: {}", entry.reason),
        ),
        KnownStatus::Fixed => (
            Outcome::Passed,
            Outcome::Fixed,
            format!("passes, but is listed as a known failure: {}", entry.reason),
        ),
        KnownStatus::Expired | KnownStatus::NotSelected => return,
    };
    for case in cases {
        for check in &mut case.checks {
            if check.outcome == from && entry.names(&case.id, &check.id) {
                check.outcome = to;
                check.note.clone_from(&note);
            }
        }
    }
    for rule in rules
        .iter_mut()
        .filter(|r| r.outcome == from && entry.pattern.matches(&r.id))
    {
        rule.outcome = to;
        rule.note.clone_from(&note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Severity::Blocker;
    use crate::verdict::sample::{case, errored, failed, passed, rule};

    const TODAY: &str = "2026-11-21";

    /// Case `a` fails in one of two checks, `b` passes, `c` could not set up, `d` was skipped; rule `x` fails, `y` passes.
    fn apply_one(id: &str, until: &str, narrowed: bool) -> (KnownStatus, Vec<(String, Outcome)>) {
        let until = if until.is_empty() {
            String::new()
        } else {
            format!("until = {until}\n")
        };
        let text = format!("[[known]]\nid = \"{id}\"\nreason = \"r\"\n{until}");
        let known = KnownFailures::parse("known.toml", &text).expect("the file is right");
        let mut cases = vec![
            case(
                "okta/u/a.aiw",
                vec![failed("s.status", Blocker), passed("s.body.x", Blocker)],
            ),
            case("okta/u/b.aiw", vec![passed("s.status", Blocker)]),
            case("okta/u/c.aiw", vec![errored("s.status", Blocker)]),
            case("okta/u/d.aiw", vec![]),
        ];
        let mut rules = vec![
            rule("rules/x", Outcome::Failed),
            rule("rules/y", Outcome::Passed),
        ];
        let status = apply(&known, &mut cases, &mut rules, TODAY.parse().ok(), narrowed)[0].status;
        let marked = cases
            .iter()
            .flat_map(|c| &c.checks)
            .map(|c| (c.id.clone(), c.outcome))
            .chain(rules.iter().map(|r| (r.id.clone(), r.outcome)))
            .filter(|(_, o)| matches!(o, Outcome::Known | Outcome::Fixed))
            .collect();
        (status, marked)
    }

    #[test]
    fn an_entry_is_known_fixed_expired_or_left_alone() {
        use KnownStatus::{Expired, Fixed, Known, NotSelected};
        type Row<'a> = (
            &'a str,
            &'a str,
            bool,
            KnownStatus,
            &'a [(&'a str, Outcome)],
        );
        let table: &[Row<'_>] = &[
            (
                "okta/u/a.aiw#s.status",
                "",
                false,
                Known,
                &[("okta/u/a.aiw#s.status", Outcome::Known)],
            ),
            (
                "okta/u/a.aiw",
                "",
                false,
                Known,
                &[("okta/u/a.aiw#s.status", Outcome::Known)],
            ),
            (
                "okta/u/a.aiw#s.status",
                "2026-11-21",
                false,
                Known,
                &[("okta/u/a.aiw#s.status", Outcome::Known)],
            ),
            ("okta/u/a.aiw#s.status", "2026-11-20", false, Expired, &[]),
            (
                "okta/u/b.aiw#s.status",
                "",
                false,
                Fixed,
                &[("okta/u/b.aiw#s.status", Outcome::Fixed)],
            ),
            (
                "okta/u/b.aiw#s.status",
                "",
                true,
                Fixed,
                &[("okta/u/b.aiw#s.status", Outcome::Fixed)],
            ),
            ("okta/u/b.aiw#s.state.gone", "", false, Fixed, &[]),
            ("okta/u/b*", "", true, NotSelected, &[]),
            (
                "okta/u/b*",
                "",
                false,
                Fixed,
                &[("okta/u/b.aiw#s.status", Outcome::Fixed)],
            ),
            (
                "okta/**#s.status",
                "",
                true,
                Known,
                &[("okta/u/a.aiw#s.status", Outcome::Known)],
            ),
            ("okta/u/c.aiw#s.status", "", false, NotSelected, &[]),
            ("okta/u/c.aiw#s.state.x", "", false, NotSelected, &[]),
            (
                "okta/u/d.aiw#s.status",
                "2026-01-01",
                false,
                NotSelected,
                &[],
            ),
            (
                "entra/u/a.flag#s.status",
                "2026-01-01",
                false,
                NotSelected,
                &[],
            ),
            ("rules/x", "", false, Known, &[("rules/x", Outcome::Known)]),
            ("rules/y", "", false, Fixed, &[("rules/y", Outcome::Fixed)]),
            ("rules/y", "", true, NotSelected, &[]),
        ];
        for (id, until, narrowed, status, marked) in table {
            let (found, changes) = apply_one(id, until, *narrowed);
            assert_eq!(found, *status, "{id}");
            let changes: Vec<_> = changes.iter().map(|(id, o)| (id.as_str(), *o)).collect();
            assert_eq!(changes, *marked, "{id}");
        }
    }
}
