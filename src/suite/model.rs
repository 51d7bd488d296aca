//! The typed form of profiles, suites, cases, steps and expectations, after all errors of all files were reported.
//!
//! Nothing here is optional by accident: a default that the format grants is already filled in.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::results::{Certainty, Severity};
pub use crate::scim::QueryStyle;

/// A place in a file, for errors that people can follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file as it was named to us (`suites/okta/users.yaml`).
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// `suites/PROFILE/profile.yaml`: how this identity provider speaks, whatever the subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// `okta`.
    pub id: String,
    /// `Okta`.
    pub title: String,
    /// Whether a run without `--profile` plays it.
    pub default_run: bool,
    /// The flavours, in order; empty where the profile has none.
    pub flavours: Vec<FlavourDef>,
    /// How the flavours' verdicts make the profile's.
    pub combine: Combine,
    /// Headers of a request without a body, in sending order.
    pub headers: Vec<(String, String)>,
    /// Headers added to a request with a body.
    pub body_headers: Vec<(String, String)>,
    /// Whether a request id header may be added (not where captures speak against it).
    pub request_id: bool,
    /// Whether the provider reads what a target declares and goes by it, so that its cases may say `needs`.
    pub reads_declarations: bool,
    /// How values are encoded into a query.
    pub query: QueryStyle,
    /// The members of a user that this provider never sends on create but the server makes (for reading only).
    pub notes: Vec<String>,
}

/// A flavour of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct FlavourDef {
    /// `legacy`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Counts for the profile's verdict where the config does not narrow the flavours.
    pub default: bool,
}

/// How flavours' verdicts combine (contract, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The profile is as good as its worst flavour.
    Worst,
    /// It is not known which flavour the provider speaks: the best decides.
    Best,
}

/// One suite file.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// `entra/users`.
    pub id: String,
    /// The profile it belongs to.
    pub profile: String,
    /// What the suite is about.
    pub title: String,
    /// The file it came from.
    pub file: String,
    /// Its cases, in file order.
    pub cases: Vec<Case>,
}

/// A scenario that stands alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Kebab-case, unique in the suite.
    pub id: String,
    /// What it shows, in a phrase.
    pub title: String,
    /// Who breaks and how, in a sentence or two.
    pub why: String,
    /// How to mend a server that fails.
    pub hint: String,
    /// The severity of its checks where nothing nearer says otherwise.
    pub severity: Severity,
    /// How sure its source is.
    pub certainty: Certainty,
    /// Namespaced references, each checked against its list.
    pub refs: Vec<String>,
    /// The flavours it is played in; empty means all of the profile.
    pub flavours: Vec<String>,
    /// `flavours: none`: the provider does this alike in every flavour. Played once, with no flavour in its id, and it
    /// counts for the verdict of each.
    pub every_flavour_alike: bool,
    /// *Ready* needs it evaluated and passed.
    pub core: bool,
    /// Capabilities that it needs, and attributes as `attr:PATH`, `shared:PATH` or `hideable:PATH` (only in `rfc`; checked at load).
    pub needs: Vec<String>,
    /// Features that it exercises and that a policy may leave out.
    pub uses: Vec<String>,
    /// Policy conditions: word -> required value. Not met: skipped with that reason.
    pub when: BTreeMap<String, Value>,
    /// Runs alone, after the others.
    pub exclusive: bool,
    /// Bad input: left out by `--skip-hostile`.
    pub hostile: bool,
    /// Runs only where a pattern names it.
    pub opt_in: bool,
    /// A table: the case is played once for each row. Empty: once, without a row.
    pub rows: Vec<Row>,
    /// Resources made before the first step, in order.
    pub given: Vec<Given>,
    /// The scenario.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub place: Place,
}

impl Case {
    /// Everything that the case cites: its own references, those of its steps and of their further expectations.
    pub fn cited(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().flat_map(|step| match step {
            Step::Send(send) => send.cited(),
            Step::Together(sends) => sends.iter().flat_map(Send::cited).collect(),
            Step::Walk(walk) => walk.refs.iter().collect(),
        });
        self.refs.iter().chain(steps).map(String::as_str)
    }
}

impl Send {
    fn cited(&self) -> Vec<&String> {
        let also = self.also.iter().flat_map(|also| &also.refs);
        self.refs.iter().chain(also).collect()
    }
}

/// A row of a case's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Appended to the case id: `CASE-ROW`.
    pub id: String,
    /// The other columns, as `{{row.NAME}}`.
    pub values: BTreeMap<String, Value>,
}

/// A resource made before the first step.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its name in the case.
    pub name: String,
    /// The fixture: `entra/user`.
    pub fixture: String,
    /// SCIM paths (or top-level names) set on the fixture's body before it is sent.
    pub set: Vec<(String, Value)>,
    /// Top-level names or SCIM paths removed from the fixture's body.
    pub without: Vec<String>,
    /// For a group: names of given resources that become members.
    pub members: Vec<String>,
    /// One of a crowd: the name that they are made under, as `NAME-1`, `NAME-2` and so on.
    pub crowd: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// One request.
    Send(Box<Send>),
    /// Requests sent at the same time.
    Together(Vec<Send>),
    /// A walk through all pages of a list.
    Walk(Box<Walk>),
}

/// One request and what is expected of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// The step's id within the case, first half of its check ids (`disable` in `disable.status`).
    pub id: String,
    /// HTTP method.
    pub method: String,
    /// Path and query below the base URL, as the provider writes it, with `{{...}}`.
    pub target: String,
    /// Headers set (or, with `None`, removed) for this request.
    pub headers: Vec<(String, Option<String>)>,
    /// What is sent.
    pub body: SendBody,
    /// Sent so many times at this pace instead of once.
    pub burst: Option<Burst>,
    /// With which credential.
    pub credential: Credential,
    /// The answer is a resource that the case calls by this name from here on.
    pub makes: Option<String>,
    /// Values taken from the answer: variable -> SCIM path into the body, or `header:NAME`.
    pub capture: Vec<(String, String)>,
    /// Flavours in which the step is played; empty means all of the case.
    pub only: Vec<String>,
    /// What is expected of the answer.
    pub expect: Expect,
    /// Further expectations, each with an id and a severity of its own.
    pub also: Vec<Also>,
    /// What the request changes: the runner reads the resources back and compares them whole.
    pub changes: Option<Changes>,
    /// Rows of a mapping table that this step judges, each with a check and a severity of its own. Only generated cases
    /// have them (`plan::mapping`).
    pub rows: Vec<MappedRow>,
    /// The same rows one by one, sent only where the request that holds them all was refused: which of them is it?
    pub singly: Vec<Single>,
    /// Nearer than the case's.
    pub severity: Option<Severity>,
    /// What its checks are about, beside the case's references.
    pub refs: Vec<String>,
    /// Its repair; the case's where empty.
    pub hint: String,
    /// Where it stands.
    pub place: Place,
}

/// A read that is sent many times at a pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// How many times.
    pub times: u32,
    /// Requests a second, where the run's `--rate` does not say otherwise.
    pub rate: u32,
    /// The provider understands Retry-After only as a number of seconds, and not as a date.
    pub whole_seconds: bool,
}

/// A row of a mapping table within a step.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedRow {
    /// The check's id within the case: `emails.work.value`, or `add.emails.work.value`.
    pub id: String,
    /// Its path as part of an id: what the step's expectations call it.
    pub slug: String,
    /// The identity provider's name of the attribute.
    pub attribute: String,
    /// The SCIM path.
    pub path: String,
    /// How bad it is if the value is lost. Where `by_schema` is set this is the most that it can be.
    pub severity: Severity,
    /// What the target's own /Schemas say of the attribute decides the severity, once they are known.
    pub by_schema: bool,
    /// Its repair.
    pub hint: String,
}

/// One row in a request of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Single {
    /// The row: its check id, and how bad it is that the target refuses it. `None`: what every request must hold anyway,
    /// sent first; where that is refused too, no row is to blame.
    pub row: Option<(String, Severity)>,
    /// The request. Its answer is not judged; a success is read back.
    pub send: Send,
    /// Where the value must then stand.
    pub path: String,
    /// What it must be.
    pub value: Matcher,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum SendBody {
    /// None.
    Empty,
    /// JSON, in the key order of the file; strings may hold `{{...}}`.
    Json(Value),
    /// Text sent byte for byte after `{{...}}` was filled in.
    Raw(String),
    /// The server's own last representation of a resource, with changes: what Okta and JumpCloud PUT.
    Echo {
        /// The resource.
        of: String,
        /// SCIM paths set.
        set: Vec<(String, Value)>,
        /// SCIM paths removed.
        without: Vec<String>,
    },
    /// A fixture's body, as `given` would send it.
    Fixture {
        /// `okta/user`.
        fixture: String,
        /// SCIM paths set.
        set: Vec<(String, Value)>,
        /// SCIM paths removed.
        without: Vec<String>,
        /// For a group: names of resources that become members.
        members: Vec<String>,
    },
}

/// With which credential a request goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The target's.
    Target,
    /// No Authorization header.
    None,
    /// A well-formed credential of the same kind that is wrong.
    Wrong,
    /// `auth.revoked` of the config; the case is skipped where it is not given.
    Revoked,
    /// `auth.other_tenant` of the config; the case is skipped where it is not given.
    OtherTenant,
    /// None of SCIM's: the request goes to the application itself, with the headers of `[access_check]`.
    Application,
    /// The Authorization header exactly as written.
    Literal(String),
}

/// What is expected of one answer. Empty parts expect nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    /// Allowed status codes, a closed list; empty: not checked.
    pub status: Vec<u16>,
    /// Response headers: name -> matcher.
    pub headers: Vec<(String, Matcher)>,
    /// The body as a resource: SCIM path -> matcher.
    pub body: Vec<(String, Matcher)>,
    /// The body as a ListResponse.
    pub list: Option<ListExpect>,
    /// The body as a SCIM error.
    pub error: Option<ErrorExpect>,
    /// True: no body; false: a body.
    pub empty: Option<bool>,
    /// Texts that must not occur anywhere in headers or body (passwords, markers).
    pub lacks_text: Vec<String>,
    /// The body must equal the case's known state of a resource but for these paths.
    pub unchanged: Option<Unchanged>,
    /// The first alternative that holds decides.
    pub either: Vec<Alternative>,
}

/// One lawful (or less lawful) way to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// What must hold for this alternative to be the one.
    pub expect: Expect,
    /// Why it is allowed, or what is wrong with it. Required where `severity` is set.
    pub note: String,
    /// `None`: a pass, with the note. Otherwise the check fails with this severity.
    pub severity: Option<Severity>,
}

/// An additional expectation on the same answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Also {
    /// Last part of the check id: `STEP.ID`.
    pub id: String,
    /// Its severity; the case's where absent.
    pub severity: Option<Severity>,
    /// Its references, beside the case's.
    pub refs: Vec<String>,
    /// Its repair; the case's where empty.
    pub hint: String,
    /// What is expected.
    pub expect: Expect,
}

/// Equality with the known state.
#[derive(Debug, Clone, PartialEq)]
pub struct Unchanged {
    /// The resource.
    pub of: String,
    /// SCIM paths left out of the comparison.
    pub except: Vec<String>,
}

/// A ListResponse.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListExpect {
    /// Exact `totalResults` (only for filters on values that the run made unique, so that strangers cannot count).
    pub total: Option<u64>,
    /// Resources of the case that must be in it.
    pub has: Vec<String>,
    /// Resources of the case that must not be in it.
    pub lacks: Vec<String>,
    /// Exactly these and nothing else (unique filters only).
    pub only: Option<Vec<String>>,
    /// At most this many elements.
    pub at_most: Option<u64>,
    /// Expectations on the element that is the named resource: path -> matcher.
    pub items: Vec<(String, Vec<(String, Matcher)>)>,
    /// Own elements must come in this order.
    pub order: Vec<String>,
    /// Expectations on every element.
    pub each: Vec<(String, Matcher)>,
}

/// A SCIM error body (RFC 7644 section 3.12).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorExpect {
    /// Allowed `scimType`; empty: not checked. `none` allows absence.
    pub scim_type: Vec<String>,
}

/// What a request changes. Everything not named must be as before.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Resource name -> its change. Empty: nothing may change.
    pub of: Vec<(String, Change)>,
    /// `none-later`: nothing may change, and the next look at the resource (at the end of the case if not before) shows it.
    pub later: bool,
}

/// The change of one resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// These paths now match; the rest is as before.
    Paths(Vec<(String, Matcher)>),
    /// The resource is gone: 404.
    Gone,
    /// The resource may have any state from here on (its state is read anew).
    Any,
}

/// A walk through the pages of a list (RFC 7644 section 3.4.2.4, RFC 9865).
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// The step's id.
    pub id: String,
    /// Path and query without paging parameters: `/Users` or `/Users?filter=...`.
    pub target: String,
    /// Page size asked for.
    pub count: u32,
    /// By index or by cursor.
    pub style: WalkStyle,
    /// Resources of the case that must each be met exactly once.
    pub has: Vec<String>,
    /// Also ask for the page after the last.
    pub beyond: bool,
    /// Nearer than the case's.
    pub severity: Option<Severity>,
    /// What its checks are about, beside the case's references.
    pub refs: Vec<String>,
    /// Its repair; the case's where empty.
    pub hint: String,
    /// Flavours in which the step is played; empty means all of the case.
    pub only: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// How pages follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkStyle {
    /// `startIndex` and `count`.
    Index,
    /// `cursor` and `count`.
    Cursor,
}

/// What a value must be. Written as a plain value (equality) or as a map of one `$` word.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// Equal in SCIM's sense: case by `caseExact`, instants, sets, absent = null = [].
    Is(Value),
    /// `$exactly`: the same JSON, byte for byte in strings.
    Exactly(Value),
    /// `$present: true`: there and not empty.
    Present,
    /// `$absent: true`: absent, null or an empty array.
    Absent,
    /// `$empty: true`: absent, null, empty array, empty string, or a complex value with nothing in it.
    Empty,
    /// `$type`: string, boolean, integer, number, object, array, dateTime, uri.
    Type(String),
    /// `$matches`: a regular expression that the string must match.
    Matches(String),
    /// `$any_of`: one of these matchers.
    AnyOf(Vec<Matcher>),
    /// `$not`: the matcher must not hold (an absent value satisfies it).
    Not(Box<Matcher>),
    /// `$all`: every one of these.
    All(Vec<Matcher>),
    /// `$contains`: a multi-valued attribute has an element on which these paths match; a string has this part.
    Contains(ContainsItem),
    /// `$lacks`: no element on which these paths match.
    Lacks(ContainsItem),
    /// `$count`: number of elements of a multi-valued attribute (absent counts 0).
    Count(u64),
    /// `$ids`: the elements' `value`s are exactly the ids of these resources of the case, each once.
    Ids(Vec<String>),
    /// `$any: true`: whatever it is.
    Any,
}

/// What `$contains` and `$lacks` look for.
#[derive(Debug, Clone, PartialEq)]
pub enum ContainsItem {
    /// A complex element: sub-attribute path -> matcher.
    Element(Vec<(String, Matcher)>),
    /// A simple element, or a part of a string.
    Value(Value),
}
