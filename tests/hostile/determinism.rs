//! The same target, seed and version give the same report, whatever `--jobs`; and a target that gives different answers to
//! the same question is told from one that is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::front::Front;
use super::program::Sandbox;
use super::server::Answer;

const LONGEST: Duration = Duration::from_secs(120);
const SIDE_BY_SIDE: usize = 2;
const JOBS: [&str; 3] = ["1", "4", "16"];

/// Cases that send requests at the same moment: which of them wins is chance, and all that follows from it is compared.
const RACES: [&str; 2] = ["/race", "/while-changed"];

/// Two faults, so that there are findings, repeats, and causes to be compared.
const FAULTS: [&str; 2] = ["bracket-path-dropped", "capital-op-refused"];

/// Replaces what may differ: the run's tag, what the run and the server make up, times.
struct Mask {
    patterns: Vec<(Regex, &'static str)>,
    long: Regex,
}

impl Mask {
    fn new() -> Self {
        let of = |pattern: &str| Regex::new(pattern).unwrap();
        Self {
            patterns: vec![
                (of(r"(?i)[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"), "ID"),
                // As it is, and as it stands in a query.
                (
                    of(r"\d{4}-\d\d-\d\dT(?:[0-9:.]|%3A)+(?:Z|(?:\+|-|%2B)\d\d(?::|%3A)\d\d)"),
                    "TIME",
                ),
                (
                    of(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [0-9:]{8} GMT"),
                    "TIME",
                ),
                (of(r#"W/\\?"[^"]*""#), "VERSION"),
                // A made-up password, which may have no digit.
                (of(r"(password%20co%20%22)[^%]*"), "${1}PASSWORD"),
                // `digits9`: employee numbers, of which no two runs may have the same.
                (of(r"\b(00)?[0-9]{9}\b"), "NUMBER"),
                // The server's own: a word of letters, digits, `_` and `-`, in a body or in a query.
                (of(r#"(?i)(cursor\\?"?[:=] ?\\?"?)[\w-]{8,}"#), "${1}CURSOR"),
            ],
            long: of(r"[A-Za-z0-9]{17,}"),
        }
    }

    fn text(&self, text: &str, tag: &str, base: &str) -> String {
        let mut text = text.replace(base, "BASE");
        for tag in [tag.to_owned(), tag.to_ascii_uppercase()] {
            text = text.replace(&tag, "TAG");
        }
        for (pattern, word) in &self.patterns {
            text = pattern.replace_all(&text, *word).into_owned();
        }
        // Identifiers as identity providers make them up have letters and digits; words have none.
        self.long
            .replace_all(&text, |found: &regex::Captures<'_>| {
                if found[0].bytes().any(|byte| byte.is_ascii_digit()) {
                    "ID".to_owned()
                } else {
                    found[0].to_owned()
                }
            })
            .into_owned()
    }

    /// `beside` is true for runs in which other cases play at the same time: lists show what those made meanwhile, so
    /// the answers themselves are left out, and everything that was made of them stays.
    fn value(&self, value: &mut Value, tag: &str, base: &str, beside: bool) {
        const TIMES: [&str; 9] = [
            "duration_ms",
            "started",
            "finished",
            "started_ms",
            "timing",
            "sustained_per_second",
            "run_id",
            "bytes",
            "base_url",
        ];
        match value {
            Value::String(text) => *text = self.text(text, tag, base),
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.value(item, tag, base, beside)),
            Value::Object(members) => {
                members.retain(|name, _| !TIMES.contains(&name.as_str()));
                if let Some(Value::Array(headers)) = members.get_mut("response_headers") {
                    headers.retain(|header| {
                        !header["name"]
                            .as_str()
                            .is_some_and(|name| name.eq_ignore_ascii_case("content-length"))
                    });
                }
                // Which of two racing requests wins decides how many answers have a body to be judged.
                members.retain(|name, _| name != "judged");
                if beside {
                    members.retain(|name, _| name != "response_body");
                }
                members
                    .iter_mut()
                    .for_each(|(_, item)| self.value(item, tag, base, beside));
            }
            _ => {}
        }
    }
}

async fn report(jobs: &'static str, whole: bool) -> (String, Value) {
    let server = scim_reference::start(scim_reference::Options {
        tokens: vec!["secret".to_owned()],
        faults: FAULTS.map(str::to_owned).to_vec(),
        ..scim_reference::Options::default()
    })
    .await
    .unwrap();
    let base_url = server.base_url().to_owned();
    let report = tokio::task::spawn_blocking(move || {
        let sandbox = Sandbox::new();
        let mut arguments = vec![
            "run",
            "--target",
            &base_url,
            "--token-env",
            "SCIM_TOKEN",
            "--seed",
            "7",
            "--jobs",
            jobs,
            "--report",
            "json=r.json",
            "-q",
        ];
        if !whole {
            for suite in [
                "entra/active",
                "entra/users",
                "okta/users",
                "rfc/patch*",
                "rfc/create",
                "jumpcloud/users*",
            ] {
                arguments.extend(["--suite", suite]);
            }
        }
        let mut command = sandbox.command(&arguments);
        command.env("SCIM_TOKEN", "secret");
        let ended = sandbox.run(&mut command, LONGEST);
        assert_eq!(ended.code, Some(1), "{}", ended.said());
        sandbox.json("r.json").unwrap()
    })
    .await
    .unwrap();
    (server.base_url().to_owned(), report)
}

/// Ten runs of some suites; `SCIMPROOF_RUNS=50` plays so many, of all suites.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_run_gives_the_same_report() {
    let wanted: Option<usize> = std::env::var("SCIMPROOF_RUNS")
        .ok()
        .and_then(|number| number.parse().ok());
    let runs = wanted.unwrap_or(10);
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = tokio::task::JoinSet::new();
    for number in 0..runs {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let jobs = JOBS[number % JOBS.len()];
            (jobs, report(jobs, wanted.is_some()).await)
        });
    }
    let all = running.join_all().await;
    let mask = Mask::new();
    let masked = |report: &Value, base: &str, beside: bool| {
        let mut report = report.clone();
        let tag = report["run_id"].as_str().unwrap().to_owned();
        for case in report["cases"].as_array_mut().unwrap() {
            if RACES
                .iter()
                .any(|race| case["id"].as_str().unwrap().ends_with(race))
            {
                case["exchanges"] = Value::Null;
            }
        }
        mask.value(&mut report, &tag, base, beside);
        serde_json::to_string_pretty(&report).unwrap()
    };
    let mut differences = Vec::new();
    let mut compare = |some: Vec<String>, what: &str| {
        let Some((first, others)) = some.split_first() else {
            return 0;
        };
        let mut same = 1;
        for other in others {
            match first
                .lines()
                .zip(other.lines())
                .enumerate()
                .find(|(_, (a, b))| a != b)
            {
                None if first.len() == other.len() => same += 1,
                None => differences.push(format!("{what}: one is longer")),
                Some((at, (a, b))) => {
                    let from = at.saturating_sub(12);
                    let around: Vec<&str> = first.lines().skip(from).take(12).collect();
                    differences.push(format!(
                        "{what}, line {at}:\n{}\n- {a}\n+ {b}",
                        around.join("\n")
                    ));
                }
            }
        }
        same
    };
    let one_by_one: Vec<String> = all
        .iter()
        .filter(|(jobs, _)| *jobs == "1")
        .map(|(_, (base, report))| masked(report, base, false))
        .collect();
    let alone = one_by_one.len();
    let same_alone = compare(one_by_one, "with --jobs 1");
    let every: Vec<String> = all
        .iter()
        .map(|(_, (base, report))| masked(report, base, true))
        .collect();
    let same = compare(every, "with any --jobs");
    let checks = all
        .first()
        .and_then(|(_, (_, report))| report["cases"].as_array())
        .into_iter()
        .flatten()
        .map(|case| case["checks"].as_array().map_or(0, Vec::len))
        .sum::<usize>();
    println!(
        "runs identical {same} of {runs} ({checks} checks each, jobs 1, 4, 16); with --jobs 1 including every answer {same_alone} of {alone}"
    );
    assert!(checks > 200, "only {checks} checks");
    assert!(differences.is_empty(), "\n{}", differences.join("\n\n"));
}

/// The failed checks of a report: their ids, and whether they are unstable.
fn failed(report: &Value) -> Vec<(String, bool)> {
    report["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|case| case["checks"].as_array().into_iter().flatten())
        .filter(|check| check["outcome"] == "failed")
        .map(|check| {
            (
                check["id"].as_str().unwrap_or_default().to_owned(),
                check["unstable"] == true,
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_once_is_failed_and_unstable() {
    // How many of the first PATCH requests fail; all that fail, and whether they are unstable.
    for (bad, unstable) in [(0, None), (1, Some(true)), (usize::MAX, Some(false))] {
        let server = scim_reference::start(scim_reference::Options::default())
            .await
            .unwrap();
        let patches = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&patches);
        let front = Front::before(server.base_url(), move |asked, behind| {
            let fails = asked.method == "PATCH" && counting.fetch_add(1, Ordering::SeqCst) < bad;
            Box::pin(async move {
                if fails {
                    let body = json!({
                        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                        "status": "500",
                        "detail": "the database is away"
                    });
                    return Some(Answer::new(500, body.to_string()));
                }
                behind.ask(&asked).await
            })
        })
        .await;
        let base_url = front.base_url.clone();
        let (code, said, report) = tokio::task::spawn_blocking(move || {
            let sandbox = Sandbox::new();
            let mut command = sandbox.command(&[
                "run",
                "--target",
                &base_url,
                "--case",
                "okta/deactivate/deactivate.catalogue",
                "--report",
                "json=r.json",
            ]);
            let ended = sandbox.run(&mut command, LONGEST);
            (ended.code, ended.said(), sandbox.json("r.json").unwrap())
        })
        .await
        .unwrap();
        let failed = failed(&report);
        assert_eq!(code, Some(i32::from(unstable.is_some())), "{said}");
        match unstable {
            None => assert!(failed.is_empty(), "{failed:?}"),
            Some(unstable) => {
                assert!(!failed.is_empty(), "{said}");
                assert!(failed.iter().all(|(_, is)| *is == unstable), "{failed:?}");
                assert_eq!(said.contains("unstable"), unstable, "{said}");
            }
        }
    }
}
