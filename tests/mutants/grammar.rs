//! The grammar of mutations: where a server goes wrong, when, and how. A mutant is a sentence of it, drawn by a seed.
//!
//! Nothing here looks at the suites: the point is to meet faults that no check was written for.

use std::fmt;

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The key of the enterprise extension.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Create,
    Read,
    List,
    Filter,
    Replace,
    Patch,
    Delete,
    Search,
    Bulk,
    Discovery,
}

/// The type it asks it of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    User,
    Group,
    /// Neither: discovery, bulk, a search from the root.
    None,
}

/// The circumstances in which it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum When {
    Always,
    /// Not the first time for the same resource (for a list: not the first list).
    Again,
    EveryThird,
    /// The resource is a user who is not active.
    Inactive,
    /// The resource is a group of more members.
    MembersOver(usize),
    /// Not the first page.
    LaterPage,
    /// The PATCH has more than one operation.
    SeveralOps,
    /// The request, decoded, has this text in its target or body.
    Says(&'static str),
    /// The query (or the body of a search) has this parameter.
    Asks(&'static str),
}

/// Where a mutant goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) operation: Operation,
    pub(crate) kind: Kind,
    pub(crate) when: When,
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Edit {
    Drop,
    Rename,
    Retype,
    Empty,
    /// An element of a list comes twice.
    Duplicate,
    FirstOnly,
    LastLost,
    Upper,
    Pad,
    Truncate,
    /// Characters outside of ASCII become question marks.
    Ascii,
    /// A boolean becomes its opposite, any other value something else of its type.
    Other,
    /// The value sits one level deeper, in a list.
    Wrap,
    /// The list comes in the other order, which is lawful.
    Reverse,
    /// An absent attribute is said to be null, which is lawful.
    NullBeside,
}

/// Which side of the exchange is edited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Side {
    /// What is stored is wrong, and the answer shows it.
    Request,
    /// What is stored is wrong, and the answer shows what was sent.
    Hidden,
    /// What is stored is right, and the answer wrong.
    Answer,
}

/// What becomes of the operations of a PATCH.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ops {
    LoseFirst,
    LoseLast,
    OnlyFirst,
    Reverse,
    AddAsReplace,
    ReplaceAsAdd,
    LoseRemoves,
    PathToParent,
    LoseValueFilter,
    LoseSubAttribute,
    LosePath,
    FirstValueOnly,
    LastValueLost,
    RemoveAll,
    InvertValueFilter,
}

/// What becomes of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Query {
    Lose(&'static str),
    StartPlus(i64),
    CountPlus(i64),
    /// A word of the filter is read as another.
    Word(&'static str, &'static str),
    /// The filter ends before its first conjunction.
    FirstClause,
    ValueUpper,
    ValueTruncated,
    SortFlipped,
}

/// What becomes of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum List {
    LoseLast,
    LoseFirst,
    RepeatFirst,
    TotalPlus(i64),
    TotalIsPage,
    PerPagePlus(i64),
    StartPlus(i64),
    TotalAsText,
    LoseSchemas,
    LoseTotal,
    RenameResources,
    Nobody,
    Stranger,
    SwapIds,
    IdsAlike,
    Reverse,
    Bare,
}

/// What becomes of an error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Refusal {
    LoseSchemas,
    LoseStatus,
    StatusAsNumber,
    OtherScimType,
    LoseScimType,
    NoBody,
    Html,
    OtherDetail,
}

/// What becomes of a bulk exchange.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bulk {
    LoseLast,
    AnswerLosesLast,
    StatusAsNumber,
    LoseLocation,
    LoseBulkId,
    LoseSchemas,
    NeverStops,
    OtherMethod,
}

/// How a mutant goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Change {
    Edit(Side, Edit, &'static [&'static str]),
    Ops(Ops),
    Query(Query),
    List(List),
    Refusal(Refusal),
    Bulk(Bulk),
    /// A success has another status.
    SuccessAs(u16),
    /// An error has another status; its body agrees.
    RefusalAs(u16),
    LoseHeader(&'static str),
    /// A request header has no effect.
    IgnoreHeader(&'static str),
    OtherHeader(&'static str, &'static str),
    LoseBody,
    /// The write is answered as if it were done.
    NotDone,
    Twice,
    AlsoToAnother,
    ToAnotherInstead,
    /// Another attribute is lost along with the write; the answer does not show it.
    AlsoLoses(&'static str),
    AlsoDeactivates,
    DeleteDeactivates,
    DeactivateDeletes,
    Resurrects,
    /// The answer to a write shows what was there before.
    StaleAnswer,
    /// The first read after a write shows what was there before.
    StaleOnce,
    /// Lists show resources as they were made.
    StaleInLists,
    /// A read shows another resource under this id.
    OfAnother,
    /// A duplicate is answered as if it were made: with the resource that is there.
    ConflictAsCreated,
    ExtraAttribute,
    ExtraHeader,
}

/// A server that goes wrong in one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mutant {
    pub(crate) seed: u64,
    pub(crate) place: Place,
    pub(crate) change: Change,
}

const USER_PATHS: &[&[&str]] = &[
    &["userName"],
    &["externalId"],
    &["name"],
    &["name", "givenName"],
    &["name", "familyName"],
    &["displayName"],
    &["active"],
    &["emails"],
    &["emails", "value"],
    &["emails", "type"],
    &["emails", "primary"],
    &["phoneNumbers"],
    &["phoneNumbers", "value"],
    &["addresses"],
    &["addresses", "locality"],
    &["title"],
    &["nickName"],
    &["locale"],
    &["userType"],
    &["timezone"],
    &["preferredLanguage"],
    &["roles"],
    &["schemas"],
    &[ENTERPRISE],
    &[ENTERPRISE, "department"],
    &[ENTERPRISE, "employeeNumber"],
    &[ENTERPRISE, "manager"],
    &[ENTERPRISE, "manager", "value"],
];
const GROUP_PATHS: &[&[&str]] = &[
    &["displayName"],
    &["externalId"],
    &["members"],
    &["members"],
    &["members", "value"],
    &["schemas"],
];
/// What only an answer has.
const META_PATHS: &[&[&str]] = &[
    &["id"],
    &["meta"],
    &["meta", "resourceType"],
    &["meta", "created"],
    &["meta", "lastModified"],
    &["meta", "location"],
    &["meta", "version"],
];
const CONFIG_PATHS: &[&[&str]] = &[
    &["schemas"],
    &["patch"],
    &["patch", "supported"],
    &["filter"],
    &["filter", "maxResults"],
    &["bulk"],
    &["bulk", "maxOperations"],
    &["sort"],
    &["etag"],
    &["changePassword"],
    &["authenticationSchemes"],
    &["authenticationSchemes", "type"],
    &["name"],
    &["endpoint"],
    &["schema"],
    &["schemaExtensions"],
    &["schemaExtensions", "required"],
    &["attributes"],
    &["attributes", "name"],
    &["attributes", "type"],
    &["attributes", "multiValued"],
    &["attributes", "mutability"],
    &["attributes", "returned"],
    &["attributes", "uniqueness"],
    &["attributes", "subAttributes"],
    &["id"],
    &["meta"],
    &["meta", "resourceType"],
    &["meta", "location"],
];
const EDITS: &[Edit] = &[
    Edit::Drop,
    Edit::Drop,
    Edit::Rename,
    Edit::Retype,
    Edit::Empty,
    Edit::Duplicate,
    Edit::FirstOnly,
    Edit::LastLost,
    Edit::Upper,
    Edit::Pad,
    Edit::Truncate,
    Edit::Ascii,
    Edit::Other,
    Edit::Wrap,
    Edit::Reverse,
    Edit::NullBeside,
];
const ALSO_LOST: &[&str] = &[
    "title",
    "nickName",
    "emails",
    "phoneNumbers",
    "displayName",
    "externalId",
    "name.givenName",
    "addresses",
    "roles",
    "locale",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
];

impl Mutant {
    /// The mutant of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let operation = one(
            &mut rng,
            &[
                Operation::Create,
                Operation::Create,
                Operation::Read,
                Operation::Read,
                Operation::List,
                Operation::Filter,
                Operation::Filter,
                Operation::Replace,
                Operation::Replace,
                Operation::Patch,
                Operation::Patch,
                Operation::Patch,
                Operation::Delete,
                Operation::Search,
                Operation::Bulk,
                Operation::Discovery,
            ],
        );
        let kind = match operation {
            Operation::Bulk | Operation::Discovery => Kind::None,
            _ => one(&mut rng, &[Kind::User, Kind::User, Kind::Group]),
        };
        let change = change(&mut rng, operation, kind);
        let when = when(&mut rng, operation, kind);
        Self {
            seed,
            place: Place {
                operation,
                kind,
                when,
            },
            change,
        }
    }
}

fn one<T: Copy>(rng: &mut ChaCha8Rng, of: &[T]) -> T {
    *of.choose(rng)
        .expect("the lists of the grammar are not empty")
}

fn when(rng: &mut ChaCha8Rng, operation: Operation, kind: Kind) -> When {
    if rng.random_bool(0.45) {
        return When::Always;
    }
    let mut fitting = vec![When::Again, When::EveryThird];
    let of_one = matches!(
        operation,
        Operation::Read | Operation::Replace | Operation::Patch | Operation::Delete
    );
    let of_many = matches!(
        operation,
        Operation::List | Operation::Filter | Operation::Search
    );
    if kind == Kind::User && (of_one || of_many) {
        fitting.extend([When::Inactive, When::Inactive]);
    }
    if kind == Kind::Group && (of_one || of_many) {
        fitting.extend([1, 3, 10, 25].map(When::MembersOver));
    }
    if of_many {
        fitting.extend([
            When::LaterPage,
            When::Asks("count"),
            When::Asks("attributes"),
            When::Asks("excludedAttributes"),
            When::Asks("sortBy"),
        ]);
    }
    if matches!(operation, Operation::Filter | Operation::Search) {
        fitting
            .extend(["userName", "externalId", " and ", "emails", "displayName"].map(When::Says));
    }
    if operation == Operation::Read {
        fitting.extend([When::Asks("attributes"), When::Asks("excludedAttributes")]);
    }
    if operation == Operation::Patch {
        fitting.extend([
            When::SeveralOps,
            When::Says("\"add\""),
            When::Says("\"replace\""),
            When::Says("\"remove\""),
            When::Says("\"Replace\""),
        ]);
        if kind == Kind::User {
            fitting.extend(
                [
                    "\"path\":\"emails[",
                    "\"path\":\"name.",
                    "\"path\":\"urn:",
                    "\"path\":\"active\"",
                    "\"False\"",
                    "\"value\":{",
                ]
                .map(When::Says),
            );
        } else {
            fitting.extend(
                ["\"path\":\"members\"", "\"path\":\"members[", "displayName"].map(When::Says),
            );
        }
    }
    if matches!(operation, Operation::Create | Operation::Replace) {
        fitting.extend(
            [
                "\"externalId\"",
                "\"active\":false",
                "enterprise",
                "\"members\"",
            ]
            .map(When::Says),
        );
    }
    one(rng, &fitting)
}

/// A change that an operation can have, each sort of change alike in frequency.
fn change(rng: &mut ChaCha8Rng, operation: Operation, kind: Kind) -> Change {
    let paths = match kind {
        Kind::User => USER_PATHS,
        Kind::Group => GROUP_PATHS,
        Kind::None => CONFIG_PATHS,
    };
    let shown: Vec<&'static [&'static str]> = paths.iter().chain(META_PATHS).copied().collect();
    let edit = one(rng, EDITS);
    let in_answer = Change::Edit(Side::Answer, edit, one(rng, &shown));
    let in_request = Change::Edit(Side::Request, edit, one(rng, paths));
    let hidden = Change::Edit(Side::Hidden, edit, one(rng, paths));
    let also = Change::AlsoLoses(one(rng, ALSO_LOST));
    let refusal = Change::Refusal(one(
        rng,
        &[
            Refusal::LoseSchemas,
            Refusal::LoseStatus,
            Refusal::StatusAsNumber,
            Refusal::OtherScimType,
            Refusal::LoseScimType,
            Refusal::NoBody,
            Refusal::Html,
            Refusal::OtherDetail,
        ],
    ));
    let refused_as = Change::RefusalAs(one(rng, &[200, 204, 400, 404, 409, 500]));
    let header = one(
        rng,
        &[
            Change::LoseHeader("location"),
            Change::LoseHeader("etag"),
            Change::LoseHeader("content-type"),
            Change::OtherHeader("content-type", "text/plain"),
            Change::OtherHeader("content-type", "application/json"),
            Change::OtherHeader("location", "/Users"),
            Change::OtherHeader("etag", "W/\"0\""),
            Change::ExtraHeader,
        ],
    );
    let list = Change::List(one(
        rng,
        &[
            List::LoseLast,
            List::LoseFirst,
            List::RepeatFirst,
            List::TotalPlus(1),
            List::TotalPlus(-1),
            List::TotalIsPage,
            List::PerPagePlus(1),
            List::PerPagePlus(-1),
            List::StartPlus(1),
            List::StartPlus(-1),
            List::TotalAsText,
            List::LoseSchemas,
            List::LoseTotal,
            List::RenameResources,
            List::Nobody,
            List::Stranger,
            List::SwapIds,
            List::IdsAlike,
            List::Reverse,
            List::Bare,
        ],
    ));
    let page = Change::Query(one(
        rng,
        &[
            Query::Lose("startIndex"),
            Query::Lose("count"),
            Query::Lose("cursor"),
            Query::Lose("sortBy"),
            Query::Lose("sortOrder"),
            Query::Lose("attributes"),
            Query::Lose("excludedAttributes"),
            Query::StartPlus(1),
            Query::StartPlus(-1),
            Query::CountPlus(1),
            Query::CountPlus(-1),
            Query::SortFlipped,
        ],
    ));
    let filter = Change::Query(one(
        rng,
        &[
            Query::Lose("filter"),
            Query::Word("eq", "co"),
            Query::Word("eq", "sw"),
            Query::Word("eq", "ne"),
            Query::Word("co", "sw"),
            Query::Word("sw", "co"),
            Query::Word("ew", "co"),
            Query::Word("gt", "ge"),
            Query::Word("lt", "le"),
            Query::Word("ge", "gt"),
            Query::Word("and", "or"),
            Query::Word("or", "and"),
            Query::Word("not", ""),
            Query::Word("true", "false"),
            Query::FirstClause,
            Query::ValueUpper,
            Query::ValueTruncated,
        ],
    ));
    let ops = Change::Ops(one(
        rng,
        &[
            Ops::LoseFirst,
            Ops::LoseLast,
            Ops::OnlyFirst,
            Ops::Reverse,
            Ops::AddAsReplace,
            Ops::ReplaceAsAdd,
            Ops::LoseRemoves,
            Ops::PathToParent,
            Ops::LoseValueFilter,
            Ops::LoseSubAttribute,
            Ops::LosePath,
            Ops::FirstValueOnly,
            Ops::LastValueLost,
            Ops::RemoveAll,
            Ops::InvertValueFilter,
        ],
    ));
    let write = one(
        rng,
        &[
            Change::NotDone,
            Change::NotDone,
            Change::Twice,
            Change::AlsoToAnother,
            Change::ToAnotherInstead,
            Change::AlsoDeactivates,
            Change::DeactivateDeletes,
            Change::Resurrects,
            Change::StaleAnswer,
            Change::IgnoreHeader("if-match"),
        ],
    );
    let stale = one(rng, &[Change::StaleInLists, Change::StaleOnce]);
    let extra = Change::ExtraAttribute;
    let sorts: Vec<Change> = match operation {
        Operation::Create => vec![
            in_request,
            in_request,
            hidden,
            in_answer,
            in_answer,
            header,
            refusal,
            refused_as,
            Change::SuccessAs(one(rng, &[200, 202, 204])),
            Change::NotDone,
            Change::Twice,
            Change::ConflictAsCreated,
            Change::LoseBody,
            also,
            extra,
        ],
        Operation::Read => vec![
            in_answer,
            in_answer,
            in_answer,
            header,
            refusal,
            refused_as,
            page,
            Change::StaleOnce,
            Change::OfAnother,
            Change::IgnoreHeader("if-none-match"),
            Change::SuccessAs(one(rng, &[201, 206])),
            extra,
        ],
        Operation::List => vec![
            in_answer, in_answer, list, list, list, page, page, header, stale, extra,
        ],
        Operation::Filter => vec![
            in_answer, list, list, page, filter, filter, filter, header, refusal, refused_as, stale,
        ],
        Operation::Search => vec![in_answer, list, page, filter, refusal, stale],
        Operation::Replace => vec![
            in_request,
            in_request,
            hidden,
            in_answer,
            header,
            refusal,
            refused_as,
            write,
            write,
            also,
            also,
            Change::SuccessAs(one(rng, &[201, 202, 204])),
            Change::LoseBody,
        ],
        Operation::Patch => vec![
            in_request,
            in_request,
            in_answer,
            refusal,
            refused_as,
            write,
            write,
            write,
            also,
            also,
            ops,
            ops,
            ops,
            header,
            Change::SuccessAs(one(rng, &[201, 202, 204])),
        ],
        Operation::Delete => vec![
            Change::NotDone,
            Change::DeleteDeactivates,
            Change::AlsoToAnother,
            Change::ToAnotherInstead,
            Change::IgnoreHeader("if-match"),
            Change::SuccessAs(one(rng, &[200, 202, 404])),
            refusal,
            refused_as,
        ],
        Operation::Bulk => vec![
            Change::Bulk(one(
                rng,
                &[
                    Bulk::LoseLast,
                    Bulk::AnswerLosesLast,
                    Bulk::StatusAsNumber,
                    Bulk::LoseLocation,
                    Bulk::LoseBulkId,
                    Bulk::LoseSchemas,
                    Bulk::NeverStops,
                    Bulk::OtherMethod,
                ],
            )),
            Change::NotDone,
            Change::SuccessAs(one(rng, &[201, 204])),
            refusal,
        ],
        Operation::Discovery => vec![
            in_answer,
            in_answer,
            list,
            header,
            refusal,
            Change::SuccessAs(one(rng, &[201, 404])),
        ],
    };
    one(rng, &sorts)
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {:?} of {:?}, {:?}: {:?}",
            self.seed, self.place.operation, self.place.kind, self.place.when, self.change
        )
    }
}
