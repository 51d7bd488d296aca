//! What a file may say, and what is said of a file that is wrong.

use std::path::Path;

use super::parse;
use crate::config::document::ConfigErrors;
use crate::config::{Auth, Config};
use crate::data::mappings;

fn env(name: &str) -> Option<String> {
    match name {
        "SCIM_TOKEN" => Some("from-the-environment".to_owned()),
        "HOST" => Some("h.example".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn read(text: &str) -> Result<Config, ConfigErrors> {
    parse(Path::new("dir/scimproof.toml"), text, &env)
}

fn errors(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn a_whole_file() {
    let config = read(
        r#"
        [target]
        url = "https://${HOST}/scim/v2"
        name = "staging $${x}"
        [auth]
        token = "${SCIM_TOKEN}"
        [auth.revoked]
        basic = { username = "old", password = "${SCIM_TOKEN}" }
        [policy]
        deactivation = "keep"
        not_offered = ["groups"]
        [flavours]
        okta = ["aiw"]
        [mapping]
        whole = true
        [mapping.okta]
        zulu = "title"
        alpha = { path = "displayName", resource = "Group", type = "string", samples = ["a", "b"] }
        nickName = false
        [run]
        jobs = 2
        timeout = 2.5
        known_failures = "known.toml"
        [access_check]
        url = "https://app.example/login"
        active = 200
        inactive = [401, 403]
        headers = { X-Key = "${SCIM_TOKEN}" }
        [tls]
        ca_file = "ca.pem"
        "#,
    )
    .expect("a valid file");
    assert_eq!(
        config.target.url.as_deref(),
        Some("https://h.example/scim/v2")
    );
    assert_eq!(config.target.name.as_deref(), Some("staging ${x}"));
    match &config.auth {
        Auth::Bearer(token) => {
            assert_eq!(
                (token.expose(), token.label()),
                ("from-the-environment", "SCIM_TOKEN")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&config.revoked, Some(Auth::Basic { username, .. }) if username == "old"));
    assert_eq!(config.policy.deactivation.as_deref(), Some("keep"));
    assert!(config.whole_mapping);
    let rows: Vec<_> = config.mapping["okta"]
        .iter()
        .map(|r| (r.attribute.as_str(), r.path.as_deref(), r.resource))
        .collect();
    assert_eq!(
        rows,
        [
            ("zulu", Some("title"), None),
            (
                "alpha",
                Some("displayName"),
                Some(mappings::ResourceKind::Group)
            ),
            ("nickName", None, None)
        ]
    );
    assert_eq!(config.run.timeout_s, Some(2.5));
    assert_eq!(
        config.run.known_failures.as_deref(),
        Some(Path::new("dir/known.toml"))
    );
    assert_eq!(config.ca_file.as_deref(), Some(Path::new("dir/ca.pem")));
    let check = config.access_check.expect("a check");
    assert_eq!((check.active, check.inactive), (vec![200], vec![401, 403]));
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn errors_name_the_place_and_the_nearest_key() {
    for (text, want) in [
        (
            "[targt]\nurl = 'x'",
            "dir/scimproof.toml:1:2: unknown table or key `targt`; did you mean `target`?",
        ),
        (
            "[target]\nurll = 'x'",
            "dir/scimproof.toml:2:1: `[target]` has no key `urll`; did you mean `url`?",
        ),
        (
            "[target]\nurl = 7",
            "dir/scimproof.toml:2:7: `target.url` must be a string, not an integer",
        ),
        (
            "[auth]\ntoken = '${NOPE}'",
            "dir/scimproof.toml:2:9: the environment variable NOPE is not set",
        ),
        (
            "[auth]\ntoken = '${EMPTY}'",
            "the environment variable EMPTY is empty",
        ),
        ("[auth]\ntoken = '${X'", "`${` is not closed"),
        (
            "[auth]\ntoken_file = 'no-such-file'",
            "dir/scimproof.toml:2:14: the token file dir/no-such-file cannot be read",
        ),
        ("[auth.revoked]\n", "1:7: this table gives no credential"),
        (
            "[auth]\ntoken = '${SCIM_TOKEN}'\nbasic = {username='a', password='${SCIM_TOKEN}'}",
            "given twice: `token` and `basic`",
        ),
        (
            "[auth]\nbasic = {username='a'}",
            "2:1: this table needs the key `password`",
        ),
        ("[policy]\ndeactivation = 'keeep'", "did you mean \"keep\"?"),
        (
            "[policy]\nnot_offered = ['group']",
            "did you mean \"groups\"?",
        ),
        ("[run]\njobs = 0", "`run.jobs` must be at least 1"),
        (
            "[run]\nfail_on = 'error'",
            "`run.fail_on` cannot be \"error\"",
        ),
        ("[mapping.okta]\nx = 3", "a SCIM path, false, or a table"),
        (
            "[mapping.okta]\nx = false",
            "1:10: the okta mapping has no attribute `x` to take away",
        ),
        ("[mapping.oktta]\nx = 'y'", "did you mean `okta`?"),
        ("[target\nurl = 'x'", "dir/scimproof.toml:1:"),
    ] {
        let got = errors(text);
        assert!(got.contains(want), "{text:?}\n got: {got}\nwant: {want}");
    }
}

#[test]
fn all_errors_are_reported_at_once_in_file_order() {
    let got = errors("[target]\nurl = 1\nnam = 'x'\n[run]\njobs = 'many'");
    let lines: Vec<&str> = got
        .lines()
        .map(|l| l.split(": ").next().unwrap_or_default())
        .collect();
    assert_eq!(
        lines,
        [
            "dir/scimproof.toml:2:7",
            "dir/scimproof.toml:3:1",
            "dir/scimproof.toml:5:8"
        ]
    );
}

#[test]
fn a_secret_in_the_file_is_warned_about_and_not_shown() {
    let config = read("[auth]\ntoken = 'plain-secret-value'").expect("allowed");
    let [warning] = config.warnings.as_slice() else {
        panic!("{:?}", config.warnings)
    };
    assert!(warning.starts_with("dir/scimproof.toml:2: "), "{warning}");
    assert!(!warning.contains("plain-secret-value"), "{warning}");
    assert!(!format!("{config:?}").contains("plain-secret-value"));
}

#[test]
fn nothing_is_also_a_configuration() {
    assert_eq!(read("").expect("valid"), Config::default());
}
