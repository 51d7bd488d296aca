//! The request as a whole: endpoint, headers, query string, and which message its body is.

use axum::http::Method;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use serde_json::Value;

use super::super::answer::Answer;
use super::super::query::{decoded, from_uri};
use super::super::route::{Endpoint, endpoint};
use super::super::{Server, json, json_type};
use super::{LETTER, Problems, Seen, messages, patch, resource};
use crate::engine::Query;
use crate::protocol::Object;
use crate::protocol::filter::{self, Origin};
use crate::protocol::path::AttrPath;
use crate::protocol::schema::ResourceType;

/// The parameters of a query (RFC 7644 sections 3.4.2 and 3.9, RFC 9865).
const PARAMETERS: &[&str] = &[
    "filter",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
];

/// Finds what is wrong with a request.
pub(super) fn review(server: &Server, seen: &Seen, answer: &Answer, problems: &mut Problems) {
    let request = &seen.request;
    let registry = server.engine.registry();
    let found = endpoint(registry, &server.base_path, &request.path, true);
    match &found {
        Err(error) => problems.error(
            "no-endpoint",
            "path",
            error.detail.clone(),
            "RFC 7644 section 3.2",
        ),
        Ok(found) => {
            let method = request.method.as_str();
            if found.allowed().split(", ").all(|allowed| allowed != method) {
                let says = format!("this endpoint takes {}, not {method}", found.allowed());
                problems.error("method", "method", says, "RFC 7644 section 3.2");
            }
            endpoint_and_body(server, seen, found, answer, problems);
        }
    }
    if request.path.contains("//") || (request.path.len() > 1 && request.path.ends_with('/')) {
        let says = "an empty path segment: most servers answer it with 404".to_owned();
        problems.hint("double-slash", "path", says, "RFC 7644 section 3.2");
    }
    let says_body = request.headers.contains_key(TRANSFER_ENCODING)
        || request
            .headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0");
    if says_body && matches!(request.method, Method::GET | Method::DELETE) {
        let says = format!("a body with {}, which nobody reads", request.method);
        problems.hint("body-unread", "body", says, "RFC 9110 section 9.3.1");
    }
    if answer.status == 401 {
        problems.error(
            "credentials",
            "header Authorization",
            "no credentials, or none that are good".to_owned(),
            "RFC 7644 section 2",
        );
    } else if answer.status >= 400 && !problems.has_error() {
        // The server has a reason that cannot be seen in the request alone.
        let says = refusal(answer);
        problems.error(
            "refused",
            format!("status {}", answer.status),
            says,
            "RFC 7644 section 3.12",
        );
    }
}

/// What the server says of its refusal.
fn refusal(answer: &Answer) -> String {
    let body: Option<Value> = answer
        .body
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok());
    let text = |name: &str| {
        let value = body.as_ref()?.get(name)?.as_str()?;
        Some(value.to_owned())
    };
    let detail = text("detail").unwrap_or_else(|| "the server refuses it".to_owned());
    match text("scimType") {
        Some(keyword) => format!("{keyword}: {detail}"),
        None => detail,
    }
}

fn endpoint_and_body(
    server: &Server,
    seen: &Seen,
    found: &Endpoint<'_>,
    answer: &Answer,
    problems: &mut Problems,
) {
    let method = &seen.request.method;
    let user = server
        .engine
        .registry()
        .kind(crate::protocol::schema::slots::USER);
    let kind = match found {
        Endpoint::Collection(kind) | Endpoint::Resource(kind, _) | Endpoint::Search(Some(kind)) => {
            Some(*kind)
        }
        Endpoint::Me => Some(user),
        _ => None,
    };
    if let Endpoint::Resource(kind, id) = found
        && !server.engine.has(kind, id)
        && answer.status == 404
    {
        let says = format!("there is no {} with this id, or no longer", kind.name);
        problems.error("unknown-id", "path", says, "RFC 7644 section 3.12");
    }
    query_string(seen, found, kind, problems);
    let Some(body) = &seen.body else {
        return;
    };
    if let Err(error) = json_type(&seen.request.headers, false, true) {
        let at = "header Content-Type";
        problems.error("media-type", at, error.detail, "RFC 7644 section 3.8");
    }
    let Some(body) = object(body, problems) else {
        return;
    };
    match (found, kind) {
        (Endpoint::Bulk, _) => messages::bulk(server, &body, problems),
        (Endpoint::Search(_), _) => messages::search(&body, kind, problems),
        (_, Some(kind)) if method == Method::PATCH => {
            patch::review(server, kind, &body, "body", problems);
        }
        (_, Some(kind)) if method == Method::POST || method == Method::PUT => {
            resource::review(server, kind, &body, "body", problems);
        }
        _ => {}
    }
}

fn object(body: &[u8], problems: &mut Problems) -> Option<Object> {
    let rule = "RFC 7644 section 3.1";
    match json::read(body) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) => {
            let says = "the body must be a JSON object".to_owned();
            problems.error("not-an-object", "body", says, rule);
            None
        }
        Err(error) => {
            problems.error("not-json", "body", format!("not JSON: {error}"), rule);
            None
        }
    }
}

fn query_string(
    seen: &Seen,
    found: &Endpoint<'_>,
    kind: Option<&ResourceType>,
    problems: &mut Problems,
) {
    let raw = seen.request.query.as_deref();
    for pair in raw
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let name = decoded(name, true).unwrap_or_default();
        if !PARAMETERS.contains(&name.as_str()) {
            let near = PARAMETERS
                .iter()
                .find(|known| known.eq_ignore_ascii_case(&name));
            let says = match near {
                Some(near) => format!("'{name}' is ignored: the parameter is spelled '{near}'"),
                None => format!("'{name}' is no parameter of SCIM and is ignored"),
            };
            problems.hint(
                "unknown-parameter",
                format!("query {name}"),
                says,
                "RFC 7644 section 3.4.2",
            );
        }
    }
    let query = match from_uri(raw) {
        Ok(query) => query,
        Err(error) => {
            problems.error("parameter", "query", error.detail, "RFC 7644 section 3.4.2");
            return;
        }
    };
    let discovery = matches!(
        found,
        Endpoint::ServiceProviderConfig | Endpoint::ResourceTypes(_) | Endpoint::Schemas(_)
    );
    if discovery && query.filter.is_some() {
        let says = "discovery endpoints take no filter".to_owned();
        problems.error("filter", "query filter", says, "RFC 7644 section 4");
        return;
    }
    let lists = matches!(found, Endpoint::Root | Endpoint::Collection(_))
        && seen.request.method == Method::GET;
    if !lists && !discovery {
        let asked = [
            ("filter", query.filter.is_some()),
            ("sortBy", query.sort_by.is_some()),
            ("startIndex", query.start_index.is_some()),
            ("count", query.count.is_some()),
        ];
        for (name, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            let says = format!("'{name}' means nothing here: it belongs to lists");
            problems.hint(
                "parameter-unused",
                format!("query {name}"),
                says,
                "RFC 7644 section 3.4.2",
            );
        }
    }
    self::query(&query, kind, "query ", problems);
}

/// Reviews what a list asks for; `place` stands before the names of its parts.
pub(super) fn query(
    query: &Query,
    kind: Option<&ResourceType>,
    place: &str,
    problems: &mut Problems,
) {
    if let Some(text) = &query.filter {
        let at = format!("{place}filter");
        match filter::parse(text, &LETTER) {
            Err(complaint) => {
                problems.error("filter-syntax", at, complaint, "RFC 7644 section 3.4.2.2");
            }
            Ok(parsed) => {
                let origin = if query.in_body {
                    Origin::Body
                } else {
                    Origin::Uri
                };
                if let Some(Err(error)) =
                    kind.map(|kind| filter::bind(&parsed, kind, &LETTER, origin))
                {
                    problems.error("filter", at, error.detail, "RFC 7644 section 3.4.2.2");
                }
            }
        }
    }
    let wanted = &query.wanted;
    for (parameter, names) in [
        ("attributes", wanted.attributes.as_deref()),
        ("excludedAttributes", wanted.excluded.as_deref()),
        ("sortBy", query.sort_by.as_ref().map(std::slice::from_ref)),
    ] {
        for name in names.unwrap_or_default() {
            let known = kind.is_none_or(|kind| {
                kind.extension(name).is_some()
                    || AttrPath::parse(name)
                        .is_some_and(|path| path.resolve(kind, &LETTER).is_some())
            });
            if !known {
                let says = format!("'{name}' names no attribute of this type");
                problems.error(
                    "unknown-attribute",
                    format!("{place}{parameter}"),
                    says,
                    "RFC 7644 section 3.10",
                );
            }
        }
    }
    if wanted.attributes.is_some() && wanted.excluded.is_some() {
        let says = "'attributes' and 'excludedAttributes' exclude each other".to_owned();
        problems.error(
            "parameter",
            format!("{place}excludedAttributes"),
            says,
            "RFC 7644 section 3.9",
        );
    }
    if query.start_index.is_some_and(|index| index < 1) {
        let says = "the first result is number 1; less is read as 1".to_owned();
        problems.hint(
            "parameter",
            format!("{place}startIndex"),
            says,
            "RFC 7644 section 3.4.2.4",
        );
    }
    if query.count.is_some_and(|count| count < 0) {
        let says = "a negative number is read as 0, which gives no resources".to_owned();
        problems.hint(
            "parameter",
            format!("{place}count"),
            says,
            "RFC 7644 section 3.4.2.4",
        );
    }
}
