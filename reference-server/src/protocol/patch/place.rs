//! One operation at one attribute: on all of it, on a sub-attribute, or on selected elements.

use serde_json::{Map, Value};

use super::{Op, elements};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::{self, Filter};
use crate::protocol::leniency::Leniency;
use crate::protocol::path::Place;
use crate::protocol::schema::{Attribute, Kind, Mutability};
use crate::protocol::{Object, conform, value};

/// An operation on an attribute, or on one sub-attribute of all its values.
pub(super) fn whole(
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
pub(super) fn with_selection(
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
