//! Equality as SCIM has it, so that a right server is never accused of a difference that is none.
//!
//! `expected` is what was sent or is demanded, `actual` what came. Strings follow `caseExact`, date-times are instants,
//! numbers are compared as numbers, multi-valued attributes are sets; absent, null and `[]` are one state (RFC 7643 section 2.5);
//! what `actual` has beyond `expected` inside a complex value is allowed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AttrPath, Kind, SchemaView, instant, named};

/// Whether `actual` is what `expected` says, for the attribute at a path.
#[must_use]
pub fn equal(expected: &Value, actual: &Value, at: &AttrPath, schema: &SchemaView) -> bool {
    if is_unassigned(expected) || is_unassigned(actual) {
        return is_unassigned(expected) == is_unassigned(actual);
    }
    match (expected, actual) {
        (Value::Array(expected), Value::Array(actual)) => equal_sets(expected, actual, at, schema),
        (Value::Object(expected), Value::Object(_)) => expected
            .iter()
            .all(|(name, wanted)| equal_member(name, wanted, actual, at, schema)),
        (Value::String(expected), Value::String(actual)) => {
            equal_text(expected, actual, at, schema)
        }
        (Value::Number(a), Value::Number(b)) => a == b || equal_numbers(a, b),
        (expected, actual) => expected == actual,
    }
}

/// Absent, null, `[]` and a complex value without members are one state (RFC 7643 section 2.5).
#[must_use]
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_unassigned),
        _ => false,
    }
}

fn equal_member(
    name: &str,
    wanted: &Value,
    actual: &Value,
    at: &AttrPath,
    schema: &SchemaView,
) -> bool {
    let found = named(actual, name).unwrap_or(&Value::Null);
    // `primary: false` says no more than its absence (RFC 7643 section 2.4: no value assumes false).
    if name.eq_ignore_ascii_case("primary") && wanted == &Value::Bool(false) && is_unassigned(found)
    {
        return true;
    }
    equal(wanted, found, &below(at, name), schema)
}

/// The path of a member; a key that is a URN opens an extension.
fn below(at: &AttrPath, name: &str) -> AttrPath {
    if at.urn.is_none() && at.segments.is_empty() {
        return if name
            .get(..4)
            .is_some_and(|s| s.eq_ignore_ascii_case("urn:"))
        {
            AttrPath::extension(name)
        } else {
            AttrPath::name(name)
        };
    }
    at.child(name)
}

fn equal_text(expected: &str, actual: &str, at: &AttrPath, schema: &SchemaView) -> bool {
    if expected == actual {
        return true;
    }
    let known = schema.attribute(at);
    let kind = known.map(|a| a.kind);
    let string = kind == Some(Kind::String);
    if !string
        && instant(expected)
            .zip(instant(actual))
            .is_some_and(|(a, b)| a == b)
    {
        return true;
    }
    match kind {
        Some(Kind::Reference) => equal_references(expected, actual),
        Some(Kind::Binary) => bare_base64(expected).eq(bare_base64(actual)),
        _ if schema.case_exact(at) => false,
        _ => expected.to_lowercase() == actual.to_lowercase(),
    }
}

/// Scheme and host of a URI ignore case and an empty path is `/` (RFC 3986 section 6.2); the rest is exact.
fn equal_references(expected: &str, actual: &str) -> bool {
    match (split_uri(expected), split_uri(actual)) {
        (Some((a, rest_a)), Some((b, rest_b))) => a.eq_ignore_ascii_case(b) && rest_a == rest_b,
        _ => false,
    }
}

fn split_uri(uri: &str) -> Option<(&str, &str)> {
    let start = uri.find("://")? + 3;
    let end = uri[start..]
        .find(['/', '?', '#'])
        .map_or(uri.len(), |at| start + at);
    let rest = &uri[end..];
    Some((&uri[..end], if rest == "/" { "" } else { rest }))
}

fn bare_base64(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
}

fn equal_numbers(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs()))
}

/// Whether two multi-valued attributes hold the same elements, whatever their order.
///
/// An element that was expected twice may come once or twice; one that was expected once may not come twice.
fn equal_sets(expected: &[Value], actual: &[Value], at: &AttrPath, schema: &SchemaView) -> bool {
    let pairing = pair(expected, actual, |a, b| equal(a, b, at, schema));
    let spare_ok = pairing.spare_left.iter().all(|&index| {
        is_unassigned(&expected[index])
            || (0..expected.len()).any(|other| {
                other != index
                    && equal(&expected[index], &expected[other], at, schema)
                    && !pairing.spare_left.contains(&other)
            })
    });
    spare_ok
        && pairing
            .spare_right
            .iter()
            .all(|&index| is_unassigned(&actual[index]))
}

/// Which elements of two lists belong together.
pub(super) struct Pairing {
    /// Left elements without a partner.
    pub(super) spare_left: Vec<usize>,
    /// Right elements without a partner.
    pub(super) spare_right: Vec<usize>,
}

/// Pairs equal elements one to one, as many as possible.
///
/// Elements are first sorted into buckets by what cannot differ between equal elements (their `value` without case), so that groups with
/// thousands of members cost no square.
pub(super) fn pair(
    left: &[Value],
    right: &[Value],
    same: impl Fn(&Value, &Value) -> bool,
) -> Pairing {
    let mut buckets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, element) in right.iter().enumerate() {
        buckets.entry(bucket(element)).or_default().push(index);
    }
    let everything: Vec<usize> = (0..right.len()).collect();
    let mut partner_of_right: Vec<Option<usize>> = vec![None; right.len()];
    let mut spare_left = Vec::new();
    for (index, element) in left.iter().enumerate() {
        let candidates = |of: &Value| -> Vec<usize> {
            let key = bucket(of);
            // An element that names no value can be any of them.
            if key.is_empty() {
                everything.clone()
            } else {
                buckets.get(&key).cloned().unwrap_or_default()
            }
        };
        if let Some(free) = candidates(element)
            .into_iter()
            .find(|&r| partner_of_right[r].is_none() && same(element, &right[r]))
        {
            partner_of_right[free] = Some(index);
            continue;
        }
        let mut visited = vec![false; right.len()];
        if !reassign(
            index,
            left,
            right,
            &candidates,
            &same,
            &mut partner_of_right,
            &mut visited,
            0,
        ) {
            spare_left.push(index);
        }
    }
    let spare_right = partner_of_right
        .iter()
        .enumerate()
        .filter(|(_, l)| l.is_none())
        .map(|(r, _)| r)
        .collect();
    Pairing {
        spare_left,
        spare_right,
    }
}

/// Finds a place for a left element by moving others (augmenting paths); the depth is bounded.
#[expect(
    clippy::too_many_arguments,
    reason = "the state of one matching; a struct would only rename the arguments"
)]
fn reassign(
    index: usize,
    left: &[Value],
    right: &[Value],
    candidates: &dyn Fn(&Value) -> Vec<usize>,
    same: &dyn Fn(&Value, &Value) -> bool,
    partner: &mut [Option<usize>],
    visited: &mut [bool],
    depth: usize,
) -> bool {
    if depth > 64 {
        return false;
    }
    for r in candidates(&left[index]) {
        if visited[r] || !same(&left[index], &right[r]) {
            continue;
        }
        visited[r] = true;
        let free = match partner[r] {
            None => true,
            Some(other) => reassign(
                other,
                left,
                right,
                candidates,
                same,
                partner,
                visited,
                depth + 1,
            ),
        };
        if free {
            partner[r] = Some(index);
            return true;
        }
    }
    false
}

/// What equal elements share for certain; empty where nothing does.
fn bucket(element: &Value) -> String {
    let value = match element {
        Value::Object(_) => named(element, "value").unwrap_or(&Value::Null),
        other => other,
    };
    match value {
        // Instants and references have several spellings.
        Value::String(text) if instant(text).is_some() || text.contains("://") => String::new(),
        Value::String(text) if text.len() > 256 => String::new(),
        Value::String(text) => text.to_lowercase(),
        Value::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}
