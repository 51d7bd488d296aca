//! What a fault remembers between requests.

use std::sync::{Arc, Mutex, PoisonError};

/// A value that the twists of one fault share.
#[derive(Default)]
pub(super) struct Memory<T>(Arc<Mutex<T>>);

impl<T> Clone for Memory<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Memory<T> {
    /// Looks at the value, or changes it.
    pub(super) fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
