//! Filters that are refused, passed over or misread.

use serde_json::{Value, json};

use super::twist::{Twist, asked, searched, told};
use super::wire::{no, parameter, place, set_parameter};
use super::{
    ALL, ENTRA, ENTRA_RFC, FaultInfo, OKTA_ENTRA, OKTA_ENTRA_RFC, PROVIDERS, RFC, of, own,
};
use crate::protocol::filter::{Filter, Operator};
use crate::protocol::path::AttrPath;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(24, "no-match-404", ALL, || {
            vec![super::twist::replied(|request, answer| {
                let body: Value = answer
                    .body
                    .as_deref()
                    .and_then(|body| serde_json::from_slice(body).ok())
                    .unwrap_or_default();
                if parameter(request, "filter").is_some() && body["totalResults"] == 0 {
                    *answer = no(404, "nobody was found");
                }
            })]
        }),
        own(
            "no-match-without-total",
            "A search without a hit has no totalResults",
            OKTA_ENTRA_RFC,
            "RFC 7644 section 3.4.2",
            || {
                vec![told(|_, _, body| {
                    if body.get("totalResults") == Some(&json!(0)) {
                        body.as_object_mut()
                            .map(|body| body.shift_remove("totalResults"));
                    }
                })]
            },
        ),
        of(25, "group-filter-ignored", OKTA_ENTRA_RFC, || {
            vec![searched(|kind, filter| {
                (kind.name != "Group").then_some(filter)
            })]
        }),
        own(
            "user-filter-ignored",
            "Every search among people gives everybody",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![searched(|kind, filter| {
                    (kind.name != "User").then_some(filter)
                })]
            },
        ),
        own(
            "external-id-filter-ignored",
            "A search by externalId gives everybody",
            OKTA_ENTRA,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![searched(|_, filter| {
                    (!names(&filter, "externalId")).then_some(filter)
                })]
            },
        ),
        of(26, "group-filter-refused", OKTA_ENTRA_RFC, || {
            refuses(|collection, _| collection == "Groups")
        }),
        of(27, "second-clause-dropped", RFC, || {
            rewrites(|filter| match filter {
                Filter::And(mut parts) => parts.swap_remove(0),
                other => other,
            })
        }),
        own(
            "or-is-and",
            "or works like and",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                rewrites(|filter| match filter {
                    Filter::Or(parts) => Filter::And(parts),
                    other => other,
                })
            },
        ),
        own(
            "not-ignored",
            "not is passed over",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                rewrites(|filter| match filter {
                    Filter::Not(inner) => *inner,
                    other => other,
                })
            },
        ),
        of(28, "eq-contains", ALL, || {
            texts(|path, text| Some(Filter::Compare(path.clone(), Operator::Co, json!(text))))
        }),
        own(
            "eq-starts-with",
            "eq matches what begins so",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || texts(|path, text| Some(Filter::Compare(path.clone(), Operator::Sw, json!(text)))),
        ),
        own(
            "any-sign-wildcards",
            "eq reads _ and % as LIKE does: one sign of any kind, and any signs",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || {
                texts(|path, text| {
                    let (head, tail) = text.split_once(['_', '%'])?;
                    let part =
                        |operator, text: &str| Filter::Compare(path.clone(), operator, json!(text));
                    Some(Filter::And(vec![
                        part(Operator::Sw, head),
                        part(Operator::Ew, tail),
                    ]))
                })
            },
        ),
        own(
            "accents-without-meaning",
            "A search takes a letter with an accent for the letter without",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || {
                texts(|path, text| {
                    let plain = text.replace('é', "e");
                    (plain != text)
                        .then(|| Filter::Compare(path.clone(), Operator::Eq, json!(plain)))
                })
            },
        ),
        own(
            "dots-without-meaning",
            "A search does not see a dot behind the first letter",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || {
                texts(|path, text| {
                    let first = text.chars().next()?;
                    let rest = text.strip_prefix(first)?;
                    let dotted = format!("{first}.{rest}");
                    Some(Filter::Or(vec![
                        Filter::Compare(path.clone(), Operator::Eq, json!(text)),
                        Filter::Compare(path.clone(), Operator::Eq, json!(dotted)),
                    ]))
                })
            },
        ),
        of(29, "wildcards", RFC, || {
            texts(|path, text| {
                let stem = text.strip_suffix(['*', '%'])?;
                Some(Filter::Compare(path.clone(), Operator::Sw, json!(stem)))
            })
        }),
        of(30, "email-filter-unsupported", ENTRA_RFC, || {
            refuses(|_, filter| filter.contains("emails"))
        }),
        of(31, "extension-filter-refused", RFC, || {
            refuses(|_, filter| filter.contains(":enterprise:"))
        }),
        of(32, "parentheses-ignored", RFC, || {
            rewrites(|filter| match filter {
                Filter::And(parts) => match parts.as_slice() {
                    [first, Filter::Or(any)] if any.len() == 2 => Filter::Or(vec![
                        Filter::And(vec![first.clone(), any[0].clone()]),
                        any[1].clone(),
                    ]),
                    [Filter::Or(any), last] if any.len() == 2 => Filter::Or(vec![
                        any[0].clone(),
                        Filter::And(vec![any[1].clone(), last.clone()]),
                    ]),
                    _ => Filter::And(parts),
                },
                other => other,
            })
        }),
        of(33, "values-read-as-keywords", RFC, || {
            refuses(|_, filter| {
                let folded = filter.to_lowercase();
                ["\"or\"", "\"and\"", "\"not\"", "\"pr\"", "\"eq\""]
                    .iter()
                    .any(|word| folded.contains(word))
            })
        }),
        own(
            "quote-ends-value",
            "A quotation mark inside a value breaks the filter",
            ENTRA_RFC,
            "RFC 7644 section 3.4.2.2",
            || refuses(|_, filter| filter.contains("\\\"")),
        ),
        of(34, "unquoted-value-ignored", ENTRA, || {
            vec![asked(|request| {
                let filter = parameter(request, "filter")?;
                if filter.contains(" eq ")
                    && !filter.contains('"')
                    && !filter.contains("true")
                    && !filter.contains("false")
                {
                    set_parameter(request, "filter", None);
                }
                None
            })]
        })
        .saying("A filter whose value has no quotes is passed over: everybody is found"),
        own(
            "unknown-filter-attribute-ignored",
            "A filter on an attribute that does not exist gives everybody",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![asked(|request| {
                    let filter = parameter(request, "filter")?;
                    let name = filter.split_whitespace().next().unwrap_or_default();
                    let known = [
                        "userName",
                        "externalId",
                        "id",
                        "emails",
                        "name",
                        "displayName",
                        "active",
                        "title",
                        "meta",
                        "members",
                        "urn",
                        "not",
                        "(",
                        "user",
                        "addresses",
                        "phone",
                        "roles",
                        "password",
                        "x509",
                        "nick",
                        "preferred",
                        "manager",
                    ];
                    if !known
                        .iter()
                        .any(|known| name.to_lowercase().starts_with(&known.to_lowercase()))
                    {
                        set_parameter(request, "filter", None);
                    }
                    None
                })]
            },
        ),
        own(
            "broken-filter-ignored",
            "A filter that cannot be read gives everybody",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![asked(|request| {
                    let filter = parameter(request, "filter")?;
                    let lenient = crate::protocol::leniency::Leniency::DEFAULT;
                    if crate::protocol::filter::parse(&filter, &lenient).is_err() {
                        set_parameter(request, "filter", None);
                    }
                    None
                })]
            },
        ),
        of(35, "password-filter", RFC, || {
            vec![asked(|request| {
                if parameter(request, "filter")?
                    .to_lowercase()
                    .contains("password")
                {
                    set_parameter(request, "filter", None);
                }
                None
            })]
        }),
        of(36, "filter-name-by-case", RFC, || {
            vec![searched(|kind, filter| {
                Some(rewritten(filter, &|filter| match filter {
                    Filter::Compare(path, ..)
                        if kind
                            .core(&path.name)
                            .is_some_and(|known| known.name != path.name) =>
                    {
                        nobody()
                    }
                    other => other,
                }))
            })]
        }),
        of(37, "operator-by-case", RFC, || {
            refuses(|_, filter| {
                filter.split_whitespace().any(|word| {
                    word.len() == 2
                        && ["eq", "co", "sw", "pr", "or"].contains(&word.to_lowercase().as_str())
                        && word != word.to_lowercase()
                })
            })
        }),
        own(
            "user-name-filter-case-exact",
            "A search by userName minds the case",
            ENTRA_RFC,
            "RFC 7643 section 4.1.1",
            || {
                vec![told(|request, status, body| {
                    let wanted = parameter(request, "filter").unwrap_or_default();
                    if status == 200
                        && wanted.to_lowercase().starts_with("username eq")
                        && let Some(Value::Array(list)) = body.get_mut("Resources")
                    {
                        list.retain(|user| {
                            user["userName"]
                                .as_str()
                                .is_none_or(|name| wanted.contains(name))
                        });
                        let left = list.len();
                        body["totalResults"] = json!(left);
                        body["itemsPerPage"] = json!(left);
                    }
                })]
            },
        ),
        of(38, "external-id-folded-in-filters", ENTRA, || {
            texts(|path, text| {
                let again = |text: String| Filter::Compare(path.clone(), Operator::Eq, json!(text));
                let swapped = text
                    .chars()
                    .map(|sign| {
                        if sign.is_lowercase() {
                            sign.to_ascii_uppercase()
                        } else {
                            sign.to_ascii_lowercase()
                        }
                    })
                    .collect();
                path.name.eq_ignore_ascii_case("externalId").then(|| {
                    Filter::Or(vec![
                        again(text.to_owned()),
                        again(text.to_lowercase()),
                        again(text.to_uppercase()),
                        again(swapped),
                    ])
                })
            })
        }),
        of(147, "filter-mojibake", RFC, || {
            texts(|path, text| {
                let garbled: String = text.bytes().map(char::from).collect();
                (!text.is_ascii())
                    .then(|| Filter::Compare(path.clone(), Operator::Eq, json!(garbled)))
            })
        }),
        of(148, "plus-not-decoded", ENTRA, || {
            vec![asked(|request| {
                let raw = request.query.clone().unwrap_or_default();
                let filter = raw
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("filter="))?;
                filter
                    .contains('+')
                    .then(|| no(400, "the filter cannot be read"))
            })]
        }),
        own(
            "encoded-plus-read-as-space",
            "%2B in a filter is read as a space",
            RFC,
            "RFC 3986 section 2.4",
            || {
                vec![asked(|request| {
                    let raw = request.query.take().unwrap_or_default();
                    request.query = Some(raw.replace("%2B", "%20").replace("%2b", "%20"));
                    None
                })]
            },
        ),
        own(
            "active-filter-ignored",
            "active eq false gives everybody",
            RFC,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![searched(|_, filter| {
                    (!names(&filter, "active")).then_some(filter)
                })]
            },
        ),
        own(
            "user-name-filter-refused",
            "A search by userName is refused",
            ALL,
            "RFC 7644 section 3.4.2.2",
            || refuses(|_, filter| filter.to_lowercase().starts_with("username")),
        ),
        own(
            "id-filter-refused",
            "A search by id is refused",
            ENTRA,
            "RFC 7644 section 3.4.2.2",
            || refuses(|_, filter| filter.starts_with("id ")),
        ),
        own(
            "filter-finds-one-of-many",
            "A search gives its first hit only",
            PROVIDERS,
            "RFC 7644 section 3.4.2.2",
            || {
                vec![
                    asked(|request| {
                        if parameter(request, "filter").is_some() && request.method == "GET" {
                            set_parameter(request, "count", Some("1"));
                        }
                        None
                    }),
                    told(|request, _, body| {
                        if parameter(request, "filter").is_some() && body["Resources"].is_array() {
                            body["totalResults"] =
                                json!(body["Resources"].as_array().map_or(0, Vec::len));
                        }
                    }),
                ]
            },
        ),
    ]
}

/// A search like this is refused with 400.
fn refuses(like: fn(&str, &str) -> bool) -> Vec<Twist> {
    vec![asked(move |request| {
        let filter = parameter(request, "filter")?;
        like(place(request).0, &filter).then(|| {
            crate::http::Answer::error(&crate::protocol::error::ScimError::filter(
                "this filter is not supported",
            ))
        })
    })]
}

/// Each part of a filter is changed, the outermost first.
fn rewrites(change: fn(Filter) -> Filter) -> Vec<Twist> {
    vec![searched(move |_, filter| Some(rewritten(filter, &change)))]
}

fn rewritten(filter: Filter, change: &dyn Fn(Filter) -> Filter) -> Filter {
    let all = |parts: Vec<Filter>| {
        parts
            .into_iter()
            .map(|part| rewritten(part, change))
            .collect()
    };
    match change(filter) {
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(rewritten(*inner, change))),
        other => other,
    }
}

/// Comparisons of text by `eq` become something else.
fn texts(change: fn(&AttrPath, &str) -> Option<Filter>) -> Vec<Twist> {
    vec![searched(move |_, filter| Some(compared(filter, change)))]
}

fn compared(filter: Filter, change: fn(&AttrPath, &str) -> Option<Filter>) -> Filter {
    let all = |parts: Vec<Filter>| {
        parts
            .into_iter()
            .map(|part| compared(part, change))
            .collect()
    };
    match filter {
        Filter::Compare(path, Operator::Eq, Value::String(text)) => {
            change(&path, &text).unwrap_or(Filter::Compare(path, Operator::Eq, Value::String(text)))
        }
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(compared(*inner, change))),
        other => other,
    }
}

fn names(filter: &Filter, name: &str) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| names(part, name)),
        Filter::Not(inner) => names(inner, name),
        Filter::Present(path) | Filter::Compare(path, ..) | Filter::Element(path, _) => {
            path.name.eq_ignore_ascii_case(name)
        }
    }
}

fn nobody() -> Filter {
    Filter::Not(Box::new(Filter::Present(AttrPath {
        urn: None,
        name: "id".to_owned(),
        sub: None,
    })))
}
