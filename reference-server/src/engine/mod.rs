//! The operations: create, read, replace, patch, delete, list, bulk, over the stored state.
//!
//! Writes hold one lock from reading the old state to committing the new one, so two writes never
//! lose each other and a refused one leaves nothing behind.

mod behaviour;
mod bulk;
mod choices;
mod commit;
mod cursor;
mod demands;
mod discovery;
pub mod hooks;
mod keys;
mod list;
mod plan;
mod render;
mod set;
mod write;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult,
};

pub use behaviour::{
    Behaviour, Demands, Detail, Dress, Encoding, IdStyle, Leaving, Listing, Omitted, PatchAnswer,
    Removed, Times,
};
pub use list::{Page, Query};
pub use render::Shown;
pub use write::{Condition, Patched};

use crate::protocol::error::{Result, ScimError};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::{Registry, ResourceType};
use crate::store::{Durability, Slot, State, StoreError};
use cursor::Cursors;
use hooks::{Action, Hooks, Moment};

/// How often a lock is tried, and how long in between: some ten microseconds in all.
const ATTEMPTS: u32 = 40;
const PAUSES: u32 = 8;

/// The engine of one server.
pub struct Engine {
    registry: Registry,
    behaviour: Behaviour,
    base_url: String,
    hooks: Option<Arc<dyn Hooks>>,
    state: RwLock<State>,
    cursors: Cursors,
    last_number: AtomicU64,
    durable: bool,
    /// Names of deleted users with the ids they had, where they are not simply free.
    departed: Mutex<HashMap<String, String>>,
}

impl Engine {
    /// An engine over an empty or durable state. `base_url` is what locations begin with, without
    /// a slash at its end.
    ///
    /// # Errors
    /// When the durable store cannot be read.
    pub fn new(
        registry: Registry,
        behaviour: Behaviour,
        base_url: String,
        hooks: Option<Arc<dyn Hooks>>,
        durability: Option<Box<dyn Durability>>,
    ) -> std::result::Result<Self, StoreError> {
        let mut state = State::new(registry.types.len(), durability);
        let last_number = state
            .recall(|state, record| keys::of_record(state, registry.kind(record.kind), record))?;
        let durable = state.is_durable();
        let base_url = behaviour.public_base.clone().unwrap_or(base_url);
        Ok(Self {
            registry,
            behaviour,
            base_url,
            hooks,
            state: RwLock::new(state),
            cursors: Cursors::new(),
            last_number: AtomicU64::new(last_number),
            durable,
            departed: Mutex::default(),
        })
    }

    /// The schemas and resource types.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The choices that this server makes.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Whether writes wait for a disk.
    pub fn is_durable(&self) -> bool {
        self.durable
    }

    /// What locations begin with.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Reads one resource.
    ///
    /// # Errors
    /// 404 when there is none with this id in this type.
    pub fn read(&self, kind: &ResourceType, id: &str, wanted: &Wanted) -> Result<Shown> {
        let state = self.reading();
        let slot = state
            .slot_of(kind.slot, id)
            .ok_or_else(|| absent(kind, id))?;
        let moment = Moment {
            action: Action::Read,
            kind,
            id: Some(id),
        };
        Ok(self.show(
            &state,
            moment,
            slot,
            &wanted.resolve(kind, &self.behaviour.leniency),
        ))
    }

    /// Whether there is a resource of this type with this id.
    pub fn has(&self, kind: &ResourceType, id: &str) -> bool {
        self.reading().slot_of(kind.slot, id).is_some()
    }

    /// Whether there is a resource with this id.
    pub fn has_any(&self, id: &str) -> bool {
        self.reading().slot(id).is_some()
    }

    /// The id of the user with this name, for `/Me`.
    pub fn user_named(&self, kind: &ResourceType, name: &str) -> Option<String> {
        let state = self.reading();
        let key = state.key(
            (kind.slot, "userName"),
            &crate::protocol::text::folded(name),
        );
        let slot = state.candidates(key).into_iter().next()?;
        state.record(slot).map(|record| record.id.to_string())
    }

    // A panic inside of a write cannot leave a half-made commit behind, since changes are gathered
    // first and applied without anything that can fail; so a poisoned lock is still good.
    fn reading(&self) -> RwLockReadGuard<'_, State> {
        self.soon(|| self.state.try_read())
            .unwrap_or_else(|| self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn writing(&self) -> RwLockWriteGuard<'_, State> {
        self.soon(|| self.state.try_write())
            .unwrap_or_else(|| self.state.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock within a moment, or not. In memory a write holds it for some microseconds, and to be put to
    /// sleep and woken takes longer than that; with a disk behind it, waiting is sleeping.
    fn soon<G>(&self, attempt: impl Fn() -> TryLockResult<G>) -> Option<G> {
        let attempts = if self.durable { 0 } else { ATTEMPTS };
        for _ in 0..attempts {
            match attempt() {
                Ok(guard) => return Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => (0..PAUSES).for_each(|_| std::hint::spin_loop()),
            }
        }
        None
    }

    fn new_id(&self) -> String {
        match self.behaviour.ids {
            IdStyle::Uuid => random_uuid().to_string(),
            IdStyle::Numeric => (self.last_number.fetch_add(1, Ordering::Relaxed) + 1).to_string(),
            IdStyle::Odd => format!("u:{}@x+y=z", random_uuid().simple()),
            IdStyle::Long => {
                let part = || random_uuid().simple().to_string();
                let (a, b) = (part(), part());
                format!(
                    "Ab.{a}~{}.{b}_{}.{}",
                    a.to_uppercase(),
                    b.to_uppercase(),
                    a.repeat(2)
                )
            }
        }
    }

    fn refused(&self, moment: Moment<'_>, error: ScimError) -> ScimError {
        match &self.hooks {
            Some(hooks) => hooks.refused(moment, error),
            None => error,
        }
    }
}

fn absent(kind: &ResourceType, id: &str) -> ScimError {
    // The id is the client's own text; a long one is not echoed.
    let id: String = id.chars().take(64).collect();
    ScimError::not_found(format!("there is no {} with the id '{id}'", kind.name))
}

fn unwritable(error: &StoreError) -> ScimError {
    ScimError::new(500, error.to_string())
}

/// A random UUID, of the thread's own generator: the system's would cost a call into the kernel for each.
fn random_uuid() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// The instant in milliseconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A slot's record that the caller knows to be there.
fn known(state: &State, slot: Slot) -> &crate::store::Record {
    state
        .record(slot)
        .expect("a slot taken from the state's own indices holds a record")
}
