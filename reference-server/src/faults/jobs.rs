//! Bulk: what goes wrong only inside a job.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{asked, clash, sent, shown, told};
use super::wire::{on, text};
use super::{FaultInfo, RFC, own};

const BULK: &str = "RFC 7644 section 3.7";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "bulk-answer-says-fail-on-errors",
            "The answer to a job says failOnErrors",
            RFC,
            BULK,
            || {
                vec![told(|request, status, body| {
                    if on(request, "POST", "Bulk") && status == 200 {
                        body["failOnErrors"] = json!(1);
                    }
                })]
            },
        ),
        own(
            "bulk-references-stay",
            "Members that a job names by bulkId are shown by it for ever",
            RFC,
            "RFC 7644 section 3.7.2",
            || {
                let named: Memory<HashMap<String, Vec<Value>>> = Memory::default();
                let known = named.clone();
                vec![
                    sent(move |request, body| {
                        if !on(request, "POST", "Bulk") {
                            return;
                        }
                        for data in body["Operations"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .map(|operation| &operation["data"])
                        {
                            let members = data["members"].as_array().cloned();
                            if let (Some(name), Some(members)) =
                                (data["displayName"].as_str(), members)
                            {
                                named.with(|named| named.insert(name.to_owned(), members));
                            }
                        }
                    }),
                    shown(move |_, group| {
                        let members = text(group, "displayName")
                            .and_then(|name| known.with(|named| named.get(name).cloned()));
                        if let Some(members) = members {
                            group.insert("members".to_owned(), Value::Array(members));
                        }
                    }),
                ]
            },
        ),
        own(
            "bulk-group-changes-lost",
            "A PATCH of a group in a job is reported as done and nothing happens",
            RFC,
            BULK,
            || {
                vec![changes(|operation| {
                    if operation["method"] == "PATCH" && is_group(operation) {
                        operation["data"]["Operations"] = json!([]);
                    }
                })]
            },
        ),
        own(
            "bulk-versions-ignored",
            "The version that an operation of a job names is not looked at",
            RFC,
            BULK,
            || {
                vec![changes(|operation| {
                    if let Some(operation) = operation.as_object_mut() {
                        operation.shift_remove("version");
                    }
                })]
            },
        ),
        own(
            "bulk-makes-twins",
            "Inside a job nobody asks whether a userName is taken",
            RFC,
            BULK,
            || {
                let inside: Memory<bool> = Memory::default();
                let known = inside.clone();
                vec![
                    asked(move |request| {
                        inside.with(|inside| *inside = on(request, "POST", "Bulk"));
                        None
                    }),
                    clash(move |_, _, _| !known.with(|inside| *inside)),
                ]
            },
        ),
        own(
            "bulk-forgets-extensions",
            "Extensions of people who are created in a job are lost",
            RFC,
            BULK,
            || {
                vec![changes(|operation| {
                    if let Some(Value::Object(data)) = operation.get_mut("data") {
                        data.retain(|name, _| !name.starts_with("urn:"));
                    }
                })]
            },
        ),
        own(
            "bulk-skips-inactive",
            "Inactive people are passed over in a job, and reported as changed",
            RFC,
            BULK,
            || {
                let off: Memory<std::collections::HashSet<String>> = Memory::default();
                let known = off.clone();
                vec![
                    super::twist::each(move |_, user| {
                        if let Some(id) = text(user, "id") {
                            let inactive = user.get("active") == Some(&json!(false));
                            off.with(|off| {
                                if inactive {
                                    off.insert(id.to_owned())
                                } else {
                                    off.remove(id)
                                }
                            });
                        }
                    }),
                    changes(move |operation| {
                        let inactive = operation["path"]
                            .as_str()
                            .and_then(|path| path.rsplit('/').next())
                            .is_some_and(|id| known.with(|off| off.contains(id)));
                        if inactive && operation["method"] == "PATCH" {
                            operation["data"]["Operations"] = json!([]);
                        }
                    }),
                ]
            },
        ),
    ]
}

fn is_group(operation: &Value) -> bool {
    operation["path"]
        .as_str()
        .is_some_and(|path| path.starts_with("/Groups"))
}

/// Each operation of a job is changed before it is done.
fn changes(change: impl Fn(&mut Value) + Send + Sync + 'static) -> super::twist::Twist {
    sent(move |request, body| {
        let list = body.get_mut("Operations").and_then(Value::as_array_mut);
        if on(request, "POST", "Bulk") {
            list.into_iter().flatten().for_each(&change);
        }
    })
}
