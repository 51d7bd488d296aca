//! Everything that is mapped is replaced: by PUT of the server's own answer, or by JumpCloud's PATCH.

use serde_json::{Value, json};

use super::super::values::{Pick, settings};
use super::super::{PATCH, REPLACE, Table, case, send, status, step};
use super::patch::patch_body;
use super::person::{
    Settings, bare, changes, expected, made, single, with_first_reference, with_values,
};
use super::{JUMPCLOUD, ONE, Provider, about};
use crate::data::mappings::MappingRow;
use crate::results::CertaintyLevel::{Inferred, Observed};
use crate::suite::model::{Case, SendBody};

/// GET, then PUT of the same with every mapped attribute changed.
pub(super) fn replace(
    table: &Table,
    provider: &Provider,
    pick: Pick,
    without: &'static [&'static str],
) -> Option<Case> {
    let rows = table.changed();
    if rows.is_empty() {
        return None;
    }
    let put = |id: &str, rows: &[(&MappingRow, Value)]| {
        let set: Settings = rows
            .iter()
            .flat_map(|(row, value)| settings(row, value.clone()))
            .collect();
        let body = SendBody::Echo {
            of: "user".to_owned(),
            set,
            without: without.iter().map(|name| (*name).to_owned()).collect(),
        };
        send(id, "PUT", ONE, body)
    };
    let values = with_first_reference(table, &rows, pick, "second");
    let mut packed = put("put", &values);
    packed.expect = status(&[200]);
    packed.changes = changes(expected(table, &values));
    packed.rows = table.checks("", &rows);
    packed.singly = vec![bare(put("alone0", &[]))];
    for (number, (row, value)) in values.iter().enumerate() {
        let one = put(&format!("alone{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, "", row, value, one));
    }
    let mut case = case(
        REPLACE,
        "every mapped attribute of a person changes, and nothing else",
        (Observed, Observed),
    );
    case.core = true;
    case.given = vec![made(table, provider, &table.created())];
    case.steps = vec![step(packed)];
    Some(about(case, provider))
}

/// JumpCloud's other flavour, which nobody captured: a PATCH with a replace for each attribute that has a value.
pub(super) fn replace_by_patch(table: &Table) -> Option<Case> {
    let rows: Vec<&MappingRow> = table
        .changed()
        .into_iter()
        .filter(|row| row.create && row.refers.is_none())
        .collect();
    if rows.is_empty() {
        return None;
    }
    let patch = |id: &str, rows: &[(&MappingRow, Value)]| {
        let operations = rows
            .iter()
            .map(|(row, value)| json!({"op": "replace", "path": row.path, "value": value}))
            .collect();
        send(id, "PATCH", ONE, patch_body(operations))
    };
    let values = with_values(table, &rows, Pick::Other, "second");
    let mut packed = patch("patch", &values);
    packed.expect = status(&[200, 204]);
    packed.changes = changes(expected(table, &values));
    packed.rows = table.checks("", &rows);
    for (number, (row, value)) in values.iter().enumerate() {
        let one = patch(&format!("alone{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, "", row, value, one));
    }
    let mut case = case(
        PATCH,
        "every mapped attribute of a person is replaced by PATCH, and nothing else moves",
        (Inferred, Observed),
    );
    case.every_flavour_alike = false;
    case.flavours = vec!["patch".to_owned()];
    case.given = vec![made(table, &JUMPCLOUD, &table.created())];
    case.steps = vec![step(packed)];
    Some(about(case, &JUMPCLOUD))
}
