//! Cases side by side: each in a task of its own, results in plan order, a panic contained in its case.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use super::case::{Attempt, play};
use super::context::{Event, Shared};
use crate::plan::{Plan, PlannedCase};
use crate::results::{CaseResult, CheckResult, Outcome, SkipKind, StopReason};

/// Plays all cases of a plan: those that bear company first, then the exclusive ones, each alone.
pub(super) async fn all(
    shared: &Arc<Shared>,
    plan: &Plan,
    events: &UnboundedSender<Event>,
) -> Vec<CaseResult> {
    let mut results: Vec<Option<CaseResult>> = plan.cases.iter().map(skipped).collect();
    let waiting = |exclusive: bool| {
        let open: Vec<usize> = plan
            .cases
            .iter()
            .enumerate()
            .filter(|(_, planned)| planned.skip.is_none() && planned.runs_alone() == exclusive)
            .map(|(at, _)| at)
            .collect();
        open
    };
    let rounds = [
        (waiting(false), shared.context.jobs.max(1)),
        (waiting(true), 1),
    ];
    let _ = events.send(Event::RunStarted {
        cases: rounds.iter().map(|(open, _)| open.len()).sum(),
    });
    for (open, jobs) in rounds {
        let mut open = open.into_iter();
        let mut tasks: JoinSet<(usize, CaseResult)> = JoinSet::new();
        loop {
            while tasks.len() < jobs && shared.halted().is_none() {
                let Some(at) = open.next() else { break };
                let (shared, planned, events) =
                    (Arc::clone(shared), plan.cases[at].clone(), events.clone());
                tasks.spawn(async move {
                    let work = with_repeat(Arc::clone(&shared), planned.clone(), at);
                    (at, contained(&shared, &planned, &events, work).await)
                });
            }
            match tasks.join_next().await {
                Some(Ok((at, result))) => results[at] = Some(result),
                // `contained` catches a case's panic; a task that is gone all the same leaves its case unreached.
                Some(Err(_)) => {}
                None => break,
            }
        }
    }
    let why = shared.halted();
    results
        .into_iter()
        .zip(&plan.cases)
        .map(|(result, planned)| result.unwrap_or_else(|| unreached(planned, why)))
        .collect()
}

/// Plays one case in a task of its own, so that a panic in it is an errored case and not a lost run.
async fn contained(
    shared: &Shared,
    planned: &PlannedCase,
    events: &UnboundedSender<Event>,
    work: impl Future<Output = CaseResult> + Send + 'static,
) -> CaseResult {
    let _ = events.send(Event::CaseStarted {
        id: planned.id.clone(),
    });
    let began = Instant::now();
    let mut result = match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => {
            let why = match error.try_into_panic() {
                Ok(panic) => panic_text(panic),
                Err(_) => "its task was cancelled".to_owned(),
            };
            let mut result = blank(planned);
            result.outcome = Outcome::Errored;
            let why = shared.context.client.redactor().text(&why).into_owned();
            result.reason = format!("scimproof itself failed here, please report it: {why}");
            result
        }
    };
    result.duration_ms = began.elapsed().as_secs_f64() * 1000.0;
    let _ = events.send(Event::CaseFinished {
        id: result.id.clone(),
        outcome: told(&result),
    });
    result
}

/// The outcome that people see while it runs: what is for information only is no failure to them.
fn told(result: &CaseResult) -> Outcome {
    let failed = result
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .count() as u64;
    if result.outcome == Outcome::Failed && failed == result.for_information() {
        Outcome::Passed
    } else {
        result.outcome
    }
}

fn panic_text(panic: Box<dyn Any + Send>) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// Plays a case, and once more where it failed: a flaky target is told from a broken one, and never retried silently.
async fn with_repeat(shared: Arc<Shared>, planned: PlannedCase, at: usize) -> CaseResult {
    let first = play(Arc::clone(&shared), &planned, at, 0).await;
    let repeat = shared.context.repeat
        && !shared.context.keep
        && first.worth_repeating
        && first.ended.is_none()
        && shared.halted().is_none();
    let mut result = blank(&planned);
    let mut checks = first.checks.clone();
    if repeat {
        let second = play(shared, &planned, at, 1).await;
        mark_unstable(&mut checks, &first, &second);
    }
    result.checks = checks;
    result.exchanges = first.exchanges;
    result.load = first.load;
    result.outcome = worst(&result.checks);
    if let Some(why) = first.ended {
        result.outcome = result.outcome_with(Outcome::Errored);
        result.reason = why;
    } else if result.outcome == Outcome::Errored {
        result.reason = result
            .checks
            .iter()
            .find(|check| check.outcome == Outcome::Errored)
            .map(|check| check.message.clone())
            .unwrap_or_default();
    }
    result
}

/// Marks the failed checks where every one of them held in the repeat.
fn mark_unstable(checks: &mut [CheckResult], first: &Attempt, second: &Attempt) {
    let concerned =
        |check: &CheckResult| check.outcome == Outcome::Failed && !first.late.contains(&check.id);
    let all_held = checks.iter().filter(|check| concerned(check)).all(|check| {
        second
            .checks
            .iter()
            .any(|again| again.id == check.id && again.outcome == Outcome::Passed)
    });
    if all_held {
        for check in checks.iter_mut().filter(|check| concerned(check)) {
            check.unstable = true;
        }
    }
}

/// Failed, else errored, else passed.
fn worst(checks: &[CheckResult]) -> Outcome {
    let any = |outcome: Outcome| checks.iter().any(|check| check.outcome == outcome);
    if any(Outcome::Failed) {
        Outcome::Failed
    } else if any(Outcome::Errored) {
        Outcome::Errored
    } else {
        Outcome::Passed
    }
}

trait OutcomeWith {
    /// The worse of the case's outcome and this one.
    fn outcome_with(&self, outcome: Outcome) -> Outcome;
}

impl OutcomeWith for CaseResult {
    fn outcome_with(&self, outcome: Outcome) -> Outcome {
        if self.outcome == Outcome::Failed {
            Outcome::Failed
        } else {
            outcome
        }
    }
}

fn skipped(planned: &PlannedCase) -> Option<CaseResult> {
    let skip = planned.skip.as_ref()?;
    let mut result = blank(planned);
    result.outcome = Outcome::Skipped;
    result.reason.clone_from(&skip.reason);
    result.skip = Some(skip.kind);
    Some(result)
}

fn unreached(planned: &PlannedCase, why: Option<StopReason>) -> CaseResult {
    let mut result = blank(planned);
    result.outcome = Outcome::Skipped;
    result.skip = Some(SkipKind::Unreached);
    result.reason = match why {
        Some(StopReason::Deadline) => "the run's deadline passed before its turn",
        Some(StopReason::Interrupted) => "the run was interrupted before its turn",
        Some(StopReason::Untestable) => "the target did not answer any more",
        None => "it was not reached",
    }
    .to_owned();
    result
}

fn blank(planned: &PlannedCase) -> CaseResult {
    let case = &planned.case;
    CaseResult {
        id: planned.id.clone(),
        suite: planned.suite.clone(),
        profile: planned.profile.id.clone(),
        flavour: planned.flavour.clone(),
        row: planned.row.as_ref().map(|row| row.id.clone()),
        title: case.title.clone(),
        why: case.why.clone(),
        outcome: Outcome::Passed,
        skip: None,
        severity: case.severity,
        certainty: case.certainty,
        core: case.core,
        uses: case.uses.clone(),
        reason: String::new(),
        refs: case.refs.clone(),
        duration_ms: 0.0,
        checks: Vec::new(),
        exchanges: Vec::new(),
        load: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::client::{BaseUrl, Client, ClientOptions, Request, install_crypto};
    use crate::results::{Policy, TargetFacts};
    use crate::runner::{Context, Probe};
    use crate::scim::SchemaView;

    fn shared(base: &str) -> Shared {
        install_crypto();
        let base = BaseUrl::parse(base).expect("a base URL");
        let client = Client::new(ClientOptions::new(base)).expect("a client");
        let probe = Probe {
            facts: TargetFacts {
                base_url: String::new(),
                name: None,
                capabilities: BTreeMap::new(),
                policy: Policy::default(),
                existing_users: None,
                notes: Vec::new(),
            },
            schema: Arc::new(SchemaView::standard().clone()),
            service_provider_config: None,
            resource_types: None,
            schemas: None,
            received: Vec::new(),
        };
        let context = Context::of(client, probe);
        Shared::new(context, None, watch::channel(false).1)
    }

    fn planned() -> PlannedCase {
        let library = crate::suite::bundled().expect("the bundled suites load");
        let suite = &library.suites[0];
        let profile = library
            .profile(&suite.profile)
            .expect("its profile is there")
            .clone();
        PlannedCase {
            id: format!("{}/x", suite.id),
            suite: suite.id.clone(),
            suite_title: suite.title.as_str().into(),
            profile: Arc::new(profile),
            flavour: None,
            row: None,
            case: Arc::new(suite.cases[0].clone()),
            skip: None,
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_errored_case() {
        let (events, mut told) = mpsc::unbounded_channel();
        let (shared, planned) = (shared("http://127.0.0.1:9/scim"), planned());
        let result = contained(&shared, &planned, &events, async { panic!("boom {}", 1) }).await;
        assert_eq!(result.outcome, Outcome::Errored);
        assert!(result.reason.contains("boom 1"), "{}", result.reason);
        assert_eq!(result.id, planned.id);
        let mut last = None;
        while let Ok(event) = told.try_recv() {
            last = Some(event);
        }
        assert_eq!(
            last,
            Some(Event::CaseFinished {
                id: planned.id,
                outcome: Outcome::Errored
            })
        );
    }

    #[tokio::test]
    async fn what_a_case_made_before_it_panicked_is_removed() {
        let server = scim_reference::start(scim_reference::Options::default())
            .await
            .expect("it starts");
        let shared = Arc::new(shared(server.base_url()));
        let (events, _told) = mpsc::unbounded_channel();
        let planned = planned();
        let token = format!("{}-000-001", shared.context.tag);
        let making = Arc::clone(&shared);
        let work = async move {
            let find = crate::runner::journal::FindBy {
                attribute: "userName".to_owned(),
                value: token.clone(),
            };
            making
                .ledger
                .announce(
                    0,
                    "/Users",
                    vec![token.clone()],
                    Some(find),
                    crate::suite::model::Credential::Target,
                )
                .expect("no journal to fail");
            let mut wire =
                crate::runner::record::Wire::new(Arc::clone(&making), "c", 0, false, true);
            let out = crate::runner::record::Outgoing {
                step: "given.user".to_owned(),
                method: "POST".to_owned(),
                target: "/Users".to_owned(),
                headers: vec![(
                    "Content-Type".to_owned(),
                    "application/scim+json".to_owned(),
                )],
                body: Some(crate::runner::payload::Payload::json(serde_json::json!({
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                    "userName": token
                }))),
                credential: crate::suite::model::Credential::Target,
            };
            let heard = wire.send(out, None).await;
            assert_eq!(heard.status(), Some(201));
            panic!("before the answer was taken in");
        };
        let result = contained(&shared, &planned, &events, work).await;
        assert_eq!(result.outcome, Outcome::Errored);
        let left = super::super::cleanup::run(&shared).await;
        assert!(left.is_empty(), "{left:?}");
        let get = Request {
            id: crate::results::ExchangeId(0),
            step: String::new(),
            method: "GET".to_owned(),
            target: "/Users".to_owned(),
            headers: Vec::new(),
            body: None,
            credential: crate::suite::model::Credential::Target,
            operation: String::new(),
        };
        let listed = shared.context.client.send(&get, None).await;
        let total = listed
            .json
            .as_ref()
            .map(|json| json["totalResults"].clone());
        assert_eq!(total, Some(serde_json::json!(0)));
    }
}
