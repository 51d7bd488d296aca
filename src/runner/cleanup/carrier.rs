//! How clean-up sends: within a case, where everything is recorded, or for itself. Knows when a target is not worth
//! asking any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::client::{Client, OWN_AGENT, Received, Request};
use crate::results::ExchangeId;
use crate::runner::address;
use crate::runner::payload::Payload;
use crate::runner::record::{Heard, Outgoing, Wire};
use crate::scim::named;
use crate::suite::model::Credential;

/// So many requests in a row without an answer, and nothing more is asked: clean-up must end too.
const HOPELESS: u32 = 6;

/// How clean-up sends.
pub(super) trait Carrier: Send {
    /// Sends one request of clean-up.
    fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> impl Future<Output = Answered> + Send;
}

/// What clean-up needs of an answer.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) status: Option<u16>,
    pub(super) json: Option<Arc<Value>>,
}

impl Answered {
    pub(super) fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// No answer, or one that a further try may better.
    pub(super) fn stumbled(&self) -> bool {
        self.status
            .is_none_or(|status| status >= 500 && status != 501)
    }

    /// What a user's `active` says, where it says anything.
    pub(super) fn active(&self) -> Option<bool> {
        match named(self.json.as_ref()?, "active")? {
            Value::Bool(active) => Some(*active),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            _ => None,
        }
    }
}

/// Sends as a part of a case.
pub(super) struct InCase<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) deadline: Option<Instant>,
}

impl Carrier for InCase<'_> {
    async fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> Answered {
        let out = Outgoing {
            step: "cleanup".to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(body.is_some()),
            body: body.map(Payload::json),
            credential: credential.clone(),
        };
        let heard: Heard = self.wire.send(out, self.deadline).await;
        Answered {
            status: heard.status(),
            json: heard.received.json,
        }
    }
}

/// What all requests of one clean-up were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    silent: AtomicU32,
    answers: AtomicU32,
    refused: AtomicU32,
}

impl Told {
    fn hear(&self, status: Option<u16>) {
        match status {
            None => {
                self.silent.fetch_add(1, Ordering::Relaxed);
            }
            Some(status) => {
                self.silent.store(0, Ordering::Relaxed);
                self.answers.fetch_add(1, Ordering::Relaxed);
                if status == 401 {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn is_hopeless(&self) -> bool {
        self.silent.load(Ordering::Relaxed) >= HOPELESS
    }

    /// Why nothing could be learnt of the target at all.
    pub(super) fn unreachable(&self) -> Option<&'static str> {
        let answers = self.answers.load(Ordering::Relaxed);
        if answers == 0 && self.silent.load(Ordering::Relaxed) > 0 {
            Some("the target does not answer")
        } else if answers > 0 && self.refused.load(Ordering::Relaxed) == answers {
            Some("the target refuses the credential with 401")
        } else {
            None
        }
    }
}

/// Sends without a record.
#[derive(Clone)]
pub(super) struct Alone<'a> {
    pub(super) client: &'a Client,
    pub(super) deadline: Option<Instant>,
    pub(super) told: &'a Told,
}

impl Carrier for Alone<'_> {
    async fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> Answered {
        if self.told.is_hopeless() {
            return Answered {
                status: None,
                json: None,
            };
        }
        let request = Request {
            id: ExchangeId(0),
            step: "cleanup".to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(body.is_some()),
            body: body.map(|body| body.to_string().into_bytes()),
            credential: credential.clone(),
            operation: address::operation(method, target),
        };
        let received: Received = self.client.send(&request, self.deadline).await;
        self.told.hear(received.status);
        Answered {
            status: received.status,
            json: received.json,
        }
    }
}

fn headers(with_body: bool) -> Vec<(String, String)> {
    let mut all = vec![
        (
            "Accept".to_owned(),
            "application/scim+json, application/json".to_owned(),
        ),
        ("User-Agent".to_owned(), OWN_AGENT.to_owned()),
    ];
    if with_body {
        all.push((
            "Content-Type".to_owned(),
            "application/scim+json".to_owned(),
        ));
    }
    all
}
