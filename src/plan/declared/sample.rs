//! Values of the declared types, and comparisons that hold or don't hold of them.

use serde_json::{Map, Value, json};

use super::subject::{MOST, Own, settable, writable};
use crate::scim::{Attribute, Kind};

/// Longest filter in bytes as it is written in a suite: a request line has a limit with every server.
const LONGEST_FILTER: usize = 1_800;

/// Which of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    First,
    Second,
}

impl Round {
    fn pick<T>(self, first: T, second: T) -> T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// A value of the declared type that no other attribute has; `None` where only the target knows which values exist.
///
/// Texts are in lower case, since a provider may fold what is not `caseExact` (RFC 7643 section 7).
pub(super) fn sample(attribute: &Attribute, place: usize, round: Round) -> Option<Value> {
    let one = match attribute.kind {
        Kind::String => {
            let canonical: Vec<&String> = attribute
                .canonical_values
                .iter()
                .filter(|value| !value.contains("{{"))
                .collect();
            match (canonical.as_slice(), attribute.canonical_values.is_empty()) {
                (_, true) => json!(format!(
                    "{}{place}-{{{{unique.own}}}}",
                    round.pick("v", "w")
                )),
                ([], false) => return None,
                ([only], false) => json!(only),
                ([first, .., last], false) => json!(round.pick(first, last)),
            }
        }
        Kind::Boolean => json!(round.pick(true, false)),
        Kind::Integer => json!(round.pick(7, 8)),
        Kind::Decimal => json!(round.pick(7.5, 8.25)),
        Kind::DateTime => json!(round.pick("2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z")),
        Kind::Binary => json!(round.pick("c2NpbXByb29m", "cHJvb2ZzY2lt")),
        Kind::Reference => {
            let anywhere = |kind: &String| {
                kind.eq_ignore_ascii_case("external") || kind.eq_ignore_ascii_case("uri")
            };
            if !attribute.reference_types.iter().any(anywhere) {
                return None;
            }
            json!(round.pick(
                format!("https://www.example.com/v{place}"),
                format!("https://www.example.com/w{place}")
            ))
        }
        Kind::Complex => {
            let members: Map<String, Value> = attribute
                .sub
                .iter()
                .filter(|sub| sub.kind != Kind::Complex && writable(sub))
                .take(MOST)
                .filter_map(|sub| Some((sub.name.clone(), sample(sub, place, round)?)))
                .collect();
            let lacks =
                |sub: &Attribute| sub.required && settable(sub) && !members.contains_key(&sub.name);
            if members.is_empty() || attribute.sub.iter().any(lacks) {
                return None;
            }
            Value::Object(members)
        }
    };
    Some(if attribute.multi_valued {
        json!([one])
    } else {
        one
    })
}

/// Two comparisons of one attribute: one that holds of its first value, and one that does not.
struct Comparison {
    holds: String,
    fails: String,
}

fn comparison(path: &str, attribute: &Attribute, place: usize) -> Option<Comparison> {
    if !writable(attribute) {
        return None;
    }
    if attribute.kind == Kind::Complex {
        let (sub, _) = attribute
            .sub
            .iter()
            .filter(|sub| writable(sub) && !sub.multi_valued)
            .find_map(|sub| Some((sub, sample(sub, place, Round::First)?)))?;
        return comparison(&format!("{path}.{}", sub.name), sub, place);
    }
    let value = sample(attribute, place, Round::First)?;
    let value = match &value {
        Value::Array(list) => list.first()?.clone(),
        other => other.clone(),
    };
    let pair = |holds: String, fails: String| {
        Some(Comparison {
            holds: format!("{path} {holds}"),
            fails: format!("{path} {fails}"),
        })
    };
    match (attribute.kind, &value) {
        (Kind::Integer, _) => pair("ge 7".to_owned(), "gt 7".to_owned()),
        (Kind::Decimal, _) => pair("gt 7.25".to_owned(), "lt 7.5".to_owned()),
        (Kind::Boolean, _) => pair("eq true".to_owned(), "eq false".to_owned()),
        // The same instant in another spelling.
        (Kind::DateTime, _) => pair(
            "eq \"2026-01-02T03:04:05.000Z\"".to_owned(),
            "gt \"2026-01-02T03:04:05.000Z\"".to_owned(),
        ),
        (Kind::String, _) if attribute.canonical_values.is_empty() => {
            let upper = format!("\"V{place}-{{{{unique.own|upper}}}}\"");
            let lower = format!("\"v{place}-{{{{unique.own}}}}\"");
            if attribute.case_exact {
                pair(format!("eq {lower}"), format!("eq {upper}"))
            } else {
                pair(format!("eq {upper}"), format!("ne {lower}"))
            }
        }
        (_, Value::String(text)) if !text.contains(['"', '\\', '&', '#', '+', '%', '{']) => {
            pair(format!("eq \"{text}\""), format!("eq \"other-{text}\""))
        }
        _ => None,
    }
}

/// A filter that finds a resource by all its values, and one that asks for it with values that it does not have.
pub(super) fn filters(whose: &str, own: &[Own<'_>]) -> Option<(String, String)> {
    let (mut holds, mut fails) = (Vec::new(), Vec::new());
    let mut length = whose.len();
    for (place, one) in own.iter().enumerate() {
        let Some(comparison) = comparison(&one.path, one.attribute, place) else {
            continue;
        };
        length += comparison.holds.len().max(comparison.fails.len()) + 5;
        if length > LONGEST_FILTER {
            break;
        }
        holds.push(comparison.holds);
        fails.push(comparison.fails);
    }
    if holds.is_empty() {
        return None;
    }
    Some((
        format!("{whose} and {}", holds.join(" and ")),
        format!("{whose} and ({})", fails.join(" or ")),
    ))
}

/// A query as it is written in a URL; what stands in `{{...}}` is encoded when it is filled in.
pub(super) fn in_query(filter: &str) -> String {
    let mut out = String::with_capacity(filter.len() * 2);
    for c in filter.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '"' => out.push_str("%22"),
            '[' => out.push_str("%5B"),
            ']' => out.push_str("%5D"),
            other => out.push(other),
        }
    }
    out
}

/// What a person must have that no published schema asks for: a plausible value, since providers look at addresses and
/// telephone numbers more closely than their schemas say.
pub(super) fn plausible(own: &Own<'_>) -> Option<Value> {
    let attribute = own.attribute;
    if own.urn.is_none() {
        let known = match attribute.name.to_ascii_lowercase().as_str() {
            "emails" => {
                Some(json!([{"value": "{{unique}}@example.com", "type": "work", "primary": true}]))
            }
            "name" => Some(json!({"givenName": "Amara", "familyName": "Okafor"})),
            "displayname" => Some(json!("Amara Okafor")),
            "phonenumbers" => Some(json!([{"value": "tel:+31-30-555-0117", "type": "work"}])),
            "locale" => Some(json!("en-US")),
            "preferredlanguage" => Some(json!("en")),
            "timezone" => Some(json!("Europe/Amsterdam")),
            "active" => Some(json!(true)),
            _ => None,
        };
        if known.is_some() {
            return known;
        }
    }
    if attribute.kind == Kind::Complex || !attribute.canonical_values.is_empty() {
        return sample(attribute, 0, Round::First);
    }
    if attribute.name.to_ascii_lowercase().contains("mail") && attribute.kind == Kind::String {
        return Some(json!("{{unique}}@example.com"));
    }
    sample(attribute, 0, Round::First)
}
