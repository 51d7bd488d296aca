//! A hash index from attribute values to records.
//!
//! It keeps hashes, not values: a lookup gives candidates, and the caller compares them in full.
//! One table serves all indexed attributes, at sixteen bytes an entry.

use hashbrown::HashTable;

use super::Slot;

/// The hash of an attribute's place and prepared value.
pub type Key = u64;

/// The index.
#[derive(Debug, Default)]
pub(super) struct Index {
    table: HashTable<(Key, Slot)>,
}

impl Index {
    pub(super) fn insert(&mut self, key: Key, slot: Slot) {
        self.table.insert_unique(key, (key, slot), |(key, _)| *key);
    }

    pub(super) fn remove(&mut self, key: Key, slot: Slot) {
        if let Ok(entry) = self.table.find_entry(key, |entry| *entry == (key, slot)) {
            entry.remove();
        }
    }

    /// The records that may have the value, in order of creation.
    pub(super) fn candidates(&self, key: Key) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self
            .table
            .iter_hash(key)
            .filter(|(known, _)| *known == key)
            .map(|(_, slot)| *slot)
            .collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_gives_what_was_put_in_and_not_taken_out() {
        let mut index = Index::default();
        for slot in 0..1_000 {
            index.insert(u64::from(slot % 10), slot);
        }
        index.remove(3, 13);
        index.remove(3, 14);
        let slots = index.candidates(3);
        assert_eq!(slots.len(), 99);
        assert!(slots.contains(&3) && !slots.contains(&13));
        assert!(index.candidates(11).is_empty());
    }
}
