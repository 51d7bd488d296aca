//! The sentences that people read: one snapshot over each kind of expectation, and what must hold without a word.

use serde_json::{Value, json};

use super::{Answer, Judged, Known, Ruling, evaluate, evaluate_as_one, gone};
use crate::results::{Exchange, ExchangeId, Severity, TransportError, TransportErrorKind};
use crate::scim::SchemaView;
use crate::suite::model::{
    Alternative, ContainsItem, ErrorExpect, Expect, ListExpect, Matcher, Unchanged,
};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

struct People(Value);

impl Known for People {
    fn state(&self, name: &str) -> Option<&Value> {
        (name == "user").then_some(&self.0)
    }
    fn id(&self, name: &str) -> Option<&str> {
        match name {
            "user" => Some("u1"),
            "boss" => Some("u2"),
            _ => None,
        }
    }
    fn is_own(&self, id: &str) -> bool {
        id == "u1" || id == "u2" || id == "u3"
    }
}

fn user() -> Value {
    json!({"id": "u1", "userName": "AMARA@EXAMPLE.COM", "active": "False", "title": "Engineer", "age": 7,
        "name": {"givenName": "Amara"},
        "emails": [{"type": "work", "value": "a@example.com"}, {"type": "home", "value": "b@example.com"}],
        "members": [{"value": "u1"}, {"value": "u9"}],
        "meta": {"created": "yesterday"}})
}

struct Given {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    json: Option<Value>,
    exchange: Exchange,
}

fn given(status: u16, body: &str) -> Given {
    let exchange = Exchange {
        id: ExchangeId(1),
        step: "s".to_owned(),
        method: "GET".to_owned(),
        url: "https://scim.example/Users/u1".to_owned(),
        request_headers: Vec::new(),
        request_body: None,
        status: Some(status),
        http_version: None,
        response_headers: Vec::new(),
        response_body: None,
        error: None,
        started_ms: 0.0,
        duration_ms: 0.0,
        throttled: 0,
        throttled_blindly: 0,
        repeated: 0,
        operation: String::new(),
    };
    Given {
        status: Some(status),
        headers: vec![
            ("content-type".to_owned(), "text/html".to_owned()),
            ("x-debug".to_owned(), "hunter2hunter2".to_owned()),
        ],
        json: serde_json::from_str(body).ok(),
        body: body.as_bytes().to_vec(),
        exchange,
    }
}

impl Given {
    fn answer(&self) -> Answer<'_> {
        Answer {
            exchange: &self.exchange,
            status: self.status,
            headers: &self.headers,
            json: self.json.as_ref(),
            body: &self.body,
        }
    }
}

fn told(expect: &Expect, given: &Given) -> Vec<String> {
    let people = People(
        json!({"id": "u1", "userName": "amara@example.com", "title": "Engineer", "nickName": "Ama"}),
    );
    evaluate(expect, &given.answer(), &people, SchemaView::standard())
        .into_iter()
        .map(|judged| line(&judged))
        .collect()
}

fn line(judged: &Judged) -> String {
    match &judged.ruling {
        Ruling::Held { note } if note.is_empty() => format!("{}: held", judged.what),
        Ruling::Held { note } => format!("{}: held ({note})", judged.what),
        Ruling::Broken {
            severity,
            message,
            expected,
            actual,
        } => {
            let severity = severity.map_or_else(String::new, |s| format!(" [{s:?}]"));
            format!(
                "{}{severity}: {message}\n    expected: {expected}\n    actual:   {actual}",
                judged.what
            )
        }
    }
}

fn body(rows: Vec<(&str, Matcher)>) -> Expect {
    Expect {
        body: rows
            .into_iter()
            .map(|(path, matcher)| (path.to_owned(), matcher))
            .collect(),
        ..Expect::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn element(kind: &str) -> ContainsItem {
    ContainsItem::Element(vec![("type".to_owned(), Matcher::Is(json!(kind)))])
}

#[test]
fn matchers_say_what_is_wrong() {
    let rows = vec![
        ("userName", Matcher::Exactly(json!("amara@example.com"))),
        ("title", Matcher::Is(json!("Director"))),
        ("nickName", Matcher::Is(json!("Ama"))),
        ("active", Matcher::Is(json!(false))),
        ("title", Matcher::Is(Value::Null)),
        (
            "emails",
            Matcher::Is(json!([{"type": "work", "value": "a@example.com"}])),
        ),
        (
            "emails[value co \"@\"].value",
            Matcher::Is(json!("a@example.com")),
        ),
        ("emails[type eq \"other\"].value", Matcher::Present),
        ("nickName", Matcher::Present),
        ("title", Matcher::Absent),
        ("title", Matcher::Empty),
        ("active", Matcher::Type("boolean".to_owned())),
        ("meta.created", Matcher::Type("dateTime".to_owned())),
        ("nickName", Matcher::Type("string".to_owned())),
        ("userName", Matcher::Matches("^[a-z@.]+$".to_owned())),
        (
            "title",
            Matcher::AnyOf(vec![Matcher::Is(json!("Director")), Matcher::Absent]),
        ),
        (
            "title",
            Matcher::All(vec![Matcher::Present, Matcher::Is(json!("Director"))]),
        ),
        (
            "title",
            Matcher::Not(Box::new(Matcher::Is(json!("engineer")))),
        ),
        ("emails", Matcher::Contains(element("other"))),
        ("emails", Matcher::Lacks(element("home"))),
        (
            "title",
            Matcher::Contains(ContainsItem::Value(json!("boss"))),
        ),
        ("title", Matcher::Lacks(ContainsItem::Value(json!("gin")))),
        ("emails", Matcher::Count(1)),
        ("nickName", Matcher::Count(2)),
        ("members", Matcher::Ids(names(&["user", "boss"]))),
        ("members", Matcher::Ids(names(&["user"]))),
        ("members", Matcher::Ids(names(&["nobody"]))),
        ("emails[", Matcher::Present),
    ];
    insta::assert_snapshot!(told(&body(rows), &given(200, &user().to_string())).join("\n"));
}

#[test]
fn matchers_hold_without_a_word() {
    let rows = vec![
        ("userName", Matcher::Is(json!("amara@example.com"))),
        ("userName", Matcher::Exactly(json!("AMARA@EXAMPLE.COM"))),
        ("nickName", Matcher::Is(Value::Null)),
        ("nickName", Matcher::Absent),
        ("nickName", Matcher::Empty),
        ("nickName", Matcher::Count(0)),
        ("nickName", Matcher::Ids(Vec::new())),
        ("nickName", Matcher::Not(Box::new(Matcher::Present))),
        ("age", Matcher::Type("integer".to_owned())),
        ("name", Matcher::Type("object".to_owned())),
        ("emails", Matcher::Type("array".to_owned())),
        ("emails", Matcher::Contains(element("home"))),
        (
            "emails",
            Matcher::Contains(ContainsItem::Value(json!("A@example.com"))),
        ),
        ("emails", Matcher::Lacks(element("other"))),
        (
            "emails[type eq \"home\"].value",
            Matcher::Is(json!("b@example.com")),
        ),
        (
            "title",
            Matcher::Contains(ContainsItem::Value(json!("gin"))),
        ),
        (
            "title",
            Matcher::AnyOf(vec![Matcher::Absent, Matcher::Is(json!("ENGINEER"))]),
        ),
        ("anything", Matcher::Any),
    ];
    let told = told(&body(rows), &given(200, &user().to_string()));
    assert!(
        told.iter().all(|line| line.ends_with(": held")),
        "{told:#?}"
    );
}

#[test]
fn status_headers_and_bodies() {
    let mut lines = Vec::new();
    let status = Expect {
        status: vec![200, 204],
        ..Expect::default()
    };
    lines.extend(told(
        &status,
        &given(500, "{\"detail\": \"Something broke.\"}"),
    ));
    lines.extend(told(&status, &given(204, "")));
    let headers = Expect {
        headers: vec![
            ("Location".to_owned(), Matcher::Present),
            (
                "Content-Type".to_owned(),
                Matcher::Is(json!("application/scim+json")),
            ),
        ],
        ..Expect::default()
    };
    lines.extend(told(&headers, &given(200, "")));
    lines.extend(told(
        &Expect {
            empty: Some(true),
            ..Expect::default()
        },
        &given(204, "{}"),
    ));
    lines.extend(told(
        &Expect {
            empty: Some(false),
            ..Expect::default()
        },
        &given(200, ""),
    ));
    lines.extend(told(
        &body(vec![("active", Matcher::Is(json!(true)))]),
        &given(200, "<html>Sign in</html>"),
    ));
    lines.extend(told(
        &body(vec![("active", Matcher::Is(json!(true)))]),
        &given(200, ""),
    ));
    let secret = Expect {
        lacks_text: names(&["hunter2hunter2"]),
        ..Expect::default()
    };
    lines.extend(told(&secret, &given(200, "{}")));
    let unicode = Expect {
        lacks_text: names(&["gehe\u{ef}m"]),
        ..Expect::default()
    };
    lines.extend(told(&unicode, &given(200, "{\"x\": \"gehe\\u00efm\"}")));
    let mut silent = given(200, "");
    silent.status = None;
    silent.exchange.error = Some(TransportError {
        kind: TransportErrorKind::Timeout,
        message: "no answer within 10 s".to_owned(),
    });
    lines.extend(told(&status, &silent));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn errors() {
    let any = Expect {
        error: Some(ErrorExpect {
            scim_type: Vec::new(),
        }),
        ..Expect::default()
    };
    let unique = Expect {
        error: Some(ErrorExpect {
            scim_type: names(&["uniqueness", "none"]),
        }),
        ..Expect::default()
    };
    let bad = Expect {
        error: Some(ErrorExpect {
            scim_type: names(&["invalidPath"]),
        }),
        ..Expect::default()
    };
    let whole =
        |kind: &str| json!({"schemas": [ERROR], "status": "400", "scimType": kind}).to_string();
    let mut lines = Vec::new();
    for (expect, status, text) in [
        (&any, 400, whole("x")),
        (&any, 200, "{}".to_owned()),
        (&any, 404, String::new()),
        (&any, 404, "Not found".to_owned()),
        (&any, 404, "[]".to_owned()),
        (&any, 404, json!({"status": "404"}).to_string()),
        (
            &any,
            404,
            json!({"schemas": [ERROR], "status": 404}).to_string(),
        ),
        (
            &any,
            404,
            json!({"schemas": [ERROR], "status": "400"}).to_string(),
        ),
        (&any, 404, json!({"schemas": [ERROR]}).to_string()),
        (&unique, 400, whole("uniqueness")),
        (
            &unique,
            400,
            json!({"schemas": [ERROR], "status": "400"}).to_string(),
        ),
        (&unique, 400, whole("invalidValue")),
        (
            &bad,
            400,
            json!({"schemas": [ERROR], "status": "400"}).to_string(),
        ),
    ] {
        lines.extend(told(expect, &given(status, &text)));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn lists() {
    let list = |ids: &[&str]| {
        let resources: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "active": true}))
            .collect();
        json!({"schemas": [LIST], "totalResults": ids.len(), "Resources": resources}).to_string()
    };
    let has = ListExpect {
        has: names(&["user"]),
        ..ListExpect::default()
    };
    let only = ListExpect {
        only: Some(names(&["user"])),
        total: Some(1),
        ..ListExpect::default()
    };
    let none = ListExpect {
        only: Some(Vec::new()),
        total: Some(0),
        ..ListExpect::default()
    };
    let lacks = ListExpect {
        lacks: names(&["boss"]),
        ..ListExpect::default()
    };
    let order = ListExpect {
        order: names(&["user", "boss"]),
        ..ListExpect::default()
    };
    let most = ListExpect {
        at_most: Some(1),
        ..ListExpect::default()
    };
    let items = ListExpect {
        items: vec![(
            "user".to_owned(),
            vec![("active".to_owned(), Matcher::Is(json!(false)))],
        )],
        ..ListExpect::default()
    };
    let each = ListExpect {
        each: vec![("meta".to_owned(), Matcher::Present)],
        ..ListExpect::default()
    };
    let mut lines = Vec::new();
    for (expect, text) in [
        (&has, list(&["u1"])),
        (&has, list(&[])),
        (&has, list(&["u2"])),
        (&has, list(&["u1", "u1"])),
        (&has, "[]".to_owned()),
        (&has, "{}".to_owned()),
        (&has, String::new()),
        (
            &has,
            json!({"schemas": [LIST], "totalResults": 1, "Resources": {"id": "u1"}}).to_string(),
        ),
        (&only, list(&["u1"])),
        (&only, list(&["u1", "u3"])),
        (&only, list(&["u1", "stranger", "other"])),
        (
            &only,
            json!({"schemas": [LIST], "totalResults": "1", "Resources": [{"id": "u1"}]})
                .to_string(),
        ),
        (
            &none,
            json!({"schemas": [LIST], "totalResults": 0}).to_string(),
        ),
        (&none, list(&["stranger"])),
        (&lacks, list(&["u2"])),
        (&order, list(&["u2", "u1"])),
        (&order, list(&["u1", "u2"])),
        (&most, list(&["u1", "u2"])),
        (&items, list(&["u2", "u1"])),
        (&each, list(&["u2"])),
    ] {
        lines.extend(told(
            &Expect {
                list: Some(expect.clone()),
                ..Expect::default()
            },
            &given(200, &text),
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn alternatives_and_states() {
    let target = Expect {
        either: vec![
            Alternative {
                expect: Expect {
                    status: vec![400],
                    error: Some(ErrorExpect {
                        scim_type: names(&["noTarget"]),
                    }),
                    ..Expect::default()
                },
                note: String::new(),
                severity: None,
            },
            Alternative {
                expect: Expect {
                    status: vec![204],
                    ..Expect::default()
                },
                note: "creates the element".to_owned(),
                severity: None,
            },
            Alternative {
                expect: Expect {
                    status: vec![200],
                    ..Expect::default()
                },
                note: "answers 200; 204 is usual".to_owned(),
                severity: Some(Severity::Info),
            },
        ],
        ..Expect::default()
    };
    let mut lines = Vec::new();
    let no_target =
        json!({"schemas": [ERROR], "status": "400", "scimType": "noTarget"}).to_string();
    for (status, text) in [
        (400, no_target.as_str()),
        (204, ""),
        (200, "{}"),
        (500, "oops"),
    ] {
        lines.extend(told(&target, &given(status, text)));
    }
    let unchanged = Expect {
        unchanged: Some(Unchanged {
            of: "user".to_owned(),
            except: names(&["userName"]),
        }),
        ..Expect::default()
    };
    for text in [
        json!({"id": "u1", "userName": "new", "title": "Engineer", "nickName": "Ama"}).to_string(),
        json!({"id": "u1", "userName": "new", "title": "Director"}).to_string(),
        json!({"id": "u1", "title": "Engineer", "nickName": "Ama", "name.givenName": "x"})
            .to_string(),
        "[]".to_owned(),
    ] {
        lines.extend(told(&unchanged, &given(200, &text)));
    }
    lines.push(line(&gone(&given(404, "").answer())));
    lines.push(line(&gone(&given(200, "{\"active\": false}").answer())));
    lines.push(line(&gone(&given(500, "").answer())));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn hostile_text_is_only_text() {
    let long = "x".repeat(100_000);
    let bad = format!("\u{1b}[31m\u{0}{long}");
    let answer = given(418, &json!({"title": bad, "detail": bad}).to_string());
    let mut expect = body(vec![("title", Matcher::Is(json!("Engineer")))]);
    expect.status = vec![200];
    for line in told(&expect, &answer) {
        assert!(line.chars().count() < 2_000, "{}", line.len());
        assert!(!line.contains(['\u{1b}', '\u{0}']), "{line:?}");
    }
}

#[test]
fn an_also_has_one_ruling() {
    let people = People(Value::Null);
    let answer = given(500, "{}");
    let expect = Expect {
        status: vec![200],
        empty: Some(true),
        ..Expect::default()
    };
    let judged = evaluate_as_one(
        "no-echo",
        &expect,
        &answer.answer(),
        &people,
        SchemaView::standard(),
    );
    assert_eq!(judged.what, "no-echo");
    assert!(
        matches!(judged.ruling, Ruling::Broken { ref message, .. } if message == "expected status 200, got 500")
    );
}

#[test]
fn slugs_name_paths() {
    for (path, wanted) in [
        ("userName", "userName"),
        ("emails[type eq \"work\"].value", "emails.work.value"),
        ("members[value eq \"a b\"]", "members.a-b"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "enterprise.department",
        ),
        ("urn:acme:1.0:User:tag", "urn-acme-1.0-User.tag"),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            "userName",
        ),
        ("not a path[", "not-a-path"),
        ("emails[primary eq true].value", "emails.true.value"),
        ("x[a eq \"1\" and b eq \"2\"].c", "x.1-2.c"),
    ] {
        assert_eq!(crate::scim::slug(path), wanted, "{path}");
    }
}
