//! The keys of a profile, and of the list of what its suites do not cover.

use super::words::{COMBINES, HEXES, SPACES};
use super::{Kind, Table, key, required};

pub(in crate::suite) static PROFILE: Table = Table {
    name: "profile",
    what: "a profile",
    doc: "How an identity provider speaks, whatever the subject.",
    keys: &[
        required("profile", Kind::Text, "The same as the folder."),
        required("title", Kind::Text, "For people."),
        key(
            "default_run",
            Kind::Bool,
            "Whether a run without --profile plays it (default: false).",
        ),
        key(
            "combine",
            Kind::Word(&COMBINES),
            "How the flavours' verdicts make the profile's (default: worst).",
        ),
        key(
            "flavours",
            Kind::List(&Kind::Map(&FLAVOUR)),
            "The flavours, in order.",
        ),
        key(
            "headers",
            Kind::Named(&Kind::Text),
            "Headers of every request.",
        ),
        key(
            "body_headers",
            Kind::Named(&Kind::Text),
            "Headers of a request with a body.",
        ),
        key(
            "request_id",
            Kind::Bool,
            "Whether a request id header may be added (default: false).",
        ),
        key(
            "reads_declarations",
            Kind::Bool,
            "Whether the provider reads what a target declares and goes by it: its cases may say `needs` (default: false).",
        ),
        key(
            "query",
            Kind::Map(&QUERY),
            "How values are written into a query.",
        ),
        key(
            "notes",
            Kind::List(&Kind::Text),
            "What a reader should know.",
        ),
    ],
};

pub(super) static FLAVOUR: Table = Table {
    name: "flavour",
    what: "a flavour",
    doc: "One of a profile's ways of speaking.",
    keys: &[
        required("id", Kind::Text, "`legacy`."),
        required("title", Kind::Text, "For people."),
        key(
            "default",
            Kind::Bool,
            "Counts where the config does not narrow the flavours (default: true).",
        ),
    ],
};

pub(super) static QUERY: Table = Table {
    name: "query",
    what: "a query style",
    doc: "How values are written into a query.",
    keys: &[
        key(
            "space",
            Kind::Word(&SPACES),
            "A space as %20 or as + (default: percent).",
        ),
        key(
            "hex",
            Kind::Word(&HEXES),
            "Hex digits as %5B or as %5b (default: upper).",
        ),
    ],
};

pub(in crate::suite) static NOT_COVERED: Kind = Kind::List(&Kind::Map(&NOT_COVERED_ENTRY));

pub(super) static NOT_COVERED_ENTRY: Table = Table {
    name: "not-covered",
    what: "an entry",
    doc: "Something that no case of the profile shows, and why.",
    keys: &[
        required(
            "id",
            Kind::Text,
            "`OKTA-08`, or with its namespace: `rfc:7644-3.5.2-R02`.",
        ),
        required("reason", Kind::Text, "Why no case shows it."),
    ],
};
