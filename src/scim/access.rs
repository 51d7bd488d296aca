//! Reading and changing JSON at an attribute path; names are compared without case (RFC 7643 section 2.1).

use serde_json::{Map, Value};

use super::path::is_core_urn;
use super::{AttrPath, SchemaView, Segment, Selector};

/// Objects of at most so many members are looked through once, which is faster than to hash the name first.
const FEW_MEMBERS: usize = 40;

/// The member of an object with this name; the exact spelling is preferred where several differ only in case.
#[must_use]
pub fn named<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let map = value.as_object()?;
    if map.len() > FEW_MEMBERS
        && let Some(exact) = map.get(name)
    {
        return Some(exact);
    }
    let mut alike = None;
    for (key, value) in map {
        if key == name {
            return Some(value);
        }
        if alike.is_none() && key.eq_ignore_ascii_case(name) {
            alike = Some(value);
        }
    }
    alike
}

/// The key under which an object holds this name.
fn key_of(map: &Map<String, Value>, name: &str) -> Option<String> {
    if map.contains_key(name) {
        return Some(name.to_owned());
    }
    map.keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
}

/// The values that a path leads to, in document order; nothing where it leads nowhere.
///
/// A path that ends at a multi-valued attribute gives the array as one value; a path that goes through one without
/// a selector gives the value of each element (`emails.value`).
#[must_use]
pub fn get<'a>(resource: &'a Value, path: &AttrPath) -> Vec<&'a Value> {
    let (container, segments) = locate(resource, path);
    let Some(start) = container.map_or(Some(resource), |urn| named(resource, &urn)) else {
        return Vec::new();
    };
    let mut values = vec![start];
    for (depth, segment) in segments.iter().enumerate() {
        let mut next = Vec::new();
        for value in values {
            descend(value, segment, path, depth, &mut next);
        }
        values = next;
    }
    values
}

fn descend<'a>(
    value: &'a Value,
    segment: &Segment,
    path: &AttrPath,
    depth: usize,
    out: &mut Vec<&'a Value>,
) {
    if let Value::Array(items) = value {
        for item in items {
            if item.is_object() {
                descend(item, segment, path, depth, out);
            } else if segment.name.eq_ignore_ascii_case("value") && segment.selector.is_none() {
                // A simple element is its own `value` (RFC 7643 section 2.4).
                out.push(item);
            }
        }
        return;
    }
    let Some(found) = named(value, &segment.name) else {
        return;
    };
    match &segment.selector {
        None => out.push(found),
        Some(selector) => {
            let elements: &[Value] = if let Value::Array(items) = found {
                items
            } else {
                std::slice::from_ref(found)
            };
            out.extend(
                elements
                    .iter()
                    .enumerate()
                    .filter(|(index, element)| selected(selector, *index, element, path, depth))
                    .map(|(_, element)| element),
            );
        }
    }
}

fn selected(
    selector: &Selector,
    index: usize,
    element: &Value,
    path: &AttrPath,
    depth: usize,
) -> bool {
    match selector {
        Selector::Index(wanted) => *wanted == index,
        Selector::Filter(filter) => {
            let schema = SchemaView::standard();
            let parent = AttrPath {
                urn: path.urn.clone(),
                segments: path.segments[..=depth].to_vec(),
            }
            .bare();
            filter.matches(element, &|sub| schema.case_exact(&parent.child(sub)))
        }
    }
}

/// Where a path starts: the key of its extension container, or the document itself, and the names from there.
fn locate<'p>(
    resource: &Value,
    path: &'p AttrPath,
) -> (Option<String>, std::borrow::Cow<'p, [Segment]>) {
    use std::borrow::Cow;
    let Some(urn) = &path.urn else {
        return (None, Cow::Borrowed(&path.segments));
    };
    if let Some(key) = resource.as_object().and_then(|map| key_of(map, urn)) {
        return (Some(key), Cow::Borrowed(&path.segments));
    }
    if is_core_urn(urn) {
        return (None, Cow::Borrowed(&path.segments));
    }
    // `urn:a:b:1.0:tag` reads as a URN alone; it is `tag` in `urn:a:b:1.0` where the document has that container.
    if let Some((head, tail)) = urn.rsplit_once(':')
        && let Some(key) = resource.as_object().and_then(|map| key_of(map, head))
    {
        let mut segments = vec![Segment {
            name: tail.to_owned(),
            selector: None,
        }];
        segments.extend(path.segments.iter().cloned());
        return (Some(key), Cow::Owned(segments));
    }
    (Some(urn.clone()), Cow::Borrowed(&path.segments))
}

/// Sets the value at a path, making what is missing on the way: containers, and elements as a filter describes them.
pub fn set(resource: &mut Value, path: &AttrPath, value: Value) {
    let (container, segments) = locate(resource, path);
    let segments = segments.into_owned();
    let start = match container {
        None => resource,
        Some(urn) if segments.is_empty() => {
            object(resource).insert(urn, value);
            return;
        }
        Some(urn) => object(resource)
            .entry(urn)
            .or_insert_with(|| Value::Object(Map::new())),
    };
    let mut parent = AttrPath {
        urn: path.urn.clone(),
        segments: Vec::new(),
    };
    set_below(start, &segments, &mut parent, value);
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("made an object above")
}

fn set_below(at: &mut Value, segments: &[Segment], parent: &mut AttrPath, value: Value) {
    let Some((segment, rest)) = segments.split_first() else {
        *at = value;
        return;
    };
    if let Value::Array(items) = at {
        for item in items.iter_mut().filter(|item| item.is_object()) {
            set_below(item, segments, &mut parent.clone(), value.clone());
        }
        return;
    }
    parent.segments.push(Segment {
        name: segment.name.clone(),
        selector: None,
    });
    let multi_valued = SchemaView::standard()
        .attribute(parent)
        .is_some_and(|a| a.multi_valued);
    let map = object(at);
    let key = key_of(map, &segment.name).unwrap_or_else(|| segment.name.clone());
    let Some(selector) = &segment.selector else {
        if rest.is_empty() {
            map.insert(key, value);
            return;
        }
        let missing = map
            .get(&key)
            .is_none_or(|v| v.is_null() || v.as_array().is_some_and(Vec::is_empty));
        if missing {
            let empty = Value::Object(Map::new());
            map.insert(
                key.clone(),
                if multi_valued {
                    Value::Array(vec![empty])
                } else {
                    empty
                },
            );
        }
        if let Some(next) = map.get_mut(&key) {
            if !next.is_array() {
                object(next);
            }
            set_below(next, rest, parent, value);
        }
        return;
    };
    let slot = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if !slot.is_array() {
        let single = slot.take();
        *slot = Value::Array(if single.is_null() {
            Vec::new()
        } else {
            vec![single]
        });
    }
    let Value::Array(items) = slot else { return };
    let here = parent.clone();
    let depth = here.segments.len() - 1;
    let hits: Vec<usize> = (0..items.len())
        .filter(|&index| selected(selector, index, &items[index], &here, depth))
        .collect();
    if hits.is_empty() {
        let mut element = Value::Object(Map::new());
        if let Selector::Filter(filter) = selector {
            for (name, wanted) in filter.equalities() {
                let mut below = AttrPath::name(name);
                below.segments = name
                    .split('.')
                    .map(|n| Segment {
                        name: n.to_owned(),
                        selector: None,
                    })
                    .collect();
                set(&mut element, &below, wanted.clone());
            }
        }
        set_below(&mut element, rest, parent, value);
        items.push(element);
        return;
    }
    for index in hits {
        set_below(&mut items[index], rest, &mut parent.clone(), value.clone());
    }
}

/// Removes what a path leads to; nothing happens where it leads nowhere.
pub fn remove(resource: &mut Value, path: &AttrPath) {
    let (container, segments) = locate(resource, path);
    let segments = segments.into_owned();
    let start = match container {
        None => resource,
        Some(urn) => {
            let Some(map) = resource.as_object_mut() else {
                return;
            };
            let Some(key) = key_of(map, &urn) else { return };
            if segments.is_empty() {
                map.shift_remove(&key);
                return;
            }
            let Some(start) = map.get_mut(&key) else {
                return;
            };
            start
        }
    };
    remove_below(start, &segments, path, 0);
}

fn remove_below(at: &mut Value, segments: &[Segment], path: &AttrPath, depth: usize) {
    if let Value::Array(items) = at {
        for item in items {
            remove_below(item, segments, path, depth);
        }
        return;
    }
    let Some((segment, rest)) = segments.split_first() else {
        return;
    };
    let Some(map) = at.as_object_mut() else {
        return;
    };
    let Some(key) = key_of(map, &segment.name) else {
        return;
    };
    match (&segment.selector, rest.is_empty()) {
        (None, true) => {
            map.shift_remove(&key);
        }
        (None, false) => {
            if let Some(next) = map.get_mut(&key) {
                remove_below(next, rest, path, depth + 1);
            }
        }
        (Some(selector), last) => {
            let Some(Value::Array(items)) = map.get_mut(&key) else {
                return;
            };
            let mut kept = Vec::with_capacity(items.len());
            for (index, mut item) in std::mem::take(items).into_iter().enumerate() {
                let hit = selected(
                    selector,
                    index,
                    &item,
                    path,
                    depth.min(path.segments.len().saturating_sub(1)),
                );
                if hit && last {
                    continue;
                }
                if hit {
                    remove_below(&mut item, rest, path, depth + 1);
                }
                kept.push(item);
            }
            *items = kept;
        }
    }
}

/// Every attribute and sub-attribute of a resource with its path; the values of multi-valued attributes stay whole.
///
/// Extension containers are opened: `urn:...:User:department`. Null and empty arrays are left out, being unassigned
/// (RFC 7643 section 2.5).
#[must_use]
pub fn flatten(resource: &Value) -> Vec<(AttrPath, Value)> {
    let mut out = Vec::new();
    let Some(map) = resource.as_object() else {
        return out;
    };
    for (key, value) in map {
        let urn = key
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
        let path = if urn {
            AttrPath::extension(key)
        } else {
            AttrPath::name(key)
        };
        flatten_below(path, value, &mut out, 0);
    }
    out
}

fn flatten_below(path: AttrPath, value: &Value, out: &mut Vec<(AttrPath, Value)>, depth: usize) {
    match value {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(map) if depth < 8 => {
            for (key, value) in map {
                flatten_below(path.child(key), value, out, depth + 1);
            }
        }
        other => out.push((path, other.clone())),
    }
}
