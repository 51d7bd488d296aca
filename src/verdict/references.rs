//! What the references of this run's findings stand for, so that a report explains itself without the lists.

use std::collections::BTreeMap;

use crate::data::{Entry, Reference as Citation};
use crate::results::{CaseResult, Outcome, Reference, RuleResult};

/// The references of everything that did not plainly pass, by id.
pub(super) fn of_findings(cases: &[CaseResult], rules: &[RuleResult]) -> Vec<Reference> {
    let worth_explaining =
        |outcome: Outcome| !matches!(outcome, Outcome::Passed | Outcome::Skipped);
    let of_checks = cases
        .iter()
        .flat_map(|c| &c.checks)
        .filter(|c| worth_explaining(c.outcome))
        .flat_map(|c| &c.refs);
    let of_rules = rules
        .iter()
        .filter(|r| worth_explaining(r.outcome))
        .flat_map(|r| &r.refs);
    let mut explained = BTreeMap::new();
    for id in of_checks.chain(of_rules) {
        if !explained.contains_key(id)
            && let Some(reference) = explain(id)
        {
            explained.insert(id.clone(), reference);
        }
    }
    explained.into_values().collect()
}

/// What the reference says and where to read it; `None` where it names nothing (suites of others are checked when loaded).
fn explain(id: &str) -> Option<Reference> {
    let citation: Citation = id.parse().ok()?;
    let (title, url) = match citation.resolve()? {
        Entry::Requirement(requirement) => (
            format!(
                "{} ({}): {}",
                requirement.section,
                requirement.level.as_str(),
                requirement.requirement
            ),
            address_of(requirement.id),
        ),
        Entry::Quirk(quirk) => (
            format!(
                "{} sends: {}; needs: {}",
                quirk.profile, quirk.shape, quirk.need
            ),
            String::new(),
        ),
        Entry::Gate(step) => (format!("{}: {}", step.title, step.asserts), String::new()),
        Entry::Defect(defect) => (
            format!("{}. Right: {}", defect.title, defect.right),
            String::new(),
        ),
        Entry::Url => (
            String::new(),
            id.strip_prefix("url:").unwrap_or_default().to_owned(),
        ),
    };
    Some(Reference {
        id: id.to_owned(),
        title,
        url,
    })
}

/// The section of the RFC: `7644-3.5.2.3-R02` stands in section 3.5.2.3 of RFC 7644.
fn address_of(requirement: &str) -> String {
    let mut parts = requirement.split('-');
    match (parts.next(), parts.next()) {
        (Some(document), Some(section)) if document.bytes().all(|b| b.is_ascii_digit()) => {
            format!("https://www.rfc-editor.org/rfc/rfc{document}#section-{section}")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Severity::Blocker;
    use crate::verdict::sample::{case, failed, passed};

    #[test]
    fn findings_are_explained_and_nothing_else() {
        let mut c = case(
            "okta/u/a.aiw",
            vec![failed("s", Blocker), passed("t", Blocker)],
        );
        c.checks[0].refs = vec!["rfc:7644-3.5.2.3-R02".to_owned(), "nonsense".to_owned()];
        c.checks[1].refs = vec!["quirk:OKTA-02".to_owned()];
        let explained = of_findings(&[c], &[]);
        assert_eq!(explained.len(), 1);
        assert_eq!(explained[0].id, "rfc:7644-3.5.2.3-R02");
        assert!(
            explained[0].title.contains("RFC 7644"),
            "{}",
            explained[0].title
        );
        assert_eq!(
            explained[0].url,
            "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2.3"
        );
    }
}
