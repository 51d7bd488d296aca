//! `scimproof run --reference` with the bundled server started in another way: strict, or with schemas of one's own.
//!
//! A strict server is right by the RFC and cannot work with every identity provider: `tests/strict.tsv` lists what it is
//! found guilty of, which leniency it lacks, and who needs that.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use scimproof::data::Reference;
use scimproof::plan::Glob;
use scimproof::results::{Outcome, Run, Severity};
use serde_json::json;

/// Fields of a row: who needs it, which checks show it, what was said, the switches in
/// `reference-server/src/protocol/leniency.rs`, and where the need is written down.
const FIELDS: usize = 5;

fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("scimproof")
        .expect("the program is built")
        .args(["run", "--reference", "--jobs", "8", "-q"])
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// What was found at warning or above: profile, id, and what was said of it.
fn findings(run: &Run) -> Vec<(String, String, String)> {
    let bad = |outcome, severity| outcome == Outcome::Failed && severity >= Severity::Warning;
    let checks = run.cases.iter().flat_map(|case| {
        let failed = case
            .checks
            .iter()
            .filter(move |check| bad(check.outcome, check.severity));
        failed.map(|check| {
            let said = format!("{} {}", check.message, check.actual);
            (case.profile.clone(), check.id.clone(), said)
        })
    });
    let rules = run
        .rules
        .iter()
        .filter(|rule| bad(rule.outcome, rule.severity))
        .map(|rule| {
            let said = format!("{} {}", rule.message, rule.actual);
            ("rfc".to_owned(), rule.id.clone(), said)
        });
    checks.chain(rules).collect()
}

#[test]
fn a_strict_server_is_found_guilty_of_what_is_listed_and_of_nothing_else() {
    let rows: Vec<Vec<&str>> = include_str!("strict.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let switches = include_str!("../reference-server/src/protocol/leniency.rs");
    for row in &rows {
        assert_eq!(row.len(), FIELDS, "{row:?}");
        for switch in row[3].split(' ') {
            let field = format!("pub {switch}: bool");
            assert!(switches.contains(&field), "{row:?}: no switch {switch}");
        }
        for source in row[4].split(' ') {
            let found = source
                .parse()
                .ok()
                .and_then(|source: Reference| source.resolve());
            assert!(found.is_some(), "{row:?}: {source}");
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), &["--strict", "--report", "json=run.json"]);
    let Ok(text) = std::fs::read_to_string(dir.path().join("run.json")) else {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    };
    let run: Run = serde_json::from_str(&text).expect("a report");
    let found = findings(&run);
    let shows = |row: &[&str], (profile, id, said): &(String, String, String)| {
        row[0] == profile && Glob::new(row[1]).matches(id) && said.contains(row[2])
    };
    let unlisted: Vec<_> = found
        .iter()
        .filter(|finding| !rows.iter().any(|row| shows(row, finding)))
        .collect();
    assert!(unlisted.is_empty(), "not listed: {unlisted:#?}");
    let unseen: Vec<_> = rows
        .iter()
        .filter(|row| !found.iter().any(|finding| shows(row, finding)))
        .collect();
    assert!(unseen.is_empty(), "listed and not found: {unseen:#?}");
}

#[test]
fn schemas_of_ones_own_are_played_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let device = "urn:example:Device";
    let schemas = json!([
        {"id": device, "name": "Device", "attributes": [
            {"name": "serial", "type": "string", "required": true, "uniqueness": "server"}]},
        {"name": "Device", "endpoint": "/Devices", "schema": device},
    ]);
    std::fs::write(dir.path().join("device.json"), schemas.to_string()).expect("written");
    let arguments = ["--suite", "rfc/discovery", "--report", "json=run.json"];
    let with = [&["--schema", "device.json"], &arguments[..]].concat();
    let output = run(dir.path(), &with);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let report = std::fs::read_to_string(dir.path().join("run.json")).expect("a report");
    assert!(report.contains("/Devices"), "the target has devices");
    let absent = run(dir.path(), &["--schema", "absent.json"]);
    assert_eq!(absent.status.code(), Some(2));
    let alone = ["--target", "http://127.0.0.1:9/", "--strict"];
    let mut command = Command::cargo_bin("scimproof").expect("the program is built");
    let refused = command.arg("run").args(alone).output().expect("it starts");
    assert_eq!(
        refused.status.code(),
        Some(2),
        "only for the bundled server"
    );
}
