//! What shows only under load: many requests within seconds.

use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;

use super::http::limited;
use super::wire::no;
use super::{FaultInfo, OKTA, OKTA_ENTRA, own};

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "429-until-a-date",
            "429 names a date in Retry-After, not seconds",
            OKTA,
            "quirk OKTA-66",
            || {
                limited(|| {
                    let mut answer = no(429, "too many requests");
                    answer.headers.push((
                        RETRY_AFTER,
                        HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
                    ));
                    answer
                })
            },
        ),
        own(
            "burst-503",
            "Many searches within seconds are server errors",
            OKTA_ENTRA,
            "quirk ENTRA-81",
            || limited(|| no(503, "the pool of connections is exhausted")),
        ),
    ]
}
