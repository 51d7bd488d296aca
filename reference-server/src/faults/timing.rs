//! What goes wrong only when two requests meet.
//!
//! The server answers one write after the other, so a meeting is made: answers are held back for a
//! moment, and a write that comes before the answer to the one before has left counts as blind to
//! it. Whoever waits for answers never meets these faults.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::memory::Memory;
use super::twist::{Twist, deletion, document, membership, replied, sent};
use super::wire::{no, on, place};
use super::{ENTRA, ENTRA_RFC, FaultInfo, OKTA_ENTRA, RFC, of, own};
use crate::engine::hooks::{Action, Deletion};
use crate::store::{Delta, Slot};

/// How long an answer is held back.
pub(super) const HELD: Duration = Duration::from_millis(250);
/// What comes within this time after a write was sent without having seen its answer.
pub(super) const BLIND: Duration = Duration::from_millis(230);

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(23, "race-makes-twins", ENTRA_RFC, || {
            let made: Memory<HashMap<String, Instant>> = Memory::default();
            let blind: Memory<bool> = Memory::default();
            let is_blind = blind.clone();
            vec![
                held("POST", "Users"),
                document(move |moment, _, after| {
                    let name = after
                        .get("userName")
                        .and_then(Value::as_str)
                        .map(str::to_lowercase);
                    if let (Action::Create, Some(name)) = (moment.action, name) {
                        let before = made.with(|made| made.insert(name, Instant::now()));
                        blind.with(|blind| {
                            *blind = before.is_some_and(|before| before.elapsed() < BLIND)
                        });
                    }
                }),
                super::twist::clash(move |_, _, _| !is_blind.with(std::mem::take)),
            ]
        }),
        of(23, "race-loser-500", ENTRA_RFC, || {
            let begun: Memory<HashMap<String, Instant>> = Memory::default();
            let known = begun.clone();
            vec![
                held("POST", "Users"),
                sent(move |request, body| {
                    let name = body["userName"].as_str().map(str::to_lowercase);
                    if let (true, Some(name)) = (on(request, "POST", "Users"), name) {
                        begun.with(|begun| *begun.entry(name).or_insert_with(Instant::now));
                    }
                }),
                replied(move |request, answer| {
                    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                    let name = body["userName"].as_str().map(str::to_lowercase);
                    let at = name.and_then(|name| known.with(|known| known.get(&name).copied()));
                    if answer.status == 409 && at.is_some_and(|at| at.elapsed() < BLIND) {
                        *answer = no(500, "duplicate key value violates unique constraint");
                    }
                }),
            ]
        })
        .saying("Of two creates at the same moment the loser gets a 500"),
        of(149, "parallel-members-lost", ENTRA, || {
            let begun: Memory<HashMap<Slot, (Instant, Vec<Slot>)>> = Memory::default();
            vec![
                held("PATCH", "Groups"),
                membership(move |moment, state, group, delta| {
                    let (Action::Patch, Some(group)) = (moment.action, group) else {
                        return Ok(());
                    };
                    let members = state.members(group);
                    let now: Vec<Slot> = members
                        .into_iter()
                        .flat_map(|members| members.iter())
                        .collect();
                    begun.with(|begun| match begun.get(&group) {
                        Some((at, seen)) if at.elapsed() < BLIND => {
                            for unseen in now.iter().filter(|slot| !seen.contains(slot)) {
                                delta.leave(members, *unseen);
                            }
                        }
                        _ => {
                            begun.insert(group, (Instant::now(), now));
                        }
                    });
                    Ok(())
                }),
            ]
        }),
        own(
            "parallel-members-refused",
            "Of members added at the same moment all but one are refused with 409",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let begun: Memory<HashMap<Slot, Instant>> = Memory::default();
                vec![
                    held("PATCH", "Groups"),
                    membership(move |moment, _, group, _: &mut Delta| {
                        let before = group.and_then(|group| {
                            begun.with(|begun| begun.insert(group, Instant::now()))
                        });
                        if moment.action == Action::Patch
                            && before.is_some_and(|before| before.elapsed() < BLIND)
                        {
                            return Err(crate::protocol::error::ScimError::new(
                                409,
                                "the group is being changed",
                            ));
                        }
                        Ok(())
                    }),
                ]
            },
        ),
        of(150, "update-revives-deleted", RFC, || {
            let patched: Memory<HashMap<String, Instant>> = Memory::default();
            let learn = patched.clone();
            vec![
                held("PATCH", "Users"),
                document(move |moment, _, _| {
                    if let (Action::Patch, "User", Some(id)) =
                        (moment.action, moment.kind.name.as_str(), moment.id)
                    {
                        learn.with(|patched| patched.insert(id.to_owned(), Instant::now()));
                    }
                }),
                deletion(move |moment, _, _| {
                    let at = moment
                        .id
                        .and_then(|id| patched.with(|patched| patched.get(id).copied()));
                    if at.is_some_and(|at| at.elapsed() < BLIND) {
                        Deletion::Nothing
                    } else {
                        Deletion::Remove
                    }
                }),
            ]
        }),
        own(
            "new-user-found-late",
            "A new user is found by id at once and by a search half a second later",
            OKTA_ENTRA,
            "RFC 7644 section 3.4.2",
            || {
                let made: Memory<HashMap<String, Instant>> = Memory::default();
                let learn = made.clone();
                vec![super::twist::told(move |request, status, body| {
                    if let (201, Some(id)) = (status, body["id"].as_str()) {
                        learn.with(|made| made.insert(id.to_owned(), Instant::now()));
                    }
                    if request.method != "GET" {
                        return;
                    }
                    let fresh: HashSet<String> = made.with(|made| {
                        made.iter()
                            .filter(|(_, at)| at.elapsed() < Duration::from_millis(500))
                            .map(|(id, _)| id.clone())
                            .collect()
                    });
                    if let Some(Value::Array(list)) = body.get_mut("Resources") {
                        list.retain(|user| {
                            !fresh.contains(user["id"].as_str().unwrap_or_default())
                        });
                        let left = list.len();
                        if super::wire::parameter(request, "filter").is_some() {
                            body["totalResults"] = serde_json::json!(left);
                        }
                    }
                })]
            },
        ),
    ]
}

fn held(method: &'static str, collection: &'static str) -> Twist {
    replied(move |request, answer| {
        if request.method == *method && place(request).0 == collection {
            answer.delay = Some(HELD);
        }
    })
}
