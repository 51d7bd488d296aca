//! What a write leaves where it had no business: traces of a refused one, changes of what it did not name, damage to
//! others.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{asked, deletion, document, operations, replied, sent, shown, told, touches};
use super::wire::{self, no, on};
use super::{ALL, ENTRA_RFC, FaultInfo, OKTA_ENTRA_RFC, RFC, own};
use crate::engine::hooks::{Action, Deletion};

const PATCH: &str = "RFC 7644 section 3.5.2";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "refused-patch-clears-target",
            "A PATCH that is refused has cleared already what it names",
            ENTRA_RFC,
            PATCH,
            || {
                let lost: Memory<HashMap<String, HashSet<String>>> = Memory::default();
                let (written, told) = (lost.clone(), lost.clone());
                vec![
                    replied(move |request, answer| {
                        if request.method != "PATCH" || answer.status != 400 {
                            return;
                        }
                        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                        for operation in wire::operations(&body) {
                            let name = wire::path(operation).split(['.', '[']).next();
                            if let (Some(id), Some(name)) =
                                (wire::id(request), name.filter(|name| !name.is_empty()))
                            {
                                lost.with(|lost| {
                                    lost.entry(id).or_default().insert(name.to_owned())
                                });
                            }
                        }
                    }),
                    document(move |moment, _, after| {
                        let names = moment
                            .id
                            .and_then(|id| written.with(|lost| lost.remove(id)));
                        for name in names.into_iter().flatten() {
                            if name != "userName" {
                                after.shift_remove(&name);
                            }
                        }
                    }),
                    shown(move |moment, resource| {
                        let names = moment
                            .id
                            .and_then(|id| told.with(|lost| lost.get(id).cloned()));
                        for name in names.into_iter().flatten() {
                            if !matches!(name.as_str(), "id" | "meta" | "schemas" | "userName") {
                                resource.shift_remove(&name);
                            }
                        }
                    }),
                ]
            },
        ),
        own(
            "unchanged-patch-404",
            "A PATCH that changes nothing is answered with 404: no row was changed",
            ALL,
            PATCH,
            || {
                let same: Memory<HashSet<String>> = Memory::default();
                let known = same.clone();
                vec![
                    touches(move |moment, changed| {
                        if let (Action::Patch, false, Some(id)) =
                            (moment.action, changed, moment.id)
                        {
                            same.with(|same| same.insert(id.to_owned()));
                        }
                        changed
                    }),
                    replied(move |request, answer| {
                        if request.method == "PATCH"
                            && wire::id(request)
                                .is_some_and(|id| known.with(|same| same.remove(&id)))
                        {
                            *answer = no(404, "no row was changed");
                        }
                    }),
                ]
            },
        ),
        own(
            "no-address-deactivates",
            "Whoever has no e-mail address any more is switched off",
            ALL,
            PATCH,
            || {
                vec![document(|moment, before, after| {
                    let had = before.is_some_and(|before| before.contains_key("emails"));
                    if moment.kind.name == "User" && had && !after.contains_key("emails") {
                        after.insert("active".to_owned(), json!(false));
                    }
                })]
            },
        ),
        own(
            "create-suspends-the-one-before",
            "The create of a person switches off the one who was created before",
            ALL,
            "RFC 7644 section 3.3",
            || {
                let last: Memory<(Option<String>, HashSet<String>)> = Memory::default();
                let known = last.clone();
                vec![
                    told(move |request, status, body| {
                        if on(request, "POST", "Users") && status == 201 {
                            let id = body["id"].as_str().map(str::to_owned);
                            last.with(|(last, hit)| {
                                hit.extend(last.take());
                                *last = id;
                            });
                        }
                    }),
                    shown(move |moment, user| {
                        let hit = moment
                            .id
                            .is_some_and(|id| known.with(|(_, hit)| hit.contains(id)));
                        if hit {
                            user.insert("active".to_owned(), json!(false));
                        }
                    }),
                ]
            },
        ),
        own(
            "member-change-renames-group",
            "Each change of a group's members changes its name as well",
            OKTA_ENTRA_RFC,
            PATCH,
            || {
                let named: Memory<HashSet<String>> = Memory::default();
                let known = named.clone();
                vec![
                    operations(move |moment, _, operations| {
                        let members = operations.iter().any(|operation| {
                            operation
                                .path
                                .as_ref()
                                .is_some_and(|path| path.starts_with("members"))
                        });
                        if let (true, Some(id)) = (members, moment.id) {
                            named.with(|named| named.insert(id.to_owned()));
                        }
                        Ok(())
                    }),
                    document(move |moment, _, group| {
                        let hit = moment
                            .id
                            .is_some_and(|id| known.with(|named| named.remove(id)));
                        if let Some(Value::String(name)) =
                            group.get_mut("displayName").filter(|_| hit)
                        {
                            name.push('*');
                        }
                    }),
                ]
            },
        ),
        own(
            "put-keeps-what-is-asked-back",
            "A PUT with attributes stores nothing but what attributes names",
            RFC,
            "RFC 7644 section 3.9",
            || {
                vec![sent(|request, body| {
                    let Some(names) = wire::parameter(request, "attributes") else {
                        return;
                    };
                    if let Some(body) = body.as_object_mut().filter(|_| request.method == "PUT") {
                        body.retain(|name, _| {
                            matches!(name.as_str(), "schemas" | "id" | "userName" | "displayName")
                                || names.split(',').any(|named| named.trim() == name)
                        });
                    }
                })]
            },
        ),
        own(
            "polluted-by-proto",
            "After a body with __proto__ everybody is an administrator",
            ALL,
            "RFC 7644 section 7.7",
            || {
                let hit: Memory<bool> = Memory::default();
                let known = hit.clone();
                vec![
                    asked(move |request| {
                        if String::from_utf8_lossy(&request.body).contains("__proto__") {
                            hit.with(|hit| *hit = true);
                        }
                        None
                    }),
                    shown(move |_, resource| {
                        if known.with(|hit| *hit) {
                            resource.insert("isAdmin".to_owned(), json!(true));
                        }
                    }),
                ]
            },
        ),
        own(
            "create-joins-groups",
            "Whoever is created with groups is a member of them",
            RFC,
            "RFC 7643 section 4.1.2",
            || {
                let joined: Memory<Vec<(String, String)>> = Memory::default();
                let known = joined.clone();
                vec![
                    told(move |request, status, body| {
                        if !on(request, "POST", "Users") || status != 201 {
                            return;
                        }
                        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                        for group in sent["groups"].as_array().into_iter().flatten() {
                            if let (Some(group), Some(id)) =
                                (group["value"].as_str(), body["id"].as_str())
                            {
                                joined.with(|joined| {
                                    joined.push((group.to_owned(), id.to_owned()));
                                });
                            }
                        }
                    }),
                    shown(move |moment, group| {
                        let more: Vec<Value> = known.with(|joined| {
                            joined
                                .iter()
                                .filter(|(of, _)| Some(of.as_str()) == moment.id)
                                .map(|(_, id)| json!({"value": id, "type": "User"}))
                                .collect()
                        });
                        if !more.is_empty()
                            && let Value::Array(members) =
                                group.entry("members").or_insert_with(|| json!([]))
                        {
                            members.extend(more);
                        }
                    }),
                ]
            },
        ),
        own(
            "conditional-delete-not-done",
            "A DELETE whose If-Match is right is answered with 204, and nobody goes",
            RFC,
            "RFC 7644 section 3.14",
            || {
                let asks: Memory<bool> = Memory::default();
                let known = asks.clone();
                vec![
                    asked(move |request| {
                        let conditional = request.method == "DELETE"
                            && request.headers.contains_key(axum::http::header::IF_MATCH);
                        asks.with(|asks| *asks = conditional);
                        None
                    }),
                    deletion(move |_, _, _| {
                        if known.with(std::mem::take) {
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
