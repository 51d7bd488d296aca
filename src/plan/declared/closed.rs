//! Cases of the protocol that do to a person what the target declares that nobody can.
//!
//! The suites change attributes as RFC 7643 publishes them. A provider may declare that one of them is fixed, or that it
//! must always have a value (RFC 7643 section 7), or not have it at all (section 8.7); to refuse the change is right then.
//! Who returns an attribute on request only shows it to no case that reads the whole resource, be it a person or a group.

use serde_json::Value;

use super::complete::ENTERPRISE;
use super::subject::{GROUP, USER, is};
use crate::data::bodies;
use crate::plan::PlannedCase;
use crate::scim::{AttrPath, Attribute, Returned, SchemaView, named};
use crate::suite::model::{Change, Expect, Matcher, Send, SendBody, Step};

/// What is done to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Changed,
    Cleared,
    /// An answer must show it.
    Shown,
    /// Some part of some answer shows it.
    Read,
    /// It stands in a whole resource, perhaps as it was.
    Said,
}

/// Why a case can't be played on this target; `None` where it can.
pub(in crate::plan) fn closed(planned: &PlannedCase, schema: &SchemaView) -> Option<String> {
    let groups = groups(planned);
    let sends = planned.case.steps.iter().flat_map(|step| match step {
        Step::Send(send) => std::slice::from_ref(&**send),
        Step::Together(sends) => sends.as_slice(),
        Step::Walk(_) => &[],
    });
    let ahead = sends.clone().find_map(|send| refers_ahead(send, schema));
    ahead.or_else(|| {
        sends
            .flat_map(|send| deeds(send, &groups))
            .find_map(|(path, deed)| {
                let path = filled(&path, planned);
                against(&AttrPath::parse(&path).ok()?.bare(), deed, schema)
            })
    })
}

/// The names of the case's groups.
fn groups(planned: &PlannedCase) -> Vec<String> {
    let given = planned
        .case
        .given
        .iter()
        .filter(|given| bodies::find(&given.fixture).is_some_and(bodies::is_group))
        .map(|given| given.name.clone());
    let made = planned.case.steps.iter().filter_map(|step| match step {
        Step::Send(send) if !send.target.starts_with("/Users") => send.makes.clone(),
        _ => None,
    });
    given.chain(made).collect()
}

/// A path with the columns of its row.
fn filled(path: &str, planned: &PlannedCase) -> String {
    let Some(row) = &planned.row else {
        return path.to_owned();
    };
    row.values
        .iter()
        .fold(path.to_owned(), |text, (name, value)| {
            match value.as_str() {
                Some(value) => text.replace(&format!("{{{{row.{name}}}}}"), value),
                None => text,
            }
        })
}

/// What a step does to people.
fn deeds(send: &Send, groups: &[String]) -> Vec<(String, Deed)> {
    let mut deeds = Vec::new();
    for (of, change) in send.changes.iter().flat_map(|changes| &changes.of) {
        if let Change::Paths(paths) = change {
            let told = paths
                .iter()
                .filter_map(|(path, matcher)| Some((path.clone(), deed(matcher)?)));
            if groups.contains(of) {
                deeds.extend(told.map(|(path, deed)| (of_group(&path), deed)));
            } else {
                deeds.extend(told);
            }
        }
    }
    let path = send.target.split('?').next().unwrap_or_default();
    let mut shown = Vec::new();
    looks(&send.expect, &mut shown);
    for also in &send.also {
        looks(&also.expect, &mut shown);
    }
    let read = shown
        .into_iter()
        .filter(|(_, matcher)| deed(matcher) == Some(Deed::Changed) && !may_be_absent(matcher))
        .map(|(path, _)| path);
    // Who names attributes asks for them.
    if !send.target.contains("ttributes=") {
        if path.starts_with("/Users") {
            deeds.extend(read.map(|path| (path.clone(), Deed::Read)));
        } else if path.starts_with("/Groups") {
            deeds.extend(read.map(|path| (of_group(path), Deed::Read)));
        }
    }
    if path.starts_with("/Users") {
        deeds.extend(
            send.expect
                .body
                .iter()
                .filter(|(_, matcher)| deed(matcher) == Some(Deed::Changed))
                .map(|(path, _)| (path.clone(), Deed::Shown)),
        );
    }
    let body = match &send.body {
        SendBody::Json(body) => body,
        SendBody::Echo { set, .. } if path.starts_with("/Users/") => {
            deeds.extend(set.iter().map(|(path, _)| (path.clone(), Deed::Changed)));
            return deeds;
        }
        _ => return deeds,
    };
    match send.method.as_str() {
        "PATCH" if path.starts_with("/Users/") => patched(body, &mut deeds),
        "POST" if path.starts_with("/Users") => said(body, &mut deeds),
        "PUT" if path.starts_with("/Users/") => {
            said(body, &mut deeds);
            // Who leaves out what never changes may well keep it.
            if named(body, "userName").is_none() {
                deeds.push(("userName".to_owned(), Deed::Said));
            }
            // What is said anew, and not what the person was made with, is a change.
            let members = body.as_object().into_iter().flatten();
            deeds.extend(
                members
                    .filter(|(name, value)| {
                        let same = |text: &str| {
                            text.starts_with("{{") && text.ends_with(&format!(".{name}}}}}"))
                        };
                        name.as_str() != "schemas" && !value.as_str().is_some_and(same)
                    })
                    .map(|(name, _)| (name.clone(), Deed::Said)),
            );
        }
        "POST" if path == "/Bulk" => {
            let operations = named(body, "Operations").and_then(Value::as_array);
            for operation in operations.into_iter().flatten() {
                let text = |name: &str| named(operation, name).and_then(Value::as_str);
                let on_people = text("path").is_some_and(|path| path.starts_with("/Users"));
                if let Some(data) = named(operation, "data").filter(|_| on_people) {
                    match text("method") {
                        Some("PATCH") => patched(data, &mut deeds),
                        _ => said(data, &mut deeds),
                    }
                }
            }
        }
        _ => {}
    }
    deeds
}

fn may_be_absent(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::AnyOf(choices) => choices
            .iter()
            .any(|choice| matches!(choice, Matcher::Absent | Matcher::Empty | Matcher::Any)),
        _ => false,
    }
}

/// What an answer must show, whichever way it is given.
fn looks<'a>(expect: &'a Expect, shown: &mut Vec<&'a (String, Matcher)>) {
    shown.extend(&expect.body);
    if let Some(list) = &expect.list {
        shown.extend(&list.each);
        shown.extend(list.items.iter().flat_map(|(_, paths)| paths));
    }
    for alternative in &expect.either {
        looks(&alternative.expect, shown);
    }
}

/// Why a job cannot refer to what it makes itself: the address is demanded with the id, and nobody knows it before.
fn refers_ahead(send: &Send, schema: &SchemaView) -> Option<String> {
    let SendBody::Json(body) = &send.body else {
        return None;
    };
    if send.method != "POST" || send.target != "/Bulk" {
        return None;
    }
    let text = body.to_string();
    [(GROUP, "members"), (ENTERPRISE, "manager")]
        .into_iter()
        .filter(|(_, name)| text.contains("bulkId:") && text.contains(&format!("\"{name}\"")))
        .find(|(urn, name)| {
            let attributes = schema.declared_attributes_of(urn);
            attributes
                .iter()
                .filter(|attribute| attribute.name.eq_ignore_ascii_case(name))
                .flat_map(|attribute| &attribute.sub)
                .any(|sub| sub.name == "$ref" && sub.required && !is(sub, "readOnly"))
        })
        .map(|(_, name)| {
            format!("the target's /Schemas demands $ref of {name}, and the case refers to what the same job makes")
        })
}

/// A path in the schema of groups.
fn of_group(path: &str) -> String {
    if path.contains(':') {
        path.to_owned()
    } else {
        format!("{GROUP}:{path}")
    }
}

fn deed(matcher: &Matcher) -> Option<Deed> {
    match matcher {
        Matcher::Absent | Matcher::Empty => Some(Deed::Cleared),
        Matcher::Is(Value::Null) | Matcher::Count(0) => Some(Deed::Cleared),
        Matcher::Is(Value::Array(list)) if list.is_empty() => Some(Deed::Cleared),
        Matcher::Not(_) | Matcher::Any => None,
        _ => Some(Deed::Changed),
    }
}

fn nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn patched(body: &Value, deeds: &mut Vec<(String, Deed)>) {
    let operations = named(body, "Operations").and_then(Value::as_array);
    for operation in operations.into_iter().flatten() {
        let text = |name: &str| named(operation, name).and_then(Value::as_str);
        let value = named(operation, "value");
        let removes = text("op").is_some_and(|op| op.eq_ignore_ascii_case("remove"));
        match (text("path"), value) {
            (Some(path), value) => {
                let cleared = removes || value.is_some_and(nothing);
                deeds.push((
                    path.to_owned(),
                    if cleared {
                        Deed::Cleared
                    } else {
                        Deed::Changed
                    },
                ));
            }
            (None, Some(Value::Object(members))) => {
                deeds.extend(members.iter().map(|(name, value)| {
                    (
                        name.clone(),
                        if nothing(value) {
                            Deed::Cleared
                        } else {
                            Deed::Changed
                        },
                    )
                }));
            }
            _ => {}
        }
    }
}

/// What a whole person says to be empty. What it changes, `changes` tell.
fn said(body: &Value, deeds: &mut Vec<(String, Deed)>) {
    let members = body.as_object().into_iter().flatten();
    deeds.extend(
        members
            .filter(|(_, value)| nothing(value))
            .map(|(name, _)| (name.clone(), Deed::Cleared)),
    );
}

/// The attribute at a path in a schema's own list; groups have some of the same names.
fn within<'a>(list: &'a [Attribute], path: &AttrPath) -> Option<&'a Attribute> {
    let mut list = list;
    let mut found = None;
    for segment in &path.segments {
        let attribute = list
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(&segment.name))?;
        list = &attribute.sub;
        found = Some(attribute);
    }
    found
}

fn against(path: &AttrPath, deed: Deed, schema: &SchemaView) -> Option<String> {
    let urn = path.urn.as_deref().unwrap_or(USER);
    let core = [USER, GROUP]
        .into_iter()
        .find(|core| urn.eq_ignore_ascii_case(core));
    let (published, declared) = if let Some(core) = core {
        let bare = AttrPath {
            urn: None,
            segments: path.segments.clone(),
        };
        (
            within(schema.published_attributes_of(core), &bare)?,
            within(schema.declared_attributes_of(core), &bare),
        )
    } else {
        (
            schema.published_attribute(path)?,
            schema.declared_attribute(path),
        )
    };
    let Some(declared) = declared else {
        if core == Some(GROUP) || schema.leaves_parts_open(path) {
            return None;
        }
        return (!matches!(deed, Deed::Said | Deed::Read)
            && !schema.declared_attributes_of(USER).is_empty())
        .then(|| format!("the target's /Schemas has no attribute {path}"));
    };
    let whole = |returned: Returned| matches!(returned, Returned::Always | Returned::Default);
    if matches!(deed, Deed::Changed | Deed::Shown | Deed::Read)
        && whole(published.returned)
        && !whole(declared.returned)
    {
        return Some(format!(
            "the target's /Schemas declares that {path} is not returned by default, and the case reads it"
        ));
    }
    if matches!(deed, Deed::Shown | Deed::Read) {
        return None;
    }
    let fixed = |mutability: &str| is(declared, mutability) && is(published, "readWrite");
    if let Some(mutability) = ["readOnly", "immutable"].into_iter().find(|one| fixed(one)) {
        return Some(format!(
            "the target's /Schemas declares {path} {mutability}, and the case changes it"
        ));
    }
    (deed == Deed::Cleared && declared.required && !published.required).then(|| {
        format!("the target's /Schemas declares {path} required, and the case leaves it empty")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_declared_otherwise_than_published_is_closed() {
        let schema = SchemaView::with_target(&[json!([
            {"id": USER, "attributes": [
                {"name": "userName", "type": "string", "required": true, "mutability": "immutable"},
                {"name": "title", "type": "string"},
                {"name": "nickName", "type": "string", "returned": "never"},
                {"name": "emails", "type": "complex", "multiValued": true, "required": true},
                {"name": "groups", "type": "complex", "multiValued": true, "mutability": "readOnly"}
            ]},
            {"id": GROUP, "attributes": [
                {"name": "displayName", "type": "string", "required": true},
                {"name": "members", "type": "complex", "multiValued": true, "returned": "request"}]}
        ])]);
        let members = of_group("members");
        let group_name = of_group("displayName");
        for (path, deed, is_closed) in [
            ("userName", Deed::Changed, true),
            ("userName", Deed::Shown, false),
            ("title", Deed::Changed, false),
            ("title", Deed::Cleared, false),
            ("emails", Deed::Changed, false),
            ("emails", Deed::Cleared, true),
            ("groups", Deed::Changed, false),
            ("displayName", Deed::Changed, true),
            ("displayName", Deed::Shown, true),
            ("displayName", Deed::Said, false),
            ("userName", Deed::Said, true),
            ("madeUp", Deed::Changed, false),
            ("nickName", Deed::Changed, true),
            ("nickName", Deed::Said, false),
            (members.as_str(), Deed::Changed, true),
            (members.as_str(), Deed::Read, true),
            ("displayName", Deed::Read, false),
            (members.as_str(), Deed::Cleared, false),
            (group_name.as_str(), Deed::Changed, false),
        ] {
            let path = AttrPath::parse(path).expect("a path");
            let why = against(&path, deed, &schema);
            assert_eq!(why.is_some(), is_closed, "{path} {deed:?}: {why:?}");
        }
        let bare = SchemaView::with_target(&[]);
        assert_eq!(
            against(&AttrPath::name("title"), Deed::Changed, &bare),
            None
        );
    }

    #[test]
    fn what_a_request_does_is_read_from_its_body() {
        let mut deeds = Vec::new();
        patched(
            &json!({"Operations": [
                {"op": "remove", "path": "emails"},
                {"op": "replace", "value": {"title": "x", "nickName": null}}
            ]}),
            &mut deeds,
        );
        said(&json!({"emails": [], "title": "x"}), &mut deeds);
        let told: Vec<(&str, Deed)> = deeds
            .iter()
            .map(|(path, deed)| (path.as_str(), *deed))
            .collect();
        assert_eq!(
            told,
            [
                ("emails", Deed::Cleared),
                ("title", Deed::Changed),
                ("nickName", Deed::Cleared),
                ("emails", Deed::Cleared)
            ]
        );
    }
}
