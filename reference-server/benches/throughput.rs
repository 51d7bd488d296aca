//! Requests a second over HTTP, beside a bare axum handler that answers with the same bytes in the
//! same process: what the server itself costs. Prints the ratios; `cargo bench -p scim-reference
//! --bench throughput`, with the seconds for each measurement as an argument.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use reqwest::{Client, Method};
use scim_reference::{Options, start};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Requests under way at a time.
const CLIENTS: usize = 8;
/// People who are there.
const USERS: usize = 1_000;

/// How the request of a number is made.
type Make = Arc<dyn Fn(usize) -> (Method, String, Option<String>) + Send + Sync>;

fn user(name: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "displayName": "Amara Okafor", "active": true,
        "name": {"givenName": "Amara", "familyName": "Okafor"},
        "emails": [{"value": format!("{name}@example.com"), "type": "work", "primary": true}],
    })
}

async fn send(
    http: &Client,
    (method, url, body): (Method, String, Option<String>),
) -> (u16, Bytes) {
    let mut request = http.request(method, url);
    if let Some(body) = body {
        request = request
            .header("Content-Type", "application/scim+json")
            .body(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("a body"))
}

/// Requests a second of this kind.
async fn rate(
    http: &Client,
    make: &Make,
    expected: u16,
    numbers: &Arc<AtomicUsize>,
    time: Duration,
) -> f64 {
    let start = Instant::now();
    let workers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (http, make, numbers) = (http.clone(), Arc::clone(make), Arc::clone(numbers));
            tokio::spawn(async move {
                let mut sent = 0_u32;
                while start.elapsed() < time {
                    let (status, _) =
                        send(&http, make(numbers.fetch_add(1, Ordering::Relaxed))).await;
                    assert_eq!(status, expected);
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let mut sent = 0;
    for worker in workers {
        sent += worker.await.expect("every answer is the right one");
    }
    f64::from(sent) / start.elapsed().as_secs_f64()
}

/// A server that reads a request and answers with these bytes, whatever it says.
async fn bare(status: u16, body: Bytes) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let status = StatusCode::from_u16(status).expect("a status");
    let handler = move |_request: Bytes| {
        let body = body.clone();
        async move {
            (
                status,
                [(header::CONTENT_TYPE, "application/scim+json")],
                body,
            )
        }
    };
    let router = Router::new().fallback(handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Method, URL and body of the numbered request of a kind, from the base URL and the ids of the people made before.
type Request = fn(&str, &[String], usize) -> (Method, String, Option<String>);

#[tokio::main]
async fn main() {
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(3.0);
    let time = Duration::from_secs_f64(seconds);
    // Whoever comes second finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Client::builder().no_proxy().build().expect("a client");
    let server = start(Options::default()).await.expect("the server starts");
    let base = server.base_url().to_owned();
    let mut ids = Vec::new();
    for number in 0..USERS {
        let body = user(&format!("person.{number}")).to_string();
        let (_, made) = send(&http, (Method::POST, format!("{base}/Users"), Some(body))).await;
        let made: Value = serde_json::from_slice(&made).expect("JSON");
        ids.push(made["id"].as_str().expect("an id").to_owned());
    }
    let ids = Arc::new(ids);
    let kinds: [(&str, u16, Request); 4] = [
        ("GET by id", 200, |base, ids, at| {
            (
                Method::GET,
                format!("{base}/Users/{}", ids[at % USERS]),
                None,
            )
        }),
        ("GET by userName", 200, |base, _, at| {
            let filter = format!("userName%20eq%20%22person.{}%22", at % USERS);
            (Method::GET, format!("{base}/Users?filter={filter}"), None)
        }),
        ("PATCH", 200, |base, ids, at| {
            let body = json!({"schemas": [PATCH_OP], "Operations": [
                {"op": "replace", "path": "title", "value": at.to_string()}]});
            (
                Method::PATCH,
                format!("{base}/Users/{}", ids[at % USERS]),
                Some(body.to_string()),
            )
        }),
        ("POST", 201, |base, _, at| {
            let body = user(&format!("new.{at}")).to_string();
            (Method::POST, format!("{base}/Users"), Some(body))
        }),
    ];
    let mut out = std::io::stdout().lock();
    let numbers = Arc::new(AtomicUsize::new(0));
    for (name, status, make) in kinds {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let (_, bytes) = send(&http, make(&base, &ids, number)).await;
        let plain = bare(status, bytes).await;
        let of = |base: String| -> Make {
            let ids = Arc::clone(&ids);
            Arc::new(move |at| make(&base, &ids, at))
        };
        let (real, plain) = (of(base.clone()), of(plain));
        // Alternately, so that whatever else the machine does falls on both.
        let (mut ours, mut least) = (0.0, 0.0);
        for _ in 0..2 {
            ours += rate(&http, &real, status, &numbers, time / 2).await / 2.0;
            least += rate(&http, &plain, status, &numbers, time / 2).await / 2.0;
        }
        let _ = writeln!(
            out,
            "{name}: {ours:.0}/s, bare handler {least:.0}/s, ratio {:.2}",
            ours / least
        );
    }
    server.stop().await;
}
