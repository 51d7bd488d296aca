//! An exchange read once for all rules: which endpoint it was, what kind of answer came, which resources are in it.

use std::cell::OnceCell;

use serde_json::Value;

use super::Seen;
use super::types::{Wrong, wrong_published};
use crate::scim::{SchemaView, named};

/// What a request was addressed to, below the base URL.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Endpoint {
    /// `/Users`
    Collection(String),
    /// `/Users/ID`
    Resource { kind: String, id: String },
    /// `/.search` or `/Users/.search`
    Search,
    /// `/Bulk`
    Bulk,
    /// `/Me`
    Me,
    /// `/ServiceProviderConfig`
    Config,
    /// `/Schemas`, `/ResourceTypes`, with or without a name behind it
    Discovery { kind: String, one: bool },
    /// Anything else: no rule about resources applies.
    Other,
}

/// One exchange with its answer.
pub(super) struct View<'a> {
    pub(super) seen: &'a Seen<'a>,
    pub(super) schema: &'a SchemaView,
    pub(super) base_url: &'a str,
    pub(super) status: u16,
    pub(super) method: &'a str,
    pub(super) endpoint: Endpoint,
    /// The response body read as JSON.
    pub(super) json: Option<&'a Value>,
    query: Vec<(String, String)>,
    /// The body is all that was sent.
    pub(super) whole: bool,
    /// Found out when the first rule asks: most rules look at the resources, and many answers have none.
    resources: OnceCell<Vec<Found<'a>>>,
    /// What is wrong with the published attributes of each resource, which two rules ask for.
    wrong_types: OnceCell<Vec<Vec<Wrong>>>,
}

/// A resource in an answer, with how messages call it.
pub(super) struct Found<'a> {
    pub(super) value: &'a Value,
    /// Its number in `Resources`, from 1; `None` for the one resource that was asked for. A listed one may belong to
    /// somebody else: nothing of its values is repeated.
    pub(super) number: Option<usize>,
}

impl<'a> View<'a> {
    /// Reads an exchange; `None` where no answer came.
    pub(super) fn read(
        seen: &'a Seen<'a>,
        schema: &'a SchemaView,
        base_url: &'a str,
    ) -> Option<Self> {
        let status = seen.exchange.status?;
        let url = seen.exchange.url.as_str();
        let below = url
            .strip_prefix(base_url)
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let (path, query) = below
            .unwrap_or("//")
            .split_once('?')
            .unwrap_or((below.unwrap_or("//"), ""));
        let cut = seen
            .exchange
            .response_body
            .as_ref()
            .is_some_and(|body| body.truncated);
        Some(Self {
            seen,
            schema,
            base_url,
            status,
            method: &seen.exchange.method,
            endpoint: read_endpoint(path),
            json: seen.json.map(AsRef::as_ref),
            query: read_query(query),
            whole: !cut && seen.exchange.error.is_none(),
            resources: OnceCell::new(),
            wrong_types: OnceCell::new(),
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.seen
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn request_header(&self, name: &str) -> Option<&'a str> {
        let headers = &self.seen.exchange.request_headers;
        headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name))
            .map(|h| h.value.as_str())
    }

    /// The value of a query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// An integer parameter, of the query or of a search body.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        if self.endpoint == Endpoint::Search {
            return self
                .seen
                .sent
                .and_then(|sent| named(sent, name))
                .and_then(Value::as_i64);
        }
        self.parameter(name).and_then(|text| text.parse().ok())
    }

    /// Whether the list was asked for with a filter.
    pub(super) fn is_filtered(&self) -> bool {
        self.parameter("filter").is_some()
            || self
                .seen
                .sent
                .is_some_and(|sent| named(sent, "filter").is_some())
    }

    /// The client asked for less than the whole resource.
    pub(super) fn is_narrowed(&self) -> bool {
        ["attributes", "excludedAttributes"].iter().any(|name| {
            self.parameter(name).is_some()
                || (self.endpoint == Endpoint::Search
                    && self.seen.sent.is_some_and(|s| named(s, name).is_some()))
        })
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn is_error(&self) -> bool {
        self.status >= 400
    }

    /// One of the endpoints of RFC 7644 or of a resource type.
    pub(super) fn is_scim(&self) -> bool {
        self.endpoint != Endpoint::Other
    }

    pub(super) fn has_body(&self) -> bool {
        !self.seen.body.is_empty()
    }

    /// The media type without parameters, in lower case, and its charset.
    pub(super) fn content_type(&self) -> Option<(String, Option<String>)> {
        let text = self.header("content-type")?;
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        Some((essence, charset))
    }

    /// The endpoint's name of a resource type: `Users`.
    pub(super) fn kind(&self) -> Option<&str> {
        match &self.endpoint {
            Endpoint::Collection(kind) | Endpoint::Resource { kind, .. } => Some(kind),
            _ => None,
        }
    }

    /// The body as the one resource that was asked for, made or changed.
    pub(super) fn single(&self) -> Option<&'a Value> {
        if !self.is_success() || !self.whole {
            return None;
        }
        let json = self.json.filter(|json| json.is_object())?;
        let single = matches!(
            (&self.endpoint, self.method),
            (Endpoint::Collection(_), "POST")
                | (
                    Endpoint::Resource { .. } | Endpoint::Me,
                    "GET" | "PUT" | "PATCH"
                )
        );
        // A list where a resource belongs is found by `rules/resource-not-list`.
        (single && !is_list(json)).then_some(json)
    }

    /// The body as a list that was asked for.
    pub(super) fn list(&self) -> Option<&'a Value> {
        if !self.is_success() || !self.whole {
            return None;
        }
        let asked = matches!(
            (&self.endpoint, self.method),
            (
                Endpoint::Collection(_) | Endpoint::Discovery { one: false, .. },
                "GET"
            ) | (Endpoint::Search, "POST")
        );
        self.json.filter(|_| asked)
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> &'a [Value] {
        let resources = self.list().and_then(|list| named(list, "Resources"));
        resources
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The resources of resource types in the answer: single or listed, none of discovery.
    pub(super) fn resources(&self) -> &[Found<'a>] {
        self.resources.get_or_init(|| self.find_resources())
    }

    /// What is wrong with the types of the published attributes, for each of the resources.
    pub(super) fn wrong_types(&self) -> &[Vec<Wrong>] {
        self.wrong_types.get_or_init(|| {
            let resources = self.resources().iter();
            resources
                .map(|found| wrong_published(self, found))
                .collect()
        })
    }

    fn find_resources(&self) -> Vec<Found<'a>> {
        if let Some(value) = self.single() {
            return vec![Found {
                value,
                number: None,
            }];
        }
        if !matches!(self.endpoint, Endpoint::Collection(_) | Endpoint::Search) {
            return Vec::new();
        }
        let elements = self
            .elements()
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_object());
        elements
            .map(|(index, value)| Found {
                value,
                number: Some(index + 1),
            })
            .collect()
    }

    /// The ResourceType resources in the answer.
    pub(super) fn resource_types(&self) -> Vec<&'a Value> {
        match &self.endpoint {
            Endpoint::Discovery { kind, one: false } if kind == "ResourceTypes" => {
                self.elements().iter().collect()
            }
            Endpoint::Discovery { kind, one: true }
                if kind == "ResourceTypes" && self.is_success() =>
            {
                self.json.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Found<'_> {
    /// `the resource`, or `element 3 of Resources`.
    pub(super) fn place(&self) -> String {
        match self.number {
            None => "the resource".to_owned(),
            Some(number) => format!("element {number} of Resources"),
        }
    }

    /// It stands in a list.
    pub(super) fn is_listed(&self) -> bool {
        self.number.is_some()
    }

    /// A value for a message: of listed resources only its type.
    pub(super) fn show(&self, value: &Value) -> String {
        if self.is_listed() {
            article(type_of(value))
        } else {
            show(value)
        }
    }

    /// The element of an answer with its place in front of an attribute: `active`, `active of element 3 of Resources`.
    pub(super) fn place_of(&self, attribute: &str) -> String {
        if self.is_listed() {
            format!("{attribute} of {}", self.place())
        } else {
            attribute.to_owned()
        }
    }
}

/// True for a ListResponse.
pub(super) fn is_list(json: &Value) -> bool {
    has_schema(json, "urn:ietf:params:scim:api:messages:2.0:ListResponse")
}

/// Whether `schemas` names this URN, whatever its case.
pub(super) fn has_schema(json: &Value, urn: &str) -> bool {
    let schemas = named(json, "schemas").and_then(Value::as_array);
    schemas.is_some_and(|list| {
        list.iter()
            .any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn)))
    })
}

/// A JSON value as text, short and without control characters.
pub(super) fn show(value: &Value) -> String {
    cut(&value.to_string())
}

/// Foreign text, short and without control characters.
pub(super) fn cut(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(200).is_some() {
        out.push('…');
    }
    out
}

pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "array" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

fn read_endpoint(path: &str) -> Endpoint {
    let Some(path) = path.strip_prefix('/') else {
        return Endpoint::Other;
    };
    let parts: Vec<&str> = path.split('/').collect();
    let name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    match parts.as_slice() {
        ["Me"] => Endpoint::Me,
        ["Bulk"] => Endpoint::Bulk,
        ["ServiceProviderConfig" | "ServiceProviderConfigs"] => Endpoint::Config,
        [".search"] => Endpoint::Search,
        [kind, ".search"] if name(kind) => Endpoint::Search,
        [kind @ ("Schemas" | "ResourceTypes")] => Endpoint::Discovery {
            kind: (*kind).to_owned(),
            one: false,
        },
        [kind @ ("Schemas" | "ResourceTypes"), _] => Endpoint::Discovery {
            kind: (*kind).to_owned(),
            one: true,
        },
        [kind] if name(kind) => Endpoint::Collection((*kind).to_owned()),
        [kind, id] if name(kind) && !id.is_empty() => Endpoint::Resource {
            kind: (*kind).to_owned(),
            id: percent_decode(id, false),
        },
        _ => Endpoint::Other,
    }
}

fn read_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).take(100);
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (percent_decode(name, true), percent_decode(value, true)))
        .collect()
}

/// Percent-decodes; in a query `+` is a blank.
pub(super) fn percent_decode(text: &str, query: bool) -> String {
    if !(text.contains('%') || query && text.contains('+')) {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let ahead = bytes
            .clone()
            .take(2)
            .map(|b| char::from(b).to_digit(16))
            .collect::<Option<Vec<u32>>>();
        match (byte, ahead.as_deref()) {
            (b'%', Some([high, low])) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                bytes.nth(1);
            }
            (b'+', _) if query => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
