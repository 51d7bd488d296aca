//! A suite file that uses the whole format, and what the rest of the program gets to see of it.

#![expect(
    clippy::panic,
    reason = "a test that fails shows the message that a person gets"
)]

use scimproof::results::{CertaintyLevel, Severity};
use scimproof::suite::model::{
    Case, Change, Combine, ContainsItem, Credential, Given, Matcher, Send, SendBody, Step,
    WalkStyle,
};
use scimproof::suite::{Source, load};
use serde_json::json;

const PROFILE: &str = r#"
profile: okta
title: Okta
default_run: true
combine: best
flavours: [{ id: aiw, title: A }, { id: catalogue, title: C, default: false }]
headers: { Accept: application/scim+json, User-Agent: Okta SCIM Client 1.0.0 }
body_headers: { Content-Type: application/scim+json }
query: { space: plus, hex: lower }
notes: [captured]
"#;

const SUITE: &str = r#"
# Comments are allowed.
suite: okta/whole
title: The whole format
defaults: { severity: warning, refs: [defect:1], hint: Mend it., uses: [updates], when: { deactivation: keep } }
cases:
  - id: whole
    title: everything at once
    why: It breaks.
    severity: blocker
    certainty: { shape: inferred, need: observed }
    refs: [quirk:OKTA-38, "rfc:7644-3.5.2.3-R02", defect:1]
    core: true
    flavours: [aiw]
    uses: [groups, group-updates, updates]
    exclusive: true
    hostile: true
    opt_in: true
    rows:
      - { id: a, value: "False", status: 1 }
      - { id: b, value: false, status: 2 }
    given:
      user: okta/user
      team: { fixture: okta/group, set: { displayName: "Team {{unique.t}}" }, without: [externalId], members: [user] }
    steps:
      - send: PATCH /Users/{{user.id}}
        headers: { If-Match: "{{user.meta.version}}", User-Agent: null }
        body: {
          "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
          "Operations": [{"op": "replace", "path": "active", "value": "{{row.value}}", "count": "{{row.status}}", "n": NO}]
        }
        capture: { where: "header:Location", version: meta.version }
        expect:
          status: 200
          headers: { ETag: { $any_of: ["{{version}}", { $absent: true }] } }
          body:
            name: { givenName: X, familyName: { $matches: "^{{user.name.familyName}}$" } }
            urn:ietf:params:scim:schemas:extension:enterprise:2.0:User: { manager: { $ref: "../Users/1" }, department: { $not: { $empty: true } } }
            emails: { $contains: { type: work, value: { $exactly: x } } }
            schemas: { $contains: urn:x }
            roles: { $lacks: { primary: true } }
            active: { $all: [{ $type: boolean }, false] }
            groups: { $count: 0 }
            id: { $any: true }
          lacks_text: secret
        also:
          - { id: where, severity: info, refs: [quirk:OKTA-39], hint: Send it., expect: { headers: { Location: "{{where}}" } } }
        changes: { user: { active: false }, team: any }
      - id: make
        send: POST /Users
        auth: { literal: "Basic !!" }
        fixture: { name: okta/user, set: { userName: "{{user.userName|upper}}" } }
        makes: twin
        expect: { either: [{ status: [409], error: { scimType: uniqueness } }, { status: 201, severity: info, note: allowed }] }
      - send: PUT /Users/{{user.id}}
        echo: { of: user, set: { name.givenName: Zoë }, without: [meta] }
        expect: { unchanged: { of: user, except: [name.givenName] } }
        changes: none
      - send: POST /Users
        raw: |
          {"userName": "a", "userName": "b"}
        auth: other-tenant
        expect: { status: 400, error: true, empty: false }
      - send: GET /Groups?filter=displayName+eq+%22{{team.displayName}}%22
        expect:
          list: { total: 1, only: [team], has: [team], lacks: [user], at_most: 1, order: [team], items: { team: { members: { $ids: [user] } } }, each: { id: { $present: true } } }
      - together: [{ send: "GET /Users/{{user.id}}", expect: { status: 200 } }, { send: "GET /Users/{{twin.id}}", only: [aiw], expect: { status: 200, unchanged: twin } }]
      - walk: { list: /Users, count: 3, style: cursor, has: [user], beyond: true }
      - send: DELETE /Users/{{user.id}}
        changes: { user: gone }
  - { id: plain, title: nothing but defaults, flavours: none, steps: [{ send: GET /Users, expect: { status: 200 } }, { send: GET /Users, expect: { status: 200 } }] }
"#;

fn cases() -> Vec<Case> {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let sources = [
        source("/mine/okta/profile.yaml", PROFILE),
        source("/mine/okta/whole.yaml", SUITE),
    ];
    let library = load(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    let profile = library.profile("okta").expect("it was loaded");
    assert_eq!(
        (profile.combine, profile.default_run, profile.request_id),
        (Combine::Best, true, false)
    );
    assert_eq!(
        (profile.query.space_plus, profile.query.lower_hex),
        (true, true)
    );
    assert_eq!(
        profile.headers[1],
        ("User-Agent".to_owned(), "Okta SCIM Client 1.0.0".to_owned())
    );
    assert_eq!(
        profile
            .flavours
            .iter()
            .map(|flavour| flavour.default)
            .collect::<Vec<_>>(),
        [true, false]
    );
    let suite = library.suites.into_iter().next().expect("it was loaded");
    assert_eq!(
        (
            suite.id.as_str(),
            suite.profile.as_str(),
            suite.file.as_str()
        ),
        ("okta/whole", "okta", "/mine/okta/whole.yaml")
    );
    suite.cases
}

fn whole() -> Case {
    cases().swap_remove(0)
}

fn sends(case: &Case) -> Vec<Send> {
    case.steps
        .iter()
        .flat_map(|step| match step {
            Step::Send(send) => vec![(**send).clone()],
            Step::Together(sends) => sends.clone(),
            Step::Walk(_) => Vec::new(),
        })
        .collect()
}

#[test]
fn a_case_says_who_it_is() {
    let case = whole();
    assert_eq!(
        (case.id.as_str(), case.why.as_str(), case.hint.as_str()),
        ("whole", "It breaks.", "Mend it.")
    );
    assert_eq!(case.severity, Severity::Blocker);
    assert_eq!(
        (case.certainty.shape, case.certainty.need),
        (CertaintyLevel::Inferred, CertaintyLevel::Observed)
    );
    assert_eq!(
        case.refs,
        ["quirk:OKTA-38", "rfc:7644-3.5.2.3-R02", "defect:1"]
    );
    assert!(
        case.core && case.exclusive && case.hostile && case.opt_in && !case.every_flavour_alike
    );
    assert_eq!(case.uses, ["groups", "group-updates", "updates"]);
    assert_eq!(case.when.get("deactivation"), Some(&json!("keep")));
    assert_eq!((case.place.line, case.place.column), (7, 5));
    let values: Vec<_> = case
        .rows
        .iter()
        .map(|row| row.values["value"].clone())
        .collect();
    assert_eq!(values, [json!("False"), json!(false)]);

    let plain = cases().swap_remove(1);
    assert!(plain.every_flavour_alike && plain.flavours.is_empty());
    assert_eq!(plain.severity, Severity::Warning);
    assert_eq!(
        (plain.certainty.shape, plain.certainty.need),
        (CertaintyLevel::Observed, CertaintyLevel::Observed)
    );
    assert_eq!(
        (plain.refs.as_slice(), plain.uses.as_slice()),
        (
            ["defect:1".to_owned()].as_slice(),
            ["updates".to_owned()].as_slice()
        )
    );
    assert_eq!(
        sends(&plain)
            .iter()
            .map(|send| send.id.as_str())
            .collect::<Vec<_>>(),
        ["get", "get-2"]
    );
}

#[test]
fn what_is_made_first_comes_in_order() {
    let case = whole();
    let [user, team]: [Given; 2] = case.given.try_into().expect("two resources");
    assert_eq!(
        (user.name.as_str(), user.fixture.as_str(), user.set.len()),
        ("user", "okta/user", 0)
    );
    assert_eq!(
        team.set,
        [("displayName".to_owned(), json!("Team {{unique.t}}"))]
    );
    assert_eq!(
        (team.without, team.members),
        (vec!["externalId".to_owned()], vec!["user".to_owned()])
    );
}

#[test]
fn requests_stand_as_they_are_sent() {
    let case = whole();
    let sends = sends(&case);
    let first = &sends[0];
    assert_eq!(
        (
            first.method.as_str(),
            first.target.as_str(),
            first.id.as_str()
        ),
        ("PATCH", "/Users/{{user.id}}", "patch")
    );
    assert_eq!(
        first.headers,
        [
            (
                "If-Match".to_owned(),
                Some("{{user.meta.version}}".to_owned())
            ),
            ("User-Agent".to_owned(), None)
        ]
    );
    let SendBody::Json(body) = &first.body else {
        panic!("{:?}", first.body)
    };
    assert_eq!(
        body.to_string(),
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":"{{row.value}}","count":"{{row.status}}","n":"NO"}]}"#
    );
    assert_eq!(
        first.capture,
        [
            ("where".to_owned(), "header:Location".to_owned()),
            ("version".to_owned(), "meta.version".to_owned())
        ]
    );
    assert_eq!(
        sends[1].credential,
        Credential::Literal("Basic !!".to_owned())
    );
    assert_eq!(sends[1].makes.as_deref(), Some("twin"));
    assert!(
        matches!(&sends[1].body, SendBody::Fixture { fixture, set, .. } if fixture == "okta/user" && set.len() == 1)
    );
    assert!(matches!(&sends[2].body, SendBody::Echo { of, set, without }
        if of == "user" && set == &[("name.givenName".to_owned(), json!("Zoë"))] && without == &["meta"]));
    assert_eq!(
        sends[3].body,
        SendBody::Raw("{\"userName\": \"a\", \"userName\": \"b\"}\n".to_owned())
    );
    assert_eq!(sends[3].credential, Credential::OtherTenant);
    assert!(
        matches!(&case.steps[5], Step::Together(both) if both.len() == 2 && both[1].only == ["aiw"])
    );
    assert!(matches!(&case.steps[6], Step::Walk(walk)
        if (walk.count, walk.style, walk.beyond, walk.id.as_str()) == (3, WalkStyle::Cursor, true, "walk") && walk.has == ["user"]));
}

#[test]
fn expectations_are_paths_and_matchers() {
    let is = Matcher::Is;
    let case = whole();
    let sends = sends(&case);
    let first = &sends[0];
    assert_eq!(first.expect.status, [200]);
    assert_eq!(first.expect.lacks_text, ["secret"]);
    let expected = [
        ("name.givenName", is(json!("X"))),
        (
            "name.familyName",
            Matcher::Matches("^{{user.name.familyName}}$".to_owned()),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref",
            is(json!("../Users/1")),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            Matcher::Not(Box::new(Matcher::Empty)),
        ),
        (
            "emails",
            Matcher::Contains(ContainsItem::Element(vec![
                ("type".to_owned(), is(json!("work"))),
                ("value".to_owned(), Matcher::Exactly(json!("x"))),
            ])),
        ),
        (
            "schemas",
            Matcher::Contains(ContainsItem::Value(json!("urn:x"))),
        ),
        (
            "roles",
            Matcher::Lacks(ContainsItem::Element(vec![(
                "primary".to_owned(),
                is(json!(true)),
            )])),
        ),
        (
            "active",
            Matcher::All(vec![Matcher::Type("boolean".to_owned()), is(json!(false))]),
        ),
        ("groups", Matcher::Count(0)),
        ("id", Matcher::Any),
    ];
    let expected: Vec<(String, Matcher)> = expected
        .into_iter()
        .map(|(path, matcher)| (path.to_owned(), matcher))
        .collect();
    assert_eq!(first.expect.body, expected);
    assert_eq!(
        first.expect.headers,
        [(
            "ETag".to_owned(),
            Matcher::AnyOf(vec![is(json!("{{version}}")), Matcher::Absent])
        )]
    );
    assert_eq!(
        (first.also[0].id.as_str(), first.also[0].severity),
        ("where", Some(Severity::Info))
    );

    let changes = |send: &Send| send.changes.clone().expect("it says what changes").of;
    assert_eq!(
        changes(first),
        [
            (
                "user".to_owned(),
                Change::Paths(vec![("active".to_owned(), is(json!(false)))])
            ),
            ("team".to_owned(), Change::Any)
        ]
    );
    assert_eq!(changes(&sends[2]), []);
    assert_eq!(
        changes(sends.last().expect("there are steps")),
        [("user".to_owned(), Change::Gone)]
    );

    let either = &sends[1].expect.either;
    assert_eq!(
        either[0]
            .expect
            .error
            .as_ref()
            .map(|error| error.scim_type.clone()),
        Some(vec!["uniqueness".to_owned()])
    );
    assert_eq!(
        (
            either[0].severity,
            either[1].severity,
            either[1].note.as_str()
        ),
        (None, Some(Severity::Info), "allowed")
    );
    assert_eq!(
        sends[2]
            .expect
            .unchanged
            .as_ref()
            .map(|unchanged| unchanged.except.clone()),
        Some(vec!["name.givenName".to_owned()])
    );
    assert_eq!(
        (sends[3].expect.error.is_some(), sends[3].expect.empty),
        (true, Some(false))
    );

    let list = sends[4].expect.list.clone().expect("a list");
    assert_eq!(
        (list.total, list.at_most, list.only),
        (Some(1), Some(1), Some(vec!["team".to_owned()]))
    );
    assert_eq!(
        (list.has, list.lacks, list.order),
        (
            vec!["team".to_owned()],
            vec!["user".to_owned()],
            vec!["team".to_owned()]
        )
    );
    assert_eq!(
        list.items,
        [(
            "team".to_owned(),
            vec![("members".to_owned(), Matcher::Ids(vec!["user".to_owned()]))]
        )]
    );
    assert_eq!(list.each, [("id".to_owned(), Matcher::Present)]);
}

#[test]
fn a_folder_beside_the_bundled_suites_is_read_too() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let empty = scimproof::suite::with_dir(folder.path()).expect_err("an empty folder is a slip");
    assert!(
        empty
            .to_string()
            .contains("there is no PROFILE/NAME.yaml in this folder"),
        "{empty}"
    );
    let missing =
        scimproof::suite::with_dir(&folder.path().join("nowhere")).expect_err("no such folder");
    assert!(
        missing.to_string().contains("nowhere: cannot be read"),
        "{missing}"
    );

    let okta = folder.path().join("okta");
    std::fs::create_dir(&okta).expect("the folder is ours");
    std::fs::write(okta.join("whole.yaml"), SUITE).expect("the folder is ours");
    let library =
        scimproof::suite::with_dir(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(library.suites.iter().any(|suite| suite.id == "okta/whole"));
    assert!(library.suites.iter().any(|suite| suite.id == "okta/users"));
}
