//! One step that sends: the request as the provider writes it, the answer judged, what follows from it noted.

use serde_json::Value;

use super::address::{WriteTarget, is_read, write_target};
use super::body::{BodyError, Recipe, change, endpoint_of, headers};
use super::case::Play;
use super::checks::Part;
use super::record::{Heard, Outgoing};
use super::resource::usable_id;
use super::settle::{Patience, can_change};
use super::states::Written;
use crate::expect::{Judged, Ruling, Sent, evaluate, evaluate_as_one};
use crate::scim::{AttrPath, get};
use crate::suite::fill;
use crate::suite::model::{Also, Changes, Credential, Expect, Send, SendBody};
use crate::suite::template::{Lookup, Position, Template};

/// A step's request, filled in.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) out: Outgoing,
    /// The body as JSON, where it is.
    body: Option<Value>,
    /// Paths that the client changed in an echo: all that it said by it.
    echoed: Option<Vec<(String, Value)>>,
    changes: Option<Changes>,
}

/// What is expected of an answer, filled in.
struct Wanted {
    expect: Expect,
    also: Vec<(Also, Expect)>,
}

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
                self.settle_creations(licence, ready.out.body.as_deref(), &heard);
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
        self.settle_creations(&licence, ready.out.body.as_deref(), &heard);
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
            body: ready.body.clone(),
            on,
            refused,
            declined,
            taken: heard.is_success(),
        }
    }

    /// A bulk request that says nothing of changes leaves the resources that it names in an unknown state.
    fn forget_named_in(&mut self, ready: &Ready) {
        let text = ready
            .body
            .as_ref()
            .map(Value::to_string)
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
                Value::Null
            } else {
                ready.body.clone().unwrap_or_default()
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

    pub(super) fn prepare(&self, send: &Send) -> Result<Ready, BodyError> {
        self.prepare_at(send, &send.id)
    }

    /// The request with the values that are fresh at this step.
    pub(super) fn prepare_at(&self, send: &Send, step: &str) -> Result<Ready, BodyError> {
        let scope = self.scope(step);
        let target = Template::parse(&send.target)?
            .render(&scope, Position::Target(self.planned.profile.query))?;
        let mut own = Vec::new();
        for (name, value) in &send.headers {
            let value = value
                .as_ref()
                .map(|value| fill::text(value, &scope))
                .transpose()?;
            own.push((name.clone(), value));
        }
        let (bytes, body, echoed) = self.body(send, &scope)?;
        let credential = match &send.credential {
            Credential::Literal(text) => Credential::Literal(fill::text(text, &scope)?),
            other => other.clone(),
        };
        let changes = send
            .changes
            .as_ref()
            .map(|changes| fill::changes(changes, &scope))
            .transpose()?;
        let mut all = headers(&self.planned.profile, bytes.is_some(), &own);
        if self.planned.profile.request_id
            && !all
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("x-request-id"))
        {
            all.push((
                "X-Request-Id".to_owned(),
                format!("{}-{}-{step}", self.names.tag(), self.number),
            ));
        }
        let out = Outgoing {
            step: send.id.clone(),
            method: send.method.clone(),
            target,
            headers: all,
            body: bytes,
            credential,
        };
        Ok(Ready {
            out,
            body,
            echoed,
            changes,
        })
    }

    #[expect(
        clippy::type_complexity,
        reason = "three views of one body, used in one place"
    )]
    fn body(
        &self,
        send: &Send,
        scope: &dyn Lookup,
    ) -> Result<(Option<Vec<u8>>, Option<Value>, Option<Vec<(String, Value)>>), BodyError> {
        let json = |mut body: Value| {
            if !matches!(send.body, SendBody::Echo { .. }) {
                self.fitted(&send.method, &send.target, &mut body);
            }
            (Some(body.to_string().into_bytes()), Some(body))
        };
        Ok(match &send.body {
            SendBody::Empty => (None, None, None),
            SendBody::Json(value) => {
                let (bytes, body) = json(crate::suite::template::render_json(value, scope)?);
                (bytes, body, None)
            }
            SendBody::Raw(text) => {
                let text = Template::parse(text)?.render(scope, Position::Body)?;
                let body = serde_json::from_str(&text).ok();
                (Some(text.into_bytes()), body, None)
            }
            SendBody::Echo { of, set, without } => {
                let shown = self
                    .resources
                    .iter()
                    .rev()
                    .find(|resource| resource.name == *of)
                    .and_then(|resource| resource.state.as_deref().or(resource.shown.as_deref()))
                    .ok_or_else(|| crate::suite::template::TemplateError::NoValue {
                        name: of.clone(),
                    })?;
                let mut body = shown.clone();
                change(&mut body, set, without, scope)?;
                let echoed = fill::settings(set, scope)?;
                let (bytes, body) = json(body);
                (bytes, body, Some(echoed))
            }
            SendBody::Fixture {
                fixture,
                set,
                without,
                members,
            } => {
                let recipe = Recipe {
                    fixture,
                    set,
                    without,
                    members,
                };
                let body = recipe.body(&self.shared.context.bodies, scope, &self.resources)?;
                let (bytes, body) = json(body);
                (bytes, body, None)
            }
        })
    }

    fn wanted(&self, send: &Send) -> Result<Wanted, BodyError> {
        self.wanted_at(send, &send.id)
    }

    fn wanted_at(&self, send: &Send, step: &str) -> Result<Wanted, BodyError> {
        let scope = self.scope(step);
        let mut also = Vec::new();
        for one in &send.also {
            also.push((one.clone(), fill::expect(&one.expect, &scope)?));
        }
        Ok(Wanted {
            expect: fill::expect(&send.expect, &scope)?,
            also,
        })
    }

    /// What an answer within a burst is, by what is expected of each.
    pub(super) fn judged_at(
        &self,
        send: &Send,
        step: &str,
        heard: &Heard,
    ) -> Result<Vec<Part>, BodyError> {
        Ok(self.judge(send, &self.wanted_at(send, step)?, heard))
    }

    fn judge(&self, send: &Send, wanted: &Wanted, heard: &Heard) -> Vec<Part> {
        let (answer, view, schema) = (heard.answer(), self.view(), &self.shared.context.schema);
        let severity = send.severity.unwrap_or(self.checks.severity());
        let mut parts: Vec<Part> = evaluate(&wanted.expect, &answer, &view, schema)
            .into_iter()
            .map(|judged| Part::new(format!("{}.{}", send.id, judged.what), judged, severity))
            .collect();
        for (also, expect) in &wanted.also {
            let judged = evaluate_as_one(&also.id, expect, &answer, &view, schema);
            if let Some(row) = send.rows.iter().find(|row| row.slug == also.id) {
                let mut part = self.checks.part_of(row);
                part.ruling = judged.ruling;
                parts.push(part);
                continue;
            }
            let mut part = Part::new(
                format!("{}.{}", send.id, also.id),
                judged,
                also.severity.unwrap_or(severity),
            );
            part.refs.clone_from(&also.refs);
            part.hint.clone_from(&also.hint);
            parts.push(part);
        }
        if send.makes.is_some()
            && heard.is_success()
            && let Err(why) = usable_id(heard)
        {
            let id = format!("{}.body.id", send.id);
            if !parts.iter().any(|part| part.id == id && !part.is_held()) {
                let judged = Judged::broken("body.id", why, "an id that can be part of a URL", "");
                parts.retain(|part| part.id != id);
                parts.push(Part::new(id, judged, severity));
            }
        }
        parts
    }

    /// Adds the parts as checks. Returns the first failed check.
    fn conclude(
        &mut self,
        send: &Send,
        parts: Vec<Part>,
        first: &[Part],
        heard: &Heard,
    ) -> Option<String> {
        let status_id = format!("{}.status", send.id);
        let root = parts
            .iter()
            .find(|part| part.id == status_id && !part.is_held())
            .filter(|_| another_kind(heard, &send.expect.status))
            .map(|_| self.checks.whole_id(&status_id));
        let reads = Self::only_reads(&send.method, &send.target);
        let mut failed = None;
        for part in parts {
            let secret = part.id.ends_with(".text")
                || send.also.iter().any(|also| {
                    format!("{}.{}", send.id, also.id) == part.id
                        && !also.expect.lacks_text.is_empty()
                });
            let cause = if part.is_held() || part.id == status_id || secret {
                None
            } else if root.is_some() {
                root.clone()
            } else if reads && hangs_on_state(&part) {
                self.refused_write.clone()
            } else {
                None
            };
            let early = first
                .iter()
                .find(|early| early.id == part.id && !early.is_held());
            match (cause, early) {
                (Some(cause), _) => {
                    let reason = match &part.ruling {
                        Ruling::Broken { message, .. } => message.clone(),
                        Ruling::Held { .. } => String::new(),
                    };
                    let reason = super::strangers::scrub(&reason, &heard.private);
                    self.checks
                        .add_errored(part, reason, Some(cause), Some(heard));
                }
                (None, Some(early)) if part.is_held() => self.checks.add_late(early.clone(), heard),
                (None, _) => {
                    let id = self.checks.add(part, Some(heard));
                    failed = failed.or(id);
                }
            }
        }
        if let Some(name) = &send.makes
            && (!heard.is_success() || usable_id(heard).is_err())
        {
            let declined = heard.status().is_some_and(|status| status >= 300)
                && failed.as_ref().is_none_or(|id| !self.checks.matters(id));
            if declined {
                self.declined.insert(name.clone());
            }
            self.missing_now(name, failed.clone());
        }
        failed
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
                    self.missing_now(variable, cause);
                }
            }
        }
    }
}

/// What the client said by this request.
pub(super) fn note_sent(sent: &mut Sent, ready: &Ready) {
    match (&ready.echoed, &ready.body) {
        (Some(echoed), _) => {
            for (path, value) in echoed {
                if let Ok(path) = AttrPath::parse(path) {
                    sent.note_path(&path, Some(value));
                }
            }
        }
        (None, Some(body)) => sent.note(body),
        (None, None) => {}
    }
}

/// Whether an answer to this credential can come to show what was written.
fn is_ours(credential: &Credential) -> bool {
    matches!(credential, Credential::Target | Credential::Application)
}

/// Whether waiting, or a write that was refused, can be behind this: not headers, not the form of an error.
fn hangs_on_state(part: &Part) -> bool {
    let what = part.id.split_once('.').map_or("", |(_, what)| what);
    !(what.starts_with("header.") || what == "error" || what == "text")
}

fn mentions_unchanged(expect: &Expect) -> bool {
    expect.unchanged.is_some()
        || expect
            .either
            .iter()
            .any(|one| mentions_unchanged(&one.expect))
}

/// Whether the status is of another kind than all that were allowed, so that the body says something else altogether.
fn another_kind(heard: &Heard, allowed: &[u16]) -> bool {
    match heard.status() {
        None => true,
        Some(status) => !allowed.iter().any(|allowed| allowed / 100 == status / 100),
    }
}
