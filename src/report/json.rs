//! The JSON report: the run itself, `schema_version` 1. Its JSON Schema is fixtures/report.schema.json.

use std::io::{self, Write};

use crate::results::Run;

/// Writes the run as indented JSON with a line end.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, run)?;
    out.write_all(b"\n")
}

/// The JSON Schema of the report, generated from the types.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Run).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert(
            "title".to_owned(),
            "scimproof report, schema_version 1".into(),
        );
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn rendered(run: &Run) -> String {
        let mut out = Vec::new();
        render(run, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for run in [sample::run(), sample::clean_run(), sample::untestable_run()] {
            let back: Run =
                serde_json::from_str(&rendered(&run)).expect("what was written can be read");
            assert_eq!(back, run);
        }
    }

    /// `UPDATE_SCHEMAS=1 cargo test` writes the file anew.
    #[test]
    fn the_schema_in_fixtures_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/report.schema.json");
        let current = format!("{:#}\n", schema());
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &current).expect("fixtures/ can be written");
        }
        let stored = std::fs::read_to_string(path).expect("fixtures/report.schema.json is there");
        assert!(
            stored == current,
            "fixtures/report.schema.json is out of date: run the tests with UPDATE_SCHEMAS=1"
        );
    }

    #[test]
    fn the_report_is_valid_against_its_schema() {
        let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
        for run in [sample::run(), sample::clean_run(), sample::untestable_run()] {
            let report = serde_json::from_str(&rendered(&run)).expect("JSON");
            let errors: Vec<_> = validator
                .iter_errors(&report)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        let mut wrong = serde_json::to_value(sample::run()).expect("a run is JSON");
        wrong["profiles"][0]["verdict"] = "splendid".into();
        assert!(
            !validator.is_valid(&wrong),
            "the schema refuses what is wrong"
        );
    }

    #[test]
    fn the_keys_that_the_contract_names_are_there() {
        let report = serde_json::to_value(sample::run()).expect("a run is JSON");
        for key in [
            "schema_version",
            "tool",
            "target",
            "started",
            "finished",
            "seed",
            "summary",
            "profiles",
            "gates",
            "cases",
            "rules",
            "requirements",
            "mapping",
            "timing",
        ] {
            assert!(report.get(key).is_some(), "{key}");
        }
        let case = &report["cases"][0];
        for key in [
            "id",
            "suite",
            "profile",
            "flavour",
            "title",
            "outcome",
            "duration_ms",
            "checks",
            "exchanges",
        ] {
            assert!(case.get(key).is_some(), "cases: {key}");
        }
        for key in [
            "id", "outcome", "severity", "refs", "message", "expected", "actual", "exchange",
        ] {
            assert!(case["checks"][0].get(key).is_some(), "checks: {key}");
        }
    }
}
