//! Media type, charset, and whether what came is one JSON object (RFC 7644 sections 3.1 and 3.8).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, cut};
use crate::results::Severity;

const SCIM: &str = "application/scim+json";

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/media-type",
            title: "Answers are labelled application/scim+json",
            severity: Severity::Warning,
            refs: &[
                "rfc:7644-3.1-R01",
                "rfc:7644-3.8-R05",
                "rfc:7644-3.8-R07",
                "quirk:ENTRA-06",
                "defect:143",
            ],
            breaks: &["entra"],
            hint: "Send Content-Type: application/scim+json with every body.",
        },
        judge: media_type,
    },
    Check {
        rule: Rule {
            id: "rules/media-type-json",
            title: "What answers a SCIM request is labelled as JSON",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.1-R01", "defect:144"],
            breaks: &[],
            hint: "Send Content-Type: application/scim+json; a missing, misspelt or foreign type stops clients that look at it.",
        },
        judge: media_type_json,
    },
    Check {
        rule: Rule {
            id: "rules/charset",
            title: "Bodies are UTF-8",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.8-R01", "rfc:7644-3.8-R02", "rfc:7643-2.3.1-R01"],
            breaks: &[],
            hint: "Encode bodies in UTF-8 and name no other charset.",
        },
        judge: charset,
    },
    Check {
        rule: Rule {
            id: "rules/json",
            title: "The body of a success is JSON that parses",
            severity: Severity::Blocker,
            refs: &["rfc:7644-3.1-R01", "rfc:7644-3.8-R01", "quirk:OKTA-01"],
            breaks: &["okta"],
            hint: "Answer every SCIM request with JSON; look for HTML pages, warnings printed before the body, and byte order marks.",
        },
        judge: parses,
    },
    Check {
        rule: Rule {
            id: "rules/json-object",
            title: "The body of a success is one JSON object",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-3.1-R01",
                "rfc:7644-3.2-R08",
                "rfc:7644-3.4.2-R01",
                "defect:6",
            ],
            breaks: &[],
            hint: "Wrap lists in a ListResponse; a bare array or a bare value is no SCIM answer.",
        },
        judge: json_object,
    },
    Check {
        rule: Rule {
            id: "rules/duplicate-keys",
            title: "No name stands twice in one JSON object",
            severity: Severity::Warning,
            refs: &[
                "rfc:7643-2.1-R01",
                "url:https://www.rfc-editor.org/rfc/rfc8259#section-4",
            ],
            breaks: &[],
            hint: "Write each attribute once; which of two values a client keeps is chance.",
        },
        judge: duplicate_keys,
    },
];

/// 401 and its like may come from a gateway that knows no SCIM.
fn is_gateway(view: &View<'_>) -> bool {
    matches!(view.status, 401 | 403 | 407 | 429 | 502 | 503 | 504)
}

fn media_type(view: &View<'_>) -> Ruling {
    if !view.is_scim() || !view.has_body() || !view.whole || view.json.is_none() || is_gateway(view)
    {
        return Ruling::Apart;
    }
    // Who asks for application/json alone gets it (RFC 7644 section 3.8).
    let accept = view
        .request_header("accept")
        .unwrap_or("")
        .to_ascii_lowercase();
    if accept.contains("application/json") && !accept.contains("scim+json") {
        return Ruling::Apart;
    }
    match view.content_type() {
        Some((essence, _)) if essence == SCIM => Ruling::Held,
        Some((essence, _)) if essence == "application/json" => Ruling::broken(
            "the answer is labelled application/json",
            SCIM,
            cut(view.header("content-type").unwrap_or("")),
        ),
        // Anything else is the next rule's.
        _ => Ruling::Apart,
    }
}

fn media_type_json(view: &View<'_>) -> Ruling {
    if !view.is_scim() || !view.has_body() || !view.is_success() || view.status == 204 {
        return Ruling::Apart;
    }
    match view.content_type() {
        Some((essence, _)) if essence == SCIM || essence == "application/json" => Ruling::Held,
        Some((essence, _)) => Ruling::broken(
            format!("the answer is labelled \"{}\"", cut(&essence)),
            SCIM,
            cut(&essence),
        ),
        None => Ruling::broken(
            "the answer has a body and no Content-Type",
            SCIM,
            "no Content-Type",
        ),
    }
}

fn charset(view: &View<'_>) -> Ruling {
    if !view.is_scim()
        || !view.has_body()
        || !view.whole
        || (view.is_error() && view.json.is_none())
    {
        return Ruling::Apart;
    }
    if let Some((_, Some(charset))) = view.content_type()
        && !matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
    {
        return Ruling::broken(
            format!("the answer names the charset \"{}\"", cut(&charset)),
            "UTF-8",
            cut(&charset),
        );
    }
    match std::str::from_utf8(view.seen.body) {
        Ok(_) => Ruling::Held,
        Err(error) => Ruling::broken(
            format!("byte {} of the body is not UTF-8", error.valid_up_to() + 1),
            "UTF-8",
            "other bytes",
        ),
    }
}

/// Where a body of a success must be SCIM JSON.
fn wants_json(view: &View<'_>) -> bool {
    view.is_scim()
        && view.is_success()
        && view.whole
        && view.has_body()
        && view.method != "DELETE"
        && view.status != 204
}

fn parses(view: &View<'_>) -> Ruling {
    if !wants_json(view) || std::str::from_utf8(view.seen.body).is_err() {
        return Ruling::Apart;
    }
    if view.json.is_some() {
        return Ruling::Held;
    }
    let text = String::from_utf8_lossy(view.seen.body);
    let start = text.trim_start();
    let message = if start.starts_with('\u{feff}') {
        "the body begins with a byte order mark, which JSON parsers may refuse".to_owned()
    } else if start.starts_with('<') {
        "an HTML or XML page came where JSON was expected".to_owned()
    } else {
        match serde_json::from_slice::<Value>(view.seen.body) {
            Err(error) => format!("the body is not JSON: {}", cut(&error.to_string())),
            Ok(_) => return Ruling::Apart,
        }
    };
    Ruling::broken(message, "JSON", cut(&text))
}

fn json_object(view: &View<'_>) -> Ruling {
    if !wants_json(view) {
        return Ruling::Apart;
    }
    match view.json {
        None => Ruling::Apart,
        Some(Value::Object(_)) => Ruling::Held,
        Some(Value::Array(_))
            if matches!(
                view.endpoint,
                Endpoint::Collection(_) | Endpoint::Discovery { .. } | Endpoint::Search
            ) =>
        {
            Ruling::broken(
                "the list came as a bare array, not as a ListResponse",
                "a ListResponse object",
                "an array",
            )
        }
        Some(other) => {
            let kind = super::view::type_of(other);
            Ruling::broken(
                format!("the body is a JSON {kind}, not an object"),
                "an object",
                kind,
            )
        }
    }
}

fn duplicate_keys(view: &View<'_>) -> Ruling {
    if !view.is_scim()
        || !view.whole
        || !matches!(view.json, Some(Value::Object(_) | Value::Array(_)))
    {
        return Ruling::Apart;
    }
    // Almost every body has each name once, and then it has as many names as what was read from it.
    if view.json.and_then(names_once) == Some(written_names(view.seen.body)) {
        return Ruling::Held;
    }
    match serde_json::from_slice::<Names>(view.seen.body) {
        Ok(Names(None)) => Ruling::Held,
        Ok(Names(Some(name))) => {
            let name = cut(&name);
            Ruling::broken(
                format!("\"{name}\" stands twice in one object"),
                "each name once",
                format!("\"{name}\" twice"),
            )
        }
        Err(_) => Ruling::Apart,
    }
}

/// How many names stand in a JSON text: each is followed by a colon, and no other colon stands outside of strings.
fn written_names(body: &[u8]) -> usize {
    let (mut names, mut inside) = (0, false);
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => inside = !inside,
            b'\\' if inside => {
                bytes.next();
            }
            b':' if !inside => names += 1,
            _ => {}
        }
    }
    names
}

/// Objects of more members are left to the reader that finds the name.
const MANY_MEMBERS: usize = 64;

/// How many names a value has; `None` where two of one object differ in case alone, or it has very many.
fn names_once(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => items
            .iter()
            .try_fold(0, |sum, item| Some(sum + names_once(item)?)),
        Value::Object(members) => {
            let twice = |at: usize, name: &String| {
                let mut before = members.keys().take(at);
                before.any(|other| other.eq_ignore_ascii_case(name))
            };
            if members.len() > MANY_MEMBERS
                || members.keys().enumerate().any(|(at, name)| twice(at, name))
            {
                return None;
            }
            members
                .values()
                .try_fold(members.len(), |sum, inner| Some(sum + names_once(inner)?))
        }
        _ => Some(0),
    }
}

/// Reads JSON only to find a name that stands twice in one object; names that differ in case alone are one attribute.
struct Names(Option<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_str<E>(self, _: &str) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_unit<E>(self) -> Result<Names, E> {
                Ok(Names(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
                let mut twice = None;
                while let Some(Names(found)) = items.next_element()? {
                    twice = twice.or(found);
                }
                Ok(Names(twice))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Names, A::Error> {
                let (mut seen, mut twice) = (BTreeSet::new(), None);
                while let Some(name) = entries.next_key::<String>()? {
                    if !seen.insert(name.to_ascii_lowercase()) {
                        twice = twice.or(Some(name));
                    }
                    let Names(found) = entries.next_value()?;
                    twice = twice.or(found);
                }
                Ok(Names(twice))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_once_is_counted_once_wherever_it_stands() {
        for (text, once) in [
            ("{}", true),
            ("[]", true),
            (r#""a:b""#, true),
            (r#"{"a": 1}"#, true),
            (
                r#"{"a:\"b\":": ":\\", "c\\": [{"a": {}}, {"a" : "}:{"}]}"#,
                true,
            ),
            (r#"{"\u0061": 1, "b": {"a": "\\\":"}}"#, true),
            (r#"{"a": 1, "a": 1}"#, false),
            (r#"{"a": 1, "\u0061": 2}"#, false),
            (r#"{"a": 1, "A": 2}"#, false),
            (r#"[{"x": [{"b": {"c": 0, "c": {}}}]}]"#, false),
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            let counted = names_once(&value) == Some(written_names(text.as_bytes()));
            assert_eq!(counted, once, "{text}");
            let read: Names = serde_json::from_str(text).expect("JSON");
            assert_eq!(read.0.is_none(), once, "{text}");
        }
    }
}
