//! Groups as such: creating, naming, reading.

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{
    Twist, asked, document, each, membership, operations, refuses, replied, sent, shown,
};
use super::wire::{self, at, no, on, refuses_operation};
use super::{
    ALL, ENTRA, ENTRA_RFC, FaultInfo, JUMPCLOUD, OKTA, OKTA_ENTRA, OKTA_ENTRA_RFC, PROVIDERS, RFC,
    of, own,
};
use crate::engine::hooks::Action;
use crate::protocol::patch::{Op, Operation};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(98, "group-create-500", ALL, || {
            vec![asked(|request| {
                on(request, "POST", "Groups").then(|| no(500, "ValidationError"))
            })]
        }),
        own(
            "group-create-with-empty-members-500",
            "Creating a group with an empty list of members is a server error",
            OKTA,
            "RFC 7644 section 3.3",
            || {
                vec![refuses(|request, body| {
                    (on(request, "POST", "Groups")
                        && body["members"].as_array().is_some_and(Vec::is_empty))
                    .then(|| no(500, "IndexError"))
                })]
            },
        ),
        of(99, "nameless-group-accepted", RFC, || {
            vec![sent(|request, body| {
                if on(request, "POST", "Groups")
                    && body.get("displayName").is_none_or(Value::is_null)
                {
                    body["displayName"] = json!(format!("group {}", uuid::Uuid::new_v4()));
                }
            })]
        }),
        of(100, "group-name-prefixed", ALL, || {
            names(|name| format!("PRIMARY/{}", name.trim_start_matches("PRIMARY/")))
        }),
        own(
            "group-name-slug",
            "A group's name is stored as a slug",
            ALL,
            "RFC 7643 section 4.2",
            || names(|name| name.to_lowercase().replace(' ', "-")),
        ),
        of(101, "unknown-member-dropped", OKTA, || {
            let known: Memory<std::collections::HashSet<String>> = Memory::default();
            let learn = known.clone();
            vec![
                sent(move |request, body| {
                    if on(request, "POST", "Groups")
                        && let Some(Value::Array(members)) = body.get_mut("members")
                    {
                        members.retain(|member| {
                            member["value"]
                                .as_str()
                                .is_some_and(|id| known.with(|known| known.contains(id)))
                        });
                    }
                }),
                each(move |_, resource| {
                    if let Some(id) = wire::text(resource, "id") {
                        learn.with(|known| known.insert(id.to_owned()));
                    }
                }),
            ]
        }),
        of(102, "groups-not-created", JUMPCLOUD, || {
            vec![asked(|request| {
                on(request, "POST", "Groups").then(|| no(501, "groups cannot be created"))
            })]
        }),
        own(
            "no-groups",
            "There is no /Groups",
            PROVIDERS,
            "RFC 7644 section 3.2",
            || {
                vec![asked(|request| {
                    (wire::place(request).0 == "Groups").then(|| no(404, "there is nothing here"))
                })]
            },
        ),
        of(103, "rename-empties-group", OKTA_ENTRA_RFC, || {
            vec![operations(|moment, _, operations| {
                let renames = operations.iter().any(|operation| {
                    operation
                        .value
                        .as_ref()
                        .is_some_and(|value| value.get("displayName").is_some())
                        || operation.path.as_deref() == Some("displayName")
                });
                if moment.kind.name == "Group" && renames {
                    operations.insert(
                        0,
                        Operation {
                            op: Op::Remove,
                            path: Some("members".to_owned()),
                            value: None,
                        },
                    );
                }
                Ok(())
            })]
        }),
        of(104, "group-rename-ignored", OKTA_ENTRA_RFC, || {
            vec![document(|moment, before, after| {
                if let (Action::Patch, "Group", Some(name)) = (
                    moment.action,
                    moment.kind.name.as_str(),
                    before.and_then(|before| before.get("displayName")),
                ) {
                    after.insert("displayName".to_owned(), name.clone());
                }
            })]
        }),
        own(
            "renamed-found-by-old-name",
            "A renamed group shows its new name and is found by the old one",
            OKTA_ENTRA,
            "RFC 7644 section 3.5.2",
            || {
                let names: Memory<std::collections::HashMap<String, Value>> = Memory::default();
                let told = names.clone();
                vec![
                    document(move |moment, before, after| {
                        if let ("Group", Some(id), Some(old)) = (
                            moment.kind.name.as_str(),
                            moment.id,
                            before.and_then(|before| before.get("displayName")),
                        ) && after.get("displayName") != Some(old)
                            && let Some(new) = after.insert("displayName".to_owned(), old.clone())
                        {
                            names.with(|names| names.insert(id.to_owned(), new));
                        }
                    }),
                    shown(move |moment, group| {
                        if let Some(name) = moment
                            .id
                            .and_then(|id| told.with(|names| names.get(id).cloned()))
                        {
                            group.insert("displayName".to_owned(), name);
                        }
                    }),
                ]
            },
        ),
        own(
            "group-rename-by-put-ignored",
            "A new name in a PUT of a group is passed over",
            OKTA,
            "RFC 7644 section 3.5.1",
            || {
                vec![document(|moment, before, after| {
                    if let (Action::Replace, "Group", Some(name)) = (
                        moment.action,
                        moment.kind.name.as_str(),
                        before.and_then(|before| before.get("displayName")),
                    ) {
                        after.insert("displayName".to_owned(), name.clone());
                    }
                })]
            },
        ),
        of(109, "group-without-members-shown", OKTA, || {
            vec![shown(|moment, group| {
                if moment.action == Action::Read {
                    group.shift_remove("members");
                }
            })]
        }),
        own(
            "group-lists-without-members",
            "Lists of groups leave the members out",
            OKTA,
            "RFC 7643 section 4.2",
            || {
                vec![shown(|moment, group| {
                    if moment.action == Action::List {
                        group.shift_remove("members");
                    }
                })]
            },
        ),
        own(
            "user-groups-missing",
            "A user's groups are not shown",
            RFC,
            "RFC 7643 section 4.1.2",
            || {
                vec![shown(|_, user| {
                    user.shift_remove("groups");
                })]
            },
        ),
        of(110, "no-group-patch", OKTA_ENTRA_RFC, || {
            vec![asked(|request| {
                at(request, "PATCH", "Groups").then(|| no(405, "PATCH is not allowed"))
            })]
        }),
        own(
            "no-group-put",
            "Groups cannot be replaced",
            OKTA,
            "RFC 7644 section 3.5.1",
            || {
                vec![asked(|request| {
                    at(request, "PUT", "Groups").then(|| no(405, "PUT is not allowed"))
                })]
            },
        ),
        of(111, "more-than-100-members-refused", ENTRA, || {
            vec![refuses_operation(
                "Groups",
                400,
                "at most 100 members",
                |operation| {
                    operation
                        .get("value")
                        .and_then(Value::as_array)
                        .is_some_and(|list| list.len() > 100)
                },
            )]
        }),
        of(112, "members-beyond-100-dropped", OKTA_ENTRA, || {
            vec![sent(|request, body| {
                if wire::place(request).0 == "Groups" {
                    if let Some(Value::Array(members)) = body.get_mut("members") {
                        members.truncate(100);
                    }
                    for operation in body["Operations"].as_array_mut().into_iter().flatten() {
                        if let Some(Value::Array(members)) = operation.get_mut("value") {
                            members.truncate(100);
                        }
                    }
                }
            })]
        }),
        own(
            "members-beyond-100-hidden",
            "A group shows its first hundred members only",
            OKTA_ENTRA,
            "RFC 7643 section 4.2",
            || {
                vec![each(|_, group| {
                    if let Some(Value::Array(members)) = group.get_mut("members") {
                        members.truncate(100);
                    }
                })]
            },
        ),
        of(114, "big-group-read-504", ENTRA, || {
            vec![replied(|request, answer| {
                let big = answer.body.as_ref().is_some_and(|body| {
                    String::from_utf8_lossy(body).matches("\"$ref\"").count() > 100
                });
                if wire::place(request).0 == "Groups" && big {
                    *answer = no(504, "upstream timeout");
                }
            })]
        }),
        of(107, "members-replace-refused", OKTA, || {
            vec![refuses_operation(
                "Groups",
                501,
                "members cannot be replaced",
                |operation| {
                    wire::op(operation).eq_ignore_ascii_case("replace")
                        && wire::path(operation).eq_ignore_ascii_case("members")
                },
            )]
        }),
        of(108, "member-without-display-refused", OKTA, || {
            vec![refuses(|request, body| {
                let bare = body["members"]
                    .as_array()
                    .is_some_and(|list| list.iter().any(|member| !member["display"].is_string()));
                (wire::place(request).0 == "Groups"
                    && matches!(request.method.as_str(), "PUT" | "POST")
                    && bare)
                    .then(|| no(422, "display is required"))
            })]
        }),
        of(87, "group-put-with-fewer-refused", OKTA, || {
            vec![membership(|moment, _, _, delta| {
                if moment.action == Action::Replace && delta.left().next().is_some() {
                    return Err(crate::protocol::error::ScimError::mutability(
                        "members is immutable",
                    ));
                }
                Ok(())
            })]
        }),
        own(
            "group-description-demanded",
            "A group without externalId is refused",
            ENTRA_RFC,
            "RFC 7643 section 4.2",
            || {
                vec![refuses(|request, body| {
                    (on(request, "POST", "Groups") && body.get("externalId").is_none())
                        .then(|| no(400, "externalId is required"))
                })]
            },
        ),
        own(
            "group-external-id-dropped",
            "externalId of groups is not stored",
            ENTRA,
            "RFC 7643 section 3.1",
            || {
                stores(|group| {
                    group.shift_remove("externalId");
                })
            },
        ),
    ]
}

fn stores(change: fn(&mut crate::protocol::Object)) -> Vec<Twist> {
    vec![document(move |moment, _, after| {
        if moment.kind.name == "Group" {
            change(after);
        }
    })]
}

fn names(change: fn(&str) -> String) -> Vec<Twist> {
    vec![document(move |moment, _, after| {
        if let ("Group", Some(Value::String(name))) =
            (moment.kind.name.as_str(), after.get_mut("displayName"))
        {
            *name = change(name);
        }
    })]
}
