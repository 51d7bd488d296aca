//! HTTP: bytes become calls of the engine, outcomes become bytes. Nothing of SCIM's semantics is
//! decided here.

mod answer;
mod audit;
mod dispatch;
mod dress;
pub mod hooks;
mod json;
pub(crate) mod query;
mod route;
mod token;

pub use answer::Answer;
pub(crate) use audit::Log;
pub(crate) use token::PATH as TOKEN_PATH;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Method, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use tower::Service;

use crate::auth::{Credentials, Denied};
use crate::engine::{Dress, Engine};
use crate::limits::{Hindrance, Limits};
use crate::protocol::error::{Result, ScimError};
use answer::{PLAIN_JSON, SCIM_JSON};
use audit::Seen;
use hooks::{Incoming, Intercept};
use route::Endpoint;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that an exchange needs.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) credentials: Credentials,
    pub(crate) base_path: String,
    pub(crate) hooks: Option<Arc<dyn Intercept>>,
    pub(crate) limits: Limits,
    pub(crate) audit: Option<Log>,
}

/// The service that answers every request.
///
/// Paths are matched in `route`, since the resource types are data; so every path, with every method, comes
/// here and every refusal has a SCIM body.
pub(crate) fn service(
    server: Arc<Server>,
) -> impl Service<
    axum::http::Request<hyper::body::Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send
+ 'static {
    // Not a router: it would look for the one route there is, at every request.
    Handler::with_state(handle, server)
}

/// The same with the token endpoint beside it.
pub(crate) fn service_with_tokens(server: Arc<Server>) -> Router {
    Router::new()
        .fallback(handle)
        .route(token::PATH, axum::routing::post(token::handle))
        .with_state(server)
}

async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let incoming = Incoming {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: Vec::new(),
    };
    let has_body = incoming.method != Method::HEAD;
    let mut seen = server.audit.as_ref().map(|_| Seen::new(&incoming));
    let (answer, media_type) = match media_type(&server, &incoming.headers) {
        Ok(media_type) => (
            served(&server, incoming, body, media_type, seen.as_mut()).await,
            media_type,
        ),
        Err(error) => (Answer::error(&error), SCIM_JSON),
    };
    if let Some((log, seen)) = server.audit.as_ref().zip(seen) {
        log.add(&server, &seen, &answer);
    }
    if let Some(delay) = answer.delay.or(server.engine.behaviour().latency) {
        tokio::time::sleep(delay).await;
    }
    let response = answer.into_response(media_type, server.engine.behaviour().dress.chunked);
    if has_body {
        response
    } else {
        head_of(response)
    }
}

/// An answer to HEAD: without its body, and with its length (RFC 9110 section 9.3.2).
fn head_of(mut response: Response<Body>) -> Response<Body> {
    if let Some(length) = response.body().size_hint().exact() {
        response
            .headers_mut()
            .entry(CONTENT_LENGTH)
            .or_insert(length.into());
    }
    *response.body_mut() = Body::empty();
    response
}

/// Reads the rest of a request and answers it.
async fn served(
    server: &Arc<Server>,
    mut incoming: Incoming,
    body: Body,
    media_type: &'static str,
    seen: Option<&mut Seen>,
) -> Answer {
    if let Some(hindrance) = server.limits.hinder(Instant::now()) {
        return hindered(hindrance);
    }
    if matches!(incoming.method, Method::POST | Method::PUT | Method::PATCH) {
        match collected(body, server.engine.behaviour().body_limit).await {
            Ok(body) => incoming.body = body,
            Err(error) => return Answer::error(&error),
        }
        if let Some(seen) = seen {
            seen.body(&incoming.body);
        }
    }
    if !server.engine.is_durable() {
        return server.exchange(incoming, media_type);
    }
    // A write waits for the disk with its thread, which the connections must not wait for.
    let server = Arc::clone(server);
    match tokio::task::spawn_blocking(move || server.exchange(incoming, media_type)).await {
        Ok(answer) => answer,
        // A panic in the engine, which is reported where it happens.
        Err(_) => Answer::error(&ScimError::new(500, "the request could not be served")),
    }
}

fn hindered(hindrance: Hindrance) -> Answer {
    match hindrance {
        Hindrance::TooMany(seconds) => Answer::error(&ScimError::new(
            429,
            format!("too many requests: try again in {seconds} seconds"),
        ))
        .with(RETRY_AFTER, &seconds.to_string()),
        Hindrance::Mishap => Answer::error(&ScimError::new(
            503,
            "an error that was asked for when this server was started; nothing was changed",
        )),
        Hindrance::Busy => Answer::error(&ScimError::new(
            503,
            "busy for a moment: try again at once; nothing was changed",
        ))
        .with(RETRY_AFTER, "0"),
    }
}

impl Server {
    /// Answers a request, by way of the hooks where there are some.
    fn exchange(&self, mut incoming: Incoming, media_type: &'static str) -> Answer {
        let mut answer = match &self.hooks {
            None => self.answer(&incoming),
            Some(hooks) => {
                let mut answer = hooks
                    .request(&mut incoming)
                    .unwrap_or_else(|| self.answer(&incoming));
                hooks.answer(&incoming, &mut answer);
                answer
            }
        };
        let dress = &self.engine.behaviour().dress;
        if *dress != Dress::PLAIN {
            dress::put_on(dress, &incoming, media_type, &mut answer);
        }
        answer
    }

    /// Answers a request; the one place where errors turn into answers.
    fn answer(&self, request: &Incoming) -> Answer {
        match self.authorised(request) {
            Ok(answer) => answer,
            Err(error) => Answer::error(&error),
        }
    }

    fn authorised(&self, request: &Incoming) -> Result<Answer> {
        let leniency = &self.engine.behaviour().leniency;
        let endpoint = route::endpoint(
            self.engine.registry(),
            &self.base_path,
            &request.path,
            leniency.double_slash,
        );
        let open = self.engine.behaviour().open_discovery
            && matches!(endpoint, Ok(Endpoint::ServiceProviderConfig));
        let header = request
            .headers
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default());
        let caller = match self.credentials.check(header) {
            Ok(caller) => caller,
            Err(Denied::Missing) if open => crate::auth::Caller::default(),
            Err(denied) => return Ok(Answer::unauthorized(&self.credentials.challenges(denied))),
        };
        self.dispatch(request, endpoint?, &caller)
    }
}

pub(crate) async fn collected(body: Body, limit: usize) -> Result<Vec<u8>> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(
            ScimError::new(413, format!("the body is larger than {limit} bytes")),
        ),
        Ok(Err(_)) => Err(ScimError::syntax("the body broke off")),
        Err(_) => Err(ScimError::new(408, "the body did not arrive in time")),
    }
}

/// The media type of the answer (RFC 7644 section 3.8): SCIM's own unless only plain JSON is
/// accepted.
fn media_type(server: &Server, headers: &HeaderMap) -> Result<&'static str> {
    let mut scim = false;
    let mut plain = false;
    let mut listed = false;
    for range in headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        if name.is_empty() {
            continue;
        }
        listed = true;
        if parts.any(|parameter| parameter.replace(' ', "").trim_end_matches(['0', '.']) == "q=") {
            continue;
        }
        scim |= matches!(name.as_str(), SCIM_JSON | "*/*" | "application/*");
        plain |= name == PLAIN_JSON;
    }
    if !listed || scim || server.engine.behaviour().always_scim_json {
        Ok(SCIM_JSON)
    } else if plain {
        Ok(PLAIN_JSON)
    } else {
        Err(ScimError::new(
            406,
            format!("answers are {SCIM_JSON} or {PLAIN_JSON}"),
        ))
    }
}

/// Checks that a request body is JSON by its media type.
fn json_type(headers: &HeaderMap, lenient: bool, plain_json: bool) -> Result<()> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return if lenient {
            Ok(())
        } else {
            Err(ScimError::new(
                415,
                format!("the body needs the Content-Type {SCIM_JSON}"),
            ))
        };
    };
    let mut parts = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| {
        part.strip_prefix("charset=")
            .map(|charset| charset.trim_matches('"').to_owned())
    });
    let readable = charset.is_none_or(|charset| matches!(charset.as_str(), "utf-8" | "utf8"));
    if readable && (name == SCIM_JSON || (plain_json && name == PLAIN_JSON)) {
        Ok(())
    } else {
        Err(ScimError::new(
            415,
            format!("bodies are {SCIM_JSON} or {PLAIN_JSON} in UTF-8"),
        ))
    }
}
