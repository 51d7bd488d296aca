//! The licence to write: looked up in the ledger before anything that is not a read goes out.

use std::sync::Arc;

use serde_json::Value;

use super::address::{WriteTarget, resource_of, write_target};
use super::ledger::{EntryId, Ledger, Standing};
use super::names::{Names, RunTag};
use super::payload::Payload;
use crate::scim::named;

/// What must be known before a write may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing more.
    Nothing,
    /// A GET of this entry must show one of its tokens.
    Confirm(EntryId),
    /// A GET of this path must say that nobody is there, or show the entry's token.
    Nobody {
        /// `/Users/ID`, encoded.
        path: String,
        /// The entry that had this id.
        entry: Option<EntryId>,
        /// The id carries something that only this case can have made up, so that "your id is malformed" is as good.
        made_up: bool,
    },
}

/// A resource that a write would make.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Creation {
    pub(super) endpoint: String,
    pub(super) body: Arc<Value>,
    /// Of an operation in a bulk request: its place in it.
    pub(super) operation: Option<usize>,
    /// The id is the client's choice (PUT on an id that nobody has).
    pub(super) id: Option<String>,
}

/// A write, looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Write {
    pub(super) needs: Vec<Need>,
    pub(super) creates: Vec<Creation>,
    /// Endpoint and id of each resource that it is aimed at.
    pub(super) on: Vec<(String, String)>,
}

/// Looks at a write.
///
/// # Errors
/// Why it is never sent.
pub(super) fn look(
    method: &str,
    target: &str,
    body: Option<&Payload>,
    ledger: &Ledger,
    names: &Names,
) -> Result<Write, String> {
    let said = body.and_then(Payload::said);
    let json = said.map(AsRef::as_ref);
    let body = body.map(Payload::bytes);
    let mut write = Write::default();
    match write_target(method, target) {
        WriteTarget::Never { why } => {
            return Err(format!("{method} {target} is never sent: {why}"));
        }
        WriteTarget::Search => {}
        WriteTarget::Create { endpoint } => write.creates.push(Creation {
            endpoint,
            // A body that is no JSON still shows its tokens as text.
            body: said.map_or_else(|| Arc::new(text_of(body)), Arc::clone),
            operation: None,
            id: None,
        }),
        WriteTarget::One { endpoint, id } => {
            one(&mut write, method, &endpoint, &id, json, ledger, names)?;
        }
        WriteTarget::Bulk => bulk(&mut write, body, json, ledger, names)?,
    }
    Ok(write)
}

fn one(
    write: &mut Write,
    method: &str,
    endpoint: &str,
    id: &str,
    body: Option<&Value>,
    ledger: &Ledger,
    names: &Names,
) -> Result<(), String> {
    write.on.push((endpoint.to_owned(), id.to_owned()));
    let known = ledger.find(endpoint, id);
    let nobody = || Need::Nobody {
        path: format!("{endpoint}/{}", crate::scim::encode_path_segment(id)),
        entry: known.as_ref().map(|entry| entry.id),
        made_up: names.made_up(id),
    };
    write.needs.push(
        match known.as_ref().map(|entry| (entry.standing, entry.id)) {
            Some((Standing::Confirmed, _)) => Need::Nothing,
            Some((Standing::Made | Standing::Sent, entry)) => Need::Confirm(entry),
            Some((Standing::Foreign, _)) => {
                return Err(format!(
                    "{endpoint}/{id} shows nothing that this run sent: it may be somebody else's"
                ));
            }
            // An id that was ours may by now be given to somebody else: many stores count upwards again.
            Some((Standing::Doubted | Standing::Gone | Standing::Left, _)) | None => nobody(),
        },
    );
    if method.eq_ignore_ascii_case("PUT") && matches!(write.needs.last(), Some(Need::Nobody { .. }))
    {
        write.creates.push(Creation {
            endpoint: endpoint.to_owned(),
            body: Arc::new(body.cloned().unwrap_or_default()),
            operation: None,
            id: Some(id.to_owned()),
        });
    }
    Ok(())
}

fn bulk(
    write: &mut Write,
    text: Option<&[u8]>,
    json: Option<&Value>,
    ledger: &Ledger,
    names: &Names,
) -> Result<(), String> {
    let Some(json) = json else {
        // What a lenient server reads out of broken JSON cannot be known: nothing in it may be able to name a target.
        let harmless = text.is_none_or(|text| {
            !String::from_utf8_lossy(text)
                .to_ascii_lowercase()
                .contains("path")
        });
        return if harmless {
            Ok(())
        } else {
            Err("a bulk request that is not JSON may write on anything".to_owned())
        };
    };
    let operations = named(json, "Operations")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let text = |operation: &Value, name: &str| -> String {
        named(operation, name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let made_here: Vec<String> = operations
        .iter()
        .filter(|operation| text(operation, "method").eq_ignore_ascii_case("POST"))
        .map(|operation| text(operation, "bulkId"))
        .collect();
    for (place, operation) in operations.iter().enumerate() {
        let (method, path) = (text(operation, "method"), text(operation, "path"));
        match write_target(&method, &path) {
            WriteTarget::Create { endpoint } => write.creates.push(Creation {
                endpoint,
                body: Arc::new(named(operation, "data").cloned().unwrap_or(Value::Null)),
                operation: Some(place),
                id: None,
            }),
            WriteTarget::One { endpoint, id } => match id.strip_prefix("bulkId:") {
                Some(bulk_id) if made_here.iter().any(|made| made == bulk_id) => {}
                _ => one(
                    write,
                    &method,
                    &endpoint,
                    &id,
                    named(operation, "data"),
                    ledger,
                    names,
                )?,
            },
            WriteTarget::Search => {}
            WriteTarget::Bulk => {
                return Err("a bulk request inside a bulk request is never sent".to_owned());
            }
            // A malformed operation (no method, no path) is what some cases are about; it aims at nothing.
            WriteTarget::Never { .. } if method.is_empty() || path.is_empty() => {}
            WriteTarget::Never { why } => {
                return Err(format!(
                    "the bulk operation {method} {path} is never sent: {why}"
                ));
            }
        }
    }
    Ok(())
}

fn text_of(body: Option<&[u8]>) -> Value {
    Value::String(
        body.map(|body| String::from_utf8_lossy(body).into_owned())
            .unwrap_or_default(),
    )
}

/// The tokens in a body, wherever in it.
pub(super) fn tokens(body: &Value, tag: &RunTag) -> Vec<String> {
    match body {
        Value::String(text) => tag.tokens_in(text),
        other => tag.tokens_in(&other.to_string()),
    }
}

/// What became of each operation of a bulk request: its place, and the id where it made something, `None` where it was
/// refused (RFC 7644 section 3.7.3).
pub(super) fn bulk_results(request: &Value, response: &Value) -> Vec<(usize, Option<String>)> {
    let operations = |json: &Value| {
        named(json, "Operations")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (asked, answered) = (operations(request), operations(response));
    let bulk_id = |operation: &Value| {
        named(operation, "bulkId")
            .filter(|id| !id.is_null())
            .cloned()
    };
    let mut results = Vec::new();
    for (place, operation) in asked.iter().enumerate() {
        let result = match bulk_id(operation) {
            Some(id) => answered
                .iter()
                .find(|answer| bulk_id(answer).as_ref() == Some(&id)),
            None => answered.get(place),
        };
        let Some(result) = result else { continue };
        let status = match named(result, "status") {
            Some(Value::String(text)) => text.trim().parse::<u16>().ok(),
            Some(Value::Number(number)) => number
                .as_u64()
                .and_then(|number| u16::try_from(number).ok()),
            Some(Value::Object(members)) => members
                .get("code")
                .and_then(Value::as_str)
                .and_then(|code| code.parse().ok()),
            _ => None,
        };
        let location = named(result, "location")
            .and_then(Value::as_str)
            .and_then(resource_of);
        match (status, location) {
            (Some(200..300), Some((_, id))) => results.push((place, Some(id))),
            (Some(400..500), _) => results.push((place, None)),
            _ => {}
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::suite::model::Credential;

    fn names() -> Names {
        Names::new(RunTag::parse("spk3f9x2").expect("a tag"), 1, "c", 0, 0)
    }

    fn ledger() -> Ledger {
        let ledger = Ledger::new(None);
        for (id, standing) in [("own", Some(true)), ("new", None), ("theirs", Some(false))] {
            let entry = ledger
                .announce(0, "/Users", vec!["t".into()], None, Credential::Target)
                .expect("no journal to fail");
            ledger.made(entry, id);
            if let Some(ours) = standing {
                ledger.looked_at(entry, ours);
            }
        }
        ledger
    }

    fn need(method: &str, target: &str) -> Result<Need, String> {
        look(method, target, None, &ledger(), &names()).map(|write| write.needs[0].clone())
    }

    #[test]
    fn only_confirmed_resources_are_written_on() {
        assert_eq!(need("DELETE", "/Users/own"), Ok(Need::Nothing));
        assert!(matches!(need("PATCH", "/Users/new"), Ok(Need::Confirm(_))));
        assert!(need("PATCH", "/Users/theirs").is_err());
        for target in ["/Groups/own", "/Users/1", "/users/own"] {
            assert!(
                matches!(
                    need("DELETE", target),
                    Ok(Need::Nobody { made_up: false, .. })
                ),
                "{target}"
            );
        }
        for target in ["/Users", "", "/Users/..", "/Me", "/Users/own/emails"] {
            assert!(need("DELETE", target).is_err(), "{target}");
        }
    }

    #[test]
    fn a_put_on_an_id_that_nobody_has_may_make_something() {
        let names = names();
        let id =
            crate::suite::template::Lookup::lookup(&|name: &str| names.lookup("s", name), "guid")
                .and_then(|guid| guid.as_str().map(str::to_owned))
                .expect("a guid");
        let body = json!({"userName": "x"});
        let write = look(
            "PUT",
            &format!("/Users/{id}"),
            Some(&Payload::json(body)),
            &ledger(),
            &names,
        )
        .expect("allowed");
        assert_eq!(
            write.needs,
            [Need::Nobody {
                path: format!("/Users/{id}"),
                entry: None,
                made_up: true
            }]
        );
        assert_eq!(write.creates[0].id.as_deref(), Some(id.as_str()));
    }

    #[test]
    fn bulk_writes_on_own_resources_only() {
        let bulk = |operations: Value| {
            let body = Payload::json(json!({ "Operations": operations }));
            look("POST", "/Bulk", Some(&body), &ledger(), &names())
        };
        let fine = bulk(json!([
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "spk3f9x2-000-001"}},
            {"method": "PATCH", "path": "/Users/bulkId:a", "data": {}},
            {"method": "DELETE", "path": "/Users/own"},
            {"method": "DELETE", "path": "/Users/new"},
            {"method": "", "path": ""}
        ]))
        .expect("allowed");
        assert_eq!(fine.creates.len(), 1);
        assert_eq!(fine.needs.len(), 2);
        for bad in [
            json!([{"method": "DELETE", "path": "/Users/theirs"}]),
            json!([{"method": "DELETE", "path": "/Users"}]),
            json!([{"method": "POST", "path": "/Bulk"}]),
            json!([{"method": "DELETE", "path": "/Users/%2e%2e"}]),
        ] {
            assert!(bulk(bad.clone()).is_err(), "{bad}");
        }
        let strange =
            bulk(json!([{"method": "DELETE", "path": "/Users/bulkId:b"}])).expect("asked first");
        assert!(matches!(strange.needs[0], Need::Nobody { .. }));
        let raw = |text: &str| {
            let body = Payload::raw(text.as_bytes().to_vec());
            look("POST", "/Bulk", Some(&body), &ledger(), &names())
        };
        assert!(raw("{\"Operations\": [").is_ok());
        assert!(raw("{\"Operations\": [{\"method\":\"DELETE\",\"path\":\"/Users/1\"}").is_err());
    }

    #[test]
    fn what_a_bulk_answer_says() {
        let request = json!({"Operations": [
            {"method": "POST", "bulkId": "a"}, {"method": "POST", "bulkId": "b"}, {"method": "DELETE"}
        ]});
        let response = json!({"Operations": [
            {"bulkId": "b", "status": "409"},
            {"bulkId": "a", "status": "201", "location": "https://h/v2/Users/7"},
            {"status": "204"}
        ]});
        assert_eq!(
            bulk_results(&request, &response),
            [(0, Some("7".into())), (1, None)]
        );
    }
}
