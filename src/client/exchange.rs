//! Sending one request and recording what came back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::auth::{AuthHeader, Credentials, Network};
use super::classify::{classify, timed_out};
use super::throttle::{LONGEST_PAUSE, MOST_PAUSES, Pace, own_pause, retry_after};
use super::transport::{Peer, ReadBody, Roots, build, read_body};
use super::weight::{Held, Room};
use super::{BaseUrl, ClientError, Redactor};
use crate::config::Auth;
use crate::results::{Body, Exchange, ExchangeId, Header, TransportError, TransportErrorKind};
use crate::suite::model::Credential;

/// What `reqwest` adds where a request does not say otherwise; recorded, since it goes out.
pub(super) const DEFAULT_HEADERS: [(&str, &str); 2] =
    [("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")];

/// The pause before a refused connection is tried once more: a full listen queue empties within this time.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

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
    const BEGINNING: usize = 4 << 10;
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

    fn roots(&self) -> Roots<'_> {
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
    pub exchange: Exchange,
    /// Status code, if an answer came.
    pub status: Option<u16>,
    /// Header fields, names in lower case; bytes that are not UTF-8 are U+FFFD.
    pub headers: Vec<(String, String)>,
    /// The body, at most the client's limit; of one that is over a limit, the beginning.
    pub body: Vec<u8>,
    /// The whole body read as JSON; `None` where there is none, it does not parse, or it was cut.
    pub json: Option<Arc<Value>>,
    /// The room that `json` takes, where it is large; given back when the last clone is dropped.
    _held: Held,
}

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
    pub async fn send(&self, request: Request, deadline: Option<Instant>) -> Received {
        self.exchange(request, deadline, true).await
    }

    /// The same, but a 429 is an answer like any other: for who counts them and waits for himself.
    pub async fn send_impatiently(&self, request: Request, deadline: Option<Instant>) -> Received {
        self.exchange(request, deadline, false).await
    }

    /// `--rate`: requests a second; `None` is no limit.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.inner.options.rate
    }

    async fn exchange(
        &self,
        request: Request,
        deadline: Option<Instant>,
        patient: bool,
    ) -> Received {
        let mut exchange = self.begin(&request);
        let prepared = match self.prepare(&request) {
            Ok(prepared) => prepared,
            Err(why) => {
                self.record_unsent(&mut exchange, &request);
                return self.refused(exchange, &why).await;
            }
        };
        let deadline = deadline.map(tokio::time::Instant::from_std);
        loop {
            let at = self.inner.pace.reserve();
            if deadline.is_some_and(|d| at >= d) {
                self.record_unsent(&mut exchange, &request);
                return self.failed(exchange, out_of_time()).await;
            }
            if at > tokio::time::Instant::now() {
                tokio::time::sleep_until(at).await;
            }
            let auth = match self.authentication(&request).await {
                Ok(auth) => auth,
                Err(why) => {
                    self.record_unsent(&mut exchange, &request);
                    return self.refused(exchange, &why).await;
                }
            };
            exchange.request_headers = self.recorded_headers(&request.headers, auth.as_ref());
            exchange.started_ms = self.elapsed_ms();
            let sent = Instant::now();
            let got = self.attempt(prepared.request(auth), deadline).await;
            exchange.duration_ms = sent.elapsed().as_secs_f64() * 1000.0;
            if patient && self.wait_for_429(&got, &mut exchange, deadline)
                || self.may_repeat(&got, &mut exchange, &prepared).await
            {
                continue;
            }
            return self.finish(exchange, got).await;
        }
    }

    /// Where a 429 asks for a pause that can be granted: grants it to all requests and says that it did.
    fn wait_for_429(
        &self,
        got: &Got,
        exchange: &mut Exchange,
        deadline: Option<tokio::time::Instant>,
    ) -> bool {
        if got.status != Some(429) || exchange.throttled >= MOST_PAUSES {
            return false;
        }
        let asked = got
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after")
            .map(|(_, value)| value.as_str());
        let told = retry_after(asked, jiff::Timestamp::now());
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

    fn begin(&self, request: &Request) -> Exchange {
        let redactor = &self.inner.redactor;
        let written = match request.target.split_once("://") {
            Some(_) => request.target.clone(),
            None => format!("{}{}", self.inner.options.base_url, request.target),
        };
        Exchange {
            id: request.id,
            step: request.step.clone(),
            method: request.method.clone(),
            url: redactor.text(&written).into_owned(),
            request_headers: Vec::new(),
            request_body: request
                .body
                .as_deref()
                .map(|bytes| self.record_body(bytes, false)),
            status: None,
            http_version: None,
            response_headers: Vec::new(),
            response_body: None,
            error: None,
            started_ms: self.elapsed_ms(),
            duration_ms: 0.0,
            throttled: 0,
            throttled_blindly: 0,
            repeated: 0,
            operation: request.operation.clone(),
        }
    }

    /// What stands in the record of a request that does not go out.
    fn record_unsent(&self, exchange: &mut Exchange, request: &Request) {
        if exchange.request_headers.is_empty() {
            exchange.request_headers = self.recorded_headers(&request.headers, None);
        }
    }

    fn prepare(&self, request: &Request) -> Result<Prepared, String> {
        let url = self.inner.options.base_url.join(&request.target)?;
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("`{}` is not an HTTP method", request.method))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let field = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is not a header name"))?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                format!("the value of the header `{name}` has characters that no header may have")
            })?;
            headers.append(field, value);
        }
        Ok(Prepared {
            method,
            url,
            headers,
            body: request.body.clone(),
        })
    }

    fn recorded_headers(
        &self,
        given: &[(String, String)],
        auth: Option<&AuthHeader>,
    ) -> Vec<Header> {
        let redactor = &self.inner.redactor;
        let mut headers: Vec<Header> = given
            .iter()
            .map(|(n, v)| Header {
                name: n.clone(),
                value: redactor.header(n, v),
            })
            .collect();
        if let Some(auth) = auth {
            headers.push(Header {
                name: auth.name.clone(),
                value: auth.shown.clone(),
            });
        }
        for (name, value) in DEFAULT_HEADERS {
            if !given.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
                headers.push(Header {
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
        headers
    }

    fn record_body(&self, bytes: &[u8], over_limit: bool) -> Body {
        let limits = &self.inner.options.limits;
        let text = String::from_utf8_lossy(bytes);
        let invalid_utf8 = matches!(text, std::borrow::Cow::Owned(_));
        // Redacted before it is cut: half a secret would not be found.
        let mut text = self.inner.redactor.text(&text).into_owned();
        let used = self.inner.recorded.load(Ordering::Relaxed);
        let most = if used < limits.recorded_in_total {
            limits.recorded
        } else {
            Limits::BEGINNING
        };
        let cut = text.len() > most;
        if cut {
            let end = (0..=most)
                .rev()
                .find(|i| text.is_char_boundary(*i))
                .unwrap_or(0);
            text.truncate(end);
            text.shrink_to_fit();
        }
        self.inner.recorded.fetch_add(text.len(), Ordering::Relaxed);
        Body {
            text,
            bytes: bytes.len() as u64,
            truncated: cut || over_limit,
            invalid_utf8,
        }
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
            exchange,
            status: got.status,
            headers: got.headers,
            body: got.body.bytes,
            json,
            _held: held,
        }
    }
}

/// A request that may be sent more than once.
struct Prepared {
    method: Method,
    url: reqwest::Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Prepared {
    fn is_read(&self) -> bool {
        is_read(&self.method)
    }

    fn request(&self, auth: Option<AuthHeader>) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        // Checked when the credentials were built.
        if let Some(auth) = auth
            && let Ok(name) = HeaderName::try_from(auth.name)
        {
            request.headers_mut().insert(name, auth.value);
        }
        if let Some(body) = &self.body {
            *request.body_mut() = Some(body.clone().into());
        }
        request
    }
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
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
