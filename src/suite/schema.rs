//! The JSON Schemas of suite and profile files, for editors: written from the tables that the loader checks with.

use serde_json::{Map, Value, json};

use super::format::{Argument, Kind, MATCHERS, NOT_COVERED, PROFILE, SUITE, TYPES, Table};

/// The schema of `suites/PROFILE/NAME.yaml`.
pub fn suite_file() -> Value {
    document("scimproof suite", &Kind::Map(&SUITE))
}

/// The schema of `suites/PROFILE/profile.yaml`.
pub fn profile_file() -> Value {
    document("scimproof profile", &Kind::Map(&PROFILE))
}

/// The schema of `suites/PROFILE/not-covered.yaml`.
pub fn not_covered_file() -> Value {
    document("scimproof list of what is not covered", &NOT_COVERED)
}

fn document(title: &str, root: &Kind) -> Value {
    let mut definitions = Map::new();
    let root = schema(root, &mut definitions);
    let mut document = Map::new();
    document.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    document.insert("title".to_owned(), json!(title));
    if let Value::Object(root) = root {
        document.extend(root);
    }
    document.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(document)
}

fn schema(kind: &Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::AnyText => json!({ "type": "string" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Status => json!({ "type": "integer", "minimum": 100, "maximum": 599 }),
        Kind::Nothing => json!({ "type": "null" }),
        Kind::Word(words) => json!({ "enum": words.words }),
        Kind::WordOrAttribute(words) => {
            json!({ "anyOf": [{ "enum": words.words }, { "type": "string", "pattern": "^(attr|shared|hideable):." }] })
        }
        Kind::Json => json!(true),
        Kind::Matcher => {
            define("matcher", definitions, matcher);
            reference("matcher")
        }
        Kind::Paths => {
            define("paths", definitions, paths);
            reference("paths")
        }
        Kind::List(item) => json!({ "type": "array", "items": schema(item, definitions) }),
        Kind::OneOrMany(item) => {
            let item = schema(item, definitions);
            json!({ "anyOf": [item, { "type": "array", "items": item }] })
        }
        Kind::Map(of) | Kind::Open(of) => {
            let open = matches!(kind, Kind::Open(_));
            define(of.name, definitions, |definitions| {
                table(of, open, definitions)
            });
            reference(of.name)
        }
        Kind::Named(item) => {
            json!({ "type": "object", "additionalProperties": schema(item, definitions) })
        }
        Kind::Either(kinds) => {
            json!({ "anyOf": kinds.iter().map(|kind| schema(kind, definitions)).collect::<Vec<_>>() })
        }
        Kind::Tagged(tables) => {
            let tables = tables
                .iter()
                .rev()
                .map(|(_, table)| schema(&Kind::Map(table), definitions));
            json!({ "anyOf": tables.collect::<Vec<_>>() })
        }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Writes a definition once. Its place is taken before its parts are looked at, since definitions refer to one another.
fn define(
    name: &str,
    definitions: &mut Map<String, Value>,
    body: impl FnOnce(&mut Map<String, Value>) -> Value,
) {
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Value::Null);
        let body = body(definitions);
        definitions.insert(name.to_owned(), body);
    }
}

fn table(table: &Table, open: bool, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        let mut property = match schema(&key.kind, definitions) {
            Value::Object(property) => property,
            _ => Map::new(),
        };
        property.insert("description".to_owned(), json!(key.doc));
        properties.insert(key.name.to_owned(), Value::Object(property));
    }
    let required: Vec<_> = table
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": open,
    })
}

/// Paths, nested or not: what has no `$` word is looked into.
fn paths(definitions: &mut Map<String, Value>) -> Value {
    define("matcher", definitions, matcher);
    json!({
        "type": "object",
        "description": "SCIM paths, nested or not, and what stands at them.",
        "additionalProperties": { "anyOf": [reference("matcher"), reference("paths")] },
        "propertyNames": { "not": { "enum": words() } },
    })
}

fn words() -> Vec<&'static str> {
    MATCHERS.iter().map(|(word, ..)| *word).collect()
}

fn matcher(definitions: &mut Map<String, Value>) -> Value {
    define("paths", definitions, paths);
    let words = words();
    let single = MATCHERS.iter().map(|(word, argument, doc)| {
        let mut taken = match taken(argument) {
            Value::Object(taken) => taken,
            _ => Map::new(),
        };
        taken.insert("description".to_owned(), json!(doc));
        json!({
            "type": "object",
            "properties": { *word: taken },
            "required": [word],
            "additionalProperties": false,
        })
    });
    let plain = json!({ "not": { "type": "object", "minProperties": 1, "propertyNames": { "enum": words } } });
    let alternatives: Vec<Value> = std::iter::once(plain).chain(single).collect();
    json!({ "description": "A value, which is to be equal, or one `$` word.", "anyOf": alternatives })
}

fn taken(argument: &Argument) -> Value {
    match argument {
        Argument::True => json!({ "const": true }),
        Argument::Json => json!({}),
        Argument::Pattern => json!({ "type": "string", "format": "regex" }),
        Argument::Type => json!({ "enum": TYPES.words }),
        Argument::Count => json!({ "type": "integer", "minimum": 0 }),
        Argument::Matcher => json!({ "$ref": "#/$defs/matcher" }),
        Argument::Matchers => {
            json!({ "type": "array", "minItems": 1, "items": reference("matcher") })
        }
        Argument::Element => {
            json!({ "anyOf": [reference("paths"), { "not": { "type": "object" } }] })
        }
        Argument::Resources => json!({ "type": "array", "items": { "type": "string" } }),
    }
}
