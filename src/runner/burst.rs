//! A burst: one read sent many times at a provider's pace, as in a first synchronisation.
//!
//! A 429 is no failure here. It is counted, the pause that it asks for is kept by all requests, and the request is sent
//! again; what matters is whether it says when to come back, and what rate the target sustains then. What a 429 does not
//! say costs a provider more than the limit: Okta waits five minutes and longer each time.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::case::Play;
use super::checks::Part;
use super::record::{Heard, Outgoing};
use crate::client::retry_after;
use crate::expect::{Judged, Ruling};
use crate::results::{Load, Severity};
use crate::suite::model::{Burst, Send};

/// Requests under way at most, at whatever pace: a slow answer must not hold up the pace, and no target is flooded.
const MOST_UNDER_WAY: usize = 50;

/// How much longer than at its pace a burst may take, and what it gets beside: pauses are kept, but not for ever.
const PATIENCE: u32 = 3;
const GRACE: Duration = Duration::from_secs(2);

/// The first pause after a 429 that does not say how long; the next are twice as long each.
const BLIND_PAUSE: Duration = Duration::from_secs(1);

/// What is expected of each answer, and of how many answers it did not hold.
struct Tally {
    part: Part,
    broken: u32,
    heard: Heard,
}

/// How a burst went.
#[derive(Default)]
struct Volley {
    tallies: Vec<Tally>,
    answered: u64,
    refused: u64,
    refused_blindly: u64,
    blind: Option<Heard>,
    last: Option<Heard>,
    longest_pause: Duration,
    /// From the first request to the last answer that is no 429.
    took: Duration,
    /// Until no more was sent.
    lasted: Duration,
}

impl Play {
    /// Plays a burst.
    pub(super) async fn burst(&mut self, send: &Send, burst: &Burst) {
        let mut all = Vec::new();
        for number in 1..=burst.times {
            match self.prepare_at(send, &step_of(send, number)) {
                Ok(ready) => all.push(Outgoing {
                    step: send.id.clone(),
                    ..ready.out
                }),
                Err(error) => return self.not_filled(send, &error),
            }
        }
        let rate = self.shared.context.client.rate();
        let rate = rate.unwrap_or(f64::from(burst.rate)).max(0.001);
        let volley = self.volley(send, burst, all, rate).await;
        if self.ends() {
            let why = self.ended.clone().unwrap_or_default();
            return self.not_played(&send.id, send.severity, &why, None);
        }
        self.conclude_burst(send, burst, rate, volley);
    }

    /// Sends everything at its pace. Ends early where the run does.
    async fn volley(
        &mut self,
        send: &Send,
        burst: &Burst,
        all: Vec<Outgoing>,
        rate: f64,
    ) -> Volley {
        let gap = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(GRACE);
        let begun = Instant::now();
        let until = begun + gap * burst.times * PATIENCE + GRACE;
        let deadline = self.shared.context.deadline;
        let mut most = whole(rate).clamp(1, MOST_UNDER_WAY);
        let mut waiting: VecDeque<usize> = (0..all.len()).collect();
        let mut next = begun;
        let mut paused_until = begun;
        let mut blind_pause = BLIND_PAUSE;
        let mut volley = Volley::default();
        let mut under_way = FuturesUnordered::new();
        loop {
            let may_send = !waiting.is_empty()
                && under_way.len() < most
                && next <= until
                && self.shared.halted().is_none();
            if !may_send && under_way.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some((number, numbered, received)) = under_way.next(), if !under_way.is_empty() => {
                    let heard = self.wire.hear_of_burst(&numbered, received);
                    if heard.status() != Some(429) {
                        volley.answered += 1;
                        volley.took = begun.elapsed();
                        self.tally(send, number, heard, &mut volley);
                        continue;
                    }
                    waiting.push_front(number);
                    let now = Instant::now();
                    let told = told_pause(heard.header("retry-after"), burst.whole_seconds);
                    let pause = told.unwrap_or(blind_pause);
                    // All that were under way when the limit was met are refused: that is one pause, not many.
                    if now >= paused_until {
                        most = (most / 2).max(1);
                        blind_pause *= if told.is_none() { 2 } else { 1 };
                    }
                    paused_until = paused_until.max(now + pause);
                    next = next.max(paused_until);
                    if told.is_some() {
                        volley.refused += 1;
                        volley.longest_pause = volley.longest_pause.max(pause);
                    } else {
                        volley.refused_blindly += 1;
                        volley.blind.get_or_insert(heard);
                    }
                }
                () = tokio::time::sleep_until(next), if may_send => {
                    if let Some(number) = waiting.pop_front() {
                        let numbered = self.wire.number(all[number].clone());
                        let client = self.shared.context.client.clone();
                        under_way.push(async move {
                            let received = client.send_impatiently(&numbered.request, deadline).await;
                            (number, numbered, received)
                        });
                        next = (next + gap).max(Instant::now());
                    }
                }
            }
        }
        volley.lasted = begun.elapsed();
        volley
    }

    /// Judges an answer by what is expected of each.
    fn tally(&mut self, send: &Send, number: usize, heard: Heard, volley: &mut Volley) {
        let step = step_of(
            send,
            u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1),
        );
        let mut parts = self.judged_at(send, &step, &heard).unwrap_or_default();
        // What is wrong with an answer of the wrong status hangs on that.
        let status = format!("{}.status", send.id);
        if parts
            .iter()
            .any(|part| part.id == status && !part.is_held())
        {
            parts.retain(|part| part.id == status || part.is_held());
        }
        for part in parts {
            let known = volley
                .tallies
                .iter_mut()
                .find(|known| known.part.id == part.id);
            let broken = u32::from(!part.is_held());
            match known {
                None => volley.tallies.push(Tally {
                    part,
                    broken,
                    heard: heard.clone(),
                }),
                Some(known) => {
                    if known.broken == 0 && broken > 0 {
                        known.part = part;
                        known.heard = heard.clone();
                    }
                    known.broken += broken;
                }
            }
        }
        volley.last = Some(heard);
    }

    fn conclude_burst(&mut self, send: &Send, burst: &Burst, rate: f64, volley: Volley) {
        for mut tally in volley.tallies {
            if let Ruling::Broken { message, .. } = &mut tally.part.ruling {
                *message = format!(
                    "{} of {} answers of the burst: {message}",
                    tally.broken, volley.answered
                );
            }
            self.checks.add(tally.part, Some(&tally.heard));
        }
        let severity = send
            .severity
            .unwrap_or(self.checks.severity())
            .min(Severity::Warning);
        let load = Load {
            step: send.id.clone(),
            requests: u64::from(burst.times),
            answered: volley.answered,
            asked_per_second: Some(rate),
            sustained_per_second: per_second(volley.answered, volley.took, Some(rate)),
            refused: volley.refused,
            refused_blindly: volley.refused_blindly,
            longest_pause_s: volley.longest_pause.as_secs(),
        };
        let mut told = self
            .checks
            .part(&format!("{}.retry-after", send.id), Some(severity));
        let refusals = load.refused + load.refused_blindly;
        told.ruling = if load.refused_blindly > 0 {
            Judged::broken(
                "retry-after",
                format!(
                    "{} of {refusals} refusals (429) did not say when to come back{}",
                    load.refused_blindly,
                    if burst.whole_seconds {
                        " in whole seconds"
                    } else {
                        ""
                    }
                ),
                "429 with Retry-After in whole seconds",
                volley
                    .blind
                    .as_ref()
                    .and_then(|heard| heard.header("retry-after"))
                    .map_or_else(
                        || "no Retry-After".to_owned(),
                        |value| format!("Retry-After: {value}"),
                    ),
            )
            .ruling
        } else {
            held(match refusals {
                0 => String::new(),
                some => format!("{some} refusals (429), each of which said when to come back"),
            })
        };
        self.checks.add(told, volley.blind.as_ref());
        let mut let_through = self
            .checks
            .part(&format!("{}.rate", send.id), Some(severity));
        let all = load.answered == load.requests;
        let_through.ruling = if load.answered == 0 || !all && load.refused_blindly > 0 {
            Judged::broken(
                "rate",
                format!(
                    "{} of {} requests were let through within {:.0} seconds",
                    load.answered,
                    load.requests,
                    volley.lasted.as_secs_f64()
                ),
                format!("{rate:.0} requests a second, or refusals that say when to come back"),
                format!("{:.1} requests a second", load.sustained_per_second),
            )
            .ruling
        } else {
            held(load.in_words())
        };
        self.checks
            .add(let_through, volley.last.as_ref().or(volley.blind.as_ref()));
        self.load.push(load);
    }
}

fn held(note: String) -> Ruling {
    Ruling::Held { note }
}

/// The step under which the values of a request of the burst are fresh.
fn step_of(send: &Send, number: u32) -> String {
    format!("{}-{number}", send.id)
}

/// The pause that a refusal asks for, as far as the provider understands it.
fn told_pause(value: Option<&str>, whole_seconds: bool) -> Option<Duration> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = value?.trim();
    if whole_seconds && !digits(value) {
        return None;
    }
    retry_after(Some(value), jiff::Timestamp::now())
}

/// Requests a second; no more than were asked for, since the first of them did not wait.
pub(super) fn per_second(count: u64, took: Duration, asked: Option<f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
    let count = count as f64;
    let rate = count / took.as_secs_f64().max(0.001);
    asked.map_or(rate, |asked| rate.min(asked))
}

fn whole(rate: f64) -> usize {
    (1..=MOST_UNDER_WAY)
        .find(|number| u32::try_from(*number).is_ok_and(|number| f64::from(number) >= rate))
        .unwrap_or(MOST_UNDER_WAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_as_the_provider_reads_it() {
        for (value, whole_seconds, told) in [
            (Some("3"), true, Some(3)),
            (Some(" 3 "), false, Some(3)),
            (Some("Sun, 06 Nov 1994 08:49:37 GMT"), true, None),
            (Some("Sun, 06 Nov 1994 08:49:37 GMT"), false, Some(0)),
            (Some("soon"), false, None),
            (Some("1.5"), true, None),
            (Some(""), true, None),
            (None, false, None),
        ] {
            assert_eq!(
                told_pause(value, whole_seconds),
                told.map(Duration::from_secs),
                "{value:?} {whole_seconds}"
            );
        }
    }

    #[test]
    fn what_was_sustained_is_never_more_than_was_asked_for() {
        let second = Duration::from_secs(1);
        for (count, took, asked, rate) in [
            (250, second * 10, Some(25.0), 25.0),
            (251, second * 10, Some(25.0), 25.0),
            (100, second * 10, Some(25.0), 10.0),
            (100, second * 2, None, 50.0),
            (0, Duration::ZERO, Some(25.0), 0.0),
        ] {
            let found = per_second(count, took, asked);
            assert!((found - rate).abs() < 0.001, "{count} {found}");
        }
    }
}
