//! Personas: the documented behaviour of a product as a whole.

use crate::engine::Behaviour;
use crate::faults::Seams;

/// What a persona is.
#[derive(Clone, Copy)]
pub struct PersonaInfo {
    /// The name, as given to `--persona`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What its documentation says.
    pub what: &'static str,
    /// Where that is written.
    pub source: &'static str,
    pub(crate) change: fn(&mut Behaviour) -> Seams,
}

/// All personas.
pub fn personas() -> &'static [PersonaInfo] {
    &[]
}

/// Applies the persona of this name.
///
/// # Errors
/// The name, when no persona has it.
pub(crate) fn apply(name: &str, behaviour: &mut Behaviour) -> Result<Seams, String> {
    let persona = personas()
        .iter()
        .find(|persona| persona.name == name)
        .ok_or_else(|| name.to_owned())?;
    Ok((persona.change)(behaviour))
}
