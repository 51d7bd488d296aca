//! GitHub workflow commands: the annotations that GitHub shows beside a job and a pull request. GitHub keeps ten errors and
//! ten warnings of a step and drops the rest without a word, so the last place says how many are left.
//!
//! The runner obeys what a step prints: a line that begins with `::`, spaces before it or not, and `##[` anywhere in a line.
//! What a target sent is therefore escaped in an annotation, and [`guard`] takes the power from every other line.

use std::io::{self, Write};

use crate::results::{KnownStatus, Outcome, Run, Severity};

use super::finding::{findings, profile_title};
use super::text::{counted, cut, visible};

/// Annotations of one kind that GitHub shows of a step.
const SHOWN: usize = 10;
/// Bytes of one annotation's message; GitHub cuts far above this, a reader gives up before.
const MESSAGE: usize = 2_000;

/// Writes the run as workflow commands, one a line: an error for what makes the run fail, a warning for what else is worth a
/// look, a notice with the verdicts.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    if let Some(stop) = &run.stop {
        errors.push(command("error", "the run ended early", &stop.message));
    }
    for finding in findings(run) {
        if finding.known || finding.severity == Severity::Info {
            continue;
        }
        let (kind, list) = if finding.severity >= run.fail_on {
            ("error", &mut errors)
        } else {
            ("warning", &mut warnings)
        };
        let who = finding.profile.map_or_else(
            || "every exchange".to_owned(),
            |id| profile_title(run, id).to_owned(),
        );
        let mut text = format!("{}: {}", finding.requirement, finding.message);
        for (label, value) in [("Mend", finding.mend), ("Id", finding.id)] {
            if !value.is_empty() {
                text.push_str(&format!("\n{label}: {value}"));
            }
        }
        let title = format!("{}, {who}", finding.severity.as_str());
        list.push(command(kind, &title, &text));
    }
    let errored = run
        .cases
        .iter()
        .filter(|c| c.outcome == Outcome::Errored)
        .map(|c| c.id.as_str())
        .collect::<Vec<_>>();
    if let Some(first) = errored.first().filter(|_| run.stop.is_none()) {
        let count = counted(errored.len() as u64, "case", "cases");
        errors.push(command(
            "error",
            "not evaluated",
            &format!("{count} could not be evaluated, {first} first"),
        ));
    }
    for entry in &run.known_failures {
        let what = match entry.status {
            KnownStatus::Fixed => "passes now, but is listed as a known failure",
            KnownStatus::Expired => "still fails, and its entry has expired",
            KnownStatus::Known | KnownStatus::NotSelected => continue,
        };
        errors.push(command(
            "error",
            "known failures are out of date",
            &format!(
                "{} {what}; `scimproof run --update-known-failures` mends the file",
                entry.id
            ),
        ));
    }
    write_bounded("error", &errors, out)?;
    write_bounded("warning", &warnings, out)?;
    let verdicts: Vec<String> = run
        .profiles
        .iter()
        .map(|p| format!("{}: {}", p.title, p.verdict.words()))
        .collect();
    if !verdicts.is_empty() {
        writeln!(
            out,
            "{}",
            command("notice", "verdicts", &verdicts.join("\n"))
        )?;
    }
    Ok(())
}

fn write_bounded(kind: &str, commands: &[String], out: &mut dyn Write) -> io::Result<()> {
    let shown = if commands.len() > SHOWN {
        SHOWN - 1
    } else {
        commands.len()
    };
    for command in &commands[..shown] {
        writeln!(out, "{command}")?;
    }
    let left = commands.len() - shown;
    if left > 0 {
        writeln!(
            out,
            "{}",
            command(
                kind,
                "more",
                &format!("{left} more of this kind: see the report")
            )
        )?;
    }
    Ok(())
}

/// `::error title=scimproof%3A TITLE::MESSAGE`, with what would end the command or start another escaped. The line ends that
/// are ours become `%0A`, which GitHub shows as line ends.
fn command(kind: &str, title: &str, message: &str) -> String {
    let lines: Vec<String> = message
        .lines()
        .map(|line| data(&visible(&cut(line, MESSAGE))))
        .collect();
    let title = data(&visible(&format!("scimproof: {title}")))
        .replace(':', "%3A")
        .replace(',', "%2C");
    format!("::{kind} title={title}::{}", lines.join("%0A"))
}

/// The escapes that the runner undoes in a command's data; `#` before `[` is parted, since `##[` starts a command anywhere.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace("##[", "# #[")
}

/// The text, such that the runner finds no command in it: `: :` for a `::` that begins a line, `# #[` for `##[`.
pub fn guard(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A lone carriage return starts a line for the runner too.
    for line in text.split_inclusive(['\n', '\r']) {
        let content = line.trim_start();
        let (margin, content) = line.split_at(line.len() - content.len());
        out.push_str(margin);
        match content.strip_prefix("::") {
            Some(rest) => {
                out.push_str(": :");
                out.push_str(&rest.replace("##[", "# #["));
            }
            None => out.push_str(&content.replace("##[", "# #[")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use proptest::prelude::*;

    fn rendered(run: &Run) -> String {
        let mut out = Vec::new();
        render(run, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_run_with_findings() {
        insta::assert_snapshot!(rendered(&sample::run()));
    }

    #[test]
    fn a_run_without_a_target_is_one_error() {
        let text = rendered(&sample::untestable_run());
        assert_eq!(text.matches("::error ").count(), 1, "{text}");
        assert!(text.contains("nothing listens at 127.0.0.1:8080"));
    }

    #[test]
    fn what_failed_is_an_error_from_fail_on_upwards_and_known_failures_are_left_out() {
        let mut run = sample::run();
        assert!(!rendered(&run).contains("okta/users/find"), "it is known");
        let errors = |run: &Run| rendered(run).matches("::error ").count();
        let before = errors(&run);
        run.fail_on = Severity::Blocker;
        assert!(errors(&run) < before, "a violation is a warning now");
        assert!(rendered(&run).contains("::warning title=scimproof%3A violation"));
    }

    #[test]
    fn more_than_github_shows_are_counted() {
        let mut run = sample::run();
        let one = run.cases[0].clone();
        for number in 0..40 {
            let mut case = one.clone();
            case.id = format!("okta/users/create-{number}.aiw");
            for check in &mut case.checks {
                check.id = format!("{}#post.body.userName", case.id);
            }
            run.cases.push(case);
        }
        let text = rendered(&run);
        assert_eq!(text.matches("::error ").count(), SHOWN);
        assert!(text.contains("more of this kind"));
    }

    #[test]
    fn the_target_cannot_give_commands() {
        let mut run = sample::run();
        let attack = "x\n::add-mask::a\r::stop-commands::b%0A::set-output name=c::d ##[error]e";
        for case in &mut run.cases {
            for check in &mut case.checks {
                check.message = attack.to_owned();
            }
        }
        for line in rendered(&run).lines() {
            let kinds = ["::error title=", "::warning title=", "::notice title="];
            assert!(kinds.iter().any(|k| line.starts_with(k)), "{line}");
            assert!(!line.contains("##["), "{line}");
            assert!(
                !line.contains("b%0A"),
                "the target's own escape is not undone: {line}"
            );
        }
        assert_eq!(
            guard("a\n  ::error::b\n::warning::c\r::d ##[e]\n::"),
            "a\n  : :error::b\n: :warning::c\r: :d # #[e]\n: :"
        );
    }

    proptest! {
        #[test]
        fn a_guarded_text_has_no_command(text in "[ :#\\[\\r\\na-c\\u{a0}]{0,40}") {
            let guarded = guard(&text);
            prop_assert!(!guarded.contains("##["));
            prop_assert!(!guarded.split(['\n', '\r']).any(|l| l.trim_start().starts_with("::")));
        }
    }
}
