//! The members of a group under PATCH.
//!
//! They stand beside the document, so that adding one to a hundred thousand does not touch the
//! others; PATCH sees them through [`MemberSet`].

use serde_json::Value;

use super::Op;
use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::{Bound, Filter, Operator, elements, matches};
use crate::protocol::leniency::Leniency;
use crate::protocol::schema::{Attribute, Mutability};
use crate::protocol::{Object, conform};

/// A set of members that a PATCH changes.
pub trait MemberSet {
    /// Whether this id is a member.
    fn contains(&self, id: &str) -> bool;
    /// Adds a member; a member that is there stays as it is.
    ///
    /// # Errors
    /// When the id names no resource that can be a member.
    fn insert(&mut self, id: &str) -> Result<()>;
    /// Takes a member away, if it is there.
    fn remove(&mut self, id: &str);
    /// Takes all members away.
    fn clear(&mut self);
    /// All members as elements, with what is derived of them.
    fn elements(&self) -> Vec<Value>;
}

/// The ids that a value names: a list of elements, or one of them.
pub(super) fn ids(attribute: &Attribute, value: Value, leniency: &Leniency) -> Result<Vec<String>> {
    let list = match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        other => vec![other],
    };
    let mut ids = Vec::with_capacity(list.len());
    for raw in list {
        conform::names_a_resource(&raw)?;
        let Some(element) = conform::single(attribute, raw, leniency)? else {
            continue;
        };
        match element.get("value") {
            Some(Value::String(id)) => ids.push(id.clone()),
            _ => {
                return Err(ScimError::value(
                    "a member needs the id of a resource as its 'value'",
                ));
            }
        }
    }
    Ok(ids)
}

/// Applies one operation to the members.
pub(super) fn apply(
    set: &mut dyn MemberSet,
    attribute: &Attribute,
    op: Op,
    selection: Option<&Filter>,
    sub: Option<&Attribute>,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    let Some(selection) = selection else {
        if let Some(sub) = sub {
            return Err(immutable(sub));
        }
        match (op, value) {
            (Op::Remove, Some(value)) if leniency.remove_listed && !value.is_null() => {
                for id in ids(attribute, value, leniency)? {
                    set.remove(&id);
                }
            }
            (Op::Remove, _) => set.clear(),
            (op, value) => {
                let ids = ids(attribute, value.unwrap_or_default(), leniency)?;
                if op == Op::Replace {
                    set.clear();
                }
                for id in ids {
                    set.insert(&id)?;
                }
            }
        }
        return Ok(());
    };
    let selected = selected(set, attribute, selection, leniency)?;
    match (op, sub) {
        (Op::Remove, None) => {
            for id in selected {
                set.remove(&id);
            }
            Ok(())
        }
        (Op::Remove, Some(sub)) if !selected.is_empty() => Err(immutable(sub)),
        (Op::Remove, Some(_)) => Ok(()),
        _ if selected.is_empty() => Err(ScimError::no_target("no member meets the filter")),
        (_, Some(sub)) => {
            // Writing the id that is there is no change; everything else is the provider's.
            let same = sub.name == "value"
                && selected
                    .iter()
                    .all(|id| value.as_ref().and_then(Value::as_str) == Some(id));
            if same { Ok(()) } else { Err(immutable(sub)) }
        }
        (op, None) => {
            let ids = ids(attribute, value.unwrap_or_default(), leniency)?;
            if op == Op::Replace {
                for id in selected {
                    set.remove(&id);
                }
            }
            for id in ids {
                set.insert(&id)?;
            }
            Ok(())
        }
    }
}

fn selected(
    set: &dyn MemberSet,
    attribute: &Attribute,
    selection: &Filter,
    leniency: &Leniency,
) -> Result<Vec<String>> {
    let bound = elements(selection, attribute, leniency)?;
    if let Bound::Compare(place, Operator::Eq, Value::String(id)) = &bound
        && place.leaf().name == "value"
    {
        return Ok(if set.contains(id) {
            vec![id.clone()]
        } else {
            Vec::new()
        });
    }
    let id = |element: &Object| {
        element
            .get("value")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let list = set.elements();
    Ok(list
        .iter()
        .filter_map(Value::as_object)
        .filter(|element| matches(&bound, element))
        .filter_map(id)
        .collect())
}

fn immutable(sub: &Attribute) -> ScimError {
    debug_assert!(
        sub.mutability != Mutability::ReadWrite,
        "sub-attributes of members are immutable"
    );
    ScimError::mutability(format!(
        "'members.{}' is immutable; remove the member and add another",
        sub.name
    ))
}
