//! Ids that are not the ids of everybody else, or that are given twice.

use std::collections::{HashMap, HashSet};

use super::memory::Memory;
use super::meta::numbered;
use super::twist::{Twist, asked, each, replied, told};
use super::wire::{self, ENTERPRISE, at, is_group, place};
use super::{ALL, FaultInfo, OKTA_ENTRA, PROVIDERS, own};
use crate::http::Answer;
use crate::http::hooks::Incoming;

const ID: &str = "RFC 7643 section 3.1";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "group-id-as-number",
            "The id of a group is a number",
            ALL,
            ID,
            || {
                vec![each(|_, resource| {
                    if is_group(resource) {
                        numbered(resource);
                    }
                })]
            },
        ),
        own(
            "extended-id-as-number",
            "The id of a person with enterprise attributes is a number",
            ALL,
            ID,
            || {
                vec![each(|_, resource| {
                    if resource.contains_key(ENTERPRISE) {
                        numbered(resource);
                    }
                })]
            },
        ),
        own(
            "id-as-number-by-id",
            "The id is a number in the answer to a GET by id, and a string everywhere else",
            ALL,
            ID,
            || {
                vec![each(|request, resource| {
                    if at(request, "GET", "Users") || at(request, "GET", "Groups") {
                        numbered(resource);
                    }
                })]
            },
        ),
        own(
            "deleted-person-comes-back",
            "A person who is created under a name that a deleted one ever had gets the old id",
            PROVIDERS,
            ID,
            || old_ids_again("Users", "userName"),
        ),
        own(
            "deleted-group-comes-back",
            "A group that is created under the name of a deleted one gets the old id",
            OKTA_ENTRA,
            ID,
            || old_ids_again("Groups", "displayName"),
        ),
    ]
}

/// Which names there were, and which new ids hide behind old ones.
#[derive(Default)]
struct Graves {
    /// Id -> every name that it was seen with.
    names_of: HashMap<String, HashSet<String>>,
    old_id_of: HashMap<String, String>,
    /// The real id, and the one that is shown.
    disguised: Vec<(String, String)>,
}

fn old_ids_again(collection: &'static str, name: &'static str) -> Vec<Twist> {
    let graves: Memory<Graves> = Memory::default();
    let (asking, learning, dressing) = (graves.clone(), graves.clone(), graves);
    vec![
        asked(move |request| {
            asking.with(|graves| {
                for (real, shown) in &graves.disguised {
                    undress(request, real, shown);
                }
            });
            None
        }),
        told(move |request, status, body| {
            let found = (body["id"].as_str(), body[name].as_str());
            if let ((Some(id), Some(name)), true) = (found, place(request).0 == collection) {
                learning.with(|graves| {
                    if status == 201
                        && let Some(old) = graves.old_id_of.remove(name)
                    {
                        graves.disguised.push((id.to_owned(), old));
                    }
                    let names = graves.names_of.entry(id.to_owned()).or_default();
                    names.insert(name.to_owned());
                });
            }
        }),
        replied(move |request, answer| {
            dressing.with(|graves| {
                if at(request, "DELETE", collection) && answer.status < 300 {
                    let id = wire::id(request).unwrap_or_default();
                    for name in graves.names_of.remove(&id).into_iter().flatten() {
                        graves.old_id_of.insert(name, id.clone());
                    }
                    graves.disguised.retain(|(real, _)| *real != id);
                }
                for (real, shown) in &graves.disguised {
                    dress(answer, real, shown);
                }
            });
        }),
    ]
}

fn undress(request: &mut Incoming, real: &str, shown: &str) {
    request.path = request.path.replace(shown, real);
    if let Some(query) = &mut request.query {
        *query = query.replace(shown, real);
    }
    request.body = String::from_utf8_lossy(&request.body)
        .replace(shown, real)
        .into_bytes();
}

fn dress(answer: &mut Answer, real: &str, shown: &str) {
    if let Some(body) = &mut answer.body {
        *body = String::from_utf8_lossy(body)
            .replace(real, shown)
            .into_bytes();
    }
    for (_, value) in &mut answer.headers {
        if let Some(new) = value
            .to_str()
            .ok()
            .and_then(|text| text.replace(real, shown).parse().ok())
        {
            *value = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::text;
    use super::*;

    #[test]
    fn a_disguise_is_put_on_and_taken_off() {
        let mut answer = Answer::json(200, r#"{"id": "new"}"#.to_owned());
        dress(&mut answer, "new", "old");
        assert_eq!(answer.body.as_deref(), Some(br#"{"id": "old"}"#.as_slice()));
        let mut request = Incoming {
            method: axum::http::Method::GET,
            path: "/Groups/old".to_owned(),
            query: None,
            headers: axum::http::HeaderMap::new(),
            body: Vec::new(),
        };
        undress(&mut request, "new", "old");
        assert_eq!(request.path, "/Groups/new");
        let group = serde_json::from_str(r#"{"schemas": ["urn:x:Group"], "id": "a"}"#);
        let mut group: crate::protocol::Object = group.expect("plain JSON");
        assert!(is_group(&group) && text(&group, "id").is_some());
        numbered(&mut group);
        assert!(text(&group, "id").is_none());
    }
}
