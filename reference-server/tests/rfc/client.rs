//! A tiny client: a server of its own for each test, and requests as an identity provider sends
//! them.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use scim_reference::store::Place;
use scim_reference::{Options, Running, start};
use serde_json::{Value, json};
use tempfile::TempDir;

/// With this variable in the environment, servers keep their resources in a SQLite file each.
pub(crate) const OVER_SQLITE: &str = "SCIM_REFERENCE_TESTS_OVER_SQLITE";

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A running server and a client for it.
pub(crate) struct Rig {
    server: Running,
    http: Client,
    _file: Option<TempDir>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Asserts the status and gives the answer on.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts a SCIM error with its status and keyword (RFC 7644 section 3.12).
    #[track_caller]
    pub(crate) fn refused(self, status: u16, scim_type: &str) -> Self {
        let reply = self.is(status);
        assert_eq!(reply.header("content-type"), "application/scim+json");
        assert_eq!(
            reply.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
        );
        assert_eq!(reply.body["status"], json!(status.to_string()));
        assert_eq!(
            reply.body["scimType"].as_str().unwrap_or_default(),
            scim_type,
            "{}",
            reply.text
        );
        reply
    }

    /// The ids, or other texts, of the listed resources.
    pub(crate) fn listed(&self, name: &str) -> Vec<String> {
        let resources = self.body["Resources"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        resources
            .iter()
            .map(|resource| resource[name].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn strict() -> Self {
        Self::with(Options {
            strict: true,
            ..Options::default()
        })
        .await
    }

    pub(crate) async fn with(mut options: Options) -> Self {
        let file = std::env::var_os(OVER_SQLITE).map(|_| tempfile::tempdir().expect("a folder"));
        if let (Some(folder), Place::Memory) = (&file, &options.store) {
            options.store = Place::Sqlite(folder.path().join("store.db"));
        }
        // Whoever comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = start(options).await.expect("the server starts");
        let http = Client::builder().no_proxy().build().expect("a client");
        Self {
            server,
            http,
            _file: file,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    /// Sends a request with these headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        reply(&self.http, method, self.url(path), headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({"schemas": [PATCH_OP], "Operations": operations});
        self.send("PATCH", path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None).await
    }

    /// A list query; the filter is encoded here.
    pub(crate) async fn filter(&self, path: &str, filter: &str) -> Reply {
        let mut encoded = String::new();
        for byte in filter.bytes() {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        self.get(&format!("{path}?filter={encoded}")).await
    }

    /// Creates a user with further attributes and gives its path.
    pub(crate) async fn user(&self, name: &str, more: Value) -> String {
        let mut body = json!({"schemas": [USER], "userName": name});
        if more.get(ENTERPRISE).is_some() {
            body["schemas"] = json!([USER, ENTERPRISE]);
        }
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let reply = self.post("/Users", body).await.is(201);
        format!("/Users/{}", reply.body["id"].as_str().expect("an id"))
    }

    /// Creates a group of the resources at these paths and gives its path.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members
            .iter()
            .map(|path| json!({"value": id(path)}))
            .collect();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        let reply = self.post("/Groups", body).await.is(201);
        format!("/Groups/{}", reply.body["id"].as_str().expect("an id"))
    }

    /// Sends a request anywhere.
    pub(crate) async fn elsewhere(
        &self,
        method: &str,
        url: String,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        reply(&self.http, method, url, headers, body).await
    }

    /// The running server.
    pub(crate) fn server(&self) -> &Running {
        &self.server
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

/// The id at the end of a path.
pub(crate) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

async fn reply(
    http: &Client,
    method: &str,
    url: String,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = http.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            request = request.header("Content-Type", "application/scim+json");
        }
        request = request.body(body);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Reply {
        status,
        headers,
        text,
        body,
    }
}
