//! The words of a policy: what a target may promise or leave out. One list for target profiles, config and suites.

use crate::results::Policy;

/// What becomes of a person who is deactivated.
pub const DEACTIVATION: &[&str] = &["keep", "remove"];

/// As what groups arrive.
pub const GROUPS: &[&str] = &["groups", "roles", "none"];

/// Features that a target may leave out on purpose, and that a case may use.
pub const FEATURES: &[&str] = &[
    "updates",
    "deactivation",
    "hard-delete",
    "groups",
    "group-updates",
    "custom-attributes",
    "enterprise",
    "passwords",
    "import",
    "roles",
];

/// A word that a policy doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no word of policy.{key}; known are {}", .known.join(", "))]
pub struct UnknownWord {
    /// `deactivation`, `groups`, `not_offered`.
    pub key: &'static str,
    /// What was written.
    pub found: String,
    /// What may be written.
    pub known: &'static [&'static str],
}

/// The words of a policy that are none.
pub fn unknown_words(policy: &Policy) -> Vec<UnknownWord> {
    let single = [
        ("deactivation", &policy.deactivation, DEACTIVATION),
        ("groups", &policy.groups, GROUPS),
    ];
    let single = single
        .into_iter()
        .filter_map(|(key, word, known)| word.as_ref().map(|word| (key, word, known)));
    let left_out = policy
        .not_offered
        .iter()
        .map(|word| ("not_offered", word, FEATURES));
    single
        .chain(left_out)
        .filter(|(_, word, known)| !known.contains(&word.as_str()))
        .map(|(key, word, known)| UnknownWord {
            key,
            found: word.clone(),
            known,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_list_are_known() {
        let policy = |deactivation: &str, groups: &str, left_out: &str| Policy {
            deactivation: Some(deactivation.to_owned()),
            groups: Some(groups.to_owned()),
            not_offered: vec![left_out.to_owned()],
            ..Policy::default()
        };
        assert_eq!(unknown_words(&policy("keep", "roles", "updates")), []);
        assert_eq!(unknown_words(&Policy::default()), []);
        let keys: Vec<&str> = unknown_words(&policy("Keep", "teams", "update"))
            .iter()
            .map(|word| word.key)
            .collect();
        assert_eq!(keys, ["deactivation", "groups", "not_offered"]);
        let text = unknown_words(&policy("erase", "none", "updates"))
            .first()
            .map(ToString::to_string);
        assert_eq!(
            text.as_deref(),
            Some("`erase` is no word of policy.deactivation; known are keep, remove")
        );
    }
}
