//! Creating people, and what is kept of them.

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, body, document, each, refuses, replied, sent};
use super::wire::{ENTERPRISE, no, on};
use super::{
    ALL, ENTRA, ENTRA_RFC, FaultInfo, OKTA, OKTA_ENTRA, OKTA_ENTRA_RFC, OKTA_RFC, PROVIDERS, RFC,
    of, own,
};
use crate::engine::hooks::Action;
use crate::protocol::Object;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(11, "inactive-create-refused", ENTRA_RFC, || {
            refused(400, |user| user.get("active") == Some(&json!(false)))
        }),
        of(12, "inactive-created-active", ENTRA_RFC, || {
            vec![document(|moment, before, after| {
                if before.is_none() && moment.kind.name == "User" {
                    after.insert("active".to_owned(), json!(true));
                }
            })]
        }),
        of(13, "nameless-create-500", RFC, || {
            refused(500, |user| !user.contains_key("name"))
        }),
        of(14, "external-id-demanded", RFC, || {
            refused(400, |user| !user.contains_key("externalId"))
        }),
        of(15, "sub-attributes-by-case", ENTRA, || {
            vec![sent(|_, user| {
                if let Some(Value::Object(name)) = user.get_mut("name") {
                    name.retain(|key, _| {
                        matches!(
                            key.as_str(),
                            "formatted"
                                | "familyName"
                                | "givenName"
                                | "middleName"
                                | "honorificPrefix"
                                | "honorificSuffix"
                        )
                    });
                }
            })]
        }),
        of(16, "odd-schemas-refused", ENTRA, || {
            vec![refuses(|_, body| {
                let odd = body["schemas"].as_array().is_none_or(|list| {
                    list.iter().any(|urn| {
                        !urn.as_str()
                            .is_some_and(|urn| urn.starts_with("urn:ietf:params:scim:"))
                    })
                });
                odd.then(|| no(400, "unknown schemas"))
            })]
        }),
        of(17, "user-name-pattern", RFC, || {
            refused(400, |user| {
                let name = user
                    .get("userName")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                name.len() < 3
                    || !name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"@._-+".contains(&byte))
            })
        }),
        of(18, "create-200", OKTA_RFC, || {
            vec![replied(|_, answer| {
                if answer.status == 201 {
                    answer.status = 200
                }
            })]
        }),
        own(
            "create-202",
            "A create is answered with 202",
            RFC,
            "RFC 7644 section 3.3",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 201 {
                        answer.status = 202
                    }
                })]
            },
        ),
        own(
            "create-204",
            "A create is answered without a body",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.3",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 201 {
                        answer.status = 204;
                        answer.body = None;
                    }
                })]
            },
        ),
        own(
            "create-answer-without-id",
            "The answer to a create has no id",
            ALL,
            "RFC 7643 section 3.1",
            || {
                vec![each(|request, user| {
                    if request.method == "POST" {
                        user.shift_remove("id");
                    }
                })]
            },
        ),
        own(
            "create-echoes",
            "The answer to a create is what was sent, the state is not",
            PROVIDERS,
            "RFC 7644 section 3.3",
            || {
                vec![
                    stored(|user| {
                        user.shift_remove("title");
                        user.shift_remove("phoneNumbers");
                    }),
                    shows_what_was_sent(),
                ]
            },
        ),
        of(118, "manager-text-refused", ENTRA, || {
            vec![super::wire::refuses_operation(
                "Users",
                400,
                "manager must be an object",
                |operation| {
                    super::wire::path(operation).ends_with(":manager")
                        && operation.get("value").is_some_and(Value::is_string)
                },
            )]
        }),
        of(118, "manager-text-in-create-refused", ENTRA, || {
            refused(400, |user| {
                let manager = user
                    .get(ENTERPRISE)
                    .and_then(|extension| extension.get("manager"));
                manager.is_some_and(Value::is_string)
            })
        })
        .saying("A create whose manager is a string is refused"),
        of(119, "manager-shown-as-text", ENTRA_RFC, || {
            vec![each(|_, user| {
                if let Some(manager) = user
                    .get_mut(ENTERPRISE)
                    .and_then(|extension| extension.get_mut("manager"))
                    && let Some(id) = manager.get("value").cloned()
                {
                    *manager = id;
                }
            })]
        }),
        of(120, "manager-without-value-refused", OKTA, || {
            refused(400, |user| {
                let manager = user
                    .get(ENTERPRISE)
                    .and_then(|extension| extension.get("manager"));
                manager.is_some_and(|manager| manager.is_object() && manager.get("value").is_none())
            })
        }),
        of(123, "external-id-dropped", OKTA_ENTRA, || {
            stores(|user| {
                user.shift_remove("externalId");
            })
        }),
        own(
            "external-id-folded",
            "externalId is stored in lower case",
            OKTA_ENTRA,
            "RFC 7643 section 3.1",
            || {
                stores(|user| {
                    if let Some(Value::String(id)) = user.get_mut("externalId") {
                        *id = id.to_lowercase();
                    }
                })
            },
        ),
        of(124, "names-not-stored", OKTA, || {
            stores(|user| {
                user.shift_remove("name");
            })
        }),
        own(
            "names-swapped",
            "Given and family name change places",
            PROVIDERS,
            "RFC 7643 section 4.1.1",
            || {
                stores(|user| {
                    if let Some(Value::Object(name)) = user.get_mut("name") {
                        let (given, family) = (
                            name.shift_remove("givenName"),
                            name.shift_remove("familyName"),
                        );
                        name.extend(family.map(|family| ("givenName".to_owned(), family)));
                        name.extend(given.map(|given| ("familyName".to_owned(), given)));
                    }
                })
            },
        ),
        of(125, "primary-lost", RFC, || {
            elements(|element| {
                element.shift_remove("primary");
            })
        }),
        of(126, "primary-moves-to-first", RFC, || {
            stores(|user| {
                for list in user.values_mut().filter_map(Value::as_array_mut) {
                    let any = list
                        .iter()
                        .any(|element| element.get("primary") == Some(&json!(true)));
                    for (position, element) in
                        list.iter_mut().filter_map(Value::as_object_mut).enumerate()
                    {
                        if any {
                            element.insert("primary".to_owned(), json!(position == 0));
                        }
                    }
                }
            })
        }),
        of(72, "email-type-dropped", ENTRA, || {
            elements(|element| {
                element.shift_remove("type");
            })
        }),
        own(
            "second-email-dropped",
            "Of several e-mail addresses only the first is kept",
            OKTA_ENTRA,
            "RFC 7643 section 4.1.2",
            || {
                stores(|user| {
                    if let Some(Value::Array(list)) = user.get_mut("emails") {
                        list.truncate(1);
                    }
                })
            },
        ),
        own(
            "phones-tidied",
            "Phone numbers lose their signs and spaces",
            RFC,
            "RFC 7643 section 4.1.2",
            || {
                stores(|user| {
                    for phone in user
                        .get_mut("phoneNumbers")
                        .and_then(Value::as_array_mut)
                        .into_iter()
                        .flatten()
                    {
                        if let Some(Value::String(number)) = phone.get_mut("value") {
                            number.retain(|sign| sign.is_ascii_digit());
                        }
                    }
                })
            },
        ),
        own(
            "display-name-cut",
            "The display name is cut at sixteen letters",
            PROVIDERS,
            "RFC 7643 section 4.1.1",
            || {
                stores(|user| {
                    if let Some(Value::String(name)) = user.get_mut("displayName") {
                        *name = name.chars().take(16).collect();
                    }
                })
            },
        ),
        own(
            "enterprise-dropped",
            "The enterprise extension is not stored",
            OKTA_ENTRA,
            "RFC 7643 section 4.3",
            || {
                stores(|user| {
                    user.shift_remove(ENTERPRISE);
                })
            },
        ),
        own(
            "letters-outside-ascii-lost",
            "Letters outside ASCII become question marks",
            ALL,
            "RFC 8259 section 8.1",
            || {
                stores(|user| {
                    for value in user.values_mut() {
                        ascii(value);
                    }
                })
            },
        ),
        own(
            "user-name-becomes-email",
            "userName is replaced by the e-mail address",
            PROVIDERS,
            "RFC 7643 section 4.1.1",
            || {
                stores(|user| {
                    let email = user
                        .get("emails")
                        .and_then(|list| list.get(0))
                        .and_then(|email| email.get("value"))
                        .cloned();
                    if let Some(email) = email {
                        user.insert("userName".to_owned(), email);
                    }
                })
            },
        ),
        own(
            "accents-taken-off",
            "A display name loses its accents",
            RFC,
            "RFC 7643 section 2.3.1",
            || {
                stores(|user| {
                    if let Some(Value::String(name)) = user.get_mut("displayName") {
                        *name = name
                            .replace(['é', 'è', 'ë'], "e")
                            .replace(['ö', 'ó'], "o")
                            .replace(['å', 'ä'], "a");
                    }
                })
            },
        ),
        of(157, "password-returned", ALL, || echoes_password(|_| true)),
        own(
            "password-returned-on-read",
            "The password stands in later reads, not in the answer to the create",
            ALL,
            "RFC 7643 section 4.1.1",
            || echoes_password(|method| method == "GET"),
        ),
        own(
            "password-demanded",
            "A create without a password is refused",
            ENTRA,
            "RFC 7643 section 4.1.1",
            || refused(400, |user| !user.contains_key("password")),
        ),
        own(
            "email-demanded",
            "A create without an e-mail address is refused",
            RFC,
            "RFC 7643 section 4.1.2",
            || refused(400, |user| !user.contains_key("emails")),
        ),
        own(
            "unknown-attributes-refused",
            "A create with an attribute that is not known is refused",
            ENTRA,
            "RFC 7644 section 3.3",
            || {
                refused(400, |user| {
                    user.keys()
                        .any(|key| key.starts_with("urn:") && key != ENTERPRISE)
                })
            },
        ),
        own(
            "nulls-refused",
            "null for an attribute is refused",
            ENTRA,
            "RFC 7643 section 2.5",
            || refused(400, |user| user.values().any(Value::is_null)),
        ),
        own(
            "read-only-input-stored",
            "id and meta of a create are taken over",
            RFC,
            "RFC 7643 section 7",
            || {
                let made: Memory<std::collections::HashMap<String, Value>> = Memory::default();
                let told = made.clone();
                vec![
                    body(move |moment, user| {
                        if moment.action == Action::Create
                            && let (Some(name), Some(meta)) = (
                                user.get("userName"),
                                user.get("meta").filter(|meta| meta.is_object()),
                            )
                        {
                            made.with(|made| made.insert(name.to_string(), meta.clone()));
                        }
                    }),
                    each(move |_, user| {
                        let Some(name) = user.get("userName").map(Value::to_string) else {
                            return;
                        };
                        if let Some(Value::Object(meta)) =
                            told.with(|made| made.get(&name).cloned())
                            && let Some(Value::Object(shown)) = user.get_mut("meta")
                        {
                            shown.extend(meta);
                        }
                    }),
                ]
            },
        ),
    ]
}

/// A create whose body is like this is refused.
fn refused(status: u16, like: fn(&Object) -> bool) -> Vec<Twist> {
    vec![refuses(move |request, body| {
        let hit = on(request, "POST", "Users") && body.as_object().is_some_and(like);
        hit.then(|| no(status, "the user cannot be created"))
    })]
}

/// Every stored person is changed before it is stored.
fn stores(change: fn(&mut Object)) -> Vec<Twist> {
    vec![stored(change)]
}

fn stored(change: fn(&mut Object)) -> Twist {
    document(move |moment, _, after| {
        if moment.kind.name == "User" {
            change(after);
        }
    })
}

fn elements(change: fn(&mut Object)) -> Vec<Twist> {
    vec![document(move |moment, _, after| {
        let lists = after.values_mut().filter_map(Value::as_array_mut);
        if moment.kind.name == "User" {
            lists
                .flatten()
                .filter_map(Value::as_object_mut)
                .for_each(change);
        }
    })]
}

fn shows_what_was_sent() -> Twist {
    replied(|request, answer| {
        let bodies = (
            serde_json::from_slice::<Object>(&request.body),
            answer.body.as_deref().map(serde_json::from_slice::<Object>),
        );
        if let (Ok(sent), Some(Ok(mut shown))) = bodies
            && answer.status == 201
        {
            for (name, value) in sent {
                shown.entry(name).or_insert(value);
            }
            answer.body = serde_json::to_vec(&shown).ok();
        }
    })
}

fn echoes_password(on: fn(&axum::http::Method) -> bool) -> Vec<Twist> {
    let secrets: Memory<std::collections::HashMap<String, Value>> = Memory::default();
    let told = secrets.clone();
    vec![
        sent(move |_, user| {
            if let (Some(name), Some(password)) = (
                user.get("userName"),
                user.get("password").filter(|password| password.is_string()),
            ) {
                secrets.with(|secrets| secrets.insert(name.to_string(), password.clone()));
            }
        }),
        each(move |request, user| {
            let name = user
                .get("userName")
                .map(Value::to_string)
                .unwrap_or_default();
            if let Some(password) = told
                .with(|secrets| secrets.get(&name).cloned())
                .filter(|_| on(&request.method))
            {
                user.insert("password".to_owned(), password);
            }
        }),
    ]
}

fn ascii(value: &mut Value) {
    match value {
        Value::String(text) => {
            *text = text
                .chars()
                .map(|sign| if sign.is_ascii() { sign } else { '?' })
                .collect()
        }
        Value::Array(list) => list.iter_mut().for_each(ascii),
        Value::Object(object) => object.values_mut().for_each(ascii),
        _ => {}
    }
}
