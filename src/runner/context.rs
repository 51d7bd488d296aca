//! What a run is given, what it tells while it runs, and what its cases share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use super::journal::Journal;
use super::ledger::Ledger;
use super::names::RunTag;
use super::probe::Probe;
use crate::client::{Client, Received, Request};
use crate::config::Secret;
use crate::data::bodies;
use crate::results::{Outcome, RuleResult, StopReason, TargetFacts};
use crate::rules::{RuleBook, Seen};
use crate::scim::SchemaView;

/// How long a late re-read waits where `--settle` is 0. Measured lags of read replicas and search indices that people
/// call "immediate" are below this; a longer one is found as a stale read.
pub(super) const LATE: Duration = Duration::from_millis(300);

/// How long clean-up may go on once the deadline has passed or the run was interrupted.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// So many requests in a row without an answer, or refused for their number however long was waited, and the target counts as gone.
const SILENT: u32 = 25;

/// Private texts remembered for the rules' messages; a tenant with more strangers than fit here is refused anyway.
const MOST_PRIVATE: usize = 200_000;

/// The application behind the SCIM endpoint, as the access check asks it.
#[derive(Debug)]
pub struct Application {
    /// Sends to the application's origin.
    pub client: Client,
    /// The headers of such a request, and no others: an identity provider's mean nothing there.
    pub headers: Vec<(String, Secret)>,
}

impl Application {
    /// Asks the application.
    pub(super) async fn send(&self, request: &Request, deadline: Option<Instant>) -> Received {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.expose().to_owned()))
            .collect();
        let request = Request {
            headers,
            ..request.clone()
        };
        self.client.send(&request, deadline).await
    }
}

/// What a run is given.
#[derive(Debug)]
pub struct Context {
    /// Sends to the target.
    pub client: Client,
    /// Sends to the application itself, for the access check; without SCIM's credential.
    pub application: Option<Application>,
    /// What is known of attributes: published, overlaid by the target's own schemas.
    pub schema: Arc<SchemaView>,
    /// Bodies of resources by name (`okta/user`), with `{{...}}`.
    pub bodies: Arc<BTreeMap<String, Value>>,
    /// What was found out about the target.
    pub facts: TargetFacts,
    /// What the probe sent and received, for the rules.
    pub probed: Vec<Received>,
    /// Fixes everything but the tag.
    pub seed: u64,
    /// The run's tag, always fresh.
    pub tag: RunTag,
    /// Cases side by side.
    pub jobs: usize,
    /// How long a read may lag behind a write; zero: one late re-read, which is a warning if it helps.
    pub settle: Duration,
    /// When the run must end. Clean-up may go on for 30 seconds more.
    pub deadline: Option<Instant>,
    /// Leave everything that was made.
    pub keep: bool,
    /// Play a failed case once more on fresh resources, to tell unstable from broken.
    pub repeat: bool,
    /// The folder of journals; `None`: nothing is written (a target that ends with the process).
    pub state_dir: Option<PathBuf>,
}

impl Context {
    /// The plainest run against a target that was probed: one case after the other, no patience, no repeats, nothing kept
    /// and nothing on disk, seed 1. Callers change what they need otherwise.
    #[must_use]
    pub fn of(client: Client, probe: Probe) -> Self {
        Self {
            client,
            application: None,
            schema: probe.schema,
            bodies: Arc::new(bodies::all().clone()),
            facts: probe.facts,
            probed: probe.received,
            seed: 1,
            tag: RunTag::fresh(),
            jobs: 1,
            settle: Duration::ZERO,
            deadline: None,
            keep: false,
            repeat: false,
            state_dir: None,
        }
    }
}

/// What a run tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The run begins with so many cases to play.
    RunStarted {
        /// How many.
        cases: usize,
    },
    /// A case begins.
    CaseStarted {
        /// Its id.
        id: String,
    },
    /// A case ended.
    CaseFinished {
        /// Its id.
        id: String,
        /// Its outcome; what is for information only is no failure here.
        outcome: Outcome,
    },
    /// What is left is removed.
    CleaningUp,
    /// The run ended.
    RunFinished,
}

/// What all cases of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) context: Context,
    pub(super) ledger: Ledger,
    pub(super) requests: AtomicU64,
    pub(super) throttled: AtomicU64,
    silent: AtomicU32,
    lost: AtomicBool,
    stop: watch::Receiver<bool>,
    rules: Mutex<Option<RuleBook>>,
    private: Mutex<BTreeSet<String>>,
}

impl Shared {
    pub(super) fn new(
        context: Context,
        journal: Option<Journal>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let rules = RuleBook::new(
            Arc::clone(&context.schema),
            context.client.base_url().as_str(),
        )
        .with_settle(context.settle);
        Self {
            context,
            ledger: Ledger::new(journal),
            requests: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            silent: AtomicU32::new(0),
            lost: AtomicBool::new(false),
            stop,
            rules: Mutex::new(Some(rules)),
            private: Mutex::default(),
        }
    }

    /// Why nothing more may begin; `None` while the run goes on.
    pub(super) fn halted(&self) -> Option<StopReason> {
        if *self.stop.borrow() {
            Some(StopReason::Interrupted)
        } else if self
            .context
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            Some(StopReason::Deadline)
        } else if self.lost.load(Ordering::Relaxed) {
            Some(StopReason::Untestable)
        } else {
            None
        }
    }

    /// Until when clean-up may send.
    pub(super) fn cleanup_deadline(&self) -> Option<Instant> {
        match (self.context.deadline, self.halted()) {
            (None, None) => None,
            (Some(deadline), None) => Some(deadline.max(Instant::now()) + GRACE),
            (_, Some(_)) => Some(Instant::now() + GRACE),
        }
    }

    /// Counts an exchange, and notices a target that does not answer any more, or only that it will not.
    pub(super) fn count(&self, status: Option<u16>, throttled: u32) {
        let answered = !matches!(status, None | Some(429));
        self.requests
            .fetch_add(1 + u64::from(throttled), Ordering::Relaxed);
        self.throttled
            .fetch_add(u64::from(throttled), Ordering::Relaxed);
        if answered {
            self.silent.store(0, Ordering::Relaxed);
        } else if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Counts an exchange of a burst, in which a 429 is what one looks for.
    pub(super) fn count_of_burst(&self, status: Option<u16>) {
        if status == Some(429) {
            self.requests.fetch_add(1, Ordering::Relaxed);
            self.throttled.fetch_add(1, Ordering::Relaxed);
        } else {
            self.count(status, 0);
        }
    }

    /// Lets the rules see an exchange.
    pub(super) fn judge(&self, seen: &Seen<'_>) {
        if let Some(book) = self
            .rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            book.judge(seen);
        }
    }

    /// Lets the rules see what the probe saw, without repeating what it saw of people.
    pub(super) fn judge_probe(&self, probed: &[Received]) {
        for received in probed {
            if let Some(json) = &received.json
                && !super::address::is_discovery(path_of(
                    &received.exchange.url,
                    &self.context.client,
                ))
            {
                self.keep_private(&super::strangers::cut(json, &|_| false).private);
            }
            self.judge(&Seen {
                case: "probe",
                order: 0,
                hostile: false,
                exchange: &received.exchange,
                headers: &received.headers,
                body: &received.body,
                json: received.json.as_ref(),
                sent: None,
            });
        }
    }

    /// Remembers texts of strangers, so that no rule's message repeats them.
    pub(super) fn keep_private(&self, private: &BTreeSet<String>) {
        if private.is_empty() {
            return;
        }
        let mut all = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        for text in private {
            if all.len() >= MOST_PRIVATE {
                break;
            }
            if !self.context.tag.is_in(text) {
                all.insert(text.clone());
            }
        }
    }

    /// What became of the rules; empty the second time.
    pub(super) fn rule_results(&self) -> Vec<RuleResult> {
        let book = self
            .rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        let mut results = book.map(RuleBook::finish).unwrap_or_default();
        for rule in &mut results {
            for text in [&mut rule.message, &mut rule.actual, &mut rule.expected] {
                *text = super::strangers::scrub(text, &private);
            }
        }
        results
    }
}

/// Path and query below the base URL.
fn path_of<'a>(url: &'a str, client: &Client) -> &'a str {
    url.strip_prefix(client.base_url().as_str()).unwrap_or(url)
}
