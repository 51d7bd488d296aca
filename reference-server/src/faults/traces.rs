//! Things that stay behind in answers where they do not belong: secrets, texts of paths, nulls.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, behave, document, each, sent, shown, told};
use super::wire::{self, at, on, text};
use super::{ENTRA, ENTRA_RFC, FaultInfo, OKTA_ENTRA_RFC, PROVIDERS, own};
use crate::engine::PatchAnswer;
use crate::engine::hooks::Action;
use crate::protocol::Object;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "patched-password-returned",
            "A password that came by PATCH is in every answer from then on",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.1.1",
            patched_password,
        ),
        own(
            "paths-kept-as-keys",
            "A PATCH is carried out, and the text of each path and dotted key is stored beside it",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            paths_as_keys,
        ),
        own(
            "schemas-with-nulls",
            "/Schemas writes null for what an attribute does not have",
            ENTRA,
            "quirk ENTRA-80",
            || {
                vec![told(|request, status, body| {
                    if status == 200 && on(request, "GET", "Schemas") {
                        let schemas = body["Resources"].as_array_mut().into_iter().flatten();
                        for attribute in schemas
                            .filter_map(|schema| schema["attributes"].as_array_mut())
                            .flatten()
                            .filter_map(Value::as_object_mut)
                        {
                            for name in ["canonicalValues", "referenceTypes"] {
                                attribute.entry(name.to_owned()).or_insert(Value::Null);
                            }
                        }
                    }
                })]
            },
        ),
        own(
            "null-becomes-text",
            "null in a PATCH is stored as the text \"null\"",
            ENTRA_RFC,
            "RFC 7643 section 2.5",
            || {
                vec![sent(|request, body| {
                    if request.method == "PATCH" {
                        let operations = body["Operations"].as_array_mut().into_iter().flatten();
                        operations.for_each(|operation| spell_nulls(&mut operation["value"]));
                    }
                })]
            },
        ),
        own(
            "null-makes-an-element",
            "null for a list of a new person makes one element of it",
            ENTRA_RFC,
            "RFC 7643 section 2.5",
            || {
                vec![sent(|request, body| {
                    for name in ["addresses", "phoneNumbers", "emails"] {
                        if on(request, "POST", "Users") && body.get(name) == Some(&Value::Null) {
                            body[name] = json!([{"type": "work", "value": "none"}]);
                        }
                    }
                    if let Some(Value::Array(addresses)) = body.get_mut("addresses") {
                        for address in addresses.iter_mut().filter_map(Value::as_object_mut) {
                            if address.shift_remove("value").is_some() {
                                address.insert("formatted".to_owned(), json!("none"));
                            }
                        }
                    }
                })]
            },
        ),
        own(
            "group-changes-answer-whole",
            "Every change of a group is answered with all its members",
            ENTRA,
            "quirk ENTRA-67",
            || {
                vec![behave(|behaviour| {
                    behaviour.patch_answer = PatchAnswer::Resource
                })]
            },
        ),
        own(
            "department-gets-the-title",
            "A PUT stores the title as the department too",
            PROVIDERS,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, _, after| {
                    let title = after.get("title").cloned();
                    if let (Action::Replace, Some(title), Some(Value::Object(extension))) =
                        (moment.action, title, after.get_mut(wire::ENTERPRISE))
                        && extension.contains_key("department")
                    {
                        extension.insert("department".to_owned(), title);
                    }
                })]
            },
        ),
    ]
}

fn spell_nulls(value: &mut Value) {
    match value {
        Value::Null => *value = json!("null"),
        Value::Object(members) => members.values_mut().for_each(spell_nulls),
        _ => {}
    }
}

fn patched_password() -> Vec<Twist> {
    let secrets: Memory<HashMap<String, Value>> = Memory::default();
    let known = secrets.clone();
    vec![
        sent(move |request, body| {
            let found = wire::operations(body).into_iter().find_map(|operation| {
                let value = operation.get("value")?;
                if wire::path(operation) == "password" {
                    Some(value.clone())
                } else {
                    value.get("password").cloned()
                }
            });
            if let (Some(id), Some(password), true) =
                (wire::id(request), found, at(request, "PATCH", "Users"))
            {
                secrets.with(|secrets| secrets.insert(id, password));
            }
        }),
        each(move |_, user| {
            let secret = text(user, "id").and_then(|id| known.with(|known| known.get(id).cloned()));
            if let Some(secret) = secret {
                user.insert("password".to_owned(), secret);
            }
        }),
    ]
}

fn paths_as_keys() -> Vec<Twist> {
    let kept: Memory<HashMap<String, Object>> = Memory::default();
    let known = kept.clone();
    vec![
        sent(move |request, body| {
            let Some(id) = wire::id(request).filter(|_| at(request, "PATCH", "Users")) else {
                return;
            };
            let mut keys = Object::new();
            for operation in wire::operations(body) {
                let value = operation.get("value").cloned().unwrap_or_default();
                match (wire::path(operation), value) {
                    ("", Value::Object(members)) => keys.extend(members),
                    (path, value) => {
                        keys.insert(path.to_owned(), value);
                    }
                }
            }
            keys.retain(|key, value| key.contains(['.', '[', ':']) && !value.is_object());
            kept.with(|kept| kept.entry(id).or_default().extend(keys));
        }),
        shown(move |moment, user| {
            let keys = moment
                .id
                .and_then(|id| known.with(|known| known.get(id).cloned()));
            user.extend(keys.into_iter().flatten());
        }),
    ]
}
