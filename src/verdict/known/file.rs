//! Reading the known-failures file. All errors are reported at once, each with its place.

use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use crate::plan::Glob;

use super::KnownEntry;

/// What is wrong with the file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct KnownError {
    /// The file as it was named to us.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The file: its entries in order, and its text, which is kept where the file is written anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownFailures {
    file: String,
    pub(super) text: String,
    pub(super) entries: Vec<KnownEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default)]
    known: Vec<EntryForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryForm {
    id: Spanned<String>,
    reason: Spanned<String>,
    until: Option<Spanned<toml::Value>>,
}

impl KnownFailures {
    /// Reads the file's text. `file` is its name for messages.
    ///
    /// # Errors
    /// Every problem of the file: TOML that does not parse, keys that do not exist, an empty id or reason, a date that is
    /// none, an id that stands twice.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<KnownError>> {
        let wrong = |at: Range<usize>, message: String| {
            let (line, column) = place(text, at.start);
            KnownError {
                file: file.to_owned(),
                line,
                column,
                message,
            }
        };
        let form: FileForm = toml::from_str(text).map_err(|error| {
            vec![wrong(
                error.span().unwrap_or_default(),
                error.message().to_owned(),
            )]
        })?;
        let mut problems = Vec::new();
        let mut entries: Vec<KnownEntry> = Vec::new();
        for entry in form.known {
            let (line, column) = place(text, entry.id.span().start);
            if entry.id.get_ref().trim().is_empty() {
                problems.push(wrong(entry.id.span(), "an entry needs an id".to_owned()));
            }
            if let Some(first) = entries
                .iter()
                .find(|e| e.pattern.as_str() == entry.id.get_ref())
            {
                problems.push(wrong(
                    entry.id.span(),
                    format!(
                        "`{}` is listed twice; the first is in line {}",
                        first.pattern, first.line
                    ),
                ));
            }
            if entry.reason.get_ref().trim().is_empty() {
                problems.push(wrong(
                    entry.reason.span(),
                    "an entry needs a reason: why is this failure acceptable for now?".to_owned(),
                ));
            }
            let until = match entry.until.map(|u| (u.span(), date(u.get_ref()))) {
                Some((span, None)) => {
                    problems.push(wrong(
                        span,
                        "`until` must be a date such as 2027-01-31".to_owned(),
                    ));
                    None
                }
                Some((_, some)) => some,
                None => None,
            };
            entries.push(KnownEntry {
                pattern: Glob::new(entry.id.get_ref()),
                reason: entry.reason.into_inner(),
                until,
                line,
                column,
            });
        }
        if problems.is_empty() {
            Ok(Self {
                file: file.to_owned(),
                text: text.to_owned(),
                entries,
            })
        } else {
            Err(problems)
        }
    }

    /// The entries, in file order.
    #[must_use]
    pub fn entries(&self) -> &[KnownEntry] {
        &self.entries
    }

    /// Refuses entries that name nothing. `ids` are those of all cases and rules that exist, whether selected or not. Which
    /// checks a case has is only known once it ran, so for a check it is its case that must exist.
    ///
    /// # Errors
    /// One for each entry that names nothing, with its place and the nearest id.
    pub fn must_exist(&self, ids: &[String]) -> Result<(), Vec<KnownError>> {
        let problems: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| !ids.iter().any(|id| entry.may_be_about(id)))
            .map(|entry| KnownError {
                file: self.file.clone(),
                line: entry.line,
                column: entry.column,
                message: format!(
                    "`{}` names nothing that exists{}",
                    entry.pattern,
                    nearest(entry.pattern.as_str(), ids)
                ),
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

impl KnownEntry {
    /// A pattern without `#` may end within a check's name; then only its beginning can be held against a case's id.
    fn may_be_about(&self, id: &str) -> bool {
        let text = self.pattern.as_str();
        self.is_about(id)
            || (!text.contains('#')
                && text
                    .split_once("**")
                    .is_some_and(|(start, _)| Glob::new(&format!("{start}**")).matches(id)))
    }
}

fn nearest(pattern: &str, ids: &[String]) -> String {
    let part = pattern.split('#').next().unwrap_or(pattern);
    ids.iter()
        .map(|id| (strsim::normalized_damerau_levenshtein(part, id), id))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| format!("; did you mean `{id}`?"))
        .unwrap_or_default()
}

fn date(value: &toml::Value) -> Option<Date> {
    match value {
        toml::Value::String(text) => text.parse().ok(),
        toml::Value::Datetime(when) => when.to_string().parse().ok(),
        _ => None,
    }
}

/// Line and column of a byte, both from 1; columns count characters.
fn place(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        KnownFailures::parse("known.toml", text)
            .err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_file_is_read_in_order() {
        let text = "# ours\n[[known]]\nid = \"okta/users/*\"\nreason = \"ticket 7\"\nuntil = 2027-01-31\n\n[[known]]\nid = \"rules/media-type\"\nreason = \"proxy\"\n";
        let known = KnownFailures::parse("known.toml", text).expect("the file is right");
        let read: Vec<_> = known
            .entries()
            .iter()
            .map(|e| {
                (
                    e.pattern.as_str(),
                    e.reason.as_str(),
                    e.until,
                    e.line,
                    e.column,
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                ("okta/users/*", "ticket 7", "2027-01-31".parse().ok(), 3, 6),
                ("rules/media-type", "proxy", None, 8, 6)
            ]
        );
    }

    #[test]
    fn an_empty_file_lists_nothing() {
        assert!(KnownFailures::parse("known.toml", "").is_ok_and(|k| k.entries().is_empty()));
    }

    #[test]
    fn every_problem_has_its_place() {
        let table = [
            (
                "[[known]]\nid = \"a\"\n",
                "known.toml:1:1: missing field `reason`",
            ),
            (
                "[[known]]\nid = \"a\"\nreason = \"  \"\n",
                "known.toml:3:10: an entry needs a reason",
            ),
            (
                "[[known]]\nid = \"\"\nreason = \"r\"\n",
                "known.toml:2:6: an entry needs an id",
            ),
            (
                "[[known]]\nid = \"a\"\nreason = \"r\"\nuntil = \"soon\"\n",
                "known.toml:4:9: `until` must be a date",
            ),
            (
                "[[known]]\nid = \"a\"\nreason = \"r\"\ndue = 1\n",
                "known.toml:4:1: unknown field `due`",
            ),
            (
                "[[known]]\nid = \"a\"\nreason = \"r\"\n[[known]]\nid = \"a\"\nreason = \"r\"\n",
                "known.toml:5:6: `a` is listed twice; the first is in line 2",
            ),
            ("[[known]\n", "known.toml:1:"),
        ];
        for (text, expected) in table {
            let found = problems(text);
            assert!(
                found.iter().any(|p| p.starts_with(expected)),
                "{text:?}: {found:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn an_entry_that_names_nothing_is_an_error_with_the_nearest_id() {
        let ids = ["okta/users/create.aiw", "rules/media-type"].map(str::to_owned);
        let table = [
            ("okta/users/create.aiw#post.status", None),
            ("okta/users/create.aiw", None),
            ("okta/users/*#post.status", None),
            ("okta/**", None),
            ("**#given.*", None),
            ("okta/**status", None),
            ("rules/*", None),
            (
                "okta/users/craete.aiw#post.status",
                Some(
                    "known.toml:2:6: `okta/users/craete.aiw#post.status` names nothing that exists; did you mean `okta/users/create.aiw`?",
                ),
            ),
            (
                "entra/**",
                Some("known.toml:2:6: `entra/**` names nothing that exists"),
            ),
        ];
        for (id, expected) in table {
            let text = format!("[[known]]\nid = \"{id}\"\nreason = \"r\"\n");
            let known = KnownFailures::parse("known.toml", &text).expect("the file is right");
            let found = known.must_exist(&ids).err().map(|e| e[0].to_string());
            assert_eq!(found.as_deref(), expected, "{id}");
        }
    }
}
