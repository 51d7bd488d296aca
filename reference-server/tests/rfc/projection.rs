//! `attributes` and `excludedAttributes` (RFC 7644 section 3.9).

use serde_json::{Value, json};

use crate::client::{ENTERPRISE, Rig, USER, id};

fn names(body: &Value) -> String {
    let name = |name: &String| {
        if name == ENTERPRISE {
            "enterprise".to_owned()
        } else {
            name.clone()
        }
    };
    let mut names: Vec<String> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(name)
        .collect();
    names.sort_unstable();
    names.join(" ")
}

#[tokio::test]
async fn answers_hold_what_is_asked_for() {
    let rig = Rig::new().await;
    let more = json!({
        "title": "Dr", "name": {"givenName": "A", "familyName": "B"}, "emails": [{"value": "a@b.c", "type": "work"}],
        ENTERPRISE: {"department": "Ops", "division": "X"},
    });
    let path = rig.user("amara", more).await;
    for (query, shown) in [
        ("attributes=userName", "id schemas userName"),
        ("attributes=USERNAME,title", "id schemas title userName"),
        (
            "attributes=urn:ietf:params:scim:schemas:core:2.0:User:title",
            "id schemas title",
        ),
        ("attributes=name.givenName", "id name schemas"),
        ("attributes=meta", "id meta schemas"),
        ("attributes=nothing", "id schemas"),
        ("attributes=password", "id schemas"),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "enterprise id schemas",
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
            "enterprise id schemas",
        ),
        (
            "attributes=",
            "active emails enterprise id meta name schemas title userName",
        ),
        (
            "excludedAttributes=title,emails,meta",
            "active enterprise id name schemas userName",
        ),
        (
            "excludedAttributes=id,schemas",
            "active emails enterprise id meta name schemas title userName",
        ),
        (
            "excludedAttributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "active emails id meta name schemas title userName",
        ),
        (
            "excludedAttributes=nothing",
            "active emails enterprise id meta name schemas title userName",
        ),
    ] {
        let single = rig.get(&format!("{path}?{query}")).await.is(200).body;
        assert_eq!(names(&single), shown, "{query}");
        let listed = rig.get(&format!("/Users?{query}")).await.is(200).body;
        assert_eq!(listed["Resources"][0], single, "{query}");
    }
    let part = rig
        .get(&format!(
            "{path}?attributes=name.givenName,emails.type,{ENTERPRISE}:division"
        ))
        .await
        .body;
    assert_eq!(
        (&part["name"], &part["emails"]),
        (&json!({"givenName": "A"}), &json!([{"type": "work"}]))
    );
    assert_eq!(part[ENTERPRISE], json!({"division": "X"}));
    let part = rig
        .get(&format!(
            "{path}?excludedAttributes=name.givenName,emails.type"
        ))
        .await
        .body;
    assert_eq!(
        (&part["name"], &part["emails"]),
        (&json!({"familyName": "B"}), &json!([{"value": "a@b.c"}]))
    );
}

#[tokio::test]
async fn writes_are_answered_with_what_is_asked_for() {
    let rig = Rig::new().await;
    let body = json!({"schemas": [USER], "userName": "amara", "title": "Dr"});
    let created = rig
        .post("/Users?attributes=title", body.clone())
        .await
        .is(201);
    assert_eq!(names(&created.body), "id schemas title");
    let path = format!("/Users/{}", created.body["id"].as_str().expect("an id"));
    assert_eq!(
        names(
            &rig.put(&format!("{path}?excludedAttributes=meta,active"), body)
                .await
                .is(200)
                .body
        ),
        "id schemas title userName"
    );
    let group = rig.group("Ops", &[&path]).await;
    rig.patch(
        &group,
        json!([{"op": "replace", "path": "displayName", "value": "Ops 2"}]),
    )
    .await
    .is(204);
    let reply = rig
        .patch(
            &format!("{group}?attributes=displayName"),
            json!([{"op": "replace", "path": "displayName", "value": "Ops 3"}]),
        )
        .await
        .is(200);
    assert_eq!(reply.body["displayName"], json!("Ops 3"));
    assert_eq!(
        names(
            &rig.get(&format!("{group}?excludedAttributes=members"))
                .await
                .body
        ),
        "displayName id meta schemas"
    );
    assert_eq!(
        names(
            &rig.get(&format!("{group}?attributes=members.value"))
                .await
                .body
        ),
        "id members schemas"
    );
    assert_eq!(
        rig.get(&format!("{group}?attributes=members.value"))
            .await
            .body["members"],
        json!([{"value": id(&path)}])
    );
}
