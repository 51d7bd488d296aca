//! One exchange: the URL as written, credentials, TLS, proxy, limits, time-outs, 429, redaction, recording.
//!
//! This room does not know what an answer means. It never returns an error for a request that failed on the way:
//! the failure is part of the recorded exchange, as the runner needs it there.

mod auth;
mod base_url;
mod classify;
pub mod curl;
mod error;
mod escapes;
mod exchange;
mod oauth;
mod redact;
mod throttle;
mod transport;
mod weight;

pub use base_url::BaseUrl;
pub use error::ClientError;
pub use exchange::{Client, ClientOptions, Limits, Received, Request};
pub use redact::Redactor;
pub use throttle::retry_after;
pub use transport::install_crypto;

/// What the harness calls itself in the requests that are nobody's profile: many a firewall turns away who has no
/// name, and what the identity providers do about theirs is said in their profiles.
pub const OWN_AGENT: &str = concat!("scimproof/", env!("CARGO_PKG_VERSION"));
