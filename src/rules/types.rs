//! JSON types of attributes against the schemas, the published ones and those of the target (RFC 7643 sections 2.3 and 2.4).

use serde_json::Value;

use super::book::{Check, Rule, Ruling};
use super::view::{Found, View, type_of};
use crate::results::Severity;
use crate::scim::{Attribute, Kind, instant, named};

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/active-boolean",
            title: "active is true or false",
            severity: Severity::Blocker,
            refs: &["rfc:7643-2.3.2-R01", "rfc:7643-4.1.1-R15", "quirk:JC-26"],
            breaks: &["jumpcloud"],
            hint: "Return active as a JSON boolean, never as text or a number.",
        },
        judge: active,
    },
    Check {
        rule: Rule {
            id: "rules/text",
            title: "Texts are JSON strings",
            severity: Severity::Blocker,
            refs: &["rfc:7643-2.3.1-R01", "quirk:JC-26"],
            breaks: &["jumpcloud"],
            hint: "Write text in quotation marks also where it looks like a number (employeeNumber, postalCode).",
        },
        judge: texts,
    },
    Check {
        rule: Rule {
            id: "rules/attribute-types",
            title: "Attributes have the JSON types of their schema",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-2.3.2-R01",
                "rfc:7643-2.3.5-R01",
                "rfc:7643-2.4-R09",
                "rfc:7644-3.8-R11",
                "quirk:OKTA-63",
            ],
            breaks: &[],
            hint: "Multi-valued attributes are arrays also with one value, complex ones (name, manager) are objects.",
        },
        judge: published,
    },
    Check {
        rule: Rule {
            id: "rules/declared-types",
            title: "The target's own attributes have the types that /Schemas declares",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-7-R05",
                "rfc:7643-2.3.3-R01",
                "rfc:7644-3.1-R09",
                "rfc:7644-3.8-R11",
            ],
            breaks: &[],
            hint: "Correct the declaration in /Schemas or what is returned.",
        },
        judge: declared,
    },
];

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Attributes whose elements may be plain values by old habit (RFC 7643 section 2.4 allows simple values in arrays).
const PLAIN_ELEMENTS: [&str; 5] = ["roles", "entitlements", "x509Certificates", "photos", "ims"];

/// Where a value stands: its name, and what it stands in. Put into words only where something is wrong.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'a str,
    inside: Option<&'a Place<'a>>,
}

impl Place<'_> {
    fn path(&self) -> String {
        match self.inside {
            Some(outer) => format!("{}.{}", outer.path(), self.name),
            None => self.name.to_owned(),
        }
    }
}

/// What is wrong with the type of one value.
pub(super) struct Wrong {
    place: String,
    wanted: String,
    came: &'static str,
    /// Text was wanted, a number or a boolean came.
    text: bool,
}

fn core(view: &View<'_>) -> Option<&'static str> {
    match view.kind() {
        Some("Users") => Some(USER),
        Some("Groups") => Some(GROUP),
        _ => None,
    }
}

fn active(view: &View<'_>) -> Ruling {
    if view.kind() != Some("Users") {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().filter_map(|found| {
        let value = named(found.value, "active").filter(|v| !v.is_null())?;
        if value.is_boolean() {
            return Some(Ruling::Held);
        }
        Some(Ruling::broken(
            format!("{} came as {}", found.place_of("active"), found.show(value)),
            "true or false",
            type_of(value),
        ))
    }))
}

/// Everything that is wrong with the published attributes of a resource, `active` and `id` aside, which have rules of their own.
pub(super) fn wrong_published(view: &View<'_>, found: &Found<'_>) -> Vec<Wrong> {
    let Some(urn) = core(view) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    compare(
        view.schema.published_attributes_of(urn),
        found.value,
        None,
        &mut out,
        0,
    );
    if let Some(extension) = named(found.value, ENTERPRISE).filter(|_| urn == USER) {
        if extension.is_object() {
            compare(
                view.schema.published_attributes_of(ENTERPRISE),
                extension,
                None,
                &mut out,
                0,
            );
        } else if !extension.is_null() {
            out.push(Wrong {
                place: ENTERPRISE.to_owned(),
                wanted: "an object".to_owned(),
                came: type_of(extension),
                text: false,
            });
        }
    }
    if let Some(external) =
        named(found.value, "externalId").filter(|v| !v.is_null() && !v.is_string())
    {
        let text = external.is_number() || external.is_boolean();
        out.push(Wrong {
            place: "externalId".to_owned(),
            wanted: "a string".to_owned(),
            came: type_of(external),
            text,
        });
    }
    out.retain(|wrong| wrong.place != "active");
    out
}

fn ruling(found: &Found<'_>, wrong: &Wrong) -> Ruling {
    let came = wrong.came;
    Ruling::broken(
        format!(
            "{} came as {came}, expected {}",
            found.place_of(&wrong.place),
            wrong.wanted
        ),
        wrong.wanted.clone(),
        came,
    )
}

fn judge_published(view: &View<'_>, text: bool) -> Ruling {
    if core(view).is_none() {
        return Ruling::Apart;
    }
    let found = view.resources().iter();
    Ruling::first(found.zip(view.wrong_types()).map(|(found, wrong)| {
        wrong
            .iter()
            .find(|wrong| wrong.text == text)
            .map_or(Ruling::Held, |wrong| ruling(found, wrong))
    }))
}

fn texts(view: &View<'_>) -> Ruling {
    judge_published(view, true)
}

fn published(view: &View<'_>) -> Ruling {
    judge_published(view, false)
}

fn declared(view: &View<'_>) -> Ruling {
    if !view.schema.has_target() {
        return Ruling::Apart;
    }
    Ruling::first(view.resources().iter().flat_map(|found| {
        let listed = named(found.value, "schemas")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let own = listed.filter(|urn| view.schema.published_attributes_of(urn).is_empty());
        own.filter_map(|urn| {
            let attributes = view.schema.declared_attributes_of(urn);
            // The attributes of an own resource type stand at the top, those of an extension in their object.
            let place =
                named(found.value, urn).or_else(|| core(view).is_none().then_some(found.value))?;
            let mut wrong = Vec::new();
            compare(attributes, place, None, &mut wrong, 0);
            (!attributes.is_empty()).then(|| {
                wrong
                    .first()
                    .map_or(Ruling::Held, |wrong| ruling(found, wrong))
            })
        })
        .collect::<Vec<_>>()
    }))
}

fn compare(
    attributes: &[Attribute],
    resource: &Value,
    inside: Option<&Place<'_>>,
    out: &mut Vec<Wrong>,
    depth: usize,
) {
    if depth > 4 {
        return;
    }
    for attribute in attributes {
        let Some(value) = named(resource, &attribute.name).filter(|v| !v.is_null()) else {
            continue;
        };
        let place = Place {
            name: &attribute.name,
            inside,
        };
        if !attribute.multi_valued {
            single(attribute, value, &place, out, depth);
            continue;
        }
        let Value::Array(items) = value else {
            out.push(Wrong {
                place: place.path(),
                wanted: "an array".to_owned(),
                came: type_of(value),
                text: false,
            });
            continue;
        };
        let plain = PLAIN_ELEMENTS
            .iter()
            .any(|name| attribute.name.eq_ignore_ascii_case(name));
        for item in items.iter().filter(|item| !(plain && item.is_string())) {
            let before = out.len();
            single(attribute, item, &place, out, depth);
            if out.len() > before {
                break;
            }
        }
    }
}

fn single(
    attribute: &Attribute,
    value: &Value,
    place: &Place<'_>,
    out: &mut Vec<Wrong>,
    depth: usize,
) {
    let fits = match attribute.kind {
        Kind::Complex => {
            if value.is_object() {
                compare(&attribute.sub, value, Some(place), out, depth + 1);
                return;
            }
            value.is_null()
        }
        Kind::String | Kind::Reference | Kind::Binary => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Decimal => value.is_number(),
        // An empty text is unassigned to many servers; whether it is there at all is not a matter of type.
        Kind::DateTime => value
            .as_str()
            .is_some_and(|text| text.is_empty() || instant(text).is_some()),
    };
    if fits {
        return;
    }
    let wanted = match attribute.kind {
        Kind::Complex => "an object",
        Kind::String | Kind::Reference | Kind::Binary => "a string",
        Kind::Boolean => "true or false",
        Kind::Integer => "an integer",
        Kind::Decimal => "a number",
        Kind::DateTime => "a date-time",
    };
    let text = attribute.kind == Kind::String && (value.is_number() || value.is_boolean());
    out.push(Wrong {
        place: place.path(),
        wanted: wanted.to_owned(),
        came: type_of(value),
        text,
    });
}
