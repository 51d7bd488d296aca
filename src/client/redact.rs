//! Secrets are taken out of everything that is recorded, at the moment of recording, by value and by header name.
//!
//! By value: each secret as it is, in base64 (whatever stands before it), percent-encoded, form-encoded,
//! JSON-escaped and HTML-escaped in whatever way (see `escapes`), without regard to the case of ASCII letters. By name:
//! headers that carry credentials.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{LazyLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use super::escapes;
use crate::config::Secret;

/// Shorter values are not searched for: they would occur everywhere by chance. They are still redacted by header name.
const SHORTEST_SECRET: usize = 4;

/// Header names (lower case) that carry credentials.
const SECRET_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "authentication-info",
    "www-authenticate-token",
];

/// Finds parts of header names that mark a credential of someone's own making, in whatever case.
static SECRET_HEADER_PARTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let parts = [
        "token", "secret", "api-key", "apikey", "password", "session", "x-auth",
    ];
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(parts)
        .expect("a few short words are searched for")
});

/// Replaces secrets by `$NAME`. Shared by everything that records or reports.
#[derive(Default)]
pub struct Redactor {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Most secrets.
    settled: Finder,
    /// The latest ones: a run makes up a password for each person, and only this small part is built anew for each.
    recent: Finder,
    /// What finds the configured secrets in any other way of escaping, with their labels.
    escaped: Vec<(Regex, String)>,
    /// What finds their beginnings.
    cut_short: Vec<(Regex, String)>,
    /// Names of headers that carry a configured credential, lower case.
    headers: Vec<String>,
}

/// Forms of the recent secrets before they join the others.
const MOST_RECENT: usize = 256;

#[derive(Default)]
struct Finder {
    /// Every form of every secret.
    forms: Vec<String>,
    /// The label of each form.
    labels: Vec<String>,
    /// Finds any of the forms; `None` where there are none.
    automaton: Option<AhoCorasick>,
}

impl Finder {
    fn build(&mut self) {
        // The longest match wins: a secret may be the beginning of another one's form.
        self.automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(&self.forms)
            .ok();
    }

    fn text<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let Some(automaton) = &self.automaton else {
            return text;
        };
        if !automaton.is_match(text.as_ref()) {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        automaton.replace_all_with(&text, &mut out, |found, _, out| {
            out.push('$');
            out.push_str(
                self.labels
                    .get(found.pattern().as_usize())
                    .map_or("SECRET", String::as_str),
            );
            true
        });
        Cow::Owned(out)
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// A redactor that knows no secret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a configured secret: it becomes `$LABEL` wherever it occurs from here on.
    pub fn add(&self, secret: &Secret) {
        let (value, label) = (secret.expose(), secret.label());
        self.add_value(value, label);
        if value.len() < SHORTEST_SECRET {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(finder) = escapes::finder(value) {
            state.escaped.push((finder, label.to_owned()));
        }
        if let Some(finder) = escapes::cut_short(value, &base64_cores(value.as_bytes())) {
            state.cut_short.push((finder, label.to_owned()));
        }
    }

    /// Registers a value that is secret, such as a password that a suite sends.
    pub fn add_value(&self, value: &str, label: &str) {
        if value.len() < SHORTEST_SECRET {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State {
            settled, recent, ..
        } = &mut *state;
        let mut known = settled.forms.iter().chain(&recent.forms);
        if known.any(|form| form == value) {
            return;
        }
        for form in forms_of(value) {
            recent.forms.push(form);
            recent.labels.push(label.to_owned());
        }
        if recent.forms.len() > MOST_RECENT {
            settled.forms.append(&mut recent.forms);
            settled.labels.append(&mut recent.labels);
            settled.build();
        }
        recent.build();
    }

    /// Registers a header whose value is a credential.
    pub fn add_header(&self, name: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.headers.push(name.to_ascii_lowercase());
    }

    /// The text without secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = Cow::Borrowed(text);
        for (finder, label) in &state.escaped {
            if finder.is_match(&text) {
                let replaced = finder.replace_all(&text, regex::NoExpand(&format!("${label}")));
                text = Cow::Owned(replaced.into_owned());
            }
        }
        state.recent.text(state.settled.text(text))
    }

    /// A message without secrets, and without what is left of one where the message was cut before it came here.
    #[must_use]
    pub fn message<'a>(&self, message: &'a str) -> Cow<'a, str> {
        let mut text = self.text(message);
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        for (finder, label) in &state.cut_short {
            if finder.is_match(&text) {
                let whole = format!("${label}");
                let replaced = finder.replace_all(&text, |found: &regex::Captures<'_>| {
                    format!("{whole}{}", found.get(1).map_or("", |end| end.as_str()))
                });
                text = Cow::Owned(replaced.into_owned());
            }
        }
        text
    }

    /// Every string in a JSON value without secrets, member names included.
    #[must_use]
    pub fn json(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            Value::Array(items) => Value::Array(items.into_iter().map(|v| self.json(v)).collect()),
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(k, v)| (self.text(&k).into_owned(), self.json(v)))
                    .collect(),
            ),
            other => other,
        }
    }

    /// The value of a header as it may be recorded.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> String {
        let by_value = self.text(value);
        if !self.is_secret_header(name) {
            return by_value.into_owned();
        }
        // A value that was found and replaced says more than a blank one, and curl lines need it.
        match &by_value {
            Cow::Owned(replaced) if is_placeholder(replaced) => replaced.clone(),
            _ => "[redacted]".to_owned(),
        }
    }

    /// True where a header of this name is never recorded with its value.
    #[must_use]
    pub fn is_secret_header(&self, name: &str) -> bool {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        SECRET_HEADERS.iter().any(|known| is(known))
            || SECRET_HEADER_PARTS.is_match(name)
            || self
                .state
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .headers
                .iter()
                .any(|known| is(known))
    }
}

/// `$NAME`, or a scheme and `$NAME`.
fn is_placeholder(value: &str) -> bool {
    let bare = value.rsplit_once(' ').map_or(value, |(scheme, rest)| {
        if scheme.chars().all(|c| c.is_ascii_alphabetic()) {
            rest
        } else {
            value
        }
    });
    bare.strip_prefix('$')
        .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// The ways in which a secret occurs in what servers send back.
fn forms_of(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        percent(secret, false),
        percent(secret, true),
        json_escaped(secret),
    ];
    forms.push(json_escaped(secret).replace('/', "\\/"));
    forms.push(html_escaped(secret));
    forms.extend(base64_cores(secret.as_bytes()));
    forms.retain(|form| form.len() >= SHORTEST_SECRET);
    forms.sort();
    forms.dedup();
    forms
}

fn percent(text: &str, form: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            b' ' if form => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The part of the secret's base64 that is the same whatever stands before and behind it, for each of the three
/// alignments, in both alphabets: `Bearer TOKEN` encoded as a whole is found too.
fn base64_cores(secret: &[u8]) -> Vec<String> {
    let mut cores = Vec::new();
    for shift in 0..3_usize {
        let mut bytes = vec![0_u8; shift];
        bytes.extend_from_slice(secret);
        let encoded = STANDARD.encode(&bytes);
        let encoded = encoded.trim_end_matches('=');
        // The first characters mix with the padding before, the last one with what follows.
        let start = [0, 2, 3][shift];
        let end = if bytes.len() % 3 == 0 {
            encoded.len()
        } else {
            encoded.len() - 1
        };
        if let Some(core) = encoded.get(start..end).filter(|core| core.len() >= 8) {
            cores.push(core.replace('+', "-").replace('/', "_"));
            cores.push(core.to_owned());
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const SECRET: &str = "p@ss/w\"örd+&<42>~?";

    fn redactor() -> Redactor {
        let redactor = Redactor::new();
        redactor.add(&Secret::new(SECRET, "SCIM_TOKEN"));
        redactor
    }

    #[test]
    fn every_form_of_a_secret_is_replaced() {
        let redactor = redactor();
        let forms = [
            SECRET.to_owned(),
            SECRET.to_ascii_uppercase(),
            percent(SECRET, false),
            percent(SECRET, false).to_lowercase(),
            percent(SECRET, true),
            json_escaped(SECRET),
            json_escaped(SECRET).replace('/', "\\/"),
            html_escaped(SECRET),
            STANDARD.encode(SECRET),
            STANDARD.encode(format!("amara:{SECRET}")),
            STANDARD.encode(format!("Bearer {SECRET} and more")),
            URL_SAFE_NO_PAD.encode(format!("xx{SECRET}")),
        ];
        for form in forms {
            let out = redactor.text(&format!("before {form} after")).into_owned();
            assert!(out.contains("$SCIM_TOKEN"), "{form} -> {out}");
            assert!(
                out.starts_with("before ") && out.ends_with(" after"),
                "{form} -> {out}"
            );
            assert!(!out.contains(&form), "{form} -> {out}");
        }
    }

    #[test]
    fn other_text_stays() {
        let redactor = redactor();
        let text = "userName eq \"amara@example.com\" pass word";
        assert_eq!(redactor.text(text), text);
        assert_eq!(Redactor::new().text(text), text);
    }

    #[test]
    fn short_values_are_not_searched_for() {
        let redactor = Redactor::new();
        redactor.add_value("abc", "X");
        assert_eq!(redactor.text("abcdef"), "abcdef");
    }

    #[test]
    fn headers_are_redacted_by_name_and_by_value() {
        let redactor = redactor();
        redactor.add_header("X-Our-Key");
        for (name, value, want) in [
            (
                "Authorization",
                format!("Bearer {SECRET}"),
                "Bearer $SCIM_TOKEN",
            ),
            ("authorization", "Bearer other".to_owned(), "[redacted]"),
            ("Set-Cookie", "sid=1".to_owned(), "[redacted]"),
            ("X-Api-Key", "abc".to_owned(), "[redacted]"),
            ("x-our-key", "v".to_owned(), "[redacted]"),
            (
                "Location",
                format!("https://h/?t={}", percent(SECRET, false)),
                "https://h/?t=$SCIM_TOKEN",
            ),
            (
                "Content-Type",
                "application/scim+json".to_owned(),
                "application/scim+json",
            ),
        ] {
            assert_eq!(redactor.header(name, &value), want, "{name}");
        }
    }

    #[test]
    fn json_is_redacted_in_names_and_values() {
        let redactor = redactor();
        let out = redactor.json(serde_json::json!({ SECRET: [SECRET, 1, {"a": SECRET}] }));
        assert_eq!(
            out,
            serde_json::json!({"$SCIM_TOKEN": ["$SCIM_TOKEN", 1, {"a": "$SCIM_TOKEN"}]})
        );
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives(secret in "[ -~]{6,40}", before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let redactor = Redactor::new();
            redactor.add_value(&secret, "S");
            let out = redactor.text(&format!("{before}{secret}{after}")).into_owned();
            // The replacement itself may, by chance, complete the text around it.
            let rest = out.replace("$S", "\u{0}");
            proptest::prop_assert!(!rest.contains(&secret));
        }
    }
}
