//! meta, ids, versions and locations.

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, asked, behave, each, replied, shown, told};
use super::wire::{self, no};
use super::{ALL, FaultInfo, OKTA_ENTRA_RFC, RFC, of, own};
use crate::protocol::Object;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(127, "id-is-user-name", ALL, || {
            let names: Memory<std::collections::HashMap<String, String>> = Memory::default();
            let learn = names.clone();
            vec![
                asked(move |request| {
                    let (collection, id) = wire::place(request);
                    if let (true, Some(name)) = (collection == "Users", id.map(str::to_owned)) {
                        let name = wire::id(request).unwrap_or(name);
                        let real = names.with(|names| {
                            names
                                .iter()
                                .find(|(_, known)| **known == name)
                                .map(|(id, _)| id.clone())
                        });
                        let head = request
                            .path
                            .rsplit_once('/')
                            .map(|(head, _)| head.to_owned())
                            .unwrap_or_default();
                        request.path =
                            format!("{head}/{}", real.unwrap_or_else(|| "unknown".to_owned()));
                    }
                    let mut body = String::from_utf8_lossy(&request.body).into_owned();
                    if collection_is_groups(request) {
                        names.with(|names| {
                            names
                                .iter()
                                .for_each(|(id, name)| body = body.replace(name.as_str(), id))
                        });
                        request.body = body.into_bytes();
                    }
                    if let Some(query) = request
                        .query
                        .as_mut()
                        .filter(|query| query.contains("members"))
                    {
                        names.with(|names| {
                            names
                                .iter()
                                .for_each(|(id, name)| *query = query.replace(name.as_str(), id))
                        });
                    }
                    None
                }),
                replied(move |_, answer| {
                    let Some(text) = answer
                        .body
                        .as_ref()
                        .map(|body| String::from_utf8_lossy(body).into_owned())
                    else {
                        return;
                    };
                    if let Ok(mut body) = serde_json::from_str::<Value>(&text) {
                        wire::resources(&mut body, &mut |user| {
                            if let (Some(id), Some(name)) =
                                (wire::text(user, "id"), wire::text(user, "userName"))
                            {
                                learn.with(|names| names.insert(id.to_owned(), name.to_owned()));
                            }
                        });
                    }
                    let swap = |text: String| {
                        learn.with(|names| {
                            names
                                .iter()
                                .fold(text, |text, (id, name)| text.replace(id.as_str(), name))
                        })
                    };
                    answer.body = Some(swap(text).into_bytes());
                    for (_, value) in &mut answer.headers {
                        if let Some(new) = value
                            .to_str()
                            .ok()
                            .and_then(|text| swap(text.to_owned()).parse().ok())
                        {
                            *value = new;
                        }
                    }
                }),
            ]
        }),
        own(
            "id-as-number",
            "id is a number",
            ALL,
            "RFC 7643 section 3.1",
            || shows(numbered),
        ),
        own(
            "id-missing-in-lists",
            "Resources in lists have no id",
            ALL,
            "RFC 7643 section 3.1",
            || {
                vec![told(|_, _, body| {
                    for row in body["Resources"]
                        .as_array_mut()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_object_mut)
                    {
                        row.shift_remove("id");
                    }
                })]
            },
        ),
        own(
            "ids-change-case",
            "Ids are in capitals in lists and small when read by id",
            OKTA_ENTRA_RFC,
            "RFC 7643 section 3.1",
            || {
                vec![told(|_, _, body| {
                    for row in body["Resources"].as_array_mut().into_iter().flatten() {
                        if let Some(id) = row["id"].as_str().map(str::to_uppercase) {
                            row["id"] = json!(id);
                        }
                    }
                })]
            },
        ),
        of(129, "times-without-zone", RFC, || {
            metas(|meta| {
                for name in ["created", "lastModified"] {
                    if let Some(Value::String(time)) = meta.get_mut(name) {
                        *time = time.trim_end_matches('Z').to_owned();
                    }
                }
            })
        }),
        own(
            "times-as-numbers",
            "Times are seconds since 1970",
            RFC,
            "RFC 7643 section 2.3.5",
            || {
                metas(|meta| {
                    meta.insert("created".to_owned(), json!(1_775_121_333));
                })
            },
        ),
        own(
            "last-modified-stands-still",
            "lastModified never changes",
            RFC,
            "RFC 7643 section 3.1",
            || {
                metas(|meta| {
                    if let Some(created) = meta.get("created").cloned() {
                        meta.insert("lastModified".to_owned(), created);
                    }
                })
            },
        ),
        own(
            "created-moves",
            "meta.created is the time of the last change",
            RFC,
            "RFC 7643 section 3.1",
            || {
                metas(|meta| {
                    if let Some(modified) = meta.get("lastModified").cloned() {
                        meta.insert("created".to_owned(), modified);
                    }
                })
            },
        ),
        own(
            "unchanged-counts-as-change",
            "A write that changes nothing moves lastModified",
            RFC,
            "RFC 7644 section 3.5.2",
            || vec![super::twist::touches(|_, _| true)],
        ),
        own(
            "meta-missing",
            "Resources have no meta",
            RFC,
            "RFC 7643 section 3.1",
            || {
                shows(|resource| {
                    resource.shift_remove("meta");
                })
            },
        ),
        own(
            "meta-resource-type-plural",
            "meta.resourceType is the endpoint's name",
            RFC,
            "RFC 7643 section 3.1",
            || {
                metas(|meta| {
                    if let Some(kind) = meta.get("resourceType").and_then(Value::as_str) {
                        let plural = format!("{kind}s");
                        meta.insert("resourceType".to_owned(), json!(plural));
                    }
                })
            },
        ),
        of(130, "version-as-number", RFC, || {
            metas(|meta| {
                meta.insert("version".to_owned(), json!(4));
            })
        }),
        own(
            "version-stands-still",
            "The version of a resource never changes",
            RFC,
            "RFC 7644 section 3.14",
            || {
                vec![
                    each(|_, resource| {
                        if let Some(Value::Object(meta)) = resource.get_mut("meta") {
                            meta.insert("version".to_owned(), json!("W/\"1\""));
                        }
                    }),
                    replied(|_, answer| {
                        for (name, value) in &mut answer.headers {
                            if *name == axum::http::header::ETAG {
                                *value = axum::http::HeaderValue::from_static("W/\"1\"");
                            }
                        }
                    }),
                ]
            },
        ),
        own(
            "etag-differs-from-version",
            "The ETag header and meta.version differ",
            RFC,
            "RFC 7643 section 3.1",
            || {
                metas(|meta| {
                    meta.insert("version".to_owned(), json!("W/\"other\""));
                })
            },
        ),
        own(
            "etag-without-quotes",
            "The ETag has no quotation marks",
            RFC,
            "RFC 9110 section 8.8.3",
            || {
                vec![replied(|_, answer| {
                    for (name, value) in &mut answer.headers {
                        if *name == axum::http::header::ETAG {
                            *value = axum::http::HeaderValue::from_static("abc");
                        }
                    }
                })]
            },
        ),
        of(131, "if-match-ignored", RFC, || {
            vec![asked(|request| {
                request.headers.remove(axum::http::header::IF_MATCH);
                None
            })]
        }),
        own(
            "if-none-match-ignored",
            "If-None-Match has no effect",
            RFC,
            "RFC 7644 section 3.14",
            || {
                vec![asked(|request| {
                    request.headers.remove(axum::http::header::IF_NONE_MATCH);
                    None
                })]
            },
        ),
        of(132, "tag-never-fits", RFC, || {
            vec![asked(|request| {
                let sent = request.headers.get(axum::http::header::IF_MATCH)?;
                (sent != "*" && request.method != "GET")
                    .then(|| no(412, "the version does not fit"))
            })]
        }),
        of(133, "location-relative", RFC, || {
            metas(|meta| {
                if let Some(Value::String(location)) = meta.get_mut("location")
                    && let Some((_, rest)) = location.split_once("/scim/v2/")
                {
                    *location = rest.to_owned();
                }
            })
        }),
        of(134, "location-inner-host", RFC, || {
            vec![behave(|behaviour| {
                behaviour.public_base = Some("http://scim-internal:8001/scim/v2".to_owned())
            })]
        }),
        own(
            "location-of-collection",
            "meta.location is the address of the collection",
            RFC,
            "RFC 7643 section 3.1",
            || {
                metas(|meta| {
                    if let Some(Value::String(location)) = meta.get_mut("location")
                        && let Some((head, _)) = location.rsplit_once('/')
                    {
                        *location = head.to_owned();
                    }
                })
            },
        ),
        own(
            "location-header-missing",
            "201 has no Location",
            RFC,
            "RFC 7644 section 3.3",
            || {
                vec![replied(|_, answer| {
                    answer
                        .headers
                        .retain(|(name, _)| *name != axum::http::header::LOCATION)
                })]
            },
        ),
        own(
            "location-header-wrong",
            "Location leads to another resource",
            RFC,
            "RFC 7644 section 3.3",
            || {
                vec![replied(|_, answer| {
                    for (name, value) in &mut answer.headers {
                        if *name == axum::http::header::LOCATION {
                            *value = axum::http::HeaderValue::from_static(
                                "http://127.0.0.1/scim/v2/Users/0",
                            );
                        }
                    }
                })]
            },
        ),
        own(
            "schemas-missing",
            "Resources do not name their schemas",
            RFC,
            "RFC 7643 section 3",
            || {
                vec![each(|_, resource| {
                    resource.shift_remove("schemas");
                })]
            },
        ),
        own(
            "schemas-as-text",
            "schemas is a string",
            RFC,
            "RFC 7643 section 3",
            || {
                vec![each(|_, resource| {
                    if let Some(first) = resource
                        .get("schemas")
                        .and_then(|list| list.get(0))
                        .cloned()
                    {
                        resource.insert("schemas".to_owned(), first);
                    }
                })]
            },
        ),
        own(
            "schemas-without-extension",
            "schemas does not name the extension that is in the body",
            RFC,
            "RFC 7643 section 3",
            || {
                vec![each(|_, resource| {
                    if let Some(Value::Array(list)) = resource.get_mut("schemas") {
                        list.truncate(1);
                    }
                })]
            },
        ),
        own(
            "schemas-of-scim-1",
            "schemas is the URN of SCIM 1.1",
            RFC,
            "RFC 7643 section 4.1",
            || {
                vec![each(|_, resource| {
                    resource.insert("schemas".to_owned(), json!(["urn:scim:schemas:core:1.0"]));
                })]
            },
        ),
    ]
}

fn collection_is_groups(request: &crate::http::hooks::Incoming) -> bool {
    wire::place(request).0 == "Groups"
}

/// The id becomes a number.
pub(super) fn numbered(resource: &mut Object) {
    if let Some(id) = wire::text(resource, "id") {
        let number: u64 = id
            .bytes()
            .fold(7, |hash, byte| (hash * 31 + u64::from(byte)) % 1_000_003);
        resource.insert("id".to_owned(), json!(number));
    }
}

fn shows(change: fn(&mut Object)) -> Vec<Twist> {
    vec![each(move |_, resource| change(resource))]
}

fn metas(change: fn(&mut Object)) -> Vec<Twist> {
    vec![shown(move |_, resource| {
        if let Some(Value::Object(meta)) = resource.get_mut("meta") {
            change(meta);
        }
    })]
}
