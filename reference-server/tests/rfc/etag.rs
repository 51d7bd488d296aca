//! Versions (RFC 7644 section 3.14).

use serde_json::json;

use crate::client::{PATCH_OP, Rig, USER};

#[tokio::test]
async fn a_version_guards_reads_and_writes() {
    let rig = Rig::new().await;
    let path = rig.user("amara", json!({})).await;
    let first = rig.get(&path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.body["meta"]["version"], json!(tag));
    assert!(tag.starts_with("W/\""));
    let same = rig
        .send("GET", &path, &[("If-None-Match", &tag)], None)
        .await
        .is(304);
    assert!(same.text.is_empty());
    assert_eq!(same.header("etag"), tag);

    let body = |name: &str| {
        Some(json!({"schemas": [USER], "userName": "amara", "nickName": name}).to_string())
    };
    let patch = Some(json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "x"}]}).to_string());
    rig.send("PUT", &path, &[("If-Match", &tag)], body("one"))
        .await
        .is(200);
    for (method, body) in [
        ("PUT", body("two")),
        ("PATCH", patch.clone()),
        ("DELETE", None),
    ] {
        rig.send(method, &path, &[("If-Match", &tag)], body)
            .await
            .refused(412, "");
    }
    assert_eq!(rig.get(&path).await.body["nickName"], json!("one"));
    rig.send("GET", &path, &[("If-None-Match", &tag)], None)
        .await
        .is(200);
    rig.send("PATCH", &path, &[("If-Match", "*")], patch)
        .await
        .is(200);
    let now = rig.get(&path).await.header("etag").to_owned();
    rig.send(
        "GET",
        &format!("{path}?attributes=userName"),
        &[("If-None-Match", &format!("W/\"0\", {now}"))],
        None,
    )
    .await
    .is(304);
    rig.send(
        "DELETE",
        &path,
        &[("If-Match", &format!("W/\"0\", {now}"))],
        None,
    )
    .await
    .is(204);
}

#[tokio::test]
async fn the_version_follows_the_representation() {
    let rig = Rig::new().await;
    let path = rig.user("amara", json!({})).await;
    let tag = rig.get(&path).await.header("etag").to_owned();
    rig.patch(
        &path,
        json!([{"op": "add", "path": "userName", "value": "amara"}]),
    )
    .await
    .is(200);
    assert_eq!(
        rig.get(&path).await.header("etag"),
        tag,
        "no change, no new version"
    );
    rig.group("Ops", &[&path]).await;
    assert_ne!(
        rig.get(&path).await.header("etag"),
        tag,
        "its groups are part of what is shown"
    );
}
