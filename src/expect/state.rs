//! Whole states: what a request was to change, and that nothing else did.
//!
//! This one comparison finds lost siblings, stray keys, doubled elements and damage that no check was written for. It must
//! never accuse a server of what it may do by itself; docs/writing-suites.md lists what is left out.

use serde_json::Value;

use super::matcher;
use super::words::{came, show_or_nothing, slug};
use super::{Answer, Judged, Known, Sent};
use crate::scim::{AttrPath, Difference, SchemaView, differences, remove};
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
    /// The case's resources, for `$ids`.
    pub known: &'a dyn Known,
    /// What is known of attributes.
    pub schema: &'a SchemaView,
}

/// Compares a resource with its last known state: `state.PATH` for each path that was to change, `state.rest` for all others.
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
    let mut named = Vec::new();
    for (text, matcher) in paths {
        let what = format!("state.{}", slug(text));
        match AttrPath::parse(text) {
            Err(error) => out.push(Judged::broken(what, error.to_string(), "", "")),
            Ok(path) => {
                out.push(
                    match matcher::judge(matcher, after, &path, text, context.known, context.schema)
                    {
                        Ok(()) => Judged::held(what),
                        Err(mismatch) => Judged::broken(
                            what,
                            mismatch.message,
                            mismatch.expected,
                            mismatch.actual,
                        ),
                    },
                );
                named.push((path, matcher));
            }
        }
    }
    out.push(judge_rest(before, after, &named, context));
    out
}

fn judge_rest(
    before: &Value,
    after: &Value,
    named: &[(AttrPath, &Matcher)],
    context: &StateContext<'_>,
) -> Judged {
    let (mut before, mut after) = (before.clone(), after.clone());
    for (path, _) in named {
        remove(&mut before, path);
        remove(&mut after, path);
    }
    let found = differences(&before, &after, &[AttrPath::name("meta")], context.schema);
    let Some(Difference {
        path,
        before,
        after,
    }) = found.first()
    else {
        return Judged::held("state.rest");
    };
    Judged::broken(
        "state.rest",
        format!(
            "{path} changed although nothing was to change there: it was {}, it is {}",
            show_or_nothing(before.as_ref()),
            show_or_nothing(after.as_ref())
        ),
        show_or_nothing(before.as_ref()),
        show_or_nothing(after.as_ref()),
    )
}

/// Judges that the answer is the known state of a resource.
pub(super) fn judge_unchanged(
    unchanged: &Unchanged,
    answer: &Answer<'_>,
    known: &dyn Known,
    schema: &SchemaView,
) -> Judged {
    let Some(state) = known.state(&unchanged.of) else {
        return Judged::broken(
            "unchanged",
            format!("the state of {} is not known", unchanged.of),
            "",
            "",
        );
    };
    let Some(json) = answer.json else {
        return Judged::broken(
            "unchanged",
            "the answer holds no resource",
            format!("{} as it was", unchanged.of),
            came(answer),
        );
    };
    let nothing = Sent::default();
    let sent = known.sent(&unchanged.of).unwrap_or(&nothing);
    let context = StateContext {
        sent,
        wrote: Wrote::Nothing,
        known,
        schema,
    };
    let any = Matcher::Any;
    let named: Vec<(AttrPath, &Matcher)> = unchanged
        .except
        .iter()
        .filter_map(|text| AttrPath::parse(text).ok())
        .map(|path| (path, &any))
        .collect();
    Judged {
        what: "unchanged".to_owned(),
        ..judge_rest(state, json, &named, &context)
    }
}
