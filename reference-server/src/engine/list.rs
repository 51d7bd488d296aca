//! Lists: filter, sort, page, project.

use std::fmt::Write;

use serde_json::Value;

use super::cursor::Position;
use super::hooks::{Action, Moment};
use super::{Engine, known, now, plan};
use crate::protocol::error::{Result, ScimError, ScimType};
use crate::protocol::filter::{Bound, Filter, Operator, Origin, bind, holds, parse};
use crate::protocol::path::{AttrPath, Place, Resolved};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::ResourceType;
use crate::protocol::{LIST_RESPONSE, sort};
use crate::store::{Slot, State};

/// A query, from a query string or from the body of a `.search`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The filter as written.
    pub filter: Option<String>,
    /// The attribute to sort by.
    pub sort_by: Option<String>,
    /// Whether to sort from the last to the first.
    pub descending: bool,
    /// The 1-based index of the first result.
    pub start_index: Option<i64>,
    /// The longest page.
    pub count: Option<i64>,
    /// The cursor; the empty one begins a walk.
    pub cursor: Option<String>,
    /// Which attributes to show.
    pub wanted: Wanted,
    /// Whether the query came in a body, where confidential values may stand.
    pub in_body: bool,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The JSON text of the list answer.
    pub text: String,
    /// How many resources meet the query.
    pub total: usize,
}

/// How the page is cut out of the hits.
enum Cut {
    Index { start: usize, count: usize },
    Cursor { from: u64, count: usize },
}

impl Engine {
    /// Lists resources of one type, or of all when `kind` is `None`.
    ///
    /// # Errors
    /// 400 with `invalidFilter`, `tooMany`, `invalidCursor`, `expiredCursor`, `invalidCount` or `invalidValue`.
    pub fn list(&self, kind: Option<&ResourceType>, query: &Query) -> Result<Page> {
        let kinds: Vec<&ResourceType> = match kind {
            Some(kind) => vec![kind],
            None => self.registry.types.iter().collect(),
        };
        let moment = Moment {
            action: Action::List,
            kind: kinds[0],
            id: None,
        };
        self.list_of(&kinds, query)
            .map_err(|error| self.refused(moment, error))
    }

    fn list_of(&self, kinds: &[&ResourceType], query: &Query) -> Result<Page> {
        let filter = self.filter(query)?;
        let origin = match (kinds.len(), query.in_body) {
            (1, _) if self.behaviour.unknown_is_absent => Origin::SeveralTypes,
            (1, false) => Origin::Uri,
            (1, true) => Origin::Body,
            _ => Origin::SeveralTypes,
        };
        let leniency = &self.behaviour.leniency;
        let fingerprint = fingerprint(kinds, query);
        let cut = self.cut(query, &fingerprint)?;
        let state = self.reading();
        let mut hits: Vec<Slot> = Vec::new();
        let mut whole: Option<&[Slot]> = None;
        for kind in kinds {
            let filter = match (&filter, &self.hooks) {
                (Some(filter), Some(hooks)) => hooks.filter(kind, filter.clone()),
                (filter, _) => filter.clone(),
            };
            match filter {
                None if kinds.len() == 1 && self.hooks.is_none() => {
                    whole = Some(state.order(kind.slot))
                }
                None => hits.extend(state.order(kind.slot)),
                Some(filter) => hits.extend(self.matching(
                    &state,
                    kind,
                    &bind(&filter, kind, leniency, origin)?,
                )),
            }
        }
        if kinds.len() > 1 {
            hits.sort_unstable();
        }
        let sorted = query.sort_by.is_some() && self.behaviour.sort;
        if sorted {
            hits = self.sorted(
                &state,
                kinds,
                whole.take().map_or(hits, <[Slot]>::to_vec),
                query,
            );
        }
        if let Some(hooks) = &self.hooks {
            hooks.hits(&state, &mut hits);
        }
        let hits = whole.unwrap_or(&hits);
        if let Some(most) = self.behaviour.most_hits
            && hits.len() > most
        {
            return Err(ScimError::bad(
                ScimType::TooMany,
                format!("more than {most} resources meet this query; ask for fewer by a filter"),
            ));
        }
        Ok(self.page(&state, kinds, hits, query, &cut, sorted, &fingerprint))
    }

    fn filter(&self, query: &Query) -> Result<Option<Filter>> {
        let Some(text) = &query.filter else {
            return Ok(None);
        };
        if !self.behaviour.filter {
            return Err(ScimError::filter("filters are not offered"));
        }
        let filter = parse(text, &self.behaviour.leniency).map_err(|complaint| {
            ScimError::filter(format!("the filter cannot be read: {complaint}"))
        })?;
        if self.behaviour.only_equality && !matches!(filter, Filter::Compare(_, Operator::Eq, _)) {
            return Err(ScimError::filter("a filter is one comparison with eq here"));
        }
        Ok(Some(filter))
    }

    fn matching(&self, state: &State, kind: &ResourceType, filter: &Bound<'_>) -> Vec<Slot> {
        let needs = plan::needs(filter);
        let found = plan::candidates(state, kind, filter);
        let slots = found.as_deref().unwrap_or_else(|| state.order(kind.slot));
        let met = |slot: &Slot| {
            let of_kind = state
                .record(*slot)
                .is_some_and(|record| record.kind == kind.slot);
            let member = |id: &str| {
                state.slot(id).is_some_and(|member| {
                    state
                        .members(*slot)
                        .is_some_and(|members| members.contains(member))
                })
            };
            of_kind && holds(filter, &self.object(state, kind, *slot, needs), &member)
        };
        slots.iter().copied().filter(met).collect()
    }

    fn sorted(
        &self,
        state: &State,
        kinds: &[&ResourceType],
        hits: Vec<Slot>,
        query: &Query,
    ) -> Vec<Slot> {
        let path = query.sort_by.as_deref().and_then(AttrPath::parse);
        let place = |kind: &ResourceType| -> Option<Place<'_>> {
            let kind = self.registry.kind(kind.slot);
            match path.as_ref()?.resolve(kind, &self.behaviour.leniency)? {
                Resolved::Place(place) => Some(place),
                Resolved::Core | Resolved::Container(_) => None,
            }
        };
        let places: Vec<Option<Place<'_>>> = self.registry.types.iter().map(place).collect();
        let Some(order) = kinds.iter().find_map(|kind| places[usize::from(kind.slot)]) else {
            return hits;
        };
        let mut keyed: Vec<(Option<Value>, Slot)> = hits
            .into_iter()
            .map(|slot| {
                let kind = self.registry.kind(known(state, slot).kind);
                let key = places[usize::from(kind.slot)].and_then(|place| {
                    sort::key(place, &self.object(state, kind, slot, plan::at(place)))
                });
                (key, slot)
            })
            .collect();
        keyed.sort_by(|(left, _), (right, _)| {
            let ascending = sort::compare(order, left.as_ref(), right.as_ref());
            if query.descending {
                ascending.reverse()
            } else {
                ascending
            }
        });
        keyed.into_iter().map(|(_, slot)| slot).collect()
    }

    fn cut(&self, query: &Query, fingerprint: &str) -> Result<Cut> {
        let behaviour = &self.behaviour;
        let by_cursor = behaviour.cursor_paging
            && match (&query.cursor, query.start_index) {
                (Some(_), _) => true,
                (None, Some(_)) => !behaviour.index_paging,
                (None, None) => behaviour.cursor_by_default || !behaviour.index_paging,
            };
        // A negative count means none (RFC 7644 section 3.4.2.4).
        let asked = query
            .count
            .map(|count| usize::try_from(count.max(0)).unwrap_or(usize::MAX));
        let count = asked
            .unwrap_or(behaviour.default_page)
            .min(behaviour.max_page);
        if !by_cursor {
            let start = query.start_index.unwrap_or(1).max(1);
            return Ok(Cut::Index {
                start: usize::try_from(start - 1).unwrap_or(usize::MAX),
                count,
            });
        }
        if query.cursor.is_some() && asked.is_some_and(|asked| asked > behaviour.max_page) {
            return Err(ScimError::bad(
                ScimType::InvalidCount,
                format!("count must be between 0 and {}", behaviour.max_page),
            ));
        }
        match query.cursor.as_deref() {
            None | Some("") => Ok(Cut::Cursor { from: 0, count }),
            Some(token) => {
                let position = self.cursors.read(fingerprint, token, now())?;
                if asked.is_some_and(|asked| asked as u64 != position.count) {
                    return Err(ScimError::bad(
                        ScimType::InvalidCount,
                        format!("this walk has a count of {}", position.count),
                    ));
                }
                Ok(Cut::Cursor {
                    from: position.at,
                    count: usize::try_from(position.count).unwrap_or(count),
                })
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one page needs all that the query has found out"
    )]
    fn page(
        &self,
        state: &State,
        kinds: &[&ResourceType],
        hits: &[Slot],
        query: &Query,
        cut: &Cut,
        sorted: bool,
        fingerprint: &str,
    ) -> Page {
        let total = hits.len();
        let (start, count) = match cut {
            Cut::Index { start, count } => (*start, *count),
            Cut::Cursor { from, count } if sorted => {
                (usize::try_from(*from).unwrap_or(usize::MAX), *count)
            }
            // The slot of the last resource shown, plus one, so that deletions shift nothing.
            Cut::Cursor { from, count } => (
                hits.partition_point(|slot| u64::from(*slot) < *from),
                *count,
            ),
        };
        let from = start.min(total);
        let shown = &hits[from..from.saturating_add(count).min(total)];
        let mut text = String::with_capacity(256 + shown.len() * 1024);
        let _ = write!(
            text,
            "{{\"schemas\":[\"{LIST_RESPONSE}\"],\"totalResults\":{total}"
        );
        match cut {
            Cut::Index { .. } if self.behaviour.page_counters || shown.len() < total => {
                let _ = write!(
                    text,
                    ",\"startIndex\":{},\"itemsPerPage\":{}",
                    start.saturating_add(1),
                    shown.len()
                );
            }
            Cut::Index { .. } => {}
            Cut::Cursor { .. } => {
                let _ = write!(text, ",\"itemsPerPage\":{}", shown.len());
                let token = |at: u64| {
                    let expires = now().saturating_add(
                        i64::try_from(self.behaviour.cursor_timeout.as_millis())
                            .unwrap_or(i64::MAX),
                    );
                    let count = count as u64;
                    self.cursors
                        .write(fingerprint, Position { at, count }, expires)
                };
                // Where the page begins of which this index is the first; deletions shift no slots.
                let begin = |index: usize| match hits.get(index) {
                    Some(slot) if !sorted => u64::from(*slot),
                    _ => index as u64,
                };
                if from > 0 && count > 0 && self.behaviour.previous_cursors {
                    let token = token(begin(from.saturating_sub(count)));
                    let _ = write!(text, ",\"previousCursor\":\"{token}\"");
                }
                let end = from + shown.len();
                if let Some(last) = shown.last().filter(|_| end < total) {
                    let at = if sorted {
                        end as u64
                    } else {
                        u64::from(*last) + 1
                    };
                    let token = token(at);
                    let _ = write!(text, ",\"nextCursor\":\"{token}\"");
                }
            }
        }
        if total > 0 || self.behaviour.empty_resources {
            text.push_str(",\"Resources\":[");
            let views: Vec<_> = self
                .registry
                .types
                .iter()
                .map(|kind| query.wanted.resolve(kind, &self.behaviour.leniency))
                .collect();
            for (position, slot) in shown.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                let record = known(state, *slot);
                let kind = self.registry.kind(record.kind);
                let moment = Moment {
                    action: Action::List,
                    kind,
                    id: Some(&record.id),
                };
                text.push_str(
                    &self
                        .show(state, moment, *slot, &views[usize::from(kind.slot)])
                        .text,
                );
            }
            text.push(']');
        }
        text.push('}');
        debug_assert!(!kinds.is_empty(), "a list is of at least one type");
        Page { text, total }
    }
}

/// What a cursor is bound to: everything of the query that decides which resources come in which
/// order.
fn fingerprint(kinds: &[&ResourceType], query: &Query) -> String {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
    format!(
        "{kinds:?} {:?} {:?} {}",
        query.filter, query.sort_by, query.descending
    )
}
