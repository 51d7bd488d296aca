//! Which records can meet a filter at all, by the indices; the rest need not be looked at.

use serde_json::Value;

use super::keys;
use super::render::Needs;
use crate::protocol::filter::{Bound, Operator};
use crate::protocol::path::Place;
use crate::protocol::schema::{ENTERPRISE, ResourceType};
use crate::protocol::text;
use crate::store::{Slot, State};

/// The records that may meet the filter, in order of creation; `None` when the indices do not
/// tell, so that all have to be looked at.
pub(super) fn candidates(
    state: &State,
    kind: &ResourceType,
    filter: &Bound<'_>,
) -> Option<Vec<Slot>> {
    match filter {
        // One part that the indices know is enough; the fewest candidates win.
        Bound::And(parts) => parts
            .iter()
            .filter_map(|part| candidates(state, kind, part))
            .min_by_key(Vec::len),
        Bound::Or(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(candidates(state, kind, part)?);
            }
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        Bound::Compare(place, Operator::Eq, Value::String(operand)) => {
            lookup(state, kind, *place, operand)
        }
        Bound::Element(place, inner) => emails(state, kind, *place, inner),
        Bound::Member(id) => Some(sorted(
            state
                .slot(id)
                .map(|member| state.groups(member).to_vec())
                .unwrap_or_default(),
        )),
        Bound::Absent(false) => Some(Vec::new()),
        _ => None,
    }
}

fn sorted(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_unstable();
    slots
}

fn lookup(
    state: &State,
    kind: &ResourceType,
    place: Place<'_>,
    operand: &str,
) -> Option<Vec<Slot>> {
    let by = |name: &str, case_exact: bool| {
        Some(state.candidates(state.key((kind.slot, name), &text::prepared(operand, case_exact))))
    };
    let name = place.attribute.name.as_str();
    let sub = place.sub.map(|sub| sub.name.as_str());
    match (place.extension, name, sub) {
        (None, "id", None) => Some(state.slot_of(kind.slot, operand).into_iter().collect()),
        (None, "externalId", None) => by("externalId", true),
        (None, "emails", Some("value")) => by("emails.value", false),
        (Some(ENTERPRISE), "manager", Some("value")) => by(keys::MANAGER, true),
        (None, name, None) if keys::is_indexed(kind, place.attribute) => {
            by(name, place.attribute.case_exact)
        }
        _ => None,
    }
}

/// `emails[type eq "work" and value eq "..."]`.
fn emails(
    state: &State,
    kind: &ResourceType,
    place: Place<'_>,
    inner: &Bound<'_>,
) -> Option<Vec<Slot>> {
    if place.extension.is_some() || place.attribute.name != "emails" {
        return None;
    }
    match inner {
        Bound::And(parts) => parts
            .iter()
            .find_map(|part| emails(state, kind, place, part)),
        Bound::Compare(sub, Operator::Eq, Value::String(operand)) if sub.leaf().name == "value" => {
            Some(state.candidates(state.key((kind.slot, "emails.value"), &text::folded(operand))))
        }
        _ => None,
    }
}

/// Which derived parts a filter looks at.
pub(super) fn needs(filter: &Bound<'_>) -> Needs {
    match filter {
        Bound::And(parts) | Bound::Or(parts) => {
            parts.iter().map(needs).fold(Needs::default(), Needs::or)
        }
        Bound::Not(part) => needs(part),
        Bound::Present(place) | Bound::Compare(place, ..) | Bound::Element(place, _) => at(*place),
        Bound::Extended(_) | Bound::Member(_) | Bound::Absent(_) => Needs::default(),
    }
}

/// Which derived part an attribute belongs to.
pub(super) fn at(place: Place<'_>) -> Needs {
    let name = place.attribute.name.as_str();
    Needs {
        members: place.extension.is_none() && name == "members",
        groups: place.extension.is_none() && name == "groups",
        meta: place.extension.is_none() && name == "meta",
        references: place.extension.is_some() && name == "manager",
    }
}

impl Needs {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            members: self.members || other.members,
            groups: self.groups || other.groups,
            meta: self.meta || other.meta,
            references: self.references || other.references,
        }
    }
}
