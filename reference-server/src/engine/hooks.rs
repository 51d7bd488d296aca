//! The decision points of the engine at which something else than the right thing can be done.
//!
//! The correct server has no hooks, and the engine then takes its short ways. Faults implement
//! [`Hooks`]; every method has the right behaviour as its default.

use serde_json::Value;

use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::Filter;
use crate::protocol::schema::ResourceType;
use crate::protocol::{Object, patch};
use crate::store::{Delta, Slot, State};

/// The operations of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// POST.
    Create,
    /// GET of one resource.
    Read,
    /// PUT.
    Replace,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// GET of a list, or `.search`.
    List,
}

/// What is going on when a hook is asked.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The operation.
    pub action: Action,
    /// The type.
    pub kind: &'a ResourceType,
    /// The resource, where there is one already.
    pub id: Option<&'a str>,
}

/// What a DELETE does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// Removes the resource.
    Remove,
    /// Answers as if it had.
    Nothing,
}

/// Departures from the right behaviour. The methods are asked in the order of this list.
pub trait Hooks: Send + Sync {
    /// The body of a POST or PUT, before it is looked at.
    fn body(&self, _moment: Moment<'_>, _body: &mut Object) {}

    /// The operations of a PATCH and what is stored, before the first is applied.
    ///
    /// # Errors
    /// What the request is refused with.
    fn operations(
        &self,
        _moment: Moment<'_>,
        _before: &Object,
        _operations: &mut Vec<patch::Operation>,
    ) -> Result<()> {
        Ok(())
    }

    /// A filter, before it is bound; `None` lets everything through.
    fn filter(&self, _kind: &ResourceType, filter: Filter) -> Option<Filter> {
        Some(filter)
    }

    /// Whether a value that must be unique, and that another resource has, is a reason to refuse.
    fn clash(&self, _moment: Moment<'_>, _attribute: &str, _mine: &Value, _theirs: &Value) -> bool {
        true
    }

    /// The document that will be stored, and what was stored before.
    ///
    /// # Errors
    /// What the request is refused with.
    fn document(
        &self,
        _moment: Moment<'_>,
        _before: Option<&Object>,
        _after: &mut Object,
    ) -> Result<()> {
        Ok(())
    }

    /// The change of members that will be made.
    ///
    /// # Errors
    /// What the request is refused with.
    fn members(
        &self,
        _moment: Moment<'_>,
        _state: &State,
        _group: Option<Slot>,
        _delta: &mut Delta,
    ) -> Result<()> {
        Ok(())
    }

    /// What a DELETE does.
    fn deletion(&self, _moment: Moment<'_>, _state: &State, _slot: Slot) -> Deletion {
        Deletion::Remove
    }

    /// Whether a write that changed nothing counts as a change.
    fn touches(&self, _moment: Moment<'_>, changed: bool) -> bool {
        changed
    }

    /// The hits of a list, in order, before a page is cut out of them.
    fn hits(&self, _state: &State, _hits: &mut Vec<Slot>) {}

    /// A resource as it is about to be shown.
    fn shown(&self, _moment: Moment<'_>, _resource: &mut Object) {}

    /// An error as it is about to be reported.
    fn refused(&self, _moment: Moment<'_>, error: ScimError) -> ScimError {
        error
    }
}
