//! The semantics of SCIM, free of HTTP and of storage.
//!
//! Everything here works on values in memory: schemas, attribute paths, filters, PATCH,
//! projection, sorting, validation. The engine brings the stored state, `http/` the bytes.

pub mod conform;
pub mod error;
pub mod filter;
pub mod leniency;
pub mod patch;
pub mod path;
pub mod projection;
pub mod schema;
pub mod sort;
pub mod text;
pub mod value;

/// The URN of a list answer (RFC 7644 section 3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The URN of a query by POST (RFC 7644 section 3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The URN of a PATCH body (RFC 7644 section 3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The URN of a bulk request (RFC 7644 section 3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The URN of a bulk answer (RFC 7644 section 3.7).
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The URN of an error body (RFC 7644 section 3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A JSON object whose members keep their order.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// Finds a member by name without regard to case, as attribute names are compared
/// (RFC 7643 section 2.1).
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a serde_json::Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// Whether a body's `schemas` names this URN; URNs are compared without case.
pub fn names_schema(object: &Object, urn: &str) -> bool {
    member(object, "schemas")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|list| {
            list.iter().any(|entry| {
                entry
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case(urn))
            })
        })
}
