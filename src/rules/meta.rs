//! `meta`, and the headers that must agree with it (RFC 7643 section 3.1, RFC 7644 sections 3.3 and 3.14).

use serde_json::Value;

use super::book::{Check, Fault, Rule, Ruling};
use super::view::{Endpoint, Found, View, cut, percent_decode, show, type_of};
use crate::results::Severity;
use crate::scim::{instant, named};

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/meta-present",
            title: "Every resource has meta",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R01", "rfc:7643-3.1-R15", "quirk:ENTRA-18"],
            breaks: &[],
            hint: "Return meta with resourceType, created, lastModified and location.",
        },
        judge: present,
    },
    Check {
        rule: Rule {
            id: "rules/meta-resource-type",
            title: "meta.resourceType is the name of the endpoint's resource type",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R16", "rfc:7643-6-R01", "rfc:7644-3.3.1-R01"],
            breaks: &[],
            hint: "Set meta.resourceType to \"User\" for /Users and \"Group\" for /Groups, letter for letter as in /ResourceTypes.",
        },
        judge: resource_type,
    },
    Check {
        rule: Rule {
            id: "rules/meta-times",
            title: "meta.created and meta.lastModified are date-times",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R17", "rfc:7643-2.3.5-R01"],
            breaks: &[],
            hint: "Write times as strings such as \"2026-01-31T12:30:00Z\".",
        },
        judge: times,
    },
    Check {
        rule: Rule {
            id: "rules/meta-time-zone",
            title: "Times say their zone",
            severity: Severity::Warning,
            refs: &["rfc:7643-2.3.5-R01", "defect:129"],
            breaks: &[],
            hint: "End times with Z or an offset: without one each reader takes another zone.",
        },
        judge: time_zone,
    },
    Check {
        rule: Rule {
            id: "rules/meta-created-first",
            title: "Nothing was changed before it was made",
            severity: Severity::Warning,
            refs: &["rfc:7643-3.1-R18"],
            breaks: &[],
            hint: "Take created and lastModified of a new resource from one reading of the clock.",
        },
        judge: created_first,
    },
    Check {
        rule: Rule {
            id: "rules/meta-location",
            title: "meta.location is the address of the resource",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R19", "rfc:7644-3.3-R11"],
            breaks: &[],
            hint: "End meta.location with the resource's endpoint and id.",
        },
        judge: location,
    },
    Check {
        rule: Rule {
            id: "rules/meta-location-absolute",
            title: "meta.location of users and groups is absolute",
            severity: Severity::Warning,
            refs: &["rfc:7643-3.1-R19", "defect:133"],
            breaks: &[],
            hint: "Write the whole address with scheme and host.",
        },
        judge: location_absolute,
    },
    Check {
        rule: Rule {
            id: "rules/meta-location-host",
            title: "meta.location leads to the host that was asked",
            severity: Severity::Info,
            refs: &["rfc:7643-2.3.7-R03", "defect:134"],
            breaks: &[],
            hint: "Behind a proxy, build links from the public base URL, not from the inner host.",
        },
        judge: location_host,
    },
    Check {
        rule: Rule {
            id: "rules/location-header",
            title: "201 has a Location header",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.3-R10"],
            breaks: &[],
            hint: "Send the new resource's address as Location with 201.",
        },
        judge: location_header,
    },
    Check {
        rule: Rule {
            id: "rules/location-agrees",
            title: "Location and Content-Location say the same as meta.location",
            severity: Severity::Violation,
            refs: &["rfc:7644-3.3-R11", "rfc:7643-3.1-R19", "rfc:7643-2.4-R05"],
            breaks: &[],
            hint: "Build the header and meta.location from the same address.",
        },
        judge: location_agrees,
    },
    Check {
        rule: Rule {
            id: "rules/version-agrees",
            title: "meta.version is the ETag",
            severity: Severity::Violation,
            refs: &["rfc:7643-3.1-R20", "rfc:7644-3.14-R02", "defect:130"],
            breaks: &[],
            hint: "Write the entity tag as in the header, with its quotation marks, as a string into meta.version.",
        },
        judge: version_agrees,
    },
];

fn meta<'a>(resource: &'a Value, name: &str) -> Option<&'a Value> {
    named(named(resource, "meta")?, name).filter(|v| !v.is_null())
}

fn meta_text<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    meta(resource, name).and_then(Value::as_str)
}

fn present(view: &View<'_>) -> Ruling {
    let Some(resource) = view.single().filter(|_| !view.is_narrowed()) else {
        return Ruling::Apart;
    };
    match named(resource, "meta").filter(|v| !v.is_null()) {
        None => Ruling::broken("the resource has no meta", "an object", "no meta"),
        Some(Value::Object(_)) => Ruling::Held,
        Some(other) => Ruling::broken(
            format!("meta is of type {}, not an object", type_of(other)),
            "an object",
            show(other),
        ),
    }
}

fn resource_type(view: &View<'_>) -> Ruling {
    let (kind, name) = match view.kind() {
        Some("Users") => ("users", "User"),
        Some("Groups") => ("groups", "Group"),
        _ => return Ruling::Apart,
    };
    Ruling::first(view.resources().iter().filter_map(|found| {
        if !named(found.value, "meta")?.is_object()
            || (view.is_narrowed() && meta(found.value, "resourceType").is_none())
        {
            return None;
        }
        Some(match meta(found.value, "resourceType") {
            Some(Value::String(text)) if text == name => Ruling::Held,
            None if found.is_listed() => Ruling::Held,
            None => Ruling::broken(
                "meta has no resourceType",
                format!("\"{name}\""),
                "no resourceType",
            ),
            Some(other) => Ruling::Broken(Fault {
                message: format!(
                    "{} is {}, expected \"{name}\"",
                    found.place_of("meta.resourceType"),
                    show(other)
                ),
                expected: format!("\"{name}\""),
                actual: show(other),
                lawful_if_declared: other
                    .as_str()
                    .map(|text| (kind.to_owned(), text.to_ascii_lowercase())),
            }),
        })
    }))
}

/// The times of a resource that are there.
fn each_time(view: &View<'_>, look: impl Fn(&str, &Value, &Found<'_>) -> Ruling) -> Ruling {
    let resources = view.resources();
    let times = resources.iter().flat_map(|found| {
        ["created", "lastModified"]
            .into_iter()
            .filter_map(move |name| Some((name, meta(found.value, name)?, found)))
    });
    Ruling::first(times.map(|(name, value, found)| look(name, value, found)))
}

fn times(view: &View<'_>) -> Ruling {
    each_time(view, |name, value, found| match value {
        Value::String(text) if instant(text).is_some() => Ruling::Held,
        other => Ruling::broken(
            format!(
                "{} is {}, which is no date-time",
                found.place_of(&format!("meta.{name}")),
                show(other)
            ),
            "a date-time",
            show(other),
        ),
    })
}

fn time_zone(view: &View<'_>) -> Ruling {
    each_time(view, |name, value, found| {
        let Some(text) = value.as_str().filter(|text| instant(text).is_some()) else {
            return Ruling::Apart;
        };
        let clock = text.get(10..).unwrap_or("");
        if clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']) {
            return Ruling::Held;
        }
        Ruling::broken(
            format!(
                "{} is \"{}\", without a zone",
                found.place_of(&format!("meta.{name}")),
                cut(text)
            ),
            "Z or an offset at the end",
            cut(text),
        )
    })
}

fn created_first(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let time = |name: &str| meta_text(found.value, name).and_then(instant);
        let (created, modified) = (time("created")?, time("lastModified")?);
        // Columns of different precision may differ below a second.
        if modified.as_second() + 1 >= created.as_second() {
            return Some(Ruling::Held);
        }
        Some(Ruling::broken(
            format!(
                "{} lies before meta.created",
                found.place_of("meta.lastModified")
            ),
            "created first",
            format!("created {created}, lastModified {modified}"),
        ))
    }))
}

/// The path of an address, without query, fragment and trailing slash.
fn path_of(uri: &str) -> &str {
    let rest = uri
        .split_once("://")
        .map_or(uri, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    rest.split(['?', '#'])
        .next()
        .unwrap_or("")
        .trim_end_matches('/')
}

fn is_absolute(uri: &str) -> bool {
    uri.get(..8)
        .is_some_and(|s| s.eq_ignore_ascii_case("https://"))
        || uri
            .get(..7)
            .is_some_and(|s| s.eq_ignore_ascii_case("http://"))
}

fn location(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let value = meta(found.value, "location")?;
        let Some(text) = value.as_str() else {
            let place = found.place_of("meta.location");
            return Some(Ruling::broken(
                format!("{place} is of type {}", type_of(value)),
                "an address",
                type_of(value),
            ));
        };
        let id = named(found.value, "id")?
            .as_str()
            .filter(|id| !id.is_empty())?;
        let last = path_of(text).rsplit('/').next().unwrap_or("");
        if percent_decode(last, false) == id || path_of(text).ends_with(id) {
            return Some(Ruling::Held);
        }
        // An address by name identifies the resource as well; that it leads there is what `rfc/read/user` looks at.
        let by_name = ["userName", "displayName"].iter().any(|name| {
            named(found.value, name)
                .and_then(Value::as_str)
                .is_some_and(|name| {
                    !name.is_empty() && percent_decode(last, false).eq_ignore_ascii_case(name)
                })
        });
        if by_name {
            return Some(Ruling::Held);
        }
        let actual = if found.is_listed() {
            "another address".to_owned()
        } else {
            cut(text)
        };
        Some(Ruling::broken(
            format!(
                "{} does not end with the resource's id",
                found.place_of("meta.location")
            ),
            "an address that ends with the id",
            actual,
        ))
    }))
}

fn location_absolute(view: &View<'_>) -> Ruling {
    Ruling::first(view.resources().iter().filter_map(|found| {
        let text = meta_text(found.value, "location")?;
        if is_absolute(text) {
            return Some(Ruling::Held);
        }
        let actual = if found.is_listed() {
            "a relative address".to_owned()
        } else {
            cut(text)
        };
        Some(Ruling::broken(
            format!("{} is relative", found.place_of("meta.location")),
            "an absolute address",
            actual,
        ))
    }))
}

fn origin(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let scheme = scheme.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    Some(format!(
        "{scheme}://{}",
        host.strip_suffix(default).unwrap_or(&host)
    ))
}

fn location_host(view: &View<'_>) -> Ruling {
    let Some(asked) = origin(view.base_url) else {
        return Ruling::Apart;
    };
    Ruling::first(
        view.resources()
            .iter()
            .filter(|found| !found.is_listed())
            .filter_map(|found| {
                let said = meta_text(found.value, "location")
                    .filter(|text| is_absolute(text))
                    .and_then(origin)?;
                if said == asked {
                    return Some(Ruling::Held);
                }
                Some(Ruling::broken(
                    format!("meta.location leads to {}, asked was {asked}", cut(&said)),
                    asked.clone(),
                    cut(&said),
                ))
            }),
    )
}

fn is_creation(view: &View<'_>) -> bool {
    view.status == 201 && view.method == "POST" && matches!(view.endpoint, Endpoint::Collection(_))
}

fn location_header(view: &View<'_>) -> Ruling {
    if !is_creation(view) {
        return Ruling::Apart;
    }
    match view.header("location").map(str::trim) {
        None | Some("") => Ruling::broken(
            "201 came without a Location header",
            "Location: the new resource's address",
            "no Location",
        ),
        Some(_) => Ruling::Held,
    }
}

/// What is compared of two addresses: absolute ones whole, else their paths, without version segment (RFC 7643 section 2.4).
fn same_address(a: &str, b: &str) -> bool {
    let bare = |uri: &str| {
        let parts: Vec<String> = path_of(uri)
            .split('/')
            .filter(|p| !p.is_empty())
            .map(|p| percent_decode(p, false))
            .collect();
        let version = |part: &String| {
            part.strip_prefix('v')
                .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit() || c == '.'))
        };
        parts
            .into_iter()
            .filter(|part| !version(part))
            .collect::<Vec<_>>()
    };
    let (a_parts, b_parts) = (bare(a), bare(b));
    if is_absolute(a) && is_absolute(b) {
        return origin(a) == origin(b) && a_parts == b_parts;
    }
    // A relative address is resolved somewhere: its parts must be the end of the other's.
    let (short, long) = if a_parts.len() < b_parts.len() {
        (a_parts, b_parts)
    } else {
        (b_parts, a_parts)
    };
    !short.is_empty() && long.ends_with(&short)
}

fn location_agrees(view: &View<'_>) -> Ruling {
    let Some(said) = view
        .single()
        .and_then(|resource| meta_text(resource, "location"))
    else {
        return Ruling::Apart;
    };
    // Location belongs to a creation; elsewhere only Content-Location speaks of the representation.
    let headers = [("location", is_creation(view)), ("content-location", true)];
    Ruling::first(
        headers
            .into_iter()
            .filter(|(_, applies)| *applies)
            .filter_map(|(name, _)| {
                let header = view
                    .header(name)
                    .map(str::trim)
                    .filter(|text| !text.is_empty())?;
                if same_address(header, said) {
                    return Some(Ruling::Held);
                }
                let title = if name == "location" {
                    "Location"
                } else {
                    "Content-Location"
                };
                Some(Ruling::broken(
                    format!("{title} is {}, meta.location is {}", cut(header), cut(said)),
                    cut(said),
                    cut(header),
                ))
            }),
    )
}

fn version_agrees(view: &View<'_>) -> Ruling {
    let Some(version) = view.single().and_then(|resource| meta(resource, "version")) else {
        return Ruling::Apart;
    };
    let Some(text) = version.as_str() else {
        return Ruling::broken(
            format!("meta.version is of type {}, not a string", type_of(version)),
            "a string",
            show(version),
        );
    };
    let Some(tag) = view.header("etag").map(str::trim) else {
        return Ruling::Apart;
    };
    // Proxies that compress a body make its tag weak; the tag itself stays.
    let bare = |tag: &str| {
        tag.strip_prefix("W/")
            .unwrap_or(tag)
            .replace("-gzip\"", "\"")
            .replace("--gzip\"", "\"")
    };
    if bare(text) == bare(tag) {
        return Ruling::Held;
    }
    Ruling::broken(
        format!(
            "meta.version is {}, the ETag is {}",
            show(version),
            cut(tag)
        ),
        cut(tag),
        cut(text),
    )
}
