//! HTTP around SCIM: server errors, redirects, challenges, tags, caches, and what must not leak (RFC 7644 sections 2, 3.12, 3.14).

use super::book::{Check, Rule, Ruling};
use super::view::{Endpoint, View, cut};
use crate::results::Severity;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/server-error",
            title: "No request makes the server fail",
            severity: Severity::Warning,
            refs: &[
                "rfc:7644-3.12-R08",
                "rfc:7644-3.12-R15",
                "defect:1",
                "defect:141",
            ],
            breaks: &[],
            hint: "Answer what cannot be done with 4xx and a reason; identity providers repeat a 5xx for days.",
        },
        judge: server_error,
    },
    Check {
        rule: Rule {
            id: "rules/redirect",
            title: "Redirects keep the method",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.12-R06", "rfc:7644-3.12-R07"],
            breaks: &[],
            hint: "Serve the address that was asked for, or redirect with 307 or 308: with 301 to 303 a POST becomes a GET.",
        },
        judge: redirect,
    },
    Check {
        rule: Rule {
            id: "rules/challenge",
            title: "401 names the authentication scheme",
            severity: Severity::Violation,
            refs: &["rfc:7644-2-R04", "defect:2"],
            breaks: &[],
            hint: "Send WWW-Authenticate: Bearer (or the scheme in use) with every 401.",
        },
        judge: challenge,
    },
    Check {
        rule: Rule {
            id: "rules/retry-after",
            title: "429 says when to come back",
            severity: Severity::Warning,
            refs: &["quirk:OKTA-66"],
            breaks: &["okta"],
            hint: "Send Retry-After in whole seconds with 429.",
        },
        judge: retry_after,
    },
    Check {
        rule: Rule {
            id: "rules/etag-form",
            title: "ETags have the form that HTTP gives them",
            severity: Severity::Warning,
            refs: &[
                "rfc:7643-3.1-R22",
                "url:https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3",
            ],
            breaks: &[],
            hint: "Put the tag in double quotation marks, with W/ in front where it is weak.",
        },
        judge: etag_form,
    },
    Check {
        rule: Rule {
            id: "rules/internals",
            title: "Errors show nothing of the inside",
            severity: Severity::Warning,
            refs: &["rfc:7644-3.12-R27", "rfc:9865-5.2-R04"],
            breaks: &[],
            hint: "Log stack traces and database errors, and answer with a sentence.",
        },
        judge: internals,
    },
    Check {
        rule: Rule {
            id: "rules/cache",
            title: "Caches are told not to keep people's data",
            severity: Severity::Info,
            refs: &["url:https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2"],
            breaks: &[],
            hint: "Send Cache-Control: no-store (or private) with users and groups.",
        },
        judge: cache,
    },
];

fn server_error(view: &View<'_>) -> Ruling {
    if view.status < 500 {
        return Ruling::Held;
    }
    // 501 is the answer for what is not offered, 503 with Retry-After a plea for patience.
    if view.status == 501 || (view.status == 503 && view.header("retry-after").is_some()) {
        return Ruling::Apart;
    }
    let text = String::from_utf8_lossy(view.seen.body);
    Ruling::broken(
        format!("{} was answered {}", view.method, view.status),
        "no 5xx",
        format!("{} {}", view.status, cut(&text)),
    )
}

fn redirect(view: &View<'_>) -> Ruling {
    match view.status {
        301..=303 => {
            let to = view
                .header("location")
                .map_or_else(|| "nowhere".to_owned(), cut);
            Ruling::broken(
                format!(
                    "{} was answered {}, which leads to {to}",
                    view.method, view.status
                ),
                "an answer, 307 or 308",
                view.status.to_string(),
            )
        }
        307 | 308 => Ruling::Held,
        _ => Ruling::Apart,
    }
}

fn challenge(view: &View<'_>) -> Ruling {
    if view.status != 401 {
        return Ruling::Apart;
    }
    match view.header("www-authenticate").map(str::trim) {
        None | Some("") => Ruling::broken(
            "401 came without WWW-Authenticate",
            "WWW-Authenticate: Bearer",
            "no WWW-Authenticate",
        ),
        Some(named) if NO_SCHEMES.contains(&scheme(named).as_str()) => Ruling::broken(
            "the challenge names a scheme that HTTP does not know",
            "WWW-Authenticate: Bearer",
            named,
        ),
        Some(_) => Ruling::Held,
    }
}

/// Words of RFC 7643 section 5 for ways to authenticate, which are no HTTP authentication schemes.
const NO_SCHEMES: [&str; 4] = ["oauth2", "oauthbearertoken", "httpbasic", "httpdigest"];

/// The scheme of a challenge.
fn scheme(challenge: &str) -> String {
    let end = challenge
        .find(|c: char| c.is_whitespace() || c == ',')
        .unwrap_or(challenge.len());
    challenge[..end].to_ascii_lowercase()
}

fn retry_after(view: &View<'_>) -> Ruling {
    let blindly = view.seen.exchange.throttled_blindly;
    if blindly > 0 {
        return Ruling::broken(
            format!("429 came {blindly} times without a usable Retry-After before this answer"),
            "Retry-After: SECONDS",
            "no Retry-After, or one that is neither seconds nor a date",
        );
    }
    if view.seen.exchange.throttled > 0 && view.status != 429 {
        return Ruling::Held;
    }
    if view.status != 429 {
        return Ruling::Apart;
    }
    match view.header("retry-after").map(str::trim) {
        Some(text) if !text.is_empty() => Ruling::Held,
        _ => Ruling::broken(
            "429 came without Retry-After",
            "Retry-After: SECONDS",
            "no Retry-After",
        ),
    }
}

fn etag_form(view: &View<'_>) -> Ruling {
    let Some(tag) = view.header("etag").map(str::trim) else {
        return Ruling::Apart;
    };
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = opaque
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('"') => Ruling::Held,
        _ => Ruling::broken(
            format!("the ETag is {}", cut(tag)),
            "\"TAG\" or W/\"TAG\"",
            cut(tag),
        ),
    }
}

/// Signs of the inside of a server: each is a phrase that no sentence for people contains.
const SIGNS: [(&str, &str); 27] = [
    ("Traceback (most recent call last)", "a Python stack trace"),
    ("django.core.", "a name of the framework's inside"),
    ("werkzeug.", "a name of the framework's inside"),
    ("sqlalchemy.", "a database error"),
    ("psycopg2.", "a database error"),
    ("java.lang.", "a Java class name"),
    ("java.sql.", "a Java class name"),
    ("org.springframework.", "a Java class name"),
    ("org.hibernate.", "a Java class name"),
    ("\nCaused by: ", "a Java stack trace"),
    ("System.NullReferenceException", "a .NET stack trace"),
    ("Microsoft.EntityFrameworkCore", "a .NET class name"),
    ("   at System.", "a .NET stack trace"),
    ("at Object.<anonymous>", "a JavaScript stack trace"),
    ("/node_modules/", "a path on the server"),
    ("(node:internal", "a JavaScript stack trace"),
    ("goroutine 1 [running]", "a Go stack trace"),
    ("thread 'main' panicked", "a Rust panic"),
    ("ActiveRecord::", "a Ruby class name"),
    ("SQLSTATE[", "a database error"),
    ("PDOException", "a database error"),
    ("Illuminate\\", "a PHP class name"),
    ("syntax error at or near", "a database error"),
    (
        "duplicate key value violates unique constraint",
        "a database error",
    ),
    ("UNIQUE constraint failed:", "a database error"),
    ("E11000 duplicate key", "a database error"),
    ("ORA-00001", "a database error"),
];

fn internals(view: &View<'_>) -> Ruling {
    if !view.is_error() || !view.has_body() {
        return Ruling::Apart;
    }
    let text = String::from_utf8_lossy(view.seen.body);
    let sent = view
        .seen
        .exchange
        .request_body
        .as_ref()
        .map_or("", |body| body.text.as_str());
    // Bad input may itself contain such phrases and be quoted in the answer.
    let sign = SIGNS.iter().find(|(sign, _)| {
        text.contains(sign) && !sent.contains(sign) && !view.seen.exchange.url.contains(sign)
    });
    match sign {
        None => Ruling::Held,
        Some((sign, what)) => Ruling::broken(
            format!("{} shows {what} (\"{sign}\")", view.status),
            "a sentence for people",
            cut(&text),
        ),
    }
}

fn cache(view: &View<'_>) -> Ruling {
    let personal = matches!(
        view.endpoint,
        Endpoint::Collection(_) | Endpoint::Resource { .. } | Endpoint::Me
    );
    if view.method != "GET" || view.status != 200 || !personal {
        return Ruling::Apart;
    }
    let told = view
        .header("cache-control")
        .unwrap_or("")
        .to_ascii_lowercase();
    // A request with Authorization is not kept by shared caches unless they are told to (RFC 9111 section 3.5).
    let kept = told.contains("public") || told.contains("s-maxage");
    if kept {
        return Ruling::broken(
            format!("Cache-Control is \"{}\"", cut(&told)),
            "no-store or private",
            cut(&told),
        );
    }
    Ruling::Held
}
