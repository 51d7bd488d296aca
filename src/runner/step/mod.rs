//! One step that sends: the request as the provider writes it, the answer judged, what follows from it noted.

mod judging;
mod ready;

use std::sync::Arc;

use serde_json::Value;

use self::judging::hangs_on_state;
use self::ready::Ready;
pub(super) use self::ready::note_sent;
use super::address::{WriteTarget, is_read, write_target};
use super::body::endpoint_of;
use super::case::Play;
use super::checks::Part;
use super::record::Heard;
use super::resource::usable_id;
use super::settle::{Patience, can_change};
use super::states::Written;
use crate::scim::{AttrPath, get};
use crate::suite::model::{Credential, Expect, Send, SendBody};

impl Play {
    /// Plays one step.
    pub(super) async fn send(&mut self, send: &Send) {
        if let Some(burst) = &send.burst {
            return self.burst(send, burst).await;
        }
        let reads = Self::only_reads(&send.method, &send.target)
            || send.credential == Credential::Application;
        let compares = mentions_unchanged(&send.expect)
            || send
                .also
                .iter()
                .any(|also| mentions_unchanged(&also.expect));
        let echoed = match &send.body {
            SendBody::Echo { of, .. } => Some(of.as_str()),
            _ => None,
        };
        for at in 0..self.resources.len() {
            let resource = &self.resources[at];
            let aimed = !reads && send.target.contains(&format!("{{{{{}.", resource.name));
            let needed = aimed
                || echoed == Some(resource.name.as_str())
                || (!reads || compares) && resource.known().is_none();
            if needed {
                self.know(at).await;
            }
            let resource = &self.resources[at];
            if aimed && let Some(cause) = resource.broken_by.clone() {
                let why = format!("{} could not be read back", resource.name);
                return self.not_played(&send.id, send.severity, &why, Some(cause));
            }
        }
        let ready = match self.prepare(send) {
            Ok(ready) => ready,
            Err(error) => return self.not_filled(send, &error),
        };
        if reads {
            self.play_read(send, ready).await
        } else {
            self.play_write(send, ready).await
        }
    }

    /// Plays steps at the same time.
    pub(super) async fn together(&mut self, sends: &[Send]) {
        self.know_all().await;
        let mut playing = Vec::new();
        for send in sends
            .iter()
            .filter(|send| self.plays(&send.only))
            .collect::<Vec<_>>()
        {
            let ready = match self.prepare(send) {
                Ok(ready) => ready,
                Err(error) => {
                    self.not_filled(send, &error);
                    continue;
                }
            };
            let licence = if is_read(&send.method) {
                None
            } else {
                match self.license(&ready.out).await {
                    Ok(licence) => Some(licence),
                    Err(refused) => {
                        self.not_played(&send.id, send.severity, &refused.why, refused.cause);
                        continue;
                    }
                }
            };
            playing.push((send, ready, licence));
        }
        let all = playing
            .iter()
            .map(|(_, ready, _)| ready.out.clone())
            .collect();
        let deadline = self.shared.context.deadline;
        let heard = self.wire.send_together(all, deadline).await;
        self.last_write = Some(std::time::Instant::now());
        let mut verified = Vec::new();
        for ((send, ready, licence), heard) in playing.into_iter().zip(heard) {
            let mut on = Vec::new();
            if let Some(licence) = &licence {
                self.settle_creations(licence, ready.out.body.as_ref(), &heard);
                self.touched();
                on = licence.on.clone();
            }
            self.checks.about(&send.refs, &send.hint);
            self.checks.about(&send.refs, &send.hint);
            let written = self.heard_write(send, &ready, &heard, on);
            verified.push((send, ready.changes, written));
        }
        for (send, changes, written) in verified {
            if let Some(changes) = changes {
                self.checks.about(&send.refs, &send.hint);
                self.verify(send, &changes, &written).await;
            }
        }
    }

    async fn play_read(&mut self, send: &Send, ready: Ready) {
        let wrote = self.last_write.is_some();
        if wrote && send.expect.unchanged.is_some() {
            self.wait_out_settle().await;
        }
        let deadline = self.shared.context.deadline;
        let mut patience = Patience::new(self.shared.context.settle, self.last_write);
        let mut first: Option<Vec<Part>> = None;
        let (heard, parts) = loop {
            let heard = self.wire.send(ready.out.clone(), deadline).await;
            self.name_answer(send, &ready, &heard);
            let parts = match self.wanted(send) {
                Ok(wanted) => self.judge(send, &wanted, &heard),
                Err(error) => return self.not_filled(send, &error),
            };
            let wrong = parts
                .iter()
                .any(|part| !part.is_held() && hangs_on_state(part));
            let waits = wrong && wrote && is_ours(&send.credential) && can_change(&heard);
            if !waits || self.refused_write.is_some() || !patience.again().await {
                break (heard, parts);
            }
            first.get_or_insert(parts);
        };
        let first = first.filter(|_| patience.is_late()).unwrap_or_default();
        self.conclude(send, parts, &first, &heard);
        self.capture(send, &heard);
        self.learn_answer(send, &ready, &heard);
        if let Some(changes) = &ready.changes {
            let written = Written {
                method: send.method.clone(),
                body: None,
                on: Vec::new(),
                refused: None,
                declined: false,
                taken: false,
            };
            self.verify(send, changes, &written).await;
        }
    }

    async fn play_write(&mut self, send: &Send, ready: Ready) {
        let licence = match self.license(&ready.out).await {
            Ok(licence) => licence,
            Err(refused) => {
                return self.not_played(&send.id, send.severity, &refused.why, refused.cause);
            }
        };
        let deadline = self.shared.context.deadline;
        let heard = self.wire.send(ready.out.clone(), deadline).await;
        self.last_write = Some(std::time::Instant::now());
        self.settle_creations(&licence, ready.out.body.as_ref(), &heard);
        self.touched();
        let mut written = self.heard_write(send, &ready, &heard, licence.on);
        let one_by_one = !send.singly.is_empty() && heard.status().is_some();
        let refused = written.refused.clone().filter(|_| one_by_one);
        // What was refused has changed nothing; what it would have changed is asked for row by row.
        written.declined |= refused.is_some();
        if let Some(changes) = &ready.changes {
            self.verify(send, changes, &written).await;
        }
        if let Some(refused) = refused {
            self.one_by_one(send, &refused).await;
        }
    }

    /// Notes and judges the answer to a write.
    fn heard_write(
        &mut self,
        send: &Send,
        ready: &Ready,
        heard: &Heard,
        on: Vec<usize>,
    ) -> Written {
        let taken = !heard
            .status()
            .is_some_and(|status| (300..500).contains(&status));
        for at in &on {
            let resource = &mut self.resources[*at];
            if taken {
                note_sent(&mut resource.sent, ready);
                resource.note(heard);
            }
            if send.method.eq_ignore_ascii_case("DELETE") && heard.is_success() {
                resource.gone = ready.changes.is_none();
                if let Some(entry) = resource.entry {
                    self.shared.ledger.doubted(entry);
                }
            }
            resource.created = None;
            // Nobody said what it changes: any state is right from here on.
            if send.changes.is_none() {
                resource.state = None;
            }
        }
        if send.changes.is_none()
            && matches!(
                write_target(&send.method, &ready.out.target),
                WriteTarget::Bulk
            )
        {
            self.forget_named_in(ready);
        }
        self.name_answer(send, ready, heard);
        let failed = match self.wanted(send) {
            Ok(wanted) => {
                let parts = self.judge(send, &wanted, heard);
                self.conclude(send, parts, &[], heard)
            }
            Err(error) => {
                self.not_filled(send, &error);
                None
            }
        };
        self.capture(send, heard);
        let refused = failed.filter(|id| !heard.is_success() && self.checks.matters(id));
        // An answer that the suite allows, or only remarks upon, and that is no success: the target lawfully declined.
        let declined = refused.is_none()
            && heard
                .status()
                .is_some_and(|status| status >= 300 && status != 404);
        if refused.is_some() && self.refused_write.is_none() {
            self.refused_write.clone_from(&refused);
        }
        Written {
            method: send.method.clone(),
            body: ready.said().map(Arc::clone),
            on,
            refused,
            declined,
            taken: heard.is_success(),
        }
    }

    /// A bulk request that says nothing of changes leaves the resources that it names in an unknown state.
    fn forget_named_in(&mut self, ready: &Ready) {
        let text = ready
            .said()
            .map(|body| body.to_string())
            .unwrap_or_default();
        for resource in &mut self.resources {
            if resource.id.as_deref().is_some_and(|id| text.contains(id)) {
                resource.state = None;
                resource.created = None;
            }
        }
    }

    /// Names the resource that an answer shows, where the step says so.
    fn name_answer(&mut self, send: &Send, ready: &Ready, heard: &Heard) {
        if let Some(name) = &send.makes
            && heard.is_success()
            && usable_id(heard).is_ok()
            && !self
                .resources
                .iter()
                .any(|known| known.name == *name && known.id == usable_id(heard).ok())
        {
            let made_from = if is_read(&send.method) {
                Arc::default()
            } else {
                ready.out.said()
            };
            let endpoint = match write_target(&send.method, &ready.out.target) {
                WriteTarget::Create { endpoint } | WriteTarget::One { endpoint, .. } => endpoint,
                _ => endpoint_of(heard.received.json.as_deref().unwrap_or(&Value::Null)).to_owned(),
            };
            self.name_resource(
                name,
                &endpoint,
                heard,
                made_from,
                &format!("{}.state.read", send.id),
            );
        }
    }

    /// Learns from a GET of a whole resource; after it was judged by what was known before.
    fn learn_answer(&mut self, send: &Send, ready: &Ready, heard: &Heard) {
        if send.method.eq_ignore_ascii_case("GET") && send.credential == Credential::Target {
            let found = (0..self.resources.len())
                .find(|at| self.target_of(*at).as_deref() == Some(ready.out.target.as_str()));
            if let Some(at) = found {
                self.resources[at].note(heard);
                let resource = &self.resources[at];
                let bystander = resource.stale && resource.created.is_some();
                if resource.state.is_none() && !bystander {
                    self.learn(at, heard);
                }
            }
        }
    }

    fn capture(&mut self, send: &Send, heard: &Heard) {
        for (variable, from) in &send.capture {
            let value = match from.strip_prefix("header:") {
                Some(name) => heard.header(name.trim()).map(Value::from),
                None => heard.received.json.as_deref().and_then(|json| {
                    let path = AttrPath::parse(from).ok()?;
                    get(json, &path)
                        .into_iter()
                        .find(|value| !value.is_null())
                        .cloned()
                }),
            };
            match value {
                Some(value) => {
                    self.missing.remove(variable);
                    self.declined.remove(variable);
                    self.captured.insert(variable.clone(), value);
                }
                None => {
                    self.captured.remove(variable);
                    let cause = self
                        .checks
                        .done()
                        .iter()
                        .rev()
                        .find(|check| {
                            check.outcome == crate::results::Outcome::Failed
                                && check.id.contains(&format!("#{}.", send.id))
                        })
                        .map(|check| check.id.clone());
                    // Refused, and the suite allows that: what needs the value is not played, and that is no finding.
                    if cause.is_none() && heard.status().is_some() && !heard.is_success() {
                        self.declined.insert(variable.clone());
                    }
                    self.missing_now(variable, cause);
                }
            }
        }
    }
}

/// Whether an answer to this credential can come to show what was written.
fn is_ours(credential: &Credential) -> bool {
    matches!(credential, Credential::Target | Credential::Application)
}

fn mentions_unchanged(expect: &Expect) -> bool {
    expect.unchanged.is_some()
        || expect
            .either
            .iter()
            .any(|one| mentions_unchanged(&one.expect))
}
