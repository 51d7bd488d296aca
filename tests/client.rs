//! One exchange against servers that answer oddly, or not at all: what is recorded, in which class, in which words.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use scimproof::client::{BaseUrl, Client, ClientError, ClientOptions, Received, Request};
use scimproof::config::{Auth, OAuth2, Secret, SecretPlacement};
use scimproof::results::{ExchangeId, TransportErrorKind};
use scimproof::suite::model::Credential;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "canary-token-4711/secret";

fn request(method: &str, target: &str) -> Request {
    Request {
        id: ExchangeId(1),
        step: "step".to_owned(),
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("Accept".to_owned(), "application/scim+json".to_owned())],
        body: None,
        credential: Credential::Target,
        operation: format!("{method} /x"),
    }
}

fn options(base: &str) -> ClientOptions {
    let mut options = ClientOptions::new(BaseUrl::parse(base).expect("a valid base URL"));
    options.auth = Auth::Bearer(Secret::new(TOKEN, "SCIM_TOKEN"));
    options.timeout = Duration::from_secs(5);
    options
}

fn client(base: &str) -> Client {
    Client::new(options(base)).expect("a client")
}

async fn get(base: &str) -> Received {
    client(base).send(&request("GET", "/Users"), None).await
}

#[track_caller]
fn assert_error(received: &Received, kind: TransportErrorKind, part: &str) {
    let error = received.exchange.error.as_ref().expect("an error");
    assert_eq!(error.kind, kind, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
    assert!(received.json.is_none());
}

/// A server that hands each connection, numbered from 0, to `serve`.
async fn raw<F, S>(serve: S) -> String
where
    S: Fn(usize, TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(number, stream));
            number += 1;
        }
    });
    base
}

/// Reads up to the end of a request without a body.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0_u8; 1];
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => text.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A server that answers each request with the same bytes and then closes.
async fn answering(bytes: impl Into<Vec<u8>>) -> String {
    let bytes: Arc<Vec<u8>> = Arc::new(bytes.into());
    raw(move |_, mut stream| {
        let bytes = Arc::clone(&bytes);
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let base = raw(move |_, mut stream| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(read_head(&mut stream).await);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    })
    .await;
    let target = "/Users?filter=userName+eq+%22a%2bb%22&x=%5b1%5D";
    let received = client(&format!("{base}/scim/v2/"))
        .send(&request("GET", target), None)
        .await;
    let head = seen.recv().await.expect("a request");
    let mut lines = head.lines();
    assert_eq!(
        lines.next(),
        Some(format!("GET /scim/v2{target} HTTP/1.1").as_str())
    );
    let fields: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    assert!(
        fields.contains(&"Accept: application/scim+json"),
        "{fields:?}"
    );
    assert!(
        fields.contains(&format!("Authorization: Bearer {TOKEN}").as_str()),
        "{fields:?}"
    );
    let names: Vec<&str> = fields.iter().filter_map(|f| f.split(": ").next()).collect();
    assert_eq!(
        names,
        ["Accept", "Authorization", "Accept-Encoding", "Host"],
        "nothing is added in silence"
    );
    assert_eq!(received.exchange.url, format!("{base}/scim/v2{target}"));
    assert_eq!(received.status, Some(204));
    assert!(received.exchange.response_body.is_none());
    let recorded: Vec<(&str, &str)> = received
        .exchange
        .request_headers
        .iter()
        .map(|h| (h.name.as_str(), h.value.as_str()))
        .collect();
    assert_eq!(
        recorded,
        [
            ("Accept", "application/scim+json"),
            ("Authorization", "Bearer $SCIM_TOKEN"),
            ("Accept-Encoding", "gzip, deflate")
        ]
    );
}

#[tokio::test]
async fn odd_answers_have_a_class_and_plain_words() {
    let body =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":";
    let long_header = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "a".repeat(1 << 20));
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    let bad_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    let not_gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain";
    let two_lengths = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello";
    let table: Vec<(&str, Vec<u8>, TransportErrorKind, &str)> = vec![
        (
            "nothing",
            Vec::new(),
            TransportErrorKind::Closed,
            "closed the connection",
        ),
        (
            "half a head",
            b"HTTP/1.1 200 OK\r\nContent-".to_vec(),
            TransportErrorKind::Closed,
            "closed the connection",
        ),
        (
            "half a body",
            body.into(),
            TransportErrorKind::Closed,
            "closed the connection",
        ),
        (
            "garbage",
            b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
            TransportErrorKind::Protocol,
            "not valid HTTP",
        ),
        (
            "a long header",
            long_header.into(),
            TransportErrorKind::Limit,
            "header data",
        ),
        (
            "many headers",
            many_headers.into(),
            TransportErrorKind::Limit,
            "header data",
        ),
        (
            "a bad chunk",
            bad_chunk.into(),
            TransportErrorKind::Protocol,
            "not valid HTTP",
        ),
        (
            "two lengths",
            two_lengths.into(),
            TransportErrorKind::Protocol,
            "not valid HTTP",
        ),
        (
            "not gzip",
            not_gzip.into(),
            TransportErrorKind::Protocol,
            "Content-Encoding",
        ),
    ];
    for (name, bytes, kind, part) in table {
        let received = get(&answering(bytes).await).await;
        let error = received
            .exchange
            .error
            .as_ref()
            .unwrap_or_else(|| panic!("{name}: no error"));
        assert_eq!(error.kind, kind, "{name}: {}", error.message);
        assert!(error.message.contains(part), "{name}: {}", error.message);
    }
}

#[tokio::test]
async fn what_came_before_an_answer_broke_off_is_kept() {
    let base = answering("HTTP/1.1 500 Oops\r\nX-A: b\r\nContent-Length: 100\r\n\r\nhalf").await;
    let received = get(&base).await;
    assert_eq!(received.status, Some(500));
    assert_eq!(received.exchange.header("x-a"), Some("b"));
    assert_eq!(
        received
            .exchange
            .response_body
            .as_ref()
            .map(|b| b.text.as_str()),
        Some("half")
    );
    assert_eq!(received.exchange.repeated, 0, "an answer had begun");
}

#[tokio::test]
async fn a_dead_port_a_dead_name_and_a_silent_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    assert_error(
        &get(&base).await,
        TransportErrorKind::Connect,
        "refuses connections",
    );

    assert_error(
        &get("https://no-such-host.invalid/scim").await,
        TransportErrorKind::Dns,
        "does not resolve",
    );

    let base = raw(|_, mut stream| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let mut options = options(&base);
    options.timeout = Duration::from_millis(200);
    let began = Instant::now();
    let received = Client::new(options)
        .expect("a client")
        .send(&request("GET", "/Users"), None)
        .await;
    assert_error(
        &received,
        TransportErrorKind::Timeout,
        "did not answer within 0.2 s",
    );
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_off() {
    let base = raw(|_, mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let mut options = options(&base);
    options.timeout = Duration::from_millis(300);
    let received = Client::new(options.clone())
        .expect("a client")
        .send(&request("GET", "/Users"), None)
        .await;
    assert_error(
        &received,
        TransportErrorKind::Timeout,
        "did not finish its answer",
    );
    assert!(
        received
            .exchange
            .response_body
            .as_ref()
            .is_some_and(|b| b.text.starts_with('x'))
    );

    options.timeout = Duration::from_secs(30);
    let deadline = Instant::now() + Duration::from_millis(200);
    let client = Client::new(options).expect("a client");
    let received = client.send(&request("GET", "/Users"), Some(deadline)).await;
    assert_error(&received, TransportErrorKind::Deadline, "time was over");
    let received = client
        .send(&request("GET", "/Users"), Some(Instant::now()))
        .await;
    assert_error(&received, TransportErrorKind::Deadline, "time was over");
    assert_eq!(received.status, None);
}

#[tokio::test]
async fn bodies_are_read_to_a_limit_after_decompression() {
    let zeros = vec![b' '; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).expect("memory");
    let bomb = gzip.finish().expect("memory");
    assert!(bomb.len() < 100_000, "it is small on the wire");
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    answer.extend(&bomb);
    for bytes in [
        answer,
        [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 20 << 20]].concat(),
    ] {
        let received = get(&answering(bytes).await).await;
        assert_error(
            &received,
            TransportErrorKind::Limit,
            "longer than 8388608 bytes",
        );
        assert!(received.body.len() <= 8 << 20);
        let body = received.exchange.response_body.as_ref().expect("a record");
        assert!(body.truncated && body.text.len() <= 256 << 10);
    }
}

#[tokio::test]
async fn gzip_is_read_and_bytes_that_are_no_text_are_shown() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(br#"{"id":"1"}"#).expect("memory");
    let packed = gzip.finish().expect("memory");
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    )
    .into_bytes();
    answer.extend(&packed);
    let received = get(&answering(answer).await).await;
    assert_eq!(
        received.json.as_deref(),
        Some(&serde_json::json!({"id": "1"}))
    );

    let received =
        get(&answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"\xff\xfe\"".to_vec()).await)
            .await;
    let body = received.exchange.response_body.as_ref().expect("a record");
    assert!(body.invalid_utf8 && body.text.contains('\u{fffd}'));
    assert_eq!(received.json, None);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_the_token_goes_nowhere() {
    let elsewhere = MockServer::start().await;
    let target = MockServer::start().await;
    for status in [301, 302, 307, 308] {
        target.reset().await;
        Mock::given(method("GET"))
            .respond_with(
                ResponseTemplate::new(status)
                    .insert_header("Location", format!("{}/Users", elsewhere.uri())),
            )
            .mount(&target)
            .await;
        let received = get(&target.uri()).await;
        assert_eq!(received.status, Some(status));
        assert!(received.exchange.error.is_none());
    }
    assert_eq!(
        elsewhere.received_requests().await.map(|r| r.len()),
        Some(0)
    );
}

#[tokio::test]
async fn targets_that_would_lead_elsewhere_are_never_sent() {
    let server = MockServer::start().await;
    let client = client(&format!("{}/scim/v2", server.uri()));
    for target in [
        "/Users/..",
        "/Users/%2e%2e",
        "https://evil.example/scim/v2/Users",
        "Users",
        "/Users?filter=a \"b\"",
    ] {
        assert_error(
            &client.send(&request("DELETE", target), None).await,
            TransportErrorKind::Refused,
            "not sent",
        );
    }
    let mut bad_header = request("GET", "/Users");
    bad_header
        .headers
        .push(("X-A".to_owned(), "a\r\nX-B: c".to_owned()));
    assert_error(
        &client.send(&bad_header, None).await,
        TransportErrorKind::Refused,
        "`X-A`",
    );
    assert_eq!(server.received_requests().await.map(|r| r.len()), Some(0));
}

#[test]
fn plain_http_to_another_host_needs_a_word() {
    let mut options = options("http://10.1.2.3/scim");
    assert!(matches!(
        Client::new(options.clone()),
        Err(ClientError::InsecureHttp { .. })
    ));
    options.allow_insecure_http = true;
    assert!(Client::new(options).is_ok());
}

#[tokio::test]
async fn a_429_is_waited_for_and_counted() {
    let server = MockServer::start().await;
    Mock::given(path("/Users"))
        .respond_with(ResponseTemplate::new(429).insert_header("Retry-After", "0"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(path("/Users"))
        .respond_with(ResponseTemplate::new(201))
        .mount(&server)
        .await;
    let received = client(&server.uri())
        .send(&request("POST", "/Users"), None)
        .await;
    assert_eq!(
        (received.status, received.exchange.throttled),
        (Some(201), 2)
    );
}

#[tokio::test]
async fn a_429_without_end_or_with_too_long_a_pause_is_the_answer() {
    for (retry_after, throttled) in [("0", 5), ("3600", 0), ("Wed, 21 Oct 2099 07:28:00 GMT", 0)] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(429).insert_header("Retry-After", retry_after))
            .mount(&server)
            .await;
        let received = get(&server.uri()).await;
        assert_eq!(
            (received.status, received.exchange.throttled),
            (Some(429), throttled),
            "{retry_after}"
        );
    }
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(429).insert_header("Retry-After", "5"))
        .mount(&server)
        .await;
    let deadline = Instant::now() + Duration::from_secs(2);
    let received = client(&server.uri())
        .send(&request("GET", "/Users"), Some(deadline))
        .await;
    assert_eq!(
        (received.status, received.exchange.throttled),
        (Some(429), 0),
        "the pause would pass the deadline"
    );
}

/// Answers the first request of each connection with keep-alive, then closes as soon as the second begins.
async fn closing_on_the_second(requests: Arc<AtomicUsize>) -> String {
    raw(move |_, mut stream| {
        let requests = Arc::clone(&requests);
        async move {
            read_head(&mut stream).await;
            requests.fetch_add(1, Ordering::SeqCst);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                .await;
            let mut byte = [0_u8; 1];
            if matches!(stream.read(&mut byte).await, Ok(1)) {
                requests.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_kept_connection_that_closes_is_no_finding_for_a_read() {
    let requests = Arc::new(AtomicUsize::new(0));
    let client = client(&closing_on_the_second(Arc::clone(&requests)).await);
    assert_eq!(
        client.send(&request("GET", "/Users"), None).await.status,
        Some(200)
    );
    let second = client.send(&request("GET", "/Users"), None).await;
    assert_eq!((second.status, second.exchange.repeated), (Some(200), 1));
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_write_is_never_sent_twice_and_later_ones_take_a_fresh_connection() {
    let requests = Arc::new(AtomicUsize::new(0));
    let client = client(&closing_on_the_second(Arc::clone(&requests)).await);
    assert_eq!(
        client.send(&request("POST", "/Users"), None).await.status,
        Some(200)
    );
    let second = client.send(&request("POST", "/Users"), None).await;
    assert_error(&second, TransportErrorKind::Closed, "closed the connection");
    assert_eq!(second.exchange.repeated, 0);
    assert_eq!(
        requests.load(Ordering::SeqCst),
        2,
        "the lost request went out once"
    );
    for _ in 0..3 {
        assert_eq!(
            client.send(&request("POST", "/Users"), None).await.status,
            Some(200)
        );
    }
}

#[tokio::test]
async fn secrets_that_a_server_echoes_are_not_recorded() {
    let server = MockServer::start().await;
    let basic = "Basic c2NpbTpjYW5hcnktcGFzc3dvcmQtMDgxNQ==";
    let echo = format!(
        "{{\"detail\":\"token {TOKEN} {} {basic} canary-password-0815\"}}",
        TOKEN.replace('/', "\\/")
    );
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(400)
                .set_body_string(echo)
                .insert_header("X-Debug", format!("Bearer {TOKEN}"))
                .insert_header("Set-Cookie", "session=abc"),
        )
        .mount(&server)
        .await;
    let ways = [
        Auth::Bearer(Secret::new(TOKEN, "SCIM_TOKEN")),
        Auth::Basic {
            username: "scim".to_owned(),
            password: Secret::new("canary-password-0815", "SCIM_PASSWORD"),
        },
        Auth::Header {
            name: "X-Key".to_owned(),
            value: Secret::new(TOKEN, "SCIM_KEY"),
        },
    ];
    for auth in ways {
        let mut options = options(&server.uri());
        options.auth = auth;
        let client = Client::new(options).expect("a client");
        client.redactor().add_value(TOKEN, "T");
        client.redactor().add_value("canary-password-0815", "P");
        let mut request = request("POST", "/Users?debug=canary-password-0815");
        request.body = Some(b"{\"password\":\"canary-password-0815\"}".to_vec());
        let received = client.send(&request, None).await;
        assert_eq!(received.status, Some(400));
        let record = serde_json::to_string(&*received.exchange).expect("JSON");
        for secret in ["canary", "c2NpbTpjYW5hcnk", "session=abc"] {
            assert!(!record.contains(secret), "{secret} in {record}");
        }
        assert!(
            received.body.windows(6).any(|w| w == b"canary"),
            "the judge sees what came"
        );
    }
}

#[tokio::test]
async fn each_credential_is_sent_as_it_should_be() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let mut options = options(&server.uri());
    options.revoked = Some(Auth::Bearer(Secret::new("old-token", "OLD")));
    let client = Client::new(options).expect("a client");
    assert!(
        client.has_credential(&Credential::Revoked)
            && !client.has_credential(&Credential::OtherTenant)
    );
    for credential in [
        Credential::Target,
        Credential::None,
        Credential::Wrong,
        Credential::Revoked,
        Credential::Literal("Basic !!".to_owned()),
    ] {
        let sent = Request {
            credential,
            ..request("GET", "/Users")
        };
        assert_eq!(client.send(&sent, None).await.status, Some(200));
    }
    let other = Request {
        credential: Credential::OtherTenant,
        ..request("GET", "/Users")
    };
    assert_error(
        &client.send(&other, None).await,
        TransportErrorKind::Refused,
        "auth.other_tenant",
    );
    let seen: Vec<Option<String>> = server
        .received_requests()
        .await
        .expect("recording")
        .iter()
        .map(|r| {
            r.headers
                .get("authorization")
                .map(|v| v.to_str().expect("text").to_owned())
        })
        .collect();
    assert_eq!(seen[0].as_deref(), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(seen[1], None);
    let wrong = seen[2].as_deref().expect("a wrong credential");
    assert!(
        wrong.starts_with("Bearer ") && !wrong.contains(TOKEN),
        "{wrong}"
    );
    assert_eq!(seen[3].as_deref(), Some("Bearer old-token"));
    assert_eq!(seen[4].as_deref(), Some("Basic !!"));
}

fn oauth(token_url: String, placement: SecretPlacement) -> Auth {
    Auth::OAuth2(OAuth2 {
        token_url,
        client_id: "client".to_owned(),
        client_secret: Secret::new("s3cr:t &", "CLIENT_SECRET"),
        scope: Some("scim".to_owned()),
        extra: std::collections::BTreeMap::new(),
        placement,
    })
}

#[tokio::test]
async fn one_access_token_serves_all_who_wait() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .and(body_string_contains(
            "grant_type=client_credentials&scope=scim",
        ))
        .and(header(
            "authorization",
            "Basic Y2xpZW50OnMzY3IlM0F0KyUyNg==",
        ))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_string(
                    r#"{"access_token":"issued-token-77","token_type":"Bearer","expires_in":3600}"#,
                )
                .set_delay(Duration::from_millis(50)),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/scim/Users"))
        .and(header("authorization", "Bearer issued-token-77"))
        .respond_with(ResponseTemplate::new(200).set_body_string("issued-token-77"))
        .expect(8)
        .mount(&server)
        .await;
    let mut options = options(&format!("{}/scim", server.uri()));
    options.auth = oauth(format!("{}/token", server.uri()), SecretPlacement::Basic);
    let client = Client::new(options).expect("a client");
    let all = futures_util::future::join_all(
        (0..8).map(async |_| client.send(&request("GET", "/Users"), None).await),
    )
    .await;
    for received in all {
        assert_eq!(received.status, Some(200));
        assert_eq!(
            received
                .exchange
                .response_body
                .as_ref()
                .expect("a body")
                .text,
            "$SCIM_ACCESS_TOKEN"
        );
    }
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_told_once_and_without_the_secret() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .and(body_string_contains(
            "client_id=client&client_secret=s3cr%3At+%26",
        ))
        .respond_with(ResponseTemplate::new(401).set_body_string(
            r#"{"error":"invalid_client","error_description":"bad secret s3cr:t & given"}"#,
        ))
        .expect(1)
        .mount(&server)
        .await;
    let mut options = options(&format!("{}/scim", server.uri()));
    options.auth = oauth(format!("{}/token", server.uri()), SecretPlacement::Body);
    let client = Client::new(options).expect("a client");
    for _ in 0..2 {
        let received = client.send(&request("GET", "/Users"), None).await;
        assert_error(&received, TransportErrorKind::Refused, "invalid_client");
        let message = received.exchange.error.clone().expect("an error").message;
        assert!(
            !message.contains("s3cr") && message.contains("/token"),
            "{message}"
        );
    }
    let insecure = oauth(
        "http://login.example.com/token".to_owned(),
        SecretPlacement::Basic,
    );
    let mut options = ClientOptions::new(BaseUrl::parse("https://h.example").expect("valid"));
    options.auth = insecure;
    let error = Client::new(options).expect_err("plain http").to_string();
    assert!(error.contains("in the clear"), "{error}");
}

#[tokio::test]
async fn records_stay_within_their_budget() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("é".repeat(10_000)))
        .mount(&server)
        .await;
    let mut options = options(&server.uri());
    options.limits.recorded_in_total = 30_000;
    options.limits.recorded = 15_001;
    let client = Client::new(options).expect("a client");
    let mut lengths = Vec::new();
    for _ in 0..3 {
        let body = client
            .send(&request("GET", "/Users"), None)
            .await
            .exchange
            .response_body
            .clone()
            .expect("a body");
        assert!(body.truncated && body.bytes == 20_000);
        lengths.push(body.text.len());
    }
    assert_eq!(lengths, [15_000, 15_000, 4096]);
}

mod tls {
    use super::*;
    use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    /// A TLS server whose certificate is for `name`, and the PEM of the authority that signed it.
    async fn server(name: &str, expired: bool) -> (String, String) {
        scimproof::client::install_crypto();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
                .expect("a certificate");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("a usable certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let base = raw(move |_, stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut buffer = [0_u8; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    .await;
                let _ = stream.shutdown().await;
            }
        })
        .await;
        (
            base.replace("http://127.0.0.1", "https://localhost"),
            authority.as_ref().pem(),
        )
    }

    async fn with_ca(base: &str, ca: Option<&str>) -> Received {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut options = options(base);
        if let Some(pem) = ca {
            std::fs::write(file.path(), pem).expect("written");
            options.ca_file = Some(file.path().to_owned());
        }
        Client::new(options)
            .expect("a client")
            .send(&request("GET", "/Users"), None)
            .await
    }

    #[tokio::test]
    async fn certificates() {
        let (base, ca) = server("localhost", false).await;
        assert_eq!(with_ca(&base, Some(&ca)).await.status, Some(200));
        assert_error(
            &with_ca(&base, None).await,
            TransportErrorKind::Tls,
            "known authority",
        );
        let (base, ca) = server("other.example", false).await;
        assert_error(
            &with_ca(&base, Some(&ca)).await,
            TransportErrorKind::Tls,
            "another name",
        );
        let (base, ca) = server("localhost", true).await;
        assert_error(
            &with_ca(&base, Some(&ca)).await,
            TransportErrorKind::Tls,
            "expired",
        );
    }

    #[tokio::test]
    async fn http_behind_an_https_address() {
        let base = raw(|_, mut stream| async move {
            let mut hello = [0_u8; 1024];
            let _ = stream.read(&mut hello).await;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
        })
        .await;
        let base = base.replace("http://", "https://");
        assert_error(
            &get(&base).await,
            TransportErrorKind::Tls,
            "http rather than https",
        );
    }

    #[test]
    fn a_ca_file_that_holds_none_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for text in ["", "no certificate"] {
            std::fs::write(file.path(), text).expect("written");
            let mut options = options("https://h.example");
            options.ca_file = Some(file.path().to_owned());
            assert!(
                matches!(Client::new(options), Err(ClientError::CaFile { .. })),
                "{text:?}"
            );
        }
    }
}
