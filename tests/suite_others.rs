//! The identity providers beside the four profiles of the default run: nobody plays them unasked, the bundled server is ready for
//! each of them, and a server that chose otherwise where the RFC lets it is accused only where that provider cannot live with it.

#![expect(
    clippy::panic,
    reason = "a test that fails shows the message that a person gets"
)]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use serde_json::Value;

const OTHERS: [&str; 7] = [
    "authentik",
    "cyberark",
    "google",
    "keycloak",
    "onelogin",
    "ping",
    "rippling",
];

/// The program's exit code and its JSON report, for a run against the bundled server.
fn run(arguments: &[&str]) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("report.json");
    let report = format!("--report=json={}", path.display());
    let output = Command::cargo_bin("scimproof")
        .expect("the program is built")
        .args(["run", "--reference", "--jobs", "8", "-q", &report])
        .args(arguments)
        .current_dir(dir.path())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let Ok(text) = std::fs::read_to_string(&path) else {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    };
    serde_json::from_str(&text).expect("a report")
}

fn list<'v>(of: &'v Value, name: &str) -> &'v [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

/// The verdicts, and the ids of what failed at warning or above.
fn judged(arguments: &[&str]) -> (BTreeMap<String, String>, Vec<String>) {
    let profiles = OTHERS.join(",");
    let mut all = vec!["--profile", &profiles];
    all.extend(arguments);
    let run = run(&all);
    let verdicts = list(&run, "profiles")
        .iter()
        .filter_map(|profile| {
            Some((
                profile["id"].as_str()?.to_owned(),
                profile["verdict"].as_str()?.to_owned(),
            ))
        })
        .collect();
    let failed = list(&run, "cases")
        .iter()
        .flat_map(|case| list(case, "checks"))
        .filter(|check| {
            ["failed", "errored"].contains(&check["outcome"].as_str().unwrap_or_default())
                && check["severity"] != "info"
        })
        .filter_map(|check| Some(check["id"].as_str()?.to_owned()))
        .collect();
    (verdicts, failed)
}

#[test]
fn nobody_plays_them_unasked() {
    let library = scimproof::suite::bundled().expect("the suites load");
    for id in OTHERS {
        let profile = library.profile(id);
        assert!(profile.is_some_and(|profile| !profile.default_run), "{id}");
    }
    let default = library
        .profiles
        .iter()
        .filter(|profile| profile.default_run)
        .count();
    assert_eq!((default, library.profiles.len()), (4, 4 + OTHERS.len()));
}

#[test]
fn the_bundled_server_is_ready_for_each() {
    let (verdicts, failed) = judged(&[]);
    assert_eq!(failed, Vec::<String>::new());
    let ready: BTreeMap<String, String> = OTHERS
        .iter()
        .map(|id| ((*id).to_owned(), "ready".to_owned()))
        .collect();
    assert_eq!(verdicts, ready);
}

#[test]
fn a_lawful_choice_is_held_against_nobody_who_can_work_with_it() {
    for names in [
        &["patch-204", "numeric-ids", "no-etags", "small-pages"][..],
        &["patch-200", "odd-ids", "no-default-active", "names-revive"],
        &["refuses-undeclared", "no-empty-resources", "bare-members"],
        &["first-is-primary", "lower-case-user-names", "shuffled"],
        &["few-attributes", "no-page-counters", "no-groups-of-users"],
    ] {
        let mut arguments = Vec::new();
        for name in names {
            arguments.extend(["--lawful", name]);
        }
        let (_, failed) = judged(&arguments);
        assert_eq!(failed, Vec::<String>::new(), "{names:?}");
    }
}

#[test]
fn a_lawful_choice_that_a_provider_cannot_live_with_is_told_to_that_provider_only() {
    for (name, not_ready) in [
        ("no-patch", &["cyberark", "onelogin"][..]),
        ("scim-json-only", &["google"]),
        ("no-filter", &["cyberark", "google", "onelogin", "ping"]),
    ] {
        let (verdicts, _) = judged(&["--lawful", name]);
        let found: Vec<&str> = verdicts
            .iter()
            .filter(|(_, verdict)| *verdict == "not-ready")
            .map(|(id, _)| id.as_str())
            .collect();
        assert_eq!(found, not_ready, "{name}");
    }
}

/// authentik writes groups by PATCH or by PUT, as ServiceProviderConfig says: the other way is not played.
#[test]
fn what_a_target_declares_decides_how_authentik_writes_groups() {
    let played = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["--suite", "authentik/groups"];
        all.extend(arguments);
        let run = run(&all);
        let cases = list(&run, "cases").iter();
        cases
            .filter(|case| case["outcome"] == "passed")
            .filter_map(|case| Some(case["id"].as_str()?.rsplit('/').next()?.to_owned()))
            .filter(|name| name.contains("-by-"))
            .collect()
    };
    assert_eq!(played(&[]), ["members-by-patch", "rename-by-patch"]);
    assert_eq!(played(&["--lawful", "no-patch"]), ["members-by-put"]);
}
