//! One request and its response, as recorded: bounded in size, redacted at the moment of recording.

use serde::{Deserialize, Serialize};

/// The number of an exchange within its case; the first request of a case is 1.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct ExchangeId(pub u32);

/// A header as it went over the wire; the value of a credential is already replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Header {
    /// Field name, in the case it was sent in; received names are lower-case (HTTP clients fold them).
    pub name: String,
    /// Field value; bytes that are not UTF-8 are shown as U+FFFD.
    pub value: String,
}

/// A message body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Body {
    /// The text, redacted; bytes that are not UTF-8 are shown as U+FFFD.
    pub text: String,
    /// Length in bytes of what was received, even where `text` is cut.
    pub bytes: u64,
    /// True where `text` is not the whole body: it was longer than what is read or than what is recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// True where the bytes were not valid UTF-8.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid_utf8: bool,
}

/// Why no response came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransportErrorKind {
    /// The host name did not resolve.
    Dns,
    /// The connection was refused or could not be made.
    Connect,
    /// TLS failed: certificate, name, version.
    Tls,
    /// No answer within `--timeout`.
    Timeout,
    /// The connection was closed before the answer was complete.
    Closed,
    /// What came is not HTTP, or broke HTTP's rules.
    Protocol,
    /// The response broke one of the client's limits (headers, body, decompressed size).
    Limit,
    /// The run's deadline passed or the run was interrupted.
    Deadline,
    /// The request was never sent, because sending it would have been unsafe.
    Refused,
}

/// A transport failure, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TransportError {
    /// The class.
    pub kind: TransportErrorKind,
    /// One sentence, with the whole cause chain.
    pub message: String,
}

/// One request and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exchange {
    /// Number within the case.
    pub id: ExchangeId,
    /// The step that sent it, or `given.NAME`, `verify`, `cleanup`.
    pub step: String,
    /// HTTP method.
    pub method: String,
    /// The URL exactly as sent.
    pub url: String,
    /// Request headers in sending order, credentials replaced by `$SCIM_TOKEN` or the like.
    pub request_headers: Vec<Header>,
    /// Request body, if one was sent.
    pub request_body: Option<Body>,
    /// Status code, if an answer came.
    pub status: Option<u16>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http_version: Option<String>,
    /// Response headers in order.
    pub response_headers: Vec<Header>,
    /// Response body.
    pub response_body: Option<Body>,
    /// Why no (complete) answer came.
    pub error: Option<TransportError>,
    /// Milliseconds since the run began when the request was sent.
    pub started_ms: f64,
    /// Milliseconds from sending the first byte to receiving the last.
    pub duration_ms: f64,
    /// How many 429 answers were waited for before this answer.
    #[serde(default)]
    pub throttled: u32,
    /// How many of them did not say when to come back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub throttled_blindly: u32,
    /// How often the request was sent again because its connection was lost before any answer, which is done only
    /// where the request cannot have had an effect (a GET, or no connection at all).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u32,
    /// The URL template of the operation, such as `GET /Users/{id}`, for timings.
    pub operation: String,
}

impl Exchange {
    /// The first response header of this name (compared without case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response_headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name))
            .map(|h| h.value.as_str())
    }

    /// The response body read as JSON; `None` where there is none or it does not parse.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        self.response_body
            .as_ref()
            .and_then(|b| serde_json::from_str(&b.text).ok())
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's skip_serializing_if passes a reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
