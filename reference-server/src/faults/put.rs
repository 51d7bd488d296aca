//! PUT.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, asked, document, each, replied, sent, told};
use super::wire::{self, at, id, no, text};
use super::{ALL, FaultInfo, OKTA, OKTA_RFC, RFC, of, own};
use crate::engine::hooks::Action;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(85, "put-creates", RFC, || {
            let known: Memory<HashSet<String>> = Memory::default();
            let learn = known.clone();
            vec![
                asked(move |request| {
                    let strange =
                        id(request).is_some_and(|id| known.with(|known| !known.contains(&id)));
                    if at(request, "PUT", "Users") && strange {
                        request.method = axum::http::Method::POST;
                        request.path = request
                            .path
                            .rsplit_once('/')
                            .map(|(path, _)| path.to_owned())
                            .unwrap_or_default();
                    }
                    None
                }),
                told(move |_, status, body| {
                    if let Some(id) = body["id"].as_str().filter(|_| status < 300) {
                        learn.with(|known| known.insert(id.to_owned()));
                    }
                }),
            ]
        }),
        of(86, "put-groups-leaves-groups", OKTA_RFC, || {
            let left: Memory<HashSet<String>> = Memory::default();
            let told_left = left.clone();
            vec![
                sent(move |request, body| {
                    if let Some(id) = id(request)
                        .filter(|_| at(request, "PUT", "Users") && body.get("groups").is_some())
                    {
                        left.with(|left| left.insert(id));
                    }
                }),
                each(move |_, resource| {
                    told_left.with(|left| {
                        if text(resource, "id").is_some_and(|id| left.contains(id)) {
                            resource.shift_remove("groups");
                        }
                        if let Some(Value::Array(members)) = resource.get_mut("members") {
                            members.retain(|member| {
                                !member["value"].as_str().is_some_and(|id| left.contains(id))
                            });
                        }
                    })
                }),
            ]
        }),
        own(
            "put-drops-external-id",
            "A PUT takes externalId away",
            OKTA,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, _, after| {
                    if moment.action == Action::Replace && moment.kind.name == "User" {
                        after.shift_remove("externalId");
                    }
                })]
            },
        ),
        own(
            "put-keeps-old-emails",
            "A PUT adds to lists instead of replacing them",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, before, after| {
                    for (name, value) in before.into_iter().flatten() {
                        if let (Action::Replace, Value::Array(old), Some(Value::Array(new))) =
                            (moment.action, value, after.get_mut(name))
                            && name != "schemas"
                        {
                            new.extend(
                                old.iter()
                                    .filter(|element| !new.contains(element))
                                    .cloned()
                                    .collect::<Vec<_>>(),
                            );
                        }
                    }
                })]
            },
        ),
        own(
            "put-user-name-ignored",
            "A new userName in a PUT is passed over",
            OKTA_RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, before, after| {
                    if let (Action::Replace, Some(name)) = (
                        moment.action,
                        before.and_then(|before| before.get("userName")),
                    ) {
                        after.insert("userName".to_owned(), name.clone());
                    }
                })]
            },
        ),
        own(
            "put-refused",
            "PUT of users is not offered",
            OKTA_RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![asked(|request| {
                    at(request, "PUT", "Users").then(|| no(405, "PUT is not allowed"))
                })]
            },
        ),
        own(
            "put-204",
            "A PUT is answered with 204",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![replied(|request, answer| {
                    if request.method == "PUT" && answer.status == 200 {
                        answer.status = 204;
                        answer.body = None;
                    }
                })]
            },
        ),
        own(
            "put-201",
            "A PUT is answered with 201",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![replied(|request, answer| {
                    if request.method == "PUT" && answer.status == 200 {
                        answer.status = 201
                    }
                })]
            },
        ),
        own(
            "put-moves-id",
            "A PUT gives the user another id in its answer",
            ALL,
            "RFC 7643 section 3.1",
            || {
                puts(|user| {
                    user.insert(
                        "id".to_owned(),
                        json!("00000000-0000-4000-8000-000000000000"),
                    );
                })
            },
        ),
        own(
            "put-read-only-refused",
            "A PUT with id and meta is refused",
            OKTA_RFC,
            "RFC 7644 section 3.5.1",
            || {
                vec![super::twist::refuses(|request, body| {
                    (at(request, "PUT", "Users")
                        && (body.get("id").is_some() || body.get("meta").is_some()))
                    .then(|| no(400, "id is readOnly"))
                })]
            },
        ),
        own(
            "put-damages-bystander",
            "A PUT of one user clears the title of another",
            ALL,
            "RFC 7644 section 3.5.1",
            || {
                let hit: Memory<HashSet<String>> = Memory::default();
                let (last, told_hit) = (Memory::<Option<String>>::default(), hit.clone());
                vec![
                    replied(move |request, answer| {
                        let Some(id) = id(request).filter(|_| wire::place(request).0 == "Users")
                        else {
                            return;
                        };
                        if request.method == "PUT"
                            && answer.status == 200
                            && let Some(other) = last
                                .with(|last| last.replace(id.clone()))
                                .filter(|other| *other != id)
                        {
                            hit.with(|hit| hit.insert(other));
                        }
                    }),
                    each(move |_, user| {
                        if text(user, "id").is_some_and(|id| told_hit.with(|hit| hit.contains(id)))
                        {
                            user.shift_remove("title");
                            user.shift_remove("displayName");
                        }
                    }),
                ]
            },
        ),
    ]
}

fn puts(change: fn(&mut crate::protocol::Object)) -> Vec<Twist> {
    vec![each(move |request, user| {
        if request.method == "PUT" {
            change(user)
        }
    })]
}
