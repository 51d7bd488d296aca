//! Names that are taken.

use std::collections::HashMap;

use serde_json::Value;

use super::memory::Memory;
use super::twist::{Twist, asked, clash, replied, told};
use super::wire::{at, no, on};
use super::{ALL, ENTRA, ENTRA_RFC, FaultInfo, PROVIDERS, RFC, of, own, wire};
use crate::engine::hooks::Action;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(19, "conflict-without-type", RFC, || {
            vec![told(|_, status, body| {
                if status == 409 {
                    body.as_object_mut()
                        .map(|body| body.shift_remove("scimType"));
                }
            })]
        }),
        own(
            "conflict-400",
            "A taken userName is answered with 400",
            PROVIDERS,
            "RFC 7644 section 3.3",
            || becomes(409, 400),
        ),
        own(
            "conflict-500",
            "A taken userName is a server error",
            ALL,
            "RFC 7644 section 3.3",
            || becomes(409, 500),
        ),
        of(20, "email-unique", RFC, || {
            let taken: Memory<HashMap<String, String>> = Memory::default();
            let learn = taken.clone();
            vec![
                asked(move |request| {
                    let body: Value = serde_json::from_slice(&request.body).ok()?;
                    let hit = on(request, "POST", "Users")
                        && emails(&body)
                            .iter()
                            .any(|email| taken.with(|taken| taken.contains_key(email)));
                    if request.method == "DELETE" {
                        let id = wire::id(request).unwrap_or_default();
                        taken.with(|taken| taken.retain(|_, owner| *owner != id));
                    }
                    hit.then(|| no(409, "the e-mail address is taken"))
                }),
                told(move |request, status, body| {
                    if status == 201 && on(request, "POST", "Users") {
                        let id = body["id"].as_str().unwrap_or_default().to_owned();
                        learn.with(|taken| {
                            taken.extend(emails(body).into_iter().map(|email| (email, id.clone())))
                        });
                    }
                }),
            ]
        }),
        of(21, "user-name-case-exact", ENTRA_RFC, || {
            vec![clash(|_, mine, theirs| mine == theirs)]
        }),
        of(22, "rename-onto-taken", ALL, || {
            vec![clash(|moment, _, _| moment.action == Action::Create)]
        }),
        of(22, "rename-onto-taken-500", RFC, || {
            vec![replied(|request, answer| {
                if answer.status == 409 && request.method != "POST" {
                    *answer = no(500, "unique constraint violated");
                }
            })]
        })
        .saying("A rename onto a taken userName is a server error"),
        own(
            "duplicates-accepted",
            "A second user with a taken userName is created",
            ALL,
            "RFC 7644 section 3.3",
            || vec![clash(|_, _, _| false)],
        ),
        own(
            "duplicate-overwrites",
            "A create with a taken userName answers 200 with the user that has it",
            ALL,
            "RFC 7644 section 3.3",
            || {
                let known: Memory<HashMap<String, Value>> = Memory::default();
                let learn = known.clone();
                vec![
                    replied(move |request, answer| {
                        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                        let name = body["userName"].as_str().unwrap_or_default().to_lowercase();
                        if answer.status == 409
                            && request.method == "POST"
                            && let Some(user) = known.with(|known| known.get(&name).cloned())
                        {
                            *answer = crate::http::Answer::json(200, user.to_string());
                        }
                    }),
                    told(move |_, status, body| {
                        if let Some(name) = body["userName"].as_str().filter(|_| status < 300) {
                            learn.with(|known| known.insert(name.to_lowercase(), body.clone()));
                        }
                    }),
                ]
            },
        ),
        own(
            "group-names-in-conflict-500",
            "A second group of a name is a server error",
            ENTRA,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|request, answer| {
                    if answer.status == 409 && wire::place(request).0 == "Groups" {
                        *answer = no(500, "unique constraint violated");
                    }
                })]
            },
        ),
        of(95, "deleted-name-stays-taken", ALL, || {
            let names: Memory<HashMap<String, String>> = Memory::default();
            let gone: Memory<Vec<String>> = Memory::default();
            let (learn, bury) = (names.clone(), gone.clone());
            vec![
                asked(move |request| {
                    let body: Value = serde_json::from_slice(&request.body).ok()?;
                    let name = body["userName"].as_str()?.to_lowercase();
                    (on(request, "POST", "Users") && gone.with(|gone| gone.contains(&name))).then(
                        || {
                            let mut error = crate::protocol::error::ScimError::uniqueness(
                                "the user name is taken",
                            );
                            error.status = 409;
                            crate::http::Answer::error(&error)
                        },
                    )
                }),
                told(move |_, status, body| {
                    if let (Some(id), Some(name)) = (body["id"].as_str(), body["userName"].as_str())
                        && status < 300
                    {
                        learn.with(|names| names.insert(id.to_owned(), name.to_lowercase()));
                    }
                }),
                replied(move |request, answer| {
                    if answer.status == 204
                        && at(request, "DELETE", "Users")
                        && let Some(name) =
                            wire::id(request).and_then(|id| names.with(|names| names.remove(&id)))
                    {
                        bury.with(|gone| gone.push(name));
                    }
                }),
            ]
        }),
    ]
}

fn becomes(from: u16, to: u16) -> Vec<Twist> {
    vec![replied(move |_, answer| {
        if answer.status == from {
            *answer = no(to, "the value is taken");
        }
    })]
}

fn emails(user: &Value) -> Vec<String> {
    let list = user["emails"].as_array().into_iter().flatten();
    list.filter_map(|email| email["value"].as_str().map(str::to_lowercase))
        .collect()
}
