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
}

/// What becomes of attributes that a PUT leaves out (RFC 7644 section 3.5.1 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Omitted {
    /// They are cleared.
    Cleared,
    /// They stay as they were.
    Kept,
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
    /// Whether entity tags are offered.
    pub etags: bool,
    /// Whether index paging is offered.
    pub index_paging: bool,
    /// Whether cursor paging is offered.
    pub cursor_paging: bool,
    /// Whether a request that names no paging method is paged by cursor.
    pub cursor_by_default: bool,
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
    /// Whether the discovery endpoints can be read without credentials (RFC 7643 section 5).
    pub open_discovery: bool,
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
            etags: true,
            index_paging: true,
            cursor_paging: true,
            cursor_by_default: false,
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
            open_discovery: true,
        }
    }
}
