//! What the judge knows of attributes: the published schemas (RFC 7643 section 8.7 with its errata), overlaid by what
//! the target itself declares in /Schemas.
//!
//! The target's documents are foreign input: sizes and depth are bounded, and whatever does not look like a schema
//! is passed over.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::path::is_core_urn;
use super::{AttrPath, named};

/// The type of an attribute (RFC 7643 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    String,
    /// `boolean`
    Boolean,
    /// `decimal`
    Decimal,
    /// `integer`
    Integer,
    /// `dateTime`
    DateTime,
    /// `binary`
    Binary,
    /// `reference`
    Reference,
    /// `complex`
    Complex,
}

/// When an attribute is returned (RFC 7643 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// `always`
    Always,
    /// `never`
    Never,
    /// `default`
    Default,
    /// `request`
    Request,
}

/// An attribute or sub-attribute with its characteristics.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The name as declared.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it holds an array.
    pub multi_valued: bool,
    /// Whether it must have a value.
    pub required: bool,
    /// Whether case counts when values are compared.
    pub case_exact: bool,
    /// `readOnly`, `readWrite`, `immutable` or `writeOnly`, as declared.
    pub mutability: String,
    /// When it is returned.
    pub returned: Returned,
    /// `none`, `server` or `global`, as declared.
    pub uniqueness: String,
    /// Suggested values.
    pub canonical_values: Vec<String>,
    /// What a reference may refer to: `external`, `uri` or names of resource types.
    pub reference_types: Vec<String>,
    /// Sub-attributes of a complex attribute.
    pub sub: Vec<Attribute>,
}

/// A schema: the attributes of a core type or of an extension.
#[derive(Debug, Clone, PartialEq)]
struct Schema {
    attributes: Vec<Attribute>,
}

/// What is known of attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaView {
    /// URN in lower case -> schema.
    published: BTreeMap<String, Schema>,
    /// The same from the target's own /Schemas.
    declared: BTreeMap<String, Schema>,
    common: Vec<Attribute>,
}

/// Attributes read from one list of the target; a real schema has some dozens.
const MOST_ATTRIBUTES: usize = 2_000;
/// Schemas read from the target.
const MOST_SCHEMAS: usize = 200;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:user";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:group";

static STANDARD: LazyLock<SchemaView> = LazyLock::new(SchemaView::published);

impl SchemaView {
    /// The published schemas alone.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    fn published() -> Self {
        let texts = [
            include_str!("../../fixtures/schemas/User.json"),
            include_str!("../../fixtures/schemas/Group.json"),
            include_str!("../../fixtures/schemas/EnterpriseUser.json"),
            include_str!("../../fixtures/schemas/ServiceProviderConfig.json"),
            include_str!("../../fixtures/schemas/ResourceType.json"),
            include_str!("../../fixtures/schemas/Schema.json"),
        ];
        let mut view = Self {
            published: BTreeMap::new(),
            declared: BTreeMap::new(),
            common: Vec::new(),
        };
        for text in texts {
            let document: Value =
                serde_json::from_str(text).expect("fixtures/schemas are JSON; a test reads them");
            view.published.extend(read_schema(&document));
        }
        let common: Value = serde_json::from_str(include_str!(
            "../../fixtures/schemas/common-attributes.json"
        ))
        .expect("fixtures/schemas are JSON; a test reads them");
        view.common = read_attributes(named(&common, "attributes"), 0);
        let overlay: Value =
            serde_json::from_str(include_str!("../../fixtures/schemas/errata-overlay.json"))
                .expect("fixtures/schemas are JSON; a test reads them");
        view.correct(&overlay);
        view
    }

    /// Adds attributes that the errata found missing; corrected characteristics stay as published, since a fair judge accepts both.
    fn correct(&mut self, overlay: &Value) {
        let entries = named(overlay, "overlay")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for entry in entries {
            let text = |name: &str| {
                named(entry, name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            if text("field") != "(missing)" && text("field") != "(extension)" {
                continue;
            }
            let Some(schema) = self.published.get_mut(&text("schema").to_ascii_lowercase()) else {
                continue;
            };
            let Some(attribute) = named(entry, "corrected").and_then(|v| read_attribute(v, 0))
            else {
                continue;
            };
            let mut list = &mut schema.attributes;
            let path = text("path");
            if let Some((parent, _)) = path.rsplit_once('.') {
                let Some(found) = list.iter_mut().find(|a| a.name == parent) else {
                    continue;
                };
                list = &mut found.sub;
            }
            if !list.iter().any(|a| a.name == attribute.name) {
                list.push(attribute);
            }
        }
    }

    /// The published schemas overlaid by the target's own documents: what /Schemas answered (a ListResponse, a bare array or a
    /// single schema). Anything that is no schema is passed over.
    #[must_use]
    pub fn with_target(documents: &[Value]) -> Self {
        let mut view = Self::standard().clone();
        for document in documents {
            let list = named(document, "Resources").unwrap_or(document);
            let items = if let Value::Array(items) = list {
                items.as_slice()
            } else {
                std::slice::from_ref(list)
            };
            for item in items {
                if view.declared.len() < MOST_SCHEMAS {
                    view.declared.extend(read_schema(item));
                }
            }
        }
        view
    }

    /// True where the target declared schemas of its own.
    #[must_use]
    pub fn has_target(&self) -> bool {
        !self.declared.is_empty()
    }

    /// True where this URN is a schema that is published or that the target declares.
    #[must_use]
    pub fn knows_schema(&self, urn: &str) -> bool {
        schema_of(&self.published, urn).is_some() || schema_of(&self.declared, urn).is_some()
    }

    /// The attribute at a path. What the target declares goes before what is published.
    #[must_use]
    pub fn attribute(&self, path: &AttrPath) -> Option<&Attribute> {
        self.find(path, &[&self.declared, &self.published])
            .or_else(|| {
                self.leaves_parts_open(path)
                    .then(|| self.published_attribute(path))
                    .flatten()
            })
    }

    /// The attribute at a path as RFC 7643 publishes it.
    #[must_use]
    pub fn published_attribute(&self, path: &AttrPath) -> Option<&Attribute> {
        self.find(path, &[&self.published])
    }

    /// The attribute at a path as the target declares it.
    #[must_use]
    pub fn declared_attribute(&self, path: &AttrPath) -> Option<&Attribute> {
        self.find(path, &[&self.declared])
    }

    /// Whether the path leads into an attribute that the target declares without any parts: that says nothing of them.
    #[must_use]
    pub fn leaves_parts_open(&self, path: &AttrPath) -> bool {
        let whole = AttrPath {
            segments: path.segments.iter().take(1).cloned().collect(),
            ..path.clone()
        };
        path.segments.len() > 1
            && self
                .declared_attribute(&whole)
                .is_some_and(|attribute| attribute.sub.is_empty())
    }

    fn find<'a>(
        &'a self,
        path: &AttrPath,
        from: &[&'a BTreeMap<String, Schema>],
    ) -> Option<&'a Attribute> {
        let (first, rest) = path.segments.split_first()?;
        let at = |list: &'a [Attribute]| {
            list.iter()
                .find(|a| a.name.eq_ignore_ascii_case(&first.name))
        };
        let mut found = match path.urn.as_deref() {
            Some(urn) if !is_core_urn(urn) => from
                .iter()
                .find_map(|schemas| schema_of(schemas, urn).and_then(|s| at(&s.attributes)))?,
            _ => at(&self.common).or_else(|| {
                [USER, GROUP].iter().find_map(|urn| {
                    from.iter()
                        .find_map(|s| s.get(*urn).and_then(|s| at(&s.attributes)))
                })
            })?,
        };
        for segment in rest {
            found = found
                .sub
                .iter()
                .find(|a| a.name.eq_ignore_ascii_case(&segment.name))?;
        }
        Some(found)
    }

    /// The attributes of a schema as the target declares it, else as published.
    #[must_use]
    pub fn attributes_of(&self, urn: &str) -> &[Attribute] {
        schema_of(&self.declared, urn)
            .or_else(|| schema_of(&self.published, urn))
            .map_or(&[], |s| &s.attributes)
    }

    /// The attributes of a schema as the target declares it.
    #[must_use]
    pub fn declared_attributes_of(&self, urn: &str) -> &[Attribute] {
        schema_of(&self.declared, urn).map_or(&[], |s| &s.attributes)
    }

    /// The attributes of a schema as RFC 7643 publishes it.
    #[must_use]
    pub fn published_attributes_of(&self, urn: &str) -> &[Attribute] {
        schema_of(&self.published, urn).map_or(&[], |s| &s.attributes)
    }

    /// URNs (in lower case) of all schemas, published and declared.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.published
            .keys()
            .chain(self.declared.keys())
            .map(String::as_str)
    }

    /// URNs (in lower case) of the schemas that the target declares.
    pub fn declared_schemas(&self) -> impl Iterator<Item = &str> {
        self.declared.keys().map(String::as_str)
    }

    /// Whether case counts for a value at this path.
    ///
    /// Ids and references are case exact by the text of RFC 7643 sections 3.1 and 2.3.7, whatever its printed schemas say; what nobody declares is
    /// taken as exact too.
    #[must_use]
    pub fn case_exact(&self, path: &AttrPath) -> bool {
        let key = path.key();
        let id = matches!(
            key.as_str(),
            "id" | "externalid" | "members.value" | "groups.value" | "schemas"
        ) || key.ends_with(":user:manager.value")
            || key.ends_with(".$ref")
            || key.starts_with("meta.");
        id || self
            .attribute(path)
            .is_none_or(|a| a.case_exact || matches!(a.kind, Kind::Reference | Kind::Binary))
    }
}

/// The schema of a URN in any case. There are a dozen, of different lengths: to look at all is faster than to write the
/// URN anew in lower case.
fn schema_of<'a>(schemas: &'a BTreeMap<String, Schema>, urn: &str) -> Option<&'a Schema> {
    schemas
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(urn))
        .map(|(_, schema)| schema)
}

fn read_schema(document: &Value) -> Option<(String, Schema)> {
    let id = named(document, "id")?.as_str()?.to_ascii_lowercase();
    let attributes = read_attributes(named(document, "attributes"), 0);
    (id.len() <= 512 && !attributes.is_empty()).then_some((id, Schema { attributes }))
}

fn read_attributes(list: Option<&Value>, depth: usize) -> Vec<Attribute> {
    let items = list
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .take(MOST_ATTRIBUTES)
        .filter_map(|item| read_attribute(item, depth))
        .collect()
}

fn read_attribute(item: &Value, depth: usize) -> Option<Attribute> {
    if depth > 4 {
        return None;
    }
    let text = |name: &str| {
        named(item, name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let flag = |name: &str| named(item, name).and_then(Value::as_bool).unwrap_or(false);
    let name = text("name").to_owned();
    if name.is_empty() || name.len() > 512 {
        return None;
    }
    let sub = read_attributes(named(item, "subAttributes"), depth + 1);
    // Characteristics that are left out have the defaults of RFC 7643 section 2.2.
    let kind = match text("type").to_ascii_lowercase().as_str() {
        "boolean" => Kind::Boolean,
        "decimal" => Kind::Decimal,
        "integer" => Kind::Integer,
        "datetime" => Kind::DateTime,
        "binary" => Kind::Binary,
        "reference" => Kind::Reference,
        "complex" => Kind::Complex,
        _ if !sub.is_empty() => Kind::Complex,
        _ => Kind::String,
    };
    let texts = |name: &str| -> Vec<String> {
        named(item, name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .take(500)
            .map(str::to_owned)
            .collect()
    };
    Some(Attribute {
        name,
        kind,
        multi_valued: flag("multiValued"),
        required: flag("required"),
        case_exact: flag("caseExact"),
        mutability: text("mutability").to_owned(),
        returned: match text("returned").to_ascii_lowercase().as_str() {
            "always" => Returned::Always,
            "never" => Returned::Never,
            "request" => Returned::Request,
            _ => Returned::Default,
        },
        uniqueness: text("uniqueness").to_owned(),
        canonical_values: texts("canonicalValues"),
        reference_types: texts("referenceTypes"),
        sub,
    })
}
