//! Checks a tree against the tables of the format: keys, words and kinds, wherever they stand.
//!
//! After this the files of `build` may read what they find and pass over what does not fit: it was reported here.

use super::format::{Argument, Kind, MATCHERS, TYPES, Table, Words};
use super::problem::{did_you_mean, nearest};
use super::report::FileReport;
use super::tree::{Entry, Node, Shape, Spot};
use crate::scim::AttrPath;

/// In `needs`: an attribute instead of a capability; there, or not declared as unique.
const ATTRIBUTE: [&str; 3] = ["attr:", "shared:", "hideable:"];

/// Reports everything below a node that is not of the kind. `what` names the node: "`severity`".
pub(super) fn check(node: &Node, kind: &Kind, what: &str, report: &mut FileReport<'_>) {
    if !takes(kind, node) {
        report.add(
            node.spot,
            format!("{what} must be {}, not {}", describe(kind), found(node)),
        );
        return;
    }
    match kind {
        Kind::Text => {
            if node.text().is_some_and(|text| text.trim().is_empty()) {
                report.add(node.spot, format!("{what} is empty"));
            }
        }
        Kind::Word(words) => check_word(node, words, report),
        Kind::WordOrAttribute(words) => match node.text().and_then(|text| {
            ATTRIBUTE
                .iter()
                .find_map(|prefix| text.strip_prefix(prefix))
        }) {
            Some(path) => {
                if let Err(error) = AttrPath::parse(path) {
                    report.add(node.spot, error.to_string());
                }
            }
            None => check_word(node, words, report),
        },
        Kind::Status => {
            if node
                .count()
                .is_none_or(|status| !(100..600).contains(&status))
            {
                report.add(
                    node.spot,
                    format!("{what} must be a status code from 100 to 599"),
                );
            }
        }
        Kind::Count => {
            if node.count().is_none() {
                report.add(
                    node.spot,
                    format!("{what} must be a whole number, not below 0"),
                );
            }
        }
        Kind::Matcher => check_matcher(node, report),
        Kind::Paths => check_paths(node, what, report),
        Kind::List(item) => {
            for node in node.items() {
                check(node, item, &format!("an element of {what}"), report);
            }
        }
        Kind::OneOrMany(item) => {
            for node in node.one_or_many() {
                check(node, item, what, report);
            }
        }
        Kind::Map(table) => check_table(node, table, false, report),
        Kind::Open(table) => check_table(node, table, true, report),
        Kind::Named(item) => {
            for entry in node.entries() {
                check_name(entry, report);
                check(&entry.value, item, &format!("`{}`", entry.key), report);
            }
        }
        Kind::Either(kinds) => {
            if let Some(kind) = kinds.iter().find(|kind| takes(kind, node)) {
                check(node, kind, what, report);
            }
        }
        Kind::Tagged(tables) => {
            if let Some(table) = tagged(node, tables) {
                check_table(node, table, false, report);
            }
        }
        Kind::AnyText | Kind::Bool | Kind::Nothing | Kind::Json => {}
    }
}

/// The table that a node's keys ask for.
fn tagged(node: &Node, tables: &[(&'static str, &'static Table)]) -> Option<&'static Table> {
    tables
        .iter()
        .find(|(tag, _)| node.get(tag).is_some())
        .or(tables.last())
        .map(|(_, table)| *table)
}

fn check_table(node: &Node, table: &Table, open: bool, report: &mut FileReport<'_>) {
    for entry in node.entries() {
        match table.keys.iter().find(|key| key.name == entry.key) {
            Some(key) => check(&entry.value, &key.kind, &format!("`{}`", entry.key), report),
            None if open => {}
            None if entry.value.shape == Shape::Null && entry.key.contains(' ') => {
                let message = format!(
                    "`{}` is read as a key without a value: quote the text before it, inside {{ }} a comma ends it",
                    entry.key
                );
                report.add(entry.spot, message);
            }
            None => {
                let near = nearest(&entry.key, table.keys.iter().map(|key| key.name));
                let message = match near {
                    Some(_) => format!(
                        "{} has no key `{}`{}",
                        table.what,
                        entry.key,
                        did_you_mean(near.as_deref())
                    ),
                    None => {
                        let names: Vec<_> = table.keys.iter().map(|key| key.name).collect();
                        format!(
                            "{} has no key `{}`; its keys are {}",
                            table.what,
                            entry.key,
                            names.join(", ")
                        )
                    }
                };
                report.add(entry.spot, message);
            }
        }
    }
    for key in table
        .keys
        .iter()
        .filter(|key| key.required && node.get(key.name).is_none())
    {
        report.add(node.spot, format!("{} needs `{}`", table.what, key.name));
    }
}

fn check_name(entry: &Entry, report: &mut FileReport<'_>) {
    if entry.key.trim().is_empty() {
        report.add(entry.spot, "a name is empty");
    }
}

fn check_word(node: &Node, words: &Words, report: &mut FileReport<'_>) {
    if let Some(text) = node.text() {
        check_spelling(text, node.spot, words, report);
    }
}

/// Reports a word that is not in the vocabulary.
pub(super) fn check_spelling(text: &str, spot: Spot, words: &Words, report: &mut FileReport<'_>) {
    if words.words.contains(&text) {
        return;
    }
    let near = nearest(text, words.words.iter().copied());
    let tail = match near {
        Some(_) => did_you_mean(near.as_deref()),
        None => format!("; it is one of {}", words.words.join(", ")),
    };
    report.add(spot, format!("`{text}` is not {}{tail}", words.what));
}

/// The first key that is meant as a matcher's word.
pub(super) fn matcher_word(node: &Node) -> Option<&Entry> {
    node.entries()
        .iter()
        .find(|entry| entry.key.starts_with('$') && entry.key != "$ref")
}

fn check_paths(node: &Node, what: &str, report: &mut FileReport<'_>) {
    for entry in node.entries() {
        if entry.key.starts_with('$') && entry.key != "$ref" {
            report.add(
                entry.spot,
                format!(
                    "{what} takes paths; put `{}` behind the path that it is about",
                    entry.key
                ),
            );
            continue;
        }
        check_name(entry, report);
        let nested = entry.value.is_map() && matcher_word(&entry.value).is_none();
        if nested && entry.value.entries().is_empty() {
            report.add(
                entry.value.spot,
                format!(
                    "`{}` has nothing in it: say $absent: true, or $any: true",
                    entry.key
                ),
            );
        } else if nested {
            check_paths(&entry.value, what, report);
        } else {
            check_matcher(&entry.value, report);
        }
    }
}

fn check_matcher(node: &Node, report: &mut FileReport<'_>) {
    let Some(entry) = matcher_word(node) else {
        check_plain(node, report);
        return;
    };
    if let [_, other, ..] = node.entries() {
        let spot = if other.spot == entry.spot {
            node.spot
        } else {
            other.spot
        };
        report.add(
            spot,
            "a matcher is one `$` word; several go into `$all: [...]`",
        );
        return;
    }
    let Some((word, argument, _)) = MATCHERS.iter().find(|(word, ..)| *word == entry.key) else {
        let near = nearest(&entry.key, MATCHERS.iter().map(|(word, ..)| *word));
        let tail = match near {
            Some(_) => did_you_mean(near.as_deref()),
            None => {
                let words: Vec<_> = MATCHERS.iter().map(|(word, ..)| *word).collect();
                format!("; the words are {}", words.join(" "))
            }
        };
        report.add(
            entry.spot,
            format!("no such matcher: `{}`{tail}", entry.key),
        );
        return;
    };
    check_argument(&entry.value, word, argument, report);
}

fn check_argument(value: &Node, word: &str, argument: &Argument, report: &mut FileReport<'_>) {
    match argument {
        Argument::True => {
            if value.boolean() != Some(true) {
                let opposite = match word {
                    "$present" => "; the opposite is `$absent: true`",
                    "$absent" => "; the opposite is `$present: true`",
                    _ => "",
                };
                report.add(value.spot, format!("`{word}` takes true{opposite}"));
            }
        }
        Argument::Json => check_plain(value, report),
        Argument::Pattern => check(value, &Kind::Text, &format!("`{word}`"), report),
        Argument::Type => check(value, &Kind::Word(&TYPES), &format!("`{word}`"), report),
        Argument::Count => check(value, &Kind::Count, &format!("`{word}`"), report),
        Argument::Matcher => check_matcher(value, report),
        Argument::Matchers => {
            check(
                value,
                &Kind::List(&Kind::Matcher),
                &format!("`{word}`"),
                report,
            );
            if matches!(&value.shape, Shape::List(items) if items.is_empty()) {
                report.add(value.spot, format!("`{word}` has nothing in its list"));
            }
        }
        Argument::Element if value.is_map() => check_paths(value, &format!("`{word}`"), report),
        Argument::Element => check_plain(value, report),
        Argument::Resources => check(
            value,
            &Kind::List(&Kind::Text),
            &format!("`{word}`"),
            report,
        ),
    }
}

/// A plain value: a `$` word inside it would be taken as an attribute's name, which is never what was meant.
fn check_plain(node: &Node, report: &mut FileReport<'_>) {
    if let Some(word) = matcher_word(node) {
        report.add(
            word.spot,
            format!(
                "`{}` has no meaning inside a plain value; look for an element with `$contains`",
                word.key
            ),
        );
        return;
    }
    for item in node.items() {
        check_plain(item, report);
    }
    for entry in node.entries() {
        check_plain(&entry.value, report);
    }
}

/// Whether the shape of a node (not yet its words) is one that the kind takes.
fn takes(kind: &Kind, node: &Node) -> bool {
    match kind {
        Kind::Text | Kind::AnyText | Kind::Word(_) | Kind::WordOrAttribute(_) => {
            matches!(node.shape, Shape::Text(_))
        }
        Kind::Bool => matches!(node.shape, Shape::Bool(_)),
        Kind::Count | Kind::Status => matches!(node.shape, Shape::Number(_)),
        Kind::Nothing => node.shape == Shape::Null,
        Kind::Json | Kind::Matcher => true,
        Kind::List(_) => matches!(node.shape, Shape::List(_)),
        Kind::OneOrMany(item) => matches!(node.shape, Shape::List(_)) || takes(item, node),
        Kind::Paths | Kind::Map(_) | Kind::Named(_) | Kind::Open(_) | Kind::Tagged(_) => {
            node.is_map()
        }
        Kind::Either(kinds) => kinds.iter().any(|kind| takes(kind, node)),
    }
}

/// What a kind takes, in words.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::AnyText => "a text".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Count => "a whole number".to_owned(),
        Kind::Status => "a status code".to_owned(),
        Kind::Nothing => "null".to_owned(),
        Kind::Word(words) | Kind::WordOrAttribute(words) => {
            format!("{} ({})", words.what, words.words.join(", "))
        }
        Kind::Json | Kind::Matcher => "a value".to_owned(),
        Kind::Paths => "a map of SCIM paths".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::OneOrMany(item) => format!("{} or a list of them", describe(item)),
        Kind::Map(table) | Kind::Open(table) => format!("a map with {}", key_names(table)),
        Kind::Named(_) => "a map of names".to_owned(),
        Kind::Either(kinds) => kinds.iter().map(describe).collect::<Vec<_>>().join(", or "),
        Kind::Tagged(tables) => {
            let tags: Vec<_> = tables
                .iter()
                .rev()
                .map(|(tag, _)| format!("`{tag}`"))
                .collect();
            format!("a map with {}", tags.join(" or "))
        }
    }
}

fn key_names(table: &Table) -> String {
    table
        .keys
        .iter()
        .map(|key| key.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// What stands there, with the repair where it is a matter of quotes.
fn found(node: &Node) -> String {
    match &node.shape {
        Shape::Number(number) => format!("the number {number} (quote it if it is a text)"),
        Shape::Bool(flag) => format!("the boolean {flag} (quote it if it is a text)"),
        Shape::Text(text) if text.chars().count() <= 40 => format!("the text `{text}`"),
        _ => node.kind().to_owned(),
    }
}
