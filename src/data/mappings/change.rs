//! What an administrator changes in a default table: rows added, changed and taken away.

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{AttributeType, Clear, Mapping, MappingRow, ResourceKind};
use crate::results::CertaintyLevel;

/// One entry of `[mapping.PROFILE]`: `attribute = "path"`, `attribute = false` or `attribute = { path, type, samples, ... }`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// The provider's name of the attribute.
    pub attribute: String,
    /// The SCIM path; `None` takes the row away.
    pub path: Option<String>,
    /// User where it is not said.
    pub resource: Option<ResourceKind>,
    /// The type; string where it is not said and the row is new.
    pub kind: Option<AttributeType>,
    /// The attribute is multi-valued and mapped as a whole.
    pub multi: Option<bool>,
    /// Values: the first for create, the second for changes, further ones as awkward values.
    pub samples: Vec<Value>,
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A row is taken away that is not there.
    #[error("the {profile} mapping has no attribute `{attribute}` to take away{}", suggestion(.near.as_deref()))]
    NothingToRemove {
        /// The profile.
        profile: String,
        /// The attribute that was named.
        attribute: String,
        /// The attribute that was perhaps meant.
        near: Option<String>,
    },
    /// A sample does not have the row's type.
    #[error("the sample {value} of `{attribute}` is no {kind}")]
    WrongSample {
        /// The attribute.
        attribute: String,
        /// The value as JSON.
        value: String,
        /// The type, with `array of` in front for multi-valued rows.
        kind: String,
    },
    /// A new row whose type has no value that could be made up.
    #[error("`{attribute}` is new and complex: give `samples` with two objects")]
    NoSample {
        /// The attribute.
        attribute: String,
    },
}

fn suggestion(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl Mapping {
    /// The table after changes, in their order. With `whole`, only the rows that the changes name are left.
    ///
    /// A change finds its row by the attribute's name, else by its path; what it doesn't say stays as in that row.
    ///
    /// # Errors
    /// All changes that cannot be made.
    pub fn changed(&self, changes: &[Change], whole: bool) -> Result<Mapping, Vec<ChangeError>> {
        let mut mapping = self.clone();
        let mut errors = Vec::new();
        for change in changes {
            if let Err(error) = mapping.change(change) {
                errors.push(error);
            }
        }
        if whole {
            mapping.rows.retain(|row| row.listed);
        }
        if errors.is_empty() {
            Ok(mapping)
        } else {
            Err(errors)
        }
    }

    fn change(&mut self, change: &Change) -> Result<(), ChangeError> {
        let at = self.place_of(change);
        let Some(path) = &change.path else {
            let at = at.ok_or_else(|| self.nothing_to_remove(change))?;
            self.rows.remove(at);
            return Ok(());
        };
        let found = at.and_then(|at| self.rows.get(at));
        let mut row = match found {
            Some(row) => row.clone(),
            None => new_row(change, path)?,
        };
        row.attribute.clone_from(&change.attribute);
        if !row.path.eq_ignore_ascii_case(path) {
            row.element = element_of(path);
        }
        row.path.clone_from(path);
        row.listed = true;
        row.optional = false;
        if let Some(multi) = change.multi {
            row.multi = multi;
        }
        if let Some(kind) = change.kind {
            row.kind = kind;
        }
        set_samples(&mut row, change)?;
        match at.and_then(|at| self.rows.get_mut(at)) {
            Some(place) => *place = row,
            None => self.rows.push(row),
        }
        Ok(())
    }

    fn place_of(&self, change: &Change) -> Option<usize> {
        let fits = |row: &MappingRow| {
            change
                .resource
                .is_none_or(|resource| row.resource == resource)
        };
        let named = |row: &MappingRow| fits(row) && row.attribute == change.attribute;
        let resource = change.resource.unwrap_or(ResourceKind::User);
        let at_path = |row: &MappingRow| {
            let path = change.path.as_deref();
            row.resource == resource && path.is_some_and(|path| row.path.eq_ignore_ascii_case(path))
        };
        self.rows
            .iter()
            .position(named)
            .or_else(|| self.rows.iter().position(at_path))
    }

    fn nothing_to_remove(&self, change: &Change) -> ChangeError {
        let near = self
            .rows
            .iter()
            .map(|row| {
                (
                    strsim::jaro_winkler(&row.attribute, &change.attribute),
                    &row.attribute,
                )
            })
            .filter(|(likeness, _)| *likeness >= 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, attribute)| attribute.clone());
        ChangeError::NothingToRemove {
            profile: self.profile.clone(),
            attribute: change.attribute.clone(),
            near,
        }
    }
}

/// A row that no default table has: sent in all ways, of documented need, since the administrator asks for it.
fn new_row(change: &Change, path: &str) -> Result<MappingRow, ChangeError> {
    let kind = change.kind.unwrap_or(AttributeType::String);
    let multi = change.multi.unwrap_or(false);
    let (sample, other) = match made_up(kind) {
        Some((first, second)) if multi => (json!([first]), json!([first, second])),
        Some(pair) => pair,
        None if change.samples.is_empty() => {
            return Err(ChangeError::NoSample {
                attribute: change.attribute.clone(),
            });
        }
        None => (Value::Null, Value::Null),
    };
    Ok(MappingRow {
        attribute: change.attribute.clone(),
        path: path.to_owned(),
        resource: change.resource.unwrap_or(ResourceKind::User),
        kind,
        multi,
        sample,
        other,
        awkward: Vec::new(),
        element: element_of(path),
        refers: None,
        identity: false,
        matching: false,
        optional: false,
        read_only: false,
        create: true,
        update: true,
        clear: Clear::Live,
        filter: false,
        certainty: CertaintyLevel::Documented,
        listed: true,
    })
}

/// What stands beside the value: the equalities of the path's filter, `type = "home"` for `emails[type eq "home"].value`.
fn element_of(path: &str) -> Map<String, Value> {
    let inside = path
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(inside, _)| inside);
    let words: Vec<&str> = inside.splitn(3, ' ').collect();
    match words.as_slice() {
        [name, operator, value] if operator.eq_ignore_ascii_case("eq") => {
            match serde_json::from_str(value) {
                Ok(value) => Map::from_iter([((*name).to_owned(), value)]),
                Err(_) => Map::new(),
            }
        }
        _ => Map::new(),
    }
}

/// Two values of a type; none for objects, whose members we can't guess.
fn made_up(kind: AttributeType) -> Option<(Value, Value)> {
    match kind {
        AttributeType::String => Some((json!("Alder"), json!("Zoë's \"Birch\""))),
        AttributeType::Boolean => Some((json!(true), json!(false))),
        AttributeType::Integer => Some((json!(7), json!(0))),
        AttributeType::Decimal => Some((json!(1.5), json!(0.25))),
        AttributeType::DateTime => {
            Some((json!("2026-01-15T08:30:00Z"), json!("2026-02-16T09:45:00Z")))
        }
        AttributeType::Binary => Some((json!("QWxkZXI="), json!("QmlyY2g="))),
        AttributeType::Reference => Some((
            json!("https://example.com/alder"),
            json!("https://example.com/birch?leaf=a%20b"),
        )),
        AttributeType::Complex => None,
    }
}

fn set_samples(row: &mut MappingRow, change: &Change) -> Result<(), ChangeError> {
    let mut samples = change.samples.iter().cloned();
    if let Some(first) = samples.next() {
        row.other = samples.next().unwrap_or_else(|| first.clone());
        row.sample = first;
        row.awkward = samples.collect();
    }
    let values = [&row.sample, &row.other].into_iter().chain(&row.awkward);
    match values.into_iter().find(|value| !row.admits(value)) {
        None => Ok(()),
        Some(value) => {
            let many = if row.multi { "array of " } else { "" };
            Err(ChangeError::WrongSample {
                attribute: change.attribute.clone(),
                value: value.to_string(),
                kind: format!("{many}{}", row.kind.as_str()),
            })
        }
    }
}

/// What may stand after `attribute =`; the attribute's name is the key and filled in by [`Change::named`].
impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChangeVisitor)
    }
}

impl Change {
    /// The change with the attribute's name, which is its key in the file.
    pub fn named(mut self, attribute: &str) -> Self {
        attribute.clone_into(&mut self.attribute);
        self
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeText {
    path: String,
    resource: Option<ResourceKind>,
    #[serde(rename = "type")]
    kind: Option<AttributeType>,
    multi: Option<bool>,
    #[serde(default)]
    samples: Vec<Value>,
}

struct ChangeVisitor;

impl<'de> Visitor<'de> for ChangeVisitor {
    type Value = Change;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a SCIM path, false, or a table with path, type, multi, samples and resource")
    }

    fn visit_str<E: de::Error>(self, path: &str) -> Result<Change, E> {
        Ok(Change {
            path: Some(path.to_owned()),
            ..Change::default()
        })
    }

    fn visit_bool<E: de::Error>(self, kept: bool) -> Result<Change, E> {
        if kept {
            return Err(E::invalid_value(de::Unexpected::Bool(true), &self));
        }
        Ok(Change::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Change, A::Error> {
        let text = ChangeText::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Change {
            attribute: String::new(),
            path: Some(text.path),
            resource: text.resource,
            kind: text.kind,
            multi: text.multi,
            samples: text.samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::default_of;
    use super::*;

    const BERTH: &str = "urn:example:params:scim:schemas:extension:harbour:2.0:User:berth";

    fn changes(text: &str) -> Vec<Change> {
        let table: BTreeMap<String, Change> =
            toml::from_str(text).expect("the table is well-formed");
        table
            .iter()
            .map(|(attribute, change)| change.clone().named(attribute))
            .collect()
    }

    fn okta(text: &str, whole: bool) -> Result<Mapping, Vec<ChangeError>> {
        default_of("okta")
            .expect("okta has a table")
            .changed(&changes(text), whole)
    }

    #[test]
    fn a_row_is_added_with_values_of_its_type() {
        let added = okta(
            &format!("berth = {{ path = \"{BERTH}\", type = \"integer\" }}"),
            false,
        );
        let added = added.expect("the change fits");
        let row = added
            .row_at(ResourceKind::User, BERTH)
            .expect("the row was added");
        assert_eq!(
            (row.attribute.as_str(), row.kind, row.listed),
            ("berth", AttributeType::Integer, true)
        );
        assert!(row.admits(&row.sample) && row.admits(&row.other) && row.sample != row.other);
        assert_eq!(
            added.rows.len(),
            default_of("okta").map_or(0, |mapping| mapping.rows.len()) + 1
        );
    }

    #[test]
    fn a_row_is_changed_by_name_or_by_path_and_keeps_the_rest() {
        let by_name = okta(
            "title = { path = \"title\", samples = [\"A\", \"B\", \"C\"] }",
            false,
        )
        .expect("it fits");
        let row = by_name
            .row_at(ResourceKind::User, "title")
            .expect("title is there");
        assert_eq!(
            (&row.sample, &row.other, &row.awkward),
            (&json!("A"), &json!("B"), &vec![json!("C")])
        );
        assert_eq!(row.clear, Clear::Live);

        let by_path = okta("login = \"USERNAME\"", false).expect("it fits");
        let row = by_path
            .row_at(ResourceKind::User, "userName")
            .expect("userName is there");
        assert_eq!(
            (row.attribute.as_str(), row.identity, row.listed),
            ("login", true, true)
        );

        let home = "emails[type eq \"home\"].value";
        let moved = okta(&format!("email = '{home}'"), false).expect("it fits");
        let row = moved
            .row_at(ResourceKind::User, home)
            .expect("email was moved");
        assert_eq!(Value::Object(row.element.clone()), json!({"type": "home"}));
        assert_eq!(
            moved.row_at(ResourceKind::User, "emails[type eq \"work\"].value"),
            None
        );
    }

    #[test]
    fn a_row_is_taken_away() {
        let less = okta("nickName = false", false).expect("it fits");
        assert_eq!(less.row_at(ResourceKind::User, "nickName"), None);
    }

    #[test]
    fn a_whole_table_keeps_what_it_names() {
        let text =
            "userName = \"userName\"\nname = { path = \"displayName\", resource = \"Group\" }";
        let whole = okta(text, true).expect("it fits");
        let paths: Vec<(&str, ResourceKind)> = whole
            .rows
            .iter()
            .map(|row| (row.path.as_str(), row.resource))
            .collect();
        assert_eq!(
            paths,
            [
                ("userName", ResourceKind::User),
                ("displayName", ResourceKind::Group)
            ]
        );
    }

    #[test]
    fn an_element_is_made_from_the_filter_of_a_new_path() {
        let added = okta("homeMail = 'emails[type eq \"home\"].value'", false).expect("it fits");
        let row = added
            .row_at(ResourceKind::User, "emails[type eq \"home\"].value")
            .expect("it was added");
        assert_eq!(Value::Object(row.element.clone()), json!({"type": "home"}));
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        for (text, part) in [
            ("nickname2 = false", "did you mean `nickName`?"),
            (
                "title = { path = \"title\", samples = [7] }",
                "the sample 7 of `title` is no string",
            ),
            (
                "tags = { path = \"x\", type = \"string\", multi = true, samples = [\"a\"] }",
                "is no array of string",
            ),
            (
                "badge = { path = \"x\", type = \"complex\" }",
                "give `samples`",
            ),
        ] {
            let errors = okta(text, false).expect_err("the change does not fit");
            assert!(
                errors.iter().any(|error| error.to_string().contains(part)),
                "{text}: {errors:?}"
            );
        }
    }

    #[test]
    fn what_is_no_change_is_refused() {
        for text in [
            "a = true",
            "a = 7",
            "a = { type = \"string\" }",
            "a = { path = \"x\", kind = \"string\" }",
        ] {
            assert!(
                toml::from_str::<BTreeMap<String, Change>>(text).is_err(),
                "{text}"
            );
        }
    }
}
