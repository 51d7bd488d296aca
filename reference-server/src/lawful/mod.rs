//! Lawful variants: other choices that the RFCs leave to a provider. A harness must find nothing
//! on any of them, nor on any combination.

mod operations;
mod schemas;
mod values;
mod wire;

use std::sync::LazyLock;

pub(crate) use schemas::OWN_TYPES;

use crate::engine::Behaviour;

/// What a lawful variant is.
#[derive(Debug, Clone, Copy)]
pub struct LawfulInfo {
    /// The name, as given to `--lawful`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What the server does.
    pub what: &'static str,
    /// The text that leaves the choice.
    pub source: &'static str,
    /// The profiles that can work with it: what the RFC leaves open, an identity provider may need.
    pub suits: &'static [&'static str],
    /// What a provider with this choice declares in its policy: lines of TOML.
    pub declares: &'static [&'static str],
    pub(crate) change: fn(&mut Behaviour),
}

const EVERYONE: &[&str] = &["okta", "entra", "jumpcloud", "rfc"];
const RFC_ONLY: &[&str] = &["rfc"];
/// Okta's SPEC test asks for more (okta-spec/4, okta-spec/6, okta-spec/12).
const NOT_OKTA: &[&str] = &["entra", "jumpcloud", "rfc"];
/// Entra asks for more (ENTRA-65, ENTRA-78).
const NOT_ENTRA: &[&str] = &["okta", "jumpcloud", "rfc"];

static VARIANTS: LazyLock<Vec<LawfulInfo>> = LazyLock::new(|| {
    [
        operations::variants(),
        schemas::variants(),
        values::variants(),
        wire::variants(),
    ]
    .concat()
});

/// All lawful variants.
pub fn lawful_variants() -> &'static [LawfulInfo] {
    &VARIANTS
}

/// Applies the variants of these names.
///
/// # Errors
/// The first name that no variant has.
pub(crate) fn apply(names: &[String], behaviour: &mut Behaviour) -> Result<(), String> {
    for name in names {
        let variant = lawful_variants()
            .iter()
            .find(|variant| variant.name == name)
            .ok_or_else(|| name.clone())?;
        (variant.change)(behaviour);
    }
    Ok(())
}
