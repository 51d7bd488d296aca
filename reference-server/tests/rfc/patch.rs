//! PATCH (RFC 7644 section 3.5.2) of users, as the text has it; both ways of the server agree on
//! all of this.

use serde_json::{Value, json};

use crate::client::{ENTERPRISE, PATCH_OP, Rig, USER};

fn start() -> Value {
    json!({
        "nickName": "A", "title": "Dr", "name": {"givenName": "Amara", "familyName": "Okafor"},
        "emails": [{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "type": "home"}],
        ENTERPRISE: {"department": "Ops"},
    })
}

/// What the attributes of the table are after the operations; null for unassigned.
#[tokio::test]
async fn operations_do_what_they_say() {
    let work = json!({"value": "w@x", "type": "work", "primary": true});
    let home = json!({"value": "h@x", "type": "home"});
    let department = format!("{ENTERPRISE}:department");
    let table = [
        (
            json!([{"op": "add", "path": "displayName", "value": "X"}]),
            json!({"displayName": "X", "title": "Dr"}),
        ),
        (
            json!([{"op": "add", "path": "title", "value": "Prof"}]),
            json!({"title": "Prof"}),
        ),
        (
            json!([{"op": "add", "value": {"title": "Prof", "locale": "en-US", "emails": [{"value": "o@x", "type": "other"}]}}]),
            json!({"title": "Prof", "locale": "en-US", "emails": [work, home, {"value": "o@x", "type": "other"}]}),
        ),
        (
            json!([{"op": "add", "path": "name", "value": {"middleName": "N"}}]),
            json!({"name": {"givenName": "Amara", "familyName": "Okafor", "middleName": "N"}}),
        ),
        (
            json!([{"op": "replace", "path": "name", "value": {"givenName": "B"}}]),
            json!({"name": {"givenName": "B", "familyName": "Okafor"}}),
        ),
        (
            json!([{"op": "replace", "value": {"name": {"givenName": "B"}}}]),
            json!({"name": {"givenName": "B", "familyName": "Okafor"}}),
        ),
        (
            json!([{"op": "replace", "path": "NAME.FamilyName", "value": "Lind"}]),
            json!({"name": {"givenName": "Amara", "familyName": "Lind"}}),
        ),
        (
            json!([{"op": "replace", "path": "active", "value": false}]),
            json!({"active": false}),
        ),
        (
            json!([{"op": "replace", "value": {"active": false}}]),
            json!({"active": false}),
        ),
        (
            json!([{"op": "replace", "path": "title", "value": null}]),
            json!({"title": null}),
        ),
        (
            json!([{"op": "remove", "path": "title"}]),
            json!({"title": null, "nickName": "A"}),
        ),
        (
            json!([{"op": "remove", "path": "locale"}]),
            json!({"locale": null}),
        ),
        (
            json!([{"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"}]),
            json!({"name": null}),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "o@x", "type": "other"}]}]),
            json!({"emails": [work, home, {"value": "o@x", "type": "other"}]}),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": {"value": "o@x", "type": "other"}}]),
            json!({"emails": [work, home, {"value": "o@x", "type": "other"}]}),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "h@x", "type": "home"}]}]),
            json!({"emails": [work, home]}),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "o@x", "primary": true}]}]),
            json!({"emails": [{"value": "w@x", "type": "work", "primary": false}, home, {"value": "o@x", "primary": true}]}),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
            json!({"emails": [{"value": "w@x", "type": "work", "primary": false}, {"value": "h@x", "type": "home", "primary": true}]}),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": [{"value": "n@x"}]}]),
            json!({"emails": [{"value": "n@x"}]}),
        ),
        (
            json!([{"op": "replace", "path": "emails", "value": []}]),
            json!({"emails": null}),
        ),
        (
            json!([{"op": "remove", "path": "emails"}]),
            json!({"emails": null}),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]),
            json!({"emails": [home]}),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\" or type eq \"home\"]"}]),
            json!({"emails": null}),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]),
            json!({"emails": [work, home]}),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            json!({"emails": [{"value": "w@x", "type": "work"}, home]}),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "n@x"}]),
            json!({"emails": [{"value": "n@x", "type": "work", "primary": true}, home]}),
        ),
        (
            json!([{"op": "replace", "path": "emails[value ew \"@x\"].display", "value": "D"}]),
            json!({"emails": [{"value": "w@x", "type": "work", "primary": true, "display": "D"}, {"value": "h@x", "type": "home", "display": "D"}]}),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "n@x", "type": "work"}}]),
            json!({"emails": [{"value": "n@x", "type": "work"}, home]}),
        ),
        (
            json!([{"op": "add", "path": department, "value": "Lab"}]),
            json!({ENTERPRISE: {"department": "Lab"}}),
        ),
        (
            json!([{"op": "add", "value": {ENTERPRISE: {"division": "X"}}}]),
            json!({ENTERPRISE: {"department": "Ops", "division": "X"}}),
        ),
        (
            json!([{"op": "replace", "path": ENTERPRISE, "value": {"division": "X"}}]),
            json!({ENTERPRISE: {"department": "Ops", "division": "X"}}),
        ),
        (
            json!([{"op": "remove", "path": department}]),
            json!({ENTERPRISE: null, "schemas": [USER]}),
        ),
        (
            json!([{"op": "remove", "path": ENTERPRISE}]),
            json!({ENTERPRISE: null, "schemas": [USER]}),
        ),
        (
            json!([{"op": "remove", "path": department}, {"op": "add", "path": department, "value": "Lab"}]),
            json!({ENTERPRISE: {"department": "Lab"}, "schemas": [USER, ENTERPRISE]}),
        ),
        (
            json!([{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "X"}]),
            json!({"title": "X"}),
        ),
        (
            json!([{"op": "add", "path": "schemas", "value": [ENTERPRISE]}]),
            json!({"schemas": [USER, ENTERPRISE]}),
        ),
        (
            json!([{"op": "add", "path": "title", "value": "1"}, {"op": "replace", "path": "title", "value": "2"}, {"op": "add", "path": "nickName", "value": "2"}]),
            json!({"title": "2", "nickName": "2"}),
        ),
        (
            json!([{"op": "replace", "path": "userName", "value": "new"}]),
            json!({"userName": "new"}),
        ),
    ];
    for rig in [Rig::new().await, Rig::strict().await] {
        for (number, (operations, after)) in table.iter().enumerate() {
            let path = rig.user(&format!("user{number}"), start()).await;
            let reply = rig.patch(&path, operations.clone()).await.is(200);
            for (name, value) in after.as_object().expect("an object") {
                assert_eq!(
                    reply.body.get(name).unwrap_or(&Value::Null),
                    value,
                    "{name} after {operations}"
                );
            }
            assert_eq!(rig.get(&path).await.body, reply.body, "{operations}");
            rig.delete(&path).await.is(204);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_nothing_is_done() {
    for rig in [Rig::new().await, Rig::strict().await] {
        let path = rig.user("amara", start()).await;
        rig.user("bela", json!({})).await;
        let before = rig.get(&path).await.body;
        for (operation, status, kind) in [
            (json!({"op": "remove"}), 400, "noTarget"),
            (
                json!({"op": "remove", "path": "userName"}),
                400,
                "mutability",
            ),
            (json!({"op": "remove", "path": "id"}), 400, "mutability"),
            (
                json!({"op": "remove", "path": "schemas"}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "path": "id", "value": "x"}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "path": "meta.created", "value": "2000-01-01T00:00:00Z"}),
                400,
                "mutability",
            ),
            (
                json!({"op": "add", "path": "groups", "value": [{"value": "x"}]}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "value": {"groups": []}}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "value": {"id": "another"}}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "path": format!("{ENTERPRISE}:manager.displayName"), "value": "x"}),
                400,
                "mutability",
            ),
            (
                json!({"op": "replace", "path": "userName", "value": null}),
                400,
                "invalidValue",
            ),
            (
                json!({"op": "replace", "path": "userName", "value": "BELA"}),
                409,
                "uniqueness",
            ),
            (
                json!({"op": "replace", "path": "userName", "value": 3}),
                400,
                "invalidValue",
            ),
            (
                json!({"op": "replace", "path": "active", "value": "perhaps"}),
                400,
                "invalidValue",
            ),
            (
                json!({"op": "replace", "path": "name", "value": "x"}),
                400,
                "invalidValue",
            ),
            (
                json!({"op": "replace", "path": "emails", "value": [3]}),
                400,
                "invalidValue",
            ),
            (
                json!({"op": "replace", "path": "emails[value eq \"nobody@x\"].display", "value": "x"}),
                400,
                "noTarget",
            ),
            (
                json!({"op": "replace", "path": "emails[type eq \"nothing\"].value", "value": "x"}),
                400,
                "noTarget",
            ),
            (
                json!({"op": "replace", "path": "nothing", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "name.nothing", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "urn:example:x:y", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "emails[type eq", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "emails[0].value", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "/title", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "name[givenName eq \"Amara\"].familyName", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "title[value eq \"x\"]", "value": "x"}),
                400,
                "invalidPath",
            ),
            (
                json!({"op": "replace", "path": "emails[nothing eq 1].value", "value": "x"}),
                400,
                "invalidFilter",
            ),
            (
                json!({"op": "replace", "path": 3, "value": "x"}),
                400,
                "invalidPath",
            ),
            (json!({"op": "add", "path": "title"}), 400, "invalidValue"),
            (
                json!({"op": "replace", "path": "title"}),
                400,
                "invalidValue",
            ),
            (json!({"op": "add", "value": "x"}), 400, "invalidValue"),
            (
                json!({"op": "move", "path": "title", "value": "x"}),
                400,
                "invalidSyntax",
            ),
            (json!({"path": "title", "value": "x"}), 400, "invalidSyntax"),
            (json!("add"), 400, "invalidSyntax"),
            (
                json!({"op": "add", "path": "schemas", "value": ["urn:example:unknown"]}),
                400,
                "invalidValue",
            ),
        ] {
            let operations =
                json!([{"op": "replace", "path": "title", "value": "changed"}, operation]);
            let reply = rig.patch(&path, operations.clone()).await;
            assert_eq!(
                (
                    reply.status,
                    reply.body["scimType"].as_str().unwrap_or_default()
                ),
                (status, kind),
                "{operation}: {}",
                reply.text
            );
            reply.refused(status, kind);
            assert_eq!(rig.get(&path).await.body, before, "{operation}");
        }
        for body in [
            json!({"Operations": [{"op": "remove", "path": "title"}]}),
            json!({"schemas": [USER], "Operations": [{"op": "remove", "path": "title"}]}),
            json!({"schemas": [PATCH_OP]}),
            json!({"schemas": [PATCH_OP], "Operations": {"op": "remove", "path": "title"}}),
        ] {
            rig.send("PATCH", &path, &[], Some(body.to_string()))
                .await
                .refused(400, "invalidSyntax");
        }
        rig.patch("/Users/unknown", json!([{"op": "remove", "path": "title"}]))
            .await
            .refused(404, "");
    }
}

#[tokio::test]
async fn an_operation_without_effect_leaves_the_time_alone() {
    let rig = Rig::new().await;
    let path = rig.user("amara", start()).await;
    let before = rig.get(&path).await.body;
    for operations in [
        json!([{"op": "add", "path": "title", "value": "Dr"}]),
        json!([{"op": "add", "path": "emails", "value": [{"value": "H@X", "type": "home"}]}]),
        json!([{"op": "replace", "value": {"active": true, "name": {"givenName": "Amara"}}}]),
        json!([{"op": "remove", "path": "locale"}]),
        json!([{"op": "remove", "path": "title"}, {"op": "add", "path": "title", "value": "Dr"}]),
    ] {
        let after = rig.patch(&path, operations.clone()).await.is(200).body;
        assert_eq!(after, before, "{operations}");
    }
    let after = rig
        .patch(
            &path,
            json!([{"op": "replace", "path": "password", "value": "n3w"}]),
        )
        .await
        .is(200)
        .body;
    assert_ne!(
        after["meta"]["lastModified"], before["meta"]["lastModified"],
        "a new password is a change"
    );
}
