//! Paths of PATCH operations that are misread.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, document, each, operations, sent};
use super::wire::{path, refuses_operation};
use super::{ENTRA, ENTRA_RFC, FaultInfo, RFC, of, own, wire};
use crate::engine::hooks::Action;
use crate::protocol::error::ScimError;
use crate::protocol::patch::{Op, Operation};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(56, "path-by-case", ENTRA_RFC, || {
            let like = |operation: &crate::protocol::Object| {
                path(operation).starts_with(|first: char| first.is_ascii_uppercase())
            };
            vec![
                refuses_operation("Users", 400, "unknown path", like),
                refuses_operation("Groups", 400, "unknown path", like),
            ]
        }),
        own(
            "capital-path-dropped",
            "A path in capitals is passed over with success",
            ENTRA,
            "RFC 7643 section 2.1",
            || {
                vec![operations(|_, _, operations| {
                    operations.retain(|operation| {
                        !operation.path.as_ref().is_some_and(|path| {
                            path.starts_with(|first: char| first.is_ascii_uppercase())
                        })
                    });
                    Ok(())
                })]
            },
        ),
        of(57, "dotted-path-500", ENTRA_RFC, || {
            vec![refuses_operation(
                "Users",
                500,
                "TypeError: string has no attributes",
                |operation| path(operation).contains('.') && !path(operation).contains(['[', ':']),
            )]
        }),
        of(63, "malformed-path-writes-parent", RFC, || {
            rewrites(|operation| {
                if operation.path.as_deref() == Some("name.") {
                    operation.path = Some("name".to_owned());
                    operation.value = Some(json!({"formatted": operation.value}));
                }
            })
        }),
        own(
            "unknown-path-accepted",
            "A path that leads nowhere is passed over with success",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|moment, _, operations| {
                    operations.retain(|operation| {
                        operation.path.as_ref().is_none_or(|path| {
                            path.contains(['[', ':'])
                                || moment
                                    .kind
                                    .core(path.split('.').next().unwrap_or_default())
                                    .is_some()
                        })
                    });
                    Ok(())
                })]
            },
        ),
        own(
            "read-only-path-accepted",
            "Operations on readOnly attributes are passed over with success",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|_, _, operations| {
                    operations.retain(|operation| {
                        !operation.path.as_deref().is_some_and(|path| {
                            matches!(path.split('.').next(), Some("id" | "meta" | "groups"))
                        })
                    });
                    Ok(())
                })]
            },
        ),
        of(65, "plain-value-refused", ENTRA_RFC, || {
            vec![refuses_operation(
                "Users",
                400,
                "a list of values is expected",
                |operation| {
                    operation.get("value").is_some_and(Value::is_string)
                        && !path(operation).is_empty()
                },
            )]
        }),
        of(66, "dotted-keys-flat", ENTRA, || {
            let flat: Memory<HashMap<String, Value>> = Memory::default();
            let told = flat.clone();
            vec![
                sent(move |request, body| {
                    let id = wire::id(request).unwrap_or_default();
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if let Some(Value::Object(value)) = operation.get_mut("value") {
                            value.retain(|key, value| {
                                let last = key
                                    .rsplit_once('.')
                                    .filter(|(head, _)| !head.contains([':', '[']));
                                if let Some((_, name)) = last {
                                    flat.with(|flat| {
                                        let kept =
                                            flat.entry(id.clone()).or_insert_with(|| json!({}));
                                        kept[name] = value.take();
                                    });
                                }
                                last.is_none()
                            });
                        }
                    }
                }),
                each(move |_, user| {
                    let id = wire::text(user, "id").unwrap_or_default();
                    if let Some(Value::Object(kept)) = told.with(|flat| flat.get(id).cloned()) {
                        user.extend(kept);
                    }
                }),
            ]
        }),
        own(
            "dotted-keys-dropped",
            "Dotted keys in a value without path are passed over",
            ENTRA,
            "quirk ENTRA-21",
            || {
                vec![sent(|_, body| {
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if let Some(Value::Object(value)) = operation.get_mut("value") {
                            value.retain(|key, _| !key.contains('.') || key.contains(':'));
                        }
                    }
                })]
            },
        ),
        of(70, "bracket-path-refused", ENTRA_RFC, || {
            vec![refuses_operation(
                "Users",
                400,
                "unsupported path",
                |operation| path(operation).contains('['),
            )]
        }),
        own(
            "bracket-path-dropped",
            "A path with a filter is passed over with success",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|moment, _, operations| {
                    operations.retain(|operation| {
                        moment.kind.name != "User"
                            || !operation
                                .path
                                .as_ref()
                                .is_some_and(|path| path.contains('['))
                    });
                    Ok(())
                })]
            },
        ),
        of(71, "filtered-replace-drops-siblings", ENTRA_RFC, || {
            let lists: Memory<Vec<String>> = Memory::default();
            let told = lists.clone();
            vec![
                operations(move |_, _, operations| {
                    let selected = operations
                        .iter()
                        .filter(|operation| operation.op == Op::Replace)
                        .filter_map(|operation| operation.path.as_deref()?.split_once('['));
                    lists
                        .with(|lists| *lists = selected.map(|(name, _)| name.to_owned()).collect());
                    Ok(())
                }),
                document(move |moment, before, after| {
                    for name in told.with(std::mem::take) {
                        let old = before
                            .and_then(|before| before.get(&name))
                            .and_then(Value::as_array)
                            .cloned()
                            .unwrap_or_default();
                        if let Some(Value::Array(list)) = after.get_mut(&name)
                            && moment.action == Action::Patch
                        {
                            list.retain(|element| !old.contains(element));
                        }
                    }
                }),
            ]
        }),
        of(73, "only-first-match-changed", RFC, || {
            vec![document(|moment, before, after| {
                for (name, value) in after.iter_mut() {
                    let old = before
                        .and_then(|before| before.get(name))
                        .and_then(Value::as_array);
                    if let (Some(old), Value::Array(list), Action::Patch) =
                        (old, value, moment.action)
                        && old.len() == list.len()
                    {
                        let changed = list.iter_mut().zip(old).filter(|(new, old)| new != old);
                        changed.skip(1).for_each(|(new, old)| new.clone_from(old));
                    }
                }
            })]
        }),
        of(74, "bracket-filter-ignored", ENTRA_RFC, || {
            rewrites(|operation| {
                if let Some(path) = &operation.path
                    && let (Some((name, _)), Some((_, sub))) =
                        (path.split_once('['), path.split_once(']'))
                    && name == "emails"
                {
                    operation.path = Some(format!("{name}[primary eq true]{sub}"));
                }
            })
        }),
        of(75, "primary-true-never-matches", ENTRA, || {
            vec![operations(|_, _, operations| {
                if operations.iter().any(|operation| {
                    operation
                        .path
                        .as_ref()
                        .is_some_and(|path| path.contains("primary eq \"True\""))
                }) {
                    return Err(ScimError::no_target("no value is selected"));
                }
                Ok(())
            })]
        }),
        own(
            "absent-element-not-made",
            "An element that a filter names is not made where there is none",
            ENTRA,
            "quirk ENTRA-26",
            || {
                vec![super::twist::behave(|behaviour| {
                    behaviour.leniency.create_on_absent = false
                })]
            },
        ),
        of(76, "replace-appends", RFC, || {
            rewrites(|operation| {
                let whole = operation
                    .path
                    .as_ref()
                    .is_some_and(|path| !path.contains('['));
                if operation.op == Op::Replace
                    && whole
                    && operation.value.as_ref().is_some_and(Value::is_array)
                {
                    operation.op = Op::Add;
                }
            })
        }),
        own(
            "add-replaces-list",
            "add to a list of a user replaces the list",
            RFC,
            "RFC 7644 section 3.5.2.1",
            || {
                rewrites(|operation| {
                    if operation.op == Op::Add
                        && operation.value.as_ref().is_some_and(Value::is_array)
                    {
                        operation.op = Op::Replace;
                    }
                })
            },
        ),
        own(
            "add-keeps-old-value",
            "add to a single value that is there does nothing",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2.1",
            || {
                vec![operations(|_, before, operations| {
                    operations.retain(|operation| {
                        !(operation.op == Op::Add
                            && operation.path.as_ref().is_some_and(|path| {
                                before.get(path).is_some_and(|value| !value.is_array())
                            }))
                    });
                    Ok(())
                })]
            },
        ),
        own(
            "remove-selected-removes-all",
            "remove with a filter takes the whole list",
            RFC,
            "RFC 7644 section 3.5.2.2",
            || {
                rewrites(|operation| {
                    if operation.op == Op::Remove
                        && let Some((name, _)) = operation
                            .path
                            .as_ref()
                            .and_then(|path| path.split_once('['))
                        && name != "members"
                    {
                        operation.path = Some(name.to_owned());
                    }
                })
            },
        ),
        own(
            "name-replaced-whole",
            "replace of one part of a name drops the other parts",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                vec![
                    operations(|_, _, operations| {
                        for operation in operations {
                            if let Some(part) = operation
                                .path
                                .as_ref()
                                .and_then(|path| path.strip_prefix("name."))
                                .map(str::to_owned)
                                && let (Op::Replace, Some(value)) =
                                    (operation.op, operation.value.take())
                            {
                                operation.path = Some("name".to_owned());
                                operation.value = Some(json!({part: value}));
                            }
                        }
                        Ok(())
                    }),
                    document(|moment, before, after| {
                        let old = before.and_then(|before| before.get("name"));
                        if moment.action == Action::Patch
                            && let (Some(Value::Object(old)), Some(Value::Object(new))) =
                                (old, after.get_mut("name"))
                            && new != old
                        {
                            new.retain(|part, value| old.get(part) != Some(value));
                        }
                    }),
                ]
            },
        ),
        of(117, "urn-cut-at-dot", ENTRA_RFC, || {
            let stray: Memory<HashMap<String, Value>> = Memory::default();
            let told = stray.clone();
            vec![
                operations(move |moment, _, operations| {
                    operations.retain(|operation| {
                        let cut = operation
                            .path
                            .as_ref()
                            .and_then(|path| path.strip_prefix("urn:"))
                            .and_then(|rest| rest.split_once(":2.0:User:"));
                        if let Some((_, name)) = cut {
                            stray.with(|stray| {
                                stray.insert(
                                    moment.id.unwrap_or_default().to_owned(),
                                    json!({name: operation.value}),
                                )
                            });
                        }
                        cut.is_none()
                    });
                    Ok(())
                }),
                each(move |_, user| {
                    let id = wire::text(user, "id").unwrap_or_default();
                    if let Some(value) = told.with(|stray| stray.get(id).cloned()) {
                        user.insert(
                            "urn:ietf:params:scim:schemas:extension:enterprise:2".to_owned(),
                            value,
                        );
                    }
                }),
            ]
        }),
        own(
            "extension-path-refused",
            "A path into the enterprise extension is refused",
            ENTRA_RFC,
            "RFC 7644 section 3.10",
            || {
                vec![refuses_operation(
                    "Users",
                    400,
                    "unknown path",
                    |operation| path(operation).starts_with("urn:"),
                )]
            },
        ),
        own(
            "extension-replaced-whole",
            "A change of one enterprise attribute drops the others",
            ENTRA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                vec![document(|moment, before, after| {
                    let old = before.and_then(|before| before.get(wire::ENTERPRISE));
                    if moment.action == Action::Patch
                        && let (Some(Value::Object(old)), Some(Value::Object(new))) =
                            (old, after.get_mut(wire::ENTERPRISE))
                        && new != old
                    {
                        new.retain(|part, value| old.get(part) != Some(value));
                    }
                })]
            },
        ),
    ]
}

fn rewrites(change: fn(&mut Operation)) -> Vec<Twist> {
    vec![operations(move |moment, _, operations| {
        if moment.kind.name == "User" {
            operations.iter_mut().for_each(change);
        }
        Ok(())
    })]
}
