//! Checks: what is failed, what is errored, what is a warning, what is unstable; and that `--jobs` changes nothing.

use std::time::Duration;

use scimproof::results::{Outcome, Severity, SkipKind};
use scimproof::runner::RunTag;
use serde_json::json;

use crate::TURN_OFF;
use crate::fake::{Fake, answer, error, right};
use crate::play::{Setup, check, outcomes, play};

#[tokio::test]
async fn a_typical_case_costs_five_requests() {
    let fake = Fake::right().await;
    let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(
        outcomes(case),
        [
            ("given.user", Outcome::Passed),
            ("off.status", Outcome::Passed),
            ("off.state.active", Outcome::Passed),
            ("off.state.rest", Outcome::Passed),
        ]
    );
    assert_eq!(case.outcome, Outcome::Passed);
    let steps: Vec<_> = case
        .exchanges
        .iter()
        .map(|e| (e.id.0, e.method.as_str(), e.step.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            (1, "POST", "given.user"),
            (2, "GET", "verify"),
            (3, "PATCH", "off"),
            (4, "GET", "verify"),
            (5, "DELETE", "cleanup")
        ]
    );
    assert!(fake.store().resources.is_empty());
    assert!(run.leftovers.is_empty(), "{:?}", run.leftovers);
    assert!(run.stop.is_none());
}

#[tokio::test]
async fn a_set_up_that_fails_is_one_finding() {
    let fake = Fake::with(|asked, _| asked.is("POST", "/Users").then(|| error(500))).await;
    let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(
        outcomes(case),
        [
            ("given.user", Outcome::Failed),
            ("off.status", Outcome::Errored)
        ]
    );
    assert_eq!(
        check(case, "off.status").cause.as_deref(),
        Some("test/suite/off#given.user")
    );
    assert!(
        check(case, "given.user").message.contains("500"),
        "{}",
        check(case, "given.user").message
    );
    assert_eq!(case.outcome, Outcome::Failed);
}

#[tokio::test]
async fn what_hangs_on_a_refused_write_is_no_finding_of_its_own() {
    let cases = format!(
        "{TURN_OFF}      - id: read\n        send: GET /Users/{{{{user.id}}}}\n        expect: {{ status: 200, body: {{ active: false }} }}\n"
    );
    let fake = Fake::with(|asked, _| asked.is("PATCH", "/").then(|| error(400))).await;
    let run = play(&fake.server.uri(), &cases, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(
        outcomes(case),
        [
            ("given.user", Outcome::Passed),
            ("off.status", Outcome::Failed),
            ("off.state.active", Outcome::Errored),
            ("off.state.rest", Outcome::Passed),
            ("read.status", Outcome::Passed),
            ("read.body.active", Outcome::Errored),
        ]
    );
    for errored in ["off.state.active", "read.body.active"] {
        assert_eq!(
            check(case, errored).cause.as_deref(),
            Some("test/suite/off#off.status")
        );
    }
}

#[tokio::test]
async fn right_status_over_wrong_state() {
    for status in [204, 200] {
        let lie = move || match status {
            204 => answer(204, &json!(null)),
            _ => answer(200, &json!({"active": false})),
        };
        let fake = Fake::with(move |asked, _| asked.is("PATCH", "/").then(lie)).await;
        let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
        let case = &run.cases[0];
        let failed = check(case, "off.state.active");
        assert_eq!(
            (failed.outcome, failed.severity),
            (Outcome::Failed, Severity::Blocker)
        );
        assert_eq!(check(case, "off.status").outcome, Outcome::Passed);
    }
}

#[tokio::test]
async fn a_person_who_disappears_when_turned_off() {
    let fake = Fake::with(|asked, store| {
        let off = asked.is("GET", "/Users/")
            && store.resources.get(&asked.path)?["active"] == json!(false);
        off.then(|| error(404))
    })
    .await;
    let run = play(&fake.server.uri(), TURN_OFF, &Setup::default()).await;
    let failed = check(&run.cases[0], "off.state.active");
    assert_eq!(failed.outcome, Outcome::Failed);
    assert!(failed.message.contains("404"), "{}", failed.message);
}

#[tokio::test]
async fn damage_to_a_bystander_is_found() {
    let cases = TURN_OFF.replace(
        "given: { user: okta/user }",
        "given: { user: okta/user, other: okta/user }",
    );
    let fake = Fake::with(|asked, store| {
        let answer = asked.is("PATCH", "/").then(|| right(asked, store))?;
        for resource in store.resources.values_mut() {
            resource["active"] = json!(false);
        }
        Some(answer)
    })
    .await;
    let run = play(&fake.server.uri(), &cases, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(check(case, "off.state.active").outcome, Outcome::Passed);
    let damaged = check(case, "end.state.other");
    assert_eq!(damaged.outcome, Outcome::Failed);
    assert!(damaged.message.contains("active"), "{}", damaged.message);
}

/// The first read after a PATCH shows the state before it.
async fn lagging() -> Fake {
    Fake::with(|asked, store| {
        if asked.is("PATCH", "/") {
            store.counter = 1;
        }
        if asked.is("GET", "/Users/") && store.counter == 1 {
            store.counter = 2;
            let mut before = store.resources.get(&asked.path)?.clone();
            before["active"] = json!(true);
            return Some(answer(200, &before));
        }
        None
    })
    .await
}

#[tokio::test]
async fn a_stale_read_is_a_warning_and_settling_lets_it_pass() {
    let fake = lagging().await;
    let run = play(
        &fake.server.uri(),
        TURN_OFF,
        &Setup {
            repeat: true,
            ..Setup::default()
        },
    )
    .await;
    let late = check(&run.cases[0], "off.state.active");
    assert_eq!(
        (late.outcome, late.severity),
        (Outcome::Failed, Severity::Warning)
    );
    assert!(late.message.starts_with("eventual"), "{}", late.message);
    assert!(!late.unstable);
    assert_eq!(
        fake.store().count("PATCH"),
        1,
        "a late read is no reason to repeat the case"
    );

    let fake = lagging().await;
    let settle = Setup {
        settle: Duration::from_millis(250),
        ..Setup::default()
    };
    let run = play(&fake.server.uri(), TURN_OFF, &settle).await;
    assert_eq!(
        run.cases[0].outcome,
        Outcome::Passed,
        "{:?}",
        run.cases[0].checks
    );
}

#[tokio::test]
async fn what_falls_back_while_settling_is_found() {
    // After the PATCH the right state shows three times, then the old one is back for good.
    let fake = Fake::with(|asked, store| {
        if asked.is("PATCH", "/") {
            store.counter = 1;
        } else if asked.is("GET", "/Users/") && store.counter > 0 {
            store.counter += 1;
            if store.counter > 2 {
                store.resources.get_mut(&asked.path)?["active"] = json!(true);
            }
        }
        None
    })
    .await;
    let settle = Setup {
        settle: Duration::from_millis(250),
        ..Setup::default()
    };
    let run = play(&fake.server.uri(), TURN_OFF, &settle).await;
    assert_eq!(
        check(&run.cases[0], "off.state.active").outcome,
        Outcome::Passed
    );
    assert_eq!(
        check(&run.cases[0], "end.state.user").outcome,
        Outcome::Failed
    );
}

#[tokio::test]
async fn a_failure_that_does_not_come_again_is_unstable() {
    let stumbling = |times: u32| {
        Fake::with(move |asked, store| {
            if !asked.is("PATCH", "/") || store.counter >= times {
                return None;
            }
            store.counter += 1;
            Some(error(500))
        })
    };
    for (times, unstable) in [(1, true), (2, false)] {
        let fake = stumbling(times).await;
        let run = play(
            &fake.server.uri(),
            TURN_OFF,
            &Setup {
                repeat: true,
                ..Setup::default()
            },
        )
        .await;
        let failed = check(&run.cases[0], "off.status");
        assert_eq!(
            (failed.outcome, failed.unstable),
            (Outcome::Failed, unstable),
            "{times}"
        );
        assert!(
            fake.store().resources.is_empty(),
            "both attempts are removed"
        );
    }
}

#[tokio::test]
async fn values_that_are_missing_name_their_cause() {
    let cases = r#"
  - id: chain
    title: a chain
    steps:
      - id: create
        send: POST /Users
        makes: user
        body: {"userName": "{{unique.a}}"}
        expect: { status: 201 }
        capture: { name: nickName }
      - id: read
        send: GET /Users/{{user.id}}
        expect: { status: 200 }
      - id: by-name
        send: GET /Users?filter=nickName%20eq%20%22{{name}}%22
        expect: { status: 200 }
"#;
    let fake = Fake::with(|asked, _| asked.is("POST", "/").then(|| error(409))).await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(
        outcomes(case),
        [
            ("create.status", Outcome::Failed),
            ("read.status", Outcome::Errored),
            ("by-name.status", Outcome::Errored)
        ]
    );
    for errored in ["read.status", "by-name.status"] {
        assert_eq!(
            check(case, errored).cause.as_deref(),
            Some("test/suite/chain#create.status")
        );
    }
    assert_eq!(fake.store().log, ["POST /Users"]);
}

#[tokio::test]
async fn jobs_change_nothing() {
    let cases: String = (0..12)
        .map(|i| TURN_OFF.replace("- id: off\n    title", &format!("- id: off-{i}\n    title")))
        .collect();
    let tag = RunTag::parse("spk3f9x2").expect("a tag");
    let mut seen = Vec::new();
    for jobs in [1, 8] {
        let fake = Fake::with(|asked, _| {
            (asked.is("PATCH", "/") && asked.id().ends_with('3')).then(|| error(500))
        })
        .await;
        // One connection of the fake answers at a time, but cases interleave.
        let setup = Setup {
            jobs,
            tag: tag.clone(),
            ..Setup::default()
        };
        let run = play(&fake.server.uri(), &cases, &setup).await;
        let ids: Vec<_> = run.cases.iter().map(|case| case.id.clone()).collect();
        let mut names: Vec<String> = fake
            .store()
            .sent
            .iter()
            .filter(|(line, _)| line == "POST /Users")
            .map(|(_, body)| body.to_string())
            .collect();
        names.sort();
        seen.push((ids, names));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0.len(), 12);
}

#[tokio::test]
async fn exclusive_cases_run_alone_and_last_but_stand_in_plan_order() {
    let alone = TURN_OFF.replace(
        "- id: off\n    title",
        "- id: alone\n    exclusive: true\n    title",
    );
    let fake = Fake::right().await;
    let run = play(
        &fake.server.uri(),
        &format!("{alone}{TURN_OFF}"),
        &Setup {
            jobs: 4,
            ..Setup::default()
        },
    )
    .await;
    let ids: Vec<_> = run.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["test/suite/alone", "test/suite/off"]);
    assert!(run.cases[0].exchanges[0].started_ms > run.cases[1].exchanges[4].started_ms);
}

#[tokio::test]
async fn what_the_deadline_leaves_is_unreached() {
    let fake = Fake::right().await;
    let setup = Setup {
        deadline: Some(std::time::Instant::now()),
        ..Setup::default()
    };
    let run = play(&fake.server.uri(), TURN_OFF, &setup).await;
    assert_eq!(
        (run.cases[0].outcome, run.cases[0].skip),
        (Outcome::Skipped, Some(SkipKind::Unreached))
    );
    assert_eq!(
        run.stop.map(|stop| stop.reason),
        Some(scimproof::results::StopReason::Deadline)
    );
    assert!(fake.store().log.is_empty());
}

#[tokio::test]
async fn a_walk_meets_everybody_once() {
    let cases = r#"
  - id: pages
    title: all pages
    given: { a: okta/user, b: okta/user, c: okta/user }
    steps:
      - walk: { list: /Users, count: 2, style: index, has: [a, b, c], beyond: true }
"#;
    let fake = Fake::right().await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(
        run.cases[0].outcome,
        Outcome::Passed,
        "{:?}",
        run.cases[0].checks
    );
    assert!(
        run.cases[0]
            .checks
            .iter()
            .any(|check| check.id.ends_with(".beyond"))
    );

    // Pages that overlap: startIndex counts from 0.
    let fake = Fake::with(|asked, store| {
        let start: usize = asked.query.get("startIndex")?.parse().ok()?;
        let mut asked = crate::fake::Asked {
            method: "GET",
            path: asked.path.clone(),
            query: asked.query.clone(),
            body: json!(null),
        };
        asked
            .query
            .insert("startIndex".into(), start.saturating_sub(1).to_string());
        Some(right(&asked, store))
    })
    .await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    let failed: Vec<&str> = run.cases[0]
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .map(|check| check.id.rsplit('.').next().unwrap_or_default())
        .collect();
    assert!(failed.contains(&"once"), "{failed:?}");
}

#[tokio::test]
async fn a_lawful_refusal_changes_nothing_and_is_no_finding() {
    let cases = TURN_OFF.replace(
        "expect: { status: [200, 204] }",
        "expect: { either: [{ status: [200, 204] }, { status: 501, note: may be left out }, { status: 403, severity: info, note: worth knowing }] }",
    );
    for (status, damage, rest) in [
        (501, false, Outcome::Passed),
        (403, false, Outcome::Passed),
        (501, true, Outcome::Failed),
    ] {
        let fake = Fake::with(move |asked, store| {
            if !asked.is("PATCH", "/") {
                return None;
            }
            if damage {
                store.resources.get_mut(&asked.path)?["displayName"] = json!("Other");
            }
            Some(error(status))
        })
        .await;
        let run = play(&fake.server.uri(), &cases, &Setup::default()).await;
        let case = &run.cases[0];
        let either = if status == 501 {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        assert_eq!(
            outcomes(case),
            [
                ("given.user", Outcome::Passed),
                ("off.either", either),
                ("off.state.rest", rest)
            ],
            "{status} {damage}"
        );
    }
}

#[tokio::test]
async fn unchanged_is_judged_by_what_was_known_before() {
    let cases = r#"
  - id: read
    title: read back
    steps:
      - { id: create, send: POST /Users, makes: user, body: {"userName": "{{unique.a}}", "displayName": "Ann"}, expect: { status: 201 } }
      - { id: read, send: "GET /Users/{{user.id}}", expect: { status: 200, unchanged: user } }
"#;
    for (loses, outcome) in [(false, Outcome::Passed), (true, Outcome::Failed)] {
        let fake = Fake::with(move |asked, store| {
            if loses && asked.is("GET", "/Users/") {
                let mut less = store.resources.get(&asked.path)?.clone();
                less["displayName"] = json!(null);
                return Some(answer(200, &less));
            }
            None
        })
        .await;
        let run = play(&fake.server.uri(), cases, &Setup::default()).await;
        assert_eq!(check(&run.cases[0], "read.unchanged").outcome, outcome);
    }
}

#[tokio::test]
async fn a_step_after_a_delete_may_find_the_resource_gone() {
    let cases = r#"
  - id: again
    title: deleted, and made again
    given: { user: okta/user }
    steps:
      - { id: delete, send: "DELETE /Users/{{user.id}}", expect: { status: 204 }, changes: { user: any } }
      - { id: create, send: POST /Users, makes: user2, fixture: { name: okta/user, set: { userName: "{{user.userName}}" } }, expect: { status: 201 } }
"#;
    let fake = Fake::right().await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    assert_eq!(
        run.cases[0].outcome,
        Outcome::Passed,
        "{:?}",
        run.cases[0].checks
    );
    assert!(fake.store().resources.is_empty());
}

#[tokio::test]
async fn requests_sent_together_are_judged_in_the_order_of_the_file() {
    let cases = r#"
  - id: together
    title: two at a time
    given: { user: okta/user }
    steps:
      - together:
          - { id: one, send: POST /Users, makes: a, body: {"userName": "{{unique.a}}"}, expect: { status: 201 } }
          - { id: two, send: POST /Users, makes: b, body: {"userName": "{{unique.b}}"}, expect: { status: 201 } }
      - { id: both, send: "GET /Users?filter=userName%20eq%20%22{{unique.b}}%22", expect: { list: { only: [b] } } }
"#;
    let fake = Fake::right().await;
    let run = play(&fake.server.uri(), cases, &Setup::default()).await;
    let case = &run.cases[0];
    assert_eq!(
        outcomes(case),
        [
            ("given.user", Outcome::Passed),
            ("one.status", Outcome::Passed),
            ("two.status", Outcome::Passed),
            ("both.list", Outcome::Passed),
            ("end.state.user", Outcome::Passed),
            ("end.state.a", Outcome::Passed),
        ]
    );
    let numbers: Vec<u32> = case
        .exchanges
        .iter()
        .map(|exchange| exchange.id.0)
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    assert!(fake.store().resources.is_empty());
}
