//! What the harness says of a mutant: a slice, then the protocol, then the providers, until something has a finding.

use std::collections::BTreeSet;

use scimproof::client::{BaseUrl, Client, ClientOptions, install_crypto};
use scimproof::config::{Auth, Secret};
use scimproof::plan::{self, Conditions, Glob, Selection};
use scimproof::results::{Outcome, Policy, Severity};
use scimproof::runner::{self, Context};
use scimproof::suite::Library;
use scimproof::verdict::{self, Frame, KnownFailures};
use tokio::sync::{mpsc, watch};

use crate::grammar::{Kind, Mutant, Operation};
use crate::layer::{Layer, TOKEN};

/// What is played of a mutant that the first slice did not show: the protocol, then the providers. What rules find counts
/// for the protocol, as in the default run, where all are played together; so one case of it is always there.
const PARTS: [&[&str]; 2] = [
    &["rfc/**"],
    &["okta/**", "entra/**", "jumpcloud/**", "rfc/create/minimal"],
];
const PROFILES: [&str; 4] = ["rfc", "okta", "entra", "jumpcloud"];

/// A first slice in which the mutated operation is met; what it does not show is looked for in everything.
fn slice(mutant: Mutant) -> &'static [&'static str] {
    let groups = mutant.place.kind == Kind::Group;
    match mutant.place.operation {
        Operation::Create if groups => &["rfc/groups/**", "rfc/errors/**"],
        Operation::Create => &["rfc/create/**", "rfc/errors/**"],
        Operation::Read if groups => &["rfc/groups/**", "rfc/read/**"],
        Operation::Read => &["rfc/read/**", "rfc/projection/**", "rfc/etag/**"],
        Operation::List => &["rfc/paging/**", "rfc/read/**", "rfc/sort/**"],
        Operation::Filter => &["rfc/filter/**"],
        Operation::Replace if groups => &["rfc/groups/**", "okta/groups/**"],
        Operation::Replace => &["rfc/replace/**", "rfc/etag/**"],
        Operation::Patch if groups => &["rfc/groups/**", "entra/groups/**"],
        Operation::Patch => &["rfc/patch/**", "rfc/patch-replace/**", "rfc/patch-add/**"],
        Operation::Delete => &["rfc/delete/**", "rfc/groups/**", "rfc/etag/**"],
        Operation::Search => &["rfc/search/**"],
        Operation::Bulk => &["rfc/bulk/**"],
        Operation::Discovery => &["rfc/discovery/**", "rfc/declared/**"],
    }
}

/// What the harness found at warning or above, as ids of checks and rules; empty where the mutant has a clean verdict.
pub(crate) async fn findings(library: &Library, mutant: Option<Mutant>) -> BTreeSet<String> {
    install_crypto();
    let first = mutant.map(slice);
    for cases in first.into_iter().chain(PARTS) {
        let found = part(library, mutant, cases).await;
        if !found.is_empty() {
            return found;
        }
    }
    BTreeSet::new()
}

async fn part(library: &Library, mutant: Option<Mutant>, cases: &[&str]) -> BTreeSet<String> {
    let layer = Layer::start(mutant).await;
    let mut options =
        ClientOptions::new(BaseUrl::parse(&layer.base_url()).expect("its own base URL"));
    options.auth = Auth::Bearer(Secret::new(TOKEN, "SCIM_TOKEN"));
    let client = Client::new(options).expect("a client");
    let selection = Selection {
        profiles: PROFILES.map(str::to_owned).to_vec(),
        cases: cases.iter().map(|case| Glob::new(case)).collect(),
        ..Selection::default()
    };
    let mut plan =
        plan::select(library, &selection, &Conditions::default()).expect("the named cases exist");
    let probe = match runner::probe(&client, Policy::default(), None, None).await {
        Ok(probe) => probe,
        // A server that the harness refuses to test is noticed in the plainest way.
        Err(stop) => return BTreeSet::from([format!("probe/{:?}", stop.reason)]),
    };
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    // One case after the other, so that "every third time" is the same time in every run.
    let context = Context::of(client, probe);
    let (events, _told) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let collected = runner::run(&plan, context, events, stopped)
        .await
        .expect("no journal is kept");
    layer.stop().await;
    let frame = Frame::of(&plan, library, Severity::Violation);
    let run = verdict::judge(collected, &frame, &KnownFailures::default());
    let checks = run
        .cases
        .iter()
        .flat_map(|case| &case.checks)
        .map(|check| (&check.id, check.outcome, check.severity));
    let rules = run
        .rules
        .iter()
        .map(|rule| (&rule.id, rule.outcome, rule.severity));
    checks
        .chain(rules)
        .filter(|(_, outcome, severity)| {
            *outcome == Outcome::Errored
                || (*outcome == Outcome::Failed && *severity != Severity::Info)
        })
        .map(|(id, ..)| id.clone())
        .collect()
}
