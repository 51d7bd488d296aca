//! The body of a person with some of the mapped attributes, and what is expected of them afterwards: what every request of
//! a mapping is made of.

use serde_json::{Value, json};

use super::super::values::{Pick, extension_of, settings};
use super::super::{Table, given};
use super::{CORE, ENTERPRISE, Provider};
use crate::data::mappings::MappingRow;
use crate::results::CertaintyLevel::Inferred;
use crate::results::Severity;
use crate::suite::model::{Change, Changes, Given, Matcher, Send, SendBody, Single};

/// What of a provider's usual body is mapped, and so comes from the table.
const MAPPED: [&str; 12] = [
    "name",
    "emails",
    "displayName",
    "locale",
    "externalId",
    "active",
    "addresses",
    "phoneNumbers",
    "preferredLanguage",
    "title",
    "userType",
    ENTERPRISE,
];

/// The body of a new person with these rows.
pub(super) fn person(
    table: &Table,
    provider: &Provider,
    rows: &[(&MappingRow, Value)],
) -> SendBody {
    let (set, without) = person_parts(table, rows);
    SendBody::Fixture {
        fixture: provider.fixture.to_owned(),
        set,
        without,
        members: Vec::new(),
    }
}

pub(super) type Settings = Vec<(String, Value)>;

pub(super) fn person_parts(
    table: &Table,
    rows: &[(&MappingRow, Value)],
) -> (Settings, Vec<String>) {
    let mut schemas = vec![CORE.to_owned()];
    for (row, _) in rows {
        let Some(urn) = extension_of(&row.path) else {
            continue;
        };
        // Entra lists the two schemas of the RFC and never an extension of the administrator's own (ENTRA-15).
        let listed = table.profile != "entra" || urn.eq_ignore_ascii_case(ENTERPRISE);
        if listed && !schemas.contains(&urn) {
            schemas.push(urn);
        }
    }
    if table.profile != "okta" && !schemas.iter().any(|urn| urn == ENTERPRISE) {
        schemas.push(ENTERPRISE.to_owned());
    }
    let mut set = vec![("schemas".to_owned(), json!(schemas))];
    // What is taken out comes back from the table: taking out is done last, so it can't be done here by `without`.
    for name in MAPPED {
        let mapped = rows.iter().any(|(row, _)| within(name, &row.path));
        if mapped {
            set.push((name.to_owned(), Value::Null));
        }
    }
    for (row, value) in rows {
        set.extend(settings(row, value.clone()));
    }
    let without = MAPPED
        .iter()
        .filter(|name| !rows.iter().any(|(row, _)| within(name, &row.path)))
        .map(|name| (*name).to_owned())
        .collect();
    (set, without)
}

/// Whether a path lies in this attribute or extension.
fn within(name: &str, path: &str) -> bool {
    let plain = path
        .strip_prefix(CORE)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(path);
    plain
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
        && plain[name.len()..]
            .chars()
            .next()
            .is_none_or(|next| ".[:".contains(next))
}

pub(super) fn with_values<'r>(
    table: &Table,
    rows: &[&'r MappingRow],
    pick: Pick,
    name: &str,
) -> Vec<(&'r MappingRow, Value)> {
    picked(table, rows, name, |_| pick)
}

/// Values for a change; a person that is referred to is the first one, since nobody was referred to before.
pub(super) fn with_first_reference<'r>(
    table: &Table,
    rows: &[&'r MappingRow],
    pick: Pick,
    name: &str,
) -> Vec<(&'r MappingRow, Value)> {
    picked(table, rows, name, |row| match row.refers {
        Some(_) => Pick::Sample,
        None => pick,
    })
}

fn picked<'r>(
    table: &Table,
    rows: &[&'r MappingRow],
    name: &str,
    pick: impl Fn(&MappingRow) -> Pick,
) -> Vec<(&'r MappingRow, Value)> {
    rows.iter()
        .map(|row| (*row, table.value(row, pick(row), name)))
        .collect()
}

/// What every request must hold so that a lawful server can take it for a person.
pub(super) fn is_essential(table: &Table, row: &MappingRow) -> bool {
    const ESSENTIAL: [&str; 5] = [
        "active",
        "name.givenName",
        "name.familyName",
        "emails[type eq \"work\"].value",
        "displayName",
    ];
    row.identity || table.is_matching(row) || ESSENTIAL.contains(&row.path.as_str())
}

/// A person made with everything, as set-up.
pub(super) fn made(table: &Table, provider: &Provider, rows: &[&MappingRow]) -> Given {
    let rows: Vec<&MappingRow> = rows
        .iter()
        .copied()
        .filter(|row| row.refers.is_none())
        .collect();
    let values = with_values(table, &rows, Pick::Sample, "first");
    let (set, without) = person_parts(table, &values);
    Given {
        set,
        without,
        ..given("user", provider.fixture)
    }
}

pub(super) fn changes(paths: Vec<(String, Matcher)>) -> Option<Changes> {
    Some(Changes {
        of: vec![("user".to_owned(), Change::Paths(paths))],
        later: false,
    })
}

pub(super) fn expected(table: &Table, values: &[(&MappingRow, Value)]) -> Vec<(String, Matcher)> {
    values
        .iter()
        .map(|(row, value)| {
            let matcher = if row.read_only {
                Matcher::Any
            } else {
                table.wanted(row, value)
            };
            (row.path.clone(), matcher)
        })
        .collect()
}

pub(super) fn bare(send: Send) -> Single {
    Single {
        row: None,
        send,
        path: "id".to_owned(),
        value: Matcher::Any,
    }
}

pub(super) fn single(
    table: &Table,
    prefix: &str,
    row: &MappingRow,
    value: &Value,
    send: Send,
) -> Single {
    let check = table.check(prefix, row);
    // A refused request loses everything that came with it, whatever the attribute is worth by itself.
    let refused = if row.certainty == Inferred && !row.listed {
        Severity::Warning
    } else {
        Severity::Blocker
    };
    Single {
        row: Some((check.id, refused)),
        send,
        path: row.path.clone(),
        value: table.wanted(row, value),
    }
}
