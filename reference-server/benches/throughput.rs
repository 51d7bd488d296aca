//! Requests a second over HTTP, beside a bare axum handler that answers with the same bytes in the same process (bar: at
//! least 0.6 of it), and beside servers that others wrote where `tests/interop/install.sh` has installed them (bar: at least
//! 10 times theirs); in memory and, for what writes to disk cost, over SQLite. Prints the ratios of one run; on a
//! machine that does other things as well, the ratio of CPU times is the one to believe.
//!
//! `cargo bench -p scim-reference --bench throughput`, with the seconds for each measurement as an argument.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
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
const USERS: usize = 250;
/// What every server lets in.
const TOKEN: &str = "throughput";

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
    let mut request = http.request(method, url).bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request
            .header("Content-Type", "application/scim+json")
            .body(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("a body"))
}

/// CPU seconds of this process, client and server together; nothing where the system does not say. A clock tick is a
/// hundredth of a second on all of Linux.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold anything; user and system time are the 14th and 15th field.
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks = behind.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// How fast requests of a kind are answered.
#[derive(Clone, Copy, Default)]
struct Pace {
    requests: f64,
    /// In how many seconds.
    wall: f64,
    /// With how many seconds of the processor.
    cpu: f64,
}

impl Pace {
    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }

    /// Requests a second.
    fn rate(self) -> f64 {
        self.requests / self.wall
    }

    /// Microseconds of the processor for a request and its answer, on both sides.
    fn micros(self) -> f64 {
        self.cpu * 1e6 / self.requests
    }
}

/// Sends requests of this kind for a time.
async fn pace(http: &Client, make: &Make, numbers: &Arc<AtomicUsize>, time: Duration) -> Pace {
    let (before, start) = (cpu(), Instant::now());
    let workers: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (http, make, numbers) = (http.clone(), Arc::clone(make), Arc::clone(numbers));
            tokio::spawn(async move {
                let mut sent = 0_u32;
                while start.elapsed() < time {
                    let (status, _) =
                        send(&http, make(numbers.fetch_add(1, Ordering::Relaxed))).await;
                    assert!((200..300).contains(&status), "{status}");
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
    Pace {
        requests: f64::from(sent),
        wall: start.elapsed().as_secs_f64(),
        cpu: cpu() - before,
    }
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

const KINDS: [(&str, u16, Request); 4] = [
    ("GET by id", 200, |base, ids, at| {
        let id = &ids[at % USERS];
        (Method::GET, format!("{base}/Users/{id}"), None)
    }),
    ("GET by userName", 200, |base, _, at| {
        let filter = format!("userName%20eq%20%22person.{}%22", at % USERS);
        (Method::GET, format!("{base}/Users?filter={filter}"), None)
    }),
    ("PATCH", 200, |base, ids, at| {
        let body = json!({"schemas": [PATCH_OP], "Operations": [
            {"op": "replace", "path": "title", "value": at.to_string()}]});
        let id = &ids[at % USERS];
        let url = format!("{base}/Users/{id}");
        (Method::PATCH, url, Some(body.to_string()))
    }),
    ("POST", 201, |base, _, at| {
        let body = user(&format!("new.{at}")).to_string();
        (Method::POST, format!("{base}/Users"), Some(body))
    }),
];

/// A server with its people.
struct Tenant {
    base: String,
    ids: Arc<Vec<String>>,
}

impl Tenant {
    async fn of(http: &Client, base: String) -> Self {
        let mut ids = Vec::new();
        for number in 0..USERS {
            let body = user(&format!("person.{number}")).to_string();
            let (_, made) = send(http, (Method::POST, format!("{base}/Users"), Some(body))).await;
            let made: Value = serde_json::from_slice(&made).expect("JSON");
            ids.push(made["id"].as_str().expect("an id").to_owned());
        }
        Self {
            base,
            ids: Arc::new(ids),
        }
    }

    fn make(&self, request: Request) -> Make {
        let (base, ids) = (self.base.clone(), Arc::clone(&self.ids));
        Arc::new(move |at| request(&base, &ids, at))
    }

    /// The same requests at another server.
    fn elsewhere(&self, base: String) -> Self {
        Self {
            base,
            ids: Arc::clone(&self.ids),
        }
    }
}

/// A server that others wrote; it ends with this.
struct Peer {
    name: &'static str,
    base: String,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The peers that are installed, started.
async fn peers() -> Vec<Peer> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/interop");
    let mut started = Vec::new();
    for name in ["scim2-server", "scimmy-routers"] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let number = port.to_string();
        let (mut command, path) = if name == "scim2-server" {
            let mut command = Command::new(home.join("venv/bin/scim2-server"));
            command.args(["--port", &number, "--bearer-token", TOKEN]);
            (command, "")
        } else {
            let mut command = Command::new("node");
            command.args(["scimmy.mjs", &number, TOKEN]);
            command.current_dir(home.join("node"));
            (command, "/scim/v2")
        };
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null());
        let Ok(child) = silent.stderr(Stdio::null()).spawn() else {
            continue;
        };
        let peer = Peer {
            name,
            base: format!("http://127.0.0.1:{port}{path}"),
            child,
        };
        let begun = Instant::now();
        let mut there = false;
        while !there && begun.elapsed() < Duration::from_secs(30) {
            there = tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if there {
            started.push(peer);
        }
    }
    started
}

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
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite:{}", folder.path().join("people.db").display());
    let options = |store: &str| Options {
        tokens: vec![TOKEN.to_owned()],
        store: store.parse().expect("a store"),
        ..Options::default()
    };
    let memory = start(options("memory")).await.expect("the server starts");
    let sqlite = start(options(&file)).await.expect("the server starts");
    let ours = Tenant::of(&http, memory.base_url().to_owned()).await;
    let mut others = vec![(
        "over SQLite",
        None,
        Tenant::of(&http, sqlite.base_url().to_owned()).await,
    )];
    let peers = peers().await;
    for peer in &peers {
        let tenant = Tenant::of(&http, peer.base.clone()).await;
        others.push((peer.name, Some(10.0), tenant));
    }
    let mut out = std::io::stdout().lock();
    if peers.len() < 2 {
        let _ = writeln!(
            out,
            "NOT RUN: peers (tests/interop/install.sh installs them)"
        );
    }
    let numbers = Arc::new(AtomicUsize::new(0));
    for (name, status, request) in KINDS {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let (_, bytes) = send(&http, request(&ours.base, &ours.ids, number)).await;
        let plain = ours.elsewhere(bare(status, bytes).await).make(request);
        let real = ours.make(request);
        // Alternately, so that whatever else the machine does falls on both.
        let (mut us, mut least) = (Pace::default(), Pace::default());
        for _ in 0..4 {
            us = us.and(pace(&http, &real, &numbers, time / 4).await);
            least = least.and(pace(&http, &plain, &numbers, time / 4).await);
        }
        let _ = writeln!(
            out,
            "{name}: {:.0}/s; bare handler {:.0}/s, ratio {:.2} (bar: 0.60); {:.0} and {:.0} us of CPU time, ratio {:.2}",
            us.rate(),
            least.rate(),
            us.rate() / least.rate(),
            us.micros(),
            least.micros(),
            least.micros() / us.micros()
        );
        for (other, bar, tenant) in &others {
            let them = pace(&http, &tenant.make(request), &numbers, time / 2)
                .await
                .rate();
            let bar = bar.map_or_else(String::new, |bar: f64| format!(" (bar: {bar:.0})"));
            let _ = writeln!(
                out,
                "  {other}: {them:.0}/s, the server in memory is {:.1} times as fast{bar}",
                us.rate() / them
            );
        }
    }
    drop(peers);
    memory.stop().await;
    sqlite.stop().await;
}
