//! A walk through the pages of a list (RFC 7644 section 3.4.2.4, RFC 9865): every element once, none lost.
//!
//! Other people may use the tenant: what depends on a list that stands still is judged only where it stood still, that is
//! where the first and the last page name the same total.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::headers;
use super::case::Play;
use super::record::{Heard, Outgoing};
use super::resource::id_of;
use crate::expect::{Judged, evaluate};
use crate::scim::named;
use crate::suite::model::{Credential, Expect, ListExpect, Walk, WalkStyle};
use crate::suite::template::{Position, Template};

/// Pages asked for at most: a list without end, or next pages that lead in circles, must not hold the run.
const MOST_PAGES: u32 = 200;

/// A list that would take more pages than this is a crowded tenant's: from the second page on it is read in wide ones, as
/// identity providers do, or a few thousand people would cost thousands of requests.
const SMALL_PAGES: u64 = 20;
const WIDE: u32 = 100;

/// How often a list that changed under the walk is walked anew.
const MOST_WALKS: u32 = 3;

/// What the pages showed.
#[derive(Debug, Default)]
struct Seen {
    /// Id -> how often it was met.
    met: BTreeMap<String, u32>,
    elements: u64,
    totals: Vec<u64>,
    pages: u32,
    ended: bool,
    /// What was wrong with a page's form, with its length, with its numbers.
    form: Option<(Judged, Heard)>,
    long: Option<(String, Heard)>,
    numbers: Option<(String, Heard)>,
    cursors: Vec<String>,
    /// Elements asked for on the last page.
    asked: u32,
    last: Option<Heard>,
}

impl Seen {
    /// Nobody came or went between the first page and the last, as far as the totals tell.
    fn stood_still(&self) -> bool {
        self.totals.windows(2).all(|pair| pair[0] == pair[1])
    }
}

impl Play {
    /// Plays a walk.
    pub(super) async fn walk(&mut self, walk: &Walk) {
        self.know_all().await;
        let filled = Template::parse(&walk.target).and_then(|template| {
            template.render(
                &self.scope(&walk.id),
                Position::Target(self.planned.profile.query),
            )
        });
        let target = match filled {
            Ok(target) => target,
            Err(error) => {
                return self.not_played(
                    &walk.id,
                    walk.severity,
                    &error.to_string(),
                    self.refused_write.clone(),
                );
            }
        };
        let mut seen = Seen::default();
        for _ in 0..MOST_WALKS {
            seen = Seen::default();
            if !self.all_pages(walk, &target, &mut seen).await {
                let why = self.ended.clone().unwrap_or_default();
                return self.not_played(&walk.id, walk.severity, &why, None);
            }
            if seen.stood_still() {
                break;
            }
        }
        self.conclude_walk(walk, &target, seen).await;
    }

    /// Walks once. False where the run ends.
    async fn all_pages(&mut self, walk: &Walk, target: &str, seen: &mut Seen) -> bool {
        let mut next = match walk.style {
            WalkStyle::Index => Some("startIndex=1".to_owned()),
            WalkStyle::Cursor => Some("cursor=".to_owned()),
        };
        while let Some(position) = next.take() {
            if self.ends() {
                return false;
            }
            if seen.pages >= MOST_PAGES {
                break;
            }
            let crowded = seen
                .totals
                .first()
                .is_some_and(|total| *total > u64::from(walk.count) * SMALL_PAGES);
            // A cursor may hold only for the page size that it was made for (RFC 9865 section 2.1).
            seen.asked = if crowded && walk.style == WalkStyle::Index {
                walk.count.max(WIDE)
            } else {
                walk.count
            };
            let heard = self.page(target, &position, seen.asked, &walk.id).await;
            next = self.take_page(walk, seen, heard);
        }
        true
    }

    async fn page(&mut self, target: &str, position: &str, count: u32, step: &str) -> Heard {
        let joint = if target.contains('?') { '&' } else { '?' };
        let out = Outgoing {
            step: step.to_owned(),
            method: "GET".to_owned(),
            target: format!("{target}{joint}{position}&count={count}"),
            headers: headers(&self.planned.profile, false, &[]),
            body: None,
            credential: Credential::Target,
        };
        let deadline = self.shared.context.deadline;
        self.wire.send(out, deadline).await
    }

    /// Takes a page in. Returns the position of the next.
    fn take_page(&self, walk: &Walk, seen: &mut Seen, heard: Heard) -> Option<String> {
        seen.pages += 1;
        let wanted = Expect {
            status: vec![200],
            list: Some(ListExpect::default()),
            ..Expect::default()
        };
        let wrong = evaluate(
            &wanted,
            &heard.answer(),
            &self.view(),
            &self.shared.context.schema,
        )
        .into_iter()
        .find(|judged| !judged.is_held());
        if let Some(judged) = wrong {
            seen.form = Some((judged, heard));
            return None;
        }
        let json = heard.received.json.clone().unwrap_or_default();
        let empty = Vec::new();
        let resources = named(&json, "Resources")
            .and_then(Value::as_array)
            .unwrap_or(&empty);
        for id in resources.iter().filter_map(id_of) {
            *seen.met.entry(id).or_default() += 1;
        }
        let start = seen.elements + 1;
        let count = resources.len() as u64;
        seen.elements += count;
        let number = |name: &str| named(&json, name).and_then(Value::as_u64);
        if let Some(total) = number("totalResults") {
            seen.totals.push(total);
        }
        if count > u64::from(seen.asked) && seen.long.is_none() {
            seen.long = Some((
                format!(
                    "a page of {} was asked for, {count} elements came",
                    seen.asked
                ),
                heard.clone(),
            ));
        }
        if walk.style == WalkStyle::Index
            && seen.numbers.is_none()
            && let Some(said) = number("startIndex")
            && said != start
            && count > 0
        {
            seen.numbers = Some((
                format!("startIndex={start} was asked for, startIndex {said} came back"),
                heard.clone(),
            ));
        }
        let next = match walk.style {
            WalkStyle::Index => {
                let total = number("totalResults").unwrap_or(0);
                if count == 0 || seen.elements >= total {
                    seen.ended = true;
                    None
                } else {
                    Some(format!("startIndex={}", seen.elements + 1))
                }
            }
            WalkStyle::Cursor => match named(&json, "nextCursor")
                .and_then(Value::as_str)
                .filter(|c| !c.is_empty())
            {
                None => {
                    seen.ended = true;
                    None
                }
                Some(cursor) if seen.cursors.iter().any(|known| known == cursor) => {
                    seen.numbers = Some((
                        "nextCursor leads back to a page that was read already".to_owned(),
                        heard.clone(),
                    ));
                    None
                }
                Some(cursor) => {
                    seen.cursors.push(cursor.to_owned());
                    Some(format!(
                        "cursor={}",
                        crate::scim::encode_path_segment(cursor)
                    ))
                }
            },
        };
        seen.last = Some(heard);
        next
    }

    /// Who has to be on a page, under the name of the check: each by itself, and a crowd as one.
    fn wanted_on_pages<'w>(&self, walk: &'w Walk) -> Vec<(String, Vec<&'w String>)> {
        let crowd_of = |name: &String| {
            let given = self.planned.case.given.iter();
            given
                .filter(|given| given.name == *name)
                .find_map(|given| given.crowd.clone())
        };
        let mut wanted: Vec<(String, Vec<&String>)> = Vec::new();
        for name in &walk.has {
            let crowd = crowd_of(name);
            match (wanted.last_mut(), &crowd) {
                (Some((label, names)), Some(crowd)) if label == crowd => names.push(name),
                _ => wanted.push((crowd.unwrap_or_else(|| name.clone()), vec![name])),
            }
        }
        wanted
    }

    fn id_of_resource(&self, name: &str) -> Option<String> {
        let known = self.resources.iter().rev().find(|one| one.name == name);
        known.and_then(|one| one.id.clone())
    }

    async fn conclude_walk(&mut self, walk: &Walk, target: &str, seen: Seen) {
        let id = |what: &str| format!("{}.{what}", walk.id);
        let mut list = self.checks.part(&id("list"), walk.severity);
        if let Some((judged, heard)) = seen.form {
            list.ruling = judged.ruling;
            let cause = self.checks.add(list, Some(&heard));
            for (label, _) in self.wanted_on_pages(walk) {
                let part = self
                    .checks
                    .part(&id(&format!("has.{label}")), walk.severity);
                self.checks
                    .add_errored(part, "the walk broke off".to_owned(), cause.clone(), None);
            }
            return;
        }
        let whole = seen.ended && seen.stood_still();
        let last = seen.last;
        self.checks.add(list, last.as_ref());
        // No page can be too long where the first one had room for all: there is nothing to check.
        let fitted = seen.pages <= 1 && seen.elements <= u64::from(walk.count);
        for (what, wrong) in [("count", seen.long), ("numbers", seen.numbers)] {
            let mut part = self.checks.part(&id(what), walk.severity);
            match wrong {
                Some((message, heard)) => {
                    part.ruling = Judged::broken(what, message, "", "").ruling;
                    self.checks.add(part, Some(&heard));
                }
                None if what == "count" && fitted => {}
                None => {
                    self.checks.add(part, last.as_ref());
                }
            }
        }
        let why = if seen.ended {
            "the total changed from page to page: somebody else uses the list"
        } else {
            "the list has more pages than are walked"
        };
        let twice: Vec<&String> = seen
            .met
            .iter()
            .filter(|(_, times)| **times > 1)
            .map(|(id, _)| id)
            .collect();
        let mut once = self.checks.part(&id("once"), walk.severity);
        match (twice.first(), whole) {
            (None, _) => {
                self.checks.add(once, last.as_ref());
            }
            (Some(first), true) => {
                once.ruling = Judged::broken(
                    "once",
                    format!(
                        "{} elements came on more than one page, such as {first}",
                        twice.len()
                    ),
                    "each element on one page",
                    "",
                )
                .ruling;
                self.checks.add(once, last.as_ref());
            }
            (Some(_), false) => self.checks.add_skipped(once, why.to_owned(), last.as_ref()),
        }
        for (label, names) in self.wanted_on_pages(walk) {
            let mut part = self
                .checks
                .part(&id(&format!("has.{label}")), walk.severity);
            let mut off: Vec<String> = Vec::new();
            let mut missing = None;
            for name in names {
                match self.id_of_resource(name) {
                    None => missing = missing.or(Some(name)),
                    Some(wanted) if seen.met.contains_key(&wanted) => {}
                    Some(wanted) => off.push(format!("{name} ({wanted})")),
                }
            }
            if let Some(name) = missing {
                let cause = self.missing.get(name).cloned().flatten();
                self.checks
                    .add_errored(part, format!("{name} does not exist"), cause, None);
                continue;
            }
            match (off.as_slice(), whole) {
                ([], _) => {
                    self.checks.add(part, last.as_ref());
                }
                ([first, others @ ..], true) => {
                    let others = match others.len() {
                        0 => String::new(),
                        more => format!(", and so are {more} others of {label}"),
                    };
                    part.ruling = Judged::broken(
                        "has",
                        format!("{first} is on no page{others}"),
                        "on one page",
                        "",
                    )
                    .ruling;
                    self.checks.add(part, last.as_ref());
                }
                (_, false) => {
                    self.checks
                        .add_errored(part, why.to_owned(), None, last.as_ref());
                }
            }
        }
        let mut total = self.checks.part(&id("total"), walk.severity);
        match seen.totals.first() {
            Some(said) if whole && *said != seen.elements => {
                total.ruling = Judged::broken(
                    "total",
                    format!(
                        "totalResults says {said}, the pages hold {} elements",
                        seen.elements
                    ),
                    said.to_string(),
                    seen.elements.to_string(),
                )
                .ruling;
                self.checks.add(total, last.as_ref());
            }
            Some(_) if whole => {
                self.checks.add(total, last.as_ref());
            }
            // Cursor paging may leave the total out (RFC 9865 section 2).
            None if walk.style == WalkStyle::Cursor => {}
            _ => self
                .checks
                .add_skipped(total, why.to_owned(), last.as_ref()),
        }
        if walk.beyond && walk.style == WalkStyle::Index && whole {
            let mut part = self.checks.part(&id("beyond"), walk.severity);
            let heard = self
                .page(
                    target,
                    &format!("startIndex={}", seen.elements + 1),
                    walk.count,
                    &walk.id,
                )
                .await;
            let json = heard.received.json.clone().unwrap_or_default();
            let count = named(&json, "Resources")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            if heard.status() != Some(200) || count > 0 {
                part.ruling = Judged::broken(
                    "beyond",
                    format!(
                        "the page after the last answered {} with {count} elements",
                        heard
                            .status()
                            .map_or_else(|| "nothing".to_owned(), |status| status.to_string())
                    ),
                    "200 with no elements",
                    "",
                )
                .ruling;
            }
            self.checks.add(part, Some(&heard));
        }
    }
}
