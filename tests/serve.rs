//! `scimproof serve` as somebody who builds a SCIM client starts it: each flag does what it says, seen over HTTP.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt as _;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn serve(dir: &Path, flags: &[&str]) -> Command {
    let mut command = Command::cargo_bin("scimproof").expect("the program is built");
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(flags)
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// A started server; it is killed when the test ends.
struct Served {
    child: Child,
    errors: BufReader<ChildStderr>,
    base: String,
    http: Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(dir: &Path, flags: &[&str]) -> Self {
        let mut child = serve(dir, flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut base = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let _ = out.read_line(&mut base);
        if base.is_empty() {
            let mut said = String::new();
            let _ = std::io::Read::read_to_string(&mut errors, &mut said);
            panic!("{flags:?}: {said}");
        }
        scimproof::client::install_crypto();
        Self {
            child,
            errors,
            base: base.trim().to_owned(),
            http: Client::builder().no_proxy().build().expect("a client"),
        }
    }

    /// The address that it tells after these words.
    fn told(&mut self, words: &str) -> String {
        let mut line = String::new();
        while self.errors.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some(url) = line.trim().strip_prefix(words) {
                return url.trim().to_owned();
            }
            line.clear();
        }
        panic!("nothing was said of: {words}");
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        auth: &str,
        body: Option<Value>,
    ) -> (u16, Value, Response) {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.http.request(method, url);
        if !auth.is_empty() {
            request = request.header("Authorization", auth);
        }
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/json")
                .body(body.to_string());
        }
        let mut response = request.send().await.expect("an answer");
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.expect("a body") {
            text.extend_from_slice(&chunk);
        }
        let body = serde_json::from_slice(&text).unwrap_or(Value::Null);
        (response.status().as_u16(), body, response)
    }

    async fn status(&self, path: &str, auth: &str) -> u16 {
        self.send(Method::GET, path, auth, None).await.0
    }

    async fn user(&self, name: &str) -> (u16, Value) {
        let body = json!({"schemas": [USER], "userName": name});
        let (status, body, _) = self.send(Method::POST, "/Users", "", Some(body)).await;
        (status, body)
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn who_is_in_the_file_is_there_after_a_kill() {
    let dir = folder();
    let flags = ["--store", "sqlite:people.db"];
    let first = Served::start(dir.path(), &flags);
    let (status, made) = first.user("amara").await;
    assert_eq!(status, 201);
    let refused = serve(dir.path(), &flags).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "the file is in use");
    drop(first);
    let second = Served::start(dir.path(), &flags);
    let path = format!("/Users/{}", made["id"].as_str().expect("an id"));
    let (status, found, _) = second.send(Method::GET, &path, "", None).await;
    let created = |user: &Value| user["meta"]["created"].clone();
    assert_eq!((status, created(&found)), (200, created(&made)));
    assert_eq!(second.user("Amara").await.0, 409);
}

#[tokio::test]
async fn bad_days_come_as_asked_for() {
    let dir = folder();
    let limited = Served::start(dir.path(), &["--rate-limit", "0.01/s"]);
    assert_eq!(limited.status("/Users", "").await, 200);
    let (status, body, response) = limited.send(Method::GET, "/Users", "", None).await;
    assert_eq!((status, &body["status"]), (429, &json!("429")));
    let wait = response.headers()["retry-after"].to_str().expect("text");
    assert!(wait.parse::<u64>().is_ok_and(|s| s > 90), "{wait}");

    let failing = Served::start(dir.path(), &["--error-rate", "1", "--latency", "40"]);
    let begun = Instant::now();
    assert_eq!(failing.user("amara").await.0, 503);
    assert!(begun.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn the_audit_says_what_is_wrong_and_holds_no_secret() {
    let dir = folder();
    let flags = ["--audit", "audit.jsonl", "--token", "canary-token"];
    let server = Served::start(dir.path(), &flags);
    let auth = "Bearer canary-token";
    assert_eq!(server.status("/Users?filter=nonsense", auth).await, 400);
    let body = json!({"schemas": [USER], "userName": "a", "nickname2": "x"});
    let (status, ..) = server.send(Method::POST, "/Users", auth, Some(body)).await;
    assert_eq!(status, 201);
    assert_eq!(server.status("/Users", "").await, 401);
    let text = std::fs::read_to_string(dir.path().join("audit.jsonl")).expect("it is there");
    let codes: Vec<Vec<String>> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let problems = line["problems"].as_array().expect("a list").clone();
            problems
                .iter()
                .filter_map(|problem| problem["code"].as_str().map(str::to_owned))
                .collect()
        })
        .collect();
    assert_eq!(
        codes,
        [["filter-syntax"], ["unknown-attribute"], ["credentials"]],
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn schemas_of_ones_own_are_served_and_enforced() {
    let dir = folder();
    let device = "urn:example:Device";
    let schemas = json!([
        {"id": device, "name": "Device", "attributes": [{"name": "serial", "type": "string", "required": true}]},
        {"name": "Device", "endpoint": "/Devices", "schema": device},
    ]);
    std::fs::write(dir.path().join("device.json"), schemas.to_string()).expect("written");
    let server = Served::start(dir.path(), &["--schema", "device.json"]);
    for (body, expected) in [
        (json!({"schemas": [device], "serial": "A-1"}), 201),
        (json!({"schemas": [device]}), 400),
    ] {
        let (status, ..) = server
            .send(Method::POST, "/Devices", "", Some(body.clone()))
            .await;
        assert_eq!(status, expected, "{body}");
    }
    std::fs::write(dir.path().join("wrong.json"), "[{\"id\": 3}]").expect("written");
    for (file, says) in [("wrong.json", "schema"), ("absent.json", "absent.json")] {
        let output = serve(dir.path(), &["--schema", file]).output();
        let output = output.expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{file}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(says) && said.lines().count() == 1, "{said}");
    }
}

#[tokio::test]
async fn a_server_can_be_strict_be_a_product_have_a_defect_or_make_another_choice() {
    let dir = folder();
    let upper = json!({"schemas": [PATCH_OP], "Operations": [{"op": "Replace", "path": "title", "value": "x"}]});
    for (flags, patched, groups, own_id) in [
        (vec![], 200, 200, false),
        (vec!["--strict"], 400, 200, false),
        (vec!["--persona", "apidog"], 501, 404, false),
        (vec!["--lawful", "numeric-ids"], 200, 200, true),
        (vec!["--lawful", "patch-204"], 204, 200, false),
        (vec!["--fault", "patch-501"], 501, 200, false),
    ] {
        let server = Served::start(dir.path(), &flags);
        let (status, made) = server.user("amara").await;
        assert_eq!(status, 201, "{flags:?}");
        let id = made["id"].as_str().expect("an id");
        let body = Some(upper.clone());
        let (status, ..) = server
            .send(Method::PATCH, &format!("/Users/{id}"), "", body)
            .await;
        assert_eq!(status, patched, "{flags:?}");
        assert_eq!(server.status("/Groups", "").await, groups, "{flags:?}");
        assert_eq!(id.parse::<u64>().is_ok(), own_id, "{flags:?}");
    }
    for flag in ["--persona", "--fault", "--lawful"] {
        let output = serve(dir.path(), &[flag, "nobody"]).output();
        assert_eq!(output.expect("it starts").status.code(), Some(2), "{flag}");
    }
}

#[tokio::test]
async fn passwords_and_fetched_tokens_let_in() {
    let dir = folder();
    let flags = ["--basic", "amara:secret", "--oauth-client", "app:hush"];
    let mut server = Served::start(dir.path(), &flags);
    let token_url = server.told("tokens are issued at");
    // base64 of `amara:secret`, and of `amara:wrong`.
    for (auth, expected) in [
        ("Basic YW1hcmE6c2VjcmV0", 200),
        ("Basic YW1hcmE6d3Jvbmc=", 401),
        ("Bearer secret", 401),
        ("", 401),
    ] {
        let (status, _, response) = server.send(Method::GET, "/Users", auth, None).await;
        assert_eq!(status, expected, "{auth}");
        let challenged = response.headers().contains_key("www-authenticate");
        assert_eq!(challenged, expected == 401, "{auth}");
    }
    let fetch = async |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id=app&client_secret={secret}");
        let request = server.http.post(&token_url).body(form);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("text");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        (status, body["access_token"].as_str().map(str::to_owned))
    };
    assert_eq!(fetch("wrong").await, (401, None));
    let (status, token) = fetch("hush").await;
    let auth = format!("Bearer {}", token.expect("a token"));
    assert_eq!((status, server.status("/Users", &auth).await), (200, 200));
}

#[tokio::test]
async fn tokens_are_rotated_and_revoked_while_it_runs() {
    let dir = folder();
    let flags = [
        "--token",
        "first",
        "--admin",
        "127.0.0.1:0",
        "--admin-token",
        "master",
    ];
    let mut server = Served::start(dir.path(), &flags);
    let admin = server.told("tokens are managed at");
    let master = "Bearer master";
    let tokens = format!("{admin}/tokens");
    let post =
        async |url: &str, body: Value| server.send(Method::POST, url, master, Some(body)).await;
    assert_eq!(server.status(&tokens, "Bearer first").await, 401);
    assert_eq!(server.status(&tokens, master).await, 200);
    let (status, made, _) = post(&tokens, json!({"label": "ci"})).await;
    assert_eq!(status, 201);
    let old = format!("Bearer {}", made["secret"].as_str().expect("a secret"));
    assert_eq!(server.status("/Users", &old).await, 200);
    let (status, rotated, _) = post(&format!("{tokens}/ci/rotate"), json!({})).await;
    assert_eq!(status, 200);
    let new = format!("Bearer {}", rotated["secret"].as_str().expect("a secret"));
    let seen = async || {
        (
            server.status("/Users", &old).await,
            server.status("/Users", &new).await,
        )
    };
    assert_eq!(seen().await, (401, 200), "rotated");
    let (_, listed, _) = server.send(Method::GET, &tokens, master, None).await;
    let labels: Vec<&Value> = listed["tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|token| &token["label"])
        .collect();
    assert_eq!(labels, [&json!("token-1"), &json!("ci")]);
    let one = format!("{tokens}/ci");
    let (status, ..) = server.send(Method::DELETE, &one, master, None).await;
    assert_eq!(status, 204);
    assert_eq!(seen().await, (401, 401), "revoked");
    assert_eq!(server.status("/Users", "Bearer first").await, 200);
    assert_eq!(
        server.status("/tokens", "Bearer first").await,
        404,
        "tokens are managed on the other listener only"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_in_order_when_it_is_told_to() {
    let dir = folder();
    for signal in ["-INT", "-TERM"] {
        let mut server = Served::start(dir.path(), &[]);
        assert_eq!(server.told("no --token is given:"), "everybody is let in");
        let id = server.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let ended = server.child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0), "{signal}");
    }
}
