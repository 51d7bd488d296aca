//! Deliberate defects. The correct server never loads one; each plugs into the seams that
//! [`crate::engine::hooks`] and [`crate::http::hooks`] leave open.

use std::sync::Arc;

use crate::engine::hooks::Hooks;
use crate::http::hooks::Intercept;

/// What a fault is.
#[derive(Debug, Clone, Copy)]
pub struct FaultInfo {
    /// The name, as given to `--fault`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What the server does wrong.
    pub what: &'static str,
    /// The entry of the list of observed defects that it mimics.
    pub defect: Option<u16>,
    /// The profiles whose provider it bites.
    pub breaks: &'static [&'static str],
    /// Where the defect was seen or which rule it breaks.
    pub source: &'static str,
}

/// What is plugged into the seams of a server.
#[derive(Clone, Default)]
pub(crate) struct Seams {
    pub(crate) engine: Option<Arc<dyn Hooks>>,
    pub(crate) http: Option<Arc<dyn Intercept>>,
}

/// All faults.
pub fn faults() -> &'static [FaultInfo] {
    &[]
}

/// The seams of the faults of these names.
///
/// # Errors
/// The first name that no fault has.
pub(crate) fn seams(names: &[String]) -> Result<Seams, String> {
    match names
        .iter()
        .find(|name| !faults().iter().any(|fault| fault.name == **name))
    {
        Some(unknown) => Err(unknown.clone()),
        None => Ok(Seams::default()),
    }
}
