//! Other people's data: five hundred strangers on the server, and after every suite each of them is as before, byte for
//! byte, nobody aimed a write at one, and no report says who they are. Also where the server hands out wrong ids, passes
//! filters over, or damages bystanders by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scim_reference::store::Place;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::front::{Front, held};
use super::program::Sandbox;
use super::server::{Asked, ask};

const PEOPLE: usize = 480;
const TEAMS: usize = 20;
/// Longer than a whole run takes on a loaded machine.
const LONGEST: Duration = Duration::from_secs(600);
const SIDE_BY_SIDE: usize = 3;

/// What only strangers have in them.
const TELLING: [&str; 5] = [
    "quillon",
    "Featherstone",
    "Gwyneira",
    "hearthside.invalid",
    "Harriers",
];

/// Faults by which a server shows others than were asked for, under wrong ids, or harms them: the ones that could lead a
/// harness to a stranger. Played together with those that get along, since each run costs seconds.
const TEMPTING: [&[&str]; 3] = [
    &[],
    &[
        "user-filter-ignored",
        "group-filter-ignored",
        "put-moves-id",
        "location-header-wrong",
        "member-ref-wrong",
        "patch-damages-bystander",
    ],
    &[
        "second-user-shown",
        "broken-filter-ignored",
        "search-by-post-ignores-filter",
        "unknown-id-200-empty",
    ],
];

/// Faults by which the server itself changes others than the one that is written on.
const DAMAGING: [&str; 2] = ["patch-damages-bystander", "put-damages-bystander"];

/// A folder in memory where the system has one: a store waits for its disk at every write, and hundreds of writes are played.
fn quick_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// Makes the strangers, in a store that is copied for each server.
async fn settle(store: &Path) {
    let server = scim_reference::start(scim_reference::Options {
        store: Place::Sqlite(store.to_owned()),
        // Some faults are about types of one's own, which a server without them would not open.
        lawful: vec!["own-types".to_owned()],
        ..scim_reference::Options::default()
    })
    .await
    .unwrap();
    let post = async |endpoint: &str, body: Value| {
        let asked = Asked::new("POST", endpoint, body.to_string());
        let answer = ask(&asked, server.base_url(), server.base_url())
            .await
            .unwrap();
        assert_eq!(answer.status, 201, "{:?}", answer.json());
        answer.json().unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut ids = Vec::new();
    for number in 0..PEOPLE {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("quillon{number:04}@hearthside.invalid"),
            "externalId": format!("quillon-{number}"),
            "displayName": format!("Gwyneira Featherstone {number}"),
            "name": { "givenName": "Gwyneira", "familyName": format!("Featherstone{number:04}") },
            "emails": [{ "value": format!("quillon{number:04}@hearthside.invalid"), "type": "work", "primary": true }],
            "phoneNumbers": [{ "value": format!("+44 20 7946 {number:04}"), "type": "work" }],
            "active": number % 7 != 0
        });
        ids.push(post("/Users", body).await);
    }
    for number in 0..TEAMS {
        let members: Vec<Value> = ids
            .iter()
            .skip(number)
            .step_by(TEAMS)
            .map(|id| json!({ "value": id }))
            .collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": format!("Harriers {number:02}"),
            "members": members
        });
        post("/Groups", body).await;
    }
    server.stop().await;
}

/// What a store holds, read by a server without faults: the strangers by id, and whatever else there is.
async fn strangers(store: &Path) -> (BTreeMap<String, String>, Vec<Value>) {
    let server = scim_reference::start(scim_reference::Options {
        store: Place::Sqlite(store.to_owned()),
        ..scim_reference::Options::default()
    })
    .await
    .unwrap();
    let (mut theirs, mut others) = (BTreeMap::new(), Vec::new());
    for endpoint in ["/Users", "/Groups"] {
        for mut resource in held(server.base_url(), endpoint).await {
            // Its second part is a digest of the whole body, addresses with the server's port among it.
            if let Some(version) = resource["meta"]["version"].as_str() {
                resource["meta"]["version"] = json!(version.split('.').next());
            }
            let text = resource.to_string().replace(server.base_url(), "");
            let name = resource["userName"]
                .as_str()
                .or(resource["displayName"].as_str())
                .unwrap_or_default();
            if TELLING.iter().any(|telling| name.contains(telling)) {
                theirs.insert(resource["id"].as_str().unwrap().to_owned(), text);
            } else {
                others.push(resource);
            }
        }
    }
    server.stop().await;
    (theirs, others)
}

/// Why a request could reach a stranger.
fn aims_at_a_stranger(asked: &Asked, strangers: &BTreeSet<String>) -> Option<String> {
    if !asked.is_write() || asked.path().ends_with("/.search") {
        return None;
    }
    let line = format!("{} {}", asked.method, asked.target);
    let body = String::from_utf8_lossy(&asked.body);
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| strangers.contains(*word))
            .map(str::to_owned)
            .collect()
    };
    if !words(&asked.target).is_empty() {
        return Some(format!("{line} is aimed at a stranger"));
    }
    if !words(&body).is_empty() {
        return Some(format!("{line} names a stranger: {body}"));
    }
    let creates = asked.method == "POST";
    if !creates && !asked.path().trim_start_matches('/').contains('/') {
        return Some(format!("{line} is aimed at a collection"));
    }
    let operations: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    operations["Operations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|_| asked.path() == "/Bulk")
        .find(|operation| {
            let path = operation["path"].as_str().unwrap_or_default();
            let method = operation["method"].as_str().unwrap_or_default();
            // Without a method it is what some cases are about, and aims at nothing.
            !matches!(method.to_ascii_uppercase().as_str(), "POST" | "")
                && !path.is_empty()
                && !path.trim_start_matches('/').contains('/')
        })
        .map(|operation| format!("{line}: {operation} is aimed at a collection"))
}

/// One server with these faults, played against with all suites.
struct Played {
    faults: Vec<String>,
    changed: usize,
    wrong: Vec<String>,
    writes: usize,
}

async fn play(faults: &[String], template: &Path, before: &BTreeMap<String, String>) -> Played {
    let sandbox = Arc::new(Sandbox::new());
    let folder = quick_folder();
    let store = folder.path().join("store.sqlite");
    std::fs::copy(template, &store).unwrap();
    let server = scim_reference::start(scim_reference::Options {
        store: Place::Sqlite(store.clone()),
        faults: faults.to_vec(),
        tokens: vec!["people".to_owned()],
        ..scim_reference::Options::default()
    })
    .await
    .unwrap();
    let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let writing = Arc::clone(&log);
    let front = Front::before(server.base_url(), move |asked, behind| {
        writing.lock().unwrap().push(asked.clone());
        Box::pin(async move { behind.ask(&asked).await })
    })
    .await;
    let (running, base_url) = (Arc::clone(&sandbox), front.base_url.clone());
    let ended = tokio::task::spawn_blocking(move || {
        let mut command = running.command(&[
            "run",
            "--target",
            &base_url,
            "--token-env",
            "SCIM_TOKEN",
            // A machine that is busy with other tests is slow, and that is no finding.
            "--timeout",
            "30",
            "-v",
            "--jobs",
            "4",
            "--report",
            "json=r.json",
            "--report",
            "junit=r.xml",
            "--report",
            "html=r.html",
            "--report",
            "markdown=r.md",
            "--report",
            "sarif=r.sarif",
            "--report",
            "har=r.har",
        ]);
        command
            .env("GITHUB_ACTIONS", "true")
            .env("SCIM_TOKEN", "people");
        running.run(&mut command, LONGEST)
    })
    .await
    .unwrap();
    drop(front);
    server.stop().await;
    let mut wrong = Vec::new();
    // A right server is not accused because of those who live there.
    let fine = match ended.code {
        Some(0) => true,
        Some(1 | 3) => !faults.is_empty(),
        _ => false,
    };
    if !fine {
        wrong.push(format!("exit {:?}: {}", ended.code, ended.said()));
    }
    let ids: BTreeSet<String> = before.keys().cloned().collect();
    let log = std::mem::take(&mut *log.lock().unwrap());
    wrong.extend(
        log.iter()
            .filter_map(|asked| aims_at_a_stranger(asked, &ids)),
    );
    let (after, _) = strangers(&store).await;
    let changed: Vec<_> = before
        .iter()
        .filter(|(id, was)| after.get(*id) != Some(*was))
        .collect();
    let by_design = faults
        .iter()
        .any(|fault| DAMAGING.contains(&fault.as_str()));
    if let Some((id, was)) = changed.first().filter(|_| !by_design) {
        wrong.push(format!("changed: {was}\n  to {:?}", after.get(*id)));
    }
    let changed = changed.len();
    // Where the id itself is the name there is nothing that could be cut to.
    if !faults.iter().any(|fault| fault == "id-is-user-name") {
        for file in sandbox.files() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("store") {
                continue;
            }
            let bytes = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for telling in TELLING {
                if let Some(at) = text.find(telling) {
                    let from = (0..=at.saturating_sub(300))
                        .rev()
                        .find(|i| text.is_char_boundary(*i));
                    let around: String = text[from.unwrap_or(0)..].chars().take(400).collect();
                    wrong.push(format!("{name} says {telling}: {around}"));
                }
            }
        }
    }
    Played {
        faults: faults.to_vec(),
        changed,
        wrong,
        writes: log.iter().filter(|asked| asked.is_write()).count(),
    }
}

/// The tempting faults; `SCIMPROOF_STRANGERS=all` plays every fault there is, `SCIMPROOF_STRANGERS=filter,id` those with one
/// of these in their names, `SCIMPROOF_STRANGERS=none` none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_stranger_is_changed_or_told_of() {
    let wanted = std::env::var("SCIMPROOF_STRANGERS").unwrap_or_default();
    let selections: Vec<Vec<String>> = if wanted.is_empty() {
        TEMPTING
            .iter()
            .map(|some| some.iter().map(|&fault| fault.to_owned()).collect())
            .collect()
    } else if wanted == "none" {
        vec![Vec::new()]
    } else {
        scim_reference::faults()
            .iter()
            .filter(|fault| {
                wanted == "all" || wanted.split(',').any(|part| fault.name.contains(part))
            })
            .map(|fault| vec![fault.name.to_owned()])
            .collect()
    };
    let home = quick_folder();
    let template = home.path().join("template.sqlite");
    settle(&template).await;
    let (before, others) = strangers(&template).await;
    assert_eq!((before.len(), others.len()), (PEOPLE + TEAMS, 0));
    let (before, template) = (Arc::new(before), Arc::new(template));
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = tokio::task::JoinSet::new();
    for faults in selections {
        let (places, before, template) = (
            Arc::clone(&places),
            Arc::clone(&before),
            Arc::clone(&template),
        );
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            play(&faults, &template, &before).await
        });
    }
    let all = running.join_all().await;
    let (mut changed, mut by_server, mut writes) = (0, 0, 0);
    let mut failures = Vec::new();
    for played in &all {
        writes += played.writes;
        if played
            .faults
            .iter()
            .any(|fault| DAMAGING.contains(&fault.as_str()))
        {
            by_server += played.changed;
        } else {
            changed += played.changed;
            if played.changed > 0 {
                failures.push(format!(
                    "{:?}: {} strangers changed",
                    played.faults, played.changed
                ));
            }
        }
        if !played.wrong.is_empty() {
            failures.push(format!(
                "{:?}: {}",
                played.faults,
                played
                    .wrong
                    .iter()
                    .take(6)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("\n  ")
            ));
        }
    }
    println!(
        "strangers changed {changed} of {} on each of {} servers, {writes} writes, none aimed at one; changed by the faults of the server itself: {by_server}",
        before.len(),
        all.len()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(
        writes > 400 * all.len() || !wanted.is_empty(),
        "only {writes} writes"
    );
}
