//! Entra's PATCH in its two dialects.

use serde_json::{Map, Value, json};

use super::super::values::{Pick, element_of};
use super::super::{PATCH, Table, case, given, send, status, step};
use super::person::{changes, expected, single, with_first_reference, with_values};
use super::{ENTRA, ONE, about};
use crate::data::mappings::MappingRow;
use crate::results::CertaintyLevel::{Documented, Observed};
use crate::suite::model::{Case, Given, Send, SendBody};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Entra's two dialects of PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Legacy,
    Flag,
}

impl Dialect {
    fn id(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Flag => "flag",
        }
    }

    /// The operations that write these rows.
    fn operations(self, word: &str, rows: &[(&MappingRow, Value)]) -> Value {
        match self {
            // One operation an attribute; booleans as texts (ENTRA-19, ENTRA-20).
            Self::Legacy => rows
                .iter()
                .map(|(row, value)| {
                    let value = match value {
                        Value::Bool(true) => json!("True"),
                        Value::Bool(false) => json!("False"),
                        other => other.clone(),
                    };
                    json!({"op": word, "path": row.path, "value": value})
                })
                .collect(),
            // Paths with brackets and references one by one, then everything else in one value (ENTRA-21 to ENTRA-23).
            Self::Flag => {
                let op = word.to_ascii_lowercase();
                let own =
                    |row: &MappingRow| element_of(&row.path).is_some() || row.refers.is_some();
                let mut all: Vec<Value> = rows
                    .iter()
                    .filter(|(row, _)| own(row))
                    .map(|(row, value)| json!({"op": op, "path": row.path, "value": value}))
                    .collect();
                let packed: Map<String, Value> = rows
                    .iter()
                    .filter(|(row, _)| !own(row))
                    .map(|(row, value)| (row.path.clone(), value.clone()))
                    .collect();
                if !packed.is_empty() {
                    all.push(json!({"op": op, "value": packed}));
                }
                Value::Array(all)
            }
        }
    }
}

pub(super) fn patch_body(operations: Value) -> SendBody {
    SendBody::Json(json!({"schemas": [PATCH_OP], "Operations": operations}))
}

/// PATCH: what a person did not have is added, then everything is replaced.
pub(super) fn patch(table: &Table) -> Option<Case> {
    let kept = |row: &MappingRow| row.identity || row.path.eq_ignore_ascii_case("active");
    let (added, replaced) = (table.rows(|row| !kept(row)), table.changed());
    let user = Given {
        without: ["displayName", "externalId"]
            .into_iter()
            .filter(|name| !table.rows.iter().any(|row| row.path == *name))
            .map(str::to_owned)
            .collect(),
        ..given("user", ENTRA.bystander)
    };
    let mut case = case(
        PATCH,
        "every mapped attribute is added where there was none, then replaced, and nothing else moves",
        (Documented, Observed),
    );
    case.every_flavour_alike = false;
    case.core = true;
    case.given = vec![user];
    for dialect in [Dialect::Legacy, Dialect::Flag] {
        let (first, second) = match dialect {
            Dialect::Legacy => (Pick::Awkward(0), Pick::Other),
            Dialect::Flag => (Pick::Sample, Pick::Awkward(1)),
        };
        let added = with_first_reference(table, &added, first, "first");
        let replaced = with_values(table, &replaced, second, "second");
        for (id, word, rows) in [("add", "Add", added), ("replace", "Replace", replaced)] {
            if !rows.is_empty() {
                case.steps
                    .push(step(patch_step(table, dialect, id, word, &rows)));
            }
        }
    }
    (!case.steps.is_empty()).then(|| about(case, &ENTRA))
}

fn patch_step(
    table: &Table,
    dialect: Dialect,
    id: &str,
    word: &str,
    rows: &[(&MappingRow, Value)],
) -> Send {
    let prefix = if id == "add" { "add." } else { "" };
    let one = |id: &str, rows: &[(&MappingRow, Value)]| {
        let mut one = send(id, "PATCH", ONE, patch_body(dialect.operations(word, rows)));
        one.only = vec![dialect.id().to_owned()];
        one
    };
    let mut packed = one(id, rows);
    packed.expect = status(&[200, 204]);
    packed.changes = changes(expected(table, rows));
    let checked: Vec<&MappingRow> = rows.iter().map(|(row, _)| *row).collect();
    packed.rows = table.checks(prefix, &checked);
    for (number, (row, value)) in rows.iter().enumerate() {
        let alone = one(&format!("{id}{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, prefix, row, value, alone));
    }
    packed
}
