//! Creation (RFC 7644 section 3.3).

use serde_json::json;

use crate::client::{ENTERPRISE, GROUP, Rig, USER};

#[tokio::test]
async fn a_created_user_is_shown_with_its_place() {
    let rig = Rig::new().await;
    let body = json!({
        "schemas": [USER], "userName": "bjensen", "externalId": "bjensen",
        "name": {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
    });
    let reply = rig.post("/Users", body).await.is(201);
    let id = reply.body["id"].as_str().expect("an id");
    assert_eq!(reply.header("location"), rig.url(&format!("/Users/{id}")));
    assert_eq!(
        reply.body["meta"]["location"],
        json!(reply.header("location"))
    );
    assert_eq!(
        reply.body["meta"]["created"],
        reply.body["meta"]["lastModified"]
    );
    assert_eq!(reply.body["meta"]["resourceType"], json!("User"));
    assert_eq!(reply.body["meta"]["version"], json!(reply.header("etag")));
    assert_eq!(reply.header("content-type"), "application/scim+json");
    assert_eq!(reply.body["name"]["familyName"], json!("Jensen"));
    let read = rig.get(&format!("/Users/{id}")).await.is(200);
    assert_eq!(read.body, reply.body);
    rig.stop().await;
}

#[tokio::test]
async fn what_only_the_provider_sets_is_ignored() {
    let rig = Rig::new().await;
    let group = rig.group("Tour Guides", &[]).await;
    let body = json!({
        "schemas": [USER], "userName": "amara", "id": "mine", "groups": [{"value": crate::client::id(&group)}],
        "meta": {"resourceType": "Nothing", "created": "2000-01-01T00:00:00Z"}, "isAdmin": true,
    });
    let reply = rig.post("/Users", body).await.is(201);
    assert_ne!(reply.body["id"], json!("mine"));
    assert_eq!(reply.body["meta"]["resourceType"], json!("User"));
    assert!(reply.body.get("groups").is_none() && reply.body.get("isAdmin").is_none());
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_leave_nothing() {
    for rig in [Rig::new().await, Rig::strict().await] {
        for (body, kind) in [
            (json!({"schemas": [USER]}), "invalidValue"),
            (json!({"schemas": [USER], "userName": ""}), "invalidValue"),
            (json!({"schemas": [USER], "userName": "  "}), "invalidValue"),
            (json!({"schemas": [USER], "userName": null}), "invalidValue"),
            (json!({"schemas": [USER], "userName": 3}), "invalidValue"),
            (json!({"userName": "x"}), "invalidSyntax"),
            (json!({"schemas": [], "userName": "x"}), "invalidSyntax"),
            (json!({"schemas": USER, "userName": "x"}), "invalidSyntax"),
            (json!({"schemas": [GROUP], "userName": "x"}), "invalidValue"),
            (
                json!({"schemas": [USER, "urn:example:unknown"], "userName": "x"}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "username": "y"}),
                "invalidSyntax",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "active": "maybe"}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "name": "Amara"}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "emails": {"value": "a@b.c"}}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "emails": [{"value": 3}]}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "profileUrl": "not a uri"}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "x509Certificates": [{"value": "not base64!"}]}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER], "userName": "x", "emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
                "invalidValue",
            ),
            (
                json!({"schemas": [USER, ENTERPRISE], "userName": "x", ENTERPRISE: "ops"}),
                "invalidValue",
            ),
        ] {
            rig.post("/Users", body).await.refused(400, kind);
        }
        assert_eq!(rig.get("/Users").await.body["totalResults"], json!(0));
        rig.post("/Groups", json!({"schemas": [GROUP]}))
            .await
            .refused(400, "invalidValue");
    }
}

#[tokio::test]
async fn a_user_name_is_taken_whatever_its_case_and_composition() {
    let rig = Rig::new().await;
    rig.user("José@example.com", json!({})).await;
    for name in [
        "José@example.com",
        "JOSÉ@Example.COM",
        "Jose\u{301}@example.com",
    ] {
        rig.post("/Users", json!({"schemas": [USER], "userName": name}))
            .await
            .refused(409, "uniqueness");
    }
    assert_eq!(rig.get("/Users").await.body["totalResults"], json!(1));
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_name() {
    let rig = Rig::new().await;
    let attempt = || rig.post("/Users", json!({"schemas": [USER], "userName": "amara"}));
    let replies = tokio::join!(
        attempt(),
        attempt(),
        attempt(),
        attempt(),
        attempt(),
        attempt()
    );
    let replies = [
        replies.0, replies.1, replies.2, replies.3, replies.4, replies.5,
    ];
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_password_is_never_seen_again() {
    let rig = Rig::new().await;
    let secret = "t1meMa$heen";
    let path = rig.user("amara", json!({"password": secret})).await;
    let replies = [
        rig.get(&path).await,
        rig.get(&format!("{path}?attributes=password")).await,
        rig.get("/Users").await,
        rig.patch(
            &path,
            json!([{"op": "replace", "value": {"password": secret}}]),
        )
        .await,
        rig.put(
            &path,
            json!({"schemas": [USER], "userName": "amara", "password": secret}),
        )
        .await,
        rig.filter("/Users", &format!("password eq \"{secret}\""))
            .await,
        rig.filter("/Users", "password sw \"t\"").await,
    ];
    for reply in &replies {
        assert!(
            !reply.text.contains(secret) && reply.body.get("password").is_none(),
            "{}",
            reply.text
        );
    }
    assert_eq!(replies[5].body["scimType"], json!("sensitive"));
}

#[tokio::test]
async fn unassigned_values_are_left_out() {
    let rig = Rig::new().await;
    let path = rig.user("amara", json!({"title": null, "emails": [], "roles": [], "name": {"givenName": null}, "nickName": "A"})).await;
    let body = rig.get(&path).await.body;
    for name in ["title", "emails", "roles", "name"] {
        assert!(body.get(name).is_none(), "{name}");
    }
    assert_eq!(body["nickName"], json!("A"));
}

#[tokio::test]
async fn an_extension_is_listed_when_it_is_used() {
    let rig = Rig::new().await;
    let plain = rig.user("plain", json!({})).await;
    let extended = rig.user("extended", json!({ENTERPRISE: {"employeeNumber": "00701", "manager": {"value": crate::client::id(&plain)}}})).await;
    assert_eq!(rig.get(&plain).await.body["schemas"], json!([USER]));
    let body = rig.get(&extended).await.body;
    assert_eq!(body["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(body[ENTERPRISE]["employeeNumber"], json!("00701"));
    assert_eq!(
        body[ENTERPRISE]["manager"],
        json!({"value": crate::client::id(&plain), "$ref": rig.url(&plain), "displayName": "plain"})
    );
}
