//! What a client has said of a resource so far: the judge must not hold a server to what nobody told it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::scim::{AttrPath, SchemaView, equal, flatten, get, named, set};

/// The attributes that the client sent of one resource, and the last value of each where it was plain.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sent {
    resource: Value,
    paths: BTreeSet<String>,
}

impl Sent {
    /// Notes a request body: a resource (POST, PUT) or a PatchOp. Anything else is passed over.
    ///
    /// A body that is the server's own representation with changes (`echo`) is not the client's word on what the server made up;
    /// for those note the changed paths with [`Self::note_path`].
    pub fn note(&mut self, body: &Value) {
        match named(body, "Operations") {
            Some(Value::Array(operations)) => operations
                .iter()
                .take(10_000)
                .for_each(|operation| self.note_operation(operation)),
            _ => self.note_resource(body),
        }
    }

    fn note_resource(&mut self, body: &Value) {
        for (path, value) in flatten(body) {
            self.note_path(&path, Some(&value));
        }
    }

    fn note_operation(&mut self, operation: &Value) {
        let value = named(operation, "value");
        let remove = named(operation, "op")
            .and_then(Value::as_str)
            .is_some_and(|op| op.eq_ignore_ascii_case("remove"));
        match named(operation, "path").and_then(Value::as_str) {
            Some(text) => {
                let Ok(path) = AttrPath::parse(text) else {
                    return;
                };
                match value {
                    Some(Value::Object(map)) if !remove => {
                        for (name, value) in map {
                            self.note_path(&path.child(name), Some(value));
                        }
                        self.paths.insert(path.key());
                    }
                    value => self.note_path(&path, value.filter(|_| !remove)),
                }
            }
            // Without a path the value is a piece of a resource; Entra writes paths as its keys.
            None => {
                let Some(Value::Object(map)) = value else {
                    return;
                };
                for (key, value) in map {
                    match (AttrPath::parse(key), value) {
                        (Ok(path), Value::Object(inner)) => {
                            self.note_resource(&Value::Object(Map::from_iter([(
                                path.to_string(),
                                Value::Object(inner.clone()),
                            )])));
                        }
                        (Ok(path), value) => self.note_path(&path, Some(value)),
                        (Err(_), _) => {}
                    }
                }
            }
        }
    }

    /// Notes that the client said something at a path, and what, where that is known.
    pub fn note_path(&mut self, path: &AttrPath, value: Option<&Value>) {
        self.paths.insert(path.key());
        if !self.resource.is_object() {
            self.resource = Value::Object(Map::new());
        }
        match value {
            Some(value) => set(&mut self.resource, path, value.clone()),
            None => crate::scim::remove(&mut self.resource, path),
        }
    }

    /// Whether the client ever said anything at this path or below it.
    #[must_use]
    pub fn mentions(&self, path: &AttrPath) -> bool {
        let key = path.key();
        self.paths.iter().any(|sent| within(&key, sent))
            || !get(&self.resource, &path.bare()).is_empty()
    }

    /// Whether the last value that the client sent at this path is this one, in SCIM's sense.
    #[must_use]
    pub fn says(&self, path: &AttrPath, value: &Value, schema: &SchemaView) -> bool {
        let at = path.bare();
        get(&self.resource, path)
            .iter()
            .any(|found| equal(found, value, &at, schema))
    }

    /// What the client believes the resource to be.
    #[must_use]
    pub fn resource(&self) -> &Value {
        &self.resource
    }
}

fn within(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with(':'))
}
