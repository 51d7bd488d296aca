//! One fixed run that all formats are tested with: every outcome, every severity, two flavours, a rule, a hostile target.

use std::collections::BTreeMap;

use crate::results::{
    Body, CaseResult, Certainty, CertaintyLevel, CheckResult, Collected, Exchange, ExchangeId,
    Header, Load, MappingCell, MappingRowResult, Outcome, Policy, RuleResult, Run, Severity,
    SkipKind, Stop, StopReason, TargetFacts,
};
use crate::suite::model::Combine;
use crate::verdict::{self, FlavourFrame, Frame, KnownFailures, ProfileFrame};

/// What a target may answer that tries to break out of a terminal, XML, HTML or Markdown.
pub(super) const HOSTILE: &str = "{\"userName\":\"<script>alert(1)</script>\",\"nickName\":\"]]>|`x`\u{1b}[31m\u{0}\u{fffe}\u{202e}\",\"active\":true}";

const BASE: &str = "http://127.0.0.1:8080/scim/v2";

/// A run with findings: exit code 1.
pub(super) fn run() -> Run {
    let known = KnownFailures::parse(
        "known.toml",
        "[[known]]\nid = \"okta/users/find.aiw#get.status\"\nreason = \"ticket 7\"\n",
    )
    .expect("the sample's file is right");
    let mut run = verdict::judge(collected(), &frame(), &known);
    run.mapping = vec![
        row("okta", "login", "userName", MappingCell::Failed),
        row(
            "entra",
            "department",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            MappingCell::Passed,
        ),
    ];
    run
}

/// A run in which everything held: exit code 0.
pub(super) fn clean_run() -> Run {
    let mut collected = collected();
    collected.rules.clear();
    collected.cases.retain(|c| c.profile == "jumpcloud");
    let mut frame = frame();
    frame.profiles.retain(|p| p.id == "jumpcloud");
    verdict::judge(collected, &frame, &KnownFailures::default())
}

/// A run that never reached the target: exit code 3.
pub(super) fn untestable_run() -> Run {
    let mut collected = collected();
    collected.cases.clear();
    collected.rules.clear();
    collected.stop = Some(Stop {
        reason: StopReason::Untestable,
        message: "nothing listens at 127.0.0.1:8080; is the server running?".to_owned(),
    });
    verdict::judge(collected, &frame(), &KnownFailures::default())
}

fn frame() -> Frame {
    let profile = |id: &str, title: &str, combine, flavours: &[&str]| ProfileFrame {
        id: id.to_owned(),
        title: title.to_owned(),
        combine,
        flavours: flavours
            .iter()
            .map(|f| FlavourFrame {
                id: (*f).to_owned(),
                counts: true,
            })
            .collect(),
    };
    let mut frame = Frame {
        tool: "scimproof 0.1.0".to_owned(),
        profiles: vec![
            profile("okta", "Okta", Combine::Worst, &["aiw", "catalogue"]),
            profile(
                "entra",
                "Microsoft Entra ID",
                Combine::Worst,
                &["legacy", "flag"],
            ),
            profile("jumpcloud", "JumpCloud", Combine::Best, &["put", "patch"]),
            profile("rfc", "RFC 7643 and 7644", Combine::Worst, &[]),
        ],
        ..Frame::default()
    };
    frame
        .gates
        .retain(|g| g.gate.id == "entra-web" || g.gate.id == "okta-spec");
    frame.requirements = ["7644-3.3-R06", "7644-3.12-R01"]
        .map(str::to_owned)
        .to_vec();
    frame
}

fn collected() -> Collected {
    Collected {
        run_id: "sp7k2".to_owned(),
        seed: 42,
        facts: TargetFacts {
            base_url: BASE.to_owned(),
            name: None,
            capabilities: BTreeMap::from([("bulk".to_owned(), false), ("patch".to_owned(), true)]),
            policy: Policy {
                groups: Some("none".to_owned()),
                ..Policy::default()
            },
            existing_users: Some(3),
            notes: vec!["/ResourceTypes is not there".to_owned()],
        },
        cases: cases(),
        rules: vec![error_body_rule()],
        leftovers: vec!["/Users/77".to_owned()],
        stop: None,
        started: "2026-11-21T10:00:00Z".to_owned(),
        finished: "2026-11-21T10:00:03.2Z".to_owned(),
        duration_ms: 3200.0,
        requests: 120,
        throttled: 2,
    }
}

fn cases() -> Vec<CaseResult> {
    let mut cases = vec![];
    for flavour in ["aiw", "catalogue"] {
        let mut create = case(
            "okta/users/create",
            Some(flavour),
            "a newly assigned person is created and comes back as sent",
            vec![
                check("post.status", Outcome::Passed, Severity::Blocker, ""),
                shown(
                    check(
                        "post.body.userName",
                        Outcome::Failed,
                        Severity::Blocker,
                        "userName came back as \"AMARA@EXAMPLE.COM\", sent as \"amara@example.com\"",
                    ),
                    "amara@example.com",
                    "AMARA@EXAMPLE.COM",
                ),
            ],
        );
        create.why =
            "Okta links people by the exact user name and would never find this one again."
                .to_owned();
        create.refs = vec!["rfc:7644-3.3-R06".to_owned(), "gate:okta-spec/6".to_owned()];
        create.exchanges = vec![exchange(
            1,
            "post",
            "POST",
            "POST /Users",
            "/Users",
            Some("{\"userName\":\"amara@example.com\",\"active\":true}"),
            201,
            "{\"id\":\"7\",\"userName\":\"AMARA@EXAMPLE.COM\"}",
        )];
        cases.push(create);
    }
    let mut find = case(
        "okta/users/find",
        Some("aiw"),
        "a person who is not there is answered with an empty list",
        vec![shown(
            check(
                "get.status",
                Outcome::Failed,
                Severity::Warning,
                "the answer has status 404, expected 200",
            ),
            "200",
            "404",
        )],
    );
    find.exchanges = vec![exchange(
        1,
        "get",
        "GET",
        "GET /Users",
        "/Users?filter=userName%20eq%20%22nobody%22",
        None,
        404,
        "{\"status\":\"404\"}",
    )];
    find.load = vec![Load {
        step: "burst".to_owned(),
        requests: 250,
        answered: 250,
        asked_per_second: Some(25.0),
        sustained_per_second: 10.4,
        refused: 12,
        refused_blindly: 0,
        longest_pause_s: 2,
    }];
    cases.push(find);
    let mut push = case(
        "okta/groups/push",
        Some("aiw"),
        "a group is pushed with its members",
        vec![],
    );
    push.outcome = Outcome::Skipped;
    push.skip = Some(SkipKind::Policy);
    push.reason = "policy: groups = \"none\"".to_owned();
    cases.push(push);

    let mut disable = case(
        "entra/users/disable-string-false",
        Some("legacy"),
        "\"False\" as a string takes access away",
        vec![
            check("patch.status", Outcome::Passed, Severity::Blocker, ""),
            shown(
                check(
                    "get.body.active",
                    Outcome::Failed,
                    Severity::Blocker,
                    "active is still true after it was set to \"False\"",
                ),
                "false",
                "true",
            ),
        ],
    );
    disable.why = "Disabling a person in Entra leaves their access open.".to_owned();
    disable.refs = vec!["quirk:ENTRA-42".to_owned(), "gate:entra-web/6".to_owned()];
    disable.exchanges = vec![
        exchange(
            1,
            "patch",
            "PATCH",
            "PATCH /Users/{id}",
            "/Users/7",
            Some("{\"Operations\":[{\"op\":\"Replace\",\"path\":\"active\",\"value\":\"False\"}]}"),
            204,
            "",
        ),
        exchange(
            2,
            "get",
            "GET",
            "GET /Users/{id}",
            "/Users/7",
            None,
            200,
            HOSTILE,
        ),
    ];
    for c in &mut disable.checks {
        c.exchange = Some(ExchangeId(if c.outcome == Outcome::Failed { 2 } else { 1 }));
    }
    cases.push(disable);
    cases.push(case(
        "entra/users/disable-boolean",
        Some("flag"),
        "a boolean takes access away",
        vec![check(
            "patch.status",
            Outcome::Passed,
            Severity::Blocker,
            "",
        )],
    ));
    let mut remove = case(
        "entra/users/remove",
        Some("flag"),
        "removing what is not there is no error",
        vec![check(
            "patch.either",
            Outcome::Failed,
            Severity::Info,
            "creates the element; deviates from RFC 7644 3.5.2.3, and Entra needs it",
        )],
    );
    remove.core = false;
    cases.push(remove);
    let mut errored = check(
        "get.status",
        Outcome::Errored,
        Severity::Blocker,
        "no answer within 10 s",
    );
    errored.unstable = true;
    cases.push(case(
        "entra/users/restore",
        Some("flag"),
        "a person who comes back keeps the account",
        vec![errored],
    ));

    for flavour in ["put", "patch"] {
        let mut create = case(
            "jumpcloud/activation/create",
            Some(flavour),
            "the test user is created",
            vec![check(
                "post.status",
                Outcome::Passed,
                Severity::Blocker,
                "201 without a Location header",
            )],
        );
        create.exchanges = vec![exchange(
            1,
            "post",
            "POST",
            "POST /Users",
            "/Users",
            Some("{}"),
            201,
            "{}",
        )];
        cases.push(create);
    }
    let mut errors = case(
        "rfc/errors/not-found",
        None,
        "an unknown id is answered with 404",
        vec![check(
            "get.status",
            Outcome::Passed,
            Severity::Violation,
            "",
        )],
    );
    errors.severity = Severity::Violation;
    errors.refs = vec!["rfc:7644-3.12-R01".to_owned()];
    errors.exchanges = vec![exchange(
        1,
        "get",
        "GET",
        "GET /Users/{id}",
        "/Users/nobody",
        None,
        404,
        "not found",
    )];
    cases.push(errors);
    cases
}

fn case(id: &str, flavour: Option<&str>, title: &str, checks: Vec<CheckResult>) -> CaseResult {
    let mut parts = id.split('/');
    let profile = parts.next().unwrap_or_default().to_owned();
    let suite = format!("{profile}/{}", parts.next().unwrap_or_default());
    let id = flavour.map_or_else(|| id.to_owned(), |f| format!("{id}.{f}"));
    let checks = checks
        .into_iter()
        .map(|mut c| {
            c.id = format!("{id}#{}", c.id);
            c
        })
        .collect();
    CaseResult {
        id,
        suite,
        profile,
        flavour: flavour.map(str::to_owned),
        row: None,
        title: title.to_owned(),
        why: String::new(),
        outcome: Outcome::Passed,
        severity: Severity::Blocker,
        certainty: Certainty {
            shape: CertaintyLevel::Documented,
            need: CertaintyLevel::Observed,
        },
        core: true,
        reason: String::new(),
        skip: None,
        uses: vec![],
        refs: vec![],
        duration_ms: 12.5,
        checks,
        exchanges: vec![],
        load: vec![],
    }
}

fn check(what: &str, outcome: Outcome, severity: Severity, message: &str) -> CheckResult {
    CheckResult {
        id: what.to_owned(),
        outcome,
        severity,
        refs: vec![
            if what.contains("active") {
                "quirk:ENTRA-42"
            } else {
                "rfc:7644-3.3-R06"
            }
            .to_owned(),
        ],
        message: message.to_owned(),
        expected: String::new(),
        actual: String::new(),
        exchange: Some(ExchangeId(1)),
        hint: if outcome == Outcome::Failed {
            "Keep the value as it was sent."
        } else {
            ""
        }
        .to_owned(),
        unstable: false,
        note: String::new(),
        cause: None,
        core: true,
    }
}

fn shown(mut check: CheckResult, expected: &str, actual: &str) -> CheckResult {
    check.expected = expected.to_owned();
    check.actual = actual.to_owned();
    check
}

#[expect(
    clippy::too_many_arguments,
    reason = "a row of the sample, read as a row"
)]
fn exchange(
    id: u32,
    step: &str,
    method: &str,
    operation: &str,
    target: &str,
    body: Option<&str>,
    status: u16,
    answer: &str,
) -> Exchange {
    let body_of = |text: &str| Body {
        text: text.to_owned(),
        bytes: text.len() as u64,
        truncated: false,
        invalid_utf8: false,
    };
    let header = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Exchange {
        id: ExchangeId(id),
        step: step.to_owned(),
        method: method.to_owned(),
        url: format!("{BASE}{target}"),
        request_headers: vec![
            header("Authorization", "Bearer $SCIM_TOKEN"),
            header("Content-Type", "application/scim+json"),
        ],
        request_body: body.map(body_of),
        status: Some(status),
        http_version: Some("HTTP/1.1".to_owned()),
        response_headers: vec![header("content-type", "application/scim+json")],
        response_body: Some(body_of(answer)),
        error: None,
        started_ms: f64::from(id) * 10.0,
        duration_ms: f64::from(id) * 2.5,
        throttled: 0,
        throttled_blindly: 0,
        repeated: 0,
        operation: operation.to_owned(),
    }
}

fn error_body_rule() -> RuleResult {
    RuleResult {
        id: "rules/error-body".to_owned(),
        title: "every error has a SCIM error body".to_owned(),
        outcome: Outcome::Failed,
        severity: Severity::Violation,
        refs: vec!["rfc:7644-3.12-R01".to_owned()],
        breaks: vec!["entra".to_owned()],
        judged: 40,
        count: 3,
        message: "the body of the 404 is text".to_owned(),
        expected: "a body with the Error URN, status and detail".to_owned(),
        actual: "not found".to_owned(),
        hint: "Answer errors through one function that writes the SCIM body.".to_owned(),
        exchanges: vec![("rfc/errors/not-found".to_owned(), ExchangeId(1))],
        note: String::new(),
    }
}

fn row(profile: &str, attribute: &str, path: &str, create: MappingCell) -> MappingRowResult {
    MappingRowResult {
        profile: profile.to_owned(),
        attribute: attribute.to_owned(),
        path: path.to_owned(),
        create,
        replace: MappingCell::Passed,
        patch: MappingCell::NotTested,
        clear: MappingCell::NotApplicable,
        filter: MappingCell::Passed,
    }
}
