//! What is wrong with the requests that come in, as messages of a SCIM client: one line of JSON for
//! each, so that people who write a client can check themselves.
//!
//! The server forgives much; this does not. It reads each request after the letter of the RFCs,
//! whatever the server then made of it, and never records a body or a credential.

mod messages;
mod patch;
mod request;
mod resource;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::header::{AUTHORIZATION, USER_AGENT};
use serde_json::{Value, json};

use super::Server;
use super::answer::Answer;
use super::hooks::Incoming;
use crate::protocol::leniency::Leniency;

/// The reading that requests are held against: the letter, and the comparison of a complex
/// attribute that RFC 7644 has in its own examples (section 3.4.2.2, `emails co`).
const LETTER: Leniency = Leniency {
    complex_comparison: true,
    ..Leniency::STRICT
};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Against the RFCs, or of no effect that the client can have meant.
    Error,
    /// Allowed, and yet perhaps not what was meant.
    Hint,
}

/// One thing that is wrong with a request.
#[derive(Debug)]
struct Problem {
    level: Level,
    /// A keyword that stays the same from version to version.
    code: &'static str,
    /// Where in the request: `header Content-Type`, `query filter`, `body emails[0].type`.
    at: String,
    /// What is wrong and what would be right.
    says: String,
    /// The section that says so.
    rule: &'static str,
}

/// What was found in one request.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn error(
        &mut self,
        code: &'static str,
        at: impl Into<String>,
        says: String,
        rule: &'static str,
    ) {
        self.note(Level::Error, code, at.into(), says, rule);
    }

    fn hint(
        &mut self,
        code: &'static str,
        at: impl Into<String>,
        says: String,
        rule: &'static str,
    ) {
        self.note(Level::Hint, code, at.into(), says, rule);
    }

    fn note(
        &mut self,
        level: Level,
        code: &'static str,
        at: String,
        says: String,
        rule: &'static str,
    ) {
        self.0.push(Problem {
            level,
            code,
            at,
            says,
            rule,
        });
    }

    fn has_error(&self) -> bool {
        self.0.iter().any(|problem| problem.level == Level::Error)
    }

    fn json(&self) -> Vec<Value> {
        let line = |problem: &Problem| {
            json!({
                "level": match problem.level { Level::Error => "error", Level::Hint => "hint" },
                "code": problem.code,
                "at": problem.at,
                "says": problem.says,
                "rule": problem.rule,
            })
        };
        self.0.iter().map(line).collect()
    }
}

/// A request as it came in, before anything changed it.
pub(crate) struct Seen {
    request: Incoming,
    /// The body, where it was read at all.
    body: Option<Vec<u8>>,
    begun: Instant,
}

impl Seen {
    pub(super) fn new(request: &Incoming) -> Self {
        Self {
            request: request.clone(),
            body: None,
            begun: Instant::now(),
        }
    }

    pub(super) fn body(&mut self, body: &[u8]) {
        self.body = Some(body.to_owned());
    }
}

/// The file of the lines.
#[derive(Debug)]
pub(crate) struct Log {
    file: Mutex<File>,
}

impl Log {
    /// Opens a file, to whose end lines are added.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }

    /// Adds the line of a request. It is whole when the answer is sent.
    pub(super) fn add(&self, server: &Server, seen: &Seen, answer: &Answer) {
        let mut line = line(server, seen, answer).to_string();
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "the audit cannot be written");
        }
    }
}

fn line(server: &Server, seen: &Seen, answer: &Answer) -> Value {
    let request = &seen.request;
    let header = |name| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let caller = server.credentials.check(header(AUTHORIZATION)).ok();
    let mut problems = Problems::default();
    request::review(server, seen, answer, &mut problems);
    json!({
        "time": jiff::Timestamp::now().to_string(),
        "client": caller.map(|caller| caller.label).filter(|label| !label.is_empty()),
        "agent": header(USER_AGENT),
        "method": request.method.as_str(),
        "path": request.path,
        "query": request.query,
        "status": answer.status,
        "ms": u64::try_from(seen.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        "problems": problems.json(),
    })
}
