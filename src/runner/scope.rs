//! What the names in `{{...}}` stand for at one step of a case.

use std::collections::BTreeMap;

use serde_json::Value;

use super::names::Names;
use super::resource::Resource;
use crate::expect::{Known, Sent};
use crate::plan::PlannedCase;
use crate::scim::{AttrPath, get};
use crate::suite::template::Lookup;

use super::ledger::Ledger;

/// The names that hold at a step.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) step: &'a str,
    pub(super) names: &'a Names,
    pub(super) planned: &'a PlannedCase,
    pub(super) base: &'a str,
    pub(super) captured: &'a BTreeMap<String, Value>,
    pub(super) resources: &'a [Resource],
}

impl Lookup for Scope<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.names.lookup(self.step, name) {
            return Some(value);
        }
        if let Some(value) = self.captured.get(name) {
            return Some(value.clone());
        }
        match name {
            "run" => return Some(Value::from(self.names.tag().as_str())),
            "base" => return Some(Value::from(self.base)),
            "flavour" => {
                return Some(Value::from(
                    self.planned.flavour.clone().unwrap_or_default(),
                ));
            }
            _ => {}
        }
        let (root, rest) = name.split_once('.')?;
        if root == "row" {
            let row = self.planned.row.as_ref()?;
            return match rest {
                "id" if !row.values.contains_key("id") => Some(Value::from(row.id.as_str())),
                _ => row.values.get(rest).cloned(),
            };
        }
        let resource = self
            .resources
            .iter()
            .rev()
            .find(|resource| resource.name == root)?;
        of_resource(resource, rest)
    }
}

fn of_resource(resource: &Resource, path: &str) -> Option<Value> {
    let at = |value: Option<&Value>, path: &str| -> Option<Value> {
        let path = AttrPath::parse(path).ok()?;
        get(value?, &path)
            .into_iter()
            .find(|value| !value.is_null())
            .cloned()
    };
    if let Some(path) = path.strip_prefix("server.") {
        return at(resource.server(), path);
    }
    match path {
        "id" => resource.id.clone().map(Value::from),
        "meta.version" => {
            at(resource.server(), path).or_else(|| resource.etag.clone().map(Value::from))
        }
        "meta.location" => at(resource.server(), path),
        _ => at(Some(&resource.made_from), path).or_else(|| at(resource.server(), path)),
    }
}

/// What `expect` asks about the case's resources.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) resources: &'a [Resource],
    pub(super) ledger: &'a Ledger,
}

impl View<'_> {
    fn find(&self, name: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .rev()
            .find(|resource| resource.name == name)
    }
}

impl Known for View<'_> {
    fn state(&self, name: &str) -> Option<&Value> {
        self.find(name).and_then(Resource::known).map(AsRef::as_ref)
    }

    fn id(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(|resource| resource.id.as_deref())
    }

    fn is_own(&self, id: &str) -> bool {
        self.ledger.is_own(id)
    }

    fn sent(&self, name: &str) -> Option<&Sent> {
        self.find(name).map(|resource| &resource.sent)
    }
}
