//! Errors of the edge (RFC 7644 sections 3.8, 3.12 and 3.13): whatever comes in, a SCIM body goes
//! out.

use serde_json::json;

use crate::client::{Rig, USER};

#[tokio::test]
async fn every_refusal_has_a_scim_body() {
    let rig = Rig::new().await;
    for (method, path, status) in [
        ("GET", "/Nothing", 404),
        ("GET", "/Users/unknown", 404),
        ("GET", "/Users/a%2Fb", 404),
        ("GET", "/Users/..%2f..", 404),
        ("GET", "/Users/%00", 404),
        ("GET", "/Users/%ff", 404),
        ("GET", "/Users/a/b", 404),
        ("GET", "/users", 404),
        ("PUT", "/Users", 405),
        ("PATCH", "/Users", 405),
        ("POST", "/Users/1", 405),
        ("TRACE", "/Users", 405),
        ("OPTIONS", "/Users", 405),
        ("PROPFIND", "/Users/1", 405),
        ("GET", "/Bulk", 405),
    ] {
        rig.send(method, path, &[], None).await.refused(status, "");
    }
    let outside = rig.url("").replace("/scim/v2", "");
    let get = |path: &str| {
        reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client")
            .get(format!("{outside}{path}"))
            .send()
    };
    for (path, status, kind) in [
        ("/", 404, ""),
        ("/elsewhere/Users", 404, ""),
        ("/scim/v3/Users", 400, "invalidVers"),
        ("/scim/v1/Users", 400, "invalidVers"),
    ] {
        let response = get(path).await.expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert!(
            response.text().await.expect("a body").contains(kind),
            "{path}"
        );
    }
    assert_eq!(
        get("/scim/Users")
            .await
            .expect("an answer")
            .status()
            .as_u16(),
        200,
        "without a version the newest is meant"
    );
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused() {
    let rig = Rig::new().await;
    let deep = "[".repeat(100_000);
    let nested = format!("{}1{}", "{\"name\":".repeat(10_000), "}".repeat(10_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "3",
        "\"x\"",
        "{\"a\":}",
        "{'a':1}",
        "<x/>",
        &deep,
        &nested,
        "{\"userName\":\"\\ud800\"}",
        "{\"x\":{\"a\":1,\"a\":1}}",
    ] {
        for (method, path) in [
            ("POST", "/Users"),
            ("POST", "/Groups"),
            ("POST", "/Bulk"),
            ("POST", "/.search"),
            ("POST", "/Users/.search"),
        ] {
            rig.send(method, path, &[], Some(body.to_owned()))
                .await
                .refused(400, "invalidSyntax");
        }
    }
    assert_eq!(rig.get("").await.body["totalResults"], json!(0));
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let rig = Rig::new().await;
    for (accept, answer) in [
        ("application/scim+json", "application/scim+json"),
        ("application/json", "application/json"),
        (
            "application/json, application/scim+json;q=0.5",
            "application/scim+json",
        ),
        ("*/*", "application/scim+json"),
        ("text/html, application/*;q=0.1", "application/scim+json"),
        (
            "application/scim+json; charset=utf-8",
            "application/scim+json",
        ),
        ("APPLICATION/JSON", "application/json"),
    ] {
        assert_eq!(
            rig.send("GET", "/Users", &[("Accept", accept)], None)
                .await
                .is(200)
                .header("content-type"),
            answer,
            "{accept}"
        );
    }
    rig.send("GET", "/Users", &[("Accept", "text/html")], None)
        .await
        .refused(406, "");
    let body = |name: &str| Some(json!({"schemas": [USER], "userName": name}).to_string());
    for (index, (sent, status)) in [
        ("application/scim+json", 201),
        ("application/json", 201),
        ("application/scim+json; charset=utf-8", 201),
        ("application/scim+json;charset=UTF-8", 201),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/json; charset=iso-8859-1", 415),
    ]
    .into_iter()
    .enumerate()
    {
        rig.send(
            "POST",
            "/Users",
            &[("Content-Type", sent)],
            body(&format!("user{index}")),
        )
        .await
        .is(status);
    }
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(17 * 1024 * 1024));
    rig.send("POST", "/Users", &[], Some(large))
        .await
        .refused(413, "");
}
