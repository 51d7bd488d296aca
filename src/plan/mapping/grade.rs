//! How bad a lost value is, once the target's own schemas are known: what it declares it must keep, what it never declared
//! it may drop. What it declares as unreadable nobody can judge.

use crate::results::Severity;
use crate::scim::{AttrPath, Returned, SchemaView};
use crate::suite::model::{Case, Change, MappedRow, Matcher, Send, Step};

/// Settles the severities of a case's rows by what the target declares.
pub(in crate::plan) fn grade(case: &mut Case, schema: &SchemaView) {
    for step in &mut case.steps {
        if let Step::Send(send) = step {
            grade_send(send, schema);
        }
    }
}

fn grade_send(send: &mut Send, schema: &SchemaView) {
    let hidden: Vec<MappedRow> = send
        .rows
        .iter()
        .filter(|row| is_hidden(&row.path, schema))
        .cloned()
        .collect();
    for row in &hidden {
        send.rows.retain(|other| other != row);
        send.singly
            .retain(|single| single.row.as_ref().is_none_or(|(id, _)| *id != row.id));
        send.also.retain(|also| also.id != row.slug);
        for (_, change) in send.changes.iter_mut().flat_map(|changes| &mut changes.of) {
            if let Change::Paths(paths) = change {
                for (_, matcher) in paths.iter_mut().filter(|(path, _)| *path == row.path) {
                    *matcher = Matcher::Any;
                }
            }
        }
    }
    for row in send.rows.iter_mut().filter(|row| row.by_schema) {
        if !is_kept(&row.path, schema) {
            row.severity = row.severity.min(Severity::Warning);
        }
    }
}

/// The target declares the attribute as one that clients write.
fn is_kept(path: &str, schema: &SchemaView) -> bool {
    declared(path, schema).is_some_and(|(mutability, _)| mutability != "readOnly")
}

/// The target says that the value can't be read back.
fn is_hidden(path: &str, schema: &SchemaView) -> bool {
    declared(path, schema).is_some_and(|(mutability, returned)| {
        mutability == "writeOnly" || matches!(returned, Returned::Never | Returned::Request)
    })
}

fn declared(path: &str, schema: &SchemaView) -> Option<(String, Returned)> {
    let path = AttrPath::parse(path).ok()?.bare();
    let attribute = schema.declared_attribute(&path)?;
    Some((attribute.mutability.clone(), attribute.returned))
}
