//! Credentials that come and go: OAuth client credentials (RFC 6749 section 4.4), and tokens that
//! are changed while the server runs.

use std::net::SocketAddr;
use std::time::Duration;

use scim_reference::{Options, StartError, start};
use serde_json::{Value, json};

use crate::client::{Reply, Rig};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn oauth(lifetime: u64) -> Rig {
    Rig::with(Options {
        oauth_clients: vec![("app".to_owned(), "p w+%".to_owned())],
        oauth_lifetime: Duration::from_secs(lifetime),
        ..Options::default()
    })
    .await
}

async fn fetch(rig: &Rig, headers: &[(&str, &str)], form: &str) -> Reply {
    let url = rig.server().token_url().expect("there are clients");
    rig.elsewhere("POST", url.to_owned(), headers, Some(form.to_owned()))
        .await
}

async fn status(rig: &Rig, token: &str) -> u16 {
    let header = format!("Bearer {token}");
    rig.send("GET", "/Users", &[("Authorization", &header)], None)
        .await
        .status
}

#[tokio::test]
async fn a_client_fetches_a_token() {
    let rig = oauth(60).await;
    // base64 of `app:p+w%2B%25`: id and secret are form-encoded first.
    let basic = ("Authorization", "Basic YXBwOnArdyUyQiUyNQ==");
    let in_body = "grant_type=client_credentials&client_id=app&client_secret=p+w%2B%25&scope=scim";
    for (headers, form) in [
        (vec![FORM], in_body),
        (vec![FORM, basic], "grant_type=client_credentials"),
    ] {
        let reply = fetch(&rig, &headers, form).await.is(200);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.body["token_type"], "Bearer");
        assert_eq!(reply.body["expires_in"], json!(60));
        let token = reply.body["access_token"].as_str().expect("a token");
        assert_eq!(status(&rig, token).await, 200);
    }
    assert_eq!(rig.get("/Users").await.status, 401);
    let wrong = "grant_type=client_credentials&client_id=app&client_secret=no";
    for (headers, form, status, error) in [
        (vec![FORM], wrong, 401, "invalid_client"),
        (
            vec![FORM],
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            vec![FORM, ("Authorization", "Bearer x")],
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            vec![FORM, basic],
            "grant_type=password",
            400,
            "unsupported_grant_type",
        ),
        (vec![FORM, basic], "", 400, "invalid_request"),
        (vec![FORM, basic], in_body, 400, "invalid_request"),
        (
            vec![FORM, basic],
            "grant_type=a&grant_type=b",
            400,
            "invalid_request",
        ),
        (vec![JSON, basic], "{}", 400, "invalid_request"),
    ] {
        let reply = fetch(&rig, &headers, form).await.is(status);
        assert_eq!(reply.body, json!({"error": error}), "{form}");
    }
}

#[tokio::test]
async fn a_fetched_token_ends() {
    let rig = oauth(0).await;
    let form = "grant_type=client_credentials&client_id=app&client_secret=p+w%2B%25";
    let reply = fetch(&rig, &[FORM], form).await.is(200);
    let token = reply.body["access_token"].as_str().expect("a token");
    assert_eq!(status(&rig, token).await, 401);
}

async fn admin(rig: &Rig, method: &str, path: &str, body: Option<Value>) -> Reply {
    let url = rig.server().admin_url().expect("it is asked for");
    let body = body.map(|body| body.to_string());
    rig.elsewhere(method, format!("{url}{path}"), &[JSON], body)
        .await
}

#[tokio::test]
async fn tokens_are_changed_while_the_server_runs() {
    let rig = Rig::with(Options {
        tokens: vec!["first".to_owned()],
        admin: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..Options::default()
    })
    .await;
    let added = admin(&rig, "POST", "/tokens", Some(json!({"label": "ci runner"})))
        .await
        .is(201);
    let secret = added.body["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(status(&rig, &secret).await, 200);
    let listed = admin(&rig, "GET", "/tokens", None).await.is(200);
    let labels: Vec<&Value> = listed.body["tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|token| &token["label"])
        .collect();
    assert_eq!(labels, ["token-1", "ci runner"]);
    assert!(!listed.text.contains(&secret) && !listed.text.contains("first"));

    let again = Some(json!({"label": "ci runner", "secret": "x"}));
    admin(&rig, "POST", "/tokens", again).await.is(409);
    let rotated = admin(
        &rig,
        "POST",
        "/tokens/ci%20runner/rotate",
        Some(json!({"secret": "second"})),
    )
    .await
    .is(200);
    assert_eq!(rotated.body["secret"], "second");
    assert_eq!(
        (status(&rig, &secret).await, status(&rig, "second").await),
        (401, 200)
    );
    admin(&rig, "DELETE", "/tokens/ci%20runner", None)
        .await
        .is(204);
    admin(&rig, "DELETE", "/tokens/token-1", None).await.is(204);
    for token in ["first", "second", ""] {
        assert_eq!(status(&rig, token).await, 401, "{token}");
    }
    for (method, path, body, expected) in [
        ("DELETE", "/tokens/ci%20runner", None, 404),
        ("POST", "/tokens/nobody/rotate", Some(json!({})), 404),
        ("POST", "/tokens", Some(json!({"secret": "x"})), 400),
        ("POST", "/tokens", Some(json!([])), 400),
        ("PUT", "/tokens", None, 405),
        ("GET", "/tokens/token-1", None, 405),
        ("GET", "/Users", None, 404),
    ] {
        admin(&rig, method, path, body).await.is(expected);
    }
    let url = rig.server().admin_url().expect("it is asked for");
    rig.elsewhere(
        "POST",
        format!("{url}/tokens"),
        &[FORM],
        Some("{}".to_owned()),
    )
    .await
    .is(415);
    // The other listener knows nothing of this.
    rig.get("/tokens").await.is(401);
}

#[tokio::test]
async fn the_admin_endpoint_is_off_or_closed_to_strangers() {
    assert_eq!(Rig::new().await.server().admin_url(), None);
    let everywhere = Some(SocketAddr::from(([0, 0, 0, 0], 0)));
    let open = Options {
        admin: everywhere,
        ..Options::default()
    };
    assert!(matches!(
        start(open.clone()).await,
        Err(StartError::OpenAdmin(_))
    ));
    let rig = Rig::with(Options {
        admin: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        admin_token: Some("boss".to_owned()),
        ..open
    })
    .await;
    admin(&rig, "GET", "/tokens", None).await.is(401);
    let url = format!("{}/tokens", rig.server().admin_url().expect("asked for"));
    for (token, expected) in [
        ("Bearer boss", 200),
        ("Bearer bos", 401),
        ("Basic boss", 401),
    ] {
        rig.elsewhere("GET", url.clone(), &[("Authorization", token)], None)
            .await
            .is(expected);
    }
}
