//! The keys of expectations.

use super::words::{CHANGE_WORDS, CHANGES_NONE, SEVERITIES};
use super::{Key, Kind, Table, key, required};

pub(super) const CHANGES: Kind = Kind::Either(&[
    Kind::Word(&CHANGES_NONE),
    Kind::Named(&Kind::Either(&[Kind::Word(&CHANGE_WORDS), Kind::Paths])),
]);

pub(in crate::suite) static EXPECT: Table = Table {
    name: "expect",
    what: "an expectation",
    doc: "What is expected of one answer.",
    keys: &[
        STATUS,
        HEADERS,
        BODY,
        LIST,
        ERROR,
        EMPTY,
        LACKS_TEXT,
        UNCHANGED,
        key(
            "either",
            Kind::List(&Kind::Map(&ALTERNATIVE)),
            "Alternatives; the first that holds decides.",
        ),
    ],
};

pub(super) static ALTERNATIVE: Table = Table {
    name: "alternative",
    what: "an alternative",
    doc: "One lawful (or less lawful) way to answer. Without `severity` it is a pass.",
    keys: &[
        STATUS,
        HEADERS,
        BODY,
        LIST,
        ERROR,
        EMPTY,
        LACKS_TEXT,
        UNCHANGED,
        key(
            "severity",
            Kind::Word(&SEVERITIES),
            "The check fails with this severity; needs a `note`.",
        ),
        key(
            "note",
            Kind::Text,
            "Why it is allowed, or what is wrong with it.",
        ),
    ],
};

pub(super) const STATUS: Key = key(
    "status",
    Kind::OneOrMany(&Kind::Status),
    "The allowed status codes, a closed list.",
);
pub(super) const HEADERS: Key = key(
    "headers",
    Kind::Named(&Kind::Matcher),
    "Headers of the answer.",
);
pub(super) const BODY: Key = key(
    "body",
    Kind::Paths,
    "The answer as a resource: paths to values or matchers.",
);
pub(super) const LIST: Key = key(
    "list",
    Kind::Map(&LIST_EXPECT),
    "The answer as a ListResponse.",
);
pub(super) const ERROR_KIND: Kind = Kind::Either(&[Kind::Bool, Kind::Map(&ERROR_EXPECT)]);
pub(super) const UNCHANGED_KIND: Kind = Kind::Either(&[Kind::Text, Kind::Map(&UNCHANGED_TABLE)]);
pub(super) const ERROR: Key = key(
    "error",
    ERROR_KIND,
    "A SCIM error body (RFC 7644 section 3.12) whose status agrees.",
);
pub(super) const EMPTY: Key = key("empty", Kind::Bool, "True: no body. False: a body.");
pub(super) const LACKS_TEXT: Key = key(
    "lacks_text",
    Kind::OneOrMany(&Kind::Text),
    "Texts that occur nowhere in the answer.",
);
pub(super) const UNCHANGED: Key = key(
    "unchanged",
    UNCHANGED_KIND,
    "The answer is the known state of the resource.",
);

pub(super) static LIST_EXPECT: Table = Table {
    name: "list",
    what: "a list expectation",
    doc: "What is expected of a ListResponse.",
    keys: &[
        key(
            "total",
            Kind::Count,
            "Exact totalResults; only with filters on values unique to the run.",
        ),
        key(
            "has",
            Kind::List(&Kind::Text),
            "Resources that must be in it.",
        ),
        key(
            "lacks",
            Kind::List(&Kind::Text),
            "Resources that must not be in it.",
        ),
        key(
            "only",
            Kind::List(&Kind::Text),
            "Exactly these; only with filters on values unique to the run.",
        ),
        key("at_most", Kind::Count, "At most so many elements."),
        key(
            "items",
            Kind::Named(&Kind::Paths),
            "Expectations on the element that is the named resource.",
        ),
        key(
            "order",
            Kind::List(&Kind::Text),
            "Own elements come in this order.",
        ),
        key("each", Kind::Paths, "Expectations on every element."),
    ],
};

pub(super) static ERROR_EXPECT: Table = Table {
    name: "error",
    what: "an error expectation",
    doc: "What is expected of a SCIM error body.",
    keys: &[key(
        "scimType",
        Kind::OneOrMany(&Kind::Text),
        "The allowed scimType; `none` allows absence.",
    )],
};

pub(super) static UNCHANGED_TABLE: Table = Table {
    name: "unchanged",
    what: "an unchanged resource",
    doc: "Equality with the known state.",
    keys: &[
        required("of", Kind::Text, "The resource."),
        key("except", Kind::List(&Kind::Text), "SCIM paths left out."),
    ],
};
