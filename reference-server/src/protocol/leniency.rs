//! What the default server accepts beyond the letter of the RFCs, because live identity providers
//! send it. One switch each, all off in strict mode.
//!
//! Sources are the quirk ids of the identity providers' catalogues (`quirk:ENTRA-27` and so on)
//! and the sections that a switch departs from.

/// The switches. Whoever reads one of these knows that the strict reading stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leniency {
    /// `op` in any letter case; RFC 7644 section 3.5.2 lists lower case only (ENTRA-19).
    pub op_case: bool,
    /// `"True"` and `"false"` as strings for boolean attributes, in any case, in bodies and as
    /// filter operands (ENTRA-16, ENTRA-42 to ENTRA-44, ENTRA-70, ENTRA-71).
    pub string_booleans: bool,
    /// `add` or `replace` at `emails[type eq "work"]...` makes the element where there is none,
    /// with what the filter says of it; RFC 7644 section 3.5.2.3 wants `noTarget` for `replace`.
    /// Only for filters on `type` and `primary` (ENTRA-26 to ENTRA-29).
    pub create_on_absent: bool,
    /// `remove` with a path to a multi-valued attribute and a `value` list takes away only what is
    /// listed; the RFC gives `value` no meaning there (ENTRA-59, JC-27).
    pub remove_listed: bool,
    /// Keys such as `name.givenName` and `urn:...:User:manager.value` in a `value` without path are
    /// read as paths (ENTRA-21, ENTRA-22).
    pub dotted_keys: bool,
    /// A string, or an array of one object, where a single complex value belongs: `manager` as a
    /// plain id (ENTRA-34 to ENTRA-39); an array of one `{value}` for a simple attribute.
    pub wrapped_values: bool,
    /// `remove` at `manager[value eq "..."]`: a value filter on a single complex attribute
    /// (ENTRA-38).
    pub single_value_filter: bool,
    /// An extension's attribute without its URN, as in `manager eq "..."` and
    /// `"path": "manager"` (ENTRA-34, ENTRA-41).
    pub bare_extension_names: bool,
    /// `urn:...:2.0:User.department`, the dot form of older jobs (ENTRA-73).
    pub dotted_urn: bool,
    /// `emails[type eq "work"].value eq "..."` as a filter, outside the grammar of RFC 7644
    /// section 3.4.2.2 (ENTRA-03, JC-33).
    pub filter_tail: bool,
    /// `members eq "..."`: a comparison of a complex attribute, read as one of its `value`
    /// (ENTRA-66). The RFC's own examples do so with `emails co`.
    pub complex_comparison: bool,
    /// An extension's object whose URN is missing in `schemas` (ENTRA-15), and an unknown URN in
    /// `schemas` that a body member of that name, or a group of Entra, explains (ENTRA-53, OKTA-25).
    pub loose_schemas: bool,
    /// A PATCH without operations does nothing (ENTRA-76).
    pub empty_operations: bool,
    /// `id` inside a `value` without path is passed over when it is the resource's own (OKTA-46).
    pub own_id_in_patch: bool,
    /// Values of multi-valued complex attributes as plain strings (OKTA-69), role objects as a
    /// JSON document in a string, and `displayName` for their `display` (ENTRA-68).
    pub plain_elements: bool,
    /// An empty string takes the value away (ENTRA-37, ENTRA-74, OKTA-36).
    pub empty_clears: bool,
    /// Two groups cannot have one `displayName`; RFC 7643 section 4.2 does not ask for it
    /// (ENTRA-65). The schema says so as well.
    pub unique_group_names: bool,
    /// An element that has lost its `value` goes, instead of staying with a bare `type`
    /// (ENTRA-75).
    pub drop_husks: bool,
    /// Empty path segments are passed over, so that a base URL with a trailing slash works
    /// (OKTA-70).
    pub double_slash: bool,
    /// A body without `Content-Type` is read as JSON.
    pub missing_content_type: bool,
}

impl Leniency {
    /// The RFC to the letter.
    pub const STRICT: Self = Self::all(false);
    /// What identity providers need.
    pub const DEFAULT: Self = Self::all(true);

    const fn all(on: bool) -> Self {
        Self {
            op_case: on,
            string_booleans: on,
            create_on_absent: on,
            remove_listed: on,
            dotted_keys: on,
            wrapped_values: on,
            single_value_filter: on,
            bare_extension_names: on,
            dotted_urn: on,
            filter_tail: on,
            complex_comparison: on,
            loose_schemas: on,
            empty_operations: on,
            own_id_in_patch: on,
            plain_elements: on,
            empty_clears: on,
            unique_group_names: on,
            drop_husks: on,
            double_slash: on,
            missing_content_type: on,
        }
    }
}
