//! Nobody is accused wrongly: the bundled server as it is, strict, and in every lawful variant and combination of them,
//! judged by all profiles that can work with it. A finding at warning or above is a failure.
//!
//! `cargo test --test lawful` plays every variant and some combinations; the whole figure comes from
//! `cargo test --test lawful -- --ignored --nocapture`.

#![expect(
    clippy::panic,
    reason = "a test that fails shows the message that a person gets"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scim_reference::{LawfulInfo, lawful_variants};
use serde_json::Value;

const PROFILES: [&str; 4] = ["okta", "entra", "jumpcloud", "rfc"];
/// Combinations of the ordinary test, and of the whole figure.
const SOME: usize = 12;
const ALL: usize = 200;
/// Two of a group exclude each other: one choice cannot be made in two ways.
const ONE_OF: [&[&str]; 8] = [
    &["patch-204", "patch-200", "no-patch"],
    &["numeric-ids", "odd-ids"],
    &["no-etags", "strong-etags"],
    &["no-bulk", "small-bulk"],
    &["no-cursors", "cursors-first", "cursors-only"],
    &["names-stay-taken", "names-revive"],
    &["other-language", "no-detail"],
    &["whole-seconds", "times-with-offset"],
];

/// What a run found at warning or above, and what could not be evaluated.
fn findings(arguments: &[&str]) -> Vec<String> {
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
    let run: Value = serde_json::from_str(&text).expect("a report");
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let checks = list(&run, "cases")
        .into_iter()
        .flat_map(|case| list(&case, "checks"));
    let mut found: Vec<String> = checks
        .chain(list(&run, "rules"))
        .filter(|check| match check["outcome"].as_str() {
            Some("failed") => check["severity"] != "info",
            Some("errored") => true,
            _ => false,
        })
        .map(|check| {
            format!(
                "{} ({}): {}",
                check["id"], check["severity"], check["message"]
            )
        })
        .collect();
    if run["summary"]["checks"]["passed"]
        .as_u64()
        .unwrap_or_default()
        == 0
    {
        found.push("nothing was checked".to_owned());
    }
    found
}

fn judged(names: &[&str], profiles: &[&str]) -> Option<String> {
    let profiles = profiles.join(",");
    let mut arguments = vec!["--profile", &profiles];
    for name in names {
        arguments.extend(["--lawful", name]);
    }
    let found = findings(&arguments);
    (!found.is_empty()).then(|| {
        format!(
            "{} for {profiles}:\n  {}\n",
            names.join(" + "),
            found.join("\n  ")
        )
    })
}

/// The profiles that can work with all of these.
fn suited(variants: &[&LawfulInfo]) -> Vec<&'static str> {
    PROFILES
        .into_iter()
        .filter(|profile| {
            variants
                .iter()
                .all(|variant| variant.suits.contains(profile))
        })
        .collect()
}

/// Plays what is given, two at a time, and says what was found.
fn play(runs: &[(Vec<&'static str>, Vec<&'static str>)]) -> Vec<String> {
    let half = runs.len().div_ceil(2);
    std::thread::scope(|scope| {
        let threads: Vec<_> = runs
            .chunks(half.max(1))
            .map(|part| {
                scope.spawn(move || {
                    part.iter()
                        .filter_map(|(names, profiles)| judged(names, profiles))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

/// Two to eight choices, none of them twice.
fn combination(rng: &mut ChaCha8Rng) -> Vec<&'static LawfulInfo> {
    let mut all: Vec<&LawfulInfo> = lawful_variants().iter().collect();
    // A provider would rather not work with a server that has no filters; most combinations suit everybody.
    if rng.random_bool(0.75) {
        all.retain(|variant| variant.suits.len() > 1);
    }
    all.shuffle(rng);
    let wanted = *[2usize, 3, 4, 5, 6, 8].choose(rng).expect("not empty");
    let mut chosen: Vec<&LawfulInfo> = Vec::new();
    for variant in all {
        let excluded = ONE_OF.iter().any(|group| {
            group.contains(&variant.name) && chosen.iter().any(|other| group.contains(&other.name))
        });
        if chosen.len() < wanted && !excluded {
            chosen.push(variant);
        }
    }
    chosen
}

fn combinations(seed: u64, count: usize) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let chosen = combination(&mut rng);
            (
                chosen.iter().map(|variant| variant.name).collect(),
                suited(&chosen),
            )
        })
        .collect()
}

/// Each variant with one of the profiles that can work with it, in turn; the whole figure has all of them.
fn singles() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let variants = lawful_variants().iter().enumerate();
    variants
        .map(|(position, variant)| {
            let profile = variant.suits[position % variant.suits.len()];
            (vec![variant.name], vec![profile])
        })
        .collect()
}

#[test]
fn every_variant_and_some_combinations_are_without_findings() {
    let mut runs = singles();
    runs.extend(combinations(1, SOME));
    let found = play(&runs);
    assert!(found.is_empty(), "\n{}", found.concat());
}

#[test]
#[ignore = "plays each variant in all profiles and 200 combinations: about ten minutes"]
fn two_hundred_combinations_are_without_findings() {
    let mut runs: Vec<_> = lawful_variants()
        .iter()
        .map(|variant| (vec![variant.name], suited(&[variant])))
        .collect();
    runs.extend(combinations(2, ALL));
    let found = play(&runs);
    assert!(
        found.is_empty(),
        "{} of {} lawful servers are accused:\n{}",
        found.len(),
        runs.len(),
        found.concat()
    );
    let mut said = String::new();
    let _ = write!(said, "{} lawful servers, none accused", runs.len());
    // The figure is what this command is for.
    std::io::Write::write_all(&mut std::io::stdout(), format!("{said}\n").as_bytes())
        .expect("a terminal");
}

#[test]
fn the_bundled_server_is_without_findings() {
    assert!(findings(&[]).is_empty());
}

#[test]
fn what_the_variants_say_of_themselves_holds_together() {
    let names: BTreeSet<&str> = lawful_variants()
        .iter()
        .map(|variant| variant.name)
        .collect();
    assert_eq!(names.len(), lawful_variants().len(), "no name twice");
    for variant in lawful_variants() {
        assert!(
            variant.suits.contains(&"rfc"),
            "{}: what the RFCs allow suits the protocol",
            variant.name
        );
        assert!(variant.source.starts_with("RFC "), "{}", variant.name);
        let policy: Result<scimproof::results::Policy, _> =
            toml::from_str(&variant.declares.join("\n"));
        assert!(policy.is_ok(), "{}", variant.name);
    }
    for name in ONE_OF.iter().copied().flatten() {
        assert!(names.contains(name), "{name}");
    }
}
