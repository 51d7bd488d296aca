//! An expectation against an answer: one ruling per part, in words that a person understands.
//!
//! Imports: `results` (the recorded exchange), `scim` (paths, equality), `suite` (what an expectation is). Nothing here sends or knows of time: where an
//! answer may lag behind (`--settle`), the runner asks again with a later answer.

mod body;
mod error;
mod lawful;
mod list;
mod matcher;
mod sent;
mod state;
mod stray;
mod words;

#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod state_tests;

use serde_json::Value;

use crate::results::{Exchange, Severity};
use crate::scim::SchemaView;
use crate::suite::model::{Alternative, Expect};

pub use sent::Sent;
pub use state::{StateContext, Wrote, compare_state};
pub use words::describe;

/// One answer, unredacted, for judging.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The recorded exchange, for what is neither status, header nor body.
    pub exchange: &'a Exchange,
    /// The status; `None` where no answer came.
    pub status: Option<u16>,
    /// Response headers as received.
    pub headers: &'a [(String, String)],
    /// The body read as JSON; `None` where there is none or it does not parse.
    pub json: Option<&'a Value>,
    /// The body as received.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What the case knows of its resources.
pub trait Known {
    /// The last state that the server showed of a resource of the case.
    fn state(&self, name: &str) -> Option<&Value>;
    /// The id of a resource of the case.
    fn id(&self, name: &str) -> Option<&str>;
    /// Whether this run made the resource with this id (whatever the case).
    fn is_own(&self, id: &str) -> bool;
    /// What the client said of a resource so far; used where states are compared.
    fn sent(&self, name: &str) -> Option<&Sent> {
        let _ = name;
        None
    }
}

/// What became of one part of an expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The part: `status`, `body.emails.work.value`, `header.location`, `list`, `error`, `empty`, `text`, `unchanged`, `either`, `state.rest`.
    pub what: String,
    /// Whether it held.
    pub ruling: Ruling,
}

/// Whether a part of an expectation held.
#[derive(Debug, Clone, PartialEq)]
pub enum Ruling {
    /// It held; the note of the alternative that decided, else empty.
    Held {
        /// Worth saying although it held.
        note: String,
    },
    /// It did not.
    Broken {
        /// The severity of the alternative that decided; `None`: that of the check.
        severity: Option<Severity>,
        /// One sentence.
        message: String,
        /// What was expected; empty where it says nothing beyond the message.
        expected: String,
        /// What came.
        actual: String,
    },
}

impl Judged {
    /// A part that held.
    #[must_use]
    pub fn held(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ruling: Ruling::Held {
                note: String::new(),
            },
        }
    }

    /// A part that did not hold.
    #[must_use]
    pub fn broken(
        what: impl Into<String>,
        message: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        let ruling = Ruling::Broken {
            severity: None,
            message: message.into(),
            expected: expected.into(),
            actual: actual.into(),
        };
        Self {
            what: what.into(),
            ruling,
        }
    }

    /// True where it held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.ruling, Ruling::Held { .. })
    }
}

/// Judges every part of an expectation, in a fixed order. Templates must be filled in already.
#[must_use]
pub fn evaluate(
    expect: &Expect,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Vec<Judged> {
    let Some(status) = answer.status else {
        return vec![no_answer(answer)];
    };
    let mut out = Vec::new();
    if !expect.status.is_empty() {
        out.push(judge_status(&expect.status, status, answer));
    }
    for (name, matcher) in &expect.headers {
        out.push(body::judge_header(name, matcher, answer, known, schema));
    }
    if let Some(empty) = expect.empty {
        out.push(body::judge_empty(empty, answer));
    }
    if let Some(wanted) = &expect.error {
        out.push(error::judge(wanted, answer));
    }
    out.extend(body::judge_body(&expect.body, answer, known, schema));
    if let Some(wanted) = &expect.list {
        out.push(list::judge(wanted, answer, known, schema));
    }
    if let Some(unchanged) = &expect.unchanged {
        out.push(state::judge_unchanged(unchanged, answer, known, schema));
    }
    if !expect.lacks_text.is_empty() {
        out.push(body::judge_lacks_text(&expect.lacks_text, answer));
    }
    if !expect.either.is_empty() {
        out.push(judge_either(&expect.either, answer, known, schema));
    }
    out
}

/// Judges a whole expectation as one part: an `also`, or anything else that has one id.
#[must_use]
pub fn evaluate_as_one(
    what: &str,
    expect: &Expect,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let parts = evaluate(expect, answer, known, schema);
    let notes: Vec<String> = parts
        .iter()
        .filter_map(|part| match &part.ruling {
            Ruling::Held { note } if !note.is_empty() => Some(note.clone()),
            _ => None,
        })
        .collect();
    let ruling = parts
        .into_iter()
        .map(|part| part.ruling)
        .find(|ruling| matches!(ruling, Ruling::Broken { .. }))
        .unwrap_or(Ruling::Held {
            note: notes.join("; "),
        });
    Judged {
        what: what.to_owned(),
        ruling,
    }
}

/// Judges the read-back of a resource that must be gone: 404 (RFC 7644 section 3.6).
#[must_use]
pub fn gone(answer: &Answer<'_>) -> Judged {
    match answer.status {
        None => Judged {
            what: "state.gone".to_owned(),
            ..no_answer(answer)
        },
        Some(404) => Judged::held("state.gone"),
        Some(status) if (200..300).contains(&status) => Judged::broken(
            "state.gone",
            format!("the resource is still there: reading it answers {status}"),
            "404",
            words::status_and_body(status, answer),
        ),
        Some(status) => Judged::broken(
            "state.gone",
            format!("reading the resource after its removal answers {status}, expected 404"),
            "404",
            words::status_and_body(status, answer),
        ),
    }
}

fn no_answer(answer: &Answer<'_>) -> Judged {
    let why = answer
        .exchange
        .error
        .as_ref()
        .map_or("no answer came", |error| error.message.as_str());
    Judged::broken(
        "status",
        format!("no answer came: {}", words::cut(why)),
        "an answer",
        words::cut(why),
    )
}

fn judge_status(allowed: &[u16], status: u16, answer: &Answer<'_>) -> Judged {
    if allowed.contains(&status) {
        return Judged::held("status");
    }
    let wanted = words::one_of(allowed.iter().map(u16::to_string));
    Judged::broken(
        "status",
        format!(
            "expected status {wanted}, got {status}{}",
            words::detail_of(answer)
        ),
        wanted,
        words::status_and_body(status, answer),
    )
}

fn judge_either(
    alternatives: &[Alternative],
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let mut reasons = Vec::new();
    for alternative in alternatives {
        let whole = evaluate_as_one("either", &alternative.expect, answer, known, schema);
        match (whole.ruling, alternative.severity) {
            (Ruling::Held { note }, None) => {
                let note = if alternative.note.is_empty() {
                    note
                } else {
                    alternative.note.clone()
                };
                return Judged {
                    what: "either".to_owned(),
                    ruling: Ruling::Held { note },
                };
            }
            (Ruling::Held { .. }, Some(severity)) => {
                let ruling = Ruling::Broken {
                    severity: Some(severity),
                    message: alternative.note.clone(),
                    expected: alternatives
                        .iter()
                        .find(|a| a.severity.is_none())
                        .map(|a| words::describe(&a.expect))
                        .unwrap_or_default(),
                    actual: words::came(answer),
                };
                return Judged {
                    what: "either".to_owned(),
                    ruling,
                };
            }
            (Ruling::Broken { message, .. }, _) => reasons.push(message),
        }
    }
    let wanted: Vec<String> = alternatives
        .iter()
        .filter(|a| a.severity.is_none())
        .chain(alternatives.iter().filter(|a| a.severity.is_some()))
        .map(|a| words::describe(&a.expect))
        .collect();
    reasons.dedup();
    Judged::broken(
        "either",
        format!(
            "none of the allowed answers came: {}",
            words::cut(&reasons.join("; nor: "))
        ),
        wanted.join(" | "),
        words::came(answer),
    )
}
