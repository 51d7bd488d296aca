//! Who is let in, and what a stranger is told.

use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::memory::Memory;
use super::twist::{Twist, asked, replied};
use super::{ALL, FaultInfo, RFC, of, own, wire};
use crate::http::hooks::Incoming;

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        of(1, "no-token-500", RFC, || {
            vec![replied(|request, answer| {
                if answer.status == 401 && !request.headers.contains_key(AUTHORIZATION) {
                    answer.status = 500;
                    answer.body = Some(b"<html><body>Internal Server Error</body></html>".to_vec());
                    answer.headers = vec![(
                        axum::http::header::CONTENT_TYPE,
                        HeaderValue::from_static("text/html"),
                    )];
                }
            })]
        }),
        of(2, "challenge-missing", RFC, || {
            vec![replied(|_, answer| {
                answer.headers.retain(|(name, _)| *name != WWW_AUTHENTICATE)
            })]
        }),
        of(2, "challenge-invented", RFC, || {
            vec![replied(|_, answer| {
                for (name, value) in &mut answer.headers {
                    if *name == WWW_AUTHENTICATE {
                        *value = HeaderValue::from_static("oauthbearertoken");
                    }
                }
            })]
        })
        .saying("The challenge names the scheme as the configuration does: oauthbearertoken"),
        of(3, "empty-token-opens", ALL, || {
            lets_in(|_, secret| secret.is_empty())
        }),
        own(
            "any-token-opens",
            "Every bearer token is good",
            ALL,
            "RFC 7644 section 2",
            || lets_in(|_, secret| !secret.is_empty()),
        ),
        own(
            "no-token-opens",
            "A request without credentials is served",
            ALL,
            "RFC 7644 section 2",
            || {
                let good: Memory<Option<HeaderValue>> = Memory::default();
                let known = good.clone();
                vec![
                    asked(move |request| {
                        if !request.headers.contains_key(AUTHORIZATION)
                            && let Some(header) = good.with(|good| good.clone())
                        {
                            request.headers.insert(AUTHORIZATION, header);
                        }
                        None
                    }),
                    remembers(known),
                ]
            },
        ),
        own(
            "reads-without-token",
            "Reading needs no credentials, writing does",
            ALL,
            "RFC 7644 section 7.4",
            || {
                let good: Memory<Option<HeaderValue>> = Memory::default();
                let known = good.clone();
                vec![
                    asked(move |request| {
                        if request.method == "GET"
                            && let Some(header) = good.with(|good| good.clone())
                        {
                            request.headers.insert(AUTHORIZATION, header);
                        }
                        None
                    }),
                    remembers(known),
                ]
            },
        ),
        own(
            "denied-403",
            "Missing or wrong credentials are answered with 403",
            RFC,
            "RFC 7644 section 3.12, table 8",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 401 {
                        *answer = wire::no(403, "forbidden");
                    }
                })]
            },
        ),
        own(
            "denied-redirect",
            "Whoever is not logged in is sent to a login page",
            ALL,
            "RFC 7644 section 2",
            || {
                vec![replied(|_, answer| {
                    if answer.status == 401 {
                        *answer = crate::http::Answer::empty(302)
                            .with(axum::http::header::LOCATION, "/login");
                    }
                })]
            },
        ),
        own(
            "token-echoed",
            "A refused token stands in the error",
            RFC,
            "RFC 7644 section 7.4",
            || {
                vec![replied(|request, answer| {
                    let sent = request
                        .headers
                        .get(AUTHORIZATION)
                        .and_then(|value| value.to_str().ok());
                    if let Some(sent) = sent.filter(|_| answer.status == 401) {
                        answer.body = wire::no(401, &format!("not a good token: {sent}")).body;
                    }
                })]
            },
        ),
    ]
}

/// A good header is remembered, and stands in for those of requests like this.
pub(super) fn lets_in(like: fn(&Incoming, &str) -> bool) -> Vec<Twist> {
    let good: Memory<Option<HeaderValue>> = Memory::default();
    let known = good.clone();
    vec![
        asked(move |request| {
            let opens = secret(request).is_some_and(|secret| like(request, &secret));
            if let Some(header) = good.with(|good| good.clone()).filter(|_| opens) {
                request.headers.insert(AUTHORIZATION, header);
            }
            None
        }),
        remembers(known),
    ]
}

fn secret(request: &Incoming) -> Option<String> {
    let header = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    header
        .strip_prefix("Bearer")
        .map(|secret| secret.trim().to_owned())
}

fn remembers(good: Memory<Option<HeaderValue>>) -> Twist {
    replied(move |request, answer| {
        if answer.status != 401 && wire::place(request).0 != "ServiceProviderConfig" {
            good.with(|good| {
                if good.is_none() {
                    *good = request.headers.get(AUTHORIZATION).cloned();
                }
            });
        }
    })
}
