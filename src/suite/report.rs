//! Collects what is wrong with one file.

use super::model::Place;
use super::problem::Problem;
use super::tree::Spot;

/// The problems of one file, so far.
pub(super) struct FileReport<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> FileReport<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            lines: text.lines().collect(),
            problems: Vec::new(),
        }
    }

    /// Something is wrong at a place. The same words for the same place are kept once: a case is looked at once for
    /// each of its flavours.
    pub(super) fn add(&mut self, spot: Spot, message: impl Into<String>) {
        let line_text = (spot.line as usize)
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .map_or_else(String::new, |line| (*line).to_owned());
        let problem = Problem {
            place: self.place(spot),
            message: message.into(),
            line_text,
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn place(&self, spot: Spot) -> Place {
        Place {
            file: self.file.to_owned(),
            line: spot.line,
            column: spot.column,
        }
    }

    /// All of them in the order of the file.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems
            .sort_by_key(|problem| (problem.place.line, problem.place.column));
        self.problems
    }
}
