//! An exchange as a `curl` line that repeats it, with secrets as shell variables.

use std::fmt::Write as _;

use super::exchange::DEFAULT_HEADERS;
use crate::results::Exchange;

/// The line, safe to paste: everything that came from a suite or a server is quoted for a POSIX shell.
///
/// Credentials appear as `$NAME`, in double quotes, so that the shell fills them in.
#[must_use]
pub fn curl(exchange: &Exchange) -> String {
    // `[`, `]`, `{` and `}` in a filter mean ranges to curl, and it would tidy `..` away.
    let mut line = String::from("curl -sS -i --globoff --path-as-is");
    match exchange.method.as_str() {
        "GET" => {}
        "HEAD" => line.push_str(" --head"),
        method => {
            let _ = write!(line, " -X {}", quoted(method));
        }
    }
    let _ = write!(line, " {}", quoted(&exchange.url));
    let has = |name: &str| {
        exchange
            .request_headers
            .iter()
            .any(|h| h.name.eq_ignore_ascii_case(name))
    };
    for header in &exchange.request_headers {
        // What every exchange carries is left out: curl sends the one itself, and the other only compresses.
        if DEFAULT_HEADERS.contains(&(header.name.as_str(), header.value.as_str())) {
            continue;
        }
        if header.name.eq_ignore_ascii_case("accept-encoding") {
            // With the header alone curl would print the compressed bytes.
            line.push_str(" --compressed");
        }
        let field = if header.value.is_empty() {
            // `Name:` would remove the header; `Name;` sends it empty.
            quoted(&format!("{};", header.name))
        } else {
            with_variables(&format!("{}: {}", header.name, header.value))
        };
        let _ = write!(line, " -H {field}");
    }
    if let Some(body) = &exchange.request_body {
        if !has("content-type") {
            line.push_str(" -H 'Content-Type:'");
        }
        let _ = write!(line, " --data-raw {}", with_variables(&body.text));
    }
    line
}

/// One word of a POSIX shell, nothing in it expanded.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&b));
    if plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Like `quoted`, but the names that stand for secrets (`$SCIM_...`) are left to the shell.
fn with_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = variable_start(rest) {
        let name_end = rest[start + 1..]
            .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
            .map_or(rest.len(), |i| start + 1 + i);
        if start > 0 {
            out.push_str(&quoted(&rest[..start]));
        }
        let _ = write!(out, "\"${{{}}}\"", &rest[start + 1..name_end]);
        rest = &rest[name_end..];
    }
    if !rest.is_empty() || out.is_empty() {
        out.push_str(&quoted(rest));
    }
    out
}

/// Where the next `$NAME` begins. Names of secrets are upper case (see `config::Secret`); `$ref` is not one.
fn variable_start(text: &str) -> Option<usize> {
    text.match_indices('$').map(|(i, _)| i).find(|i| {
        let mut name = text[i + 1..].chars();
        name.next()
            .is_some_and(|c| c.is_ascii_uppercase() || c == '_')
            && !name.next().is_some_and(|c| c.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Body, ExchangeId, Header};

    fn exchange(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Exchange {
        Exchange {
            id: ExchangeId(1),
            step: "get".to_owned(),
            method: method.to_owned(),
            url: url.to_owned(),
            request_headers: headers
                .iter()
                .map(|(n, v)| Header {
                    name: (*n).to_owned(),
                    value: (*v).to_owned(),
                })
                .collect(),
            request_body: body.map(|text| Body {
                text: text.to_owned(),
                ..Body::default()
            }),
            status: Some(200),
            http_version: None,
            response_headers: Vec::new(),
            response_body: None,
            error: None,
            started_ms: 0.0,
            duration_ms: 0.0,
            throttled: 0,
            throttled_blindly: 0,
            repeated: 0,
            operation: String::new(),
        }
    }

    #[test]
    fn the_shell_sees_the_same_words() {
        let body = r#"{"name":"O'Brien `id` $(id) $ref \"q\"","password":"$SCIM_PASSWORD"}"#;
        let line = curl(&exchange(
            "PATCH",
            "http://h/Users?filter=emails[type+eq+%22work%22]&x='y'",
            &[
                ("Authorization", "Bearer $SCIM_TOKEN"),
                ("Content-Type", "application/scim+json"),
                ("X-Empty", ""),
            ],
            Some(body),
        ));
        let script = format!(
            "curl() {{ printf '%s\\n' \"$@\"; }}; SCIM_TOKEN='t $x' SCIM_PASSWORD=p; {line}"
        );
        let out = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
            .expect("a shell");
        let words = String::from_utf8(out.stdout).expect("UTF-8");
        let want = [
            "-sS",
            "-i",
            "--globoff",
            "--path-as-is",
            "-X",
            "PATCH",
            "http://h/Users?filter=emails[type+eq+%22work%22]&x='y'",
            "-H",
            "Authorization: Bearer t $x",
            "-H",
            "Content-Type: application/scim+json",
            "-H",
            "X-Empty;",
            "--data-raw",
            &body.replace("$SCIM_PASSWORD", "p"),
        ];
        assert_eq!(words.lines().collect::<Vec<_>>(), want, "{line}");
    }

    #[test]
    fn a_plain_get_is_short() {
        let line = curl(&exchange(
            "GET",
            "http://h/Users/1",
            &[("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")],
            None,
        ));
        assert_eq!(line, "curl -sS -i --globoff --path-as-is http://h/Users/1");
    }
}
