//! What is indexed of a document: the attributes by which identity providers look people up, and
//! those that must be unique.

use serde_json::Value;

use crate::protocol::schema::{Attribute, ENTERPRISE, Kind, ResourceType, Uniqueness, slots};
use crate::protocol::{Object, text};
use crate::store::{Key, Record, State};

/// The name under which a manager's id is indexed, for the clean-up when that manager goes.
pub(super) const MANAGER: &str = "manager.value";

/// The keys of a stored record.
pub(super) fn of_record(state: &State, kind: &ResourceType, record: &Record) -> Vec<Key> {
    match serde_json::from_str(&record.document) {
        Ok(Value::Object(document)) => of(state, kind, &document),
        _ => Vec::new(),
    }
}

/// The keys of a document.
pub(super) fn of(state: &State, kind: &ResourceType, document: &Object) -> Vec<Key> {
    let mut keys = Vec::with_capacity(4);
    let mut add = |name: &str, value: Option<&Value>, case_exact: bool| {
        if let Some(Value::String(value)) = value {
            keys.push(state.key((kind.slot, name), &text::prepared(value, case_exact)));
        }
    };
    for attribute in kind
        .schema
        .attributes
        .iter()
        .filter(|attribute| is_indexed(kind, attribute))
    {
        add(
            &attribute.name,
            document.get(&attribute.name),
            attribute.case_exact,
        );
    }
    add("externalId", document.get("externalId"), true);
    for email in document
        .get("emails")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        add("emails.value", email.get("value"), false);
    }
    if kind.slot == slots::USER {
        let manager = document
            .get(ENTERPRISE)
            .and_then(|extension| extension.get("manager"));
        add(
            MANAGER,
            manager.and_then(|manager| manager.get("value")),
            true,
        );
    }
    keys
}

/// Whether a core attribute is looked up by its value.
pub(super) fn is_indexed(kind: &ResourceType, attribute: &Attribute) -> bool {
    let text = !attribute.multi && matches!(attribute.kind, Kind::String | Kind::Reference);
    text && (attribute.uniqueness != Uniqueness::None
        || (kind.slot == slots::GROUP && attribute.name == "displayName"))
}
