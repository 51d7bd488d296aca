//! Groups (RFC 7643 section 4.2): members, nesting, and `groups` of users.

use serde_json::json;

use crate::client::{GROUP, Rig, id};

#[tokio::test]
async fn membership_is_seen_from_both_sides() {
    let rig = Rig::new().await;
    let user = rig
        .user("amara", json!({"displayName": "Amara Okafor"}))
        .await;
    let inner = rig.group("Inner", &[&user]).await;
    let outer = rig.group("Outer", &[&inner]).await;
    let members = rig.get(&outer).await.body["members"].clone();
    assert_eq!(
        members,
        json!([{"value": id(&inner), "$ref": rig.url(&inner), "display": "Inner", "type": "Group"}])
    );
    let groups = rig.get(&user).await.body["groups"].clone();
    assert_eq!(
        groups,
        json!([
            {"value": id(&inner), "$ref": rig.url(&inner), "display": "Inner", "type": "direct"},
            {"value": id(&outer), "$ref": rig.url(&outer), "display": "Outer", "type": "indirect"},
        ])
    );
    for (path, filter, count) in [
        ("/Groups", format!("members.value eq \"{}\"", id(&user)), 1),
        ("/Groups", format!("members[value eq \"{}\"]", id(&user)), 1),
        (
            "/Groups",
            format!(
                "id eq \"{}\" and members.value eq \"{}\"",
                id(&inner),
                id(&user)
            ),
            1,
        ),
        (
            "/Groups",
            format!(
                "members.value eq \"{}\" and id eq \"{}\"",
                id(&user),
                id(&outer)
            ),
            0,
        ),
        (
            "/Groups",
            format!("not (members.value eq \"{}\")", id(&user)),
            1,
        ),
        ("/Groups", "members[type eq \"Group\"]".to_owned(), 1),
        (
            "/Groups",
            "members.display eq \"amara okafor\"".to_owned(),
            1,
        ),
        ("/Users", format!("groups.value eq \"{}\"", id(&outer)), 1),
        (
            "/Users",
            "groups[display eq \"Inner\" and type eq \"direct\"]".to_owned(),
            1,
        ),
        ("/Users", "groups pr".to_owned(), 1),
    ] {
        assert_eq!(
            rig.filter(path, &filter).await.is(200).body["totalResults"],
            json!(count),
            "{filter}"
        );
    }
    // A circle of groups is followed once around.
    rig.patch(
        &inner,
        json!([{"op": "add", "path": "members", "value": [{"value": id(&outer)}]}]),
    )
    .await
    .is(204);
    assert_eq!(
        rig.get(&user).await.body["groups"]
            .as_array()
            .expect("groups")
            .len(),
        2
    );
}

#[tokio::test]
async fn members_are_a_set() {
    let rig = Rig::new().await;
    let (a, b, c) = (
        rig.user("a", json!({})).await,
        rig.user("b", json!({})).await,
        rig.user("c", json!({})).await,
    );
    let group = rig.group("Ops", &[&a, &a, &b]).await;
    let member = |path: &str| json!({"value": id(path)});
    let read = async || -> Vec<String> {
        let body = rig.get(&group).await.body;
        let list = body["members"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|element| element["display"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(read().await, ["a", "b"]);
    for (operations, after) in [
        (
            json!([{"op": "add", "path": "members", "value": [member(&b), member(&c)]}]),
            "a b c",
        ),
        (
            json!([{"op": "add", "path": "members", "value": member(&a)}]),
            "a b c",
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(&b))}]),
            "a c",
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", id(&b))}]),
            "a c",
        ),
        (
            json!([{"op": "remove", "path": "members[value eq \"unknown\"]"}]),
            "a c",
        ),
        (
            json!([{"op": "remove", "path": "members[display eq \"a\"]"}, {"op": "add", "path": "members", "value": [member(&b)]}]),
            "c b",
        ),
        (
            json!([{"op": "replace", "path": "members", "value": [member(&a)]}]),
            "a",
        ),
        (
            json!([{"op": "replace", "path": "displayName", "value": "Ops 2"}]),
            "a",
        ),
        (
            json!([{"op": "replace", "path": "members", "value": []}]),
            "",
        ),
        (
            json!([{"op": "add", "value": {"members": [member(&a), member(&b)]}}]),
            "a b",
        ),
        (json!([{"op": "remove", "path": "members"}]), ""),
    ] {
        rig.patch(&group, operations.clone()).await.is(204);
        assert_eq!(read().await.join(" "), after, "{operations}");
    }
    rig.patch(
        &group,
        json!([{"op": "add", "path": "members", "value": [member(&a)]}]),
    )
    .await
    .is(204);
    let before = rig.get(&group).await.body;
    for (operations, kind) in [
        (
            json!([{"op": "add", "path": "members", "value": [member(&b), {"value": "unknown"}]}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [{"display": "b"}]}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [member(&group)]}]),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "path": format!("members[value eq \"{}\"].value", id(&a)), "value": id(&b)}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "displayName"}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "displayName", "value": null}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "members", "value": [member(&b)]}, {"op": "remove"}]),
            "noTarget",
        ),
    ] {
        rig.patch(&group, operations).await.refused(400, kind);
    }
    assert_eq!(rig.get(&group).await.body, before);
    rig.put(
        &group,
        json!({"schemas": [GROUP], "displayName": "Ops", "members": [member(&c), member(&b)]}),
    )
    .await
    .is(200);
    assert_eq!(read().await, ["c", "b"]);
    rig.put(
        &group,
        json!({"schemas": [GROUP], "displayName": "Ops", "members": []}),
    )
    .await
    .is(200);
    assert!(read().await.is_empty());
    for members in [
        json!([{"display": "b"}]),
        json!([{}]),
        json!([3]),
        json!({"value": id(&a)}),
    ] {
        let body = json!({"schemas": [GROUP], "displayName": "Other", "members": members});
        rig.post("/Groups", body).await.refused(400, "invalidValue");
    }
}

#[tokio::test]
async fn changes_at_once_lose_nobody() {
    let rig = Rig::new().await;
    let mut users = Vec::new();
    for number in 0..12 {
        users.push(rig.user(&format!("user{number}"), json!({})).await);
    }
    let group = rig.group("Ops", &[]).await;
    let add = |user: &String| {
        rig.patch(
            &group,
            json!([{"op": "add", "path": "members", "value": [{"value": id(user)}]}]),
        )
    };
    let mut all = Vec::new();
    for chunk in users.chunks(4) {
        let replies = tokio::join!(
            add(&chunk[0]),
            add(&chunk[1]),
            add(&chunk[2]),
            add(&chunk[3])
        );
        all.extend([
            replies.0.status,
            replies.1.status,
            replies.2.status,
            replies.3.status,
        ]);
    }
    assert!(all.iter().all(|status| *status == 204));
    assert_eq!(
        rig.get(&group).await.body["members"]
            .as_array()
            .expect("members")
            .len(),
        12
    );
}
