//! From a checked tree to the model, with what only the sense of a case can tell: names, references, paths, targets.
//!
//! `check` has reported every wrong key, word and kind by now. What stands here passes over such places in silence and
//! reports what no table knows.

mod case;
mod expect;
mod flow;
mod mentions;
mod not_covered;
mod profile;
mod step;
mod suite;
mod target;
mod uses;

pub(super) use not_covered::not_covered;
pub(super) use profile::profile;
pub(super) use suite::suite;

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::Profile;
use super::report::FileReport;
use super::template::Template;
use super::tree::{Node, Spot};
use crate::data::bodies;
use crate::results::{CertaintyLevel, Severity};
use crate::scim::AttrPath;
use mentions::{Mentions, Role};

/// What the files of this room need while they read one suite.
pub(super) struct Builder<'r, 'f> {
    pub(super) report: &'r mut FileReport<'f>,
    /// The profile of the suite; `None` where its file is missing or broken, which was reported.
    pub(super) profile: Option<&'r Profile>,
    /// What the part that is being read mentions.
    mentions: Mentions,
    /// The crowds of the case that is being read: name and number.
    crowds: BTreeMap<String, u32>,
}

impl<'r, 'f> Builder<'r, 'f> {
    pub(super) fn new(report: &'r mut FileReport<'f>, profile: Option<&'r Profile>) -> Self {
        Self {
            report,
            profile,
            mentions: Mentions::default(),
            crowds: BTreeMap::new(),
        }
    }

    /// Hands over what was mentioned since the last call.
    fn take_mentions(&mut self) -> Mentions {
        std::mem::take(&mut self.mentions)
    }

    fn problem(&mut self, spot: Spot, message: impl Into<String>) {
        self.report.add(spot, message);
    }

    /// A text that may hold templates; they are parsed and their names noted.
    fn templated(&mut self, text: &str, spot: Spot) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                self.mentions.variables.extend(
                    template
                        .variables()
                        .cloned()
                        .map(|variable| (variable, spot)),
                );
                Some(template)
            }
            Err(error) => {
                self.problem(spot, error.to_string());
                None
            }
        }
    }

    /// JSON whose texts and keys may hold templates.
    fn json(&mut self, node: &Node) -> Value {
        self.note_json(node);
        node.to_json()
    }

    fn note_json(&mut self, node: &Node) {
        if let Some(text) = node.text() {
            self.templated(text, node.spot);
        }
        for item in node.items() {
            self.note_json(item);
        }
        for entry in node.entries() {
            self.templated(&entry.key, entry.spot);
            self.note_json(&entry.value);
        }
    }

    /// A SCIM path; where it holds templates, what stands around them must still be one.
    fn path(&mut self, path: &str, spot: Spot) -> String {
        if let Some(template) = self.templated(path, spot) {
            let filled = template.render(
                &|_: &str| Some(Value::from("x")),
                super::template::Position::Body,
            );
            if template.whole().is_none()
                && let Ok(filled) = filled
                && let Err(error) = AttrPath::parse(&filled)
            {
                self.problem(spot, format!("`{path}` is not a SCIM path: {error}"));
            }
        }
        path.to_owned()
    }

    fn paths_of(&mut self, node: Option<&Node>) -> Vec<String> {
        let items = node.map(Node::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| Some(self.path(item.text()?, item.spot)))
            .collect()
    }

    fn settings(&mut self, node: Option<&Node>) -> Vec<(String, Value)> {
        let entries = node.map(Node::entries).unwrap_or_default();
        entries
            .iter()
            .map(|entry| (self.path(&entry.key, entry.spot), self.json(&entry.value)))
            .collect()
    }

    fn resource(&mut self, node: &Node, role: Role) -> Option<String> {
        let name = node.text()?;
        self.mentions.resource(name, node.spot, role);
        Some(name.to_owned())
    }

    fn resources(&mut self, node: Option<&Node>, role: Role) -> Vec<String> {
        let items = node.map(Node::items).unwrap_or_default();
        let named: Vec<String> = items
            .iter()
            .filter_map(|item| self.resource(item, role))
            .collect();
        named
            .into_iter()
            .flat_map(|name| self.everybody_in(name))
            .collect()
    }

    /// The resources that a name in a list stands for: all of a crowd, or the one.
    fn everybody_in(&self, name: String) -> Vec<String> {
        match self.crowds.get(&name) {
            Some(times) => (1..=*times)
                .map(|number| format!("{name}-{number}"))
                .collect(),
            None => vec![name],
        }
    }

    /// The name of a body in fixtures/; only a group's may get `members`.
    fn fixture(&mut self, node: &Node, members: Option<&Node>) -> String {
        let name = node.text().unwrap_or_default();
        match bodies::find(name) {
            None if !name.is_empty() => {
                self.problem(
                    node.spot,
                    format!(
                        "no such fixture: `{name}`{}",
                        super::did_you_mean(bodies::nearest(name))
                    ),
                );
            }
            Some(body) if !bodies::is_group(body) => {
                if let Some(members) = members {
                    self.problem(
                        members.spot,
                        format!("`{name}` is no group, and only groups have `members`"),
                    );
                }
            }
            _ => {}
        }
        name.to_owned()
    }

    /// References, each looked up in its list.
    fn refs(&mut self, node: Option<&Node>) -> Vec<String> {
        let mut refs: Vec<String> = Vec::new();
        for item in node.map(Node::items).unwrap_or_default() {
            let Some(text) = item.text() else { continue };
            match text.parse::<crate::data::Reference>() {
                Err(error) => self.problem(item.spot, error.to_string()),
                Ok(reference) if reference.resolve().is_none() => {
                    let near = crate::data::reference::nearest(text);
                    self.problem(
                        item.spot,
                        format!(
                            "`{text}` is in no list of fixtures/{}",
                            super::did_you_mean(near.as_deref())
                        ),
                    );
                }
                Ok(_) if refs.iter().any(|known| known == text) => {
                    self.problem(item.spot, format!("`{text}` stands here twice"));
                }
                Ok(_) => refs.push(text.to_owned()),
            }
        }
        refs
    }

    /// Flavours by name, each of which the profile must have.
    fn flavours(&mut self, node: Option<&Node>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for item in node.map(Node::items).unwrap_or_default() {
            let Some(name) = item.text() else { continue };
            if let Some(profile) = self.profile
                && !profile.flavours.iter().any(|flavour| flavour.id == name)
            {
                let near = super::nearest(
                    name,
                    profile.flavours.iter().map(|flavour| flavour.id.as_str()),
                );
                let tail = if profile.flavours.is_empty() {
                    "; it has none".to_owned()
                } else {
                    super::did_you_mean(near.as_deref())
                };
                self.problem(
                    item.spot,
                    format!("profile `{}` has no flavour `{name}`{tail}", profile.id),
                );
            } else if names.iter().any(|known| known == name) {
                self.problem(item.spot, format!("`{name}` stands here twice"));
            } else {
                names.push(name.to_owned());
            }
        }
        names
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.text().map(str::to_owned))
        .collect()
}

fn text(node: Option<&Node>) -> String {
    node.and_then(Node::text)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn severity(node: Option<&Node>) -> Option<Severity> {
    match node?.text()? {
        "blocker" => Some(Severity::Blocker),
        "violation" => Some(Severity::Violation),
        "warning" => Some(Severity::Warning),
        "info" => Some(Severity::Info),
        _ => None,
    }
}

fn certainty_level(node: Option<&Node>) -> Option<CertaintyLevel> {
    match node?.text()? {
        "documented" => Some(CertaintyLevel::Documented),
        "observed" => Some(CertaintyLevel::Observed),
        "inferred" => Some(CertaintyLevel::Inferred),
        _ => None,
    }
}

/// The start of an id part: `[A-Za-z0-9._-]`.
fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_kebab(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}
