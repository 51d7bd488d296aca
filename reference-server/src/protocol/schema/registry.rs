//! The set of schemas and resource types that a server speaks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::load::{attributes, load_schemas, state_defaults};
use super::{Attribute, Kind, Mutability, Returned, Schema, SchemaError, Uniqueness, find};
use crate::protocol::leniency::Leniency;

/// The URN of the User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of the enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The embedded schema resources, in the order in which `/Schemas` lists them.
const EMBEDDED: [&str; 6] = [
    include_str!("../../../schemas/User.json"),
    include_str!("../../../schemas/Group.json"),
    include_str!("../../../schemas/EnterpriseUser.json"),
    include_str!("../../../schemas/ServiceProviderConfig.json"),
    include_str!("../../../schemas/ResourceType.json"),
    include_str!("../../../schemas/Schema.json"),
];
pub(super) const COMMON: &str = include_str!("../../../schemas/common-attributes.json");

/// Positions of the two built-in types in [`Registry::types`].
pub mod slots {
    /// The User type.
    pub const USER: u8 = 0;
    /// The Group type.
    pub const GROUP: u8 = 1;
}

/// A kind of resource (RFC 7643 section 6).
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// Its position in the registry, which stored resources carry.
    pub slot: u8,
    /// The name, used in `meta.resourceType`.
    pub name: String,
    /// The path below the base URL, with its leading slash.
    pub endpoint: String,
    /// A sentence for people.
    pub description: String,
    /// The base schema.
    pub schema: Arc<Schema>,
    /// The extensions, and whether each is required.
    pub extensions: Vec<(Arc<Schema>, bool)>,
    /// The attributes that every resource has (RFC 7643 section 3.1).
    pub common: Arc<Vec<Attribute>>,
    /// Whether some attribute is returned never or only on request, so that a stored document
    /// cannot be handed out as it is.
    pub guarded: bool,
}

impl ResourceType {
    /// The core or common attribute of this name.
    pub fn core(&self, name: &str) -> Option<&Attribute> {
        self.schema
            .attribute(name)
            .or_else(|| find(&self.common, name))
    }

    /// The extension with this URN, without regard to case.
    pub fn extension(&self, urn: &str) -> Option<&Arc<Schema>> {
        self.extensions
            .iter()
            .map(|(schema, _)| schema)
            .find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// Whether this is the type whose members stand beside the document.
    pub fn has_members(&self) -> bool {
        self.slot == slots::GROUP && self.schema.id == GROUP
    }

    fn seal(&mut self) {
        let guarded = |attribute: &Attribute| {
            // Passwords are dropped before a document is stored, so they need no guard.
            let kept = attribute.mutability != Mutability::WriteOnly;
            kept && matches!(attribute.returned, Returned::Never | Returned::Request)
        };
        self.guarded = std::iter::once(&self.schema)
            .chain(self.extensions.iter().map(|(schema, _)| schema))
            .flat_map(|schema| &schema.attributes)
            .any(|attribute| guarded(attribute) || attribute.sub.iter().any(guarded));
    }
}

/// All schemas and resource types of a server.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The schemas, in listing order.
    pub schemas: Vec<Arc<Schema>>,
    /// The resource types, in listing order; `slot` is the position.
    pub types: Vec<ResourceType>,
}

impl Registry {
    /// The built-in schemas: User with the enterprise extension, and Group.
    ///
    /// # Errors
    /// Never for the data that is shipped; the type is that of the loader.
    pub fn built_in(leniency: &Leniency) -> Result<Self, SchemaError> {
        let common: Value = serde_json::from_str(COMMON)?;
        let common = Arc::new(attributes(
            common.get("attributes"),
            "common attributes",
            true,
        )?);
        let mut schemas = Vec::new();
        for text in EMBEDDED {
            for mut schema in load_schemas(text)? {
                if schema.id == GROUP && leniency.unique_group_names {
                    declare_unique(&mut schema, "displayName");
                }
                schemas.push(Arc::new(schema));
            }
        }
        let mut registry = Self {
            schemas,
            types: Vec::new(),
        };
        for (name, endpoint, urn, extension, description) in [
            ("User", "/Users", USER, Some(ENTERPRISE), "User accounts"),
            (
                "Group",
                "/Groups",
                GROUP,
                None,
                "Groups of users and of groups",
            ),
        ] {
            let extensions = extension
                .and_then(|urn| registry.schema(urn))
                .map(|schema| (Arc::clone(schema), false));
            let Some(schema) = registry.schema(urn).map(Arc::clone) else {
                continue;
            };
            let mut kind = ResourceType {
                slot: u8::try_from(registry.types.len()).unwrap_or(u8::MAX),
                name: name.to_owned(),
                endpoint: endpoint.to_owned(),
                description: description.to_owned(),
                schema,
                extensions: extensions.into_iter().collect(),
                common: Arc::clone(&common),
                guarded: false,
            };
            kind.seal();
            registry.types.push(kind);
        }
        Ok(registry)
    }

    /// Adds the schemas and resource types of a user's file: schemas as objects with `attributes`,
    /// resource types as objects with `endpoint`, and `{"extend": "User", "schema": URN}` to add
    /// an extension to a built-in type, `{"addTo": URN, "attributes": [...]}` to add attributes to a
    /// schema that is there, `{"alter": URN, "path": "name.familyName", "set": {...}}` to give an
    /// attribute other characteristics. A file is one such object, a list, or a list answer.
    ///
    /// # Errors
    /// When a definition is incomplete, names an unknown schema, or repeats what exists.
    pub fn add(&mut self, text: &str) -> Result<(), SchemaError> {
        let wrong = |place: &str, what: &str| SchemaError::Definition {
            place: place.to_owned(),
            what: what.to_owned(),
        };
        let value: Value = serde_json::from_str(text)?;
        let list = match value {
            Value::Array(list) => list,
            Value::Object(mut object) => match object.shift_remove("Resources") {
                Some(Value::Array(list)) => list,
                _ => vec![Value::Object(object)],
            },
            _ => return Err(wrong("the file", "expected an object or a list")),
        };
        for mut entry in list {
            if let Some(list) = entry.get_mut("attributes") {
                state_defaults(list);
            }
            let name = |member: &str| {
                entry
                    .get(member)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            if entry.get("addTo").is_some() {
                self.add_attributes(&name("addTo"), &entry)?;
            } else if entry.get("alter").is_some() {
                self.alter(&name("alter"), &name("path"), entry.get("set"))?;
            } else if entry.get("extend").is_some() {
                let schema = self
                    .schema(&name("schema"))
                    .map(Arc::clone)
                    .ok_or_else(|| wrong(&name("schema"), "is not defined before"))?;
                let required = entry
                    .get("required")
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
                let kind = self
                    .types
                    .iter_mut()
                    .find(|kind| kind.name == name("extend"))
                    .ok_or_else(|| wrong(&name("extend"), "is no resource type"))?;
                kind.extensions.push((schema, required));
                kind.seal();
            } else if entry.get("endpoint").is_some() {
                self.add_type(&entry)?;
            } else {
                for schema in load_schemas(&entry.to_string())? {
                    if self.schema(&schema.id).is_some() {
                        return Err(wrong(&schema.id, "is defined twice"));
                    }
                    self.schemas.push(Arc::new(schema));
                }
            }
        }
        Ok(())
    }

    /// Adds attributes of a customer's own to a schema that is there.
    fn add_attributes(&mut self, urn: &str, entry: &Value) -> Result<(), SchemaError> {
        let added = attributes(entry.get("attributes"), urn, true)?;
        let Some(listed) = self.schemas.iter_mut().find(|schema| schema.id == urn) else {
            return Err(SchemaError::Definition {
                place: urn.to_owned(),
                what: "is not defined before".to_owned(),
            });
        };
        let schema = Arc::make_mut(listed);
        schema.attributes.extend(added);
        let shown = schema
            .source
            .get_mut("attributes")
            .and_then(Value::as_array_mut);
        if let (Some(shown), Some(new)) = (shown, entry.get("attributes").and_then(Value::as_array))
        {
            shown.extend(new.iter().cloned());
        }
        let schema = Arc::clone(listed);
        self.spread(urn, &schema);
        Ok(())
    }

    /// Gives every type the new form of a schema.
    pub(super) fn spread(&mut self, urn: &str, schema: &Arc<Schema>) {
        for kind in &mut self.types {
            if kind.schema.id == urn {
                kind.schema = Arc::clone(schema);
            }
            for (extension, _) in kind.extensions.iter_mut().filter(|(one, _)| one.id == urn) {
                *extension = Arc::clone(schema);
            }
            kind.seal();
        }
    }

    /// Takes away what a server does not have: a whole type or extension by the URN of its schema,
    /// an attribute by type and path, such as `User.name.middleName`. What is not there is passed over.
    pub fn leave_out(&mut self, what: &str) {
        if what.starts_with("urn:") {
            self.types.retain(|kind| kind.schema.id != what);
            for kind in &mut self.types {
                kind.extensions.retain(|(schema, _)| schema.id != what);
            }
            self.schemas.retain(|schema| schema.id != what);
            return;
        }
        let mut path = what.split('.');
        let (Some(kind), Some(name), sub) = (path.next(), path.next(), path.next()) else {
            return;
        };
        let Some(kind) = self.types.iter_mut().find(|one| one.name == kind) else {
            return;
        };
        let schema = Arc::make_mut(&mut kind.schema);
        forget(
            &mut schema.attributes,
            schema.source.get_mut("attributes"),
            name,
            sub,
        );
        let schema = Arc::clone(&kind.schema);
        kind.seal();
        if let Some(listed) = self.schemas.iter_mut().find(|one| one.id == schema.id) {
            *listed = schema;
        }
    }

    fn add_type(&mut self, entry: &Value) -> Result<(), SchemaError> {
        let wrong = |place: &str, what: &str| SchemaError::Definition {
            place: place.to_owned(),
            what: what.to_owned(),
        };
        let text = |value: &Value, member: &str| {
            value
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let name = text(entry, "name");
        if name.is_empty() || self.types.iter().any(|kind| kind.name == name) {
            return Err(wrong(&name, "a resource type needs a name of its own"));
        }
        let find = |urn: String| {
            self.schema(&urn)
                .map(Arc::clone)
                .ok_or_else(|| wrong(&urn, "is not defined before"))
        };
        let schema = find(text(entry, "schema"))?;
        let mut extensions = Vec::new();
        for extension in entry
            .get("schemaExtensions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let required = extension
                .get("required")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            extensions.push((find(text(extension, "schema"))?, required));
        }
        let slot =
            u8::try_from(self.types.len()).map_err(|_| wrong(&name, "too many resource types"))?;
        let common = self
            .types
            .first()
            .map(|kind| Arc::clone(&kind.common))
            .unwrap_or_default();
        let endpoint = format!("/{}", text(entry, "endpoint").trim_matches('/'));
        let mut kind = ResourceType {
            slot,
            description: text(entry, "description"),
            name,
            endpoint,
            schema,
            extensions,
            common,
            guarded: false,
        };
        kind.seal();
        self.types.push(kind);
        Ok(())
    }

    /// The schema with this URN, without regard to case.
    pub fn schema(&self, urn: &str) -> Option<&Arc<Schema>> {
        self.schemas
            .iter()
            .find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// The type that answers below this path segment, such as `Users`.
    pub fn at(&self, segment: &str) -> Option<&ResourceType> {
        self.types
            .iter()
            .find(|kind| kind.endpoint.trim_start_matches('/') == segment)
    }

    /// The type at a position that a stored resource carries.
    pub fn kind(&self, slot: u8) -> &ResourceType {
        &self.types[usize::from(slot)]
    }

    /// A type as `/ResourceTypes` shows it, but for `meta.location`.
    pub fn describe(kind: &ResourceType) -> Value {
        let mut value = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": kind.name,
            "name": kind.name,
            "endpoint": kind.endpoint,
            "description": kind.description,
            "schema": kind.schema.id,
        });
        if !kind.extensions.is_empty() {
            let list = kind
                .extensions
                .iter()
                .map(|(schema, required)| json!({"schema": schema.id, "required": required}));
            value["schemaExtensions"] = Value::Array(list.collect());
        }
        value
    }
}

/// Takes an attribute, or a sub-attribute of it, out of a definition and of what `/Schemas` shows.
fn forget(
    attributes: &mut Vec<Attribute>,
    shown: Option<&mut Value>,
    name: &str,
    sub: Option<&str>,
) {
    let is = |entry: &Value, name: &str| entry.get("name").and_then(Value::as_str) == Some(name);
    let shown = shown.and_then(Value::as_array_mut);
    let Some(sub) = sub else {
        attributes.retain(|attribute| attribute.name != name);
        if let Some(shown) = shown {
            shown.retain(|entry| !is(entry, name));
        }
        return;
    };
    if let Some(attribute) = attributes.iter_mut().find(|one| one.name == name) {
        attribute.sub.retain(|one| one.name != sub);
    }
    let entry = shown.and_then(|shown| shown.iter_mut().find(|entry| is(entry, name)));
    if let Some(entry) = entry
        && let Some(list) = entry.get_mut("subAttributes").and_then(Value::as_array_mut)
    {
        list.retain(|entry| !is(entry, sub));
    }
}

/// Declares an attribute unique, in the definition and in what `/Schemas` shows.
fn declare_unique(schema: &mut Schema, name: &str) {
    for attribute in schema
        .attributes
        .iter_mut()
        .filter(|attribute| attribute.name == name)
    {
        debug_assert!(
            attribute.kind != Kind::Complex,
            "a complex attribute has no uniqueness"
        );
        attribute.uniqueness = Uniqueness::Server;
    }
    if let Some(list) = schema
        .source
        .get_mut("attributes")
        .and_then(Value::as_array_mut)
    {
        for entry in list
            .iter_mut()
            .filter(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
        {
            entry["uniqueness"] = json!("server");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_schemas_load_and_hold_together() {
        for leniency in [Leniency::DEFAULT, Leniency::STRICT] {
            let registry = Registry::built_in(&leniency).expect("the shipped schemas load");
            assert_eq!(registry.schemas.len(), 6);
            assert_eq!(registry.kind(slots::USER).name, "User");
            assert_eq!(registry.kind(slots::GROUP).name, "Group");
            assert!(
                !registry.kind(slots::USER).guarded,
                "the password is dropped, nothing else is hidden"
            );
            let name = registry
                .kind(slots::GROUP)
                .core("DISPLAYNAME")
                .expect("groups have names");
            assert!(name.required, "erratum 5368");
            assert_eq!(
                name.uniqueness == Uniqueness::Server,
                leniency.unique_group_names
            );
        }
    }

    #[test]
    fn a_file_adds_schemas_extensions_and_types() {
        let mut registry =
            Registry::built_in(&Leniency::DEFAULT).expect("the shipped schemas load");
        let file = r#"[
            {"id":"urn:example:badge","name":"Badge","attributes":[{"name":"colour","returned":"request"}]},
            {"extend":"User","schema":"urn:example:badge"},
            {"name":"Device","endpoint":"/Devices","schema":"urn:example:badge","description":"Devices"}
        ]"#;
        registry.add(file).expect("the file loads");
        assert!(
            registry
                .kind(slots::USER)
                .extension("URN:example:Badge")
                .is_some()
        );
        assert!(registry.kind(slots::USER).guarded);
        assert_eq!(registry.at("Devices").expect("there").slot, 2);
        assert!(
            registry.add(file).is_err(),
            "what exists is not defined twice"
        );
    }
}
