//! Members of groups that come, stay or go wrongly.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, behave, each, membership, operations, refuses, sent};
use super::wire::{self, no, place, text};
use super::{ENTRA, ENTRA_RFC, FaultInfo, OKTA_ENTRA, OKTA_ENTRA_RFC, OKTA_RFC, RFC, of, own};
use crate::engine::hooks::Action;
use crate::protocol::error::ScimError;
use crate::protocol::patch::{Op, Operation};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(77, "listed-removal-empties", ENTRA, || {
            vec![behave(|behaviour| behaviour.leniency.remove_listed = false)]
        }),
        own(
            "selected-removal-empties",
            "remove of one member by filter empties the group",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.2",
            || {
                rewrites(|operation| {
                    if operation.op == Op::Remove
                        && operation
                            .path
                            .as_ref()
                            .is_some_and(|path| path.starts_with("members["))
                    {
                        operation.path = Some("members".to_owned());
                        operation.value = None;
                    }
                })
            },
        ),
        of(78, "selected-removal-ignored", OKTA_ENTRA_RFC, || {
            keeps(|operation| {
                !(operation.op == Op::Remove
                    && operation
                        .path
                        .as_ref()
                        .is_some_and(|path| path.contains('[')))
            })
        }),
        own(
            "selected-removal-refused",
            "remove of a member by filter is refused",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.2",
            || {
                vec![wire::refuses_operation(
                    "Groups",
                    400,
                    "unsupported path",
                    |operation| wire::path(operation).contains('['),
                )]
            },
        ),
        of(79, "only-first-listed-leaves", ENTRA, || {
            rewrites(|operation| {
                if let (Op::Remove, Some(Value::Array(list))) =
                    (operation.op, operation.value.as_mut())
                {
                    list.truncate(1);
                }
            })
        }),
        own(
            "listed-removal-ignored",
            "Remove with a list of members does nothing",
            ENTRA,
            "quirk ENTRA-59",
            || {
                keeps(|operation| {
                    !(operation.op == Op::Remove && operation.path.as_deref() == Some("members"))
                })
            },
        ),
        of(81, "empty-list-refused", OKTA_RFC, || {
            vec![refuses(|request, body| {
                let none = |value: Option<&Value>| {
                    value.and_then(Value::as_array).is_some_and(Vec::is_empty)
                };
                let empty = wire::operations(body)
                    .iter()
                    .any(|operation| none(operation.get("value")))
                    || (request.method == "PUT" && none(body.get("members")));
                (place(request).0 == "Groups" && empty)
                    .then(|| no(400, "a required sub-attribute is missing"))
            })]
        }),
        own(
            "empty-list-ignored",
            "An empty list of members leaves the members as they were",
            OKTA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                vec![membership(|_, state, group, delta| {
                    let members = group.and_then(|group| state.members(group));
                    if delta.after(members).next().is_none() {
                        *delta = crate::store::Delta::default();
                    }
                    Ok(())
                })]
            },
        ),
        of(105, "member-add-replaces", OKTA_ENTRA_RFC, || {
            rewrites(|operation| {
                if operation.op == Op::Add
                    && operation
                        .path
                        .as_ref()
                        .is_some_and(|path| path.eq_ignore_ascii_case("members"))
                {
                    operation.op = Op::Replace;
                }
            })
        }),
        own(
            "member-replace-adds",
            "replace of members adds to them",
            OKTA_RFC,
            "RFC 7644 section 3.5.2.3",
            || {
                rewrites(|operation| {
                    if operation.op == Op::Replace && operation.path.as_deref() == Some("members") {
                        operation.op = Op::Add;
                    }
                })
            },
        ),
        own(
            "only-first-member-added",
            "Of several added members only the first comes in",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.1",
            || {
                rewrites(|operation| {
                    if let (Op::Add, Some(Value::Array(list))) =
                        (operation.op, operation.value.as_mut())
                    {
                        list.truncate(1);
                    }
                })
            },
        ),
        own(
            "only-first-of-two-member-operations",
            "Of several operations on a group only the first is applied",
            OKTA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![operations(|moment, _, operations| {
                    if moment.kind.name == "Group" {
                        operations.truncate(1);
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "member-add-ignored",
            "add of a member is answered and nothing happens",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2.1",
            || keeps(|operation| operation.op != Op::Add),
        ),
        of(106, "present-member-doubled", ENTRA_RFC, || {
            let asked: Memory<Vec<String>> = Memory::default();
            let doubled: Memory<HashSet<(String, String)>> = Memory::default();
            let (wanted, learn) = (asked.clone(), doubled.clone());
            vec![
                operations(move |_, _, operations| {
                    let values = operations
                        .iter()
                        .filter(|operation| operation.op == Op::Add)
                        .filter_map(|operation| operation.value.as_ref()?.as_array());
                    asked.with(|asked| {
                        *asked = values
                            .flatten()
                            .filter_map(|member| member["value"].as_str().map(str::to_owned))
                            .collect()
                    });
                    Ok(())
                }),
                membership(move |moment, state, group, _| {
                    for id in wanted.with(std::mem::take) {
                        let there = group
                            .and_then(|group| state.members(group))
                            .zip(state.slot(&id))
                            .is_some_and(|(members, slot)| members.contains(slot));
                        if there && moment.action == Action::Patch {
                            learn.with(|doubled| {
                                doubled.insert((moment.id.unwrap_or_default().to_owned(), id))
                            });
                        }
                    }
                    Ok(())
                }),
                each(move |_, group| {
                    let id = text(group, "id").unwrap_or_default().to_owned();
                    if let Some(Value::Array(members)) = group.get_mut("members") {
                        let again: Vec<Value> = members
                            .iter()
                            .filter(|member| {
                                doubled.with(|doubled| {
                                    doubled.contains(&(
                                        id.clone(),
                                        member["value"].as_str().unwrap_or_default().to_owned(),
                                    ))
                                })
                            })
                            .cloned()
                            .collect();
                        members.extend(again);
                    }
                }),
            ]
        }),
        own(
            "present-member-refused",
            "add of a member who is there is refused with 409",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2.1",
            || unchanged_refused(409),
        ),
        own(
            "absent-removal-refused",
            "A change of members that changes nothing is refused with 400",
            ENTRA,
            "quirk ENTRA-61",
            || unchanged_refused(400),
        ),
        own(
            "members-not-in-user-groups",
            "A member is in the group, and the user's groups lack it",
            RFC,
            "RFC 7643 section 4.1.2",
            || {
                vec![super::twist::shown(|moment, user| {
                    if moment.action == Action::Read {
                        user.shift_remove("groups");
                    }
                })]
            },
        ),
        own(
            "members-by-name",
            "The value of a member is a name, not an id",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.2",
            || {
                members(|member| {
                    if let Some(name) = member.get("display").cloned() {
                        member.insert("value".to_owned(), name);
                    }
                })
            },
        ),
        own(
            "members-as-strings",
            "Members are plain ids, not objects",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.2",
            || {
                vec![each(|_, group| {
                    for member in group
                        .get_mut("members")
                        .and_then(Value::as_array_mut)
                        .into_iter()
                        .flatten()
                    {
                        *member = member["value"].take();
                    }
                })]
            },
        ),
        own(
            "member-ref-wrong",
            "$ref of members leads to another place",
            RFC,
            "RFC 7643 section 2.3.7",
            || {
                members(|member| {
                    member.insert(
                        "$ref".to_owned(),
                        json!("https://127.0.0.1/scim/v2/Users/0"),
                    );
                })
            },
        ),
        own(
            "group-put-keeps-members",
            "A PUT of a group adds members and takes nobody away",
            OKTA_RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![membership(|moment, state, group, delta| {
                    let members = group.and_then(|group| state.members(group));
                    if moment.action == Action::Replace {
                        for left in delta.left().collect::<Vec<_>>() {
                            delta.join(members, left);
                        }
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "group-put-ignores-members",
            "Members in a PUT of a group are passed over",
            OKTA_RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![membership(|moment, _, _, delta| {
                    if moment.action == Action::Replace {
                        *delta = crate::store::Delta::default();
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "group-create-ignores-members",
            "Members in the create of a group are passed over",
            OKTA_RFC,
            "RFC 7644 section 3.3",
            || {
                vec![membership(|moment, _, _, delta| {
                    if moment.action == Action::Create {
                        *delta = crate::store::Delta::default();
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "member-in-one-group-only",
            "Who joins a group leaves the group before",
            OKTA_ENTRA,
            "RFC 7643 section 4.2",
            || {
                let last: Memory<std::collections::HashMap<u32, String>> = Memory::default();
                let told = last.clone();
                vec![
                    membership(move |moment, state, group, delta| {
                        let id = group
                            .and_then(|group| state.record(group))
                            .map(|record| record.id.to_string());
                        for joined in delta.joined() {
                            if let (Some(id), Some(user), Action::Patch) =
                                (&id, state.record(*joined), moment.action)
                            {
                                last.with(|last| last.insert(*joined, format!("{id} {}", user.id)));
                            }
                        }
                        Ok(())
                    }),
                    each(move |_, group| {
                        let id = text(group, "id").unwrap_or_default().to_owned();
                        if let Some(Value::Array(members)) = group.get_mut("members") {
                            members.retain(|member| {
                                let user = member["value"].as_str().unwrap_or_default();
                                told.with(|last| {
                                    last.values()
                                        .find(|pair| pair.ends_with(user))
                                        .is_none_or(|pair| pair.starts_with(&id))
                                })
                            });
                        }
                    }),
                ]
            },
        ),
        own(
            "membership-filter-ignored",
            "Of a search for a group by id and member only the id counts",
            ENTRA,
            "quirk ENTRA-66",
            || {
                vec![super::twist::searched(|_, filter| match filter {
                    crate::protocol::filter::Filter::And(parts) => parts.into_iter().next(),
                    other => Some(other),
                })]
            },
        ),
        own(
            "member-type-lost",
            "Nested groups are shown as users",
            RFC,
            "RFC 7643 section 4.2",
            || {
                members(|member| {
                    if member.contains_key("type") {
                        member.insert("type".to_owned(), json!("User"));
                    }
                })
            },
        ),
        own(
            "member-display-demanded-in-patch",
            "add of a member without display is refused",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.2",
            || {
                vec![wire::refuses_operation(
                    "Groups",
                    400,
                    "display is required",
                    |operation| {
                        wire::op(operation).eq_ignore_ascii_case("add")
                            && operation
                                .get("value")
                                .and_then(Value::as_array)
                                .is_some_and(|list| {
                                    list.iter().any(|member| member.get("display").is_none())
                                })
                    },
                )]
            },
        ),
        own(
            "members-null-crash",
            "members null is a server error",
            RFC,
            "RFC 7643 section 2.5",
            || {
                vec![refuses(|request, body| {
                    (place(request).0 == "Groups"
                        && body.get("members").is_some_and(Value::is_null))
                    .then(|| no(500, "NoneType"))
                })]
            },
        ),
        own(
            "group-put-keeps-one-member",
            "Of the members in a PUT of a group only the first is kept",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![sent(|request, body| {
                    if place(request).0 == "Groups"
                        && request.method == "PUT"
                        && let Some(Value::Array(members)) = body.get_mut("members")
                    {
                        members.truncate(1);
                    }
                })]
            },
        ),
    ]
}

/// A PATCH of a group that leaves its members as they are is refused.
fn unchanged_refused(status: u16) -> Vec<Twist> {
    vec![membership(move |moment, _, _, delta| {
        if moment.action == Action::Patch && delta.is_empty() {
            return Err(ScimError::new(status, "the members are so already"));
        }
        Ok(())
    })]
}

fn rewrites(change: fn(&mut Operation)) -> Vec<Twist> {
    vec![operations(move |moment, _, operations| {
        if moment.kind.name == "Group" {
            operations.iter_mut().for_each(change);
        }
        Ok(())
    })]
}

fn keeps(like: fn(&Operation) -> bool) -> Vec<Twist> {
    vec![operations(move |moment, _, operations| {
        if moment.kind.name == "Group" {
            operations.retain(like);
        }
        Ok(())
    })]
}

fn members(change: fn(&mut crate::protocol::Object)) -> Vec<Twist> {
    vec![each(move |_, group| {
        let members = group.get_mut("members").and_then(Value::as_array_mut);
        members
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
            .for_each(change);
    })]
}
