//! Resource types and the ways to authenticate (RFC 7643 sections 5 and 6).

use serde_json::Value;

use super::{called, each, member, text};
use crate::results::Severity;
use crate::rules::book::{Check, Rule, Ruling};
use crate::rules::view::{Endpoint, View, cut, show, type_of};

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/resource-type",
            title: "A resource type has a name, an endpoint, a schema, and extensions as a list",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-6-R01",
                "rfc:7643-6-R03",
                "rfc:7643-6-R04",
                "rfc:7643-6-R05",
                "rfc:7643-6-R06",
                "rfc:7643-6-R07",
            ],
            breaks: &[],
            hint: "Give name, endpoint (below the base URL) and schema; give schemaExtensions as a list whose elements have schema and required, or leave it out.",
        },
        judge: resource_type,
    },
    Check {
        rule: Rule {
            id: "rules/schemas-listed",
            title: "Every schema that a resource type names is in /Schemas",
            severity: Severity::Violation,
            refs: &[
                "rfc:7644-4-R11",
                "rfc:7643-6-R04",
                "rfc:7643-6-R06",
                "rfc:7643-7-R01",
            ],
            breaks: &[],
            hint: "Serve a schema, with its attributes, for every URI that /ResourceTypes names.",
        },
        judge: listed,
    },
    Check {
        rule: Rule {
            id: "rules/authentication-schemes",
            title: "Each way to authenticate has a type, a name and a description",
            severity: Severity::Violation,
            refs: &["rfc:7643-5-R08"],
            breaks: &[],
            hint: "Give type, name and description of each element of authenticationSchemes.",
        },
        judge: schemes,
    },
    Check {
        rule: Rule {
            id: "rules/authentication-names",
            title: "The ways to authenticate spell their members as the RFC does",
            severity: Severity::Info,
            refs: &["rfc:7643-5-R08", "defect:7"],
            breaks: &[],
            hint: "Write type, name, description, specUri, documentationUri and primary; names have no case, but not every client knows.",
        },
        judge: scheme_names,
    },
    Check {
        rule: Rule {
            id: "rules/authentication-type",
            title: "The ways to authenticate are those that RFC 7643 names",
            severity: Severity::Warning,
            refs: &["rfc:7643-5-R09"],
            breaks: &[],
            hint: "Use oauth, oauth2, oauthbearertoken, httpbasic or httpdigest as type.",
        },
        judge: scheme_types,
    },
    Check {
        rule: Rule {
            id: "rules/authentication-basic",
            title: "There is a way to authenticate besides Basic",
            severity: Severity::Info,
            refs: &["rfc:7644-2-R08"],
            breaks: &[],
            hint: "Offer bearer tokens; a password in every request is hard to rotate.",
        },
        judge: basic,
    },
];

const TYPES: [&str; 5] = [
    "oauth",
    "oauth2",
    "oauthbearertoken",
    "httpbasic",
    "httpdigest",
];

fn resource_type(view: &View<'_>) -> Ruling {
    each(view.resource_types(), |one| {
        let complain = |what: String, wanted: &str, actual: String| {
            Ruling::broken(
                format!("the resource type {} {what}", called(one)),
                wanted,
                actual,
            )
        };
        for name in ["name", "endpoint", "schema"] {
            if text(one, name).is_none() {
                return complain(format!("has no {name}"), name, show(one));
            }
        }
        let endpoint = text(one, "endpoint").unwrap_or_default();
        if endpoint.contains("://") {
            return complain(
                "has an absolute endpoint".to_owned(),
                "an endpoint below the base URL",
                cut(endpoint),
            );
        }
        let Some(extensions) = member(one, "schemaExtensions") else {
            return Ruling::Held;
        };
        let Some(items) = extensions.as_array() else {
            return complain(
                format!("has schemaExtensions of type {}", type_of(extensions)),
                "an array",
                show(extensions),
            );
        };
        for item in items {
            if text(item, "schema").is_none() {
                return complain(
                    "has an extension without schema".to_owned(),
                    "schema",
                    show(item),
                );
            }
            if !member(item, "required").is_some_and(Value::is_boolean) {
                return complain(
                    "has an extension that does not say whether it is required".to_owned(),
                    "required, true or false",
                    show(item),
                );
            }
        }
        Ruling::Held
    })
}

fn listed(view: &View<'_>) -> Ruling {
    if !view.schema.has_target() {
        return Ruling::Apart; // A target without /Schemas fails for that, once.
    }
    each(view.resource_types(), |one| {
        let extensions = member(one, "schemaExtensions").and_then(Value::as_array);
        let urns = extensions
            .into_iter()
            .flatten()
            .chain([one])
            .filter_map(|holder| text(holder, "schema"));
        for urn in urns {
            if !view
                .schema
                .declared_schemas()
                .any(|known| known.eq_ignore_ascii_case(urn))
            {
                return Ruling::broken(
                    format!(
                        "the resource type {} names {}, of which /Schemas has no attributes",
                        called(one),
                        cut(urn)
                    ),
                    "a schema for each URI",
                    cut(urn),
                );
            }
        }
        Ruling::Held
    })
}

fn declared_schemes<'a>(view: &View<'a>) -> &'a [Value] {
    if view.endpoint != Endpoint::Config || !view.is_success() || !view.whole {
        return &[];
    }
    view.json
        .and_then(|json| member(json, "authenticationSchemes"))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn schemes(view: &View<'_>) -> Ruling {
    Ruling::first(declared_schemes(view).iter().map(|scheme| {
        match ["type", "name", "description"]
            .into_iter()
            .find(|name| text(scheme, name).is_none())
        {
            None => Ruling::Held,
            Some(missing) => Ruling::broken(
                format!("a way to authenticate has no {missing}"),
                missing,
                show(scheme),
            ),
        }
    }))
}

fn scheme_names(view: &View<'_>) -> Ruling {
    let names = [
        "type",
        "name",
        "description",
        "specUri",
        "documentationUri",
        "primary",
    ];
    Ruling::first(declared_schemes(view).iter().map(|scheme| {
        let wrong = scheme
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .find_map(|key| {
                let name = names.iter().find(|name| name.eq_ignore_ascii_case(key))?;
                (key != name).then_some((key, *name))
            });
        match wrong {
            None => Ruling::Held,
            Some((key, name)) => Ruling::broken(
                format!("a way to authenticate calls {name} \"{}\"", cut(key)),
                name,
                cut(key),
            ),
        }
    }))
}

fn scheme_types(view: &View<'_>) -> Ruling {
    let types = declared_schemes(view)
        .iter()
        .filter_map(|s| text(s, "type"));
    Ruling::first(types.map(|kind| {
        if TYPES.contains(&kind.to_ascii_lowercase().as_str()) {
            Ruling::Held
        } else {
            Ruling::broken(
                format!("the way to authenticate {} is none of RFC 7643", cut(kind)),
                TYPES.join(", "),
                cut(kind),
            )
        }
    }))
}

fn basic(view: &View<'_>) -> Ruling {
    let types: Vec<String> = declared_schemes(view)
        .iter()
        .filter_map(|s| text(s, "type"))
        .map(str::to_ascii_lowercase)
        .collect();
    if types.is_empty() {
        return Ruling::Apart;
    }
    if types.iter().all(|kind| kind == "httpbasic") {
        return Ruling::broken(
            "Basic is the only way to authenticate",
            "another way besides",
            "httpbasic",
        );
    }
    Ruling::Held
}
