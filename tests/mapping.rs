//! Attribute mapping, the access check and secrets that suites send, from outside: the built program against real servers on
//! loopback.

#![expect(
    clippy::panic,
    reason = "a test that fails shows what the program said"
)]

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt as _;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

const BERTH: &str = "urn:example:params:scim:schemas:extension:harbour:2.0:User:berth";

/// Runs the program against its bundled server and reads the report.
fn run(config: &str, arguments: &[&str]) -> Value {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("scimproof.toml");
    std::fs::write(&file, config).expect("written");
    let report = dir.path().join("report.json");
    let output = Command::cargo_bin("scimproof")
        .expect("the program is built")
        .args(["run", "--reference", "-q", "--config"])
        .arg(&file)
        .arg(format!("--report=json={}", report.display()))
        .args(arguments)
        .env_clear()
        .env("APP_ADMIN_KEY", "canary-of-the-application")
        .output()
        .expect("the program starts");
    let text = std::fs::read_to_string(&report).unwrap_or_else(|e| {
        panic!("{e}: {}", String::from_utf8_lossy(&output.stderr));
    });
    serde_json::from_str(&text).expect("the report is JSON")
}

/// Ids and severities of failed checks.
fn failed(report: &Value) -> Vec<(&str, &str)> {
    let cases = report["cases"].as_array().expect("cases");
    cases
        .iter()
        .flat_map(|case| case["checks"].as_array().expect("checks"))
        .filter(|check| check["outcome"] == "failed")
        .map(|check| {
            (
                check["id"].as_str().expect("an id"),
                check["severity"].as_str().expect("a severity"),
            )
        })
        .collect()
}

/// The cells of an attribute: create, replace, patch, clear, filter.
fn cells<'r>(report: &'r Value, profile: &str, path: &str) -> Option<[&'r str; 5]> {
    let row = report["mapping"]
        .as_array()?
        .iter()
        .find(|row| row["profile"] == profile && row["path"] == path)?;
    let cell = |name: &str| row[name].as_str().unwrap_or_default();
    Some(["create", "replace", "patch", "clear", "filter"].map(cell))
}

#[test]
fn every_default_attribute_arrives_at_the_bundled_server() {
    let report = run("", &["--suite", "*/mapping"]);
    assert_eq!(failed(&report), []);
    let rows = report["mapping"].as_array().expect("a matrix");
    for (profile, least) in [("okta", 29), ("entra", 22), ("jumpcloud", 17)] {
        let count = rows.iter().filter(|row| row["profile"] == profile).count();
        assert!(count >= least, "{profile}: {count}");
    }
    let (ok, never) = ("passed", "not-applicable");
    for (profile, path, wanted) in [
        ("okta", "userName", [ok, ok, never, never, ok]),
        ("okta", "title", [ok, ok, never, ok, never]),
        (
            "entra",
            "emails[type eq \"work\"].value",
            [ok, never, ok, never, never],
        ),
        ("entra", "title", [ok, never, ok, ok, never]),
        ("jumpcloud", "name.givenName", [ok, ok, ok, never, never]),
    ] {
        assert_eq!(
            cells(&report, profile, path),
            Some(wanted),
            "{profile} {path}"
        );
    }
    for row in rows {
        for name in ["create", "replace", "patch", "clear", "filter"] {
            let cell = row[name].as_str().unwrap_or_default();
            assert!(cell == ok || cell == never, "{row}");
        }
    }
    assert!(report["summary"]["requests"].as_u64() <= Some(100));
}

#[test]
fn a_lost_value_is_found_in_its_row_and_is_as_bad_as_what_was_declared() {
    let suite = ["--suite", "entra/mapping"];
    let with = |fault: &'static str| {
        let report = run("", &[&suite[..], &["--fault", fault]].concat());
        let wrong: Vec<(String, String)> = failed(&report)
            .into_iter()
            .map(|(id, severity)| (id.to_owned(), severity.to_owned()))
            .collect();
        (report, wrong)
    };
    let (report, wrong) = with("enterprise-dropped");
    let create: Vec<_> = wrong
        .iter()
        .filter(|(id, _)| id.contains("/create"))
        .collect();
    assert_eq!(
        create,
        [
            &(
                "entra/mapping/create#enterprise.employeeNumber".to_owned(),
                "violation".to_owned()
            ),
            &(
                "entra/mapping/create#enterprise.department".to_owned(),
                "violation".to_owned()
            ),
        ]
    );
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(
        cells(&report, "entra", department).map(|cells| cells[0]),
        Some("failed")
    );
    assert_eq!(
        cells(&report, "entra", "title").map(|cells| cells[0]),
        Some("passed")
    );

    let (_, wrong) = with("external-id-dropped");
    assert!(
        wrong.contains(&(
            "entra/mapping/create#externalId".to_owned(),
            "violation".to_owned()
        )),
        "{wrong:?}"
    );
    // The administrator matches by it: nobody is found again.
    let policy = "[policy]\nmatching = \"externalId\"\n";
    let report = run(
        policy,
        &[&suite[..], &["--fault", "external-id-dropped"]].concat(),
    );
    let wrong = failed(&report);
    for id in [
        "entra/mapping/create#externalId",
        "entra/mapping/filter#externalId",
    ] {
        assert!(wrong.contains(&(id, "blocker")), "{wrong:?}");
    }
}

/// Each way of matching, with a server on which just that search is broken: the administrator's own is a finding, and
/// those that he did not choose are not.
#[test]
fn people_are_found_by_what_the_administrator_matches_by() {
    let ways = [
        ("userName", "user-name-filter-refused", "search.status"),
        ("externalId", "external-id-filter-ignored", "nobody.either"),
        (
            "emails[type eq \\\"work\\\"].value",
            "email-filter-unsupported",
            "search.status",
        ),
    ];
    for (matching, ..) in ways {
        for (broken, fault, check) in ways {
            let config = format!("[policy]\nmatching = \"{matching}\"\n");
            let cases = ["okta", "entra", "jumpcloud"].map(|p| format!("{p}/mapping/filter"));
            let mut arguments = vec!["--jobs", "1", "--fault", fault];
            for case in &cases {
                arguments.extend(["--case", case]);
            }
            let report = run(&config, &arguments);
            // Of Okta and JumpCloud only the search by userName is known: what they are only thought to send is a warning.
            let known = |profile: &str| profile == "entra" || matching == "userName";
            let wanted: Vec<(String, &str)> = ["entra", "jumpcloud", "okta"]
                .into_iter()
                .filter(|_| broken == matching)
                .map(|profile| {
                    let severity = if known(profile) { "blocker" } else { "warning" };
                    (format!("{profile}/mapping/filter#{check}"), severity)
                })
                .collect();
            let mut found: Vec<(String, &str)> = failed(&report)
                .into_iter()
                .map(|(id, severity)| (id.to_owned(), severity))
                .collect();
            found.sort();
            assert_eq!(found, wanted, "matching by {matching} with {fault}");
        }
    }
}

#[test]
fn a_refused_request_is_taken_apart_until_its_row_is_found() {
    let mapping = format!("[mapping.okta]\nberth = {{ path = \"{BERTH}\", type = \"integer\" }}\n");
    let report = run(
        &mapping,
        &[
            "--case",
            "okta/mapping/create",
            "--fault",
            "unknown-attributes-refused",
        ],
    );
    let wrong = failed(&report);
    let berth =
        "okta/mapping/create#urn-example-params-scim-schemas-extension-harbour-2.0-User.berth";
    assert!(wrong.contains(&(berth, "blocker")), "{wrong:?}");
    assert!(
        !wrong.iter().any(|(id, _)| id.ends_with("#post.status")),
        "one cause is one finding: {wrong:?}"
    );
    assert_eq!(
        cells(&report, "okta", BERTH).map(|cells| cells[0]),
        Some("failed")
    );
    assert_eq!(
        cells(&report, "okta", "title").map(|cells| cells[0]),
        Some("passed")
    );
}

#[test]
fn the_configuration_adds_moves_and_takes_away_rows() {
    let config = format!(
        "[mapping.okta]\nberth = {{ path = \"{BERTH}\" }}\nnickName = false\ntitle = \"userType\"\n"
    );
    let report = run(&config, &["--case", "okta/mapping/create"]);
    assert_eq!(cells(&report, "okta", "nickName"), None);
    assert_eq!(cells(&report, "okta", "title"), None);
    assert_eq!(
        cells(&report, "okta", "userType").map(|cells| cells[0]),
        Some("passed")
    );
    // The bundled server does not know the extension and drops it, but the administrator asked for it.
    let wrong = failed(&report);
    assert_eq!(
        wrong,
        [(
            "okta/mapping/create#urn-example-params-scim-schemas-extension-harbour-2.0-User.berth",
            "blocker"
        )]
    );
}

#[tokio::test]
async fn the_application_is_asked_whether_access_is_gone() {
    for (profile, after, wrong) in [
        ("okta", 403, None),
        (
            "okta",
            200,
            Some("okta/access/lockout.aiw#locked-out.status"),
        ),
        ("ping", 403, None),
        ("ping", 200, Some("ping/access/lockout#locked-out.status")),
        (
            "keycloak",
            200,
            Some("keycloak/access/lockout.put#locked-out.status"),
        ),
    ] {
        let app = MockServer::start().await;
        let answers = [(200, 1), (after, 1), (200, 100)];
        for (number, (status, times)) in answers.into_iter().enumerate() {
            Mock::given(header("x-admin-key", "canary-of-the-application"))
                .respond_with(ResponseTemplate::new(status))
                .up_to_n_times(times)
                .with_priority(number as u8 + 1)
                .mount(&app)
                .await;
        }
        Mock::given(any())
            .respond_with(ResponseTemplate::new(500))
            .with_priority(200)
            .mount(&app)
            .await;
        let config = format!(
            "[access_check]\nurl = \"{}/whoami?user={{{{userName}}}}\"\nheaders = {{ X-Admin-Key = \"${{APP_ADMIN_KEY}}\" }}\nactive = 200\ninactive = [401, 403]\n[flavours]\nokta = [\"aiw\"]\n",
            app.uri()
        );
        let report = tokio::task::spawn_blocking(move || {
            run(&config, &["--case", &format!("{profile}/access/lockout")])
        })
        .await
        .expect("the run ends");
        let found: Vec<&str> = failed(&report).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, Vec::from_iter(wrong), "{profile} {after}");
        assert!(!report.to_string().contains("canary-of-the-application"));
        let asked = app.received_requests().await.expect("recorded");
        assert!(asked.len() >= 3);
        assert!(
            asked
                .iter()
                .all(|request| !request.headers.contains_key("authorization"))
        );
        let user = asked[0].url.query().unwrap_or_default();
        assert!(user.starts_with("user=") && !user.contains("{{"), "{user}");
    }
}

#[test]
fn a_password_that_was_sent_stands_in_no_report() {
    let report = run("", &["--case", "okta/mapping/create"]);
    let text = report.to_string();
    assert!(text.contains("$PASSWORD"));
    assert!(
        !text.contains("\\\"password\\\":\\\"Q7"),
        "the password is shown"
    );
}

#[test]
fn the_example_of_the_documentation_can_be_loaded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/scimproof.toml");
    let config = scimproof::config::load(&path, &|name| Some(format!("value-of-{name}")))
        .map_err(|errors| errors.to_string())
        .expect("the example is right");
    assert!(config.access_check.is_some() && config.revoked.is_some());
    assert_eq!(config.mapping["okta"].len(), 3);
    assert_eq!(config.mappings().map(|tables| tables.len()), Ok(3));
}
