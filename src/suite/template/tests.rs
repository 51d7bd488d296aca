//! How templates are read, and how values are written in each place.

use proptest::prelude::*;
use serde_json::json;

use super::super::model::QueryStyle;
use super::*;

const PERCENT: QueryStyle = QueryStyle {
    space_plus: false,
    lower_hex: false,
};
const PLUS: QueryStyle = QueryStyle {
    space_plus: true,
    lower_hex: true,
};

fn names(name: &str) -> Option<Value> {
    match name {
        "user.id" => Some(json!("a/b c")),
        "user.userName" => Some(json!("Amara+\"qa\"@example.com")),
        "user.emails[type eq \"a|b}}\"].value" => Some(json!("found")),
        "row.flag" => Some(json!(true)),
        "row.count" => Some(json!(3)),
        "row.list" => Some(json!([1, 2])),
        "row.none" => Some(Value::Null),
        "row.pattern" => Some(json!("a.b")),
        _ => None,
    }
}

fn render(text: &str, position: Position) -> Result<String, TemplateError> {
    Template::parse(text)?.render(&names, position)
}

#[test]
fn a_value_is_written_as_its_place_asks() {
    use Position::{Body, Path, Pattern, Query, Raw, Target};
    for (text, position, expected) in [
        ("/Users/{{user.id}}", Path, "/Users/a%2Fb%20c"),
        (
            "/Users/{{ user.id }}?a=b",
            Target(PLUS),
            "/Users/a%2Fb%20c?a=b",
        ),
        ("/Users/{{user.id|raw}}", Path, "/Users/a/b c"),
        ("{{user.id|repeat:2}}", Raw, "a/b ca/b c"),
        (
            "?f=userName%20eq%20%22{{user.userName}}%22&x={{user.userName}}",
            Target(PERCENT),
            "?f=userName%20eq%20%22Amara%2B%5C%22qa%5C%22%40example.com%22&x=Amara%2B%22qa%22%40example.com",
        ),
        (
            "f=userName+eq+%22{{user.userName|lower}}%22",
            Query(PLUS),
            "f=userName+eq+%22amara%2b%5c%22qa%5c%22%40example.com%22",
        ),
        (
            "f=a eq \"{{user.id}}\" and b eq {{user.id}}",
            Query(PLUS),
            "f=a eq \"a%2fb+c\" and b eq a%2fb+c",
        ),
        (
            "f=a eq \"\\\"{{user.userName|first:7}}\"",
            Query(PERCENT),
            "f=a eq \"\\\"Amara%2B%5C%22\"",
        ),
        (
            "{{user.userName|upper}} {{user.userName|swapcase|first:3}}",
            Body,
            "AMARA+\"QA\"@EXAMPLE.COM aMA",
        ),
        ("{{row.flag}}/{{row.count}}", Body, "true/3"),
        ("^{{row.pattern}}$", Pattern, "^a\\.b$"),
        (
            "{{user.emails[type eq \"a|b}}\"].value|upper}}",
            Raw,
            "FOUND",
        ),
        ("a }} b { c }", Body, "a }} b { c }"),
    ] {
        assert_eq!(render(text, position).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_read_or_filled_in_says_so() {
    for (text, expected, offset) in [
        ("ab{{user.id", "`{{` has no `}}` after it", Some(2)),
        ("{{user.id\n}}", "`{{` has no `}}` after it", Some(0)),
        ("ä{{ | upper }}", "`{{}}` names nothing", Some(2)),
        (
            "{{user.id|uppr}}",
            "no such filter: `uppr`; did you mean `upper`?",
            Some(0),
        ),
        (
            "{{user.id|first:x}}",
            "no such filter: `first:x`; did you mean `first:N`?",
            Some(0),
        ),
        ("{{usr.id}}", "`{{usr.id}}` has no value here", None),
        (
            "x{{row.list}}",
            "`{{row.list}}` is an array, which cannot stand inside a text",
            None,
        ),
        (
            "x{{row.none}}",
            "`{{row.none}}` is null, which cannot stand inside a text",
            None,
        ),
    ] {
        let error = render(text, Position::Body).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
        assert_eq!(error.offset(), offset, "{text}");
    }
}

#[test]
fn a_text_that_is_one_variable_keeps_its_json_type() {
    let body = json!({
        "flag": "{{row.flag}}", "text": "is {{row.flag}}", "list": "{{row.list}}", "none": "{{row.none}}",
        "key {{row.count}}": ["{{row.count}}", 1, null, { "a": "{{row.count|raw}}" }], "upper": "{{row.flag|upper}}",
    });
    let expected = json!({
        "flag": true, "text": "is true", "list": [1, 2], "none": null,
        "key 3": [3, 1, null, { "a": 3 }], "upper": "TRUE",
    });
    assert_eq!(render_json(&body, &names), Ok(expected));
}

#[test]
fn a_variable_knows_its_root() {
    for (text, root, rest) in [
        ("{{user.name.givenName}}", "user", "name.givenName"),
        (
            "{{user.urn:x:2.0:User:dept}}",
            "user",
            "urn:x:2.0:User:dept",
        ),
        ("{{unique}}", "unique", ""),
        ("{{unique.a|upper}}", "unique", "a"),
    ] {
        let template = Template::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let variable = template.whole().unwrap_or_else(|| panic!("{text}"));
        assert_eq!((variable.root(), variable.rest()), (root, rest));
    }
}

/// Reads a query value as a server does (form decoding, WHATWG URL section 5.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let hex = [*high, *low];
                let hex = std::str::from_utf8(&hex).expect("hex digits are ASCII");
                bytes.push(u8::from_str_radix(hex, 16).expect("hex digits follow a percent sign"));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).expect("what was text is text again")
}

proptest! {
    #[test]
    fn a_text_without_variables_is_left_alone(text in "[^{]{0,40}", plus: bool) {
        let style = if plus { PLUS } else { PERCENT };
        for position in [Position::Path, Position::Query(style), Position::Target(style), Position::Body, Position::Raw, Position::Pattern] {
            prop_assert_eq!(render(&text, position), Ok(text.clone()));
        }
        prop_assert_eq!(render_json(&json!({ "a": text }), &names), Ok(json!({ "a": text })));
    }

    #[test]
    fn a_query_value_is_read_back_as_it_was(value in "\\PC{0,20}", plus: bool) {
        let style = if plus { PLUS } else { PERCENT };
        let lookup = |_: &str| Some(Value::String(value.clone()));
        let template = Template::parse("{{x}}").expect("a template");
        let bare = template.render(&lookup, Position::Query(style)).expect("the name has a value");
        prop_assert!(!bare.contains(['&', '#', ' ', '"']));
        prop_assert_eq!(decoded(&bare), value.clone());

        let quoted = Template::parse("a%20eq%20%22{{x}}%22").expect("a template");
        let filter = decoded(&quoted.render(&lookup, Position::Query(style)).expect("the name has a value"));
        let literal = filter.strip_prefix("a eq ").expect("the filter begins as written");
        prop_assert_eq!(serde_json::from_str::<String>(literal).ok(), Some(value));
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[{}|\"\\\\a.:ä\n]{0,30}") {
        if let Ok(template) = Template::parse(&text) {
            prop_assert_eq!(template.variables().count() == 0, !text.contains("{{"));
        }
    }
}
