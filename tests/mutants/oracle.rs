//! The oracle: whether a mutant differs from the faultless server in a way that a client sees and the RFCs don't allow.
//!
//! It plays the probing script, which nobody wrote with the suites in mind, against both and compares the exchanges. It
//! shares nothing with the judge: what it grants as lawful stands here, and it leans towards granting too little only
//! where an RFC says MUST or SHALL.

use std::collections::HashMap;
use std::sync::LazyLock;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName};
use regex::Regex;
use serde_json::Value;

use crate::grammar::Mutant;
use crate::layer::{BASE, Layer, TOKEN};
use crate::wire::{Line, Reply};

const SCRIPT: &str = include_str!("probing.txt");

/// What came of one request of the script.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The request as the script has it.
    asked: String,
    status: u16,
    /// Headers that mean something, with the ids named.
    headers: Vec<(&'static str, String)>,
    /// The body with ids named, versions counted and times blanked; text where it is no JSON.
    body: Value,
}

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(\w+) = )?([A-Z]+) (\S+)(?: \[([\w-]+): ([^\]]+)\])?(?: (\{.*))?$")
        .expect("it compiles")
});
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").expect("it compiles")
});

/// One play of the script.
struct Player {
    line: Line,
    own: String,
    ids: HashMap<String, String>,
    versions: HashMap<String, String>,
    /// Versions in the order in which they were first seen.
    counted: Vec<String>,
    seen: Vec<Seen>,
}

/// Plays the script against a mutant, or against the faultless server by the same way.
pub(crate) async fn play(mutant: Option<Mutant>) -> Vec<Seen> {
    let layer = Layer::start(mutant).await;
    let mut player = Player {
        line: Line::to(layer.address),
        own: layer.address.to_string(),
        ids: HashMap::new(),
        versions: HashMap::new(),
        counted: Vec::new(),
        seen: Vec::new(),
    };
    for line in SCRIPT
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        player.step(line).await;
    }
    layer.stop().await;
    player.seen
}

impl Player {
    async fn step(&mut self, line: &str) {
        let parts = LINE.captures(line).expect("a line of the script");
        let part = |index: usize| parts.get(index).map_or("", |part| part.as_str());
        let method = Method::from_bytes(part(2).as_bytes()).expect("a method");
        let target = self.filled(part(3));
        let header = (part(4), self.filled(part(5)));
        let body = self.filled(part(6));
        let reply = self.send(method.clone(), &target, header, body).await;
        self.record(line, &reply, part(1));
        let of_one = target.matches('/').count() == 2 && !target.contains(".search");
        let made = self
            .ids
            .get(part(1))
            .map(|id| format!("/Users/{id}").replace("/Users", target.trim_end_matches('/')));
        let read = match method.as_str() {
            "PUT" | "PATCH" | "DELETE" if of_one => Some(target),
            "POST" => made,
            _ => None,
        };
        if let Some(read) = read {
            let reply = self
                .send(Method::GET, &read, ("", String::new()), String::new())
                .await;
            self.record(&format!("GET after {line}"), &reply, "");
        }
    }

    async fn send(
        &mut self,
        method: Method,
        target: &str,
        header: (&str, String),
        body: String,
    ) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            format!("Bearer {TOKEN}").parse().expect("a header"),
        );
        if !body.is_empty() {
            headers.insert(
                "content-type",
                "application/scim+json".parse().expect("a header"),
            );
        }
        if let (Ok(name), Ok(value)) = (header.0.parse::<HeaderName>(), header.1.parse()) {
            headers.insert(name, value);
        }
        let target = format!("{BASE}{target}");
        let reply = self
            .line
            .exchange(&method, &target, &headers, Bytes::from(body))
            .await;
        reply.unwrap_or_default()
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        for (name, version) in &self.versions {
            text = text.replace(&format!("{{{name}.version}}"), version);
        }
        text
    }

    fn record(&mut self, asked: &str, reply: &Reply, name: &str) {
        let body = reply.body();
        if let Some(id) = body.as_ref().and_then(|body| body["id"].as_str()) {
            if !name.is_empty() && reply.is_success() {
                self.ids.insert(name.to_owned(), id.to_owned());
            }
            let owner = self
                .ids
                .iter()
                .find(|(_, own)| *own == id)
                .map(|(name, _)| name.clone());
            if let (Some(owner), Some(version)) = (owner, reply.header("etag")) {
                self.versions.insert(owner, version.to_owned());
            }
        }
        let mut headers = Vec::new();
        for name in ["location", "etag", "content-type", "www-authenticate"] {
            if let Some(value) = reply.header(name) {
                headers.push((name, self.plain(value)));
            }
        }
        let text = String::from_utf8_lossy(&reply.raw).into_owned();
        let body = match body {
            Some(mut body) => {
                self.normalise(&mut body);
                body
            }
            None => Value::from(text),
        };
        self.seen.push(Seen {
            asked: asked.to_owned(),
            status: reply.status,
            headers,
            body,
        });
    }

    fn normalise(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.plain(text),
            Value::Array(elements) => elements.iter_mut().for_each(|one| self.normalise(one)),
            Value::Object(map) => map.values_mut().for_each(|one| self.normalise(one)),
            _ => {}
        }
    }

    fn plain(&mut self, text: &str) -> String {
        if text.starts_with("W/\"") {
            let at = self.counted.iter().position(|version| version == text);
            let at = at.unwrap_or_else(|| {
                self.counted.push(text.to_owned());
                self.counted.len() - 1
            });
            return format!("version {at}");
        }
        if text.starts_with("202") && text.parse::<jiff::Timestamp>().is_ok() {
            return "a time of this run".to_owned();
        }
        let mut plain = text.replace(&self.own, "own");
        for (name, id) in &self.ids {
            if plain.contains(id.as_str()) {
                plain = plain.replace(id.as_str(), &format!("<{name}>"));
            }
        }
        UUID.replace_all(&plain, "<id>").into_owned()
    }
}

/// The first difference that no RFC allows, in words.
pub(crate) fn difference(right: &[Seen], mutated: &[Seen]) -> Option<String> {
    if right.len() != mutated.len() {
        return Some("the script could not be played to its end".to_owned());
    }
    right.iter().zip(mutated).find_map(|(right, mutated)| {
        let asked: String = right.asked.chars().take(160).collect();
        differs(right, mutated).map(|what| format!("{asked}: {what}"))
    })
}

fn differs(right: &Seen, mutated: &Seen) -> Option<String> {
    let patch = right.asked.contains("PATCH ") && !right.asked.starts_with("GET");
    // RFC 7644 section 3.5.2: 200 with the resource, or 204.
    if patch && right.status == 200 && mutated.status == 204 {
        return None;
    }
    if right.status != mutated.status {
        return Some(format!("{} instead of {}", mutated.status, right.status));
    }
    for (name, value) in &right.headers {
        let other = mutated.headers.iter().find(|(other, _)| other == name);
        // The RFC's examples of 204 have a tag; what has no body shows no version that it could agree with.
        if other.is_none() && *name == "etag" && right.status == 204 {
            continue;
        }
        let Some((_, other)) = other else {
            return Some(format!("no {name}"));
        };
        // A SHOULD between the two media types: RFC 7644 section 3.8 has clients that accept either.
        let alike =
            other == value || (*name == "content-type" && other.starts_with("application/json"));
        if !alike {
            return Some(format!("{name} {other} instead of {value}"));
        }
    }
    let ordered = right.asked.contains("sortBy");
    compare(&right.body, &mutated.body, "", right.status, ordered)
}

/// What may be left out: RFC 7643 sections 2.4 and 4.2, RFC 7644 sections 3.4.2 and 3.12.
fn may_lack(at: &str, name: &str, right: &Value, status: u16) -> bool {
    let reference = ["members", "manager", "groups"]
        .iter()
        .any(|one| at.ends_with(one));
    match name {
        "display" | "$ref" | "type" | "displayName" if reference => true,
        "detail" if status >= 400 => true,
        "scimType" => status != 409,
        "primary" => right == &Value::Bool(false),
        // Served to whoever reads schemas; their absence is a default.
        "required" | "caseExact" | "description" | "specUri" | "documentationUri" => true,
        _ => false,
    }
}

fn nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(map) => map.values().all(nothing),
        _ => false,
    }
}

/// Values whose case means something: RFC 7643 sections 3.1 and 7.
fn by_case(at: &str) -> bool {
    let name = at.rsplit('.').next().unwrap_or_default();
    matches!(
        name,
        "id" | "externalid" | "value" | "$ref" | "location" | "resourcetype" | "endpoint"
    ) && !at.ends_with("emails.value")
        && !at.ends_with("roles.value")
}

fn compare(right: &Value, mutated: &Value, at: &str, status: u16, ordered: bool) -> Option<String> {
    let differs = || {
        let short = |value: &Value| value.to_string().chars().take(80).collect::<String>();
        Some(format!(
            "{at}: {} instead of {}",
            short(mutated),
            short(right)
        ))
    };
    if nothing(right) && nothing(mutated) {
        return None;
    }
    match (right, mutated) {
        (Value::Object(right), Value::Object(mutated)) => {
            let find = |map: &serde_json::Map<String, Value>, name: &str| {
                map.iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.clone())
            };
            for (name, value) in right {
                let place = format!("{at}.{}", name.to_ascii_lowercase());
                let other = find(mutated, name).filter(|other| !other.is_null());
                match other {
                    None if nothing(value) || may_lack(at, name, value, status) => {}
                    None => return Some(format!("{place} is missing")),
                    Some(other) if status >= 400 && name == "detail" && other.is_string() => {}
                    Some(other) => {
                        let ordered = ordered && name == "Resources";
                        if let Some(what) = compare(value, &other, &place, status, ordered) {
                            return Some(what);
                        }
                    }
                }
            }
            mutated
                .iter()
                .find(|(name, value)| !nothing(value) && find(right, name).is_none())
                .filter(|(name, value)| *name != "primary" || **value != Value::Bool(false))
                .map(|(name, _)| format!("{at}.{name} is there"))
        }
        (Value::Array(right), Value::Array(mutated)) => {
            if right.len() != mutated.len() {
                return Some(format!(
                    "{at}: {} elements instead of {}",
                    mutated.len(),
                    right.len()
                ));
            }
            if ordered {
                return right
                    .iter()
                    .zip(mutated)
                    .find_map(|(one, other)| compare(one, other, at, status, false));
            }
            let mut left: Vec<&Value> = mutated.iter().collect();
            for one in right {
                let found = left
                    .iter()
                    .position(|other| compare(one, other, at, status, false).is_none());
                match found {
                    Some(found) => {
                        left.remove(found);
                    }
                    None => {
                        return Some(format!(
                            "{at}: an element differs: {:.100}",
                            one.to_string()
                        ));
                    }
                }
            }
            None
        }
        (Value::String(one), Value::String(other)) if !by_case(at) => {
            if one.to_lowercase() == other.to_lowercase() {
                None
            } else {
                differs()
            }
        }
        _ if right == mutated => None,
        _ => differs(),
    }
}
