//! How an answer looks, whatever it says: order, language, headers, encoding (lawful variants only;
//! the plain server never comes here).

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hyper::body::Frame;
use rand::seq::SliceRandom;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::hooks::Incoming;
use crate::engine::{Detail, Dress, Encoding};
use crate::protocol::schema::{GROUP, USER};

/// Changes an answer in everything that has no meaning.
pub(super) fn put_on(
    dress: &Dress,
    request: &Incoming,
    media_type: &'static str,
    answer: &mut Answer,
) {
    restate(dress, request, answer);
    if dress.nulls || dress.capital_names {
        respell(dress, request, answer);
    }
    if dress.shuffled || (dress.detail != Detail::English && answer.status >= 400) {
        reword(dress, request, answer);
    }
    let has_body = answer.body.is_some();
    let typed = answer.headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
    if dress.charset && has_body && !typed {
        add(
            answer,
            CONTENT_TYPE,
            &format!("{media_type}; charset=UTF-8"),
        );
    }
    if dress.extra_headers {
        add(answer, VARY, "Accept, Accept-Encoding, Authorization");
        add(answer, STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        add(answer, X_CONTENT_TYPE_OPTIONS, "nosniff");
        add(
            answer,
            HeaderName::from_static("x-request-id"),
            "01JD9Z6N7M",
        );
        add(
            answer,
            HeaderName::from_static("x-ratelimit-remaining"),
            "4999",
        );
    }
    if dress.closes {
        add(answer, CONNECTION, "close");
    }
    if let Some(encoding) = dress.encoding {
        compress(encoding, request, answer);
    }
}

/// Another status where the RFCs name two.
fn restate(dress: &Dress, request: &Incoming, answer: &mut Answer) {
    let change = matches!(request.method, Method::PUT | Method::PATCH);
    let other = match answer.status {
        412 => dress.stale,
        409 if change => dress.taken,
        same => same,
    };
    if other == answer.status {
        return;
    }
    answer.status = other;
    if let Some(Ok(mut body)) = answer.body.as_deref().map(serde_json::from_slice::<Value>) {
        body["status"] = Value::from(other.to_string());
        answer.body = Some(body.to_string().into_bytes());
    }
}

/// What a user without a value may be shown with (RFC 7643 section 2.5: null, an empty list and nothing at all
/// are the same).
const UNASSIGNED: [(&str, bool); 5] = [
    ("nickName", false),
    ("title", false),
    ("locale", false),
    ("phoneNumbers", true),
    ("addresses", true),
];

/// Spells the resources of an answer in another way.
fn respell(dress: &Dress, request: &Incoming, answer: &mut Answer) {
    if answer.status >= 300 {
        return;
    }
    let Some(Ok(mut body)) = answer.body.as_deref().map(serde_json::from_slice::<Value>) else {
        return;
    };
    let asks = b"ttributes";
    let query = request.query.as_deref().unwrap_or_default().as_bytes();
    let whole = ![query, &request.body]
        .iter()
        .any(|text| text.windows(asks.len()).any(|part| part == asks));
    let resources: Vec<&mut Value> = match body.get("Resources") {
        Some(Value::Array(_)) => body["Resources"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .collect(),
        _ => vec![&mut body],
    };
    for resource in resources.into_iter().filter_map(Value::as_object_mut) {
        let urns = resource.get("schemas").and_then(Value::as_array);
        let is = |urn: &str| urns.is_some_and(|urns| urns.iter().any(|one| one == urn));
        let (user, group) = (is(USER), is(GROUP));
        if dress.nulls && user && whole {
            for (name, list) in UNASSIGNED {
                let nothing = if list {
                    Value::Array(Vec::new())
                } else {
                    Value::Null
                };
                resource.entry(name).or_insert(nothing);
            }
        }
        if dress.capital_names && (user || group) {
            let members = std::mem::take(resource);
            *resource = members
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "schemas" | "id" | "meta" => (name, value),
                    _ => (capital(&name), value),
                })
                .collect();
        }
    }
    answer.body = Some(body.to_string().into_bytes());
}

fn capital(name: &str) -> String {
    if name.starts_with("urn:") {
        return name.to_owned();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A body whose length nobody tells beforehand, so that it is sent in chunks (RFC 9112 section 7.1).
pub(super) struct Chunks(Option<Bytes>);

impl Chunks {
    pub(super) fn of(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let Some(mut rest) = self.0.take().filter(|rest| !rest.is_empty()) else {
            return Poll::Ready(None);
        };
        let first = rest.split_to(rest.len().min(200));
        self.0 = Some(rest);
        Poll::Ready(Some(Ok(Frame::data(first))))
    }
}

fn add(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers.push((name, value));
    }
}

fn reword(dress: &Dress, request: &Incoming, answer: &mut Answer) {
    let Some(Ok(mut body)) = answer.body.as_deref().map(serde_json::from_slice::<Value>) else {
        return;
    };
    if answer.status >= 400
        && let Some(body) = body.as_object_mut()
    {
        // What a limit is (RFC 7644 section 3.7.4) and what is wrong with a filter (section 3.4.2.2) must be said.
        let due = answer.status == 413
            || body.get("scimType").and_then(Value::as_str) == Some("invalidFilter");
        match dress.detail {
            Detail::English => {}
            _ if due => {}
            Detail::German => {
                let text = "Die Anfrage konnte nicht ausgef\u{fc}hrt werden.";
                body.insert("detail".to_owned(), Value::from(text));
            }
            Detail::None => {
                body.shift_remove("detail");
            }
        }
    }
    if dress.shuffled {
        // What somebody asked to be sorted stays so.
        let sorted = request
            .query
            .as_deref()
            .is_some_and(|query| query.contains("sortBy"))
            || request.body.windows(6).any(|part| part == b"sortBy");
        shuffle(&mut body, sorted);
    }
    answer.body = Some(body.to_string().into_bytes());
}

/// Puts the members of objects and the elements of lists into another order: neither has a meaning
/// (RFC 8259 section 4, RFC 7643 section 2.3.8), but for the results of a bulk request and of a sorted list.
fn shuffle(value: &mut Value, sorted: bool) {
    let mut rng = rand::rng();
    match value {
        Value::Object(object) => {
            let mut members: Vec<(String, Value)> = std::mem::take(object).into_iter().collect();
            for (name, member) in &mut members {
                let fixed = name == "Operations" || (sorted && name == "Resources");
                match member {
                    Value::Array(list) if fixed => {
                        list.iter_mut().for_each(|element| shuffle(element, sorted));
                    }
                    member => shuffle(member, sorted),
                }
            }
            members.shuffle(&mut rng);
            *object = members.into_iter().collect::<Map<_, _>>();
        }
        Value::Array(list) => {
            list.iter_mut().for_each(|element| shuffle(element, sorted));
            list.shuffle(&mut rng);
        }
        _ => {}
    }
}

/// Compresses the body where the client takes it (RFC 9110 section 12.5.3).
fn compress(encoding: Encoding, request: &Incoming, answer: &mut Answer) {
    let name = match encoding {
        Encoding::Gzip => "gzip",
        Encoding::Deflate => "deflate",
    };
    let accepted = request
        .headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case(name));
    let Some(body) = answer.body.as_deref().filter(|_| accepted) else {
        return;
    };
    let packed = match encoding {
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
        Encoding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
    };
    if let Ok(packed) = packed {
        answer.body = Some(packed);
        add(answer, CONTENT_ENCODING, name);
    }
}
