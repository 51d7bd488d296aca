//! Discovery (RFC 7644 section 4, RFC 7643 sections 5 to 7).

use serde_json::{Value, json};

use crate::client::{ENTERPRISE, GROUP, Rig, USER};

#[tokio::test]
async fn the_server_says_what_it_is() {
    for rig in [Rig::new().await, Rig::strict().await] {
        let config = rig.get("/ServiceProviderConfig").await.is(200).body;
        assert_eq!(
            config["schemas"],
            json!(["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"])
        );
        for name in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
            assert!(config[name]["supported"].is_boolean(), "{name}");
        }
        assert_eq!(
            config["authenticationSchemes"][0]["type"],
            json!("oauthbearertoken")
        );
        assert_eq!(config["pagination"]["cursor"], json!(true));
        let types = rig.get("/ResourceTypes").await.is(200);
        assert_eq!(types.listed("name"), ["User", "Group"]);
        for resource in types.body["Resources"].as_array().expect("a list") {
            let name = resource["name"].as_str().expect("a name");
            assert_eq!(
                &rig.get(&format!("/ResourceTypes/{name}"))
                    .await
                    .is(200)
                    .body,
                resource
            );
            rig.get(&format!(
                "/Schemas/{}",
                resource["schema"].as_str().expect("a schema")
            ))
            .await
            .is(200);
        }
        let schemas = rig.get("/Schemas").await.is(200);
        for urn in [USER, GROUP, ENTERPRISE] {
            assert!(schemas.listed("id").iter().any(|id| id == urn), "{urn}");
        }
        for schema in schemas.body["Resources"].as_array().expect("a list") {
            let id = schema["id"].as_str().expect("an id");
            assert!(!id.contains(":api:"), "messages are no schemas");
            assert_eq!(
                &rig.get(&format!("/Schemas/{id}")).await.is(200).body,
                schema
            );
            assert_eq!(
                schema["meta"]["location"],
                json!(rig.url(&format!("/Schemas/{id}")))
            );
            assert!(!schema.to_string().contains("null"));
            for attribute in schema["attributes"].as_array().expect("attributes") {
                assert!(
                    attribute["type"].is_string() && attribute["multiValued"].is_boolean(),
                    "{attribute}"
                );
            }
        }
    }
}

#[tokio::test]
async fn discovery_is_not_queried_and_not_changed() {
    let rig = Rig::new().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        let plain = rig.get(path).await.body;
        rig.filter(path, "id pr").await.refused(403, "");
        assert_eq!(
            rig.get(&format!("{path}?startIndex=2&count=1&sortBy=id"))
                .await
                .is(200)
                .body,
            plain
        );
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            rig.send(method, path, &[], Some(Value::Null.to_string()))
                .await
                .refused(405, "");
        }
    }
    rig.get("/Schemas/urn:example:unknown")
        .await
        .refused(404, "");
    rig.get("/ResourceTypes/Unknown").await.refused(404, "");
    rig.get("/ServiceProviderConfigs").await.refused(404, "");
    rig.get("/Me").await.refused(501, "");
}
