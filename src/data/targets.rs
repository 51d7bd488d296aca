//! Real products whose documentation promises a behaviour: fixtures/targets/NAME.toml.
//!
//! A target profile is what a team of that product would write into its own configuration (policy, mapping), and the
//! verdict that follows if the product does what its documentation says. `--persona NAME` takes it along.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::mappings::{self, Change, ChangeError, Mapping};
use super::{DataError, policy};
use crate::results::{Policy, Verdict};

const FILES: &[(&str, &str, &str)] = &[
    (
        "hoppscotch",
        "fixtures/targets/hoppscotch.toml",
        include_str!("../../fixtures/targets/hoppscotch.toml"),
    ),
    (
        "client-portal",
        "fixtures/targets/client-portal.toml",
        include_str!("../../fixtures/targets/client-portal.toml"),
    ),
    (
        "apidog",
        "fixtures/targets/apidog.toml",
        include_str!("../../fixtures/targets/apidog.toml"),
    ),
    (
        "hoop",
        "fixtures/targets/hoop.toml",
        include_str!("../../fixtures/targets/hoop.toml"),
    ),
];

static ALL: LazyLock<Vec<Target>> = LazyLock::new(|| {
    read_all().expect("the profiles of fixtures/targets are embedded and read by a test")
});

/// A target profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// `hoppscotch`; also the name of the persona of the reference server.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where its behaviour is documented.
    pub source: String,
    /// How its base URL ends, where the documentation says so.
    pub base_path: Option<String>,
    /// The profiles that its documentation names.
    pub documented_with: Vec<String>,
    /// What it promises and leaves out.
    pub policy: Policy,
    /// The changes of each profile's mapping, in the order of their names.
    pub mapping: BTreeMap<String, Vec<Change>>,
    /// The changes name the whole mapping; other attributes are not mapped.
    pub whole_mapping: bool,
    /// Profile -> the verdict that follows from the documentation.
    pub promise: BTreeMap<String, Verdict>,
}

impl Target {
    /// The mapping of a profile with the target's changes; `None` where the profile has no mapping.
    ///
    /// # Errors
    /// Changes that don't fit the default table.
    pub fn mapping_of(&self, profile: &str) -> Option<Result<Mapping, Vec<ChangeError>>> {
        let default = mappings::default_of(profile)?;
        Some(match self.mapping.get(profile) {
            Some(changes) => default.changed(changes, self.whole_mapping),
            None => Ok(default.clone()),
        })
    }
}

/// All target profiles.
pub fn all() -> &'static [Target] {
    &ALL
}

/// The target profile of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    source: String,
    base_path: Option<String>,
    documented_with: Vec<String>,
    policy: Policy,
    promise: BTreeMap<String, Verdict>,
    #[serde(default)]
    mapping: MappingText,
}

/// `[mapping]`, in the form of the configuration.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingText {
    #[serde(default)]
    whole: bool,
    okta: Option<BTreeMap<String, Change>>,
    entra: Option<BTreeMap<String, Change>>,
    jumpcloud: Option<BTreeMap<String, Change>>,
}

fn read_all() -> Result<Vec<Target>, DataError> {
    FILES
        .iter()
        .map(|(name, file, text)| read(name, file, text))
        .collect()
}

fn read(name: &str, file: &str, text: &str) -> Result<Target, DataError> {
    let error = |reason: String| DataError {
        file: file.to_owned(),
        line: 0,
        reason,
    };
    let read: File = toml::from_str(text).map_err(|e| error(e.to_string()))?;
    if read.name != name {
        return Err(error(format!("`name` is `{}`", read.name)));
    }
    if let Some(word) = policy::unknown_words(&read.policy).first() {
        return Err(error(word.to_string()));
    }
    if let Some(profile) = read
        .promise
        .keys()
        .find(|profile| !read.documented_with.contains(profile))
    {
        return Err(error(format!(
            "a verdict is promised for `{profile}`, which the documentation does not name"
        )));
    }
    let tables = [
        ("okta", read.mapping.okta),
        ("entra", read.mapping.entra),
        ("jumpcloud", read.mapping.jumpcloud),
    ];
    let mut mapping = BTreeMap::new();
    for (profile, table) in tables {
        if let Some(table) = table {
            let changes: Vec<Change> = table
                .into_iter()
                .map(|(attribute, change)| change.named(&attribute))
                .collect();
            mapping.insert(profile.to_owned(), changes);
        }
    }
    let target = Target {
        name: read.name,
        title: read.title,
        source: read.source,
        base_path: read.base_path,
        documented_with: read.documented_with,
        policy: read.policy,
        mapping,
        whole_mapping: read.mapping.whole,
        promise: read.promise,
    };
    for profile in target.mapping.keys() {
        match target.mapping_of(profile) {
            Some(Ok(_)) => {}
            Some(Err(errors)) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                return Err(error(errors.join("; ")));
            }
            None => return Err(error(format!("`{profile}` has no mapping to change"))),
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::super::mappings::ResourceKind;
    use super::*;

    #[test]
    fn every_profile_is_read() {
        let names = read_all().map(|all| {
            all.into_iter()
                .map(|target| target.name)
                .collect::<Vec<_>>()
        });
        assert_eq!(
            names,
            Ok(["hoppscotch", "client-portal", "apidog", "hoop"]
                .map(str::to_owned)
                .to_vec())
        );
    }

    #[test]
    fn what_the_documentation_promises() {
        for (name, deactivation, groups, left_out, verdict) in [
            (
                "hoppscotch",
                "remove",
                "none",
                vec!["groups"],
                Verdict::ReadyWithWarnings,
            ),
            (
                "client-portal",
                "keep",
                "roles",
                vec!["custom-attributes"],
                Verdict::Ready,
            ),
            (
                "apidog",
                "remove",
                "none",
                vec!["updates", "groups", "custom-attributes"],
                Verdict::ReadyWithWarnings,
            ),
            (
                "hoop",
                "remove",
                "groups",
                vec![],
                Verdict::ReadyWithWarnings,
            ),
        ] {
            let target = find(name).expect("the four have a profile");
            assert_eq!(
                target.policy.deactivation.as_deref(),
                Some(deactivation),
                "{name}"
            );
            assert_eq!(target.policy.groups.as_deref(), Some(groups), "{name}");
            assert_eq!(target.policy.not_offered, left_out, "{name}");
            assert!(
                !target.promise.is_empty() && target.promise.values().all(|v| *v == verdict),
                "{name}"
            );
        }
    }

    #[test]
    fn the_portal_maps_what_its_table_names_and_nothing_else() {
        let portal = find("client-portal").expect("the portal has a profile");
        for (profile, users) in [("okta", 12), ("entra", 13), ("jumpcloud", 13)] {
            let mapping = portal
                .mapping_of(profile)
                .and_then(Result::ok)
                .expect("its changes fit");
            assert_eq!(
                mapping.rows_of(ResourceKind::User).count(),
                users,
                "{profile}"
            );
            assert!(mapping.rows.iter().all(|row| row.listed));
            assert!(
                mapping.row_at(ResourceKind::User, "title").is_some(),
                "{profile}"
            );
            assert!(
                mapping.row_at(ResourceKind::User, "nickName").is_none(),
                "{profile}"
            );
        }
        let okta = portal
            .mapping_of("okta")
            .and_then(Result::ok)
            .expect("its changes fit");
        assert!(
            okta.row_at(ResourceKind::User, "phoneNumbers[type eq \"work\"].value")
                .is_none()
        );
    }

    #[test]
    fn the_default_mapping_holds_where_a_target_changes_nothing() {
        let hoop = find("hoop").expect("hoop has a profile");
        assert_eq!(
            hoop.mapping_of("entra").and_then(Result::ok).as_ref(),
            mappings::default_of("entra")
        );
        assert_eq!(hoop.mapping_of("rfc"), None);
    }

    #[test]
    fn a_profile_that_is_wrong_is_refused() {
        let base = "name = \"x\"\ntitle = \"X\"\nsource = \"s\"\ndocumented_with = [\"okta\"]\n";
        for (rest, part) in [
            ("[policy]\ngroups = \"teams\"\n[promise]\n", "policy.groups"),
            ("[policy]\n[promise]\nentra = \"ready\"\n", "does not name"),
            (
                "[policy]\n[promise]\n[mapping.okta]\nx = false\n",
                "take away",
            ),
            (
                "[policy]\n[promise]\n[mapping.rfc]\nx = \"y\"\n",
                "unknown field `rfc`",
            ),
            ("[policy]\n[promise]\nokta = \"good\"\n", "good"),
        ] {
            let error =
                read("x", "x.toml", &format!("{base}{rest}")).expect_err("the profile is wrong");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
