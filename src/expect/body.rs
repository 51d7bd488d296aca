//! Headers, body paths, emptiness and forbidden texts of an answer.

use serde_json::Value;

use super::matcher::{self, Found};
use super::words::{came, cut, wanted};
use super::{Answer, Judged, Known};
use crate::scim::{AttrPath, SchemaView, slug};
use crate::suite::model::Matcher;

/// Judges one response header.
pub(super) fn judge_header(
    name: &str,
    matcher: &Matcher,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let what = format!("header.{}", slug(&name.to_ascii_lowercase()));
    let values: Vec<Value> = answer
        .headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| Value::from(v.as_str()))
        .take(1)
        .collect();
    let values: Vec<&Value> = values.iter().collect();
    // A header is no attribute: its text is compared as it is.
    let at = AttrPath::name("$header");
    match (Found {
        values: &values,
        at: &at,
        known,
        schema,
    })
    .check(matcher, &format!("header {name}"))
    {
        Ok(()) => Judged::held(what),
        Err(mismatch) => Judged::broken(
            what,
            mismatch.message.replace("sent as", "expected"),
            mismatch.expected,
            mismatch.actual,
        ),
    }
}

/// Judges each path of the body.
pub(super) fn judge_body(
    paths: &[(String, Matcher)],
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Vec<Judged> {
    if paths.is_empty() {
        return Vec::new();
    }
    let Some(json) = answer.json else {
        // One cause, one finding: without a document every path would fail alike.
        let wanted = paths
            .iter()
            .map(|(path, m)| format!("{path} {}", wanted(m)))
            .collect::<Vec<_>>()
            .join(", ");
        let problem = if answer.body.is_empty() {
            "the answer has no body"
        } else {
            "the body is not JSON"
        };
        return vec![Judged::broken("body", problem, cut(&wanted), came(answer))];
    };
    paths
        .iter()
        .map(|(text, matcher)| judge_path(text, matcher, json, known, schema))
        .collect()
}

fn judge_path(
    text: &str,
    matcher: &Matcher,
    json: &Value,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let what = format!("body.{}", slug(text));
    let path = match AttrPath::parse(text) {
        Ok(path) => path,
        Err(error) => return Judged::broken(what, error.to_string(), wanted(matcher), ""),
    };
    match matcher::judge(matcher, json, &path, text, known, schema) {
        Ok(()) => Judged::held(what),
        Err(mismatch) => Judged::broken(what, mismatch.message, mismatch.expected, mismatch.actual),
    }
}

/// Judges whether there is a body.
pub(super) fn judge_empty(empty: bool, answer: &Answer<'_>) -> Judged {
    match (empty, answer.body.is_empty()) {
        (true, true) | (false, false) => Judged::held("empty"),
        (true, false) => Judged::broken(
            "empty",
            "the answer should have no body, but has one",
            "no body",
            came(answer),
        ),
        (false, true) => Judged::broken(
            "empty",
            "the answer should have a body, but has none",
            "a body",
            came(answer),
        ),
    }
}

/// Judges that texts occur nowhere in headers and body, in any of the spellings that JSON has for them.
pub(super) fn judge_lacks_text(texts: &[String], answer: &Answer<'_>) -> Judged {
    let body = String::from_utf8_lossy(answer.body);
    for (index, text) in texts
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
    {
        let escaped = Value::from(text.as_str()).to_string();
        let escaped = escaped.trim_matches('"');
        let decoded = answer.json.is_some_and(|json| any_text(json, text));
        let header = answer
            .headers
            .iter()
            .find(|(_, value)| value.contains(text.as_str()));
        let place = match header {
            Some((name, _)) => format!("header {}", cut(name)),
            None if decoded || body.contains(text.as_str()) || body.contains(escaped) => {
                "the body".to_owned()
            }
            None => continue,
        };
        let number = if texts.len() > 1 {
            format!(" (number {} of the list)", index + 1)
        } else {
            String::new()
        };
        // The text may be a secret: it is not repeated here.
        return Judged::broken(
            "text",
            format!("a text that must not occur in the answer occurs in {place}{number}"),
            "the text nowhere in the answer",
            format!("found in {place}"),
        );
    }
    Judged::held("text")
}

fn any_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found.contains(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, text)),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains(text) || any_text(value, text)),
        _ => false,
    }
}
