//! The token endpoint: the wire form of the client credentials grant (RFC 6749 section 4.4).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::answer::{Answer, PLAIN_JSON};
use super::query::decoded;
use super::{Server, collected};
use crate::auth::{Grant, Refusal, pair};

/// Where it is, beside the base path.
pub(crate) const PATH: &str = "/oauth/token";
/// A token request is a few fields.
const LIMIT: usize = 16 * 1024;

pub(super) async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let outcome = match collected(body, LIMIT).await {
        Ok(body) => granted(&server, &parts.headers, &body),
        Err(_) => Err(Refusal::InvalidRequest),
    };
    answer(outcome).into_response(PLAIN_JSON, false)
}

fn answer(outcome: Result<Grant, Refusal>) -> Answer {
    let (status, body): (u16, Value) = match &outcome {
        Ok(grant) => (200, grant.body()),
        Err(refusal) => (refusal.status(), json!({"error": refusal.keyword()})),
    };
    let answer = Answer::json(status, body.to_string()).with(CACHE_CONTROL, "no-store");
    if outcome == Err(Refusal::InvalidClient) {
        answer.with(WWW_AUTHENTICATE, "Basic realm=\"token\"")
    } else {
        answer
    }
}

fn granted(server: &Server, headers: &HeaderMap, body: &[u8]) -> Result<Grant, Refusal> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !media_type
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Err(Refusal::InvalidRequest);
    }
    let form = std::str::from_utf8(body).map_err(|_| Refusal::InvalidRequest)?;
    let mut fields = Vec::new();
    for field in form.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let decode = |text| decoded(text, true).ok_or(Refusal::InvalidRequest);
        fields.push((decode(name)?, decode(value)?));
    }
    // A field may be there once (RFC 6749 section 3.2).
    let field = |name: &str| -> Result<Option<&str>, Refusal> {
        let mut values = fields.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Refusal::InvalidRequest),
        }
    };
    let grant_type = field("grant_type")?.ok_or(Refusal::InvalidRequest)?;
    let header = headers.get(AUTHORIZATION).map(|value| value.to_str().ok());
    match (header, field("client_id")?, field("client_secret")?) {
        // One way to authenticate at a time (RFC 6749 section 2.3).
        (Some(_), _, Some(_)) => Err(Refusal::InvalidRequest),
        (Some(header), _, None) => {
            let (id, secret) = header.and_then(basic).ok_or(Refusal::InvalidClient)?;
            server.credentials.issue(&id, &secret, grant_type)
        }
        (None, Some(id), Some(secret)) => server.credentials.issue(id, secret, grant_type),
        (None, ..) => Err(Refusal::InvalidClient),
    }
}

/// A client's id and secret from a header; both are form-encoded inside of it (RFC 6749 section
/// 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let (id, secret) = pair(encoded.trim())?;
    Some((decoded(&id, true)?, decoded(&secret, true)?))
}
