//! Which checks speak for a reference. A case names a gate's step or a requirement as its subject; an additional
//! expectation of that case may name a subject of its own and then says nothing about the case's.

use crate::results::{CaseResult, CheckResult};

/// The checks of the case that speak for `reference`, in file order.
pub(super) fn checks_for<'a>(
    case: &'a CaseResult,
    reference: &'a str,
) -> impl Iterator<Item = &'a CheckResult> {
    let names = |refs: &[String]| refs.iter().any(|r| r == reference);
    let subject_of_case = names(&case.refs);
    case.checks.iter().filter(move |check| {
        let mut own = check
            .refs
            .iter()
            .filter(|r| !case.refs.contains(r))
            .peekable();
        let has_own = own.peek().is_some();
        own.any(|r| r == reference) || (subject_of_case && !has_own)
    })
}

/// Whether the case or one of its checks names `reference`.
pub(super) fn names(case: &CaseResult, reference: &str) -> bool {
    case.refs.iter().any(|r| r == reference)
        || case
            .checks
            .iter()
            .any(|c| c.refs.iter().any(|r| r == reference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Severity::Blocker;
    use crate::verdict::sample::{case, passed};

    #[test]
    fn an_additional_expectation_with_a_subject_of_its_own_speaks_for_that() {
        let mut c = case(
            "okta/u/a.aiw",
            vec![passed("s.status", Blocker), passed("s.echo", Blocker)],
        );
        c.refs = vec!["gate:okta-spec/6".to_owned()];
        c.checks[0].refs.clone_from(&c.refs);
        c.checks[1].refs = vec!["gate:okta-spec/6".to_owned(), "quirk:OKTA-19".to_owned()];
        let speak = |reference: &'static str| -> Vec<_> {
            checks_for(&c, reference)
                .map(|check| check.id.as_str())
                .collect()
        };
        assert_eq!(speak("gate:okta-spec/6"), ["okta/u/a.aiw#s.status"]);
        assert_eq!(speak("quirk:OKTA-19"), ["okta/u/a.aiw#s.echo"]);
        assert!(speak("gate:okta-spec/7").is_empty());
        assert!(names(&c, "quirk:OKTA-19") && !names(&c, "quirk:OKTA-20"));
    }
}
