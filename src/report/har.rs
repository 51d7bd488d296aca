//! HAR 1.2: every exchange of a run, for the tools that read it. Redacted when it was recorded; a page is a case.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::results::{Body, CaseResult, Exchange, Header, Run};

/// Writes all exchanges as a HAR.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &document(run))?;
    out.write_all(b"\n")
}

fn document(run: &Run) -> Value {
    let (name, version) = run.tool.split_once(' ').unwrap_or((&run.tool, ""));
    let played: Vec<_> = run
        .cases
        .iter()
        .filter(|c| !c.exchanges.is_empty())
        .collect();
    let pages: Vec<_> = played.iter().map(|case| page(run, case)).collect();
    let entries: Vec<_> = played
        .iter()
        .flat_map(|case| case.exchanges.iter().map(|e| entry(run, case, e)))
        .collect();
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": name, "version": version },
        "pages": pages,
        "entries": entries,
    }})
}

fn page(run: &Run, case: &CaseResult) -> Value {
    json!({
        "id": case.id,
        "title": case.title,
        "startedDateTime": instant(run, case.exchanges.first().map_or(0.0, |e| e.started_ms)),
        "pageTimings": { "onLoad": milliseconds(case.duration_ms) },
    })
}

fn entry(run: &Run, case: &CaseResult, exchange: &Exchange) -> Value {
    let version = exchange.http_version.as_deref().unwrap_or("unknown");
    let mut request = json!({
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": version,
        "cookies": [],
        "headers": headers(&exchange.request_headers),
        "queryString": query(&exchange.url),
        "headersSize": -1,
        "bodySize": exchange.request_body.as_ref().map_or(0, |b| b.bytes),
    });
    if let Some(body) = &exchange.request_body {
        request["postData"] = json!({
            "mimeType": media_type(&exchange.request_headers),
            "text": body.text,
        });
    }
    let mut entry = json!({
        "pageref": case.id,
        "startedDateTime": instant(run, exchange.started_ms),
        "time": milliseconds(exchange.duration_ms),
        "request": request,
        "response": response(exchange, version),
        "cache": {},
        "timings": { "send": 0, "wait": milliseconds(exchange.duration_ms), "receive": 0 },
        "comment": comment(exchange),
    });
    if exchange.throttled > 0 {
        entry["_throttled"] = json!(exchange.throttled);
    }
    entry
}

/// An exchange without an answer has status 0, as browsers write it.
fn response(exchange: &Exchange, version: &str) -> Value {
    let empty = Body::default();
    let body = exchange.response_body.as_ref().unwrap_or(&empty);
    json!({
        "status": exchange.status.unwrap_or(0),
        "statusText": "",
        "httpVersion": version,
        "cookies": [],
        "headers": headers(&exchange.response_headers),
        "content": {
            "size": body.bytes,
            "mimeType": media_type(&exchange.response_headers),
            "text": body.text,
        },
        "redirectURL": exchange.header("location").filter(|_| matches!(exchange.status, Some(300..=399))).unwrap_or(""),
        "headersSize": -1,
        "bodySize": exchange.response_body.as_ref().map_or(-1, |b| i64::try_from(b.bytes).unwrap_or(i64::MAX)),
    })
}

fn comment(exchange: &Exchange) -> String {
    match &exchange.error {
        Some(error) => format!("step {}: {}", exchange.step, error.message),
        None => format!("step {}", exchange.step),
    }
}

fn headers(headers: &[Header]) -> Vec<Value> {
    headers
        .iter()
        .map(|h| json!({ "name": h.name, "value": h.value }))
        .collect()
}

fn media_type(headers: &[Header]) -> &str {
    headers
        .iter()
        .find(|h| h.name.eq_ignore_ascii_case("content-type"))
        .map_or("", |h| h.value.as_str())
}

/// Names and values as they stand in the URL: HAR wants pairs, and our point is how they were encoded.
fn query(url: &str) -> Vec<Value> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({ "name": name, "value": value })
        })
        .collect()
}

/// Milliseconds that JSON can hold and HAR allows.
fn milliseconds(value: f64) -> f64 {
    if value.is_finite() {
        value.max(0.0)
    } else {
        0.0
    }
}

/// The instant so many milliseconds after the run began.
fn instant(run: &Run, after_ms: f64) -> String {
    let after = jiff::SignedDuration::from_micros((milliseconds(after_ms) * 1000.0) as i64);
    run.started
        .parse::<jiff::Timestamp>()
        .ok()
        .and_then(|started| started.checked_add(after).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn rendered(run: &Run) -> Value {
        let mut out = Vec::new();
        render(run, &mut out).expect("a vector takes everything");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn it_is_valid_against_the_public_schema() {
        let schema =
            serde_json::from_str(include_str!("../../tests/schemas/har-1.2.json")).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let mut unanswered = sample::run();
        for exchange in unanswered.cases.iter_mut().flat_map(|c| &mut c.exchanges) {
            exchange.status = None;
            exchange.response_body = None;
            exchange.http_version = None;
            exchange.duration_ms = f64::NAN;
        }
        for run in [
            sample::run(),
            sample::clean_run(),
            sample::untestable_run(),
            unanswered,
        ] {
            let document = rendered(&run);
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|e| format!("{e} at {}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
        let mut wrong = rendered(&sample::run());
        wrong["log"]["entries"][0]["request"]["method"] = 7.into();
        assert!(
            !validator.is_valid(&wrong),
            "the schema refuses what is wrong"
        );
    }

    #[test]
    fn every_exchange_is_there_as_it_was_sent() {
        let run = sample::run();
        let document = rendered(&run);
        let entries = document["log"]["entries"].as_array().expect("entries");
        assert_eq!(
            entries.len(),
            run.cases.iter().map(|c| c.exchanges.len()).sum::<usize>()
        );
        let find = entries
            .iter()
            .find(|e| e["pageref"] == "okta/users/find.aiw")
            .expect("the search");
        assert_eq!(
            find["request"]["queryString"][0]["value"],
            "userName%20eq%20%22nobody%22"
        );
        assert_eq!(find["startedDateTime"], "2026-11-21T10:00:00.01Z");
        assert_eq!(find["response"]["status"], 404);
    }
}
