//! What goes wrong only after something else happened: after a rename, after a return, while somebody is away.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{
    Twist, asked, body, document, each, membership, operations, refuses_document, replied, told,
};
use super::wire::{self, on, place, text};
use super::{ALL, FaultInfo, OKTA_ENTRA_RFC, RFC, own};
use crate::engine::hooks::Action;
use crate::http::Answer;
use crate::protocol::Object;
use crate::protocol::error::ScimError;
use crate::store::{Delta, Slot};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "return-without-id",
            "Who comes under a name that was used before gets an answer without an id",
            ALL,
            "RFC 7643 section 3.1",
            || {
                let names: Memory<HashSet<String>> = Memory::default();
                vec![told(move |request, status, body| {
                    let Some(user) = body.as_object_mut() else {
                        return;
                    };
                    if let (true, 201, Some(name)) =
                        (on(request, "POST", "Users"), status, text(user, "userName"))
                        && !names.with(|names| names.insert(name.to_owned()))
                    {
                        user.shift_remove("id");
                    }
                })]
            },
        ),
        own(
            "begun-name-is-taken",
            "A user name with which another one begins is refused as taken",
            ALL,
            "RFC 7643 section 4.1.1",
            || {
                let names: Memory<HashSet<String>> = Memory::default();
                vec![asked(move |request| {
                    let body: Value = serde_json::from_slice(&request.body).ok()?;
                    let name = text(body.as_object()?, "userName")?.to_owned();
                    if !on(request, "POST", "Users") {
                        return None;
                    }
                    let taken = names.with(|names| {
                        let taken = names.iter().any(|other| {
                            other.len() > name.len() && other.starts_with(name.as_str())
                        });
                        names.insert(name);
                        taken
                    });
                    taken.then(|| Answer::error(&ScimError::uniqueness("the user name is taken")))
                })]
            },
        ),
        own(
            "who-left-stays-out",
            "Who was taken out of a group once is not let in again, and nobody is told",
            ALL,
            "RFC 7644 section 3.5.2.1",
            || {
                let left: Memory<HashSet<(Slot, Slot)>> = Memory::default();
                vec![membership(move |_, state, group, delta| {
                    let Some(group) = group else {
                        return Ok(());
                    };
                    let members = state.members(group);
                    let back: Vec<Slot> = left.with(|left| {
                        let back = delta.joined().iter().copied();
                        let back = back.filter(|slot| left.contains(&(group, *slot))).collect();
                        left.extend(delta.left().map(|slot| (group, slot)));
                        back
                    });
                    for slot in back {
                        delta.leave(members, slot);
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "renamed-group-keeps-its-members",
            "Once a group has another name its members stay who they are, whatever is sent",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                let renamed: Memory<HashSet<String>> = Memory::default();
                let known = renamed.clone();
                vec![
                    membership(move |moment, _, _, delta| {
                        if moment
                            .id
                            .is_some_and(|id| known.with(|renamed| renamed.contains(id)))
                        {
                            *delta = Delta::default();
                        }
                        Ok(())
                    }),
                    document(move |moment, before, after| {
                        if let ("Group", Some(id), Some(before)) =
                            (moment.kind.name.as_str(), moment.id, before)
                            && before.get("displayName") != after.get("displayName")
                        {
                            renamed.with(|renamed| renamed.insert(id.to_owned()));
                        }
                    }),
                ]
            },
        ),
        own(
            "inactive-members-left-out",
            "Who is inactive is not let into a group, and nobody is told",
            RFC,
            "RFC 7644 section 3.5.2.1",
            || {
                let away: Memory<HashSet<String>> = Memory::default();
                let known = away.clone();
                vec![
                    told(move |request, status, body| {
                        if let (true, "Users", Some(id)) = (
                            status < 300 && request.method != "DELETE",
                            place(request).0,
                            body.get("id").and_then(Value::as_str),
                        ) {
                            away.with(|away| match body.get("active") {
                                Some(Value::Bool(false)) => away.insert(id.to_owned()),
                                _ => away.remove(id),
                            });
                        }
                    }),
                    operations(move |moment, _, operations| {
                        if moment.kind.name != "Group" {
                            return Ok(());
                        }
                        for operation in operations.iter_mut() {
                            if let Some(Value::Array(list)) = &mut operation.value {
                                list.retain(|member| {
                                    !member["value"]
                                        .as_str()
                                        .is_some_and(|id| known.with(|away| away.contains(id)))
                                });
                            }
                        }
                        Ok(())
                    }),
                ]
            },
        ),
        own(
            "refused-rename-loses-the-person",
            "Whose new userName was refused is not found by a search any more",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                let lost: Memory<HashSet<String>> = Memory::default();
                let known = lost.clone();
                vec![
                    replied(move |request, answer| {
                        if let (409, "Users", Some(id)) =
                            (answer.status, place(request).0, wire::id(request))
                        {
                            lost.with(|lost| lost.insert(id));
                        }
                    }),
                    told(move |request, status, body| {
                        if !(on(request, "GET", "Users") && status == 200)
                            || wire::parameter(request, "filter").is_none()
                        {
                            return;
                        }
                        if let Some(Value::Array(rows)) = body.get_mut("Resources") {
                            let before = rows.len();
                            rows.retain(|row| {
                                !row["id"]
                                    .as_str()
                                    .is_some_and(|id| known.with(|lost| lost.contains(id)))
                            });
                            if rows.len() < before {
                                let left = rows.len();
                                body["totalResults"] = json!(left);
                                body["itemsPerPage"] = json!(left);
                            }
                        }
                    }),
                ]
            },
        ),
        own(
            "inactive-keep-their-name",
            "A new userName of somebody inactive is passed over",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    if let ("User", Some(before)) = (moment.kind.name.as_str(), before)
                        && before.get("active") == Some(&json!(false))
                        && after.get("active") == Some(&json!(false))
                        && let Some(name) = before.get("userName")
                    {
                        after.insert("userName".to_owned(), name.clone());
                    }
                })]
            },
        ),
        own(
            "active-alone-or-not-at-all",
            "active changes only where nothing else does",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    if let ("User", Some(before)) = (moment.kind.name.as_str(), before)
                        && before.get("title") != after.get("title")
                        && let Some(active) = before.get("active")
                    {
                        after.insert("active".to_owned(), active.clone());
                    }
                })]
            },
        ),
        own(
            "put-keeps-one-phone",
            "Of the phone numbers in a PUT the first is kept",
            ALL,
            "RFC 7644 section 3.5.1",
            || {
                vec![body(|moment, sent| {
                    if let (Action::Replace, Some(Value::Array(phones))) =
                        (moment.action, sent.get_mut("phoneNumbers"))
                    {
                        phones.truncate(1);
                    }
                })]
            },
        ),
        own(
            "put-of-a-user-leaves-groups",
            "Who is replaced by a PUT leaves the groups",
            ALL,
            "RFC 7643 section 4.1.2",
            || {
                let replaced: Memory<HashSet<String>> = Memory::default();
                let known = replaced.clone();
                vec![
                    replied(move |request, answer| {
                        if let ("PUT", true, "Users", Some(id)) = (
                            request.method.as_str(),
                            answer.status < 300,
                            place(request).0,
                            wire::id(request),
                        ) {
                            replaced.with(|replaced| replaced.insert(id));
                        }
                    }),
                    each(move |_, resource| {
                        known.with(|replaced| {
                            if text(resource, "id").is_some_and(|id| replaced.contains(id)) {
                                resource.shift_remove("groups");
                            }
                            if let Some(Value::Array(members)) = resource.get_mut("members") {
                                members.retain(|member| {
                                    !member["value"]
                                        .as_str()
                                        .is_some_and(|id| replaced.contains(id))
                                });
                            }
                        })
                    }),
                ]
            },
        ),
        own(
            "case-of-own-group-name-409",
            "A group's own name with other capitals is refused: the name is taken",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.5.2",
            || {
                vec![refuses_document(|moment, before, after| {
                    let name = |group: &Object| text(group, "displayName").map(str::to_owned);
                    match (before.and_then(name), name(after)) {
                        (Some(old), Some(new))
                            if moment.kind.name == "Group"
                                && old != new
                                && old.eq_ignore_ascii_case(&new) =>
                        {
                            Err(ScimError::new(409, "the displayName is taken"))
                        }
                        _ => Ok(()),
                    }
                })]
            },
        ),
        own(
            "reports-forget-who-left",
            "Whose manager is deactivated or deleted loses all that the enterprise extension says",
            ALL,
            "RFC 7643 section 4.3",
            || {
                let away: Memory<HashSet<String>> = Memory::default();
                let known = away.clone();
                vec![
                    replied(move |request, answer| {
                        if let ("Users", Some(id), true) =
                            (place(request).0, wire::id(request), answer.status < 300)
                        {
                            let body = String::from_utf8_lossy(&request.body).to_lowercase();
                            let off = body.contains("active") && body.contains("false");
                            if request.method == "DELETE" || (request.method != "GET" && off) {
                                away.with(|away| away.insert(id));
                            }
                        }
                    }),
                    each(move |_, resource| {
                        let gone = resource
                            .get(ENTERPRISE)
                            .and_then(|extension| extension["manager"]["value"].as_str())
                            .is_some_and(|id| known.with(|away| away.contains(id)));
                        if gone {
                            resource.shift_remove(ENTERPRISE);
                        }
                    }),
                ]
            },
        ),
        own(
            "returners-are-back-in-their-groups",
            "Who is created again under the name of a deleted person is shown in that person's groups",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.6",
            returners,
        ),
        own(
            "id-given-again",
            "Who is created after a deletion gets the id of the one who was deleted",
            RFC,
            "RFC 7643 section 3.1",
            given_again,
        ),
        own(
            "half-of-a-group-change-stays",
            "Of a change of a group that is refused the members stay",
            RFC,
            "RFC 7644 section 3.5.2",
            half_stays,
        ),
    ]
}

/// Groups by the userName of whoever was in them when they were deleted; a new person of that name is shown there again.
fn returners() -> Vec<Twist> {
    #[derive(Default)]
    struct Known {
        /// Person to userName.
        names: HashMap<String, String>,
        /// Group to people who were seen in it.
        members: HashMap<String, HashSet<String>>,
        /// The userName of a deleted person, in small letters, to groups.
        gone: HashMap<String, HashSet<String>>,
        /// Group to people who came back.
        back: HashMap<String, Vec<String>>,
    }
    let known: Memory<Known> = Memory::default();
    let (learn, tell) = (known.clone(), known.clone());
    vec![
        replied(move |request, answer| {
            if let ("DELETE", 204, "Users", Some(id)) = (
                request.method.as_str(),
                answer.status,
                place(request).0,
                wire::id(request),
            ) {
                known.with(|known| {
                    let groups = (known.members.iter())
                        .filter(|(_, members)| members.contains(&id))
                        .map(|(group, _)| group.clone())
                        .collect();
                    if let Some(name) = known.names.get(&id) {
                        known.gone.insert(name.to_lowercase(), groups);
                    }
                });
            }
        }),
        told(move |request, status, body| {
            let (Some(id), Some(name), 201) = (
                body.get("id").and_then(Value::as_str).map(str::to_owned),
                body.get("userName").and_then(Value::as_str),
                status,
            ) else {
                return;
            };
            if on(request, "POST", "Users") {
                learn.with(|known| {
                    for group in known.gone.remove(&name.to_lowercase()).unwrap_or_default() {
                        known.back.entry(group).or_default().push(id.clone());
                    }
                    known.names.insert(id, name.to_owned());
                });
            }
        }),
        each(move |_, resource| {
            if !wire::is_group(resource) {
                return;
            }
            let Some(id) = text(resource, "id").map(str::to_owned) else {
                return;
            };
            tell.with(|known| {
                let back = known.back.get(&id).cloned().unwrap_or_default();
                if let Some(Value::Array(members)) = resource.get_mut("members") {
                    let all = known.members.entry(id).or_default();
                    all.extend(
                        (members.iter())
                            .filter_map(|member| member["value"].as_str().map(str::to_owned)),
                    );
                    members.extend(back.iter().map(|id| json!({ "value": id })));
                }
            });
        }),
    ]
}

/// The id of a deleted person is shown for the next one who is made.
fn given_again() -> Vec<Twist> {
    #[derive(Default)]
    struct Known {
        free: Vec<String>,
        /// What is shown to what it is.
        real: Vec<(String, String)>,
    }
    let known: Memory<Known> = Memory::default();
    let (learn, show) = (known.clone(), known.clone());
    vec![
        asked(move |request| {
            known.with(|known| {
                for (shown, real) in &known.real {
                    request.path = request.path.replace(shown, real);
                    if let Some(query) = &mut request.query {
                        *query = query.replace(shown, real);
                    }
                    let body = String::from_utf8_lossy(&request.body);
                    if body.contains(shown.as_str()) {
                        request.body = body.replace(shown, real).into_bytes();
                    }
                }
            });
            None
        }),
        replied(move |request, answer| {
            learn.with(|known| {
                if let ("DELETE", 204, "Users", Some(id)) = (
                    request.method.as_str(),
                    answer.status,
                    place(request).0,
                    wire::id(request),
                ) && !known.real.iter().any(|(_, real)| *real == id)
                {
                    known.free.push(id);
                }
                let made = (answer.body.as_deref())
                    .filter(|_| on(request, "POST", "Users") && answer.status == 201)
                    .and_then(|body| serde_json::from_slice::<Value>(body).ok())
                    .and_then(|body| body["id"].as_str().map(str::to_owned));
                if let Some(made) = made
                    && let Some(free) = known.free.pop()
                {
                    known.real.push((free, made));
                }
            });
        }),
        replied(move |_, answer| {
            show.with(|known| {
                let swap = |text: &str| {
                    (known.real.iter()).fold(text.to_owned(), |text, (shown, real)| {
                        text.replace(real.as_str(), shown)
                    })
                };
                if let Some(body) = &mut answer.body {
                    *body = swap(&String::from_utf8_lossy(body)).into_bytes();
                }
                for (_, value) in &mut answer.headers {
                    if let Some(new) = value.to_str().ok().and_then(|text| swap(text).parse().ok())
                    {
                        *value = new;
                    }
                }
            });
        }),
    ]
}

/// Members whom a refused PATCH of a group would have added are shown in it.
fn half_stays() -> Vec<Twist> {
    let stayed: Memory<HashMap<String, Vec<Value>>> = Memory::default();
    let known = stayed.clone();
    vec![
        replied(move |request, answer| {
            let ("PATCH", 400, "Groups", Some(id)) = (
                request.method.as_str(),
                answer.status,
                place(request).0,
                wire::id(request),
            ) else {
                return;
            };
            let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let added = wire::operations(&sent)
                .into_iter()
                .filter(|operation| {
                    wire::op(operation).eq_ignore_ascii_case("add")
                        && wire::path(operation) == "members"
                })
                .filter_map(|operation| operation.get("value")?.as_array().cloned())
                .flatten();
            stayed.with(|stayed| stayed.entry(id).or_default().extend(added));
        }),
        each(move |_, resource| {
            let more =
                text(resource, "id").and_then(|id| known.with(|known| known.get(id).cloned()));
            if let (Some(more), Some(Value::Array(members))) = (more, resource.get_mut("members")) {
                members.extend(more);
            }
        }),
    ]
}
