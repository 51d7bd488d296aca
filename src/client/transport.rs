//! The HTTP machinery: how a `reqwest` client must be set up so that it sends what it is told and nothing else.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use reqwest::Certificate;

use super::ClientError;

/// How long an idle connection is kept. Servers close idle connections after 2 s (gunicorn) to 75 s (nginx); a
/// request on a connection that is just being closed would look like a fault of the target.
const IDLE: Duration = Duration::from_secs(1);

/// How long a connection may take to come about; `--timeout` bounds the whole exchange besides.
const CONNECT: Duration = Duration::from_secs(10);

/// Installs ring as the TLS provider of this process. Safe to call again; `reqwest` panics where nobody did.
pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only where the embedding program has installed a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Where a client's requests go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    /// It speaks TLS.
    pub(super) https: bool,
    /// It is this machine, which no proxy reaches.
    pub(super) loopback: bool,
    /// Keep connections for further requests.
    pub(super) keep_alive: bool,
}

impl Peer {
    /// The peer that a URL names.
    pub(super) fn of(url: &reqwest::Url) -> Self {
        Self {
            https: url.scheme() == "https",
            loopback: super::base_url::is_loopback(url),
            keep_alive: true,
        }
    }
}

/// Certificates that are trusted besides those of the system.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Roots<'a> {
    /// A PEM file.
    pub(super) file: Option<&'a Path>,
    /// PEM text.
    pub(super) text: Option<&'a str>,
}

impl<'a> Roots<'a> {
    /// Those of a file alone.
    pub(super) fn of_file(file: Option<&'a Path>) -> Self {
        Self { file, text: None }
    }
}

/// Builds a client.
pub(super) fn build(
    peer: Peer,
    roots: Roots<'_>,
    timeout: Duration,
) -> Result<reqwest::Client, ClientError> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_idle_timeout(IDLE)
        .connect_timeout(CONNECT.min(timeout))
        .tcp_nodelay(true)
        // Identity providers write `Content-Type`, not `content-type`; there are servers that care.
        .http1_title_case_headers();
    if peer.loopback {
        builder = builder.no_proxy();
    }
    if !peer.keep_alive {
        builder = builder.pool_max_idle_per_host(0);
    }
    let mut extra = match roots.file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    if let Some(text) = roots.text {
        extra.extend(
            Certificate::from_pem_bundle(text.as_bytes())
                .map_err(|e| ClientError::Build(super::classify::chain(&e)))?,
        );
    }
    if peer.https {
        builder = builder.tls_certs_merge(extra);
    } else {
        // Plain http needs no roots, and a container without any must still be able to test it.
        builder = builder.tls_certs_only(extra);
    }
    builder
        .build()
        .map_err(|e| ClientError::Build(super::classify::chain(&e)))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let unusable = |why: String| ClientError::CaFile {
        path: path.to_owned(),
        why,
    };
    let pem = std::fs::read(path).map_err(|e| unusable(e.to_string()))?;
    let found =
        Certificate::from_pem_bundle(&pem).map_err(|e| unusable(super::classify::chain(&e)))?;
    if found.is_empty() {
        return Err(unusable("it holds no PEM certificate".to_owned()));
    }
    Ok(found)
}

/// What could be read of a body.
#[derive(Debug, Default)]
pub(super) struct ReadBody {
    /// The bytes, at most the limit.
    pub(super) bytes: Vec<u8>,
    /// There was more than the limit.
    pub(super) over_limit: bool,
}

/// Reads a body chunk by chunk into `into`, so that what had come is there even where the future is dropped.
pub(super) async fn read_body(
    response: &mut reqwest::Response,
    limit: usize,
    into: &mut ReadBody,
) -> Result<(), reqwest::Error> {
    while let Some(chunk) = response.chunk().await? {
        let room = limit - into.bytes.len();
        if chunk.len() > room {
            into.bytes.extend_from_slice(&chunk[..room]);
            into.over_limit = true;
            return Ok(());
        }
        into.bytes.extend_from_slice(&chunk);
    }
    Ok(())
}
