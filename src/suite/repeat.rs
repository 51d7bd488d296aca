//! `$repeat`: many copies of one item in a list of a JSON body, for cases about limits that only the target knows.

use serde_json::Value;

/// Copies that one `$repeat` makes at most: suites test limits, they are no load.
const MOST_COPIES: u64 = 2000;

/// The copies that `{"times": N, "more": M, "item": ...}` stands for: N + M of them, `#` in their texts being the number,
/// from 1. A number may be text, since a captured one is.
pub(super) fn copies(repeat: &Value) -> impl Iterator<Item = Value> {
    let number = |name: &str| match repeat.get(name) {
        Some(Value::String(text)) => text.trim().parse().unwrap_or(0),
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    };
    let copies = number("times")
        .saturating_add(number("more"))
        .min(MOST_COPIES);
    let item = repeat.get("item").unwrap_or(&Value::Null);
    (1..=copies).map(|copy| numbered(item, copy))
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

    #[test]
    fn copies_are_numbered_and_bounded() {
        let repeat =
            json!({"times": "2", "more": 1, "item": {"bulkId": "b#", "data": [true, "#"]}});
        let copies: Vec<Value> = copies(&repeat).collect();
        assert_eq!(copies.len(), 3);
        assert_eq!(copies[2], json!({"bulkId": "b3", "data": [true, "3"]}));
        assert_eq!(
            super::copies(&json!({"times": u64::MAX, "more": 1, "item": 1})).count(),
            2000
        );
        assert_eq!(super::copies(&json!({})).count(), 0);
    }
}
