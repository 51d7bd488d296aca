//! Follows a case from its given resources through its steps, once for each flavour: is every name known by the time it
//! is used, is every captured value and every column used, is nothing expected of a resource that is gone?

use std::collections::{BTreeMap, BTreeSet};

use super::super::problem::{did_you_mean, nearest};
use super::super::report::FileReport;
use super::super::template::Variable;
use super::super::tree::Spot;
use super::case::Columns;
use super::mentions::{Mentions, Role};
use crate::scim::AttrPath;

/// Names that every case has. `row` is among them where there are rows.
const FRESH: [&str; 5] = ["unique", "guid", "hex24", "alnum17", "digits9"];
const FIXED: [&str; 3] = ["run", "base", "flavour"];

/// One request, as far as names are concerned.
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) id_spot: Spot,
    pub(super) only: Vec<String>,
    pub(super) only_spot: Option<Spot>,
    /// What is known before it is sent.
    pub(super) request: Mentions,
    pub(super) makes: Option<(String, Spot)>,
    pub(super) captures: Vec<(String, Spot)>,
    /// What may also use this request's own captures and resource.
    pub(super) answer: Mentions,
}

/// A case as far as names are concerned.
pub(super) struct Flow {
    columns: Vec<Columns>,
    given: Vec<(String, Spot, Mentions)>,
    /// Name and number of the crowds.
    crowds: BTreeMap<String, u32>,
    /// Each inner list is sent at the same time.
    steps: Vec<Vec<Piece>>,
}

/// What is known at some point of one flavour's way.
#[derive(Default)]
struct Known {
    /// Resource -> the line in which it went, if it did.
    resources: BTreeMap<String, Option<u32>>,
    captures: BTreeSet<String>,
    flavour: Option<String>,
}

/// What was used in any flavour.
#[derive(Default)]
struct Used {
    captures: BTreeSet<String>,
    columns: BTreeSet<String>,
}

/// What is wrong on one flavour's way, each thing once.
#[derive(Default)]
struct Found {
    problems: Vec<(Spot, String)>,
}

impl Found {
    fn add(&mut self, spot: Spot, message: impl Into<String>) {
        let problem = (spot, message.into());
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// What is wrong on any way; where it is not wrong on all of them, with the flavours in which it is.
fn merged(by_flavour: &[(Option<&str>, Found)]) -> Found {
    let mut all = Found::default();
    for (spot, message) in by_flavour.iter().flat_map(|(_, found)| &found.problems) {
        let of = |found: &Found| {
            found
                .problems
                .iter()
                .any(|(at, other)| at == spot && other == message)
        };
        let flavours: Vec<&str> = by_flavour
            .iter()
            .filter(|(_, found)| of(found))
            .filter_map(|(flavour, _)| *flavour)
            .collect();
        if flavours.len() == by_flavour.len() || flavours.is_empty() {
            all.add(*spot, message.clone());
        } else {
            all.add(
                *spot,
                format!("{message} (in flavour {})", flavours.join(", ")),
            );
        }
    }
    all
}

impl Flow {
    pub(super) fn new(columns: Vec<Columns>) -> Self {
        Self {
            columns,
            given: Vec::new(),
            crowds: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn given(&mut self, name: &str, spot: Spot, mentions: Mentions) {
        self.given.push((name.to_owned(), spot, mentions));
    }

    /// Resources `NAME-1` to `NAME-times`.
    pub(super) fn crowd(&mut self, name: &str, times: u32, spot: Spot, mentions: Mentions) {
        self.given(name, spot, mentions);
        self.crowds.insert(name.to_owned(), times);
    }

    /// The crowd that `NAME-7` is of, or `NAME-#` in what is repeated.
    fn crowd_with(&self, name: &str) -> Option<&str> {
        let (crowd, number) = name.rsplit_once('-')?;
        let (crowd, times) = self.crowds.get_key_value(crowd)?;
        let fits = number == "#"
            || number
                .parse::<u32>()
                .is_ok_and(|number| (1..=*times).contains(&number));
        fits.then_some(crowd.as_str())
    }

    pub(super) fn step(&mut self, pieces: Vec<Piece>) {
        self.steps.push(pieces);
    }

    /// Goes the way of each flavour (`None`: of the case without one).
    pub(super) fn follow(&self, flavours: &[Option<String>], report: &mut FileReport<'_>) {
        let mut used = Used::default();
        let mut by_flavour = Vec::new();
        for flavour in flavours {
            let mut found = Found::default();
            self.follow_one(flavour.as_deref(), &mut used, &mut found);
            by_flavour.push((flavour.as_deref(), found));
        }
        let mut found = merged(&by_flavour);
        self.check_only(flavours, &mut found);
        self.check_unused(&used, &mut found);
        for (spot, message) in found.problems {
            report.add(spot, message);
        }
    }

    fn check_unused(&self, used: &Used, found: &mut Found) {
        for (name, spot) in self
            .steps
            .iter()
            .flatten()
            .flat_map(|piece| &piece.captures)
        {
            if !used.captures.contains(name) {
                found.add(*spot, format!("`{name}` is captured but never used"));
            }
        }
        let mut reported = BTreeSet::new();
        for (name, spot) in self.columns.iter().flat_map(|row| &row.names) {
            if name != "id" && !used.columns.contains(name) && reported.insert(name) {
                found.add(
                    *spot,
                    format!("no text of the case uses the column `{name}` as {{{{row.{name}}}}}"),
                );
            }
        }
    }

    fn check_only(&self, flavours: &[Option<String>], found: &mut Found) {
        for piece in self.steps.iter().flatten() {
            let Some(spot) = piece.only_spot else {
                continue;
            };
            if piece.only.is_empty() {
                continue;
            }
            for flavour in &piece.only {
                if !flavours
                    .iter()
                    .any(|played| played.as_ref() == Some(flavour))
                {
                    found.add(
                        spot,
                        format!("the case is not played in flavour `{flavour}`"),
                    );
                }
            }
        }
    }

    fn follow_one(&self, flavour: Option<&str>, used: &mut Used, found: &mut Found) {
        let mut known = Known {
            flavour: flavour.map(str::to_owned),
            ..Known::default()
        };
        for (name, spot, mentions) in &self.given {
            check_name(name, *spot, found);
            self.look_at(mentions, &known, used, found);
            known.resources.insert(name.clone(), None);
        }
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for pieces in &self.steps {
            let played: Vec<&Piece> = pieces
                .iter()
                .filter(|piece| {
                    piece.only.is_empty()
                        || flavour
                            .is_some_and(|flavour| piece.only.iter().any(|only| only == flavour))
                })
                .collect();
            for piece in &played {
                if !ids.insert(&piece.id) {
                    found.add(
                        piece.id_spot,
                        format!("step id `{}` is used twice", piece.id),
                    );
                }
                self.look_at(&piece.request, &known, used, found);
            }
            for piece in &played {
                if let Some((name, spot)) = &piece.makes {
                    check_name(name, *spot, found);
                    if known.resources.get(name) == Some(&None) {
                        found.add(*spot, format!("the case has a resource `{name}` already"));
                    }
                    known.resources.insert(name.clone(), None);
                }
                for (name, spot) in &piece.captures {
                    check_name(name, *spot, found);
                    if known.resources.contains_key(name) {
                        found.add(
                            *spot,
                            format!("`{name}` is the name of a resource of this case"),
                        );
                    }
                    known.captures.insert(name.clone());
                }
            }
            for piece in &played {
                self.look_at(&piece.answer, &known, used, found);
            }
            for (name, spot, role) in played.iter().flat_map(|piece| &piece.answer.resources) {
                if *role == Role::Gone && known.resources.get(name) == Some(&None) {
                    known.resources.insert(name.clone(), Some(spot.line));
                }
            }
        }
    }

    fn look_at(&self, mentions: &Mentions, known: &Known, used: &mut Used, found: &mut Found) {
        for (variable, spot) in &mentions.variables {
            self.variable(variable, *spot, known, used, found);
        }
        for (name, spot, role) in &mentions.resources {
            let name = self.crowd_with(name).unwrap_or(name);
            match (known.resources.get(name), role) {
                (None, _) => {
                    let near = nearest(name, known.resources.keys().map(String::as_str));
                    found.add(
                        *spot,
                        format!(
                            "no such resource here: `{name}`{}",
                            did_you_mean(near.as_deref())
                        ),
                    );
                }
                (Some(Some(line)), Role::There | Role::Changes) => {
                    found.add(
                        *spot,
                        format!(
                            "`{name}` is gone since line {line}, and nothing can be expected of it"
                        ),
                    );
                }
                _ => {}
            }
        }
    }

    fn variable(
        &self,
        variable: &Variable,
        spot: Spot,
        known: &Known,
        used: &mut Used,
        found: &mut Found,
    ) {
        let (root, rest) = (variable.root(), variable.rest());
        if self.crowds.contains_key(root) {
            found.add(
                spot,
                format!("`{root}` is a crowd: say which of them, such as {{{{{root}-1.id}}}}, or {{{{{root}-#.id}}}} in a $repeat"),
            );
            return;
        }
        let root = self.crowd_with(root).unwrap_or(root);
        if FRESH.contains(&root) {
            return;
        }
        if root == "flavour" && known.flavour.is_none() {
            found.add(
                spot,
                "the case is played without a flavour, so `{{flavour}}` has no value",
            );
        } else if FIXED.contains(&root) {
            if !rest.is_empty() {
                found.add(
                    spot,
                    format!("`{{{{{root}}}}}` has no parts: `{rest}` names nothing"),
                );
            }
        } else if root == "row" {
            self.column(rest, spot, used, found);
        } else if known.resources.contains_key(root) {
            check_part(root, rest, spot, found);
        } else if known.captures.contains(root) {
            used.captures.insert(root.to_owned());
            if !rest.is_empty() {
                found.add(
                    spot,
                    format!("`{root}` is a captured value without parts: `{rest}` names nothing"),
                );
            }
        } else {
            found.add(spot, self.unknown(root));
        }
    }

    fn unknown(&self, root: &str) -> String {
        let pieces = || self.steps.iter().flatten();
        let made = pieces()
            .filter_map(|piece| piece.makes.as_ref())
            .map(|(name, _)| name);
        let captured = pieces()
            .flat_map(|piece| &piece.captures)
            .map(|(name, _)| name);
        let later = made
            .clone()
            .chain(captured.clone())
            .chain(self.given.iter().map(|(name, ..)| name));
        if later.clone().any(|name| name == root) {
            return format!("`{root}` has no value yet at this point");
        }
        let names = later
            .map(String::as_str)
            .chain(FRESH)
            .chain(FIXED)
            .chain(["row"]);
        let near = nearest(root, names);
        format!(
            "nothing here is called `{root}`{}",
            did_you_mean(near.as_deref())
        )
    }

    fn column(&self, name: &str, spot: Spot, used: &mut Used, found: &mut Found) {
        if self.columns.is_empty() {
            found.add(spot, "the case has no `rows`");
            return;
        }
        used.columns.insert(name.to_owned());
        let lacking: Vec<&Columns> = self
            .columns
            .iter()
            .filter(|row| !row.names.iter().any(|(column, _)| column == name))
            .collect();
        if lacking.len() == self.columns.len() {
            let columns = self
                .columns
                .iter()
                .flat_map(|row| &row.names)
                .map(|(column, _)| column.as_str());
            let near = nearest(name, columns);
            found.add(
                spot,
                format!(
                    "no row has a column `{name}`{}",
                    did_you_mean(near.as_deref())
                ),
            );
        } else {
            for row in lacking {
                found.add(
                    row.spot,
                    format!(
                        "row `{}` lacks the column `{name}`, which the case uses",
                        row.row
                    ),
                );
            }
        }
    }
}

/// What follows a resource's name in a template: a SCIM path, of what was sent or, behind `server`, of what came back.
fn check_part(root: &str, rest: &str, spot: Spot, found: &mut Found) {
    if rest.is_empty() {
        found.add(
            spot,
            format!(
                "`{{{{{root}}}}}` is a whole resource: say which part, such as {{{{{root}.id}}}}"
            ),
        );
        return;
    }
    let path = rest.strip_prefix("server.").unwrap_or(rest);
    if let Err(error) = AttrPath::parse(path) {
        found.add(
            spot,
            format!("`{path}` in `{{{{{root}.{rest}}}}}` is not a SCIM path: {error}"),
        );
    }
}

fn check_name(name: &str, spot: Spot, found: &mut Found) {
    if FRESH.contains(&name) || FIXED.contains(&name) || name == "row" {
        found.add(
            spot,
            format!("`{name}` has a meaning of its own; choose another name"),
        );
        return;
    }
    let mut letters = name.bytes();
    let starts_well = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
    if !starts_well || !letters.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        found.add(
            spot,
            format!("`{name}` cannot be a name: a letter, then letters, digits, `_` and `-`"),
        );
    }
}
