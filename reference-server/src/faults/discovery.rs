//! What the server says of itself.

use serde_json::{Value, json};

use super::twist::{Twist, asked, told};
use super::{ENTRA, FaultInfo, RFC, of, own, wire};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(4, "no-service-provider-config", RFC, || {
            gone("ServiceProviderConfig")
        }),
        own(
            "no-schemas",
            "There is no /Schemas",
            RFC,
            "RFC 7644 section 4",
            || gone("Schemas"),
        ),
        own(
            "no-resource-types",
            "There is no /ResourceTypes",
            RFC,
            "RFC 7644 section 4",
            || gone("ResourceTypes"),
        ),
        of(5, "discovery-empty", RFC, || {
            vec![told(|request, status, body| {
                if status == 200
                    && matches!(wire::place(request), ("Schemas" | "ResourceTypes", None))
                {
                    body["Resources"] = json!([]);
                    body["totalResults"] = json!(0);
                    body["itemsPerPage"] = json!(0);
                }
            })]
        }),
        of(6, "resource-types-array", RFC, || bare("ResourceTypes")),
        own(
            "schemas-array",
            "/Schemas is a bare array",
            RFC,
            "RFC 7644 section 4",
            || bare("Schemas"),
        ),
        of(7, "spec-uri-misspelt", RFC, || {
            config(|config| {
                for scheme in config["authenticationSchemes"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    if let Some(uri) = scheme
                        .as_object_mut()
                        .and_then(|scheme| scheme.shift_remove("specUri"))
                    {
                        scheme["specURI"] = uri;
                    }
                }
            })
        }),
        of(7, "scheme-without-type", RFC, || {
            config(|config| {
                for scheme in config["authenticationSchemes"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    scheme
                        .as_object_mut()
                        .map(|scheme| scheme.shift_remove("type"));
                }
            })
        })
        .saying("The authentication schemes have no type"),
        of(8, "schema-without-schemas", RFC, || {
            schema(|schema| {
                schema
                    .as_object_mut()
                    .map(|schema| schema.shift_remove("schemas"));
            })
        }),
        of(9, "schema-wrong-types", ENTRA, || {
            attributes(|attribute| {
                if matches!(attribute["name"].as_str(), Some("active" | "name")) {
                    attribute["type"] = json!("string");
                    attribute
                        .as_object_mut()
                        .map(|attribute| attribute.shift_remove("subAttributes"));
                }
            })
        }),
        of(10, "schema-wrong-mutability", RFC, || {
            attributes(|attribute| match attribute["name"].as_str() {
                Some("groups") => attribute["mutability"] = json!("readWrite"),
                Some("members") => attribute["mutability"] = json!("readOnly"),
                _ => {}
            })
        }),
        own(
            "schema-user-name-case-exact",
            "The schema says that userName is compared with case",
            RFC,
            "RFC 7643 section 8.7.1",
            || {
                attributes(|attribute| {
                    if attribute["name"] == "userName" {
                        attribute["caseExact"] = json!(true);
                    }
                })
            },
        ),
        own(
            "config-patch-boolean",
            "patch in the configuration is a plain boolean",
            RFC,
            "RFC 7643 section 5",
            || config(|config| config["patch"] = json!(true)),
        ),
        own(
            "config-numbers-as-text",
            "The limits in the configuration are strings",
            RFC,
            "RFC 7643 section 5",
            || {
                config(|config| {
                    config["filter"]["maxResults"] = json!("1000");
                    config["bulk"]["maxOperations"] = json!("1000");
                })
            },
        ),
        own(
            "config-without-schemas",
            "The configuration does not name its schema",
            RFC,
            "RFC 7643 section 3",
            || {
                config(|config| {
                    config
                        .as_object_mut()
                        .map(|config| config.shift_remove("schemas"));
                })
            },
        ),
        own(
            "resource-type-endpoint-wrong",
            "The resource type of users points to /User",
            RFC,
            "RFC 7643 section 6",
            || {
                vec![told(|request, status, body| {
                    if status == 200 && wire::place(request).0 == "ResourceTypes" {
                        wire::resources(body, &mut |kind| {
                            if kind.get("name").is_some_and(|name| name == "User") {
                                kind.insert("endpoint".to_owned(), json!("/User"));
                            }
                        });
                    }
                })]
            },
        ),
        own(
            "resource-types-hollow",
            "A resource type that is read by itself is its id and nothing else",
            RFC,
            "RFC 7643 section 6",
            || {
                vec![told(|request, status, body| {
                    if let (200, ("ResourceTypes", Some(_)), Some(kind)) =
                        (status, wire::place(request), body.as_object_mut())
                    {
                        kind.retain(|name, _| matches!(name.as_str(), "schemas" | "id" | "meta"));
                    }
                })]
            },
        ),
        own(
            "discovery-filter-ignored",
            "A filter on /Schemas is passed over",
            RFC,
            "RFC 7644 section 4",
            || {
                vec![asked(|request| {
                    if matches!(
                        wire::place(request).0,
                        "Schemas" | "ResourceTypes" | "ServiceProviderConfig"
                    ) {
                        wire::set_parameter(request, "filter", None);
                    }
                    None
                })]
            },
        ),
    ]
}

fn gone(endpoint: &'static str) -> Vec<Twist> {
    vec![asked(move |request| {
        (wire::place(request).0 == endpoint).then(|| wire::no(404, "there is nothing here"))
    })]
}

fn bare(endpoint: &'static str) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status == 200 && wire::place(request) == (endpoint, None) {
            *body = body["Resources"].take();
        }
    })]
}

fn config(change: fn(&mut Value)) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status == 200 && wire::place(request).0 == "ServiceProviderConfig" {
            change(body);
        }
    })]
}

fn schema(change: fn(&mut Value)) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status != 200 || wire::place(request).0 != "Schemas" {
            return;
        }
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(list) => list.iter_mut().for_each(change),
            None => change(body),
        }
    })]
}

/// What /Schemas says of each attribute is changed.
pub(super) fn attributes(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Vec<Twist> {
    vec![told(move |request, status, body| {
        if status != 200 || wire::place(request).0 != "Schemas" {
            return;
        }
        let each = |schema: &mut Value| {
            schema["attributes"]
                .as_array_mut()
                .into_iter()
                .flatten()
                .for_each(&change);
        };
        match body.get_mut("Resources").and_then(Value::as_array_mut) {
            Some(list) => list.iter_mut().for_each(each),
            None => each(body),
        }
    })]
}
