//! Bodies as identity providers send them on create: fixtures/users/PROFILE/NAME.json and fixtures/groups/PROFILE/NAME.json.
//!
//! Suites address them as `PROFILE/NAME`. Their key order is that of the captures. Strings hold `{{unique}}` and its kin, so
//! that whatever is made from them carries the run's tag. Members of a group are put in by whoever makes it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde_json::Value;

use super::DataError;

static USERS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/users");
static GROUPS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/groups");

static ALL: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    read_all()
        .expect("the bodies of fixtures/users and fixtures/groups are embedded and read by a test")
});

/// Likeness from which a name is worth suggesting.
const WORTH_SUGGESTING: f64 = 0.8;

/// All bodies: `okta/user` -> the body with its `{{...}}`.
pub fn all() -> &'static BTreeMap<String, Value> {
    &ALL
}

/// The body of a name such as `okta/user`.
pub fn find(name: &str) -> Option<&'static Value> {
    ALL.get(name)
}

/// Whether a body is one of a group (RFC 7643 section 4.2).
pub fn is_group(body: &Value) -> bool {
    let schemas = body.get("schemas").and_then(Value::as_array);
    schemas
        .into_iter()
        .flatten()
        .any(|schema| schema == "urn:ietf:params:scim:schemas:core:2.0:Group")
}

/// The name that reads most like `name`, if any reads like it.
pub fn nearest(name: &str) -> Option<&'static str> {
    ALL.keys()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness >= WORTH_SUGGESTING)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.as_str())
}

fn read_all() -> Result<BTreeMap<String, Value>, DataError> {
    let mut all = BTreeMap::new();
    for (root, folder) in [("fixtures/users", &USERS), ("fixtures/groups", &GROUPS)] {
        for profile in folder.dirs() {
            for file in profile.files() {
                let place = format!("{root}/{}", file.path().display());
                let error = |reason: String| DataError {
                    file: place.clone(),
                    line: 0,
                    reason,
                };
                let name = file
                    .path()
                    .with_extension("")
                    .to_str()
                    .map(|path| path.replace('\\', "/"))
                    .ok_or_else(|| error("the name is no text".to_owned()))?;
                let body =
                    serde_json::from_slice(file.contents()).map_err(|e| error(e.to_string()))?;
                if all.insert(name.clone(), body).is_some() {
                    return Err(error(format!(
                        "`{name}` is used twice, by a user and a group"
                    )));
                }
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

    fn schemas(body: &Value) -> Vec<&str> {
        let schemas = body.get("schemas").and_then(Value::as_array);
        schemas
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    #[test]
    fn every_profile_has_its_bodies() {
        assert!(read_all().is_ok());
        let names: Vec<&str> = all().keys().map(String::as_str).collect();
        for name in [
            "okta/user",
            "okta/user-minimal",
            "okta/user-enterprise",
            "okta/group",
            "entra/user",
            "entra/user-minimal",
            "entra/user-object-id",
            "entra/user-nulls",
            "entra/group",
            "jumpcloud/user",
            "jumpcloud/user-full",
            "jumpcloud/group",
            "rfc/user-minimal",
            "rfc/user-full",
            "rfc/group",
        ] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
    }

    #[test]
    fn whatever_is_made_carries_the_run() {
        for (name, body) in all() {
            let schemas = schemas(body);
            assert!(
                schemas.contains(&USER) != schemas.contains(&GROUP),
                "{name}: {schemas:?}"
            );
            let naming = if schemas.contains(&USER) {
                "userName"
            } else {
                "displayName"
            };
            let text = body.get(naming).and_then(Value::as_str).unwrap_or_default();
            assert!(text.contains("{{unique}}"), "{name}: {naming} is `{text}`");
            for email in body
                .get("emails")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                assert!(email.to_string().contains("{{unique}}"), "{name}: {email}");
            }
            if let Some(external) = body.get("externalId").and_then(Value::as_str) {
                assert!(
                    external.contains("{{"),
                    "{name}: externalId is `{external}`"
                );
            }
        }
    }

    #[test]
    fn keys_come_in_the_order_of_the_captures() {
        let keys = |name: &str| -> Vec<String> {
            find(name)
                .and_then(Value::as_object)
                .map(|body| body.keys().cloned().collect())
                .unwrap_or_default()
        };
        assert_eq!(
            keys("okta/user"),
            [
                "schemas",
                "userName",
                "name",
                "emails",
                "displayName",
                "locale",
                "externalId",
                "groups",
                "password",
                "active"
            ]
        );
        let jumpcloud = keys("jumpcloud/user");
        assert!(
            jumpcloud.is_sorted() && jumpcloud.len() == 11,
            "{jumpcloud:?}"
        );
        assert_eq!(
            keys("entra/user").get(..3).map(<[String]>::to_vec),
            Some(
                ["schemas", "externalId", "userName"]
                    .map(str::to_owned)
                    .to_vec()
            )
        );
    }

    #[test]
    fn a_slip_gets_a_suggestion() {
        assert_eq!(nearest("okta/users"), Some("okta/user"));
        assert_eq!(nearest("nothing-like-it"), None);
        assert_eq!(find("okta/users"), None);
    }
}
