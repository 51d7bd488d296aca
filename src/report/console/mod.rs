//! The screen at the end of a run: what failed as a tree, a block for each finding, what was not tested, the verdicts, the
//! vendors' gates, and what to do next. It ends with the verdict, since a terminal shows its end.

mod blocks;
mod mapping;
mod next;
mod paint;
mod summary;
mod tree;
mod untested;

use std::io::{self, Write};

use crate::results::{Run, Severity};

use super::finding::findings;
use super::text::{visible, wrap};
use paint::Paint;

/// How the screen is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Write ANSI colours.
    pub color: bool,
    /// Columns of the terminal; prose is wrapped to it, curl lines are not.
    pub width: usize,
    /// Notes too, every finding in full, whole bodies.
    pub verbose: bool,
    /// Only the verdicts.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            verbose: false,
            quiet: false,
        }
    }
}

/// Narrower terminals are written to as if they were this wide.
const NARROWEST: usize = 40;
/// Findings shown in full without `-v`; the rest is in the tree and in the other reports.
const BLOCKS: usize = 25;
/// Bytes of a body that a block shows, without and with `-v`.
const BODY: usize = 400;
const BODY_VERBOSE: usize = 4096;

/// Ids or things named in one line; the rest is counted.
const NAMED: usize = 3;
/// Bytes of a reason.
const REASON: usize = 600;

/// Writes the screen.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write, options: &Options) -> io::Result<()> {
    let mut screen = Screen {
        out,
        paint: Paint {
            color: options.color,
        },
        width: options.width.max(NARROWEST),
        verbose: options.verbose,
    };
    if let Some(stop) = &run.stop {
        screen.heading("The run ended early")?;
        screen.prose(0, &visible(&stop.message))?;
    }
    if !options.quiet {
        let all = findings(run);
        let shown: Vec<_> = all
            .iter()
            .filter(|f| options.verbose || f.severity > Severity::Info)
            .collect();
        tree::write(&mut screen, run, &shown)?;
        blocks::write(&mut screen, run, &shown)?;
        mapping::write(&mut screen, run)?;
        untested::write(&mut screen, run)?;
    }
    summary::write(&mut screen, run, options.quiet)
}

/// Where the parts write to.
struct Screen<'a> {
    out: &'a mut dyn Write,
    paint: Paint,
    width: usize,
    verbose: bool,
}

impl Screen<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    /// A title with an empty line before it.
    fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint.bold(text);
        writeln!(self.out, "\n{text}")
    }

    /// Text wrapped to the width, each line indented.
    fn prose(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.line(&format!("{:indent$}{line}", ""))?;
        }
        Ok(())
    }

    /// `label        text`, wrapped beside the label.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        const INDENT: usize = 4;
        const COLUMN: usize = 17;
        for (at, line) in wrap(text, self.width.saturating_sub(COLUMN))
            .iter()
            .enumerate()
        {
            let label = if at == 0 { label } else { "" };
            let label = self
                .paint
                .dim(&format!("{label:<width$}", width = COLUMN - INDENT));
            self.line(&format!("{:INDENT$}{label}{line}", ""))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn screen(run: &Run, options: &Options) -> String {
        let mut out = Vec::new();
        render(run, &mut out, options).expect("a vector takes everything");
        String::from_utf8(out).expect("the screen is UTF-8")
    }

    #[test]
    fn a_run_with_findings() {
        insta::assert_snapshot!(screen(&sample::run(), &Options::default()));
    }

    #[test]
    fn a_clean_run() {
        insta::assert_snapshot!(screen(&sample::clean_run(), &Options::default()));
    }

    #[test]
    fn a_run_that_never_reached_its_target() {
        insta::assert_snapshot!(screen(&sample::untestable_run(), &Options::default()));
    }

    #[test]
    fn quiet_is_the_verdicts() {
        let options = Options {
            quiet: true,
            ..Options::default()
        };
        insta::assert_snapshot!(screen(&sample::run(), &options));
    }

    #[test]
    fn the_parts_of_a_finding_stand_in_their_order() {
        let screen = screen(&sample::run(), &Options::default());
        let block = screen
            .split("\n\n")
            .find(|b| b.contains("get.body.active") && b.contains("curl"))
            .expect("the blocker has a block");
        let places: Vec<_> = [
            "requirement",
            "sent",
            "got",
            "expected",
            "who breaks",
            "mend",
            "curl",
            "source",
        ]
        .iter()
        .map(|label| block.find(&format!("\n    {label} ")))
        .collect();
        assert!(places.iter().all(Option::is_some), "{block}");
        assert!(places.is_sorted(), "{block}");
    }

    #[test]
    fn nothing_from_the_target_reaches_the_terminal_raw() {
        for color in [false, true] {
            let options = Options {
                color,
                verbose: true,
                ..Options::default()
            };
            let screen = screen(&sample::run(), &options);
            assert!(screen.contains("\\u{0000}"), "the hostile answer is shown");
            assert!(!screen.contains('\u{202e}') && !screen.contains('\u{0}'));
            let escapes: Vec<_> = screen.match_indices('\u{1b}').collect();
            assert_eq!(escapes.is_empty(), !color);
            assert!(!screen.contains("\u{1b}[31mred"));
        }
    }

    #[test]
    fn prose_keeps_to_the_width() {
        let options = Options {
            width: 72,
            ..Options::default()
        };
        let mut in_table = false;
        for line in screen(&sample::run(), &options).lines() {
            // The matrix of attributes is a table, and a table is not folded.
            in_table = line == "Attributes" || in_table && !line.is_empty();
            let free = in_table || line.contains("curl -") || line.contains("scimproof run");
            assert!(free || line.chars().count() <= 72, "{line}");
        }
    }
}
