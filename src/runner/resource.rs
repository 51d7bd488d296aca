//! A resource of a case: what was said of it, what the target shows of it, and whether it may be written on.

use std::sync::Arc;

use serde_json::Value;

use super::address::unsafe_id;
use super::ledger::EntryId;
use super::record::Heard;
use crate::expect::Sent;
use crate::scim::named;

/// A resource that the case calls by a name.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) endpoint: String,
    pub(super) id: Option<String>,
    pub(super) entry: Option<EntryId>,
    /// The crowd that it is of.
    pub(super) crowd: Option<String>,
    /// The body that it was made with: what `{{NAME.PATH}}` stands for, whatever was written since.
    pub(super) made_from: Arc<Value>,
    /// What the client said of it so far.
    pub(super) sent: Sent,
    /// The last whole representation that a GET showed, for comparison; `None` where it is not known.
    pub(super) state: Option<Arc<Value>>,
    /// What the answer to the POST showed, as long as nothing was written since: the state until a GET shows one.
    pub(super) created: Option<Arc<Value>>,
    /// The last representation that any answer showed, for variables and echoes.
    pub(super) shown: Option<Arc<Value>>,
    /// The last entity tag that an answer named (RFC 7644 section 3.14).
    pub(super) etag: Option<String>,
    /// The check that says how it came to be: `given.user`, or the step's `create.state.read`.
    pub(super) origin: String,
    /// The check that failed and left this resource without a usable state.
    pub(super) broken_by: Option<String>,
    /// A DELETE of it succeeded, or a GET found it gone.
    pub(super) gone: bool,
    /// Something was written since its state was read.
    pub(super) stale: bool,
}

impl Resource {
    /// What an answer is compared with that must show the resource unchanged.
    pub(super) fn known(&self) -> Option<&Arc<Value>> {
        self.state.as_ref().or(self.created.as_ref())
    }

    /// `NAME.PATH` of the server's own words: the state, else the last answer.
    pub(super) fn server(&self) -> Option<&Value> {
        self.shown.as_deref().or(self.state.as_deref())
    }

    /// Notes what an answer shows of this resource, where it is about it and not narrowed.
    pub(super) fn note(&mut self, heard: &Heard) {
        let Some(json) = heard.received.json.as_ref() else {
            return;
        };
        if id_of(json).as_deref() == self.id.as_deref() && self.id.is_some() {
            self.shown = Some(Arc::clone(json));
        }
        if let Some(etag) = heard.header("etag") {
            self.etag = Some(etag.to_owned());
        }
    }
}

/// The id in a representation as text; a number is taken for its digits, so that one wrong type does not end the case.
pub(super) fn id_of(json: &Value) -> Option<String> {
    match named(json, "id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The id of a resource that an answer says was made, if it can be used.
///
/// # Errors
/// A sentence that says why there is none.
pub(super) fn usable_id(heard: &Heard) -> Result<String, String> {
    let json = heard
        .received
        .json
        .as_ref()
        .ok_or("the answer holds no resource as JSON")?;
    let id = match named(json, "id") {
        None | Some(Value::Null) => return Err("the answer has no id".to_owned()),
        Some(_) => id_of(json).ok_or("the id in the answer is no string")?,
    };
    match unsafe_id(&id) {
        Some(why) => Err(format!(
            "the id in the answer can't be used in a URL: {why}"
        )),
        None => Ok(id),
    }
}
