//! What a piece of a suite mentions: variables of templates and names of resources, each with its place.

use super::super::template::Variable;
use super::super::tree::Spot;

/// What a resource's name is used for, which decides whether the resource may be gone by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It must be there: echoed, listed, compared.
    There,
    /// It may be there or not.
    Either,
    /// It changes.
    Changes,
    /// It is gone after this step.
    Gone,
}

/// The mentions of one piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mentions {
    pub(super) variables: Vec<(Variable, Spot)>,
    pub(super) resources: Vec<(String, Spot, Role)>,
}

impl Mentions {
    pub(super) fn resource(&mut self, name: &str, spot: Spot, role: Role) {
        self.resources.push((name.to_owned(), spot, role));
    }
}
