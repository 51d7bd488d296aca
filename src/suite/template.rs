//! `{{...}}` in suites and fixtures: parsed once, filled in for the place where the text stands.
//!
//! A value that goes into a path, a query, a body or a pattern is written differently in each, and identity
//! providers differ from one another in the query. That is decided here, so that a suite names the value only.

use std::fmt;

use jiff::tz::Offset;
use serde_json::Value;

use super::model::QueryStyle;
use super::repeat;
use crate::scim::{encode_path_segment, encode_query_value, escape_filter_literal, instant};

/// Where the names of a template get their values.
pub trait Lookup {
    /// The value of an expression, which is all that stands before the first `|`, such as
    /// `user.emails[type eq "work"].value`. `None` where nothing of this name has a value.
    fn lookup(&self, name: &str) -> Option<Value>;
}

impl<F: Fn(&str) -> Option<Value>> Lookup for F {
    fn lookup(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

/// Where a template's text stands, which decides how values are written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A path: each value is one segment.
    Path,
    /// A query: encoded in the provider's style; between double quotes first escaped as a filter string
    /// (RFC 7644 section 3.4.2.2).
    Query(QueryStyle),
    /// A whole request target: `Path` up to the first `?` that is written out, `Query` after it.
    Target(QueryStyle),
    /// Text inside JSON, a header or raw text.
    Body,
    /// Nothing is encoded.
    Raw,
    /// A regular expression: values stand for themselves.
    Pattern,
}

/// Why a template cannot be parsed or filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{{` without its end.
    #[error("`{{{{` has no `}}}}` after it")]
    Unclosed {
        /// Bytes before the `{{`.
        at: usize,
    },
    /// `{{}}` or `{{|upper}}`.
    #[error("`{{{{}}}}` names nothing")]
    Unnamed {
        /// Bytes before the `{{`.
        at: usize,
    },
    /// Not one of the filters.
    #[error("no such filter: `{filter}`{}", super::problem::did_you_mean(.near.as_deref()))]
    UnknownFilter {
        /// What was written.
        filter: String,
        /// The nearest filter.
        near: Option<String>,
        /// Bytes before the `{{`.
        at: usize,
    },
    /// The name has no value.
    #[error("`{{{{{name}}}}}` has no value here")]
    NoValue {
        /// The expression.
        name: String,
    },
    /// An array, an object or null in the middle of a text.
    #[error("`{{{{{name}}}}}` is {kind}, which cannot stand inside a text")]
    NotText {
        /// The expression.
        name: String,
        /// `an array` and the like.
        kind: &'static str,
    },
}

impl TemplateError {
    /// How many bytes of the text stand before the error, where it is one of syntax.
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::Unclosed { at } | Self::Unnamed { at } | Self::UnknownFilter { at, .. } => {
                Some(*at)
            }
            Self::NoValue { .. } | Self::NotText { .. } => None,
        }
    }
}

/// What happens to a value before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Capitals.
    Upper,
    /// Small letters.
    Lower,
    /// Each letter in the other case.
    SwapCase,
    /// No encoding for the place.
    Raw,
    /// So many characters from the start.
    First(usize),
    /// A date-time, written so many hours ahead of UTC: the same instant in other words.
    Zone(i8),
}

/// The names of the filters, as written; `first` takes a number: `first:5`.
pub const FILTERS: [&str; 6] = ["upper", "lower", "swapcase", "raw", "first:N", "zone:N"];

impl Filter {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "upper" => Some(Self::Upper),
            "lower" => Some(Self::Lower),
            "swapcase" => Some(Self::SwapCase),
            "raw" => Some(Self::Raw),
            _ => match text.split_once(':')? {
                ("first", n) => n.trim().parse().ok().map(Self::First),
                ("zone", n) => n
                    .trim()
                    .parse()
                    .ok()
                    .filter(|n| (-24..=24).contains(n))
                    .map(Self::Zone),
                _ => None,
            },
        }
    }

    fn apply(self, text: String) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::SwapCase => text
                .chars()
                .flat_map(|c| -> Box<dyn Iterator<Item = char>> {
                    if c.is_uppercase() {
                        Box::new(c.to_lowercase())
                    } else {
                        Box::new(c.to_uppercase())
                    }
                })
                .collect(),
            Self::Raw => text,
            Self::First(n) => text.chars().take(n).collect(),
            Self::Zone(hours) => match instant(&text) {
                Some(instant) => instant
                    .display_with_offset(Offset::constant(hours))
                    .to_string(),
                None => text,
            },
        }
    }
}

/// A `{{...}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// All that stands before the first `|`, without the spaces around it.
    pub name: String,
    /// The filters, in order.
    pub filters: Vec<Filter>,
}

impl Variable {
    /// The first part of the name: `user` of `user.name.givenName` and of `user[0]`.
    pub fn root(&self) -> &str {
        self.name.split(['.', '[', ':']).next().unwrap_or_default()
    }

    /// What follows the root and its point; empty where nothing does.
    pub fn rest(&self) -> &str {
        let rest = &self.name[self.root().len()..];
        rest.strip_prefix('.').unwrap_or(rest)
    }

    fn is_raw(&self) -> bool {
        self.filters.contains(&Filter::Raw)
    }

    fn value(&self, names: &dyn Lookup) -> Result<Value, TemplateError> {
        let value = names
            .lookup(&self.name)
            .ok_or_else(|| TemplateError::NoValue {
                name: self.name.clone(),
            })?;
        if self.filters.iter().all(|filter| *filter == Filter::Raw) {
            return Ok(value);
        }
        let text = self.text_of(value)?;
        Ok(Value::String(
            self.filters
                .iter()
                .fold(text, |text, filter| filter.apply(text)),
        ))
    }

    fn text(&self, names: &dyn Lookup) -> Result<String, TemplateError> {
        self.value(names).and_then(|value| self.text_of(value))
    }

    fn text_of(&self, value: Value) -> Result<String, TemplateError> {
        let kind = match value {
            Value::String(text) => return Ok(text),
            Value::Number(number) => return Ok(number.to_string()),
            Value::Bool(flag) => return Ok(flag.to_string()),
            Value::Null => "null",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Err(TemplateError::NotText {
            name: self.name.clone(),
            kind,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// A text with `{{...}}` in it, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Parses a text. A text without `{{` is its own template.
    ///
    /// # Errors
    /// Where a `{{` is not closed, names nothing, or has a filter that does not exist.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let at = text.len() - rest.len() + start;
            let inside = &rest[start + 2..];
            let end = end_of_expression(inside).ok_or(TemplateError::Unclosed { at })?;
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            parts.push(Part::Variable(parse_expression(&inside[..end], at)?));
            rest = &inside[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The variables, in order, each mention.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }

    /// The variable, where the text is one `{{...}}` and nothing else.
    pub fn whole(&self) -> Option<&Variable> {
        match self.parts.as_slice() {
            [Part::Variable(variable)] => Some(variable),
            _ => None,
        }
    }

    /// The text with all values written in.
    ///
    /// # Errors
    /// Where a name has no value, or one that is not text, a number or a boolean.
    pub fn render(&self, names: &dyn Lookup, position: Position) -> Result<String, TemplateError> {
        let mut out = String::new();
        let mut place = Writing::at(position);
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    place.passes(text);
                    out.push_str(text);
                }
                Part::Variable(variable) => {
                    let text = variable.text(names)?;
                    out.push_str(&if variable.is_raw() {
                        text
                    } else {
                        place.write(&text)
                    });
                }
            }
        }
        Ok(out)
    }
}

/// All texts of a JSON value filled in, the keys too. A text that is one `{{...}}` and nothing else becomes the
/// value itself, with its JSON type.
///
/// # Errors
/// Where a template does not parse, or a name has no value.
pub fn render_json(value: &Value, names: &dyn Lookup) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => {
            let template = Template::parse(text)?;
            match template.whole() {
                Some(variable) => variable.value(names)?,
                None => Value::String(template.render(names, Position::Body)?),
            }
        }
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match item.get("$repeat") {
                    Some(of) => out.extend(repeat::copies(&render_json(of, names)?)),
                    None => out.push(render_json(item, names)?),
                }
            }
            Value::Array(out)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, member)| {
                    let key = Template::parse(key)?.render(names, Position::Body)?;
                    Ok((key, render_json(member, names)?))
                })
                .collect::<Result<_, TemplateError>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// The end of an expression, which is a `}}` outside double quotes: a path may hold a filter with a text in it.
fn end_of_expression(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            b'\n' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn parse_expression(text: &str, at: usize) -> Result<Variable, TemplateError> {
    let mut parts = split_outside_quotes(text).into_iter().map(str::trim);
    let name = parts.next().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(TemplateError::Unnamed { at });
    }
    let filters = parts
        .map(|filter| {
            Filter::parse(filter).ok_or_else(|| TemplateError::UnknownFilter {
                filter: filter.to_owned(),
                near: super::problem::nearest(filter, FILTERS),
                at,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Variable { name, filters })
}

/// Splits at `|` where it is not inside double quotes.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Follows the written text, to know how the next value must be written.
struct Writing {
    position: Position,
    in_literal: bool,
}

impl Writing {
    fn at(position: Position) -> Self {
        Self {
            position,
            in_literal: false,
        }
    }

    fn passes(&mut self, text: &str) {
        let mut rest = text;
        if let Position::Target(style) = self.position {
            match rest.split_once('?') {
                Some((_, query)) => {
                    self.position = Position::Query(style);
                    rest = query;
                }
                None => return,
            }
        }
        if matches!(self.position, Position::Query(_)) {
            for parameter in rest.split_inclusive('&') {
                if quotes(parameter) % 2 == 1 {
                    self.in_literal = !self.in_literal;
                }
                if parameter.ends_with('&') {
                    self.in_literal = false;
                }
            }
        }
    }

    fn write(&self, text: &str) -> String {
        match self.position {
            Position::Body | Position::Raw => text.to_owned(),
            Position::Path | Position::Target(_) => encode_path_segment(text),
            Position::Query(style) if self.in_literal => {
                encode_query_value(&escape_filter_literal(text), &style)
            }
            Position::Query(style) => encode_query_value(text, &style),
            Position::Pattern => regex::escape(text),
        }
    }
}

/// How many double quotes of a filter string are in this piece of a query, without those that are escaped.
fn quotes(text: &str) -> usize {
    let plain = text
        .replace("%22", "\"")
        .replace("%5C", "\\")
        .replace("%5c", "\\");
    let mut escaped = false;
    plain
        .chars()
        .filter(|c| {
            let counts = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            counts
        })
        .count()
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Variable(variable) => write!(f, "{{{{{}}}}}", variable.name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(
    clippy::panic,
    reason = "a test that fails shows the message that a person gets"
)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

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
                    bytes.push(
                        u8::from_str_radix(hex, 16).expect("hex digits follow a percent sign"),
                    );
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
}
