//! Keys that are no attribute names: a path or a qualified name that a server stored instead of following it.

use super::{AttrPath, SchemaView};

/// Why a key cannot be an attribute of a resource; `None` where it can.
///
/// `urns` are the schema URNs (in any case) that the resource lists or carries.
#[must_use]
pub fn misplaced(key: &str, urns: &[&str], schema: &SchemaView) -> Option<&'static str> {
    misplaced_inside(key)
        .or_else(|| qualified(key, urns, schema))
        .or_else(|| patch_word(key))
}

/// The same for a key inside a complex value, where only a stored path can be told from a name.
#[must_use]
pub fn misplaced_inside(key: &str) -> Option<&'static str> {
    let why = "the path was stored as a name instead of being followed";
    if key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        && !key.contains('[')
    {
        return None;
    }
    if key.contains(['[', ']']) {
        return Some(why);
    }
    let (first, rest) = key.split_once('.')?;
    let known = SchemaView::standard()
        .attribute(&AttrPath::name(first))
        .is_some();
    (known && !rest.is_empty()).then_some(why)
}

/// A qualified attribute name that was taken as a name (`urn:...:User:department`).
fn qualified(key: &str, urns: &[&str], schema: &SchemaView) -> Option<&'static str> {
    if !key
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
    {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    if lower.starts_with("urn:ietf:params:scim:schemas:core:") {
        return Some("attributes of the core schema stand at the top, under their plain names");
    }
    if urns.iter().any(|urn| urn.eq_ignore_ascii_case(&lower)) || schema.knows_schema(&lower) {
        return None;
    }
    let listed = urns.iter().map(|urn| urn.to_ascii_lowercase());
    let extends = |urn: &str| {
        lower
            .strip_prefix(urn)
            .is_some_and(|rest| rest.starts_with([':', '.']))
    };
    (listed.into_iter().any(|urn| extends(&urn)) || schema.schemas().any(extends)).then_some(
        "the qualified name was stored as a name instead of being followed into its extension",
    )
}

fn patch_word(key: &str) -> Option<&'static str> {
    ["op", "path", "operations"]
        .iter()
        .any(|word| key.eq_ignore_ascii_case(word))
        .then_some("a part of a PATCH request was stored as an attribute")
}
