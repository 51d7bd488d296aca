//! YAML as a tree in which every scalar, list and map knows its line and column.
//!
//! The only file that names the YAML parser. It reads YAML 1.2 with JSON's values: `true`, `false`, `null` and JSON
//! numbers are what they are, and every other unquoted word is text, `yes` and `NO` too, since request bodies are
//! pasted here as they were captured. What YAML and JSON read differently (`010`, `True`, `~`) is refused, and so are
//! anchors, tags and keys that stand twice.

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

/// A place within one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Spot {
    /// From 1; 0 stands for the file as a whole.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) spot: Spot,
    pub(super) shape: Shape,
}

/// The value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) spot: Spot,
    pub(super) value: Node,
}

impl Node {
    /// What it is, with its article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.shape {
            Shape::Null => "nothing",
            Shape::Bool(_) => "a boolean",
            Shape::Number(_) => "a number",
            Shape::Text(_) => "a text",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a map",
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.shape {
            Shape::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn count(&self) -> Option<u64> {
        match &self.shape {
            Shape::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The elements of a list; none for anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.shape {
            Shape::List(items) => items,
            _ => &[],
        }
    }

    /// The elements of a list, or the value itself as the only one.
    pub(super) fn one_or_many(&self) -> &[Node] {
        match &self.shape {
            Shape::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The entries of a map; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.shape {
            Shape::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.shape, Shape::Map(_))
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    pub(super) fn to_json(&self) -> Value {
        match &self.shape {
            Shape::Null => Value::Null,
            Shape::Bool(flag) => Value::Bool(*flag),
            Shape::Number(number) => Value::Number(number.clone()),
            Shape::Text(text) => Value::String(text.clone()),
            Shape::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Shape::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// How deep lists and maps may stand in one another: far more than a SCIM body, far less than the stack.
const DEEPEST: usize = 64;

/// Reads one file. The tree is absent where the text is not YAML; everything else is collected beside it.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<(Spot, String)>) {
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        problems: Vec::new(),
    };
    let root = builder.document();
    let mut problems = builder.problems;
    problems.sort_by_key(|(spot, _)| *spot);
    (root, problems)
}

/// What ends the reading of a file: the parser has no way to go on after it.
struct Stopped;

struct Builder<'a> {
    parser: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    problems: Vec<(Spot, String)>,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next().ok()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_none() => {
                    let (event, span) = self.next().ok()?;
                    root = Some(self.node(event, span, 0).ok()?);
                }
                Event::DocumentStart(..) => {
                    self.problem(
                        span,
                        "a second document in the file; a suite file holds one".to_owned(),
                    );
                    return root;
                }
                Event::StreamEnd => break,
                _ => self.problem(span, "not expected here".to_owned()),
            }
        }
        if root.is_none() {
            self.problems
                .push((Spot { line: 1, column: 1 }, "the file is empty".to_owned()));
        }
        root
    }

    /// The next event; the end where there is none.
    fn next(&mut self) -> Result<(Event<'a>, Span), Stopped> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => {
                let marker = error.marker();
                let spot = spot(marker.line(), marker.col());
                self.problems
                    .push((spot, format!("not YAML: {}", error.info())));
                Err(Stopped)
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn problem(&mut self, span: Span, message: String) {
        self.problems
            .push((spot(span.start.line(), span.start.col()), message));
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Stopped> {
        let at = spot(span.start.line(), span.start.col());
        if depth > DEEPEST {
            self.problem(
                span,
                format!("lists and maps stand more than {DEEPEST} deep in one another"),
            );
            return Err(Stopped);
        }
        if event.tag().is_some() {
            self.problem(span, "tags (`!...`) are not part of the format".to_owned());
        }
        let shape = match event {
            Event::Scalar(text, style, anchor, _) => {
                self.no_anchor(anchor, span);
                if style == ScalarStyle::Plain && span.start.index() == span.end.index() {
                    // Nothing is written there; the parser says `~`.
                    Shape::Null
                } else if style == ScalarStyle::Plain {
                    plain(&text).unwrap_or_else(|message| {
                        self.problem(span, message);
                        Shape::Text(text.into_owned())
                    })
                } else {
                    Shape::Text(text.into_owned())
                }
            }
            Event::SequenceStart(_, anchor, _) => {
                self.no_anchor(anchor, span);
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break Shape::List(items);
                    }
                    items.push(self.node(event, span, depth + 1)?);
                }
            }
            Event::MappingStart(_, anchor, _) => {
                self.no_anchor(anchor, span);
                self.map(depth)?
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.problem(
                    span,
                    "anchors and aliases (`&`, `*`) are not part of the format".to_owned(),
                );
                Shape::Null
            }
            _ => {
                self.problem(span, "not expected here".to_owned());
                return Err(Stopped);
            }
        };
        Ok(Node { spot: at, shape })
    }

    fn map(&mut self, depth: usize) -> Result<Shape, Stopped> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Shape::Map(entries));
            }
            let at = spot(span.start.line(), span.start.col());
            let key = match &event {
                Event::Scalar(text, _, anchor, _) => {
                    self.no_anchor(*anchor, span);
                    text.to_string()
                }
                _ => {
                    self.problem(span, "a key must be a plain word or a text".to_owned());
                    self.node(event, span, depth + 1)?;
                    String::new()
                }
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let line = first.spot.line;
                self.problems.push((
                    at,
                    format!("`{key}` stands here twice, first in line {line}; a body that is meant to be so goes into `raw: |`"),
                ));
                continue;
            }
            entries.push(Entry {
                key,
                spot: at,
                value,
            });
        }
    }

    fn no_anchor(&mut self, anchor: usize, span: Span) {
        if anchor != 0 {
            self.problem(
                span,
                "anchors and aliases (`&`, `*`) are not part of the format".to_owned(),
            );
        }
    }
}

fn spot(line: usize, column: usize) -> Spot {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Spot {
        line: small(line.max(1)),
        column: small(column + 1),
    }
}

/// An unquoted word, read as JSON reads it.
fn plain(text: &str) -> Result<Shape, String> {
    match text {
        "" | "null" => return Ok(Shape::Null),
        "true" => return Ok(Shape::Bool(true)),
        "false" => return Ok(Shape::Bool(false)),
        "True" | "TRUE" | "False" | "FALSE" => {
            return Err(format!(
                "`{text}` could be a boolean or a text: write {} or \"{text}\"",
                text.to_lowercase()
            ));
        }
        "~" | "Null" | "NULL" => {
            return Err(format!(
                "`{text}` could be null or a text: write null or \"{text}\""
            ));
        }
        _ => {}
    }
    if !looks_like_number(text) {
        return Ok(Shape::Text(text.to_owned()));
    }
    // serde_json reads exactly JSON's grammar of numbers; an integer that it can only keep as a float would change.
    match serde_json::from_str::<Number>(text) {
        Ok(number) if number.is_f64() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            Err(format!(
                "`{text}` is too large to be kept exactly: quote it, or put the body into `raw: |`"
            ))
        }
        Ok(number) => Ok(Shape::Number(number)),
        Err(_) => Err(format!(
            "`{text}` is no JSON number: write \"{text}\" if it is a text"
        )),
    }
}

/// Whether some reader of YAML would take the word for a number.
fn looks_like_number(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let lower = body.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    if let Some(digits) = lower.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(digits) = lower.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    }
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        ),
        None => (lower.as_str(), None),
    };
    let digits = |text: &str| {
        text.bytes().any(|b| b.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (digits(whole) || whole.is_empty())
        && (digits(fraction) || fraction.is_empty())
        && !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().next().is_none_or(|b| b.is_ascii_digit())
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        let (root, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        root.unwrap_or_else(|| panic!("{text}")).to_json()
    }

    #[test]
    fn words_are_read_as_json_reads_them() {
        for (text, expected) in [
            ("true", json!(true)),
            ("yes", json!("yes")),
            ("NO", json!("NO")),
            ("on", json!("on")),
            ("null", Value::Null),
            ("", Value::Null),
            ("-1.5e3", json!(-1500.0)),
            (
                "18446744073709551615",
                json!(18_446_744_073_709_551_615_u64),
            ),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-01", json!("2026-01-01")),
            ("1-2", json!("1-2")),
            ("e5", json!("e5")),
            (".", json!(".")),
            ("-", json!("-x")),
            ("\"\\ud83d\\ude00 \\/ \\u0041\"", json!("😀 / A")),
        ] {
            let text = if text == "-" { "-x" } else { text };
            assert_eq!(
                read(&format!("a: {text}\n")),
                json!({ "a": expected }),
                "{text}"
            );
        }
    }

    #[test]
    fn every_value_knows_its_place() {
        let (root, _) = parse("a: 1\n# comment\nb:\n  - x\n  - { c: \"ä\", d: [e] }\n");
        let root = root.expect("the text is YAML");
        let at = |node: Option<&Node>| node.map(|node| (node.spot.line, node.spot.column));
        let second = root.get("b").and_then(|b| b.items().get(1));
        assert_eq!(at(root.get("a")), Some((1, 4)));
        assert_eq!(at(second), Some((5, 5)));
        assert_eq!(at(second.and_then(|map| map.get("d"))), Some((5, 18)));
        assert_eq!(
            second.map(|map| (map.entries()[1].spot.line, map.entries()[1].spot.column)),
            Some((5, 15))
        );
    }

    #[test]
    fn a_bottomless_file_is_refused_and_not_followed() {
        let (root, problems) = parse(&"[".repeat(5000));
        assert!(root.is_none());
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| json!(number)),
            (-1_000_000i32..1_000_000).prop_map(|number| json!(f64::from(number) / 64.0)),
            "\\PC{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("\\PC{0,8}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn pasted_json_is_read_as_json(value in any_json()) {
            let pretty = serde_json::to_string_pretty(&value).expect("JSON can be written");
            let indented: String = pretty.lines().map(|line| format!("    {line}\n")).collect();
            for pasted in [format!("body: {value}\n"), format!("body:\n{indented}")] {
                prop_assert_eq!(read(&pasted), json!({ "body": value }));
            }
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[-a:{}\\[\\]\"'#&*!|>%@`, \n\t0.~ä]{0,60}") {
            let (root, problems) = parse(&text);
            prop_assert!(root.is_some() || !problems.is_empty());
        }
    }
}
