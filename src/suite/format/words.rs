//! The closed vocabularies of the format.

use super::Words;
use crate::data::policy;

pub(in crate::suite) static SEVERITIES: Words = Words {
    what: "a severity",
    words: &["blocker", "violation", "warning", "info"],
};
pub(in crate::suite) static CERTAINTIES: Words = Words {
    what: "a certainty",
    words: &["documented", "observed", "inferred"],
};
/// Capabilities that a target declares (docs/writing-suites.md, `needs`).
pub(in crate::suite) static NEEDS: Words = Words {
    what: "a capability",
    words: &[
        "patch",
        "no-patch",
        "bulk",
        "bulk-limit",
        "filter",
        "contains",
        "no-contains",
        "sort",
        "etag",
        "changePassword",
        "groups",
        "enterprise",
        "index",
        "cursor",
        "me",
        "search",
    ],
};
/// Features that a policy may leave out (docs/writing-suites.md, `uses`).
pub(in crate::suite) static USES: Words = Words {
    what: "a feature",
    words: policy::FEATURES,
};
/// RFC 7644 table 9, RFC 9865 section 2.1, and `none` for the absence that some answers may have.
pub(in crate::suite) static SCIM_TYPES: Words = Words {
    what: "a scimType",
    words: &[
        "invalidFilter",
        "tooMany",
        "uniqueness",
        "mutability",
        "invalidSyntax",
        "invalidPath",
        "noTarget",
        "invalidValue",
        "invalidVers",
        "sensitive",
        "invalidCursor",
        "expiredCursor",
        "invalidCount",
        "none",
    ],
};
pub(in crate::suite) static METHODS: Words = Words {
    what: "a method",
    words: &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
};
pub(super) static FLAVOURS_NONE: Words = Words {
    what: "a word for flavours",
    words: &["none"],
};
pub(super) static AUTHS: Words = Words {
    what: "a credential",
    words: &["none", "wrong", "revoked", "other-tenant"],
};
pub(super) static CHANGES_NONE: Words = Words {
    what: "a word for changes",
    words: &["none", "none-later"],
};
pub(super) static CHANGE_WORDS: Words = Words {
    what: "a change",
    words: &["gone", "any"],
};
pub(super) static DEACTIVATIONS: Words = Words {
    what: "a way to deactivate",
    words: policy::DEACTIVATION,
};
pub(super) static GROUP_POLICIES: Words = Words {
    what: "a policy for groups",
    words: policy::GROUPS,
};
pub(super) static WALK_STYLES: Words = Words {
    what: "a style",
    words: &["index", "cursor"],
};
pub(super) static COMBINES: Words = Words {
    what: "a way to combine",
    words: &["worst", "best"],
};
pub(super) static SPACES: Words = Words {
    what: "a spelling of the space",
    words: &["percent", "plus"],
};
pub(super) static HEXES: Words = Words {
    what: "a case of hex digits",
    words: &["upper", "lower"],
};
pub(in crate::suite) static TYPES: Words = Words {
    what: "a type",
    words: &[
        "string", "boolean", "integer", "number", "object", "array", "dateTime", "uri",
    ],
};
