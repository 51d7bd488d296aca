//! Single values: required or not, secret or not, with `${ENV}` filled in.

use std::path::PathBuf;

use super::Reader;
use crate::config::Secret;
use crate::config::document::{Table, nearest};

impl<'d> Reader<'d> {
    pub(super) fn text(&self, table: &Table<'d>, key: &'static str) -> Option<String> {
        table.string(key).map(|(raw, at)| self.interpolate(raw, at))
    }

    pub(super) fn path(&self, table: &Table<'d>, key: &'static str) -> Option<PathBuf> {
        self.text(table, key).map(|path| self.folder.join(path))
    }

    pub(super) fn required(&self, table: &Table<'d>, key: &'static str) -> String {
        match table.string(key) {
            Some((raw, at)) => self.interpolate(raw, at),
            None => {
                self.missing(table, key);
                String::new()
            }
        }
    }

    pub(super) fn required_secret(
        &mut self,
        table: &Table<'d>,
        key: &'static str,
        label: &str,
    ) -> Secret {
        match table.string(key) {
            Some((raw, at)) => self.secret(raw, at, key, label),
            None => {
                self.missing(table, key);
                Secret::new("", label)
            }
        }
    }

    fn missing(&self, table: &Table<'d>, key: &'static str) {
        if table.take(key).is_none() {
            table.problem(table.at, format!("this table needs the key `{key}`"));
        }
    }

    pub(super) fn secret(&mut self, raw: &str, at: usize, key: &str, label: &str) -> Secret {
        let value = self.interpolate(raw, at);
        let label = match variable_in(raw) {
            Some(variable) => variable,
            None => {
                self.warnings.push(format!(
                    "{}: `{key}` holds a secret in plain text; put it into an environment variable and write \"${{{label}}}\"",
                    self.problems.place(at)
                ));
                label
            }
        };
        Secret::new(value, label)
    }

    /// Fills in `${NAME}`; `$${` stands for a plain `${`.
    pub(super) fn interpolate(&self, raw: &str, at: usize) -> String {
        let mut out = String::new();
        let mut rest = raw;
        while let Some(dollar) = rest.find("${") {
            if rest[..dollar].ends_with('$') {
                out.push_str(&rest[..dollar]);
                out.push('{');
                rest = &rest[dollar + 2..];
                continue;
            }
            out.push_str(&rest[..dollar]);
            let Some(end) = rest[dollar..].find('}') else {
                self.problems.add(at, "`${` is not closed by `}`");
                return out;
            };
            let name = &rest[dollar + 2..dollar + end];
            match (self.env)(name) {
                Some(value) if !value.is_empty() => out.push_str(&value),
                Some(_) => self
                    .problems
                    .add(at, format!("the environment variable {name} is empty")),
                None => self
                    .problems
                    .add(at, format!("the environment variable {name} is not set")),
            }
            rest = &rest[dollar + end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// The first `${NAME}` of a text.
pub(super) fn variable_in(raw: &str) -> Option<&str> {
    let start = raw.find("${")? + 2;
    let end = raw[start..].find('}')?;
    Some(&raw[start..start + end])
}

/// Whether a word is one of those that a key may hold; if not, that is noted with the nearest.
pub(super) fn one_of(table: &Table<'_>, key: &str, word: &str, at: usize, words: &[&str]) -> bool {
    if words.contains(&word) {
        return true;
    }
    let hint = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!(
            "it may be {}",
            words
                .iter()
                .map(|w| format!("\"{w}\""))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    table.problem(at, format!("`{key}` cannot be \"{word}\"; {hint}"));
    false
}
