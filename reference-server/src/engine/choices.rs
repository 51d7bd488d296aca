//! What the engine does otherwise where a choice of [`Behaviour`](super::Behaviour) says so: values
//! that are filled in or written in another form, what leaves and what comes back.

use std::collections::HashSet;
use std::sync::PoisonError;

use serde_json::{Map, Value, json};

use super::hooks::Moment;
use super::render::stored;
use super::{Engine, Leaving, Omitted, Removed, known};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::schema::{ResourceType, slots};
use crate::protocol::{Object, text};
use crate::store::{Slot, State};

/// What this provider gives people who are created or replaced without it (RFC 7644 sections 3.3 and
/// 3.5.1 let it).
const DEFAULTS: [(&str, &str); 2] = [("userType", "Person"), ("locale", "en")];

impl Engine {
    /// What a body that is POSTed or PUT mentions, in lower case; nothing where nobody asks.
    pub(super) fn said(&self, body: &Object) -> HashSet<String> {
        if !self.behaviour.defaults && self.behaviour.omitted != Omitted::Kept {
            return HashSet::new();
        }
        body.keys().map(|name| name.to_ascii_lowercase()).collect()
    }

    /// Fills in what a body that is POSTed or PUT does not mention. What it says to be null or empty is
    /// said, and stays empty.
    pub(super) fn settle(
        &self,
        kind: &ResourceType,
        said: &HashSet<String>,
        document: &mut Object,
    ) {
        if kind.slot != slots::USER {
            return;
        }
        if self.behaviour.defaults {
            for (name, value) in DEFAULTS {
                if kind.core(name).is_some() && !said.contains(&name.to_ascii_lowercase()) {
                    document.entry(name).or_insert_with(|| json!(value));
                }
            }
            if kind.core("displayName").is_some()
                && !said.contains("displayname")
                && let Some(name) = document.get("userName").cloned()
            {
                document.entry("displayName").or_insert(name);
            }
        }
    }

    /// Writes values in the form in which this provider keeps them.
    pub(super) fn fold(&self, kind: &ResourceType, document: &mut Object) {
        if kind.slot != slots::USER {
            return;
        }
        if self.behaviour.fold_user_names
            && let Some(Value::String(name)) = document.get_mut("userName")
        {
            *name = name.to_lowercase();
        }
        let Some(emails) = document.get_mut("emails").and_then(Value::as_array_mut) else {
            return;
        };
        if self.behaviour.fold_emails {
            for email in emails.iter_mut() {
                if let Some(Value::String(address)) = email.get_mut("value") {
                    *address = address.to_lowercase();
                }
            }
        }
        if self.behaviour.first_is_primary
            && emails
                .iter()
                .all(|email| email.get("primary").and_then(Value::as_bool) != Some(true))
            && let Some(Value::Object(first)) = emails.first_mut()
        {
            first.insert("primary".to_owned(), Value::Bool(true));
        }
    }

    /// Brings back what a PUT says nothing of, where such values stay. What it says to be null or
    /// empty is said, and stays away (RFC 7643 section 2.5). What is required must be said.
    pub(super) fn keep_omitted(
        &self,
        kind: &ResourceType,
        before: &Object,
        said: &HashSet<String>,
        document: &mut Object,
    ) {
        if self.behaviour.omitted != Omitted::Kept {
            return;
        }
        for (name, value) in before {
            let required = kind.core(name).is_some_and(|attribute| attribute.required);
            if !required && !said.contains(&name.to_ascii_lowercase()) {
                document
                    .entry(name.clone())
                    .or_insert_with(|| value.clone());
            }
        }
    }

    /// Refuses names that no schema declares, where the provider is so strict (RFC 7644 section
    /// 3.12, `invalidSyntax`: the body does not conform to the schema).
    pub(super) fn refuse_undeclared(&self, kind: &ResourceType, body: &Object) -> Result<()> {
        if !self.behaviour.refuses_undeclared {
            return Ok(());
        }
        let unknown = body
            .keys()
            .find(|name| kind.core(name).is_none() && kind.extension(name).is_none());
        let within = body.iter().find_map(|(name, value)| {
            let schema = kind.extension(name)?;
            let content = value.as_object()?;
            content.keys().find(|name| schema.attribute(name).is_none())
        });
        match unknown.or(within) {
            Some(name) => Err(ScimError::syntax(format!(
                "'{}' is declared by no schema of {}",
                name.chars().take(64).collect::<String>(),
                kind.name
            ))),
            None => Ok(()),
        }
    }

    /// Whether users can be changed at all.
    ///
    /// # Errors
    /// 501 where they cannot.
    pub(super) fn changeable(&self, kind: &ResourceType) -> Result<()> {
        if kind.slot == slots::USER && !self.behaviour.user_updates {
            return Err(ScimError::new(
                501,
                "users are added and removed here, and not changed",
            ));
        }
        Ok(())
    }

    /// The id of a new resource: the one it had before, where the departed come back.
    ///
    /// # Errors
    /// 409 where the name of somebody who was deleted stays taken.
    pub(super) fn id_for(&self, kind: &ResourceType, document: &Object) -> Result<String> {
        if kind.slot != slots::USER || self.behaviour.removed == Removed::Free {
            return Ok(self.new_id());
        }
        let name = document.get("userName").and_then(Value::as_str);
        let name = text::folded(name.unwrap_or_default()).into_owned();
        let mut departed = self.departed.lock().unwrap_or_else(PoisonError::into_inner);
        match (departed.contains_key(&name), self.behaviour.removed) {
            (true, Removed::Taken) => Err(ScimError::uniqueness(
                "this userName belonged to a user who was deleted, and stays taken",
            )),
            (true, _) => Ok(departed.remove(&name).unwrap_or_else(|| self.new_id())),
            (false, _) => Ok(self.new_id()),
        }
    }

    /// Remembers a user who is deleted, where the name does not simply become free.
    pub(super) fn remember(&self, state: &State, slot: Slot) {
        let record = known(state, slot);
        if record.kind != slots::USER || self.behaviour.removed == Removed::Free {
            return;
        }
        if let Some(name) = stored(record).get("userName").and_then(Value::as_str) {
            self.departed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(text::folded(name).into_owned(), record.id.to_string());
        }
    }

    /// Whether a user in this state is to be removed, since nobody inactive is kept.
    pub(super) fn leaves(&self, moment: Moment<'_>, document: &Object) -> bool {
        self.behaviour.leaving == Leaving::Removes
            && moment.kind.slot == slots::USER
            && document.get("active") == Some(&Value::Bool(false))
    }

    /// Adds the provider's own extension: what it knows of a user without being told.
    pub(super) fn add_own(&self, urn: &str, slot: Slot, object: &mut Object) {
        let mut own = Map::new();
        own.insert("accountNumber".to_owned(), json!(u64::from(slot) + 1));
        own.insert("source".to_owned(), json!("scim"));
        object.insert(urn.to_owned(), Value::Object(own));
        if let Some(Value::Array(schemas)) = object.get_mut("schemas") {
            schemas.push(json!(urn));
        }
    }
}
