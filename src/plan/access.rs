//! Is access gone? Where the configuration names a request to the application itself, a case for each provider asks it
//! before a person is deactivated, after, and once the person is back.

use serde_json::{Value, json};

use super::mapping::{case, given, send, status, step};
use crate::config::AccessCheck;
use crate::results::CertaintyLevel::{self, Documented, Inferred, Observed};
use crate::results::{Policy, Severity};
use crate::suite::model::{Case, Change, Changes, Credential, Send, SendBody, Suite};

/// The suite's name within its profile.
const SUITE: &str = "access";

/// A way to deactivate: flavour (none where the provider has one way), and how it says that a person is active or not.
type Way = (Option<&'static str>, fn(bool) -> (&'static str, SendBody));

/// How a provider deactivates, how sure that is, and where it stands.
struct Manner {
    ways: Vec<Way>,
    shape: CertaintyLevel,
    reference: &'static str,
}

const PUT: fn(bool) -> (&'static str, SendBody) = |on| put(on, &["meta"]);
const PATCH: fn(bool) -> (&'static str, SendBody) =
    |on| patch(json!([{"op": "replace", "path": "active", "value": on}]));

/// The manner of a provider; `None` where it is not known to deactivate anybody.
fn manner(profile: &str) -> Option<Manner> {
    let put_or_patch = || vec![(Some("put"), PUT), (Some("patch"), PATCH)];
    let of = |ways, shape, reference| Manner {
        ways,
        shape,
        reference,
    };
    Some(match profile {
        "okta" => of(
            vec![
                (Some("aiw"), |on| put(on, &[])),
                (Some("catalogue"), |on| {
                    patch(json!([{"op": "replace", "value": {"active": on}}]))
                }),
            ],
            Documented,
            "quirk:OKTA-34",
        ),
        "entra" => of(
            vec![
                (Some("legacy"), |on| {
                    let text = if on { "True" } else { "False" };
                    patch(json!([{"op": "Replace", "path": "active", "value": text}]))
                }),
                (Some("flag"), PATCH),
            ],
            Documented,
            "quirk:ENTRA-42",
        ),
        "jumpcloud" => of(put_or_patch(), Documented, "quirk:JC-17"),
        "onelogin" => of(put_or_patch(), Inferred, "quirk:OL-02"),
        "google" => of(put_or_patch(), Inferred, "quirk:GW-05"),
        "rippling" => of(
            put_or_patch(),
            Inferred,
            "url:https://workos.com/docs/integrations/rippling-scim",
        ),
        "keycloak" => of(vec![(Some("put"), PUT)], Observed, "quirk:KC-02"),
        // The flavours of Ping are about groups: people are changed alike in both.
        "ping" => of(vec![(None, PUT)], Documented, "quirk:PING-01"),
        "cyberark" => of(vec![(None, PUT)], Inferred, "quirk:CA-04"),
        _ => return None,
    })
}

/// The suite of a provider; `None` for profiles that deactivate nobody (authentik deletes, `rfc` is no provider), and for
/// those whose way of deactivating is not known.
#[must_use]
pub fn suite(check: &AccessCheck, profile: &str, policy: &Policy) -> Option<Suite> {
    let manner = manner(profile)?;
    Some(Suite {
        id: format!("{profile}/{SUITE}"),
        profile: profile.to_owned(),
        title: "Deactivation takes access to the application away".to_owned(),
        file: "[access_check] of the configuration".to_owned(),
        cases: vec![lockout(check, profile, &manner, policy)],
    })
}

fn lockout(check: &AccessCheck, profile: &str, manner: &Manner, policy: &Policy) -> Case {
    let mut case = case(
        "lockout",
        "a person gets in, is locked out by deactivation, and gets in again",
        (manner.shape, Documented),
    );
    let flavours = || manner.ways.iter().filter_map(|(flavour, _)| *flavour);
    case.every_flavour_alike = flavours().next().is_none();
    case.flavours = flavours().map(str::to_owned).collect();
    case.refs = vec![manner.reference.to_owned()];
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
    for (flavour, way) in &manner.ways {
        let only: Vec<String> = flavour.iter().map(|&flavour| flavour.to_owned()).collect();
        let mut turn = |id: &str, on: bool| {
            let (method, body) = way(on);
            let mut turn = send(id, method, "/Users/{{user.id}}", body);
            turn.only.clone_from(&only);
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
            visit.only.clone_from(&only);
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
