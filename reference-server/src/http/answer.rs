//! What is sent back: the one place where errors become bodies.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::dress::Chunks;
use crate::engine::Shown;
use crate::protocol::error::ScimError;

/// The media type of SCIM (RFC 7644 section 8.1).
pub(super) const SCIM_JSON: &str = "application/scim+json";
/// The media type that SCIM answers may take on request.
pub(super) const PLAIN_JSON: &str = "application/json";

/// An answer before it becomes bytes; what response hooks see and change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, but for those of the connection.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How long the answer is held back.
    pub delay: Option<Duration>,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            delay: None,
        }
    }

    /// An answer with a JSON text.
    pub fn json(status: u16, text: String) -> Self {
        Self {
            body: Some(text.into_bytes()),
            ..Self::empty(status)
        }
    }

    /// An answer with a resource and its entity tag.
    pub(super) fn resource(status: u16, shown: Shown) -> Self {
        let answer = match &shown.version {
            Some(version) => Self::json(status, shown.text).with(ETAG, version),
            None => Self::json(status, shown.text),
        };
        if status == 201 {
            answer.with(LOCATION, &shown.location)
        } else {
            answer
        }
    }

    /// An error with its body (RFC 7644 section 3.12).
    pub fn error(error: &ScimError) -> Self {
        Self::json(error.status, error.body().to_string())
    }

    /// A 405 with the methods that are allowed.
    pub(super) fn not_allowed(allowed: &str) -> Self {
        Self::error(&ScimError::new(
            405,
            format!("this endpoint takes {allowed}"),
        ))
        .with(ALLOW, allowed)
    }

    /// A 401 with its challenges.
    pub(super) fn unauthorized(challenges: &[String]) -> Self {
        let error = ScimError::new(
            401,
            "the request needs a valid bearer token in its Authorization header",
        );
        challenges
            .iter()
            .fold(Self::error(&error), |answer, challenge| {
                answer.with(WWW_AUTHENTICATE, challenge)
            })
    }

    /// Adds a header; a value that no header can hold is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The answer as HTTP, of this media type unless it names its own.
    pub(super) fn into_response(self, media_type: &'static str, chunked: bool) -> Response<Body> {
        let has_body = self.body.is_some();
        let body = match self.body {
            Some(body) if chunked => Body::new(Chunks::of(body.into())),
            Some(body) => Body::from(body),
            None => Body::empty(),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        if has_body && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        if !headers.contains_key(CACHE_CONTROL) {
            // Answers are about people; caches must neither share nor reuse them unasked.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        response
    }
}
