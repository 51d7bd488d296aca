//! Why a list cannot be read. One type for all lists, since all of them point at a file and a line.

/// A list, table or body that does not have the form it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct DataError {
    /// The file, as named in the project (`fixtures/defects.tsv`).
    pub file: String,
    /// The line, from 1; 0 where the error concerns the whole file.
    pub line: usize,
    /// What is wrong, in a phrase that fits after the place.
    pub reason: String,
}
