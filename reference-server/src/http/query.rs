//! Query strings and `.search` bodies.
//!
//! Identity providers write a space as `+` or as `%20`, and hexadecimal digits in either case; all
//! are read alike (quirks ENTRA-04, OKTA-10).

use serde_json::Value;

use crate::engine::Query;
use crate::protocol::error::{Result, ScimError, ScimType};
use crate::protocol::projection::Wanted;
use crate::protocol::{Object, SEARCH_REQUEST, member, names_schema};

/// Reads a query string. Parameters that are not known are passed over (RFC 7644 section 3.4.2).
///
/// # Errors
/// `invalidValue` for numbers that are none, `invalidFilter` for text that is no UTF-8.
pub(super) fn from_uri(raw: Option<&str>) -> Result<Query> {
    let mut query = Query::default();
    for pair in raw
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decoded(name, true) else {
            continue;
        };
        let known = matches!(
            name.as_str(),
            "filter"
                | "attributes"
                | "excludedAttributes"
                | "sortBy"
                | "sortOrder"
                | "startIndex"
                | "count"
                | "cursor"
        );
        if !known {
            continue;
        }
        let value = decoded(value, true).ok_or_else(|| {
            let kind = if name == "filter" {
                ScimType::InvalidFilter
            } else {
                ScimType::InvalidValue
            };
            ScimError::bad(kind, format!("'{name}' is not UTF-8"))
        })?;
        match name.as_str() {
            "filter" => query.filter = Some(value),
            "attributes" => extend(&mut query.wanted.attributes, &value),
            "excludedAttributes" => extend(&mut query.wanted.excluded, &value),
            "sortBy" => query.sort_by = Some(value).filter(|value| !value.is_empty()),
            "sortOrder" => query.descending = descending(&value)?,
            "startIndex" => query.start_index = number(&name, &value)?,
            "count" => query.count = number(&name, &value)?,
            _ => query.cursor = Some(value),
        }
    }
    Ok(query)
}

/// Reads the body of a `.search` (RFC 7644 section 3.4.3).
///
/// # Errors
/// `invalidSyntax` when the structure is wrong.
pub(super) fn from_body(body: &Object) -> Result<Query> {
    if !names_schema(body, SEARCH_REQUEST) {
        return Err(ScimError::syntax(format!(
            "'schemas' must name '{SEARCH_REQUEST}'"
        )));
    }
    let text = |name: &str| match member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::syntax(format!("'{name}' must be a string"))),
    };
    let whole = |name: &str| match member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| ScimError::syntax(format!("'{name}' must be a whole number"))),
    };
    let names = |name: &str| match member(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => {
            let texts = list
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>();
            texts
                .map(|texts| Some(texts).filter(|texts| !texts.is_empty()))
                .ok_or_else(|| ScimError::syntax(format!("'{name}' must be a list of strings")))
        }
        Some(_) => Err(ScimError::syntax(format!(
            "'{name}' must be a list of strings"
        ))),
    };
    Ok(Query {
        filter: text("filter")?,
        sort_by: text("sortBy")?,
        descending: text("sortOrder")?.map_or(Ok(false), |order| descending(&order))?,
        start_index: whole("startIndex")?,
        count: whole("count")?,
        cursor: text("cursor")?,
        wanted: Wanted {
            attributes: names("attributes")?,
            excluded: names("excludedAttributes")?,
        },
        in_body: true,
    })
}

fn extend(list: &mut Option<Vec<String>>, value: &str) {
    let names = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned);
    let mut names = names.peekable();
    // An empty parameter asks for nothing special.
    if names.peek().is_some() {
        list.get_or_insert_with(Vec::new).extend(names);
    }
}

fn descending(order: &str) -> Result<bool> {
    if order.eq_ignore_ascii_case("ascending") {
        Ok(false)
    } else if order.eq_ignore_ascii_case("descending") {
        Ok(true)
    } else {
        Err(ScimError::value("'sortOrder' is ascending or descending"))
    }
}

fn number(name: &str, value: &str) -> Result<Option<i64>> {
    let value = value.trim();
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::value(format!("'{name}' must be a whole number")));
    }
    // What is too large for the type is as good as the largest.
    Ok(Some(value.parse().unwrap_or(if value.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })))
}

/// Decodes percent signs, and `+` as a space where the text is of a query string; `None` when the
/// bytes are no UTF-8. A percent sign without two digits stands for itself.
pub(crate) fn decoded(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' if plus => bytes.push(b' '),
            b'%' => match tail {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(digit(*high) << 4 | digit(*low));
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => byte - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_strings_are_read_as_identity_providers_write_them() {
        for raw in [
            "filter=userName+eq+%22a%2bb%40x%22",
            "filter=userName%20eq%20%22a%2Bb@x%22&startIndex=",
            "aadOptscim062020&filter=userName%20eq+%22a%2Bb@x%22",
        ] {
            match from_uri(Some(raw)) {
                Ok(query) => assert_eq!(query.filter.as_deref(), Some("userName eq \"a+b@x\"")),
                Err(error) => assert!(
                    raw.contains("startIndex=") && error.status == 400,
                    "{raw}: {error}"
                ),
            }
        }
        let query = from_uri(Some("attributes=userName,+emails&attributes=id&count=-3&startIndex=99999999999999999999&cursor")).expect("reads");
        assert_eq!(
            query.wanted.attributes.expect("given"),
            ["userName", "emails", "id"]
        );
        assert_eq!(
            (query.count, query.start_index, query.cursor.as_deref()),
            (Some(-3), Some(i64::MAX), Some(""))
        );
        for raw in ["count=x", "startIndex=1.5", "sortOrder=up", "filter=%ff"] {
            assert!(from_uri(Some(raw)).is_err(), "{raw}");
        }
        assert_eq!(decoded("%", true).as_deref(), Some("%"));
        assert_eq!(decoded("a%2", true).as_deref(), Some("a%2"));
    }
}
