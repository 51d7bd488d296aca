//! A step's request with the values of its moment filled in.

use std::sync::Arc;

use serde_json::Value;

use super::super::body::{BodyError, Recipe, change, headers};
use super::super::case::Play;
use super::super::payload::Payload;
use super::super::record::Outgoing;
use crate::expect::Sent;
use crate::scim::AttrPath;
use crate::suite::fill;
use crate::suite::model::{Changes, Credential, Send, SendBody};
use crate::suite::template::{Lookup, Position, Template};

/// The paths that a client changed in an echo, with what it put there.
type Echoed = Vec<(String, Value)>;

/// A step's request, filled in.
#[derive(Debug)]
pub(in crate::runner) struct Ready {
    pub(in crate::runner) out: Outgoing,
    /// All that the client said by an echo.
    pub(super) echoed: Option<Echoed>,
    pub(super) changes: Option<Changes>,
}

impl Ready {
    /// What its body says, where it is JSON.
    pub(super) fn said(&self) -> Option<&Arc<Value>> {
        self.out.body.as_ref().and_then(Payload::said)
    }
}

impl Play {
    pub(in crate::runner) fn prepare(&self, send: &Send) -> Result<Ready, BodyError> {
        self.prepare_at(send, &send.id)
    }

    /// The request with the values that are fresh at this step.
    pub(in crate::runner) fn prepare_at(
        &self,
        send: &Send,
        step: &str,
    ) -> Result<Ready, BodyError> {
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
        let (body, echoed) = self.body(send, &scope)?;
        let credential = match &send.credential {
            Credential::Literal(text) => Credential::Literal(fill::text(text, &scope)?),
            other => other.clone(),
        };
        let changes = send
            .changes
            .as_ref()
            .map(|changes| fill::changes(changes, &scope))
            .transpose()?;
        let mut all = headers(&self.planned.profile, body.is_some(), &own);
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
            body,
            credential,
        };
        Ok(Ready {
            out,
            echoed,
            changes,
        })
    }

    fn body(
        &self,
        send: &Send,
        scope: &dyn Lookup,
    ) -> Result<(Option<Payload>, Option<Echoed>), BodyError> {
        let json = |mut body: Value| {
            if !matches!(send.body, SendBody::Echo { .. }) {
                self.fitted(&send.method, &send.target, &mut body);
            }
            Some(Payload::json(body))
        };
        Ok(match &send.body {
            SendBody::Empty => (None, None),
            SendBody::Json(value) => (
                json(crate::suite::template::render_json(value, scope)?),
                None,
            ),
            SendBody::Raw(text) => {
                let text = Template::parse(text)?.render(scope, Position::Body)?;
                (Some(Payload::raw(text.into_bytes())), None)
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
                (json(body), Some(echoed))
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
                (json(body), None)
            }
        })
    }
}

/// What the client said by this request.
pub(in crate::runner) fn note_sent(sent: &mut Sent, ready: &Ready) {
    match (&ready.echoed, ready.said()) {
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
