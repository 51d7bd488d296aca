//! What goes into a request: bodies from fixtures and echoes, headers from the profile and the step.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::journal::FindBy;
use super::names::RunTag;
use super::resource::Resource;
use crate::scim::{AttrPath, named, remove, set};
use crate::suite::fill;
use crate::suite::model::Profile;
use crate::suite::template::{Lookup, TemplateError, render_json};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Why a body could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// A name has no value yet.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The suite names something that is not there. Suites are checked when loaded, so this is our fault.
    #[error("{0}")]
    Missing(String),
}

/// A fixture with changes.
pub(super) struct Recipe<'a> {
    pub(super) fixture: &'a str,
    pub(super) set: &'a [(String, Value)],
    pub(super) without: &'a [String],
    pub(super) members: &'a [String],
}

impl Recipe<'_> {
    /// The body, filled in.
    pub(super) fn body(
        &self,
        bodies: &BTreeMap<String, Value>,
        names: &dyn Lookup,
        resources: &[Resource],
    ) -> Result<Value, BodyError> {
        let fixture = bodies
            .get(self.fixture)
            .ok_or_else(|| BodyError::Missing(format!("there is no fixture `{}`", self.fixture)))?;
        let mut body = render_json(fixture, names)?;
        change(&mut body, self.set, self.without, names)?;
        if !self.members.is_empty() {
            let mut members = Vec::new();
            for name in self.members {
                let id = resources
                    .iter()
                    .rev()
                    .find(|resource| resource.name == *name)
                    .and_then(|resource| resource.id.as_deref())
                    .ok_or_else(|| TemplateError::NoValue {
                        name: format!("{name}.id"),
                    })?;
                members.push(json!({ "value": id }));
            }
            set(&mut body, &AttrPath::name("members"), Value::Array(members));
        }
        Ok(body)
    }
}

/// Sets and removes paths of a body.
pub(super) fn change(
    body: &mut Value,
    set_paths: &[(String, Value)],
    without: &[String],
    names: &dyn Lookup,
) -> Result<(), BodyError> {
    for (path, value) in fill::settings(set_paths, names)? {
        set(body, &parsed(&path)?, value);
    }
    for path in fill::texts(without, names)? {
        remove(body, &parsed(&path)?);
    }
    Ok(())
}

fn parsed(path: &str) -> Result<AttrPath, BodyError> {
    AttrPath::parse(path).map_err(|error| BodyError::Missing(error.to_string()))
}

/// Where a resource of this body is made (RFC 7644 section 3.2).
pub(super) fn endpoint_of(body: &Value) -> &'static str {
    let is_group = named(body, "schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| {
            schemas.iter().any(|urn| {
                urn.as_str()
                    .is_some_and(|urn| urn.eq_ignore_ascii_case(GROUP))
            })
        });
    if is_group { "/Groups" } else { "/Users" }
}

/// How a resource with this body is found again without its id: by an attribute that carries a token of the run.
pub(super) fn find_by(body: &Value, tag: &RunTag) -> Option<FindBy> {
    ["userName", "displayName", "externalId"]
        .into_iter()
        .find_map(|attribute| {
            let value = named(body, attribute)?.as_str()?;
            (!tag.tokens_in(value).is_empty()).then(|| FindBy {
                attribute: attribute.to_owned(),
                value: value.to_owned(),
            })
        })
}

/// The headers of a request: the profile's, those for a body, then the step's own, which replace or remove.
pub(super) fn headers(
    profile: &Profile,
    with_body: bool,
    own: &[(String, Option<String>)],
) -> Vec<(String, String)> {
    let mut all = profile.headers.clone();
    let replace = |all: &mut Vec<(String, String)>, name: &str, value: Option<&str>| {
        let known = all
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        match (known, value) {
            (Some(at), Some(value)) => all[at] = (name.to_owned(), value.to_owned()),
            (Some(at), None) => {
                all.remove(at);
            }
            (None, Some(value)) => all.push((name.to_owned(), value.to_owned())),
            (None, None) => {}
        }
    };
    if with_body {
        for (name, value) in &profile.body_headers {
            replace(&mut all, name, Some(value));
        }
    }
    for (name, value) in own {
        replace(&mut all, name, value.as_deref());
    }
    all
}
