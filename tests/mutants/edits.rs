//! What a mutation does to JSON and to a query: pure functions, without knowledge of HTTP.

use serde_json::{Map, Value, json};

use crate::grammar::{Bulk, ENTERPRISE, Edit, List, Ops, Query, Refusal};

/// The actual spelling of a member's name.
fn spelt(of: &Map<String, Value>, name: &str) -> Option<String> {
    of.keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
}

/// Edits what is at a path, in every element of the lists on the way.
pub(crate) fn edit(of: &mut Value, path: &[&str], how: Edit) {
    match (of, path) {
        (Value::Array(elements), _) => {
            for element in elements {
                edit(element, path, how);
            }
        }
        (Value::Object(map), [name]) => act(map, name, how),
        (Value::Object(map), [name, rest @ ..]) => {
            if let Some(inner) = spelt(map, name).and_then(|key| map.get_mut(&key)) {
                edit(inner, rest, how);
            }
        }
        _ => {}
    }
}

fn act(map: &mut Map<String, Value>, name: &str, how: Edit) {
    if how == Edit::NullBeside {
        map.entry("profileUrl").or_insert(Value::Null);
        return;
    }
    let Some(key) = spelt(map, name) else { return };
    match how {
        Edit::Drop => {
            map.remove(&key);
        }
        Edit::Rename => {
            if let Some(value) = map.remove(&key) {
                map.insert(format!("{key}Value"), value);
            }
        }
        _ => {
            if let Some(value) = map.get_mut(&key) {
                *value = changed(value.take(), how);
            }
        }
    }
}

fn changed(value: Value, how: Edit) -> Value {
    match (how, value) {
        (Edit::Retype, Value::Bool(yes)) => json!(if yes { "True" } else { "False" }),
        (Edit::Retype, Value::String(text)) => json!({ "value": text }),
        (Edit::Retype, Value::Number(number)) => json!(number.to_string()),
        (Edit::Retype, Value::Array(elements)) => {
            elements.into_iter().next().unwrap_or(Value::Null)
        }
        (Edit::Retype, Value::Object(map)) => json!(Value::Object(map).to_string()),
        (Edit::Empty, Value::String(_)) => json!(""),
        (Edit::Empty, Value::Array(_)) => json!([]),
        (Edit::Empty, Value::Object(_)) => json!({}),
        (Edit::Empty, _) => Value::Null,
        (Edit::Duplicate, Value::Array(mut elements)) => {
            elements.extend(elements.first().cloned());
            Value::Array(elements)
        }
        (Edit::FirstOnly, Value::Array(mut elements)) => {
            elements.truncate(1);
            Value::Array(elements)
        }
        (Edit::LastLost, Value::Array(mut elements)) => {
            elements.pop();
            Value::Array(elements)
        }
        (Edit::Reverse, Value::Array(mut elements)) => {
            elements.reverse();
            Value::Array(elements)
        }
        (Edit::Upper, Value::String(text)) => json!(text.to_uppercase()),
        (Edit::Pad, Value::String(text)) => json!(format!("{text} ")),
        (Edit::Truncate, Value::String(text)) => {
            let half = text.chars().count().div_ceil(2);
            json!(text.chars().take(half).collect::<String>())
        }
        (Edit::Ascii, Value::String(text)) => {
            let plain = |c: char| if c.is_ascii() { c } else { '?' };
            json!(text.chars().map(plain).collect::<String>())
        }
        (Edit::Other, Value::Bool(yes)) => json!(!yes),
        (Edit::Other, Value::String(text)) => match text.strip_prefix("20") {
            Some(rest) if text.contains('T') => json!(format!("19{rest}")),
            _ => json!(format!("{text}0")),
        },
        (Edit::Other, Value::Number(number)) => json!(number.as_i64().unwrap_or_default() + 1),
        (Edit::Wrap, value) => json!([value]),
        (_, value) => value,
    }
}

/// `urn:...:User:manager.value`, `emails[type eq "work"].value` as names; value filters are left out.
pub(crate) fn names(path: &str) -> Vec<String> {
    let lower = path.to_ascii_lowercase();
    let mut names = Vec::new();
    let mut rest = path;
    if lower.starts_with(&ENTERPRISE.to_ascii_lowercase()) {
        names.push(ENTERPRISE.to_owned());
        rest = path[ENTERPRISE.len()..].trim_start_matches(':');
    } else if lower.starts_with("urn:") {
        rest = path.rsplit(':').next().unwrap_or_default();
    }
    let mut depth = 0usize;
    let bare: String = rest
        .chars()
        .filter(|c| {
            let was = depth;
            depth = match c {
                '[' => depth + 1,
                ']' => depth.saturating_sub(1),
                _ => depth,
            };
            was == 0 && depth == 0
        })
        .collect();
    names.extend(
        bare.split('.')
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
    );
    names
}

/// The operations of a PATCH or bulk body.
pub(crate) fn operations(body: &mut Value) -> Option<&mut Vec<Value>> {
    let map = body.as_object_mut()?;
    let key = spelt(map, "Operations")?;
    map.get_mut(&key)?.as_array_mut()
}

/// Edits what the operations of a PATCH say about an attribute.
pub(crate) fn edit_patch(body: &mut Value, path: &[&str], how: Edit) {
    let joined = match path {
        [ENTERPRISE, rest @ ..] if !rest.is_empty() => format!("{ENTERPRISE}:{}", rest.join(".")),
        _ => path.join("."),
    };
    let Some(operations) = operations(body) else {
        return;
    };
    for operation in operations {
        let Some(map) = operation.as_object_mut() else {
            continue;
        };
        let said = map
            .get("path")
            .and_then(Value::as_str)
            .map(names)
            .unwrap_or_default();
        if said.is_empty() {
            if let Some(value) = map.get_mut("value") {
                edit(value, path, how);
                if path.len() > 1 {
                    edit(value, &[&joined], how);
                }
            }
            continue;
        }
        let about = said.len() <= path.len()
            && said
                .iter()
                .zip(path)
                .all(|(a, b)| a.eq_ignore_ascii_case(b));
        if !about {
            continue;
        }
        match &path[said.len()..] {
            [] if how == Edit::Drop => {
                map.insert("path".to_owned(), json!("timezone"));
                map.insert("op".to_owned(), json!("remove"));
                map.remove("value");
            }
            [] => act(map, "value", how),
            rest => {
                if let Some(value) = map.get_mut("value") {
                    edit(value, rest, how);
                }
            }
        }
    }
}

/// Changes the operations of a PATCH.
pub(crate) fn change_operations(body: &mut Value, how: Ops) {
    let Some(all) = operations(body) else { return };
    match how {
        Ops::LoseFirst if all.len() > 1 => {
            all.remove(0);
        }
        Ops::LoseLast if all.len() > 1 => {
            all.pop();
        }
        Ops::OnlyFirst => all.truncate(1),
        Ops::Reverse => all.reverse(),
        Ops::LoseRemoves => {
            let kept: Vec<Value> = all.iter().filter(|op| !is(op, "remove")).cloned().collect();
            if !kept.is_empty() {
                *all = kept;
            }
        }
        _ => {
            for operation in all {
                change_operation(operation, how);
            }
        }
    }
}

fn is(operation: &Value, name: &str) -> bool {
    operation["op"]
        .as_str()
        .is_some_and(|op| op.eq_ignore_ascii_case(name))
}

fn change_operation(operation: &mut Value, how: Ops) {
    let path = operation["path"].as_str().unwrap_or_default().to_owned();
    let mut new_path = None;
    match how {
        Ops::AddAsReplace if is(operation, "add") => operation["op"] = json!("replace"),
        Ops::ReplaceAsAdd if is(operation, "replace") => operation["op"] = json!("add"),
        Ops::PathToParent => new_path = path.rsplit_once('.').map(|(parent, _)| parent.to_owned()),
        Ops::LoseSubAttribute => {
            new_path = path.find("].").map(|at| path[..=at].to_owned());
        }
        Ops::LoseValueFilter | Ops::RemoveAll
            if path.contains('[') && (how == Ops::LoseValueFilter || is(operation, "remove")) =>
        {
            let before = path.split('[').next().unwrap_or_default();
            let after = path.rsplit(']').next().unwrap_or_default();
            new_path = Some(format!("{before}{after}"));
        }
        Ops::RemoveAll if is(operation, "remove") => {
            if let Some(map) = operation.as_object_mut() {
                map.remove("value");
            }
        }
        Ops::InvertValueFilter => new_path = Some(path.replacen(" eq ", " ne ", 1)),
        Ops::LosePath if operation["value"].is_object() => new_path = Some(String::new()),
        Ops::FirstValueOnly | Ops::LastValueLost => {
            if let Some(values) = operation.get_mut("value").and_then(Value::as_array_mut)
                && values.len() > 1
            {
                let kept = if how == Ops::FirstValueOnly {
                    1
                } else {
                    values.len() - 1
                };
                values.truncate(kept);
            }
        }
        _ => {}
    }
    if let (Some(new), false, Some(map)) = (new_path, path.is_empty(), operation.as_object_mut()) {
        if new.is_empty() {
            map.remove("path");
        } else {
            map.insert("path".to_owned(), json!(new));
        }
    }
}

/// Changes the parameters of a query; values are plain text.
pub(crate) fn change_query(parameters: &mut Vec<(String, String)>, how: Query) {
    let number = |parameters: &mut Vec<(String, String)>, name: &str, by: i64| {
        for (key, value) in parameters {
            if key == name
                && let Ok(number) = value.parse::<i64>()
            {
                *value = (number + by).to_string();
            }
        }
    };
    match how {
        Query::Lose(name) => parameters.retain(|(key, _)| key != name),
        Query::StartPlus(by) => number(parameters, "startIndex", by),
        Query::CountPlus(by) => number(parameters, "count", by),
        Query::SortFlipped => {
            if parameters.iter().any(|(key, _)| key == "sortBy") {
                let down = parameters
                    .iter()
                    .any(|(key, value)| key == "sortOrder" && value == "descending");
                parameters.retain(|(key, _)| key != "sortOrder");
                let other = if down { "ascending" } else { "descending" };
                parameters.push(("sortOrder".to_owned(), other.to_owned()));
            }
        }
        _ => {
            for (key, value) in parameters {
                if key == "filter" {
                    *value = change_filter(value, how);
                }
            }
        }
    }
}

fn change_filter(filter: &str, how: Query) -> String {
    if how == Query::FirstClause {
        let plain = !filter.contains(['[', '(']);
        let cut = filter.to_ascii_lowercase().find(" and ").filter(|_| plain);
        return cut.map_or(filter, |at| &filter[..at]).to_owned();
    }
    let pieces: Vec<String> = filter
        .split('"')
        .enumerate()
        .map(|(position, piece)| match how {
            Query::Word(from, to) if position % 2 == 0 => reworded(piece, from, to),
            Query::ValueUpper if position % 2 == 1 => piece.to_uppercase(),
            Query::ValueTruncated if position % 2 == 1 && piece.chars().count() > 1 => {
                let kept = piece.chars().count() - 1;
                piece.chars().take(kept).collect()
            }
            _ => piece.to_owned(),
        })
        .collect();
    pieces.join("\"")
}

fn reworded(text: &str, from: &str, to: &str) -> String {
    let word = |word: &str| {
        if word.eq_ignore_ascii_case(from) {
            to.to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Changes a list. `stranger` is a resource that does not belong there.
pub(crate) fn change_list(body: &mut Value, how: List, stranger: Option<Value>) {
    let Some(map) = body.as_object_mut() else {
        return;
    };
    let plus = |map: &mut Map<String, Value>, key: &str, by: i64| {
        if let Some(number) = map.get(key).and_then(Value::as_i64) {
            map.insert(key.to_owned(), json!(number + by));
        }
    };
    let own = |map: &Map<String, Value>| {
        map.get("Resources")
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    let elements = map.get_mut("Resources").and_then(Value::as_array_mut);
    match (how, elements) {
        (List::LoseLast, Some(elements)) => {
            elements.pop();
        }
        (List::LoseFirst, Some(elements)) if !elements.is_empty() => {
            elements.remove(0);
        }
        (List::RepeatFirst, Some(elements)) => elements.extend(elements.first().cloned()),
        (List::Nobody, Some(elements)) => {
            elements.clear();
            map.insert("totalResults".to_owned(), json!(0));
        }
        (List::Stranger, Some(elements)) => elements.extend(stranger),
        (List::Reverse, Some(elements)) => elements.reverse(),
        (List::SwapIds, Some(elements)) if elements.len() > 1 => {
            let (first, second) = (elements[0]["id"].take(), elements[1]["id"].take());
            elements[0]["id"] = second;
            elements[1]["id"] = first;
        }
        (List::IdsAlike, Some(elements)) if elements.len() > 1 => {
            elements[1]["id"] = elements[0]["id"].clone();
        }
        (List::Bare, Some(elements)) => *body = Value::Array(std::mem::take(elements)),
        (List::TotalPlus(by), _) => plus(map, "totalResults", by),
        (List::PerPagePlus(by), _) => plus(map, "itemsPerPage", by),
        (List::StartPlus(by), _) => plus(map, "startIndex", by),
        (List::TotalIsPage, _) => {
            let own = own(map);
            map.insert("totalResults".to_owned(), json!(own));
        }
        (List::TotalAsText, _) => {
            if let Some(total) = map.get_mut("totalResults") {
                *total = json!(total.to_string());
            }
        }
        (List::LoseSchemas, _) => {
            map.remove("schemas");
        }
        (List::LoseTotal, _) => {
            map.remove("totalResults");
        }
        (List::RenameResources, _) => {
            if let Some(elements) = map.remove("Resources") {
                map.insert("items".to_owned(), elements);
            }
        }
        _ => {}
    }
}

/// Changes the body of an error.
pub(crate) fn change_refusal(body: &mut Value, how: Refusal) {
    let Some(map) = body.as_object_mut() else {
        return;
    };
    match how {
        Refusal::LoseSchemas => {
            map.remove("schemas");
        }
        Refusal::LoseStatus => {
            map.remove("status");
        }
        Refusal::StatusAsNumber => {
            let number = map
                .get("status")
                .and_then(Value::as_str)
                .and_then(|s| s.parse::<u16>().ok());
            if let Some(number) = number {
                map.insert("status".to_owned(), json!(number));
            }
        }
        Refusal::OtherScimType => {
            map.insert("scimType".to_owned(), json!("tooMany"));
        }
        Refusal::LoseScimType => {
            map.remove("scimType");
        }
        Refusal::OtherDetail => {
            map.insert("detail".to_owned(), json!("no"));
        }
        Refusal::NoBody | Refusal::Html => {}
    }
}

/// Changes a bulk request.
pub(crate) fn change_bulk_request(body: &mut Value, how: Bulk) {
    match how {
        Bulk::LoseLast => {
            if let Some(all) = operations(body) {
                all.pop();
            }
        }
        Bulk::NeverStops => {
            if let Some(map) = body.as_object_mut() {
                map.remove("failOnErrors");
            }
        }
        _ => {}
    }
}

/// Changes a bulk answer.
pub(crate) fn change_bulk_answer(body: &mut Value, how: Bulk) {
    if how == Bulk::LoseSchemas
        && let Some(map) = body.as_object_mut()
    {
        map.remove("schemas");
    }
    let Some(all) = operations(body) else { return };
    if how == Bulk::AnswerLosesLast {
        all.pop();
    }
    for operation in all.iter_mut().filter_map(Value::as_object_mut) {
        match how {
            Bulk::StatusAsNumber => {
                let status = operation.get("status").and_then(Value::as_str);
                if let Some(number) = status.and_then(|text| text.parse::<u16>().ok()) {
                    operation.insert("status".to_owned(), json!(number));
                }
            }
            Bulk::LoseLocation => {
                operation.remove("location");
            }
            Bulk::LoseBulkId => {
                operation.remove("bulkId");
            }
            Bulk::OtherMethod => {
                operation.insert("method".to_owned(), json!("GET"));
            }
            _ => {}
        }
    }
}
