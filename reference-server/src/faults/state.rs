//! Right answers over a wrong state, and damage that shows elsewhere or later.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{document, each, operations, replied, shown, told};
use super::wire::{self, text};
use super::{ALL, ENTRA, FaultInfo, OKTA_ENTRA, PROVIDERS, own};
use crate::engine::hooks::Action;
use crate::protocol::Object;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "stale-reads",
            "A read after a write shows the state before it, once",
            ALL,
            "RFC 7644 section 3.4.1",
            || {
                let old: Memory<HashMap<String, Object>> = Memory::default();
                let told = old.clone();
                vec![
                    document(move |moment, before, _| {
                        if let (Some(id), Some(before)) = (moment.id, before) {
                            old.with(|old| old.insert(id.to_owned(), before.clone()));
                        }
                    }),
                    shown(move |moment, resource| {
                        if let (Action::Read, Some(id)) = (moment.action, moment.id)
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
            },
        ),
        own(
            "deleted-data-returns",
            "Who is created again has what the deleted record of that name had",
            ALL,
            "RFC 7644 section 3.6",
            || {
                let past: Memory<HashMap<String, Object>> = Memory::default();
                vec![document(move |moment, before, after| {
                    let Some(name) = text(after, "userName").map(str::to_lowercase) else {
                        return;
                    };
                    past.with(|past| {
                        if let (Action::Create, None, Some(old)) =
                            (moment.action, before, past.get(&name))
                        {
                            for (attribute, value) in old {
                                after
                                    .entry(attribute.clone())
                                    .or_insert_with(|| value.clone());
                            }
                        }
                        past.insert(name, after.clone());
                    });
                })]
            },
        ),
        own(
            "lists-are-stale",
            "Lists show people as they were created",
            OKTA_ENTRA,
            "RFC 7644 section 3.4.2",
            || {
                let first: Memory<HashMap<String, Object>> = Memory::default();
                let told = first.clone();
                vec![
                    document(move |moment, before, _| {
                        if let (Some(id), Some(before)) = (moment.id, before) {
                            first.with(|first| {
                                first.entry(id.to_owned()).or_insert_with(|| before.clone());
                            });
                        }
                    }),
                    shown(move |moment, resource| {
                        if let (Action::List, Some(id)) = (moment.action, moment.id)
                            && let Some(before) = told.with(|first| first.get(id).cloned())
                        {
                            resource.extend(before);
                        }
                    }),
                ]
            },
        ),
        own(
            "patch-damages-bystander",
            "A PATCH of one user changes the display name of the one who was made last",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                let hit: Memory<HashMap<String, Value>> = Memory::default();
                let (last, told) = (Memory::<Vec<String>>::default(), hit.clone());
                let learn = last.clone();
                vec![
                    each(move |request, resource| {
                        if let (true, Some(id)) =
                            (wire::on(request, "POST", "Users"), text(resource, "id"))
                        {
                            learn.with(|last| {
                                last.insert(0, id.to_owned());
                                last.truncate(2);
                            });
                        }
                    }),
                    document(move |moment, _, _| {
                        if let (Action::Patch, "User", Some(id)) =
                            (moment.action, moment.kind.name.as_str(), moment.id)
                        {
                            let other =
                                last.with(|last| last.iter().find(|other| *other != id).cloned());
                            if let Some(other) = other {
                                hit.with(|hit| hit.insert(other, json!("Somebody Else")));
                            }
                        }
                    }),
                    shown(move |moment, user| {
                        if let Some(name) = moment
                            .id
                            .and_then(|id| told.with(|hit| hit.get(id).cloned()))
                        {
                            user.insert("displayName".to_owned(), name);
                        }
                    }),
                ]
            },
        ),
        own(
            "patch-clears-phones",
            "Any PATCH of a user loses the phone numbers",
            ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, _, after| {
                    if moment.action == Action::Patch {
                        after.shift_remove("phoneNumbers");
                    }
                })]
            },
        ),
        own(
            "patch-clears-manager",
            "A PATCH that does not speak of the manager loses it",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    let old = before
                        .and_then(|before| before.get(wire::ENTERPRISE))
                        .and_then(|extension| extension.get("manager"));
                    if let Some(Value::Object(extension)) = after.get_mut(wire::ENTERPRISE)
                        && moment.action == Action::Patch
                        && old.is_some()
                        && extension.get("manager") == old
                    {
                        extension.shift_remove("manager");
                    }
                })]
            },
        ),
        own(
            "rename-loses-groups",
            "A user who is renamed leaves the groups",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let renamed: Memory<HashSet<String>> = Memory::default();
                let told = renamed.clone();
                vec![
                    document(move |moment, before, after| {
                        if let (Some(id), Some(old)) =
                            (moment.id, before.and_then(|before| before.get("userName")))
                            && after.get("userName") != Some(old)
                        {
                            renamed.with(|renamed| renamed.insert(id.to_owned()));
                        }
                    }),
                    each(move |_, resource| {
                        told.with(|renamed| {
                            if text(resource, "id").is_some_and(|id| renamed.contains(id)) {
                                resource.shift_remove("groups");
                            }
                            if let Some(Value::Array(members)) = resource.get_mut("members") {
                                members.retain(|member| {
                                    !member["value"]
                                        .as_str()
                                        .is_some_and(|id| renamed.contains(id))
                                });
                            }
                        })
                    }),
                ]
            },
        ),
        own(
            "rename-ignored",
            "A new userName is passed over",
            PROVIDERS,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    if let ("User", Some(name)) = (
                        moment.kind.name.as_str(),
                        before.and_then(|before| before.get("userName")),
                    ) {
                        after.insert("userName".to_owned(), name.clone());
                    }
                })]
            },
        ),
        own(
            "rename-refused",
            "A new userName is refused as immutable",
            PROVIDERS,
            "RFC 7643 section 4.1.1",
            || {
                vec![super::twist::Twist::Document(Box::new(
                    |moment, before, after| {
                        let old = before.and_then(|before| before.get("userName"));
                        if moment.kind.name == "User"
                            && old.is_some()
                            && old != after.get("userName")
                        {
                            return Err(crate::protocol::error::ScimError::mutability(
                                "userName is immutable",
                            ));
                        }
                        Ok(())
                    },
                ))]
            },
        ),
        own(
            "old-name-stays-taken",
            "The old userName of a renamed user stays taken",
            ENTRA,
            "RFC 7643 section 4.1.1",
            || {
                let old: Memory<HashSet<String>> = Memory::default();
                vec![super::twist::Twist::Document(Box::new(
                    move |moment, before, after| {
                        let was = before.and_then(|before| before.get("userName"));
                        let is = after.get("userName");
                        if let (Some(Value::String(was)), true) = (was, was != is) {
                            old.with(|old| old.insert(was.to_lowercase()));
                        }
                        let taken = is
                            .and_then(Value::as_str)
                            .is_some_and(|is| old.with(|old| old.contains(&is.to_lowercase())));
                        if moment.action == Action::Create && taken {
                            return Err(crate::protocol::error::ScimError::uniqueness(
                                "the user name was used before",
                            ));
                        }
                        Ok(())
                    },
                ))]
            },
        ),
        own(
            "second-user-shown",
            "A read by id gives another user every seventh time",
            ALL,
            "RFC 7644 section 3.4.1",
            || {
                let last: Memory<(u32, Option<Value>)> = Memory::default();
                vec![told(move |request, status, body| {
                    if wire::at(request, "GET", "Users") && status == 200 {
                        let other = last.with(|(count, last)| {
                            *count += 1;
                            let other = last.replace(body.clone());
                            other.filter(|_| *count % 7 == 0)
                        });
                        if let Some(other) = other {
                            *body = other;
                        }
                    }
                })]
            },
        ),
        own(
            "reactivated-without-profile",
            "Whoever comes back has the profile of the first day",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let first: Memory<HashMap<String, Object>> = Memory::default();
                vec![document(move |moment, before, after| {
                    if let (Some(id), Some(before), "User") =
                        (moment.id, before, moment.kind.name.as_str())
                    {
                        let old = first.with(|first| {
                            first
                                .entry(id.to_owned())
                                .or_insert_with(|| before.clone())
                                .clone()
                        });
                        if before.get("active") == Some(&json!(false))
                            && after.get("active") == Some(&json!(true))
                        {
                            for name in ["displayName", "title", "name"] {
                                if let Some(value) = old.get(name) {
                                    after.insert(name.to_owned(), value.clone());
                                }
                            }
                        }
                    }
                })]
            },
        ),
        own(
            "value-applied-twice",
            "add to a list of a user puts the value in twice",
            ENTRA,
            "RFC 7644 section 3.5.2.1",
            || {
                vec![document(|moment, before, after| {
                    for (name, value) in after.iter_mut() {
                        let old = before
                            .and_then(|before| before.get(name))
                            .and_then(Value::as_array)
                            .map_or(0, Vec::len);
                        if let (Action::Patch, Value::Array(list)) = (moment.action, value)
                            && list.len() > old
                            && name != "schemas"
                        {
                            list.extend(list.last().cloned());
                        }
                    }
                })]
            },
        ),
        own(
            "writes-in-capitals",
            "Changed display names are stored in capitals",
            PROVIDERS,
            "RFC 7643 section 2.3.1",
            || {
                vec![operations(|_, _, operations| {
                    for operation in operations {
                        if let (Some("displayName"), Some(Value::String(name))) =
                            (operation.path.as_deref(), &mut operation.value)
                        {
                            *name = name.to_uppercase();
                        }
                        if let Some(Value::String(name)) = operation
                            .value
                            .as_mut()
                            .and_then(|value| value.get_mut("displayName"))
                        {
                            *name = name.to_uppercase();
                        }
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "clearing-stores-empty-text",
            "A cleared attribute is stored as an empty string",
            ENTRA,
            "RFC 7643 section 2.5",
            || {
                vec![document(|moment, before, after| {
                    for name in ["title", "displayName", "nickName"] {
                        if moment.action == Action::Patch
                            && before.is_some_and(|before| before.contains_key(name))
                            && !after.contains_key(name)
                        {
                            after.insert(name.to_owned(), json!(""));
                        }
                    }
                })]
            },
        ),
        own(
            "every-tenth-500",
            "Every tenth write fails with 503",
            ALL,
            "RFC 7644 section 3.12",
            || {
                let count: Memory<u32> = Memory::default();
                vec![replied(move |request, answer| {
                    let tenth = request.method != "GET"
                        && count.with(|count| {
                            *count += 1;
                            *count % 10 == 0
                        });
                    if tenth {
                        *answer = wire::no(503, "try again");
                    }
                })]
            },
        ),
    ]
}
