//! What values have to be like where a provider is particular: refused or rewritten before anything is
//! stored (lawful variants only).

use serde_json::Value;

use super::hooks::Moment;
use super::render::stored;
use super::{Engine, known};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::schema::{ResourceType, slots};
use crate::protocol::{Object, text};
use crate::store::{Slot, State};

impl Engine {
    /// Refuses what this provider does not take.
    ///
    /// # Errors
    /// `invalidValue`, and 409 where an address is taken.
    pub(super) fn demand(
        &self,
        moment: Moment<'_>,
        state: &State,
        slot: Option<Slot>,
        document: &mut Object,
    ) -> Result<()> {
        let demands = &self.behaviour.demands;
        if demands.longest_text < usize::MAX {
            document
                .iter()
                .try_for_each(|(name, value)| short_enough(name, value, demands.longest_text))?;
        }
        if moment.kind.slot != slots::USER {
            return Ok(());
        }
        let name = document.get("userName").and_then(Value::as_str);
        if demands.address_names && name.is_some_and(|name| !is_address(name)) {
            return Err(ScimError::value("'userName' must be an e-mail address"));
        }
        if demands.canonical {
            canonicalise(document);
        }
        if demands.unique_emails && self.address_is_taken(moment.kind, state, slot, document) {
            return Err(ScimError::uniqueness(
                "another User has one of these e-mail addresses",
            ));
        }
        Ok(())
    }

    fn address_is_taken(
        &self,
        kind: &ResourceType,
        state: &State,
        slot: Option<Slot>,
        document: &Object,
    ) -> bool {
        addresses(document).into_iter().any(|address| {
            let folded = text::prepared(address, false);
            let key = state.key((kind.slot, "emails.value"), &folded);
            state
                .candidates(key)
                .into_iter()
                .filter(|other| Some(*other) != slot)
                .any(|other| {
                    addresses(&stored(known(state, other)))
                        .into_iter()
                        .any(|theirs| text::prepared(theirs, false) == folded)
                })
        })
    }

    /// Keeps the first of several primary values (RFC 7643 section 2.4: there is at most one).
    pub(super) fn one_primary(&self, kind: &ResourceType, document: &mut Object) {
        if !self.behaviour.keeps_one_primary || kind.slot != slots::USER {
            return;
        }
        for value in document.values_mut() {
            let elements = value.as_array_mut().into_iter().flatten();
            let primary = elements
                .filter_map(Value::as_object_mut)
                .filter(|element| element.get("primary") == Some(&Value::Bool(true)));
            for element in primary.skip(1) {
                element.insert("primary".to_owned(), Value::Bool(false));
            }
        }
    }
}

fn addresses(document: &Object) -> Vec<&str> {
    let emails = document.get("emails").and_then(Value::as_array);
    emails
        .into_iter()
        .flatten()
        .filter_map(|email| email.get("value").and_then(Value::as_str))
        .collect()
}

fn is_address(name: &str) -> bool {
    name.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

fn short_enough(name: &str, value: &Value, longest: usize) -> Result<()> {
    match value {
        Value::String(text) if text.chars().count() > longest => Err(ScimError::value(format!(
            "'{name}' is longer than {longest} characters"
        ))),
        Value::Array(list) => list
            .iter()
            .try_for_each(|element| short_enough(name, element, longest)),
        Value::Object(object) => object
            .iter()
            .try_for_each(|(name, value)| short_enough(name, value, longest)),
        _ => Ok(()),
    }
}

/// Telephone numbers as in RFC 3966, language tags as in RFC 5646, domains in lower case (RFC 7643
/// sections 4.1.1 and 4.1.2).
fn canonicalise(user: &mut Object) {
    for name in ["locale", "preferredLanguage"] {
        if let Some(Value::String(tag)) = user.get_mut(name) {
            *tag = language_tag(tag);
        }
    }
    let mut each = |name: &str, canonical: fn(&str) -> String| {
        let list = user.get_mut(name).and_then(Value::as_array_mut);
        for element in list.into_iter().flatten() {
            if let Some(Value::String(value)) = element.get_mut("value") {
                *value = canonical(value);
            }
        }
    };
    each("phoneNumbers", |number| match number.strip_prefix('+') {
        Some(rest) => format!("tel:+{}", rest.replace([' ', '.'], "-")),
        None => number.to_owned(),
    });
    each("emails", |address| match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => address.to_owned(),
    });
}

fn language_tag(tag: &str) -> String {
    let parts = tag.split('-').enumerate().map(|(place, part)| {
        if place > 0 && part.len() == 2 {
            part.to_uppercase()
        } else {
            part.to_lowercase()
        }
    });
    parts.collect::<Vec<_>>().join("-")
}
