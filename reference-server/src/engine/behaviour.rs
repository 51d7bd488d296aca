//! How the server behaves where the RFCs leave a choice. The defaults are those of a complete
//! server; lawful variants and personas change them.

use std::time::Duration;

use crate::protocol::leniency::Leniency;

/// How a successful PATCH is answered (RFC 7644 section 3.5.2 allows both).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchAnswer {
    /// Users with 200 and their state, groups with 204: a large group is not sent back each time.
    ByType,
    /// Always 200 with the resource.
    Resource,
    /// 204 unless `attributes` asks for something.
    NoContent,
}

/// What ids look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdStyle {
    /// Random UUIDs.
    Uuid,
    /// Counted numbers, as strings.
    Numeric,
    /// UUIDs between characters that a URL has to encode.
    Odd,
    /// Two hundred characters with dots and tildes, in which case counts.
    Long,
}

/// What becomes of attributes that a PUT leaves out (RFC 7644 section 3.5.1 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Omitted {
    /// They are cleared.
    Cleared,
    /// They stay as they were; what is sent as null or as an empty list is cleared all the same.
    Kept,
}

/// What becomes of a `userName` whose user was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is free (RFC 7644 section 3.6).
    Free,
    /// It stays taken, as products do that keep the history of people.
    Taken,
    /// Creating it again brings the old id back.
    Revived,
}

/// What a DELETE of a user, or `active: false`, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// DELETE removes, `active: false` deactivates.
    AsAsked,
    /// Both remove.
    Removes,
    /// Both deactivate: nobody is ever removed.
    Deactivates,
}

/// What errors say in `detail` (RFC 7644 section 3.12: for people, and optional).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A sentence in English.
    English,
    /// A sentence in German.
    German,
    /// Nothing.
    None,
}

/// How times are written (RFC 7643 section 2.3.5: any `xsd:dateTime`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// In UTC with milliseconds.
    Milliseconds,
    /// In UTC with whole seconds.
    Seconds,
    /// At an offset of two hours.
    Offset,
    /// In UTC with seven digits after the second, as .NET writes them.
    Fine,
}

/// How bodies are encoded where the client accepts it (RFC 9110 section 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// gzip.
    Gzip,
    /// deflate, in the zlib format.
    Deflate,
}

/// How answers look, whatever they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dress {
    /// Whether members of objects, elements of lists and resources of a page come in changing order.
    pub shuffled: bool,
    /// What errors say.
    pub detail: Detail,
    /// Whether the media type has a `charset` parameter.
    pub charset: bool,
    /// Whether answers have headers that nobody asked for.
    pub extra_headers: bool,
    /// Whether bodies are compressed.
    pub encoding: Option<Encoding>,
    /// Whether the connection is closed after each answer.
    pub closes: bool,
    /// Whether bodies come in chunks, without their length.
    pub chunked: bool,
    /// Whether attributes without a value are shown as null or as an empty list.
    pub nulls: bool,
    /// Whether the names of attributes begin with a capital letter.
    pub capital_names: bool,
    /// The status of a precondition that does not hold (RFC 7644 table 8 has 409 and 412).
    pub stale: u16,
    /// The status of a PUT or PATCH that takes a unique value (RFC 7644 table 9 and section 3.3 differ).
    pub taken: u16,
}

impl Dress {
    /// Answers as the engine makes them.
    pub const PLAIN: Self = Self {
        shuffled: false,
        detail: Detail::English,
        charset: false,
        extra_headers: false,
        encoding: None,
        closes: false,
        chunked: false,
        nulls: false,
        capital_names: false,
        stale: 412,
        taken: 409,
    };
}

/// What values have to be like, and in which form they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demands {
    /// Whether a `userName` must look like an e-mail address.
    pub address_names: bool,
    /// Whether two users cannot have one e-mail address.
    pub unique_emails: bool,
    /// The longest text, in characters.
    pub longest_text: usize,
    /// Whether only users can be members of groups.
    pub flat_groups: bool,
    /// Whether a member that nobody is gives 404 rather than 400.
    pub found_members: bool,
    /// Whether telephone numbers, language tags and domains are written in their canonical form.
    pub canonical: bool,
}

/// How discovery answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// Whether characteristics with the value that they have by default are left out.
    pub terse: bool,
    /// Whether `id`, `externalId` and `meta` are listed with the attributes of a schema.
    pub common: bool,
    /// Whether locations and endpoints are relative.
    pub relative: bool,
}

/// The choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// What is accepted beyond the RFC.
    pub leniency: Leniency,
    /// How PATCH is answered.
    pub patch_answer: PatchAnswer,
    /// What ids look like.
    pub ids: IdStyle,
    /// What PUT does with attributes that it leaves out.
    pub omitted: Omitted,
    /// The page length without `count`.
    pub default_page: usize,
    /// The longest page.
    pub max_page: usize,
    /// Whether PATCH is offered.
    pub patch: bool,
    /// Whether filters are offered.
    pub filter: bool,
    /// Whether sorting is offered.
    pub sort: bool,
    /// Whether bulk is offered.
    pub bulk: bool,
    /// Whether the configuration offers to change passwords.
    pub password_changes: bool,
    /// Whether entity tags are offered.
    pub etags: bool,
    /// Whether index paging is offered.
    pub index_paging: bool,
    /// Whether cursor paging is offered.
    pub cursor_paging: bool,
    /// Whether a request that names no paging method is paged by cursor.
    pub cursor_by_default: bool,
    /// Whether pages but the first tell the cursor of the page before (RFC 9865 section 2 leaves it open).
    pub previous_cursors: bool,
    /// The most hits that a query may have; more are refused with `tooMany` (RFC 7644 section 3.4.2.1).
    pub most_hits: Option<usize>,
    /// How long a cursor lives.
    pub cursor_timeout: Duration,
    /// The most operations of a bulk request.
    pub bulk_operations: usize,
    /// The largest bulk request, in bytes.
    pub bulk_payload: usize,
    /// The largest other request body, in bytes.
    pub body_limit: usize,
    /// Whether `userName` is stored in lower case, as its `caseExact` allows.
    pub fold_user_names: bool,
    /// Whether a new user without `active` is active.
    pub active_by_default: bool,
    /// Whether a list without hits has an empty `Resources` or none.
    pub empty_resources: bool,
    /// Whether a complete list tells `startIndex` and `itemsPerPage`.
    pub page_counters: bool,
    /// Whether users show the groups that they are in.
    pub shows_groups: bool,
    /// The base URL that locations are made of, where it is not the one that is listened on.
    pub public_base: Option<String>,
    /// Whether answers say `application/scim+json` whatever is accepted.
    pub always_scim_json: bool,
    /// How long every answer is held back.
    pub latency: Option<Duration>,
    /// Whether the base URL is https.
    pub tls: bool,
    /// Whether the discovery endpoints can be read without credentials (RFC 7643 section 5).
    pub open_discovery: bool,
    /// Whether entity tags are strong.
    pub strong_etags: bool,
    /// Whether `emails.value` is stored in lower case, as its `caseExact` allows.
    pub fold_emails: bool,
    /// Whether members of groups have nothing but their `value` and `type`.
    pub bare_members: bool,
    /// Whether attributes that a POST or PUT leaves out get a default.
    pub defaults: bool,
    /// Whether the first of several addresses is made the primary one where none is.
    pub first_is_primary: bool,
    /// Whether bodies of type `application/json` are taken.
    pub plain_json: bool,
    /// Whether attributes that no schema declares are refused.
    pub refuses_undeclared: bool,
    /// What becomes of the name of a deleted user.
    pub removed: Removed,
    /// What DELETE and `active: false` do to a user.
    pub leaving: Leaving,
    /// Whether users can be changed.
    pub user_updates: bool,
    /// Whether there are groups.
    pub groups: bool,
    /// Attributes that the server does not have: `User.nickName`, `User.name.middleName`; a schema's
    /// URN takes a whole extension away.
    pub without: Vec<String>,
    /// Further definitions, in the form of [`crate::Options::schemas`].
    pub schemas: Vec<String>,
    /// What the provider says of every user by itself, by the URN of its own extension.
    pub own_extension: Option<String>,
    /// How times are written.
    pub times: Times,
    /// How answers look.
    pub dress: Dress,
    /// What values have to be like.
    pub demands: Demands,
    /// How discovery answers look.
    pub listing: Listing,
    /// Whether the configuration speaks of the entity tags that there are.
    pub declares_etags: bool,
    /// Whether groups of users have nothing but their `value`.
    pub bare_groups: bool,
    /// Whether `$ref` is relative to the base URL (RFC 7643 section 2.3.7).
    pub relative_references: bool,
    /// Whether a name without `formatted` is shown with one that is made of its parts.
    pub computed_names: bool,
    /// Whether a filter on an attribute that no schema has finds nobody, and is not refused.
    pub unknown_is_absent: bool,
    /// Whether of several primary values the first one is kept, and the request not refused.
    pub keeps_one_primary: bool,
    /// Whether a filter is one comparison with `eq`, and every other one refused.
    pub only_equality: bool,
    /// Whether every so many requests one is put off for a moment.
    pub puts_off: bool,
}

impl Behaviour {
    /// The complete server, with or without the leniencies.
    pub fn new(strict: bool) -> Self {
        Self {
            leniency: if strict {
                Leniency::STRICT
            } else {
                Leniency::DEFAULT
            },
            patch_answer: PatchAnswer::ByType,
            ids: IdStyle::Uuid,
            omitted: Omitted::Cleared,
            default_page: 100,
            max_page: 1_000,
            patch: true,
            filter: true,
            sort: true,
            bulk: true,
            password_changes: false,
            etags: true,
            index_paging: true,
            cursor_paging: true,
            cursor_by_default: false,
            previous_cursors: true,
            most_hits: None,
            cursor_timeout: Duration::from_secs(600),
            bulk_operations: 1_000,
            bulk_payload: 4 * 1024 * 1024,
            body_limit: 16 * 1024 * 1024,
            fold_user_names: false,
            active_by_default: true,
            empty_resources: true,
            page_counters: true,
            shows_groups: true,
            public_base: None,
            always_scim_json: false,
            latency: None,
            tls: false,
            open_discovery: true,
            strong_etags: false,
            fold_emails: false,
            bare_members: false,
            defaults: false,
            first_is_primary: false,
            plain_json: true,
            refuses_undeclared: false,
            removed: Removed::Free,
            leaving: Leaving::AsAsked,
            user_updates: true,
            groups: true,
            without: Vec::new(),
            schemas: Vec::new(),
            own_extension: None,
            times: Times::Milliseconds,
            dress: Dress::PLAIN,
            demands: Demands {
                address_names: false,
                unique_emails: false,
                found_members: false,
                longest_text: usize::MAX,
                flat_groups: false,
                canonical: false,
            },
            listing: Listing {
                terse: false,
                common: false,
                relative: false,
            },
            declares_etags: true,
            bare_groups: false,
            relative_references: false,
            computed_names: false,
            unknown_is_absent: false,
            keeps_one_primary: false,
            only_equality: false,
            puts_off: false,
        }
    }
}
