//! Values that come back otherwise than they were sent, more than were sent, or in another place, and requests of one
//! shape that are a server error.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{
    Twist, deletion, document, each, operations, refuses, replied, sent, shown, told,
};
use super::wire::{self, ENTERPRISE, at, no, on, refuses_operation, text};
use super::{ALL, ENTRA, ENTRA_RFC, FaultInfo, OKTA_ENTRA_RFC, OKTA_RFC, RFC, own};
use crate::engine::hooks::{Action, Deletion};
use crate::protocol::Object;

const PATCH: &str = "RFC 7644 section 3.5.2";
const VALUES: &str = "RFC 7643 section 4.1";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "extension-shown-twice",
            "Attributes of the enterprise extension are shown among the core attributes as well",
            ENTRA_RFC,
            "RFC 7643 section 3.3",
            || {
                vec![each(|_, user| {
                    if let Some(Value::Object(extension)) = user.get(ENTERPRISE).cloned() {
                        for (name, value) in extension {
                            user.entry(name).or_insert(value);
                        }
                    }
                })]
            },
        ),
        own(
            "manager-name-taken",
            "The displayName of a manager is what the client wrote",
            RFC,
            "RFC 7643 section 4.3",
            || {
                let named: Memory<HashMap<String, Value>> = Memory::default();
                let known = named.clone();
                vec![
                    sent(move |_, user| {
                        if let (Some(user_name), Some(name)) = (
                            user["userName"].as_str(),
                            user[ENTERPRISE]["manager"].get("displayName"),
                        ) {
                            named.with(|named| named.insert(user_name.to_owned(), name.clone()));
                        }
                    }),
                    shown(move |_, user| {
                        let name = text(user, "userName")
                            .and_then(|name| known.with(|named| named.get(name).cloned()));
                        let manager = user
                            .get_mut(ENTERPRISE)
                            .and_then(|extension| extension.get_mut("manager"));
                        if let (Some(name), Some(Value::Object(manager))) = (name, manager) {
                            manager.insert("displayName".to_owned(), name);
                        }
                    }),
                ]
            },
        ),
        own(
            "manager-reference-wrong",
            "$ref of a manager leads to an endpoint that there is not",
            RFC,
            "RFC 7643 section 4.3",
            || {
                vec![shown(|_, user| {
                    if let Some(Value::Object(manager)) = user
                        .get_mut(ENTERPRISE)
                        .and_then(|extension| extension.get_mut("manager"))
                    {
                        manager.insert("$ref".to_owned(), json!("../Managers/1"));
                    }
                })]
            },
        ),
        own(
            "line-breaks-lost",
            "Line breaks in a postal address become spaces",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.1.2",
            || {
                vec![document(|_, _, user| {
                    let list = user.get_mut("addresses").and_then(Value::as_array_mut);
                    for address in list.into_iter().flatten() {
                        if let Some(Value::String(text)) = address.get_mut("formatted") {
                            *text = text.replace('\n', " ");
                        }
                    }
                })]
            },
        ),
        own(
            "texts-cut-at-64",
            "Of a text the first 64 characters are kept",
            ALL,
            "RFC 7643 section 2.3.1",
            || {
                texts(|text| {
                    let cut: String = text.chars().take(64).collect();
                    (cut != *text).then_some(cut)
                })
            },
        ),
        own(
            "texts-escaped",
            "Ampersands and angle brackets in texts are stored as HTML writes them",
            ALL,
            "RFC 7643 section 2.3.1",
            || {
                texts(|text| {
                    let safe = text
                        .replace('&', "&amp;")
                        .replace('<', "&lt;")
                        .replace('>', "&gt;");
                    (safe != *text).then_some(safe)
                })
            },
        ),
        own(
            "spaces-run-together",
            "Several spaces in a row are stored as one",
            ALL,
            "RFC 7643 section 2.3.1",
            || {
                texts(|text| {
                    let one: Vec<&str> = text.split("  ").collect();
                    (one.len() > 1).then(|| one.join(" "))
                })
            },
        ),
        own(
            "group-name-cut-at-comma",
            "The name of a group ends before its first comma",
            ALL,
            "RFC 7643 section 4.2",
            || {
                vec![document(|moment, _, group| {
                    if let (Some(Value::String(name)), "Group") =
                        (group.get_mut("displayName"), moment.kind.name.as_str())
                        && let Some((head, _)) = name.split_once(',')
                    {
                        *name = head.to_owned();
                    }
                })]
            },
        ),
        own(
            "operations-beyond-ten-dropped",
            "Of a PATCH the first ten operations are applied",
            ALL,
            PATCH,
            || {
                vec![operations(|_, _, operations| {
                    operations.truncate(10);
                    Ok(())
                })]
            },
        ),
        own(
            "boolean-in-brackets-never-fits",
            "primary eq true in the brackets of a path fits nothing",
            ENTRA_RFC,
            PATCH,
            || {
                vec![operations(|_, _, operations| {
                    let boolean = |path: &String| path.contains("[primary eq true]");
                    operations.retain(|operation| !operation.path.as_ref().is_some_and(boolean));
                    Ok(())
                })]
            },
        ),
        own(
            "name-parts-blanked",
            "The parts of a name that a PATCH of the name leaves out become empty texts",
            ENTRA_RFC,
            PATCH,
            || {
                naming("name", |before, after| {
                    blank_what_stayed(before, after, "name");
                })
            },
        ),
        own(
            "extension-by-urn-blanked",
            "A PATCH of the enterprise extension by its URN makes all of its texts empty",
            RFC,
            PATCH,
            || {
                naming(ENTERPRISE, |before, after| {
                    let mut blank = serde_json::Map::new();
                    for user in before.into_iter().chain([&*after]) {
                        let texts = user.get(ENTERPRISE).and_then(Value::as_object);
                        for (name, _) in texts
                            .into_iter()
                            .flatten()
                            .filter(|(_, value)| value.is_string())
                        {
                            blank.insert(name.clone(), json!(""));
                        }
                    }
                    after.insert(ENTERPRISE.to_owned(), Value::Object(blank));
                })
            },
        ),
        own(
            "password-change-suspends",
            "Whoever gets a new password by PATCH is switched off",
            ALL,
            "RFC 7643 section 4.1.1",
            || {
                naming("password", |_, after| {
                    after.insert("active".to_owned(), json!(false));
                })
            },
        ),
        own(
            "digits-become-numbers",
            "Texts of digits come back as numbers",
            ALL,
            "RFC 7643 section 2.3.1",
            || {
                vec![each(|_, user| {
                    let number = user
                        .get_mut(ENTERPRISE)
                        .and_then(|extension| extension.get_mut("employeeNumber"));
                    if let Some(value) = number
                        && let Some(digits) =
                            value.as_str().and_then(|text| text.parse::<u64>().ok())
                    {
                        *value = json!(digits);
                    }
                })]
            },
        ),
        own(
            "password-shown-as-stars",
            "A person that is read has a password of stars, with or without one",
            ALL,
            "RFC 7643 section 4.1.1",
            || {
                vec![told(|request, status, body| {
                    if at(request, "GET", "Users") && status == 200 && body.is_object() {
                        body["password"] = json!("********");
                    }
                })]
            },
        ),
        own(
            "address-of-its-own",
            "Whoever is created with an e-mail address gets one more of the provider's",
            ALL,
            VALUES,
            || {
                vec![document(|moment, before, user| {
                    let name = moment.kind.name.as_str();
                    if let (None, "User", Some(Value::Array(list))) =
                        (before, name, user.get_mut("emails"))
                    {
                        let own = format!("{}@mail.example.net", uuid::Uuid::new_v4());
                        list.push(json!({"value": own, "type": "other"}));
                    }
                })]
            },
        ),
        own(
            "shared-address-500",
            "A second person with one e-mail address is a server error",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.1.1",
            || {
                let known: Memory<HashSet<String>> = Memory::default();
                let learn = known.clone();
                vec![
                    refuses(move |request, body| {
                        let taken = addresses(body)
                            .iter()
                            .any(|address| known.with(|known| known.contains(address)));
                        (on(request, "POST", "Users") && taken)
                            .then(|| no(500, "duplicate key in emails"))
                    }),
                    told(move |request, status, body| {
                        if on(request, "POST", "Users") && status == 201 {
                            learn.with(|known| known.extend(addresses(body)));
                        }
                    }),
                ]
            },
        ),
        own(
            "flat-urn-key-500",
            "A full name as a key of a value without path is a server error",
            ENTRA,
            "quirk ENTRA-22",
            || {
                vec![refuses_operation("Users", 500, "KeyError", |operation| {
                    let value = operation.get("value").and_then(Value::as_object);
                    value.is_some_and(|value| {
                        value
                            .iter()
                            .any(|(key, value)| key.starts_with("urn:") && !value.is_object())
                    })
                })]
            },
        ),
        own(
            "two-conditions-500",
            "Two conditions in the brackets of a path are a server error",
            ENTRA_RFC,
            PATCH,
            || {
                vec![refuses_operation(
                    "Users",
                    500,
                    "ParseException",
                    |operation| {
                        let path = wire::path(operation);
                        path.contains('[') && path.contains(" and ")
                    },
                )]
            },
        ),
        own(
            "group-external-id-refused",
            "A group with an externalId cannot be created",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 3.1",
            || {
                vec![refuses(|request, body| {
                    (on(request, "POST", "Groups") && body.get("externalId").is_some())
                        .then(|| no(400, "externalId is not known"))
                })]
            },
        ),
        own(
            "several-group-operations-refused",
            "A PATCH of a group with more than one operation is refused",
            OKTA_RFC,
            PATCH,
            || {
                vec![refuses(|request, body| {
                    (at(request, "PATCH", "Groups") && wire::operations(body).len() > 1)
                        .then(|| no(400, "one operation at a time"))
                })]
            },
        ),
        own(
            "delete-beside-change-500",
            "The DELETE of a person who is being changed is a server error",
            RFC,
            "RFC 7644 section 3.6",
            || {
                let patched: Memory<HashMap<String, std::time::Instant>> = Memory::default();
                let (learn, hit) = (patched.clone(), Memory::<bool>::default());
                let told = hit.clone();
                vec![
                    replied(move |request, answer| {
                        if at(request, "PATCH", "Users") {
                            answer.delay = Some(super::timing::HELD);
                        }
                        if request.method == "DELETE" && told.with(std::mem::take) {
                            *answer = no(500, "OptimisticLockException");
                        }
                    }),
                    document(move |moment, _, _| {
                        if let (Action::Patch, "User", Some(id)) =
                            (moment.action, moment.kind.name.as_str(), moment.id)
                        {
                            learn.with(|patched| {
                                patched.insert(id.to_owned(), std::time::Instant::now())
                            });
                        }
                    }),
                    deletion(move |moment, _, _| {
                        let at = moment
                            .id
                            .and_then(|id| patched.with(|patched| patched.get(id).copied()));
                        if at.is_some_and(|at| at.elapsed() < super::timing::BLIND) {
                            hit.with(|hit| *hit = true);
                            Deletion::Nothing
                        } else {
                            Deletion::Remove
                        }
                    }),
                ]
            },
        ),
    ]
}

/// What is stored after a PATCH that names this path, by a second hook that acts where the first saw the path.
fn naming(
    path: &'static str,
    act: impl Fn(Option<&Object>, &mut Object) + Send + Sync + 'static,
) -> Vec<Twist> {
    let hit: Memory<bool> = Memory::default();
    let known = hit.clone();
    vec![
        operations(move |_, _, operations| {
            let named = operations
                .iter()
                .any(|operation| operation.path.as_deref() == Some(path));
            hit.with(|hit| *hit = named);
            Ok(())
        }),
        document(move |_, before, after| {
            if known.with(std::mem::take) {
                act(before, after);
            }
        }),
    ]
}

/// What a complex attribute had and was not given anew becomes empty text.
fn blank_what_stayed(before: Option<&Object>, after: &mut Object, name: &str) {
    let old = before
        .and_then(|before| before.get(name))
        .and_then(Value::as_object);
    let Some(Value::Object(new)) = after.get_mut(name) else {
        return;
    };
    for (part, value) in old.into_iter().flatten() {
        if new.get(part).is_none_or(|now| now == value) {
            new.insert(part.clone(), json!(""));
        }
    }
}

/// Each text of a user or group is stored otherwise, where there is an otherwise.
fn texts(change: fn(&String) -> Option<String>) -> Vec<Twist> {
    vec![document(move |_, _, resource| {
        for (name, value) in resource.iter_mut() {
            if !matches!(name.as_str(), "schemas" | "x509Certificates" | "photos") {
                rewrite(value, change);
            }
        }
    })]
}

fn rewrite(value: &mut Value, change: fn(&String) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = change(text) {
                *text = new;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| rewrite(item, change)),
        Value::Object(map) => map.values_mut().for_each(|item| rewrite(item, change)),
        _ => {}
    }
}

fn addresses(user: &Value) -> Vec<String> {
    let list = user["emails"].as_array();
    list.into_iter()
        .flatten()
        .filter_map(|email| email["value"].as_str())
        .map(str::to_lowercase)
        .collect()
}
