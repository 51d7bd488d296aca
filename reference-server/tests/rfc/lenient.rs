//! What identity providers send beyond the RFC: accepted by default, refused in strict mode.

use serde_json::{Value, json};

use crate::client::{ENTERPRISE, GROUP, PATCH_OP, Rig, USER, id};

const PHONE: &str = "phoneNumbers[type eq \"mobile\"].value";

/// Operations, what they come to by default, and the answer of the strict server: an error's
/// keyword, or what the attributes then are.
#[tokio::test]
async fn operations_of_identity_providers_are_understood() {
    for (operations, after, strict) in [
        (
            json!([{"op": "Replace", "path": "title", "value": "X"}]),
            json!({"title": "X"}),
            "invalidSyntax",
        ),
        (
            json!([{"op": "ADD", "path": "title", "value": "X"}]),
            json!({"title": "X"}),
            "invalidSyntax",
        ),
        (
            json!([{"op": "replace", "path": "active", "value": "False"}]),
            json!({"active": false}),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "path": "active", "value": "false"}]),
            json!({"active": false}),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": PHONE, "value": "+1"}]),
            json!({"phoneNumbers": [{"type": "mobile", "value": "+1"}]}),
            "noTarget",
        ),
        (
            json!([{"op": "replace", "path": PHONE, "value": "+1"}]),
            json!({"phoneNumbers": [{"type": "mobile", "value": "+1"}]}),
            "noTarget",
        ),
        (
            json!([
                {"op": "add", "path": "addresses[type eq \"work\"].streetAddress", "value": "S"},
                {"op": "add", "path": "addresses[type eq \"work\"].locality", "value": "L"},
            ]),
            json!({"addresses": [{"type": "work", "streetAddress": "S", "locality": "L"}]}),
            "noTarget",
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"work\"].Value", "value": "n@x"}]),
            json!({"emails": [{"value": "n@x", "type": "work"}, {"value": "h@x", "type": "home"}]}),
            "",
        ),
        (
            json!([{"op": "replace", "value": {"name.givenName": "G", "name.familyName": "F", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "D"}}]),
            json!({"name": {"givenName": "G", "familyName": "F"}, ENTERPRISE: {"department": "D"}}),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "value": {"emails[type eq \"work\"].value": "n@x", "unknown.thing": 1}}]),
            json!({"emails": [{"value": "n@x", "type": "work"}, {"value": "h@x", "type": "home"}]}),
            "invalidPath",
        ),
        (
            json!([{"op": "Add", "path": "manager", "value": [{"$ref": "http://x/Users/m", "value": "m"}]}]),
            json!({ENTERPRISE: {"manager": {"$ref": "http://x/Users/m", "value": "m"}}}),
            "invalidSyntax",
        ),
        (
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "m"}]),
            json!({ENTERPRISE: {"manager": {"value": "m"}}}),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": "m"}}, {"op": "replace", "path": format!("{ENTERPRISE}:manager"), "value": ""}]),
            json!({ENTERPRISE: null}),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": "m"}}, {"op": "remove", "path": "manager[value eq \"m\"]"}]),
            json!({ENTERPRISE: null}),
            "invalidPath",
        ),
        (
            json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department", "value": "D"}]),
            json!({ENTERPRISE: {"department": "D"}}),
            "invalidPath",
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"].value", "value": "w@x"}]),
            json!({"emails": [{"value": "h@x", "type": "home"}]}),
            "",
        ),
        (
            json!([{"op": "remove", "path": "emails", "value": [{"value": "w@x"}]}]),
            json!({"emails": [{"value": "h@x", "type": "home"}]}),
            "",
        ),
        (
            json!([{"op": "replace", "path": "title", "value": ""}, {"op": "replace", "path": "emails[type eq \"home\"].value", "value": ""}]),
            json!({"title": null, "emails": [{"value": "w@x", "type": "work"}]}),
            "",
        ),
        (
            json!([{"op": "replace", "path": "displayName", "value": [{"$ref": null, "value": "New"}]}]),
            json!({"displayName": "New"}),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "roles", "value": [{"value": "{\"id\":\"1\",\"value\":\"Auditor\",\"displayName\":\"The Auditor\"}"}]}]),
            json!({"roles": [{"value": "Auditor", "display": "The Auditor"}]}),
            "",
        ),
        (
            json!([{"op": "add", "path": "roles", "value": [{"value": "a", "primary": "True"}]}, {"op": "replace", "path": "roles[primary eq \"True\"].value", "value": "b"}]),
            json!({"roles": [{"value": "b", "primary": true}]}),
            "invalidValue",
        ),
        (json!([]), json!({"title": "Dr"}), "invalidSyntax"),
    ] {
        let start = json!({"title": "Dr", "emails": [{"value": "w@x", "type": "work"}, {"value": "h@x", "type": "home"}]});
        let rig = Rig::new().await;
        let path = rig.user("amara", start.clone()).await;
        let body = rig.patch(&path, operations.clone()).await.is(200).body;
        for (name, value) in after.as_object().expect("an object") {
            assert_eq!(
                body.get(name).unwrap_or(&Value::Null),
                value,
                "{name} after {operations}"
            );
        }
        assert_eq!(rig.get(&path).await.body, body);
        let rig = Rig::strict().await;
        let path = rig.user("amara", start).await;
        let reply = rig.patch(&path, operations.clone()).await;
        assert_eq!(
            reply.body["scimType"].as_str().unwrap_or_default(),
            strict,
            "strict: {operations}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn bodies_of_identity_providers_are_understood() {
    let custom = "urn:ietf:params:scim:schemas:extension:FieldOps:2.0:User";
    for (body, shown, strict) in [
        (
            json!({"schemas": [USER], "userName": "x", "active": "True"}),
            json!({"active": true}),
            400,
        ),
        (
            json!({"schemas": [USER], "userName": "x", "roles": [], "groups": [], "meta": {"resourceType": "User"}, "department": null}),
            json!({"roles": null}),
            201,
        ),
        (
            json!({"schemas": [USER, ENTERPRISE], "userName": "x"}),
            json!({"schemas": [USER]}),
            201,
        ),
        (
            json!({"schemas": [ENTERPRISE, USER], "userName": "x", ENTERPRISE: {"manager": "m"}}),
            json!({ENTERPRISE: {"manager": {"value": "m"}}}),
            400,
        ),
        (
            json!({"schemas": [USER], "userName": "x", ENTERPRISE: {"department": "D"}}),
            json!({ENTERPRISE: {"department": "D"}, "schemas": [USER, ENTERPRISE]}),
            400,
        ),
        (
            json!({"schemas": [USER], "userName": "x", custom: {"badge": "teal"}}),
            json!({custom: null}),
            201,
        ),
        (
            json!({"schemas": [USER, custom], "userName": "x", custom: {"badge": "teal"}}),
            json!({"schemas": [USER]}),
            400,
        ),
        (
            json!({"schemas": [USER], "userName": "x", "roles": ["admin"]}),
            json!({"roles": [{"value": "admin"}]}),
            400,
        ),
        (
            json!({"schemas": [USER], "userName": "x", "phoneNumbers": [{"value": "tel:+1-555"}], "photos": [{"value": "https://x/y.png"}]}),
            json!({"phoneNumbers": [{"value": "tel:+1-555"}]}),
            201,
        ),
        (
            json!({"schemas": [USER], "userName": "x", "locale": "en_US", "title": ""}),
            json!({"locale": "en_US", "title": null}),
            201,
        ),
    ] {
        let reply = Rig::new().await.post("/Users", body.clone()).await.is(201);
        for (name, value) in shown.as_object().expect("an object") {
            assert_eq!(
                reply.body.get(name).unwrap_or(&Value::Null),
                value,
                "{name} of {body}"
            );
        }
        Rig::strict().await.post("/Users", body).await.is(strict);
    }
}

#[tokio::test]
async fn groups_of_identity_providers_are_understood() {
    let rig = Rig::new().await;
    let entra = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let (a, b, c) = (
        rig.user("a", json!({})).await,
        rig.user("b", json!({})).await,
        rig.user("c", json!({})).await,
    );
    let reply = rig.post("/Groups", json!({"schemas": [GROUP, entra], "externalId": "e", "displayName": "Field Engineers", "meta": {"resourceType": "Group"}})).await.is(201);
    assert_eq!(reply.body["schemas"], json!([GROUP]));
    let group = format!("/Groups/{}", reply.body["id"].as_str().expect("an id"));
    rig.post(
        "/Groups",
        json!({"schemas": [GROUP], "displayName": "field engineers"}),
    )
    .await
    .refused(409, "uniqueness");
    let member = |path: &str| json!({"$ref": null, "value": id(path), "display": null});
    for (operations, count) in [
        (
            json!([{"op": "Add", "path": "members", "value": [member(&a), member(&b), member(&c)]}]),
            3,
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [member(&b)]}]),
            2,
        ),
        (
            json!([{"op": "Remove", "path": "members", "value": [member(&b)]}]),
            2,
        ),
        (
            json!([{"op": "replace", "value": {"id": id(&group), "displayName": "Field Engineers"}}]),
            2,
        ),
        (
            json!([{"op": "replace", "value": {"members": [member(&b)], "id": id(&group), "displayName": "Field"}}]),
            1,
        ),
        (
            json!([{"op": "Replace", "path": "externalId", "value": "e2"}]),
            1,
        ),
    ] {
        rig.patch(&group, operations.clone()).await.is(204);
        assert_eq!(
            rig.get(&group).await.body["members"]
                .as_array()
                .map_or(0, Vec::len),
            count,
            "{operations}"
        );
    }
    for (filter, count) in [
        (
            format!("id eq \"{}\" and members eq \"{}\"", id(&group), id(&b)),
            1,
        ),
        (
            format!("members eq \"{}\" and id eq \"{}\"", id(&a), id(&group)),
            0,
        ),
    ] {
        let reply = rig.filter("/Groups", &filter).await.is(200);
        assert_eq!(reply.body["totalResults"], json!(count), "{filter}");
    }
    let strict = Rig::strict().await;
    strict.group("Same", &[]).await;
    strict.group("same", &[]).await;
    strict
        .post(
            "/Groups",
            json!({"schemas": [GROUP, entra], "displayName": "x"}),
        )
        .await
        .refused(400, "invalidValue");
    let (a, b) = (
        strict.user("a", json!({})).await,
        strict.user("b", json!({})).await,
    );
    let group = strict.group("Ops", &[&a, &b]).await;
    strict
        .patch(
            &group,
            json!([{"op": "remove", "path": "members", "value": [{"value": id(&a)}]}]),
        )
        .await
        .is(204);
    assert!(
        strict.get(&group).await.body.get("members").is_none(),
        "the letter gives value no meaning here"
    );
}

#[tokio::test]
async fn lookups_of_identity_providers_are_understood() {
    let rig = Rig::new().await;
    let boss = rig.user("boss", json!({})).await;
    let user = rig.user("a+b@x.org", json!({"emails": [{"type": "work", "value": "a+b@x.org"}], "roles": [{"value": "r", "primary": true}], ENTERPRISE: {"manager": {"value": id(&boss)}}})).await;
    for query in [
        "filter=userName+eq+%22a%2bb@x.org%22",
        "filter=userName%20eq%20%22a%2Bb%40x.org%22&startIndex=1&count=100",
        "count=1&filter=emails%5btype+eq+%22work%22%5d.value+eq+%22A%2bB%40x.org%22",
        "aadOptscim062020&filter=roles[primary+eq+%22True%22]",
        &format!("filter=manager+eq+%22{}%22&attributes=id", id(&boss)),
        &format!(
            "filter=id+eq+%22{}%22+and+manager+eq+%22{}%22&attributes=id",
            id(&user),
            id(&boss)
        ),
    ] {
        assert_eq!(
            rig.get(&format!("/Users?{query}"))
                .await
                .is(200)
                .listed("id"),
            [id(&user)],
            "{query}"
        );
    }
    let strict = Rig::strict().await;
    for filter in [
        "emails[type eq \"work\"].value eq \"x\"",
        "manager eq \"x\"",
        "roles[primary eq \"True\"]",
        "emails co \"x\"",
    ] {
        strict
            .filter("/Users", filter)
            .await
            .refused(400, "invalidFilter");
        rig.filter("/Users", filter).await.is(200);
    }
    rig.get("//Users").await.is(200);
    rig.get("/Users/").await.is(200);
    strict.get("//Users").await.refused(404, "");
    let untyped = json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "x"}]});
    rig.send(
        "PATCH",
        &user,
        &[("Content-Type", "application/json; charset=utf-8")],
        Some(untyped.to_string()),
    )
    .await
    .is(200);
}
