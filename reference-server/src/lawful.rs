//! Lawful variants: other choices that the RFCs leave to a provider. A harness must find nothing
//! on any of them, nor on any combination.

use std::time::Duration;

use crate::engine::{Behaviour, Detail, Encoding, IdStyle, Omitted, PatchAnswer, Removed, Times};
use crate::protocol::schema::ENTERPRISE;

/// What a lawful variant is.
#[derive(Debug, Clone, Copy)]
pub struct LawfulInfo {
    /// The name, as given to `--lawful`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What the server does.
    pub what: &'static str,
    /// The text that leaves the choice.
    pub source: &'static str,
    /// The profiles that can work with it: what the RFC leaves open, an identity provider may need.
    pub suits: &'static [&'static str],
    /// What a provider with this choice declares in its policy: lines of TOML.
    pub declares: &'static [&'static str],
    pub(crate) change: fn(&mut Behaviour),
}

const EVERYONE: &[&str] = &["okta", "entra", "jumpcloud", "rfc"];
const RFC_ONLY: &[&str] = &["rfc"];
/// Okta's SPEC test asks for more (okta-spec/4, okta-spec/6, okta-spec/12).
const NOT_OKTA: &[&str] = &["entra", "jumpcloud", "rfc"];
/// Entra asks for more (ENTRA-65, ENTRA-78).
const NOT_ENTRA: &[&str] = &["okta", "jumpcloud", "rfc"];

/// What users of a small product don't have.
const SPARED: [&str; 19] = [
    ENTERPRISE,
    "User.addresses",
    "User.emails.display",
    "User.entitlements",
    "User.ims",
    "User.locale",
    "User.name.formatted",
    "User.name.honorificPrefix",
    "User.name.honorificSuffix",
    "User.name.middleName",
    "User.nickName",
    "User.photos",
    "User.preferredLanguage",
    "User.profileUrl",
    "User.roles",
    "User.timezone",
    "User.title",
    "User.userType",
    "User.x509Certificates",
];

/// The extension of `own-extension`.
const OWN: &str = "urn:example:params:scim:schemas:extension:account:2.0:User";
const OWN_SCHEMA: &str = include_str!("../schemas/own-extension.json");

/// All lawful variants.
pub fn lawful_variants() -> &'static [LawfulInfo] {
    &[
        LawfulInfo {
            name: "patch-204",
            title: "PATCH is answered without a body",
            what: "A successful PATCH gives 204, unless attributes are asked for.",
            source: "RFC 7644 section 3.5.2",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.patch_answer = PatchAnswer::NoContent,
        },
        LawfulInfo {
            name: "patch-200",
            title: "PATCH is answered with the resource",
            what: "A successful PATCH gives 200 with the whole resource, for groups too.",
            source: "RFC 7644 section 3.5.2",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.patch_answer = PatchAnswer::Resource,
        },
        LawfulInfo {
            name: "numeric-ids",
            title: "Ids are numbers in strings",
            what: "Resources are counted: 1, 2, 3.",
            source: "RFC 7643 section 3.1",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.ids = IdStyle::Numeric,
        },
        LawfulInfo {
            name: "odd-ids",
            title: "Ids hold characters that a URL encodes",
            what: "Ids such as u:...@x+y=z, percent-encoded in locations.",
            source: "RFC 7643 section 3.1",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.ids = IdStyle::Odd,
        },
        LawfulInfo {
            name: "no-etags",
            title: "No entity tags",
            what: "No ETag header, no meta.version, and conditional headers have no effect.",
            source: "RFC 7644 section 3.14",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.etags = false,
        },
        LawfulInfo {
            name: "strong-etags",
            title: "Entity tags are strong",
            what: "Entity tags have no W/ before them.",
            source: "RFC 7644 section 3.14",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.strong_etags = true,
        },
        LawfulInfo {
            name: "no-sort",
            title: "No sorting",
            what: "sortBy has no effect, and the configuration says so.",
            source: "RFC 7644 section 3.4.2.3",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.sort = false,
        },
        LawfulInfo {
            name: "no-bulk",
            title: "No bulk",
            what: "Bulk requests are refused with 501, and the configuration says so.",
            source: "RFC 7644 section 3.7",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.bulk = false,
        },
        LawfulInfo {
            name: "small-bulk",
            title: "Bulk requests are short",
            what: "At most ten operations and 64 KiB, and the configuration says so.",
            source: "RFC 7644 section 3.7.4",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.bulk_operations = 10;
                behaviour.bulk_payload = 64 * 1024;
            },
        },
        LawfulInfo {
            name: "no-patch",
            title: "No PATCH",
            what: "PATCH is refused with 501, and the configuration says so.",
            source: "RFC 7644 section 3.5: PATCH is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.patch = false,
        },
        LawfulInfo {
            name: "no-filter",
            title: "No filters",
            what: "Filters are refused, and the configuration says so.",
            source: "RFC 7644 section 3.4.2.2: filters are optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.filter = false,
        },
        LawfulInfo {
            name: "no-groups",
            title: "No groups",
            what: "There is no type but User, and nothing speaks of groups.",
            source: "RFC 7644 section 3.2: a provider chooses its types",
            suits: RFC_ONLY,
            declares: &["groups = \"none\""],
            change: |behaviour| {
                behaviour.groups = false;
                behaviour.without.push("User.groups".to_owned());
            },
        },
        LawfulInfo {
            name: "no-enterprise",
            title: "No enterprise extension",
            what: "Users have the core schema alone.",
            source: "RFC 7643 section 4.3: the extension is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.without.push(ENTERPRISE.to_owned()),
        },
        LawfulInfo {
            name: "few-attributes",
            title: "Few attributes",
            what: "Users have a name, addresses and a state; /Schemas declares nothing else.",
            source: "RFC 7643 section 4.1: all but userName is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.without.extend(SPARED.map(str::to_owned)),
        },
        LawfulInfo {
            name: "no-groups-of-users",
            title: "Users don't show their groups",
            what: "The attribute groups is neither declared nor returned.",
            source: "RFC 7643 section 4.1.2: groups is optional",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.shows_groups = false;
                behaviour.without.push("User.groups".to_owned());
            },
        },
        LawfulInfo {
            name: "bare-members",
            title: "Members are nothing but ids",
            what: "An element of members has only its value.",
            source: "RFC 7643 section 4.2: $ref, display and type are optional",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.bare_members = true,
        },
        LawfulInfo {
            name: "same-group-names",
            title: "Groups may share a name",
            what: "A second group with the same displayName is created.",
            source: "RFC 7643 section 4.2: displayName has uniqueness none",
            suits: NOT_ENTRA,
            declares: &[],
            change: |behaviour| behaviour.leniency.unique_group_names = false,
        },
        LawfulInfo {
            name: "no-cursors",
            title: "No cursor paging",
            what: "The cursor parameter has no effect, and the configuration does not speak of it.",
            source: "RFC 9865 section 4",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.cursor_paging = false,
        },
        LawfulInfo {
            name: "cursors-first",
            title: "Pages by cursor where nobody asks otherwise",
            what: "A list that asks for no method and does not end has a nextCursor.",
            source: "RFC 9865 section 4: defaultPaginationMethod",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.cursor_by_default = true,
        },
        LawfulInfo {
            name: "cursors-only",
            title: "No index paging",
            what: "startIndex has no effect, and the configuration says so.",
            source: "RFC 9865 section 4: index may be false",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.index_paging = false,
        },
        LawfulInfo {
            name: "no-previous-cursors",
            title: "Cursors go forward only",
            what: "A page by cursor tells where the next one begins, and not where the one before did.",
            source: "RFC 9865 section 2",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.previous_cursors = false,
        },
        LawfulInfo {
            name: "limited-hits",
            title: "Queries with very many hits are refused",
            what: "A query that more than 500 resources meet gives 400 tooMany.",
            source: "RFC 7644 sections 3.4.2.1 and 3.12",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.most_hits = Some(500),
        },
        LawfulInfo {
            name: "small-pages",
            title: "Pages of three",
            what: "A page has at most three resources, whatever count says.",
            source: "RFC 7644 section 3.4.2.4: a page may be shorter than asked",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.max_page = 3;
                behaviour.default_page = 3;
            },
        },
        LawfulInfo {
            name: "no-empty-resources",
            title: "A list without hits has no Resources",
            what: "Resources is left out when totalResults is 0.",
            source: "RFC 7644 section 3.4.2",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.empty_resources = false,
        },
        LawfulInfo {
            name: "no-page-counters",
            title: "A complete list has no startIndex and itemsPerPage",
            what: "Both are given only when the list is partial.",
            source: "RFC 7644 section 3.4.2",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.page_counters = false,
        },
        LawfulInfo {
            name: "put-keeps",
            title: "PUT keeps what it does not mention",
            what: "Attributes that a PUT leaves out stay as they were; null and [] clear.",
            source: "RFC 7644 section 3.5.1: what is left out may be taken as cleared or defaulted, and need not be",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.omitted = Omitted::Kept,
        },
        LawfulInfo {
            name: "defaults",
            title: "Attributes have defaults",
            what: "A POST or PUT without displayName, userType or locale gets them from the provider.",
            source: "RFC 7644 sections 3.3 and 3.5.1",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.defaults = true,
        },
        LawfulInfo {
            name: "no-default-active",
            title: "active is not made up",
            what: "A user that is created without active has none.",
            source: "RFC 7644 section 3.3",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.active_by_default = false,
        },
        LawfulInfo {
            name: "first-is-primary",
            title: "The first address becomes the primary one",
            what: "Where no element of emails is primary, the first one is made so.",
            source: "RFC 7643 section 2.4: primary may be set by the provider",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.first_is_primary = true,
        },
        LawfulInfo {
            name: "lower-case-user-names",
            title: "User names are stored in lower case",
            what: "userName comes back in lower case, as its caseExact of false allows.",
            source: "RFC 7643 section 7",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.fold_user_names = true,
        },
        LawfulInfo {
            name: "lower-case-emails",
            title: "Addresses are stored in lower case",
            what: "emails.value comes back in lower case, as its caseExact of false allows.",
            source: "RFC 7643 section 7",
            suits: NOT_ENTRA,
            declares: &[],
            change: |behaviour| behaviour.fold_emails = true,
        },
        LawfulInfo {
            name: "refuses-undeclared",
            title: "Undeclared attributes are refused",
            what: "A POST or PUT with an attribute that no schema declares gives 400 invalidSyntax.",
            source: "RFC 7644 section 3.12: invalidSyntax, the body did not conform to the request schema",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.refuses_undeclared = true,
        },
        LawfulInfo {
            name: "scim-json-only",
            title: "Bodies are application/scim+json",
            what: "A body of type application/json gives 415.",
            source: "RFC 7644 section 8.1: only application/scim+json must be taken",
            suits: NOT_OKTA,
            declares: &[],
            change: |behaviour| behaviour.plain_json = false,
        },
        LawfulInfo {
            name: "always-scim-json",
            title: "Answers are application/scim+json whatever is accepted",
            what: "Accept has no effect.",
            source: "RFC 9110 section 12.5.1: a server may disregard Accept",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.always_scim_json = true,
        },
        LawfulInfo {
            name: "closed-discovery",
            title: "Discovery wants a credential",
            what: "ServiceProviderConfig gives 401 without one.",
            source: "RFC 7644 section 4: only a SHOULD asks for open discovery",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.open_discovery = false,
        },
        LawfulInfo {
            name: "names-stay-taken",
            title: "The name of a deleted user stays taken",
            what: "Creating it again gives 409.",
            source: "RFC 7644 section 3.6: a SHOULD, set aside by the declared policy",
            suits: EVERYONE,
            declares: &["hard_delete = false"],
            change: |behaviour| behaviour.removed = Removed::Taken,
        },
        LawfulInfo {
            name: "names-revive",
            title: "A deleted user comes back with the old id",
            what: "Creating the name again gives 201 with the id of the deleted user.",
            source: "RFC 7643 section 3.1: an id is never given to another resource, and this is the same one",
            suits: EVERYONE,
            declares: &["hard_delete = false"],
            change: |behaviour| behaviour.removed = Removed::Revived,
        },
        LawfulInfo {
            name: "other-host",
            title: "Locations name another host",
            what: "meta.location, $ref and Location begin with the provider's public name and not with the base URL in use.",
            source: "RFC 7644 section 3.1: the location is a URI that the provider chooses",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.public_base = Some("https://directory.example.com/api/scim".to_owned())
            },
        },
        LawfulInfo {
            name: "own-extension",
            title: "Users have a declared extension of the provider",
            what: "Every user is shown with readOnly values that nobody sent, under a URN of the provider's own.",
            source: "RFC 7643 section 3.3: extensions",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.own_extension = Some(OWN.to_owned());
                behaviour.schemas.push(OWN_SCHEMA.to_owned());
            },
        },
        LawfulInfo {
            name: "shuffled",
            title: "Order has no meaning",
            what: "Members of objects, elements of lists and the resources of an unsorted page come in changing order.",
            source: "RFC 8259 section 4, RFC 7643 section 2.3.8, RFC 7644 section 3.4.2.3: without sortBy no order is defined",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.shuffled = true,
        },
        LawfulInfo {
            name: "other-language",
            title: "Errors speak German",
            what: "detail is a German sentence.",
            source: "RFC 7644 section 3.12: detail is for people",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.detail = Detail::German,
        },
        LawfulInfo {
            name: "no-detail",
            title: "Errors have no detail",
            what: "Errors have their status, and scimType where it is due; detail only where the RFC demands it.",
            source: "RFC 7644 section 3.12: detail is optional",
            suits: NOT_OKTA,
            declares: &[],
            change: |behaviour| behaviour.dress.detail = Detail::None,
        },
        LawfulInfo {
            name: "whole-seconds",
            title: "Times have whole seconds",
            what: "created and lastModified have no fraction.",
            source: "RFC 7643 section 2.3.5",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.times = Times::Seconds,
        },
        LawfulInfo {
            name: "times-with-offset",
            title: "Times are not in UTC",
            what: "created and lastModified are written at +02:00.",
            source: "RFC 7643 section 2.3.5: any xsd:dateTime",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.times = Times::Offset,
        },
        LawfulInfo {
            name: "charset",
            title: "The media type has a charset",
            what: "Answers are application/scim+json; charset=UTF-8.",
            source: "RFC 7644 section 8.1: charset is an optional parameter",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.charset = true,
        },
        LawfulInfo {
            name: "extra-headers",
            title: "Answers have headers that nobody asked for",
            what: "Vary, Strict-Transport-Security, a request id and the like.",
            source: "RFC 9110 section 5.1: fields that a recipient does not know are ignored",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.extra_headers = true,
        },
        LawfulInfo {
            name: "gzip",
            title: "Bodies are compressed with gzip",
            what: "Where the client accepts it.",
            source: "RFC 9110 section 8.4",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.encoding = Some(Encoding::Gzip),
        },
        LawfulInfo {
            name: "deflate",
            title: "Bodies are compressed with deflate",
            what: "Where the client accepts it.",
            source: "RFC 9110 section 8.4",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.encoding = Some(Encoding::Deflate),
        },
        LawfulInfo {
            name: "closes",
            title: "Connections are closed after each answer",
            what: "Answers say Connection: close.",
            source: "RFC 9112 section 9.6",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.dress.closes = true,
        },
        LawfulInfo {
            name: "slow",
            title: "Answers take their time",
            what: "Every answer is held back for five milliseconds.",
            source: "RFC 7644 sets no limit",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.latency = Some(Duration::from_millis(5)),
        },
    ]
}

/// Applies the variants of these names.
///
/// # Errors
/// The first name that no variant has.
pub(crate) fn apply(names: &[String], behaviour: &mut Behaviour) -> Result<(), String> {
    for name in names {
        let variant = lawful_variants()
            .iter()
            .find(|variant| variant.name == name)
            .ok_or_else(|| name.clone())?;
        (variant.change)(behaviour);
    }
    Ok(())
}
