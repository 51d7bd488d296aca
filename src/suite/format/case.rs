//! The keys of a suite, its defaults and its cases.

use super::step::STEP;
use super::words::{
    CERTAINTIES, DEACTIVATIONS, FLAVOURS_NONE, GROUP_POLICIES, NEEDS, SEVERITIES, USES,
};
use super::{Kind, Table, key, required};

pub(in crate::suite) static SUITE: Table = Table {
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

pub(super) static DEFAULTS: Table = Table {
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

pub(super) const FLAVOURS: Kind =
    Kind::Either(&[Kind::Word(&FLAVOURS_NONE), Kind::List(&Kind::Text)]);

pub(super) static CERTAINTY: Table = Table {
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

pub(in crate::suite) static CASE: Table = Table {
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
            "Capabilities, and attributes as `attr:PATH` (`shared:PATH`: not declared as unique; `hideable:PATH`: not declared as always returned), only in rfc suites; not declared by the target: skipped.",
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

pub(super) static WHEN: Table = Table {
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

pub(super) static ROW: Table = Table {
    name: "row",
    what: "a row",
    doc: "A row of the table; further columns are {{row.NAME}}.",
    keys: &[required(
        "id",
        Kind::Text,
        "Appended to the case's id: `CASE-ROW`.",
    )],
};

pub(super) static GIVEN: Table = Table {
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
        key(
            "times",
            Kind::Count,
            "A crowd of so many: NAME-1, NAME-2 and so on; lists that say NAME mean all of them.",
        ),
    ],
};
