//! The process's surroundings, read once: environment, streams, colours.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use super::args::{Color, OutputArgs};

/// Environment and streams of the process.
pub(super) struct Terminal {
    /// Standard output is a terminal.
    pub(super) stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub(super) stderr_is_terminal: bool,
    /// A GitHub runner reads both streams and obeys commands in them.
    pub(super) github: bool,
}

impl Terminal {
    pub(super) fn of_process() -> Self {
        Self {
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            github: Self::variable("GITHUB_ACTIONS").is_some_and(|v| v == "true"),
        }
    }

    /// An environment variable, if it is set and readable.
    pub(super) fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// Whether text for a stream is coloured.
    pub(super) fn is_coloured(&self, output: &OutputArgs, to_stderr: bool) -> bool {
        match output.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let terminal = if to_stderr {
                    self.stderr_is_terminal
                } else {
                    self.stdout_is_terminal
                };
                let unwanted = Self::variable("NO_COLOR").is_some_and(|v| !v.is_empty())
                    || Self::variable("TERM").is_some_and(|v| v == "dumb");
                terminal && !unwanted
            }
        }
    }

    /// Columns of a stream that is a terminal.
    pub(super) fn width(&self, to_stderr: bool) -> Option<usize> {
        let terminal = if to_stderr {
            console::Term::stderr()
        } else {
            console::Term::stdout()
        };
        terminal
            .size_checked()
            .map(|(_, columns)| usize::from(columns))
    }

    /// Writes text for people to standard output. A reader that has gone away, as `| head` does, has read enough: no failure.
    pub(super) fn write_out(&self, bytes: &[u8]) -> io::Result<()> {
        self.write_raw(&self.guarded(bytes))
    }

    /// Writes to standard output what another program reads, byte for byte.
    pub(super) fn write_raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        unless_gone(out.write_all(bytes).and_then(|()| out.flush()))
    }

    /// Writes text for people to standard error, on the same terms.
    pub(super) fn write_err(&self, bytes: &[u8]) -> io::Result<()> {
        Self::to_err(&self.guarded(bytes))
    }

    /// Writes commands for the GitHub runner to standard error, where it reads them as well as on standard output.
    pub(super) fn write_commands(&self, bytes: &[u8]) -> io::Result<()> {
        Self::to_err(bytes)
    }

    fn to_err(bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stderr().lock();
        unless_gone(out.write_all(bytes).and_then(|()| out.flush()))
    }

    /// What a target sent must not become a command of the runner.
    fn guarded<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        match self.github.then(|| std::str::from_utf8(bytes)) {
            Some(Ok(text)) => Cow::Owned(crate::report::github::guard(text).into_bytes()),
            _ => Cow::Borrowed(bytes),
        }
    }

    /// Says on standard error why the program ends, each line under the program's name.
    pub(super) fn complain(&self, message: &str) {
        let mut lines = message.lines();
        let first = lines.next().unwrap_or_default();
        let mut text = format!("scimproof: {}\n", plain(first));
        for line in lines {
            text.push_str(&format!("  {}\n", plain(line)));
        }
        // Where standard error is closed there is nobody to tell.
        let _ = self.write_err(text.as_bytes());
    }
}

fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Foreign text for a terminal: without the control characters that would move the cursor, change colours or titles.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' || !(c.is_control() || is_direction_mark(c)) {
                c
            } else {
                '\u{fffd}'
            }
        })
        .collect()
}

/// Marks that turn the reading direction of what follows, and so could make a line look like another one.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(
            plain("a\u{1b}[31mb\u{9b}c\rd\u{202e}e\tf é"),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e\tf é"
        );
    }
}
