//! `$repeat`: many copies of one item in a list of a JSON body, for cases about limits that only the target knows, and
//! about crowds.

use serde_json::Value;

use super::template::{Lookup, TemplateError, render_json};

/// Copies that one `$repeat` makes at most: suites test limits, they are no load.
const MOST_COPIES: u64 = 2000;

/// The copies that `{"times": N, "more": M, "from": F, "item": ...}` stands for: N + M of them, `#` in their texts being the
/// number, from F or 1. A number may be text, since a captured one is. What else is to be filled in is left as it is.
pub(super) fn copies(repeat: &Value, names: &dyn Lookup) -> Result<Vec<Value>, TemplateError> {
    let number = |name: &str| -> Result<u64, TemplateError> {
        let Some(number) = repeat.get(name) else {
            return Ok(0);
        };
        Ok(match render_json(number, names)? {
            Value::String(text) => text.trim().parse().unwrap_or(0),
            number => number.as_u64().unwrap_or(0),
        })
    };
    let copies = number("times")?
        .saturating_add(number("more")?)
        .min(MOST_COPIES);
    let from = number("from")?.max(1);
    let item = repeat.get("item").unwrap_or(&Value::Null);
    Ok((0..copies)
        .map(|copy| numbered(item, from.saturating_add(copy)))
        .collect())
}

fn numbered(value: &Value, number: u64) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('#', &number.to_string())),
        Value::Array(items) => items.iter().map(|item| numbered(item, number)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.clone(), numbered(member, number)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nobody(_: &str) -> Option<Value> {
        None
    }

    #[test]
    fn copies_are_numbered_and_bounded() {
        let of = |repeat: Value| copies(&repeat, &nobody).expect("nothing to fill in");
        let three =
            of(json!({"times": "2", "more": 1, "item": {"bulkId": "b#", "data": [true, "#"]}}));
        assert_eq!(three.len(), 3);
        assert_eq!(three[2], json!({"bulkId": "b3", "data": [true, "3"]}));
        assert_eq!(
            of(json!({"times": 2, "from": 101, "item": "{{m-#.id}}"})),
            [json!("{{m-101.id}}"), json!("{{m-102.id}}")]
        );
        assert_eq!(
            of(json!({"times": u64::MAX, "more": 1, "item": 1})).len(),
            2000
        );
        assert_eq!(of(json!({})).len(), 0);
    }
}
