//! The wire of one case: sends, numbers, cuts out other people's data, shows the rules, and keeps the exchanges.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::address::{is_discovery, operation};
use super::context::Shared;
use super::payload::Payload;
use super::strangers;
use crate::client::{Received, Request};
use crate::expect::Answer;
use crate::results::{Exchange, ExchangeId};
use crate::rules::{Seen, sent_passwords};
use crate::suite::model::Credential;

/// Characters of a cut body that are recorded, as many as the client records of a whole one.
const RECORDED: usize = 256 << 10;

/// A request that is ready to go.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) step: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Payload>,
    pub(super) credential: Credential,
}

impl Outgoing {
    /// What its body says, where it is JSON.
    pub(super) fn said(&self) -> Arc<Value> {
        let said = self.body.as_ref().and_then(Payload::said);
        said.map(Arc::clone).unwrap_or_default()
    }
}

/// A request with its number.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) request: Request,
    /// Its body read as JSON.
    sent: Option<Arc<Value>>,
}

/// An answer, for judging.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) received: Received,
    /// Texts of strangers in it, which no message may repeat.
    pub(super) private: BTreeSet<String>,
}

impl Heard {
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer {
            exchange: &self.received.exchange,
            status: self.received.status,
            headers: &self.received.headers,
            json: self.received.json.as_deref(),
            body: &self.received.body,
        }
    }

    pub(super) fn id(&self) -> ExchangeId {
        self.received.exchange.id
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.received.status
    }

    /// A 2xx came.
    pub(super) fn is_success(&self) -> bool {
        self.status()
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// The answer's body as text, for a look at whose resource it is.
    pub(super) fn text(&self) -> String {
        match &self.received.json {
            // Serialized anew, so that `\u0073p...` cannot hide a token.
            Some(json) => json.to_string(),
            None => String::from_utf8_lossy(&self.received.body).into_owned(),
        }
    }

    /// The first header of this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.received
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The wire of one attempt at one case.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) shared: Arc<Shared>,
    case: String,
    /// Place in the plan, from 1: the probe is 0.
    order: u64,
    hostile: bool,
    /// False for a repeat: the rules have seen the case already.
    judged: bool,
    exchanges: Vec<Arc<Exchange>>,
    numbered: u32,
}

impl Wire {
    pub(super) fn new(
        shared: Arc<Shared>,
        case: &str,
        order: usize,
        hostile: bool,
        judged: bool,
    ) -> Self {
        Self {
            shared,
            case: case.to_owned(),
            order: order as u64 + 1,
            hostile,
            judged,
            exchanges: Vec::new(),
            numbered: 0,
        }
    }

    /// Sends one request.
    pub(super) async fn send(&mut self, out: Outgoing, deadline: Option<Instant>) -> Heard {
        let numbered = self.number(out);
        let received = self.deliver(&numbered.request, deadline).await;
        self.hear(&numbered, received)
    }

    /// Sends requests at the same time; the answers come in the order of the requests.
    pub(super) async fn send_together(
        &mut self,
        all: Vec<Outgoing>,
        deadline: Option<Instant>,
    ) -> Vec<Heard> {
        let numbered: Vec<Numbered> = all.into_iter().map(|out| self.number(out)).collect();
        let client = self.shared.context.client.clone();
        let received = futures_util::future::join_all(
            numbered
                .iter()
                .map(|one| client.send(&one.request, deadline)),
        )
        .await;
        numbered
            .iter()
            .zip(received)
            .map(|(one, received)| self.hear(one, received))
            .collect()
    }

    /// What was sent and received, in order.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        // Whoever looked at an answer is done with it, as a rule, and then nothing is copied.
        let all = self.exchanges.into_iter();
        all.map(Arc::unwrap_or_clone).collect()
    }

    pub(super) fn number(&mut self, out: Outgoing) -> Numbered {
        self.numbered += 1;
        let (body, sent) = out.body.map(Payload::into_parts).unzip();
        let sent = sent.flatten();
        self.hide_passwords(sent.as_deref());
        let request = Request {
            id: ExchangeId(self.numbered),
            step: out.step,
            operation: operation(&out.method, &out.target),
            method: out.method,
            target: out.target,
            headers: out.headers,
            body,
            credential: out.credential,
        };
        Numbered { request, sent }
    }

    /// What is sent as a password stands in no record and no report.
    fn hide_passwords(&self, sent: Option<&Value>) {
        for password in sent.into_iter().flat_map(sent_passwords) {
            self.shared
                .context
                .client
                .redactor()
                .add_value(password, "PASSWORD");
        }
    }

    /// Sends a request to whom it is for: the SCIM endpoint, or the application itself.
    async fn deliver(&self, request: &Request, deadline: Option<Instant>) -> Received {
        let context = &self.shared.context;
        match (&request.credential, &context.application) {
            (Credential::Application, Some(application)) => {
                application.send(request, deadline).await
            }
            _ => context.client.send(request, deadline).await,
        }
    }

    pub(super) fn hear(&mut self, numbered: &Numbered, received: Received) -> Heard {
        self.shared
            .count(received.status, received.exchange.throttled);
        self.take_in(numbered, received)
    }

    /// What a burst was answered with: its refusals do not mean that the target answers nobody any more.
    pub(super) fn hear_of_burst(&mut self, numbered: &Numbered, received: Received) -> Heard {
        self.shared.count_of_burst(received.status);
        self.take_in(numbered, received)
    }

    fn take_in(&mut self, numbered: &Numbered, mut received: Received) -> Heard {
        let Numbered { request, sent } = numbered;
        if request.credential == Credential::Application {
            // No SCIM: no rule of SCIM judges it.
            self.exchanges.push(Arc::clone(&received.exchange));
            return Heard {
                received,
                private: BTreeSet::new(),
            };
        }
        let private = if is_discovery(&request.target) {
            BTreeSet::new()
        } else {
            self.cut(&mut received)
        };
        self.shared.keep_private(&private);
        if self.judged {
            self.shared.judge(&Seen {
                case: &self.case,
                order: self.order,
                hostile: self.hostile,
                exchange: &received.exchange,
                headers: &received.headers,
                body: &received.body,
                json: received.json.as_ref(),
                sent: sent.as_deref(),
            });
        }
        self.exchanges.push(Arc::clone(&received.exchange));
        Heard { received, private }
    }

    /// Takes other people's data out of the record and returns its texts.
    fn cut(&self, received: &mut Received) -> BTreeSet<String> {
        let tag = &self.shared.context.tag;
        let Some(body) = &mut Arc::make_mut(&mut received.exchange).response_body else {
            return BTreeSet::new();
        };
        let Some(json) = &received.json else {
            if let Some(text) = strangers::cut_text(&body.text, tag.is_in(&body.text)) {
                body.text = text;
                body.truncated = true;
            }
            return BTreeSet::new();
        };
        let own = |resource: &Value| {
            tag.is_within(resource)
                || resource
                    .get("id")
                    .and_then(Value::as_str)
                    .is_some_and(|id| self.shared.ledger.holds(id))
        };
        let cut = strangers::cut(json, &own);
        if cut.strangers > 0 {
            let mut text = self
                .shared
                .context
                .client
                .redactor()
                .text(&cut.body.to_string())
                .into_owned();
            if text.len() > RECORDED {
                let end = (0..=RECORDED)
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0);
                text.truncate(end);
                body.truncated = true;
            }
            body.text = text;
        }
        cut.private
    }
}
