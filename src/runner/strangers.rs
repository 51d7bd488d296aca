//! Other people's data in answers: cut out before anything is recorded.
//!
//! A target may hold real people. A list shows them, a filter that is ignored shows them, a wrong id shows them. What is
//! recorded keeps the resources that the run made and, of everybody else, the id alone. Everything here is pure.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A body without other people's data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut<'v> {
    /// The body, strangers reduced to `{"id": ...}`; the very same where there are none.
    pub(super) body: Cow<'v, Value>,
    /// How many resources were reduced.
    pub(super) strangers: usize,
    /// Texts that stood in them and nowhere in what was kept: must not occur in messages either.
    pub(super) private: BTreeSet<String>,
}

/// Reduces the resources in a body that are not the run's own. `own` is asked for each resource.
///
/// Understood: a ListResponse (RFC 7644 section 3.4.2), a bare array in its place, a single resource, the answers inside
/// a BulkResponse. Errors and other messages stay as they are.
#[must_use]
pub(super) fn cut<'v>(body: &'v Value, own: &dyn Fn(&Value) -> bool) -> Cut<'v> {
    let mut others = Others::default();
    let body = reduced(body, own, &mut others);
    if others.strangers > 0 {
        let mut public = BTreeSet::new();
        texts(&body, "", &mut public);
        others.private.retain(|text| !public.contains(text));
    }
    Cut {
        body,
        strangers: others.strangers,
        private: others.private,
    }
}

/// What was met of strangers on the way.
#[derive(Default)]
struct Others {
    strangers: usize,
    private: BTreeSet<String>,
}

/// A message without the private texts of strangers.
#[must_use]
pub(super) fn scrub(message: &str, private: &BTreeSet<String>) -> String {
    let mut text = message.to_owned();
    // Longer texts first, since one may be a part of another.
    let mut longest: Vec<&String> = private.iter().collect();
    longest.sort_by_key(|private| std::cmp::Reverse(private.len()));
    for private in longest {
        if text.contains(private.as_str()) {
            text = text.replace(private.as_str(), "(not ours)");
        }
    }
    text
}

/// A body that is not JSON, without what may be other people's data: all of it where it shows the run's tag or is short.
#[must_use]
pub(super) fn cut_text(text: &str, own: bool) -> Option<String> {
    const KEPT: usize = 200;
    let resources = text.find("\"Resources\"");
    if resources.is_none() && (own || text.chars().count() <= KEPT) {
        return None;
    }
    let until = resources.unwrap_or(text.len());
    let kept: String = text[..until].chars().take(KEPT).collect();
    (kept.len() < text.len())
        .then(|| format!("{kept}... (the rest is not recorded: it may be about other people)"))
}

/// Nothing is copied where nothing is taken out, which is the case for almost every answer.
fn reduced<'v>(
    body: &'v Value,
    own: &dyn Fn(&Value) -> bool,
    others: &mut Others,
) -> Cow<'v, Value> {
    match body {
        Value::Array(_) => each(body, |item| element(item, own, others)),
        Value::Object(members) => {
            if is_list(members) {
                return with_member(body, "Resources", |value| match value {
                    Value::Array(_) => each(value, |item| element(item, own, others)),
                    other => element(other, own, others),
                });
            }
            if member(members, "Operations").is_some() {
                return with_member(body, "Operations", |value| {
                    each(value, |operation| {
                        with_member(operation, "response", |response| {
                            reduced(response, own, others)
                        })
                    })
                });
            }
            if is_resource(members) {
                element(body, own, others)
            } else {
                Cow::Borrowed(body)
            }
        }
        other => Cow::Borrowed(other),
    }
}

fn element<'v>(
    item: &'v Value,
    own: &dyn Fn(&Value) -> bool,
    others: &mut Others,
) -> Cow<'v, Value> {
    match item {
        Value::Object(members) if !own(item) => {
            others.strangers += 1;
            texts(item, "", &mut others.private);
            Cow::Owned(member(members, "id").map_or_else(
                || Value::Object(Map::new()),
                |id| serde_json::json!({ "id": id }),
            ))
        }
        Value::Array(_) => reduced(item, own, others),
        other => Cow::Borrowed(other),
    }
}

/// An array with its elements changed; anything else as it is.
fn each<'v>(
    value: &'v Value,
    mut change: impl FnMut(&'v Value) -> Cow<'v, Value>,
) -> Cow<'v, Value> {
    let Value::Array(items) = value else {
        return Cow::Borrowed(value);
    };
    let changed: Vec<Cow<'v, Value>> = items.iter().map(&mut change).collect();
    if changed.iter().all(|item| matches!(item, Cow::Borrowed(_))) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(Value::Array(
        changed.into_iter().map(Cow::into_owned).collect(),
    ))
}

fn is_list(members: &Map<String, Value>) -> bool {
    member(members, "Resources")
        .is_some_and(|resources| resources.is_array() || resources.is_object())
}

/// Errors have no `id`; discovery documents are told apart by their URL before.
fn is_resource(members: &Map<String, Value>) -> bool {
    ["id", "userName", "displayName", "emails", "members"]
        .iter()
        .any(|name| member(members, name).is_some())
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// An object with the members of this name changed; anything else as it is.
fn with_member<'v>(
    value: &'v Value,
    name: &str,
    mut change: impl FnMut(&'v Value) -> Cow<'v, Value>,
) -> Cow<'v, Value> {
    let Value::Object(members) = value else {
        return Cow::Borrowed(value);
    };
    let mut changed = Vec::new();
    for (key, inner) in members {
        if key.eq_ignore_ascii_case(name)
            && let Cow::Owned(other) = change(inner)
        {
            changed.push((key, other));
        }
    }
    if changed.is_empty() {
        return Cow::Borrowed(value);
    }
    let mut members = members.clone();
    for (key, other) in changed {
        members.insert(key.clone(), other);
    }
    Cow::Owned(Value::Object(members))
}

/// The texts of a resource that may say who somebody is. Words of the protocol and very short ones are none.
fn texts(value: &Value, key: &str, into: &mut BTreeSet<String>) {
    const NOT_PRIVATE: [&str; 7] = [
        "meta",
        "schemas",
        "type",
        "resourcetype",
        "version",
        "id",
        "locale",
    ];
    if NOT_PRIVATE
        .iter()
        .any(|name| key.eq_ignore_ascii_case(name))
    {
        return;
    }
    match value {
        Value::String(text) if text.chars().count() >= 3 => {
            into.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, into)),
        Value::Object(members) => members
            .iter()
            .for_each(|(key, item)| texts(item, key, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ours(resource: &Value) -> bool {
        resource.to_string().contains("spk3f9x2")
    }

    #[test]
    fn a_list_keeps_our_own_and_the_ids_of_others() {
        let list = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 2,
            "resources": [
                {"id": "1", "userName": "spk3f9x2-1", "name": {"familyName": "Okafor"}},
                {"ID": 7, "userName": "grace.hopper@example.com", "name": {"familyName": "Okafor"}, "title": "Admiral"}
            ]
        });
        let cut = cut(&list, &ours);
        assert_eq!(
            *cut.body,
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 2,
                "resources": [
                    {"id": "1", "userName": "spk3f9x2-1", "name": {"familyName": "Okafor"}},
                    {"id": 7}
                ]
            })
        );
        assert_eq!(cut.strangers, 1);
        assert_eq!(
            scrub(
                "Resources[1] is grace.hopper@example.com, Admiral Okafor",
                &cut.private
            ),
            "Resources[1] is (not ours), (not ours) Okafor"
        );
    }

    #[test]
    fn wherever_resources_stand() {
        let stranger = json!({"id": "9", "userName": "grace"});
        let table = [
            (stranger.clone(), json!({"id": "9"})),
            (json!({"userName": "grace"}), json!({})),
            (json!([stranger]), json!([{"id": "9"}])),
            (
                json!({"Resources": stranger}),
                json!({"Resources": {"id": "9"}}),
            ),
            (json!([[stranger]]), json!([[{"id": "9"}]])),
            (
                json!({"Operations": [{"status": "200", "response": stranger}, {"status": "204"}]}),
                json!({"Operations": [{"status": "200", "response": {"id": "9"}}, {"status": "204"}]}),
            ),
        ];
        for (body, want) in table {
            let cut = cut(&body, &ours);
            assert_eq!(*cut.body, want, "{body}");
            assert_eq!(cut.strangers, 1, "{body}");
            assert!(cut.private.contains("grace"));
        }
    }

    #[test]
    fn what_is_nobodys_stays() {
        for body in [
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "no"}),
            json!({"Resources": [], "totalResults": 0}),
            json!({"id": "1", "userName": "SPK: spk3f9x2-000-001"}),
            json!("text"),
            json!(null),
        ] {
            let cut = cut(&body, &ours);
            assert_eq!((cut.body.as_ref(), cut.strangers), (&body, 0));
        }
    }

    #[test]
    fn broken_json_is_cut_before_its_resources() {
        let text = format!(
            "{{\"totalResults\":1,\"Resources\":[{{\"userName\":\"grace\"{}",
            "x".repeat(300)
        );
        let kept = cut_text(&text, true).expect("cut");
        assert!(kept.starts_with("{\"totalResults\":1,") && !kept.contains("grace"));
        assert_eq!(cut_text("<html>", false), None);
        assert_eq!(cut_text(&"ours ".repeat(100), true), None);
        assert!(
            cut_text(&"ä".repeat(201), false)
                .expect("cut")
                .starts_with("ää")
        );
    }
}
