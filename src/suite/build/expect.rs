//! Expectations: of an answer, of a list, of a value, of what changes.

use super::super::check::{check_spelling, matcher_word};
use super::super::format::SCIM_TYPES;
use super::super::model::{
    Alternative, Change, Changes, ContainsItem, ErrorExpect, Expect, ListExpect, Matcher, Unchanged,
};
use super::super::template::Position;
use super::super::tree::{Entry, Node, Shape};
use super::mentions::Role;
use super::{Builder, severity, text};

type Pairs = Vec<(String, Matcher)>;

impl Builder<'_, '_> {
    pub(super) fn expect(&mut self, node: Option<&Node>) -> Expect {
        let Some(node) = node else {
            return Expect::default();
        };
        let either = node.get("either");
        if let Some(empty) =
            either.filter(|node| matches!(&node.shape, Shape::List(items) if items.len() < 2))
        {
            self.problem(empty.spot, "`either` needs two alternatives at least");
        }
        Expect {
            status: self.statuses(node.get("status")),
            headers: self.named_matchers(node.get("headers")),
            body: self.pairs(node.get("body")),
            list: node.get("list").map(|list| self.list(list)),
            error: node.get("error").and_then(|error| self.error(error)),
            empty: node.get("empty").and_then(Node::boolean),
            lacks_text: self.lacked(node.get("lacks_text")),
            unchanged: node
                .get("unchanged")
                .map(|unchanged| self.unchanged(unchanged)),
            either: either
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter(|item| item.is_map())
                .map(|item| self.alternative(item))
                .collect(),
        }
    }

    fn statuses(&mut self, node: Option<&Node>) -> Vec<u16> {
        let mut statuses = Vec::new();
        for item in node.map(Node::one_or_many).unwrap_or_default() {
            let Some(status) = item.count().and_then(|status| u16::try_from(status).ok()) else {
                continue;
            };
            if statuses.contains(&status) {
                self.problem(item.spot, format!("status {status} stands here twice"));
            }
            statuses.push(status);
        }
        if let Some(empty) =
            node.filter(|node| matches!(&node.shape, Shape::List(items) if items.is_empty()))
        {
            self.problem(empty.spot, "`status` is empty: no answer could hold");
        }
        statuses
    }

    fn alternative(&mut self, node: &Node) -> Alternative {
        let alternative = Alternative {
            expect: self.expect(Some(node)),
            note: text(node.get("note")),
            severity: severity(node.get("severity")),
        };
        if alternative.severity.is_some() && alternative.note.is_empty() {
            self.problem(
                node.spot,
                "an alternative with a `severity` needs a `note`: what is wrong with it",
            );
        }
        if alternative.expect == Expect::default() {
            self.problem(
                node.spot,
                "the alternative expects nothing, so it would always hold",
            );
        }
        alternative
    }

    fn list(&mut self, node: &Node) -> ListExpect {
        ListExpect {
            total: node.get("total").and_then(Node::count),
            has: self.resources(node.get("has"), Role::There),
            lacks: self.resources(node.get("lacks"), Role::Either),
            only: node
                .get("only")
                .map(|only| self.resources(Some(only), Role::There)),
            at_most: node.get("at_most").and_then(Node::count),
            items: node
                .get("items")
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .map(|entry| {
                    self.mentions.resource(&entry.key, entry.spot, Role::There);
                    (entry.key.clone(), self.pairs(Some(&entry.value)))
                })
                .collect(),
            order: self.resources(node.get("order"), Role::There),
            each: self.pairs(node.get("each")),
        }
    }

    fn error(&mut self, node: &Node) -> Option<ErrorExpect> {
        if node.boolean() == Some(false) {
            self.problem(
                node.spot,
                "`error` takes true or a map; leave it out where no error is expected",
            );
            return None;
        }
        let mut scim_type = Vec::new();
        for item in node
            .get("scimType")
            .map(Node::one_or_many)
            .unwrap_or_default()
        {
            let Some(word) = item.text() else { continue };
            if word.contains("{{") {
                self.templated(word, item.spot);
            } else {
                check_spelling(word, item.spot, &SCIM_TYPES, self.report);
            }
            scim_type.push(word.to_owned());
        }
        Some(ErrorExpect { scim_type })
    }

    fn lacked(&mut self, node: Option<&Node>) -> Vec<String> {
        let items = node.map(Node::one_or_many).unwrap_or_default();
        let mut texts = Vec::new();
        for item in items {
            if let Some(text) = item.text() {
                self.templated(text, item.spot);
                texts.push(text.to_owned());
            }
        }
        texts
    }

    fn unchanged(&mut self, node: &Node) -> Unchanged {
        let of = node.get("of").unwrap_or(node);
        Unchanged {
            of: self.resource(of, Role::There).unwrap_or_default(),
            except: self.paths_of(node.get("except")),
        }
    }

    pub(super) fn changes(&mut self, node: Option<&Node>) -> Option<Changes> {
        let node = node?;
        let mut of = Vec::new();
        for Entry { key, spot, value } in node.entries() {
            let (role, change) = match value.text() {
                Some("gone") => (Role::Gone, Change::Gone),
                Some(_) => (Role::Either, Change::Any),
                None => (Role::Changes, Change::Paths(self.pairs(Some(value)))),
            };
            self.mentions.resource(key, *spot, role);
            of.push((key.clone(), change));
        }
        if node.is_map() && of.is_empty() {
            self.problem(
                node.spot,
                "`changes` names nothing: say `none` where nothing may change",
            );
        }
        Some(Changes {
            of,
            later: node.text() == Some("none-later"),
        })
    }

    fn named_matchers(&mut self, node: Option<&Node>) -> Pairs {
        let entries = node.map(Node::entries).unwrap_or_default();
        entries
            .iter()
            .map(|entry| (entry.key.clone(), self.matcher(&entry.value)))
            .collect()
    }

    /// Paths and matchers; nested maps become paths.
    fn pairs(&mut self, node: Option<&Node>) -> Pairs {
        let mut pairs = Vec::new();
        if let Some(node) = node {
            self.collect(node, "", &mut pairs);
        }
        pairs
    }

    fn collect(&mut self, node: &Node, parent: &str, pairs: &mut Pairs) {
        for Entry { key, spot, value } in node.entries() {
            let path = join(parent, key);
            if value.is_map() && matcher_word(value).is_none() && !value.entries().is_empty() {
                self.collect(value, &path, pairs);
                continue;
            }
            let path = self.path(&path, *spot);
            if pairs
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(&path))
            {
                self.problem(*spot, format!("`{path}` stands here twice"));
            }
            let matcher = self.matcher(value);
            pairs.push((path, matcher));
        }
    }

    fn matcher(&mut self, node: &Node) -> Matcher {
        let Some(Entry { key, value, .. }) = matcher_word(node) else {
            return Matcher::Is(self.json(node));
        };
        match key.as_str() {
            "$exactly" => Matcher::Exactly(self.json(value)),
            "$present" => Matcher::Present,
            "$absent" => Matcher::Absent,
            "$empty" => Matcher::Empty,
            "$type" => Matcher::Type(text(Some(value))),
            "$matches" => Matcher::Matches(self.pattern(value)),
            "$any_of" => Matcher::AnyOf(
                value
                    .items()
                    .iter()
                    .map(|item| self.matcher(item))
                    .collect(),
            ),
            "$all" => Matcher::All(
                value
                    .items()
                    .iter()
                    .map(|item| self.matcher(item))
                    .collect(),
            ),
            "$not" => Matcher::Not(Box::new(self.matcher(value))),
            "$contains" => Matcher::Contains(self.contained(value)),
            "$lacks" => Matcher::Lacks(self.contained(value)),
            "$count" => Matcher::Count(value.count().unwrap_or_default()),
            "$ids" => Matcher::Ids(self.resources(Some(value), Role::Either)),
            _ => Matcher::Any,
        }
    }

    fn contained(&mut self, node: &Node) -> ContainsItem {
        if node.is_map() {
            ContainsItem::Element(self.pairs(Some(node)))
        } else {
            ContainsItem::Value(self.json(node))
        }
    }

    fn pattern(&mut self, node: &Node) -> String {
        let pattern = node.text().unwrap_or_default();
        if let Some(template) = self.templated(pattern, node.spot) {
            let filled = template.render(&|_: &str| Some("x".into()), Position::Pattern);
            if let Ok(filled) = filled
                && let Err(error) = regex::Regex::new(&filled)
            {
                let reason = error.to_string();
                let reason = reason
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim()
                    .trim_start_matches("error: ");
                self.problem(
                    node.spot,
                    format!("`{pattern}` is not a regular expression: {reason}"),
                );
            }
        }
        pattern.to_owned()
    }
}

/// A key below another: behind a point, but behind a colon below a schema's URN (RFC 7644 section 3.10).
fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        return key.to_owned();
    }
    format!(
        "{parent}{}{key}",
        if is_schema_urn(parent) { ':' } else { '.' }
    )
}

/// A URN whose last part is the name of a schema and not of an attribute. Names of attributes begin with a small
/// letter in every schema there is; `:2.0:User` ends the URNs of resource schemas and extensions.
fn is_schema_urn(path: &str) -> bool {
    path.to_ascii_lowercase().starts_with("urn:")
        && path.rsplit(':').next().is_some_and(|last| {
            last.starts_with(|c: char| c.is_ascii_uppercase()) && !last.contains('.')
        })
}
