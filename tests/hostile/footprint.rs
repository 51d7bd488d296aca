//! How much a run makes is known before its start, bounded on demand, and never made by accident where many people are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::front::Front;
use super::program::{Ended, Sandbox};
use super::server::{Answer, Asked};

const LONGEST: Duration = Duration::from_secs(120);

async fn run(arguments: Vec<String>) -> Ended {
    tokio::task::spawn_blocking(move || {
        let sandbox = Sandbox::new();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        sandbox.run(&mut sandbox.command(&arguments), LONGEST)
    })
    .await
    .unwrap()
}

fn arguments(base_url: &str, further: &[&str]) -> Vec<String> {
    ["run", "--target", base_url]
        .iter()
        .chain(further)
        .map(|&argument| argument.to_owned())
        .collect()
}

/// Users and groups that `--dry-run` announces.
fn announced(said: &str) -> (usize, usize) {
    let line = said
        .lines()
        .find(|line| line.starts_with("At most"))
        .unwrap();
    let numbers: Vec<usize> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    (numbers[0], numbers[1])
}

/// What exists on a server, as far as it said so in its answers, and the most that ever did.
#[derive(Default)]
struct Counted {
    there: BTreeSet<String>,
    most: usize,
    requests: usize,
}

impl Counted {
    fn hear(&mut self, asked: &Asked, answer: &Answer) {
        self.requests += 1;
        let json = answer.json().unwrap_or_default();
        let mut one =
            |method: &str, path: &str, status: u64, id: Option<&str>| match (method, status, id) {
                ("POST", 201, Some(id)) => {
                    self.there.insert(id.to_owned());
                }
                ("DELETE", 200..300, _) => {
                    self.there
                        .remove(path.rsplit('/').next().unwrap_or_default());
                }
                _ => {}
            };
        if asked.path() == "/Bulk" {
            for operation in json["Operations"].as_array().into_iter().flatten() {
                let location = operation["location"].as_str().unwrap_or_default();
                let status = operation["status"].as_str().and_then(|s| s.parse().ok());
                let method = operation["method"].as_str().unwrap_or_default();
                one(
                    method,
                    location,
                    status.unwrap_or(0),
                    location.rsplit('/').next(),
                );
            }
        } else {
            one(
                &asked.method,
                asked.path(),
                answer.status.into(),
                json["id"].as_str(),
            );
        }
        self.most = self.most.max(self.there.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_exists_at_once_than_was_announced() {
    let server = scim_reference::start(scim_reference::Options::default())
        .await
        .unwrap();
    let counted: Arc<Mutex<Counted>> = Arc::default();
    let counting = Arc::clone(&counted);
    let front = Front::before(server.base_url(), move |asked, behind| {
        let counting = Arc::clone(&counting);
        Box::pin(async move {
            let answer = behind.ask(&asked).await?;
            counting.lock().unwrap().hear(&asked, &answer);
            Some(answer)
        })
    })
    .await;
    let selection = ["--suite", "rfc/*", "--jobs", "4", "-q"];
    let dry = run(arguments(
        &front.base_url,
        &[&selection[..4], &["--dry-run"]].concat(),
    ))
    .await;
    assert_eq!(dry.code, Some(0), "{}", dry.said());
    let (users, groups) = announced(&dry.said());
    let announced = users + groups;
    // Too many: refused, and nothing is asked of the target.
    let below = (announced - 1).to_string();
    let refused = run(arguments(
        &front.base_url,
        &[&selection[..], &["--max-resources", &below]].concat(),
    ))
    .await;
    assert_eq!(refused.code, Some(2), "{}", refused.said());
    assert!(
        refused.said().contains(&announced.to_string()),
        "{}",
        refused.said()
    );
    assert_eq!(counted.lock().unwrap().requests, 0);
    let bound = announced.to_string();
    let played = run(arguments(
        &front.base_url,
        &[&selection[..], &["--max-resources", &bound]].concat(),
    ))
    .await;
    assert!(matches!(played.code, Some(0 | 1)), "{}", played.said());
    let counted = counted.lock().unwrap();
    println!(
        "resources at once: {} / announced {announced} ({users} users, {groups} groups)",
        counted.most
    );
    assert!(counted.most <= announced, "{} at once", counted.most);
    assert!(
        counted.most * 4 > announced,
        "the announcement is worth nothing"
    );
    assert!(counted.there.is_empty(), "{:?}", counted.there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowded_tenant_is_warned_about_and_a_full_one_refused() {
    // People in the tenant, the flag, the exit code, whether anything is written, whether there is a warning.
    let table: [(u64, &[&str], i32, bool, bool); 5] = [
        (500, &[], 0, true, false),
        (501, &[], 0, true, true),
        (10_000, &[], 0, true, true),
        (10_001, &[], 2, false, false),
        (10_001, &["--i-know"], 0, true, true),
    ];
    for (people, flag, code, writes, warns) in table {
        let server = scim_reference::start(scim_reference::Options::default())
            .await
            .unwrap();
        let written = Arc::new(Mutex::new(0));
        let counting = Arc::clone(&written);
        let front = Front::before(server.base_url(), move |asked, behind| {
            *counting.lock().unwrap() += usize::from(asked.is_write());
            Box::pin(async move {
                let answer = behind.ask(&asked).await?;
                let everybody = asked.path() == "/Users" && !asked.target.contains("filter");
                Some(if everybody && asked.method == "GET" {
                    answer.with_json(|json: &mut Value| json["totalResults"] = json!(people))
                } else {
                    answer
                })
            })
        })
        .await;
        let case = ["--case", "okta/deactivate/deactivate.catalogue"];
        let ended = run(arguments(&front.base_url, &[&case[..], flag].concat())).await;
        let said = ended.said();
        assert_eq!(ended.code, Some(code), "{people}: {said}");
        assert_eq!(*written.lock().unwrap() > 0, writes, "{people}");
        assert_eq!(
            said.contains(&format!("warning: the tenant has {people} users")),
            warns,
            "{people}: {said}"
        );
        assert_eq!(said.contains("--i-know"), code == 2, "{people}: {said}");
    }
}
