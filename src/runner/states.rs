//! Known states: read before a write, read back after it, and compared whole.
//!
//! State, not status: this finds lost siblings, stray keys, damage to bystanders, and the right status over the wrong state,
//! without a check written for each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::address::is_read;
use super::case::Play;
use super::checks::Part;
use super::ledger::Standing;
use super::record::Heard;
use super::settle::{Patience, can_change};
use crate::expect::{Judged, Ruling, StateContext, Wrote, compare_state, gone};
use crate::results::Severity;
use crate::scim::encode_path_segment;
use crate::suite::model::{Change, Changes, Send};

/// A ruling that only held later, and the answer with which it held.
pub(super) type Late = (Part, Heard);

/// What was written, as the comparison needs it.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) method: String,
    pub(super) body: Option<Arc<Value>>,
    /// Places of the resources that the request was aimed at.
    pub(super) on: Vec<usize>,
    /// The failed check that says that the target refused it.
    pub(super) refused: Option<String>,
    /// The target declined, as the suite allows: then nothing may have changed.
    pub(super) declined: bool,
    /// The target answered with success.
    pub(super) taken: bool,
}

impl Written {
    /// No write at all: whatever changed was not asked for.
    pub(super) fn nothing() -> Self {
        Self {
            method: String::new(),
            body: None,
            on: Vec::new(),
            refused: None,
            declined: false,
            taken: false,
        }
    }

    fn on(&self, at: usize) -> Wrote<'_> {
        match (&self.body, self.on.contains(&at)) {
            (Some(body), true) if self.method.eq_ignore_ascii_case("PATCH") => Wrote::Patch(body),
            (Some(body), true) if self.method.eq_ignore_ascii_case("PUT") => Wrote::Put(body),
            _ => Wrote::Nothing,
        }
    }
}

impl Play {
    /// Reads a resource for the first time: its state, and the proof that it is ours.
    ///
    /// # Errors
    /// The failed check.
    pub(super) async fn baseline(&mut self, at: usize) -> Result<Option<Late>, String> {
        let target = self.target_of(at);
        let Some(target) = target else {
            return Err(self.unreadable(at, "it has no usable id", None));
        };
        let mut patience = Patience::new(self.shared.context.settle, self.last_write);
        let mut first: Option<String> = None;
        loop {
            let heard = self.read("verify", &target).await;
            let why = match heard.status() {
                Some(200) if self.learn(at, &heard) => {
                    let late = first.filter(|_| patience.is_late()).map(|why| {
                        let mut part = self.checks.part(&self.resources[at].origin, None);
                        part.ruling = broken(why, "200 with the resource", "");
                        (part, heard)
                    });
                    return Ok(late);
                }
                Some(200) => {
                    "the resource that GET shows there has nothing of what was sent".to_owned()
                }
                Some(status) => format!("reading it back answered {status}"),
                None => "reading it back brought no answer".to_owned(),
            };
            if !can_change(&heard) || !patience.again().await {
                return Err(self.unreadable(at, &why, Some(&heard)));
            }
            first.get_or_insert(why);
        }
    }

    /// A resource without a usable state: one failed check, which everything that needs it hangs on.
    fn unreadable(&mut self, at: usize, why: &str, heard: Option<&Heard>) -> String {
        let resource = &self.resources[at];
        let made = resource.id.as_deref().unwrap_or("?");
        let mut part = self.checks.part(&resource.origin, None);
        let actual = heard.map_or_else(String::new, |heard| {
            match (heard.status(), &heard.received.exchange.error) {
                (Some(status), _) => status.to_string(),
                (None, Some(error)) => error.message.clone(),
                (None, None) => String::new(),
            }
        });
        part.ruling = broken(
            format!(
                "{} was made as {}/{made}, but {why}",
                resource.name, resource.endpoint,
            ),
            "GET of the id answers 200 with what was sent",
            &actual,
        );
        let id = self
            .checks
            .add(part, heard)
            .unwrap_or_else(|| self.checks.whole_id(&self.resources[at].origin));
        self.resources[at].broken_by = Some(id.clone());
        id
    }

    /// Reads every resource whose state no GET has shown.
    pub(super) async fn know_all(&mut self) {
        // Of a crowd nobody is looked at alone: it is one check.
        let mut crowds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, resource) in self.resources.iter().enumerate() {
            let till_now_a_bystander = resource.stale
                && resource.created.is_some()
                && resource.state.is_none()
                && !resource.gone
                && resource.broken_by.is_none();
            if let Some(crowd) = resource.crowd.clone().filter(|_| till_now_a_bystander) {
                crowds.entry(crowd).or_default().push(at);
            }
        }
        for (crowd, all) in crowds {
            self.crowd_unharmed(&crowd, &all).await;
        }
        for at in 0..self.resources.len() {
            self.know(at).await;
        }
    }

    /// Reads a resource, where no GET has shown its state.
    pub(super) async fn know(&mut self, at: usize) {
        let resource = &self.resources[at];
        let known = resource.state.is_some() || resource.gone || resource.broken_by.is_some();
        if known || resource.entry.is_none() {
            return;
        }
        if resource.stale && resource.created.is_some() {
            // Something else was written since it was made: it is looked at as the bystander that it was till now.
            let id = format!("end.state.{}", resource.name);
            self.bystander(at, &id).await;
        } else if self.is_confirmed(at) {
            self.look_again(at).await;
        } else if let Ok(Some((part, heard))) = self.baseline(at).await {
            self.checks.add_late(part, &heard);
        }
    }

    fn is_confirmed(&self, at: usize) -> bool {
        self.resources[at]
            .entry
            .and_then(|entry| self.shared.ledger.get(entry))
            .is_some_and(|entry| {
                matches!(
                    entry.standing,
                    Standing::Confirmed | Standing::Doubted | Standing::Gone
                )
            })
    }

    /// Reads a resource that a step left in a state that nobody described: it may well be gone, and no check says otherwise.
    async fn look_again(&mut self, at: usize) {
        let Some(target) = self.target_of(at) else {
            return;
        };
        let heard = self.read("verify", &target).await;
        if !self.learn(at, &heard) && matches!(heard.status(), Some(404 | 410)) {
            self.resources[at].gone = true;
        }
    }

    /// After a write: reads back what it was to change (or must not have changed) and compares.
    pub(super) async fn verify(&mut self, send: &Send, changes: &Changes, written: &Written) {
        // A request that should have been refused and was taken is looked at at once: the next step would be blamed for it.
        if self.ends() || (changes.later && !written.taken) {
            return;
        }
        let all: Vec<(usize, Change)> = if changes.of.is_empty() {
            let untouched = Change::Paths(Vec::new());
            let aimed: Vec<usize> = if written.on.is_empty() {
                (0..self.resources.len()).collect()
            } else {
                written.on.clone()
            };
            aimed
                .into_iter()
                .map(|at| (at, untouched.clone()))
                .collect()
        } else {
            changes
                .of
                .iter()
                .filter_map(|(name, change)| {
                    let at = self
                        .resources
                        .iter()
                        .rposition(|resource| resource.name == *name);
                    if at.is_none() {
                        let cause = self.missing.get(name).cloned().flatten();
                        let part = self
                            .checks
                            .part(&format!("{}.state.{name}", send.id), send.severity);
                        self.checks.add_errored(
                            part,
                            format!("{name} does not exist"),
                            cause,
                            None,
                        );
                    }
                    Some((at?, change.clone()))
                })
                .collect()
        };
        if changes.of.is_empty() {
            self.wait_out_settle().await;
        }
        let several = all.len() > 1;
        for (at, change) in all {
            // With several resources the name tells their checks apart.
            let prefix = if several {
                format!("{}.state.{}", send.id, self.resources[at].name)
            } else {
                format!("{}.state", send.id)
            };
            let change = match change {
                Change::Paths(_) | Change::Gone if written.declined => Change::Paths(Vec::new()),
                other => other,
            };
            match change {
                Change::Any => self.resources[at].state = None,
                Change::Gone => self.verify_gone(at, &prefix, send.severity).await,
                Change::Paths(_) => self.verify_state(at, &change, &prefix, send, written).await,
            }
        }
    }

    async fn verify_gone(&mut self, at: usize, prefix: &str, severity: Option<Severity>) {
        let Some(target) = self.target_of(at) else {
            return;
        };
        let mut part = self.checks.part(&format!("{prefix}.gone"), severity);
        let mut patience = Patience::new(self.shared.context.settle, self.last_write);
        let mut first: Option<Judged> = None;
        loop {
            let heard = self.read("verify", &target).await;
            let judged = gone(&heard.answer());
            if judged.is_held() {
                self.resources[at].gone = true;
                if let Some(entry) = self.resources[at].entry {
                    self.shared.ledger.gone(entry);
                }
                match first.filter(|_| patience.is_late()) {
                    Some(first) => {
                        part.ruling = first.ruling;
                        self.checks.add_late(part, &heard);
                    }
                    None => {
                        self.checks.add(part, Some(&heard));
                    }
                }
                return;
            }
            if !can_change(&heard) || !patience.again().await {
                part.ruling = judged.ruling;
                self.checks.add(part, Some(&heard));
                return;
            }
            first.get_or_insert(judged);
        }
    }

    /// Reads a resource back and compares it with its known state; what came becomes the known state.
    pub(super) async fn verify_state(
        &mut self,
        at: usize,
        change: &Change,
        prefix: &str,
        send: &Send,
        written: &Written,
    ) {
        let severity = send.severity;
        let resource = &self.resources[at];
        if resource.gone {
            return;
        }
        let (Some(before), Some(target)) = (resource.known().cloned(), self.target_of(at)) else {
            let cause = resource.broken_by.clone();
            let part = self.checks.part(&format!("{prefix}.rest"), severity);
            self.checks.add_errored(
                part,
                "its state before was not known".to_owned(),
                cause,
                None,
            );
            return;
        };
        let mut patience = Patience::new(self.shared.context.settle, self.last_write);
        let mut first: Option<Vec<Judged>> = None;
        let (heard, judged) = loop {
            let heard = self.read("verify", &target).await;
            let judged = self.compare(at, &before, change, &heard, written);
            let wrong = judged.iter().any(|one| !one.is_held());
            // A refused write changes nothing later either.
            if !wrong || written.refused.is_some() || !can_change(&heard) || !patience.again().await
            {
                break (heard, judged);
            }
            first.get_or_insert(judged);
        };
        let first = first.filter(|_| patience.is_late()).unwrap_or_default();
        let readable = self.learn(at, &heard);
        for one in judged {
            let what = one
                .what
                .strip_prefix("state.")
                .unwrap_or(&one.what)
                .to_owned();
            let mut part = match send.rows.iter().find(|row| row.slug == what) {
                Some(row) => self.checks.part_of(row),
                // A step may be one that few depend on; that it damages something else is no better for that.
                None if what == "rest" => self.checks.part(
                    &format!("{prefix}.rest"),
                    severity.max(Some(self.checks.severity())),
                ),
                None => self.checks.part(&format!("{prefix}.{what}"), severity),
            };
            let at_first = first
                .iter()
                .find(|early| early.what == one.what && !early.is_held());
            match (&written.refused, one.is_held(), at_first) {
                (Some(cause), false, _) if what != "rest" => self.checks.add_errored(
                    part,
                    "the target refused the request".to_owned(),
                    Some(cause.clone()),
                    Some(&heard),
                ),
                (_, true, Some(early)) => {
                    part.ruling = early.ruling.clone();
                    self.checks.add_late(part, &heard);
                }
                _ => {
                    part.ruling = one.ruling;
                    self.checks.add(part, Some(&heard));
                }
            }
        }
        if !readable {
            self.resources[at].state = None;
        } else if !self.shared.context.settle.is_zero() {
            // "Must still be there" is judged once more when all of the settling time has passed.
            self.resources[at].stale = true;
        }
    }

    pub(super) fn compare(
        &self,
        at: usize,
        before: &Value,
        change: &Change,
        heard: &Heard,
        written: &Written,
    ) -> Vec<Judged> {
        let view = self.view();
        let resource = &self.resources[at];
        let deleting = written.method.eq_ignore_ascii_case("DELETE");
        let gone: Vec<String> = self
            .resources
            .iter()
            .enumerate()
            .filter(|(other, known)| known.gone || deleting && written.on.contains(other))
            .filter_map(|(_, known)| known.id.clone())
            .collect();
        let context = StateContext {
            sent: &resource.sent,
            wrote: written.on(at),
            gone: &gone,
            known: &view,
            schema: &self.shared.context.schema,
        };
        match heard
            .received
            .json
            .as_ref()
            .filter(|json| heard.status() == Some(200) && json.is_object())
        {
            Some(after) if resource.state.is_none() => {
                compare_state(&completed(before, after), after, change, &context)
            }
            Some(after) => compare_state(before, after, change, &context),
            None => {
                // One cause, one finding: the first part fails, the others can't be told.
                let message = match heard.status() {
                    Some(200) => format!("reading {} back brought no JSON object", resource.name),
                    Some(status) => format!("reading {} back answered {status}", resource.name),
                    None => format!("reading {} back brought no answer", resource.name),
                };
                let what = compare_state(before, before, change, &context)
                    .into_iter()
                    .next()
                    .map_or_else(|| "state.rest".to_owned(), |one| one.what);
                vec![Judged {
                    what,
                    ruling: broken(
                        message,
                        "200 with the resource",
                        &heard.text().chars().take(600).collect::<String>(),
                    ),
                }]
            }
        }
    }

    /// At the end of the case: resources that no step looked at since the last write must be as they were.
    pub(super) async fn bystanders(&mut self) {
        let concerned: Vec<usize> = (0..self.resources.len())
            .filter(|at| {
                let resource = &self.resources[*at];
                resource.stale
                    && !resource.gone
                    && resource.known().is_some()
                    && resource.broken_by.is_none()
            })
            .collect();
        if concerned.is_empty() {
            return;
        }
        self.wait_out_settle().await;
        for some in concerned
            .chunk_by(|one, next| self.resources[*one].crowd == self.resources[*next].crowd)
            .map(<[usize]>::to_vec)
            .collect::<Vec<_>>()
        {
            match self.resources[some[0]].crowd.clone() {
                Some(crowd) => self.crowd_unharmed(&crowd, &some).await,
                None => {
                    for at in some {
                        if self.ends() {
                            return;
                        }
                        let id = format!("end.state.{}", self.resources[at].name);
                        self.bystander(at, &id).await;
                    }
                }
            }
        }
    }

    /// A resource at which no write was aimed must be as it was.
    pub(super) async fn bystander(&mut self, at: usize, id: &str) {
        let untouched = Change::Paths(Vec::new());
        let nothing = Written::nothing();
        let before = self.resources[at].known().cloned().unwrap_or_default();
        let Some(target) = self.target_of(at) else {
            return;
        };
        let mut part = self.checks.part(id, None);
        let mut patience = Patience::new(std::time::Duration::ZERO, self.last_write);
        let mut first: Option<Judged> = None;
        let heard = loop {
            let heard = self.read("verify", &target).await;
            let judged = self
                .compare(at, &before, &untouched, &heard, &nothing)
                .into_iter()
                .find(|one| !one.is_held());
            let Some(judged) = judged else {
                match first {
                    Some(first) if self.shared.context.settle.is_zero() => {
                        part.ruling = first.ruling;
                        self.checks.add_late(part, &heard);
                    }
                    _ => {
                        self.checks.add(part, Some(&heard));
                    }
                }
                break heard;
            };
            if !can_change(&heard) || !patience.again().await {
                part.ruling = judged.ruling;
                self.checks.add(part, Some(&heard));
                break heard;
            }
            first.get_or_insert(judged);
        };
        self.learn(at, &heard);
    }

    /// "Unchanged" is judged when all of the settling time has passed since the last write, not at the first success.
    pub(super) async fn wait_out_settle(&self) {
        if let Some(last) = self.last_write {
            tokio::time::sleep(self.shared.context.settle.saturating_sub(last.elapsed())).await;
        }
    }

    /// Where a resource is read: `/Users/ID`.
    pub(super) fn target_of(&self, at: usize) -> Option<String> {
        let resource = &self.resources[at];
        resource
            .id
            .as_deref()
            .map(|id| format!("{}/{}", resource.endpoint, encode_path_segment(id)))
    }

    /// Whether this request is a read in the sense of SCIM: GET, or POST to `.search`.
    pub(super) fn only_reads(method: &str, target: &str) -> bool {
        is_read(method)
            || matches!(
                super::address::write_target(method, target),
                super::address::WriteTarget::Search
            )
    }
}

/// What a POST showed, with what only a GET shows: the answer to a creation may be partial (RFC 7644 section 3.3).
fn completed(created: &Value, seen: &Value) -> Value {
    let mut whole = created.clone();
    if let (Some(whole), Some(seen)) = (whole.as_object_mut(), seen.as_object()) {
        for (name, value) in seen {
            if !whole.keys().any(|known| known.eq_ignore_ascii_case(name)) {
                whole.insert(name.clone(), value.clone());
            }
        }
    }
    whole
}

fn broken(message: String, expected: &str, actual: &str) -> Ruling {
    Ruling::Broken {
        severity: None,
        message,
        expected: expected.to_owned(),
        actual: actual.to_owned(),
    }
}
