//! A TOML document with positions: typed access to its tables, every problem collected with its place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as it was named.
    pub file: PathBuf,
    /// Line, from 1; 0 where the file could not be read at all.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        if self.line == 0 {
            write!(f, "{file}: {}", self.message)
        } else {
            write!(f, "{file}:{}:{}: {}", self.line, self.column, self.message)
        }
    }
}

/// Everything that is wrong with a configuration file, in file order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// Collects problems of one file.
pub(super) struct Problems<'a> {
    file: &'a Path,
    text: &'a str,
    found: RefCell<Vec<(usize, String)>>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            text,
            found: RefCell::default(),
        }
    }

    /// Notes a problem at a byte offset.
    pub(super) fn add(&self, at: usize, message: impl Into<String>) {
        self.found.borrow_mut().push((at, message.into()));
    }

    /// Line and column (both from 1) of a byte offset.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }

    /// `file:line`, for warnings.
    pub(super) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.file.display(), self.position(at).0)
    }

    /// Nothing where nothing was found.
    pub(super) fn into_result(self) -> Result<(), ConfigErrors> {
        let mut found = self.found.borrow().clone();
        if found.is_empty() {
            return Ok(());
        }
        found.sort();
        found.dedup();
        Err(ConfigErrors(
            found
                .into_iter()
                .map(|(at, message)| {
                    let (line, column) = self.position(at);
                    ConfigError {
                        file: self.file.to_owned(),
                        line,
                        column,
                        message,
                    }
                })
                .collect(),
        ))
    }
}

/// A value with its place.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    value: &'d DeValue<'d>,
    /// Byte offset.
    pub(super) at: usize,
}

impl Node<'_> {
    /// The value as JSON; dates become text.
    pub(super) fn to_json(self) -> serde_json::Value {
        to_json(self.value)
    }
}

/// A table whose keys are ticked off as they are read; what is left over is unknown.
pub(super) struct Table<'d> {
    name: String,
    entries: Vec<(&'d str, usize, Node<'d>)>,
    read: RefCell<BTreeSet<&'d str>>,
    problems: &'d Problems<'d>,
    /// Byte offset.
    pub(super) at: usize,
}

impl<'d> Table<'d> {
    pub(super) fn root(document: &'d Spanned<DeTable<'d>>, problems: &'d Problems<'d>) -> Self {
        Self::new(String::new(), document.get_ref(), 0, problems)
    }

    fn new(name: String, table: &'d DeTable<'d>, at: usize, problems: &'d Problems<'d>) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                let node = Node {
                    value: value.get_ref(),
                    at: start(&value.span()),
                };
                (key.get_ref().as_ref(), start(&key.span()), node)
            })
            .collect();
        // As in the file: the order of mapping rows is the user's.
        entries.sort_by_key(|(_, at, _)| *at);
        Self {
            name,
            entries,
            read: RefCell::default(),
            problems,
            at,
        }
    }

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    pub(super) fn take(&self, key: &'static str) -> Option<Node<'d>> {
        self.read.borrow_mut().insert(key);
        self.entries
            .iter()
            .find(|(name, _, _)| *name == key)
            .map(|(_, _, node)| *node)
    }

    /// Every entry, for tables whose keys are the user's own words.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        self.read
            .borrow_mut()
            .extend(self.entries.iter().map(|(name, _, _)| *name));
        self.entries.iter().map(|(name, _, node)| (*name, *node))
    }

    pub(super) fn table(&self, key: &'static str) -> Option<Table<'d>> {
        let node = self.take(key)?;
        self.as_table(key, node)
    }

    pub(super) fn as_table(&self, key: &str, node: Node<'d>) -> Option<Table<'d>> {
        match node.value {
            DeValue::Table(table) => Some(Table::new(
                self.full(key),
                table,
                self.place_of(key, node),
                self.problems,
            )),
            other => {
                self.wrong(key, node.at, "a table", other);
                None
            }
        }
    }

    /// The span of a table that was written as `[name]` may be empty; its key's is not.
    fn place_of(&self, key: &str, node: Node<'d>) -> usize {
        self.entries
            .iter()
            .find(|(name, _, _)| *name == key)
            .map_or(node.at, |(_, at, _)| *at)
    }

    pub(super) fn string(&self, key: &'static str) -> Option<(&'d str, usize)> {
        let node = self.take(key)?;
        self.as_string(key, node)
    }

    pub(super) fn as_string(&self, key: &str, node: Node<'d>) -> Option<(&'d str, usize)> {
        match node.value {
            DeValue::String(text) => Some((text.as_ref(), node.at)),
            other => {
                self.wrong(key, node.at, "a string", other);
                None
            }
        }
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        let node = self.take(key)?;
        match node.value {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.wrong(key, node.at, "true or false", other);
                None
            }
        }
    }

    /// An integer or a decimal fraction.
    pub(super) fn number(&self, key: &'static str) -> Option<(f64, usize)> {
        let node = self.take(key)?;
        let parsed = match node.value {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
                .ok()
                .map(|n| n as f64),
            DeValue::Float(n) => n.as_str().parse().ok(),
            other => {
                self.wrong(key, node.at, "a number", other);
                return None;
            }
        };
        match parsed.filter(|n: &f64| n.is_finite()) {
            Some(n) => Some((n, node.at)),
            None => {
                self.problem(
                    node.at,
                    format!("`{}` is not a number that can be used", self.full(key)),
                );
                None
            }
        }
    }

    /// A list of strings.
    pub(super) fn strings(&self, key: &'static str) -> Vec<(String, usize)> {
        self.take(key)
            .map(|node| self.as_strings(key, node))
            .unwrap_or_default()
    }

    pub(super) fn as_strings(&self, key: &str, node: Node<'d>) -> Vec<(String, usize)> {
        match node.value {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| {
                    let node = Node {
                        value: item.get_ref(),
                        at: start(&item.span()),
                    };
                    self.as_string(key, node)
                        .map(|(text, at)| (text.to_owned(), at))
                })
                .collect(),
            other => {
                self.wrong(key, node.at, "a list of strings", other);
                Vec::new()
            }
        }
    }

    /// One status code or a list of them.
    pub(super) fn statuses(&self, key: &'static str) -> Option<Vec<u16>> {
        let node = self.take(key)?;
        let items: Vec<Node<'d>> = match node.value {
            DeValue::Array(items) => items
                .iter()
                .map(|i| Node {
                    value: i.get_ref(),
                    at: start(&i.span()),
                })
                .collect(),
            _ => vec![node],
        };
        let mut statuses = Vec::new();
        for item in items {
            let status = match item.value {
                DeValue::Integer(n) => n.as_str().parse::<u16>().ok(),
                _ => None,
            };
            match status.filter(|s| (100..600).contains(s)) {
                Some(status) => statuses.push(status),
                None => self.problem(
                    item.at,
                    format!("`{}` must be HTTP status codes such as 200", self.full(key)),
                ),
            }
        }
        Some(statuses)
    }

    pub(super) fn problem(&self, at: usize, message: impl Into<String>) {
        self.problems.add(at, message);
    }

    fn wrong(&self, key: &str, at: usize, want: &str, got: &DeValue<'_>) {
        self.problem(
            at,
            format!("`{}` must be {want}, not {}", self.full(key), kind_of(got)),
        );
    }

    /// Notes every key that nobody asked for, with the nearest one that exists.
    pub(super) fn finish(self) {
        let read = self.read.borrow();
        for (key, at, _) in &self.entries {
            if read.contains(key) {
                continue;
            }
            let mut message = if self.name.is_empty() {
                format!("unknown table or key `{key}`")
            } else {
                format!("`[{}]` has no key `{key}`", self.name)
            };
            match nearest(key, read.iter().copied()) {
                Some(near) => message.push_str(&format!("; did you mean `{near}`?")),
                None => message.push_str(&format!(
                    "; it may be {}",
                    read.iter()
                        .map(|k| format!("`{k}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            }
            self.problem(*at, message);
        }
    }
}

/// The name that was probably meant.
pub(super) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn start(span: &Range<usize>) -> usize {
    span.start
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn to_json(value: &DeValue<'_>) -> serde_json::Value {
    use serde_json::Value;
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(n) => {
            i64::from_str_radix(n.as_str(), n.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(n) => n.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(
            table
                .iter()
                .map(|(k, v)| (k.get_ref().to_string(), to_json(v.get_ref())))
                .collect(),
        ),
    }
}
