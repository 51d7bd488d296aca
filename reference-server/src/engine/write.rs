//! Create, replace, patch and delete.

use serde_json::{Map, Value, json};

use super::hooks::{Action, Deletion, Moment};
use super::render::{Shown, stored};
use super::set::GroupMembers;
use super::{Engine, Omitted, PatchAnswer, absent, keys, known, now, unwritable};
use crate::protocol::conform::{self, Conformed};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::patch::{self, Target};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::{ENTERPRISE, ResourceType, Uniqueness, slots};
use crate::protocol::{Object, text, value};
use crate::store::{Change, Delta, Record, Slot, State};

/// The preconditions of a write (RFC 7644 section 3.14).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The `If-Match` header.
    pub if_match: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
}

impl Condition {
    /// Whether a header's list of tags has this one; tags are compared weakly, since SCIM's own
    /// examples send weak tags with `If-Match`.
    pub fn lists(header: &str, version: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        header.trim() == "*" || header.split(',').any(|tag| opaque(tag) == opaque(version))
    }

    fn check(&self, version: Option<&str>) -> Result<()> {
        let Some(version) = version else {
            return Ok(());
        };
        let stale = self
            .if_match
            .as_deref()
            .is_some_and(|header| !Self::lists(header, version));
        let forbidden = self
            .if_none_match
            .as_deref()
            .is_some_and(|header| Self::lists(header, version));
        if stale || forbidden {
            return Err(ScimError::new(
                412,
                "the resource has changed: its version does not meet the precondition",
            ));
        }
        Ok(())
    }
}

/// What a write makes of a resource.
struct After {
    document: Object,
    delta: Delta,
    secret: bool,
}

/// The outcome of a PATCH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    /// Answered with the resource.
    Resource(Shown),
    /// Answered without a body; the entity tag, where tags are offered.
    NoContent(Option<String>),
}

impl Engine {
    /// Creates a resource.
    ///
    /// # Errors
    /// 400 when the body does not fit the schema, 409 when a unique value is taken.
    pub fn create(&self, kind: &ResourceType, mut body: Object, wanted: &Wanted) -> Result<Shown> {
        let moment = Moment {
            action: Action::Create,
            kind,
            id: None,
        };
        if let Some(hooks) = &self.hooks {
            hooks.body(moment, &mut body);
        }
        let attempt = || -> Result<Shown> {
            let Conformed { mut document, .. } =
                conform::resource(kind, body, &self.behaviour.leniency)?;
            conform::complete(kind, &document)?;
            if kind.slot == slots::USER && self.behaviour.active_by_default {
                document.entry("active").or_insert(Value::Bool(true));
            }
            let members = take_members(kind, &mut document)?;
            let mut state = self.writing();
            let mut set = GroupMembers {
                engine: self,
                state: &state,
                group: None,
                delta: Delta::default(),
            };
            set.assign(&members.unwrap_or_default())?;
            let mut delta = set.delta;
            self.finish(moment, &state, None, None, &mut document, &mut delta)?;
            let slot = state.next();
            let instant = now();
            let record = self.record(kind, self.new_id(), instant, instant, 1, document.clone());
            let found = keys::of(&state, kind, &document);
            let joins = delta
                .joined()
                .iter()
                .map(|member| Change::Join(slot, *member));
            let changes = std::iter::once(Change::Insert(record, found))
                .chain(joins)
                .collect();
            state.commit(changes).map_err(|error| unwritable(&error))?;
            let view = wanted
                .resolve(kind, &self.behaviour.leniency)
                .echo(&document);
            Ok(self.show(&state, moment, slot, &view))
        };
        attempt().map_err(|error| self.refused(moment, error))
    }

    /// Replaces a resource.
    ///
    /// # Errors
    /// 404, 412, 400 as the body is, 409 when a unique value is taken.
    pub fn replace(
        &self,
        kind: &ResourceType,
        id: &str,
        mut body: Object,
        condition: &Condition,
        wanted: &Wanted,
    ) -> Result<Shown> {
        let moment = Moment {
            action: Action::Replace,
            kind,
            id: Some(id),
        };
        if let Some(hooks) = &self.hooks {
            hooks.body(moment, &mut body);
        }
        let attempt = || -> Result<Shown> {
            let spoken = crate::protocol::member(&body, "active").is_some();
            let conformed = conform::resource(kind, body, &self.behaviour.leniency);
            let mut state = self.writing();
            let slot = state
                .slot_of(kind.slot, id)
                .ok_or_else(|| absent(kind, id))?;
            condition.check(self.version(&state, slot).as_deref())?;
            let Conformed {
                mut document,
                secret,
            } = conformed?;
            let before = stored(known(&state, slot));
            conform::keep_immutable(kind, &before, &mut document)?;
            conform::keep_active(kind, &before, &mut document, spoken);
            let mut members = take_members(kind, &mut document)?;
            if self.behaviour.omitted == Omitted::Kept {
                for (name, value) in &before {
                    document
                        .entry(name.clone())
                        .or_insert_with(|| value.clone());
                }
                members = members.or_else(|| Some(self.member_ids(&state, slot)));
            }
            conform::complete(kind, &document)?;
            let mut set = GroupMembers {
                engine: self,
                state: &state,
                group: Some(slot),
                delta: Delta::default(),
            };
            set.assign(&members.unwrap_or_default())?;
            let mut delta = set.delta;
            self.finish(
                moment,
                &state,
                Some(slot),
                Some(&before),
                &mut document,
                &mut delta,
            )?;
            let echoed = document.clone();
            self.update(
                &mut state,
                moment,
                slot,
                &before,
                After {
                    document,
                    delta,
                    secret,
                },
            )?;
            let view = wanted.resolve(kind, &self.behaviour.leniency).echo(&echoed);
            Ok(self.show(&state, moment, slot, &view))
        };
        attempt().map_err(|error| self.refused(moment, error))
    }

    /// Applies the operations of a PATCH.
    ///
    /// # Errors
    /// 404, 412, 400 as the operations are, 409 when a unique value is taken; nothing is changed.
    pub fn patch(
        &self,
        kind: &ResourceType,
        id: &str,
        body: &Object,
        condition: &Condition,
        wanted: &Wanted,
    ) -> Result<Patched> {
        let moment = Moment {
            action: Action::Patch,
            kind,
            id: Some(id),
        };
        let attempt = || -> Result<Patched> {
            let operations = patch::operations(body, &self.behaviour.leniency);
            let mut state = self.writing();
            let slot = state
                .slot_of(kind.slot, id)
                .ok_or_else(|| absent(kind, id))?;
            condition.check(self.version(&state, slot).as_deref())?;
            let mut operations = operations?;
            if let Some(hooks) = &self.hooks {
                hooks.operations(moment, &mut operations);
            }
            let before = stored(known(&state, slot));
            let mut document = before.clone();
            let mut set = GroupMembers {
                engine: self,
                state: &state,
                group: Some(slot),
                delta: Delta::default(),
            };
            let mut target = Target {
                kind,
                id,
                document: &mut document,
                members: kind.has_members().then_some(&mut set),
                secret: false,
            };
            patch::apply(&mut target, operations, &self.behaviour.leniency)?;
            let secret = target.secret;
            let mut delta = set.delta;
            self.finish(
                moment,
                &state,
                Some(slot),
                Some(&before),
                &mut document,
                &mut delta,
            )?;
            let echoed = document.clone();
            self.update(
                &mut state,
                moment,
                slot,
                &before,
                After {
                    document,
                    delta,
                    secret,
                },
            )?;
            let bodiless = match self.behaviour.patch_answer {
                PatchAnswer::ByType => kind.has_members(),
                PatchAnswer::Resource => false,
                PatchAnswer::NoContent => true,
            };
            if bodiless && wanted.attributes.is_none() {
                return Ok(Patched::NoContent(self.version(&state, slot)));
            }
            let view = wanted.resolve(kind, &self.behaviour.leniency).echo(&echoed);
            Ok(Patched::Resource(self.show(&state, moment, slot, &view)))
        };
        attempt().map_err(|error| self.refused(moment, error))
    }

    /// Deletes a resource, with every reference to it.
    ///
    /// # Errors
    /// 404 and 412.
    pub fn delete(&self, kind: &ResourceType, id: &str, condition: &Condition) -> Result<()> {
        let moment = Moment {
            action: Action::Delete,
            kind,
            id: Some(id),
        };
        let attempt = || -> Result<()> {
            let mut state = self.writing();
            let slot = state
                .slot_of(kind.slot, id)
                .ok_or_else(|| absent(kind, id))?;
            condition.check(self.version(&state, slot).as_deref())?;
            let deletion = self
                .hooks
                .as_ref()
                .map_or(Deletion::Remove, |hooks| hooks.deletion(moment));
            if deletion == Deletion::Nothing {
                return Ok(());
            }
            let mut changes = Vec::new();
            let instant = now();
            // Groups lose the member, which changes them; people lose a manager who goes.
            for group in state.groups(slot) {
                changes.push(Change::Leave(*group, slot));
                changes.push(Change::Update(
                    *group,
                    touched(known(&state, *group), instant),
                    Vec::new(),
                    Vec::new(),
                ));
            }
            let manager = state.key((slots::USER, keys::MANAGER), &text::exact(id));
            for report in state
                .candidates(manager)
                .into_iter()
                .filter(|report| *report != slot)
            {
                let record = known(&state, report);
                let report_kind = self.registry.kind(record.kind);
                let old = stored(record);
                let mut document = old.clone();
                if forget_manager(&mut document, id) {
                    let (out, into) = (
                        keys::of(&state, report_kind, &old),
                        keys::of(&state, report_kind, &document),
                    );
                    let modified = instant.max(record.modified + 1);
                    let record = self.record(
                        report_kind,
                        record.id.to_string(),
                        record.created,
                        modified,
                        record.revision + 1,
                        document,
                    );
                    changes.push(Change::Update(report, record, out, into));
                }
            }
            changes.push(Change::Remove(
                slot,
                keys::of_record(&state, kind, known(&state, slot)),
            ));
            state.commit(changes).map_err(|error| unwritable(&error))
        };
        attempt().map_err(|error| self.refused(moment, error))
    }

    /// What every write does before it commits: hooks, and the check of unique values.
    fn finish(
        &self,
        moment: Moment<'_>,
        state: &State,
        slot: Option<Slot>,
        before: Option<&Object>,
        document: &mut Object,
        delta: &mut Delta,
    ) -> Result<()> {
        if self.behaviour.fold_user_names
            && moment.kind.slot == slots::USER
            && let Some(Value::String(name)) = document.get_mut("userName")
        {
            *name = name.to_lowercase();
        }
        settle_manager(state, document);
        if let Some(hooks) = &self.hooks {
            hooks.document(moment, before, document);
            hooks.members(moment, state, slot, delta);
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
            if self
                .hooks
                .as_ref()
                .is_some_and(|hooks| !hooks.unique(moment, &attribute.name))
            {
                continue;
            }
            let key = state.key(
                (moment.kind.slot, attribute.name.as_str()),
                &text::prepared(name, attribute.case_exact),
            );
            let others = state
                .candidates(key)
                .into_iter()
                .filter(|other| Some(*other) != slot);
            for other in others {
                if stored(known(state, other))
                    .get(&attribute.name)
                    .is_some_and(|known| value::same(attribute, known, taken))
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

    /// Commits the new state of a resource, unless it is the old one.
    fn update(
        &self,
        state: &mut State,
        moment: Moment<'_>,
        slot: Slot,
        before: &Object,
        after: After,
    ) -> Result<()> {
        let After {
            mut document,
            delta,
            secret,
        } = after;
        let kind = moment.kind;
        document.shift_remove("schemas");
        let same = before.len() == document.len() + 1
            && document
                .iter()
                .all(|(name, value)| before.get(name) == Some(value));
        let changed = !same || !delta.is_empty() || secret;
        if !self
            .hooks
            .as_ref()
            .map_or(changed, |hooks| hooks.touches(moment, changed))
        {
            return Ok(());
        }
        let old = known(state, slot);
        let modified = now().max(old.modified + 1);
        let (out, into) = if same {
            (Vec::new(), Vec::new())
        } else {
            (
                keys::of(state, kind, before),
                keys::of(state, kind, &document),
            )
        };
        let record = if same {
            Record {
                modified,
                revision: old.revision + 1,
                ..old.clone()
            }
        } else {
            self.record(
                kind,
                old.id.to_string(),
                old.created,
                modified,
                old.revision + 1,
                document,
            )
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
    fn record(
        &self,
        kind: &ResourceType,
        id: String,
        created: i64,
        modified: i64,
        revision: u64,
        mut document: Object,
    ) -> Record {
        document.shift_remove("schemas");
        let mut whole = Map::new();
        whole.insert(
            "schemas".to_owned(),
            json!(conform::schemas_of(kind, &document)),
        );
        let display = ["displayName", "userName", "name"]
            .iter()
            .find_map(|name| document.get(*name).and_then(Value::as_str));
        let display = display.unwrap_or_default().into();
        let decorated = document
            .get(ENTERPRISE)
            .is_some_and(|extension| extension.get("manager").is_some());
        whole.extend(document);
        let text = Value::Object(whole).to_string();
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

    fn member_ids(&self, state: &State, group: Slot) -> Vec<String> {
        let members = state
            .members(group)
            .into_iter()
            .flat_map(|members| members.iter());
        members
            .map(|member| known(state, member).id.to_string())
            .collect()
    }
}

/// Takes the members out of a body; they are stored beside the document.
fn take_members(kind: &ResourceType, document: &mut Object) -> Result<Option<Vec<String>>> {
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

fn touched(record: &Record, instant: i64) -> Record {
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

fn forget_manager(document: &mut Object, id: &str) -> bool {
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
