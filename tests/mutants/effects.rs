//! A mutation applied to one exchange, with the requests of its own that it takes.

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::edits;
use crate::grammar::{Bulk, Change, Edit, Kind, List, Mutant, Operation, Refusal, Side, When};
use crate::layer::{BASE, Call, Seat, ask, encoded, fits, forward, look, path};
use crate::wire::{Line, Reply};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The answer of the mutant.
pub(crate) async fn mutated(seat: &Seat, line: &mut Line, call: &Call, mutant: Mutant) -> Reply {
    let when = mutant.place.when;
    match mutant.change {
        Change::Edit(Side::Answer, how, attribute) => {
            let mut reply = forward(line, call).await;
            if reply.is_success() {
                each(&mut reply, when, |resource| {
                    edits::edit(resource, attribute, how)
                });
            }
            reply
        }
        Change::Edit(side, how, attribute) => {
            let mut reply = forward(line, &edited(call, attribute, how)).await;
            if side == Side::Hidden && reply.is_success() {
                overlay(&mut reply, call, attribute);
            }
            reply
        }
        Change::Ops(how) => {
            let mut body = call.body().unwrap_or_default();
            edits::change_operations(&mut body, how);
            forward(line, &with(call, &body)).await
        }
        Change::Query(how) => {
            let mut parameters = call.parameters();
            let as_sent = parameters.clone();
            edits::change_query(&mut parameters, how);
            if parameters == as_sent {
                return forward(line, call).await;
            }
            forward(line, &call.clone().with_parameters(&parameters)).await
        }
        Change::IgnoreHeader(name) => {
            let mut call = call.clone();
            call.headers.remove(name);
            forward(line, &call).await
        }
        Change::Bulk(how) => bulk(line, call, how).await,
        change if is_write(change) => write(seat, line, call, change).await,
        change => {
            let reply = forward(line, call).await;
            answered(seat, line, call, when, change, reply).await
        }
    }
}

fn is_write(change: Change) -> bool {
    matches!(
        change,
        Change::NotDone
            | Change::Twice
            | Change::AlsoToAnother
            | Change::ToAnotherInstead
            | Change::AlsoLoses(_)
            | Change::AlsoDeactivates
            | Change::DeleteDeactivates
            | Change::DeactivateDeletes
            | Change::Resurrects
            | Change::StaleAnswer
    )
}

/// Does something to each resource of an answer that the mutant concerns.
fn each(reply: &mut Reply, when: When, mut change: impl FnMut(&mut Value)) {
    let Some(mut body) = reply.body() else { return };
    match body.get_mut("Resources").and_then(Value::as_array_mut) {
        Some(resources) => resources
            .iter_mut()
            .filter(|resource| fits(resource, when))
            .for_each(change),
        None => change(&mut body),
    }
    reply.set(&body);
}

fn with(call: &Call, body: &Value) -> Call {
    let mut call = call.clone();
    call.raw = Bytes::from(body.to_string());
    call
}

fn edited(call: &Call, attribute: &[&str], how: Edit) -> Call {
    let Some(mut body) = call.body() else {
        return call.clone();
    };
    if call.operation == Some(Operation::Patch) {
        edits::edit_patch(&mut body, attribute, how);
    } else {
        edits::edit(&mut body, attribute, how);
    }
    with(call, &body)
}

/// Shows an attribute as it was sent.
fn overlay(reply: &mut Reply, call: &Call, attribute: &[&str]) {
    let (Some(mut shown), Some(sent)) = (reply.body(), call.body()) else {
        return;
    };
    if let (Some(name), Some(map)) = (attribute.first(), shown.as_object_mut())
        && let Some(value) = sent.get(*name)
    {
        map.insert((*name).to_owned(), value.clone());
    }
    reply.set(&shown);
}

async fn bulk(line: &mut Line, call: &Call, how: Bulk) -> Reply {
    let mut body = call.body().unwrap_or_default();
    edits::change_bulk_request(&mut body, how);
    let mut reply = forward(line, &with(call, &body)).await;
    if let (true, Some(mut body)) = (reply.is_success(), reply.body()) {
        edits::change_bulk_answer(&mut body, how);
        reply.set(&body);
    }
    reply
}

/// Another resource of the type, the youngest.
fn another(seat: &Seat, call: &Call) -> Option<String> {
    let memory = seat.memory();
    let mut others = memory.alive.iter().rev();
    others
        .find(|(kind, id)| *kind == call.kind && Some(id) != call.id.as_ref())
        .map(|(_, id)| id.clone())
}

fn patch(operation: &Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": [operation] })
}

async fn write(seat: &Seat, line: &mut Line, call: &Call, change: Change) -> Reply {
    let before = look(line, call).await;
    if call.operation == Some(Operation::Delete) && before.is_none() {
        return forward(line, call).await;
    }
    match change {
        Change::NotDone => not_done(line, call, before).await,
        Change::DeleteDeactivates => {
            let operation = match call.kind {
                Kind::Group => json!({ "op": "remove", "path": "members" }),
                _ => json!({ "op": "replace", "path": "active", "value": false }),
            };
            ask(
                line,
                call,
                Method::PATCH,
                &call.target,
                Some(&patch(&operation)),
            )
            .await;
            Reply {
                status: 204,
                ..Reply::default()
            }
        }
        Change::ToAnotherInstead => {
            let mut other = call.clone();
            if let Some(id) = another(seat, call) {
                other.target = path(call.kind, &id);
            }
            forward(line, &other).await
        }
        Change::StaleAnswer => {
            let mut reply = forward(line, call).await;
            if let (200, Some(before)) = (reply.status, before) {
                reply.set(&before);
            }
            reply
        }
        Change::Twice => {
            let reply = forward(line, call).await;
            let mut again = call.clone();
            if call.operation == Some(Operation::Create)
                && let Some(mut body) = call.body()
            {
                for name in ["userName", "displayName"] {
                    edits::edit(&mut body, &[name], Edit::Other);
                }
                again = with(call, &body);
            }
            forward(line, &again).await;
            reply
        }
        _ => {
            let reply = forward(line, call).await;
            if reply.is_success() {
                besides(seat, line, call, change, before, &reply).await;
            }
            reply
        }
    }
}

/// What is done besides a write that was done; nobody is told.
async fn besides(
    seat: &Seat,
    line: &mut Line,
    call: &Call,
    change: Change,
    before: Option<Value>,
    reply: &Reply,
) {
    let own = reply
        .body()
        .and_then(|body| body["id"].as_str().map(str::to_owned));
    let Some(id) = call.id.clone().or(own) else {
        return;
    };
    let here = path(call.kind, &id);
    let operation = match change {
        Change::AlsoToAnother => {
            let Some(other) = another(seat, call) else {
                return;
            };
            let target = path(call.kind, &other);
            let mut body = call.body().unwrap_or_default();
            if call.operation == Some(Operation::Replace) {
                for name in ["id", "schemas", "userName", "externalId", "meta"] {
                    edits::edit(&mut body, &[name], Edit::Drop);
                }
                body = patch(&json!({ "op": "replace", "value": body }));
            }
            let method = if call.operation == Some(Operation::Delete) {
                Method::DELETE
            } else {
                Method::PATCH
            };
            ask(line, call, method, &target, Some(&body)).await;
            return;
        }
        Change::AlsoLoses(_) if call.kind == Kind::Group => {
            let reply = ask(line, call, Method::GET, &here, None).await;
            let group = reply.body().unwrap_or_default();
            let last = group["members"]
                .as_array()
                .and_then(|members| members.last());
            let Some(value) = last.and_then(|member| member["value"].as_str()) else {
                return;
            };
            json!({ "op": "remove", "path": format!("members[value eq \"{value}\"]") })
        }
        Change::AlsoLoses(attribute) => json!({ "op": "remove", "path": attribute }),
        Change::AlsoDeactivates if call.kind == Kind::User => {
            json!({ "op": "replace", "path": "active", "value": false })
        }
        Change::Resurrects => {
            let was_inactive = before.is_some_and(|before| before["active"] == json!(false));
            let says = String::from_utf8_lossy(&call.raw).contains("active");
            if !was_inactive || says {
                return;
            }
            json!({ "op": "replace", "path": "active", "value": true })
        }
        Change::DeactivateDeletes => {
            if look(line, call)
                .await
                .is_some_and(|now| now["active"] == json!(false))
            {
                ask(line, call, Method::DELETE, &here, None).await;
            }
            return;
        }
        _ => return,
    };
    ask(line, call, Method::PATCH, &here, Some(&patch(&operation))).await;
}

/// The answer to a write whose effect is undone at once.
async fn not_done(line: &mut Line, call: &Call, before: Option<Value>) -> Reply {
    match call.operation {
        Some(Operation::Delete) => Reply {
            status: 204,
            ..Reply::default()
        },
        Some(Operation::Bulk) => {
            let mut body = call.body().unwrap_or_default();
            let Some(all) = edits::operations(&mut body) else {
                return forward(line, call).await;
            };
            let answers: Vec<Value> = all
                .iter()
                .map(|operation| {
                    let status = match operation["method"].as_str() {
                        Some("POST") => "201",
                        Some("DELETE") => "204",
                        _ => "200",
                    };
                    json!({ "method": operation["method"], "bulkId": operation["bulkId"],
                        "location": format!("{BASE}/Users/none"), "status": status })
                })
                .collect();
            let mut reply = Reply {
                status: 200,
                ..Reply::default()
            };
            reply.set_header("content-type", "application/scim+json");
            reply.set(&json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"], "Operations": answers }));
            reply
        }
        _ => {
            let reply = forward(line, call).await;
            let made = reply
                .body()
                .and_then(|body| body["id"].as_str().map(str::to_owned));
            if reply.is_success() {
                match (&call.id, before, made) {
                    (Some(id), Some(before), _) => {
                        ask(line, call, Method::PUT, &path(call.kind, id), Some(&before)).await;
                    }
                    (None, _, Some(made)) => {
                        ask(line, call, Method::DELETE, &path(call.kind, &made), None).await;
                    }
                    _ => {}
                }
            }
            reply
        }
    }
}

/// An answer that is changed, or replaced.
async fn answered(
    seat: &Seat,
    line: &mut Line,
    call: &Call,
    when: When,
    change: Change,
    mut reply: Reply,
) -> Reply {
    let success = reply.is_success();
    match change {
        Change::List(how) if success => {
            let Some(mut body) = reply.body().filter(|body| {
                let resources = body["Resources"].as_array();
                resources.is_some_and(|all| all.is_empty() || all.iter().any(|one| fits(one, when)))
            }) else {
                return reply;
            };
            let stranger = match how {
                List::Stranger => {
                    let target = path(call.kind, "?count=1");
                    let one = ask(line, call, Method::GET, &target.replace("/?", "?"), None).await;
                    one.body()
                        .and_then(|body| body["Resources"].get(0).cloned())
                }
                _ => None,
            };
            edits::change_list(&mut body, how, stranger);
            reply.set(&body);
        }
        Change::Refusal(how) if reply.status >= 400 => match how {
            Refusal::NoBody => reply.raw = Bytes::new(),
            Refusal::Html => {
                reply.raw = Bytes::from_static(b"<html><body>Error</body></html>");
                reply.set_header("content-type", "text/html");
            }
            _ => {
                if let Some(mut body) = reply.body() {
                    edits::change_refusal(&mut body, how);
                    reply.set(&body);
                }
            }
        },
        Change::SuccessAs(404) if success => {
            reply.status = 404;
            reply.set(&json!({ "schemas": [ERROR], "status": "404" }));
            reply.set_header("content-type", "application/scim+json");
        }
        Change::SuccessAs(status) if success => reply.status = status,
        Change::RefusalAs(status) if reply.status >= 400 && reply.status != 401 => {
            reply.status = status;
            if let (true, Some(mut body)) = (status >= 400, reply.body()) {
                body["status"] = json!(status.to_string());
                reply.set(&body);
            }
        }
        Change::LoseHeader(name) => {
            reply.headers.remove(name);
        }
        Change::OtherHeader(name, value) if reply.headers.contains_key(name) => {
            reply.set_header(name, value);
        }
        Change::ExtraHeader => reply.set_header("x-served-by", "node-1"),
        Change::LoseBody if success => reply.raw = Bytes::new(),
        Change::ExtraAttribute if success => each(&mut reply, when, |resource| {
            resource["profileUrl"] = Value::Null;
        }),
        Change::OfAnother if success => {
            if let Some(other) = another(seat, call) {
                let shown = ask(line, call, Method::GET, &path(call.kind, &other), None).await;
                if let Some(mut body) = shown.body() {
                    body["id"] = json!(call.id);
                    reply.set(&body);
                }
            }
        }
        Change::StaleInLists if success => each(&mut reply, when, |resource| {
            let made = resource["id"]
                .as_str()
                .and_then(|id| seat.memory().made.get(id).cloned());
            *resource = made.unwrap_or_else(|| resource.take());
        }),
        Change::StaleOnce if success => each(&mut reply, when, |resource| {
            let before = resource["id"]
                .as_str()
                .and_then(|id| seat.memory().before.remove(id));
            *resource = before.unwrap_or_else(|| resource.take());
        }),
        Change::ConflictAsCreated if reply.status == 409 => {
            let sent = call.body().unwrap_or_default();
            let name = if call.kind == Kind::Group {
                "displayName"
            } else {
                "userName"
            };
            let filter = format!("{name} eq {}", sent[name]);
            let target = format!(
                "{}?filter={}",
                path(call.kind, "").trim_end_matches('/'),
                encoded(&filter)
            );
            let found = ask(line, call, Method::GET, &target, None).await;
            if let Some(one) = found
                .body()
                .and_then(|body| body["Resources"].get(0).cloned())
            {
                reply.status = 201;
                if let Some(Ok(location)) = one["meta"]["location"].as_str().map(str::parse) {
                    reply.headers.insert("location", location);
                }
                reply.set(&one);
            }
        }
        _ => {}
    }
    reply
}
