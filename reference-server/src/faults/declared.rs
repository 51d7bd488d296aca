//! Behaviour that contradicts what the provider itself declares: types and attributes of its own (`own-types`).

use serde_json::{Value, json};

use super::twist::{Twist, asked, behave, body, clash, deletion, document, each, searched};
use super::{FaultInfo, RFC, discovery, own, wire};
use crate::engine::hooks::{Action, Deletion, Moment};
use crate::lawful::OWN_TYPES;
use crate::protocol::Object;

/// The extension that `own-types` gives people.
const STAFF: &str = "urn:example:params:scim:schemas:extension:staff:2.0:User";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "own-values-lost",
            "A PUT loses one attribute of the provider's own extension",
            RFC,
            "RFC 7643 section 7",
            || {
                with(document(|moment, _, after| {
                    if moment.action == Action::Replace
                        && let Some(staff) = staff(after)
                    {
                        staff.shift_remove("ratio");
                    }
                }))
            },
        ),
        own(
            "own-number-as-text",
            "A number of the provider's own extension is returned as text",
            RFC,
            "RFC 7643 section 7",
            || {
                with(each(|_, user| {
                    if let Some(ratio) = staff(user).and_then(|staff| staff.get_mut("ratio"))
                        && ratio.is_number()
                    {
                        *ratio = json!(ratio.to_string());
                    }
                }))
            },
        ),
        own(
            "own-patch-lost",
            "A PATCH of the provider's own extension changes nothing",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                with(document(|moment, before, after| {
                    if moment.action == Action::Patch {
                        match before.and_then(|before| before.get(STAFF)) {
                            Some(old) => after.insert(STAFF.to_owned(), old.clone()),
                            None => after.shift_remove(STAFF),
                        };
                    }
                }))
            },
        ),
        own(
            "own-type-patch-lost",
            "A PATCH of a resource of the provider's own type is answered with success and changes nothing",
            RFC,
            "RFC 7644 section 3.5.2",
            || {
                with(document(|moment, before, after| {
                    if moment.action == Action::Patch
                        && is_device(moment)
                        && let Some(before) = before
                    {
                        after.clone_from(before);
                    }
                }))
            },
        ),
        own(
            "own-type-remove-lost",
            "A PATCH removes nothing from resources of the provider's own type",
            RFC,
            "RFC 7644 section 3.5.2.2",
            || {
                with(document(|moment, before, after| {
                    if moment.action == Action::Patch
                        && is_device(moment)
                        && let Some(before) = before
                    {
                        for (name, value) in before {
                            after.entry(name.clone()).or_insert_with(|| value.clone());
                        }
                    }
                }))
            },
        ),
        own(
            "own-never-is-shown",
            "An attribute that is declared to be returned never is returned",
            RFC,
            "RFC 7643 section 7",
            || declaring("badge", "returned", || json!("never")),
        ),
        own(
            "own-request-is-shown",
            "An attribute that is declared to be returned on request is returned unasked",
            RFC,
            "RFC 7643 section 7",
            || declaring("tags", "returned", || json!("request")),
        ),
        own(
            "own-always-is-hidden",
            "An attribute that is declared to be returned always is left out where others are asked for",
            RFC,
            "RFC 7643 section 7",
            || declaring("alias", "returned", || json!("always")),
        ),
        own(
            "own-request-is-never-shown",
            "An attribute that is declared to be returned on request is not returned to whoever names it",
            RFC,
            "RFC 7643 section 7",
            || {
                with(each(|_, resource| {
                    for name in ["memo", "mark"] {
                        resource.shift_remove(name);
                        if let Some(staff) = staff(resource) {
                            staff.shift_remove(name);
                        }
                    }
                }))
            },
        ),
        own(
            "own-type-put-breaks",
            "A PUT on a type of the provider's own fails with 500",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                with(asked(|request| {
                    (request.method == "PUT" && request.path.contains("/Devices/"))
                        .then(|| wire::no(500, "something went wrong"))
                }))
            },
        ),
        own(
            "own-case-counts",
            "A filter heeds the case of an attribute that is declared not to be case exact",
            RFC,
            "RFC 7643 section 7",
            || declaring("code", "caseExact", || json!(false)),
        ),
        own(
            "own-case-ignored",
            "A filter ignores the case of an attribute that is declared to be case exact",
            RFC,
            "RFC 7643 section 7",
            || declaring("alias", "caseExact", || json!(true)),
        ),
        own(
            "own-immutable-changes",
            "An attribute that is declared immutable is changed",
            RFC,
            "RFC 7643 section 7",
            || declaring("code", "mutability", || json!("immutable")),
        ),
        own(
            "own-wrong-type-taken",
            "An object where a number is declared is dropped without a word",
            RFC,
            "RFC 7643 section 7",
            || {
                with(body(|moment, body| {
                    if moment.action != Action::Replace {
                        return;
                    }
                    drop_objects(body);
                    if let Some(staff) = staff(body) {
                        drop_objects(staff);
                    }
                }))
            },
        ),
        own(
            "own-type-missing",
            "There is nothing at the endpoint of a declared type",
            RFC,
            "RFC 7643 section 6",
            || {
                with(asked(|request| {
                    request
                        .path
                        .contains("/Devices")
                        .then(|| wire::no(404, "there is nothing here"))
                }))
            },
        ),
        own(
            "own-type-breaks",
            "Making a resource of a declared type fails with 500",
            RFC,
            "RFC 7644 section 3.3",
            || {
                with(asked(|request| {
                    (request.method == "POST" && request.path.ends_with("/Devices"))
                        .then(|| wire::no(500, "something went wrong"))
                }))
            },
        ),
        own(
            "own-type-rounds",
            "A decimal of a type of the provider's own is stored as a whole number",
            RFC,
            "RFC 7643 section 2.3.3",
            || {
                with(document(|moment, _, after| {
                    if is_device(moment)
                        && let Some(ratio) = after.get_mut("ratio")
                        && let Some(whole) = ratio.as_f64().map(f64::trunc)
                    {
                        *ratio = json!(whole);
                    }
                }))
            },
        ),
        own(
            "own-type-put-ignored",
            "A PUT on a type of the provider's own changes nothing",
            RFC,
            "RFC 7644 section 3.5.1",
            || {
                with(document(|moment, before, after| {
                    if is_device(moment)
                        && moment.action == Action::Replace
                        && let Some(before) = before
                    {
                        after.clone_from(before);
                    }
                }))
            },
        ),
        own(
            "own-type-twice",
            "A value that is declared unique is given twice",
            RFC,
            "RFC 7643 section 7",
            || with(clash(|moment, _, _| !is_device(moment))),
        ),
        own(
            "own-type-incomplete",
            "A resource without a value that is declared required is created",
            RFC,
            "RFC 7643 section 7",
            || declaring("alias", "required", || json!(true)),
        ),
        own(
            "own-type-filter-ignored",
            "Filters on a type of the provider's own find everything",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                with(searched(|kind, filter| {
                    (kind.name != "Device").then_some(filter)
                }))
            },
        ),
        own(
            "own-type-stays",
            "A deleted resource of a type of the provider's own is still there",
            RFC,
            "RFC 7644 section 3.6",
            || {
                with(deletion(|moment, _, _| {
                    if is_device(moment) {
                        Deletion::Nothing
                    } else {
                        Deletion::Remove
                    }
                }))
            },
        ),
    ]
}

/// A provider with types and attributes of its own, and something wrong with them.
fn with(twist: Twist) -> Vec<Twist> {
    vec![own_types(), twist]
}

fn own_types() -> Twist {
    behave(|behaviour| {
        if !behaviour.schemas.iter().any(|text| text == OWN_TYPES) {
            behaviour.schemas.push(OWN_TYPES.to_owned());
        }
    })
}

/// /Schemas says something else of an attribute than what is so.
fn declaring(name: &'static str, member: &'static str, value: fn() -> Value) -> Vec<Twist> {
    let mut twists = discovery::attributes(move |attribute| {
        if attribute["name"] == name {
            attribute[member] = value();
        }
    });
    twists.push(own_types());
    twists
}

fn is_device(moment: Moment<'_>) -> bool {
    moment.kind.name == "Device"
}

fn staff(user: &mut Object) -> Option<&mut Object> {
    user.get_mut(STAFF).and_then(Value::as_object_mut)
}

fn drop_objects(object: &mut Object) {
    if object.get("level").is_some_and(Value::is_object) {
        object.shift_remove("level");
    }
}
