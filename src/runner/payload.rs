//! The body of a request: as it goes out, and read as JSON. Read once, for all who look at it: the guard, the redactor,
//! the rules, and the comparison of states.

use std::sync::Arc;

use serde_json::Value;

/// A body; what it says cannot differ from what is sent.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    bytes: Vec<u8>,
    json: Option<Arc<Value>>,
}

impl Payload {
    /// The body that says this.
    pub(super) fn json(value: Value) -> Self {
        Self {
            bytes: serde_json::to_vec(&value).expect("a JSON value can be written"),
            json: Some(Arc::new(value)),
        }
    }

    /// A body as a suite wrote it, which need not be JSON.
    pub(super) fn raw(bytes: Vec<u8>) -> Self {
        let json = serde_json::from_slice(&bytes).ok().map(Arc::new);
        Self { bytes, json }
    }

    /// What goes out.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says, where it is JSON.
    pub(super) fn said(&self) -> Option<&Arc<Value>> {
        self.json.as_ref()
    }

    /// Both.
    pub(super) fn into_parts(self) -> (Vec<u8>, Option<Arc<Value>>) {
        (self.bytes, self.json)
    }
}
