//! DELETE, and what is there afterwards.

use std::collections::HashSet;

use serde_json::json;

use super::memory::Memory;
use super::twist::{Twist, asked, deletion, each, hits, replied};
use super::wire::{self, at, id, no, place, text};
use super::{ALL, FaultInfo, OKTA_ENTRA_RFC, RFC, of, own};
use crate::engine::hooks::Deletion;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(96, "unknown-id-500", ALL, || {
            vec![replied(|request, answer| {
                if answer.status == 404 && place(request).1.is_some() {
                    *answer = no(500, "NullPointerException");
                }
            })]
        }),
        own(
            "unknown-id-200-empty",
            "An unknown id is answered with 200 and an empty list",
            ALL,
            "RFC 7644 section 3.4.1",
            || {
                vec![replied(|request, answer| {
                    if answer.status == 404 && request.method == "GET" && place(request).1.is_some()
                    {
                        *answer = crate::http::Answer::json(200, json!({"schemas": [crate::protocol::LIST_RESPONSE], "totalResults": 0, "Resources": []}).to_string());
                    }
                })]
            },
        ),
        own(
            "unknown-id-404-without-body",
            "An unknown id is answered with 404 and nothing",
            RFC,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|request, answer| {
                    if answer.status == 404 && place(request).1.is_some() {
                        answer.body = None;
                    }
                })]
            },
        ),
        of(97, "malformed-id-400", RFC, || {
            vec![asked(|request| {
                let id = id(request).filter(|_| matches!(place(request).0, "Users" | "Groups"))?;
                (uuid::Uuid::parse_str(&id).is_err() && !id.starts_with('.'))
                    .then(|| no(400, "the id is not a UUID"))
            })]
        }),
        own(
            "delete-does-nothing",
            "A DELETE is answered with 204 and nobody goes",
            ALL,
            "RFC 7644 section 3.6",
            || {
                vec![deletion(|moment, _, _| {
                    if moment.kind.name == "User" {
                        Deletion::Nothing
                    } else {
                        Deletion::Remove
                    }
                })]
            },
        ),
        own(
            "deleted-still-in-lists",
            "A deleted user is gone by id and stays in lists",
            ALL,
            "RFC 7644 section 3.6",
            || {
                let gone: Memory<HashSet<String>> = Memory::default();
                let bury = gone.clone();
                vec![
                    deletion(move |moment, _, _| {
                        if moment.kind.name == "User" {
                            bury.with(|gone| gone.insert(moment.id.unwrap_or_default().to_owned()));
                            return Deletion::Nothing;
                        }
                        Deletion::Remove
                    }),
                    replied(move |request, answer| {
                        let dead =
                            id(request).is_some_and(|id| gone.with(|gone| gone.contains(&id)));
                        if dead && request.method != "DELETE" {
                            *answer = no(404, "there is no such user");
                        }
                    }),
                ]
            },
        ),
        own(
            "delete-200",
            "A DELETE is answered with 200 and a body",
            RFC,
            "RFC 7644 section 3.6",
            || {
                vec![replied(|request, answer| {
                    if request.method == "DELETE" && answer.status == 204 {
                        *answer =
                            crate::http::Answer::json(200, json!({"deleted": true}).to_string());
                    }
                })]
            },
        ),
        own(
            "delete-twice-204",
            "Deleting who is gone is answered with 204",
            RFC,
            "RFC 7644 section 3.6",
            || {
                vec![replied(|request, answer| {
                    if request.method == "DELETE" && answer.status == 404 {
                        *answer = crate::http::Answer::empty(204);
                    }
                })]
            },
        ),
        own(
            "delete-refused",
            "Users cannot be deleted",
            RFC,
            "RFC 7644 section 3.6",
            || {
                vec![asked(|request| {
                    at(request, "DELETE", "Users").then(|| no(405, "DELETE is not allowed"))
                })]
            },
        ),
        own(
            "deleted-stays-member",
            "A deleted user stays in the groups",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 4.2",
            || {
                let groups: Memory<Vec<(String, String)>> = Memory::default();
                let told = groups.clone();
                vec![
                    deletion(move |moment, state, slot| {
                        let user = moment.id.unwrap_or_default();
                        for group in state.groups(slot) {
                            if let Some(group) = state.record(*group) {
                                groups.with(|groups| {
                                    groups.push((group.id.to_string(), user.to_owned()))
                                });
                            }
                        }
                        Deletion::Remove
                    }),
                    each(move |_, group| {
                        let of_group: Vec<String> = told.with(|groups| {
                            groups
                                .iter()
                                .filter(|(id, _)| text(group, "id") == Some(id))
                                .map(|(_, user)| user.clone())
                                .collect()
                        });
                        if !of_group.is_empty()
                            && let Some(members) = group
                                .entry("members")
                                .or_insert_with(|| json!([]))
                                .as_array_mut()
                        {
                            members.extend(
                                of_group
                                    .into_iter()
                                    .map(|user| json!({"value": user, "type": "User"})),
                            );
                        }
                    }),
                ]
            },
        ),
        of(115, "deleted-group-still-shown", RFC, || {
            let old: Memory<Vec<(String, serde_json::Value)>> = Memory::default();
            let told = old.clone();
            vec![
                deletion(move |moment, state, slot| {
                    for member in state
                        .members(slot)
                        .into_iter()
                        .flat_map(|members| members.iter())
                    {
                        if let Some(user) = state.record(member) {
                            old.with(|old| {
                                old.push((
                                    user.id.to_string(),
                                    json!({"value": moment.id, "type": "indirect"}),
                                ))
                            });
                        }
                    }
                    Deletion::Remove
                }),
                each(move |_, user| {
                    if !wire::is_group(user)
                        && let Some(id) = text(user, "id").map(str::to_owned)
                    {
                        let groups = told.with(|old| {
                            old.iter()
                                .filter(|(user, _)| *user == id)
                                .map(|(_, group)| group.clone())
                                .collect::<Vec<_>>()
                        });
                        if !groups.is_empty()
                            && let Some(list) = user
                                .entry("groups")
                                .or_insert_with(|| json!([]))
                                .as_array_mut()
                        {
                            list.extend(groups);
                        }
                    }
                }),
            ]
        }),
        own(
            "group-delete-takes-members",
            "With a group its members are deleted",
            ALL,
            "RFC 7644 section 3.6",
            || {
                let gone: Memory<HashSet<String>> = Memory::default();
                let bury = gone.clone();
                vec![
                    deletion(move |moment, state, slot| {
                        let members = state
                            .members(slot)
                            .into_iter()
                            .flat_map(|members| members.iter());
                        if moment.kind.name == "Group" {
                            bury.with(|gone| {
                                gone.extend(
                                    members
                                        .filter_map(|member| state.record(member))
                                        .map(|record| record.id.to_string()),
                                )
                            });
                        }
                        Deletion::Remove
                    }),
                    replied(move |request, answer| {
                        if id(request).is_some_and(|id| gone.with(|gone| gone.contains(&id))) {
                            *answer = no(404, "there is no such user");
                        }
                    }),
                ]
            },
        ),
        of(116, "group-delete-405", super::JUMPCLOUD, || {
            vec![asked(|request| {
                at(request, "DELETE", "Groups").then(|| no(405, "groups cannot be deleted"))
            })]
        }),
        own(
            "group-delete-does-nothing",
            "The DELETE of a group is answered with 204 and the group stays",
            ALL,
            "RFC 7644 section 3.6",
            || stays("Group"),
        ),
        own(
            "oldest-hidden",
            "The first user of a list is never shown",
            RFC,
            "RFC 7644 section 3.4.2",
            || {
                vec![hits(|_, hits| {
                    if hits.len() > 2 {
                        hits.remove(0);
                    }
                })]
            },
        ),
    ]
}

fn stays(kind: &'static str) -> Vec<Twist> {
    vec![deletion(move |moment, _, _| {
        if moment.kind.name == kind {
            Deletion::Nothing
        } else {
            Deletion::Remove
        }
    })]
}
