//! How each identity provider packs its mapped attributes: Okta and JumpCloud write the whole person by PUT, Entra names
//! what changed in a PATCH, in two dialects.
//!
//! Sources: the quirks that the cases cite (fixtures/quirks).

mod clear;
mod create;
mod filter;
mod patch;
mod person;
mod replace;

use super::values::Pick;
use super::{CLEAR, CREATE, FILTER, PATCH, REPLACE, Table, given};
use crate::suite::model::Case;
use clear::{clear_by_patch, clear_by_put};
use create::create;
use filter::filter;
use patch::patch;
use replace::{replace, replace_by_patch};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ONE: &str = "/Users/{{user.id}}";

/// A provider's body of a new person, which holds everything that it sends besides what is mapped.
struct Provider {
    /// The body from which the unmapped part is taken.
    fixture: &'static str,
    /// A person that others refer to.
    bystander: &'static str,
    refs: &'static [(&'static str, &'static [&'static str])],
    /// Path and query of the search, up to the path that is compared.
    search: (&'static str, &'static str, &'static str),
}

const OKTA: Provider = Provider {
    fixture: "okta/user",
    bystander: "okta/user-minimal",
    refs: &[
        (CREATE, &["quirk:OKTA-23", "quirk:OKTA-24", "quirk:OKTA-25"]),
        (REPLACE, &["quirk:OKTA-29", "rfc:7644-3.5.1-R03"]),
        (CLEAR, &["quirk:OKTA-36", "rfc:7644-3.5.1-R06"]),
        (FILTER, &["quirk:OKTA-09"]),
    ],
    search: (
        "/Users?filter=",
        "%20eq%20%22",
        "%22&startIndex=1&count=100",
    ),
};

const ENTRA: Provider = Provider {
    fixture: "entra/user",
    bystander: "entra/user-minimal",
    refs: &[
        (CREATE, &["quirk:ENTRA-15", "quirk:ENTRA-18"]),
        (
            PATCH,
            &["quirk:ENTRA-24", "quirk:ENTRA-28", "quirk:ENTRA-31"],
        ),
        (CLEAR, &["quirk:ENTRA-74"]),
        (
            FILTER,
            &["quirk:ENTRA-01", "quirk:ENTRA-02", "quirk:ENTRA-03"],
        ),
    ],
    search: ("/Users?filter=", "+eq+%22", "%22"),
};

const JUMPCLOUD: Provider = Provider {
    fixture: "jumpcloud/user",
    bystander: "jumpcloud/user",
    refs: &[
        (CREATE, &["quirk:JC-14", "quirk:JC-15"]),
        (REPLACE, &["quirk:JC-08", "rfc:7644-3.5.1-R03"]),
        (PATCH, &["quirk:JC-27", "rfc:7644-3.5.2.3-R02"]),
        (CLEAR, &["quirk:JC-09", "rfc:7644-3.5.1-R06"]),
        (FILTER, &["quirk:JC-20"]),
    ],
    search: ("/Users?filter=", "%20eq%20%22", "%22"),
};

/// Okta: POST, then the server's own answer sent back with changes, in apps of both kinds.
pub(super) fn okta(table: &Table) -> Vec<Case> {
    [
        create(table, &OKTA),
        replace(table, &OKTA, Pick::Awkward(1), &[]),
        clear_by_put(table, &OKTA, &[]),
        filter(table, &OKTA),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Entra: POST, then PATCH; only its acceptance test empties attributes.
pub(super) fn entra(table: &Table) -> Vec<Case> {
    [
        create(table, &ENTRA),
        patch(table),
        clear_by_patch(table),
        filter(table, &ENTRA),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// JumpCloud: POST, then PUT of what the server showed, without `meta`; as `patch`, a replace for each attribute.
pub(super) fn jumpcloud(table: &Table) -> Vec<Case> {
    [
        create(table, &JUMPCLOUD),
        replace(table, &JUMPCLOUD, Pick::Awkward(0), &["meta"]),
        replace_by_patch(table),
        clear_by_put(table, &JUMPCLOUD, &["meta"]),
        filter(table, &JUMPCLOUD),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn about(mut case: Case, provider: &Provider) -> Case {
    case.refs = provider
        .refs
        .iter()
        .find(|(operation, _)| *operation == case.id)
        .map(|(_, refs)| refs.iter().map(|text| (*text).to_owned()).collect())
        .unwrap_or_default();
    if case.id != CREATE && case.id != FILTER {
        case.uses = vec!["updates".to_owned()];
    }
    let text = format!("{:?}", case.steps);
    let needed = ["manager", "manager2"]
        .into_iter()
        .filter(|name| text.contains(&format!("{{{{{name}.id}}}}")));
    let mut bystanders: Vec<_> = needed.map(|name| given(name, provider.bystander)).collect();
    bystanders.append(&mut case.given);
    case.given = bystanders;
    case
}
