//! One run: the reference server with a fault, in a setting, judged as the program judges.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scimproof::client::{BaseUrl, Client, ClientOptions, install_crypto};
use scimproof::config::{Auth, Secret};
use scimproof::data::{mappings, targets};
use scimproof::plan::{self, Conditions, Glob, Plan, Selection};
use scimproof::results::{CaseResult, Outcome, Policy, Severity, Verdict};
use scimproof::runner::{self, Context};
use scimproof::suite::{self, Library};
use scimproof::verdict::{self, Frame, KnownFailures};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::definitions::definition;

/// Servers that are judged at the same time. Each plays one case after the other, so that what a fault damages does not
/// depend on which cases meet.
const AT_ONCE: usize = 8;

/// The profiles that the faults bite.
pub(crate) const PROFILES: &[&str] = &["okta", "entra", "jumpcloud", "rfc"];

/// The profiles that run where they are named.
const OTHERS: &[&str] = &[
    "authentik",
    "cyberark",
    "google",
    "keycloak",
    "onelogin",
    "ping",
    "rippling",
];

/// Where the runs of the full matrix are recorded, so that a part of it can be played anew.
const RECORDS: &str = "target/fault-matrix";

/// What the target is besides broken: what it promises, and what of the suites is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// The profiles that are played in it.
    pub(crate) profiles: &'static [&'static str],
    persona: Option<&'static str>,
    lawful: &'static [&'static str],
    named: &'static [&'static str],
    /// Cases that it leaves out.
    skips: &'static [&'static str],
    /// Cases that every setting before gives up for want of a capability. Where there are some, they alone are played.
    only: &'static [&'static str],
}

/// The target as it comes, and everything that need not be named.
const PLAIN: Setting = Setting {
    name: "plain",
    profiles: PROFILES,
    persona: None,
    lawful: &[],
    named: &[],
    skips: &[],
    only: &[],
};

/// The settings. The first plays everything but what must be named; each other one only what no setting before it plays:
/// cases about promises that few targets make, those that run where they are named, and those for what few targets have.
pub(crate) const SETTINGS: [Setting; 13] = [
    PLAIN,
    Setting {
        name: "named",
        named: &["entra/load", "okta/load"],
        // A thousand people for each fault would take hours: tests/load.rs plays them with theirs.
        skips: &["*/load/*thousand*"],
        ..PLAIN
    },
    Setting {
        name: "hoppscotch",
        persona: Some("hoppscotch"),
        ..PLAIN
    },
    Setting {
        name: "hoop",
        persona: Some("hoop"),
        ..PLAIN
    },
    Setting {
        name: "apidog",
        persona: Some("apidog"),
        ..PLAIN
    },
    Setting {
        name: "client-portal",
        persona: Some("client-portal"),
        ..PLAIN
    },
    Setting {
        name: "names-revive",
        lawful: &["names-revive"],
        ..PLAIN
    },
    Setting {
        name: "own-types",
        lawful: &["own-types"],
        only: &["rfc/declared/**"],
        ..PLAIN
    },
    Setting {
        name: "no-filter",
        lawful: &["no-filter"],
        only: &["rfc/paging/whole-list"],
        ..PLAIN
    },
    Setting {
        name: "password-changes",
        lawful: &["password-changes"],
        only: &["rfc/patch-replace/password"],
        ..PLAIN
    },
    Setting {
        name: "others",
        profiles: OTHERS,
        ..PLAIN
    },
    Setting {
        name: "others-named",
        profiles: OTHERS,
        named: &["keycloak/groups"],
        ..PLAIN
    },
    Setting {
        name: "others-no-patch",
        profiles: OTHERS,
        lawful: &["no-patch"],
        only: &["authentik/groups/members-by-put"],
        ..PLAIN
    },
];

impl Setting {
    /// The first setting: the target as it comes.
    pub(crate) const fn plain() -> Self {
        PLAIN
    }

    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        SETTINGS.into_iter().find(|setting| setting.name == name)
    }

    fn policy(&self) -> Policy {
        match self.persona.and_then(targets::find) {
            Some(target) => target.policy.clone(),
            None => {
                let lines: Vec<&str> = scim_reference::lawful_variants()
                    .iter()
                    .filter(|variant| self.lawful.contains(&variant.name))
                    .flat_map(|variant| variant.declares.iter().copied())
                    .collect();
                toml::from_str(&lines.join("\n")).expect("the variants declare what can be read")
            }
        }
    }

    /// What runs in this setting: with `cases`, only these.
    fn plan(&self, library: &Library, profiles: &[&str], cases: Vec<Glob>) -> Option<Plan> {
        let selection = Selection {
            profiles: profiles.iter().map(|&p| p.to_owned()).collect(),
            suites: self.named.iter().map(|name| Glob::new(name)).collect(),
            skips: self.skips.iter().map(|name| Glob::new(name)).collect(),
            cases,
            ..Selection::default()
        };
        let conditions = Conditions {
            policy: self.policy(),
            revoked_credential: true,
            other_tenant_credential: true,
            ..Conditions::default()
        };
        let mut plan = plan::select(library, &selection, &conditions).ok()?;
        let only: Vec<Glob> = self.only.iter().map(|case| Glob::new(case)).collect();
        if !only.is_empty() {
            plan.cases
                .retain(|planned| only.iter().any(|case| case.matches(&planned.id)));
        }
        Some(plan)
    }
}

/// What a run found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) verdicts: BTreeMap<String, Verdict>,
    /// Ids of the checks and rules that failed.
    pub(crate) failed: BTreeMap<String, Severity>,
    /// The definitions of these checks, and the rules.
    pub(crate) definitions: BTreeSet<String>,
    /// The definitions of the checks that were evaluated.
    pub(crate) evaluated: BTreeSet<String>,
    /// Definitions of the cases that were played.
    pub(crate) played: BTreeSet<String>,
}

/// A run that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// `None`: the server as it should be.
    pub(crate) fault: Option<&'static str>,
    pub(crate) setting: Setting,
    pub(crate) profiles: Vec<&'static str>,
    /// Empty: all.
    pub(crate) cases: Vec<Glob>,
    /// Whether it is recorded.
    pub(crate) keep: bool,
}

/// Everything that can be played: the written suites, and the mapping tables as cases.
pub(crate) fn library() -> Library {
    let mut library = suite::bundled().expect("the bundled suites load");
    for table in mappings::all() {
        if let Some(suite) = plan::mapping::suite(table, &Policy::default()) {
            library.suites.push(suite);
        }
    }
    library.suites.sort_by(|a, b| a.id.cmp(&b.id));
    library
}

/// Ids of cases by setting and profiles.
type Played = BTreeMap<(&'static str, Vec<&'static str>), Arc<BTreeSet<String>>>;

/// What the settings of the same profiles before this one play. Planned once, since every fault asks.
fn played_before(
    library: &Library,
    setting: &Setting,
    profiles: &[&'static str],
) -> Arc<BTreeSet<String>> {
    static PLAYED: Mutex<Played> = Mutex::new(BTreeMap::new());
    if !setting.only.is_empty() {
        return Arc::default();
    }
    let mut played = PLAYED.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = played.entry((setting.name, profiles.to_vec()));
    let earlier = SETTINGS
        .iter()
        .take_while(|other| *other != setting)
        .filter(|other| other.profiles == setting.profiles);
    let ids = entry.or_insert_with(|| {
        let plans = earlier.filter_map(|other| other.plan(library, profiles, Vec::new()));
        let ids = plans.flat_map(|plan| {
            let ids: Vec<String> = plan.to_play().map(|planned| planned.id.clone()).collect();
            ids
        });
        Arc::new(ids.collect())
    });
    Arc::clone(ids)
}

/// What a setting plays of these cases; `None` where that is nothing.
fn planned(
    library: &Library,
    setting: &Setting,
    profiles: &[&'static str],
    cases: &[Glob],
) -> Option<Plan> {
    let mut plan = setting.plan(library, profiles, cases.to_vec())?;
    let before = played_before(library, setting, profiles);
    plan.cases.retain(|planned| !before.contains(&planned.id));
    plan.to_play().next()?;
    Some(plan)
}

/// The settings that have something to play of these cases.
pub(crate) fn settings_for(library: &Library, cases: &[Glob]) -> Vec<Setting> {
    let plays = |setting: &Setting| planned(library, setting, setting.profiles, cases).is_some();
    SETTINGS.into_iter().filter(plays).collect()
}

/// Plays a job; `None` where the setting has nothing to play.
async fn play(library: &Library, job: &Job) -> Option<Found> {
    install_crypto();
    let Job {
        setting, profiles, ..
    } = job;
    let mut plan = planned(library, setting, profiles, &job.cases)?;
    let token = "fault-matrix-token";
    let running = scim_reference::start(scim_reference::Options {
        tokens: vec![token.to_owned()],
        faults: job.fault.iter().map(|&fault| fault.to_owned()).collect(),
        lawful: setting.lawful.iter().map(|&name| name.to_owned()).collect(),
        persona: setting.persona.map(str::to_owned),
        ..scim_reference::Options::default()
    })
    .await
    .expect("the reference server starts");
    let bearer = |secret: &str| Auth::Bearer(Secret::new(secret, "SCIM_TOKEN"));
    let mut options =
        ClientOptions::new(BaseUrl::parse(running.base_url()).expect("its own base URL"));
    options.auth = bearer(token);
    options.revoked = Some(bearer("revoked-token"));
    // Bursts keep to the pace of the run: at their own each would take ten seconds.
    options.rate = Some(5000.0);
    options.other_tenant = Some(bearer("other-tenant-token"));
    let client = Client::new(options).expect("a client");
    let probe = match runner::probe(&client, setting.policy(), None, None).await {
        Ok(probe) => probe,
        // A server that the harness refuses to test is noticed in the plainest way.
        Err(stop) => {
            let id = format!("probe/{:?}", stop.reason);
            running.stop().await;
            return Some(Found {
                verdicts: profiles
                    .iter()
                    .map(|&p| (p.to_owned(), Verdict::NotTested))
                    .collect(),
                failed: BTreeMap::from([(id, Severity::Blocker)]),
                definitions: BTreeSet::new(),
                evaluated: BTreeSet::new(),
                played: BTreeSet::new(),
            });
        }
    };
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    let context = Context::of(client, probe);
    let (events, _told) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let collected = runner::run(&plan, context, events, stopped)
        .await
        .expect("no journal is kept");
    running.stop().await;
    let frame = Frame::of(&plan, library, Severity::Violation);
    Some(summed_up(&verdict::judge(
        collected,
        &frame,
        &KnownFailures::default(),
    )))
}

fn summed_up(run: &scimproof::results::Run) -> Found {
    let checks = || {
        run.cases
            .iter()
            .flat_map(|case| case.checks.iter().map(move |check| (case, check)))
    };
    let failed = || checks().filter(|(_, check)| check.outcome == Outcome::Failed);
    let rules = || {
        run.rules
            .iter()
            .filter(|rule| rule.outcome == Outcome::Failed)
    };
    Found {
        verdicts: run
            .profiles
            .iter()
            .map(|p| (p.id.clone(), p.verdict))
            .collect(),
        failed: failed()
            .map(|(_, check)| (check.id.clone(), check.severity))
            .chain(rules().map(|rule| (rule.id.clone(), rule.severity)))
            .collect(),
        definitions: failed()
            .map(|(case, check)| definition(case, &check.id))
            .chain(rules().map(|rule| rule.id.clone()))
            .collect(),
        evaluated: checks()
            .filter(|(_, check)| matches!(check.outcome, Outcome::Passed | Outcome::Failed))
            .map(|(case, check)| definition(case, &check.id))
            .collect(),
        played: run
            .cases
            .iter()
            .filter(|case| case.outcome != Outcome::Skipped)
            .map(|case| CaseResult::base_id(case).to_owned())
            .collect(),
    }
}

/// Plays what is asked for, several at a time, and hands over what was found in the order of the jobs. `None`: there was
/// nothing to play.
pub(crate) fn play_all(library: Library, jobs: Vec<Job>) -> Vec<(Job, Option<Found>)> {
    let library = Arc::new(library);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // The futures of a whole run are large where nothing is optimised.
        .thread_stack_size(16 * 1024 * 1024)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut done: Vec<(usize, Job, Option<Found>)> = runtime.block_on(async {
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut tasks = tokio::task::JoinSet::new();
        for (number, job) in jobs.into_iter().enumerate() {
            let (library, places) = (Arc::clone(&library), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire().await.expect("the semaphore stays open");
                let found = play(&library, &job).await;
                if let (true, Some(found)) = (job.keep, &found) {
                    record(&job, found);
                }
                (number, job, found)
            });
        }
        tasks.join_all().await
    });
    done.sort_by_key(|(number, _, _)| *number);
    done.into_iter()
        .map(|(_, job, found)| (job, found))
        .collect()
}

fn record_of(fault: Option<&str>, setting: Setting) -> PathBuf {
    Path::new(RECORDS)
        .join(setting.name)
        .join(format!("{}.json", fault.unwrap_or("none")))
}

fn record(job: &Job, found: &Found) {
    let path = record_of(job.fault, job.setting);
    let text = serde_json::to_string(found).expect("plain data");
    fs::create_dir_all(path.parent().unwrap_or(Path::new(RECORDS)))
        .and_then(|()| fs::write(&path, text))
        .expect("a record can be written");
}

/// What the last run of a fault in a setting found.
pub(crate) fn recorded(fault: Option<&str>, setting: Setting) -> Option<Found> {
    let text = fs::read_to_string(record_of(fault, setting)).ok()?;
    serde_json::from_str(&text).ok()
}
