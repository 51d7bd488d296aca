//! How a server is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::auth::Token;
use crate::limits::{ErrorRate, Rate};
use crate::store::Place;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The path of the base URL, without a slash at its end.
    pub base_path: String,
    /// The bearer tokens that are good; without credentials of any kind, everybody is let in.
    pub tokens: Vec<String>,
    /// Further tokens, with a label and perhaps the user for whom they stand.
    pub labelled_tokens: Vec<Token>,
    /// User names and passwords for basic authentication.
    pub basic: Vec<(String, String)>,
    /// Ids and secrets of the OAuth clients that may fetch tokens.
    pub oauth_clients: Vec<(String, String)>,
    /// How long a fetched token is good.
    pub oauth_lifetime: Duration,
    /// Where the tokens can be changed while the server runs; nowhere unless it is given.
    pub admin: Option<SocketAddr>,
    /// What whoever changes tokens must show; needed unless `admin` is a loopback address.
    pub admin_token: Option<String>,
    /// The RFC to the letter, without what identity providers need beyond it.
    pub strict: bool,
    /// The names of the faults to have.
    pub faults: Vec<String>,
    /// The names of the lawful variants to be.
    pub lawful: Vec<String>,
    /// The name of the persona to be.
    pub persona: Option<String>,
    /// Texts of files with further schemas and resource types.
    pub schemas: Vec<String>,
    /// Where resources are kept.
    pub store: Place,
    /// How many requests are served before 429 is the answer.
    pub rate_limit: Option<Rate>,
    /// How long every answer is held back.
    pub latency: Option<Duration>,
    /// The share of requests that fail with 503.
    pub error_rate: ErrorRate,
    /// The file to which a line is added for each request.
    pub audit: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_path: "/scim/v2".to_owned(),
            tokens: Vec::new(),
            labelled_tokens: Vec::new(),
            basic: Vec::new(),
            oauth_clients: Vec::new(),
            oauth_lifetime: Duration::from_secs(3600),
            admin: None,
            admin_token: None,
            strict: false,
            faults: Vec::new(),
            lawful: Vec::new(),
            persona: None,
            schemas: Vec::new(),
            store: Place::Memory,
            rate_limit: None,
            latency: None,
            error_rate: ErrorRate::default(),
            audit: None,
        }
    }
}

/// Reads a pair such as `USER:PASSWORD` or `ID:SECRET`.
///
/// # Errors
/// When there is no colon, or nothing before it.
pub fn name_and_secret(text: &str) -> Result<(String, String), NoPair> {
    match text.split_once(':') {
        Some((name, secret)) if !name.is_empty() => Ok((name.to_owned(), secret.to_owned())),
        _ => Err(NoPair),
    }
}

/// A text that is no pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name and a secret with a colon between them")]
pub struct NoPair;
