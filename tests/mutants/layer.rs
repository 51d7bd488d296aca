//! The layer: it stands in front of an unmutated reference server and makes of it the mutant.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::edits;
use crate::effects;
use crate::grammar::{Change, Kind, Mutant, Operation, When};
use crate::wire::{Line, Reply, response};

/// The token that the servers take.
pub(crate) const TOKEN: &str = "mutants-token";
/// The path of the base URL.
pub(crate) const BASE: &str = "/scim/v2";

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query as they were written.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    pub(crate) operation: Option<Operation>,
    pub(crate) kind: Kind,
    /// The id in the path, as it is written there.
    pub(crate) id: Option<String>,
}

impl Call {
    /// Reads what a request asks for.
    pub(crate) fn new(method: Method, target: String, headers: HeaderMap, raw: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let path = path.strip_prefix(BASE).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let kind = match segments.first() {
            Some(&"Users") => Kind::User,
            Some(&"Groups") => Kind::Group,
            _ => Kind::None,
        };
        let filtered = query.split('&').any(|pair| pair.starts_with("filter="));
        let mut id = None;
        let operation = match (method.as_str(), kind, segments.as_slice()) {
            ("POST", Kind::None, ["Bulk"]) => Some(Operation::Bulk),
            ("GET", Kind::None, ["ServiceProviderConfig" | "ResourceTypes" | "Schemas", ..]) => {
                Some(Operation::Discovery)
            }
            (_, Kind::None, _) => None,
            ("POST", _, [_]) => Some(Operation::Create),
            ("POST", _, [_, ".search"]) => Some(Operation::Search),
            ("GET", _, [_]) if filtered => Some(Operation::Filter),
            ("GET", _, [_]) => Some(Operation::List),
            (method, _, [_, of]) => {
                id = Some((*of).to_owned());
                match method {
                    "GET" => Some(Operation::Read),
                    "PUT" => Some(Operation::Replace),
                    "PATCH" => Some(Operation::Patch),
                    "DELETE" => Some(Operation::Delete),
                    _ => None,
                }
            }
            _ => None,
        };
        Self {
            method,
            headers,
            raw,
            operation,
            kind,
            id,
            target,
        }
    }

    pub(crate) fn body(&self) -> Option<Value> {
        serde_json::from_slice(&self.raw).ok()
    }

    pub(crate) fn is_write(&self) -> bool {
        matches!(
            self.operation,
            Some(Operation::Create | Operation::Replace | Operation::Patch | Operation::Delete)
        )
    }

    /// The parameters of the query, or of the body of a search, as plain text.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        if self.operation == Some(Operation::Search) {
            let body = self.body().unwrap_or_default();
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                Value::Array(texts) => {
                    let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
                    texts.join(",")
                }
                other => other.to_string(),
            };
            let map = body.as_object();
            return map
                .into_iter()
                .flatten()
                .filter(|(key, _)| key.as_str() != "schemas")
                .map(|(key, value)| (key.clone(), text(value)))
                .collect();
        }
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (key.to_owned(), decoded(value)))
            .collect()
    }

    /// The request with other parameters.
    pub(crate) fn with_parameters(mut self, parameters: &[(String, String)]) -> Self {
        if self.operation == Some(Operation::Search) {
            let mut body = self.body().unwrap_or_default();
            if let Some(map) = body.as_object_mut() {
                map.retain(|key, _| {
                    key == "schemas" || parameters.iter().any(|(name, _)| name == key)
                });
                for (key, value) in parameters {
                    let value = match key.as_str() {
                        "startIndex" | "count" => {
                            value.parse::<i64>().map_or(Value::Null, Value::from)
                        }
                        "attributes" | "excludedAttributes" => {
                            value.split(',').map(str::to_owned).collect()
                        }
                        _ => Value::from(value.as_str()),
                    };
                    map.insert(key.clone(), value);
                }
            }
            self.raw = Bytes::from(body.to_string());
            return self;
        }
        let path = self.target.split('?').next().unwrap_or_default();
        let pairs: Vec<String> = parameters
            .iter()
            .map(|(key, value)| format!("{key}={}", encoded(value)))
            .collect();
        self.target = if pairs.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", pairs.join("&"))
        };
        self
    }
}

/// Percent-decoded, with `+` as a space.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encoded, but for what never needs it.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// What the layer has seen.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Resources that are there, in the order in which they were made.
    pub(crate) alive: Vec<(Kind, String)>,
    /// As they were made.
    pub(crate) made: HashMap<String, Value>,
    /// As they were before their last write, until they are read.
    pub(crate) before: HashMap<String, Value>,
    /// How often an operation was asked for, of which resource.
    counts: HashMap<(Operation, Kind, Option<String>), usize>,
}

/// A mutant that listens.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
    server: scim_reference::Running,
}

impl Layer {
    /// Starts a server and the layer in front of it.
    pub(crate) async fn start(mutant: Option<Mutant>) -> Self {
        let server = scim_reference::start(scim_reference::Options {
            tokens: vec![TOKEN.to_owned()],
            base_path: BASE.to_owned(),
            ..scim_reference::Options::default()
        })
        .await
        .expect("the reference server starts");
        let upstream: SocketAddr = server
            .base_url()
            .trim_start_matches("http://")
            .trim_end_matches(BASE)
            .parse()
            .expect("a base URL on loopback");
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seat = Arc::new(Seat {
            mutant,
            own: address.to_string(),
            upstream,
            memory: Mutex::default(),
        });
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let seat = Arc::clone(&seat);
                let line = Arc::new(tokio::sync::Mutex::new(Line::to(upstream)));
                let service = service_fn(move |request| {
                    let (seat, line) = (Arc::clone(&seat), Arc::clone(&line));
                    async move { Ok::<_, hyper::Error>(response(seat.serve(&line, request).await?)) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self {
            address,
            accepting,
            server,
        }
    }

    /// The base URL of the mutant.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    pub(crate) async fn stop(self) {
        self.accepting.abort();
        self.server.stop().await;
    }
}

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) mutant: Option<Mutant>,
    own: String,
    upstream: SocketAddr,
    memory: Mutex<Memory>,
}

impl Seat {
    pub(crate) fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(
        &self,
        line: &tokio::sync::Mutex<Line>,
        request: Request<Incoming>,
    ) -> Result<Reply, hyper::Error> {
        let upstream = self.upstream.to_string();
        let (parts, body) = request.into_parts();
        let raw = replaced(body.collect().await?.to_bytes(), &self.own, &upstream);
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let call = Call::new(parts.method, target.to_owned(), parts.headers, raw);
        let mut line = line.lock().await;
        let mut reply = self.answer(&mut line, call).await;
        reply.raw = replaced(reply.raw, &upstream, &self.own);
        for value in reply.headers.values_mut() {
            let text = value.to_str().unwrap_or_default();
            if text.contains(&upstream)
                && let Ok(other) = text.replace(&upstream, &self.own).parse()
            {
                *value = other;
            }
        }
        Ok(reply)
    }

    async fn answer(&self, line: &mut Line, call: Call) -> Reply {
        let Some(mutant) = self.mutant else {
            return forward(line, &call).await;
        };
        let place = mutant.place;
        let here = call.operation == Some(place.operation)
            && call.kind == place.kind
            && self.holds(line, &call, place.when).await;
        let stale =
            mutant.change == Change::StaleOnce && call.kind == place.kind && call.is_write();
        let before = if stale { look(line, &call).await } else { None };
        let reply = if here {
            effects::mutated(self, line, &call, mutant).await
        } else {
            forward(line, &call).await
        };
        self.remember(&call, &reply, before);
        reply
    }

    fn remember(&self, call: &Call, reply: &Reply, before: Option<Value>) {
        if !reply.is_success() || !call.is_write() {
            return;
        }
        let mut memory = self.memory();
        match (&call.id, reply.body()) {
            (None, Some(body)) => {
                if let Some(id) = body["id"].as_str() {
                    memory.alive.push((call.kind, id.to_owned()));
                    memory.made.insert(id.to_owned(), body.clone());
                }
            }
            (Some(id), _) if call.operation == Some(Operation::Delete) => {
                memory.alive.retain(|(_, alive)| alive != id);
            }
            (Some(id), _) => {
                if let Some(before) = before {
                    memory.before.insert(id.clone(), before);
                }
            }
            _ => {}
        }
    }

    /// Whether the circumstances are those of the mutant.
    async fn holds(&self, line: &mut Line, call: &Call, when: When) -> bool {
        let asks = |name: &str| call.parameters().iter().any(|(key, _)| key == name);
        match when {
            When::Always => true,
            When::Again | When::EveryThird => {
                let Some(operation) = call.operation else {
                    return false;
                };
                let of = if when == When::Again {
                    call.id.clone()
                } else {
                    None
                };
                let mut memory = self.memory();
                let count = memory.counts.entry((operation, call.kind, of)).or_default();
                *count += 1;
                if when == When::Again {
                    *count > 1
                } else {
                    count.is_multiple_of(3)
                }
            }
            // For lists each element is looked at on its own.
            When::Inactive | When::MembersOver(_) => match call.id {
                Some(_) => look(line, call).await.is_some_and(|body| fits(&body, when)),
                None => true,
            },
            When::LaterPage => {
                asks("cursor")
                    || call.parameters().iter().any(|(key, value)| {
                        key == "startIndex" && value.parse::<i64>().is_ok_and(|start| start > 1)
                    })
            }
            When::SeveralOps => call
                .body()
                .as_mut()
                .and_then(edits::operations)
                .is_some_and(|all| all.len() > 1),
            When::Says(text) => {
                let body = call.body().map(|body| body.to_string()).unwrap_or_default();
                body.contains(text)
                    || call
                        .parameters()
                        .iter()
                        .any(|(_, value)| value.contains(text))
            }
            When::Asks(name) => asks(name),
        }
    }
}

/// Whether a resource is of the sort that the mutant concerns.
pub(crate) fn fits(resource: &Value, when: When) -> bool {
    match when {
        When::Inactive => resource["active"] == Value::Bool(false),
        When::MembersOver(count) => resource["members"]
            .as_array()
            .is_some_and(|members| members.len() > count),
        _ => true,
    }
}

/// Sends a request on.
pub(crate) async fn forward(line: &mut Line, call: &Call) -> Reply {
    line.exchange(&call.method, &call.target, &call.headers, call.raw.clone())
        .await
        .unwrap_or(Reply {
            status: 502,
            ..Reply::default()
        })
}

/// A request of the layer's own, with the credential of the call that is under way.
pub(crate) async fn ask(
    line: &mut Line,
    call: &Call,
    method: Method,
    target: &str,
    body: Option<&Value>,
) -> Reply {
    let mut headers = HeaderMap::new();
    for name in ["authorization", "content-type"] {
        if let Some(value) = call.headers.get(name) {
            headers.insert(name, value.clone());
        }
    }
    let raw = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    line.exchange(&method, target, &headers, raw)
        .await
        .unwrap_or(Reply {
            status: 502,
            ..Reply::default()
        })
}

/// The resource of a call as it is stored.
pub(crate) async fn look(line: &mut Line, call: &Call) -> Option<Value> {
    let id = call.id.as_ref()?;
    let reply = ask(line, call, Method::GET, &path(call.kind, id), None).await;
    reply.body().filter(|_| reply.is_success())
}

/// The path of a resource.
pub(crate) fn path(kind: Kind, id: &str) -> String {
    let collection = if kind == Kind::Group {
        "Groups"
    } else {
        "Users"
    };
    format!("{BASE}/{collection}/{id}")
}

/// Text of one address as text of the other.
fn replaced(raw: Bytes, from: &str, to: &str) -> Bytes {
    match std::str::from_utf8(&raw) {
        Ok(text) if text.contains(from) => Bytes::from(text.replace(from, to)),
        _ => raw,
    }
}
