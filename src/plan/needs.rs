//! What a case needs of the target, against what the target declares (contract, section 2: only `rfc` asks for it).

use std::collections::BTreeMap;

use crate::scim::{AttrPath, Returned, SchemaView};

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Options that nobody uses unless /ServiceProviderConfig offers them (RFC 7643 section 5, RFC 9865 section 4).
const DECLARED: [&str; 6] = [
    "bulk",
    "bulk-limit",
    "changePassword",
    "cursor",
    "etag",
    "sort",
];

/// In front of a capability: what a provider does only where the target says that it lacks it.
const WITHOUT: &str = "no-";

/// In front of an attribute: two resources may have the same value in it, the target itself says so.
const SHARED: &str = "shared:";

/// In front of an attribute: a client may have it left out of an answer, the target does not say otherwise.
const HIDEABLE: &str = "hideable:";

/// Why a case with these `needs` is not played; `None` where the target has all of them.
///
/// What a target must declare before anybody may use it is taken to be missing where discovery says nothing of it. Any
/// other capability is taken to be there, and so is an attribute where the target declares no schema for it: a missing
/// declaration is a finding of its own and must not hide others.
#[must_use]
pub fn unmet(
    needs: &[String],
    capabilities: &BTreeMap<String, bool>,
    schema: &SchemaView,
) -> Option<String> {
    needs
        .iter()
        .find_map(|need| match need.strip_prefix("attr:") {
            Some(path) => leaves_out(path, schema)
                .then(|| format!("the target's /Schemas has no attribute {path}")),
            None if need.starts_with(SHARED) => {
                let path = need.trim_start_matches(SHARED);
                (!is_shared(path, schema)).then(|| {
                    format!("the target's /Schemas does not say that {path} may be shared")
                })
            }
            None if need.starts_with(HIDEABLE) => {
                let path = need.trim_start_matches(HIDEABLE);
                is_always_returned(path, schema)
                    .then(|| format!("the target's /Schemas says that {path} is always returned"))
            }
            None => match need.strip_prefix(WITHOUT) {
                Some(need) => is_there(need, capabilities)
                    .then(|| format!("only where the target does not declare `{need}`")),
                None => (!is_there(need, capabilities))
                    .then(|| format!("the target does not declare `{need}`")),
            },
        })
}

fn is_there(need: &str, capabilities: &BTreeMap<String, bool>) -> bool {
    let declared = capabilities.get(need).copied();
    declared.unwrap_or(!DECLARED.contains(&need))
}

/// Whether the target declares the schema of an attribute, but not the attribute (RFC 7643 section 8.7 allows it).
fn leaves_out(path: &str, schema: &SchemaView) -> bool {
    let Ok(mut path) = AttrPath::parse(path) else {
        return false;
    };
    let urn = path
        .urn
        .get_or_insert_with(|| CORE_USER.to_owned())
        .to_ascii_lowercase();
    schema.declared_schemas().any(|declared| declared == urn)
        && schema.declared_attribute(&path).is_none()
        && !schema.leaves_parts_open(&path)
}

/// Whether the target declares the attribute, and not as unique (RFC 7643 section 7). A provider may find a conflict in more
/// than the user name (RFC 7644 section 3.3), so that only its own word makes a refusal a contradiction.
fn is_shared(path: &str, schema: &SchemaView) -> bool {
    AttrPath::parse(path).is_ok_and(|path| {
        schema.declared_attribute(&path).is_some_and(|attribute| {
            !["server", "global"]
                .iter()
                .any(|unique| attribute.uniqueness.eq_ignore_ascii_case(unique))
        })
    })
}

/// Whether the target declares the attribute as returned always: `attributes` and `excludedAttributes` do not reach it then
/// (RFC 7643 section 7).
fn is_always_returned(path: &str, schema: &SchemaView) -> bool {
    AttrPath::parse(path).is_ok_and(|path| {
        schema
            .declared_attribute(&path)
            .is_some_and(|attribute| attribute.returned == Returned::Always)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_declared_away_is_unmet() {
        let schema = SchemaView::with_target(&[json!({
            "id": "urn:ietf:params:scim:schemas:core:2.0:User",
            "attributes": [
                {"name": "userName", "type": "string"},
                {"name": "emails", "type": "complex", "multiValued": true,
                 "subAttributes": [{"name": "value", "type": "string"},
                                   {"name": "tag", "type": "string", "uniqueness": "Server"}]},
                {"name": "name", "type": "complex", "returned": "Always"}
            ]
        })]);
        let capabilities = BTreeMap::from([("patch".to_owned(), true), ("bulk".to_owned(), false)]);
        let enterprise =
            "attr:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        for (need, there) in [
            ("patch", true),
            ("no-patch", false),
            ("bulk", false),
            ("no-bulk", true),
            ("no-contains", false),
            ("cursor", false),
            ("filter", true),
            ("attr:userName", true),
            ("attr:USERNAME", true),
            ("attr:emails.value", true),
            ("attr:emails.display", false),
            ("attr:nickName", false),
            ("attr:name.givenName", true),
            (enterprise, true),
            ("shared:emails.value", true),
            ("shared:emails.tag", false),
            ("shared:emails.display", false),
            ("hideable:name", false),
            ("hideable:emails", true),
            ("hideable:nickName", true),
        ] {
            let why = unmet(&[need.to_owned()], &capabilities, &schema);
            assert_eq!(why.is_none(), there, "{need}: {why:?}");
        }
        let bare = SchemaView::with_target(&[]);
        assert_eq!(
            unmet(&["attr:nickName".to_owned()], &capabilities, &bare),
            None
        );
        assert!(unmet(&["shared:emails.value".to_owned()], &capabilities, &bare).is_some());
    }
}
