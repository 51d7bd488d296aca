//! Known failures: what a team has looked at and decided to live with for now, kept in a file beside the code.
//!
//! A listed failure no longer fails the run, but it is shown, it counts for the verdict (the provider still breaks), and the
//! file must stay true: an entry whose failure is gone, or whose date has passed, fails the run until the file is mended.
//! Entries that name what this run did not evaluate are left alone.

mod apply;
mod file;
mod update;

pub use file::{KnownError, KnownFailures};
pub use update::updated;

pub(super) use apply::apply;

use jiff::civil::Date;

use crate::plan::Glob;

/// An entry of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// What it names: a check, a rule, a case (all its checks), or a pattern of these.
    pub pattern: Glob,
    /// Why it is listed.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Line of the id in the file, from 1.
    pub line: u32,
    /// Column of the id in the file, from 1.
    pub column: u32,
}

impl KnownEntry {
    /// Whether it names this check of this case.
    fn names(&self, case: &str, check: &str) -> bool {
        self.pattern.matches(check) || self.pattern.matches(case)
    }

    /// Whether it names something in this case: the case, or checks of it.
    fn is_about(&self, case: &str) -> bool {
        match self.pattern.as_str().split_once('#') {
            Some((part, _)) => Glob::new(part).matches(case),
            None => self.pattern.matches(case),
        }
    }
}
