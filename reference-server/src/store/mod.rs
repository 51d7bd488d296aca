//! Where resources live.
//!
//! One state in memory, with its indices, answers all reads; every change goes through
//! [`State::commit`], wholly or not at all. A [`Durability`] behind it writes each commit to disk
//! before it takes effect, and gives the records back at start-up; without one the state is lost
//! with the process.

mod index;
mod members;
mod place;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;

pub use index::Key;
pub use members::{Delta, Members};
pub use place::Place;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use state::{Change, State};

/// The place of a record in the state. Never used twice, so that slots are in order of creation.
pub type Slot = u32;

/// A stored resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id, unique over all types.
    pub id: Box<str>,
    /// The position of its type in the registry.
    pub kind: u8,
    /// Whether its document refers to something that is shown with it, so that it cannot be handed
    /// out as it is.
    pub decorated: bool,
    /// When it was created, in milliseconds since 1970.
    pub created: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub modified: i64,
    /// Counts the changes, from 1.
    pub revision: u64,
    /// The attributes as compact JSON: an object that begins with `schemas`.
    pub document: Box<str>,
    /// What references to it show as `display`.
    pub display: Box<str>,
}

/// A record as a [`Durability`] gives it back, in order of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The record.
    pub record: Record,
    /// The ids of its members, in order.
    pub members: Vec<String>,
}

/// All that a [`Durability`] gives back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recollection {
    /// The records, in order of creation.
    pub records: Vec<Recalled>,
    /// The highest number that was ever an id, 0 without one, so that none is given twice.
    pub last_number: u64,
}

/// A change as a [`Durability`] sees it, by ids.
#[derive(Debug)]
pub enum Written<'a> {
    /// A record is new or changed.
    Record(&'a Record),
    /// A record is gone, with its memberships.
    Removed(&'a str),
    /// A group has one member more.
    Joined {
        /// The group.
        group: &'a str,
        /// The member.
        member: &'a str,
    },
    /// A group has one member less.
    Left {
        /// The group.
        group: &'a str,
        /// The member.
        member: &'a str,
    },
}

/// The store cannot be opened, or a commit could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be used: {0}")]
pub struct StoreError(pub String);

/// Keeps commits beyond the life of the process.
pub trait Durability: Send + Sync {
    /// All that is stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn recall(&mut self) -> Result<Recollection, StoreError>;

    /// Writes a commit; it is durable when this returns, and nothing of it is written when it
    /// fails.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn commit(&mut self, changes: &[Written<'_>]) -> Result<(), StoreError>;
}
