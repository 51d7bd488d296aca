//! The documented products: `run --reference --persona NAME` gives the verdicts that their documentation promises, and
//! another verdict where the product does not behave as documented.

#![expect(
    clippy::panic,
    reason = "a test that fails shows the message that a person gets"
)]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use scimproof::data::targets;
use serde_json::Value;

/// The verdicts of the profiles, and why.
fn verdicts(arguments: &[&str], config: Option<&str>) -> BTreeMap<String, (String, String)> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("report.json");
    let report = format!("--report=json={}", path.display());
    let mut command = Command::cargo_bin("scimproof").expect("the program is built");
    command
        .args(["run", "--reference", "--jobs", "8", "-q", &report])
        .args(arguments);
    if let Some(config) = config {
        let file = dir.path().join("scimproof.toml");
        std::fs::write(&file, config).expect("written");
        command.arg("--config").arg(file);
    }
    let output = command
        .current_dir(dir.path())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let Ok(text) = std::fs::read_to_string(&path) else {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    };
    let run: Value = serde_json::from_str(&text).expect("a report");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    run["profiles"]
        .as_array()
        .expect("profiles")
        .iter()
        .map(|profile| {
            (
                word(&profile["id"]),
                (word(&profile["verdict"]), profile["reasons"].to_string()),
            )
        })
        .collect()
}

#[test]
fn every_product_is_judged_as_its_documentation_promises() {
    for target in targets::all() {
        let profiles = target.documented_with.join(",");
        let found = verdicts(&["--persona", &target.name, "--profile", &profiles], None);
        for (profile, promised) in &target.promise {
            let (verdict, reasons) = &found[profile];
            assert_eq!(
                Value::from(verdict.as_str()),
                serde_json::to_value(promised).expect("a word"),
                "{} with {profile}: {reasons}",
                target.name
            );
        }
    }
}

#[test]
fn a_product_that_breaks_its_promise_is_not_ready() {
    // (persona, what the configuration promises instead, profile)
    for (persona, policy, profile) in [
        ("hoop", "deactivation = \"keep\"", "okta"),
        ("hoop", "deactivation = \"keep\"", "entra"),
        (
            "hoppscotch",
            "deactivation = \"remove\"\ngroups = \"groups\"",
            "okta",
        ),
        (
            "apidog",
            "deactivation = \"remove\"\ngroups = \"none\"",
            "entra",
        ),
        ("client-portal", "hard_delete = true", "entra"),
    ] {
        let config = format!("[policy]\n{policy}\n");
        let found = verdicts(&["--persona", persona, "--profile", profile], Some(&config));
        let (verdict, reasons) = &found[profile];
        assert_eq!(
            verdict, "not-ready",
            "{persona} promises {policy}: {reasons}"
        );
    }
}

#[test]
fn a_product_whose_documented_behaviour_is_broken_is_not_ready() {
    const LEAVING: &[&str] = &["okta/deactivate", "entra/active", "jumpcloud/users"];
    const GROUPS: &[&str] = &["*/groups"];
    const MATCHING: &[&str] = &["okta/users", "entra/matching"];
    const ALL: &[&str] = &["okta", "entra", "jumpcloud"];
    // (persona, fault, the suites about what the documentation promises, the profiles for which it does)
    for (persona, fault, suites, profiles) in [
        ("client-portal", "deactivation-deletes", LEAVING, ALL),
        ("client-portal", "deactivation-not-stored", LEAVING, ALL),
        ("client-portal", "group-create-500", GROUPS, ALL),
        ("hoppscotch", "deactivation-refused", LEAVING, &["okta"]),
        (
            "hoppscotch",
            "user-name-filter-refused",
            MATCHING,
            &["okta"],
        ),
        // JumpCloud is thought to PUT or PATCH, and the better way decides: this fault is about PATCH.
        ("hoop", "deactivation-refused", LEAVING, &["okta", "entra"]),
        ("hoop", "group-create-500", GROUPS, ALL),
        (
            "apidog",
            "user-name-filter-refused",
            MATCHING,
            &["okta", "entra"],
        ),
        (
            "apidog",
            "user-filter-ignored",
            MATCHING,
            &["okta", "entra"],
        ),
    ] {
        let profiles: Vec<&str> = profiles.to_vec();
        let selected = profiles.join(",");
        let mut arguments = vec![
            "--persona",
            persona,
            "--fault",
            fault,
            "--profile",
            &selected,
        ];
        for suite in suites {
            if suite.starts_with('*') || profiles.iter().any(|p| suite.starts_with(p)) {
                arguments.extend(["--suite", suite]);
            }
        }
        let found = verdicts(&arguments, None);
        for profile in profiles {
            let (verdict, reasons) = &found[profile];
            assert_eq!(
                verdict, "not-ready",
                "{persona} with {fault}, {profile}: {reasons}"
            );
        }
    }
}
