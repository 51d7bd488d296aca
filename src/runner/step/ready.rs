//! A step's request with the values of its moment filled in.

use serde_json::Value;

use super::super::body::{BodyError, Recipe, change, headers};
use super::super::case::Play;
use super::super::record::Outgoing;
use crate::expect::Sent;
use crate::scim::AttrPath;
use crate::suite::fill;
use crate::suite::model::{Changes, Credential, Send, SendBody};
use crate::suite::template::{Lookup, Position, Template};

/// A step's request, filled in.
#[derive(Debug)]
pub(in crate::runner) struct Ready {
    pub(in crate::runner) out: Outgoing,
    /// The body as JSON, where it is.
    pub(super) body: Option<Value>,
    /// Paths that the client changed in an echo: all that it said by it.
    pub(super) echoed: Option<Vec<(String, Value)>>,
    pub(super) changes: Option<Changes>,
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
}

/// What the client said by this request.
pub(in crate::runner) fn note_sent(sent: &mut Sent, ready: &Ready) {
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
