//! Bulk requests and queries by POST (RFC 7644 sections 3.7 and 3.4.3).

use serde_json::Value;

use super::super::Server;
use super::super::query::from_body;
use super::super::route::{Endpoint, endpoint};
use super::{Problems, patch, request, resource};
use crate::protocol::schema::ResourceType;
use crate::protocol::{BULK_REQUEST, Object, member, names_schema};

const BULK: &str = "RFC 7644 section 3.7";

/// Reviews a query by POST.
pub(super) fn search(body: &Object, kind: Option<&ResourceType>, problems: &mut Problems) {
    let rule = "RFC 7644 section 3.4.3";
    for (name, _) in body {
        let known = [
            "schemas",
            "attributes",
            "excludedAttributes",
            "filter",
            "sortBy",
            "sortOrder",
            "startIndex",
            "count",
            "cursor",
        ];
        if !known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let says = format!("'{name}' means nothing in a query");
            problems.hint("unknown-member", format!("body {name}"), says, rule);
        }
    }
    match from_body(body) {
        Ok(query) => request::query(&query, kind, "body ", problems),
        Err(error) => problems.error("query", "body", error.detail, rule),
    }
}

/// Reviews a bulk request with all that is in it.
pub(super) fn bulk(server: &Server, body: &Object, problems: &mut Problems) {
    if !names_schema(body, BULK_REQUEST) {
        let says = format!("'schemas' must name '{BULK_REQUEST}'");
        problems.error("schemas-missing", "body schemas", says, BULK);
    }
    let Some(list) = member(body, "Operations").and_then(Value::as_array) else {
        let says = "'Operations' is missing: a list of operations".to_owned();
        return problems.error("operations", "body Operations", says, BULK);
    };
    for (index, entry) in list.iter().enumerate() {
        let at = format!("body Operations[{index}]");
        match entry.as_object() {
            Some(entry) => operation(server, entry, &at, problems),
            None => {
                let says = "an operation is an object".to_owned();
                problems.error("operations", at, says, BULK);
            }
        }
    }
}

fn operation(server: &Server, entry: &Object, at: &str, problems: &mut Problems) {
    let text = |name: &str| member(entry, name).and_then(Value::as_str);
    let method = text("method").unwrap_or_default();
    let known = ["POST", "PUT", "PATCH", "DELETE"];
    let upper = method.to_ascii_uppercase();
    if !known.contains(&upper.as_str()) {
        let says = format!("'method' is one of {}, not '{method}'", known.join(", "));
        return problems.error("method", format!("{at}.method"), says, BULK);
    }
    if upper == "POST" && text("bulkId").is_none_or(str::is_empty) {
        let says = "a POST needs a 'bulkId'".to_owned();
        problems.error("bulk-id", at, says, BULK);
    }
    let path = text("path").unwrap_or_default();
    let whole = format!("{}{path}", server.base_path);
    let kind = match endpoint(server.engine.registry(), &server.base_path, &whole, false) {
        Ok(Endpoint::Collection(kind)) if upper == "POST" => kind,
        Ok(Endpoint::Resource(kind, _)) if upper != "POST" => kind,
        _ => {
            let says = format!("'{path}' is no path that {upper} goes to");
            return problems.error("no-endpoint", format!("{at}.path"), says, BULK);
        }
    };
    if upper == "DELETE" {
        return;
    }
    let Some(data) = member(entry, "data").and_then(Value::as_object) else {
        let says = format!("a {upper} needs an object as 'data'");
        return problems.error("value-missing", format!("{at}.data"), says, BULK);
    };
    let place = format!("{at}.data");
    if upper == "PATCH" {
        patch::review(server, kind, data, &place, problems);
    } else {
        resource::review(server, kind, data, &place, problems);
    }
}
