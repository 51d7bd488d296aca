//! A profile file.

use super::super::model::{Combine, FlavourDef, Profile, QueryStyle};
use super::super::report::FileReport;
use super::super::tree::Node;
use super::{is_kebab, text, texts};

/// Reads a profile. `expected` is the folder it stands in.
pub(in super::super) fn profile(
    root: &Node,
    expected: &str,
    report: &mut FileReport<'_>,
) -> Profile {
    if let Some(node) = root.get("profile")
        && text(Some(node)) != expected
    {
        report.add(
            node.spot,
            format!(
                "the profile is called `{}` but its folder is `{expected}`",
                text(Some(node))
            ),
        );
    }
    let mut flavours: Vec<FlavourDef> = Vec::new();
    for node in root
        .get("flavours")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter(|node| node.is_map())
    {
        let id = text(node.get("id"));
        let spot = node.get("id").map_or(node.spot, |id| id.spot);
        if !id.is_empty() && !is_kebab(&id) {
            report.add(
                spot,
                format!("flavour `{id}` is not kebab-case: only a-z, 0-9 and single hyphens"),
            );
        } else if id == "none" {
            report.add(
                spot,
                "`none` says that a case has no flavour, and cannot be one",
            );
        } else if flavours.iter().any(|flavour| flavour.id == id) {
            report.add(spot, format!("flavour `{id}` stands here twice"));
        }
        flavours.push(FlavourDef {
            id,
            title: text(node.get("title")),
            default: node.get("default").and_then(Node::boolean).unwrap_or(true),
        });
    }
    if !flavours.is_empty() && !flavours.iter().any(|flavour| flavour.default) {
        report.add(
            root.spot,
            "no flavour is a default one, so a run would play nothing",
        );
    }
    let query = root.get("query");
    let says = |key: &str, word: &str| {
        query.and_then(|query| query.get(key)).and_then(Node::text) == Some(word)
    };
    Profile {
        id: expected.to_owned(),
        title: text(root.get("title")),
        default_run: root
            .get("default_run")
            .and_then(Node::boolean)
            .unwrap_or_default(),
        flavours,
        combine: match root.get("combine").and_then(Node::text) {
            Some("best") => Combine::Best,
            _ => Combine::Worst,
        },
        headers: headers(root.get("headers")),
        body_headers: headers(root.get("body_headers")),
        request_id: root
            .get("request_id")
            .and_then(Node::boolean)
            .unwrap_or_default(),
        reads_declarations: root
            .get("reads_declarations")
            .and_then(Node::boolean)
            .unwrap_or_default(),
        query: QueryStyle {
            space_plus: says("space", "plus"),
            lower_hex: says("hex", "lower"),
        },
        notes: texts(root.get("notes")),
    }
}

fn headers(node: Option<&Node>) -> Vec<(String, String)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), entry.value.text()?.to_owned())))
        .collect()
}
