//! Applies operations to a document, in order, each to the result of the one before.

use serde_json::{Map, Value};

use super::place::{whole, with_selection};
use super::{MemberSet, Op, Operation, members};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::{PatchPath, parse_path};
use crate::protocol::leniency::Leniency;
use crate::protocol::path::{AttrPath, Resolved};
use crate::protocol::schema::{Mutability, ResourceType, Schema};
use crate::protocol::{Object, conform, value};

/// What a PATCH works on. The caller gives a copy and keeps it only when all went well, which
/// makes the request atomic.
pub struct Target<'a> {
    /// The type of the resource.
    pub kind: &'a ResourceType,
    /// Its id.
    pub id: &'a str,
    /// Its attributes, without those that only the provider sets.
    pub document: &'a mut Object,
    /// Its members, where the type has them.
    pub members: Option<&'a mut dyn MemberSet>,
    /// Whether a confidential value was written; set by [`apply`].
    pub secret: bool,
}

/// Applies all operations and checks the result.
///
/// # Errors
/// The error of the first operation that cannot be applied; the target is then undefined.
pub fn apply(
    target: &mut Target<'_>,
    operations: Vec<Operation>,
    leniency: &Leniency,
) -> Result<()> {
    for Operation { op, path, value } in operations {
        match path {
            Some(path) => at_path(target, op, &path, value, leniency)?,
            None => without_path(target, op, value.unwrap_or_default(), leniency)?,
        }
    }
    conform::complete(target.kind, target.document)
}

fn without_path(target: &mut Target<'_>, op: Op, value: Value, leniency: &Leniency) -> Result<()> {
    let Value::Object(attributes) = value else {
        return Err(ScimError::value(format!(
            "{} without a path takes an object of attributes",
            op.word()
        )));
    };
    for (name, value) in attributes {
        if name.eq_ignore_ascii_case("id")
            && leniency.own_id_in_patch
            && value.as_str() == Some(target.id)
        {
            continue;
        }
        if let Some(schema) = target.kind.extension(&name).cloned() {
            container(target, op, &schema, Some(value), leniency)?;
            continue;
        }
        if target.kind.core(&name).is_some() {
            at_path(target, op, &name, Some(value), leniency)?;
            continue;
        }
        let parsed = parse_path(&name, leniency).ok();
        // A fully qualified name is a name as good as the short one (RFC 7644 section 3.10).
        let qualified = parsed.as_ref().is_some_and(|parsed| {
            parsed.path.urn.is_some() && parsed.path.sub.is_none() && parsed.selection.is_none()
        });
        let known = parsed.and_then(|parsed| {
            let resolved = parsed.path.resolve(target.kind, leniency);
            resolved.map(drop)
        });
        if !(leniency.dotted_keys || qualified && known.is_some()) {
            return Err(ScimError::path(format!(
                "'{name}' is no attribute of {}",
                target.kind.name
            )));
        }
        // Keys that are paths; what is no path of ours is passed over like any undeclared attribute.
        if known.is_some() {
            at_path(target, op, &name, Some(value), leniency)?;
        }
    }
    Ok(())
}

fn at_path(
    target: &mut Target<'_>,
    op: Op,
    text: &str,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    // A URN as a whole may hold characters that no attribute path has.
    if let Some(schema) = target.kind.extension(text).cloned() {
        return container(target, op, &schema, value, leniency);
    }
    let PatchPath {
        path,
        selection,
        sub,
    } = parse_path(text, leniency)
        .map_err(|complaint| ScimError::path(format!("'{text}': {complaint}")))?;
    let kind = target.kind;
    let path = AttrPath {
        sub: sub.or(path.sub),
        ..path
    };
    let place = match path.resolve(kind, leniency) {
        Some(Resolved::Place(place)) => place,
        Some(Resolved::Container(schema)) => return container(target, op, schema, value, leniency),
        Some(Resolved::Core) | None => {
            return Err(ScimError::path(format!(
                "'{text}' is no attribute of {}",
                kind.name
            )));
        }
    };
    if place.attribute.name == "schemas" && place.extension.is_none() {
        return schemas(kind, op, value);
    }
    for attribute in [Some(place.attribute), place.sub].into_iter().flatten() {
        if attribute.mutability == Mutability::ReadOnly {
            return Err(ScimError::mutability(format!(
                "'{}' is read-only",
                attribute.name
            )));
        }
    }
    if kind.has_members() && place.extension.is_none() && place.attribute.name == "members" {
        let set = target
            .members
            .as_deref_mut()
            .ok_or_else(|| ScimError::path("'members' is not there"))?;
        return members::apply(
            set,
            place.attribute,
            op,
            selection.as_ref(),
            place.sub,
            value,
            leniency,
        );
    }
    if place.attribute.mutability == Mutability::WriteOnly {
        // Checked and dropped, as in a POST.
        let given = conform::single(place.attribute, value.unwrap_or_default(), leniency)?;
        target.secret |= given.is_some() || op == Op::Remove;
        return Ok(());
    }
    let holder = holder(target.document, place.extension);
    let before = (place.leaf().mutability == Mutability::Immutable)
        .then(|| holder.get(&place.attribute.name).cloned())
        .flatten();
    match selection {
        Some(selection) => with_selection(holder, place, op, &selection, value, leniency)?,
        None => whole(holder, place, op, value, leniency)?,
    }
    if let Some(before) = before
        && holder.get(&place.attribute.name) != Some(&before)
    {
        return Err(ScimError::mutability(format!(
            "'{}' is immutable",
            place.leaf().name
        )));
    }
    if let Some(urn) = place.extension {
        prune(target.document, urn);
    }
    Ok(())
}

/// The object that holds the attributes of the core or of an extension.
fn holder<'d>(document: &'d mut Object, extension: Option<&str>) -> &'d mut Object {
    match extension {
        None => document,
        Some(urn) => {
            let held = document
                .entry(urn)
                .or_insert_with(|| Value::Object(Map::new()));
            if !held.is_object() {
                *held = Value::Object(Map::new());
            }
            held.as_object_mut().expect("made an object above")
        }
    }
}

fn prune(document: &mut Object, urn: &str) {
    if document.get(urn).is_some_and(value::is_unassigned) {
        document.shift_remove(urn);
    }
}

/// `schemas` follows from the document: naming what is known changes nothing.
fn schemas(kind: &ResourceType, op: Op, value: Option<Value>) -> Result<()> {
    if op == Op::Remove {
        return Err(ScimError::mutability("'schemas' is required"));
    }
    let list = match value {
        Some(Value::Array(list)) => list,
        Some(one @ Value::String(_)) => vec![one],
        _ => return Err(ScimError::value("'schemas' takes a list of URIs")),
    };
    let known =
        |urn: &str| urn.eq_ignore_ascii_case(&kind.schema.id) || kind.extension(urn).is_some();
    match list.iter().find(|entry| !entry.as_str().is_some_and(known)) {
        Some(entry) => Err(ScimError::value(format!(
            "{entry} is no schema of {}",
            kind.name
        ))),
        None => Ok(()),
    }
}

/// An operation on an extension as a whole: a complex value of attributes.
fn container(
    target: &mut Target<'_>,
    op: Op,
    schema: &Schema,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    match (op, value) {
        (Op::Remove, _) | (Op::Replace, Some(Value::Null)) => {
            target.document.shift_remove(&schema.id);
            Ok(())
        }
        (_, Some(Value::Object(content))) => {
            for (name, value) in content {
                if schema.attribute(&name).is_some() {
                    at_path(
                        target,
                        op,
                        &format!("{}:{name}", schema.id),
                        Some(value),
                        leniency,
                    )?;
                }
            }
            Ok(())
        }
        _ => Err(ScimError::value(format!(
            "'{}' takes an object of attributes",
            schema.id
        ))),
    }
}
