//! Paths as parts of ids: short, readable, and the same wherever a check, a row or a step names one.

use serde_json::Value;

use super::{AttrPath, Filter, Selector};

/// A path as part of a check id: `emails[type eq "work"].value` -> `emails.work.value`, the enterprise extension's
/// `department` -> `enterprise.department`. What is no path keeps its letters.
#[must_use]
pub fn slug(text: &str) -> String {
    let Ok(path) = AttrPath::parse(text) else {
        return plain(text);
    };
    let mut parts = Vec::new();
    match path.urn.as_deref() {
        Some(urn)
            if urn.eq_ignore_ascii_case(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ) =>
        {
            parts.push("enterprise".to_owned());
        }
        Some(urn) if !urn.to_ascii_lowercase().contains(":schemas:core:") => parts.push(plain(urn)),
        _ => {}
    }
    for segment in &path.segments {
        parts.push(plain(&segment.name));
        match &segment.selector {
            // Of a filter only what is compared with is kept: it names the element.
            Some(Selector::Filter(filter)) => parts.push(plain(&compared(filter).join("-"))),
            Some(Selector::Index(at)) => parts.push(at.to_string()),
            None => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(".")
}

fn compared(filter: &Filter) -> Vec<String> {
    match filter {
        Filter::Compare {
            value: Value::String(text),
            ..
        } => vec![text.clone()],
        Filter::Compare { value, .. } => vec![value.to_string()],
        Filter::Present { attribute } => vec![attribute.clone()],
        Filter::And(left, right) | Filter::Or(left, right) => {
            [compared(left), compared(right)].concat()
        }
        Filter::Not(inner) => [vec!["not".to_owned()], compared(inner)].concat(),
    }
}

fn plain(text: &str) -> String {
    let mapped: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    mapped.trim_matches(['.', '-']).to_owned()
}
