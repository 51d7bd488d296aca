//! All records with their indices, and the one way to change them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::index::Index;
use super::members::Members;
use super::{Durability, Key, Record, Slot, StoreError, Written};

/// One part of a commit. Keys are what the index is to hold of a record.
#[derive(Debug)]
pub enum Change {
    /// A new record; it takes the next slot.
    Insert(Record, Vec<Key>),
    /// A record in place of an older state of itself, with the keys to take out and to put in.
    Update(Slot, Record, Vec<Key>, Vec<Key>),
    /// A record goes, with its memberships.
    Remove(Slot, Vec<Key>),
    /// A group gets a member.
    Join(Slot, Slot),
    /// A group loses a member.
    Leave(Slot, Slot),
}

/// The stored resources.
pub struct State {
    records: Vec<Option<Box<Record>>>,
    ids: HashTable<Slot>,
    index: Index,
    order: Vec<Vec<Slot>>,
    members: HashMap<Slot, Members>,
    groups: HashMap<Slot, Vec<Slot>>,
    hasher: DefaultHashBuilder,
    durability: Option<Box<dyn Durability>>,
}

impl State {
    /// An empty state for this many resource types.
    pub fn new(kinds: usize, durability: Option<Box<dyn Durability>>) -> Self {
        Self {
            records: Vec::new(),
            ids: HashTable::new(),
            index: Index::default(),
            order: vec![Vec::new(); kinds],
            members: HashMap::new(),
            groups: HashMap::new(),
            hasher: DefaultHashBuilder::default(),
            durability,
        }
    }

    /// Fills an empty state from the durable store; `keys` gives what is indexed of a record.
    /// Returns the highest number that was ever an id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recall(&mut self, keys: impl Fn(&Self, &Record) -> Vec<Key>) -> Result<u64, StoreError> {
        let Some(mut durability) = self.durability.take() else {
            return Ok(0);
        };
        let recalled = durability.recall()?;
        let mut members = Vec::new();
        for entry in recalled.records {
            let found = keys(self, &entry.record);
            let slot = self.next();
            if !entry.members.is_empty() {
                members.push((slot, entry.members));
            }
            self.apply(Change::Insert(entry.record, found));
        }
        for (group, ids) in members {
            for id in ids {
                if let Some(member) = self.slot(&id) {
                    self.apply(Change::Join(group, member));
                }
            }
        }
        self.durability = Some(durability);
        Ok(recalled.last_number)
    }

    /// Whether commits go to a disk, and so take time.
    pub fn is_durable(&self) -> bool {
        self.durability.is_some()
    }

    /// The key of an attribute's value.
    pub fn key(&self, place: impl Hash, value: &str) -> Key {
        self.hasher.hash_one((place, value))
    }

    /// The slot that the next new record takes.
    pub fn next(&self) -> Slot {
        Slot::try_from(self.records.len()).unwrap_or(Slot::MAX)
    }

    /// The record in a slot.
    pub fn record(&self, slot: Slot) -> Option<&Record> {
        self.records.get(slot as usize)?.as_deref()
    }

    /// The slot of an id.
    pub fn slot(&self, id: &str) -> Option<Slot> {
        let same = |slot: &Slot| self.record(*slot).is_some_and(|record| &*record.id == id);
        self.ids.find(self.hasher.hash_one(id), same).copied()
    }

    /// The slot of an id of this type.
    pub fn slot_of(&self, kind: u8, id: &str) -> Option<Slot> {
        self.slot(id)
            .filter(|slot| self.record(*slot).is_some_and(|record| record.kind == kind))
    }

    /// The records of a type in order of creation.
    pub fn order(&self, kind: u8) -> &[Slot] {
        self.order.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }

    /// The records that may have an indexed value.
    pub fn candidates(&self, key: Key) -> Vec<Slot> {
        self.index.candidates(key)
    }

    /// The members of a group.
    pub fn members(&self, group: Slot) -> Option<&Members> {
        self.members.get(&group)
    }

    /// The groups that a record is a direct member of.
    pub fn groups(&self, member: Slot) -> &[Slot] {
        self.groups.get(&member).map_or(&[], Vec::as_slice)
    }

    /// Makes all changes, or none.
    ///
    /// # Errors
    /// When the durable store refuses; the state is then unchanged.
    pub fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        if let Some(mut durability) = self.durability.take() {
            let written = self.written(&changes);
            let outcome = durability.commit(&written);
            self.durability = Some(durability);
            outcome?;
        }
        for change in changes {
            self.apply(change);
        }
        Ok(())
    }

    fn written<'a>(&'a self, changes: &'a [Change]) -> Vec<Written<'a>> {
        // A group that is new in this commit takes the next slot before its members join.
        let mut new = HashMap::new();
        let mut next = self.next();
        let mut written = Vec::with_capacity(changes.len());
        for change in changes {
            let id = |slot: &Slot, new: &HashMap<Slot, &'a Record>| -> &'a str {
                new.get(slot)
                    .copied()
                    .or_else(|| self.record(*slot))
                    .map_or("", |record| &record.id)
            };
            written.push(match change {
                Change::Insert(record, _) => {
                    new.insert(next, record);
                    next += 1;
                    Written::Record(record)
                }
                Change::Update(_, record, _, _) => Written::Record(record),
                Change::Remove(slot, _) => Written::Removed(id(slot, &new)),
                Change::Join(group, member) => Written::Joined {
                    group: id(group, &new),
                    member: id(member, &new),
                },
                Change::Leave(group, member) => Written::Left {
                    group: id(group, &new),
                    member: id(member, &new),
                },
            });
        }
        written
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Insert(record, keys) => {
                let slot = self.next();
                let hash = self.hasher.hash_one(&*record.id);
                if let Some(order) = self.order.get_mut(usize::from(record.kind)) {
                    order.push(slot);
                }
                self.records.push(Some(Box::new(record)));
                let Self {
                    ids,
                    records,
                    hasher,
                    ..
                } = self;
                ids.insert_unique(hash, slot, |slot| {
                    let id = records
                        .get(*slot as usize)
                        .and_then(Option::as_deref)
                        .map_or("", |record| &record.id);
                    hasher.hash_one(id)
                });
                for key in keys {
                    self.index.insert(key, slot);
                }
            }
            Change::Update(slot, record, old, new) => {
                for key in old {
                    self.index.remove(key, slot);
                }
                for key in new {
                    self.index.insert(key, slot);
                }
                if let Some(place) = self.records.get_mut(slot as usize) {
                    *place = Some(Box::new(record));
                }
            }
            Change::Remove(slot, keys) => self.remove(slot, keys),
            Change::Join(group, member) => {
                if self.members.entry(group).or_default().join(member) {
                    self.groups.entry(member).or_default().push(group);
                }
            }
            Change::Leave(group, member) => self.leave(group, member),
        }
    }

    fn leave(&mut self, group: Slot, member: Slot) {
        if self
            .members
            .get_mut(&group)
            .is_some_and(|members| members.leave(member))
        {
            self.forget_group(group, member);
        }
    }

    fn forget_group(&mut self, group: Slot, member: Slot) {
        if let Some(groups) = self.groups.get_mut(&member) {
            groups.retain(|known| *known != group);
            if groups.is_empty() {
                self.groups.remove(&member);
            }
        }
    }

    fn remove(&mut self, slot: Slot, keys: Vec<Key>) {
        let Some(record) = self.records.get(slot as usize).and_then(Option::as_ref) else {
            return;
        };
        let (kind, hash) = (record.kind, self.hasher.hash_one(&*record.id));
        if let Ok(entry) = self.ids.find_entry(hash, |known| *known == slot) {
            entry.remove();
        }
        for key in keys {
            self.index.remove(key, slot);
        }
        if let Some(order) = self.order.get_mut(usize::from(kind))
            && let Ok(position) = order.binary_search(&slot)
        {
            order.remove(position);
        }
        for group in self.groups.remove(&slot).unwrap_or_default() {
            if let Some(members) = self.members.get_mut(&group) {
                members.leave(slot);
            }
        }
        if let Some(members) = self.members.remove(&slot) {
            for member in members.iter() {
                self.forget_group(slot, member);
            }
        }
        self.records[slot as usize] = None;
    }
}
