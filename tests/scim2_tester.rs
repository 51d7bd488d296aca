//! A peer's judgement of the bundled server: scim2-tester finds nothing but what the reviewed list explains, whether the
//! server is strict or not.
//!
//! Opt-in by `SCIMPROOF_INTEROP=1` after `tests/interop/install.sh`, since it needs Python.

#![expect(clippy::print_stdout, reason = "figures for whoever reads the run")]

use std::path::Path;
use std::process::Command;

const TOKEN: &str = "interop-token";
/// It makes more checks than this; fewer mean that it gave up.
const LEAST: usize = 100;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    finding: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    r#type: String,
    says: String,
    why: String,
}

/// One check, as `judge.py` tells it.
#[derive(Debug, serde::Deserialize)]
struct Judged {
    status: String,
    title: String,
    r#type: String,
    reason: String,
}

/// Has scim2-tester judge a server.
async fn judged(strict: bool) -> Vec<Judged> {
    let server = scim_reference::start(scim_reference::Options {
        tokens: vec![TOKEN.to_owned()],
        strict,
        ..scim_reference::Options::default()
    })
    .await
    .expect("a server");
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(home.join("target/interop/venv/bin/python"));
    command
        .arg(home.join("tests/interop/judge.py"))
        .args([server.base_url(), TOKEN]);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("tests/interop/install.sh has installed it");
    server.stop().await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn scim2_tester_finds_nothing_but_where_it_errs() {
    if std::env::var_os("SCIMPROOF_INTEROP").is_none() {
        println!("NOT RUN: scim2-tester (set SCIMPROOF_INTEROP=1 after tests/interop/install.sh)");
        return;
    }
    let list: Reviewed = toml::from_str(include_str!("interop/scim2-tester.toml"))
        .expect("the reviewed list can be read");
    assert!(list.finding.iter().all(|entry| !entry.why.is_empty()));
    for strict in [false, true] {
        let judged = judged(strict).await;
        assert!(judged.len() > LEAST, "{} checks", judged.len());
        let against: Vec<&Judged> = judged
            .iter()
            .filter(|check| matches!(check.status.as_str(), "ERROR" | "CRITICAL" | "DEVIATION"))
            .collect();
        let explains = |entry: &Entry, check: &Judged| {
            entry.title == check.title
                && entry.r#type == check.r#type
                && check.reason.contains(&entry.says)
        };
        println!(
            "scim2-tester, strict {strict}: {} checks, {} of them reviewed findings",
            judged.len(),
            against.len()
        );
        for check in &against {
            assert!(
                list.finding.iter().any(|entry| explains(entry, check)),
                "nobody has reviewed: {check:?}"
            );
        }
        for entry in &list.finding {
            assert!(
                against.iter().any(|check| explains(entry, check)),
                "nothing shows it any more: {} of {}: {}",
                entry.title,
                entry.r#type,
                entry.says
            );
        }
    }
}
