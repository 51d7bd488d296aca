//! Two looks at one resource with no write in between must show the same, wherever the looks come from: the answer to a
//! write, a GET, an element of a list; and what nobody removed must still be there.
//!
//! This finds stale indices behind lists, attributes that only some answers leave out, writes that were answered and not kept,
//! and damage to bystanders, from exchanges that are made anyway. Only within a case, whose exchanges come in their order and
//! whose resources nobody else writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::book::{Fault, Rule};
use super::history::{Judged, Told};
use super::view::{Endpoint, View, cut, show};
use crate::results::Severity;
use crate::scim::{AttrPath, Difference, Returned, SchemaView, differences, is_unassigned, named};

const SAME: Rule = Rule {
    id: "rules/looks-agree",
    title: "A resource that nobody wrote on looks the same in every answer",
    severity: Severity::Warning,
    refs: &["rfc:7643-7-R18", "rfc:7644-3.4-R01"],
    breaks: &[],
    hint: "Answer POST, PUT, PATCH, GET and lists from the same state, with the same attributes; where an index serves lists, \
           bring it up to date before the write is answered.",
};

const STAYS: Rule = Rule {
    id: "rules/stays",
    title: "A resource stays until somebody removes it",
    severity: Severity::Violation,
    refs: &["rfc:7643-3.1-R04", "rfc:7644-3.4.1-R01"],
    breaks: &[],
    hint: "Remove nothing but the resource that a DELETE names.",
};

const TAGGED: Rule = Rule {
    id: "rules/version-header",
    title: "Where the version of a resource is its ETag, every answer that shows it has the header",
    severity: Severity::Warning,
    refs: &["rfc:7643-3.1-R20", "rfc:7644-3.14-R02"],
    breaks: &[],
    hint: "Send the entity tag with the answers to POST, PUT and PATCH as with those to GET.",
};

/// The rules that compare looks.
pub(super) const RULES: &[Rule] = &[SAME, STAYS, TAGGED];

/// Looks kept at the same time; cases remove what they made, and with it its looks.
const MOST: usize = 20_000;
/// The largest representation that is kept, in bytes.
const LARGEST: usize = 256 * 1024;

/// A case and a resource: number in the plan, endpoint, id.
type Key = (u64, String, String);

/// What was last known of a resource.
#[derive(Debug, Default)]
struct Look {
    /// The whole representation, where there was one since the last write.
    shown: Option<Arc<Value>>,
    /// When the last write was answered, and the time to settle was over; what was asked for before that says nothing.
    settled: f64,
    /// A GET has shown it.
    met: bool,
    /// It was deactivated, which some take for its end.
    leaves: bool,
}

/// A judgement that a write may still take back: one that was under way at the same time, and is told later.
#[derive(Debug)]
struct Pending {
    key: Key,
    ended: f64,
    rule: &'static str,
    told: Told,
}

/// The last looks at the resources of each case.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: BTreeMap<Key, Look>,
    faults: Vec<Pending>,
    /// Looks that agreed, by rule.
    held: Vec<&'static str>,
    /// Endpoints that have sent a version as ETag: those that do, support tags, whatever they declare.
    tagged: BTreeSet<String>,
    /// Answers with a version and no ETag, by endpoint.
    untagged: Vec<(String, Told)>,
    /// How long a target may take until everybody sees a write, in milliseconds.
    settle: f64,
}

impl Looks {
    /// Grants the target time after each write.
    pub(super) fn settle(&mut self, time: Duration) {
        self.settle = time.as_secs_f64() * 1_000.0;
    }

    /// Compares an exchange with the looks before it, and keeps what it shows.
    pub(super) fn note(&mut self, view: &View<'_>) {
        let order = view.seen.order;
        self.note_tag(view);
        match &view.endpoint {
            Endpoint::Resource { kind, id } => {
                let key = (order, kind.clone(), id.clone());
                if view.method == "GET" {
                    self.read(view, key);
                } else {
                    self.written(view, key);
                }
            }
            Endpoint::Collection(kind) if view.method == "POST" => {
                if let Some(id) = view.single().and_then(id_of) {
                    self.keep((order, kind.clone(), id.to_owned()), view, true);
                }
            }
            Endpoint::Collection(_) | Endpoint::Search => self.listed(view),
            // Who was written on is not told by the address.
            Endpoint::Bulk | Endpoint::Me if view.method != "GET" => self.forget(order),
            _ => {}
        }
    }

    /// What was found.
    pub(super) fn judge(&mut self) -> Vec<Judged> {
        let held = self.held.drain(..).map(|rule| (rule, None));
        let faults = self.faults.drain(..);
        let faults = faults.map(|pending| (pending.rule, Some(pending.told)));
        let tagged = std::mem::take(&mut self.tagged);
        let untagged = self.untagged.drain(..);
        let untagged = untagged.filter(|(kind, _)| tagged.contains(kind));
        held.chain(faults)
            .chain(untagged.map(|(_, told)| (TAGGED.id, Some(told))))
            .collect()
    }

    fn note_tag(&mut self, view: &View<'_>) {
        let meta = view.single().and_then(|resource| named(resource, "meta"));
        let version = meta.and_then(|meta| named(meta, "version")?.as_str());
        let (Some(version), Some(kind)) = (version, view.kind()) else {
            return;
        };
        match view.header("etag") {
            Some(tag) if tag.trim() == version => {
                self.held.push(TAGGED.id);
                if !self.tagged.contains(kind) {
                    self.tagged.insert(kind.to_owned());
                }
            }
            None if self.untagged.len() < MOST => {
                let fault = Fault {
                    message: format!(
                        "{} shows meta.version and has no ETag header, other answers have it",
                        view.method
                    ),
                    expected: format!("ETag: {}", cut(version)),
                    actual: "no ETag".to_owned(),
                    lawful_if_declared: None,
                };
                self.untagged.push((kind.to_owned(), told(view, fault)));
            }
            _ => {}
        }
    }

    fn read(&mut self, view: &View<'_>, key: Key) {
        if view.status == 404 {
            self.vanished(view, key);
            return;
        }
        let Some(shown) = view.single().filter(|_| !view.is_narrowed()) else {
            return;
        };
        self.compare(view, &key, shown);
        if self.last.contains_key(&key) {
            self.held.push(STAYS.id);
        }
        self.keep(key, view, true);
    }

    fn written(&mut self, view: &View<'_>, key: Key) {
        let started = view.seen.exchange.started_ms;
        self.faults
            .retain(|pending| pending.key != key || pending.ended < started);
        if view.status == 404 {
            // A body may speak of another resource, such as a member, and the 404 then be about that one; where POST is not
            // routed, it says nothing of who is there either.
            if view.method == "DELETE" {
                self.vanished(view, key);
            }
        } else if (400..500).contains(&view.status) {
            // A refused write has changed nothing.
        } else if view.method == "DELETE" {
            // References to it go as well.
            self.forget(view.seen.order);
        } else {
            self.keep(key, view, view.single().is_some() && !view.is_narrowed());
        }
    }

    fn listed(&mut self, view: &View<'_>) {
        if view.is_narrowed() {
            return;
        }
        let path = view
            .seen
            .exchange
            .url
            .strip_prefix(view.base_url)
            .unwrap_or_default();
        let kind = path
            .trim_start_matches('/')
            .split(['/', '?'])
            .next()
            .unwrap_or_default();
        for element in view.elements() {
            if let Some(id) = id_of(element) {
                self.compare(
                    view,
                    &(view.seen.order, kind.to_owned(), id.to_owned()),
                    element,
                );
            }
        }
    }

    /// Remembers the answer; `whole` where its body is the whole resource.
    fn keep(&mut self, key: Key, view: &View<'_>, whole: bool) {
        if self.last.len() >= MOST && !self.last.contains_key(&key) {
            return;
        }
        let exchange = view.seen.exchange;
        let look = self.last.entry(key).or_default();
        // What overlaps a write may show either state.
        let apart = exchange.started_ms >= look.settled;
        let small = view.seen.body.len() <= LARGEST;
        look.shown = view.seen.json.filter(|_| whole && small && apart).cloned();
        if view.method == "GET" {
            look.met = true;
        } else {
            let ended = exchange.started_ms + exchange.duration_ms + self.settle;
            look.settled = look.settled.max(ended);
            look.leaves = look.leaves || says_inactive(view);
        }
    }

    fn forget(&mut self, order: u64) {
        self.last.retain(|key, _| key.0 != order);
    }

    fn vanished(&mut self, view: &View<'_>, key: Key) {
        let Some(look) = self.last.remove(&key) else {
            return;
        };
        if look.met && !look.leaves && view.seen.exchange.started_ms >= look.settled {
            let message = format!(
                "{} of a resource in /{} that was there before was answered 404, and nobody had removed it",
                view.method, key.1
            );
            self.fault(STAYS, view, key, message, "the resource", "404");
        }
    }

    fn compare(&mut self, view: &View<'_>, key: &Key, shown: &Value) {
        let Some(look) = self.last.get(key) else {
            return;
        };
        let Some(before) = look.shown.as_ref() else {
            return;
        };
        if view.seen.exchange.started_ms < look.settled {
            return;
        }
        let found = differences(before, shown, &[], view.schema)
            .into_iter()
            .find(|difference| counts(difference, view.schema));
        let Some(difference) = found else {
            self.held.push(SAME.id);
            return;
        };
        let text = |value: Option<Value>| value.as_ref().map_or("nothing".to_owned(), show);
        let (before, after) = (text(difference.before), text(difference.after));
        let message = format!(
            "{} is {after}, and was {before} in the answer before; nobody wrote on the resource in between",
            difference.path.bare()
        );
        self.fault(SAME, view, key.clone(), message, &before, &after);
    }

    fn fault(
        &mut self,
        rule: Rule,
        view: &View<'_>,
        key: Key,
        message: String,
        expected: &str,
        actual: &str,
    ) {
        let fault = Fault {
            message,
            expected: expected.to_owned(),
            actual: actual.to_owned(),
            lawful_if_declared: None,
        };
        let exchange = view.seen.exchange;
        self.faults.push(Pending {
            key,
            ended: exchange.started_ms + exchange.duration_ms,
            rule: rule.id,
            told: told(view, fault),
        });
    }
}

fn told(view: &View<'_>, fault: Fault) -> Told {
    Told {
        place: (view.seen.order, view.seen.exchange.id),
        case: view.seen.case.to_owned(),
        fault,
    }
}

fn id_of(resource: &Value) -> Option<&str> {
    named(resource, "id")?.as_str()
}

/// The request speaks of `active` with a false value, whatever its form.
fn says_inactive(view: &View<'_>) -> bool {
    view.seen.sent.is_some_and(|sent| {
        let text = serde_json::to_string(sent).unwrap_or_default();
        let text = text.to_ascii_lowercase();
        text.contains("active") && (text.contains("false") || text.contains('0'))
    })
}

/// Whether a difference is one that no right server shows. What comes later than the write may be derived or filled in by
/// the server; what it once showed must not go or turn.
fn counts(difference: &Difference, schema: &SchemaView) -> bool {
    let Difference {
        path,
        before,
        after,
    } = difference;
    let bare = path.bare();
    let name = |segment: Option<&crate::scim::Segment>| {
        segment
            .map(|segment| segment.name.to_ascii_lowercase())
            .unwrap_or_default()
    };
    let (top, last) = (name(bare.segments.first()), name(bare.segments.last()));
    if matches!(
        top.as_str(),
        "" | "id" | "schemas" | "meta" | "groups" | "password"
    ) {
        return false;
    }
    let reference = matches!(top.as_str(), "members" | "manager");
    if reference && matches!(last.as_str(), "$ref" | "display" | "displayname" | "type") {
        return false;
    }
    let nothing = |value: &Option<Value>| {
        value
            .as_ref()
            .is_none_or(|value| is_unassigned(value) || value == &Value::Bool(false))
    };
    if nothing(before) && (nothing(after) || top != "members") {
        return false;
    }
    // A server may give each element that lacks one a type, or mark the first as primary.
    if last == "primary" && bare.segments.len() > 1 {
        return false;
    }
    let root = AttrPath {
        segments: bare.segments.iter().take(1).cloned().collect(),
        ..bare.clone()
    };
    [&root, &bare].into_iter().all(|path| {
        schema.attribute(path).is_some_and(|attribute| {
            !attribute.mutability.eq_ignore_ascii_case("readOnly")
                && matches!(attribute.returned, Returned::Default | Returned::Always)
        })
    })
}
