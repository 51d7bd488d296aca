//! The keys of steps: one request, several at once, a walk.

use super::expect::{CHANGES, EXPECT};
use super::words::{AUTHS, SEVERITIES, WALK_STYLES};
use super::{Key, Kind, Table, key, required};

pub(super) const STEP: Kind = Kind::Tagged(&[
    ("together", &TOGETHER),
    ("walk", &WALK_STEP),
    ("send", &SEND),
]);

pub(in crate::suite) static TOGETHER: Table = Table {
    name: "together",
    what: "a step of requests sent together",
    doc: "Requests sent at the same time.",
    keys: &[required(
        "together",
        Kind::List(&Kind::Map(&SEND)),
        "The requests.",
    )],
};

pub(in crate::suite) static WALK_STEP: Table = Table {
    name: "walk-step",
    what: "a walk",
    doc: "A walk through all pages of a list. Id, flavours and severity stand beside `walk` or in it.",
    keys: &[
        WALK_ID,
        WALK_ONLY,
        WALK_SEVERITY,
        STEP_REFS,
        STEP_HINT,
        required("walk", Kind::Map(&WALK), "The list and how it is walked."),
    ],
};

pub(super) const STEP_REFS: Key = key(
    "refs",
    Kind::List(&Kind::Text),
    "What this step's checks are about, beside the case's references.",
);
pub(super) const STEP_HINT: Key = key("hint", Kind::Text, "Its repair (default: the case's).");
pub(super) const WALK_ID: Key = key("id", Kind::Text, "The step's id (default: `walk`).");
pub(super) const WALK_ONLY: Key = key(
    "only",
    Kind::List(&Kind::Text),
    "Flavours in which the step is played.",
);
pub(super) const WALK_SEVERITY: Key = key(
    "severity",
    Kind::Word(&SEVERITIES),
    "Nearer than the case's.",
);

pub(super) static WALK: Table = Table {
    name: "walk",
    what: "a walk",
    doc: "The list and how it is walked.",
    keys: &[
        required(
            "list",
            Kind::Text,
            "Path and query without paging parameters: `/Users`.",
        ),
        key(
            "count",
            Kind::Count,
            "The page size asked for (default: 2).",
        ),
        key(
            "style",
            Kind::Word(&WALK_STYLES),
            "How pages follow one another (default: index).",
        ),
        key(
            "has",
            Kind::List(&Kind::Text),
            "Resources that must each be met exactly once.",
        ),
        key(
            "beyond",
            Kind::Bool,
            "Also ask for the page after the last.",
        ),
        WALK_ID,
        WALK_ONLY,
        WALK_SEVERITY,
    ],
};

pub(in crate::suite) static SEND: Table = Table {
    name: "send",
    what: "a step",
    doc: "One request and what is expected of the answer.",
    keys: &[
        key(
            "id",
            Kind::Text,
            "First half of its check ids (default: the method in lower case, then `get-2` and so on).",
        ),
        required(
            "send",
            Kind::Text,
            "`METHOD /path?query` below the base URL, exactly as it goes out.",
        ),
        key(
            "only",
            Kind::List(&Kind::Text),
            "Flavours in which the step is played.",
        ),
        key(
            "headers",
            Kind::Named(&Kind::Either(&[Kind::AnyText, Kind::Nothing])),
            "Headers set, or with null removed.",
        ),
        key(
            "auth",
            Kind::Either(&[Kind::Word(&AUTHS), Kind::Map(&AUTH)]),
            "With which credential (default: the target's).",
        ),
        key("body", Kind::Json, "JSON, as it was captured."),
        key("raw", Kind::AnyText, "A body sent byte for byte."),
        key(
            "echo",
            Kind::Map(&ECHO),
            "The server's own last representation of a resource, with changes.",
        ),
        key(
            "fixture",
            Kind::Either(&[Kind::Text, Kind::Map(&FIXTURE)]),
            "A fixture's body, freshly filled in.",
        ),
        key(
            "burst",
            Kind::Map(&BURST),
            "The read is sent many times at a pace, each with fresh values; 429 is told apart from failures.",
        ),
        key(
            "makes",
            Kind::Text,
            "The answer is a resource, called so from here on.",
        ),
        key(
            "capture",
            Kind::Named(&Kind::Text),
            "Values taken from the answer: a SCIM path into the body, or `header:NAME`.",
        ),
        key(
            "expect",
            Kind::Map(&EXPECT),
            "What is expected of the answer.",
        ),
        key(
            "also",
            Kind::List(&Kind::Map(&ALSO)),
            "Further expectations with an id and a severity of their own.",
        ),
        key(
            "changes",
            CHANGES,
            "What the request changes; everything else must be as before.",
        ),
        key(
            "severity",
            Kind::Word(&SEVERITIES),
            "Nearer than the case's.",
        ),
        STEP_REFS,
        STEP_HINT,
    ],
};

pub(super) static BURST: Table = Table {
    name: "burst",
    what: "a burst",
    doc: "How often and how fast a read is sent.",
    keys: &[
        required("times", Kind::Count, "How many requests, 1,000 at most."),
        required(
            "rate",
            Kind::Count,
            "Requests a second, where `--rate` does not say otherwise.",
        ),
        key(
            "whole_seconds",
            Kind::Bool,
            "The provider understands Retry-After only as a number of seconds, and not as a date.",
        ),
    ],
};

pub(super) static AUTH: Table = Table {
    name: "auth",
    what: "a credential",
    doc: "A credential of the case's own.",
    keys: &[required(
        "literal",
        Kind::AnyText,
        "The Authorization header as it stands here.",
    )],
};

pub(super) static ECHO: Table = Table {
    name: "echo",
    what: "an echo",
    doc: "The server's own last representation of a resource, with changes, as Okta and JumpCloud PUT it.",
    keys: &[
        required("of", Kind::Text, "The resource."),
        key("set", Kind::Named(&Kind::Json), "SCIM paths set."),
        key("without", Kind::List(&Kind::Text), "SCIM paths removed."),
    ],
};

pub(super) static FIXTURE: Table = Table {
    name: "fixture",
    what: "a fixture",
    doc: "A fixture's body, freshly filled in.",
    keys: &[
        required("name", Kind::Text, "`okta/user`."),
        key("set", Kind::Named(&Kind::Json), "SCIM paths set."),
        key("without", Kind::List(&Kind::Text), "SCIM paths removed."),
        key(
            "members",
            Kind::List(&Kind::Text),
            "For a group: resources that become members.",
        ),
    ],
};

pub(super) static ALSO: Table = Table {
    name: "also",
    what: "a further expectation",
    doc: "A further expectation on the same answer.",
    keys: &[
        required("id", Kind::Text, "Last part of the check's id."),
        key(
            "severity",
            Kind::Word(&SEVERITIES),
            "Its severity (default: the case's).",
        ),
        key(
            "refs",
            Kind::List(&Kind::Text),
            "Its references, beside the case's.",
        ),
        key("hint", Kind::Text, "Its repair (default: the case's)."),
        required("expect", Kind::Map(&EXPECT), "What is expected."),
    ],
};
