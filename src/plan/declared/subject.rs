//! What the target invented: attributes of people beyond the published schemas, and resource types of its own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::scim::{AttrPath, Attribute, Kind, Returned, SchemaView, named};

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Attributes that are tried at most; a schema of a real target has some dozens.
pub(super) const MOST: usize = 60;

/// Resource types of the target's own that are tried at most.
const MOST_TYPES: usize = 2;

/// An attribute with the path under which a body has it.
pub(super) struct Own<'a> {
    pub(super) path: String,
    pub(super) urn: Option<String>,
    pub(super) attribute: &'a Attribute,
}

/// A resource type and those of its attributes that are tried.
pub(super) struct Subject<'a> {
    /// `/Users`.
    pub(super) endpoint: String,
    /// The URN of the base schema.
    pub(super) schema: String,
    /// URNs of extensions without which there is no resource.
    pub(super) required: BTreeSet<String>,
    pub(super) own: Vec<Own<'a>>,
}

/// The elements of /ResourceTypes.
fn types(resource_types: Option<&Value>) -> impl Iterator<Item = &Value> {
    resource_types
        .and_then(|document| named(document, "Resources"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    named(value, name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The extensions of a type, and whether each is required.
fn extensions(one: &Value) -> Vec<(String, bool)> {
    named(one, "schemaExtensions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|extension| {
            let required = named(extension, "required").and_then(Value::as_bool);
            (
                text(extension, "schema").to_owned(),
                required.unwrap_or(false),
            )
        })
        .filter(|(urn, _)| !urn.is_empty())
        .collect()
}

/// `/Users` of `Users/`, and of an absolute URL that ends so.
fn endpoint(one: &Value) -> String {
    let last = text(one, "endpoint").trim_matches('/').to_owned();
    format!("/{last}")
}

/// What RFC 7643 section 3.1 gives every resource.
fn is_common(name: &str) -> bool {
    ["id", "externalId", "meta", "schemas"]
        .iter()
        .any(|common| common.eq_ignore_ascii_case(name))
}

fn in_extension<'a>(schema: &'a SchemaView, urn: &str) -> Vec<Own<'a>> {
    schema
        .declared_attributes_of(urn)
        .iter()
        .map(|attribute| Own {
            path: format!("{urn}:{}", attribute.name),
            urn: Some(urn.to_owned()),
            attribute,
        })
        .collect()
}

fn in_core<'a>(schema: &'a SchemaView, urn: &str) -> Vec<Own<'a>> {
    schema
        .declared_attributes_of(urn)
        .iter()
        .filter(|attribute| !is_common(&attribute.name))
        .map(|attribute| Own {
            path: attribute.name.clone(),
            urn: None,
            attribute,
        })
        .collect()
}

fn is_published(schema: &SchemaView, own: &Own<'_>) -> bool {
    schema
        .published_attributes_of(own.urn.as_deref().unwrap_or(USER))
        .iter()
        .any(|known| known.name.eq_ignore_ascii_case(&own.attribute.name))
}

fn usable(own: &Own<'_>) -> bool {
    AttrPath::parse(&own.path).is_ok()
}

/// People, with the attributes that are the target's own.
pub(super) fn people<'a>(schema: &'a SchemaView, resource_types: Option<&Value>) -> Subject<'a> {
    let all = everything_of_people(schema, resource_types);
    Subject {
        own: all
            .own
            .into_iter()
            .filter(|own| !is_published(schema, own))
            .take(MOST)
            .collect(),
        ..all
    }
}

/// People, with all attributes that are declared for them.
pub(super) fn everything_of_people<'a>(
    schema: &'a SchemaView,
    resource_types: Option<&Value>,
) -> Subject<'a> {
    let extensions: Vec<(String, bool)> = types(resource_types)
        .filter(|one| endpoint(one) == "/Users")
        .flat_map(extensions)
        .collect();
    let mut own = in_core(schema, USER);
    own.extend(
        extensions
            .iter()
            .flat_map(|(urn, _)| in_extension(schema, urn)),
    );
    own.retain(usable);
    Subject {
        endpoint: "/Users".to_owned(),
        schema: USER.to_owned(),
        required: extensions
            .into_iter()
            .filter_map(|(urn, required)| required.then_some(urn))
            .collect(),
        own,
    }
}

/// Resource types other than User and Group that a client can make by their declaration: something in them can carry the
/// run's tag, without which nothing that a run made could be told from what is not its own.
pub(super) fn invented<'a>(
    schema: &'a SchemaView,
    resource_types: Option<&Value>,
) -> Vec<Subject<'a>> {
    types(resource_types)
        .filter_map(|one| {
            let (endpoint, urn) = (endpoint(one), text(one, "schema"));
            let known = [USER, GROUP]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(urn))
                || ["/Users", "/Groups"].contains(&endpoint.as_str());
            let plain = endpoint.len() > 1
                && endpoint[1..]
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            if known || !plain {
                return None;
            }
            let mut own = in_core(schema, urn);
            let extensions = extensions(one);
            own.extend(
                extensions
                    .iter()
                    .flat_map(|(urn, _)| in_extension(schema, urn)),
            );
            own.retain(usable);
            own.truncate(MOST);
            let subject = Subject {
                endpoint,
                schema: urn.to_owned(),
                required: extensions
                    .into_iter()
                    .filter_map(|(urn, required)| required.then_some(urn))
                    .collect(),
                own,
            };
            subject.bearer().is_some().then_some(subject)
        })
        .take(MOST_TYPES)
        .collect()
}

impl Subject<'_> {
    /// The attribute by which a resource is known as ours: free text that comes back as it was sent, of the base schema.
    pub(super) fn bearer(&self) -> Option<(usize, &Own<'_>)> {
        let fits = |own: &Own<'_>| {
            own.urn.is_none()
                && own.attribute.kind == Kind::String
                && !own.attribute.multi_valued
                && own.attribute.canonical_values.is_empty()
                && writable(own.attribute)
        };
        let all = || self.own.iter().enumerate().filter(|(_, own)| fits(own));
        all()
            .find(|(_, own)| own.attribute.required && is(own.attribute, "readWrite"))
            .or_else(|| all().find(|(_, own)| is(own.attribute, "readWrite")))
            .or_else(|| all().next())
    }
}

/// What says nothing is readWrite (RFC 7643 section 2.2).
pub(super) fn is(attribute: &Attribute, mutability: &str) -> bool {
    let said = match attribute.mutability.as_str() {
        "" => "readWrite",
        said => said,
    };
    said.eq_ignore_ascii_case(mutability)
}

/// Whether a client has a say in it.
pub(super) fn settable(attribute: &Attribute) -> bool {
    !is(attribute, "readOnly")
}

/// What is stored as it was sent and comes back unasked.
pub(super) fn writable(attribute: &Attribute) -> bool {
    matches!(attribute.returned, Returned::Always | Returned::Default)
        && (is(attribute, "readWrite") || is(attribute, "immutable"))
}
