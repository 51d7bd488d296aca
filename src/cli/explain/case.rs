//! A case in words: what is given, sent and expected, and what a right answer looks like.

use std::fmt::Write as _;

use super::page::{Page, wrapped};
use crate::cli::list::{certainty_words, each_case, severity_word};
use crate::cli::right_answer::{self, Answers};
use crate::cli::terminal::plain;
use crate::expect;
use crate::suite::Library;
use crate::suite::model::{Case, Changes, Given, Profile, Send, SendBody, Step, Suite};

/// A case, with or without row, flavour and check.
pub(super) fn case(library: &Library, id: &str) -> Option<String> {
    let (whole, check) = match id.split_once('#') {
        Some((whole, check)) => (whole, Some(check)),
        None => (id, None),
    };
    let found = library.suites.iter().find_map(|suite| {
        let rest = whole.strip_prefix(suite.id.as_str())?.strip_prefix('/')?;
        let profile = library.profile(&suite.profile);
        let case = suite
            .cases
            .iter()
            .find(|case| is_case(case, rest, profile))?;
        Some((suite, case))
    });
    let (suite, case) = found?;
    let mut page = Page::new(&format!("{}/{}", suite.id, case.id), &case.title);
    page.gap();
    page.line(
        "Suite",
        &format!("{} ({}:{})", suite.title, case.place.file, case.place.line),
    );
    page.line("Severity", severity_word(case.severity));
    page.line("Evidence", &certainty_words(case.certainty));
    page.line("Flavours", &case.flavours.join(", "));
    page.line("Needs", &case.needs.join(", "));
    page.line("Uses", &case.uses.join(", "));
    page.line(
        "Rows",
        &case
            .rows
            .iter()
            .map(|r| r.id.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    );
    page.line(
        "Core",
        if case.core {
            "yes: a verdict of ready needs it"
        } else {
            ""
        },
    );
    page.line(
        "Opt-in",
        if case.opt_in {
            "yes: runs only where --suite or --case names it"
        } else {
            ""
        },
    );
    if !case.why.is_empty() {
        page.section("Why");
        page.item(&case.why);
    }
    page.section("What is sent, and what is expected");
    for given in &case.given {
        page.item(&given_words(given));
    }
    let answers = right_answers(library, suite, case, whole);
    for step in &case.steps {
        step_words(&mut page, step, check, &answers);
    }
    if !case.hint.is_empty() {
        page.section("How to mend it");
        page.item(&case.hint);
    }
    page.sources(&case.refs);
    page.section("Run it alone");
    page.item(&format!(
        "scimproof run --target URL --token-env SCIM_TOKEN --case '{}/{}**' -v",
        suite.id, case.id
    ));
    Some(page.end())
}

/// What the bundled server answers: to what was named, or else in the first row and flavour.
fn right_answers(library: &Library, suite: &Suite, case: &Case, named: &str) -> Answers {
    if case.opt_in {
        // Such a case is a load, and no example.
        return Answers::new();
    }
    let mut ids = Vec::new();
    each_case(library, |id, of, this, _| {
        if of.id == suite.id && this.id == case.id {
            ids.push(id);
        }
    });
    ids.iter()
        .find(|id| *id == named || id.strip_prefix(named).is_some_and(|r| r.starts_with('.')))
        .or(ids.first())
        .map(|id| right_answer::of(library, id))
        .unwrap_or_default()
}

fn is_case(case: &Case, written: &str, profile: Option<&Profile>) -> bool {
    let Some(rest) = written.strip_prefix(case.id.as_str()) else {
        return false;
    };
    let flavours: Vec<&str> = profile
        .map(|p| p.flavours.iter().map(|f| f.id.as_str()).collect())
        .unwrap_or_default();
    let row = match rest.rsplit_once('.') {
        Some((row, flavour)) if flavours.contains(&flavour) => row,
        _ => rest,
    };
    row.is_empty()
        || row
            .strip_prefix('-')
            .is_some_and(|row| case.rows.iter().any(|r| r.id == row))
}

fn given_words(given: &Given) -> String {
    let mut text = format!(
        "Made first: `{}`, from the fixture {}",
        given.name, given.fixture
    );
    if !given.members.is_empty() {
        let _ = write!(text, " with the members {}", given.members.join(", "));
    }
    text
}

fn step_words(page: &mut Page, step: &Step, check: Option<&str>, answers: &Answers) {
    match step {
        Step::Send(send) => send_words(page, send, check, answers),
        Step::Together(sends) => {
            page.item("At the same time:");
            for send in sends {
                send_words(page, send, check, answers);
            }
        }
        Step::Walk(walk) => {
            page.item(&format!(
                "{}: all pages of {}, {} at a time",
                walk.id, walk.target, walk.count
            ));
        }
    }
}

fn send_words(page: &mut Page, send: &Send, check: Option<&str>, answers: &Answers) {
    let this = check.is_some_and(|c| c == send.id || c.starts_with(&format!("{}.", send.id)));
    let mark = if this { "->" } else { "  " };
    let only = if send.only.is_empty() {
        String::new()
    } else {
        format!("  (only {})", send.only.join(", "))
    };
    page.gap();
    page.raw(
        &format!("{mark}{} {}{only}", send.method, plain(&send.target)),
        0,
    );
    for (name, value) in &send.headers {
        page.raw(
            &format!("{name}: {}", value.as_deref().unwrap_or("(not sent)")),
            4,
        );
    }
    match &send.body {
        SendBody::Empty => {}
        SendBody::Json(value) => {
            page.raw(&serde_json::to_string_pretty(value).unwrap_or_default(), 4)
        }
        SendBody::Raw(text) => page.raw(&plain(text), 4),
        SendBody::Echo { of, set, without } => {
            let set: Vec<String> = set
                .iter()
                .map(|(path, value)| format!("{path} = {value}"))
                .collect();
            page.raw(
                &format!(
                    "the server's own `{of}` sent back{}{}",
                    with("with", &set),
                    with("without", without)
                ),
                4,
            );
        }
        SendBody::Fixture {
            fixture, without, ..
        } => {
            page.raw(&format!("a {fixture}{}", with("without", without)), 4);
        }
    }
    page.detail("expected", &wrapped(&expect::describe(&send.expect), 14));
    for also in &send.also {
        let expected = wrapped(&expect::describe(&also.expect), 14);
        page.detail(&format!("also {}", also.id), &expected);
    }
    if let Some(changes) = &send.changes {
        page.detail("changes", &changes_words(changes));
    }
    if let Some(answer) = answers.get(&send.id) {
        page.raw("a right answer, from the bundled server:", 4);
        page.raw(&plain_lines(answer), 6);
    }
}

/// Text of a server, line by line.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn with(word: &str, items: &[String]) -> String {
    if items.is_empty() {
        String::new()
    } else {
        format!(", {word} {}", items.join(", "))
    }
}

fn changes_words(changes: &Changes) -> String {
    use crate::suite::model::Change;
    if changes.of.is_empty() {
        return "nothing may change".to_owned();
    }
    let each = changes.of.iter().map(|(name, change)| match change {
        Change::Paths(paths) if paths.is_empty() => format!("{name}: nothing"),
        Change::Paths(paths) => {
            let paths: Vec<&str> = paths.iter().map(|(path, _)| path.as_str()).collect();
            format!("{name}: {} and nothing else", paths.join(", "))
        }
        Change::Gone => format!("{name} is gone (404)"),
        Change::Any => format!("{name} may change"),
    });
    each.collect::<Vec<_>>().join("; ")
}
