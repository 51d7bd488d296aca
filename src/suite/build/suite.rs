//! A suite file: its head, its defaults, its cases.

use std::collections::BTreeMap;

use super::super::model::{Case, Suite};
use super::super::tree::{Node, Spot};
use super::case::Defaults;
use super::{Builder, is_kebab, text};

impl Builder<'_, '_> {
    fn suite_id(&mut self, root: &Node, expected: &str) -> String {
        let Some(node) = root.get("suite") else {
            return expected.to_owned();
        };
        let id = text(Some(node));
        if id != expected {
            self.problem(
                node.spot,
                format!("the suite is called `{id}` but its file stands for `{expected}`"),
            );
        } else if !id.split('/').all(is_kebab) {
            self.problem(
                node.spot,
                format!("`{id}` is not kebab-case: only a-z, 0-9 and single hyphens"),
            );
        }
        expected.to_owned()
    }

    /// Two cases, or a case and a row of another, that would have the same id.
    fn same_ids(&mut self, cases: &[(Case, Spot)]) {
        let mut seen: BTreeMap<String, Spot> = BTreeMap::new();
        for (case, spot) in cases {
            let ids = if case.rows.is_empty() {
                vec![case.id.clone()]
            } else {
                case.rows
                    .iter()
                    .map(|row| format!("{}-{}", case.id, row.id))
                    .collect()
            };
            let plain = cases
                .iter()
                .find(|(other, at)| other.id == case.id && at < spot);
            if let Some((_, first)) = plain {
                let line = first.line;
                self.problem(
                    *spot,
                    format!(
                        "case id `{}` is used twice; the first is in line {line}",
                        case.id
                    ),
                );
                continue;
            }
            for id in ids {
                if let Some(first) = seen.insert(id.clone(), *spot).filter(|first| first != spot) {
                    let line = first.line;
                    self.problem(
                        *spot,
                        format!("`{id}` is the id of two cases; the other is in line {line}"),
                    );
                }
            }
        }
    }
}

/// Reads a suite. `expected` is the id that its path stands for.
pub(in super::super) fn suite(
    builder: &mut Builder<'_, '_>,
    root: &Node,
    expected: &str,
    file: &str,
) -> Suite {
    let id = builder.suite_id(root, expected);
    let profile = id.split('/').next().unwrap_or_default().to_owned();
    let defaults = Defaults::read(builder, root.get("defaults"), &profile);
    let nodes = root.get("cases").map(Node::items).unwrap_or_default();
    if let Some(node) = root.get("cases").filter(|node| node.items().is_empty()) {
        builder.problem(node.spot, "the suite has no cases");
    }
    let mut cases = Vec::new();
    for node in nodes.iter().filter(|node| node.is_map()) {
        let spot = node.get("id").map_or(node.spot, |id| id.spot);
        cases.push((builder.case(node, &defaults), spot));
    }
    builder.same_ids(&cases);
    Suite {
        id,
        profile,
        title: text(root.get("title")),
        file: file.to_owned(),
        cases: cases.into_iter().map(|(case, _)| case).collect(),
    }
}
