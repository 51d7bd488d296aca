//! suites/*.schema.json are what the tables of the loader say, and agree with the loader on real files.
//!
//! After a change of the format: `SCIMPROOF_WRITE=1 cargo test --test suite_schema` writes the files anew.

use std::path::{Path, PathBuf};

use scimproof::suite::schema;
use serde_json::{Value, json};

/// Breaks a case.
type Change<'a> = &'a dyn Fn(&mut Value);

fn suites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites")
}

#[test]
fn the_schema_files_are_current() {
    for (name, schema) in [
        ("suite.schema.json", schema::suite_file()),
        ("profile.schema.json", schema::profile_file()),
        ("not-covered.schema.json", schema::not_covered_file()),
    ] {
        let path = suites().join(name);
        let wanted = format!(
            "{}\n",
            serde_json::to_string_pretty(&schema).expect("JSON that was built here")
        );
        if std::env::var_os("SCIMPROOF_WRITE").is_some() {
            std::fs::write(&path, &wanted).expect("the folder of the suites is writable");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{name} is out of date: SCIMPROOF_WRITE=1 cargo test --test suite_schema"
        );
    }
}

/// YAML is read with the same parser as the loader's, but by its own way into JSON.
fn yaml(text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).expect("files of the project are YAML")
}

#[test]
fn every_file_of_the_project_is_valid_by_its_schema() {
    let compile =
        |schema: Value| jsonschema::validator_for(&schema).expect("the schema is a schema");
    let (suite, profile, rest) = (
        compile(schema::suite_file()),
        compile(schema::profile_file()),
        compile(schema::not_covered_file()),
    );
    let mut looked_at = 0;
    for folder in std::fs::read_dir(suites())
        .expect("the suites are here")
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        for file in std::fs::read_dir(folder.path())
            .expect("a folder")
            .flatten()
        {
            let path = file.path();
            let validator = match path.file_stem().and_then(|stem| stem.to_str()) {
                Some("profile") => &profile,
                Some("not-covered") => &rest,
                _ => &suite,
            };
            let value = yaml(&std::fs::read_to_string(&path).expect("a file"));
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 4);
}

#[test]
fn what_the_loader_refuses_by_its_tables_the_schema_refuses_too() {
    let validator =
        jsonschema::validator_for(&schema::suite_file()).expect("the schema is a schema");
    let case = |change: &dyn Fn(&mut Value)| {
        let mut suite = json!({
            "suite": "okta/x", "title": "X",
            "cases": [{ "id": "a", "title": "A", "steps": [{ "send": "GET /Users", "expect": { "status": 200 } }] }],
        });
        change(&mut suite["cases"][0]);
        suite
    };
    assert!(validator.is_valid(&case(&|_| {})));
    let broken: &[(&str, Change<'_>)] = &[
        ("unknown key", &|case| case["titel"] = json!("x")),
        ("unknown severity", &|case| {
            case["severity"] = json!("fatal")
        }),
        ("number for a text", &|case| case["title"] = json!(1)),
        ("no steps", &|case| case["steps"] = Value::Null),
        ("status out of range", &|case| {
            case["steps"][0]["expect"]["status"] = json!(20)
        }),
        ("unknown matcher's argument", &|case| {
            case["steps"][0]["expect"]["body"] = json!({ "id": { "$present": false } })
        }),
        ("two matchers at once", &|case| {
            case["steps"][0]["expect"]["body"] = json!({ "id": { "$present": true, "$count": 1 } })
        }),
        ("unknown capability", &|case| {
            case["needs"] = json!(["patching"])
        }),
    ];
    for (name, change) in broken {
        assert!(!validator.is_valid(&case(change)), "{name}");
    }
    for lawful in [
        json!({ "name": { "givenName": "X" } }),
        json!({ "manager": { "$ref": "../Users/1" } }),
        json!({ "id": { "$any_of": [{ "$exactly": "1" }, null] } }),
    ] {
        assert!(
            validator.is_valid(&case(
                &|case| case["steps"][0]["expect"]["body"] = lawful.clone()
            )),
            "{lawful}"
        );
    }
}
