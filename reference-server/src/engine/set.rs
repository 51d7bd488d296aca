//! The members of one group, as PATCH, PUT and POST change them.

use serde_json::Value;

use super::{Engine, known};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::patch::MemberSet;
use crate::protocol::schema::slots;
use crate::store::{Delta, Slot, State};

/// A group's members with the change that a request makes.
pub(super) struct GroupMembers<'a> {
    pub(super) engine: &'a Engine,
    pub(super) state: &'a State,
    /// The group, or `None` for one that is being created.
    pub(super) group: Option<Slot>,
    pub(super) delta: Delta,
}

impl GroupMembers<'_> {
    /// Sets the members to exactly these.
    ///
    /// # Errors
    /// When an id names nothing that can be a member.
    pub(super) fn assign(&mut self, ids: &[String]) -> Result<()> {
        self.clear();
        ids.iter().try_for_each(|id| self.insert(id))
    }

    fn stored(&self) -> Option<&crate::store::Members> {
        self.group.and_then(|group| self.state.members(group))
    }
}

impl MemberSet for GroupMembers<'_> {
    fn contains(&self, id: &str) -> bool {
        let stored = self.stored();
        self.state
            .slot(id)
            .is_some_and(|slot| self.delta.contains(stored, slot))
    }

    fn insert(&mut self, id: &str) -> Result<()> {
        let slot = self.state.slot(id).ok_or_else(|| {
            let id: String = id.chars().take(64).collect();
            let detail = format!("the member '{id}' does not exist");
            if self.engine.behaviour.demands.found_members {
                ScimError::not_found(detail)
            } else {
                ScimError::value(detail)
            }
        })?;
        if self.engine.behaviour.demands.flat_groups && known(self.state, slot).kind != slots::USER
        {
            return Err(ScimError::value("only users can be members of a group"));
        }
        if Some(slot) == self.group {
            return Err(ScimError::value("a group cannot be its own member"));
        }
        let stored = self.group.and_then(|group| self.state.members(group));
        self.delta.join(stored, slot);
        Ok(())
    }

    fn remove(&mut self, id: &str) {
        let stored = self.group.and_then(|group| self.state.members(group));
        if let Some(slot) = self.state.slot(id) {
            self.delta.leave(stored, slot);
        }
    }

    fn clear(&mut self) {
        let stored = self.group.and_then(|group| self.state.members(group));
        self.delta.clear(stored);
    }

    fn elements(&self) -> Vec<Value> {
        self.delta
            .after(self.stored())
            .map(|slot| self.engine.member_element(known(self.state, slot)))
            .collect()
    }
}
