//! The page that an explanation is: a title, named lines, paragraphs wrapped to the terminal.

use std::fmt::Write as _;

use crate::cli::list::quirk_title;
use crate::data::{Entry, Reference};

/// Columns of a paragraph.
const WIDTH: usize = 96;

/// A text with a title and named paragraphs.
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn new(id: &str, title: &str) -> Self {
        Self {
            text: format!("{id}\n  {}\n", wrapped(title, 2)),
        }
    }

    pub(super) fn line(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let _ = writeln!(
                self.text,
                "{:<14}{}",
                format!("{name}:"),
                wrapped(value, 14)
            );
        }
    }

    /// A named line below an item.
    pub(super) fn detail(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "    {name}: {value}");
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn section(&mut self, name: &str) {
        let _ = writeln!(self.text, "\n{name}");
    }

    pub(super) fn item(&mut self, text: &str) {
        let _ = writeln!(self.text, "  {}", wrapped(text, 2));
    }

    pub(super) fn raw(&mut self, text: &str, indent: usize) {
        for line in text.lines() {
            let _ = writeln!(self.text, "{:indent$}{line}", "");
        }
    }

    pub(super) fn try_it(&mut self, command: &str) {
        self.section("Try it");
        self.raw(command, 2);
    }

    pub(super) fn sources(&mut self, references: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut heading = false;
        for reference in references {
            if !heading {
                self.section("Source");
                heading = true;
            }
            self.item(&source_line(reference.as_ref()));
        }
    }

    pub(super) fn end(self) -> String {
        self.text
    }
}

/// Breaks a paragraph into lines; those after the first are indented.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
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
pub(super) fn source_line(text: &str) -> String {
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
