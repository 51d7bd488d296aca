//! The built program against two servers that nobody here wrote: every finding must be in the reviewed list.
//!
//! Opt-in by `SCIMPROOF_INTEROP=1`, since it needs Python, Node and `tests/interop/install.sh` to have run. The lists
//! (`tests/interop/SERVER.toml`) say of each finding which true defect of that server it shows, and by what evidence.
//! A finding that no entry explains fails this test until somebody has looked at it by hand.

#![expect(clippy::print_stdout, reason = "figures for whoever reads the run")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use scimproof::plan::Glob;
use scimproof::results::{Outcome, Run, Severity};

const TOKEN: &str = "interop-token";

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    finding: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Check or rule ids, with `*` and `**`.
    ids: Vec<String>,
    /// What the server does wrong.
    defect: String,
    /// How it was seen by hand.
    evidence: String,
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/interop")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("loopback has free ports")
        .port()
}

/// Waits until something accepts on the port.
fn wait_for(port: u16) {
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the server on port {port} did not start"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn start(command: &mut Command, port: u16) -> Server {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("tests/interop/install.sh has installed the server");
    let mut server = Server(child);
    // A full pipe would stop the server: what it says is read and dropped.
    if let Some(out) = server.0.stdout.take() {
        std::thread::spawn(move || BufReader::new(out).lines().for_each(drop));
    }
    wait_for(port);
    server
}

fn play(base: &str) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.json");
    let status = Command::new(env!("CARGO_BIN_EXE_scimproof"))
        .args([
            "run",
            "--target",
            base,
            "--token-env",
            "INTEROP_TOKEN",
            "--quiet",
            "--report",
        ])
        .arg(format!("json={}", report.display()))
        .env("INTEROP_TOKEN", TOKEN)
        .env("XDG_STATE_HOME", folder.path())
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program runs");
    assert!(
        matches!(status.code(), Some(0 | 1)),
        "the run ended with {status}"
    );
    let text = std::fs::read_to_string(&report).expect("the report was written");
    serde_json::from_str(&text).expect("the report is a run")
}

/// Everything at warning or above that failed: id and message.
fn findings(run: &Run) -> Vec<(String, String)> {
    let checks = run
        .cases
        .iter()
        .flat_map(|case| &case.checks)
        .filter(|check| check.outcome == Outcome::Failed && check.severity >= Severity::Warning)
        .map(|check| (check.id.clone(), check.message.clone()));
    let rules = run
        .rules
        .iter()
        .filter(|rule| rule.outcome == Outcome::Failed && rule.severity >= Severity::Warning)
        .map(|rule| (rule.id.clone(), rule.message.clone()));
    checks.chain(rules).collect()
}

fn judge(server: &str, run: &Run) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/interop/{server}.toml"));
    let text = std::fs::read_to_string(&file).expect("the reviewed list is there");
    let reviewed: Reviewed = toml::from_str(&text).expect("the reviewed list can be read");
    for entry in &reviewed.finding {
        assert!(
            !entry.defect.is_empty() && !entry.evidence.is_empty(),
            "{:?} lacks its reason",
            entry.ids
        );
    }
    let globs: Vec<Glob> = reviewed
        .finding
        .iter()
        .flat_map(|entry| &entry.ids)
        .map(|id| Glob::new(id))
        .collect();
    let found = findings(run);
    let unexplained: Vec<String> = found
        .iter()
        .filter(|(id, _)| !globs.iter().any(|glob| glob.matches(id)))
        .map(|(id, message)| format!("{id}: {message}"))
        .collect();
    println!(
        "{server}: {} findings, {} of them reviewed",
        found.len(),
        found.len() - unexplained.len()
    );
    assert!(
        unexplained.is_empty(),
        "findings on {server} that nobody has reviewed:\n{}",
        unexplained.join("\n")
    );
    assert!(
        !found.is_empty(),
        "{server} is known to have defects, and none was found"
    );
    assert_eq!(
        run.summary.leftovers,
        Vec::<String>::new(),
        "left behind on {server}"
    );
}

fn wanted() -> bool {
    let wanted = std::env::var_os("SCIMPROOF_INTEROP").is_some();
    if !wanted {
        println!(
            "NOT RUN: interop with independent servers (set SCIMPROOF_INTEROP=1 after tests/interop/install.sh)"
        );
    }
    wanted
}

#[test]
fn every_finding_on_scim2_server_is_reviewed() {
    if !wanted() {
        return;
    }
    let port = free_port();
    let _server = start(
        Command::new(home().join("venv/bin/scim2-server")).args([
            "--port",
            &port.to_string(),
            "--bearer-token",
            TOKEN,
        ]),
        port,
    );
    judge("scim2-server", &play(&format!("http://127.0.0.1:{port}")));
}

#[test]
fn every_finding_on_scimmy_is_reviewed() {
    if !wanted() {
        return;
    }
    let port = free_port();
    let _server = start(
        Command::new("node")
            .arg("scimmy.mjs")
            .args([&port.to_string(), TOKEN])
            .current_dir(home().join("node")),
        port,
    );
    judge("scimmy", &play(&format!("http://127.0.0.1:{port}/scim/v2")));
}
