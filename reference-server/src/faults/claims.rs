//! What the server claims of itself, and how it stands to what is so: ways to authenticate, characteristics, the
//! schemas behind resource types.

use serde_json::{Value, json};

use super::discovery::attributes;
use super::memory::Memory;
use super::twist::{Twist, asked, behave, replied, told};
use super::wire::{self, ENTERPRISE, no};
use super::{ENTRA_RFC, FaultInfo, RFC, own};

/// An extension whose one attribute has the name of a core attribute.
const REDEFINES: &str = r#"[{
    "id": "urn:example:params:scim:schemas:extension:again:2.0:User",
    "name": "Again",
    "description": "A title once more",
    "attributes": [{
        "name": "title", "type": "string", "multiValued": false, "description": "The title.", "required": false,
        "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none"
    }]
}, {
    "extend": "User", "schema": "urn:example:params:scim:schemas:extension:again:2.0:User", "required": false
}]"#;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "only-basic-declared",
            "The only way to authenticate is a password in every request",
            RFC,
            "RFC 7644 section 2",
            || schemes(|scheme| scheme["type"] = json!("httpbasic")),
        ),
        own(
            "scheme-type-invented",
            "The way to authenticate has a type that RFC 7643 does not name",
            RFC,
            "RFC 7643 section 5",
            || schemes(|scheme| scheme["type"] = json!("bearer")),
        ),
        own(
            "configuration-in-a-list",
            "The configuration comes inside a list",
            RFC,
            "RFC 7644 section 4",
            || {
                vec![told(|request, status, body| {
                    if status == 200 && wire::place(request).0 == "ServiceProviderConfig" {
                        let config = body.take();
                        *body = json!({
                            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                            "totalResults": 1,
                            "Resources": [config],
                        });
                    }
                })]
            },
        ),
        own(
            "configuration-fails-again",
            "The configuration can be read once; asked again it is a server error",
            RFC,
            "RFC 7644 section 4",
            || {
                let count: Memory<u32> = Memory::default();
                vec![replied(move |request, answer| {
                    if wire::place(request).0 == "ServiceProviderConfig"
                        && answer.status == 200
                        && count.with(|count| {
                            *count += 1;
                            *count > 1
                        })
                    {
                        *answer = no(500, "the cache is stale");
                    }
                })]
            },
        ),
        own(
            "characteristics-missing",
            "/Schemas tells name and type of attributes and nothing else",
            RFC,
            "RFC 7643 section 7",
            || {
                attributes(|attribute| {
                    if let Some(attribute) = attribute.as_object_mut() {
                        attribute.retain(|name, _| {
                            matches!(
                                name.as_str(),
                                "name" | "type" | "multiValued" | "subAttributes"
                            )
                        });
                    }
                })
            },
        ),
        own(
            "primary-declared-as-text",
            "/Schemas declares primary of multi-valued attributes as text",
            RFC,
            "RFC 7643 section 2.4",
            || {
                attributes(|attribute| {
                    let subs = attribute
                        .get_mut("subAttributes")
                        .and_then(Value::as_array_mut);
                    for sub in subs.into_iter().flatten() {
                        if sub["name"] == "primary" {
                            sub["type"] = json!("string");
                        }
                    }
                })
            },
        ),
        own(
            "extension-redefines-title",
            "An extension of the provider's own has an attribute title, as people have one already",
            RFC,
            "RFC 7643 section 3.3",
            || {
                vec![behave(|behaviour| {
                    behaviour.schemas.push(REDEFINES.to_owned());
                })]
            },
        ),
        own(
            "enterprise-not-in-schemas",
            "The type of users names the enterprise extension, and /Schemas does not have it",
            ENTRA_RFC,
            "RFC 7644 section 4",
            || {
                vec![
                    asked(|request| {
                        let id = wire::id(request)?;
                        (wire::place(request).0 == "Schemas" && id == ENTERPRISE)
                            .then(|| no(404, "there is no such schema"))
                    }),
                    told(|request, status, body| {
                        if status == 200
                            && wire::place(request) == ("Schemas", None)
                            && let Some(list) =
                                body.get_mut("Resources").and_then(Value::as_array_mut)
                        {
                            list.retain(|schema| schema["id"] != ENTERPRISE);
                            let left = list.len();
                            body["totalResults"] = json!(left);
                            body["itemsPerPage"] = json!(left);
                        }
                    }),
                ]
            },
        ),
    ]
}

/// Each way to authenticate is changed.
fn schemes(change: fn(&mut Value)) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status == 200 && wire::place(request).0 == "ServiceProviderConfig" {
            let list = body
                .get_mut("authenticationSchemes")
                .and_then(Value::as_array_mut);
            list.into_iter().flatten().for_each(change);
        }
    })]
}
