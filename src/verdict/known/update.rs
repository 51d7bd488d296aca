//! Writing the file anew (`--update-known-failures`): what passes goes, what fails comes, reasons and comments stay.

use std::collections::BTreeSet;

use crate::results::{KnownStatus, Outcome, Run, Severity};

use super::{KnownEntry, KnownFailures};

const ENTRY: &str = "[[known]]";

const HEAD: &str = "# Failures that are known and accepted for now. `scimproof run --known-failures FILE` does not fail for them, and
# fails when one of them passes. Each entry needs a reason; `until = 2027-01-31` makes it expire.
";

/// The text of the file as it must be after this run. Entries that were fixed go; expired ones whose failure is still there
/// stay without their date; failures at or above `fail_on` that no entry names are added with their message as the reason.
#[must_use]
pub fn updated(known: &KnownFailures, run: &Run, fail_on: Severity) -> String {
    let blocks = blocks(&known.text, known.entries.len());
    let mut text = match &blocks {
        Some((head, _)) if !head.trim().is_empty() => head.clone(),
        Some(_) | None => HEAD.to_owned(),
    };
    for (at, entry) in known.entries.iter().enumerate() {
        let status = run
            .known_failures
            .get(at)
            .map_or(KnownStatus::NotSelected, |result| result.status);
        if status == KnownStatus::Fixed {
            continue;
        }
        let dated = status != KnownStatus::Expired;
        match &blocks {
            Some((_, blocks)) => push_block(&mut text, &blocks[at], dated),
            None => push_block(&mut text, &written(entry), dated),
        }
    }
    for (id, message) in new_failures(known, run, fail_on) {
        let reason = format!("not looked at yet: {message}");
        push_block(
            &mut text,
            &format!(
                "{ENTRY}\nid = {}\nreason = {}\n",
                quoted(&id),
                quoted(&reason)
            ),
            true,
        );
    }
    text
}

/// Failed checks and rules that count and that no entry names.
fn new_failures(known: &KnownFailures, run: &Run, fail_on: Severity) -> Vec<(String, String)> {
    let checks = run.cases.iter().flat_map(|case| {
        case.checks
            .iter()
            .filter(|c| c.outcome == Outcome::Failed && c.severity >= fail_on)
            .filter(|c| !known.entries.iter().any(|e| e.names(&case.id, &c.id)))
            .map(|c| (c.id.clone(), c.message.clone()))
    });
    let rules = run
        .rules
        .iter()
        .filter(|r| r.outcome == Outcome::Failed && r.severity >= fail_on)
        .filter(|r| !known.entries.iter().any(|e| e.pattern.matches(&r.id)))
        .map(|r| (r.id.clone(), r.message.clone()));
    let mut seen = BTreeSet::new();
    checks
        .chain(rules)
        .filter(|(id, _)| seen.insert(id.clone()))
        .collect()
}

/// The file's head and the text of each entry, its comment above it included; `None` where the entries are written in a way
/// that this simple reading does not follow.
fn blocks(text: &str, entries: usize) -> Option<(String, Vec<String>)> {
    let mut head = String::new();
    let mut blocks: Vec<String> = Vec::new();
    let mut comment = String::new();
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('#') {
            comment.push_str(line);
            continue;
        }
        if trimmed.split('#').next().is_some_and(|l| l.trim() == ENTRY) {
            blocks.push(std::mem::take(&mut comment) + line);
            continue;
        }
        let open = blocks.last_mut().unwrap_or(&mut head);
        open.push_str(&std::mem::take(&mut comment));
        open.push_str(line);
    }
    let open = blocks.last_mut().unwrap_or(&mut head);
    open.push_str(&comment);
    (blocks.len() == entries).then_some((head, blocks))
}

fn push_block(text: &mut String, block: &str, dated: bool) {
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    for line in block.trim_end().lines() {
        let is_date = line
            .trim_start()
            .strip_prefix("until")
            .is_some_and(|rest| rest.trim_start().starts_with('='));
        if dated || !is_date {
            text.push_str(line);
            text.push('\n');
        }
    }
}

fn written(entry: &KnownEntry) -> String {
    let until = entry
        .until
        .map(|d| format!("until = {d}\n"))
        .unwrap_or_default();
    format!(
        "{ENTRY}\nid = {}\nreason = {}\n{until}",
        quoted(entry.pattern.as_str()),
        quoted(&entry.reason)
    )
}

/// A TOML basic string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::known::apply;
    use crate::verdict::sample::{case, failed, frame, passed, run_of};

    fn update(text: &str) -> String {
        let known = KnownFailures::parse("known.toml", text).expect("the file is right");
        let mut cases = vec![case(
            "okta/u/a.aiw",
            vec![
                failed("s.status", Severity::Blocker),
                passed("s.body.x", Severity::Blocker),
                failed("s.body.y", Severity::Warning),
            ],
        )];
        let results = apply(
            &known,
            &mut cases,
            &mut [],
            "2026-11-21".parse().ok(),
            false,
        );
        let mut run = run_of(cases, &frame(&[]));
        run.known_failures = results;
        updated(&known, &run, Severity::Violation)
    }

    #[test]
    fn what_passes_goes_and_what_fails_comes() {
        let text = update(
            "# our list\n\n# about x\n[[known]]\nid = \"okta/u/a.aiw#s.body.x\"\nreason = \"x\"\n\n# about others\n[[known]]\nid = \"entra/u/b.flag#s\" # kept\nreason = \"b\"\n",
        );
        assert_eq!(
            text,
            "# our list\n\n# about others\n[[known]]\nid = \"entra/u/b.flag#s\" # kept\nreason = \"b\"\n\n[[known]]\nid = \"okta/u/a.aiw#s.status\"\nreason = \"not looked at yet: s.status did not hold\"\n"
        );
    }

    #[test]
    fn an_expired_entry_that_still_fails_loses_its_date_and_keeps_its_reason() {
        let text = update(
            "# list\n\n[[known]]\nid = \"okta/u/a.aiw#s.status\"\nreason = \"ticket 7\"\nuntil = 2026-01-01\n",
        );
        assert_eq!(
            text,
            "# list\n\n[[known]]\nid = \"okta/u/a.aiw#s.status\"\nreason = \"ticket 7\"\n"
        );
    }

    #[test]
    fn a_new_file_explains_itself_and_updating_twice_changes_nothing() {
        let first = update("");
        assert!(first.starts_with("# Failures that are known"));
        assert_eq!(update(&first), first);
    }

    #[test]
    fn entries_in_an_inline_array_are_kept_too() {
        let text =
            update("known = [{ id = \"okta/u/a.aiw#s.status\", reason = \"say \\\"no\\\"\" }]\n");
        let known =
            KnownFailures::parse("known.toml", &text).expect("what was written can be read");
        assert_eq!(known.entries()[0].reason, "say \"no\"");
        assert_eq!(known.entries().len(), 1);
    }
}
