//! Whole states: what a request was to change, and that nothing else did.
//!
//! This one comparison finds lost siblings, stray keys, doubled elements and damage that no check was written for. What a
//! server may change by itself is decided in `lawful`, keys that stand where none belong are found in `stray`.

use serde_json::Value;

use super::lawful::Lawful;
use super::matcher;
use super::stray::{self, Stray};
use super::words::{came, cut, show, show_or_nothing};
use super::{Answer, Judged, Known, Sent};
use crate::scim::{AttrPath, Difference, SchemaView, differences, get, named, remove, slug};
use crate::suite::model::{Change, Matcher, Unchanged};

/// What was written between the two states.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wrote<'a> {
    /// Nothing on this resource.
    Nothing,
    /// A PATCH with this body.
    Patch(&'a Value),
    /// A PUT with this body.
    Put(&'a Value),
}

/// What a comparison of states takes into account.
#[derive(Clone, Copy)]
pub struct StateContext<'a> {
    /// What the client said of the resource so far, this request included.
    pub sent: &'a Sent,
    /// What was written in between.
    pub wrote: Wrote<'a>,
    /// Ids of resources that were deleted in between: references to them may go too.
    pub gone: &'a [String],
    /// The case's resources, for `$ids`.
    pub known: &'a dyn Known,
    /// What is known of attributes.
    pub schema: &'a SchemaView,
}

/// Compares a resource with its last known state: `state.PATH` for each path that was to change, `state.rest` for all others.
/// A path that may become anything is left out of the comparison, and is no check: nothing could make it fail.
///
/// [`Change::Gone`] is judged by [`super::gone`], [`Change::Any`] not at all.
#[must_use]
pub fn compare_state(
    before: &Value,
    after: &Value,
    change: &Change,
    context: &StateContext<'_>,
) -> Vec<Judged> {
    let paths: &[(String, Matcher)] = match change {
        Change::Paths(paths) => paths,
        Change::Gone | Change::Any => return Vec::new(),
    };
    let mut out = Vec::new();
    let mut changed = Vec::new();
    for (text, matcher) in paths {
        let what = format!("state.{}", slug(text));
        match AttrPath::parse(text) {
            Err(error) => out.push(Judged::broken(what, error.to_string(), "", "")),
            Ok(path) => {
                if *matcher != Matcher::Any {
                    out.push(judge_path(what, matcher, after, &path, text, context));
                }
                changed.push(path);
            }
        }
    }
    out.push(judge_rest("state.rest", before, after, &changed, context));
    out
}

fn judge_path(
    what: String,
    matcher: &Matcher,
    after: &Value,
    path: &AttrPath,
    text: &str,
    context: &StateContext<'_>,
) -> Judged {
    match matcher::judge(matcher, after, path, text, context.known, context.schema) {
        Ok(()) => Judged::held(what),
        Err(mismatch) => Judged::broken(what, mismatch.message, mismatch.expected, mismatch.actual),
    }
}

/// Judges that the answer is the known state of a resource.
pub(super) fn judge_unchanged(
    unchanged: &Unchanged,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let Some(state) = known.state(&unchanged.of) else {
        let message = format!(
            "the state of {} is not known, so nothing can be compared",
            unchanged.of
        );
        return Judged::broken("unchanged", message, "", "");
    };
    let Some(json) = answer.json.filter(|json| json.is_object()) else {
        let expected = format!("{} as it was", unchanged.of);
        return Judged::broken(
            "unchanged",
            "the answer holds no resource",
            expected,
            came(answer),
        );
    };
    let nothing = Sent::default();
    let sent = known.sent(&unchanged.of).unwrap_or(&nothing);
    let context = StateContext {
        sent,
        wrote: Wrote::Nothing,
        gone: &[],
        known,
        schema,
    };
    let except: Vec<AttrPath> = unchanged
        .except
        .iter()
        .filter_map(|text| AttrPath::parse(text).ok())
        .collect();
    judge_rest("unchanged", state, json, &except, &context)
}

fn judge_rest(
    what: &str,
    before: &Value,
    after: &Value,
    changed: &[AttrPath],
    context: &StateContext<'_>,
) -> Judged {
    if !after.is_object() {
        return Judged::broken(what, "what came is no resource", show(before), show(after));
    }
    let stray = stray::find(before, after, context.schema);
    let (mut old, mut new) = (before.clone(), after.clone());
    stray::remove(&mut new, &stray);
    leave_out(&mut old, &mut new, changed);
    let lawful = Lawful {
        before: &old,
        after: &new,
        whole: [before, after],
        changed,
        context,
    };
    let found: Vec<Difference> = differences(&old, &new, &[AttrPath::name("meta")], context.schema)
        .into_iter()
        .filter(|difference| !lawful.allows(difference))
        .collect();
    if stray.is_empty() && found.is_empty() {
        return Judged::held(what);
    }
    describe(what, &stray, &found)
}

/// Takes the paths that were to change out of both states, and what comes and goes with them.
fn leave_out(before: &mut Value, after: &mut Value, changed: &[AttrPath]) {
    // How many elements each filter met is counted before anything is removed.
    let counts: Vec<Option<(AttrPath, usize, usize)>> = changed
        .iter()
        .map(|path| {
            let element = element_path(path)?;
            Some((
                element.clone(),
                get(before, &element).len(),
                get(after, &element).len(),
            ))
        })
        .collect();
    for (path, count) in changed.iter().zip(&counts) {
        let whole = count.as_ref().is_some_and(|(element, ..)| element == path);
        match count {
            // Of a whole element that was named one may come or go; a second one is no part of the change.
            Some((_, old, new)) if whole && *new > (*old).max(1) => {
                remove_first(after, path, (*old).max(1))
            }
            _ => remove(after, path),
        }
        remove(before, path);
    }
    for (path, count) in changed.iter().zip(counts) {
        let Some((element, old, new)) = count else {
            continue;
        };
        if element == *path {
            continue;
        }
        // An element that is made by (or goes with) its only interesting value is part of the change.
        if old == 0 && new > 0 {
            drop_one_hollow(after, &element);
        } else if new == 0 && old > 0 {
            drop_one_hollow(before, &element);
        }
    }
}

/// The path up to its first selector: the element that is looked into.
fn element_path(path: &AttrPath) -> Option<AttrPath> {
    let end = path.segments.iter().position(|s| s.selector.is_some())?;
    Some(AttrPath {
        urn: path.urn.clone(),
        segments: path.segments[..=end].to_vec(),
    })
}

fn list_at<'a>(resource: &'a mut Value, element: &AttrPath) -> Option<&'a mut Vec<Value>> {
    let mut at = resource;
    if let Some(urn) = element
        .urn
        .as_deref()
        .filter(|urn| !urn.to_ascii_lowercase().contains(":schemas:core:"))
    {
        at = member(at, urn)?;
    }
    for segment in &element.segments {
        at = member(at, &segment.name)?;
    }
    at.as_array_mut()
}

fn member<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let map = value.as_object_mut()?;
    map.iter_mut()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn hits(resource: &Value, element: &AttrPath) -> Vec<Value> {
    get(resource, element).into_iter().cloned().collect()
}

fn remove_first(resource: &mut Value, element: &AttrPath, count: usize) {
    let found = hits(resource, element);
    let Some(list) = list_at(resource, element) else {
        return;
    };
    for hit in found.iter().take(count) {
        if let Some(position) = list.iter().position(|item| item == hit) {
            list.remove(position);
        }
    }
}

/// Removes one element that holds nothing beyond what its filter says and what servers add by themselves.
fn drop_one_hollow(resource: &mut Value, element: &AttrPath) {
    let filter = element
        .segments
        .last()
        .and_then(|segment| segment.selector.as_ref());
    let own: Vec<String> = match filter {
        Some(crate::scim::Selector::Filter(filter)) => filter
            .equalities()
            .into_iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect(),
        _ => Vec::new(),
    };
    let hollow = |item: &Value| {
        item.as_object().is_some_and(|map| {
            map.iter()
                .filter(|(_, value)| !crate::scim::is_unassigned(value))
                .all(|(key, _)| {
                    let key = key.to_ascii_lowercase();
                    own.contains(&key)
                        || ["primary", "display", "type", "$ref", "formatted"]
                            .contains(&key.as_str())
                })
        })
    };
    let found = hits(resource, element);
    let Some(hit) = found.iter().find(|item| hollow(item)) else {
        return;
    };
    if let Some(list) = list_at(resource, element)
        && let Some(position) = list.iter().position(|item| item == hit)
    {
        list.remove(position);
    }
}

fn describe(what: &str, stray: &[Stray], found: &[Difference]) -> Judged {
    let mut sentences: Vec<String> = stray.iter().map(Stray::sentence).collect();
    sentences.extend(found.iter().map(sentence));
    let shown = 3;
    let more = sentences.len().saturating_sub(shown);
    let mut message = sentences
        .iter()
        .take(shown)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    if more > 0 {
        message.push_str(&format!("; and {more} more"));
    }
    message.push_str(if sentences.len() == 1 {
        ": nothing was to change there"
    } else {
        ": nothing was to change in these places"
    });
    let side = |pick: &dyn Fn(&Difference) -> Option<Value>| {
        let parts: Vec<String> = found
            .iter()
            .take(shown)
            .map(|d| format!("{}: {}", d.path, show_or_nothing(pick(d).as_ref())))
            .chain(
                stray
                    .iter()
                    .take(shown)
                    .filter(|_| found.is_empty())
                    .map(|s| s.shown(&pick(&s.difference()))),
            )
            .collect();
        parts.join("; ")
    };
    Judged::broken(
        what,
        message,
        side(&|d| d.before.clone()),
        side(&|d| d.after.clone()),
    )
}

fn sentence(difference: &Difference) -> String {
    let place = cut(&difference.path.to_string());
    let element = |value: &Value| value.is_object() && named(value, "value").is_some();
    match (&difference.before, &difference.after) {
        (Some(before), None) => format!("{place} was lost (it was {})", show(before)),
        (None, Some(after)) if element(after) => format!("{place} was added: {}", show(after)),
        (None, Some(after)) => format!("{place} appeared: {}", show(after)),
        (before, after) => {
            format!(
                "{place} changed from {} to {}",
                show_or_nothing(before.as_ref()),
                show_or_nothing(after.as_ref())
            )
        }
    }
}
