//! Matches a filter with a resource type: every name becomes an attribute, every operand a value
//! of its type, and what cannot be compared is refused.

use serde_json::Value;

use super::{Filter, Operator};
use crate::protocol::error::{Result, ScimError, ScimType};
use crate::protocol::leniency::Leniency;
use crate::protocol::path::{AttrPath, Place, Resolved};
use crate::protocol::schema::{Attribute, Kind, Mutability, ResourceType};
use crate::protocol::value;

/// A filter that fits a resource type.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound<'t> {
    /// All of these.
    And(Vec<Bound<'t>>),
    /// Any of these.
    Or(Vec<Bound<'t>>),
    /// The contrary.
    Not(Box<Bound<'t>>),
    /// The attribute has a value.
    Present(Place<'t>),
    /// All attributes of an extension: any of them has a value.
    Extended(&'t str),
    /// The attribute compares with a value.
    Compare(Place<'t>, Operator, Value),
    /// One element meets the inner filter, whose places are sub-attributes.
    Element(Place<'t>, Box<Bound<'t>>),
    /// The resource has this member; asked of the membership, not of the document.
    Member(String),
    /// An attribute that the type does not have, compared (true only for `ne` with a value and
    /// `eq null`, since it is without value: RFC 7644 section 3.4.2.1).
    Absent(bool),
}

/// Where a filter came from, which decides how a mistake in it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A query string of one resource type's endpoint.
    Uri,
    /// The body of a `.search`.
    Body,
    /// A query over several types: unknown attributes are without value.
    SeveralTypes,
}

/// Binds a filter to a type.
///
/// # Errors
/// `invalidFilter` for unknown attributes and for comparisons without sense; `sensitive` (403) for
/// an attribute that is never readable, in a URI (RFC 7644 section 7.5.2).
pub fn bind<'t>(
    filter: &Filter,
    kind: &'t ResourceType,
    leniency: &Leniency,
    origin: Origin,
) -> Result<Bound<'t>> {
    let inner = |filter: &Filter| bind(filter, kind, leniency, origin);
    Ok(match filter {
        Filter::And(parts) => Bound::And(parts.iter().map(inner).collect::<Result<_>>()?),
        Filter::Or(parts) => Bound::Or(parts.iter().map(inner).collect::<Result<_>>()?),
        Filter::Not(part) => Bound::Not(Box::new(inner(part)?)),
        Filter::Present(path) => match resolve(path, kind, leniency, origin)? {
            Some(Resolved::Place(place)) => Bound::Present(place),
            Some(Resolved::Container(schema)) => Bound::Extended(&schema.id),
            Some(Resolved::Core) => {
                return Err(ScimError::filter(format!(
                    "'{path}' is a schema, not an attribute"
                )));
            }
            None => Bound::Absent(false),
        },
        Filter::Compare(path, operator, operand) => match resolve(path, kind, leniency, origin)? {
            Some(Resolved::Place(place)) => compare(place, *operator, operand, kind, leniency)?,
            Some(_) => {
                return Err(ScimError::filter(format!(
                    "'{path}' is a schema, not an attribute"
                )));
            }
            None => Bound::Absent(
                (*operator == Operator::Ne) != operand.is_null()
                    && matches!(operator, Operator::Eq | Operator::Ne),
            ),
        },
        Filter::Element(path, part) => match resolve(path, kind, leniency, origin)? {
            Some(Resolved::Place(place)) => {
                if place.leaf().kind != Kind::Complex {
                    return Err(ScimError::filter(format!(
                        "'{path}' is not complex and takes no value filter"
                    )));
                }
                let part = elements(part, place.leaf(), leniency)?;
                match part {
                    Bound::Compare(inner, Operator::Eq, Value::String(id))
                        if is_members(place, kind) && inner.leaf().name == "value" =>
                    {
                        Bound::Member(id)
                    }
                    part => Bound::Element(place, Box::new(part)),
                }
            }
            Some(_) => {
                return Err(ScimError::filter(format!(
                    "'{path}' is a schema, not an attribute"
                )));
            }
            None => Bound::Absent(false),
        },
    })
}

/// Binds the inside of a value filter to the sub-attributes of an attribute.
///
/// # Errors
/// `invalidFilter` for unknown sub-attributes and comparisons without sense.
pub fn elements<'t>(
    filter: &Filter,
    parent: &'t Attribute,
    leniency: &Leniency,
) -> Result<Bound<'t>> {
    let find = |path: &AttrPath| {
        let plain = path.urn.is_none() && path.sub.is_none();
        let sub = plain.then(|| parent.sub(&path.name)).flatten();
        sub.map(|sub| Place {
            extension: None,
            attribute: sub,
            sub: None,
        })
        .ok_or_else(|| {
            ScimError::filter(format!("'{path}' is no sub-attribute of '{}'", parent.name))
        })
    };
    let inner = |filter: &Filter| elements(filter, parent, leniency);
    Ok(match filter {
        Filter::And(parts) => Bound::And(parts.iter().map(inner).collect::<Result<_>>()?),
        Filter::Or(parts) => Bound::Or(parts.iter().map(inner).collect::<Result<_>>()?),
        Filter::Not(part) => Bound::Not(Box::new(inner(part)?)),
        Filter::Present(path) => Bound::Present(find(path)?),
        Filter::Compare(path, operator, operand) => {
            let place = find(path)?;
            Bound::Compare(
                place,
                *operator,
                fitting(place.leaf(), *operator, operand, leniency)?,
            )
        }
        Filter::Element(path, _) => {
            return Err(ScimError::filter(format!(
                "'{path}' stands inside of another value filter"
            )));
        }
    })
}

fn resolve<'t>(
    path: &AttrPath,
    kind: &'t ResourceType,
    leniency: &Leniency,
    origin: Origin,
) -> Result<Option<Resolved<'t>>> {
    let found = path.resolve(kind, leniency);
    if let Some(Resolved::Place(place)) = found {
        let hidden = |attribute: &Attribute| attribute.mutability == Mutability::WriteOnly;
        if hidden(place.attribute) || hidden(place.leaf()) {
            return Err(match origin {
                Origin::Uri | Origin::SeveralTypes => ScimError {
                    status: 403,
                    scim_type: Some(ScimType::Sensitive),
                    detail: format!("'{path}' is confidential and is not looked up by a URI"),
                },
                Origin::Body => ScimError::filter(format!("'{path}' cannot be used in filters")),
            });
        }
    }
    if found.is_none() && origin != Origin::SeveralTypes {
        return Err(ScimError::filter(format!(
            "'{path}' is no attribute of {}",
            kind.name
        )));
    }
    Ok(found)
}

fn compare<'t>(
    mut place: Place<'t>,
    operator: Operator,
    operand: &Value,
    kind: &ResourceType,
    leniency: &Leniency,
) -> Result<Bound<'t>> {
    if place.leaf().kind == Kind::Complex {
        let value = place
            .attribute
            .sub("value")
            .filter(|_| leniency.complex_comparison);
        place.sub = Some(value.ok_or_else(|| {
            ScimError::filter(format!(
                "'{}' is complex; compare one of its sub-attributes",
                place.attribute.name
            ))
        })?);
    }
    let operand = fitting(place.leaf(), operator, operand, leniency)?;
    if is_members(place, kind)
        && operator == Operator::Eq
        && place.leaf().name == "value"
        && let Value::String(id) = operand
    {
        return Ok(Bound::Member(id));
    }
    Ok(Bound::Compare(place, operator, operand))
}

fn is_members(place: Place<'_>, kind: &ResourceType) -> bool {
    kind.has_members() && place.extension.is_none() && place.attribute.name == "members"
}

/// The operand as a value of the attribute's type.
fn fitting(
    attribute: &Attribute,
    operator: Operator,
    operand: &Value,
    leniency: &Leniency,
) -> Result<Value> {
    let refuse = |what: &str| Err(ScimError::filter(format!("'{}' {what}", attribute.name)));
    if operand.is_null() {
        return if matches!(operator, Operator::Eq | Operator::Ne) {
            Ok(Value::Null)
        } else {
            refuse("can only be eq or ne null")
        };
    }
    match attribute.kind {
        Kind::Boolean => {
            if operator.orders() || operator.searches() {
                return refuse(&format!(
                    "is boolean and does not go with {}",
                    operator.word()
                ));
            }
            match operand {
                Value::Bool(_) => Ok(operand.clone()),
                Value::String(text)
                    if leniency.string_booleans && text.eq_ignore_ascii_case("true") =>
                {
                    Ok(Value::Bool(true))
                }
                Value::String(text)
                    if leniency.string_booleans && text.eq_ignore_ascii_case("false") =>
                {
                    Ok(Value::Bool(false))
                }
                _ => refuse("is boolean and compares with true or false"),
            }
        }
        Kind::Integer | Kind::Decimal => {
            if operator.searches() {
                return refuse(&format!(
                    "is a number and does not go with {}",
                    operator.word()
                ));
            }
            if operand.is_number() {
                Ok(operand.clone())
            } else {
                refuse("is a number and compares with a number")
            }
        }
        Kind::Binary if operator.orders() => refuse(&format!(
            "is binary and does not go with {}",
            operator.word()
        )),
        Kind::DateTime if !operator.searches() => match operand.as_str().and_then(value::instant) {
            Some(_) => Ok(operand.clone()),
            None => refuse("compares with a date and time such as \"2011-05-13T04:42:34Z\""),
        },
        Kind::Complex => refuse("is complex; compare one of its sub-attributes"),
        _ => {
            if operand.is_string() {
                Ok(operand.clone())
            } else {
                refuse("compares with a string in double quotes")
            }
        }
    }
}
