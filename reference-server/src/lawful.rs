//! Lawful variants: other choices that the RFCs leave to a provider. A harness must find nothing
//! on any of them.

use crate::engine::{Behaviour, IdStyle, Omitted, PatchAnswer};

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
    pub(crate) change: fn(&mut Behaviour),
}

/// All lawful variants.
pub fn lawful_variants() -> &'static [LawfulInfo] {
    &[
        LawfulInfo {
            name: "patch-204",
            title: "PATCH is answered without a body",
            what: "A successful PATCH gives 204, unless attributes are asked for.",
            source: "RFC 7644 section 3.5.2",
            change: |behaviour| behaviour.patch_answer = PatchAnswer::NoContent,
        },
        LawfulInfo {
            name: "patch-200",
            title: "PATCH is answered with the resource",
            what: "A successful PATCH gives 200 with the whole resource, for groups too.",
            source: "RFC 7644 section 3.5.2",
            change: |behaviour| behaviour.patch_answer = PatchAnswer::Resource,
        },
        LawfulInfo {
            name: "numeric-ids",
            title: "Ids are numbers in strings",
            what: "Resources are counted: 1, 2, 3.",
            source: "RFC 7643 section 3.1",
            change: |behaviour| behaviour.ids = IdStyle::Numeric,
        },
        LawfulInfo {
            name: "odd-ids",
            title: "Ids hold characters that a URL encodes",
            what: "Ids such as u:...@x+y=z, percent-encoded in locations.",
            source: "RFC 7643 section 3.1",
            change: |behaviour| behaviour.ids = IdStyle::Odd,
        },
        LawfulInfo {
            name: "no-etags",
            title: "No entity tags",
            what: "No ETag header, no meta.version, and conditional headers have no effect.",
            source: "RFC 7644 section 3.14",
            change: |behaviour| behaviour.etags = false,
        },
        LawfulInfo {
            name: "no-sort",
            title: "No sorting",
            what: "sortBy has no effect, and the configuration says so.",
            source: "RFC 7644 section 3.4.2.3",
            change: |behaviour| behaviour.sort = false,
        },
        LawfulInfo {
            name: "no-bulk",
            title: "No bulk",
            what: "Bulk requests are refused with 501, and the configuration says so.",
            source: "RFC 7644 section 3.7",
            change: |behaviour| behaviour.bulk = false,
        },
        LawfulInfo {
            name: "no-cursors",
            title: "No cursor paging",
            what: "The cursor parameter has no effect, and the configuration does not speak of it.",
            source: "RFC 9865 section 4",
            change: |behaviour| behaviour.cursor_paging = false,
        },
        LawfulInfo {
            name: "put-keeps",
            title: "PUT keeps what it does not mention",
            what: "Attributes that a PUT leaves out stay as they were.",
            source: "RFC 7644 section 3.5.1",
            change: |behaviour| behaviour.omitted = Omitted::Kept,
        },
        LawfulInfo {
            name: "lower-case-user-names",
            title: "User names are stored in lower case",
            what: "userName comes back in lower case, as its caseExact of false allows.",
            source: "RFC 7643 section 7",
            change: |behaviour| behaviour.fold_user_names = true,
        },
        LawfulInfo {
            name: "no-empty-resources",
            title: "A list without hits has no Resources",
            what: "Resources is left out when totalResults is 0.",
            source: "RFC 7644 section 3.4.2",
            change: |behaviour| behaviour.empty_resources = false,
        },
        LawfulInfo {
            name: "no-page-counters",
            title: "A complete list has no startIndex and itemsPerPage",
            what: "Both are given only when the list is partial.",
            source: "RFC 7644 section 3.4.2",
            change: |behaviour| behaviour.page_counters = false,
        },
        LawfulInfo {
            name: "no-default-active",
            title: "active is not made up",
            what: "A user that is created without active has none.",
            source: "RFC 7644 section 3.3",
            change: |behaviour| behaviour.active_by_default = false,
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
