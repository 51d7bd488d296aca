//! Attributes are emptied: left out or null in a PUT, replaced by an empty text in a PATCH.

use serde_json::{Value, json};

use super::super::values::element_of;
use super::super::{CLEAR, Table, case, send, status, step};
use super::patch::patch_body;
use super::person::{Settings, changes, is_essential, made};
use super::{ENTRA, ONE, Provider, about};
use crate::data::mappings::{Clear, MappingRow};
use crate::results::CertaintyLevel::{Documented, Inferred, Observed};
use crate::results::Severity;
use crate::suite::model::{Case, Matcher, Send, SendBody};

/// What is emptied: nothing that a product may well demand of every person.
fn cleared<'t>(table: &'t Table, by: &[Clear]) -> Vec<&'t MappingRow> {
    table.rows(|row| {
        by.contains(&row.clear) && row.create && row.refers.is_none() && !is_essential(table, row)
    })
}

/// What a PUT says of an attribute that was emptied.
pub(super) fn clear_by_put(
    table: &Table,
    provider: &Provider,
    without: &'static [&'static str],
) -> Option<Case> {
    let rows = cleared(table, &[Clear::Live]);
    if rows.is_empty() {
        return None;
    }
    let mut gone: Vec<String> = without.iter().map(|name| (*name).to_owned()).collect();
    let mut set = Settings::new();
    for row in &rows {
        match element_of(&row.path) {
            // An element without its value is none.
            Some(element) if !gone.iter().any(|known| known == element) => {
                gone.push(element.to_owned());
            }
            Some(_) => {}
            None => set.push((row.path.clone(), Value::Null)),
        }
    }
    let body = SendBody::Echo {
        of: "user".to_owned(),
        set,
        without: gone,
    };
    let put = emptied(table, send("put", "PUT", ONE, body), &rows, &[200]);
    let mut case = case(
        CLEAR,
        "emptied attributes are empty, and nothing else moves",
        (Inferred, Observed),
    );
    case.severity = Severity::Warning;
    case.given = vec![made(table, provider, &table.created())];
    case.steps = vec![step(put)];
    Some(about(case, provider))
}

/// Entra's acceptance test replaces optional attributes by empty texts (ENTRA-74).
pub(super) fn clear_by_patch(table: &Table) -> Option<Case> {
    let rows = cleared(table, &[Clear::Live, Clear::Gate]);
    if rows.is_empty() {
        return None;
    }
    let operations = rows
        .iter()
        .map(|row| json!({"op": "replace", "path": row.path, "value": ""}))
        .collect();
    let patch = emptied(
        table,
        send("patch", "PATCH", ONE, patch_body(operations)),
        &rows,
        &[200, 204],
    );
    let mut case = case(
        CLEAR,
        "attributes that are emptied by the acceptance test are empty, and nothing else moves",
        (Documented, Documented),
    );
    case.severity = Severity::Warning;
    case.given = vec![made(table, &ENTRA, &table.created())];
    case.steps = vec![step(patch)];
    Some(about(case, &ENTRA))
}

fn emptied(table: &Table, mut send: Send, rows: &[&MappingRow], allowed: &[u16]) -> Send {
    send.expect = status(allowed);
    send.rows = table.checks("", rows);
    for row in &mut send.rows {
        row.severity = Severity::Warning;
        row.by_schema = false;
        row.hint = format!("Let {} be empty once it was emptied.", row.path);
    }
    let mut paths: Vec<(String, Matcher)> = rows
        .iter()
        .map(|row| (row.path.clone(), Matcher::Empty))
        .collect();
    // What is left of an element whose values went may go, too.
    for element in rows.iter().filter_map(|row| element_of(&row.path)) {
        if !paths.iter().any(|(path, _)| path == element) {
            paths.push((element.to_owned(), Matcher::Any));
        }
    }
    send.changes = changes(paths);
    send
}
