//! Changes the bearer tokens of a running server, on a listener of its own: list, add, revoke and
//! rotate. Off unless it is asked for; secrets are shown once, to whoever makes them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

use crate::auth::{Token, new_secret};
use crate::http::query::decoded;
use crate::http::{Server, collected};

/// A request is a few fields.
const LIMIT: usize = 16 * 1024;

/// What the handler needs.
struct Admin {
    server: Arc<Server>,
    token: Option<String>,
}

/// The service; with a token, it answers only to whoever has it.
pub(crate) fn service(server: Arc<Server>, token: Option<String>) -> Router {
    Router::new()
        .fallback(handle)
        .with_state(Arc::new(Admin { server, token }))
}

/// An answer: a status, a body and perhaps a header.
struct Outcome(u16, Option<Value>, Option<(HeaderName, &'static str)>);

async fn handle(State(admin): State<Arc<Admin>>, request: Request) -> Response<Body> {
    let Outcome(status, body, header) = admin.outcome(request).await;
    let text = body.map(|body| body.to_string());
    let mut response = Response::new(text.map_or_else(Body::empty, Body::from));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some((name, value)) = header {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn problem(status: u16, detail: impl Into<String>) -> Outcome {
    Outcome(status, Some(json!({"error": detail.into()})), None)
}

impl Admin {
    async fn outcome(&self, request: Request) -> Outcome {
        let (parts, body) = request.into_parts();
        if let Some(token) = &self.token {
            let sent = parts
                .headers
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.split_once(' '))
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map_or("", |(_, secret)| secret.trim());
            if !bool::from(sent.as_bytes().ct_eq(token.as_bytes())) {
                let Outcome(status, body, _) = problem(401, "the admin token is missing or wrong");
                return Outcome(
                    status,
                    body,
                    Some((WWW_AUTHENTICATE, "Bearer realm=\"admin\"")),
                );
            }
        }
        let path = parts.uri.path();
        let segments: Option<Vec<String>> = path
            .split('/')
            .skip(1)
            .map(|segment| decoded(segment, false))
            .collect();
        let segments = segments.unwrap_or_default();
        let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let fields = if parts.method == Method::POST {
            // A page in a browser cannot send this media type to another origin unasked.
            let json = parts
                .headers
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| {
                    let name = value.split(';').next().unwrap_or_default();
                    name.trim().eq_ignore_ascii_case("application/json")
                });
            if !json {
                return problem(415, "the body must be application/json");
            }
            let body = collected(body, LIMIT).await.unwrap_or_default();
            match serde_json::from_slice(&body) {
                Ok(Value::Object(fields)) => fields,
                _ => return problem(400, "the body must be a JSON object"),
            }
        } else {
            Map::new()
        };
        match (texts.as_slice(), parts.method.as_str()) {
            (["tokens"], "GET") => Outcome(200, Some(self.list()), None),
            (["tokens"], "POST") => self.add(&fields),
            (["tokens"], _) => not_allowed("GET, POST"),
            (["tokens", label], "DELETE") => match self.server.credentials.revoke(label) {
                0 => problem(404, "there is no token of this label"),
                _ => Outcome(204, None, None),
            },
            (["tokens", _], _) => not_allowed("DELETE"),
            (["tokens", label, "rotate"], "POST") => self.rotate(label, &fields),
            (["tokens", _, "rotate"], _) => not_allowed("POST"),
            _ => problem(
                404,
                "there are /tokens, /tokens/LABEL and /tokens/LABEL/rotate",
            ),
        }
    }

    fn list(&self) -> Value {
        let listed = self.server.credentials.listed().into_iter().map(|token| {
            json!({
                "label": token.label,
                "userName": token.user_name,
                "expiresIn": token.remaining.map(|left| left.as_secs()),
            })
        });
        json!({"tokens": listed.collect::<Vec<_>>()})
    }

    fn add(&self, fields: &Map<String, Value>) -> Outcome {
        let Some(label) = text(fields, "label") else {
            return problem(400, "a token needs a 'label'");
        };
        let secret = text(fields, "secret").unwrap_or_else(new_secret);
        let token = Token {
            label: label.clone(),
            secret: secret.clone(),
            user_name: text(fields, "userName"),
        };
        match self.server.credentials.add(token) {
            Ok(()) => Outcome(201, Some(json!({"label": label, "secret": secret})), None),
            Err(taken) => problem(409, taken.to_string()),
        }
    }

    fn rotate(&self, label: &str, fields: &Map<String, Value>) -> Outcome {
        let secret = text(fields, "secret").unwrap_or_else(new_secret);
        if self.server.credentials.rotate(label, secret.clone()) {
            Outcome(200, Some(json!({"label": label, "secret": secret})), None)
        } else {
            problem(404, "there is no token of this label that can be rotated")
        }
    }
}

fn not_allowed(methods: &'static str) -> Outcome {
    let Outcome(status, body, _) = problem(405, format!("this takes {methods}"));
    Outcome(status, body, Some((ALLOW, methods)))
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
