//! Other characteristics for attributes that are there, and the common ones as a schema may list them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::load::attributes;
use super::registry::COMMON;
use super::{Registry, SchemaError};

impl Registry {
    /// Sets members of an attribute's definition.
    ///
    /// # Errors
    /// When the schema or the attribute is not there, or the new definition says something unknown.
    pub(super) fn alter(
        &mut self,
        urn: &str,
        path: &str,
        set: Option<&Value>,
    ) -> Result<(), SchemaError> {
        let wrong = |what: &str| SchemaError::Definition {
            place: format!("{urn}:{path}"),
            what: what.to_owned(),
        };
        let listed = self
            .schemas
            .iter_mut()
            .find(|schema| schema.id == urn)
            .ok_or_else(|| wrong("its schema is not defined before"))?;
        let schema = Arc::make_mut(listed);
        let entry = entry_at(schema.source.get_mut("attributes"), path)
            .ok_or_else(|| wrong("is not defined before"))?;
        for (member, value) in set.and_then(Value::as_object).into_iter().flatten() {
            entry.insert(member.clone(), value.clone());
        }
        schema.attributes = attributes(schema.source.get("attributes"), urn, true)?;
        let schema = Arc::clone(listed);
        self.spread(urn, &schema);
        Ok(())
    }

    /// `id`, `externalId` and `meta` as a schema lists them that lists them at all (RFC 7643 section
    /// 3.1 leaves it open).
    pub fn common_listed() -> Vec<Value> {
        let common: Value = serde_json::from_str(COMMON).unwrap_or_default();
        let all = common.get("attributes").and_then(Value::as_array);
        all.into_iter()
            .flatten()
            .filter(|entry| entry.get("name").and_then(Value::as_str) != Some("schemas"))
            .cloned()
            .map(|mut entry| {
                spell_out(&mut entry);
                entry
            })
            .collect()
    }
}

/// Says what is so by default.
fn spell_out(entry: &mut Value) {
    let Some(entry) = entry.as_object_mut() else {
        return;
    };
    for (name, value) in [
        ("multiValued", json!(false)),
        ("required", json!(false)),
        ("caseExact", json!(false)),
        ("mutability", json!("readWrite")),
        ("returned", json!("default")),
        ("uniqueness", json!("none")),
    ] {
        entry.entry(name).or_insert(value);
    }
    let subs = entry.get_mut("subAttributes").and_then(Value::as_array_mut);
    subs.into_iter().flatten().for_each(spell_out);
}

/// The definition at a dotted path.
fn entry_at<'a>(list: Option<&'a mut Value>, path: &str) -> Option<&'a mut Map<String, Value>> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let entry = list?
        .as_array_mut()?
        .iter_mut()
        .find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))?
        .as_object_mut()?;
    match rest {
        Some(rest) => entry_at(entry.get_mut("subAttributes"), rest),
        None => Some(entry),
    }
}
