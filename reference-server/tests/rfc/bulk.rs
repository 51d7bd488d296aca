//! Bulk (RFC 7644 section 3.7).

use serde_json::{Value, json};

use crate::client::{ENTERPRISE, GROUP, Rig, USER, id};

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn user(bulk_id: &str, name: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"schemas": [USER], "userName": name}})
}

fn group(bulk_id: &str, name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members
        .iter()
        .map(|member| json!({"type": "User", "value": member}))
        .collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"schemas": [GROUP], "displayName": name, "members": members}})
}

fn statuses(body: &Value) -> String {
    let list = body["Operations"].as_array().expect("operations");
    list.iter()
        .map(|entry| entry["status"].as_str().expect("a string"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn references_are_filled_in_whatever_their_order() {
    let rig = Rig::new().await;
    for (round, operations) in [
        vec![user("u", "one"), group("g", "G1", &["bulkId:u"])],
        vec![group("g", "G2", &["bulkId:u"]), user("u", "two")],
        vec![
            group("g", "G3", &["bulkId:h"]),
            group("h", "H3", &["bulkId:g"]),
        ],
        vec![
            group("g", "G4", &["bulkId:h", "bulkId:u"]),
            group("h", "H4", &["bulkId:k"]),
            group("k", "K4", &["bulkId:g"]),
            user("u", "four"),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let count = operations.len();
        let reply = rig
            .post(
                "/Bulk",
                json!({"schemas": [REQUEST], "Operations": operations}),
            )
            .await
            .is(200);
        assert_eq!(
            reply.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
        );
        assert_eq!(
            statuses(&reply.body),
            vec!["201"; count].join(" "),
            "{}",
            reply.text
        );
        for result in reply.body["Operations"].as_array().expect("operations") {
            let location = result["location"].as_str().expect("a location");
            let read = rig.get(&location.replace(&rig.url(""), "")).await.is(200);
            assert!(!read.text.contains("bulkId"), "round {round}");
            if location.contains("/Groups/") {
                assert_eq!(result["version"], json!(read.header("etag")));
                assert!(
                    read.body["members"]
                        .as_array()
                        .is_some_and(|members| !members.is_empty()),
                    "{}",
                    read.text
                );
            }
        }
    }
}

#[tokio::test]
async fn every_method_and_failures_have_their_result() {
    let rig = Rig::new().await;
    let (a, b) = (
        rig.user("a", json!({})).await,
        rig.user("b", json!({})).await,
    );
    let patch = |value: &str| json!({"schemas": [crate::client::PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": value}]});
    let operations = json!([
        {"method": "PUT", "path": a, "data": {"schemas": [USER], "userName": "a2", ENTERPRISE: {"manager": {"value": "bulkId:m"}}}},
        {"method": "PATCH", "path": a, "data": patch("x")},
        {"method": "DELETE", "path": b},
        {"method": "DELETE", "path": b},
        user("m", "manager"),
        user("d", "MANAGER"),
        {"method": "PATCH", "path": "/Users/bulkId:m", "data": patch("boss")},
        {"method": "PATCH", "path": a, "version": "W/\"0\"", "data": patch("y")},
        {"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": "z"}},
        {"method": "GET", "path": a},
        {"method": "POST", "path": "/Nothing", "bulkId": "n", "data": {}},
        group("g", "G", &["bulkId:unknown"]),
        group("h", "H", &["bulkId:d"]),
    ]);
    let reply = rig
        .post(
            "/Bulk",
            json!({"schemas": [REQUEST], "Operations": operations}),
        )
        .await
        .is(200);
    assert_eq!(
        statuses(&reply.body),
        "200 200 204 404 201 409 200 412 400 400 404 400 400"
    );
    for result in reply.body["Operations"].as_array().expect("operations") {
        let failed = !result["status"]
            .as_str()
            .expect("a string")
            .starts_with('2');
        assert_eq!(result.get("response").is_some(), failed, "{result}");
        assert_eq!(
            result.get("location").is_some(),
            !(failed && result["method"] == json!("POST")),
            "{result}"
        );
        if failed {
            assert_eq!(result["response"]["status"], result["status"]);
            assert!(result["response"]["detail"].is_string());
        }
    }
    let manager = reply.body["Operations"][4]["location"]
        .as_str()
        .expect("a location");
    let read = rig.get(&a).await.body;
    assert_eq!(read[ENTERPRISE]["manager"]["value"], json!(id(manager)));
    assert_eq!(
        rig.get(&format!("/Users/{}", id(manager))).await.body["title"],
        json!("boss")
    );
}

#[tokio::test]
async fn limits_hold() {
    let rig = Rig::new().await;
    let request = |operations: Value, fail: Value| json!({"schemas": [REQUEST], "failOnErrors": fail, "Operations": operations});
    let failing = json!([
        user("a", "x"),
        user("b", "x"),
        user("c", "X"),
        user("d", "y")
    ]);
    let reply = rig.post("/Bulk", request(failing, json!(2))).await.is(200);
    assert_eq!(statuses(&reply.body), "201 409 409");
    assert!(reply.body.get("failOnErrors").is_none());
    let many: Vec<Value> = (0..1_001)
        .map(|number| user(&number.to_string(), "x"))
        .collect();
    let refused = rig
        .post("/Bulk", request(json!(many), json!(1)))
        .await
        .refused(413, "");
    assert!(refused.text.contains("maxOperations"));
    let large = json!({"schemas": [REQUEST], "Operations": [], "x": "x".repeat(5 * 1024 * 1024)});
    assert!(
        rig.post("/Bulk", large)
            .await
            .refused(413, "")
            .text
            .contains("maxPayloadSize")
    );
    for body in [
        json!({"schemas": [USER], "Operations": []}),
        json!({"schemas": [REQUEST]}),
        json!({"schemas": [REQUEST], "Operations": {}}),
        json!({"schemas": [REQUEST], "Operations": [3]}),
        request(json!([]), json!(0)),
        request(json!([user("a", "p"), user("a", "q")]), Value::Null),
    ] {
        rig.post("/Bulk", body).await.refused(400, "invalidSyntax");
    }
    assert_eq!(
        rig.post("/Bulk", request(json!([]), Value::Null))
            .await
            .is(200)
            .body["Operations"],
        json!([])
    );
    assert_eq!(rig.get("/Users").await.listed("userName"), ["x"]);
}
