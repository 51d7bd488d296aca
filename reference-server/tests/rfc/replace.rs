//! Replacement (RFC 7644 section 3.5.1).

use serde_json::json;

use crate::client::{ENTERPRISE, Rig, USER, id};

#[tokio::test]
async fn the_servers_own_answer_can_be_put_back() {
    for rig in [Rig::new().await, Rig::strict().await] {
        let boss = rig.user("boss", json!({})).await;
        let more = json!({"name": {"givenName": "Amara"}, "emails": [{"value": "a@b.c", "type": "work"}], ENTERPRISE: {"manager": {"value": id(&boss)}}});
        let path = rig.user("amara", more).await;
        rig.group("Ops", &[&path]).await;
        let before = rig.get(&path).await.body;
        let after = rig.put(&path, before.clone()).await.is(200).body;
        assert_eq!(
            after, before,
            "nothing was changed, so nothing changes, lastModified included"
        );
        let mut changed = before.clone();
        changed["active"] = json!(false);
        changed["id"] = json!("another");
        let after = rig.put(&path, changed).await.is(200).body;
        assert_eq!(after["id"], before["id"]);
        assert_eq!(after["active"], json!(false));
        assert_eq!(after["groups"], before["groups"]);
        assert_eq!(after["meta"]["created"], before["meta"]["created"]);
        assert_ne!(
            after["meta"]["lastModified"],
            before["meta"]["lastModified"]
        );
        assert_ne!(after["meta"]["version"], before["meta"]["version"]);
    }
}

#[tokio::test]
async fn what_is_left_out_is_cleared_but_not_who_is_locked_out() {
    let rig = Rig::new().await;
    let path = rig
        .user(
            "amara",
            json!({"active": false, "title": "Dr", ENTERPRISE: {"department": "Ops"}}),
        )
        .await;
    let body = rig
        .put(&path, json!({"schemas": [USER], "userName": "amara"}))
        .await
        .is(200)
        .body;
    assert!(body.get("title").is_none() && body.get(ENTERPRISE).is_none());
    assert_eq!(body["schemas"], json!([USER]));
    assert_eq!(
        body["active"],
        json!(false),
        "a replacement that does not speak of it does not let anybody in"
    );
    let body = rig
        .put(
            &path,
            json!({"schemas": [USER], "userName": "amara", "active": null}),
        )
        .await
        .is(200)
        .body;
    assert!(body.get("active").is_none(), "null is spoken of");
}

#[tokio::test]
async fn a_replacement_is_refused_as_a_creation_is() {
    let rig = Rig::new().await;
    let path = rig.user("amara", json!({"title": "Dr"})).await;
    rig.user("bela", json!({})).await;
    let before = rig.get(&path).await.body;
    rig.put(&path, json!({"schemas": [USER], "userName": "BELA"}))
        .await
        .refused(409, "uniqueness");
    rig.put(&path, json!({"schemas": [USER], "title": "x"}))
        .await
        .refused(400, "invalidValue");
    rig.put(&path, json!({"userName": "amara"}))
        .await
        .refused(400, "invalidSyntax");
    rig.put(
        "/Users/unknown",
        json!({"schemas": [USER], "userName": "new"}),
    )
    .await
    .refused(404, "");
    assert_eq!(rig.get(&path).await.body, before);
    assert_eq!(
        rig.get("/Users").await.body["totalResults"],
        json!(2),
        "PUT creates nothing"
    );
    rig.put(&path, json!({"schemas": [USER], "userName": "AMARA"}))
        .await
        .is(200);
}
