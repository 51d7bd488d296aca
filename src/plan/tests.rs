//! Planning, from outside: what is selected, in which order, what is skipped and what is refused.

use std::collections::BTreeMap;

use super::{Conditions, Footprint, Glob, Plan, PlanError, Selection, select};
use crate::results::{Policy, SkipKind};
use crate::scim::SchemaView;
use crate::suite::{Library, Source, load};

/// Name, selection, conditions, and the cases that are skipped beyond those that always are, with their class.
type Row<'a> = (&'a str, &'a Selection, Conditions, Vec<(&'a str, SkipKind)>);

const PROFILES: &[(&str, &str)] = &[
    (
        "okta",
        "profile: okta\ntitle: Okta\ndefault_run: true\nflavours: [{id: aiw, title: A}, {id: catalogue, title: C}, {id: old, title: O, default: false}]\n",
    ),
    ("rfc", "profile: rfc\ntitle: RFC\ndefault_run: true\n"),
    (
        "entra",
        "profile: entra\ntitle: Entra\ndefault_run: true\nflavours: [{id: legacy, title: L}]\n",
    ),
    ("onelogin", "profile: onelogin\ntitle: OneLogin\n"),
];

/// A library of these suites: id and the lines of its cases, each `ID: KEYS`.
fn library(suites: &[(&str, &[&str])]) -> Library {
    let mut sources: Vec<Source> = PROFILES
        .iter()
        .map(|(id, text)| Source {
            name: format!("suites/{id}/profile.yaml"),
            text: (*text).to_owned(),
        })
        .collect();
    for (id, cases) in suites {
        let mut text =
            format!("suite: {id}\ntitle: T\ndefaults: {{ hint: H, refs: [defect:1] }}\ncases:\n");
        for case in *cases {
            let (name, keys) = case.split_once(':').unwrap_or((case, ""));
            let steps = if keys.contains("steps") {
                ""
            } else {
                ", steps: [{ send: GET /Users, expect: { status: 200 } }]"
            };
            let comma = if keys.trim().is_empty() { "" } else { "," };
            text.push_str(&format!(
                "  - {{ id: {name}, title: T{comma}{keys}{steps} }}\n"
            ));
        }
        sources.push(Source {
            name: format!("suites/{id}.yaml"),
            text,
        });
    }
    load(&sources).unwrap_or_else(|errors| panic!("{errors}"))
}

fn globs(patterns: &[&str]) -> Vec<Glob> {
    patterns.iter().map(|pattern| Glob::new(pattern)).collect()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.cases
        .iter()
        .map(|planned| planned.id.as_str())
        .collect()
}

fn plan(library: &Library, selection: &Selection) -> Plan {
    select(library, selection, &Conditions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn everything_of_the_default_run_comes_in_the_order_of_reports() {
    let library = library(&[
        ("rfc/core", &["x"]),
        ("onelogin/users", &["x"]),
        ("entra/users", &["x"]),
        (
            "okta/users",
            &[
                "b",
                "a: flavours: [catalogue]",
                "c: flavours: none",
                "d: rows: [{id: one, v: 1}, {id: two, v: 2}], steps: [{ send: 'GET /Users/{{row.v}}', expect: { status: 404 } }]",
            ],
        ),
        ("okta/groups", &["x: flavours: [old]", "y: flavours: none"]),
    ]);
    let plan = plan(&library, &Selection::default());
    assert_eq!(
        ids(&plan),
        [
            "okta/groups/y",
            "okta/users/b.aiw",
            "okta/users/b.catalogue",
            "okta/users/a.catalogue",
            "okta/users/c",
            "okta/users/d-one.aiw",
            "okta/users/d-two.aiw",
            "okta/users/d-one.catalogue",
            "okta/users/d-two.catalogue",
            "entra/users/x.legacy",
            "rfc/core/x",
        ]
    );
    let profiles: Vec<_> = plan
        .profiles
        .iter()
        .map(|(profile, flavours)| (profile.id.as_str(), flavours.len()))
        .collect();
    assert_eq!(profiles, [("okta", 2), ("entra", 1), ("rfc", 0)]);
}

#[test]
fn patterns_fit_with_and_without_row_and_flavour() {
    let library = library(&[
        (
            "okta/users",
            &[
                "a",
                "ab",
                "d: rows: [{id: one, v: 1}, {id: two, v: 2}], steps: [{ send: 'GET /Users/{{row.v}}', expect: { status: 404 } }]",
            ],
        ),
        ("entra/users", &["a"]),
        ("onelogin/users", &["a"]),
    ]);
    let table: &[(&[&str], &[&str], &[&str])] = &[
        (
            &[],
            &["okta/users/a"],
            &["okta/users/a.aiw", "okta/users/a.catalogue"],
        ),
        (&[], &["okta/users/a.aiw"], &["okta/users/a.aiw"]),
        (
            &[],
            &["okta/users/d.aiw"],
            &["okta/users/d-one.aiw", "okta/users/d-two.aiw"],
        ),
        (
            &[],
            &["okta/users/d-one"],
            &["okta/users/d-one.aiw", "okta/users/d-one.catalogue"],
        ),
        (
            &[],
            &["*/users/a.*"],
            &[
                "okta/users/a.aiw",
                "okta/users/a.catalogue",
                "entra/users/a.legacy",
            ],
        ),
        (&[], &["onelogin/**"], &["onelogin/users/a"]),
        (&["entra/*"], &[], &["entra/users/a.legacy"]),
        (&["*/users"], &["**/ab.aiw"], &["okta/users/ab.aiw"]),
    ];
    for (suites, cases, expected) in table {
        let selection = Selection {
            suites: globs(suites),
            cases: globs(cases),
            ..Selection::default()
        };
        assert_eq!(
            ids(&plan(&library, &selection)),
            *expected,
            "{suites:?} {cases:?}"
        );
    }
}

#[test]
fn what_is_left_out_says_why() {
    let library = library(&[
        (
            "okta/users",
            &[
                "plain",
                "updates: uses: [updates]",
                "team: uses: [groups]",
                "join: uses: [group-updates]",
                "erase: uses: [hard-delete]",
                "keeps: when: {deactivation: keep}",
                "removes: when: {deactivation: remove}",
                "refused: uses: [updates], when: {not_offered: updates}",
                "old-key: steps: [{ send: GET /Users, auth: revoked, expect: { status: 401 } }]",
                "other: steps: [{ send: GET /Users, auth: other-tenant, expect: { status: 200 } }]",
                "bad: hostile: true",
                "heavy: opt_in: true",
            ],
        ),
        (
            "rfc/core",
            &["bulk: needs: [bulk]", "sort: needs: [sort, filter]"],
        ),
    ]);
    let all = Conditions {
        revoked_credential: true,
        other_tenant_credential: true,
        ..Conditions::default()
    };
    let with = |policy: Policy| Conditions {
        policy,
        ..all.clone()
    };
    let nothing = Selection::default();
    let skips = Selection {
        skips: globs(&["okta/users/plain.aiw", "rfc/core"]),
        skip_hostile: true,
        ..Selection::default()
    };
    let heavy = Selection {
        cases: globs(&["okta/users/h*"]),
        ..Selection::default()
    };
    let heavy_by_chance = Selection {
        cases: globs(&["**"]),
        ..Selection::default()
    };
    let capable = BTreeMap::from([
        ("sort".to_owned(), true),
        ("filter".to_owned(), false),
        ("bulk".to_owned(), false),
    ]);

    // Selection, conditions; the ids of `.aiw` or of rfc that are skipped, with the class.
    use SkipKind::{Capability, Optional, Policy as ByPolicy, Requested};
    let promised = [
        ("removes", Optional),
        ("refused", Optional),
        ("heavy", Optional),
        ("bulk", Capability),
        ("sort", Capability),
    ];
    let table: Vec<Row<'_>> = vec![
        ("nothing declared", &nothing, all.clone(), vec![]),
        (
            "no credentials",
            &nothing,
            Conditions::default(),
            vec![("old-key", Optional), ("other", Optional)],
        ),
        (
            "removal declared",
            &nothing,
            with(Policy {
                deactivation: Some("remove".into()),
                ..Policy::default()
            }),
            vec![("keeps", ByPolicy), ("-removes", Optional)],
        ),
        (
            "no updates, no groups",
            &nothing,
            with(Policy {
                not_offered: vec!["updates".into(), "groups".into()],
                ..Policy::default()
            }),
            vec![
                ("updates", ByPolicy),
                ("team", ByPolicy),
                ("join", ByPolicy),
                ("-refused", Optional),
            ],
        ),
        (
            "groups none, soft delete",
            &nothing,
            with(Policy {
                groups: Some("none".into()),
                hard_delete: Some(false),
                ..Policy::default()
            }),
            vec![("team", ByPolicy), ("join", ByPolicy), ("erase", Optional)],
        ),
        (
            "asked",
            &skips,
            all.clone(),
            vec![
                ("plain", Requested),
                ("bad", Requested),
                ("-bulk", Capability),
                ("-sort", Capability),
                ("bulk", Requested),
                ("sort", Requested),
            ],
        ),
    ];
    for (name, selection, conditions, extra) in table {
        let mut expected: BTreeMap<String, SkipKind> = promised
            .iter()
            .map(|(id, kind)| ((*id).to_owned(), *kind))
            .collect();
        for (id, kind) in extra {
            match id.strip_prefix('-') {
                Some(id) => drop(expected.remove(id)),
                None => drop(expected.insert(id.to_owned(), kind)),
            }
        }
        let mut plan = select(&library, selection, &conditions)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        plan.gate(&capable, &SchemaView::with_target(&[]));
        let found: BTreeMap<String, SkipKind> = plan
            .cases
            .iter()
            .filter(|planned| planned.flavour.as_deref() != Some("catalogue"))
            .filter_map(|planned| Some((planned.case.id.clone(), planned.skip.as_ref()?.kind)))
            .collect();
        assert_eq!(found, expected, "{name}");
        assert!(
            plan.cases
                .iter()
                .filter_map(|planned| planned.skip.as_ref())
                .all(|skip| !skip.reason.is_empty())
        );
    }
    assert!(
        plan(&library, &heavy)
            .to_play()
            .any(|planned| planned.case.id == "heavy"),
        "named by its suite"
    );
    assert!(
        !plan(&library, &heavy_by_chance)
            .to_play()
            .any(|planned| planned.case.id == "heavy"),
        "not named by **"
    );
}

#[test]
fn a_selection_that_runs_nothing_is_refused() {
    let library = library(&[
        ("okta/users", &["create", "disable: hostile: true"]),
        ("entra/users", &["create"]),
        ("rfc/core", &["create: uses: [updates]"]),
    ]);
    let refused = |selection: Selection, conditions: &Conditions| {
        select(&library, &selection, conditions)
            .expect_err("nothing can run")
            .to_string()
    };
    let any = Conditions::default();
    let suites = |pattern: &str| Selection {
        suites: globs(&[pattern]),
        ..Selection::default()
    };
    let cases = |pattern: &str| Selection {
        cases: globs(&[pattern]),
        ..Selection::default()
    };
    let skips = |pattern: &str| Selection {
        skips: globs(&[pattern]),
        ..Selection::default()
    };
    let profiles = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        refused(
            Selection {
                profiles: profiles(&["octa"]),
                ..Selection::default()
            },
            &any
        ),
        "no such profile: `octa`; did you mean `okta`?"
    );
    assert_eq!(
        refused(suites("okta/user"), &any),
        "--suite `okta/user` fits nothing; nearest: okta/users, entra/users, rfc/core"
    );
    assert_eq!(
        refused(cases("okta/users/creat"), &any),
        "--case `okta/users/creat` fits nothing; nearest: okta/users/create, entra/users/create, okta/users/create.aiw"
    );
    assert!(refused(skips("jumpcloud/**"), &any).starts_with("--skip `jumpcloud/**` fits nothing"));
    assert_eq!(
        refused(
            Selection {
                profiles: profiles(&["rfc"]),
                ..suites("okta/users")
            },
            &any
        ),
        "nothing is selected: `okta/users` together fit no case of rfc"
    );
    assert_eq!(
        refused(skips("**"), &any),
        "nothing is selected: every selected case is skipped (left out by --skip **)"
    );
    let conditions = Conditions {
        policy: Policy {
            not_offered: profiles(&["updates"]),
            ..Policy::default()
        },
        ..any.clone()
    };
    assert_eq!(
        refused(cases("rfc/core/create"), &conditions),
        "nothing is selected: every selected case is skipped (the target's policy leaves out updates)"
    );
    let flavours = Conditions {
        flavours: BTreeMap::from([("okta".to_owned(), profiles(&["aiv"]))]),
        ..any.clone()
    };
    assert_eq!(
        refused(Selection::default(), &flavours),
        "profile `okta` has no flavour `aiv`; did you mean `aiw`?"
    );
    let unknown = select(&library, &suites("nowhere/*"), &any);
    assert!(matches!(
        unknown,
        Err(PlanError::Unmatched {
            flag: "--suite",
            ..
        })
    ));
}

#[test]
fn the_config_narrows_and_widens_flavours() {
    let library = library(&[("okta/users", &["a", "b: flavours: none"])]);
    for (names, expected) in [
        (vec!["old"], vec!["okta/users/a.old", "okta/users/b"]),
        (
            vec!["catalogue", "aiw"],
            vec!["okta/users/a.aiw", "okta/users/a.catalogue", "okta/users/b"],
        ),
        (
            vec![],
            vec!["okta/users/a.aiw", "okta/users/a.catalogue", "okta/users/b"],
        ),
    ] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let conditions = Conditions {
            flavours: BTreeMap::from([("okta".to_owned(), names.clone())]),
            ..Conditions::default()
        };
        let plan = select(&library, &Selection::default(), &conditions)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ids(&plan), expected, "{names:?}");
    }
}

#[test]
fn a_plan_knows_what_it_costs() {
    let library = library(&[(
        "okta/users",
        &[
            "small: flavours: none, given: {u: okta/user}, steps: [{ send: 'GET /Users/{{u.id}}', expect: { status: 200 } }]",
            "large: flavours: none, given: {u: okta/user, v: okta/user, g: okta/group}, uses: [groups], steps: [{ send: POST /Groups, makes: h, body: {displayName: x}, expect: { status: 201 } }, { send: 'DELETE /Users/{{u.id}}', changes: { u: gone } }]",
            "pages: flavours: none, exclusive: true, given: {a: okta/user, b: okta/user, c: okta/user, d: okta/user}, steps: [{ walk: { list: /Users, count: 2, has: [a, b, c], beyond: true } }]",
        ],
    )]);
    let plan = plan(&library, &Selection::default());
    // Probing 4. small: POST, GET, the step, the bystander's GET, DELETE. large: 3 x (POST, GET), 2 steps, the GET of
    // the group made, one change, 2 bystanders, 4 removals. pages: 4 x (POST, GET), 2 + 1 + 1 pages, 4 bystanders, 4
    // removals.
    assert_eq!(
        plan.requests_estimate(),
        4 + 5 + (6 + 2 + 1 + 1 + 2 + 4) + (8 + 4 + 4 + 4)
    );
    assert_eq!(
        plan.footprint(1),
        Footprint {
            users: 4,
            groups: 2
        }
    );
    assert_eq!(
        plan.footprint(4),
        Footprint {
            users: 4,
            groups: 2
        }
    );
    assert_eq!(plan.footprint(0), plan.footprint(1));
}
