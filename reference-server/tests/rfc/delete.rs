//! Deletion (RFC 7644 section 3.6), and what becomes of references.

use serde_json::json;

use crate::client::{ENTERPRISE, Rig, id};

#[tokio::test]
async fn what_is_deleted_is_gone_everywhere() {
    let rig = Rig::new().await;
    let boss = rig.user("boss", json!({})).await;
    let report = rig
        .user(
            "report",
            json!({ENTERPRISE: {"manager": {"value": id(&boss)}}}),
        )
        .await;
    let group = rig.group("Ops", &[&boss, &report]).await;
    let before = rig.get(&group).await.body;
    let reply = rig.delete(&boss).await.is(204);
    assert!(reply.text.is_empty());
    for _ in 0..2 {
        rig.get(&boss).await.refused(404, "");
        rig.delete(&boss).await.refused(404, "");
        rig.patch(
            &boss,
            json!([{"op": "replace", "path": "title", "value": "x"}]),
        )
        .await
        .refused(404, "");
    }
    assert_eq!(
        rig.filter("/Users", "userName eq \"boss\"").await.body["totalResults"],
        json!(0)
    );
    assert_eq!(rig.get("/Users").await.listed("userName"), ["report"]);
    let after = rig.get(&group).await.body;
    assert_eq!(after["members"].as_array().expect("members").len(), 1);
    assert_ne!(after["meta"]["version"], before["meta"]["version"]);
    assert!(
        rig.get(&report).await.body.get(ENTERPRISE).is_none(),
        "the manager who has gone is nobody's manager"
    );
    let again = rig.user("boss", json!({})).await;
    assert_ne!(again, boss);
}

#[tokio::test]
async fn a_deleted_group_leaves_its_members() {
    let rig = Rig::new().await;
    let user = rig.user("amara", json!({})).await;
    let group = rig.group("Ops", &[&user]).await;
    assert_eq!(
        rig.get(&user).await.body["groups"][0]["value"],
        json!(id(&group))
    );
    rig.delete(&group).await.is(204);
    assert!(rig.get(&user).await.is(200).body.get("groups").is_none());
}

#[tokio::test]
async fn collections_are_not_deleted() {
    let rig = Rig::new().await;
    rig.user("amara", json!({})).await;
    for path in [
        "/Users",
        "/Groups",
        "",
        "/Users/",
        "/Schemas",
        "/ServiceProviderConfig",
    ] {
        let reply = rig.delete(path).await.refused(405, "");
        assert!(!reply.header("allow").is_empty());
    }
    assert_eq!(rig.get("/Users").await.body["totalResults"], json!(1));
}
