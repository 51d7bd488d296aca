//! The load suites against servers that stand the load, slow the client down, refuse it, or lose members: a 429 that says
//! when to come back is no finding, whatever is lost is one, and the pace that was sustained is told in every report.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;
use scim_reference::Options;
use serde_json::Value;

const TOKEN: &str = "load-test-token";

/// Faster than the providers' pace, so that nobody waits for ten seconds of it.
const RATE: &str = "100/s";

/// What a run came to.
struct Seen {
    exit: Option<i32>,
    screen: String,
    markdown: String,
    html: String,
    run: Value,
}

impl Seen {
    fn failed(&self) -> BTreeSet<String> {
        let checks = self.run["cases"].as_array().into_iter().flatten();
        checks
            .flat_map(|case| case["checks"].as_array().into_iter().flatten())
            .filter(|check| check["outcome"] == "failed")
            .filter_map(|check| check["id"].as_str().map(str::to_owned))
            .collect()
    }

    /// Case and step -> what the report says of the pace.
    fn load(&self) -> BTreeMap<String, Value> {
        let cases = self.run["cases"].as_array().into_iter().flatten();
        cases
            .flat_map(|case| {
                let of_case = case["load"].as_array().into_iter().flatten();
                of_case.map(|load| {
                    let id = format!(
                        "{}#{}",
                        case["id"].as_str().unwrap_or_default(),
                        load["step"].as_str().unwrap_or_default()
                    );
                    (id, load.clone())
                })
            })
            .collect()
    }
}

/// Plays cases against the bundled server, started like this.
fn play(options: Options, rate: &str, cases: &[&str]) -> Seen {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let server = runtime
        .block_on(scim_reference::start(Options {
            tokens: vec![TOKEN.to_owned()],
            ..options
        }))
        .expect("it starts");
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name);
    let report = |format: &str| format!("--report={format}={}", path(format).display());
    let mut command = Command::cargo_bin("scimproof").expect("the program is built");
    command
        .args(["run", "--target", server.base_url(), "--token-env", "TOKEN"])
        .args(["--rate", rate])
        .args([report("json"), report("markdown"), report("html")])
        .args(cases.iter().flat_map(|case| ["--case", case]))
        .current_dir(dir.path())
        .env_clear()
        .env("TOKEN", TOKEN)
        .env("XDG_STATE_HOME", path("state"))
        .stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    runtime.block_on(server.stop());
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap_or_default();
    Seen {
        exit: output.status.code(),
        screen: String::from_utf8_lossy(&output.stdout).into_owned(),
        markdown: read("markdown"),
        html: read("html"),
        run: serde_json::from_str(&read("json")).expect("a report"),
    }
}

const BURSTS: [&str; 2] = ["entra/load/burst", "okta/load/rate-limit-answer"];

fn with(fault: &str) -> Options {
    Options {
        faults: vec![fault.to_owned()],
        ..Options::default()
    }
}

#[test]
fn a_burst_tells_limits_from_failures() {
    let ids = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|&id| id.to_owned()).collect() };
    let limited = Options {
        rate_limit: Some("40/s".parse().expect("a rate")),
        ..Options::default()
    };
    let refused = ids(&[
        "entra/load/burst#search.rate",
        "entra/load/burst#search.retry-after",
        "okta/load/rate-limit-answer#match.rate",
        "okta/load/rate-limit-answer#match.retry-after",
    ]);
    let date = ids(&[
        "okta/load/rate-limit-answer#match.rate",
        "okta/load/rate-limit-answer#match.retry-after",
    ]);
    let broken = ids(&[
        "entra/load/burst#search.status",
        "okta/load/rate-limit-answer#match.status",
    ]);
    // (server, what fails, whether it told the client to slow down, whether it refused it without a word)
    let table = [
        ("faultless", Options::default(), ids(&[]), false, false),
        ("limited", limited, ids(&[]), true, false),
        (
            "blind",
            with("429-without-retry-after"),
            refused.clone(),
            false,
            true,
        ),
        ("refused", with("burst-refused"), refused, false, true),
        ("date", with("429-until-a-date"), date, true, true),
        ("broken", with("burst-503"), broken, false, false),
    ];
    let threads: Vec<_> = table
        .into_iter()
        .flat_map(|row| BURSTS.map(|burst| (burst, row.clone())))
        .map(|(burst, (name, options, fails, told, blindly))| {
            std::thread::spawn(move || {
                let seen = play(options, RATE, &[burst]);
                let of_burst = |id: &String| id.starts_with(burst);
                let fails: BTreeSet<String> = fails.into_iter().filter(of_burst).collect();
                // A date says enough to Entra, and nothing to Okta.
                let told = told && (name != "date" || burst.starts_with("entra"));
                let blindly = blindly && (name != "date" || burst.starts_with("okta"));
                (format!("{name}, {burst}"), seen, fails, told, blindly)
            })
        })
        .collect();
    for thread in threads {
        let (name, seen, fails, told, blindly) = thread.join().expect("it played");
        assert_eq!(seen.failed(), fails, "{name}");
        // A limit is worth a warning at most, and a warning does not fail a run.
        assert_eq!(seen.exit, Some(0), "{name}: {}", seen.screen);
        let load = seen.load();
        let load = load.values().next().expect("its pace is told");
        let some = |what: &str| load[what].as_u64().is_some_and(|number| number > 0);
        assert_eq!(some("refused"), told, "{name}: {load}");
        assert_eq!(some("refused_blindly"), blindly, "{name}: {load}");
        let sustained = load["sustained_per_second"].as_f64().unwrap_or_default();
        assert!(sustained > 0.0 && sustained <= 100.0, "{name}: {load}");
        if name.starts_with("limited") {
            // A bucket of 40 is full at first, and filled again within the second that it asks for.
            assert!(sustained < 70.0, "{name}: {load}");
            assert_eq!(load["answered"], load["requests"], "{name}");
        }
        let told = format!("{sustained:.1} a second");
        // The screen wraps its lines.
        let screen = seen.screen.split_whitespace().collect::<Vec<_>>().join(" ");
        for report in [&screen, &seen.markdown, &seen.html] {
            assert!(report.contains(&told), "{name}: {told} in {report}");
        }
    }
}

#[test]
fn a_thousand_members_are_counted_and_removed() {
    let table = [
        (
            "whole",
            Options::default(),
            "entra/load/group-of-a-thousand",
            None,
        ),
        (
            "cut",
            with("members-beyond-100-dropped"),
            "entra/load/group-of-a-thousand",
            Some("entra/load/group-of-a-thousand#add-900.state.members"),
        ),
        (
            "cut by PUT",
            with("members-beyond-100-dropped"),
            "okta/load/thousand-by-put",
            Some("okta/load/thousand-by-put.aiw#whole.state.members"),
        ),
    ];
    let threads: Vec<_> = table
        .into_iter()
        .map(|(name, options, case, fails)| {
            std::thread::spawn(move || (name, play(options, "10000/s", &[case]), fails))
        })
        .collect();
    for thread in threads {
        let (name, seen, fails) = thread.join().expect("it played");
        let failed = seen.failed();
        match fails {
            None => assert_eq!(failed, BTreeSet::new(), "{name}"),
            Some(id) => assert!(failed.contains(id), "{name}: {failed:?}"),
        }
        assert_eq!(
            seen.run["summary"]["leftovers"],
            serde_json::json!([]),
            "{name}"
        );
        let load = seen.load();
        let made = load.values().next().expect("the crowd's pace is told");
        assert_eq!(made["answered"], 1000, "{name}: {load:?}");
    }
}

#[test]
fn what_a_load_makes_is_told_before_and_bounded() {
    let run = |arguments: &[&str]| {
        Command::cargo_bin("scimproof")
            .expect("the program is built")
            .args(["run", "--reference", "--suite", "entra/load"])
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    };
    let told = run(&["--dry-run"]);
    let screen = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        screen.contains("At most 1000 users and 1 groups"),
        "{screen}"
    );
    let bounded = run(&["--max-resources", "500"]);
    assert_eq!(bounded.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&bounded.stderr).into_owned();
    assert!(
        complaint.contains("--max-resources allows 500"),
        "{complaint}"
    );
}
