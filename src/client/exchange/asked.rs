//! What a client is made of, what it is asked to send, and what it hands back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::BaseUrl;
use super::super::transport::Roots;
use super::super::weight::Held;
use crate::config::Auth;
use crate::results::{Exchange, ExchangeId};
use crate::suite::model::Credential;

/// How much is read and recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body that are read, after decompression. A longer body is a transport error of kind `limit`.
    pub body: usize,
    /// Bytes of a body's text that are recorded.
    pub recorded: usize,
    /// Bytes of body text that are recorded over the whole run; beyond, only the beginning of each body is kept.
    pub recorded_in_total: usize,
}

impl Limits {
    /// What is kept of a body once `recorded_in_total` is used up.
    pub(super) const BEGINNING: usize = 4 << 10;
}

impl Default for Limits {
    /// 8 MiB hold a page of 1,000 users of 8 KiB; a run's records stay within 32 MiB whatever a server sends.
    fn default() -> Self {
        Self {
            body: 8 << 20,
            recorded: 256 << 10,
            recorded_in_total: 32 << 20,
        }
    }
}

/// How a client is made.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The target.
    pub base_url: BaseUrl,
    /// Its credential.
    pub auth: Auth,
    /// A credential that must be refused.
    pub revoked: Option<Auth>,
    /// A credential of another tenant.
    pub other_tenant: Option<Auth>,
    /// The longest time for one exchange, from the first byte sent to the last received.
    pub timeout: Duration,
    /// Requests a second; `None` is no limit.
    pub rate: Option<f64>,
    /// PEM file with further roots.
    pub ca_file: Option<PathBuf>,
    /// A further root as PEM text: that of a server which made its certificate itself.
    pub ca_text: Option<String>,
    /// Plain http to hosts that are not loopback is allowed.
    pub allow_insecure_http: bool,
    /// How much is read and recorded.
    pub limits: Limits,
}

impl ClientOptions {
    /// Options for a target, everything else as it is by default.
    #[must_use]
    pub fn new(base_url: BaseUrl) -> Self {
        Self {
            base_url,
            auth: Auth::None,
            revoked: None,
            other_tenant: None,
            timeout: Duration::from_secs(10),
            rate: None,
            ca_file: None,
            ca_text: None,
            allow_insecure_http: false,
            limits: Limits::default(),
        }
    }

    pub(super) fn roots(&self) -> Roots<'_> {
        Roots {
            file: self.ca_file.as_deref(),
            text: self.ca_text.as_deref(),
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Number within the case.
    pub id: ExchangeId,
    /// The step that sends it, or `given.NAME`, `verify`, `cleanup`.
    pub step: String,
    /// HTTP method.
    pub method: String,
    /// Path and query below the base URL, exactly as they go out; or an absolute URL below the base URL.
    pub target: String,
    /// Header fields in sending order, without the credential. An `Authorization` given here replaces it.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// With which credential.
    pub credential: Credential,
    /// The URL template of the operation, such as `GET /Users/{id}`, for timings.
    pub operation: String,
}

/// What came back, in two forms: the record, and the unredacted answer for judging, which is never stored.
#[derive(Debug, Clone)]
pub struct Received {
    /// The record: redacted and bounded.
    pub exchange: Arc<Exchange>,
    /// Status code, if an answer came.
    pub status: Option<u16>,
    /// Header fields, names in lower case; bytes that are not UTF-8 are U+FFFD.
    pub headers: Vec<(String, String)>,
    /// The body, at most the client's limit; of one that is over a limit, the beginning.
    pub body: Vec<u8>,
    /// The whole body read as JSON; `None` where there is none, it does not parse, or it was cut.
    pub json: Option<Arc<Value>>,
    /// The room that `json` takes, where it is large; given back when the last clone is dropped.
    pub(super) _held: Held,
}
