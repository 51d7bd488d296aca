//! What keeps a request from being served although nothing is wrong with it: a rate limit, and
//! errors that are asked for, so that clients can be seen to cope.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many requests a second are served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

/// A text that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate; write it as 25/s")]
pub struct NoRate;

impl Rate {
    /// A rate of so many requests a second, which must be positive.
    ///
    /// # Errors
    /// When it is not.
    pub fn per_second(number: f64) -> Result<Self, NoRate> {
        if number.is_finite() && number > 0.0 {
            Ok(Self(number))
        } else {
            Err(NoRate)
        }
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    /// Reads `25/s`, or `25`.
    fn from_str(text: &str) -> Result<Self, NoRate> {
        let number = text.strip_suffix("/s").unwrap_or(text);
        Self::per_second(number.trim().parse().map_err(|_| NoRate)?)
    }
}

/// The share of requests that fail on purpose, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ErrorRate(f64);

/// A text that is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a share from 0 to 1, such as 0.05")]
pub struct NoShare;

impl FromStr for ErrorRate {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let share: f64 = text.parse().map_err(|_| NoShare)?;
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(NoShare)
        }
    }
}

/// What a request runs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// Too many requests; seconds to wait.
    TooMany(u64),
    /// An error that was asked for.
    Mishap,
    /// The server is busy for a moment, and says so.
    Busy,
}

/// The limits of one server, over all of its clients.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    rate: Option<(Rate, Mutex<Bucket>)>,
    errors: Option<(ErrorRate, Mutex<f64>)>,
    /// Counts requests, where one of [`PUT_OFF`] is put off.
    puts_off: Option<AtomicU64>,
}

/// Of so many requests one is put off.
const PUT_OFF: u64 = 60;

/// Holds what may be spent: one for each request, refilled as time passes.
#[derive(Debug)]
struct Bucket {
    filled: f64,
    at: Instant,
}

impl Limits {
    pub(crate) fn new(rate: Option<Rate>, errors: ErrorRate, now: Instant) -> Self {
        let bucket = |rate: Rate| {
            let bucket = Bucket {
                filled: capacity(rate),
                at: now,
            };
            (rate, Mutex::new(bucket))
        };
        Self {
            rate: rate.map(bucket),
            errors: (errors.0 > 0.0).then(|| (errors, Mutex::new(0.0))),
            puts_off: None,
        }
    }

    /// The same limits; one of [`PUT_OFF`] requests is put off as well, where `puts_off`.
    pub(crate) fn putting_off(mut self, puts_off: bool) -> Self {
        self.puts_off = puts_off.then(AtomicU64::default);
        self
    }

    /// Counts a request, and says what keeps it from being served.
    pub(crate) fn hinder(&self, now: Instant) -> Option<Hindrance> {
        if let Some((rate, bucket)) = &self.rate
            && let Some(wait) = bucket
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .wait(*rate, now)
        {
            // Retry-After is whole seconds (RFC 9110 section 10.2.3); a fraction more is no harm.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Some(Hindrance::TooMany(seconds.max(1)));
        }
        if let Some((share, due)) = &self.errors {
            // Spread evenly instead of by chance, so that a run can be repeated.
            let mut due = due.lock().unwrap_or_else(PoisonError::into_inner);
            *due += share.0;
            if *due >= 1.0 {
                *due -= 1.0;
                return Some(Hindrance::Mishap);
            }
        }
        if let Some(count) = &self.puts_off
            && (count.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(PUT_OFF)
        {
            return Some(Hindrance::Busy);
        }
        None
    }
}

/// A second's worth of requests may come at once.
fn capacity(rate: Rate) -> f64 {
    rate.0.max(1.0)
}

impl Bucket {
    /// Spends one, or says how long until there is one.
    fn wait(&mut self, rate: Rate, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.filled = (self.filled + passed * rate.0).min(capacity(rate));
        self.at = now;
        if self.filled >= 1.0 {
            self.filled -= 1.0;
            return None;
        }
        // A rate that is too small for a duration waits for as long as one can say.
        Some(
            Duration::try_from_secs_f64((1.0 - self.filled) / rate.0)
                .unwrap_or(Duration::from_secs(u64::from(u32::MAX))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_waiting_as_told_helps() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        for (rate, steps) in [
            (
                "2/s",
                vec![
                    (0, None),
                    (0, None),
                    (0, Some(1)),
                    (400, Some(1)),
                    (500, None),
                    (1_400, None),
                    (60_000, None),
                    (60_000, None),
                    (60_000, Some(1)),
                ],
            ),
            (
                "0.25",
                vec![(0, None), (10, Some(4)), (3_500, Some(1)), (4_000, None)],
            ),
        ] {
            let limits = Limits::new(rate.parse().ok(), ErrorRate::default(), start);
            for (time, wait) in steps {
                let expected = wait.map(Hindrance::TooMany);
                assert_eq!(limits.hinder(at(time)), expected, "{rate} at {time} ms");
            }
        }
        for wrong in ["0/s", "-1", "fast", "NaN", "25/m", ""] {
            assert_eq!(wrong.parse::<Rate>(), Err(NoRate), "{wrong}");
        }
    }

    #[test]
    fn errors_come_as_often_as_asked_for() {
        let now = Instant::now();
        for (share, of_a_hundred) in [("0", 0), ("0.25", 25), ("1", 100)] {
            let limits = Limits::new(None, share.parse().expect("a share"), now);
            let errors = (0..100).filter(|_| limits.hinder(now).is_some()).count();
            assert_eq!(errors, of_a_hundred, "{share}");
        }
        for wrong in ["1.1", "-0.1", "NaN", "often", ""] {
            assert_eq!(wrong.parse::<ErrorRate>(), Err(NoShare), "{wrong}");
        }
    }
}
