//! `scimproof explain ID`: for everything with an id what it is, why it matters, where it comes from, how to mend it.

use std::fmt::Write as _;

use super::args::ExplainArgs;
use super::error::{CLEAN, CliError};
use super::list::{certainty_words, coverage, each_case, library, quirk_title, severity_word};
use super::right_answer::{self, Answers};
use super::terminal::{Terminal, plain};
use crate::data::defects::{Harm, View};
use crate::data::{Entry, Reference, defects, gates, quirks, requirements, targets};
use crate::expect;
use crate::suite::model::{Case, Changes, Given, Profile, Send, SendBody, Step, Suite};
use crate::suite::{Library, nearest};

/// Columns of a paragraph.
const WIDTH: usize = 96;

/// Explains one id.
pub(super) fn explain(args: &ExplainArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let library = library(args.suites_dir.as_deref())?;
    let id = args.id.trim();
    let text = case(&library, id)
        .or_else(|| rule(id))
        .or_else(|| reference(&library, id))
        .or_else(|| gate(&library, id))
        .or_else(|| server_word(&library, id))
        .or_else(|| suite(&library, id))
        .or_else(|| profile(&library, id));
    match text {
        Some(text) => {
            terminal.write_out(text.as_bytes())?;
            Ok(CLEAN)
        }
        None => Err(CliError::Usage(unknown(&library, id))),
    }
}

fn unknown(library: &Library, id: &str) -> String {
    let near = crate::data::reference::nearest(id).or_else(|| {
        let cases = library
            .suites
            .iter()
            .flat_map(|s| s.cases.iter().map(move |c| format!("{}/{}", s.id, c.id)));
        let suites = library.suites.iter().map(|s| s.id.clone());
        let rules = crate::rules::all().into_iter().map(|r| r.id.to_owned());
        let known: Vec<String> = cases.chain(suites).chain(rules).collect();
        nearest(id, known.iter().map(String::as_str))
    });
    match near {
        Some(near) => format!("nothing has the id `{}`; did you mean `{near}`?", plain(id)),
        None => format!(
            "nothing has the id `{}`; `scimproof list cases` (or rules, requirements, gates, faults) shows what there is",
            plain(id)
        ),
    }
}

/// A text with a title and named paragraphs.
struct Page {
    text: String,
}

impl Page {
    fn new(id: &str, title: &str) -> Self {
        Self {
            text: format!("{id}\n  {}\n", wrapped(title, 2)),
        }
    }

    fn line(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let _ = writeln!(
                self.text,
                "{:<14}{}",
                format!("{name}:"),
                wrapped(value, 14)
            );
        }
    }

    fn section(&mut self, name: &str) {
        let _ = writeln!(self.text, "\n{name}");
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.text, "  {}", wrapped(text, 2));
    }

    fn raw(&mut self, text: &str, indent: usize) {
        for line in text.lines() {
            let _ = writeln!(self.text, "{:indent$}{line}", "");
        }
    }

    fn try_it(&mut self, command: &str) {
        self.section("Try it");
        self.raw(command, 2);
    }

    fn sources(&mut self, references: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut heading = false;
        for reference in references {
            if !heading {
                self.section("Source");
                heading = true;
            }
            self.item(&source_line(reference.as_ref()));
        }
    }

    fn end(self) -> String {
        self.text
    }
}

/// Breaks a paragraph into lines; those after the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    for word in text.split_whitespace() {
        let long = word.chars().count();
        if column > indent && column + 1 + long > WIDTH {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += long;
    }
    out
}

/// A citation with what it says.
fn source_line(text: &str) -> String {
    let entry = text.parse::<Reference>().ok().and_then(|r| r.resolve());
    match entry {
        Some(Entry::Requirement(r)) => format!(
            "{text} ({}, {}): {}",
            r.section,
            r.level.as_str(),
            r.requirement
        ),
        Some(Entry::Quirk(q)) => format!("{text}: {} ({})", quirk_title(q), q.source),
        Some(Entry::Gate(step)) => format!("{text}: {}", step.title),
        Some(Entry::Defect(d)) => format!("{text}: {} ({})", d.title, d.source),
        Some(Entry::Url) | None => text.to_owned(),
    }
}

/// A case, with or without row, flavour and check.
fn case(library: &Library, id: &str) -> Option<String> {
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
    page.text.push('\n');
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
    page.text.push('\n');
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
    let _ = writeln!(
        page.text,
        "    expected: {}",
        wrapped(&expect::describe(&send.expect), 14)
    );
    for also in &send.also {
        let _ = writeln!(
            page.text,
            "    also {}: {}",
            also.id,
            wrapped(&expect::describe(&also.expect), 14)
        );
    }
    if let Some(changes) = &send.changes {
        let _ = writeln!(page.text, "    changes: {}", changes_words(changes));
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

fn rule(id: &str) -> Option<String> {
    let rules = crate::rules::all();
    let rule = rules
        .iter()
        .find(|rule| rule.id == id || rule.id.strip_prefix("rules/") == Some(id))?;
    let mut page = Page::new(rule.id, rule.title);
    page.text.push('\n');
    page.line("Severity", severity_word(rule.severity));
    page.line("Breaks", &rule.breaks.join(", "));
    page.line(
        "Judged on",
        "every exchange of a run, and reported once with a count",
    );
    page.section("How to mend it");
    page.item(rule.hint);
    page.sources(rule.refs);
    Some(page.end())
}

/// A citation, with or without its namespace.
fn reference(library: &Library, id: &str) -> Option<String> {
    let bare = id.split_once(':').map_or(id, |(_, rest)| rest);
    let namespace = id.split_once(':').map(|(namespace, _)| namespace);
    let is = |name: &str| namespace.is_none_or(|n| n == name);
    let requirement = is("rfc").then(|| requirements::find(bare)).flatten();
    if let Some(requirement) = requirement {
        let mut page = Page::new(&format!("rfc:{}", requirement.id), requirement.requirement);
        page.text.push('\n');
        page.line("Where", requirement.section);
        page.line("Strength", requirement.level.as_str());
        page.line("Binds", requirement.side.as_str());
        page.line("On the wire", requirement.how_to_test);
        covered_by(&mut page, library, &format!("rfc:{}", requirement.id));
        return Some(page.end());
    }
    if let Some(quirk) = is("quirk").then(|| quirks::find(bare)).flatten() {
        let mut page = Page::new(&format!("quirk:{}", quirk.id), &quirk_title(quirk));
        page.text.push('\n');
        page.line("Provider", quirk.profile);
        page.line("Sent", quirk.shape);
        page.line("Needed", quirk.need);
        page.line("Severity", severity_word(quirk.severity));
        page.line("Evidence", &certainty_words(quirk.certainty));
        page.line("Source", quirk.source);
        covered_by(&mut page, library, &format!("quirk:{}", quirk.id));
        return Some(page.end());
    }
    let number = is("defect").then(|| bare.parse().ok()).flatten();
    let defect = number.and_then(defects::find)?;
    let mut page = Page::new(&format!("defect:{}", defect.number), defect.title);
    page.text.push('\n');
    page.line("Area", defect.area);
    page.line("Bites", defect.idp);
    page.line("Did", defect.wrong);
    page.line("Should do", defect.right);
    page.line("Harm", harm_words(defect.harm));
    page.line("RFCs", view_words(defect.view));
    page.line("Source", defect.source);
    covered_by(&mut page, library, &format!("defect:{}", defect.number));
    Some(page.end())
}

fn harm_words(harm: Harm) -> &'static str {
    match harm {
        Harm::Blocker => "provisioning stopped",
        Harm::DataLoss => "data was lost or mixed up",
        Harm::Security => "access stayed open or opened",
        Harm::Annoyance => "it cost time",
    }
}

fn view_words(view: View) -> &'static str {
    match view {
        View::Rule => "breaks a MUST",
        View::Should => "breaks a SHOULD or an optional feature that providers rely on",
        View::Idp => {
            "lawful, or the request itself is off the specification; breaks with that provider"
        }
        View::Outside => "not covered",
    }
}

fn covered_by(page: &mut Page, library: &Library, reference: &str) {
    page.section("Covered by");
    let covered = coverage(library);
    match covered.get(reference) {
        Some(by) => by.iter().for_each(|id| page.item(id)),
        None => {
            let reason = library
                .not_covered
                .iter()
                .find(|gap| gap.reference == reference);
            page.item(&reason.map_or_else(
                || "no case".to_owned(),
                |gap| format!("no case: {}", gap.reason),
            ));
        }
    }
}

fn gate(library: &Library, id: &str) -> Option<String> {
    let id = id.strip_prefix("gate:").unwrap_or(id);
    if let Some(step) = gates::find(id) {
        let mut page = Page::new(&format!("gate:{}", step.id), step.title);
        page.text.push('\n');
        page.line("Asserts", step.asserts);
        page.line("Weight", step.category.as_str());
        page.line("Judged", step.judged.as_str());
        page.line("Note", step.note);
        covered_by(&mut page, library, &format!("gate:{}", step.id));
        return Some(page.end());
    }
    let gate = gates::all().into_iter().find(|gate| gate.id == id)?;
    let mut page = Page::new(gate.id, gate.title);
    page.section("Steps");
    for step in gate.steps() {
        page.item(&format!(
            "{} ({}): {}",
            step.id,
            step.judged.as_str(),
            step.title
        ));
    }
    Some(page.end())
}

fn suite(library: &Library, id: &str) -> Option<String> {
    let suite: &Suite = library.suites.iter().find(|suite| suite.id == id)?;
    let mut page = Page::new(&suite.id, &suite.title);
    page.section("Cases");
    for case in &suite.cases {
        page.item(&format!("{}: {}", case.id, case.title));
    }
    Some(page.end())
}

fn profile(library: &Library, id: &str) -> Option<String> {
    let profile = library.profile(id)?;
    let mut page = Page::new(&profile.id, &profile.title);
    page.text.push('\n');
    page.line(
        "Played",
        if profile.default_run {
            "in every run"
        } else {
            "where --profile names it"
        },
    );
    for flavour in &profile.flavours {
        page.line("Flavour", &format!("{}: {}", flavour.id, flavour.title));
    }
    page.section("Suites");
    for suite in library.suites.iter().filter(|s| s.profile == profile.id) {
        page.item(&format!("{}: {}", suite.id, suite.title));
    }
    Some(page.end())
}

/// A fault, lawful variant or persona of the reference server.
fn server_word(library: &Library, id: &str) -> Option<String> {
    if let Some(fault) = scim_reference::faults()
        .iter()
        .find(|fault| fault.name == id)
    {
        let mut page = Page::new(fault.name, fault.title);
        page.text.push('\n');
        page.line("Fault", fault.what);
        page.line("Breaks", &fault.breaks.join(", "));
        page.line("Source", fault.source);
        if let Some(defect) = fault.defect {
            page.line("Mimics", &source_line(&format!("defect:{defect}")));
            covered_by(&mut page, library, &format!("defect:{defect}"));
        }
        page.try_it(&format!("scimproof run --reference --fault {}", fault.name));
        return Some(page.end());
    }
    if let Some(variant) = scim_reference::lawful_variants()
        .iter()
        .find(|variant| variant.name == id)
    {
        let mut page = Page::new(variant.name, variant.title);
        page.text.push('\n');
        page.line("Lawful", variant.what);
        page.line("Source", variant.source);
        page.try_it(&format!(
            "scimproof run --reference --lawful {}",
            variant.name
        ));
        return Some(page.end());
    }
    let persona = scim_reference::personas()
        .iter()
        .find(|persona| persona.name == id);
    let target = targets::find(id);
    let title = persona
        .map(|p| p.title)
        .or(target.map(|t| t.title.as_str()))?;
    let mut page = Page::new(id, title);
    page.text.push('\n');
    if let Some(persona) = persona {
        page.line("Behaves", persona.what);
        page.line("Source", persona.source);
    }
    if let Some(target) = target {
        page.line(
            "Deactivates",
            target.policy.deactivation.as_deref().unwrap_or_default(),
        );
        page.line(
            "Groups",
            target.policy.groups.as_deref().unwrap_or_default(),
        );
        page.line("Not offered", &target.policy.not_offered.join(", "));
        page.line("Set up with", &target.documented_with.join(", "));
    }
    page.try_it(&format!("scimproof run --reference --persona {id}"));
    Some(page.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_wrapped_and_indented() {
        let text = wrapped(&"word ".repeat(30), 4);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("    word"))
        );
        assert_eq!(wrapped("", 2), "");
    }
}
