//! The matrix of mapped attributes, where something in it did not arrive; all of it with `-v`.

use std::io;

use super::Screen;
use crate::report::text::visible;
use crate::results::{MappingCell, MappingRowResult, Run};

/// Columns of an attribute's name and of its path.
const NAME: usize = 28;
const PATH: usize = 40;

pub(super) fn write(screen: &mut Screen<'_>, run: &Run) -> io::Result<()> {
    let shown: Vec<&MappingRowResult> = run
        .mapping
        .iter()
        .filter(|row| screen.verbose || cells(row).contains(&MappingCell::Failed))
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    screen.heading("Attributes")?;
    let mut profile = "";
    for row in shown {
        if row.profile != profile {
            profile = &row.profile;
            let title = run
                .profiles
                .iter()
                .find(|known| known.id == row.profile)
                .map_or(row.profile.as_str(), |known| known.title.as_str());
            screen.line(&format!(
                "  {:<NAME$} {:<PATH$} create replace patch clear filter",
                visible(title),
                ""
            ))?;
        }
        let words = cells(row).map(word);
        screen.line(&format!(
            "    {:<width$} {:<PATH$} {:<6} {:<7} {:<5} {:<5} {}",
            short(&row.attribute, NAME - 2),
            short(path(&row.path), PATH),
            words[0],
            words[1],
            words[2],
            words[3],
            words[4],
            width = NAME - 2,
        ))?;
    }
    Ok(())
}

fn cells(row: &MappingRowResult) -> [MappingCell; 5] {
    [row.create, row.replace, row.patch, row.clear, row.filter]
}

fn word(cell: MappingCell) -> &'static str {
    match cell {
        MappingCell::Passed => "ok",
        MappingCell::Failed => "LOST",
        MappingCell::NotTested => "?",
        MappingCell::NotApplicable => "-",
    }
}

/// A path without the URN of its extension, which would fill the line.
fn path(path: &str) -> &str {
    let bracket = path.find('[').unwrap_or(path.len());
    path[..bracket]
        .rfind(':')
        .map_or(path, |colon| &path[colon + 1..])
}

/// At most so many characters, so that the columns stay below one another.
fn short(text: &str, width: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= width {
        return text;
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}\u{2026}")
}
