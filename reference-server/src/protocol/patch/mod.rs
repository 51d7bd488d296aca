//! PATCH (RFC 7644 section 3.5.2): the request, and what it does to a document.

mod apply;
mod elements;
mod members;
mod place;

pub use apply::{Target, apply};
pub use members::MemberSet;

use serde_json::Value;

use super::error::{Result, ScimError};
use super::leniency::Leniency;
use super::{Object, PATCH_OP, member, names_schema};

/// The most operations that one PATCH may have.
const MAX_OPERATIONS: usize = 10_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Adds values.
    Add,
    /// Takes values away.
    Remove,
    /// Puts values in place of others.
    Replace,
}

impl Op {
    /// The spelling.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

/// One operation of a PATCH.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What to do.
    pub op: Op,
    /// Where; without it, `value` holds attributes.
    pub path: Option<String>,
    /// With what; null is a value.
    pub value: Option<Value>,
}

/// Reads the body of a PATCH.
///
/// # Errors
/// `invalidSyntax` when the structure is wrong, `noTarget` for a `remove` without path,
/// `invalidValue` for an `add` or `replace` without value.
pub fn operations(body: &Object, leniency: &Leniency) -> Result<Vec<Operation>> {
    if !names_schema(body, PATCH_OP) {
        return Err(ScimError::syntax(format!(
            "'schemas' must name '{PATCH_OP}'"
        )));
    }
    let list = member(body, "Operations")
        .and_then(Value::as_array)
        .ok_or_else(|| ScimError::syntax("'Operations' must be a list"))?;
    if list.is_empty() && !leniency.empty_operations {
        return Err(ScimError::syntax(
            "'Operations' must hold at least one operation",
        ));
    }
    if list.len() > MAX_OPERATIONS {
        return Err(ScimError::new(
            413,
            format!("more than {MAX_OPERATIONS} operations"),
        ));
    }
    list.iter()
        .enumerate()
        .map(|(index, entry)| operation(index, entry, leniency))
        .collect()
}

fn operation(index: usize, entry: &Value, leniency: &Leniency) -> Result<Operation> {
    let place = |what: &str| format!("operation {}: {what}", index + 1);
    let entry = entry
        .as_object()
        .ok_or_else(|| ScimError::syntax(place("must be an object")))?;
    let word = member(entry, "op")
        .and_then(Value::as_str)
        .ok_or_else(|| ScimError::syntax(place("'op' must be add, remove or replace")))?;
    let spelled = if leniency.op_case {
        word.to_ascii_lowercase()
    } else {
        word.to_owned()
    };
    let op = match spelled.as_str() {
        "add" => Op::Add,
        "remove" => Op::Remove,
        "replace" => Op::Replace,
        _ => {
            return Err(ScimError::syntax(place(
                "'op' must be add, remove or replace",
            )));
        }
    };
    let path = match member(entry, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.clone()).filter(|path| !path.is_empty()),
        Some(_) => return Err(ScimError::path(place("'path' must be a string"))),
    };
    let value = member(entry, "value").cloned();
    match op {
        Op::Remove if path.is_none() => Err(ScimError::no_target(place("remove needs a 'path'"))),
        Op::Add | Op::Replace if value.is_none() => {
            Err(ScimError::value(place("a 'value' is missing")))
        }
        _ => Ok(Operation { op, path, value }),
    }
}
