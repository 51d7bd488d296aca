//! One attempt at one case: what was given, the steps, the look at bystanders at the end.
//!
//! One cause, one finding: a failed set-up is one failed check, and whatever hangs on it is errored with that cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::body::{BodyError, Recipe, endpoint_of, headers};
use super::checks::Checks;
use super::context::Shared;
use super::names::Names;
use super::payload::Payload;
use super::record::{Heard, Outgoing, Wire};
use super::resource::Resource;
use super::scope::{Scope, View};
use crate::expect::{Judged, Ruling, Sent, evaluate};
use crate::plan::PlannedCase;
use crate::results::{CheckResult, Exchange, Load};
use crate::scim::named;
use crate::suite::model::{Credential, Expect, Given, Send, Step};
use crate::suite::template::TemplateError;

/// The profile whose cases ask what a target declares (contract, section 2).
const RFC: &str = "rfc";

/// What an attempt at a case brought.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) checks: Vec<CheckResult>,
    /// Ids of checks that failed at first and held when asked again.
    pub(super) late: BTreeSet<String>,
    pub(super) exchanges: Vec<Exchange>,
    /// The bursts that it played.
    pub(super) load: Vec<Load>,
    /// Something failed that a repeat might explain.
    pub(super) worth_repeating: bool,
    /// Why it ended before its end.
    pub(super) ended: Option<String>,
}

/// An attempt under way.
pub(super) struct Play {
    pub(super) shared: Arc<Shared>,
    pub(super) planned: PlannedCase,
    pub(super) number: usize,
    pub(super) names: Names,
    pub(super) wire: Wire,
    pub(super) checks: Checks,
    pub(super) resources: Vec<Resource>,
    pub(super) captured: BTreeMap<String, Value>,
    /// Names that should have a value and have none: the failed check that is the cause.
    pub(super) missing: BTreeMap<String, Option<String>>,
    /// Names without a value since the target declined, as the suite allows, what would have given it: what needs them is
    /// not played, and that is no finding.
    pub(super) declined: BTreeSet<String>,
    /// The failed check of a write that the target refused: what follows from it is no finding of its own.
    pub(super) refused_write: Option<String>,
    pub(super) last_write: Option<Instant>,
    pub(super) load: Vec<Load>,
    pub(super) ended: Option<String>,
}

/// Plays a case once. `attempt` is 0, or 1 for the repeat.
pub(super) async fn play(
    shared: Arc<Shared>,
    planned: &PlannedCase,
    number: usize,
    attempt: u8,
) -> Attempt {
    let names = Names::new(
        shared.context.tag.clone(),
        shared.context.seed,
        &planned.id,
        number,
        attempt,
    );
    let wire = Wire::new(
        Arc::clone(&shared),
        &planned.id,
        number,
        planned.case.hostile,
        attempt == 0,
    );
    let mut play = Play {
        shared,
        planned: planned.clone(),
        number,
        names,
        wire,
        checks: Checks::new(planned),
        resources: Vec::new(),
        captured: BTreeMap::new(),
        missing: BTreeMap::new(),
        declined: BTreeSet::new(),
        refused_write: None,
        last_write: None,
        load: Vec::new(),
        ended: None,
    };
    play.all().await;
    if !play.shared.context.keep {
        super::cleanup::case(&play.shared, &mut play.wire, number).await;
    }
    let worth_repeating = play.checks.worth_repeating();
    let (checks, late) = play.checks.finish();
    Attempt {
        checks,
        late,
        exchanges: play.wire.into_exchanges(),
        load: play.load,
        worth_repeating,
        ended: play.ended,
    }
}

impl Play {
    async fn all(&mut self) {
        let case = Arc::clone(&self.planned.case);
        let mut cause: Option<String> = None;
        for given in case
            .given
            .chunk_by(|one, next| one.crowd.is_some() && one.crowd == next.crowd)
        {
            if self.ends() {
                break;
            }
            match (&cause, given) {
                (Some(cause), given) => {
                    for given in given {
                        self.missing_now(&given.name, Some(cause.clone()));
                    }
                }
                (None, [one]) => cause = self.given(one).await,
                (None, crowd) => cause = self.crowd(crowd).await,
            }
        }
        for step in &case.steps {
            let (id, only) = match step {
                Step::Send(send) => (&send.id, &send.only),
                // Each of them says for itself in which flavours it is played.
                Step::Together(sends) => match sends.iter().find(|send| self.plays(&send.only)) {
                    Some(first) => (&first.id, &first.only),
                    None => continue,
                },
                Step::Walk(walk) => (&walk.id, &walk.only),
            };
            if !self.plays(only) {
                continue;
            }
            let (refs, hint) = subject(step);
            self.checks.about(refs, hint);
            if let Some(cause) = &cause {
                self.not_played(
                    id,
                    step_severity(step),
                    "its set-up failed",
                    Some(cause.clone()),
                );
                continue;
            }
            if self.ends() {
                let why = self.ended.clone().unwrap_or_default();
                self.not_played(id, step_severity(step), &why, None);
                continue;
            }
            match step {
                Step::Send(send) => self.send(send).await,
                Step::Together(sends) => self.together(sends).await,
                Step::Walk(walk) => self.walk(walk).await,
            }
        }
        self.checks.about(&[], "");
        if cause.is_none() && !self.ends() {
            self.bystanders().await;
        }
    }

    /// Whether the run is over for this case; remembers why.
    pub(super) fn ends(&mut self) -> bool {
        use crate::results::StopReason;
        if self.ended.is_none() {
            self.ended = self.shared.halted().map(|reason| {
                match reason {
                    StopReason::Interrupted => "the run was interrupted",
                    StopReason::Deadline => "the run's deadline passed",
                    StopReason::Untestable => "the target does not answer any more",
                }
                .to_owned()
            });
        }
        self.ended.is_some()
    }

    /// Whether a step is played in this flavour.
    pub(super) fn plays(&self, only: &[String]) -> bool {
        only.is_empty()
            || self
                .planned
                .flavour
                .as_ref()
                .is_some_and(|flavour| only.contains(flavour))
    }

    /// Fits what an `rfc` case writes to what the target declares.
    pub(super) fn fitted(&self, method: &str, target: &str, body: &mut Value) {
        if self.planned.profile.id == RFC
            && let Some(core) = super::fit::written(method, target)
        {
            let context = &self.shared.context;
            let place = |id: &str| self.place_of(id);
            if method == "PATCH" {
                super::fit::fit_patch(body, core, &context.schema, &place);
                return;
            }
            let enterprise = context.facts.capabilities.get("enterprise");
            super::fit::fit(
                body,
                core,
                enterprise != Some(&false),
                &context.schema,
                &place,
            );
        }
    }

    /// The address of a resource of the case; of anybody else, the one that a person would have.
    fn place_of(&self, id: &str) -> String {
        let known = self
            .resources
            .iter()
            .find(|resource| resource.id.as_deref() == Some(id));
        let said = known
            .and_then(super::resource::Resource::server)
            .and_then(|shown| named(named(shown, "meta")?, "location")?.as_str());
        said.map_or_else(
            || {
                let base = self.shared.context.client.base_url();
                let endpoint = known.map_or("/Users", |resource| &resource.endpoint);
                format!("{}{endpoint}/{id}", base.as_str().trim_end_matches('/'))
            },
            str::to_owned,
        )
    }

    /// Makes a resource before the first step. Returns the failed check, where it failed.
    async fn given(&mut self, given: &Given) -> Option<String> {
        let step = format!("given.{}", given.name);
        let (out, endpoint) = match self.given_request(given) {
            Ok(request) => request,
            Err(error) => {
                let part = self.checks.part(&step, None);
                self.checks.add_errored(part, error.to_string(), None, None);
                self.missing_now(&given.name, None);
                return Some(self.checks.whole_id(&step));
            }
        };
        let body = out.said();
        let (heard, made) = match self.write(out).await {
            Ok(written) => written,
            Err(refused) => {
                let part = self.checks.part(&step, None);
                self.checks
                    .add_errored(part, refused.why, refused.cause, None);
                return Some(self.checks.whole_id(&step));
            }
        };
        if let Some(ruling) = self.not_set_up(&given.name, endpoint, &heard) {
            let mut part = self.checks.part(&step, None);
            part.ruling = ruling;
            self.missing_now(&given.name, Some(self.checks.whole_id(&step)));
            return self.checks.add(part, Some(&heard));
        }
        let at = self.name_resource(&given.name, endpoint, &heard, body, &step);
        if let Some(entry) = made.first() {
            self.resources[at].entry = Some(*entry);
        }
        // What the answer shows serves until a GET is needed: before the first write on it, or at the end of the case.
        if self.resources[at]
            .known()
            .is_some_and(|shown| shown.is_object())
        {
            let part = self.checks.part(&step, None);
            self.checks.add(part, Some(&heard));
            self.resources[at].origin = format!("{step}.read");
            return None;
        }
        match self.baseline(at).await {
            Ok(Some(late)) => {
                self.checks.add_late(late.0, &late.1);
                None
            }
            Ok(None) => {
                let part = self.checks.part(&step, None);
                self.checks.add(part, Some(&heard));
                None
            }
            Err(failed) => Some(failed),
        }
    }

    /// The request that makes a resource before the first step, with its body and endpoint.
    pub(super) fn given_request(
        &self,
        given: &Given,
    ) -> Result<(Outgoing, &'static str), BodyError> {
        let step = format!("given.{}", given.name);
        let recipe = Recipe {
            fixture: &given.fixture,
            set: &given.set,
            without: &given.without,
            members: &given.members,
        };
        let bodies = &self.shared.context.bodies;
        let mut body = recipe.body(bodies, &self.scope(&step), &self.resources)?;
        let endpoint = endpoint_of(&body);
        self.fitted("POST", endpoint, &mut body);
        let out = Outgoing {
            step,
            method: "POST".to_owned(),
            target: endpoint.to_owned(),
            headers: headers(&self.planned.profile, true, &[]),
            body: Some(Payload::json(body)),
            credential: Credential::Target,
        };
        Ok((out, endpoint))
    }

    /// What is wrong with an answer that should have made a resource; `None` where nothing is.
    pub(super) fn not_set_up(&self, name: &str, endpoint: &str, heard: &Heard) -> Option<Ruling> {
        let wanted = Expect {
            status: vec![201, 200],
            ..Expect::default()
        };
        let schema = &self.shared.context.schema;
        let mut judged = evaluate(&wanted, &heard.answer(), &self.view(), schema);
        if judged.iter().all(Judged::is_held)
            && let Err(why) = super::resource::usable_id(heard)
        {
            judged = vec![Judged::broken(
                name,
                format!("{name} could not be set up: {why}"),
                "an id",
                "",
            )];
        }
        judged
            .into_iter()
            .map(|one| one.ruling)
            .find_map(|ruling| match ruling {
                Ruling::Held { .. } => None,
                Ruling::Broken {
                    message,
                    expected,
                    actual,
                    ..
                } => Some(Ruling::Broken {
                    severity: None,
                    message: format!("{name} could not be set up (POST {endpoint}): {message}"),
                    expected,
                    actual,
                }),
            })
    }

    /// Notes that an answer showed a resource that the case calls by this name. Returns its place.
    pub(super) fn name_resource(
        &mut self,
        name: &str,
        endpoint: &str,
        heard: &Heard,
        made_from: Arc<Value>,
        origin: &str,
    ) -> usize {
        let mut sent = Sent::default();
        sent.note(&made_from);
        let id = super::resource::usable_id(heard).ok();
        let entry = id
            .as_deref()
            .and_then(|id| self.shared.ledger.find(endpoint, id))
            .map(|entry| entry.id);
        let mut resource = Resource {
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            id,
            entry,
            crowd: None,
            made_from,
            sent,
            state: None,
            created: heard.received.json.clone(),
            shown: None,
            etag: None,
            origin: origin.to_owned(),
            broken_by: None,
            gone: false,
            stale: false,
        };
        resource.note(heard);
        self.missing.remove(name);
        self.resources.push(resource);
        self.resources.len() - 1
    }

    /// The names at a step.
    pub(super) fn scope<'a>(&'a self, step: &'a str) -> Scope<'a> {
        Scope {
            step,
            names: &self.names,
            planned: &self.planned,
            base: self.shared.context.client.base_url().as_str(),
            captured: &self.captured,
            resources: &self.resources,
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            resources: &self.resources,
            ledger: &self.shared.ledger,
        }
    }

    /// A name has no value, because of this failed check.
    pub(super) fn missing_now(&mut self, name: &str, cause: Option<String>) {
        self.missing.insert(name.to_owned(), cause);
    }

    /// A step that can't be played: one errored check.
    pub(super) fn not_played(
        &mut self,
        id: &str,
        severity: Option<crate::results::Severity>,
        why: &str,
        cause: Option<String>,
    ) {
        let part = self.checks.part(&format!("{id}.status"), severity);
        self.checks
            .add_errored(part, format!("not played: {why}"), cause, None);
    }

    /// A step whose request or expectation can't be filled in.
    pub(super) fn not_filled(&mut self, send: &Send, error: &BodyError) {
        if let BodyError::Template(TemplateError::NoValue { name }) = error
            && self
                .declined
                .contains(name.split(['.', '[', ':']).next().unwrap_or_default())
        {
            return;
        }
        let cause = match error {
            BodyError::Template(TemplateError::NoValue { name }) => {
                let root = name.split(['.', '[', ':']).next().unwrap_or_default();
                self.missing
                    .get(name)
                    .or_else(|| self.missing.get(root))
                    .cloned()
                    .flatten()
            }
            _ => None,
        };
        let cause = cause.or_else(|| self.refused_write.clone());
        self.not_played(&send.id, send.severity, &error.to_string(), cause);
    }
}

/// References and hint of a step.
fn subject(step: &Step) -> (&[String], &str) {
    match step {
        Step::Send(send) => (&send.refs, &send.hint),
        Step::Together(sends) => sends
            .first()
            .map_or((&[], ""), |send| (&send.refs, &send.hint)),
        Step::Walk(walk) => (&walk.refs, &walk.hint),
    }
}

fn step_severity(step: &Step) -> Option<crate::results::Severity> {
    match step {
        Step::Send(send) => send.severity,
        Step::Together(sends) => sends.first().and_then(|send| send.severity),
        Step::Walk(walk) => walk.severity,
    }
}
