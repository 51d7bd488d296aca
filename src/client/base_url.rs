//! The target's base URL, and targets below it exactly as a suite wrote them.

use std::fmt;

use reqwest::Url;

use super::ClientError;

/// A checked base URL: http or https, no user-info, no query, no trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    text: String,
}

impl BaseUrl {
    /// Parses what the user gave. A trailing slash is dropped.
    ///
    /// # Errors
    /// Where it is not an http(s) URL or has parts that a base URL must not have.
    pub fn parse(given: &str) -> Result<Self, ClientError> {
        let given = given.trim();
        let url = Url::parse(given).map_err(|e| ClientError::NotAUrl {
            url: without_userinfo(given),
            why: e.to_string(),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            // `localhost:8080/scim` parses as a URL with the scheme `localhost`.
            if url.cannot_be_a_base() {
                return Err(ClientError::NotAUrl {
                    url: without_userinfo(given),
                    why: "it has no scheme (http:// or https://)".to_owned(),
                });
            }
            return Err(ClientError::Scheme {
                scheme: url.scheme().to_owned(),
            });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ClientError::UserInfo);
        }
        if let Some(query) = url.query() {
            return Err(ClientError::QueryOrFragment {
                part: format!("?{query}"),
            });
        }
        if let Some(fragment) = url.fragment() {
            return Err(ClientError::QueryOrFragment {
                part: format!("#{fragment}"),
            });
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, text })
    }

    /// Scheme, host and port, as one text: what must never change.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The path below the origin, without a trailing slash; empty for the root.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// The text without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host is this machine's loopback: `localhost`, 127.0.0.0/8 or ::1.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// True for https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn peer(&self) -> super::transport::Peer {
        super::transport::Peer::of(&self.url)
    }

    /// Host and port for messages.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The URL of a target below the base, which must go out exactly as written.
    ///
    /// An absolute URL is accepted where it stays below this base (a `meta.location` that is followed).
    ///
    /// # Errors
    /// A sentence that says why the request must not be sent: it would leave the origin or the base path, or the
    /// parsed form differs from the written one (dot segments, spaces, quotes that nobody encoded).
    pub fn join(&self, target: &str) -> Result<Url, String> {
        let written = if target.is_empty() || target.starts_with(['/', '?']) {
            format!("{}{target}", self.text)
        } else if target.starts_with("http://") || target.starts_with("https://") {
            target.to_owned()
        } else {
            return Err(format!("the target `{target}` does not begin with `/`"));
        };
        let parsed = Url::parse(&written).map_err(|e| format!("`{written}` is not a URL: {e}"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("the URL contains a user name or password".to_owned());
        }
        if parsed.origin() != self.url.origin() {
            return Err(format!(
                "the URL leads to another origin ({}), where nothing is ever sent",
                parsed.origin().ascii_serialization()
            ));
        }
        // `https://host` and `https://host/` are one URL; every other difference is a change of what was written.
        let same = parsed.as_str() == written
            || parsed.as_str().strip_suffix('/') == Some(written.as_str())
            || root_slash_only(&written, parsed.as_str());
        if !same {
            return Err(format!(
                "the URL would not go out as written: `{written}` would become `{parsed}`"
            ));
        }
        let below = parsed
            .path()
            .strip_prefix(self.path())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !below {
            return Err(format!(
                "the URL `{parsed}` is not below the base URL {self}"
            ));
        }
        if parsed.fragment().is_some() {
            return Err("the URL has a fragment, which never goes over the wire".to_owned());
        }
        Ok(parsed)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// True for `localhost`, 127.0.0.0/8 and ::1.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => {
            host.eq_ignore_ascii_case("localhost")
                || host.to_ascii_lowercase().ends_with(".localhost")
        }
    }
}

/// `http://h?x` is written by the parser as `http://h/?x`: the same request line.
fn root_slash_only(written: &str, parsed: &str) -> bool {
    written
        .split_once('?')
        .zip(parsed.split_once('?'))
        .is_some_and(|((wp, wq), (pp, pq))| {
            wq == pq && pp.strip_suffix('/') == Some(wp) && wp.matches('/').count() == 2
        })
}

/// Drops `user:password@` from a text that may not even be a URL, before it is shown.
fn without_userinfo(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let authority = &rest[..end];
            let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
            format!("{scheme}://{host}{}", &rest[end..])
        }
        None => text
            .rsplit_once('@')
            .map_or(text, |(_, rest)| rest)
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        let table: &[(&str, Result<&str, &str>)] = &[
            (
                "https://h.example/scim/v2/",
                Ok("https://h.example/scim/v2"),
            ),
            ("http://127.0.0.1:80", Ok("http://127.0.0.1")),
            ("https://H.Example/A", Ok("https://h.example/A")),
            ("h.example/scim", Err("is not a URL")),
            ("localhost:8080/scim", Err("no scheme")),
            ("ftp://h/x", Err("only https and http")),
            ("https://u:p4ss@h/", Err("user name or password")),
            ("https://u:p4ss@h:99999/", Err("https://h:99999/")),
            ("https://h/scim?aadOptscim062020", Err("?aadOptscim062020")),
            ("https://h/scim#x", Err("#x")),
        ];
        for (given, want) in table {
            let got = BaseUrl::parse(given).map_err(|e| e.to_string());
            match want {
                Ok(text) => assert_eq!(got.as_ref().map(BaseUrl::as_str), Ok(*text), "{given}"),
                Err(part) => {
                    let error = got.expect_err(given);
                    assert!(error.contains(part), "{given}: {error}");
                    assert!(!error.contains("p4ss"), "{given}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_target_goes_out_as_written_or_not_at_all() {
        let base = BaseUrl::parse("https://h.example/scim/v2").expect("a valid base");
        for target in [
            "/Users?filter=userName+eq+%22a%2bb%22",
            "/Users?filter=userName%20eq%20%22a%2Bb%22",
            "/Groups?filter=members[value%20eq%20%22x%22]&excludedAttributes=members",
            "/Users/2819c223-7f76",
            "/Users/a%2fb",
            "/.search",
            "",
            "?x=1",
            "https://h.example/scim/v2/Users/1",
        ] {
            let url = base.join(target).expect(target);
            assert!(url.as_str().ends_with(target), "{target} became {url}");
        }
    }

    #[test]
    fn what_would_change_or_escape_is_refused() {
        let base = BaseUrl::parse("https://h.example/scim/v2").expect("a valid base");
        for (target, why) in [
            ("/Users/../Groups", "not go out as written"),
            ("/Users/%2e%2e", "not go out as written"),
            ("/Users/.", "not go out as written"),
            ("/Users?filter=userName eq \"a\"", "not go out as written"),
            ("Users", "does not begin"),
            (".evil.example/", "does not begin"),
            ("@evil.example/", "does not begin"),
            ("https://evil.example/scim/v2/Users", "another origin"),
            ("http://h.example/scim/v2/Users", "another origin"),
            ("https://h.example:444/scim/v2/Users", "another origin"),
            ("https://h.example/scim/v2x/Users", "not below"),
            ("https://u@h.example/scim/v2/Users", "user name"),
            ("/Users#x", "fragment"),
        ] {
            let refused = base.join(target).expect_err(target);
            assert!(refused.contains(why), "{target}: {refused}");
        }
    }

    #[test]
    fn the_root_may_be_a_base() {
        let base = BaseUrl::parse("http://127.0.0.1:8080/").expect("a valid base");
        assert_eq!(
            base.join("/Users").expect("joins").as_str(),
            "http://127.0.0.1:8080/Users"
        );
        assert_eq!(
            base.join("?a=1").expect("joins").as_str(),
            "http://127.0.0.1:8080/?a=1"
        );
        assert_eq!(
            base.join("").expect("joins").as_str(),
            "http://127.0.0.1:8080/"
        );
    }

    #[test]
    fn loopback_is_recognised() {
        for (url, want) in [
            ("http://localhost/", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]:80/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.evil.example/", false),
        ] {
            assert_eq!(BaseUrl::parse(url).expect(url).is_loopback(), want, "{url}");
        }
    }
}
