//! Queries by POST (RFC 7644 section 3.4.3).

use serde_json::json;

use crate::client::Rig;

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

#[tokio::test]
async fn a_search_is_a_query_in_a_body() {
    let rig = Rig::new().await;
    for name in ["a", "b", "c"] {
        rig.user(name, json!({"title": "x"})).await;
    }
    rig.group("g", &[]).await;
    let body = json!({
        "schemas": [SEARCH], "attributes": ["userName"], "filter": "userName ge \"b\"", "sortBy": "userName", "sortOrder": "descending", "startIndex": 1, "count": 1,
    });
    for path in ["/Users/.search", "/.search"] {
        let reply = rig.post(path, body.clone()).await.is(200);
        assert_eq!(reply.body["totalResults"], json!(2), "{path}");
        assert_eq!(reply.listed("userName"), ["c"], "{path}");
        assert!(reply.body["Resources"][0].get("title").is_none());
    }
    assert_eq!(
        rig.post("/.search", json!({"schemas": [SEARCH]}))
            .await
            .is(200)
            .body["totalResults"],
        json!(4)
    );
    let excluded = rig
        .post(
            "/Users/.search",
            json!({"schemas": [SEARCH], "excludedAttributes": ["id", "title"]}),
        )
        .await
        .body;
    assert!(
        excluded["Resources"][0].get("id").is_some()
            && excluded["Resources"][0].get("title").is_none()
    );
    let walk = rig
        .post(
            "/Users/.search",
            json!({"schemas": [SEARCH], "cursor": "", "count": 2}),
        )
        .await
        .is(200);
    assert!(walk.body["nextCursor"].is_string());
}

#[tokio::test]
async fn a_search_is_never_a_creation() {
    let rig = Rig::new().await;
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "x"});
    rig.post("/Users/.search", user)
        .await
        .refused(400, "invalidSyntax");
    for (body, kind) in [
        (
            json!({"schemas": [SEARCH], "filter": "userName zz 1"}),
            "invalidFilter",
        ),
        (
            json!({"schemas": [SEARCH], "filter": "password eq \"x\""}),
            "invalidFilter",
        ),
        (json!({"schemas": [SEARCH], "filter": 1}), "invalidSyntax"),
        (
            json!({"schemas": [SEARCH], "attributes": "userName"}),
            "invalidSyntax",
        ),
        (
            json!({"schemas": [SEARCH], "count": "ten"}),
            "invalidSyntax",
        ),
        (json!({"schemas": [SEARCH], "count": 1.5}), "invalidSyntax"),
        (
            json!({"schemas": [SEARCH], "sortOrder": "up"}),
            "invalidValue",
        ),
        (json!([]), "invalidSyntax"),
    ] {
        rig.post("/Users/.search", body).await.refused(400, kind);
    }
    rig.get("/Users/.search").await.refused(405, "");
    assert_eq!(rig.get("/Users").await.body["totalResults"], json!(0));
}
