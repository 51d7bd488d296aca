//! A case: who it is, when it is played, what it makes first.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::model::{Case, Given, Row, Step};
use super::super::tree::{Node, Spot};
use super::flow::Flow;
use super::mentions::{Mentions, Role};
use super::uses::Uses;
use super::{Builder, certainty_level, is_kebab, is_slug, severity, text, texts};
use crate::results::{Certainty, CertaintyLevel, Severity};

/// People that one case makes at most: more than that is a test of nothing that an identity provider does.
const MOST_OF_A_CROWD: u32 = 1000;

/// What cases of a suite have that don't say otherwise.
pub(super) struct Defaults<'n> {
    node: Option<&'n Node>,
    refs: Vec<String>,
    severity: Severity,
    certainty: Certainty,
    is_rfc: bool,
}

impl<'n> Defaults<'n> {
    pub(super) fn read(
        builder: &mut Builder<'_, '_>,
        node: Option<&'n Node>,
        profile: &str,
    ) -> Self {
        let get = |key: &str| node.and_then(|node| node.get(key));
        let is_rfc = profile == "rfc";
        let level = if is_rfc {
            CertaintyLevel::Documented
        } else {
            CertaintyLevel::Observed
        };
        let certainty = Certainty {
            shape: level,
            need: level,
        };
        Self {
            node,
            refs: builder.refs(get("refs")),
            severity: severity(get("severity")).unwrap_or(if is_rfc {
                Severity::Violation
            } else {
                Severity::Blocker
            }),
            certainty: certainty_of(get("certainty"), certainty),
            is_rfc,
        }
    }

    /// The case's own value, or the suite's.
    fn or<'m>(&'m self, case: &'m Node, key: &str) -> Option<&'m Node> {
        case.get(key)
            .or_else(|| self.node.and_then(|node| node.get(key)))
    }
}

fn certainty_of(node: Option<&Node>, fallback: Certainty) -> Certainty {
    let get = |key: &str| certainty_level(node.and_then(|node| node.get(key)));
    Certainty {
        shape: get("shape").unwrap_or(fallback.shape),
        need: get("need").unwrap_or(fallback.need),
    }
}

impl Builder<'_, '_> {
    pub(super) fn case(&mut self, node: &Node, defaults: &Defaults<'_>) -> Case {
        let id = self.case_id(node);
        let title = text(node.get("title"));
        let flavours_node = defaults.or(node, "flavours");
        let every_flavour_alike = flavours_node.and_then(Node::text) == Some("none");
        let flavours = self.flavours(flavours_node);
        if let Some(empty) =
            flavours_node.filter(|node| node.items().is_empty() && node.text().is_none())
        {
            self.problem(
                empty.spot,
                "`flavours` is empty: leave it out for all of them, or say `none`",
            );
        }
        let hint = text(defaults.or(node, "hint"));
        let severity = severity(node.get("severity")).unwrap_or(defaults.severity);
        let refs = self.case_refs(node, defaults);
        let when = when(defaults.or(node, "when"));
        self.needs(node, defaults);
        let (rows, columns) = self.rows(node.get("rows"));
        let mut flow = Flow::new(columns);
        let given = self.given(node.get("given"), &mut flow);
        let steps = self.steps(node, &mut flow);
        let played: Vec<Option<String>> = match self.profile {
            Some(profile) if !every_flavour_alike && !profile.flavours.is_empty() => profile
                .flavours
                .iter()
                .map(|flavour| &flavour.id)
                .filter(|id| flavours.is_empty() || flavours.contains(id))
                .map(|id| Some(id.clone()))
                .collect(),
            _ => vec![None],
        };
        flow.follow(&played, self.report);
        if node
            .get("steps")
            .is_some_and(|steps| steps.items().is_empty())
        {
            self.problem(node.spot, "the case has no steps");
        } else if !steps.iter().any(checks_something) {
            self.problem(
                node.spot,
                "the case expects nothing: no step has `expect`, `also` or `changes`",
            );
        }
        let uses = texts(defaults.or(node, "uses"));
        let needs = texts(defaults.or(node, "needs"));
        self.says_what_it_uses(
            node.spot,
            &Uses {
                given: &given,
                steps: &steps,
                uses: &uses,
                needs: &needs,
                when: &when,
            },
        );
        if hint.is_empty() && severity > Severity::Info {
            self.problem(
                node.spot,
                "the case needs a `hint`: how to mend a server that fails",
            );
        }
        Case {
            id,
            title,
            why: text(defaults.or(node, "why")),
            hint,
            severity,
            certainty: certainty_of(node.get("certainty"), defaults.certainty),
            refs,
            flavours,
            every_flavour_alike,
            core: flag(node, "core"),
            needs,
            uses,
            when,
            // Pages shift under a walk when other cases make and remove resources meanwhile.
            exclusive: flag(node, "exclusive") || steps.iter().any(|s| matches!(s, Step::Walk(_))),
            hostile: flag(node, "hostile"),
            opt_in: flag(node, "opt_in"),
            rows,
            given,
            steps,
            place: self.report.place(node.spot),
        }
    }

    fn case_id(&mut self, node: &Node) -> String {
        let Some(at) = node.get("id") else {
            return String::new();
        };
        let id = text(Some(at));
        if !id.is_empty() && !is_kebab(&id) {
            self.problem(
                at.spot,
                format!("case id `{id}` is not kebab-case: only a-z, 0-9 and single hyphens"),
            );
        }
        id
    }

    /// The case's references and, behind them, those of the suite's defaults. A case without a source is a slip.
    fn case_refs(&mut self, node: &Node, defaults: &Defaults<'_>) -> Vec<String> {
        let mut refs = self.refs(node.get("refs"));
        let own = refs.len();
        refs.extend(
            defaults
                .refs
                .iter()
                .filter(|inherited| !refs[..own].contains(inherited))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let written = node.get("refs").map_or(0, |node| node.items().len());
        if refs.is_empty() && written == 0 {
            self.problem(
                node.spot,
                "the case needs `refs`: where it comes from (rfc:, quirk:, gate:, defect:, url:)",
            );
        }
        refs
    }

    fn needs(&mut self, node: &Node, defaults: &Defaults<'_>) {
        let reads = self
            .profile
            .is_some_and(|profile| profile.reads_declarations);
        if defaults.is_rfc || reads {
            return;
        }
        if let Some(needs) = defaults.or(node, "needs") {
            self.problem(
                needs.spot,
                "`needs` is for rfc suites only: this identity provider doesn't read what a target declares (say `uses`)",
            );
        }
    }

    fn rows(&mut self, node: Option<&Node>) -> (Vec<Row>, Vec<Columns>) {
        let mut rows: Vec<Row> = Vec::new();
        let mut columns = Vec::new();
        if let Some(node) = node.filter(|node| node.items().is_empty()) {
            self.problem(node.spot, "`rows` is empty: the case would never be played");
        }
        for item in node.map(Node::items).unwrap_or_default() {
            let Some(id_node) = item.get("id") else {
                continue;
            };
            let id = text(Some(id_node));
            if !id.is_empty() && (!is_slug(&id) || id.contains('.')) {
                self.problem(
                    id_node.spot,
                    format!("row id `{id}`: only letters, digits, `-` and `_`"),
                );
            }
            if rows.iter().any(|row| row.id == id) {
                self.problem(id_node.spot, format!("row id `{id}` is used twice"));
            }
            let mut values = BTreeMap::new();
            for entry in item.entries().iter().filter(|entry| entry.key != "id") {
                values.insert(entry.key.clone(), entry.value.to_json());
                self.note_json(&entry.value);
            }
            let mentions = self.take_mentions();
            if let Some((variable, spot)) = mentions.variables.into_iter().next() {
                self.problem(
                    spot,
                    format!(
                        "a row holds plain values; `{{{{{}}}}}` would not be filled in",
                        variable.name
                    ),
                );
            }
            columns.push(Columns {
                row: id.clone(),
                spot: item.spot,
                names: item
                    .entries()
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.spot))
                    .collect(),
            });
            rows.push(Row { id, values });
        }
        (rows, columns)
    }

    fn given(&mut self, node: Option<&Node>, flow: &mut Flow) -> Vec<Given> {
        let mut all = Vec::new();
        self.crowds.clear();
        for entry in node.map(Node::entries).unwrap_or_default() {
            let value = &entry.value;
            let fixture = match value.get("fixture") {
                Some(fixture) => self.fixture(fixture, value.get("members")),
                None if value.is_map() => String::new(),
                None => self.fixture(value, None),
            };
            let given = Given {
                name: entry.key.clone(),
                fixture,
                set: self.settings(value.get("set")),
                without: self.paths_of(value.get("without")),
                members: self.resources(value.get("members"), Role::There),
                crowd: None,
                place: self.report.place(entry.spot),
            };
            let mentions: Mentions = self.take_mentions();
            match value.get("times") {
                None => {
                    flow.given(&given.name, entry.spot, mentions);
                    all.push(given);
                }
                Some(times) => {
                    let times = self.crowd_of(times);
                    flow.crowd(&given.name, times, entry.spot, mentions);
                    all.extend((1..=times).map(|number| Given {
                        name: format!("{}-{number}", given.name),
                        crowd: Some(given.name.clone()),
                        ..given.clone()
                    }));
                    self.crowds.insert(given.name, times);
                }
            }
        }
        all
    }

    fn crowd_of(&mut self, times: &Node) -> u32 {
        let number = times.count().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| (2..=MOST_OF_A_CROWD).contains(number)) {
            Some(number) => number,
            None => {
                self.problem(
                    times.spot,
                    format!("a crowd is 2 to {MOST_OF_A_CROWD} resources"),
                );
                2
            }
        }
    }
}

/// The columns that one row has, `id` among them.
pub(super) struct Columns {
    pub(super) row: String,
    pub(super) spot: Spot,
    pub(super) names: Vec<(String, Spot)>,
}

fn when(node: Option<&Node>) -> BTreeMap<String, Value> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .map(|entry| (entry.key.clone(), entry.value.to_json()))
        .collect()
}

fn flag(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::boolean).unwrap_or_default()
}

fn checks_something(step: &Step) -> bool {
    use super::super::model::{Expect, Send};
    let send_checks = |send: &Send| {
        send.expect != Expect::default() || !send.also.is_empty() || send.changes.is_some()
    };
    match step {
        Step::Send(send) => send_checks(send),
        Step::Together(sends) => sends.iter().any(send_checks),
        Step::Walk(_) => true,
    }
}
