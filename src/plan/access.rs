//! Is access gone? Where the configuration names a request to the application itself, a case for each provider asks it
//! before a person is deactivated, after, and once the person is back.

use serde_json::{Value, json};

use super::mapping::{case, given, send, status, step};
use crate::config::AccessCheck;
use crate::results::CertaintyLevel::Documented;
use crate::results::{Policy, Severity};
use crate::suite::model::{Case, Change, Changes, Credential, Send, SendBody, Suite};

/// The suite's name within its profile.
const SUITE: &str = "access";

/// A way to deactivate: flavour, and how it says that a person is active or not.
type Way = (&'static str, fn(bool) -> (&'static str, SendBody));

/// The suite of a provider; `None` for profiles whose way of deactivating is not known.
#[must_use]
pub fn suite(check: &AccessCheck, profile: &str, policy: &Policy) -> Option<Suite> {
    let (ways, reference): ([Way; 2], &str) = match profile {
        "okta" => (
            [
                ("aiw", |on| put(on, &[])),
                ("catalogue", |on| {
                    patch(json!([{"op": "replace", "value": {"active": on}}]))
                }),
            ],
            "quirk:OKTA-34",
        ),
        "entra" => (
            [
                ("legacy", |on| {
                    let text = if on { "True" } else { "False" };
                    patch(json!([{"op": "Replace", "path": "active", "value": text}]))
                }),
                ("flag", |on| {
                    patch(json!([{"op": "replace", "path": "active", "value": on}]))
                }),
            ],
            "quirk:ENTRA-42",
        ),
        "jumpcloud" => (
            [
                ("put", |on| put(on, &["meta"])),
                ("patch", |on| {
                    patch(json!([{"op": "replace", "path": "active", "value": on}]))
                }),
            ],
            "quirk:JC-17",
        ),
        _ => return None,
    };
    let mut lockout = lockout(check, profile, &ways, policy);
    lockout.refs = vec![reference.to_owned()];
    Some(Suite {
        id: format!("{profile}/{SUITE}"),
        profile: profile.to_owned(),
        title: "Deactivation takes access to the application away".to_owned(),
        file: "[access_check] of the configuration".to_owned(),
        cases: vec![lockout],
    })
}

fn lockout(check: &AccessCheck, profile: &str, ways: &[Way], policy: &Policy) -> Case {
    let mut case = case(
        "lockout",
        "a person gets in, is locked out by deactivation, and gets in again",
        (Documented, Documented),
    );
    case.every_flavour_alike = false;
    case.uses = vec!["deactivation".to_owned()];
    case.why =
        "Who was turned off in the identity provider and still gets in is a person with access that nobody knows of."
            .to_owned();
    case.hint =
        "Refuse whoever is not active, and end sessions and tokens when active turns false."
            .to_owned();
    case.given = vec![given("user", &format!("{profile}/user"))];
    let mut before = visit("before", check, &check.active);
    // That a new person may not get in at once can have other reasons: a licence, an invitation.
    before.severity = Some(Severity::Warning);
    before.hint = "Let in who was created with active true, or mend the request of [access_check]."
        .to_owned();
    case.steps.push(step(before));
    // Where deactivation removes the account, nobody comes back.
    let comes_back = policy.deactivation.as_deref() != Some("remove");
    for (flavour, way) in ways {
        let mut turn = |id: &str, on: bool| {
            let (method, body) = way(on);
            let mut turn = send(id, method, "/Users/{{user.id}}", body);
            turn.only = vec![(*flavour).to_owned()];
            turn.expect = status(&[200, 204]);
            turn.changes = Some(Changes {
                of: vec![("user".to_owned(), Change::Any)],
                later: false,
            });
            case.steps.push(step(turn));
            let (id, allowed) = if on {
                ("back", &check.active)
            } else {
                ("locked-out", &check.inactive)
            };
            let mut visit = visit(id, check, allowed);
            visit.only = vec![(*flavour).to_owned()];
            case.steps.push(step(visit));
        };
        turn("off", false);
        if comes_back {
            turn("on", true);
        }
    }
    case
}

fn put(on: bool, without: &[&str]) -> (&'static str, SendBody) {
    let body = SendBody::Echo {
        of: "user".to_owned(),
        set: vec![("active".to_owned(), Value::Bool(on))],
        without: without.iter().map(|name| (*name).to_owned()).collect(),
    };
    ("PUT", body)
}

fn patch(operations: Value) -> (&'static str, SendBody) {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    });
    ("PATCH", SendBody::Json(body))
}

/// The request to the application.
fn visit(id: &str, check: &AccessCheck, allowed: &[u16]) -> Send {
    let (_, target) = split(&check.url);
    let body = check
        .body
        .as_deref()
        .map_or(SendBody::Empty, |body| SendBody::Raw(named(body)));
    let mut visit = send(id, &check.method, &named(target), body);
    visit.credential = Credential::Application;
    visit.expect = status(allowed);
    visit
}

/// The application's origin and what stands behind it, as written.
#[must_use]
pub fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..]
        .find(['/', '?'])
        .map_or(url.len(), |at| authority + at);
    url.split_at(end)
}

/// The words of `[access_check]` as the names of a case.
fn named(text: &str) -> String {
    text.replace("{{userName}}", "{{user.userName}}")
        .replace("{{id}}", "{{user.id}}")
        .replace("{{email}}", "{{user.emails[type eq \"work\"].value}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_behind_its_origin() {
        for (url, origin, rest) in [
            (
                "https://a.example/me?u={{id}}",
                "https://a.example",
                "/me?u={{id}}",
            ),
            ("http://127.0.0.1:80?u=1", "http://127.0.0.1:80", "?u=1"),
            ("https://a.example", "https://a.example", ""),
        ] {
            assert_eq!(split(url), (origin, rest));
        }
    }
}
