//! What is left out on purpose, and is advertised, accepted or half done all the same.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::memory::Memory;
use super::twist::{Twist, asked, each, replied, sent, told};
use super::wire::{self, at, no, on, place, text};
use super::{ALL, FaultInfo, RFC, own};
use crate::http::Answer;
use crate::http::hooks::Incoming;
use crate::protocol::Object;

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const UNDECLARED: &str = "RFC 7643 section 3.3";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "absent-groups-advertised",
            "/ResourceTypes lists groups where there are none",
            ALL,
            "RFC 7644 section 4",
            || {
                vec![told(|request, status, body| {
                    if status == 200
                        && on(request, "GET", "ResourceTypes")
                        && let Some(Value::Array(types)) = body.get_mut("Resources")
                        && !types.iter().any(|kind| kind["schema"] == GROUP)
                    {
                        types.push(json!({
                            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                            "id": "Group", "name": "Group", "endpoint": "/Groups", "schema": GROUP
                        }));
                        body["totalResults"] = json!(body["Resources"].as_array().map(Vec::len));
                    }
                })]
            },
        ),
        own(
            "resource-types-fail",
            "/ResourceTypes is a server error",
            ALL,
            "RFC 7644 section 4",
            || {
                vec![asked(|request| {
                    on(request, "GET", "ResourceTypes").then(|| no(500, "not today"))
                })]
            },
        ),
        own(
            "refused-updates-say-done",
            "A change of a person that is not offered is answered with 204",
            ALL,
            "RFC 7644 section 3.12",
            || {
                vec![replied(|request, answer| {
                    if (at(request, "PUT", "Users") || at(request, "PATCH", "Users"))
                        && matches!(answer.status, 403 | 405 | 501)
                    {
                        *answer = Answer::empty(204);
                    }
                })]
            },
        ),
        own(
            "refused-patch-declared",
            "The configuration promises PATCH, whether it is offered or not",
            RFC,
            "RFC 7643 section 5",
            || {
                vec![told(|request, status, body| {
                    if status == 200 && place(request).0 == "ServiceProviderConfig" {
                        body["patch"] = json!({"supported": true});
                    }
                })]
            },
        ),
        own(
            "undeclared-extension-shown-once",
            "Attributes that no schema declares are in the answer to the create and in lists, and not in the person",
            ALL,
            UNDECLARED,
            || undeclared(|request| !at(request, "GET", "Users"), Object::clone),
        ),
        own(
            "undeclared-extension-emptied",
            "Attributes that no schema declares come back as empty texts",
            ALL,
            UNDECLARED,
            || {
                undeclared(
                    |_| true,
                    |sent| sent.keys().map(|name| (name.clone(), json!(""))).collect(),
                )
            },
        ),
    ]
}

/// Extensions of the client's own, kept by user name or id and shown as `shown` says where `where_to` says.
fn undeclared(where_to: fn(&Incoming) -> bool, shown: fn(&Object) -> Object) -> Vec<Twist> {
    let kept: Memory<HashMap<String, Object>> = Memory::default();
    let known = kept.clone();
    vec![
        sent(move |request, body| {
            let found = extensions(body);
            let owner = wire::id(request).or_else(|| body["userName"].as_str().map(str::to_owned));
            if let (Some(owner), "Users", false) = (owner, place(request).0, found.is_empty()) {
                kept.with(|kept| kept.insert(owner, found));
            }
        }),
        each(move |request, user| {
            let of = |name| text(user, name).and_then(|key| known.with(|k| k.get(key).cloned()));
            if let Some(extensions) = of("id").or_else(|| of("userName"))
                && where_to(request)
            {
                for (urn, sent) in &extensions {
                    let sent = sent.as_object().map(shown).unwrap_or_default();
                    user.insert(urn.clone(), Value::Object(sent));
                }
            }
        }),
    ]
}

/// What a body says under URNs that no RFC has: as objects, or as the paths of operations.
fn extensions(body: &Value) -> Object {
    let own = |urn: &str| {
        let urn = urn.to_ascii_lowercase();
        urn.starts_with("urn:")
            && !urn.starts_with("urn:ietf:params:scim:schemas:core:")
            && !urn.starts_with("urn:ietf:params:scim:schemas:extension:enterprise:")
    };
    let mut found: Object = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| own(name) && value.is_object())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for operation in wire::operations(body) {
        if let (Some((urn, name)), Some(value)) = (
            wire::path(operation).rsplit_once(':'),
            operation.get("value"),
        ) && own(urn)
        {
            found.insert(urn.to_owned(), json!({ name: value }));
        }
    }
    found
}
