//! The members of a group: an ordered set beside the document.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Slot;

/// The members of one group, in order of joining.
#[derive(Debug, Clone, Default)]
pub struct Members {
    order: BTreeMap<u64, Slot>,
    positions: HashMap<Slot, u64>,
    next: u64,
}

impl Members {
    /// Whether this record is a member.
    pub fn contains(&self, slot: Slot) -> bool {
        self.positions.contains_key(&slot)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = Slot> {
        self.order.values().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(super) fn join(&mut self, slot: Slot) -> bool {
        if self.contains(slot) {
            return false;
        }
        self.order.insert(self.next, slot);
        self.positions.insert(slot, self.next);
        self.next += 1;
        true
    }

    pub(super) fn leave(&mut self, slot: Slot) -> bool {
        match self.positions.remove(&slot) {
            Some(position) => self.order.remove(&position).is_some(),
            None => false,
        }
    }
}

/// What a request changes in the members of a group.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    joined: Vec<Slot>,
    joined_set: HashSet<Slot>,
    left: HashSet<Slot>,
}

impl Delta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty()
    }

    /// Who joins, in order.
    pub fn joined(&self) -> &[Slot] {
        &self.joined
    }

    /// Who leaves.
    pub fn left(&self) -> impl Iterator<Item = Slot> {
        self.left.iter().copied()
    }

    /// Whether the record is a member once the change is made.
    pub fn contains(&self, members: Option<&Members>, slot: Slot) -> bool {
        self.joined_set.contains(&slot)
            || (!self.left.contains(&slot) && members.is_some_and(|members| members.contains(slot)))
    }

    /// Adds a member.
    pub fn join(&mut self, members: Option<&Members>, slot: Slot) {
        let there = members.is_some_and(|members| members.contains(slot));
        if there {
            self.left.remove(&slot);
        } else if self.joined_set.insert(slot) {
            self.joined.push(slot);
        }
    }

    /// Takes a member away.
    pub fn leave(&mut self, members: Option<&Members>, slot: Slot) {
        if self.joined_set.remove(&slot) {
            self.joined.retain(|joined| *joined != slot);
        } else if members.is_some_and(|members| members.contains(slot)) {
            self.left.insert(slot);
        }
    }

    /// Takes all members away.
    pub fn clear(&mut self, members: Option<&Members>) {
        self.joined.clear();
        self.joined_set.clear();
        self.left = members
            .map(|members| members.iter().collect())
            .unwrap_or_default();
    }

    /// The members once the change is made, in order.
    pub fn after<'a>(&'a self, members: Option<&'a Members>) -> impl Iterator<Item = Slot> + 'a {
        let stayed = members
            .into_iter()
            .flat_map(Members::iter)
            .filter(|slot| !self.left.contains(slot));
        stayed.chain(self.joined.iter().copied())
    }
}
