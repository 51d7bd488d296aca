//! Words for people: values shown short, lists joined, expectations described.
//!
//! What a target sent is shown as text in quotation marks and cut: it is never trusted to be short or tame.

use serde_json::Value;

use super::Answer;
use crate::scim::named;
use crate::suite::model::{ContainsItem, Expect, Matcher};

/// Characters of foreign text shown in a message.
const SHOWN: usize = 160;
/// Characters of foreign text shown in `actual`.
const SHOWN_BODY: usize = 600;

/// Foreign text, cut and without control characters.
pub(super) fn cut(text: &str) -> String {
    cut_at(text, SHOWN)
}

fn cut_at(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == most {
            out.push('…');
            break;
        }
        out.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    out
}

/// A JSON value as text, cut.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > SHOWN => {
            format!("\"{}\" ({} characters)", cut(text), text.chars().count())
        }
        Value::String(text) => Value::from(text.as_str()).to_string(),
        other => cut(&other.to_string()),
    }
}

/// A value or its absence.
pub(super) fn show_or_nothing(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), show)
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of(items: impl Iterator<Item = String>) -> String {
    join(items, "or")
}

/// `a`, `a and b`, `a, b and c`.
/// Names of resources that are told one by one; of a crowd the number is told.
pub(super) const MOST_NAMED: usize = 12;

pub(super) fn all_of(items: impl Iterator<Item = String>) -> String {
    join(items, "and")
}

fn join(items: impl Iterator<Item = String>, word: &str) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
    }
}

/// The status with the beginning of the body; of a list only its size, since it may hold other people's data.
pub(super) fn status_and_body(status: u16, answer: &Answer<'_>) -> String {
    if let Some(size) = answer.json.and_then(list_size) {
        return format!("{status} with {size}");
    }
    let text = String::from_utf8_lossy(answer.body);
    let text = text.trim();
    if text.is_empty() {
        status.to_string()
    } else {
        format!("{status} {}", cut_at(text, SHOWN_BODY))
    }
}

/// A list in a few words; `None` where the document is none.
fn list_size(json: &Value) -> Option<String> {
    let elements = if let Value::Array(items) = json {
        items.len()
    } else {
        named(json, "Resources")?.as_array()?.len()
    };
    let total = named(json, "totalResults")
        .map(|total| format!(", totalResults {}", show(total)))
        .unwrap_or_default();
    let word = if elements == 1 { "element" } else { "elements" };
    Some(format!("a list of {elements} {word}{total}"))
}

/// The whole answer in short.
pub(super) fn came(answer: &Answer<'_>) -> String {
    answer.status.map_or_else(
        || "no answer".to_owned(),
        |status| status_and_body(status, answer),
    )
}

/// The server's own reason in a SCIM error body, as ` ("...")`.
pub(super) fn detail_of(answer: &Answer<'_>) -> String {
    let found = |name: &str| {
        answer
            .json
            .and_then(|json| crate::scim::named(json, name))
            .and_then(Value::as_str)
    };
    match found("detail") {
        Some(text) if !text.is_empty() => format!(" (\"{}\")", cut(text)),
        _ => String::new(),
    }
}

/// An expectation in a few words.
pub fn describe(expect: &Expect) -> String {
    let mut parts = Vec::new();
    if !expect.status.is_empty() {
        parts.push(format!(
            "status {}",
            one_of(expect.status.iter().map(u16::to_string))
        ));
    }
    for (name, matcher) in &expect.headers {
        parts.push(format!("header {name} {}", wanted(matcher)));
    }
    if let Some(empty) = expect.empty {
        parts.push(if empty { "no body" } else { "a body" }.to_owned());
    }
    if let Some(error) = &expect.error {
        parts.push(if error.scim_type.is_empty() {
            "a SCIM error".to_owned()
        } else {
            format!("scimType {}", one_of(error.scim_type.iter().cloned()))
        });
    }
    for (path, matcher) in &expect.body {
        parts.push(format!("{path} {}", wanted(matcher)));
    }
    if expect.list.is_some() {
        parts.push("a list as described".to_owned());
    }
    if let Some(unchanged) = &expect.unchanged {
        parts.push(format!("{} unchanged", unchanged.of));
    }
    if !expect.lacks_text.is_empty() {
        parts.push("without the given texts".to_owned());
    }
    if !expect.either.is_empty() {
        parts.push(format!(
            "({})",
            expect
                .either
                .iter()
                .map(|a| describe(&a.expect))
                .collect::<Vec<_>>()
                .join(" or ")
        ));
    }
    if parts.is_empty() {
        "any answer".to_owned()
    } else {
        parts.join(", ")
    }
}

/// A matcher in a few words, to follow the name of a value.
pub(super) fn wanted(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Is(value) if crate::scim::is_unassigned(value) => "without a value".to_owned(),
        Matcher::Is(value) => show(value),
        Matcher::Exactly(value) => format!("exactly {}", show(value)),
        Matcher::Present => "present".to_owned(),
        Matcher::Absent => "absent".to_owned(),
        Matcher::Empty => "empty".to_owned(),
        Matcher::Type(kind) => format!("of type {kind}"),
        Matcher::Matches(pattern) => format!("matching /{}/", cut(pattern)),
        Matcher::AnyOf(items) => one_of(items.iter().map(wanted)),
        Matcher::Not(inner) => format!("not {}", wanted(inner)),
        Matcher::All(items) => all_of(items.iter().map(wanted)),
        Matcher::Contains(item) => format!("containing {}", item_wanted(item)),
        Matcher::Lacks(item) => format!("without {}", item_wanted(item)),
        Matcher::Count(1) => "1 element".to_owned(),
        Matcher::Count(count) => format!("{count} elements"),
        Matcher::Ids(names) if names.is_empty() => "nobody".to_owned(),
        Matcher::Ids(names) if names.len() > MOST_NAMED => format!(
            "exactly {}, ... and {}, {} in all",
            names[0],
            names[names.len() - 1],
            names.len()
        ),
        Matcher::Ids(names) => format!("exactly {}", all_of(names.iter().cloned())),
        Matcher::Any => "anything".to_owned(),
    }
}

pub(super) fn item_wanted(item: &ContainsItem) -> String {
    match item {
        ContainsItem::Value(value) => show(value),
        ContainsItem::Element(paths) => {
            format!(
                "{{{}}}",
                paths
                    .iter()
                    .map(|(path, m)| format!("{path}: {}", wanted(m)))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
    }
}
