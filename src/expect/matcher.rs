//! Whether the values at a path are what a matcher demands, and how to say so where they are not.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;
use serde_json::Value;

use super::Known;
use super::words::{MOST_NAMED, all_of, cut, item_wanted, show, show_or_nothing, wanted};
use crate::scim::{AttrPath, SchemaView, equal, get, instant, is_unassigned, named};
use crate::suite::model::{ContainsItem, Matcher};

/// The values that a path led to, with what is needed to judge them.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    /// The values, as `scim::get` gives them.
    pub(super) values: &'a [&'a Value],
    /// Where they stand, for their schema.
    pub(super) at: &'a AttrPath,
    pub(super) known: &'a dyn Known,
    pub(super) schema: &'a SchemaView,
}

/// Why a matcher does not hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mismatch {
    /// A sentence that begins with the place.
    pub(super) message: String,
    pub(super) expected: String,
    pub(super) actual: String,
}

/// Judges a matcher at a path of a document. `place` is how messages call the place.
pub(super) fn judge(
    matcher: &Matcher,
    document: &Value,
    path: &AttrPath,
    place: &str,
    known: &dyn Known,
    schema: &SchemaView,
) -> Result<(), Mismatch> {
    let values = get(document, path);
    let bare = path.bare();
    let found = Found {
        values: &values,
        at: &bare,
        known,
        schema,
    };
    match found.check(matcher, place) {
        Ok(()) => Ok(()),
        Err(mismatch) => Err(mismatch),
    }
}

impl Found<'_> {
    /// Judges one matcher.
    pub(super) fn check(&self, matcher: &Matcher, place: &str) -> Result<(), Mismatch> {
        let broken = |message: String| {
            Err(Mismatch {
                message,
                expected: wanted(matcher),
                actual: self.shown(),
            })
        };
        match matcher {
            Matcher::Any => Ok(()),
            Matcher::Is(value) => self.check_is(value, place),
            Matcher::Exactly(value) => {
                if self.values.len() == 1 && self.values[0] == value {
                    return Ok(());
                }
                broken(self.came_back(place, &format!("expected exactly {}", show(value))))
            }
            Matcher::Present if self.assigned().next().is_some() => Ok(()),
            Matcher::Present => broken(format!("{place} is missing")),
            Matcher::Absent if self.assigned().next().is_none() => Ok(()),
            Matcher::Absent => broken(format!("{place} should be absent, but is {}", self.shown())),
            Matcher::Empty if self.assigned().all(|value| empty(value)) => Ok(()),
            Matcher::Empty => broken(format!("{place} should be empty, but is {}", self.shown())),
            Matcher::Type(kind) => match self.values.iter().find(|value| !has_type(value, kind)) {
                None if !self.values.is_empty() => Ok(()),
                None => broken(format!(
                    "{place} is missing, expected {} {kind}",
                    article(kind)
                )),
                Some(value) => broken(format!(
                    "{place} is {}, {}, not {} {kind}",
                    show(value),
                    with_article(type_of(value)),
                    article(kind)
                )),
            },
            Matcher::Matches(pattern) => {
                let Ok(regex) = RegexBuilder::new(pattern).size_limit(1 << 20).build() else {
                    return broken(format!(
                        "the suite's expression /{}/ is no regular expression",
                        cut(pattern)
                    ));
                };
                let holds =
                    |value: &&Value| value.as_str().is_some_and(|text| regex.is_match(text));
                if !self.values.is_empty() && self.values.iter().all(holds) {
                    return Ok(());
                }
                broken(self.came_back(place, &format!("which does not match /{}/", cut(pattern))))
            }
            Matcher::AnyOf(items) => {
                if items.iter().any(|item| self.check(item, place).is_ok()) {
                    return Ok(());
                }
                broken(self.came_back(place, &format!("expected {}", wanted(matcher))))
            }
            Matcher::All(items) => items.iter().try_for_each(|item| self.check(item, place)),
            Matcher::Not(inner) => {
                if self.check(inner, place).is_err() {
                    return Ok(());
                }
                broken(format!("{place} should not be {}", wanted(inner)))
            }
            Matcher::Contains(item) => {
                if self.contains(item) {
                    return Ok(());
                }
                broken(match self.part(item) {
                    Some(part) => {
                        format!("{place} does not contain {part}: it is {}", self.shown())
                    }
                    None => format!("{place} has no {}", item_named(item)),
                })
            }
            Matcher::Lacks(item) => {
                if !self.contains(item) {
                    return Ok(());
                }
                broken(match self.part(item) {
                    Some(part) => format!("{place} contains {part}: it is {}", self.shown()),
                    None => format!("{place} still has an {}", item_named(item)),
                })
            }
            Matcher::Count(count) => {
                let came = self.elements().count() as u64;
                if came == *count {
                    return Ok(());
                }
                broken(format!(
                    "{place} has {came} {}, expected {count}",
                    if came == 1 { "element" } else { "elements" }
                ))
            }
            Matcher::Ids(names) => self.check_ids(names, place, matcher),
        }
    }

    fn check_is(&self, value: &Value, place: &str) -> Result<(), Mismatch> {
        let mismatch = |message: String| {
            Err(Mismatch {
                message,
                expected: show(value),
                actual: self.shown(),
            })
        };
        if is_unassigned(value) {
            return match self.assigned().next() {
                None => Ok(()),
                Some(_) => mismatch(format!(
                    "{place} should have no value, but is {}",
                    self.shown()
                )),
            };
        }
        let wrong = self
            .values
            .iter()
            .find(|found| !equal(value, found, self.at, self.schema));
        if wrong.is_none() && !self.values.is_empty() {
            // One value was asked for: a second one is an element that was appended where one should have been replaced.
            return match self.values {
                [_] => Ok(()),
                several => mismatch(format!(
                    "{place} came back {} times, expected once",
                    several.len()
                )),
            };
        }
        if self.values.len() == 1 && multi_of_one(self.values[0], value, self) {
            return Ok(());
        }
        let Some(wrong) = wrong.filter(|v| !is_unassigned(v)) else {
            return mismatch(format!("{place} is missing, expected {}", show(value)));
        };
        if type_of(wrong) != type_of(value) && !wrong.is_array() {
            return mismatch(format!(
                "{place} came back as {} ({}), sent as {} ({})",
                show(wrong),
                type_of(wrong),
                show(value),
                type_of(value)
            ));
        }
        mismatch(format!(
            "{place} came back as {}, sent as {}",
            self.shown(),
            show(value)
        ))
    }

    fn check_ids(&self, names: &[String], place: &str, matcher: &Matcher) -> Result<(), Mismatch> {
        let broken = |message: String| {
            Err(Mismatch {
                message,
                expected: wanted(matcher),
                actual: self.shown(),
            })
        };
        let mut came: Vec<&str> = Vec::new();
        for element in self.elements() {
            let value = if element.is_object() {
                named(element, "value")
            } else {
                Some(element)
            };
            match value.and_then(Value::as_str) {
                Some(id) => came.push(id),
                None => {
                    return broken(format!(
                        "{place} has an element whose value is {}, not an id",
                        show_or_nothing(value)
                    ));
                }
            }
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &came {
            *times.entry(id).or_default() += 1;
        }
        let mut missing = Vec::new();
        let mut meant: BTreeSet<&str> = BTreeSet::new();
        for name in names {
            let Some(id) = self.known.id(name) else {
                return broken(format!("{name} has no id: it was not made"));
            };
            meant.insert(id);
            match times.get(id) {
                None => missing.push(name.clone()),
                Some(1) => {}
                Some(times) => return broken(format!("{place} has {name} {times} times")),
            }
        }
        if missing.len() > MOST_NAMED {
            let more = missing.len() - MOST_NAMED;
            missing.truncate(MOST_NAMED);
            missing.push(format!("{more} more"));
        }
        let foreign: Vec<String> = came
            .iter()
            .filter(|id| !meant.contains(**id))
            .map(|id| format!("\"{}\"", cut(id)))
            .collect();
        match (missing.is_empty(), foreign.is_empty()) {
            (true, true) => Ok(()),
            (false, true) => broken(format!("{place} lacks {}", all_of(missing.into_iter()))),
            (true, false) => broken(format!(
                "{place} has {}, expected {}",
                all_of(foreign.into_iter().take(5)),
                wanted(matcher)
            )),
            (false, false) => broken(format!(
                "{place} lacks {} and has {} instead",
                all_of(missing.into_iter()),
                all_of(foreign.into_iter().take(5))
            )),
        }
    }

    fn contains(&self, item: &ContainsItem) -> bool {
        match item {
            ContainsItem::Value(wanted) => {
                self.elements().any(|element| {
                    let value = if element.is_object() && !wanted.is_object() {
                        named(element, "value").unwrap_or(element)
                    } else {
                        element
                    };
                    equal(
                        wanted,
                        value,
                        &if element.is_object() {
                            self.at.child("value")
                        } else {
                            self.at.clone()
                        },
                        self.schema,
                    )
                }) || matches!((self.values, wanted), ([Value::String(text)], Value::String(part)) if text.contains(part.as_str()))
            }
            ContainsItem::Element(paths) => self.elements().any(|element| {
                paths.iter().all(|(sub, matcher)| {
                    let Ok(path) = AttrPath::parse(sub) else {
                        return false;
                    };
                    let values = if element.is_object() {
                        get(element, &path)
                    } else if sub.eq_ignore_ascii_case("value") {
                        vec![element]
                    } else {
                        Vec::new()
                    };
                    let mut at = self.at.clone();
                    at.segments.extend(path.bare().segments);
                    Found {
                        values: &values,
                        at: &at,
                        ..*self
                    }
                    .check(matcher, sub)
                    .is_ok()
                })
            }),
        }
    }

    /// The text that is looked for in a text, where both are that.
    fn part(&self, item: &ContainsItem) -> Option<String> {
        match (item, self.values) {
            (ContainsItem::Value(part), [Value::String(_)]) => Some(show(part)),
            _ => None,
        }
    }

    /// The elements of what was found: of arrays theirs, else the values themselves.
    fn elements(&self) -> impl Iterator<Item = &Value> {
        self.values
            .iter()
            .flat_map(|value| {
                if let Value::Array(items) = value {
                    items.as_slice()
                } else {
                    std::slice::from_ref(*value)
                }
            })
            .filter(|value| !value.is_null())
    }

    fn assigned(&self) -> impl Iterator<Item = &&Value> {
        self.values.iter().filter(|value| !is_unassigned(value))
    }

    fn shown(&self) -> String {
        match self.values {
            [] => "nothing".to_owned(),
            [one] => show(one),
            several => cut(&several
                .iter()
                .map(|v| show(v))
                .collect::<Vec<_>>()
                .join(", ")),
        }
    }

    fn came_back(&self, place: &str, rest: &str) -> String {
        if self.assigned().next().is_none() {
            return format!("{place} is missing, {}", rest.trim_start_matches("which "));
        }
        format!("{place} came back as {}, {rest}", self.shown())
    }
}

/// One complex value asked for, a multi-valued attribute of just one element found: `manager` as an array is wrong,
/// but a suite may name the only element of `emails` as an object.
fn multi_of_one(found: &Value, wanted: &Value, at: &Found<'_>) -> bool {
    let multi = at.schema.attribute(at.at).is_some_and(|a| a.multi_valued);
    matches!(found.as_array().map(Vec::as_slice), Some([one]) if multi && !wanted.is_array() && equal(wanted, one, at.at, at.schema))
}

fn item_named(item: &ContainsItem) -> String {
    match item {
        ContainsItem::Element(_) => format!("element with {}", item_wanted(item)),
        ContainsItem::Value(_) => format!("element {}", item_wanted(item)),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(empty),
        Value::Object(map) => map.values().all(empty),
        Value::Null => true,
        _ => false,
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "dateTime" => value.as_str().is_some_and(|text| instant(text).is_some()),
        "uri" => value.as_str().is_some_and(|text| {
            text.split_once(':').is_some_and(|(scheme, rest)| {
                !rest.is_empty()
                    && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            }) && !text.contains(char::is_whitespace)
        }),
        _ => false,
    }
}

pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn with_article(kind: &str) -> String {
    if kind == "null" {
        kind.to_owned()
    } else {
        format!("{} {kind}", article(kind))
    }
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'i', 'o']) {
        "an"
    } else {
        "a"
    }
}
