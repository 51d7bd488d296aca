//! What every test of the runner needs: a suite in a few lines, played against a server, and its results.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scimproof::client::{BaseUrl, Client, ClientOptions, install_crypto};
use scimproof::plan::{Plan, PlannedCase};
use scimproof::results::{CaseResult, CheckResult, Collected, Outcome, Policy, TargetFacts};
use scimproof::runner::{Context, Event, RunTag};
use scimproof::scim::SchemaView;
use scimproof::suite::{Source, load};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

const PROFILE: &str = "\
profile: test
title: Test
default_run: true
headers: { Accept: application/scim+json }
body_headers: { Content-Type: application/scim+json }
query: { space: percent, hex: upper }
";

const HEAD: &str = "\
suite: test/suite
title: Test
defaults:
  severity: blocker
  certainty: { shape: documented, need: documented }
  refs: [rfc:7644-3.3-R01]
  hint: Do as the test says.
  uses: [updates, deactivation, hard-delete, groups]
cases:
";

/// A plan of the cases in this text (the list under `cases:`).
pub(crate) fn plan(cases: &str) -> Plan {
    let source = |name: &str, text: String| Source {
        name: name.to_owned(),
        text,
    };
    let library = load(&[
        source("suites/test/profile.yaml", PROFILE.to_owned()),
        source("suites/test/suite.yaml", format!("{HEAD}{cases}")),
    ])
    .map_err(|errors| errors.to_string())
    .expect("the suite loads");
    let profile = Arc::new(library.profiles[0].clone());
    let suite = &library.suites[0];
    let cases = suite
        .cases
        .iter()
        .map(|case| PlannedCase {
            id: format!("{}/{}", suite.id, case.id),
            suite: suite.id.clone(),
            suite_title: suite.title.as_str().into(),
            profile: Arc::clone(&profile),
            flavour: None,
            row: None,
            case: Arc::new(case.clone()),
            skip: None,
        })
        .collect();
    Plan {
        cases,
        profiles: Vec::new(),
    }
}

/// How a run is set up; the fields that tests change.
pub(crate) struct Setup {
    pub(crate) jobs: usize,
    pub(crate) settle: Duration,
    pub(crate) keep: bool,
    pub(crate) repeat: bool,
    pub(crate) deadline: Option<Instant>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) tag: RunTag,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            jobs: 1,
            settle: Duration::ZERO,
            keep: false,
            repeat: false,
            deadline: None,
            state_dir: None,
            tag: RunTag::fresh(),
        }
    }
}

pub(crate) fn client(uri: &str) -> Client {
    install_crypto();
    let base = BaseUrl::parse(&format!("{uri}/scim")).expect("a base URL");
    Client::new(ClientOptions::new(base)).expect("a client")
}

pub(crate) fn context(uri: &str, setup: &Setup) -> Context {
    let bodies: BTreeMap<String, Value> = [
        (
            "okta/user",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "{{unique}}@example.com",
                   "displayName": "Ann", "active": true, "externalId": "{{guid}}"}),
        ),
        (
            "okta/group",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "team {{unique}}"}),
        ),
    ]
    .into_iter()
    .map(|(name, body)| (name.to_owned(), body))
    .collect();
    Context {
        client: client(uri),
        schema: Arc::new(SchemaView::standard().clone()),
        bodies: Arc::new(bodies),
        facts: TargetFacts {
            base_url: uri.to_owned(),
            name: None,
            capabilities: BTreeMap::new(),
            policy: Policy::default(),
            existing_users: None,
            notes: Vec::new(),
        },
        probed: Vec::new(),
        seed: 7,
        tag: setup.tag.clone(),
        application: None,
        jobs: setup.jobs,
        settle: setup.settle,
        deadline: setup.deadline,
        keep: setup.keep,
        repeat: setup.repeat,
        state_dir: setup.state_dir.clone(),
    }
}

/// Plays cases; `on_event` may stop the run by returning true.
pub(crate) async fn play_with(
    uri: &str,
    cases: &str,
    setup: &Setup,
    on_event: impl Fn(&Event) -> bool + Send + 'static,
) -> Collected {
    let (events, mut told) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn(async move {
        while let Some(event) = told.recv().await {
            if on_event(&event) {
                let _ = stop.send(true);
            }
        }
    });
    let collected = scimproof::runner::run(&plan(cases), context(uri, setup), events, stopped)
        .await
        .expect("the journal can be kept");
    let _ = listening.await;
    collected
}

pub(crate) async fn play(uri: &str, cases: &str, setup: &Setup) -> Collected {
    play_with(uri, cases, setup, |_| false).await
}

/// Checks by their part of the id, with outcome.
pub(crate) fn outcomes(case: &CaseResult) -> Vec<(&str, Outcome)> {
    case.checks
        .iter()
        .map(|check| (part(check), check.outcome))
        .collect()
}

pub(crate) fn part(check: &CheckResult) -> &str {
    check.id.split_once('#').map_or("", |(_, part)| part)
}

pub(crate) fn check<'a>(case: &'a CaseResult, wanted: &str) -> &'a CheckResult {
    case.checks
        .iter()
        .find(|check| part(check) == wanted)
        .ok_or_else(|| format!("{wanted} is not among {:?}", outcomes(case)))
        .expect("the check is there")
}
