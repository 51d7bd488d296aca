//! What of a request and its answer is written down: without secrets, and no more than a report can hold.

use std::sync::atomic::Ordering;

use super::super::auth::AuthHeader;
use super::{Client, DEFAULT_HEADERS, Limits, Request};
use crate::results::{Body, Exchange, Header};

impl Client {
    pub(super) fn begin(&self, request: &Request) -> Exchange {
        let redactor = &self.inner.redactor;
        let written = match request.target.split_once("://") {
            Some(_) => request.target.clone(),
            None => format!("{}{}", self.inner.options.base_url, request.target),
        };
        Exchange {
            id: request.id,
            step: request.step.clone(),
            method: request.method.clone(),
            url: redactor.text(&written).into_owned(),
            request_headers: Vec::new(),
            request_body: request
                .body
                .as_deref()
                .map(|bytes| self.record_body(bytes, false)),
            status: None,
            http_version: None,
            response_headers: Vec::new(),
            response_body: None,
            error: None,
            started_ms: self.elapsed_ms(),
            duration_ms: 0.0,
            throttled: 0,
            throttled_blindly: 0,
            repeated: 0,
            operation: request.operation.clone(),
        }
    }

    /// What stands in the record of a request that does not go out.
    pub(super) fn record_unsent(&self, exchange: &mut Exchange, request: &Request) {
        if exchange.request_headers.is_empty() {
            exchange.request_headers = self.recorded_headers(&request.headers, None);
        }
    }

    pub(super) fn recorded_headers(
        &self,
        given: &[(String, String)],
        auth: Option<&AuthHeader>,
    ) -> Vec<Header> {
        let redactor = &self.inner.redactor;
        let mut headers: Vec<Header> = given
            .iter()
            .map(|(n, v)| Header {
                name: n.clone(),
                value: redactor.header(n, v),
            })
            .collect();
        if let Some(auth) = auth {
            headers.push(Header {
                name: auth.name.clone(),
                value: auth.shown.clone(),
            });
        }
        for (name, value) in DEFAULT_HEADERS {
            if !given.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
                headers.push(Header {
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
        headers
    }

    pub(super) fn record_body(&self, bytes: &[u8], over_limit: bool) -> Body {
        let limits = &self.inner.options.limits;
        let text = String::from_utf8_lossy(bytes);
        let invalid_utf8 = matches!(text, std::borrow::Cow::Owned(_));
        // Redacted before it is cut: half a secret would not be found.
        let mut text = self.inner.redactor.text(&text).into_owned();
        let used = self.inner.recorded.load(Ordering::Relaxed);
        let most = if used < limits.recorded_in_total {
            limits.recorded
        } else {
            Limits::BEGINNING
        };
        let cut = text.len() > most;
        if cut {
            let end = (0..=most)
                .rev()
                .find(|i| text.is_char_boundary(*i))
                .unwrap_or(0);
            text.truncate(end);
            text.shrink_to_fit();
        }
        self.inner.recorded.fetch_add(text.len(), Ordering::Relaxed);
        Body {
            text,
            bytes: bytes.len() as u64,
            truncated: cut || over_limit,
            invalid_utf8,
        }
    }
}
