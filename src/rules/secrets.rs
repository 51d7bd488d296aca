//! What must never come back: passwords and whatever the target itself declares as never returned (RFC 7643 sections 4.1.1 and 7).

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::View;
use crate::results::Severity;
use crate::scim::{Attribute, Returned, named};

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/password",
            title: "No answer has a password",
            severity: Severity::Blocker,
            refs: &[
                "rfc:7643-4.1.1-R16",
                "rfc:7643-7-R15",
                "rfc:7643-7-R17",
                "quirk:JC-16",
                "quirk:OKTA-19",
            ],
            breaks: &["jumpcloud"],
            hint: "Never return password, in no form: not clear, not hashed, not masked.",
        },
        judge: password,
    },
    Check {
        rule: Rule {
            id: "rules/password-echo",
            title: "The password that was sent stands nowhere in the answer",
            severity: Severity::Violation,
            refs: &["rfc:7643-4.1.1-R16", "rfc:7644-3.12-R27"],
            breaks: &[],
            hint: "Take passwords out of error texts and out of attributes that mirror the request.",
        },
        judge: echo,
    },
    Check {
        rule: Rule {
            id: "rules/returned-never",
            title: "What /Schemas declares as never returned is never returned",
            severity: Severity::Violation,
            refs: &["rfc:7643-7-R17", "rfc:7643-7-R15"],
            breaks: &[],
            hint: "Keep the attribute out of answers, or declare how it is really returned.",
        },
        judge: never,
    },
];

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

fn password(view: &View<'_>) -> Ruling {
    Ruling::first(
        view.resources()
            .iter()
            .map(|found| match named(found.value, "password") {
                // The value is a secret: it is not repeated.
                Some(value) if is_there(value) => Ruling::broken(
                    format!("{} has a password", found.place()),
                    "no password",
                    "a password",
                ),
                _ => Ruling::Held,
            }),
    )
}

fn echo(view: &View<'_>) -> Ruling {
    let Some(sent) = view.seen.sent.filter(|_| view.whole && view.has_body()) else {
        return Ruling::Apart;
    };
    let mut secrets = Vec::new();
    passwords(sent, &mut secrets, 0);
    if secrets.is_empty() {
        return Ruling::Apart;
    }
    let text = String::from_utf8_lossy(view.seen.body);
    // A password that is also another value of the request may come back as that.
    let elsewhere = |secret: &str| others(sent, secret, 0);
    let leaked = secrets.iter().any(|secret| {
        let escaped = Value::from(*secret).to_string();
        !elsewhere(secret) && (text.contains(*secret) || text.contains(escaped.trim_matches('"')))
    });
    if leaked {
        Ruling::broken(
            "the password that was sent stands in the answer",
            "an answer without it",
            "the password",
        )
    } else {
        Ruling::Held
    }
}

/// The passwords in a request body, but for those that are also another value of it: to hide these would hide names.
#[must_use]
pub fn sent_passwords(body: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    passwords(body, &mut found, 0);
    found.retain(|secret| !others(body, secret, 0));
    found
}

fn passwords<'a>(value: &'a Value, out: &mut Vec<&'a str>, depth: usize) {
    match value {
        _ if depth > 16 => {}
        Value::Array(items) => items
            .iter()
            .for_each(|item| passwords(item, out, depth + 1)),
        Value::Object(map) => {
            let by_path = named(value, "path")
                .and_then(Value::as_str)
                .is_some_and(|path| path.eq_ignore_ascii_case("password"));
            for (key, value) in map {
                let secret = key.eq_ignore_ascii_case("password")
                    || (by_path && key.eq_ignore_ascii_case("value"));
                match value.as_str() {
                    // Short ones occur in other words.
                    Some(text) if secret && text.chars().count() >= 8 => out.push(text),
                    _ => passwords(value, out, depth + 1),
                }
            }
        }
        _ => {}
    }
}

fn others(value: &Value, secret: &str, depth: usize) -> bool {
    match value {
        _ if depth > 16 => false,
        Value::String(text) => text.contains(secret),
        Value::Array(items) => items.iter().any(|item| others(item, secret, depth + 1)),
        Value::Object(map) => {
            let by_path = named(value, "path")
                .and_then(Value::as_str)
                .is_some_and(|path| path.eq_ignore_ascii_case("password"));
            map.iter().any(|(key, value)| {
                let own = key.eq_ignore_ascii_case("password")
                    || (by_path && key.eq_ignore_ascii_case("value"));
                !own && others(value, secret, depth + 1)
            })
        }
        _ => false,
    }
}

fn never(view: &View<'_>) -> Ruling {
    if !view.schema.has_target() {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().flat_map(|found| {
        let core = match view.kind() {
            Some("Groups") => "urn:ietf:params:scim:schemas:core:2.0:Group",
            _ => "urn:ietf:params:scim:schemas:core:2.0:User",
        };
        let listed = named(found.value, "schemas")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let extensions = listed.filter(|urn| !urn.to_ascii_lowercase().contains(":schemas:core:"));
        let mut places: Vec<(&str, &Value)> = vec![(core, found.value)];
        places.extend(extensions.filter_map(|urn| Some((urn, named(found.value, urn)?))));
        places
            .into_iter()
            .map(
                |(urn, value)| match hidden(view.schema.declared_attributes_of(urn), value, 0) {
                    Some(name) => Ruling::broken(
                        format!(
                            "{} has {name}, which /Schemas declares as never returned",
                            found.place()
                        ),
                        format!("no {name}"),
                        name,
                    ),
                    None => Ruling::Held,
                },
            )
            .collect::<Vec<_>>()
    }))
}

fn is_secret(attribute: &Attribute) -> bool {
    attribute.returned == Returned::Never || attribute.mutability.eq_ignore_ascii_case("writeOnly")
}

/// Whether the attribute, or something in it, is never returned: almost none is, and then nobody needs to look for it.
fn may_hide(attribute: &Attribute, depth: usize) -> bool {
    is_secret(attribute)
        || (depth <= 4 && attribute.sub.iter().any(|inner| may_hide(inner, depth + 1)))
}

fn hidden(attributes: &[Attribute], value: &Value, depth: usize) -> Option<String> {
    if depth > 4 {
        return None;
    }
    let items = if let Value::Array(items) = value {
        items.as_slice()
    } else {
        std::slice::from_ref(value)
    };
    let mut concerned = attributes.iter().filter(|one| may_hide(one, depth));
    concerned.find_map(|attribute| {
        items.iter().find_map(|item| {
            let inner = named(item, &attribute.name).filter(|v| is_there(v))?;
            if attribute.name.eq_ignore_ascii_case("password") {
                // Another rule's.
                return None;
            }
            if is_secret(attribute) {
                Some(attribute.name.clone())
            } else {
                hidden(&attribute.sub, inner, depth + 1)
            }
        })
    })
}
