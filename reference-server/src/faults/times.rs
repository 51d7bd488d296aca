//! Times, tags and caches: what is said of a resource beside its values, and how it moves.

use std::collections::{HashMap, HashSet};

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, ETAG};
use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, document, replied, shown, told};
use super::wire::{self, place};
use super::{FaultInfo, OKTA_ENTRA_RFC, RFC, own};
use crate::engine::hooks::Action;
use crate::http::Answer;
use crate::protocol::Object;

const META: &str = "RFC 7643 section 3.1";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "put-forgets-created",
            "After a PUT meta.created is the year one",
            RFC,
            META,
            || {
                after(Action::Replace, |meta| {
                    meta.insert("created".to_owned(), json!("0001-01-01T00:00:00Z"));
                })
            },
        ),
        own(
            "changed-by-a-slow-clock",
            "Whoever is changed gets the time of a clock that goes a year behind as meta.lastModified",
            RFC,
            META,
            || {
                after(Action::Patch, |meta| {
                    if let Some(Value::String(time)) = meta.get_mut("lastModified")
                        && let Some(year) = time.get(..4).and_then(|year| year.parse::<u32>().ok())
                    {
                        let rest = time.get(4..).unwrap_or_default();
                        *time = format!("{:04}{rest}", year.saturating_sub(1));
                    }
                })
            },
        ),
        own(
            "times-in-lists-are-local",
            "Times in lists are those of a zone two hours ahead, and say that they are in UTC",
            RFC,
            META,
            || {
                vec![told(|request, status, body| {
                    let list = body.get_mut("Resources").and_then(Value::as_array_mut);
                    if request.method != "GET" || status != 200 {
                        return;
                    }
                    for time in list
                        .into_iter()
                        .flatten()
                        .filter_map(|row| row.get_mut("meta")?.as_object_mut())
                        .flat_map(|meta| meta.values_mut())
                    {
                        if let Some(moved) = time.as_str().and_then(two_hours_on) {
                            *time = json!(moved);
                        }
                    }
                })]
            },
        ),
        own(
            "tags-on-reads-only",
            "The ETag comes with GET alone, meta.version with every answer",
            RFC,
            "RFC 7644 section 3.14",
            || {
                vec![replied(|request, answer| {
                    if request.method != "GET" {
                        answer.headers.retain(|(name, _)| *name != ETAG);
                    }
                })]
            },
        ),
        own(
            "group-version-without-members",
            "Version and lastModified of a group stay as they are when its members change",
            RFC,
            "RFC 7644 section 3.14",
            || {
                let first: Memory<HashMap<String, (Option<Value>, Value)>> = Memory::default();
                vec![
                    shown(move |_, group| {
                        if !wire::is_group(group) {
                            return;
                        }
                        let name = group.get("displayName").cloned();
                        let (Some(id), Some(meta)) = (
                            wire::text(group, "id").map(str::to_owned),
                            group.get("meta").cloned(),
                        ) else {
                            return;
                        };
                        let kept = first.with(|first| {
                            let entry = first
                                .entry(id)
                                .or_insert_with(|| (name.clone(), meta.clone()));
                            if entry.0 != name {
                                *entry = (name, meta);
                            }
                            entry.1.clone()
                        });
                        group.insert("meta".to_owned(), kept);
                    }),
                    replied(|request, answer| {
                        if place(request).0 != "Groups" {
                            return;
                        }
                        let body = answer.body.as_deref().unwrap_or_default();
                        let body: Value = serde_json::from_slice(body).unwrap_or_default();
                        answer.headers.retain(|(name, _)| *name != ETAG);
                        if let Some(tag) = body["meta"]["version"]
                            .as_str()
                            .and_then(|tag| HeaderValue::from_str(tag).ok())
                        {
                            answer.headers.push((ETAG, tag));
                        }
                    }),
                ]
            },
        ),
        own(
            "create-answers-nothing",
            "A create is answered with 201, a Location and no body",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.3",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 201 {
                        let headers = std::mem::take(&mut answer.headers);
                        *answer = Answer {
                            headers,
                            ..Answer::empty(201)
                        };
                    }
                })]
            },
        ),
        own(
            "caches-may-share",
            "Every cache on the way may keep people and show them to others",
            RFC,
            "RFC 9111 section 5.2.2",
            || {
                vec![replied(|request, answer| {
                    if request.method == "GET" && matches!(place(request).0, "Users" | "Groups") {
                        answer.headers.push((
                            CACHE_CONTROL,
                            HeaderValue::from_static("public, max-age=300"),
                        ));
                    }
                })]
            },
        ),
    ]
}

/// From the first write of this kind on, a resource shows another meta.
fn after(action: Action, change: fn(&mut Object)) -> Vec<Twist> {
    let written: Memory<HashSet<String>> = Memory::default();
    let known = written.clone();
    vec![
        document(move |moment, _, _| {
            if let (true, Some(id)) = (moment.action == action, moment.id) {
                written.with(|written| written.insert(id.to_owned()));
            }
        }),
        shown(move |_, resource| {
            let hit = wire::text(resource, "id")
                .is_some_and(|id| known.with(|written| written.contains(id)));
            if hit && let Some(Value::Object(meta)) = resource.get_mut("meta") {
                change(meta);
            }
        }),
    ]
}

/// The same digits with another hour; `None` for what is no time.
fn two_hours_on(time: &str) -> Option<String> {
    let hour: u32 = time.get(11..13)?.parse().ok()?;
    let (day, rest) = (time.get(..11)?, time.get(13..)?);
    day.ends_with('T')
        .then(|| format!("{day}{:02}{rest}", (hour + 2) % 24))
}
