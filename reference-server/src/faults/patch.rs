//! PATCH: operations dropped, misread, half-done.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, document, operations, refuses, replied, sent, shown};
use super::wire::{at, no, refuses_operation};
use super::{ALL, ENTRA, ENTRA_RFC, FaultInfo, OKTA, OKTA_ENTRA_RFC, RFC, of, own, wire};
use crate::engine::hooks::{Action, Moment};
use crate::protocol::Object;
use crate::protocol::error::ScimError;
use crate::protocol::leniency::Leniency;
use crate::protocol::patch::{Op, Operation, Target, apply};
use crate::protocol::path::AttrPath;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(54, "capital-op-dropped", ENTRA, || {
            drops(|operation| op(operation).chars().any(char::is_uppercase))
        }),
        own(
            "capital-op-refused",
            "An op in capitals is refused",
            ENTRA,
            "quirk ENTRA-19",
            || {
                vec![super::twist::behave(|behaviour| {
                    behaviour.leniency.op_case = false
                })]
            },
        ),
        of(55, "capital-remove-dropped", ENTRA, || {
            drops(|operation| op(operation) == "Remove")
        }),
        own(
            "replace-refused",
            "replace is refused, only add is known",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                vec![refuses_operation(
                    "Users",
                    400,
                    "replace is not supported",
                    |operation| wire::op(operation).eq_ignore_ascii_case("replace"),
                )]
            },
        ),
        of(58, "replace-unset-refused", ENTRA_RFC, || {
            vec![operations(|moment, before, operations| {
                let unset = |operation: &Operation| {
                    operation.op == Op::Replace
                        && operation.path.as_ref().is_some_and(|path| {
                            !path.contains(['[', ':', '.'])
                                && !before.contains_key(path)
                                && moment.kind.core(path).is_some()
                        })
                };
                if moment.kind.name == "User" && operations.iter().any(unset) {
                    return Err(ScimError::no_target("there is nothing to replace"));
                }
                Ok(())
            })]
        }),
        of(59, "unknown-attribute-stops-the-rest", ENTRA, || {
            vec![operations(|moment, _, operations| {
                let known = |operation: &Operation| {
                    operation.path.as_ref().is_none_or(|path| {
                        let kept = AttrPath::parse(path).is_some_and(|path| {
                            path.resolve(moment.kind, &Leniency::DEFAULT).is_some()
                        });
                        // One that most products do not have is not kept here either.
                        path.contains('[') || kept && !path.eq_ignore_ascii_case("timezone")
                    })
                };
                if let Some(first) = operations.iter().position(|operation| !known(operation)) {
                    operations.truncate(first);
                }
                Ok(())
            })]
        }),
        of(60, "patch-not-atomic", ENTRA_RFC, || {
            let failed: Memory<HashSet<String>> = Memory::default();
            let told = failed.clone();
            vec![
                operations(move |moment, before, operations| {
                    let whole = fitting(moment, before, operations);
                    if moment.kind.name == "User" && whole < operations.len() {
                        operations.truncate(whole);
                        failed
                            .with(|failed| failed.insert(moment.id.unwrap_or_default().to_owned()));
                    }
                    Ok(())
                }),
                replied(move |request, answer| {
                    if wire::id(request).is_some_and(|id| told.with(|failed| failed.remove(&id))) {
                        *answer = no(400, "an operation could not be applied");
                    }
                }),
            ]
        }),
        own(
            "bad-operations-skipped",
            "Operations that fail are passed over with success",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|moment, before, operations| {
                    if moment.kind.name != "User" {
                        return Ok(());
                    }
                    loop {
                        let whole = fitting(moment, before, operations);
                        if whole >= operations.len() {
                            return Ok(());
                        }
                        operations.remove(whole);
                    }
                })]
            },
        ),
        of(61, "only-replace-on-users", ENTRA_RFC, || {
            keeps("User", |operation| operation.op == Op::Replace)
        }),
        own(
            "only-first-operation",
            "Of several operations only the first is applied",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|_, _, operations| {
                    operations.truncate(1);
                    Ok(())
                })]
            },
        ),
        own(
            "only-last-operation",
            "Of several operations only the last is applied",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|_, _, operations| {
                    let last = operations.len().saturating_sub(1);
                    operations.drain(..last);
                    Ok(())
                })]
            },
        ),
        own(
            "operations-backwards",
            "Operations are applied from the last to the first",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|_, _, operations| {
                    operations.reverse();
                    Ok(())
                })]
            },
        ),
        of(62, "answer-shows-old-state", ENTRA_RFC, || {
            let old: Memory<HashMap<String, Object>> = Memory::default();
            let told = old.clone();
            vec![
                document(move |moment, before, _| {
                    if let (Some(id), Some(before), Action::Patch) =
                        (moment.id, before, moment.action)
                    {
                        old.with(|old| old.insert(id.to_owned(), before.clone()));
                    }
                }),
                shown(move |moment, resource| {
                    if let (Action::Patch, Some(id)) = (moment.action, moment.id)
                        && let Some(before) = told.with(|old| old.remove(id))
                    {
                        resource.retain(|name, _| {
                            before.contains_key(name)
                                || matches!(name.as_str(), "id" | "meta" | "groups" | "members")
                        });
                        resource.extend(before);
                    }
                }),
            ]
        }),
        own(
            "patch-stores-nothing",
            "A PATCH of a user is answered rightly and not stored",
            ALL,
            "RFC 7644 section 3.5.2",
            || stores_nothing(Action::Patch),
        ),
        own(
            "put-stores-nothing",
            "A PUT of a user is answered rightly and not stored",
            ALL,
            "RFC 7644 section 3.5.1",
            || stores_nothing(Action::Replace),
        ),
        own(
            "second-patch-lost",
            "The second PATCH of a user is answered and not stored",
            ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let seen: Memory<HashMap<String, u32>> = Memory::default();
                vec![operations(move |moment, _, operations| {
                    let count = seen.with(|seen| {
                        let count = seen
                            .entry(moment.id.unwrap_or_default().to_owned())
                            .or_default();
                        *count += 1;
                        *count
                    });
                    if count == 2 && moment.kind.name == "User" {
                        operations.clear();
                    }
                    Ok(())
                })]
            },
        ),
        of(64, "operations-object-500", RFC, || {
            vec![refuses(|request, body| {
                (request.method == "PATCH" && body["Operations"].is_object())
                    .then(|| no(500, "TypeError: Operations is not iterable"))
            })]
        }),
        own(
            "patch-without-schemas-500",
            "A PATCH without schemas is a server error",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![refuses(|request, body| {
                    (request.method == "PATCH" && body.get("schemas").is_none())
                        .then(|| no(500, "NullPointerException"))
                })]
            },
        ),
        own(
            "unknown-op-accepted",
            "An unknown op is passed over with success",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                drops(|operation| {
                    !matches!(
                        op(operation).to_lowercase().as_str(),
                        "add" | "remove" | "replace"
                    )
                })
            },
        ),
        of(67, "nested-urn-dropped", OKTA, || {
            pathless(|value| {
                value.retain(|key, value| !(key.starts_with("urn:") && value.is_object()))
            })
        }),
        own(
            "flat-urn-dropped",
            "Full names as keys of a value without path are passed over",
            ENTRA,
            "quirk ENTRA-22",
            || {
                pathless(|value| {
                    value.retain(|key, value| !key.starts_with("urn:") || value.is_object())
                })
            },
        ),
        own(
            "pathless-ignored",
            "An operation without a path does nothing",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || pathless(Object::clear),
        ),
        own(
            "pathless-refused",
            "An operation without a path is refused",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![refuses_operation(
                    "Users",
                    400,
                    "path is required",
                    |operation| operation.get("path").is_none(),
                )]
            },
        ),
        own(
            "pathless-replaces-all",
            "replace without a path clears what it does not name",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                let named: Memory<Vec<String>> = Memory::default();
                let told = named.clone();
                vec![
                    operations(move |_, _, operations| {
                        let keys = operations
                            .iter()
                            .filter(|operation| operation.path.is_none())
                            .filter_map(|operation| operation.value.as_ref()?.as_object())
                            .flat_map(|value| value.keys().cloned());
                        named.with(|named| *named = keys.collect());
                        Ok(())
                    }),
                    document(move |moment, _, after| {
                        let named = told.with(std::mem::take);
                        if moment.action == Action::Patch
                            && moment.kind.name == "User"
                            && !named.is_empty()
                        {
                            after.retain(|name, _| {
                                matches!(
                                    name.as_str(),
                                    "schemas" | "userName" | "active" | "externalId"
                                ) || named.iter().any(|named| named.starts_with(name))
                            });
                        }
                    }),
                ]
            },
        ),
        of(68, "own-id-refused", OKTA, || {
            vec![refuses_operation(
                "Groups",
                400,
                "id is readOnly",
                |operation| {
                    operation
                        .get("value")
                        .is_some_and(|value| value.get("id").is_some())
                },
            )]
        }),
        of(69, "value-as-json-text-500", RFC, || {
            vec![refuses(|request, body| {
                let text = wire::operations(body).iter().any(|operation| {
                    operation.get("path").is_none()
                        && operation.get("value").is_some_and(Value::is_string)
                });
                (request.method == "PATCH" && text).then(|| no(500, "cannot index into a string"))
            })]
        }),
        of(80, "attribute-removal-ignored", ENTRA_RFC, || {
            keeps("User", |operation| operation.op != Op::Remove)
        }),
        own(
            "removal-refused",
            "remove on a user is refused",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2.2",
            || {
                vec![refuses_operation(
                    "Users",
                    400,
                    "remove is not supported",
                    |operation| wire::op(operation).eq_ignore_ascii_case("remove"),
                )]
            },
        ),
        of(121, "required-custom-blocks-patch", RFC, || {
            vec![refuses_operation(
                "Users",
                400,
                "urn:example:User:berth is required",
                |operation| {
                    operation.get("path").is_none()
                        && operation.get("value").is_some_and(Value::is_object)
                },
            )]
        }),
        of(122, "debug-name-stored", OKTA, || {
            vec![document(|moment, _, after| {
                if moment.action == Action::Patch
                    && let Some(Value::Object(extension)) = after.get_mut(wire::ENTERPRISE)
                {
                    for value in extension.values_mut().filter(|value| value.is_string()) {
                        *value = json!("org.example.SimpleAttribute@3fcc28bd");
                    }
                }
            })]
        }),
        of(146, "patch-201", RFC, || {
            vec![replied(|request, answer| {
                if request.method == "PATCH" && answer.status == 200 {
                    answer.status = 201
                }
            })]
        }),
        own(
            "patch-200-without-body",
            "A PATCH is answered with 200 and nothing",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![replied(|request, answer| {
                    if request.method == "PATCH" && answer.status == 204 {
                        answer.status = 200;
                    }
                })]
            },
        ),
        own(
            "patch-204-with-body",
            "A PATCH of a user is answered with true",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![replied(|request, answer| {
                    if at(request, "PATCH", "Users") && answer.status == 200 {
                        answer.body = Some(b"{\"success\":true}".to_vec());
                    }
                })]
            },
        ),
        own(
            "patch-501",
            "PATCH of users is not offered, though it is declared",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![super::twist::asked(|request| {
                    at(request, "PATCH", "Users").then(|| no(501, "PATCH is not implemented"))
                })]
            },
        ),
    ]
}

fn op(operation: &Value) -> &str {
    operation["op"].as_str().unwrap_or_default()
}

/// Operations like this are passed over, as if they had not been sent.
fn drops(like: fn(&Value) -> bool) -> Vec<Twist> {
    vec![sent(move |request, body| {
        if request.method == "PATCH"
            && let Some(Value::Array(list)) = body.get_mut("Operations")
        {
            list.retain(|operation| !like(operation));
        }
    })]
}

/// Only operations like this are applied.
fn keeps(kind: &'static str, like: fn(&Operation) -> bool) -> Vec<Twist> {
    vec![operations(move |moment, _, operations| {
        if moment.kind.name == kind {
            operations.retain(like);
        }
        Ok(())
    })]
}

/// The objects of operations without a path are changed.
fn pathless(change: fn(&mut Object)) -> Vec<Twist> {
    vec![sent(move |request, body| {
        if !at(request, "PATCH", "Users") {
            return;
        }
        for operation in body["Operations"].as_array_mut().into_iter().flatten() {
            if operation.get("path").is_none()
                && let Some(Value::Object(value)) = operation.get_mut("value")
            {
                change(value);
            }
        }
    })]
}

/// How many operations, from the first on, can be applied.
fn fitting(moment: Moment<'_>, before: &Object, operations: &[Operation]) -> usize {
    (0..=operations.len())
        .rev()
        .find(|count| {
            let mut document = before.clone();
            let mut target = Target {
                kind: moment.kind,
                id: moment.id.unwrap_or_default(),
                document: &mut document,
                members: None,
                secret: false,
            };
            apply(
                &mut target,
                operations[..*count].to_vec(),
                &Leniency::DEFAULT,
            )
            .is_ok()
        })
        .unwrap_or_default()
}

/// The answer has the new state, the store keeps the old one.
fn stores_nothing(action: Action) -> Vec<Twist> {
    let new: Memory<HashMap<String, Object>> = Memory::default();
    let told = new.clone();
    vec![
        document(move |moment, before, after| {
            if let (Some(id), Some(before)) = (moment.id, before)
                && moment.action == action
                && moment.kind.name == "User"
            {
                new.with(|new| new.insert(id.to_owned(), after.clone()));
                after.clone_from(before);
            }
        }),
        shown(move |moment, resource| {
            if let Some(id) = moment.id.filter(|_| moment.action == action)
                && let Some(after) = told.with(|new| new.remove(id))
            {
                resource.retain(|name, _| {
                    after.contains_key(name)
                        || matches!(name.as_str(), "id" | "meta" | "groups" | "schemas")
                });
                resource.extend(after);
            }
        }),
    ]
}
