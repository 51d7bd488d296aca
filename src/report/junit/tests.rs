//! The file parses whatever a target sends, and has the shape that CI servers read.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quick_xml::events::Event;

use super::*;
use crate::report::sample;
use crate::results::Body;

fn rendered(run: &Run) -> String {
    let mut out = Vec::new();
    render(run, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("the report is UTF-8")
}

/// An element as the tests look at it: name, attributes, text.
#[derive(Debug, Clone, PartialEq, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }

    fn all<'a>(&'a self, name: &'a str) -> Vec<&'a Element> {
        let own = self.children.iter().filter(|c| c.name == name);
        own.chain(self.children.iter().flat_map(|c| c.all(name)))
            .collect()
    }
}

/// Reads the document with an XML parser; characters that XML forbids are an error, which that parser alone would not see.
fn parse(xml: &str) -> Result<Element, String> {
    if let Some(bad) = xml
        .chars()
        .find(|c| (*c < ' ' && !"\t\n\r".contains(*c)) || matches!(c, '\u{fffe}' | '\u{ffff}'))
    {
        return Err(format!("{bad:?} is no XML character"));
    }
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let child = element(&start)?;
                open.last_mut().ok_or("no parent")?.children.push(child);
            }
            Event::End(_) => {
                let child = open.pop().ok_or("no element to end")?;
                open.last_mut().ok_or("no parent")?.children.push(child);
            }
            Event::CData(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                open.last_mut().ok_or("no parent")?.text.push_str(&text);
            }
            Event::Eof => {
                return if open.len() == 1 {
                    Ok(open.remove(0))
                } else {
                    Err("not closed".to_owned())
                };
            }
            _ => {}
        }
    }
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Result<Element, String> {
    let mut read = Element {
        name: String::from_utf8_lossy(start.name().as_ref()).into_owned(),
        ..Element::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        let value = quick_xml::escape::unescape(&raw)
            .map_err(|e| e.to_string())?
            .into_owned();
        read.attributes.push((name, value));
    }
    Ok(read)
}

#[test]
fn a_run_with_findings() {
    insta::assert_snapshot!(rendered(&sample::run()).replace("><", ">\n<"));
}

#[test]
fn each_outcome_is_what_a_ci_server_expects() {
    let document = parse(&rendered(&sample::run())).expect("well-formed");
    let results: Vec<_> = document
        .all("testcase")
        .iter()
        .map(|case| {
            let result = case.children.iter().find(|c| c.name != "system-out");
            (
                case.attribute("name").to_owned(),
                result
                    .map(|r| format!("{} {}", r.name, r.attribute("type")))
                    .unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("okta/users/create.aiw", "failure blocker"),
        ("okta/users/create.catalogue", "failure blocker"),
        ("okta/users/find.aiw", "skipped known"),
        ("okta/groups/push.aiw", "skipped policy"),
        ("entra/users/disable-string-false.legacy", "failure blocker"),
        ("entra/users/disable-boolean.flag", ""),
        ("entra/users/remove.flag", ""),
        ("entra/users/restore.flag", "error errored"),
        ("jumpcloud/activation/create.put", ""),
        ("jumpcloud/activation/create.patch", ""),
        ("rfc/errors/not-found", ""),
        ("rules/error-body", "failure violation"),
    ]
    .map(|(name, result)| (name.to_owned(), result.to_owned()));
    assert_eq!(results, expected);
}

#[test]
fn names_are_unique_and_classes_are_packages() {
    let document = parse(&rendered(&sample::run())).expect("well-formed");
    let cases = document.all("testcase");
    let names: BTreeSet<_> = cases.iter().map(|c| c.attribute("name")).collect();
    assert_eq!(names.len(), cases.len());
    assert_eq!(cases[0].attribute("classname"), "scimproof.okta.users");
    let failure = &cases[0].children[0];
    assert_eq!(
        failure.attribute("message"),
        "[blocker] rfc:7644-3.3-R06: userName came back as \"AMARA@EXAMPLE.COM\", sent as \"amara@example.com\""
    );
    let shown = &cases[0].all("system-out")[0].text;
    assert!(
        shown.contains("> POST http://127.0.0.1:8080/scim/v2/Users") && shown.contains("< 201"),
        "{shown}"
    );
}

#[test]
fn times_have_three_decimals_and_text_that_looks_like_one_stays() {
    let mut run = sample::run();
    for case in &mut run.cases {
        case.duration_ms = 1239.0;
        for check in &mut case.checks {
            check.message = " time=\"1.23456\"".to_owned();
        }
    }
    let document = parse(&rendered(&run)).expect("well-formed");
    let times: BTreeSet<_> = document
        .all("testcase")
        .iter()
        .map(|c| c.attribute("time").to_owned())
        .collect();
    assert_eq!(times.into_iter().collect::<Vec<_>>(), ["0.000", "1.239"]);
    let suites: Vec<_> = document
        .all("testsuite")
        .iter()
        .map(|s| s.attribute("time").to_owned())
        .collect();
    assert!(suites.contains(&"4.956".to_owned()), "{suites:?}");
    assert!(
        document.all("system-out")[0]
            .text
            .contains(" time=\"1.23456\"")
    );
}

#[test]
fn an_untestable_target_is_one_errored_testcase() {
    let document = parse(&rendered(&sample::untestable_run())).expect("well-formed");
    assert_eq!(document.all("testcase").len(), 1);
    assert_eq!(
        document.all("error")[0].attribute("message"),
        "nothing listens at 127.0.0.1:8080; is the server running?"
    );
}

#[test]
fn a_stale_entry_of_the_known_failures_file_fails() {
    use crate::results::KnownEntryResult;
    let mut run = sample::clean_run();
    for (id, status) in [
        ("a", KnownStatus::Fixed),
        ("b", KnownStatus::Expired),
        ("c", KnownStatus::Known),
        ("d", KnownStatus::NotSelected),
    ] {
        run.known_failures.push(KnownEntryResult {
            id: id.to_owned(),
            reason: "r".to_owned(),
            until: None,
            status,
        });
    }
    let document = parse(&rendered(&run)).expect("well-formed");
    let names: Vec<_> = document
        .all("testcase")
        .into_iter()
        .filter(|c| c.children.iter().any(|r| r.name == "failure"))
        .map(|c| c.attribute("name").to_owned())
        .collect();
    assert_eq!(names, ["known-failures/a", "known-failures/b"]);
}

#[test]
fn sizes_are_bounded() {
    let mut run = sample::run();
    let huge = "x".repeat(5_000_000);
    for case in &mut run.cases {
        for exchange in &mut case.exchanges {
            exchange.response_body = Some(Body {
                text: huge.clone(),
                ..Body::default()
            });
        }
        for check in &mut case.checks {
            check.message.clone_from(&huge);
            check.actual.clone_from(&huge);
        }
    }
    let xml = rendered(&run);
    assert!(xml.len() < 30_000 * run.cases.len(), "{}", xml.len());
    assert!(parse(&xml).is_ok());
}

/// The schema that Jenkins checks reports against, as far as we use it. Printed, not passed over, where xmllint is missing.
#[test]
fn the_report_is_valid_for_jenkins() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/schemas/junit-jenkins.xsd"
    );
    assert!(std::path::Path::new(schema).exists());
    for run in [sample::run(), sample::clean_run(), sample::untestable_run()] {
        let child = Command::new("xmllint")
            .args(["--noout", "--schema", schema, "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: xmllint is not here, the JUnit report was not checked against its XSD"
            );
            return;
        };
        child
            .stdin
            .take()
            .expect("its standard input is a pipe")
            .write_all(rendered(&run).as_bytes())
            .expect("xmllint reads its input");
        let done = child.wait_with_output().expect("xmllint ends");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_target_sends_the_file_parses(
        text in prop_oneof![any::<String>(), "(\\]\\]>|<!\\[CDATA\\[|&|\\x00|\\x1b|\u{fffe}|\u{ffff}|\r\n|\"|'|-->|<){0,20}"],
        duration in prop_oneof![any::<f64>(), 0.0..100_000.0],
    ) {
        let mut run = sample::run();
        run.started.clone_from(&text);
        for case in &mut run.cases {
            case.title.clone_from(&text);
            case.reason.clone_from(&text);
            case.why.clone_from(&text);
            case.duration_ms = duration;
            for check in &mut case.checks {
                check.message.clone_from(&text);
                check.actual.clone_from(&text);
                check.expected.clone_from(&text);
                check.refs = vec![text.clone()];
                check.note.clone_from(&text);
            }
            for exchange in &mut case.exchanges {
                exchange.url.clone_from(&text);
                if let Some(body) = &mut exchange.response_body {
                    body.text.clone_from(&text);
                }
                for header in &mut exchange.response_headers {
                    header.value.clone_from(&text);
                }
            }
        }
        for rule in &mut run.rules {
            rule.message.clone_from(&text);
            rule.actual.clone_from(&text);
        }
        let xml = rendered(&run);
        let parsed = parse(&xml);
        prop_assert!(parsed.is_ok(), "{parsed:?}");
        let parsed = parsed.unwrap_or_default();
        prop_assert_eq!(parsed.all("testcase").len(), run.cases.len() + run.rules.len());
        for case in parsed.all("testcase") {
            let time = case.attribute("time");
            prop_assert!(time.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 3), "{}", time);
        }
    }
}
