//! How fast requests go out: `--rate`, and the pause that a 429 asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest pause that is granted to one Retry-After; a longer one is returned as the answer.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How many 429 answers one request waits for before the last is taken as its answer.
pub(super) const MOST_PAUSES: u32 = 5;

/// Gives each request its moment. Shared by all requests of a client.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// `rate` is in requests a second; `None` does not limit.
    pub(super) fn new(rate: Option<f64>) -> Self {
        let gap = rate
            .filter(|r| r.is_finite() && *r > 0.0)
            .and_then(|r| Duration::try_from_secs_f64(1.0 / r).ok())
            .unwrap_or_default();
        Self {
            gap,
            next: Mutex::new(Instant::now()),
        }
    }

    /// Reserves the next free moment and says when it is.
    pub(super) fn reserve(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*next).max(Instant::now());
        *next = at + self.gap;
        at
    }

    /// Nobody sends before `until`: a throttled target is left in peace by all requests, not only by one.
    pub(super) fn pause_until(&self, until: Instant) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(until);
    }
}

/// Reads Retry-After (RFC 9110 section 10.2.3): seconds or an HTTP date. `None` where it is absent or unreadable.
pub fn retry_after(value: Option<&str>, now: jiff::Timestamp) -> Option<Duration> {
    let value = value?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = http_date(value)?;
    Some(at.duration_since(now).try_into().unwrap_or_default())
}

/// The pause before the next attempt where the server did not say: 1, 2, 4... seconds.
pub(super) fn own_pause(attempt: u32) -> Duration {
    Duration::from_secs(1_u64 << attempt.min(5))
}

/// The three forms of an HTTP date (RFC 9110 section 5.6.7).
fn http_date(text: &str) -> Option<jiff::Timestamp> {
    let parsed = jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S GMT", text)
        .or_else(|_| jiff::fmt::strtime::parse("%A, %d-%b-%y %H:%M:%S GMT", text))
        .or_else(|_| jiff::fmt::strtime::parse("%a %b %e %H:%M:%S %Y", text))
        .ok()?;
    parsed
        .to_datetime()
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "1994-11-06T08:49:30Z".parse().expect("a time");
        for (value, want) in [
            (Some("120"), Some(120)),
            (Some(" 0 "), Some(0)),
            (Some("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7)),
            (Some("Sunday, 06-Nov-94 08:49:37 GMT"), Some(7)),
            (Some("Sun Nov  6 08:49:37 1994"), Some(7)),
            (Some("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0)),
            (Some("-5"), None),
            (Some("soon"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(
                retry_after(value, now),
                want.map(Duration::from_secs),
                "{value:?}"
            );
        }
        assert!(retry_after(Some("99999999999999999999999"), now).expect("huge") > LONGEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_requests_evenly() {
        let pace = Pace::new(Some(10.0));
        let start = Instant::now();
        let moments: Vec<u128> = (0..4)
            .map(|_| (pace.reserve() - start).as_millis())
            .collect();
        assert_eq!(moments, [0, 100, 200, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everybody() {
        let pace = Pace::new(None);
        let start = Instant::now();
        pace.pause_until(start + Duration::from_secs(3));
        assert_eq!((pace.reserve() - start).as_secs(), 3);
        assert_eq!((pace.reserve() - start).as_secs(), 3);
    }
}
