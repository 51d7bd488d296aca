//! Schemas and resource types: which attributes exist and what may be done with them
//! (RFC 7643 sections 2.2, 6 and 7).

mod alter;
mod load;
mod registry;

pub use load::{SchemaError, load_schemas};
pub use registry::{ENTERPRISE, GROUP, Registry, ResourceType, USER, slots};

use serde_json::Value;

/// The data type of an attribute (RFC 7643 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An `xsd:dateTime`.
    DateTime,
    /// Base64 of bytes.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// Who may write an attribute (RFC 7643 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Only the provider.
    ReadOnly,
    /// Anyone, at any time.
    ReadWrite,
    /// Once.
    Immutable,
    /// Anyone, but nobody reads it.
    WriteOnly,
}

/// When an attribute is part of an answer (RFC 7643 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every answer.
    Always,
    /// In none.
    Never,
    /// Unless something else is asked for.
    Default,
    /// Only when asked for, or just written.
    Request,
}

/// How far a value must be unique (RFC 7643 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Not at all.
    None,
    /// Within the resource type.
    Server,
    /// Everywhere.
    Global,
}

/// One attribute with its characteristics.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The name as declared; compared without case.
    pub name: String,
    /// The data type.
    pub kind: Kind,
    /// Whether it is a list.
    pub multi: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether letter case has a meaning.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// How far it is unique.
    pub uniqueness: Uniqueness,
    /// The suggested values.
    pub canonical: Vec<String>,
    /// The sub-attributes of a complex attribute.
    pub sub: Vec<Attribute>,
}

impl Attribute {
    /// The sub-attribute of this name, without regard to case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        find(&self.sub, name)
    }
}

/// A named set of attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The attributes, common ones left out.
    pub attributes: Vec<Attribute>,
    /// The resource as `/Schemas` shows it, but for `meta.location`.
    pub source: Value,
}

impl Schema {
    /// The attribute of this name, without regard to case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }
}

/// The attribute of this name in a list, without regard to case.
pub fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
