//! ListResponses (RFC 7644 section 3.4.2): who is in it, how many, in which order.

use serde_json::Value;

use super::matcher;
use super::words::{all_of, came, show, show_or_nothing};
use super::{Answer, Judged, Known};
use crate::scim::{AttrPath, SchemaView, named};
use crate::suite::model::{ListExpect, Matcher};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Judges a list. The first thing that is wrong decides, since the rest follows from it.
pub(super) fn judge(
    wanted: &ListExpect,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    match find_fault(wanted, answer, known, schema) {
        None => Judged::held("list"),
        Some(Fault {
            message,
            expected,
            actual,
        }) => Judged::broken(
            "list",
            message,
            expected,
            actual.unwrap_or_else(|| came(answer)),
        ),
    }
}

struct Fault {
    message: String,
    expected: String,
    actual: Option<String>,
}

fn fault(message: impl Into<String>, expected: impl Into<String>) -> Option<Fault> {
    Some(Fault {
        message: message.into(),
        expected: expected.into(),
        actual: None,
    })
}

fn find_fault(
    wanted: &ListExpect,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Option<Fault> {
    let Some(json) = answer.json else {
        return fault(
            if answer.body.is_empty() {
                "the answer has no body"
            } else {
                "the body is not JSON"
            },
            "a ListResponse",
        );
    };
    if json.is_array() {
        return fault(
            "the list came as a bare array, not as a ListResponse",
            "a ListResponse",
        );
    }
    let schemas = named(json, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|list| {
        list.iter()
            .any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(LIST)))
    }) {
        let message = match named(json, "schemas") {
            None => "the answer has no schemas: it is no ListResponse".to_owned(),
            Some(schemas) => format!("schemas is {}, expected [\"{LIST}\"]", show(schemas)),
        };
        return fault(message, "a ListResponse");
    }
    let resources = named(json, "Resources").filter(|v| !v.is_null());
    let items: &[Value] = match resources {
        // With zero hits Resources may be left out (RFC 7644 section 3.4.2).
        None => &[],
        Some(Value::Array(items)) => items,
        Some(other) => {
            return fault(
                format!(
                    "Resources is of type {}, expected an array",
                    matcher::type_of(other)
                ),
                "an array",
            );
        }
    };
    let ids: Vec<Option<&str>> = items
        .iter()
        .map(|item| named(item, "id").and_then(Value::as_str))
        .collect();
    members(wanted, known, &ids)
        .or_else(|| total(wanted, json))
        .or_else(|| {
            let most = wanted.at_most?;
            (items.len() as u64 > most).then(|| {
                fault(
                    format!(
                        "{} elements came, at most {most} were asked for",
                        items.len()
                    ),
                    format!("at most {most}"),
                )
            })?
        })
        .or_else(|| order(wanted, known, &ids))
        .or_else(|| elements(wanted, items, &ids, known, schema))
}

fn members(wanted: &ListExpect, known: &dyn Known, ids: &[Option<&str>]) -> Option<Fault> {
    let times = |id: &str| ids.iter().filter(|found| **found == Some(id)).count();
    let (mut missing, mut twice, mut unwanted) = (Vec::new(), Vec::new(), Vec::new());
    for name in wanted.has.iter().chain(wanted.only.iter().flatten()) {
        let Some(id) = known.id(name) else {
            return fault(format!("{name} has no id: it was not made"), "its id");
        };
        match times(id) {
            0 => missing.push(name.clone()),
            1 => {}
            _ => twice.push(name.clone()),
        }
    }
    for name in &wanted.lacks {
        if known.id(name).is_some_and(|id| times(id) > 0) {
            unwanted.push(name.clone());
        }
    }
    missing.dedup();
    if !missing.is_empty() {
        let others = match ids.len() {
            0 => "it is empty".to_owned(),
            1 => "it has 1 other element".to_owned(),
            many => format!("it has {many} other elements"),
        };
        return fault(
            format!(
                "{} is not in the list; {others}",
                all_of(missing.clone().into_iter())
            ),
            format!("{} in the list", all_of(missing.into_iter())),
        );
    }
    if !twice.is_empty() {
        return fault(
            format!(
                "{} is in the list more than once",
                all_of(twice.into_iter())
            ),
            "each resource once",
        );
    }
    if !unwanted.is_empty() {
        return fault(
            format!(
                "{} is in the list, but should not be",
                all_of(unwanted.clone().into_iter())
            ),
            format!("a list without {}", all_of(unwanted.into_iter())),
        );
    }
    let only = wanted.only.as_ref()?;
    let foreign: Vec<&Option<&str>> = ids
        .iter()
        .filter(|id| {
            !only
                .iter()
                .any(|name| id.is_some() && known.id(name) == **id)
        })
        .collect();
    if foreign.is_empty() {
        return None;
    }
    let own = foreign
        .iter()
        .filter(|id| id.is_some_and(|id| known.is_own(id)))
        .count();
    let who = match (own, foreign.len() - own) {
        (own, 0) => format!("{own} other of our resources"),
        (0, strangers) => format!("{strangers} that the run did not make"),
        (own, strangers) => {
            format!("{own} other of our resources and {strangers} that the run did not make")
        }
    };
    // Nothing of strangers is repeated: the ids stay out of the report.
    Some(Fault {
        message: format!("the filter also finds resources that it should not: {who}"),
        expected: if only.is_empty() {
            "an empty list".to_owned()
        } else {
            format!("only {}", all_of(only.iter().cloned()))
        },
        actual: Some(format!(
            "{} in the list, {} of them unexpected",
            ids.len(),
            foreign.len()
        )),
    })
}

fn total(wanted: &ListExpect, json: &Value) -> Option<Fault> {
    let total = wanted.total?;
    let found = named(json, "totalResults");
    if found.and_then(Value::as_u64) == Some(total) {
        return None;
    }
    fault(
        format!(
            "totalResults is {}, expected {total}",
            show_or_nothing(found)
        ),
        format!("totalResults {total}"),
    )
}

fn order(wanted: &ListExpect, known: &dyn Known, ids: &[Option<&str>]) -> Option<Fault> {
    let mut last: Option<(usize, &str)> = None;
    for name in &wanted.order {
        let id = known.id(name)?;
        let Some(position) = ids.iter().position(|found| *found == Some(id)) else {
            return fault(
                format!("{name} is not in the list"),
                format!("{name} in the list"),
            );
        };
        if let Some((before, earlier)) = last
            && position < before
        {
            return fault(
                format!(
                    "{name} comes before {earlier}, expected the order {}",
                    wanted.order.join(", ")
                ),
                format!("the order {}", wanted.order.join(", ")),
            );
        }
        last = Some((position, name));
    }
    None
}

fn elements(
    wanted: &ListExpect,
    items: &[Value],
    ids: &[Option<&str>],
    known: &dyn Known,
    schema: &SchemaView,
) -> Option<Fault> {
    let check = |element: &Value, paths: &[(String, Matcher)], who: &str| {
        paths.iter().find_map(|(text, matcher)| {
            let path = match AttrPath::parse(text) {
                Ok(path) => path,
                Err(error) => return fault(error.to_string(), "a path"),
            };
            let mismatch = matcher::judge(
                matcher,
                element,
                &path,
                &format!("{text} of {who}"),
                known,
                schema,
            )
            .err()?;
            Some(Fault {
                message: mismatch.message,
                expected: mismatch.expected,
                actual: Some(mismatch.actual),
            })
        })
    };
    for (name, paths) in &wanted.items {
        let id = known.id(name)?;
        let Some(position) = ids.iter().position(|found| *found == Some(id)) else {
            return fault(
                format!("{name} is not in the list"),
                format!("{name} in the list"),
            );
        };
        if let Some(found) = check(&items[position], paths, name) {
            return Some(found);
        }
    }
    if wanted.each.is_empty() {
        return None;
    }
    items
        .iter()
        .enumerate()
        .find_map(|(index, item)| check(item, &wanted.each, &format!("element {}", index + 1)))
}
