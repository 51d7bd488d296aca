//! Live progress on standard error: a bar on a terminal, a plain line now and then elsewhere, nothing with `-q`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;

use super::terminal::{Terminal, plain};
use crate::results::Outcome;
use crate::runner::Event;

/// How often a terminal is drawn: a person sees no more, and a slow one is not flooded.
const DRAWS_PER_SECOND: u8 = 5;

/// How often a log gets a line: CI services take 30 s of silence for a hang long before they kill a job.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing.
    Silent,
    /// A bar that is drawn over itself.
    Bar,
    /// A line now and then.
    Lines,
    /// A line for each case.
    EachCase,
}

/// Shows events until the sender is gone.
pub(super) async fn show(mut events: UnboundedReceiver<Event>, style: Style, terminal: &Terminal) {
    let mut view = View::new(style);
    while let Some(event) = events.recv().await {
        for line in view.see(event) {
            // Nobody reads standard error any more: the run goes on all the same.
            let _ = terminal.write_err(format!("{line}\n").as_bytes());
        }
    }
    view.bar.finish_and_clear();
}

struct View {
    style: Style,
    bar: ProgressBar,
    begun: Instant,
    last_line: Instant,
    total: usize,
    done: usize,
    failed: usize,
    running: VecDeque<String>,
}

impl View {
    fn new(style: Style) -> Self {
        let bar = match style {
            Style::Bar => ProgressBar::with_draw_target(
                Some(0),
                ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND),
            ),
            Style::Silent | Style::Lines | Style::EachCase => ProgressBar::hidden(),
        };
        let template =
            ProgressStyle::with_template("{bar:24} {pos}/{len} cases, {eta} left  {wide_msg}");
        bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            style,
            bar,
            begun: Instant::now(),
            last_line: Instant::now(),
            total: 0,
            done: 0,
            failed: 0,
            running: VecDeque::new(),
        }
    }

    /// Takes an event in and gives the lines to print.
    fn see(&mut self, event: Event) -> Vec<String> {
        match event {
            Event::RunStarted { cases } => {
                self.total = cases;
                self.bar.set_length(cases as u64);
                match self.style {
                    Style::Lines | Style::EachCase => vec![format!("playing {cases} cases")],
                    Style::Silent | Style::Bar => Vec::new(),
                }
            }
            Event::CaseStarted { id } => {
                self.running.push_back(id);
                self.name_running();
                Vec::new()
            }
            Event::CaseFinished { id, outcome } => {
                self.done += 1;
                self.running.retain(|running| *running != id);
                if matches!(outcome, Outcome::Failed | Outcome::Errored) {
                    self.failed += 1;
                }
                self.bar.set_position(self.done as u64);
                self.name_running();
                self.line_after(&id, outcome)
            }
            Event::CleaningUp => {
                self.bar.set_message("removing what was made");
                Vec::new()
            }
            Event::RunFinished => Vec::new(),
        }
    }

    fn name_running(&self) {
        let oldest = self.running.front().map(|id| plain(id)).unwrap_or_default();
        let failed = if self.failed > 0 {
            format!("{} failed  ", self.failed)
        } else {
            String::new()
        };
        self.bar.set_message(format!("{failed}{oldest}"));
    }

    fn line_after(&mut self, id: &str, outcome: Outcome) -> Vec<String> {
        match self.style {
            Style::Silent | Style::Bar => Vec::new(),
            Style::EachCase => vec![format!("{:<8} {}", word(outcome), plain(id))],
            Style::Lines if self.last_line.elapsed() >= LINE_EVERY && self.done < self.total => {
                self.last_line = Instant::now();
                vec![format!(
                    "{} of {} cases, {} failed, {} s",
                    self.done,
                    self.total,
                    self.failed,
                    self.begun.elapsed().as_secs()
                )]
            }
            Style::Lines => Vec::new(),
        }
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
        Outcome::Errored => "errored",
        Outcome::Known => "known",
        Outcome::Fixed => "fixed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_few_lines_and_a_verbose_one_each_case() {
        let finished = |id: &str| Event::CaseFinished {
            id: id.to_owned(),
            outcome: Outcome::Failed,
        };
        let mut few = View::new(Style::Lines);
        assert_eq!(few.see(Event::RunStarted { cases: 2 }), ["playing 2 cases"]);
        assert_eq!(few.see(finished("a")), Vec::<String>::new());
        let mut each = View::new(Style::EachCase);
        each.see(Event::RunStarted { cases: 1 });
        assert_eq!(
            each.see(finished("okta/u/a\u{1b}[2J")),
            ["failed   okta/u/a\u{fffd}[2J"]
        );
        let mut silent = View::new(Style::Silent);
        assert!(silent.see(Event::RunStarted { cases: 2 }).is_empty());
    }
}
