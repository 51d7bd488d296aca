//! What a check definition is: what a suite says once, whatever the flavours, rows and resources it is played with.

use scimproof::results::CaseResult;

/// The suite whose cases are filled in with the attributes that the target itself declares.
const DECLARED: &str = "rfc/declared";

/// The definition of a check: case and check, without flavour and row. The rows of a mapping table are one, and so are the
/// resources that a walk must meet and the target's own attributes.
pub(crate) fn definition(case: &CaseResult, check: &str) -> String {
    let what = check.split_once('#').map_or(check, |(_, what)| what);
    let what = if case.suite.ends_with("/mapping") {
        mapped(what)
    } else if case.suite == DECLARED {
        declared(what)
    } else if let Some((step, _)) = what.split_once(".has.") {
        format!("{step}.has.*")
    } else {
        what.to_owned()
    };
    format!("{}#{what}", case.base_id())
}

/// Whether a definition is one that a suite writes. How a resource comes to be is asked wherever one is needed, and is one
/// finding however many cases it stops.
pub(crate) fn is_written(definition: &str) -> bool {
    !definition.contains("#given.")
}

/// A check of a case about the target's own attributes: what is asked of each of them is one.
fn declared(what: &str) -> String {
    let mut parts = what.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(step), Some("state"), Some(name)) if !matches!(name, "rest" | "read" | "gone") => {
            format!("{step}.state.*")
        }
        (Some(step), Some("body"), Some(_)) => format!("{step}.body.*"),
        _ => what.to_owned(),
    }
}

/// A check of a mapping case: its steps are its own, what is asked of each row is one.
fn mapped(what: &str) -> String {
    let mut parts = what.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("given" | "end"), ..)
        | (Some(_), Some("status" | "list"), None)
        | (Some(_), Some("state"), Some("rest" | "read")) => what.to_owned(),
        (Some(step), Some("state"), _) => format!("{step}.state.*"),
        _ => "row".to_owned(),
    }
}
