//! The two points of an exchange at which something else than the right thing can be done: when
//! the request has been read, and before the answer is sent. The correct server has no hooks.

use axum::http::{HeaderMap, Method};

use super::answer::Answer;

/// A request as it was read.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The path with its base, still encoded.
    pub path: String,
    /// The query string, still encoded.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Departures from the right behaviour at the edge of the server.
pub trait Intercept: Send + Sync {
    /// May change the request, or answer it itself.
    fn request(&self, _request: &mut Incoming) -> Option<Answer> {
        None
    }

    /// May change the answer.
    fn answer(&self, _request: &Incoming, _answer: &mut Answer) {}
}
