//! What is left behind: nothing, whatever happens; and what can't be removed is listed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scimproof::results::{Outcome, SkipKind, StopReason};
use scimproof::runner::{Event, cleanup};
use serde_json::json;

use crate::TURN_OFF;
use crate::fake::{Fake, error, right};
use crate::play::{Setup, client, play, play_with};

#[tokio::test]
async fn an_interrupted_run_removes_what_it_made() {
    let many: String = (0..10)
        .map(|i| TURN_OFF.replace("- id: off\n    title", &format!("- id: off-{i}\n    title")))
        .collect();
    let fake = Fake::right().await;
    let run = play_with(
        &fake.server.uri(),
        &many,
        &Setup {
            jobs: 2,
            ..Setup::default()
        },
        |event| matches!(event, Event::CaseFinished { .. }),
    )
    .await;
    assert_eq!(
        run.stop.map(|stop| stop.reason),
        Some(StopReason::Interrupted)
    );
    assert!(
        fake.store().resources.is_empty(),
        "{:?}",
        fake.store().resources
    );
    let unreached = run
        .cases
        .iter()
        .filter(|case| case.skip == Some(SkipKind::Unreached))
        .count();
    assert!(
        unreached > 0 && run.cases.len() == 10,
        "{unreached} of {}",
        run.cases.len()
    );
}

#[tokio::test]
async fn a_resource_whose_answer_was_lost_is_found_by_its_name() {
    let fake = Fake::with(|asked, store| {
        asked.is("POST", "/Users").then(|| {
            right(asked, store);
            error(500)
        })
    })
    .await;
    let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
    assert_eq!(run.cases[0].outcome, Outcome::Failed);
    assert!(fake.store().resources.is_empty());
    assert!(run.leftovers.is_empty(), "{:?}", run.leftovers);
}

#[tokio::test]
async fn what_delete_refuses_is_deactivated_and_listed() {
    for put_only in [false, true] {
        let fake = Fake::with(move |asked, _| {
            (asked.is("DELETE", "/") || put_only && asked.is("PATCH", "/")).then(|| error(405))
        })
        .await;
        let cases = TURN_OFF
            .replace("\"active\": false", "\"displayName\": \"Bo\"")
            .replace(
                "changes: { user: { active: false } }",
                "changes: { user: { displayName: Bo } }",
            );
        let run = play(&fake.server.uri(), &cases, &Setup::default()).await;
        assert_eq!(
            run.leftovers,
            ["/Users/id-1 (DELETE answered 405; deactivated)"]
        );
        assert_eq!(
            fake.store().resources["/Users/id-1"]["active"],
            json!(false)
        );
    }
}

#[tokio::test]
async fn a_delete_that_only_says_so_is_not_believed() {
    let fake = Fake::with(|asked, _| {
        asked
            .is("DELETE", "/")
            .then(|| crate::fake::answer(204, &json!(null)))
    })
    .await;
    let cases = format!(
        "{TURN_OFF}{}",
        TURN_OFF.replace("- id: off\n    title", "- id: again\n    title")
    );
    let run = play(&fake.server.uri(), &cases, &Setup::default()).await;
    assert_eq!(run.leftovers.len(), 2, "{:?}", run.leftovers);
    assert!(
        fake.store()
            .resources
            .values()
            .all(|resource| resource["active"] == json!(false))
    );
}

#[tokio::test]
async fn a_delete_that_stumbles_is_tried_again() {
    let fake = Fake::with(|asked, store| {
        (asked.is("DELETE", "/") && store.counter < 2).then(|| {
            store.counter += 1;
            error(503)
        })
    })
    .await;
    let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
    assert!(run.leftovers.is_empty(), "{:?}", run.leftovers);
    assert!(fake.store().resources.is_empty());
}

#[tokio::test]
async fn cleanup_finishes_from_the_journal() {
    let state = tempfile::tempdir().expect("a folder");
    let fake = Fake::right().await;
    let setup = Setup {
        keep: true,
        state_dir: Some(state.path().to_owned()),
        ..Setup::default()
    };
    let cases = TURN_OFF.replace(
        "given: { user: okta/user }",
        "given: { user: okta/user, team: okta/group }",
    );
    play(&fake.server.uri(), &cases, &setup).await;
    assert_eq!(fake.store().resources.len(), 2, "--keep keeps");
    let theirs = json!({"id": "7", "userName": "grace@example.org"});
    fake.store()
        .resources
        .insert("/Users/7".to_owned(), theirs.clone());

    let client = client(&fake.server.uri());
    let done = cleanup(&client, state.path(), None)
        .await
        .expect("the journal can be read");
    assert_eq!((done.runs, done.removed.len(), done.left.len()), (1, 2, 0));
    assert_eq!(
        fake.store().resources.values().collect::<Vec<_>>(),
        [&theirs]
    );
    let again = cleanup(&client, state.path(), None)
        .await
        .expect("the journal can be read");
    assert_eq!(again.runs, 0);
}

#[tokio::test]
async fn a_run_that_left_nothing_leaves_no_journal() {
    let state = tempfile::tempdir().expect("a folder");
    let fake = Fake::right().await;
    let setup = Setup {
        state_dir: Some(state.path().to_owned()),
        ..Setup::default()
    };
    play(&fake.server.uri(), TURN_OFF, &setup).await;
    let client = client(&fake.server.uri());
    assert_eq!(
        cleanup(&client, state.path(), None)
            .await
            .expect("reads")
            .runs,
        0
    );
}

#[tokio::test]
async fn what_carries_no_name_of_the_run_is_left_and_listed() {
    let cases = r#"
  - id: nameless
    title: a body that should be refused
    steps:
      - { id: post, send: POST /Users, body: {"userName": ""}, expect: { status: 400 } }
"#;
    let fake = Fake::right().await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(run.leftovers.len(), 1);
    assert!(
        run.leftovers[0].starts_with("/Users/id-1 ("),
        "{:?}",
        run.leftovers
    );
    assert_eq!(
        fake.store().count("DELETE"),
        0,
        "nothing proves that it is ours"
    );
}

#[tokio::test]
async fn cleanup_finds_by_name_what_a_kill_left_without_an_id() {
    let state = tempfile::tempdir().expect("a folder");
    let fake = Fake::right().await;
    let setup = Setup {
        keep: true,
        state_dir: Some(state.path().to_owned()),
        ..Setup::default()
    };
    play(&fake.server.uri(), TURN_OFF, &setup).await;
    // The kill came before the answer: the line with the id never was written, the one before is torn.
    let folder = std::fs::read_dir(state.path())
        .expect("reads")
        .next()
        .expect("one")
        .expect("reads")
        .path();
    let journal = std::fs::read_dir(folder)
        .expect("reads")
        .next()
        .expect("one")
        .expect("reads")
        .path();
    let text = std::fs::read_to_string(&journal).expect("reads");
    let sent = text.lines().take(2).collect::<Vec<_>>().join("\n");
    std::fs::write(&journal, format!("{sent}\n{{\"event\":\"ma")).expect("writes");

    let done = cleanup(&client(&fake.server.uri()), state.path(), None)
        .await
        .expect("reads");
    assert_eq!((done.removed.len(), done.left.len()), (1, 0), "{done:?}");
    assert!(fake.store().resources.is_empty());
}

#[tokio::test]
async fn cleanup_knows_what_a_step_renamed_and_believes_no_delete() {
    for lies in [false, true] {
        let state = tempfile::tempdir().expect("a folder");
        let fake = Fake::with(move |asked, _| {
            (lies && asked.is("DELETE", "/")).then(|| crate::fake::answer(204, &json!(null)))
        })
        .await;
        let setup = Setup {
            keep: true,
            state_dir: Some(state.path().to_owned()),
            ..Setup::default()
        };
        let cases = TURN_OFF
            .replace(
                r#"{"active": false}"#,
                r#"{"userName": "{{unique.new}}@example.com"}"#,
            )
            .replace(
                "{ active: false }",
                r#"{ userName: "{{unique.new}}@example.com" }"#,
            );
        play(&fake.server.uri(), &cases, &setup).await;
        let client = client(&fake.server.uri());
        let done = cleanup(&client, state.path(), None)
            .await
            .expect("the journal can be read");
        if lies {
            assert_eq!(
                done.left,
                ["/Users/id-1 (still there after DELETE; deactivated)"]
            );
            assert_eq!(
                fake.store().resources["/Users/id-1"]["active"],
                json!(false)
            );
        } else {
            assert_eq!((done.removed.len(), done.left.len()), (1, 0), "{done:?}");
            assert!(fake.store().resources.is_empty());
        }
    }
}

#[tokio::test]
async fn cleanup_says_when_the_credential_is_refused() {
    let state = tempfile::tempdir().expect("a folder");
    let closed = Arc::new(AtomicBool::new(false));
    let door = Arc::clone(&closed);
    let fake = Fake::with(move |_, _| door.load(Ordering::SeqCst).then(|| error(401))).await;
    let setup = Setup {
        keep: true,
        state_dir: Some(state.path().to_owned()),
        ..Setup::default()
    };
    play(&fake.server.uri(), TURN_OFF, &setup).await;
    closed.store(true, Ordering::SeqCst);
    let done = cleanup(&client(&fake.server.uri()), state.path(), None)
        .await
        .expect("the journal can be read");
    assert!(done.unreachable.is_some(), "{done:?}");
    assert_eq!(done.left.len(), 1, "{done:?}");
}
