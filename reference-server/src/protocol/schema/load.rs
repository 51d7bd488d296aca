//! Reads schema definitions from JSON: the embedded ones and those of the user's files.

use serde_json::Value;

use super::{Attribute, Kind, Mutability, Returned, Schema, Uniqueness};

/// A schema definition that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The definition lacks something or says something unknown.
    #[error("{place}: {what}")]
    Definition {
        /// Which definition, as a dotted path.
        place: String,
        /// What is wrong with it.
        what: String,
    },
}

fn wrong(place: &str, what: impl Into<String>) -> SchemaError {
    SchemaError::Definition {
        place: place.to_owned(),
        what: what.into(),
    }
}

/// Reads one schema, a list of them, or a list answer that holds them.
///
/// # Errors
/// When the text is no JSON or a definition is incomplete; the place is named.
pub fn load_schemas(text: &str) -> Result<Vec<Schema>, SchemaError> {
    let value: Value = serde_json::from_str(text)?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut object) => match object.shift_remove("Resources") {
            Some(Value::Array(list)) => list,
            _ => vec![Value::Object(object)],
        },
        _ => {
            return Err(wrong(
                "the file",
                "expected a schema object or a list of them",
            ));
        }
    };
    list.into_iter().map(schema).collect()
}

fn schema(source: Value) -> Result<Schema, SchemaError> {
    let id = text(&source, "id")
        .ok_or_else(|| wrong("a schema", "has no id"))?
        .to_owned();
    if id.contains([']', '"', '\\']) {
        return Err(wrong(&id, "is not a URI"));
    }
    let name = text(&source, "name").unwrap_or(&id).to_owned();
    let attributes = attributes(source.get("attributes"), &id, true)?;
    Ok(Schema {
        id,
        name,
        attributes,
        source,
    })
}

/// Reads a list of attribute definitions; `nested` allows complex ones.
pub(super) fn attributes(
    list: Option<&Value>,
    place: &str,
    nested: bool,
) -> Result<Vec<Attribute>, SchemaError> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let list = list
        .as_array()
        .ok_or_else(|| wrong(place, "its attributes are not a list"))?;
    list.iter()
        .map(|entry| attribute(entry, place, nested))
        .collect()
}

/// Writes down what attribute definitions leave to the defaults of RFC 7643 section 2.2, so that clients see all
/// characteristics (section 7).
pub(super) fn state_defaults(list: &mut Value) {
    for entry in list.as_array_mut().into_iter().flatten() {
        let Value::Object(entry) = entry else {
            continue;
        };
        let kind = entry.get("type").and_then(Value::as_str);
        let kind = kind.unwrap_or("string").to_owned();
        let mut state = |name: &str, value: Value| {
            entry.entry(name).or_insert(value);
        };
        state("type", Value::from(kind.as_str()));
        state("multiValued", Value::Bool(false));
        state("required", Value::Bool(false));
        if matches!(kind.as_str(), "string" | "reference" | "binary") {
            state("caseExact", Value::Bool(kind != "string"));
        }
        state("mutability", Value::from("readWrite"));
        state("returned", Value::from("default"));
        if !matches!(kind.as_str(), "complex" | "boolean") {
            state("uniqueness", Value::from("none"));
        }
        if kind == "reference" {
            state("referenceTypes", Value::from(vec!["uri"]));
        }
        if let Some(inner) = entry.get_mut("subAttributes") {
            state_defaults(inner);
        }
    }
}

fn attribute(entry: &Value, place: &str, nested: bool) -> Result<Attribute, SchemaError> {
    let name = text(entry, "name")
        .ok_or_else(|| wrong(place, "an attribute has no name"))?
        .to_owned();
    let place = format!("{place}:{name}");
    let kind = match text(entry, "type").unwrap_or("string") {
        "string" => Kind::String,
        "boolean" => Kind::Boolean,
        "decimal" => Kind::Decimal,
        "integer" => Kind::Integer,
        "dateTime" => Kind::DateTime,
        "binary" => Kind::Binary,
        "reference" => Kind::Reference,
        "complex" => Kind::Complex,
        other => return Err(wrong(&place, format!("unknown type {other}"))),
    };
    let mutability = match text(entry, "mutability").unwrap_or("readWrite") {
        "readOnly" => Mutability::ReadOnly,
        "readWrite" => Mutability::ReadWrite,
        "immutable" => Mutability::Immutable,
        "writeOnly" => Mutability::WriteOnly,
        other => return Err(wrong(&place, format!("unknown mutability {other}"))),
    };
    let returned = match text(entry, "returned").unwrap_or("default") {
        "always" => Returned::Always,
        "never" => Returned::Never,
        "default" => Returned::Default,
        "request" => Returned::Request,
        other => return Err(wrong(&place, format!("unknown returned {other}"))),
    };
    let uniqueness = match text(entry, "uniqueness").unwrap_or("none") {
        "none" => Uniqueness::None,
        "server" => Uniqueness::Server,
        "global" => Uniqueness::Global,
        other => return Err(wrong(&place, format!("unknown uniqueness {other}"))),
    };
    let sub = if nested || kind != Kind::Complex {
        attributes(entry.get("subAttributes"), &place, false)?
    } else {
        // Only the Schema schema nests complex attributes (RFC 7643 section 8.7.2); nobody stores
        // such resources here, so the inner level is for show.
        Vec::new()
    };
    let canonical = entry.get("canonicalValues").and_then(Value::as_array);
    Ok(Attribute {
        name,
        kind,
        multi: flag(entry, "multiValued"),
        required: flag(entry, "required"),
        // Bytes and URIs are case exact whatever is declared (RFC 7643 sections 2.3.6 and 2.3.7).
        case_exact: flag(entry, "caseExact") || matches!(kind, Kind::Binary | Kind::Reference),
        mutability,
        returned,
        uniqueness,
        canonical: canonical
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        sub,
    })
}

fn text<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry.get(name).and_then(Value::as_str)
}

fn flag(entry: &Value, name: &str) -> bool {
    entry.get(name).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_that_cannot_be_used_is_refused_with_its_place() {
        for (text, place) in [
            ("[]x", "not JSON"),
            ("3", "the file"),
            (r#"{"name":"x"}"#, "a schema"),
            (
                r#"{"id":"urn:a:b","attributes":[{"type":"string"}]}"#,
                "urn:a:b",
            ),
            (
                r#"{"id":"urn:a:b","attributes":[{"name":"x","type":"text"}]}"#,
                "urn:a:b:x",
            ),
            (
                r#"{"id":"urn:a:b","attributes":[{"name":"x","mutability":"no"}]}"#,
                "urn:a:b:x",
            ),
        ] {
            let error = load_schemas(text).expect_err("refused").to_string();
            assert!(error.contains(place), "{error}");
        }
    }

    #[test]
    fn what_is_not_stated_has_the_defaults_of_the_rfc() {
        let schemas =
            load_schemas(r#"{"id":"urn:a:b","attributes":[{"name":"x"}]}"#).expect("loads");
        let attribute = &schemas[0].attributes[0];
        assert_eq!(attribute.kind, Kind::String);
        assert!(!attribute.multi && !attribute.required && !attribute.case_exact);
        assert_eq!(attribute.mutability, Mutability::ReadWrite);
        assert_eq!(attribute.returned, Returned::Default);
        assert_eq!(attribute.uniqueness, Uniqueness::None);

        let mut list = serde_json::json!([
            {"name": "x"},
            {"name": "y", "type": "reference", "required": true},
            {"name": "z", "type": "complex", "subAttributes": [{"name": "on", "type": "boolean"}]},
        ]);
        state_defaults(&mut list);
        let expected = serde_json::json!([
            {"name": "x", "type": "string", "multiValued": false, "required": false, "caseExact": false,
                "mutability": "readWrite", "returned": "default", "uniqueness": "none"},
            {"name": "y", "type": "reference", "multiValued": false, "required": true, "caseExact": true,
                "mutability": "readWrite", "returned": "default", "uniqueness": "none", "referenceTypes": ["uri"]},
            {"name": "z", "type": "complex", "multiValued": false, "required": false, "mutability": "readWrite",
                "returned": "default", "subAttributes": [{"name": "on", "type": "boolean", "multiValued": false,
                "required": false, "mutability": "readWrite", "returned": "default"}]},
        ]);
        assert_eq!(list, expected);
    }
}
