//! Authentication (RFC 7644 section 2) and `/Me` (section 3.11).

use scim_reference::Options;
use scim_reference::auth::Token;
use serde_json::json;

use crate::client::{Rig, USER};

#[tokio::test]
async fn nothing_is_served_to_strangers() {
    let rig = Rig::with(Options {
        tokens: vec!["one".to_owned(), "two".to_owned()],
        ..Options::default()
    })
    .await;
    for path in [
        "/Users",
        "/Users/1",
        "/Groups",
        "",
        "/Schemas",
        "/ResourceTypes",
        "/Nothing",
        "/Me",
    ] {
        for headers in [
            vec![],
            vec![("Authorization", "Bearer three")],
            vec![("Authorization", "one")],
            vec![("Authorization", "Basic b25lOg==")],
        ] {
            let reply = rig.send("GET", path, &headers, None).await.refused(401, "");
            assert!(reply.header("www-authenticate").starts_with("Bearer"));
        }
    }
    let user = json!({"schemas": [USER], "userName": "x"}).to_string();
    rig.send(
        "POST",
        "/Users",
        &[("Authorization", "Bearer three")],
        Some(user),
    )
    .await
    .refused(401, "");
    for token in ["Bearer one", "bearer two"] {
        assert_eq!(
            rig.send("GET", "/Users", &[("Authorization", token)], None)
                .await
                .is(200)
                .body["totalResults"],
            json!(0)
        );
    }
    rig.get("/ServiceProviderConfig").await.is(200);
    rig.send(
        "GET",
        "/ServiceProviderConfig",
        &[("Authorization", "Bearer three")],
        None,
    )
    .await
    .refused(401, "");
}

#[tokio::test]
async fn me_is_the_user_of_the_token() {
    let token = |secret: &str, user: Option<&str>| Token {
        label: secret.to_owned(),
        secret: secret.to_owned(),
        user_name: user.map(str::to_owned),
    };
    let options = Options {
        labelled_tokens: vec![token("service", None), token("amara", Some("Amara"))],
        basic: vec![("bela".to_owned(), "pw".to_owned())],
        ..Options::default()
    };
    let rig = Rig::with(options).await;
    let service = [("Authorization", "Bearer service")];
    let amara = [("Authorization", "Bearer amara")];
    rig.send("GET", "/Me", &service, None)
        .await
        .refused(501, "");
    rig.send("GET", "/Me", &amara, None).await.refused(404, "");
    let created = rig
        .send(
            "POST",
            "/Users",
            &service,
            Some(json!({"schemas": [USER], "userName": "amara"}).to_string()),
        )
        .await
        .is(201);
    let me = rig.send("GET", "/Me", &amara, None).await.is(200);
    assert_eq!(me.body, created.body);
    assert_eq!(me.header("location"), created.header("location"));
    rig.send(
        "GET",
        "/Users",
        &[("Authorization", "Basic YmVsYTpwdw==")],
        None,
    )
    .await
    .is(200);
}
