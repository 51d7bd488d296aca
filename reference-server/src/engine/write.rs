//! Create, replace, patch and delete.

use serde_json::Value;

use super::commit::{After, forget_manager, take_members, touched};
use super::hooks::{Action, Deletion, Moment};
use super::render::{Shown, stored};
use super::set::GroupMembers;
use super::{Engine, Leaving, Omitted, PatchAnswer, absent, keys, known, now, unwritable};
use crate::protocol::conform::{self, Conformed};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::patch::{self, Target};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::{ResourceType, slots};
use crate::protocol::{Object, text};
use crate::store::{Change, Delta, Slot, State};

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
            self.refuse_undeclared(kind, &body)?;
            let said = self.said(&body);
            let Conformed { mut document, .. } =
                conform::resource(kind, body, &self.behaviour.leniency)?;
            self.one_primary(kind, &mut document);
            conform::complete(kind, &document)?;
            self.settle(kind, &said, &mut document);
            if kind.slot == slots::USER
                && self.behaviour.active_by_default
                && kind.core("active").is_some()
            {
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
            let id = self.id_for(kind, &document)?;
            let slot = state.next();
            let instant = now();
            let found = keys::of(&state, kind, &document);
            let view = wanted
                .resolve(kind, &self.behaviour.leniency)
                .echo(kind, &document);
            let record = self.record(kind, id, instant, instant, 1, document);
            let joins = delta
                .joined()
                .iter()
                .map(|member| Change::Join(slot, *member));
            let changes = std::iter::once(Change::Insert(record, found))
                .chain(joins)
                .collect();
            state.commit(changes).map_err(|error| unwritable(&error))?;
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
            self.changeable(kind)?;
            self.refuse_undeclared(kind, &body)?;
            let spoken = crate::protocol::member(&body, "active").is_some();
            let said = self.said(&body);
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
            let found = keys::of(&state, kind, &before);
            conform::keep_immutable(kind, &before, &mut document)?;
            conform::keep_active(kind, &before, &mut document, spoken);
            let mut members = take_members(kind, &mut document)?;
            self.keep_omitted(kind, &before, &said, &mut document);
            if self.behaviour.omitted == Omitted::Kept && !said.contains("members") {
                members = Some(self.member_ids(&state, slot));
            }
            self.one_primary(kind, &mut document);
            conform::complete(kind, &document)?;
            self.settle(kind, &said, &mut document);
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
            let view = wanted
                .resolve(kind, &self.behaviour.leniency)
                .echo(kind, &document);
            let leaves = self.leaves(moment, &document);
            let after = After {
                document,
                delta,
                secret,
            };
            self.update(&mut state, moment, slot, found, after)?;
            let shown = self.show(&state, moment, slot, &view);
            if leaves {
                self.remove(&mut state, kind, slot, id)?;
            }
            Ok(shown)
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
            self.changeable(kind)?;
            let operations = patch::operations(body, &self.behaviour.leniency);
            let mut state = self.writing();
            let slot = state
                .slot_of(kind.slot, id)
                .ok_or_else(|| absent(kind, id))?;
            condition.check(self.version(&state, slot).as_deref())?;
            let mut operations = operations?;
            let mut document = stored(known(&state, slot));
            let found = keys::of(&state, kind, &document);
            // Only hooks look at what was there.
            let before = self.hooks.as_ref().map(|_| document.clone());
            if let Some((hooks, before)) = self.hooks.as_ref().zip(before.as_ref()) {
                hooks.operations(moment, before, &mut operations)?;
            }
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
                before.as_ref(),
                &mut document,
                &mut delta,
            )?;
            let view = wanted
                .resolve(kind, &self.behaviour.leniency)
                .echo(kind, &document);
            let leaves = self.leaves(moment, &document);
            let after = After {
                document,
                delta,
                secret,
            };
            self.update(&mut state, moment, slot, found, after)?;
            let bodiless = match self.behaviour.patch_answer {
                PatchAnswer::ByType => kind.has_members(),
                PatchAnswer::Resource => false,
                PatchAnswer::NoContent => true,
            };
            let answer = if bodiless && wanted.attributes.is_none() {
                Patched::NoContent(self.version(&state, slot))
            } else {
                Patched::Resource(self.show(&state, moment, slot, &view))
            };
            if leaves {
                self.remove(&mut state, kind, slot, id)?;
            }
            Ok(answer)
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
            let deletion = self.hooks.as_ref().map_or(Deletion::Remove, |hooks| {
                hooks.deletion(moment, &state, slot)
            });
            if deletion == Deletion::Nothing {
                return Ok(());
            }
            if kind.slot == slots::USER && self.behaviour.leaving == Leaving::Deactivates {
                return self.deactivate(&mut state, moment, slot);
            }
            self.remember(&state, slot);
            self.remove(&mut state, kind, slot, id)
        };
        attempt().map_err(|error| self.refused(moment, error))
    }

    /// Takes access away and keeps the record.
    fn deactivate(&self, state: &mut State, moment: Moment<'_>, slot: Slot) -> Result<()> {
        let mut document = stored(known(state, slot));
        let found = keys::of(state, moment.kind, &document);
        document.insert("active".to_owned(), Value::Bool(false));
        let after = After {
            document,
            delta: Delta::default(),
            secret: false,
        };
        self.update(state, moment, slot, found, after)
    }

    /// Removes a record with every reference to it.
    fn remove(&self, state: &mut State, kind: &ResourceType, slot: Slot, id: &str) -> Result<()> {
        let mut changes = Vec::new();
        let instant = now();
        // Groups lose the member, which changes them; people lose a manager who goes.
        for group in state.groups(slot) {
            changes.push(Change::Leave(*group, slot));
            changes.push(Change::Update(
                *group,
                touched(known(state, *group), instant),
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
            let record = known(state, report);
            let report_kind = self.registry.kind(record.kind);
            let old = stored(record);
            let mut document = old.clone();
            if forget_manager(&mut document, id) {
                let (out, into) = (
                    keys::of(state, report_kind, &old),
                    keys::of(state, report_kind, &document),
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
            keys::of_record(state, kind, known(state, slot)),
        ));
        state.commit(changes).map_err(|error| unwritable(&error))
    }
}
