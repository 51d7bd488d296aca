//! What the probe makes of a target, and of what is none.

use scimproof::results::Policy;
use scimproof::runner::probe;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::fake::{Asked, Fake, Store, answer, error};
use crate::play::client;

fn discovery(asked: &Asked<'_>, _: &mut Store) -> Option<ResponseTemplate> {
    let list = |resources: Value| {
        answer(
            200,
            &json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": resources}),
        )
    };
    match asked.path.as_str() {
        "/ServiceProviderConfig" => Some(answer(
            200,
            &json!({"patch": {"supported": true}, "bulk": {"supported": false}, "filter": {"supported": "true"},
                    "etag": {"supported": false}, "sort": {}}),
        )),
        "/ResourceTypes" => Some(list(json!([
            {"id": "User", "endpoint": "/Users", "schemaExtensions": [{"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}]},
            {"id": "Group", "endpoint": "https://h/scim/Groups"}
        ]))),
        "/Schemas" => Some(list(json!([]))),
        _ => None,
    }
}

#[tokio::test]
async fn capabilities_come_from_gets_alone() {
    let fake = Fake::with(discovery).await;
    fake.store()
        .resources
        .insert("/Users/1".into(), json!({"id": "1", "userName": "grace"}));
    let found = probe(&client(&fake.server.uri()), Policy::default(), None, None)
        .await
        .expect("testable");
    let wanted = [
        ("bulk", false),
        ("bulk-limit", false),
        ("contains", true),
        ("cursor", false),
        ("enterprise", true),
        ("etag", false),
        ("filter", true),
        ("groups", true),
        ("index", true),
        ("me", false),
        ("patch", true),
        ("search", true),
    ];
    let got: Vec<(&str, bool)> = found
        .facts
        .capabilities
        .iter()
        .map(|(name, has)| (name.as_str(), *has))
        .collect();
    assert_eq!(got, wanted);
    assert_eq!(found.facts.existing_users, Some(1));
    assert!(fake.store().log.iter().all(|line| line.starts_with("GET ")));
}

#[tokio::test]
async fn what_is_not_declared_is_not_made_up() {
    let fake = Fake::right().await;
    let found = probe(&client(&fake.server.uri()), Policy::default(), None, None)
        .await
        .expect("testable");
    assert!(!found.facts.capabilities.contains_key("patch"));
    assert_eq!(
        found.facts.capabilities.get("groups"),
        Some(&true),
        "found by looking"
    );
    assert!(
        found
            .facts
            .notes
            .iter()
            .any(|note| note.contains("/ServiceProviderConfig")),
        "{:?}",
        found.facts.notes
    );
}

type Twist = fn(&Asked<'_>, &mut Store) -> Option<ResponseTemplate>;

#[tokio::test]
async fn what_cannot_be_tested_is_said_in_a_sentence() {
    let table: [(Twist, &str); 8] = [
        (|_, _| Some(error(401)), "401"),
        (|_, _| Some(error(403)), "403"),
        (|_, _| Some(error(404)), "/scim/v2"),
        (|_, _| Some(error(503)), "503"),
        (
            |_, _| {
                Some(ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html>", "text/html"))
            },
            "HTML",
        ),
        (
            |_, _| Some(ResponseTemplate::new(403).set_body_raw("<html>blocked", "text/html")),
            "proxy",
        ),
        (
            |_, _| Some(ResponseTemplate::new(200).set_body_raw("hello", "text/plain")),
            "JSON",
        ),
        (
            |_, _| {
                Some(
                    ResponseTemplate::new(301)
                        .insert_header("Location", "https://h.example/v2/Users"),
                )
            },
            "https://h.example/v2/Users",
        ),
    ];
    for (twist, part) in table {
        let fake = Fake::with(twist).await;
        let stop = probe(&client(&fake.server.uri()), Policy::default(), None, None)
            .await
            .expect_err(part);
        assert!(stop.message.contains(part), "{part}: {}", stop.message);
        assert!(fake.store().log.iter().all(|line| line.starts_with("GET ")));
    }
}

#[tokio::test]
async fn a_base_without_its_version_is_recognised() {
    let fake = Fake::with(|asked, store| {
        if asked.path == "/v2/ServiceProviderConfig" {
            let right = Asked {
                method: "GET",
                path: "/ServiceProviderConfig".into(),
                query: Default::default(),
                body: Value::Null,
            };
            return discovery(&right, store);
        }
        Some(error(404))
    })
    .await;
    let stop = probe(&client(&fake.server.uri()), Policy::default(), None, None)
        .await
        .expect_err("no base");
    assert!(
        stop.message
            .contains(&format!("try {}/scim/v2.", fake.server.uri())),
        "{}",
        stop.message
    );
}

#[tokio::test]
async fn a_dead_port_is_said_to_be_one() {
    // Port 1 is reserved and nobody listens there.
    let stop = probe(&client("http://127.0.0.1:1"), Policy::default(), None, None)
        .await
        .expect_err("nobody is there");
    assert!(stop.message.contains("127.0.0.1:1"), "{}", stop.message);
}

#[tokio::test]
async fn a_broken_server_is_tested_all_the_same() {
    for twist in [
        (|asked: &Asked<'_>, _: &mut Store| (asked.path == "/Users").then(|| error(500))) as Twist,
        |asked, _| (asked.path == "/Users").then(|| answer(200, &json!([]))),
        |asked, _| (asked.path != "/Users").then(|| error(404)),
    ] {
        let fake =
            Fake::with(move |asked, store| twist(asked, store).or_else(|| discovery(asked, store)))
                .await;
        probe(&client(&fake.server.uri()), Policy::default(), None, None)
            .await
            .expect("testable");
    }
}

/// A page at /Users is a defect to report where the discovery endpoints speak SCIM: the base URL is right.
#[tokio::test]
async fn a_page_at_users_is_no_wrong_address_where_discovery_speaks_scim() {
    let page = |asked: &Asked<'_>, store: &mut Store| {
        if asked.path == "/Users" {
            Some(ResponseTemplate::new(500).set_body_raw("<!doctype html><p>oops", "text/html"))
        } else {
            discovery(asked, store)
        }
    };
    let fake = Fake::with(page).await;
    let found = probe(&client(&fake.server.uri()), Policy::default(), None, None)
        .await
        .expect("testable");
    assert!(
        found.facts.notes.iter().any(|note| note.contains("500")),
        "{:?}",
        found.facts.notes
    );
}
