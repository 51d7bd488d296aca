//! Which attribute of an identity provider goes to which SCIM path, with values to try: fixtures/mappings/PROFILE.toml.
//!
//! A mapping is a table of rows; an administrator (or a target profile) changes it row by row ([`change`]). Values may hold
//! `{{unique}}` and its kin, which are filled in when a case is played. `{{manager.id}}` and `{{manager2.id}}` are two users
//! made for the purpose; only rows with `refers` use them.

mod change;

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use change::{Change, ChangeError};

use super::DataError;
use crate::results::CertaintyLevel;

/// The profiles that have a default mapping, with file and text.
const FILES: &[(&str, &str, &str)] = &[
    (
        "okta",
        "fixtures/mappings/okta.toml",
        include_str!("../../../fixtures/mappings/okta.toml"),
    ),
    (
        "entra",
        "fixtures/mappings/entra.toml",
        include_str!("../../../fixtures/mappings/entra.toml"),
    ),
    (
        "jumpcloud",
        "fixtures/mappings/jumpcloud.toml",
        include_str!("../../../fixtures/mappings/jumpcloud.toml"),
    ),
];

static ALL: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    read_all().expect("the tables of fixtures/mappings are embedded and read by a test")
});

/// The table of one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// `okta`.
    pub profile: String,
    /// Its rows, in the provider's order.
    pub rows: Vec<MappingRow>,
}

/// One attribute of the provider and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct MappingRow {
    /// The provider's name of the attribute, or its expression.
    pub attribute: String,
    /// The SCIM path at which the value arrives (RFC 7644 section 3.10 notation, URN prefix for extensions).
    pub path: String,
    /// Which resource it belongs to.
    pub resource: ResourceKind,
    /// The SCIM type of the value.
    pub kind: AttributeType,
    /// The values are arrays: the attribute is multi-valued and mapped as a whole.
    pub multi: bool,
    /// The first value.
    pub sample: Value,
    /// What it is changed to; equal to `sample` where it never changes.
    pub other: Value,
    /// Further values that real directories hold and that real servers stumble over.
    pub awkward: Vec<Value>,
    /// What the provider writes beside the value in the element of a multi-valued attribute.
    pub element: Map<String, Value>,
    /// The value is the id of another resource of this kind.
    pub refers: Option<ResourceKind>,
    /// It says who somebody is: losing it is a blocker.
    pub identity: bool,
    /// The administrator may match people (or groups) by it.
    pub matching: bool,
    /// In the table, but filled only where the administrator chose so.
    pub optional: bool,
    /// An attribute that the RFC makes readOnly although the provider writes it: ignoring it is right.
    pub read_only: bool,
    /// Sent on create.
    pub create: bool,
    /// Sent when it changes.
    pub update: bool,
    /// Who empties it.
    pub clear: Clear,
    /// The provider searches by it in its default set-up, or where it is the matching attribute.
    pub filter: bool,
    /// How sure the row is.
    pub certainty: CertaintyLevel,
    /// The administrator named the row: losing its value is a blocker.
    pub listed: bool,
}

/// The resource that a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum ResourceKind {
    /// `/Users`.
    User,
    /// `/Groups`.
    Group,
}

/// The data types of RFC 7643 section 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeType {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// `2026-04-12T08:00:00Z`.
    DateTime,
    /// Base64.
    Binary,
    /// A URI, or (for manager as Entra sends it) the id of a resource.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

impl AttributeType {
    /// The name in RFC 7643.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }

    /// The type of a name in RFC 7643.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::String,
            Self::Boolean,
            Self::Integer,
            Self::Decimal,
            Self::DateTime,
            Self::Binary,
            Self::Reference,
            Self::Complex,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }

    /// Whether a single value has this type as JSON. Text with `{{...}}` counts as text.
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Self::String | Self::DateTime | Self::Binary | Self::Reference => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Decimal => value.is_number(),
            Self::Complex => value.is_object(),
        }
    }
}

/// Who empties an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clear {
    /// Nobody.
    #[default]
    Never,
    /// Only the vendor's acceptance test; live jobs don't.
    Gate,
    /// The live client, in the forms of its profile.
    Live,
}

impl MappingRow {
    /// Whether `value` (alone or, for a multi-valued row, as an array) has the row's type.
    pub fn admits(&self, value: &Value) -> bool {
        match value {
            Value::Array(values) if self.multi => {
                values.iter().all(|value| self.kind.admits(value))
            }
            _ => !self.multi && self.kind.admits(value),
        }
    }

    /// Whether the value ever differs from what was created.
    pub fn changes(&self) -> bool {
        self.update && self.other != self.sample
    }
}

impl Mapping {
    /// The rows of a kind of resource.
    pub fn rows_of(&self, resource: ResourceKind) -> impl Iterator<Item = &MappingRow> {
        self.rows.iter().filter(move |row| row.resource == resource)
    }

    /// The row of a path; names compare without case (RFC 7643 section 2.1).
    pub fn row_at(&self, resource: ResourceKind, path: &str) -> Option<&MappingRow> {
        self.rows_of(resource)
            .find(|row| row.path.eq_ignore_ascii_case(path))
    }
}

/// The default table of a profile; `None` where the profile has none.
pub fn default_of(profile: &str) -> Option<&'static Mapping> {
    ALL.iter().find(|mapping| mapping.profile == profile)
}

/// All default tables.
pub fn all() -> &'static [Mapping] {
    &ALL
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: String,
    row: Vec<RowText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    attribute: String,
    path: String,
    #[serde(rename = "type")]
    kind: AttributeType,
    sample: Value,
    other: Value,
    certainty: CertaintyLevel,
    resource: Option<ResourceKind>,
    refers: Option<ResourceKind>,
    create: Option<bool>,
    update: Option<bool>,
    #[serde(default)]
    multi: bool,
    #[serde(default)]
    awkward: Vec<Value>,
    #[serde(default)]
    element: Map<String, Value>,
    #[serde(default)]
    identity: bool,
    #[serde(default)]
    matching: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    clear: Clear,
    #[serde(default)]
    filter: bool,
}

impl From<RowText> for MappingRow {
    fn from(text: RowText) -> Self {
        Self {
            attribute: text.attribute,
            path: text.path,
            resource: text.resource.unwrap_or(ResourceKind::User),
            kind: text.kind,
            multi: text.multi,
            sample: text.sample,
            other: text.other,
            awkward: text.awkward,
            element: text.element,
            refers: text.refers,
            identity: text.identity,
            matching: text.matching,
            optional: text.optional,
            read_only: text.read_only,
            create: text.create.unwrap_or(true),
            update: text.update.unwrap_or(true),
            clear: text.clear,
            filter: text.filter,
            certainty: text.certainty,
            listed: false,
        }
    }
}

fn read_all() -> Result<Vec<Mapping>, DataError> {
    FILES
        .iter()
        .map(|(profile, file, text)| read(profile, file, text))
        .collect()
}

fn read(profile: &str, file: &str, text: &str) -> Result<Mapping, DataError> {
    let error = |reason: String| DataError {
        file: file.to_owned(),
        line: 0,
        reason,
    };
    let table: File = toml::from_str(text).map_err(|e| error(e.to_string()))?;
    if table.profile != profile {
        return Err(error(format!("`profile` is `{}`", table.profile)));
    }
    let rows: Vec<MappingRow> = table.row.into_iter().map(MappingRow::from).collect();
    for row in &rows {
        let values = [&row.sample, &row.other].into_iter().chain(&row.awkward);
        if let Some(wrong) = values.into_iter().find(|value| !row.admits(value)) {
            return Err(error(format!(
                "{}: {wrong} is no {}",
                row.attribute,
                row.kind.as_str()
            )));
        }
    }
    Ok(Mapping {
        profile: profile.to_owned(),
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_with_all_its_rows() {
        assert_eq!(read_all().map(|all| all.len()), Ok(3));
        for (profile, users, groups) in [("okta", 33, 1), ("entra", 22, 2), ("jumpcloud", 24, 1)] {
            let mapping = default_of(profile).expect("each of the three has a table");
            assert_eq!(
                mapping.rows_of(ResourceKind::User).count(),
                users,
                "{profile}"
            );
            assert_eq!(
                mapping.rows_of(ResourceKind::Group).count(),
                groups,
                "{profile}"
            );
        }
        assert_eq!(default_of("rfc"), None);
    }

    #[test]
    fn attributes_and_paths_are_unique_in_a_table() {
        for mapping in all() {
            for (at, row) in mapping.rows.iter().enumerate() {
                for other in &mapping.rows[at + 1..] {
                    let same = row.resource == other.resource;
                    assert!(
                        !(same && row.path.eq_ignore_ascii_case(&other.path)),
                        "{} {}",
                        mapping.profile,
                        row.path
                    );
                    assert!(
                        !(same && row.attribute == other.attribute),
                        "{} {}",
                        mapping.profile,
                        row.attribute
                    );
                }
            }
        }
    }

    #[test]
    fn each_resource_has_one_identity_that_is_unique_in_every_run() {
        for mapping in all() {
            for resource in [ResourceKind::User, ResourceKind::Group] {
                let identities: Vec<&MappingRow> = mapping
                    .rows_of(resource)
                    .filter(|row| row.identity)
                    .collect();
                assert_eq!(identities.len(), 1, "{}: {resource:?}", mapping.profile);
                let row = identities[0];
                assert!(row.matching && row.filter);
                for value in [&row.sample, &row.other].into_iter().chain(&row.awkward) {
                    assert!(
                        value
                            .as_str()
                            .is_some_and(|text| text.contains("{{unique}}")),
                        "{value}"
                    );
                }
            }
        }
    }

    #[test]
    fn users_that_are_referred_to_are_named_only_where_the_row_says_so() {
        for row in all().iter().flat_map(|mapping| &mapping.rows) {
            let text = format!("{} {}", row.sample, row.other);
            assert_eq!(
                text.contains("{{manager"),
                row.refers.is_some(),
                "{}",
                row.attribute
            );
        }
    }

    #[test]
    fn values_are_awkward_where_real_ones_are() {
        let every: String = all()
            .iter()
            .flat_map(|mapping| &mapping.rows)
            .flat_map(|row| [&row.sample, &row.other].into_iter().chain(&row.awkward))
            .map(|value| format!("{value}\n"))
            .collect();
        for (what, part) in [
            ("accent", "Zoë"),
            ("apostrophe", "O'Neill"),
            ("Chinese", "李雷"),
            ("right to left", "مريم"),
            ("emoji", "🌊"),
            ("leading zero", "\"00{{digits9}}\""),
            ("plus sign in an e-mail", "amara+payroll"),
            ("quotes in an e-mail", "\\\"amara.{{unique}}\\\"@"),
        ] {
            assert!(every.contains(part), "{what}");
        }
    }

    #[test]
    fn a_table_with_a_value_of_another_type_is_refused() {
        let text = "profile = \"okta\"\n[[row]]\nattribute = \"a\"\npath = \"a\"\ntype = \"integer\"\nsample = 1\nother = \"2\"\ncertainty = \"inferred\"\n";
        let error = read("okta", "t.toml", text).expect_err("\"2\" is text");
        assert!(error.to_string().contains("is no integer"), "{error}");
    }
}
