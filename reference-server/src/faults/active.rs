//! Taking access away, and giving it back.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{
    Twist, asked, behave, document, each, hits, operations, refuses, replied, sent, shown,
};
use super::wire::{at, no, path, refuses_operation, text};
use super::{
    ALL, ENTRA, ENTRA_RFC, FaultInfo, OKTA, OKTA_ENTRA, OKTA_ENTRA_RFC, OKTA_RFC, PROVIDERS, RFC,
    of, own, wire,
};
use crate::engine::hooks::Action;
use crate::protocol::Object;
use crate::protocol::error::ScimError;
use crate::protocol::patch::{Op, Operation};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(47, "string-booleans-refused", ENTRA, || {
            vec![behave(|behaviour| {
                behaviour.leniency.string_booleans = false
            })]
        }),
        own(
            "string-false-is-true",
            "The string \"False\" is read as true, since it is not empty",
            ENTRA,
            "quirk ENTRA-42",
            || {
                vec![sent(|_, body| {
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if operation["path"] == "active" && operation["value"].is_string() {
                            operation["value"] = json!(true);
                        }
                    }
                })]
            },
        ),
        of(48, "string-boolean-stored", ENTRA_RFC, || {
            let texts: Memory<HashSet<String>> = Memory::default();
            let told = texts.clone();
            vec![
                sent(move |request, body| {
                    let as_text = wire::operations(body).iter().any(|operation| {
                        path(operation) == "active"
                            && operation.get("value").is_some_and(Value::is_string)
                    });
                    if let Some(id) = wire::id(request).filter(|_| as_text) {
                        texts.with(|texts| texts.insert(id));
                    }
                }),
                each(move |_, user| {
                    let id = text(user, "id").unwrap_or_default().to_owned();
                    if let Some(active @ Value::Bool(_)) = user.get_mut("active")
                        && told.with(|texts| texts.contains(&id))
                    {
                        *active = json!(if *active == json!(true) {
                            "True"
                        } else {
                            "False"
                        });
                    }
                }),
            ]
        }),
        of(49, "active-as-number", ALL, || {
            shows(|user| {
                if let Some(active @ Value::Bool(_)) = user.get_mut("active") {
                    *active = json!(i32::from(*active == json!(true)));
                }
            })
        }),
        of(50, "activation-refused", OKTA_ENTRA_RFC, || {
            vec![operations(|moment, before, operations| {
                let back = operations
                    .iter()
                    .any(|operation| sets_active(operation) == Some(true));
                if moment.kind.name == "User" && back && before.get("active") == Some(&json!(false))
                {
                    return Err(ScimError::value("this change is not supported"));
                }
                Ok(())
            })]
        }),
        of(51, "add-active-refused", ENTRA_RFC, || {
            vec![refuses_operation(
                "Users",
                400,
                "only replace is a valid choice",
                |operation| {
                    wire::op(operation).eq_ignore_ascii_case("add") && path(operation) == "active"
                },
            )]
        }),
        of(52, "wrapped-value-refused", ENTRA, || {
            vec![refuses_operation(
                "Users",
                400,
                "a boolean is expected",
                |operation| {
                    path(operation) == "active"
                        && operation.get("value").is_some_and(Value::is_array)
                },
            )]
        }),
        own(
            "wrapped-false-is-true",
            "A wrapped \"False\" is read as true, since a list is not empty",
            ENTRA,
            "quirk ENTRA-44",
            || {
                vec![sent(|_, body| {
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if operation["path"] == "active" && operation["value"].is_array() {
                            operation["value"] = json!(true);
                        }
                    }
                })]
            },
        ),
        of(53, "deactivation-hidden", OKTA_ENTRA_RFC, || {
            shows(|user| {
                if user.contains_key("active") {
                    user.insert("active".to_owned(), json!(true));
                }
            })
        }),
        own(
            "deactivation-not-stored",
            "A deactivation is answered rightly and not stored",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                vec![
                    document(|moment, before, after| {
                        if before.is_some() && moment.kind.name == "User" {
                            after.insert("active".to_owned(), json!(true));
                        }
                    }),
                    replied(|request, answer| {
                        let asked_off = String::from_utf8_lossy(&request.body)
                            .to_lowercase()
                            .replace(' ', "");
                        let off = asked_off.contains("\"active\":false")
                            || asked_off.contains("\"path\":\"active\"")
                                && asked_off.contains("false");
                        if let Some(body) =
                            answer.body.as_mut().filter(|_| off && answer.status == 200)
                        {
                            *body = String::from_utf8_lossy(body)
                                .replace("\"active\":true", "\"active\":false")
                                .into_bytes();
                        }
                    }),
                ]
            },
        ),
        own(
            "deactivation-deletes",
            "A deactivated user is gone for good",
            OKTA_ENTRA_RFC,
            "quirk OKTA-45, RFC 7644 section 3.4.1",
            || vec![told_gone()],
        ),
        own(
            "activation-not-stored",
            "Giving access back is answered rightly and not stored",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    if moment.kind.name == "User"
                        && before.is_some_and(|before| before.get("active") == Some(&json!(false)))
                    {
                        after.insert("active".to_owned(), json!(false));
                    }
                })]
            },
        ),
        own(
            "second-deactivation-lost",
            "A user who came back cannot be deactivated again",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let back: Memory<HashSet<String>> = Memory::default();
                vec![document(move |moment, before, after| {
                    let Some(id) = moment.id.filter(|_| moment.kind.name == "User") else {
                        return;
                    };
                    let was = before.and_then(|before| before.get("active")) == Some(&json!(true));
                    let is = after.get("active") == Some(&json!(true));
                    if !was && is {
                        back.with(|back| back.insert(id.to_owned()));
                    } else if was && !is && back.with(|back| back.contains(id)) {
                        after.insert("active".to_owned(), json!(true));
                    }
                })]
            },
        ),
        own(
            "deactivation-clears-profile",
            "A deactivated user loses name and addresses",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                when_off(|user| {
                    for name in ["name", "emails", "phoneNumbers", "title"] {
                        user.shift_remove(name);
                    }
                })
            },
        ),
        own(
            "deactivation-renames",
            "A deactivated user gets another userName",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                when_off(|user| {
                    if let Some(Value::String(name)) = user.get_mut("userName")
                        && !name.starts_with("deactivated-")
                    {
                        *name = format!("deactivated-{name}");
                    }
                })
            },
        ),
        own(
            "deactivation-drops-external-id",
            "A deactivated user loses externalId",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                when_off(|user| {
                    user.shift_remove("externalId");
                })
            },
        ),
        own(
            "deactivation-refused",
            "A deactivation by PATCH is answered with 400",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|moment, _, operations| {
                    if moment.kind.name == "User"
                        && operations
                            .iter()
                            .any(|operation| sets_active(operation) == Some(false))
                    {
                        return Err(ScimError::value("users cannot be deactivated"));
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "deactivation-by-put-ignored",
            "active false in a PUT is passed over",
            OKTA,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, before, after| {
                    if moment.action == Action::Replace
                        && moment.kind.name == "User"
                        && before.and_then(|before| before.get("active")) == Some(&json!(true))
                    {
                        after.insert("active".to_owned(), json!(true));
                    }
                })]
            },
        ),
        own(
            "inactive-without-active",
            "An inactive user is shown without active",
            OKTA_ENTRA,
            "RFC 7643 section 4.1.1",
            || {
                shows(|user| {
                    if user.get("active") == Some(&json!(false)) {
                        user.shift_remove("active");
                    }
                })
            },
        ),
        of(83, "put-without-active-suspends", OKTA, || {
            puts_active(false)
        }),
        of(84, "put-without-active-revives", RFC, || puts_active(true)),
        of(88, "inactive-hidden-by-id", OKTA_ENTRA_RFC, || {
            vec![replied(|request, answer| {
                if at(request, "GET", "Users") && is_off(answer.body.as_deref()) {
                    *answer = no(404, "there is no such user");
                }
            })]
        }),
        of(89, "inactive-hidden-from-lists", OKTA_ENTRA_RFC, || {
            vec![hits(|state, hits| {
                hits.retain(|slot| {
                    state
                        .record(*slot)
                        .is_none_or(|record| !record.document.contains("\"active\":false"))
                });
            })]
        }),
        own(
            "inactive-hidden-from-filters-only",
            "Inactive users are in lists and not found by a search",
            OKTA_ENTRA,
            "quirk OKTA-35",
            || {
                vec![super::twist::told(|request, _, body| {
                    let searched = wire::parameter(request, "filter").is_some();
                    if let Some(Value::Array(list)) = body.get_mut("Resources").filter(|_| searched)
                    {
                        list.retain(|user| user["active"] != json!(false));
                        body["totalResults"] =
                            json!(body["Resources"].as_array().map_or(0, Vec::len));
                    }
                })]
            },
        ),
        of(91, "inactive-edit-refused", ENTRA, || {
            vec![operations(|moment, before, operations| {
                let other = operations
                    .iter()
                    .any(|operation| operation.path.as_deref() != Some("active"));
                if moment.kind.name == "User"
                    && other
                    && before.get("active") == Some(&json!(false))
                {
                    return Err(ScimError::value("a deactivated member cannot be changed"));
                }
                Ok(())
            })]
        }),
        own(
            "inactive-edit-revives",
            "Any change of an inactive user gives access back",
            PROVIDERS,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    let was_off =
                        before.and_then(|before| before.get("active")) == Some(&json!(false));
                    if moment.kind.name == "User"
                        && was_off
                        && before.is_some_and(|before| {
                            before.iter().any(|(name, value)| {
                                name != "active"
                                    && name != "schemas"
                                    && after.get(name) != Some(value)
                            })
                        })
                    {
                        after.insert("active".to_owned(), json!(true));
                    }
                })]
            },
        ),
        of(93, "put-active-true-ignored", OKTA_RFC, || {
            vec![document(|moment, before, after| {
                if moment.action == Action::Replace
                    && before.is_some_and(|before| before.get("active") == Some(&json!(false)))
                {
                    after.insert("active".to_owned(), json!(false));
                }
            })]
        }),
        of(94, "second-life-refused", OKTA, || {
            let back: Memory<HashSet<String>> = Memory::default();
            let learn = back.clone();
            vec![
                asked(move |request| {
                    let id = wire::id(request)?;
                    (matches!(request.method.as_str(), "PUT" | "PATCH")
                        && back.with(|back| back.contains(&id)))
                    .then(|| no(400, "invalid parameter: value"))
                }),
                document(move |moment, before, after| {
                    if before.is_some_and(|before| before.get("active") == Some(&json!(false)))
                        && after.get("active") == Some(&json!(true))
                        && let Some(id) = moment.id
                    {
                        learn.with(|back| back.insert(id.to_owned()));
                    }
                }),
            ]
        }),
        own(
            "pathless-active-ignored",
            "active in a value without a path is passed over",
            OKTA,
            "quirk OKTA-40",
            || {
                vec![sent(|_, body| {
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if operation.get("path").is_none()
                            && let Some(Value::Object(value)) = operation.get_mut("value")
                        {
                            value.shift_remove("active");
                        }
                    }
                })]
            },
        ),
        own(
            "inactive-leaves-groups",
            "A deactivated user is not shown among the members of groups",
            OKTA_ENTRA,
            "RFC 7643 section 4.2",
            || {
                let off: Memory<HashSet<String>> = Memory::default();
                let learn = off.clone();
                vec![
                    document(move |moment, _, after| {
                        if let Some(id) = moment.id.filter(|_| moment.kind.name == "User") {
                            let is_off = after.get("active") == Some(&json!(false));
                            learn.with(|off| {
                                if is_off {
                                    off.insert(id.to_owned())
                                } else {
                                    off.remove(id)
                                }
                            });
                        }
                    }),
                    each(move |_, group| {
                        if let Some(Value::Array(members)) = group.get_mut("members") {
                            members.retain(|member| {
                                !off.with(|off| {
                                    off.contains(member["value"].as_str().unwrap_or_default())
                                })
                            });
                        }
                    }),
                ]
            },
        ),
        own(
            "active-in-post-required",
            "A create without active is refused",
            RFC,
            "RFC 7643 section 4.1.1",
            || {
                vec![refuses(|request, body| {
                    (wire::on(request, "POST", "Users") && body.get("active").is_none())
                        .then(|| no(400, "active is required"))
                })]
            },
        ),
    ]
}

/// What an operation makes of `active`, in any of its forms.
fn sets_active(operation: &Operation) -> Option<bool> {
    let value = operation
        .value
        .as_ref()
        .filter(|_| operation.op != Op::Remove)?;
    let value = match operation.path.as_deref() {
        Some(path) if path.eq_ignore_ascii_case("active") => value,
        None => value.get("active")?,
        Some(_) => return None,
    };
    let plain = value
        .get(0)
        .and_then(|wrapped| wrapped.get("value"))
        .unwrap_or(value);
    match plain {
        Value::Bool(active) => Some(*active),
        Value::String(text) => Some(text.eq_ignore_ascii_case("true")),
        _ => None,
    }
}

fn is_off(body: Option<&[u8]>) -> bool {
    let body: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
    body.is_some_and(|body| body["active"] == json!(false))
}

fn shows(change: fn(&mut Object)) -> Vec<Twist> {
    vec![shown(move |moment, user| {
        if moment.kind.name == "User" {
            change(user);
        }
    })]
}

/// Whoever is stored as inactive is changed as well.
fn when_off(change: fn(&mut Object)) -> Vec<Twist> {
    vec![document(move |moment, before, after| {
        if moment.kind.name == "User"
            && before.is_some()
            && after.get("active") == Some(&json!(false))
        {
            change(after);
        }
    })]
}

fn puts_active(active: bool) -> Vec<Twist> {
    vec![super::twist::body(move |moment, user| {
        if moment.action == Action::Replace
            && moment.kind.name == "User"
            && !user.contains_key("active")
        {
            user.insert("active".to_owned(), json!(active));
        }
    })]
}

/// After a write that leaves a user inactive, everything about the user is answered with 404.
fn told_gone() -> Twist {
    let gone: Memory<HashSet<String>> = Memory::default();
    replied(move |request, answer| {
        let Some(id) = wire::id(request).filter(|_| wire::place(request).0 == "Users") else {
            return;
        };
        if gone.with(|gone| gone.contains(&id)) {
            *answer = no(404, "there is no such user");
        } else if request.method != "GET" && is_off(answer.body.as_deref()) {
            gone.with(|gone| gone.insert(id));
        }
    })
}
