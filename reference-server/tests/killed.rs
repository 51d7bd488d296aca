//! A server over SQLite is killed again and again while it is written to: whatever it had
//! acknowledged is there when it starts again, and half a change never is.
#![cfg(all(unix, feature = "sqlite"))]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rand::RngExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ROUNDS: usize = 6;
const WRITERS: usize = 4;

/// A server in a process of its own.
struct Program {
    child: Child,
    base: String,
}

impl Program {
    fn start(store: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scim-reference"))
            .args(["--store", &format!("sqlite:{}", store.display())])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut base = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out)
            .read_line(&mut base)
            .expect("it prints its base URL");
        let base = base.trim().to_owned();
        assert!(base.starts_with("http://"), "it did not start: '{base}'");
        Self { child, base }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // On unix this is SIGKILL; one that is dead already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one writer was told of one user.
#[derive(Debug, Clone, Default)]
struct Known {
    /// The title of the last change that was acknowledged.
    acknowledged: usize,
    /// The title of the last change that was sent.
    sent: usize,
    /// Whether joining the group was acknowledged.
    member: bool,
    /// Whether a deletion was sent, and acknowledged.
    deletion: (bool, bool),
}

type Ledger = Arc<Mutex<BTreeMap<String, Known>>>;

async fn send(http: &Client, method: Method, url: String, body: Value) -> Option<(u16, Value)> {
    let request = http
        .request(method, url)
        .header("Content-Type", "application/scim+json")
        .body(body.to_string());
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// Writes until the server is gone; `None` is the end of the connection.
async fn write(
    http: Client,
    base: String,
    group: String,
    ledger: Ledger,
    answers: Arc<AtomicUsize>,
    name: String,
) -> Option<()> {
    let note = |id: &str, change: &dyn Fn(&mut Known)| {
        change(
            ledger
                .lock()
                .expect("no writer panics while it notes")
                .entry(id.to_owned())
                .or_default(),
        );
    };
    for number in 0.. {
        let body = json!({"schemas": [USER], "userName": format!("{name}.{number}"), "title": "0"});
        let (status, made) = send(&http, Method::POST, format!("{base}/Users"), body).await?;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().expect("an id").to_owned();
        note(&id, &|_| {});
        answers.fetch_add(1, Ordering::Relaxed);

        let join = json!({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": [{"value": id}]}]});
        let (status, _) =
            send(&http, Method::PATCH, format!("{base}/Groups/{group}"), join).await?;
        assert_eq!(status, 204);
        note(&id, &|known| known.member = true);
        answers.fetch_add(1, Ordering::Relaxed);

        for title in 1..4_usize {
            note(&id, &|known| known.sent = title);
            let change = json!({"schemas": [PATCH_OP], "Operations": [
                {"op": "replace", "path": "title", "value": title.to_string()},
                {"op": "replace", "path": "nickName", "value": title.to_string()},
            ]});
            let (status, _) =
                send(&http, Method::PATCH, format!("{base}/Users/{id}"), change).await?;
            assert_eq!(status, 200);
            note(&id, &|known| known.acknowledged = title);
            answers.fetch_add(1, Ordering::Relaxed);
        }
        if number % 3 == 0 {
            note(&id, &|known| known.deletion.0 = true);
            let url = format!("{base}/Users/{id}");
            let (status, _) = send(&http, Method::DELETE, url, Value::Null).await?;
            assert_eq!(status, 204);
            note(&id, &|known| known.deletion.1 = true);
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
    None
}

async fn check(http: &Client, base: &str, group: &str, ledger: &Ledger) {
    let (status, group) = send(
        http,
        Method::GET,
        format!("{base}/Groups/{group}"),
        Value::Null,
    )
    .await
    .expect("the group is answered");
    assert_eq!(status, 200, "{group}");
    let members: Vec<&str> = group["members"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|member| member["value"].as_str())
        .collect();
    let known = ledger.lock().expect("nobody writes any more").clone();
    for (id, known) in &known {
        let url = format!("{base}/Users/{id}");
        let (status, user) = send(http, Method::GET, url, Value::Null)
            .await
            .expect("a user is answered");
        if status == 404 {
            assert!(known.deletion.0, "{id} is lost: {known:?}");
            assert!(!members.contains(&id.as_str()), "{id} is gone but a member");
            continue;
        }
        assert_eq!(status, 200, "{user}");
        assert!(!known.deletion.1, "{id} was deleted and is back");
        let title = user["title"].as_str().and_then(|text| text.parse().ok());
        let title: usize = title.expect("a title");
        assert!(
            (known.acknowledged..=known.sent).contains(&title),
            "{id} has the title {title}: {known:?}"
        );
        if title > 0 {
            assert_eq!(
                user["title"], user["nickName"],
                "half a change of {id} is there"
            );
        }
        assert!(
            !known.member || members.contains(&id.as_str()),
            "{id} is no member any more"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store.db");
    let ledger = Ledger::default();
    let mut group = String::new();
    for round in 0..ROUNDS {
        let mut program = Program::start(&store);
        let http = Client::builder().no_proxy().build().expect("a client");
        let base = program.base.clone();
        if round == 0 {
            let body = json!({"schemas": [GROUP], "displayName": "everybody"});
            let (_, made) = send(&http, Method::POST, format!("{base}/Groups"), body)
                .await
                .expect("an answer");
            group = made["id"].as_str().expect("an id").to_owned();
        }
        check(&http, &base, &group, &ledger).await;
        let answers = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let name = format!("r{round}w{writer}");
                let (http, base, group) = (http.clone(), base.clone(), group.clone());
                let (ledger, answers) = (Arc::clone(&ledger), Arc::clone(&answers));
                tokio::spawn(write(http, base, group, ledger, answers, name))
            })
            .collect();
        // The writers are always in the middle of something, so any moment is a random one.
        let enough = rand::rng().random_range(20..80);
        while answers.load(Ordering::Relaxed) < enough {
            tokio::task::yield_now().await;
            assert!(
                writers.iter().any(|writer| !writer.is_finished()),
                "no writer is left"
            );
        }
        program.child.kill().expect("the server is killed");
        for writer in writers {
            writer.await.expect("a writer was told something wrong");
        }
    }
    let program = Program::start(&store);
    let http = Client::builder().no_proxy().build().expect("a client");
    check(&http, &program.base, &group, &ledger).await;
    assert!(ledger.lock().expect("nobody writes any more").len() > ROUNDS);
}
