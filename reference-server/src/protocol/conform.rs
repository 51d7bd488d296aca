//! Makes what a client sent fit the schema: names in their declared spelling, values of their
//! declared type, readOnly input left out, unassigned values gone.

use serde_json::{Map, Value};

use super::error::{Result, ScimError};
use super::leniency::Leniency;
use super::schema::{Attribute, GROUP, Kind, Mutability, ResourceType, Schema, slots};
use super::{Object, value};

/// The URN that Entra puts into the `schemas` of groups (quirk ENTRA-53).
const ENTRA_GROUP: &str =
    "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// A resource body that fits its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformed {
    /// The attributes that a client may set, without `id`, `meta` and confidential ones.
    pub document: Object,
    /// Whether a confidential value, such as a password, was part of the body. It is checked and
    /// dropped: nothing here logs anybody in (RFC 7643 section 9.2).
    pub secret: bool,
}

/// Reads the body of a POST or PUT.
///
/// # Errors
/// `invalidSyntax` when the structure is wrong, `invalidValue` when a value is.
pub fn resource(kind: &ResourceType, body: Object, leniency: &Leniency) -> Result<Conformed> {
    schemas(kind, &body, leniency)?;
    let mut document = Map::new();
    let mut secret = false;
    for (name, raw) in body {
        if let Some(schema) = kind.extension(&name) {
            let Some(content) = extension(schema, raw, leniency, &mut secret)? else {
                continue;
            };
            once(&mut document, &schema.id, Value::Object(content))?;
            continue;
        }
        // Undeclared attributes are ignored (RFC 7644 section 3.1).
        let Some(attribute) = kind.core(&name) else {
            continue;
        };
        if attribute.name == "schemas" {
            continue;
        }
        if kind.has_members() && attribute.name == "members" {
            raw.as_array()
                .into_iter()
                .flatten()
                .try_for_each(names_a_resource)?;
        }
        if let Some(fitting) = writable(attribute, raw, leniency, &mut secret)? {
            once(&mut document, &attribute.name, fitting)?;
        }
    }
    Ok(Conformed { document, secret })
}

/// Checks that a member of a group says which resource it is.
///
/// # Errors
/// `invalidValue` when it has no `value`.
pub fn names_a_resource(member: &Value) -> Result<()> {
    let nameless = |object: &Object| super::member(object, "value").is_none_or(Value::is_null);
    if member.as_object().is_some_and(nameless) {
        return Err(ScimError::value(
            "a member needs the id of a resource as its 'value'",
        ));
    }
    Ok(())
}

/// Checks what a stored resource must hold: required attributes, and at most one primary value in
/// each attribute.
///
/// # Errors
/// `invalidValue`, naming what is missing or too much.
pub fn complete(kind: &ResourceType, document: &Object) -> Result<()> {
    required(&kind.schema.attributes, document)?;
    for (schema, demanded) in &kind.extensions {
        match document.get(&schema.id).and_then(Value::as_object) {
            Some(content) => required(&schema.attributes, content)?,
            None if *demanded => {
                return Err(ScimError::value(format!(
                    "the extension '{}' is required",
                    schema.id
                )));
            }
            None => {}
        }
    }
    Ok(())
}

/// The `schemas` of a document: the base schema and the extensions that are in use.
pub fn schemas_of<'t>(kind: &'t ResourceType, document: &Object) -> Vec<&'t str> {
    let used = kind
        .extensions
        .iter()
        .filter(|(schema, _)| document.contains_key(&schema.id));
    std::iter::once(kind.schema.id.as_str())
        .chain(used.map(|(schema, _)| schema.id.as_str()))
        .collect()
}

/// Checks the `schemas` of a body (RFC 7643 section 3).
fn schemas(kind: &ResourceType, body: &Object, leniency: &Leniency) -> Result<()> {
    let listed =
        super::member(body, "schemas").ok_or_else(|| ScimError::syntax("'schemas' is missing"))?;
    let listed = listed
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| ScimError::syntax("'schemas' must be a list of URIs"))?;
    let mut base = false;
    for entry in listed {
        let urn = entry
            .as_str()
            .ok_or_else(|| ScimError::syntax("'schemas' must be a list of URIs"))?;
        if urn.eq_ignore_ascii_case(&kind.schema.id) {
            base = true;
        } else if kind.extension(urn).is_none() {
            let explained = body.get(urn).is_some_and(Value::is_object)
                || (kind.schema.id == GROUP && urn == ENTRA_GROUP);
            if !(leniency.loose_schemas && explained) {
                return Err(ScimError::value(format!(
                    "'schemas' names '{urn}', which is no schema of {}",
                    kind.name
                )));
            }
        }
    }
    if !base {
        return Err(ScimError::value(format!(
            "'schemas' must name '{}'",
            kind.schema.id
        )));
    }
    if !leniency.loose_schemas {
        for (schema, _) in &kind.extensions {
            if super::member(body, &schema.id).is_some() && !super::names_schema(body, &schema.id) {
                return Err(ScimError::syntax(format!(
                    "'schemas' does not name '{}', which the body uses",
                    schema.id
                )));
            }
        }
    }
    Ok(())
}

/// Reads the object of an extension.
///
/// # Errors
/// As for [`resource`].
pub fn extension(
    schema: &Schema,
    raw: Value,
    leniency: &Leniency,
    secret: &mut bool,
) -> Result<Option<Object>> {
    let raw = match raw {
        Value::Null => return Ok(None),
        Value::Object(raw) => raw,
        _ => {
            return Err(ScimError::value(format!(
                "'{}' must be an object",
                schema.id
            )));
        }
    };
    let mut content = Map::new();
    for (name, raw) in raw {
        let Some(attribute) = schema.attribute(&name) else {
            continue;
        };
        if let Some(fitting) = writable(attribute, raw, leniency, secret)? {
            once(&mut content, &attribute.name, fitting)?;
        }
    }
    Ok((!content.is_empty()).then_some(content))
}

/// Reads the value of an attribute unless clients have no say in it.
fn writable(
    attribute: &Attribute,
    raw: Value,
    leniency: &Leniency,
    secret: &mut bool,
) -> Result<Option<Value>> {
    match attribute.mutability {
        Mutability::ReadOnly => Ok(None),
        Mutability::WriteOnly => {
            *secret |= attribute_value(attribute, raw, leniency)?.is_some();
            Ok(None)
        }
        Mutability::ReadWrite | Mutability::Immutable => attribute_value(attribute, raw, leniency),
    }
}

/// Stores a member once; names that differ only in case are one name (RFC 7643 section 2.1).
fn once(object: &mut Object, name: &str, fitting: Value) -> Result<()> {
    match object.insert(name.to_owned(), fitting) {
        None => Ok(()),
        Some(_) => Err(ScimError::syntax(format!("'{name}' is given twice"))),
    }
}

/// Reads a whole attribute, list or not; `None` when the value means unassigned.
///
/// # Errors
/// `invalidValue` when the value does not fit.
pub fn attribute_value(
    attribute: &Attribute,
    raw: Value,
    leniency: &Leniency,
) -> Result<Option<Value>> {
    if !attribute.multi {
        return single(attribute, raw, leniency);
    }
    match raw {
        Value::Null => Ok(None),
        Value::Array(list) => {
            let mut elements: Vec<Value> = Vec::with_capacity(list.len());
            // The comparison of all pairs is for short lists; members are told apart elsewhere.
            let distinct = list.len() <= 1_000;
            for raw in list {
                let Some(element) = single(attribute, raw, leniency)? else {
                    continue;
                };
                if !distinct
                    || !elements
                        .iter()
                        .any(|known| value::same(attribute, known, &element))
                {
                    elements.push(element);
                }
            }
            Ok((!elements.is_empty()).then_some(Value::Array(elements)))
        }
        _ => Err(ScimError::value(format!(
            "'{}' is multi-valued and takes a list",
            attribute.name
        ))),
    }
}

/// Reads one value, or one element of a list.
///
/// # Errors
/// `invalidValue` when the value does not fit.
pub fn single(attribute: &Attribute, raw: Value, leniency: &Leniency) -> Result<Option<Value>> {
    let raw = if leniency.wrapped_values && !attribute.multi {
        unwrapped(attribute, raw)
    } else {
        raw
    };
    let wrong = |expected: &str| {
        Err(ScimError::value(format!(
            "'{}' takes {expected}",
            attribute.name
        )))
    };
    match (attribute.kind, raw) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex, Value::Object(raw)) => complex(attribute, raw, leniency),
        (Kind::Complex, Value::String(text))
            if attribute.multi && leniency.plain_elements && attribute.sub("value").is_some() =>
        {
            complex(
                attribute,
                Map::from_iter([("value".to_owned(), Value::String(text))]),
                leniency,
            )
        }
        (Kind::Complex, _) => wrong("an object"),
        (Kind::Boolean, raw @ Value::Bool(_)) => Ok(Some(raw)),
        (Kind::Boolean, Value::String(text)) if leniency.string_booleans => {
            match text.to_ascii_lowercase().as_str() {
                "true" => Ok(Some(Value::Bool(true))),
                "false" => Ok(Some(Value::Bool(false))),
                _ => wrong("true or false"),
            }
        }
        (Kind::Boolean, _) => wrong("true or false"),
        (Kind::Integer, raw) if raw.is_i64() || raw.is_u64() => Ok(Some(raw)),
        (Kind::Integer, _) => wrong("a whole number"),
        (Kind::Decimal, raw @ Value::Number(_)) => Ok(Some(raw)),
        (Kind::Decimal, _) => wrong("a number"),
        (_, Value::String(text)) if text.is_empty() && leniency.empty_clears => Ok(None),
        (Kind::DateTime, Value::String(text)) => match value::instant(&text) {
            Some(_) => Ok(Some(Value::String(text))),
            None => wrong("a date and time such as \"2011-05-13T04:42:34Z\""),
        },
        (Kind::Binary, Value::String(text)) if !value::is_base64(&text) => wrong("bytes in base64"),
        (Kind::Reference, Value::String(text)) if !value::is_uri_reference(&text) => wrong("a URI"),
        (_, raw @ Value::String(_)) => Ok(Some(raw)),
        _ => wrong("a string"),
    }
}

/// Takes off the wrappings that some clients put around single values.
fn unwrapped(attribute: &Attribute, raw: Value) -> Value {
    match raw {
        Value::Array(mut list) if list.len() == 1 => {
            let inner = list.remove(0);
            match inner {
                Value::Object(mut object) if attribute.kind != Kind::Complex => object
                    .shift_remove("value")
                    .unwrap_or(Value::Object(object)),
                other => unwrapped(attribute, other),
            }
        }
        Value::String(text)
            if attribute.kind == Kind::Complex && attribute.sub("value").is_some() =>
        {
            if text.is_empty() {
                Value::Null
            } else {
                Value::Object(Map::from_iter([("value".to_owned(), Value::String(text))]))
            }
        }
        other => other,
    }
}

fn complex(attribute: &Attribute, raw: Object, leniency: &Leniency) -> Result<Option<Value>> {
    let raw = if leniency.plain_elements {
        plain_role(attribute, raw)
    } else {
        raw
    };
    let mut object = Map::new();
    for (name, raw) in raw {
        let Some(sub) = attribute.sub(&name) else {
            continue;
        };
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        if let Some(fitting) = attribute_value(sub, raw, leniency)? {
            once(&mut object, &sub.name, fitting)?;
        }
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

/// Reads Entra's roles: a JSON document in the string `value`, and `displayName` for `display`
/// (quirk ENTRA-68).
fn plain_role(attribute: &Attribute, mut raw: Object) -> Object {
    if attribute.name != "roles" {
        return raw;
    }
    let packed = raw
        .get("value")
        .and_then(Value::as_str)
        .filter(|text| text.starts_with('{'));
    if let Some(Value::Object(inner)) = packed.and_then(|text| serde_json::from_str(text).ok()) {
        raw.extend(inner);
    }
    if !raw.contains_key("display")
        && let Some(name) = raw.shift_remove("displayName")
    {
        raw.insert("display".to_owned(), name);
    }
    raw
}

fn required(attributes: &[Attribute], object: &Object) -> Result<()> {
    for attribute in attributes {
        // What only the provider sets is not the client's to give.
        let demanded = attribute.required && attribute.mutability != Mutability::ReadOnly;
        if !(demanded || attribute.multi || attribute.kind == Kind::Complex) {
            // Its value fits already, and there is nothing within it.
            continue;
        }
        match object.get(&attribute.name) {
            None if demanded => return Err(missing(&attribute.name)),
            Some(Value::String(text)) if demanded && text.trim().is_empty() => {
                return Err(missing(&attribute.name));
            }
            Some(Value::Array(list)) => {
                let objects = || list.iter().filter_map(Value::as_object);
                if objects()
                    .filter(|element| element.get("primary") == Some(&Value::Bool(true)))
                    .count()
                    > 1
                {
                    return Err(ScimError::value(format!(
                        "'{}' has more than one primary value",
                        attribute.name
                    )));
                }
                for element in objects() {
                    required(&attribute.sub, element)?;
                }
            }
            Some(Value::Object(inner)) => required(&attribute.sub, inner)?,
            _ => {}
        }
    }
    Ok(())
}

fn missing(name: &str) -> ScimError {
    ScimError::value(format!("'{name}' is required and must not be empty"))
}

/// Checks a PUT against the immutable values that are already there, and keeps those that the body
/// leaves out (RFC 7644 section 3.5.1).
///
/// # Errors
/// `mutability` when the body changes one.
pub fn keep_immutable(kind: &ResourceType, stored: &Object, body: &mut Object) -> Result<()> {
    immutable(&kind.schema.attributes, stored, body)?;
    for (schema, _) in &kind.extensions {
        let Some(stored) = stored.get(&schema.id).and_then(Value::as_object) else {
            continue;
        };
        let mut content = match body.shift_remove(&schema.id) {
            Some(Value::Object(content)) => content,
            _ => Map::new(),
        };
        immutable(&schema.attributes, stored, &mut content)?;
        if !content.is_empty() {
            body.insert(schema.id.clone(), Value::Object(content));
        }
    }
    Ok(())
}

fn immutable(attributes: &[Attribute], stored: &Object, body: &mut Object) -> Result<()> {
    for attribute in attributes {
        if attribute.mutability == Mutability::Immutable {
            match (stored.get(&attribute.name), body.get(&attribute.name)) {
                (Some(old), Some(new)) if !value::same(attribute, old, new) => {
                    return Err(ScimError::mutability(format!(
                        "'{}' is immutable",
                        attribute.name
                    )));
                }
                (Some(old), None) => {
                    body.insert(attribute.name.clone(), old.clone());
                }
                _ => {}
            }
        } else if attribute.kind == Kind::Complex
            && !attribute.multi
            && let (Some(Value::Object(old)), Some(Value::Object(new))) =
                (stored.get(&attribute.name), body.get_mut(&attribute.name))
        {
            immutable(&attribute.sub, old, new)?;
        }
    }
    Ok(())
}

/// Keeps `active` where a PUT does not speak of it: a replacement that leaves it out must not let
/// a locked-out person in again (RFC 7644 section 3.5.1 leaves omitted attributes to the provider).
pub fn keep_active(kind: &ResourceType, stored: &Object, body: &mut Object, spoken: bool) {
    if kind.slot == slots::USER
        && !spoken
        && let Some(active) = stored.get("active")
    {
        body.entry("active").or_insert_with(|| active.clone());
    }
}
