//! What all writes share: the checks before a commit, the record that is stored, the commit itself.

use serde_json::Value;

use super::hooks::Moment;
use super::render::{push_string, stored, written};
use super::{Engine, keys, known, now, unwritable};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::schema::{ENTERPRISE, ResourceType, Uniqueness, slots};
use crate::protocol::{Object, conform, text, value};
use crate::store::{Change, Delta, Key, Record, Slot, State};

/// What a write makes of a resource.
pub(super) struct After {
    pub(super) document: Object,
    pub(super) delta: Delta,
    pub(super) secret: bool,
}

impl Engine {
    /// What every write does before it commits: hooks, and the check of unique values.
    pub(super) fn finish(
        &self,
        moment: Moment<'_>,
        state: &State,
        slot: Option<Slot>,
        before: Option<&Object>,
        document: &mut Object,
        delta: &mut Delta,
    ) -> Result<()> {
        self.fold(moment.kind, document);
        self.demand(moment, state, slot, document)?;
        settle_manager(state, document);
        if let Some(hooks) = &self.hooks {
            hooks.document(moment, before, document)?;
            hooks.members(moment, state, slot, delta)?;
        }
        for attribute in moment
            .kind
            .schema
            .attributes
            .iter()
            .filter(|attribute| attribute.uniqueness != Uniqueness::None)
        {
            let Some(taken @ Value::String(name)) = document.get(&attribute.name) else {
                continue;
            };
            let key = state.key(
                (moment.kind.slot, attribute.name.as_str()),
                &text::prepared(name, attribute.case_exact),
            );
            let others = state
                .candidates(key)
                .into_iter()
                .filter(|other| Some(*other) != slot);
            for other in others {
                let other = stored(known(state, other));
                let theirs = other
                    .get(&attribute.name)
                    .filter(|theirs| value::same(attribute, theirs, taken));
                let Some(theirs) = theirs else {
                    continue;
                };
                if self
                    .hooks
                    .as_ref()
                    .is_none_or(|hooks| hooks.clash(moment, &attribute.name, taken, theirs))
                {
                    return Err(ScimError::uniqueness(format!(
                        "another {} has this {}",
                        moment.kind.name, attribute.name
                    )));
                }
            }
        }
        Ok(())
    }

    /// Commits the new state of a resource, unless it is the old one. `before` is what the index holds
    /// of the old one.
    pub(super) fn update(
        &self,
        state: &mut State,
        moment: Moment<'_>,
        slot: Slot,
        before: Vec<Key>,
        after: After,
    ) -> Result<()> {
        let After {
            document,
            delta,
            secret,
        } = after;
        let kind = moment.kind;
        let found = keys::of(state, kind, &document);
        let old = known(state, slot);
        let mut record = self.record(
            kind,
            old.id.to_string(),
            old.created,
            now().max(old.modified + 1),
            old.revision + 1,
            document,
        );
        let same = says_the_same(&old.document, &record.document);
        let changed = !same || !delta.is_empty() || secret;
        if !self
            .hooks
            .as_ref()
            .map_or(changed, |hooks| hooks.touches(moment, changed))
        {
            return Ok(());
        }
        if same {
            record.document = old.document.clone();
        }
        let (out, into) = if before == found {
            (Vec::new(), Vec::new())
        } else {
            (before, found)
        };
        let mut changes = vec![Change::Update(slot, record, out, into)];
        changes.extend(delta.left().map(|member| Change::Leave(slot, member)));
        changes.extend(
            delta
                .joined()
                .iter()
                .map(|member| Change::Join(slot, *member)),
        );
        state.commit(changes).map_err(|error| unwritable(&error))
    }

    /// A record of a document; `schemas` is put in front and follows from the rest.
    pub(super) fn record(
        &self,
        kind: &ResourceType,
        id: String,
        created: i64,
        modified: i64,
        revision: u64,
        mut document: Object,
    ) -> Record {
        document.shift_remove("schemas");
        let display = ["displayName", "userName", "name"]
            .iter()
            .find_map(|name| document.get(*name).and_then(Value::as_str));
        let display = display.unwrap_or_default().into();
        let decorated = document
            .get(ENTERPRISE)
            .is_some_and(|extension| extension.get("manager").is_some());
        // Written behind one another, which spares building the object that they are together.
        let rest = written(&document);
        let mut schemas = String::new();
        for urn in conform::schemas_of(kind, &document) {
            schemas.push_str(if schemas.is_empty() { "" } else { "," });
            push_string(&mut schemas, urn);
        }
        let end = if rest == "{}" { "]" } else { "]," };
        let text = ["{\"schemas\":[", &schemas, end, &rest[1..]].concat();
        Record {
            id: id.into(),
            kind: kind.slot,
            decorated,
            created,
            modified,
            revision,
            document: text.into(),
            display,
        }
    }

    pub(super) fn member_ids(&self, state: &State, group: Slot) -> Vec<String> {
        let members = state
            .members(group)
            .into_iter()
            .flat_map(|members| members.iter());
        members
            .map(|member| known(state, member).id.to_string())
            .collect()
    }
}

/// Whether two documents say the same; members may stand in another order.
fn says_the_same(old: &str, new: &str) -> bool {
    // Members in another order are the same bytes in another order, which is soon ruled out.
    let sum = |text: &str| text.bytes().map(u64::from).sum::<u64>();
    let read = |text: &str| serde_json::from_str::<Object>(text).ok();
    old == new || (old.len() == new.len() && sum(old) == sum(new) && read(old) == read(new))
}

/// Takes the members out of a body; they are stored beside the document.
pub(super) fn take_members(
    kind: &ResourceType,
    document: &mut Object,
) -> Result<Option<Vec<String>>> {
    if !kind.has_members() {
        return Ok(None);
    }
    let Some(Value::Array(list)) = document.shift_remove("members") else {
        return Ok(None);
    };
    let id = |element: Value| match element {
        Value::Object(mut element) => match element.shift_remove("value") {
            Some(Value::String(id)) => Ok(id),
            _ => Err(ScimError::value(
                "a member needs the id of a resource as its 'value'",
            )),
        },
        _ => Err(ScimError::value("a member is an object")),
    };
    list.into_iter().map(id).collect::<Result<_>>().map(Some)
}

pub(super) fn touched(record: &Record, instant: i64) -> Record {
    Record {
        modified: instant.max(record.modified + 1),
        revision: record.revision + 1,
        ..record.clone()
    }
}

/// Drops what a client says of a manager who is one of our users: it is derived when shown.
fn settle_manager(state: &State, document: &mut Object) {
    let manager = document
        .get_mut(ENTERPRISE)
        .and_then(|extension| extension.get_mut("manager"))
        .and_then(Value::as_object_mut);
    if let Some(manager) = manager {
        let known = manager
            .get("value")
            .and_then(Value::as_str)
            .is_some_and(|id| state.slot_of(slots::USER, id).is_some());
        if known {
            manager.shift_remove("$ref");
        }
    }
}

pub(super) fn forget_manager(document: &mut Object, id: &str) -> bool {
    let Some(Value::Object(extension)) = document.get_mut(ENTERPRISE) else {
        return false;
    };
    if extension
        .get("manager")
        .and_then(|manager| manager.get("value"))
        .and_then(Value::as_str)
        != Some(id)
    {
        return false;
    }
    extension.shift_remove("manager");
    if extension.is_empty() {
        document.shift_remove(ENTERPRISE);
    }
    true
}
