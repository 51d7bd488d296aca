//! Personas: the documented behaviour of a product as a whole, as data in `personas/NAME.json`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::{Behaviour, Leaving};
use crate::faults::Seams;

const FILES: [&str; 4] = [
    include_str!("../personas/hoppscotch.json"),
    include_str!("../personas/client-portal.json"),
    include_str!("../personas/apidog.json"),
    include_str!("../personas/hoop.json"),
];

static ALL: LazyLock<Vec<PersonaInfo>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|text| {
            serde_json::from_str(text).expect("the personas are embedded and read by a test")
        })
        .collect()
});

/// What a persona is.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonaInfo {
    /// The name, as given to `--persona`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What its documentation says.
    pub what: &'static str,
    /// Where that is written.
    pub source: &'static str,
    /// What DELETE and `active: false` do to a user.
    leaving: LeavingWord,
    /// Whether there are groups.
    groups: bool,
    /// Whether users can be changed.
    #[serde(default = "yes")]
    user_updates: bool,
    bulk: bool,
    /// Attributes that the product does not have.
    #[serde(default)]
    without: Vec<String>,
    /// Definitions of its own.
    #[serde(default)]
    schemas: Vec<Value>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum LeavingWord {
    AsAsked,
    Removes,
    Deactivates,
}

fn yes() -> bool {
    true
}

/// All personas.
pub fn personas() -> &'static [PersonaInfo] {
    &ALL
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
    behaviour.leaving = match persona.leaving {
        LeavingWord::AsAsked => Leaving::AsAsked,
        LeavingWord::Removes => Leaving::Removes,
        LeavingWord::Deactivates => Leaving::Deactivates,
    };
    behaviour.groups = persona.groups;
    if !persona.groups {
        behaviour.without.push("User.groups".to_owned());
    }
    behaviour.user_updates = persona.user_updates;
    behaviour.patch = persona.user_updates || persona.groups;
    behaviour.bulk = persona.bulk;
    behaviour.without.extend(persona.without.iter().cloned());
    behaviour
        .schemas
        .push(Value::Array(persona.schemas.clone()).to_string());
    // What a persona does is a matter of choices; it plugs nothing into the seams of faults.
    Ok(Seams::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::leniency::Leniency;
    use crate::protocol::schema::Registry;

    #[test]
    fn every_persona_is_read_and_its_definitions_load() {
        for persona in personas() {
            let mut behaviour = Behaviour::new(false);
            assert!(
                apply(persona.name, &mut behaviour).is_ok(),
                "{}",
                persona.name
            );
            let mut registry = Registry::built_in(&Leniency::DEFAULT).expect("shipped");
            for text in &behaviour.schemas {
                registry
                    .add(text)
                    .expect("the definitions of a persona fit");
            }
        }
        assert_eq!(
            apply("nobody", &mut Behaviour::new(false)).err().as_deref(),
            Some("nobody")
        );
    }
}
