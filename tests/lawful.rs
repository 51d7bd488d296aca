//! Nobody is accused wrongly: the bundled server as it is, strict, and in every lawful variant and combination of them,
//! judged by all profiles that can work with it. A finding at warning or above is a failure.
//!
//! `cargo test --test lawful` plays every variant once, several in one server, and a part of the cases. The whole figure,
//! each variant alone with all cases and 200 combinations, comes from
//! `cargo test --test lawful -- --ignored --nocapture`; `SCIMPROOF_LAWFUL` narrows it to the variants whose name fits a
//! pattern, `SCIMPROOF_COMBINATIONS` to so many combinations.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scim_reference::{LawfulInfo, lawful_variants};
use scimproof::client::{BaseUrl, Client, ClientOptions, install_crypto};
use scimproof::config::{Auth, Secret};
use scimproof::plan::{self, Conditions, Glob, Selection};
use scimproof::results::{Outcome, Policy, Severity};
use scimproof::runner::{self, Context};
use scimproof::suite::{self, Library};
use scimproof::verdict::{self, Frame, KnownFailures};
use tokio::sync::{mpsc, watch};

const PROFILES: [&str; 4] = ["okta", "entra", "jumpcloud", "rfc"];
/// Combinations of the whole figure.
const ALL: usize = 200;
/// Servers that are played at the same time.
const AT_ONCE: usize = 4;
/// Variants in one server of the ordinary test: those that everybody can work with, and the others.
const TOGETHER: usize = 6;
const TOGETHER_FEWER: usize = 3;
/// The share of the cases that the ordinary test plays with each server.
const SHARE: f64 = 0.5;
/// Two of a group exclude each other: one choice cannot be made in two ways.
const ONE_OF: [&[&str]; 18] = [
    &["patch-204", "patch-200", "no-patch"],
    &["numeric-ids", "odd-ids", "long-ids"],
    &["no-etags", "strong-etags"],
    &["no-etags", "undeclared-etags"],
    &["no-bulk", "small-bulk"],
    &["no-cursors", "cursors-first", "cursors-only"],
    &["names-stay-taken", "names-revive"],
    &["other-language", "no-detail"],
    &["whole-seconds", "times-with-offset", "fine-times"],
    // What is not declared is neither shown nor declared otherwise.
    &["few-attributes", "user-names-alone", "more-required"],
    &["few-attributes", "user-names-alone", "nulls"],
    &[
        "no-groups",
        "flat-groups",
        "user-names-alone",
        "always-returned",
        "no-active",
    ],
    // What is not there has no declaration to change.
    &["required-references", "no-groups"],
    &["required-references", "no-enterprise"],
    &["required-references", "few-attributes"],
    &["required-references", "user-names-alone"],
    &["on-request", "no-groups"],
    &["on-request", "user-names-alone"],
];

/// A server: its variants, the profiles that are played with it, the share of their cases.
#[derive(Debug, Clone)]
struct Server {
    variants: Vec<&'static str>,
    profiles: Vec<&'static str>,
    share: f64,
    strict: bool,
}

/// What a provider with these choices would declare.
fn policy(variants: &[&str]) -> Policy {
    let lines: BTreeSet<&str> = lawful_variants()
        .iter()
        .filter(|variant| variants.contains(&variant.name))
        .flat_map(|variant| variant.declares.iter().copied())
        .collect();
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    toml::from_str(&text).expect("what the variants declare")
}

/// What a run found at warning or above, and what could not be evaluated.
async fn findings(library: &Library, server: &Server, seed: u64) -> Vec<String> {
    install_crypto();
    let token = "lawful-token";
    let running = scim_reference::start(scim_reference::Options {
        tokens: vec![token.to_owned()],
        lawful: server
            .variants
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
        strict: server.strict,
        ..scim_reference::Options::default()
    })
    .await
    .expect("the reference server starts");
    let bearer = |secret: &str| Auth::Bearer(Secret::new(secret, "SCIM_TOKEN"));
    let mut options =
        ClientOptions::new(BaseUrl::parse(running.base_url()).expect("its own base URL"));
    options.ca_text = running.certificate().map(str::to_owned);
    options.auth = bearer(token);
    options.revoked = Some(bearer("revoked-token"));
    let client = Client::new(options).expect("a client");
    let selection = Selection {
        profiles: server.profiles.iter().map(|&p| p.to_owned()).collect(),
        ..Selection::default()
    };
    let conditions = Conditions {
        policy: policy(&server.variants),
        revoked_credential: true,
        ..Conditions::default()
    };
    let mut plan = plan::select(library, &selection, &conditions).expect("the profiles exist");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    plan.cases.retain(|_| rng.random_bool(server.share));
    let probe = runner::probe(&client, conditions.policy.clone(), None, None)
        .await
        .expect("the server can be tested");
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    let context = Context {
        seed,
        jobs: 4,
        ..Context::of(client, probe)
    };
    let (events, _told) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let collected = runner::run(&plan, context, events, stopped)
        .await
        .expect("no journal is kept");
    running.stop().await;
    let frame = Frame::of(&plan, library, Severity::Violation);
    let run = verdict::judge(collected, &frame, &KnownFailures::default());
    let counts = |outcome: Outcome, severity: Severity| match outcome {
        Outcome::Failed => severity > Severity::Info,
        Outcome::Errored => true,
        _ => false,
    };
    let checks = || run.cases.iter().flat_map(|case| &case.checks);
    let mut found: Vec<String> = checks()
        .filter(|check| counts(check.outcome, check.severity))
        .map(|check| format!("{} ({:?}): {}", check.id, check.severity, check.message))
        .collect();
    found.extend(
        run.rules
            .iter()
            .filter(|rule| counts(rule.outcome, rule.severity))
            .map(|rule| format!("{} ({:?}): {}", rule.id, rule.severity, rule.message)),
    );
    if !checks().any(|check| check.outcome == Outcome::Passed) {
        found.push("nothing was checked".to_owned());
    }
    found
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

/// Plays the servers, several at a time, and says what was found.
fn play(servers: Vec<Server>) -> Vec<String> {
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
        for (number, server) in servers.into_iter().enumerate() {
            let (library, places) = (Arc::clone(&library), Arc::clone(&places));
            tasks.spawn(async move {
                let _place = places.acquire().await.expect("the semaphore stays open");
                let found = findings(&library, &server, number as u64).await;
                (!found.is_empty()).then(|| {
                    format!(
                        "{} for {}:\n  {}\n",
                        server.variants.join(" + "),
                        server.profiles.join(","),
                        found.join("\n  ")
                    )
                })
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    })
}

fn excluded(one: &LawfulInfo, chosen: &[&'static LawfulInfo]) -> bool {
    ONE_OF.iter().any(|group| {
        group.contains(&one.name) && chosen.iter().any(|other| group.contains(&other.name))
    })
}

/// Two to eight choices, none of them twice.
fn combination(rng: &mut ChaCha8Rng) -> Server {
    let mut all: Vec<&LawfulInfo> = lawful_variants().iter().collect();
    // A provider would rather not work with a server that has no filters; most combinations suit everybody.
    if rng.random_bool(0.75) {
        all.retain(|variant| variant.suits.len() > 1);
    }
    all.shuffle(rng);
    let wanted = *[2usize, 3, 4, 5, 6, 8].choose(rng).expect("not empty");
    let mut chosen: Vec<&LawfulInfo> = Vec::new();
    for variant in all {
        if chosen.len() < wanted && !excluded(variant, &chosen) {
            chosen.push(variant);
        }
    }
    server(&chosen, 1.0)
}

fn server(chosen: &[&'static LawfulInfo], share: f64) -> Server {
    Server {
        variants: chosen.iter().map(|variant| variant.name).collect(),
        profiles: suited(chosen),
        share,
        strict: false,
    }
}

/// Every variant once, as many in one server as go together.
fn packed(rng: &mut ChaCha8Rng) -> Vec<Server> {
    let mut servers = Vec::new();
    for everybody in [true, false] {
        let most = if everybody { TOGETHER } else { TOGETHER_FEWER };
        let mut left: Vec<&LawfulInfo> = lawful_variants()
            .iter()
            .filter(|variant| (variant.suits.len() > 1) == everybody)
            .collect();
        left.shuffle(rng);
        while !left.is_empty() {
            let mut chosen: Vec<&'static LawfulInfo> = Vec::new();
            left.retain(|variant| {
                let fits = chosen.len() < most && !excluded(variant, &chosen);
                if fits {
                    chosen.push(variant);
                }
                !fits
            });
            servers.push(server(&chosen, SHARE));
        }
    }
    servers
}

#[test]
fn every_variant_is_without_findings() {
    let found = play(packed(&mut ChaCha8Rng::seed_from_u64(1)));
    assert!(found.is_empty(), "\n{}", found.concat());
}

#[test]
#[ignore = "plays each variant in all profiles and 200 combinations: about ten minutes"]
fn two_hundred_combinations_are_without_findings() {
    let setting = |name: &str| std::env::var(name).ok();
    let only = Glob::new(&setting("SCIMPROOF_LAWFUL").unwrap_or_else(|| "**".to_owned()));
    let count = setting("SCIMPROOF_COMBINATIONS").and_then(|count| count.parse().ok());
    let mut servers: Vec<_> = lawful_variants()
        .iter()
        .filter(|variant| only.matches(variant.name))
        .map(|variant| server(&[variant], 1.0))
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    servers.extend((0..count.unwrap_or(ALL)).map(|_| combination(&mut rng)));
    let count = servers.len();
    let found = play(servers);
    let mut said = String::new();
    let _ = writeln!(
        said,
        "{} of {count} lawful servers are accused",
        found.len()
    );
    said.push_str(&found.concat());
    assert!(found.is_empty(), "{said}");
    // The figure is what this command is for.
    std::io::Write::write_all(&mut std::io::stdout(), said.as_bytes()).expect("a terminal");
}

#[test]
fn the_bundled_server_is_without_findings() {
    let plain = |profiles: &[&'static str], strict: bool| Server {
        variants: Vec::new(),
        profiles: profiles.to_vec(),
        share: 1.0,
        strict,
    };
    let found = play(vec![plain(&PROFILES, false), plain(&["rfc"], true)]);
    assert!(found.is_empty(), "\n{}", found.concat());
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
        let policy: Result<Policy, _> = toml::from_str(&variant.declares.join("\n"));
        assert!(policy.is_ok(), "{}", variant.name);
    }
    for name in ONE_OF.iter().copied().flatten() {
        assert!(names.contains(name), "{name}");
    }
}
