//! Resource types and extensions of one's own (RFC 7643 section 6).

use scim_reference::store::Place;
use scim_reference::{Options, start};
use serde_json::json;

use crate::client::{Rig, USER};

const DEVICE: &str = "urn:example:Device";
const BADGE: &str = "urn:example:Badge";

fn schemas() -> String {
    json!([
        {"id": DEVICE, "name": "Device", "attributes": [
            {"name": "serial", "type": "string", "required": true, "uniqueness": "server"},
            {"name": "ports", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value", "type": "integer"}, {"name": "type", "type": "string"}]},
        ]},
        {"name": "Device", "endpoint": "/Devices", "schema": DEVICE},
        {"id": BADGE, "name": "Badge", "attributes": [{"name": "number", "type": "integer"}]},
        {"extend": "User", "schema": BADGE},
    ])
    .to_string()
}

#[tokio::test]
async fn a_type_of_ones_own_is_like_any_other() {
    let rig = Rig::with(Options {
        schemas: vec![schemas()],
        ..Options::default()
    })
    .await;
    let names = rig.get("/ResourceTypes").await.is(200).listed("name");
    assert_eq!(names, ["User", "Group", "Device"]);
    rig.get(&format!("/Schemas/{DEVICE}")).await.is(200);
    let device =
        json!({"schemas": [DEVICE], "serial": "A-1", "ports": [{"value": 1, "type": "usb"}]});
    let made = rig.post("/Devices", device.clone()).await.is(201);
    assert_eq!(made.body["meta"]["resourceType"], "Device");
    let path = format!("/Devices/{}", made.body["id"].as_str().expect("an id"));
    rig.post("/Devices", device)
        .await
        .refused(409, "uniqueness");
    rig.post("/Devices", json!({"schemas": [DEVICE]}))
        .await
        .refused(400, "invalidValue");
    let change = json!([{"op": "replace", "path": "ports[type eq \"usb\"].value", "value": 7}]);
    let changed = rig.patch(&path, change).await.is(200);
    assert_eq!(changed.body["ports"][0]["value"], 7);
    let found = rig
        .filter("/Devices", "serial eq \"a-1\" and ports.value gt 6")
        .await;
    assert_eq!(found.is(200).listed("serial"), ["A-1"]);
    rig.delete(&path).await.is(204);
    rig.get(&path).await.is(404);

    let user = json!({"schemas": [USER, BADGE], "userName": "amara", BADGE: {"number": 7}});
    let made = rig.post("/Users", user).await.is(201);
    assert_eq!(made.body[BADGE]["number"], 7);
    let found = rig.filter("/Users", &format!("{BADGE}:number eq 7")).await;
    assert_eq!(found.is(200).listed("userName"), ["amara"]);
    let wrong = json!({"schemas": [USER, BADGE], "userName": "bela", BADGE: {"number": "7"}});
    rig.post("/Users", wrong).await.refused(400, "invalidValue");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_is_not_read_without_the_schemas_of_its_resources() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = |schemas: Vec<String>| Options {
        schemas,
        store: Place::Sqlite(folder.path().join("store.db")),
        ..Options::default()
    };
    let rig = Rig::with(options(vec![schemas()])).await;
    let device = json!({"schemas": [DEVICE], "serial": "A-1"});
    rig.post("/Devices", device).await.is(201);
    rig.stop().await;
    let error = start(options(Vec::new())).await.err();
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains("Device"), "{text}");
    // A type that comes before it in the list does not change what it is.
    let other = json!([
        {"id": "urn:example:Room", "name": "Room", "attributes": [{"name": "floor", "type": "integer"}]},
        {"name": "Room", "endpoint": "/Rooms", "schema": "urn:example:Room"},
    ]);
    let rig = Rig::with(options(vec![other.to_string(), schemas()])).await;
    assert_eq!(rig.get("/Devices").await.is(200).listed("serial"), ["A-1"]);
    assert!(rig.get("/Rooms").await.is(200).listed("id").is_empty());
}
