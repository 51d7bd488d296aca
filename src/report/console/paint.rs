//! Colours, where they were asked for. Meaning never rests on colour alone: the words are there too.

use crate::results::{Severity, Verdict};

/// Writes ANSI escapes or leaves text as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) color: bool,
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color && !text.trim().is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Blocker => "1;31",
            Severity::Violation => RED,
            Severity::Warning => YELLOW,
            Severity::Info => BLUE,
        };
        self.with(code, text)
    }

    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Ready => GREEN,
            Verdict::ReadyWithWarnings | Verdict::NotFullyTested | Verdict::NotTested => YELLOW,
            Verdict::NotReady => "1;31",
        };
        self.with(code, text)
    }
}
