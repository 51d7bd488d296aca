//! One cause, one finding. A server that cannot create users would otherwise fail in the set-up of each case: the same
//! set-up failure (same operation, same answer) stays one failed check, in the first case of the plan, and is errored with
//! that cause elsewhere. What is folded together is one profile's flavour: each verdict stands on its own evidence.

use std::collections::BTreeMap;

use crate::results::{CaseResult, CheckResult, Exchange, Outcome};

/// Steps that make a case's resources are named `given.NAME`.
const SET_UP: &str = "given.";

/// Profile, flavour, operation, answer: what makes two set-up failures the same.
type Key = (String, Option<String>, String, String);

/// Leaves the first of equal set-up failures failed, with the worst severity of all, and makes the others errored.
pub(super) fn fold(cases: &mut [CaseResult]) {
    let mut first: BTreeMap<Key, (usize, usize)> = BTreeMap::new();
    for at in 0..cases.len() {
        for nth in 0..cases[at].checks.len() {
            let Some(signature) = signature(&cases[at], &cases[at].checks[nth]) else {
                continue;
            };
            let case = &cases[at];
            let key = (
                case.profile.clone(),
                case.flavour.clone(),
                signature.0,
                signature.1,
            );
            match first.get(&key) {
                None => {
                    first.insert(key, (at, nth));
                }
                // Two resources made in one case are two checks of the same case: both may stay.
                Some((first_at, _)) if *first_at == at => {}
                Some((first_at, first_nth)) => {
                    let severity = cases[at].checks[nth].severity;
                    let cause = &mut cases[*first_at].checks[*first_nth];
                    cause.severity = cause.severity.max(severity);
                    let cause_id = cause.id.clone();
                    blame(&mut cases[at], nth, &cause_id);
                }
            }
        }
    }
}

/// Makes the check errored for the cause, and those that depended on it too.
fn blame(case: &mut CaseResult, nth: usize, cause: &str) {
    let replaced = case.checks[nth].id.clone();
    let check = &mut case.checks[nth];
    check.outcome = Outcome::Errored;
    check.cause = Some(cause.to_owned());
    check.note = "the same set-up failed before, with the same answer".to_owned();
    for dependent in &mut case.checks {
        if dependent.cause.as_deref() == Some(replaced.as_str()) {
            dependent.cause = Some(cause.to_owned());
        }
    }
}

/// What makes two set-up failures the same: the operation and the answer.
fn signature(case: &CaseResult, check: &CheckResult) -> Option<(String, String)> {
    if check.outcome != Outcome::Failed {
        return None;
    }
    let exchange = case
        .exchanges
        .iter()
        .find(|e| Some(e.id) == check.exchange)?;
    exchange
        .step
        .starts_with(SET_UP)
        .then(|| (exchange.operation.clone(), answer(exchange)))
}

fn answer(exchange: &Exchange) -> String {
    match (&exchange.status, &exchange.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => format!("{:?}", error.kind),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{ExchangeId, Severity};
    use crate::verdict::sample::{case, errored, exchange, failed};

    fn set_up_fails(id: &str, severity: Severity, status: u16) -> CaseResult {
        let mut check = failed("given.user", severity);
        check.exchange = Some(ExchangeId(1));
        let mut dependent = errored("get.status", severity);
        dependent.cause = Some(format!("{id}#given.user"));
        let mut c = case(id, vec![check, dependent]);
        c.exchanges = vec![exchange(
            1,
            "given.user",
            "POST",
            "POST /Users",
            "http://target/Users",
            status,
        )];
        c
    }

    #[test]
    fn the_same_set_up_failure_is_one_finding() {
        use Severity::{Blocker, Warning};
        let mut cases = vec![
            set_up_fails("okta/u/a.aiw", Warning, 500),
            set_up_fails("okta/u/b.aiw", Blocker, 500),
            set_up_fails("okta/u/c.aiw", Blocker, 400),
            set_up_fails("okta/u/a.catalogue", Blocker, 500),
            set_up_fails("entra/u/a.flag", Blocker, 500),
        ];
        fold(&mut cases);
        let outcomes: Vec<_> = cases.iter().map(|c| c.checks[0].outcome).collect();
        assert_eq!(
            outcomes,
            [
                Outcome::Failed,
                Outcome::Errored,
                Outcome::Failed,
                Outcome::Failed,
                Outcome::Failed
            ],
            "folded within a profile's flavour and for the same answer only"
        );
        assert_eq!(
            cases[0].checks[0].severity, Blocker,
            "as bad as the worst that it stands for"
        );
        let cause = Some("okta/u/a.aiw#given.user".to_owned());
        assert_eq!(cases[1].checks[0].cause, cause);
        assert_eq!(
            cases[1].checks[1].cause, cause,
            "dependents point to the one cause"
        );
    }

    #[test]
    fn failures_outside_set_up_are_never_folded() {
        let mut cases = vec![
            set_up_fails("okta/u/a.aiw", Severity::Blocker, 500),
            set_up_fails("okta/u/b.aiw", Severity::Blocker, 500),
        ];
        for c in &mut cases {
            c.exchanges[0].step = "create".to_owned();
        }
        fold(&mut cases);
        assert!(cases.iter().all(|c| c.checks[0].outcome == Outcome::Failed));
    }
}
