//! The audit: what it says of requests, good and bad.

use std::path::PathBuf;

use scim_reference::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{ENTERPRISE, GROUP, PATCH_OP, Rig, USER, id};

const SCIM: (&str, &str) = ("Content-Type", "application/scim+json");
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

struct Audited {
    rig: Rig,
    file: PathBuf,
    _folder: TempDir,
}

impl Audited {
    async fn new(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("audit.jsonl");
        let rig = Rig::with(Options {
            audit: Some(file.clone()),
            ..options
        })
        .await;
        Self {
            rig,
            file,
            _folder: folder,
        }
    }

    /// The last line, which must be one of JSON.
    fn last(&self) -> Value {
        let text = std::fs::read_to_string(&self.file).expect("there is a file");
        assert!(text.ends_with('\n'));
        serde_json::from_str(text.lines().last().expect("there is a line")).expect("it is JSON")
    }

    /// Sends a request and gives its problems as `level code at`.
    async fn problems(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Vec<String> {
        let body = body.map(|body| {
            body.as_str()
                .map_or_else(|| body.to_string(), str::to_owned)
        });
        self.rig.send(method, path, headers, body).await;
        let line = self.last();
        assert_eq!(line["method"], method);
        let problems = line["problems"].as_array().cloned().unwrap_or_default();
        let text = |problem: &Value, name: &str| {
            let text = problem[name].as_str().unwrap_or_default().to_owned();
            assert!(!text.is_empty(), "{problem} has no {name}");
            text
        };
        problems
            .iter()
            .map(|problem| {
                text(problem, "says");
                text(problem, "rule");
                let part = |name| text(problem, name);
                format!("{} {} {}", part("level"), part("code"), part("at"))
            })
            .collect()
    }
}

fn patch(operations: Value) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

#[tokio::test]
async fn nothing_is_said_of_good_requests() {
    let audited = Audited::new(Options::default()).await;
    let boss = audited.rig.user("boss", json!({})).await;
    let group = audited.rig.group("crew", &[&boss]).await;
    let user = json!({
        "schemas": [USER, ENTERPRISE], "userName": "amara", "NICKNAME": "A", "active": true,
        "name": {"givenName": "Amara"}, "emails": [{"value": "a@x.example", "type": "work", "primary": true}],
        ENTERPRISE: {"department": "x", "manager": {"value": id(&boss)}},
    });
    let members = json!([{"value": id(&boss)}]);
    for (method, path, body) in [
        ("POST", "/Users", Some(user)),
        (
            "GET",
            "/Users?filter=userName%20eq%20%22amara%22%20and%20(emails%20co%20%22x%22)&count=10&startIndex=1",
            None,
        ),
        (
            "GET",
            "/Users?attributes=userName,name.givenName,emails.value&sortBy=meta.created&sortOrder=descending",
            None,
        ),
        ("GET", boss.as_str(), None),
        ("GET", "/ServiceProviderConfig", None),
        (
            "PUT",
            boss.as_str(),
            Some(json!({"schemas": [USER], "userName": "boss"})),
        ),
        (
            "PATCH",
            boss.as_str(),
            Some(patch(json!([
                {"op": "replace", "path": "active", "value": false},
                {"op": "add", "path": "emails", "value": {"value": "b@x.example", "type": "work"}},
                {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "c@x.example"},
                {"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "d@x.example"}},
                {"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "x"},
                {"op": "replace", "value": {"nickName": "B", "name": {"familyName": "C"}, ENTERPRISE: {"division": "y"}}},
                {"op": "remove", "path": "emails[type eq \"work\"]"},
            ]))),
        ),
        (
            "PATCH",
            group.as_str(),
            Some(patch(json!([
                {"op": "remove", "path": format!("members[value eq \"{}\"]", id(&boss))},
                {"op": "add", "path": "members", "value": members},
            ]))),
        ),
        (
            "POST",
            "/Users/.search",
            Some(json!({"schemas": [SEARCH], "filter": "userName pr", "count": 1})),
        ),
        (
            "POST",
            "/Bulk",
            Some(json!({"schemas": [BULK], "failOnErrors": 1, "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER], "userName": "bulky"}},
                {"method": "POST", "path": "/Groups", "bulkId": "g",
                 "data": {"schemas": [GROUP], "displayName": "bulk", "members": [{"value": "bulkId:u"}]}},
            ]})),
        ),
        ("DELETE", boss.as_str(), None),
    ] {
        let headers: &[_] = if body.is_some() { &[SCIM] } else { &[] };
        let problems = audited.problems(method, path, headers, body).await;
        assert!(problems.is_empty(), "{method} {path}: {problems:?}");
        let status = audited.last()["status"].as_u64().unwrap_or_default();
        assert!((200..300).contains(&status), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn every_mistake_is_named() {
    let audited = Audited::new(Options::default()).await;
    let user = audited.rig.user("amara", json!({})).await;
    let group = audited.rig.group("crew", &[]).await;
    let one = |operation: Value| Some(patch(json!([operation])));
    let plain = |more: Value| {
        let mut body = json!({"schemas": [USER], "userName": "x"});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        Some(body)
    };
    let op = "body Operations[0]";
    let (u, g) = (user.as_str(), group.as_str());
    let cases: Vec<(&str, &str, Option<Value>, Vec<String>)> = vec![
        (
            "POST",
            "/Users",
            plain(json!({"userName": "first", "nickname2": "x"})),
            vec!["error unknown-attribute body nickname2".into()],
        ),
        (
            "POST",
            "/Users",
            plain(json!({"userName": "y", "department": "x"})),
            vec!["error unknown-attribute body department".into()],
        ),
        (
            "PUT",
            u,
            plain(json!({"id": "1", "emails": [{"adress": "x"}]})),
            vec![
                "hint read-only body id".into(),
                "error unknown-attribute body emails[0].adress".into(),
            ],
        ),
        (
            "PUT",
            u,
            plain(json!({"active": "True"})),
            vec!["error wrong-type body active".into()],
        ),
        (
            "PUT",
            u,
            plain(json!({ENTERPRISE: {"costCentre": "x"}})),
            vec![
                "error schemas-missing body schemas".into(),
                format!("error unknown-attribute body {ENTERPRISE}:costCentre"),
            ],
        ),
        (
            "PUT",
            u,
            plain(
                json!({"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": "nobody"}}}),
            ),
            vec!["hint unknown-id body manager".into()],
        ),
        (
            "PUT",
            u,
            plain(
                json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
            ),
            vec!["error primary body emails".into()],
        ),
        (
            "POST",
            "/Users",
            Some(json!({"userName": "z"})),
            vec!["error schemas-missing body schemas".into()],
        ),
        (
            "POST",
            "/Users",
            Some(json!({"schemas": [USER, "urn:x:y"], "userName": "z"})),
            vec!["error schemas-unknown body schemas".into()],
        ),
        (
            "POST",
            "/Users",
            plain(json!({"userName": "FIRST"})),
            vec!["error refused status 409".into()],
        ),
        (
            "POST",
            "/Users",
            Some(json!("{")),
            vec!["error not-json body".into()],
        ),
        (
            "POST",
            "/Users",
            Some(json!([])),
            vec!["error not-an-object body".into()],
        ),
        (
            "POST",
            "/Groups",
            Some(
                json!({"schemas": [GROUP], "displayName": "y", "members": [{"value": "nobody"}, {}]}),
            ),
            vec![
                "error unknown-id body members[0]".into(),
                "error value-missing body members[1]".into(),
            ],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "Replace", "path": "active", "value": false})),
            vec![format!("error op-case {op}.op")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "set", "path": "active", "value": false})),
            vec![format!("error op {op}.op")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "path": "active"})),
            vec![format!("error value-missing {op}")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "path": "active", "value": "False"})),
            vec![format!("error wrong-type {op}.value")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "path": "emails[type eq work].value", "value": "x"})),
            vec![format!("error path-syntax {op}.path")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "add", "path": "emails[kind eq \"x\"]", "value": {"value": "x"}})),
            vec![format!("error filter {op}.path")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "add", "path": "name.middle", "value": "x"})),
            vec![format!("error unknown-attribute {op}.path")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "path": "meta.created", "value": "x"})),
            vec![format!("error read-only {op}.path")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "value": {"name.givenName": "x"}})),
            vec![format!("error unknown-attribute {op}.value.name.givenName")],
        ),
        (
            "PATCH",
            u,
            one(json!({"op": "replace", "value": "x"})),
            vec![format!("error wrong-type {op}.value")],
        ),
        (
            "PATCH",
            u,
            Some(
                json!({"Operations": [{"op": "replace", "path": "active", "value": true, "id": 1}], "id": 2}),
            ),
            vec![
                "error schemas-missing body schemas".into(),
                "hint unknown-member body id".into(),
                format!("hint unknown-member {op}.id"),
            ],
        ),
        (
            "PATCH",
            u,
            Some(patch(json!([]))),
            vec!["error operations body Operations".into()],
        ),
        (
            "PATCH",
            g,
            one(json!({"op": "remove", "path": "members", "value": [{"value": id(u)}]})),
            vec![format!("error value-unused {op}.value")],
        ),
        (
            "PATCH",
            g,
            one(json!({"op": "add", "path": "members", "value": [{"value": "nobody"}]})),
            vec![format!("error unknown-id {op}.value[0]")],
        ),
        (
            "PATCH",
            g,
            one(json!({"op": "remove"})),
            vec![format!("error path-missing {op}")],
        ),
        (
            "GET",
            "/Users?filter=userName%20is%20%22x%22",
            None,
            vec!["error filter-syntax query filter".into()],
        ),
        (
            "GET",
            "/Users?filter=user%20eq%20%22x%22",
            None,
            vec!["error filter query filter".into()],
        ),
        (
            "GET",
            "/Users?attributes=userName,nick",
            None,
            vec!["error unknown-attribute query attributes".into()],
        ),
        (
            "GET",
            "/Users?startindex=2&page=1",
            None,
            vec![
                "hint unknown-parameter query startindex".into(),
                "hint unknown-parameter query page".into(),
            ],
        ),
        (
            "GET",
            "/Users?count=many",
            None,
            vec!["error parameter query".into()],
        ),
        (
            "GET",
            "/Users?startIndex=0",
            None,
            vec!["hint parameter query startIndex".into()],
        ),
        (
            "GET",
            "/Users/nobody",
            None,
            vec!["error unknown-id path".into()],
        ),
        ("GET", "/User", None, vec!["error no-endpoint path".into()]),
        (
            "GET",
            "/Users/",
            None,
            vec!["hint double-slash path".into()],
        ),
        (
            "PUT",
            "/Users",
            plain(json!({})),
            vec!["error method method".into()],
        ),
        (
            "POST",
            "/Users/.search",
            Some(json!({"schemas": [SEARCH], "filter": "userName eq", "limit": 1})),
            vec![
                "hint unknown-member body limit".into(),
                "error filter-syntax body filter".into(),
            ],
        ),
        (
            "POST",
            "/Bulk",
            Some(json!({"schemas": [BULK], "Operations": [
                {"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": "q", "nick": 1}},
                {"method": "DELETE", "path": "/Users"},
            ]})),
            vec![
                "error bulk-id body Operations[0]".into(),
                "error unknown-attribute body Operations[0].data nick".into(),
                "error no-endpoint body Operations[1].path".into(),
            ],
        ),
    ];
    for (method, path, body, expected) in cases {
        let said = body.as_ref().map(Value::to_string).unwrap_or_default();
        let headers: &[_] = if body.is_some() { &[SCIM] } else { &[] };
        let problems = audited.problems(method, path, headers, body).await;
        assert_eq!(problems, expected, "{method} {path} {said}");
    }
    let body = plain(json!({"userName": "another"}));
    let problems = audited
        .problems("POST", "/Users", &[("Content-Type", "text/plain")], body)
        .await;
    assert_eq!(problems, ["error media-type header Content-Type"]);
}

#[tokio::test]
async fn a_line_says_who_asked_for_what_and_keeps_secrets() {
    let audited = Audited::new(Options {
        tokens: vec!["hush-token".to_owned()],
        ..Options::default()
    })
    .await;
    let good = ("Authorization", "Bearer hush-token");
    let body = json!({"schemas": [USER], "userName": "amara", "password": "hush-password"});
    let problems = audited
        .problems(
            "POST",
            "/Users",
            &[good, SCIM, ("User-Agent", "mine/1")],
            Some(body),
        )
        .await;
    assert!(problems.is_empty(), "{problems:?}");
    let line = audited.last();
    assert_eq!(line["client"], "token-1");
    assert_eq!(line["agent"], "mine/1");
    assert_eq!(line["path"], "/scim/v2/Users");
    assert_eq!(line["status"], 201);
    let problems = audited.problems("GET", "/Users?count=1", &[], None).await;
    assert_eq!(problems, ["error credentials header Authorization"]);
    assert_eq!(audited.last()["query"], "count=1");
    let text = std::fs::read_to_string(&audited.file).expect("there is a file");
    assert!(!text.contains("hush"), "{text}");
    assert_eq!(text.lines().count(), 2);
}
