//! What a declared policy excuses. A target that says "deactivation removes the account" is not accused of removing it: the
//! consequences of what was declared become info, everything else keeps its severity. Undeclared, nothing is excused.
//!
//! A consequence is recognised by its evidence, the exchange that the failed check points to, and not by the case alone: a
//! disable that is answered with 500 is no consequence of removal.

use std::collections::BTreeSet;

use crate::results::{CaseResult, CheckResult, Exchange, Outcome, Policy, Severity};

/// The note of what follows from never removing people: a promise, and no gap of the target.
pub(super) const KEPT: &str = "declared: hard_delete = false";

/// Turns the consequences of the declared policy into info; returns the ids of these checks.
pub(super) fn soften(cases: &mut [CaseResult], policy: &Policy) -> BTreeSet<String> {
    let mut softened = BTreeSet::new();
    for case in cases.iter_mut() {
        let notes: Vec<_> = case
            .checks
            .iter()
            .map(|check| consequence(policy, case, check))
            .collect();
        for (check, note) in case.checks.iter_mut().zip(notes) {
            if let Some(note) = note {
                check.severity = Severity::Info;
                check.note = note;
                softened.insert(check.id.clone());
            }
        }
        skip_dependents(&mut case.checks, &mut softened);
    }
    softened
}

/// What could not be evaluated because of an excused failure is excused too: the target never promised it.
fn skip_dependents(checks: &mut [CheckResult], softened: &mut BTreeSet<String>) {
    for at in 0..checks.len() {
        let cause = checks[at].cause.as_ref().filter(|c| softened.contains(*c));
        let note = checks
            .iter()
            .find(|c| Some(&c.id) == cause)
            .map(|c| c.note.clone());
        if let Some(note) = note
            && checks[at].outcome == Outcome::Errored
        {
            checks[at].outcome = Outcome::Skipped;
            checks[at].note = note;
            softened.insert(checks[at].id.clone());
        }
    }
}

/// Which declared word this failure follows from.
fn consequence(policy: &Policy, case: &CaseResult, check: &CheckResult) -> Option<String> {
    if check.outcome != Outcome::Failed {
        return None;
    }
    let evidence = case
        .exchanges
        .iter()
        .find(|e| Some(e.id) == check.exchange)?;
    let uses = |feature: &str| case.uses.iter().any(|u| u == feature);
    if policy.deactivation.as_deref() == Some("remove")
        && uses("deactivation")
        && follows_removal(case, check, evidence)
    {
        return Some("declared: deactivation = \"remove\"".to_owned());
    }
    if policy.hard_delete == Some(false) && survives_deletion(case, check, evidence) {
        return Some(KEPT.to_owned());
    }
    if let Some(groups @ ("roles" | "none")) = policy.groups.as_deref()
        && (uses("groups") || uses("group-updates"))
        && touches_groups(evidence)
        && refused(evidence)
    {
        return Some(format!("declared: groups = \"{groups}\""));
    }
    case.uses
        .iter()
        .filter(|feature| policy.not_offered.contains(feature))
        .find(|feature| follows_absence(feature, evidence))
        .map(|feature| format!("declared: {feature} is not offered"))
}

/// The account is gone after it was disabled: read, found or written no more, or free to be created again.
fn follows_removal(case: &CaseResult, check: &CheckResult, evidence: &Exchange) -> bool {
    let disabled: Vec<&str> = case
        .exchanges
        .iter()
        .filter(|e| e.id <= evidence.id && matches!(e.method.as_str(), "PATCH" | "PUT" | "DELETE"))
        .map(|e| e.url.as_str())
        .collect();
    if disabled.is_empty() {
        return false;
    }
    let read_after = |found: bool| {
        case.exchanges.iter().any(|e| {
            e.method == "GET"
                && disabled.contains(&e.url.as_str())
                && if found {
                    e.id >= evidence.id && is_success(e)
                } else {
                    is_gone(e)
                }
        })
    };
    if is_gone(evidence) {
        return disabled.contains(&evidence.url.as_str());
    }
    match evidence.method.as_str() {
        "GET" => is_success(evidence) && is_about_a_list(check) && !read_after(true),
        "POST" => evidence.status == Some(201) && read_after(false),
        _ => false,
    }
}

/// The resource is still there after DELETE: read, found, or in the way of its successor.
fn survives_deletion(case: &CaseResult, check: &CheckResult, evidence: &Exchange) -> bool {
    let deleted: Vec<&str> = case
        .exchanges
        .iter()
        .filter(|e| e.id < evidence.id && e.method == "DELETE" && is_success(e))
        .map(|e| e.url.as_str())
        .collect();
    match evidence.method.as_str() {
        "GET" => {
            is_success(evidence)
                && (deleted.contains(&evidence.url.as_str())
                    || (!deleted.is_empty() && is_about_a_list(check)))
        }
        "POST" if is_success(evidence) => {
            // The old account came back with its id.
            let location = evidence.header("location").unwrap_or_default();
            deleted.iter().any(|url| {
                url.rsplit_once('/')
                    .is_some_and(|(_, id)| !id.is_empty() && location.ends_with(id))
            })
        }
        "POST" => evidence.status == Some(409) && !deleted.is_empty(),
        _ => false,
    }
}

/// A feature that is not offered was refused cleanly, or what it would have stored is absent.
fn follows_absence(feature: &str, evidence: &Exchange) -> bool {
    let writes = |methods: &[&str]| methods.contains(&evidence.method.as_str());
    match feature {
        "updates" | "deactivation" => writes(&["PUT", "PATCH"]) && refused(evidence),
        "hard-delete" => writes(&["DELETE"]) && refused(evidence),
        "groups" => touches_groups(evidence) && refused(evidence),
        "group-updates" => {
            touches_groups(evidence) && writes(&["PUT", "PATCH"]) && refused(evidence)
        }
        _ => is_success(evidence) || refused(evidence),
    }
}

/// Refused as a server does that knows what it does not offer; a 401, a 429 or a breakdown is something else.
fn refused(exchange: &Exchange) -> bool {
    matches!(exchange.status, Some(400 | 403 | 404 | 405 | 501))
}

fn touches_groups(exchange: &Exchange) -> bool {
    ["/Groups", "/Roles"]
        .iter()
        .any(|endpoint| exchange.operation.contains(endpoint))
}

fn is_gone(exchange: &Exchange) -> bool {
    matches!(exchange.status, Some(404 | 410))
}

fn is_success(exchange: &Exchange) -> bool {
    matches!(exchange.status, Some(200..=299))
}

/// Check ids end in `STEP.WHAT`, and `WHAT` begins with `list` where the answer was judged as a list.
fn is_about_a_list(check: &CheckResult) -> bool {
    check
        .id
        .rsplit_once('#')
        .is_some_and(|(_, what)| what.split('.').any(|part| part == "list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::ExchangeId;
    use crate::verdict::sample::{case, errored, exchange, failed};

    const USER: &str = "http://target/Users/7";
    const SEARCH: &str = "http://target/Users?filter=x";

    fn declared(word: &str) -> Policy {
        let mut policy = Policy::default();
        match word {
            "remove" => policy.deactivation = Some("remove".to_owned()),
            "soft-delete" => policy.hard_delete = Some(false),
            "no groups" => policy.groups = Some("none".to_owned()),
            "" => {}
            feature => policy.not_offered = vec![feature.to_owned()],
        }
        policy
    }

    /// (method, operation, url, status) of each exchange; the failed check points to the last.
    type Story<'a> = &'a [(&'a str, &'a str, &'a str, u16)];

    fn outcome_of(word: &str, uses: &str, what: &str, story: Story<'_>) -> Severity {
        let mut check = failed(what, Severity::Blocker);
        check.exchange = Some(ExchangeId(story.len() as u32));
        let mut c = case("okta/users/x.aiw", vec![check]);
        c.uses = vec![uses.to_owned()];
        c.exchanges = story
            .iter()
            .zip(1..)
            .map(|((method, operation, url, status), id)| {
                exchange(id, "step", method, operation, url, *status)
            })
            .collect();
        let mut cases = vec![c];
        let softened = soften(&mut cases, &declared(word));
        let severity = cases[0].checks[0].severity;
        assert_eq!(softened.len(), usize::from(severity == Severity::Info));
        assert_eq!(
            cases[0].checks[0].note.is_empty(),
            severity == Severity::Blocker,
            "a softened check says why"
        );
        severity
    }

    #[test]
    fn only_the_consequences_of_a_declared_policy_become_info() {
        use Severity::{Blocker, Info};
        let disable = ("PATCH", "PATCH /Users/{id}", USER, 204);
        let gone = ("GET", "GET /Users/{id}", USER, 404);
        let there = ("GET", "GET /Users/{id}", USER, 200);
        let search = ("GET", "GET /Users", SEARCH, 200);
        let table: &[(&str, &str, &str, &str, Story<'_>, Severity)] = &[
            (
                "removed, declared",
                "remove",
                "deactivation",
                "get.status",
                &[disable, gone],
                Info,
            ),
            (
                "removed, undeclared",
                "",
                "deactivation",
                "get.status",
                &[disable, gone],
                Blocker,
            ),
            (
                "another case",
                "remove",
                "updates",
                "get.status",
                &[disable, gone],
                Blocker,
            ),
            (
                "the disable itself breaks",
                "remove",
                "deactivation",
                "disable.status",
                &[("PATCH", "PATCH /Users/{id}", USER, 500)],
                Blocker,
            ),
            (
                "still there and active",
                "remove",
                "deactivation",
                "get.body.active",
                &[disable, there],
                Blocker,
            ),
            (
                "not found by filter",
                "remove",
                "deactivation",
                "get.list",
                &[disable, search],
                Info,
            ),
            (
                "gone, then a twin is created",
                "remove",
                "deactivation",
                "post.status",
                &[
                    disable,
                    gone,
                    ("POST", "POST /Users", "http://target/Users", 201),
                ],
                Info,
            ),
            (
                "not gone, and a twin is created",
                "remove",
                "deactivation",
                "post.status",
                &[
                    disable,
                    there,
                    ("POST", "POST /Users", "http://target/Users", 201),
                ],
                Blocker,
            ),
            (
                "a bystander is gone",
                "remove",
                "deactivation",
                "end.status",
                &[
                    disable,
                    ("GET", "GET /Users/{id}", "http://target/Users/8", 404),
                ],
                Blocker,
            ),
            (
                "deleted softly, declared",
                "soft-delete",
                "hard-delete",
                "get.status",
                &[("DELETE", "DELETE /Users/{id}", USER, 204), there],
                Info,
            ),
            (
                "deletion refused",
                "soft-delete",
                "hard-delete",
                "delete.status",
                &[("DELETE", "DELETE /Users/{id}", USER, 500)],
                Blocker,
            ),
            (
                "no groups, refused",
                "no groups",
                "groups",
                "given.group",
                &[("POST", "POST /Groups", "http://target/Groups", 404)],
                Info,
            ),
            (
                "no groups, breaks",
                "no groups",
                "groups",
                "given.group",
                &[("POST", "POST /Groups", "http://target/Groups", 500)],
                Blocker,
            ),
            (
                "no updates, refused",
                "updates",
                "updates",
                "put.status",
                &[("PUT", "PUT /Users/{id}", USER, 501)],
                Info,
            ),
            (
                "no updates, the creation fails",
                "updates",
                "updates",
                "given.user",
                &[("POST", "POST /Users", "http://target/Users", 400)],
                Blocker,
            ),
            (
                "no custom attributes, dropped",
                "custom-attributes",
                "custom-attributes",
                "get.body.x",
                &[there],
                Info,
            ),
        ];
        for (name, word, uses, what, story, expected) in table {
            assert_eq!(outcome_of(word, uses, what, story), *expected, "{name}");
        }
    }

    #[test]
    fn what_waited_for_an_excused_failure_is_skipped_with_its_reason() {
        let mut check = failed("get.status", Severity::Blocker);
        check.exchange = Some(ExchangeId(2));
        let mut waiting = errored("again.status", Severity::Blocker);
        waiting.cause = Some("okta/users/x.aiw#get.status".to_owned());
        let mut c = case(
            "okta/users/x.aiw",
            vec![check, waiting, errored("other", Severity::Blocker)],
        );
        c.uses = vec!["deactivation".to_owned()];
        c.exchanges = vec![
            exchange(1, "disable", "PATCH", "PATCH /Users/{id}", USER, 204),
            exchange(2, "get", "GET", "GET /Users/{id}", USER, 404),
        ];
        let mut cases = vec![c];
        assert_eq!(soften(&mut cases, &declared("remove")).len(), 2);
        let outcomes: Vec<_> = cases[0].checks.iter().map(|c| c.outcome).collect();
        assert_eq!(
            outcomes,
            [Outcome::Failed, Outcome::Skipped, Outcome::Errored]
        );
        assert_eq!(cases[0].checks[1].note, cases[0].checks[0].note);
    }

    #[test]
    fn a_user_still_there_but_not_found_is_no_removal() {
        let mut check = failed("get.list", Severity::Blocker);
        check.exchange = Some(ExchangeId(2));
        let mut c = case("okta/users/x.aiw", vec![check]);
        c.uses = vec!["deactivation".to_owned()];
        c.exchanges = vec![
            exchange(1, "disable", "PATCH", "PATCH /Users/{id}", USER, 204),
            exchange(2, "find", "GET", "GET /Users", SEARCH, 200),
            exchange(3, "read", "GET", "GET /Users/{id}", USER, 200),
        ];
        let mut cases = vec![c];
        assert!(soften(&mut cases, &declared("remove")).is_empty());
        assert_eq!(cases[0].checks[0].severity, Severity::Blocker);
    }
}
