//! The same tests over the other store, and what a store must do beyond them.

use std::process::Command;

use scim_reference::Options;
use scim_reference::store::Place;
use serde_json::{Value, json};

use crate::client::{ENTERPRISE, GROUP, OVER_SQLITE, Rig, USER, id};

/// Runs this very program once more, with all servers over SQLite.
#[test]
fn all_tests_hold_over_sqlite() {
    if std::env::var_os(OVER_SQLITE).is_some() {
        return;
    }
    let program = std::env::current_exe().expect("the path of this test");
    let output = Command::new(program)
        .env(OVER_SQLITE, "1")
        .output()
        .expect("the tests run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    // A run that picks up no tests would be green as well.
    let passed = text
        .split("test result: ok. ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(passed.is_some_and(|passed| passed > 40), "{text}");
}

fn over(place: &Place) -> Options {
    Options {
        store: place.clone(),
        ..Options::default()
    }
}

/// Without the second part of entity tags, which covers the locations that are shown and so the
/// port of the server; the first one counts the changes.
fn without_digests(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(without_digests).collect(),
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| match value.as_str() {
                Some(version) if name == "version" => {
                    let count = version.split('.').next().unwrap_or_default();
                    (name, json!(count.trim_end_matches('"')))
                }
                _ => (name, without_digests(value)),
            })
            .collect(),
        other => other,
    }
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Sqlite(folder.path().join("store.db"));
    let rig = Rig::with(over(&place)).await;
    let boss = rig.user("boss", json!({"displayName": "Boss"})).await;
    let gone = rig.user("gone", json!({})).await;
    let report = json!({ENTERPRISE: {"manager": {"value": id(&boss)}}, "emails": [{"value": "a@x.example"}]});
    let amara = rig.user("amara", report).await;
    let inner = rig.group("inner", &[&amara, &gone, &boss]).await;
    let outer = rig.group("outer", &[&inner]).await;
    rig.patch(
        &inner,
        json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(&boss))}]),
    )
    .await
    .is(204);
    rig.patch(
        &inner,
        json!([{"op": "add", "path": "members", "value": [{"value": id(&boss)}]}]),
    )
    .await
    .is(204);
    rig.delete(&gone).await.is(204);
    let paths = [&boss, &amara, &inner, &outer];
    let lists = [
        "/Users",
        "/Groups",
        "/Users?filter=emails.value%20eq%20%22A@x.example%22",
        "/Groups?filter=members.value%20pr",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(rig.get(path).await.is(200));
    }
    for path in lists {
        before.push(rig.get(path).await.is(200));
    }
    let old_base = rig.url("");
    rig.stop().await;

    let rig = Rig::with(over(&place)).await;
    let new_base = rig.url("");
    let all = paths.into_iter().map(String::as_str).chain(lists);
    for (path, old) in all.zip(before) {
        let new = rig.get(path).await.is(200);
        let moved = old.text.replace(&old_base, &new_base);
        let moved = serde_json::from_str(&moved).expect("JSON stays JSON");
        assert_eq!(without_digests(new.body), without_digests(moved), "{path}");
    }
    rig.get(&gone).await.is(404);
    rig.post("/Users", json!({"schemas": [USER], "userName": "AMARA"}))
        .await
        .refused(409, "uniqueness");
    rig.delete(&boss).await.is(204);
    let amara = rig.get(&amara).await.is(200);
    assert!(amara.body.get(ENTERPRISE).is_none(), "{}", amara.text);
}

#[tokio::test]
async fn one_file_has_one_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let place = Place::Sqlite(path.clone());
    let rig = Rig::with(over(&place)).await;
    rig.post("/Groups", json!({"schemas": [GROUP], "displayName": "one"}))
        .await
        .is(201);
    let second = scim_reference::start(over(&place)).await;
    let error = second.err().map(|error| error.to_string());
    assert!(
        error
            .as_deref()
            .is_some_and(|text| text.contains("store.db")),
        "{error:?}"
    );
    rig.stop().await;
    assert!(scim_reference::start(over(&place)).await.is_ok());
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but something dear to somebody").expect("is written");
    let nowhere = folder.path().join("no/such/folder/store.db");
    for path in [&text, &nowhere, &folder.path().to_owned()] {
        let outcome = scim_reference::start(over(&Place::Sqlite(path.clone()))).await;
        assert!(outcome.is_err(), "{}", path.display());
    }
    assert_eq!(
        std::fs::read_to_string(&text).expect("is read"),
        "not a database, but something dear to somebody"
    );
}
