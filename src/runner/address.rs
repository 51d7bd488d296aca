//! Where a request goes, read for safety: which identifiers may be put into a URL at all, and what a write would touch.
//!
//! Everything here is pure. The runner asks before it sends; see `guard` for what it does with the answer.

use std::borrow::Cow;

/// Identifiers longer than this are never put into a URL: servers and proxies cut or refuse longer request lines.
const LONGEST_ID: usize = 2048;

/// Why an identifier that a target gave must never be put into a URL; `None` where it is safe.
///
/// An id that is empty, `.` or `..`, plainly or percent-encoded, or that has such a part between slashes, would lead a
/// write to a collection or to another resource.
#[must_use]
pub(super) fn unsafe_id(id: &str) -> Option<String> {
    if id.len() > LONGEST_ID {
        return Some(format!("it is {} bytes long", id.len()));
    }
    let mut form = Cow::Borrowed(id);
    // Each proxy on the way may decode once more; three times is more than any chain does.
    for _ in 0..4 {
        if form.chars().any(char::is_control) {
            return Some("it contains control characters".to_owned());
        }
        let trimmed = form.trim();
        if trimmed.is_empty() {
            return Some("it is empty".to_owned());
        }
        if trimmed
            .split(['/', '\\'])
            .any(|part| matches!(part.trim(), "" | "." | ".."))
        {
            return Some("as a part of a URL it would lead somewhere else".to_owned());
        }
        let decoded = percent_decoded(&form).into_owned();
        if decoded == form {
            break;
        }
        form = Cow::Owned(decoded);
    }
    None
}

/// What a write would touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WriteTarget {
    /// POST to a collection: makes a resource.
    Create {
        /// `/Users`, as written.
        endpoint: String,
    },
    /// POST to `.search` (RFC 7644 section 3.4.3): a read.
    Search,
    /// POST to `/Bulk` (RFC 7644 section 3.7): each operation has a target of its own.
    Bulk,
    /// A write on one resource.
    One {
        /// `/Users`, as written.
        endpoint: String,
        /// The identifier, decoded.
        id: String,
    },
    /// Never sent, whatever the ledger says.
    Never {
        /// Why, as a part of a sentence.
        why: &'static str,
    },
}

/// Whether the method only reads (RFC 9110 section 9.2.1).
#[must_use]
pub(super) fn is_read(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE"]
        .iter()
        .any(|read| method.eq_ignore_ascii_case(read))
}

/// What a request that is not a read would touch. `target` is path and query below the base URL.
#[must_use]
pub(super) fn write_target(method: &str, target: &str) -> WriteTarget {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<Cow<'_, str>> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(percent_decoded)
        .collect();
    if parts.iter().any(|part| unsafe_id(part).is_some()) {
        return WriteTarget::Never {
            why: "its path has a part that leads somewhere else",
        };
    }
    let post = method.eq_ignore_ascii_case("POST");
    match parts.as_slice() {
        [] => WriteTarget::Never {
            why: "it is a write on the root",
        },
        [.., last] if post && last == ".search" => WriteTarget::Search,
        [one, ..] if one.eq_ignore_ascii_case("Me") => WriteTarget::Never {
            why: "/Me is the person whose credential this is",
        },
        [one] if post && one.eq_ignore_ascii_case("Bulk") => WriteTarget::Bulk,
        [one] if post => WriteTarget::Create {
            endpoint: format!("/{one}"),
        },
        [_] => WriteTarget::Never {
            why: "it is a write on a whole collection",
        },
        [endpoint, id] => WriteTarget::One {
            endpoint: format!("/{endpoint}"),
            id: id.to_string(),
        },
        _ => WriteTarget::Never {
            why: "its path is deeper than a resource",
        },
    }
}

/// The endpoint (`/Users`) and identifier that a path or an absolute location ends with, decoded.
#[must_use]
pub(super) fn resource_of(location: &str) -> Option<(String, String)> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let id = percent_decoded(parts.next()?).into_owned();
    let endpoint = percent_decoded(parts.next()?).into_owned();
    Some((format!("/{endpoint}"), id))
}

/// Whether a target asks for discovery documents, which say nothing about people.
#[must_use]
pub(super) fn is_discovery(target: &str) -> bool {
    let first = target
        .trim_start_matches('/')
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    ["ServiceProviderConfig", "ResourceTypes", "Schemas"]
        .iter()
        .any(|discovery| first.eq_ignore_ascii_case(discovery))
}

/// The template of an operation, for timings: `GET /Users/{id}`, `GET /Users?filter`, `POST /Bulk`.
#[must_use]
pub(super) fn operation(method: &str, target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, query),
        None => (target, ""),
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut text = format!("{method} ");
    match parts.as_slice() {
        [] => text.push('/'),
        [one] => text.push_str(&format!("/{one}")),
        [one, second] if *second == ".search" => text.push_str(&format!("/{one}/.search")),
        [one, ..] => text.push_str(&format!("/{one}/{{id}}")),
    }
    let asks = |name: &str| {
        query.split('&').any(|pair| {
            pair.split('=')
                .next()
                .unwrap_or_default()
                .eq_ignore_ascii_case(name)
        })
    };
    if asks("filter") {
        text.push_str("?filter");
    } else if asks("startIndex") || asks("count") || asks("cursor") {
        text.push_str("?page");
    }
    text
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_lead_elsewhere_are_never_used() {
        for id in [
            "",
            " ",
            ".",
            "..",
            "%2e",
            "%2E%2e",
            "%252e%252e",
            "/",
            "a/../b",
            "..%2fGroups",
            "\\",
            "x/",
            "\u{1b}[2J",
            "%00",
            "%20",
        ] {
            assert!(unsafe_id(id).is_some(), "{id:?}");
        }
        assert!(unsafe_id(&"x".repeat(1_000_000)).is_some());
        for id in [
            "1",
            "2819c223-7f76-453a",
            "a.b",
            "...",
            "ä",
            "a b",
            "x@y",
            "50%",
            "%",
            "a/b",
            "..a",
        ] {
            assert_eq!(unsafe_id(id), None, "{id:?}");
        }
    }

    #[test]
    fn what_a_write_touches() {
        let one = |endpoint: &str, id: &str| WriteTarget::One {
            endpoint: endpoint.into(),
            id: id.into(),
        };
        let create = |endpoint: &str| WriteTarget::Create {
            endpoint: endpoint.into(),
        };
        let table = [
            ("POST", "/Users", create("/Users")),
            ("post", "/Users?attributes=id", create("/Users")),
            ("POST", "/Users/.search", WriteTarget::Search),
            ("POST", "/.search", WriteTarget::Search),
            ("POST", "/Bulk", WriteTarget::Bulk),
            ("PATCH", "/Users/a%20b?x=1", one("/Users", "a b")),
            ("DELETE", "/Groups/1", one("/Groups", "1")),
            ("POST", "/Users/1", one("/Users", "1")),
            ("PURGE", "/Users/1", one("/Users", "1")),
        ];
        for (method, target, want) in table {
            assert_eq!(write_target(method, target), want, "{method} {target}");
        }
        for (method, target) in [
            ("DELETE", "/Users"),
            ("DELETE", "/Users/"),
            ("DELETE", "//Users//"),
            ("PUT", ""),
            ("PATCH", "/?x=/Users/1"),
            ("DELETE", "/Users/.."),
            ("DELETE", "/Users/%2e%2e"),
            ("DELETE", "/Users/%252e"),
            ("DELETE", "/Users/%20"),
            ("PATCH", "/Me"),
            ("POST", "/Me"),
            ("PUT", "/me/x"),
            ("PUT", "/Users/1/emails"),
        ] {
            let got = write_target(method, target);
            assert!(
                matches!(got, WriteTarget::Never { .. }),
                "{method} {target}: {got:?}"
            );
        }
        assert!(is_read("get") && is_read("HEAD") && !is_read("DELETE") && !is_read("PURGE"));
    }

    #[test]
    fn locations_operations_discovery() {
        assert_eq!(
            resource_of("https://h.example/scim/v2/Users/a%2Fb?x"),
            Some(("/Users".into(), "a/b".into()))
        );
        assert_eq!(resource_of("Users"), None);
        for (method, target, want) in [
            ("GET", "/Users/12", "GET /Users/{id}"),
            ("GET", "/Users?filter=x&count=1", "GET /Users?filter"),
            ("GET", "/Users?count=1", "GET /Users?page"),
            ("POST", "/Users/.search", "POST /Users/.search"),
            ("GET", "", "GET /"),
        ] {
            assert_eq!(operation(method, target), want);
        }
        assert!(is_discovery("/schemas/urn:x") && is_discovery("/ServiceProviderConfig?x"));
        assert!(!is_discovery("/Users?x=/Schemas"));
    }
}
