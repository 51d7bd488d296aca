//! Putting values into URLs the way an identity provider does (RFC 3986, and the profile's own style).

use std::fmt::Write as _;

/// How a value is written into a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryStyle {
    /// Space as `+` (form style) or `%20`.
    pub space_plus: bool,
    /// Hexadecimal digits in lower case (`%5b`).
    pub lower_hex: bool,
}

/// Percent-encodes one path segment: only unreserved characters (RFC 3986 section 2.3) stay.
#[must_use]
pub fn encode_path_segment(text: &str) -> String {
    encode(
        text,
        QueryStyle {
            space_plus: false,
            lower_hex: false,
        },
    )
}

/// Percent-encodes a value into a query in the profile's style.
#[must_use]
pub fn encode_query_value(text: &str, style: &QueryStyle) -> String {
    encode(text, *style)
}

/// Escapes text for use between the quotation marks of a filter, which are those of a JSON string (RFC 7644 section 3.4.2.2).
#[must_use]
pub fn escape_filter_literal(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or("")
        .to_owned()
}

fn encode(text: &str, style: QueryStyle) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            b' ' if style.space_plus => out.push('+'),
            _ if style.lower_hex => {
                write!(out, "%{byte:02x}").expect("writing to a String cannot fail")
            }
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    out
}
