//! The fault matrix: the reference server with each of its faults, and what the harness says of it.
//!
//! The ordinary test plays, for each row of fixtures/detection.tsv, the cases that are named there and a small canary
//! slice, and fails when none of the named checks fails, or with another severity or verdict. With
//! `SCIMPROOF_MATRIX=full` everything is played, the figures are printed and docs/detection.md is written anew;
//! `SCIMPROOF_MATRIX_ONLY` narrows that to the faults whose name fits a pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use scimproof::client::{BaseUrl, Client, ClientOptions, install_crypto};
use scimproof::config::{Auth, Secret};
use scimproof::data::detection::{self, Detection};
use scimproof::data::{bodies, defects};
use scimproof::plan::{self, Conditions, Glob, Selection};
use scimproof::results::{Outcome, Policy, Severity, Verdict};
use scimproof::runner::{self, Context, RunTag};
use scimproof::suite::{self, Library};
use scimproof::verdict::{self, Frame, KnownFailures};
use tokio::sync::{mpsc, watch};

/// A small slice that is played with every fault: rules need exchanges to judge.
const CANARIES: &[&str] = &[
    "entra/users/create-minimal",
    "jumpcloud/users/create-full",
    "okta/users/create",
    "rfc/create/minimal",
    "rfc/read/user",
];

/// Faults that are played at the same time.
const AT_ONCE: usize = 4;

/// The page that the full run writes.
const PAGE: &str = "docs/detection.md";

/// What a run found.
#[derive(Debug)]
struct Found {
    verdicts: BTreeMap<String, Verdict>,
    /// Ids of the checks and rules that failed.
    failed: BTreeMap<String, Severity>,
}

/// Plays cases of these profiles against a server with this fault.
async fn play(library: &Library, fault: &str, profiles: &[&str], cases: Vec<Glob>) -> Found {
    install_crypto();
    let token = "fault-matrix-token";
    let running = scim_reference::start(scim_reference::Options {
        tokens: vec![token.to_owned()],
        faults: vec![fault.to_owned()],
        ..scim_reference::Options::default()
    })
    .await
    .expect("the reference server starts");
    let bearer = |secret: &str| Auth::Bearer(Secret::new(secret, "SCIM_TOKEN"));
    let mut options =
        ClientOptions::new(BaseUrl::parse(running.base_url()).expect("its own base URL"));
    options.auth = bearer(token);
    options.revoked = Some(bearer("revoked-token"));
    let client = Client::new(options).expect("a client");
    let selection = Selection {
        profiles: profiles.iter().map(|&p| p.to_owned()).collect(),
        cases,
        ..Selection::default()
    };
    let conditions = Conditions {
        revoked_credential: true,
        ..Conditions::default()
    };
    let mut plan = plan::select(library, &selection, &conditions).expect("the named cases exist");
    let probe = match runner::probe(&client, Policy::default(), None, None).await {
        Ok(probe) => probe,
        // A server that the harness refuses to test is noticed in the plainest way.
        Err(stop) => {
            let id = format!("probe/{:?}", stop.reason);
            return Found {
                verdicts: profiles
                    .iter()
                    .map(|&p| (p.to_owned(), Verdict::NotTested))
                    .collect(),
                failed: BTreeMap::from([(id, Severity::Blocker)]),
            };
        }
    };
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    let context = Context {
        client,
        application: None,
        schema: probe.schema,
        bodies: Arc::new(bodies::all().clone()),
        facts: probe.facts,
        probed: probe.received,
        seed: 1,
        tag: RunTag::fresh(),
        jobs: 2,
        settle: Duration::ZERO,
        deadline: None,
        keep: false,
        repeat: false,
        state_dir: None,
    };
    let (events, _told) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let collected = runner::run(&plan, context, events, stopped)
        .await
        .expect("no journal is kept");
    running.stop().await;
    let frame = Frame::of(&plan, library, Severity::Violation);
    let run = verdict::judge(collected, &frame, &KnownFailures::default());
    let checks = run.cases.iter().flat_map(|case| &case.checks);
    let rules = run
        .rules
        .iter()
        .filter(|rule| rule.outcome == Outcome::Failed)
        .map(|rule| (rule.id.clone(), rule.severity));
    Found {
        verdicts: run
            .profiles
            .iter()
            .map(|p| (p.id.clone(), p.verdict))
            .collect(),
        failed: checks
            .filter(|check| check.outcome == Outcome::Failed)
            .map(|check| (check.id.clone(), check.severity))
            .chain(rules)
            .collect(),
    }
}

/// Plays what is asked for, several at a time, in any order.
fn play_all(jobs: Vec<(String, Vec<&'static str>, Vec<Glob>)>) -> BTreeMap<String, Found> {
    let library = Arc::new(suite::bundled().expect("the bundled suites load"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // The futures of a whole run are large where nothing is optimised.
        .thread_stack_size(16 * 1024 * 1024)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut tasks = tokio::task::JoinSet::new();
        for (key, profiles, cases) in jobs {
            let (library, places) = (Arc::clone(&library), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire().await.expect("the semaphore stays open");
                let fault = key.split('@').next().unwrap_or_default().to_owned();
                let found = play(&library, &fault, &profiles, cases).await;
                (key, found)
            });
        }
        tasks.join_all().await.into_iter().collect()
    })
}

/// The cases of which a row names checks, and the canaries.
fn cases_of(row: &Detection) -> Vec<Glob> {
    let named = row.noticed_by.iter().filter(|id| !id.starts_with("rules/"));
    named
        .map(|id| id.split('#').next().unwrap_or(id))
        .chain(
            CANARIES
                .iter()
                .copied()
                .filter(|id| id.split('/').next() == Some(row.profile)),
        )
        .map(Glob::new)
        .collect()
}

/// Why a row does not hold; `None` when it does. A selection of cases cannot be *ready*, so the verdict is compared only
/// where a failure decides it.
fn complaint(row: &Detection, found: &Found) -> Option<String> {
    let named: Vec<Glob> = row.noticed_by.iter().map(|id| Glob::new(id)).collect();
    let hits: Vec<(&String, &Severity)> = found
        .failed
        .iter()
        .filter(|(id, _)| named.iter().any(|glob| glob.matches(id)))
        .collect();
    if hits.is_empty() {
        let others: Vec<&str> = found.failed.keys().map(String::as_str).take(5).collect();
        return Some(format!(
            "nothing of {:?} failed; what did: {others:?}",
            row.noticed_by
        ));
    }
    if !hits.iter().any(|(_, severity)| **severity == row.severity) {
        return Some(format!(
            "no finding is a {}: {hits:?}",
            row.severity.as_str()
        ));
    }
    let verdict = found.verdicts.get(row.profile);
    (row.verdict == Verdict::NotReady && verdict != Some(&Verdict::NotReady))
        .then(|| format!("the verdict of {} is {verdict:?}", row.profile))
}

#[test]
fn each_fault_is_noticed_by_the_checks_that_are_named() {
    let jobs = detection::all()
        .iter()
        .map(|row| {
            (
                format!("{}@{}", row.fault, row.profile),
                vec![row.profile],
                cases_of(row),
            )
        })
        .collect();
    let found = play_all(jobs);
    let mut complaints = String::new();
    for row in detection::all() {
        let key = format!("{}@{}", row.fault, row.profile);
        let complaint = found
            .get(&key)
            .map_or(Some("not played".to_owned()), |found| complaint(row, found));
        if let Some(complaint) = complaint {
            let _ = writeln!(complaints, "{key}: {complaint}");
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_defect_has_a_fault_or_a_reason() {
    let shown: BTreeSet<u16> = scim_reference::faults()
        .iter()
        .filter_map(|fault| fault.defect)
        .collect();
    let reasoned: BTreeSet<u16> = detection::not_shown()
        .iter()
        .map(|row| row.defect)
        .collect();
    for defect in defects::all() {
        assert!(
            shown.contains(&defect.number) != reasoned.contains(&defect.number),
            "defect {} needs a fault or a reason, and not both",
            defect.number
        );
    }
}

#[test]
fn the_table_names_faults_that_exist() {
    for row in detection::all() {
        assert!(
            scim_reference::faults()
                .iter()
                .any(|fault| fault.name == row.fault),
            "there is no fault named {}",
            row.fault
        );
    }
}

#[test]
fn the_page_is_current() {
    let page = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        page == rendered(),
        "{PAGE} is not what the tables say; SCIMPROOF_MATRIX=full writes it anew"
    );
}

#[test]
fn the_whole_matrix() {
    let Ok(mode) = std::env::var("SCIMPROOF_MATRIX") else {
        return;
    };
    std::fs::write(PAGE, rendered()).expect("the page can be written");
    if mode == "page" {
        return;
    }
    let only = std::env::var("SCIMPROOF_MATRIX_ONLY").unwrap_or_else(|_| "**".to_owned());
    let only = Glob::new(&only);
    let faults: Vec<_> = scim_reference::faults()
        .iter()
        .filter(|fault| only.matches(fault.name))
        .collect();
    let jobs = faults
        .iter()
        .map(|fault| {
            // Providers outside of the default run are played where a row is about them.
            let mut profiles = fault.breaks.to_vec();
            profiles.extend(
                detection::of(fault.name)
                    .map(|row| row.profile)
                    .filter(|profile| !fault.breaks.contains(profile)),
            );
            (fault.name.to_owned(), profiles, Vec::new())
        })
        .collect();
    let found = play_all(jobs);
    let mut text = String::new();
    let mut right = 0;
    let mut rows = 0;
    let mut seen = BTreeSet::new();
    for fault in &faults {
        let Some(found) = found.get(fault.name) else {
            continue;
        };
        seen.extend(found.failed.keys().map(|id| without_flavour(id)));
        for row in detection::of(fault.name) {
            rows += 1;
            match complaint(row, found) {
                None => right += 1,
                Some(complaint) => {
                    let _ = writeln!(text, "{}@{}: {complaint}", row.fault, row.profile);
                }
            }
        }
        for profile in fault.breaks {
            if !detection::of(fault.name).any(|row| row.profile == *profile) {
                let _ = writeln!(
                    text,
                    "{}@{profile}\t{:?}\t{:?}",
                    fault.name,
                    found.verdicts.get(*profile),
                    found
                        .failed
                        .iter()
                        .filter(|(id, _)| id.starts_with(profile)
                            || id.starts_with("rules/")
                            || id.starts_with("probe/"))
                        .collect::<Vec<_>>()
                );
            }
        }
    }
    let _ = writeln!(
        text,
        "{right} of {rows} rows hold; {} checks and rules failed under some fault",
        seen.len()
    );
    std::fs::write("target/fault-matrix.txt", &text).expect("the figures can be written");
    assert!(right == rows, "{text}");
}

/// `entra/users/duplicate.legacy#second` without its flavour.
fn without_flavour(id: &str) -> String {
    match id.split_once('#') {
        Some((case, check)) => format!("{}#{check}", case.split('.').next().unwrap_or(case)),
        None => id.to_owned(),
    }
}

/// docs/detection.md as the tables say it.
fn rendered() -> String {
    let mut page = String::from(
        "# What is noticed, and by what\n\n\
         Generated from the faults of the reference server and fixtures/detection.tsv by\n\
         `SCIMPROOF_MATRIX=full cargo test --test faults the_whole_matrix`; `cargo test --test faults` holds every row.\n\n\
         | defect | fault | what the server does | profile | verdict | severity | noticed by |\n|---|---|---|---|---|---|---|\n",
    );
    let mut faults: Vec<_> = scim_reference::faults().iter().collect();
    faults.sort_by_key(|fault| (fault.defect.is_none(), fault.defect, fault.name));
    for fault in faults {
        let defect = fault
            .defect
            .map_or(String::new(), |number| number.to_string());
        let head = format!(
            "| {defect} | {} | {} |",
            fault.name,
            fault.what.replace('|', "\\|")
        );
        let mut rows = detection::of(fault.name).peekable();
        if rows.peek().is_none() {
            let _ = writeln!(page, "{head} | | | not noticed yet |");
        }
        for row in rows {
            let verdict = format!("{:?}", row.verdict);
            let _ = writeln!(
                page,
                "{head} {} | {verdict} | {} | {} |",
                row.profile,
                row.severity.as_str(),
                row.noticed_by.join("<br>")
            );
        }
    }
    page.push_str(
        "\n## Defects that no fault shows\n\n| defect | what it is | why not |\n|---|---|---|\n",
    );
    for row in detection::not_shown() {
        let title = defects::find(row.defect).map_or("", |defect| defect.title);
        let _ = writeln!(page, "| {} | {title} | {} |", row.defect, row.reason);
    }
    page
}
