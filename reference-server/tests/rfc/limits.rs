//! Limits and errors that are asked for when the server is started.

use std::time::{Duration, Instant};

use scim_reference::Options;
use serde_json::json;

use crate::client::{Rig, USER};

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let rig = Rig::with(Options {
        rate_limit: Some("0.01/s".parse().expect("a rate")),
        ..Options::default()
    })
    .await;
    rig.get("/Users").await.is(200);
    let reply = rig.get("/Users").await.refused(429, "");
    let seconds: u64 = reply.header("retry-after").parse().expect("whole seconds");
    assert!((90..=100).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn errors_on_purpose_change_nothing() {
    let rig = Rig::with(Options {
        error_rate: "0.5".parse().expect("a share"),
        ..Options::default()
    })
    .await;
    let user = || json!({"schemas": [USER], "userName": "amara"});
    rig.post("/Users", user()).await.is(201);
    rig.post("/Users", user()).await.refused(503, "");
    assert_eq!(rig.get("/Users").await.is(200).body["totalResults"], 1);
    rig.get("/Users").await.refused(503, "");
}

#[tokio::test]
async fn answers_are_held_back() {
    let rig = Rig::with(Options {
        latency: Some(Duration::from_millis(30)),
        ..Options::default()
    })
    .await;
    let start = Instant::now();
    rig.get("/Users").await.is(200);
    assert!(start.elapsed() >= Duration::from_millis(30));
}
