//! What is wrong with suite files, and how it is told: all of it at once, each with its place and the nearest right
//! spelling, so that an author mends a file in one go.

use std::fmt;

use super::model::Place;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// The line of the file, for the caret; empty where the file has none.
    pub line_text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column } = &self.place;
        if *line == 0 {
            return write!(f, "{file}: {}", self.message);
        }
        write!(f, "{file}:{line}:{column}: {}", self.message)?;
        if self.line_text.is_empty() {
            return Ok(());
        }
        let (text, caret) = excerpt(&self.line_text, *column as usize);
        let gutter = " ".repeat(line.to_string().len());
        write!(f, "\n {line} | {text}\n {gutter} | {}^", " ".repeat(caret))
    }
}

/// The widest line that is shown whole; a pasted body may be thousands of characters long.
const WIDEST: usize = 110;

/// The part of a line around a column (from 1), and how many characters of it stand before the column.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let characters: Vec<char> = line.chars().collect();
    let at = column.saturating_sub(1).min(characters.len());
    if characters.len() <= WIDEST {
        return (line.to_owned(), at);
    }
    let start = at.saturating_sub(WIDEST / 2);
    let end = (start + WIDEST).min(characters.len());
    (characters[start..end].iter().collect(), at - start)
}

/// All that is wrong in all files, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadErrors {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        let files = self
            .problems
            .iter()
            .map(|problem| &problem.place.file)
            .collect::<std::collections::BTreeSet<_>>();
        write!(
            f,
            "{} in {}",
            count(self.problems.len(), "error"),
            count(files.len(), "file")
        )
    }
}

impl std::error::Error for LoadErrors {}

/// `1 error`, `2 errors`.
fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("{n} {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// The word that was probably meant, if one is near enough to be worth saying.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = word.to_lowercase();
    words
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= (candidate.chars().count().max(wanted.chars().count()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// `; did you mean NEAR?`, or nothing.
pub fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}
