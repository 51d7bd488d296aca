//! Attribute mapping as cases: each row of a provider's table is created, changed, emptied and searched for as the
//! provider packs it, and each row is one check.
//!
//! A table becomes a suite `PROFILE/mapping` of ordinary cases, so that everything that holds for written suites (selection,
//! ownership, states, reports) holds for these too. How a provider packs rows is known in `shape`, which value a row gets in
//! `values`, and how bad a lost value is in `grade`.

mod grade;
mod shape;
mod values;

use crate::data::mappings::{Change, Mapping, MappingRow, ResourceKind};
use crate::results::{Certainty, CertaintyLevel, Policy, Severity};
use crate::scim::slug;
use crate::suite::model::{Case, Expect, Given, MappedRow, Place, Send, SendBody, Step, Suite};

pub(super) use grade::grade;

/// The suite's name within its profile.
pub const SUITE: &str = "mapping";

/// Where a mapping suite's cases come from, for people.
const FILE: &str = "the mapping table";

/// What happens to attributes; the ids of the cases, and the columns of the matrix.
pub const CREATE: &str = "create";
/// By PUT.
pub const REPLACE: &str = "replace";
/// By PATCH.
pub const PATCH: &str = "patch";
/// Emptied.
pub const CLEAR: &str = "clear";
/// Searched for.
pub const FILTER: &str = "filter";

/// The suite of a table; `None` for profiles that have no way of their own to write users.
#[must_use]
pub fn suite(mapping: &Mapping, policy: &Policy) -> Option<Suite> {
    let table = Table::of(mapping, policy);
    let cases = match mapping.profile.as_str() {
        "okta" => shape::okta(&table),
        "entra" => shape::entra(&table),
        "jumpcloud" => shape::jumpcloud(&table),
        _ => return None,
    };
    Some(Suite {
        id: format!("{}/{SUITE}", mapping.profile),
        profile: mapping.profile.clone(),
        title: "Every mapped attribute arrives and comes back as sent".to_owned(),
        file: FILE.to_owned(),
        cases,
    })
}

/// The rows of users that are sent in this run.
///
/// Rows of groups stay out: a group has its name and its members, and the suites about groups play both in every shape.
#[derive(Debug)]
struct Table {
    profile: String,
    rows: Vec<MappingRow>,
    /// The path that people are matched by.
    matching: String,
}

impl Table {
    fn of(mapping: &Mapping, policy: &Policy) -> Self {
        let left_out = |row: &MappingRow| {
            let enterprise = slug(&row.path).starts_with("enterprise.");
            !row.listed && enterprise && policy.not_offered.iter().any(|word| word == "enterprise")
        };
        let mut rows: Vec<MappingRow> = mapping
            .rows_of(ResourceKind::User)
            .filter(|row| !row.optional && !left_out(row))
            .cloned()
            .collect();
        // An attribute that was moved takes the place of what the default table had there.
        let listed: Vec<String> = rows
            .iter()
            .filter(|row| row.listed)
            .map(|row| slug(&row.path))
            .collect();
        rows.retain(|row| row.listed || !listed.contains(&slug(&row.path)));
        let identity = rows.iter().find(|row| row.identity);
        let identity = identity.map_or("userName", |row| row.path.as_str());
        let matching = policy.matching.as_deref().unwrap_or(identity).to_owned();
        if !rows
            .iter()
            .any(|row| row.path.eq_ignore_ascii_case(&matching))
        {
            rows.extend(row_to_match_by(mapping, &matching));
        }
        Self {
            profile: mapping.profile.clone(),
            rows,
            matching,
        }
    }

    fn is_matching(&self, row: &MappingRow) -> bool {
        row.path.eq_ignore_ascii_case(&self.matching)
    }

    /// The rows of an operation.
    fn rows(&self, wanted: impl Fn(&MappingRow) -> bool) -> Vec<&MappingRow> {
        self.rows.iter().filter(|row| wanted(row)).collect()
    }

    fn created(&self) -> Vec<&MappingRow> {
        self.rows(|row| row.create)
    }

    fn changed(&self) -> Vec<&MappingRow> {
        self.rows(MappingRow::changes)
    }

    /// How bad it is that a row's value is lost, as far as the table says (contract, section 4).
    fn severity(&self, row: &MappingRow) -> (Severity, bool) {
        let active = row.path.eq_ignore_ascii_case("active");
        if row.identity || row.listed || active || self.is_matching(row) {
            return (Severity::Blocker, false);
        }
        // That the provider sends the attribute at all is inferred, or what is left of the value is made by many servers.
        let mild = row.certainty == CertaintyLevel::Inferred || row.path.ends_with("formatted");
        if mild {
            (Severity::Warning, false)
        } else {
            (Severity::Violation, true)
        }
    }

    /// The check of a row in a step.
    fn check(&self, prefix: &str, row: &MappingRow) -> MappedRow {
        let slug = slug(&row.path);
        let (severity, by_schema) = self.severity(row);
        MappedRow {
            id: format!("{prefix}{slug}"),
            slug,
            attribute: row.attribute.clone(),
            path: row.path.clone(),
            severity,
            by_schema,
            hint: format!(
                "Store what arrives at {} and return it as it was sent, or take {} out of the mapping.",
                row.path, row.attribute
            ),
        }
    }

    fn checks(&self, prefix: &str, rows: &[&MappingRow]) -> Vec<MappedRow> {
        rows.iter()
            .filter(|row| !row.read_only)
            .map(|row| self.check(prefix, row))
            .collect()
    }
}

/// The row that a matching attribute outside the table needs: the administrator chose it, so people carry it.
fn row_to_match_by(mapping: &Mapping, path: &str) -> Option<MappingRow> {
    let change = Change {
        attribute: path.to_owned(),
        path: Some(path.to_owned()),
        samples: vec![
            "amara.{{unique}}@example.com".into(),
            "zoe.{{unique}}@example.com".into(),
        ],
        ..Change::default()
    };
    let with = mapping.changed(std::slice::from_ref(&change), false).ok()?;
    with.row_at(ResourceKind::User, path).cloned()
}

/// A case without steps.
pub(super) fn case(id: &str, title: &str, certainty: (CertaintyLevel, CertaintyLevel)) -> Case {
    Case {
        id: id.to_owned(),
        title: title.to_owned(),
        why: "An attribute that does not arrive is missing in the product, and the identity provider takes it for written."
            .to_owned(),
        hint: "Store each mapped attribute as it was sent, ignore what you don't know, and never refuse the rest for it."
            .to_owned(),
        severity: Severity::Blocker,
        certainty: Certainty {
            shape: certainty.0,
            need: certainty.1,
        },
        refs: Vec::new(),
        flavours: Vec::new(),
        every_flavour_alike: true,
        core: false,
        needs: Vec::new(),
        uses: Vec::new(),
        when: std::collections::BTreeMap::new(),
        exclusive: false,
        hostile: false,
        opt_in: false,
        rows: Vec::new(),
        given: Vec::new(),
        steps: Vec::new(),
        place: Place {
            file: FILE.to_owned(),
            line: 1,
            column: 1,
        },
    }
}

/// A request that expects nothing yet.
pub(super) fn send(id: &str, method: &str, target: &str, body: SendBody) -> Send {
    Send {
        id: id.to_owned(),
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body,
        credential: crate::suite::model::Credential::Target,
        makes: None,
        capture: Vec::new(),
        only: Vec::new(),
        expect: Expect::default(),
        also: Vec::new(),
        changes: None,
        rows: Vec::new(),
        singly: Vec::new(),
        burst: None,
        severity: None,
        refs: Vec::new(),
        hint: String::new(),
        place: Place::default(),
    }
}

pub(super) fn status(allowed: &[u16]) -> Expect {
    Expect {
        status: allowed.to_vec(),
        ..Expect::default()
    }
}

pub(super) fn given(name: &str, fixture: &str) -> Given {
    Given {
        name: name.to_owned(),
        fixture: fixture.to_owned(),
        set: Vec::new(),
        without: Vec::new(),
        members: Vec::new(),
        crowd: None,
        place: Place::default(),
    }
}

pub(super) fn step(send: Send) -> Step {
    Step::Send(Box::new(send))
}
