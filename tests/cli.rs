//! The built program from outside: exit codes, both streams, files that it writes, and what it says when something is wrong.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt as _;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "canary-token-for-the-command-line";

/// A folder and a state directory of its own, and an environment with nothing in it but what is needed.
struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("scimproof").expect("the program is built");
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear();
        command
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .env("SCIM_TOKEN", TOKEN);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("the program starts")
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

async fn reference(tokens: &[&str]) -> scim_reference::Running {
    let options = scim_reference::Options {
        tokens: tokens.iter().map(|t| (*t).to_owned()).collect(),
        ..scim_reference::Options::default()
    };
    scim_reference::start(options).await.expect("a server")
}

/// Runs the program without holding up the servers of this test.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[test]
fn what_is_wrong_with_the_command_line_is_exit_2_and_one_plain_sentence() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "bad.toml",
        "[target]\nurll = 'x'\n[auth]\ntoken = '${NOT_SET}'\n",
    );
    sandbox.write("known.toml", "[[failure]]\n");
    let table: &[(&[&str], &str)] = &[
        (&["run"], "no target: give --target URL or --reference"),
        (
            &["run", "--reference", "--case", "okta/nothing/**"],
            "--case `okta/nothing/**` fits nothing",
        ),
        (
            &["run", "--reference", "--suite", "nothing"],
            "--suite `nothing` fits nothing",
        ),
        (
            &["run", "--reference", "--skip", "nothing"],
            "--skip `nothing` fits nothing",
        ),
        (
            &["run", "--reference", "--profile", "octa"],
            "no such profile: `octa`; did you mean `okta`?",
        ),
        (
            &["run", "--reference", "--skip", "**"],
            "nothing is selected",
        ),
        (
            &[
                "run",
                "--reference",
                "--report",
                "junit",
                "--report",
                "json",
            ],
            "only one report can go to standard output",
        ),
        (
            &["run", "--reference", "--report", "pdf=x"],
            "there is no format `pdf`",
        ),
        (
            &["run", "--reference", "--fault", "no-such-fault"],
            "no-such-fault",
        ),
        (&["run", "--reference", "--persona", "nobody"], "nobody"),
        (
            &["run", "--reference", "--known-failures", "none.toml"],
            "none.toml",
        ),
        (
            &["run", "--reference", "--known-failures", "known.toml"],
            "known.toml:1:",
        ),
        (&["run", "--reference", "--suites-dir", "none"], "none"),
        (
            &[
                "run",
                "--reference",
                "--max-resources",
                "1",
                "--suite",
                "okta/groups",
            ],
            "--max-resources allows 1",
        ),
        (
            &["run", "--target", "https://u:p@h/"],
            "user name or password",
        ),
        (&["run", "--target", "h.example"], "is not a URL"),
        (
            &["run", "--target", "http://192.0.2.1/scim"],
            "--allow-insecure-http",
        ),
        (
            &[
                "run",
                "--target",
                "https://h.example",
                "--token-env",
                "NO_SUCH",
            ],
            "NO_SUCH is not set",
        ),
        (
            &[
                "run",
                "--target",
                "https://h.example",
                "--token-file",
                "none",
            ],
            "token file none cannot be read",
        ),
        (
            &["run", "--config", "bad.toml"],
            "bad.toml:2:1: `[target]` has no key `urll`; did you mean `url`?",
        ),
        (
            &["run", "--config", "bad.toml"],
            "bad.toml:4:9: the environment variable NOT_SET is not set",
        ),
        (
            &["run", "--config", "none.toml"],
            "none.toml: cannot be read",
        ),
        (&["explain", "rfc:7644-3.5.2-R99"], "did you mean"),
        (&["explain", "\u{1b}[2Jx"], "nothing has the id"),
        (&["diff", "none.json", "none.json"], "none.json"),
        (&["diff", "bad.toml", "bad.toml"], "is not a JSON report"),
        (&["serve", "--listen", "nowhere"], "is not ADDRESS:PORT"),
        (
            &["run", "--reference", "--target", "https://h.example"],
            "cannot be used with",
        ),
        (&["run", "--reference", "--jobs", "0"], "--jobs"),
        (
            &["run", "--reference", "--update-known-failures"],
            "--known-failures",
        ),
        (&["frobnicate"], "unrecognized subcommand"),
    ];
    for (arguments, part) in table {
        let output = sandbox.run(arguments);
        let said = err(&output);
        assert_eq!(code(&output), 2, "{arguments:?}: {said}");
        assert!(
            said.contains(part),
            "{arguments:?}\n said: {said}\nwants: {part}"
        );
        assert_eq!(
            out(&output),
            "",
            "{arguments:?}: nothing on standard output"
        );
        assert!(
            !said.contains('\u{1b}'),
            "{arguments:?}: escape codes pass through"
        );
    }
}

#[test]
fn help_and_version_are_no_errors_and_every_help_has_an_example() {
    let sandbox = Sandbox::new();
    let version = sandbox.run(&["--version"]);
    assert_eq!(
        (code(&version), out(&version)),
        (0, format!("scimproof {}\n", env!("CARGO_PKG_VERSION")))
    );
    for command in [
        "run",
        "probe",
        "init",
        "list",
        "explain",
        "serve",
        "cleanup",
        "diff",
        "completions",
        "man",
    ] {
        let help = sandbox.run(&[command, "--help"]);
        assert_eq!(code(&help), 0, "{command}");
        assert!(
            out(&help).contains(&format!("scimproof {command}")),
            "{command}"
        );
        assert!(out(&help).contains("Example"), "{command}");
    }
    assert_eq!(code(&sandbox.run(&[])), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_cannot_be_tested_is_exit_3_with_the_reason_in_every_report() {
    let page = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_raw("<html>\u{1b}[2J<b>Sign in</b></html>", "text/html"),
        )
        .mount(&page)
        .await;
    let refuses = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .mount(&refuses)
        .await;
    let empty = MockServer::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let silent_url = format!("http://{}/scim", silent.local_addr().expect("an address"));
    let good = reference(&[TOKEN]).await;
    let without_path = good.base_url().trim_end_matches("/scim/v2").to_owned();
    let table = [
        (
            "a dead port",
            "http://127.0.0.1:9/scim".to_owned(),
            "refuses connections",
        ),
        (
            "a dead name",
            "https://no-such-host.invalid/scim".to_owned(),
            "does not resolve",
        ),
        (
            "http behind https",
            page.uri().replace("http:", "https:"),
            "http rather than https",
        ),
        ("silence", silent_url, "did not answer within"),
        ("a page for people", page.uri(), "HTML"),
        ("a wrong token", refuses.uri(), "credential"),
        ("nothing there", empty.uri(), "404"),
        ("no /scim/v2", without_path, "/scim/v2"),
    ];
    blocking(move || {
        let sandbox = Sandbox::new();
        for (name, url, part) in table {
            let began = Instant::now();
            let output = sandbox.run(&[
                "run",
                "--target",
                &url,
                "--token-env",
                "SCIM_TOKEN",
                "--timeout",
                "1",
                "--report",
                "junit=out/j.xml",
                "--report",
                "json",
            ]);
            let said = err(&output);
            assert_eq!(code(&output), 3, "{name}: {said}");
            assert!(said.contains(part), "{name}: {said}");
            assert_eq!(said.lines().count(), 1, "{name}: one sentence, not {said}");
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{name} took {:?}",
                began.elapsed()
            );
            let report: Value =
                serde_json::from_str(&out(&output)).expect("JSON on standard output");
            assert_eq!(report["stop"]["reason"], "untestable", "{name}");
            assert_eq!(report["summary"]["exit_code"], 3, "{name}");
            let junit = sandbox.read("out/j.xml");
            assert!(
                junit.contains("errors=\"1\"") && junit.contains(part),
                "{name}: {junit}"
            );
            for text in [said, out(&output), junit] {
                assert!(
                    !text.contains('\u{1b}') && !text.contains(TOKEN),
                    "{name}: {text}"
                );
            }
            let probe = sandbox.run(&[
                "probe",
                "--target",
                &url,
                "--token-env",
                "SCIM_TOKEN",
                "--timeout",
                "1",
            ]);
            assert_eq!(
                (code(&probe), out(&probe)),
                (3, String::new()),
                "{name}: probe"
            );
        }
    })
    .await;
    drop((silent, good));
}

#[test]
fn one_case_against_the_bundled_server_ends_green_with_its_reports() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(&[
        "run",
        "--reference",
        "--case",
        "okta/users/duplicate",
        "--report",
        "json=deep/r.json",
        "--report",
        "junit",
    ]);
    assert_eq!(code(&output), 0, "{}{}", err(&output), out(&output));
    assert!(
        out(&output).starts_with("<?xml"),
        "the report owns standard output: {}",
        out(&output)
    );
    assert!(
        err(&output).contains("Okta"),
        "the summary moves to standard error: {}",
        err(&output)
    );
    let report: Value = serde_json::from_str(&sandbox.read("deep/r.json")).expect("JSON");
    assert_eq!(report["schema_version"], 1);
    assert!(
        report["cases"]
            .as_array()
            .is_some_and(|cases| !cases.is_empty())
    );
    assert!(
        report["cases"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|case| case["suite"] == "okta/users"),
        "only what was selected"
    );
    assert_eq!(
        std::fs::read_dir(sandbox.path("deep"))
            .expect("a folder")
            .count(),
        1,
        "no half report beside it"
    );

    let quiet = sandbox.run(&["run", "--reference", "--case", "okta/users/duplicate", "-q"]);
    assert_eq!((code(&quiet), err(&quiet)), (0, String::new()));
    let verbose = sandbox.run(&["run", "--reference", "--case", "okta/users/duplicate", "-v"]);
    assert!(
        err(&verbose).contains("passed   okta/users/duplicate"),
        "{}",
        err(&verbose)
    );

    let same = sandbox.run(&["diff", "deep/r.json", "deep/r.json"]);
    assert_eq!(code(&same), 0);
    assert!(
        out(&same).ends_with("\nNothing broke, nothing was mended.\n"),
        "{}",
        out(&same)
    );
    let mut worse = report.clone();
    worse["cases"][0]["checks"][0]["outcome"] = "failed".into();
    worse["cases"][0]["checks"][0]["message"] = "it \u{1b}[31mbroke".into();
    sandbox.write("worse.json", &worse.to_string());
    let diff = sandbox.run(&["diff", "deep/r.json", "worse.json"]);
    assert_eq!(code(&diff), 1);
    assert!(
        out(&diff).contains("Broken: 1") && !out(&diff).contains('\u{1b}'),
        "{}",
        out(&diff)
    );
    let mended = sandbox.run(&["diff", "worse.json", "deep/r.json", "--format", "markdown"]);
    assert_eq!(code(&mended), 0);
    for part in ["# scimproof: what changed\n", "\n## Mended: 1\n- `"] {
        assert!(out(&mended).contains(part), "{}", out(&mended));
    }
    let mut blind = report.clone();
    blind["cases"][0]["checks"][0]["outcome"] = "errored".into();
    sandbox.write("blind.json", &blind.to_string());
    let diff = sandbox.run(&["diff", "deep/r.json", "blind.json"]);
    assert_eq!(code(&diff), 1, "what is not seen any more is no success");
    assert!(out(&diff).contains("Could not be evaluated any more: 1"));
    let mended = sandbox.run(&["diff", "worse.json", "deep/r.json"]);
    assert_eq!(code(&mended), 0);
    assert!(out(&mended).contains("Mended: 1"), "{}", out(&mended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_sends_nothing() {
    let server = MockServer::start().await;
    let url = server.uri();
    let output = blocking(move || {
        Sandbox::new().run(&[
            "run",
            "--target",
            &url,
            "--token-env",
            "SCIM_TOKEN",
            "--case",
            "okta/users/duplicate",
            "--dry-run",
        ])
    })
    .await;
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        out(&output).contains("1 cases (okta 1), 0 skipped; about "),
        "{}",
        out(&output)
    );
    assert!(
        out(&output).contains("users and 0 groups of this run exist at once"),
        "{}",
        out(&output)
    );
    assert_eq!(server.received_requests().await.map(|r| r.len()), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_a_verdict_and_nothing_is_left() {
    let server = reference(&[TOKEN]).await;
    let url = server.base_url().to_owned();
    let users = format!("{url}/Users");
    blocking(move || {
        let sandbox = Sandbox::new();
        let init = sandbox.run(&["init", "--target", &url, "--token-env", "SCIM_TOKEN"]);
        assert_eq!(code(&init), 0, "{}", err(&init));
        assert!(sandbox.read("scimproof.toml").contains(&url));
        assert_eq!(
            code(&sandbox.run(&["init", "--target", &url, "--token-env", "SCIM_TOKEN"])),
            2,
            "not overwritten"
        );
        let probe = sandbox.run(&["probe"]);
        assert_eq!(code(&probe), 0, "{}", err(&probe));
        assert!(
            out(&probe).contains("bearer token from $SCIM_TOKEN: accepted"),
            "{}",
            out(&probe)
        );
        assert!(out(&probe).contains("patch"), "{}", out(&probe));
        let run = sandbox.run(&["run", "--suite", "okta/users", "--report", "json=r.json"]);
        assert!(code(&run) <= 1, "{}", err(&run));
        let cleanup = sandbox.run(&["cleanup"]);
        assert_eq!(code(&cleanup), 0, "{}", err(&cleanup));
        assert!(
            out(&cleanup).contains("Nothing is left behind"),
            "{}",
            out(&cleanup)
        );
        let all = [
            out(&probe),
            out(&run),
            err(&run),
            sandbox.read("r.json"),
            sandbox.read("scimproof.toml"),
        ]
        .concat();
        assert!(!all.contains(TOKEN), "the token is nowhere");
    })
    .await;
    assert_eq!(count_of(&users).await, 0);
}

/// How many resources a list says there are.
async fn count_of(url: &str) -> u64 {
    scimproof::client::install_crypto();
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    serde_json::from_str::<Value>(&answer).expect("JSON")["totalResults"]
        .as_u64()
        .expect("a number")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_cleans_up_and_writes_its_reports() {
    for signal in ["INT", "TERM"] {
        let server = reference(&[TOKEN]).await;
        let url = server.base_url().to_owned();
        let users = format!("{url}/Users");
        blocking(move || {
            let sandbox = Sandbox::new();
            let mut child = sandbox
                .command(&[
                    "run",
                    "--target",
                    &url,
                    "--token-env",
                    "SCIM_TOKEN",
                    "--jobs",
                    "2",
                    "--rate",
                    "40/s",
                    "--report",
                    "json=r.json",
                    "-v",
                ])
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("it starts");
            // The first finished case shows that the run is under way.
            let mut lines = std::io::BufRead::lines(std::io::BufReader::new(
                child.stderr.take().expect("piped"),
            ));
            assert!(
                lines.any(|line| line.is_ok_and(|l| l.starts_with("passed"))),
                "a case passes"
            );
            let kill = Command::new("kill")
                .args([&format!("-{signal}"), &child.id().to_string()])
                .status();
            assert!(kill.is_ok_and(|s| s.success()));
            for line in lines {
                drop(line);
            }
            assert_eq!(child.wait().expect("it ends").code(), Some(130), "{signal}");
            let report: Value = serde_json::from_str(&sandbox.read("r.json")).expect("JSON");
            assert_eq!(report["stop"]["reason"], "interrupted");
            assert_eq!(report["summary"]["exit_code"], 130);
        })
        .await;
        assert_eq!(count_of(&users).await, 0, "{signal}: nothing is left");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["list", "requirements", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((code(&output), err(&output)), (0, String::new()));
}

#[test]
fn lists_are_objects_with_id_and_title() {
    let sandbox = Sandbox::new();
    let members: &[(&str, &[&str])] = &[
        ("suites", &[]),
        (
            "cases",
            &[
                "suite",
                "profile",
                "flavour",
                "severity",
                "certainty",
                "refs",
                "needs",
            ],
        ),
        ("rules", &[]),
        ("mappings", &[]),
        ("requirements", &["level", "covered_by"]),
        ("gates", &[]),
        ("faults", &["defect", "breaks", "source", "noticed_by"]),
        ("lawful", &[]),
        ("personas", &[]),
    ];
    for (kind, further) in members {
        let output = sandbox.run(&["list", kind, "--format", "json"]);
        assert_eq!(code(&output), 0, "{kind}: {}", err(&output));
        let items: Value = serde_json::from_str(&out(&output)).expect("JSON");
        let items = items.as_array().expect("a list");
        let mut ids: Vec<&str> = items
            .iter()
            .map(|item| item["id"].as_str().expect("an id"))
            .collect();
        for item in items {
            assert!(item["title"].is_string(), "{kind}: {item}");
            for member in *further {
                assert!(item.get(*member).is_some(), "{kind} lacks {member}: {item}");
            }
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{kind}: an id is there twice");
        let text = sandbox.run(&["list", kind]);
        assert!(out(&text).lines().count() >= all, "{kind}");
    }
}

#[test]
fn everything_that_is_listed_can_be_explained() {
    let sandbox = Sandbox::new();
    for kind in [
        "suites",
        "cases",
        "rules",
        "requirements",
        "gates",
        "faults",
        "lawful",
        "personas",
    ] {
        let items: Value =
            serde_json::from_str(&out(&sandbox.run(&["list", kind, "--format", "json"])))
                .expect("JSON");
        let items = items.as_array().expect("a list");
        // The first, the middle and the last stand for the rest; all of them would be a thousand processes.
        for index in [0, items.len() / 2, items.len().saturating_sub(1)] {
            let Some(id) = items.get(index).and_then(|item| item["id"].as_str()) else {
                continue;
            };
            let output = sandbox.run(&["explain", id]);
            assert_eq!(code(&output), 0, "{kind} {id}: {}", err(&output));
            assert!(
                out(&output).lines().count() >= 3,
                "{kind} {id}: {}",
                out(&output)
            );
        }
    }
    for id in [
        "okta",
        "okta/users/duplicate#post.status",
        "quirk:OKTA-38",
        "OKTA-38",
        "defect:88",
        "gate:okta-crud/8",
    ] {
        assert_eq!(code(&sandbox.run(&["explain", id])), 0, "{id}");
    }
}

#[test]
fn known_failures_are_written_kept_and_found_out_of_date() {
    let sandbox = Sandbox::new();
    let select = [
        "run",
        "--reference",
        "--case",
        "okta/users/duplicate",
        "--known-failures",
        "known.toml",
    ];
    let update = sandbox.run(&[&select[..], &["--update-known-failures"]].concat());
    assert_eq!(code(&update), 0, "{}{}", err(&update), out(&update));
    assert!(sandbox.path("known.toml").is_file());
    sandbox.write(
        "known.toml",
        "[[failure]]\nid = \"okta/users/no-such-case\"\nreason = \"x\"\n",
    );
    let unknown = sandbox.run(&select);
    assert_eq!(code(&unknown), 2, "{}", err(&unknown));
    assert!(err(&unknown).contains("known.toml:"), "{}", err(&unknown));
}

#[test]
fn a_configuration_with_a_plain_secret_is_warned_about() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "scimproof.toml",
        "[target]\nurl = 'http://127.0.0.1:9'\n[auth]\ntoken = 'plain-secret-in-file'\n",
    );
    let output = sandbox.run(&["run"]);
    assert_eq!(code(&output), 3);
    assert!(
        err(&output).contains("warning: scimproof.toml:4: `auth.token` holds a secret"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("plain-secret-in-file"));
    let elsewhere = sandbox.run(&["run", "--target", "http://127.0.0.1:10"]);
    assert_eq!(
        code(&elsewhere),
        2,
        "a configured credential stays with its target"
    );
}

#[test]
fn completions_and_manual_are_generated() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = sandbox.run(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        assert!(out(&output).contains("scimproof"), "{shell}");
    }
    assert!(out(&sandbox.run(&["man"])).contains(".TH scimproof"));
}

/// A server of which every word is a command for the CI runner that reads the log.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_github_runner_there_are_annotations_and_the_target_gives_no_commands() {
    let server = MockServer::start().await;
    let attack = "x\n::add-mask::pwned\r  ::stop-commands::pwned ##[error]pwned";
    let body = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "detail": attack, "Resources": [],
    });
    Mock::given(wiremock::matchers::method("GET"))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/scim+json"),
        )
        .mount(&server)
        .await;
    let error = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "500", "detail": attack,
    });
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(500).set_body_raw(error.to_string(), "application/scim+json"),
        )
        .mount(&server)
        .await;
    let url = server.uri();
    let (with, without) = blocking(move || {
        let sandbox = Sandbox::new();
        let arguments = [
            "run",
            "--target",
            &url,
            "--token-env",
            "SCIM_TOKEN",
            "--case",
            "okta/users/*",
        ];
        let with = sandbox
            .command(&arguments)
            .env("GITHUB_ACTIONS", "true")
            .output()
            .expect("the program starts");
        (with, sandbox.run(&arguments))
    })
    .await;
    assert_eq!(code(&with), 1, "{}", err(&with));
    assert!(err(&with).contains("\n::error title=scimproof%3A blocker%2C Okta::"));
    assert!(err(&with).contains("\n::notice title=scimproof%3A verdicts::Okta: not ready"));
    assert!(!err(&without).contains("::error"));
    let all = out(&with) + &err(&with);
    assert!(all.contains("pwned"), "the attack was shown at all");
    for line in all.split(['\n', '\r']) {
        let ours = ["::error title=", "::warning title=", "::notice title="];
        assert!(
            !line.trim_start().starts_with("::") || ours.iter().any(|o| line.starts_with(o)),
            "{line}"
        );
        assert!(!line.contains("##["), "{line}");
    }
}
