//! Typed values: checking them against their attribute's type, and comparing them.

use std::cmp::Ordering;

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::schema::{Attribute, Kind};
use super::text;

/// Reads an `xsd:dateTime`; without an offset it counts as UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    // The format wants a date, a `T`, and a time with seconds (RFC 7643 section 2.3.5).
    let bytes = text.as_bytes();
    if bytes.len() < 19 || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        civil
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })
}

/// Whether text is base64 in either alphabet, padded or not (RFC 7643 section 2.3.6).
pub fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let alphabet =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let length = if padding > 0 {
        text.len().is_multiple_of(4)
    } else {
        body.len() % 4 != 1
    };
    padding <= 2 && length && body.bytes().all(alphabet)
}

/// Whether text can be a URI reference (RFC 3986): no white space, control or delimiter characters.
pub fn is_uri_reference(text: &str) -> bool {
    !text.is_empty()
        && !text.chars().any(|character| {
            character.is_whitespace()
                || character.is_control()
                || matches!(
                    character,
                    '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`'
                )
        })
}

/// Compares two values of one attribute; `None` when they cannot be ordered.
pub fn compare(attribute: &Attribute, left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => match attribute.kind {
            Kind::DateTime => match (instant(left), instant(right)) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => None,
            },
            _ => Some(
                text::prepared(left, attribute.case_exact)
                    .cmp(&text::prepared(right, attribute.case_exact)),
            ),
        },
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left
                .as_f64()
                .zip(right.as_f64())
                .and_then(|(left, right)| left.partial_cmp(&right)),
        },
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whether two values of one attribute are the same, as its type and `caseExact` see it.
pub fn same(attribute: &Attribute, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let known = |object: &super::Object| {
                object
                    .values()
                    .filter(|value| !is_unassigned(value))
                    .count()
            };
            known(left) == known(right)
                && left
                    .iter()
                    .filter(|(_, value)| !is_unassigned(value))
                    .all(|(name, value)| {
                        right.get(name).is_some_and(|other| {
                            attribute
                                .sub(name)
                                .map_or(value == other, |sub| same(sub, value, other))
                        })
                    })
        }
        _ => compare(attribute, left, right).map_or(left == right, Ordering::is_eq),
    }
}

/// Whether a value counts as none: null and the empty list (RFC 7643 section 2.5), and the empty
/// object, which has no sub-attribute.
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.values().all(is_unassigned),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_are_instants() {
        assert_eq!(
            instant("2011-05-13T04:42:34Z"),
            instant("2011-05-13T06:42:34+02:00")
        );
        assert_eq!(
            instant("2011-05-13T04:42:34.000"),
            instant("2011-05-13T04:42:34Z")
        );
        for text in [
            "2011-05-13",
            "yesterday",
            "2011-05-13 04:42:34Z",
            "2011-13-13T04:42:34Z",
            "",
        ] {
            assert!(instant(text).is_none(), "{text}");
        }
    }

    #[test]
    fn base64_comes_in_both_alphabets() {
        for (text, right) in [
            ("aGk=", true),
            ("aGk", true),
            ("a-_/", true),
            ("a", false),
            ("a=", false),
            ("a b=", false),
            ("", true),
        ] {
            assert_eq!(is_base64(text), right, "{text}");
        }
    }
}
