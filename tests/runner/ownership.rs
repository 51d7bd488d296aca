//! Nothing that the run did not make is ever written on, and nothing about people is recorded.

use scimproof::results::{Collected, Outcome};
use serde_json::{Value, json};

use crate::TURN_OFF;
use crate::fake::{Fake, answer, right};
use crate::play::{Setup, check, outcomes, play};

fn stranger() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "7", "userName": "grace.hopper@example.org",
           "displayName": "Grace Hopper", "active": true})
}

/// Everything that a report could be made of.
fn recorded(run: &Collected) -> String {
    let cases = serde_json::to_string(&run.cases).expect("serializes");
    let rules = serde_json::to_string(&run.rules).expect("serializes");
    format!("{cases}{rules}{:?}", run.leftovers)
}

fn untouched(fake: &Fake, run: &Collected) {
    let store = fake.store();
    assert_eq!(
        store.resources.get("/Users/7"),
        Some(&stranger()),
        "{:?}",
        store.log
    );
    let writes: Vec<&String> = store
        .log
        .iter()
        .filter(|line| {
            !line.starts_with("GET") && (line.ends_with("/Users/7") || line.ends_with("/Users"))
        })
        .filter(|line| !line.starts_with("POST"))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    let text = recorded(run);
    for private in ["grace.hopper", "Grace Hopper"] {
        assert!(!text.contains(private), "{private} is in the record");
    }
}

#[tokio::test]
async fn an_id_that_is_a_strangers_is_never_written_on() {
    // The server makes the resource, and answers with somebody else's id, with or without their data.
    for shown in [json!({"id": "7"}), stranger()] {
        let fake = Fake::with(move |asked, store| {
            store
                .resources
                .entry("/Users/7".to_owned())
                .or_insert_with(stranger);
            asked.is("POST", "/Users").then(|| {
                right(asked, store);
                answer(201, &shown)
            })
        })
        .await;
        let run = play(
            &fake.server.uri(),
            TURN_OFF,
            &Setup {
                repeat: true,
                ..Setup::default()
            },
        )
        .await;
        let case = &run.cases[0];
        assert_eq!(
            outcomes(case),
            [
                ("given.user", Outcome::Passed),
                ("given.user.read", Outcome::Failed),
                ("off.status", Outcome::Errored)
            ]
        );
        assert_eq!(
            check(case, "off.status").cause.as_deref(),
            Some("test/suite/off#given.user.read")
        );
        untouched(&fake, &run);
        assert_eq!(
            fake.store().resources.len(),
            1,
            "what was made is found by its name and removed"
        );
    }
}

#[tokio::test]
async fn a_step_that_makes_a_resource_is_guarded_alike() {
    let cases = r#"
  - id: make
    title: made in a step
    steps:
      - { id: create, send: POST /Users, makes: user, body: {"userName": "{{unique.a}}"}, expect: { status: 201 } }
      - { id: remove, send: "DELETE /Users/{{user.id}}", expect: { status: 204 } }
"#;
    let fake = Fake::with(|asked, store| {
        store
            .resources
            .entry("/Users/7".to_owned())
            .or_insert_with(stranger);
        asked.is("POST", "/Users").then(|| answer(201, &stranger()))
    })
    .await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(
        outcomes(&run.cases[0]),
        [
            ("create.status", Outcome::Passed),
            ("create.state.read", Outcome::Failed),
            ("remove.status", Outcome::Errored)
        ]
    );
    untouched(&fake, &run);
}

#[tokio::test]
async fn ids_that_lead_elsewhere_are_a_finding_and_never_requested() {
    for id in [
        json!(""),
        json!(".."),
        json!("."),
        json!("%2e%2e"),
        json!("/"),
        json!(null),
        json!([1]),
    ] {
        let shown = id.clone();
        let fake = Fake::with(move |asked, _| {
            asked.is("POST", "/Users").then(|| {
                answer(
                    201,
                    &json!({"id": shown, "userName": asked.body["userName"]}),
                )
            })
        })
        .await;
        let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
        assert_eq!(
            check(&run.cases[0], "given.user").outcome,
            Outcome::Failed,
            "{id}"
        );
        let store = fake.store();
        // Only the search for what the POST may have made.
        assert!(
            store
                .log
                .iter()
                .all(|line| line == "POST /Users" || line == "GET /Users"),
            "{id}: {:?}",
            store.log
        );
    }
}

#[tokio::test]
async fn lists_say_nothing_about_strangers() {
    let cases = r#"
  - id: list
    title: a list
    given: { user: okta/user }
    steps:
      - { id: all, send: GET /Users, expect: { status: 200, list: { has: [user], each: { active: false } } } }
      - { id: ignored, send: "GET /Users?filter=userName%20eq%20%22{{user.userName}}%22", expect: { list: { only: [user] } } }
"#;
    let fake = Fake::with(|asked, store| {
        store
            .resources
            .entry("/Users/7".to_owned())
            .or_insert_with(stranger);
        // The filter is ignored.
        (asked.method == "GET" && asked.path == "/Users").then(|| {
            let bare = crate::fake::Asked {
                method: "GET",
                path: "/Users".into(),
                query: Default::default(),
                body: Value::Null,
            };
            right(&bare, store)
        })
    })
    .await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(
        check(&run.cases[0], "ignored.list").outcome,
        Outcome::Failed
    );
    untouched(&fake, &run);
    let list = run.cases[0]
        .exchanges
        .iter()
        .find(|e| e.step == "all")
        .and_then(|e| e.json())
        .expect("recorded");
    assert_eq!(list["Resources"][0], json!({"id": "7"}));
    assert_eq!(list["totalResults"], json!(2));
    assert!(
        list["Resources"][1]["userName"].is_string(),
        "our own is kept"
    );
}

#[tokio::test]
async fn made_up_ids_are_written_on_only_where_nobody_is() {
    let cases = r#"
  - id: nobody
    title: a write on nobody
    steps:
      - { id: off, send: "PATCH /Users/{{guid}}", body: {"Operations": []}, expect: { status: 404 } }
  - id: somebody
    title: a write on an id that turns out to be somebody's
    steps:
      - { id: off, send: PATCH /Users/7, body: {"Operations": []}, expect: { status: 404 } }
"#;
    let fake = Fake::with(|_, store| {
        store
            .resources
            .entry("/Users/7".to_owned())
            .or_insert_with(stranger);
        None
    })
    .await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    let of = |at: usize| check(&run.cases[at], "off.status").outcome;
    assert_eq!((of(0), of(1)), (Outcome::Passed, Outcome::Errored));
    untouched(&fake, &run);
    assert_eq!(fake.store().count("PATCH"), 1);
    assert_eq!(fake.store().count("DELETE"), 0);
}

#[tokio::test]
async fn an_id_that_was_given_to_somebody_else_is_left_alone() {
    // After our DELETE the store gives the id to a stranger, as counters that reuse ids do.
    let cases = r#"
  - id: twice
    title: deleted twice
    given: { user: okta/user }
    steps:
      - { id: once, send: "DELETE /Users/{{user.id}}", expect: { status: 204 } }
      - { id: twice, send: "DELETE /Users/{{user.id}}", expect: { status: 404 } }
"#;
    let fake = Fake::with(|asked, store| {
        if !asked.is("DELETE", "/Users/") {
            return None;
        }
        let mut theirs = stranger();
        theirs["id"] = json!(asked.id());
        store.resources.insert(asked.path.clone(), theirs);
        Some(answer(204, &Value::Null))
    })
    .await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(
        check(&run.cases[0], "twice.status").outcome,
        Outcome::Errored
    );
    assert_eq!(fake.store().count("DELETE"), 1, "{:?}", fake.store().log);
    assert!(!recorded(&run).contains("Grace Hopper"));
}
