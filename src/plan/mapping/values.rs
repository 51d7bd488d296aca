//! Which value a row gets, how it is written for a provider, and what must come back.

use serde_json::{Map, Value};

use super::Table;
use crate::data::mappings::{AttributeType, MappingRow};
use crate::scim::AttrPath;
use crate::suite::model::Matcher;

/// Which of a row's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    /// The first one.
    Sample,
    /// What it is changed to.
    Other,
    /// The awkward one at this place, or the last one before it, or what it is changed to.
    Awkward(usize),
}

impl Table {
    /// A row's value with its made-up parts named, so that they are the same throughout the case and differ between steps.
    pub(super) fn value(&self, row: &MappingRow, pick: Pick, name: &str) -> Value {
        if let Some(full) = self.full_name(row, pick, name) {
            return full;
        }
        rename(chosen(row, pick), name)
    }

    /// Entra makes `name.formatted` of given name and surname. A server that makes it itself is then right, too.
    fn full_name(&self, row: &MappingRow, pick: Pick, name: &str) -> Option<Value> {
        if !row.path.eq_ignore_ascii_case("name.formatted") || row.listed {
            return None;
        }
        let part = |path: &str| {
            let row = self
                .rows
                .iter()
                .find(|row| row.path.eq_ignore_ascii_case(path))?;
            let value = self.value(row, pick, name);
            value.as_str().map(str::to_owned)
        };
        Some(format!("{} {}", part("name.givenName")?, part("name.familyName")?).into())
    }

    /// What stands at the row's path once the value has arrived.
    pub(super) fn wanted(&self, row: &MappingRow, value: &Value) -> Matcher {
        if row.refers.is_some() && row.kind == AttributeType::Reference {
            // Entra writes the id as plain text where the schema describes an object with the id in `value`.
            let object = Value::Object(Map::from_iter([("value".to_owned(), value.clone())]));
            return Matcher::AnyOf(vec![Matcher::Is(object), Matcher::Is(value.clone())]);
        }
        match value {
            Value::String(number) if row.path.starts_with("phoneNumbers[") => Matcher::AnyOf(vec![
                Matcher::Is(value.clone()),
                Matcher::Matches(digits_of(number)),
            ]),
            _ => Matcher::Is(value.clone()),
        }
    }
}

fn chosen(row: &MappingRow, pick: Pick) -> &Value {
    match pick {
        Pick::Sample => &row.sample,
        Pick::Other => &row.other,
        Pick::Awkward(at) => row
            .awkward
            .get(at)
            .or(row.awkward.last())
            .unwrap_or(&row.other),
    }
}

/// The same number, however it is spelled: RFC 7643 section 4.1.2 lets a provider bring numbers into one form.
fn digits_of(number: &str) -> String {
    let mut pattern = String::from("^[^0-9]*");
    let trunk = number.replace("(0)", "t");
    for c in trunk.chars() {
        match c {
            't' => pattern.push_str("0?[^0-9]*"),
            digit if digit.is_ascii_digit() => {
                pattern.push(digit);
                pattern.push_str("[^0-9]*");
            }
            _ => {}
        }
    }
    pattern.push('$');
    pattern
}

/// `{{unique}}` becomes `{{unique.NAME}}`; names that stand already are kept.
pub(super) fn rename(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.clone();
            for word in ["unique", "guid", "hex24", "alnum17", "digits9"] {
                text = text.replace(
                    &format!("{{{{{word}}}}}"),
                    &format!("{{{{{word}.{name}}}}}"),
                );
            }
            text.into()
        }
        Value::Array(items) => items.iter().map(|item| rename(item, name)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), rename(item, name)))
            .collect(),
        other => other.clone(),
    }
}

/// What writes a row into a resource: what the provider puts beside the value in its element, then the value.
pub(super) fn settings(row: &MappingRow, value: Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    if let Some(element) = element_of(&row.path) {
        for (name, beside) in &row.element {
            all.push((format!("{element}.{name}"), beside.clone()));
        }
    }
    all.push((row.path.clone(), value));
    all
}

/// The element that a path looks into: `emails[type eq "work"]`.
pub(super) fn element_of(path: &str) -> Option<&str> {
    let end = path.find(']')?;
    path.get(..=end)
}

/// The extension that a path lies in, as it was written; none for the core schema.
pub(super) fn extension_of(path: &str) -> Option<String> {
    let urn = AttrPath::parse(path).ok()?.urn?;
    let core = urn
        .to_ascii_lowercase()
        .starts_with("urn:ietf:params:scim:schemas:core:");
    (!core).then_some(urn)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn made_up_parts_get_a_name_and_keep_the_one_they_have() {
        assert_eq!(
            rename(
                &json!({"a": ["x.{{unique}}", "{{guid.first}}"], "b": 1}),
                "m"
            ),
            json!({"a": ["x.{{unique.m}}", "{{guid.first}}"], "b": 1})
        );
    }

    #[test]
    fn a_number_is_known_in_every_spelling_and_no_other_is() {
        let pattern = regex::Regex::new(&digits_of("+31 (0)30 555 02")).expect("a pattern");
        for (number, same) in [
            ("+31 (0)30 555 02", true),
            ("tel:+31-30-555-02", true),
            ("+313055502", true),
            ("+31 30 555 03", false),
            ("+31 30 555 021", false),
        ] {
            assert_eq!(pattern.is_match(number), same, "{number}");
        }
    }

    #[test]
    fn an_extension_is_told_from_the_core_schema() {
        for (path, extension) in [
            ("title", None),
            ("urn:ietf:params:scim:schemas:core:2.0:User:badge", None),
            (
                "urn:example:harbour:2.0:User:berth",
                Some("urn:example:harbour:2.0:User"),
            ),
        ] {
            assert_eq!(extension_of(path).as_deref(), extension, "{path}");
        }
    }
}
