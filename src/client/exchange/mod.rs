//! Sending one request and recording what came back.

mod asked;
mod prepared;
mod recording;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub use self::asked::{ClientOptions, Limits, Received, Request};
use self::prepared::{Prepared, is_read};
use super::auth::{AuthHeader, Credentials, Network};
use super::classify::{classify, timed_out};
use super::throttle::{LONGEST_PAUSE, MOST_PAUSES, Pace, own_pause, retry_after};
use super::transport::{Peer, ReadBody, build, read_body};
use super::weight::Room;
use super::{BaseUrl, ClientError, Redactor};
use crate::results::{Exchange, Header, TransportError, TransportErrorKind};
use crate::suite::model::Credential;

/// What `reqwest` adds where a request does not say otherwise; recorded, since it goes out.
pub(super) const DEFAULT_HEADERS: [(&str, &str); 2] =
    [("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")];

/// The pause before a refused connection is tried once more: a full listen queue empties within this time.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Sends requests to one target. Cheap to clone; all clones share connections, pace and redactor.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    options: ClientOptions,
    http: reqwest::Client,
    /// Without kept connections; used for writes once the target has closed a kept one under a request.
    fresh: OnceLock<reqwest::Client>,
    closes_kept_connections: AtomicBool,
    credentials: Credentials,
    redactor: Arc<Redactor>,
    pace: Pace,
    recorded: AtomicUsize,
    room: Room,
    epoch: Instant,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.inner.options.base_url)
    }
}

/// What one attempt brought, filled in as it comes, so that it is there when time runs out.
#[derive(Default)]
struct Got {
    status: Option<u16>,
    version: Option<String>,
    headers: Vec<(String, String)>,
    body: ReadBody,
    error: Option<TransportError>,
}

impl Client {
    /// Checks the options and prepares TLS, proxy and credentials; nothing is sent yet.
    ///
    /// # Errors
    /// Where credentials would travel in the clear or cannot be sent, or the CA file cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let base = &options.base_url;
        if !base.is_https() && !base.is_loopback() && !options.allow_insecure_http {
            return Err(ClientError::InsecureHttp {
                url: base.to_string(),
            });
        }
        let redactor = Arc::new(Redactor::new());
        let network = Network {
            allow_insecure_http: options.allow_insecure_http,
            ca_file: options.ca_file.as_deref(),
        };
        let credentials = Credentials::new(
            &options.auth,
            options.revoked.as_ref(),
            options.other_tenant.as_ref(),
            network,
            &redactor,
        )?;
        let http = build(base.peer(), options.roots(), options.timeout)?;
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                fresh: OnceLock::new(),
                closes_kept_connections: AtomicBool::new(false),
                credentials,
                redactor,
                pace: Pace::new(options.rate),
                recorded: AtomicUsize::new(0),
                room: Room::new(),
                epoch: Instant::now(),
                options,
            }),
        })
    }

    /// The target.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.inner.options.base_url
    }

    /// Takes secrets out of texts; everything that is reported must go through it.
    #[must_use]
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.inner.redactor
    }

    /// Whether the configuration gives this credential; a case that needs another is skipped.
    #[must_use]
    pub fn has_credential(&self, credential: &Credential) -> bool {
        self.inner.credentials.has(credential)
    }

    /// Milliseconds since the client was made, the zero of `started_ms`.
    #[must_use]
    pub fn elapsed_ms(&self) -> f64 {
        self.inner.epoch.elapsed().as_secs_f64() * 1000.0
    }

    /// Sends one request and records the exchange. Never fails: what went wrong is `exchange.error`.
    ///
    /// Nothing is sent after `deadline`, and an exchange that is under way then is cut off.
    pub async fn send(&self, request: &Request, deadline: Option<Instant>) -> Received {
        self.exchange(request, deadline, true).await
    }

    /// The same, but a 429 is an answer like any other: for who counts them and waits for himself.
    pub async fn send_impatiently(&self, request: &Request, deadline: Option<Instant>) -> Received {
        self.exchange(request, deadline, false).await
    }

    /// `--rate`: requests a second; `None` is no limit.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.inner.options.rate
    }

    async fn exchange(
        &self,
        request: &Request,
        deadline: Option<Instant>,
        patient: bool,
    ) -> Received {
        let mut exchange = self.begin(request);
        let prepared = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(why) => {
                self.record_unsent(&mut exchange, request);
                return self.refused(exchange, &why).await;
            }
        };
        let deadline = deadline.map(tokio::time::Instant::from_std);
        loop {
            let at = self.inner.pace.reserve();
            if deadline.is_some_and(|d| at >= d) {
                self.record_unsent(&mut exchange, request);
                return self.failed(exchange, out_of_time()).await;
            }
            if at > tokio::time::Instant::now() {
                tokio::time::sleep_until(at).await;
            }
            let auth = match self.authentication(request).await {
                Ok(auth) => auth,
                Err(why) => {
                    self.record_unsent(&mut exchange, request);
                    return self.refused(exchange, &why).await;
                }
            };
            exchange.request_headers = self.recorded_headers(&request.headers, auth.as_ref());
            exchange.started_ms = self.elapsed_ms();
            let sent = Instant::now();
            let got = self.attempt(prepared.request(auth), deadline).await;
            exchange.duration_ms = sent.elapsed().as_secs_f64() * 1000.0;
            if patient && self.wait_if_asked(&got, &mut exchange, deadline)
                || self.may_repeat(&got, &mut exchange, &prepared).await
            {
                continue;
            }
            return self.finish(exchange, got).await;
        }
    }

    /// Where a 429, or a 503 that says when to come back (RFC 9110 section 15.6.4), asks for a pause that can be granted: grants
    /// it to all requests and says that it did.
    fn wait_if_asked(
        &self,
        got: &Got,
        exchange: &mut Exchange,
        deadline: Option<tokio::time::Instant>,
    ) -> bool {
        if !matches!(got.status, Some(429 | 503)) || exchange.throttled >= MOST_PAUSES {
            return false;
        }
        let asked = got
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after")
            .map(|(_, value)| value.as_str());
        let told = retry_after(asked, jiff::Timestamp::now());
        if told.is_none() && got.status == Some(503) {
            return false;
        }
        let pause = told.unwrap_or_else(|| own_pause(exchange.throttled));
        if pause > LONGEST_PAUSE {
            return false;
        }
        let until = tokio::time::Instant::now() + pause;
        if deadline.is_some_and(|d| until >= d) {
            return false;
        }
        exchange.throttled += 1;
        exchange.throttled_blindly += u32::from(told.is_none());
        self.inner.pace.pause_until(until);
        true
    }

    /// Whether the request is sent once more after its connection was lost: only where it can have had no effect.
    async fn may_repeat(&self, got: &Got, exchange: &mut Exchange, prepared: &Prepared) -> bool {
        let Some(error) = got.error.as_ref().filter(|_| got.status.is_none()) else {
            return false;
        };
        match error.kind {
            TransportErrorKind::Closed => {
                self.inner
                    .closes_kept_connections
                    .store(true, Ordering::Relaxed);
                if exchange.repeated > 0 || !prepared.is_read() {
                    return false;
                }
            }
            TransportErrorKind::Connect => {
                if exchange.repeated > 0 {
                    return false;
                }
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
            TransportErrorKind::Dns
            | TransportErrorKind::Tls
            | TransportErrorKind::Timeout
            | TransportErrorKind::Protocol
            | TransportErrorKind::Limit
            | TransportErrorKind::Deadline
            | TransportErrorKind::Refused => return false,
        }
        exchange.repeated += 1;
        true
    }

    async fn authentication(&self, request: &Request) -> Result<Option<AuthHeader>, String> {
        if request
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        {
            return Ok(None);
        }
        self.inner
            .credentials
            .header(&request.credential, &self.inner.redactor)
            .await
    }

    fn http_for(&self, request: &reqwest::Request) -> &reqwest::Client {
        let is_read = is_read(request.method());
        if is_read || !self.inner.closes_kept_connections.load(Ordering::Relaxed) {
            return &self.inner.http;
        }
        // A write whose kept connection closes cannot be repeated, and its loss would be blamed on the target.
        self.inner.fresh.get_or_init(|| {
            let options = &self.inner.options;
            let peer = Peer {
                keep_alive: false,
                ..options.base_url.peer()
            };
            build(peer, options.roots(), options.timeout)
                .unwrap_or_else(|_| self.inner.http.clone())
        })
    }

    async fn attempt(
        &self,
        request: reqwest::Request,
        deadline: Option<tokio::time::Instant>,
    ) -> Got {
        let options = &self.inner.options;
        let by_timeout = tokio::time::Instant::now() + options.timeout;
        let until = deadline.map_or(by_timeout, |d| d.min(by_timeout));
        let peer = options.base_url.authority();
        let mut got = Got::default();
        let http = self.http_for(&request);
        let done = tokio::time::timeout_at(
            until,
            exchange_into(http, request, options.limits.body, &mut got),
        )
        .await;
        got.error = match done {
            Ok(Ok(())) if got.body.over_limit => Some(TransportError {
                kind: TransportErrorKind::Limit,
                message: format!(
                    "the body that {peer} sent is longer than {} bytes, which is all that is read",
                    options.limits.body
                ),
            }),
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(classify(&error, &peer)),
            Err(_) if until < by_timeout => Some(out_of_time()),
            Err(_) => Some(timed_out(
                &peer,
                options.timeout.as_secs_f64(),
                got.status.is_some(),
            )),
        };
        got
    }

    async fn refused(&self, exchange: Exchange, why: &str) -> Received {
        let message = format!("not sent: {}", self.inner.redactor.text(why));
        self.failed(
            exchange,
            TransportError {
                kind: TransportErrorKind::Refused,
                message,
            },
        )
        .await
    }

    async fn failed(&self, exchange: Exchange, error: TransportError) -> Received {
        self.finish(
            exchange,
            Got {
                error: Some(error),
                ..Got::default()
            },
        )
        .await
    }

    async fn finish(&self, mut exchange: Exchange, mut got: Got) -> Received {
        let redactor = &self.inner.redactor;
        let mut held = None;
        if got.error.is_none() {
            match self.inner.room.hold(&got.body.bytes).await {
                Ok(room) => held = room,
                Err(why) => {
                    let peer = self.inner.options.base_url.authority();
                    got.error = Some(TransportError {
                        kind: TransportErrorKind::Limit,
                        message: format!("the body that {peer} sent {why}"),
                    });
                }
            }
        }
        exchange.status = got.status;
        exchange.http_version = got.version;
        exchange.response_headers = got
            .headers
            .iter()
            .map(|(name, value)| Header {
                name: name.clone(),
                value: redactor.header(name, value),
            })
            .collect();
        exchange.response_body = (got.status.is_some() && !got.body.bytes.is_empty())
            .then(|| self.record_body(&got.body.bytes, got.body.over_limit));
        exchange.error = got.error.map(|e| TransportError {
            message: redactor.text(&e.message).into_owned(),
            ..e
        });
        let whole = exchange.error.is_none();
        let json = if whole {
            serde_json::from_slice(&got.body.bytes).ok().map(Arc::new)
        } else {
            None
        };
        if exchange
            .error
            .as_ref()
            .is_some_and(|error| error.kind == TransportErrorKind::Limit)
        {
            got.body.bytes.truncate(self.inner.options.limits.recorded);
            got.body.bytes.shrink_to_fit();
        }
        Received {
            exchange: Arc::new(exchange),
            status: got.status,
            headers: got.headers,
            body: got.body.bytes,
            json,
            _held: held,
        }
    }
}

async fn exchange_into(
    http: &reqwest::Client,
    request: reqwest::Request,
    limit: usize,
    got: &mut Got,
) -> Result<(), reqwest::Error> {
    let mut response = http.execute(request).await?;
    got.status = Some(response.status().as_u16());
    got.version = Some(version_name(response.version()));
    got.headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    read_body(&mut response, limit, &mut got.body).await
}

fn version_name(version: reqwest::Version) -> String {
    match version {
        reqwest::Version::HTTP_2 => "HTTP/2".to_owned(),
        other => format!("{other:?}"),
    }
}

fn out_of_time() -> TransportError {
    TransportError {
        kind: TransportErrorKind::Deadline,
        message: "the run's time was over".to_owned(),
    }
}
