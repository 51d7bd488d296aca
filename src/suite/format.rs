//! The format as tables: which keys a map has, what each takes, and what it means.
//!
//! The one source of key names. The loader checks files against these tables (`check`), and the JSON Schema for
//! editors is written from them (`schema`), so that neither can know a key that the other does not.

use crate::data::policy;

/// What may stand somewhere.
#[derive(Debug)]
pub(super) enum Kind {
    /// A text that is not empty.
    Text,
    /// A text, maybe empty.
    AnyText,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Count,
    /// An HTTP status code.
    Status,
    /// Nothing at all: `null`.
    Nothing,
    /// One of these words.
    Word(&'static Words),
    /// One of these words, or `attr:` and a SCIM path.
    WordOrAttribute(&'static Words),
    /// Any JSON.
    Json,
    /// A value or a `$` word.
    Matcher,
    /// SCIM paths, nested or not, and what stands at them.
    Paths,
    /// A list.
    List(&'static Kind),
    /// One, or a list of them.
    OneOrMany(&'static Kind),
    /// A map with the keys of a table.
    Map(&'static Table),
    /// A map with names of the author's own choice.
    Named(&'static Kind),
    /// A map with names of the author's own choice beside the table's keys.
    Open(&'static Table),
    /// The first that fits the shape of what stands there: no two may take the same shape.
    Either(&'static [Kind]),
    /// A map whose table is told by a key that only it has; the last table is taken where none of them is there.
    Tagged(&'static [(&'static str, &'static Table)]),
}

/// A closed vocabulary.
#[derive(Debug)]
pub(super) struct Words {
    /// `a severity`.
    pub(super) what: &'static str,
    /// The words.
    pub(super) words: &'static [&'static str],
}

/// The keys of a map.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name in the JSON Schema.
    pub(super) name: &'static str,
    /// `a case`.
    pub(super) what: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) doc: &'static str,
}

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        doc,
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: true,
        doc,
    }
}

pub(super) static SEVERITIES: Words = Words {
    what: "a severity",
    words: &["blocker", "violation", "warning", "info"],
};
pub(super) static CERTAINTIES: Words = Words {
    what: "a certainty",
    words: &["documented", "observed", "inferred"],
};
/// Capabilities that a target declares (docs/writing-suites.md, `needs`).
pub(super) static NEEDS: Words = Words {
    what: "a capability",
    words: &[
        "patch",
        "bulk",
        "bulk-limit",
        "filter",
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
pub(super) static USES: Words = Words {
    what: "a feature",
    words: policy::FEATURES,
};
/// RFC 7644 table 9, RFC 9865 section 2.1, and `none` for the absence that some answers may have.
pub(super) static SCIM_TYPES: Words = Words {
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
pub(super) static METHODS: Words = Words {
    what: "a method",
    words: &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
};
static FLAVOURS_NONE: Words = Words {
    what: "a word for flavours",
    words: &["none"],
};
static AUTHS: Words = Words {
    what: "a credential",
    words: &["none", "wrong", "revoked", "other-tenant"],
};
static CHANGES_NONE: Words = Words {
    what: "a word for changes",
    words: &["none", "none-later"],
};
static CHANGE_WORDS: Words = Words {
    what: "a change",
    words: &["gone", "any"],
};
static DEACTIVATIONS: Words = Words {
    what: "a way to deactivate",
    words: policy::DEACTIVATION,
};
static GROUP_POLICIES: Words = Words {
    what: "a policy for groups",
    words: policy::GROUPS,
};
static WALK_STYLES: Words = Words {
    what: "a style",
    words: &["index", "cursor"],
};
static COMBINES: Words = Words {
    what: "a way to combine",
    words: &["worst", "best"],
};
static SPACES: Words = Words {
    what: "a spelling of the space",
    words: &["percent", "plus"],
};
static HEXES: Words = Words {
    what: "a case of hex digits",
    words: &["upper", "lower"],
};
pub(super) static TYPES: Words = Words {
    what: "a type",
    words: &[
        "string", "boolean", "integer", "number", "object", "array", "dateTime", "uri",
    ],
};

/// What a `$` word takes.
#[derive(Debug)]
pub(super) enum Argument {
    /// Only `true`.
    True,
    /// Any JSON.
    Json,
    /// A text: a regular expression.
    Pattern,
    /// A type's name.
    Type,
    /// A whole number.
    Count,
    /// A matcher.
    Matcher,
    /// A list of matchers.
    Matchers,
    /// An element: paths, or a plain value.
    Element,
    /// A list of resources' names.
    Resources,
}

/// The `$` words. `$ref` is an attribute's name (RFC 7643 section 2.4) and none of them.
pub(super) static MATCHERS: &[(&str, Argument, &str)] = &[
    (
        "$exactly",
        Argument::Json,
        "the same string byte for byte, the same JSON",
    ),
    ("$present", Argument::True, "is there and not empty"),
    (
        "$absent",
        Argument::True,
        "is absent, null or an empty list",
    ),
    (
        "$empty",
        Argument::True,
        "is absent, null, an empty list, an empty text, or has nothing in it",
    ),
    ("$type", Argument::Type, "has this type"),
    (
        "$matches",
        Argument::Pattern,
        "is a text that this regular expression matches",
    ),
    ("$any_of", Argument::Matchers, "one of these"),
    ("$all", Argument::Matchers, "all of these"),
    ("$not", Argument::Matcher, "not this"),
    (
        "$contains",
        Argument::Element,
        "has such an element (a text: such a part)",
    ),
    (
        "$lacks",
        Argument::Element,
        "has no such element (a text: no such part)",
    ),
    ("$count", Argument::Count, "has so many elements"),
    (
        "$ids",
        Argument::Resources,
        "its elements' values are exactly these resources",
    ),
    ("$any", Argument::True, "whatever it is"),
];

pub(super) static SUITE: Table = Table {
    name: "suite",
    what: "a suite",
    doc: "A suite: cases about one subject, as one identity provider sends them.",
    keys: &[
        required(
            "suite",
            Kind::Text,
            "`PROFILE/NAME`, the same as the path of the file.",
        ),
        required("title", Kind::Text, "What the suite is about."),
        key(
            "defaults",
            Kind::Map(&DEFAULTS),
            "For cases that don't say otherwise; `refs` are added to the case's own.",
        ),
        required(
            "cases",
            Kind::List(&Kind::Map(&CASE)),
            "The cases, at least one.",
        ),
    ],
};

static DEFAULTS: Table = Table {
    name: "defaults",
    what: "defaults",
    doc: "What cases have that don't say otherwise.",
    keys: &[
        key("severity", Kind::Word(&SEVERITIES), "How bad a failure is."),
        key(
            "certainty",
            Kind::Map(&CERTAINTY),
            "How sure the source is.",
        ),
        key("refs", Kind::List(&Kind::Text), "Added to each case's own."),
        key(
            "flavours",
            FLAVOURS,
            "The flavours that the cases are played in.",
        ),
        key(
            "needs",
            Kind::List(&Kind::WordOrAttribute(&NEEDS)),
            "Capabilities and attributes (rfc only).",
        ),
        key(
            "uses",
            Kind::List(&Kind::Word(&USES)),
            "Features that a policy may leave out.",
        ),
        key(
            "when",
            Kind::Map(&WHEN),
            "Policy conditions; not met: skipped.",
        ),
        key("hint", Kind::Text, "How to mend a server that fails."),
        key("why", Kind::Text, "Who breaks, and what their people see."),
    ],
};

const FLAVOURS: Kind = Kind::Either(&[Kind::Word(&FLAVOURS_NONE), Kind::List(&Kind::Text)]);

static CERTAINTY: Table = Table {
    name: "certainty",
    what: "a certainty",
    doc: "How sure it is that the provider sends this, and that it needs that answer.",
    keys: &[
        required(
            "shape",
            Kind::Word(&CERTAINTIES),
            "Is the request what the provider really sends?",
        ),
        required(
            "need",
            Kind::Word(&CERTAINTIES),
            "Does the provider really need that answer?",
        ),
    ],
};

pub(super) static CASE: Table = Table {
    name: "case",
    what: "a case",
    doc: "A scenario that stands alone: it makes its own resources, and removes what it made.",
    keys: &[
        required(
            "id",
            Kind::Text,
            "kebab-case, unique in the suite, never changed once released.",
        ),
        required(
            "title",
            Kind::Text,
            "What it shows, in a phrase that fits `X: ...`.",
        ),
        key("why", Kind::Text, "Who breaks, and what their people see."),
        key("hint", Kind::Text, "How to mend a server that fails."),
        key(
            "severity",
            Kind::Word(&SEVERITIES),
            "How bad a failure is (default: violation in rfc, blocker elsewhere).",
        ),
        key(
            "certainty",
            Kind::Map(&CERTAINTY),
            "How sure the source is (default: documented in rfc, observed elsewhere).",
        ),
        key(
            "refs",
            Kind::List(&Kind::Text),
            "Where it comes from: rfc:, quirk:, gate:, defect:, url:.",
        ),
        key(
            "core",
            Kind::Bool,
            "`ready` needs this case evaluated and passed.",
        ),
        key(
            "flavours",
            FLAVOURS,
            "The flavours it is played in (default: all), or `none`: alike in each, played once.",
        ),
        key(
            "needs",
            Kind::List(&Kind::WordOrAttribute(&NEEDS)),
            "Capabilities, and attributes as `attr:PATH`, only in rfc suites; not declared by the target: skipped.",
        ),
        key(
            "uses",
            Kind::List(&Kind::Word(&USES)),
            "Features that a policy may leave out.",
        ),
        key(
            "when",
            Kind::Map(&WHEN),
            "Policy conditions; not met: skipped.",
        ),
        key("exclusive", Kind::Bool, "Runs alone, after the others."),
        key(
            "hostile",
            Kind::Bool,
            "Bad input on purpose; `--skip-hostile` leaves it out.",
        ),
        key(
            "opt_in",
            Kind::Bool,
            "Runs only where `--suite` or `--case` names it.",
        ),
        key(
            "rows",
            Kind::List(&Kind::Open(&ROW)),
            "A table: the case is played once a row; columns are {{row.NAME}}.",
        ),
        key(
            "given",
            Kind::Named(&Kind::Either(&[Kind::Text, Kind::Map(&GIVEN)])),
            "Resources made first, by name.",
        ),
        required("steps", Kind::List(&STEP), "What is sent and expected."),
    ],
};

static WHEN: Table = Table {
    name: "when",
    what: "a policy condition",
    doc: "What the target must promise.",
    keys: &[
        key(
            "deactivation",
            Kind::Word(&DEACTIVATIONS),
            "What becomes of a deactivated user (undeclared: keep).",
        ),
        key(
            "hard_delete",
            Kind::Bool,
            "Whether DELETE removes for good (undeclared: true).",
        ),
        key(
            "groups",
            Kind::Word(&GROUP_POLICIES),
            "What groups are (undeclared: groups).",
        ),
        key(
            "not_offered",
            Kind::Word(&USES),
            "A feature that the policy leaves out: for cases about its clean refusal.",
        ),
        key(
            "matching",
            Kind::Text,
            "The attribute that the administrator matches by (undeclared: userName).",
        ),
    ],
};

static ROW: Table = Table {
    name: "row",
    what: "a row",
    doc: "A row of the table; further columns are {{row.NAME}}.",
    keys: &[required(
        "id",
        Kind::Text,
        "Appended to the case's id: `CASE-ROW`.",
    )],
};

static GIVEN: Table = Table {
    name: "given",
    what: "a given resource",
    doc: "A resource made before the first step.",
    keys: &[
        required("fixture", Kind::Text, "The fixture: `okta/user`."),
        key(
            "set",
            Kind::Named(&Kind::Json),
            "SCIM paths set on the fixture's body.",
        ),
        key(
            "without",
            Kind::List(&Kind::Text),
            "SCIM paths removed from it.",
        ),
        key(
            "members",
            Kind::List(&Kind::Text),
            "For a group: given resources that become members.",
        ),
    ],
};

const STEP: Kind = Kind::Tagged(&[
    ("together", &TOGETHER),
    ("walk", &WALK_STEP),
    ("send", &SEND),
]);

pub(super) static TOGETHER: Table = Table {
    name: "together",
    what: "a step of requests sent together",
    doc: "Requests sent at the same time.",
    keys: &[required(
        "together",
        Kind::List(&Kind::Map(&SEND)),
        "The requests.",
    )],
};

pub(super) static WALK_STEP: Table = Table {
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

const STEP_REFS: Key = key(
    "refs",
    Kind::List(&Kind::Text),
    "What this step's checks are about, beside the case's references.",
);
const STEP_HINT: Key = key("hint", Kind::Text, "Its repair (default: the case's).");
const WALK_ID: Key = key("id", Kind::Text, "The step's id (default: `walk`).");
const WALK_ONLY: Key = key(
    "only",
    Kind::List(&Kind::Text),
    "Flavours in which the step is played.",
);
const WALK_SEVERITY: Key = key(
    "severity",
    Kind::Word(&SEVERITIES),
    "Nearer than the case's.",
);

static WALK: Table = Table {
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

pub(super) static SEND: Table = Table {
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

static AUTH: Table = Table {
    name: "auth",
    what: "a credential",
    doc: "A credential of the case's own.",
    keys: &[required(
        "literal",
        Kind::AnyText,
        "The Authorization header as it stands here.",
    )],
};

static ECHO: Table = Table {
    name: "echo",
    what: "an echo",
    doc: "The server's own last representation of a resource, with changes, as Okta and JumpCloud PUT it.",
    keys: &[
        required("of", Kind::Text, "The resource."),
        key("set", Kind::Named(&Kind::Json), "SCIM paths set."),
        key("without", Kind::List(&Kind::Text), "SCIM paths removed."),
    ],
};

static FIXTURE: Table = Table {
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

const CHANGES: Kind = Kind::Either(&[
    Kind::Word(&CHANGES_NONE),
    Kind::Named(&Kind::Either(&[Kind::Word(&CHANGE_WORDS), Kind::Paths])),
]);

pub(super) static EXPECT: Table = Table {
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

static ALTERNATIVE: Table = Table {
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

const STATUS: Key = key(
    "status",
    Kind::OneOrMany(&Kind::Status),
    "The allowed status codes, a closed list.",
);
const HEADERS: Key = key(
    "headers",
    Kind::Named(&Kind::Matcher),
    "Headers of the answer.",
);
const BODY: Key = key(
    "body",
    Kind::Paths,
    "The answer as a resource: paths to values or matchers.",
);
const LIST: Key = key(
    "list",
    Kind::Map(&LIST_EXPECT),
    "The answer as a ListResponse.",
);
const ERROR_KIND: Kind = Kind::Either(&[Kind::Bool, Kind::Map(&ERROR_EXPECT)]);
const UNCHANGED_KIND: Kind = Kind::Either(&[Kind::Text, Kind::Map(&UNCHANGED_TABLE)]);
const ERROR: Key = key(
    "error",
    ERROR_KIND,
    "A SCIM error body (RFC 7644 section 3.12) whose status agrees.",
);
const EMPTY: Key = key("empty", Kind::Bool, "True: no body. False: a body.");
const LACKS_TEXT: Key = key(
    "lacks_text",
    Kind::OneOrMany(&Kind::Text),
    "Texts that occur nowhere in the answer.",
);
const UNCHANGED: Key = key(
    "unchanged",
    UNCHANGED_KIND,
    "The answer is the known state of the resource.",
);

static LIST_EXPECT: Table = Table {
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

static ERROR_EXPECT: Table = Table {
    name: "error",
    what: "an error expectation",
    doc: "What is expected of a SCIM error body.",
    keys: &[key(
        "scimType",
        Kind::OneOrMany(&Kind::Text),
        "The allowed scimType; `none` allows absence.",
    )],
};

static UNCHANGED_TABLE: Table = Table {
    name: "unchanged",
    what: "an unchanged resource",
    doc: "Equality with the known state.",
    keys: &[
        required("of", Kind::Text, "The resource."),
        key("except", Kind::List(&Kind::Text), "SCIM paths left out."),
    ],
};

static ALSO: Table = Table {
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

pub(super) static PROFILE: Table = Table {
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

static FLAVOUR: Table = Table {
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

static QUERY: Table = Table {
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

pub(super) static NOT_COVERED: Kind = Kind::List(&Kind::Map(&NOT_COVERED_ENTRY));

static NOT_COVERED_ENTRY: Table = Table {
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
