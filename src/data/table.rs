//! The form of our lists: tab-separated text with a header line, no quoting, one row an entry, an id that is unique.
//!
//! Tabs rather than commas, so that JSON shapes stand in a cell as they stand on the wire.

use std::collections::HashMap;

use super::DataError;

/// The rows of a list, in file order, and where each id stands.
pub(super) struct Table<T> {
    rows: Vec<T>,
    index: HashMap<&'static str, usize>,
}

/// The cells of one line, named by the header.
pub(super) struct Cells {
    file: &'static str,
    line: usize,
    columns: &'static [&'static str],
    cells: Vec<&'static str>,
}

impl Cells {
    /// The cell of a column; the column must be one that the list was declared with.
    pub(super) fn get(&self, column: &'static str) -> Result<&'static str, DataError> {
        self.columns
            .iter()
            .position(|name| *name == column)
            .and_then(|at| self.cells.get(at).copied())
            .ok_or_else(|| self.error(format!("there is no column `{column}`")))
    }

    /// The cell of a column that may not be empty.
    pub(super) fn text(&self, column: &'static str) -> Result<&'static str, DataError> {
        let cell = self.get(column)?;
        if cell.is_empty() {
            Err(self.error(format!("`{column}` is empty")))
        } else {
            Ok(cell)
        }
    }

    /// The cell of a column that holds one of the words of a closed list.
    pub(super) fn word<W: Copy>(
        &self,
        column: &'static str,
        words: &[(&str, W)],
    ) -> Result<W, DataError> {
        let cell = self.get(column)?;
        self.word_in(column, cell, words)
    }

    /// A part of a cell that must be one of the words of a closed list.
    pub(super) fn word_in<W: Copy>(
        &self,
        column: &str,
        part: &str,
        words: &[(&str, W)],
    ) -> Result<W, DataError> {
        words
            .iter()
            .find(|(word, _)| *word == part)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.error(format!(
                    "`{part}` is no word of `{column}`; known are {}",
                    known.join(", ")
                ))
            })
    }

    /// An error at this line.
    pub(super) fn error(&self, reason: String) -> DataError {
        DataError {
            file: self.file.to_owned(),
            line: self.line,
            reason,
        }
    }
}

impl<T> Table<T> {
    /// An empty list, to which files are added.
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            index: HashMap::new(),
        }
    }

    /// Reads a file's rows behind those that are there. `row` makes an entry of a line and says its id.
    pub(super) fn read(
        &mut self,
        file: &'static str,
        text: &'static str,
        columns: &'static [&'static str],
        row: impl Fn(&Cells) -> Result<(&'static str, T), DataError>,
    ) -> Result<(), DataError> {
        let mut lines = text.lines().enumerate();
        let header = lines.next().map(|(_, line)| line).unwrap_or_default();
        if !header.split('\t').eq(columns.iter().copied()) {
            return Err(DataError {
                file: file.to_owned(),
                line: 1,
                reason: format!("the header must be {}", columns.join(", ")),
            });
        }
        for (number, line) in lines {
            let cells = Cells {
                file,
                line: number + 1,
                columns,
                cells: line.split('\t').collect(),
            };
            if cells.cells.len() != columns.len() {
                let found = cells.cells.len();
                return Err(cells.error(format!("{found} cells instead of {}", columns.len())));
            }
            let (id, entry) = row(&cells)?;
            if self.index.insert(id, self.rows.len()).is_some() {
                return Err(cells.error(format!("`{id}` is used twice")));
            }
            self.rows.push(entry);
        }
        Ok(())
    }

    /// All entries in file order.
    pub(super) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The entry of an id.
    pub(super) fn find(&self, id: &str) -> Option<&T> {
        self.index.get(id).and_then(|at| self.rows.get(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["id", "kind"];

    fn read(text: &'static str) -> Result<Vec<(&'static str, u8)>, DataError> {
        let mut table = Table::new();
        table.read("t.tsv", text, COLUMNS, |cells| {
            let id = cells.text("id")?;
            Ok((id, (id, cells.word("kind", &[("one", 1), ("two", 2)])?)))
        })?;
        Ok(table.rows().to_vec())
    }

    #[test]
    fn rows_come_in_file_order() {
        assert_eq!(
            read("id\tkind\nb\ttwo\na\tone\n"),
            Ok(vec![("b", 2), ("a", 1)])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, part) in [
            ("id\tsort\n", 1, "header"),
            ("id\tkind\na\n", 2, "1 cells instead of 2"),
            ("id\tkind\na\tone\na\ttwo\n", 3, "`a` is used twice"),
            ("id\tkind\na\tthree\n", 2, "known are one, two"),
            ("id\tkind\n\tone\n", 2, "`id` is empty"),
        ] {
            let error = read(text).expect_err("the text is broken");
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.reason.contains(part), "{text:?}: {}", error.reason);
        }
    }
}
