//! What an author is told about a broken suite file: all of it at once, with place and nearest right spelling.

use scimproof::suite::{self, LoadErrors, Source};

const OKTA: &str = "profile: okta\ntitle: Okta\ndefault_run: true\nflavours: [{ id: aiw, title: A }, { id: catalogue, title: C }]\n";
const RFC: &str = "profile: rfc\ntitle: RFC\ndefault_run: true\n";

fn load(files: &[(&str, &str)]) -> Result<suite::Library, LoadErrors> {
    let profiles = [
        ("suites/okta/profile.yaml", OKTA),
        ("suites/rfc/profile.yaml", RFC),
    ];
    let own = |name: &str| files.iter().any(|(file, _)| *file == name);
    let sources: Vec<Source> = profiles
        .iter()
        .filter(|(name, _)| !own(name))
        .chain(files)
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    suite::load(&sources)
}

/// A suite of one case with these lines in it, indented as in a file.
fn case(lines: &str) -> String {
    let mut text = "suite: okta/x\ntitle: X\ncases:\n  - id: one\n    title: One\n    hint: Mend it.\n    refs: [quirk:OKTA-38]\n".to_owned();
    for line in lines.lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

const STEP: &str = "steps: [{ send: GET /Users, expect: { status: 200 } }]";

#[test]
fn a_whole_case_loads() {
    let text = case(&format!("given: {{ user: okta/user }}\n{STEP}"));
    assert!(load(&[("suites/okta/x.yaml", &text)]).is_ok());
}

#[test]
fn every_slip_is_told_with_its_place() {
    let step = |inner: &str| {
        case(&format!(
            "given: {{ user: okta/user, other: okta/user }}\nsteps:\n  - {inner}"
        ))
    };
    let expect = |inner: &str| {
        step(&format!(
            "send: GET /Users/{{{{user.id}}}}\n    expect: {{ {inner} }}"
        ))
    };
    let with_step = |lines: &str| case(&format!("{lines}\n{STEP}"));
    let table: Vec<(&str, String)> = vec![
        // The file.
        ("not yaml", "suite: [okta/x\ntitle: X\n".into()),
        ("tab", "suite: okta/x\n\ttitle: X\n".into()),
        ("empty file", String::new()),
        ("a list for a file", "- suite\n".into()),
        ("two documents", "suite: okta/x\ntitle: X\ncases: []\n---\nsuite: okta/y\n".into()),
        ("wrong id for the path", case(STEP).replace("okta/x", "okta/y")),
        ("no cases", "suite: okta/x\ntitle: X\ncases: []\n".into()),
        ("unknown keys", "suite: okta/x\ntitel: X\ncases:\n  - idd: a\n    steps: []\n".into()),
        ("key twice", case(&format!("title: Two\n{STEP}"))),
        ("anchors and tags", with_step("why: &a text\ncore: !!bool true\nseverity: *a")),
        ("comma in a flow text", expect("either: [{ status: 404, note: it is gone, or so }, { status: 200 }]")),
        // Scalars.
        ("ambiguous scalars", with_step("rows: [{ id: a, v: 010, w: True, x: ~, y: .5, z: 12345678901234567890123 }]")),
        ("yes is text", with_step("core: yes")),
        ("number for a text", with_step("why: 42")),
        // The case.
        ("ids", with_step("").replace("id: one", "id: One_Two")),
        ("same id twice", format!("{}  - id: one\n    title: T\n    hint: H\n    refs: [defect:1]\n    {STEP}\n", case(STEP))),
        (
            "row makes the id of another case",
            format!(
                "{}  - id: one-a\n    title: T\n    hint: H\n    refs: [defect:1]\n    {STEP}\n",
                case("rows: [{ id: a, v: 1 }]\nsteps: [{ send: 'GET /Users/{{row.v}}', expect: { status: 404 } }]")
            ),
        ),
        ("no refs, no hint", "suite: okta/x\ntitle: X\ncases:\n  - { id: a, title: A, steps: [{ send: GET /Users, expect: { status: 200 } }] }\n".into()),
        ("no steps", case("steps: []")),
        ("nothing expected", case("steps: [{ send: GET /Users }]")),
        ("words", with_step("severity: blokker\ncertainty: { shape: documentd, need: sure }\nuses: [update]\nwhen: { deactivation: kept }")),
        ("needs outside rfc", with_step("needs: [patch]")),
        ("flavours", with_step("flavours: [aiv, aiw, aiw]")),
        ("refs", with_step("").replace("quirk:OKTA-38", "quirk:OKTA-380, rfc:7644-3.5.2.3-R2, OKTA-38, defect:x, url:ftp://x")),
        ("fixture", case(&format!("given: {{ user: okta/usr, team: {{ fixture: okta/user, members: [user] }} }}\n{STEP}"))),
        ("given names", case(&format!("given: {{ unique: okta/user, 1st: okta/user }}\n{STEP}"))),
        ("rows", with_step("rows: [{ id: a, v: 1 }, { id: a, w: 2 }, { v: 3 }]")),
        ("columns", case("rows: [{ id: a, v: 1, unused: 2 }, { id: b }]\nsteps: [{ send: 'GET /Users/{{row.v}}/{{row.vv}}', expect: { status: 404 } }]")),
        ("uses", step("send: PATCH /Users/{{user.id}}\n    body: {}\n    expect: { status: 200 }\n  - send: GET /Groups\n    expect: { status: 200 }")),
        // Requests.
        ("targets", case("steps:\n  - { send: GET }\n  - { send: FETCH /Users, expect: { status: 200 } }\n  - { send: GET Users, expect: { status: 200 } }\n  - { send: 'GET /Users?filter=userName eq \"x\"', expect: { status: 200 } }\n  - { send: 'GET /Users/../Groups#top', expect: { status: 404 } }\n  - { send: 'GET /Users/José', expect: { status: 404 } }")),
        ("writes on strangers", case("uses: [updates]\nsteps:\n  - { send: DELETE /Users, expect: { status: 405 } }\n  - { send: 'PATCH /Me', body: {}, expect: { status: 501 } }\n  - { send: 'PUT /?x=1', body: {}, expect: { status: 404 } }\n  - { send: DELETE /Schemas, expect: { status: 405 } }")),
        ("two bodies", step("send: POST /Users\n    body: {}\n    raw: x\n    expect: { status: 400 }")),
        ("authorization", step("send: GET /Users\n    headers: { Authorization: Bearer x }\n    auth: wrongg\n    expect: { status: 401 }")),
        ("templates", step("send: GET /Users/{{user.id\n    headers: { X: '{{}}', Y: '{{unique|uper}}' }\n    expect: { status: 404 }")),
        ("unknown names", step("send: GET /Users/{{usr.id}}?a={{user}}&b={{run.x}}&c={{row.x}}&d={{user.emails[type eq}}\n    expect: { status: 404 }")),
        ("names before their time", step("send: POST /Users/{{made.id}}\n    makes: made\n    capture: { next: nextCursor, loc: 'header:Location' }\n    expect: { status: 201, body: { id: '{{made.id}}', x: '{{loc}}' } }")),
        ("flavours of steps", case("flavours: [aiw]\nsteps:\n  - { send: GET /Users, only: [aiw], capture: { a: id }, expect: { status: 200 } }\n  - { send: 'GET /Users/{{a}}', only: [catalogue], expect: { status: 200 } }")),
        ("known in one flavour only", case("steps:\n  - { send: GET /Users, only: [aiw], capture: { a: id }, expect: { status: 200 } }\n  - { send: 'GET /Users/{{a}}', expect: { status: 200 } }")),
        ("flavour without flavours", case("flavours: none\nsteps: [{ send: 'GET /Users/{{flavour}}', expect: { status: 404 } }, { send: GET /Users, only: [aiw], expect: { status: 200 } }]")),
        ("step ids", case("steps:\n  - { id: a b, send: GET /Users, expect: { status: 200 } }\n  - { id: c, send: GET /Users, expect: { status: 200 } }\n  - { id: c, send: GET /Users, expect: { status: 200 } }")),
        ("walk", case("steps: [{ id: w, walk: { id: v, list: '/Users?count=3', count: 0, style: pages, has: [nobody] } }]")),
        ("together", case("steps: [{ together: [{ send: GET /Users, expect: { status: 200 } }] }]")),
        // Expectations.
        ("statuses", expect("status: [200, 200, 99, '204']")),
        ("counting strangers", case("steps: [{ send: 'GET /Users?startIndex=1', expect: { list: { total: 2, only: [] } } }]")),
        ("scimType", expect("status: 400, error: { scimType: [invalidpath, none] }")),
        ("error false", expect("error: false")),
        ("either", expect("either: [{ status: 200, severity: warning }, { note: nothing }]")),
        ("nested either", expect("either: [{ either: [] }, { status: 200 }]")),
        ("also", step("send: GET /Users\n    expect: { status: 200 }\n    also: [{ id: status, expect: { status: 200 } }, { id: a, expect: {} }, { id: a, sevrity: info, expect: {} }]")),
        ("matchers", expect("body: { a: { $presnt: true }, b: { $present: false }, c: { $present: true, $count: 1 }, d: { $any_of: [] }, e: { $type: text }, f: {}, g: [{ $exactly: 1 }], $count: 1 }")),
        ("matchers of elements", expect("body: { a: { $contains: { $matches: x } }, b: { $ids: [nobody] }, c: { $count: -1 }, d: { $matches: '(' } }")),
        ("paths", expect("body: { 'emails[type eq': x, 'a..b': y, name.givenName: A, name: { givenName: B } }")),
        ("resources", expect("unchanged: usr, list: { has: [oter], items: { third: { active: true } } }")),
        ("changes", step("send: DELETE /Users/{{user.id}}\n    changes: { user: gonne, usr: gone, other: { active: { $tru: 1 } } }")),
        ("changes of nothing", step("send: DELETE /Users/{{user.id}}\n    changes: {}")),
        ("after it is gone", case("given: { user: okta/user }\nuses: [updates]\nsteps:\n  - { send: 'DELETE /Users/{{user.id}}', changes: { user: gone } }\n  - { send: 'GET /Users/{{user.id}}', expect: { status: 404 } }\n  - { send: 'PUT /Users/{{user.id}}', echo: { of: user }, expect: { unchanged: user }, changes: { user: { active: true } } }")),
    ];
    let mut told = String::new();
    for (name, text) in &table {
        let errors = match load(&[("suites/okta/x.yaml", text)]) {
            Ok(_) => panic!("{name}: loads, but should not\n{text}"),
            Err(errors) => errors,
        };
        assert!(
            errors
                .problems
                .iter()
                .all(|problem| problem.place.file == "suites/okta/x.yaml"),
            "{name}"
        );
        told.push_str(&format!("# {name}\n{errors}\n\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_concerns_several_files_is_told_too() {
    let fine = case(STEP);
    let table: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("a suite twice", vec![("suites/okta/x.yaml", fine.clone()), ("/mine/okta/x.yaml", fine.clone())]),
        ("a profile twice", vec![("suites/okta/profile.yaml", OKTA.into()), ("/mine/okta/profile.yaml", OKTA.into()), ("suites/okta/x.yaml", fine.clone())]),
        ("no such profile", vec![("suites/otka/x.yaml", fine.replace("okta/x", "otka/x"))]),
        (
            "a broken profile",
            vec![("suites/okta/profile.yaml", "profile: octa\ntitel: O\nflavours: [{ id: none, title: N }, { id: A, title: B, default: false }]\nquery: { space: tab }\n".into())],
        ),
        (
            "all errors of all files",
            vec![("suites/okta/x.yaml", fine.replace("title: One", "titel: One")), ("suites/okta/y.yaml", "suite: okta/y\n".into()), ("suites/rfc/z.yaml", "]".into())],
        ),
        ("not covered", vec![("suites/okta/x.yaml", fine), ("suites/okta/not-covered.yaml", "- { id: OKTA-38, reason: R }\n- { id: OKTA-999, reason: R }\n- { id: OKTA-38, reson: R }\n".into())]),
    ];
    let mut told = String::new();
    for (name, files) in &table {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(file, text)| (*file, text.as_str()))
            .collect();
        let Err(errors) = load(&files) else {
            panic!("{name}: loads, but should not")
        };
        told.push_str(&format!("# {name}\n{errors}\n\n"));
    }
    insta::assert_snapshot!(told);
}
