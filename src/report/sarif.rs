//! SARIF 2.1.0: findings for code scanning. A result is a finding; its place is the suite file that demands what did not hold,
//! since the server's own source is not known to us.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::results::{Run, Severity};

use super::finding::{Finding, findings, sources};
use super::text::{cut, visible};

const SCHEMA: &str = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json";
/// Bytes of a text; GitHub shows about a thousand characters of a message.
const TEXT: usize = 4_000;
/// Results that GitHub takes of a run; the worst come first.
const RESULTS: usize = 5_000;

/// Writes the run as SARIF.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(run))?;
    out.write_all(b"\n")
}

fn document(run: &Run) -> Value {
    let all = findings(run);
    let shown: Vec<_> = all.iter().take(RESULTS).collect();
    let mut rules: Vec<(String, Value)> = Vec::new();
    let mut results = Vec::new();
    for finding in shown {
        let id = rule_id(finding);
        let index = rules
            .iter()
            .position(|(known, _)| *known == id)
            .unwrap_or_else(|| {
                rules.push((id.clone(), rule(run, finding, &id)));
                rules.len() - 1
            });
        results.push(result(run, finding, &id, index));
    }
    let rules: Vec<_> = rules.into_iter().map(|(_, rule)| rule).collect();
    let (name, version) = run.tool.split_once(' ').unwrap_or((&run.tool, ""));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": name, "version": version, "rules": rules } },
            "automationDetails": { "id": format!("scimproof/{}", run.run_id) },
            "invocations": [invocation(run)],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }]
    })
}

fn invocation(run: &Run) -> Value {
    let mut invocation = json!({
        "executionSuccessful": run.stop.is_none(),
        "exitCode": run.summary.exit_code,
    });
    for (key, instant) in [
        ("startTimeUtc", &run.started),
        ("endTimeUtc", &run.finished),
    ] {
        if instant.parse::<jiff::Timestamp>().is_ok() {
            invocation[key] = json!(instant);
        }
    }
    if let Some(stop) = &run.stop {
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "error", "message": text(&stop.message) }]);
    }
    invocation
}

/// The check without flavour and row, or the rule.
fn rule_id(finding: &Finding<'_>) -> String {
    match (finding.profile, finding.case, finding.id.rsplit_once('#')) {
        (Some(_), Some(case), Some((_, what))) => format!("{}#{what}", case.base_id()),
        _ => finding.id.to_owned(),
    }
}

fn rule(run: &Run, finding: &Finding<'_>, id: &str) -> Value {
    let mut help = String::new();
    for (label, value) in [
        ("Who breaks", finding.breaks.as_str()),
        ("How to mend it", finding.mend),
    ] {
        if !value.is_empty() {
            help.push_str(&format!("{label}: {value}\n"));
        }
    }
    for source in sources(run, finding) {
        help.push_str(&format!("Source: {source}\n"));
    }
    let mut rule = json!({
        "id": id,
        "shortDescription": text(finding.requirement),
        "help": text(&help),
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": { "tags": finding.refs },
    });
    let address = finding
        .refs
        .iter()
        .filter_map(|id| run.references.iter().find(|r| r.id == *id))
        .find(|r| !r.url.is_empty());
    if let Some(reference) = address {
        rule["helpUri"] = json!(reference.url);
    }
    rule
}

fn result(run: &Run, finding: &Finding<'_>, id: &str, index: usize) -> Value {
    let mut properties = Map::new();
    properties.insert("severity".to_owned(), json!(finding.severity.as_str()));
    properties.insert("target".to_owned(), json!(run.target.base_url));
    for (key, lines) in [
        ("sent", finding.sent(TEXT)),
        ("got", finding.got(TEXT)),
        ("curl", finding.curl()),
    ] {
        if !lines.is_empty() {
            properties.insert(key.to_owned(), json!(cut(&lines.join("\n"), TEXT)));
        }
    }
    if !finding.also.is_empty() {
        properties.insert("also".to_owned(), json!(finding.also));
    }
    let mut message = finding.message.to_owned();
    if !finding.expected.is_empty() {
        message.push_str(&format!(" (expected: {})", finding.expected));
    }
    let suite = finding
        .case
        .filter(|_| finding.profile.is_some())
        .map_or("rules", |c| &c.suite);
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": index,
        "kind": "fail",
        "level": level(finding.severity),
        "message": text(&message),
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": place(suite) },
                "region": { "startLine": 1 },
            },
            "logicalLocations": [{ "fullyQualifiedName": visible(finding.id), "kind": "member" }],
        }],
        "partialFingerprints": { "scimproofCheck/v1": visible(finding.id) },
        "properties": properties,
    });
    if finding.known {
        result["suppressions"] =
            json!([{ "kind": "external", "justification": visible(finding.note) }]);
    }
    result
}

/// A relative address of the suite; what a user named a suite must not become another kind of address.
fn place(suite: &str) -> String {
    let plain: String = suite
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "/._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("suites/{}.yaml", plain.trim_start_matches('/'))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker | Severity::Violation => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn text(text: &str) -> Value {
    let text = super::text::visible_lines(&cut(text.trim(), TEXT));
    json!({ "text": if text.is_empty() { "-".to_owned() } else { text } })
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
        // The published pattern of a language has a bracket too many, which only JavaScript's older dialect takes.
        let published = include_str!("../../tests/schemas/sarif-2.1.0.json");
        let schema = serde_json::from_str(&published.replace("{2}]?$", "{2}?$")).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for run in [sample::run(), sample::clean_run(), sample::untestable_run()] {
            let document = rendered(&run);
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|e| format!("{e} at {}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
        let mut wrong = rendered(&sample::run());
        wrong["runs"][0]["results"][0]["level"] = "terrible".into();
        assert!(
            !validator.is_valid(&wrong),
            "the schema refuses what is wrong"
        );
    }

    #[test]
    fn a_run_with_findings() {
        insta::assert_json_snapshot!(rendered(&sample::run()));
    }

    #[test]
    fn levels_follow_severities_and_known_failures_are_suppressed() {
        let document = rendered(&sample::run());
        let results = document["runs"][0]["results"].as_array().expect("results");
        let seen: Vec<_> = results
            .iter()
            .map(|r| {
                (
                    r["ruleId"].as_str(),
                    r["level"].as_str(),
                    r.get("suppressions").is_some(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (
                    Some("okta/users/create#post.body.userName"),
                    Some("error"),
                    false
                ),
                (
                    Some("entra/users/disable-string-false#get.body.active"),
                    Some("error"),
                    false
                ),
                (Some("rules/error-body"), Some("error"), false),
                (Some("okta/users/find#get.status"), Some("warning"), true),
                (Some("entra/users/remove#patch.either"), Some("note"), false),
            ]
        );
    }
}
