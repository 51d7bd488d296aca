//! Bulk (RFC 7644 section 3.7): many operations in one request.
//!
//! References by `bulkId` may point forwards and in circles. An operation waits until what it
//! refers to has been created; where all that is left waits for each other, one is created without
//! the references that are still open, and completed once they can be filled in.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::{Condition, Engine, Patched};
use crate::protocol::error::{Result, ScimError};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::ResourceType;
use crate::protocol::{BULK_REQUEST, BULK_RESPONSE, Object, member, names_schema};

/// How a reference to a `bulkId` begins.
const MARK: &str = "bulkId:";

/// One operation as it was read.
struct Step {
    method: String,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Option<Object>,
    /// The bulk ids that it refers to.
    refers: BTreeSet<String>,
    /// What is wrong with it, before anything was done.
    flaw: Option<ScimError>,
    result: Option<Value>,
}

/// What is known of the ids while a job runs.
#[derive(Default)]
struct Job {
    /// The permanent ids of what was created.
    created: HashMap<String, String>,
    /// The bulk ids whose operation failed.
    failed: BTreeSet<String>,
    errors: u64,
}

impl Engine {
    /// Runs a bulk request.
    ///
    /// # Errors
    /// `invalidSyntax` when the request itself is wrong, 413 when it has too many operations; what
    /// goes wrong with one operation is part of the answer.
    pub fn bulk(&self, body: &Object) -> Result<Value> {
        if !names_schema(body, BULK_REQUEST) {
            return Err(ScimError::syntax(format!(
                "'schemas' must name '{BULK_REQUEST}'"
            )));
        }
        let list = member(body, "Operations").and_then(Value::as_array);
        let list = list.ok_or_else(|| ScimError::syntax("'Operations' must be a list"))?;
        let most = self.behaviour.bulk_operations;
        if list.len() > most {
            return Err(ScimError::new(
                413,
                format!("{} operations exceed maxOperations ({most})", list.len()),
            ));
        }
        let tolerated = match member(body, "failOnErrors") {
            None | Some(Value::Null) => u64::MAX,
            Some(value) => value.as_u64().filter(|limit| *limit > 0).ok_or_else(|| {
                ScimError::syntax("'failOnErrors' must be a whole number above 0")
            })?,
        };
        let mut steps = list.iter().map(step).collect::<Result<Vec<Step>>>()?;
        let mut known = BTreeSet::new();
        for step in &steps {
            if let Some(id) = step.bulk_id.as_ref().filter(|_| step.method == "POST")
                && !known.insert(id.clone())
            {
                return Err(ScimError::syntax(format!(
                    "the bulkId '{id}' is used twice"
                )));
            }
        }
        self.run(&mut steps, &known, tolerated);
        let results: Vec<Value> = steps.into_iter().filter_map(|step| step.result).collect();
        Ok(json!({"schemas": [BULK_RESPONSE], "Operations": results}))
    }

    fn run(&self, steps: &mut [Step], known: &BTreeSet<String>, tolerated: u64) {
        let mut job = Job::default();
        let mut incomplete: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = (0..steps.len()).collect();
        while !waiting.is_empty() && job.errors < tolerated {
            let mut still = Vec::new();
            let before = waiting.len();
            for index in waiting {
                if job.errors >= tolerated {
                    break;
                }
                let open = |id: &String| {
                    known.contains(id) && !job.created.contains_key(id) && !job.failed.contains(id)
                };
                if steps[index].refers.iter().any(open) && steps[index].flaw.is_none() {
                    still.push(index);
                } else {
                    self.perform(&mut steps[index], &mut job, false);
                }
            }
            // All that is left waits for each other: break the circle at its first creation.
            if still.len() == before {
                let Some(position) = still
                    .iter()
                    .position(|index| steps[*index].method == "POST")
                else {
                    break;
                };
                let index = still.remove(position);
                self.perform(&mut steps[index], &mut job, true);
                incomplete.push(index);
            }
            waiting = still;
        }
        for index in incomplete {
            self.complete(&mut steps[index], &mut job);
        }
    }

    /// Does one operation and keeps its result. `partly` leaves out references that are open.
    fn perform(&self, step: &mut Step, job: &mut Job, partly: bool) {
        let outcome = self.attempt(step, job, partly);
        let mut result = Map::new();
        result.insert("method".to_owned(), json!(step.method));
        if let Some(id) = &step.bulk_id {
            result.insert("bulkId".to_owned(), json!(id));
        }
        match outcome {
            Ok(done) => {
                if let (Some(bulk_id), Some(id)) = (&step.bulk_id, &done.id) {
                    job.created.insert(bulk_id.clone(), id.clone());
                }
                result.insert("location".to_owned(), json!(done.location));
                if let Some(version) = done.version {
                    result.insert("version".to_owned(), json!(version));
                }
                result.insert("status".to_owned(), json!(done.status.to_string()));
            }
            Err(error) => {
                self.fail(step, job, &error, &mut result);
            }
        }
        step.result = Some(Value::Object(result));
    }

    fn fail(&self, step: &Step, job: &mut Job, error: &ScimError, result: &mut Object) {
        job.errors += 1;
        if let Some(id) = &step.bulk_id {
            job.failed.insert(id.clone());
            job.created.remove(id);
        }
        // Every result has a location but that of a failed POST (RFC 7644 section 3.7).
        result.shift_remove("location");
        result.shift_remove("version");
        if step.method != "POST" {
            let path = step.path.trim_start_matches('/');
            result.insert(
                "location".to_owned(),
                json!(format!("{}/{path}", self.base_url)),
            );
        }
        result.insert("status".to_owned(), json!(error.status.to_string()));
        result.insert("response".to_owned(), error.body());
    }

    fn attempt(&self, step: &Step, job: &Job, partly: bool) -> Result<Done> {
        if let Some(flaw) = &step.flaw {
            return Err(flaw.clone());
        }
        if !partly && let Some(id) = step.refers.iter().find(|id| !job.created.contains_key(*id)) {
            return Err(ScimError::value(format!(
                "the bulkId '{id}' stands for no created resource"
            )));
        }
        let (kind, id) = self.addressed(step, job)?;
        let wanted = Wanted::default();
        let condition = Condition {
            if_match: step.version.clone(),
            if_none_match: None,
        };
        let data = || {
            let mut data = step
                .data
                .clone()
                .ok_or_else(|| ScimError::syntax("'data' must be an object"))?;
            for value in data.values_mut() {
                fill(value, &job.created);
            }
            if partly {
                data.retain(|_, value| !open(value));
            }
            Ok(data)
        };
        let done = |status: u16, shown: super::Shown| Done {
            status,
            location: shown.location,
            version: shown.version,
            id: Some(shown.id),
        };
        match (step.method.as_str(), id) {
            ("POST", None) => Ok(done(201, self.create(kind, data()?, &wanted)?)),
            ("PUT", Some(id)) => Ok(done(
                200,
                self.replace(kind, &id, data()?, &condition, &wanted)?,
            )),
            ("PATCH", Some(_)) if !self.behaviour.patch => {
                Err(ScimError::new(501, "PATCH is not offered"))
            }
            ("PATCH", Some(id)) => Ok(
                match self.patch(kind, &id, &data()?, &condition, &wanted)? {
                    Patched::Resource(shown) => done(200, shown),
                    Patched::NoContent(version) => Done {
                        status: 204,
                        location: self.location(kind, &id),
                        version,
                        id: None,
                    },
                },
            ),
            ("DELETE", Some(id)) => {
                self.delete(kind, &id, &condition)?;
                Ok(Done {
                    status: 204,
                    location: self.location(kind, &id),
                    version: None,
                    id: None,
                })
            }
            ("POST", Some(_)) => Err(ScimError::new(
                405,
                "a POST goes to the path of a resource type",
            )),
            _ => Err(ScimError::new(
                405,
                format!("a {} goes to the path of a resource", step.method),
            )),
        }
    }

    /// Fills in what a creation had to leave open; when that fails, the creation is undone.
    fn complete(&self, step: &mut Step, job: &mut Job) {
        let Some(id) = step
            .bulk_id
            .as_ref()
            .and_then(|bulk_id| job.created.get(bulk_id))
            .cloned()
        else {
            return;
        };
        let Ok((kind, _)) = self.addressed(step, job) else {
            return;
        };
        let unresolved = step.refers.iter().any(|id| !job.created.contains_key(id));
        let outcome = if unresolved {
            Err(ScimError::new(
                409,
                "a resource that this one refers to could not be created",
            ))
        } else {
            let mut data = step.data.clone().unwrap_or_default();
            data.values_mut()
                .for_each(|value| fill(value, &job.created));
            self.replace(kind, &id, data, &Condition::default(), &Wanted::default())
        };
        let mut result = match step.result.take() {
            Some(Value::Object(result)) => result,
            _ => Map::new(),
        };
        match outcome {
            Ok(shown) => {
                if let Some(version) = shown.version {
                    result.insert("version".to_owned(), json!(version));
                }
            }
            Err(error) => {
                // Nobody else can have removed what this job has just made; if so, it is gone too.
                let _ = self.delete(kind, &id, &Condition::default());
                self.fail(step, job, &error, &mut result);
            }
        }
        step.result = Some(Value::Object(result));
    }

    /// The type and id that a path names.
    fn addressed(&self, step: &Step, job: &Job) -> Result<(&ResourceType, Option<String>)> {
        let nowhere = || ScimError::not_found("there is no resource type at this path");
        let mut segments = step.path.trim_start_matches('/').splitn(2, '/');
        let kind = segments
            .next()
            .and_then(|segment| self.registry.at(segment))
            .ok_or_else(nowhere)?;
        let id =
            segments
                .next()
                .filter(|id| !id.is_empty())
                .map(|id| match id.strip_prefix(MARK) {
                    Some(bulk_id) => job
                        .created
                        .get(bulk_id)
                        .cloned()
                        .unwrap_or_else(|| id.to_owned()),
                    None => decoded(id),
                });
        Ok((kind, id))
    }
}

/// What one operation came to.
struct Done {
    status: u16,
    location: String,
    version: Option<String>,
    id: Option<String>,
}

fn step(entry: &Value) -> Result<Step> {
    let entry = entry
        .as_object()
        .ok_or_else(|| ScimError::syntax("an operation must be an object"))?;
    let text = |name: &str| {
        member(entry, name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let method = text("method").unwrap_or_default().to_ascii_uppercase();
    let path = text("path").unwrap_or_default();
    let bulk_id = text("bulkId");
    let data = member(entry, "data").and_then(Value::as_object).cloned();
    let mut refers = BTreeSet::new();
    data.iter()
        .flat_map(Object::values)
        .for_each(|value| collect(value, &mut refers));
    if let Some((_, id)) = path.split_once(MARK) {
        refers.insert(id.to_owned());
    }
    let flaw = if !matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE") {
        Some("'method' must be POST, PUT, PATCH or DELETE")
    } else if path.is_empty() {
        Some("'path' is missing")
    } else if method == "POST" && bulk_id.as_deref().is_none_or(str::is_empty) {
        Some("a POST needs a 'bulkId'")
    } else {
        None
    };
    let flaw = flaw.map(ScimError::syntax);
    Ok(Step {
        method,
        path,
        bulk_id,
        version: text("version"),
        data,
        refers,
        flaw,
        result: None,
    })
}

/// The bulk ids that a value refers to.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(referred(text).into_iter().map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Object(object) => object.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// The bulk id that a text stands for: the whole text, a URI that ends in it, or the operand of a
/// PATCH path.
fn referred(text: &str) -> Option<&str> {
    let (_, id) = text.split_once(MARK)?;
    let id = id.split(['"', '/', ']']).next().unwrap_or_default();
    (!id.is_empty()).then_some(id)
}

/// Puts permanent ids in the place of bulk ids.
fn fill(value: &mut Value, created: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some((bulk_id, id)) =
                referred(text).and_then(|bulk_id| created.get_key_value(bulk_id))
            {
                *text = text.replace(&format!("{MARK}{bulk_id}"), id);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| fill(value, created)),
        Value::Object(object) => object.values_mut().for_each(|value| fill(value, created)),
        _ => {}
    }
}

/// Whether a value still refers to a bulk id; open elements of lists and members of objects are
/// taken out on the way.
fn open(value: &mut Value) -> bool {
    match value {
        Value::String(text) => referred(text).is_some(),
        Value::Array(list) => {
            list.retain_mut(|value| !open(value));
            false
        }
        // A complex value without its reference says nothing.
        Value::Object(object)
            if object
                .get("value")
                .and_then(Value::as_str)
                .and_then(referred)
                .is_some() =>
        {
            true
        }
        Value::Object(object) => {
            object.retain(|_, value| !open(value));
            false
        }
        _ => false,
    }
}

/// An id as it stands in a path, percent-decoded.
fn decoded(id: &str) -> String {
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| byte == b'%')
        {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| id.to_owned())
}
