//! A small SCIM server whose misbehaviour each test chooses. It keeps what it has in a map and writes down every request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// What a request may be answered with instead of the right answer.
type Twist = dyn Fn(&Asked<'_>, &mut Store) -> Option<ResponseTemplate> + Send + Sync;

/// A request, taken apart.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// `/Users`, `/Users/7`.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Asked<'_> {
    pub(crate) fn is(&self, method: &str, start: &str) -> bool {
        self.method == method && self.path.starts_with(start)
    }

    pub(crate) fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// What the server holds, and what happened.
#[derive(Default)]
pub(crate) struct Store {
    /// `/Users/7` -> the resource.
    pub(crate) resources: BTreeMap<String, Value>,
    /// `POST /Users` and the like, in order.
    pub(crate) log: Vec<String>,
    /// The same with bodies.
    pub(crate) sent: Vec<(String, Value)>,
    /// For twists that count.
    pub(crate) counter: u32,
    next: u32,
}

impl Store {
    pub(crate) fn count(&self, start: &str) -> usize {
        self.log
            .iter()
            .filter(|line| line.starts_with(start))
            .count()
    }

    /// Makes a resource and returns it as stored.
    pub(crate) fn make(&mut self, endpoint: &str, body: &Value) -> Value {
        self.next += 1;
        let id = format!("id-{}", self.next);
        let mut resource = body.clone();
        resource["id"] = json!(id);
        resource["meta"] =
            json!({ "resourceType": endpoint.trim_matches('/').trim_end_matches('s') });
        if let Some(members) = resource.as_object_mut() {
            members.remove("password");
        }
        self.resources
            .insert(format!("{endpoint}/{id}"), resource.clone());
        resource
    }
}

/// The server.
pub(crate) struct Fake {
    pub(crate) server: MockServer,
    pub(crate) store: Arc<Mutex<Store>>,
}

struct Behaviour {
    store: Arc<Mutex<Store>>,
    twist: Box<Twist>,
}

impl Fake {
    /// A server that does everything right.
    pub(crate) async fn right() -> Self {
        Self::with(|_, _| None).await
    }

    /// A server with a twist: what it returns is sent in place of the right answer.
    pub(crate) async fn with(
        twist: impl Fn(&Asked<'_>, &mut Store) -> Option<ResponseTemplate> + Send + Sync + 'static,
    ) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let server = MockServer::start().await;
        let behaviour = Behaviour {
            store: Arc::clone(&store),
            twist: Box::new(twist),
        };
        Mock::given(any())
            .respond_with(behaviour)
            .mount(&server)
            .await;
        Self { server, store }
    }

    pub(crate) fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store
            .lock()
            .expect("no test panics while it holds the store")
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> ResponseTemplate {
    let answer = ResponseTemplate::new(status);
    if body.is_null() {
        answer
    } else {
        answer.set_body_raw(body.to_string(), "application/scim+json")
    }
}

pub(crate) fn error(status: u16) -> ResponseTemplate {
    answer(
        status,
        &json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": "no"}),
    )
}

impl Respond for Behaviour {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = Asked {
            method: request.method.as_str(),
            path: request
                .url
                .path()
                .strip_prefix("/scim")
                .unwrap_or_default()
                .to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
        };
        let mut store = self
            .store
            .lock()
            .expect("no test panics while it holds the store");
        let line = format!("{} {}", asked.method, asked.path);
        store.log.push(line.clone());
        store.sent.push((line, asked.body.clone()));
        if let Some(twisted) = (self.twist)(&asked, &mut store) {
            return twisted;
        }
        right(&asked, &mut store)
    }
}

/// The right answer.
pub(crate) fn right(asked: &Asked<'_>, store: &mut Store) -> ResponseTemplate {
    let parts: Vec<&str> = asked
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    match (asked.method, parts.as_slice()) {
        ("POST", [endpoint]) => {
            let made = store.make(&format!("/{endpoint}"), &asked.body);
            answer(201, &made)
        }
        ("GET", [endpoint @ ("Users" | "Groups")]) => list(asked, &format!("/{endpoint}/"), store),
        (method, [_, _]) => {
            let Some(resource) = store.resources.get_mut(&asked.path) else {
                return error(404);
            };
            match method {
                "GET" => answer(200, resource),
                "DELETE" => {
                    store.resources.remove(&asked.path);
                    answer(204, &Value::Null)
                }
                "PUT" => {
                    let (id, meta) = (resource["id"].clone(), resource["meta"].clone());
                    *resource = asked.body.clone();
                    resource["id"] = id;
                    resource["meta"] = meta;
                    answer(200, &resource.clone())
                }
                "PATCH" => {
                    patch(resource, &asked.body);
                    answer(200, &resource.clone())
                }
                _ => error(405),
            }
        }
        _ => error(404),
    }
}

fn patch(resource: &mut Value, body: &Value) {
    for operation in body["Operations"].as_array().into_iter().flatten() {
        match operation["path"].as_str() {
            Some(path) => resource[path] = operation["value"].clone(),
            None => {
                for (name, value) in operation["value"].as_object().into_iter().flatten() {
                    resource[name] = value.clone();
                }
            }
        }
    }
}

fn list(asked: &Asked<'_>, start: &str, store: &Store) -> ResponseTemplate {
    let matches = |resource: &Value| match asked.query.get("filter") {
        None => true,
        Some(filter) => {
            let (name, value) = filter.split_once(" eq ").unwrap_or((filter, ""));
            resource[name] == json!(value.trim_matches('"'))
        }
    };
    let found: Vec<&Value> = store
        .resources
        .iter()
        .filter(|(path, resource)| path.starts_with(start) && matches(resource))
        .map(|(_, resource)| resource)
        .collect();
    let number = |name: &str| {
        asked
            .query
            .get(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let first = number("startIndex").unwrap_or(1).max(1);
    let page: Vec<&Value> = found
        .iter()
        .skip(first - 1)
        .take(number("count").unwrap_or(100))
        .copied()
        .collect();
    answer(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": found.len(), "startIndex": first, "itemsPerPage": page.len(), "Resources": page
        }),
    )
}
