//! Applies operations to a document, in order, each to the result of the one before.

use serde_json::{Map, Value};

use super::{MemberSet, Op, Operation, elements, members};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::{Filter, PatchPath, parse_path};
use crate::protocol::leniency::Leniency;
use crate::protocol::path::{AttrPath, Place, Resolved};
use crate::protocol::schema::{Attribute, Kind, Mutability, ResourceType, Schema};
use crate::protocol::{Object, conform, filter, value};

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
        if !leniency.dotted_keys {
            return Err(ScimError::path(format!(
                "'{name}' is no attribute of {}",
                target.kind.name
            )));
        }
        // Keys that are paths; what is no path of ours is passed over like any undeclared attribute.
        let known = parse_path(&name, leniency)
            .ok()
            .and_then(|parsed| parsed.path.resolve(target.kind, leniency));
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

/// An operation on an attribute, or on one sub-attribute of all its values.
fn whole(
    holder: &mut Object,
    place: Place<'_>,
    op: Op,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    let attribute = place.attribute;
    let cleared = clears(op, value.as_ref());
    if let Some(sub) = place.sub {
        return match (holder.get_mut(&attribute.name), op) {
            (Some(Value::Array(list)), _) => {
                for element in list.iter_mut().filter_map(Value::as_object_mut) {
                    write(element, sub, op, value.clone(), leniency)?;
                }
                tidy(holder, attribute, cleared, leniency);
                Ok(())
            }
            (Some(Value::Object(object)), _) => {
                write(object, sub, op, value, leniency)?;
                tidy(holder, attribute, cleared, leniency);
                Ok(())
            }
            (_, Op::Remove) => Ok(()),
            _ => {
                let mut object = Map::new();
                write(&mut object, sub, op, value, leniency)?;
                if !object.is_empty() {
                    let object = Value::Object(object);
                    holder.insert(
                        attribute.name.clone(),
                        if attribute.multi {
                            Value::Array(vec![object])
                        } else {
                            object
                        },
                    );
                }
                Ok(())
            }
        };
    }
    if !attribute.multi {
        return write(holder, attribute, op, value, leniency);
    }
    match (op, value) {
        (Op::Remove, Some(listed)) if leniency.remove_listed && !listed.is_null() => {
            let listed = elements::listed(attribute, listed, leniency)?;
            if let Some(Value::Array(list)) = holder.get_mut(&attribute.name) {
                list.retain(|element| !listed.iter().any(|gone| covers(attribute, gone, element)));
            }
        }
        (Op::Remove, _) => {
            holder.shift_remove(&attribute.name);
        }
        (Op::Replace, value) => {
            let list = elements::listed(attribute, value.unwrap_or_default(), leniency)?;
            holder.insert(attribute.name.clone(), Value::Array(list));
        }
        (Op::Add, value) => {
            let added = elements::listed(attribute, value.unwrap_or_default(), leniency)?;
            if let Value::Array(list) = holder
                .entry(attribute.name.clone())
                .or_insert_with(|| Value::Array(Vec::new()))
            {
                elements::append(attribute, list, added);
            }
        }
    }
    demand(holder, attribute, op)?;
    tidy(holder, attribute, cleared, leniency);
    Ok(())
}

/// Whether an element has everything that the listed one says.
fn covers(attribute: &Attribute, listed: &Value, element: &Value) -> bool {
    match (listed, element) {
        (Value::Object(listed), Value::Object(element)) => listed.iter().all(|(name, value)| {
            attribute
                .sub(name)
                .zip(element.get(name))
                .is_some_and(|(sub, known)| value::same(sub, known, value))
        }),
        _ => value::same(attribute, listed, element),
    }
}

/// An operation on selected elements.
fn with_selection(
    holder: &mut Object,
    place: Place<'_>,
    op: Op,
    selection: &Filter,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    let attribute = place.attribute;
    let cleared = clears(op, value.as_ref());
    let single =
        !attribute.multi && leniency.single_value_filter && attribute.sub("value").is_some();
    if attribute.kind != Kind::Complex || !(attribute.multi || single) {
        return Err(ScimError::path(format!(
            "'{}' is not multi-valued and takes no value filter",
            attribute.name
        )));
    }
    let bound = filter::elements(selection, attribute, leniency)?;
    let mut list = match holder.get(&attribute.name) {
        Some(Value::Array(list)) => list.clone(),
        Some(object @ Value::Object(_)) => vec![object.clone()],
        _ => Vec::new(),
    };
    let mut selected = elements::selected(&list, &bound);
    if op == Op::Remove {
        match place.sub {
            Some(sub) => {
                for position in selected {
                    if let Some(element) = list[position].as_object_mut() {
                        write(element, sub, op, None, leniency)?;
                    }
                }
            }
            None => {
                let mut position = 0;
                list.retain(|_| {
                    position += 1;
                    !selected.contains(&(position - 1))
                });
            }
        }
    } else {
        if selected.is_empty() {
            let object = elements::created(attribute, &bound)
                .filter(|_| leniency.create_on_absent && attribute.multi);
            let Some(object) = object else {
                return Err(ScimError::no_target(format!(
                    "no value of '{}' meets the filter",
                    attribute.name
                )));
            };
            list.push(Value::Object(object));
            selected.push(list.len() - 1);
        }
        for position in selected {
            let Some(element) = list[position].as_object_mut() else {
                continue;
            };
            let was_primary = element.get("primary") == Some(&Value::Bool(true));
            match place.sub {
                Some(sub) => write(element, sub, op, value.clone(), leniency)?,
                None => {
                    let given =
                        elements::listed(attribute, value.clone().unwrap_or_default(), leniency)?;
                    let [Value::Object(given)] = given.as_slice() else {
                        return Err(ScimError::value(format!(
                            "a value of '{}' is an object",
                            attribute.name
                        )));
                    };
                    if op == Op::Replace {
                        // The record becomes the value; what selected it stays true of it.
                        element.clear();
                        if leniency.create_on_absent {
                            element.extend(elements::asserted(&bound).unwrap_or_default());
                        }
                    }
                    element.extend(given.clone());
                }
            }
            if !was_primary && elements::is_primary(&list[position]) {
                elements::settle_primary(&mut list, position);
            }
        }
    }
    let stored = if attribute.multi {
        Value::Array(list)
    } else {
        list.into_iter().next().unwrap_or(Value::Null)
    };
    holder.insert(attribute.name.clone(), stored);
    demand(holder, attribute, op)?;
    tidy(holder, attribute, cleared, leniency);
    Ok(())
}

/// Whether an operation takes a value away instead of giving one.
fn clears(op: Op, value: Option<&Value>) -> bool {
    op == Op::Remove || value.is_none_or(|value| value.is_null() || value.as_str() == Some(""))
}

/// Writes or takes away one single-valued attribute or sub-attribute.
fn write(
    holder: &mut Object,
    attribute: &Attribute,
    op: Op,
    value: Option<Value>,
    leniency: &Leniency,
) -> Result<()> {
    if op == Op::Remove {
        if attribute.required {
            return Err(ScimError::mutability(format!(
                "'{}' is required and cannot be removed",
                attribute.name
            )));
        }
        holder.shift_remove(&attribute.name);
        return Ok(());
    }
    let raw = value.unwrap_or_default();
    if attribute.kind == Kind::Complex
        && !attribute.multi
        && let (Value::Object(raw), Some(Value::Object(stored))) =
            (&raw, holder.get_mut(&attribute.name))
    {
        // Sub-attributes that are not named stay (RFC 7644 section 3.5.2.3).
        for (name, value) in raw.clone() {
            match attribute.sub(&name) {
                Some(sub) if sub.mutability != Mutability::ReadOnly => {
                    write(stored, sub, op, Some(value), leniency)?
                }
                _ => {}
            }
        }
        tidy(holder, attribute, false, leniency);
        return Ok(());
    }
    match conform::attribute_value(attribute, raw, leniency)? {
        Some(fitting) => {
            holder.insert(attribute.name.clone(), fitting);
        }
        None if attribute.required => {
            return Err(ScimError::value(format!(
                "'{}' is required and cannot be cleared",
                attribute.name
            )));
        }
        None if op == Op::Replace => {
            holder.shift_remove(&attribute.name);
        }
        None => {}
    }
    Ok(())
}

fn demand(holder: &Object, attribute: &Attribute, op: Op) -> Result<()> {
    let gone = holder.get(&attribute.name).is_none_or(value::is_unassigned);
    match (attribute.required && gone, op) {
        (true, Op::Remove) => Err(ScimError::mutability(format!(
            "'{}' is required and cannot be removed",
            attribute.name
        ))),
        (true, _) => Err(ScimError::value(format!(
            "'{}' is required and cannot be cleared",
            attribute.name
        ))),
        _ => Ok(()),
    }
}

/// Takes away what is empty after an operation; `cleared` says that it took a value away.
fn tidy(holder: &mut Object, attribute: &Attribute, cleared: bool, leniency: &Leniency) {
    if let Some(Value::Array(list)) = holder.get_mut(&attribute.name) {
        let husks = cleared && leniency.drop_husks;
        list.retain(|element| {
            let husk = husks && elements::is_husk(attribute, element);
            !husk && !value::is_unassigned(element)
        });
    }
    if holder
        .get(&attribute.name)
        .is_some_and(value::is_unassigned)
    {
        holder.shift_remove(&attribute.name);
    }
}
