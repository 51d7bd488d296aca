//! Names and ids: made up, taken over, refused to whoever has them, and found under what they were before.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{
    Twist, asked, document, operations, refuses, refuses_document, replied, sent, shown, told,
};
use super::wire::{self, on, text};
use super::{ALL, ENTRA_RFC, FaultInfo, OKTA_ENTRA_RFC, RFC, own};
use crate::http::hooks::Incoming;
use crate::protocol::Object;
use crate::protocol::error::ScimError;

/// What stands in front of ids: the word that RFC 7643 reserves.
const MARK: &str = "bulkId-";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "external-id-made-up",
            "Whoever is created without an externalId gets one",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 3.1",
            || {
                vec![document(|moment, before, after| {
                    if before.is_none() && moment.kind.name == "User" {
                        after
                            .entry("externalId")
                            .or_insert_with(|| json!(uuid::Uuid::new_v4().to_string()));
                    }
                })]
            },
        ),
        own(
            "id-of-the-client-taken",
            "Whoever is created with an id gets it",
            RFC,
            "RFC 7644 section 3.3",
            || {
                let real: Memory<HashMap<String, String>> = Memory::default();
                let (learn, known) = (real.clone(), real.clone());
                vec![
                    asked(move |request| {
                        let id = wire::id(request)?;
                        let found = real.with(|real| real.get(&id).cloned())?;
                        let head = request.path.rsplit_once('/')?.0.to_owned();
                        request.path = format!("{head}/{found}");
                        None
                    }),
                    told(move |request, status, body| {
                        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                        if let (true, Some(wished), Some(id)) = (
                            is_of_resources(request) && status == 201,
                            text_of(&sent, "id"),
                            text_of(body, "id"),
                        ) {
                            learn.with(|real| real.insert(wished, id));
                        }
                    }),
                    replied(move |_, answer| {
                        let Some(body) = &mut answer.body else {
                            return;
                        };
                        let swap = |text: &str| {
                            known.with(|real| {
                                real.iter().fold(text.to_owned(), |text, (wished, id)| {
                                    text.replace(id.as_str(), wished)
                                })
                            })
                        };
                        *body = swap(&String::from_utf8_lossy(body)).into_bytes();
                        for (_, value) in &mut answer.headers {
                            if let Some(new) =
                                value.to_str().ok().and_then(|text| swap(text).parse().ok())
                            {
                                *value = new;
                            }
                        }
                    }),
                ]
            },
        ),
        own(
            "ids-say-bulk-id",
            "Every id holds the reserved word bulkId",
            RFC,
            "RFC 7643 section 3.1",
            || {
                vec![
                    asked(|request| {
                        request.path = request.path.replace(MARK, "");
                        if let Some(query) = &mut request.query {
                            *query = query.replace(MARK, "");
                        }
                        let body = String::from_utf8_lossy(&request.body);
                        if body.contains(MARK) {
                            request.body = body.replace(MARK, "").into_bytes();
                        }
                        None
                    }),
                    told(|_, status, body| {
                        if status < 300 {
                            wire::resources(body, &mut marked);
                        }
                    }),
                    replied(|request, answer| {
                        if !is_of_resources(request) {
                            return;
                        }
                        for (name, value) in &mut answer.headers {
                            if *name == axum::http::header::LOCATION
                                && let Some(new) = value
                                    .to_str()
                                    .ok()
                                    .and_then(|at| mark_last(at).parse().ok())
                            {
                                *value = new;
                            }
                        }
                    }),
                ]
            },
        ),
        own(
            "user-name-follows-name",
            "Whoever changes a name gets a new userName that is made of it",
            ALL,
            "RFC 7644 section 3.5.2",
            || {
                vec![document(|moment, before, after| {
                    let Some(before) = before.filter(|_| moment.kind.name == "User") else {
                        return;
                    };
                    if before.get("name") == after.get("name") {
                        return;
                    }
                    let part = |name: &str| {
                        let whole = after.get("name").and_then(Value::as_object);
                        whole.and_then(|whole| text(whole, name)).unwrap_or("none")
                    };
                    let made = format!(
                        "{}.{}.{}",
                        part("givenName"),
                        part("familyName"),
                        moment.id.unwrap_or_default()
                    );
                    after.insert("userName".to_owned(), json!(made));
                })]
            },
        ),
        own(
            "put-takes-created",
            "The creation date that a PUT says is taken over",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                let said: Memory<HashMap<String, Value>> = Memory::default();
                let known = said.clone();
                vec![
                    sent(move |request, body| {
                        if let (true, Some(id), Some(created)) = (
                            request.method == "PUT",
                            wire::id(request),
                            body.get("meta").and_then(|meta| meta.get("created")),
                        ) {
                            said.with(|said| said.insert(id, created.clone()));
                        }
                    }),
                    shown(move |_, resource| {
                        let created = text(resource, "id")
                            .and_then(|id| known.with(|said| said.get(id).cloned()));
                        if let (Some(created), Some(Value::Object(meta))) =
                            (created, resource.get_mut("meta"))
                        {
                            meta.insert("created".to_owned(), created);
                        }
                    }),
                ]
            },
        ),
        own(
            "case-of-own-name-409",
            "Whoever writes the own userName with other capitals is refused: the name is taken",
            ALL,
            "RFC 7643 section 4.1.1",
            || {
                vec![refuses_document(|_, before, after| {
                    let name = |user: &Object| text(user, "userName").map(str::to_owned);
                    match (before.and_then(name), name(after)) {
                        (Some(old), Some(new)) if old != new && old.eq_ignore_ascii_case(&new) => {
                            Err(ScimError::new(409, "the userName is taken"))
                        }
                        _ => Ok(()),
                    }
                })]
            },
        ),
        own(
            "own-name-again-409",
            "A PATCH that sets the userName that is there already is refused: the name is taken",
            ALL,
            "RFC 7643 section 4.1.1",
            || {
                vec![operations(|_, before, operations| {
                    let own = text(before, "userName");
                    let again = operations.iter().any(|operation| {
                        let value = operation.value.as_ref();
                        let named = match operation.path.as_deref() {
                            Some("userName") => value,
                            None => value.and_then(|value| value.get("userName")),
                            Some(_) => None,
                        };
                        named
                            .and_then(Value::as_str)
                            .is_some_and(|name| Some(name) == own)
                    });
                    if again {
                        return Err(ScimError::new(409, "the userName is taken"));
                    }
                    Ok(())
                })]
            },
        ),
        own(
            "deleted-external-id-stays-taken",
            "The externalId of a person who was deleted cannot be given again",
            ALL,
            "RFC 7644 section 3.6",
            || {
                let taken: Memory<HashMap<String, String>> = Memory::default();
                let (learn, gone) = (taken.clone(), Memory::<HashSet<String>>::default());
                let known = gone.clone();
                vec![
                    refuses(move |request, body| {
                        let hit = text_of(body, "externalId")
                            .is_some_and(|id| known.with(|gone| gone.contains(&id)));
                        (on(request, "POST", "Users") && hit)
                            .then(|| wire::no(409, "the externalId is taken"))
                    }),
                    told(move |request, status, body| {
                        if let (true, Some(id), Some(external)) = (
                            on(request, "POST", "Users") && status == 201,
                            text_of(body, "id"),
                            text_of(body, "externalId"),
                        ) {
                            learn.with(|taken| taken.insert(id, external));
                        }
                    }),
                    replied(move |request, answer| {
                        let external = wire::id(request)
                            .and_then(|id| taken.with(|taken| taken.get(&id).cloned()));
                        if request.method == "DELETE" && answer.status == 204 {
                            gone.with(|gone| gone.extend(external));
                        }
                    }),
                ]
            },
        ),
        own(
            "new-user-name-not-found",
            "Whoever gets another userName shows it, and is found by the first one",
            ALL,
            "RFC 7644 section 3.4.2",
            || found_by_old("userName"),
        ),
        own(
            "new-external-id-not-found",
            "Whoever gets another externalId shows it, and is found by the first one",
            ALL,
            "RFC 7644 section 3.4.2",
            || found_by_old("externalId"),
        ),
        own(
            "new-address-not-found",
            "Whoever gets another e-mail address shows it, and is found by the first one",
            ENTRA_RFC,
            "RFC 7644 section 3.4.2",
            || found_by_old("emails"),
        ),
        own(
            "rest-of-an-id-ignored",
            "Of an id in an address the part that looks like one counts, whatever stands around it",
            RFC,
            "RFC 7644 section 3.4.1",
            || {
                vec![asked(|request| {
                    let whole = wire::id(request)?;
                    let inner = uuid_in(&whole).filter(|inner| inner.len() < whole.len())?;
                    let head = request.path.rsplit_once('/')?.0.to_owned();
                    request.path = format!("{head}/{inner}");
                    None
                })]
            },
        ),
    ]
}

/// The first value stays in the index; what came later is only shown.
fn found_by_old(name: &'static str) -> Vec<Twist> {
    let newer: Memory<HashMap<String, Value>> = Memory::default();
    let told = newer.clone();
    vec![
        document(move |moment, before, after| {
            if let ("User", Some(id), Some(old)) = (
                moment.kind.name.as_str(),
                moment.id,
                before.and_then(|before| before.get(name)),
            ) && after.get(name) != Some(old)
                && let Some(new) = after.insert(name.to_owned(), old.clone())
            {
                newer.with(|newer| newer.insert(id.to_owned(), new));
            }
        }),
        shown(move |moment, user| {
            if let Some(value) = moment
                .id
                .and_then(|id| told.with(|newer| newer.get(id).cloned()))
            {
                user.insert(name.to_owned(), value);
            }
        }),
    ]
}

fn text_of(body: &Value, name: &str) -> Option<String> {
    body.get(name)?.as_str().map(str::to_owned)
}

fn is_of_resources(request: &Incoming) -> bool {
    on(request, "POST", "Users") || on(request, "POST", "Groups")
}

fn marked(resource: &mut Object) {
    if let Some(id) = text(resource, "id") {
        let id = format!("{MARK}{id}");
        resource.insert("id".to_owned(), json!(id));
    }
    if let Some(location) = resource
        .get_mut("meta")
        .and_then(|meta| meta.get_mut("location"))
        && let Some(at) = location.as_str()
    {
        *location = json!(mark_last(at));
    }
    for list in ["members", "groups"] {
        let items = resource.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(value) = item.get("value").and_then(Value::as_str) {
                item["value"] = json!(format!("{MARK}{value}"));
            }
            if let Some(at) = item.get("$ref").and_then(Value::as_str) {
                item["$ref"] = json!(mark_last(at));
            }
        }
    }
}

/// An address whose last segment has the mark.
fn mark_last(address: &str) -> String {
    match address.rsplit_once('/') {
        Some((head, last)) => format!("{head}/{MARK}{last}"),
        None => format!("{MARK}{address}"),
    }
}

/// The first part of a text that has the form of a UUID.
fn uuid_in(text: &str) -> Option<&str> {
    const LENGTH: usize = 36;
    (0..text.len().saturating_sub(LENGTH - 1))
        .filter_map(|from| text.get(from..from + LENGTH))
        .find(|part| uuid::Uuid::try_parse(part).is_ok())
}
