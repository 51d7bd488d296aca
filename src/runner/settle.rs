//! Time: when a read is asked again, and for how long.
//!
//! A read after the run's own write may lag behind it. With `--settle S` it is asked again until it holds or S has
//! passed; with 0 there is one late re-read, which turns a stale read into a warning. It waits for what is left of a short
//! time since the last write: many reads may fail after one write, and it lags behind only once. Answers to writes are
//! never asked again, and neither are reads that no waiting can change.

use std::time::{Duration, Instant};

use super::context::LATE;
use super::record::Heard;

/// How often a read is asked again while `--settle` runs: soon at first, then once a second.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The patience with one read.
#[derive(Debug)]
pub(super) struct Patience {
    settle: Duration,
    /// When the case last wrote.
    wrote: Option<Instant>,
    began: Instant,
    pause: Duration,
    asked_again: bool,
}

impl Patience {
    pub(super) fn new(settle: Duration, wrote: Option<Instant>) -> Self {
        Self {
            settle,
            wrote,
            began: Instant::now(),
            pause: FIRST_PAUSE,
            asked_again: false,
        }
    }

    /// Waits and says whether to ask again.
    pub(super) async fn again(&mut self) -> bool {
        if self.settle.is_zero() {
            if self.asked_again {
                return false;
            }
            self.asked_again = true;
            if let Some(wrote) = self.wrote {
                tokio::time::sleep(LATE.saturating_sub(wrote.elapsed())).await;
            }
            return true;
        }
        let left = self.settle.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return false;
        }
        self.asked_again = true;
        tokio::time::sleep(self.pause.min(left)).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }

    /// What held only now is worth a warning: nobody asked for time.
    pub(super) fn is_late(&self) -> bool {
        self.asked_again && self.settle.is_zero()
    }
}

/// Whether waiting can change this answer: not where the request itself was refused, or no answer came at all.
pub(super) fn can_change(heard: &Heard) -> bool {
    match heard.status() {
        None => false,
        Some(404 | 410) => true,
        Some(status) => !(300..600).contains(&status),
    }
}
