//! From the library and what the user asked for to the plan: which cases, in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::offered::skip_of;
use super::{Conditions, Glob, Plan, PlanError, PlannedCase, Selection, Skip};
use crate::results::SkipKind;
use crate::suite::model::{Case, Profile, Row, Suite};
use crate::suite::{Library, nearest};

/// The order of profiles in every report; others follow by name.
const FIRST: [&str; 4] = ["okta", "entra", "jumpcloud", "rfc"];

/// How many ids a message about an unmatched pattern names.
const NEAREST: usize = 3;

/// Plans a run. Nothing was sent yet, and nothing is if this fails.
///
/// # Errors
/// An unknown profile or flavour, a pattern that fits nothing, or a selection that leaves nothing to run.
pub fn select(
    library: &Library,
    selection: &Selection,
    conditions: &Conditions,
) -> Result<Plan, PlanError> {
    check_patterns(library, selection)?;
    let profiles = profiles(library, selection)?;
    check_flavours(library, conditions)?;
    let mut plan = Plan::default();
    for profile in profiles {
        let flavours = played_flavours(&profile, conditions);
        let before = plan.cases.len();
        for suite in library
            .suites
            .iter()
            .filter(|suite| suite.profile == profile.id)
        {
            if !selection.suites.is_empty()
                && !selection.suites.iter().any(|glob| glob.matches(&suite.id))
            {
                continue;
            }
            add_suite(
                &mut plan.cases,
                suite,
                &profile,
                &flavours,
                selection,
                conditions,
            );
        }
        if plan.cases.len() > before || selection.profiles.contains(&profile.id) {
            plan.profiles.push((profile, flavours));
        }
    }
    something_to_run(&plan, selection)?;
    Ok(plan)
}

fn add_suite(
    planned: &mut Vec<PlannedCase>,
    suite: &Suite,
    profile: &Arc<Profile>,
    flavours: &[String],
    selection: &Selection,
    conditions: &Conditions,
) {
    let title: Arc<str> = Arc::from(suite.title.as_str());
    for case in &suite.cases {
        let shared = Arc::new(case.clone());
        for flavour in case_flavours(case, profile, flavours) {
            for row in rows(case) {
                let names = Names::of(suite, case, row, flavour.as_deref());
                if !selection.cases.is_empty()
                    && !selection.cases.iter().any(|glob| names.fit(glob))
                {
                    continue;
                }
                let skip = asked_to_skip(&names, case, selection)
                    .or_else(|| skip_of(case, conditions))
                    .or_else(|| not_named(&names, case, selection));
                planned.push(PlannedCase {
                    id: names.full,
                    suite: suite.id.clone(),
                    suite_title: Arc::clone(&title),
                    profile: Arc::clone(profile),
                    flavour: flavour.clone(),
                    row: row.cloned(),
                    case: Arc::clone(&shared),
                    skip,
                });
            }
        }
    }
}

/// The flavours in which a case is played, of those that the run plays.
fn case_flavours(case: &Case, profile: &Profile, played: &[String]) -> Vec<Option<String>> {
    if case.every_flavour_alike || profile.flavours.is_empty() {
        return vec![None];
    }
    played
        .iter()
        .filter(|flavour| case.flavours.is_empty() || case.flavours.contains(flavour))
        .map(|flavour| Some(flavour.clone()))
        .collect()
}

fn rows(case: &Case) -> Vec<Option<&Row>> {
    if case.rows.is_empty() {
        vec![None]
    } else {
        case.rows.iter().map(Some).collect()
    }
}

/// What a case goes by: with and without its row and its flavour.
struct Names {
    suite: String,
    full: String,
    shorter: Vec<String>,
}

impl Names {
    fn of(suite: &Suite, case: &Case, row: Option<&Row>, flavour: Option<&str>) -> Self {
        let plain = format!("{}/{}", suite.id, case.id);
        let with_row = row.map_or_else(|| plain.clone(), |row| format!("{plain}-{}", row.id));
        let flavoured = |name: &str| {
            flavour.map_or_else(|| name.to_owned(), |flavour| format!("{name}.{flavour}"))
        };
        Self {
            suite: suite.id.clone(),
            full: flavoured(&with_row),
            shorter: vec![with_row, flavoured(&plain), plain],
        }
    }

    fn fit(&self, glob: &Glob) -> bool {
        glob.matches(&self.full) || self.shorter.iter().any(|name| glob.matches(name))
    }
}

fn asked_to_skip(names: &Names, case: &Case, selection: &Selection) -> Option<Skip> {
    let kind = SkipKind::Requested;
    if let Some(glob) = selection
        .skips
        .iter()
        .find(|glob| glob.matches(&names.suite) || names.fit(glob))
    {
        return Some(Skip {
            kind,
            reason: format!("left out by --skip {glob}"),
        });
    }
    (selection.skip_hostile && case.hostile).then(|| Skip {
        kind,
        reason: "sends bad input on purpose, left out by --skip-hostile".to_owned(),
    })
}

/// A case that runs only where it is named. A pattern names it if it says at least its suite.
fn not_named(names: &Names, case: &Case, selection: &Selection) -> Option<Skip> {
    if !case.opt_in {
        return None;
    }
    let says_suite = |glob: &&Glob| {
        glob.literal_start()
            .starts_with(&format!("{}/", names.suite))
    };
    let named = selection
        .suites
        .iter()
        .any(|glob| glob.is_literal() && glob.matches(&names.suite))
        || selection
            .cases
            .iter()
            .filter(says_suite)
            .any(|glob| names.fit(glob));
    (!named).then(|| Skip {
        kind: SkipKind::Optional,
        reason: format!("runs only where it is named: --suite {}", names.suite),
    })
}

fn profiles(library: &Library, selection: &Selection) -> Result<Vec<Arc<Profile>>, PlanError> {
    for name in &selection.profiles {
        known_profile(library, name)?;
    }
    let named: BTreeSet<&str> = selection
        .suites
        .iter()
        .chain(&selection.cases)
        .filter_map(|glob| {
            glob.literal_start()
                .split_once('/')
                .map(|(profile, _)| profile)
        })
        .collect();
    let mut profiles: Vec<&Profile> = library
        .profiles
        .iter()
        .filter(|profile| {
            if selection.profiles.is_empty() {
                profile.default_run || named.contains(profile.id.as_str())
            } else {
                selection.profiles.contains(&profile.id)
            }
        })
        .collect();
    profiles.sort_by_key(|profile| {
        let rank = FIRST
            .iter()
            .position(|first| *first == profile.id)
            .unwrap_or(FIRST.len());
        (rank, profile.id.clone())
    });
    Ok(profiles.into_iter().cloned().map(Arc::new).collect())
}

fn known_profile<'a>(library: &'a Library, name: &str) -> Result<&'a Profile, PlanError> {
    library
        .profile(name)
        .ok_or_else(|| PlanError::UnknownProfile {
            name: name.to_owned(),
            near: nearest(
                name,
                library.profiles.iter().map(|profile| profile.id.as_str()),
            ),
        })
}

fn check_flavours(library: &Library, conditions: &Conditions) -> Result<(), PlanError> {
    for (profile, names) in &conditions.flavours {
        let profile = known_profile(library, profile)?;
        let known = || profile.flavours.iter().map(|flavour| flavour.id.as_str());
        if let Some(name) = names
            .iter()
            .find(|name| !known().any(|id| id == name.as_str()))
        {
            return Err(PlanError::UnknownFlavour {
                profile: profile.id.clone(),
                name: name.clone(),
                near: nearest(name, known()),
            });
        }
    }
    Ok(())
}

/// The flavours of a profile that are played, in the profile's order.
fn played_flavours(profile: &Profile, conditions: &Conditions) -> Vec<String> {
    let narrowed = conditions
        .flavours
        .get(&profile.id)
        .filter(|names| !names.is_empty());
    profile
        .flavours
        .iter()
        .filter(|flavour| narrowed.map_or(flavour.default, |names| names.contains(&flavour.id)))
        .map(|flavour| flavour.id.clone())
        .collect()
}

/// A pattern that fits nothing at all is a slip, whatever else is selected.
fn check_patterns(library: &Library, selection: &Selection) -> Result<(), PlanError> {
    let suites: Vec<String> = library
        .suites
        .iter()
        .map(|suite| suite.id.clone())
        .collect();
    let cases: Vec<Names> = library
        .suites
        .iter()
        .filter_map(|suite| Some((suite, library.profile(&suite.profile)?)))
        .flat_map(|(suite, profile)| suite.cases.iter().map(move |case| (suite, profile, case)))
        .flat_map(|(suite, profile, case)| {
            let all: Vec<String> = profile
                .flavours
                .iter()
                .map(|flavour| flavour.id.clone())
                .collect();
            let flavours = case_flavours(case, profile, &all);
            flavours
                .into_iter()
                .flat_map(|flavour| {
                    rows(case)
                        .into_iter()
                        .map(move |row| (flavour.clone(), row))
                })
                .map(|(flavour, row)| Names::of(suite, case, row, flavour.as_deref()))
                .collect::<Vec<_>>()
        })
        .collect();
    let fits_suite = |glob: &Glob| suites.iter().any(|suite| glob.matches(suite));
    let fits_case = |glob: &Glob| cases.iter().any(|names| names.fit(glob));
    let case_ids = || {
        cases
            .iter()
            .flat_map(|names| names.shorter.iter().chain([&names.full]))
    };
    let unmatched = |flag: &'static str, glob: &Glob, near: Vec<String>| {
        Err(PlanError::Unmatched {
            flag,
            pattern: glob.to_string(),
            near,
        })
    };
    if let Some(glob) = selection.suites.iter().find(|glob| !fits_suite(glob)) {
        return unmatched("--suite", glob, nearest_ids(glob, suites.iter()));
    }
    if let Some(glob) = selection.cases.iter().find(|glob| !fits_case(glob)) {
        return unmatched("--case", glob, nearest_ids(glob, case_ids()));
    }
    if let Some(glob) = selection
        .skips
        .iter()
        .find(|glob| !fits_suite(glob) && !fits_case(glob))
    {
        return unmatched(
            "--skip",
            glob,
            nearest_ids(glob, suites.iter().chain(case_ids())),
        );
    }
    Ok(())
}

/// The ids that read most like the pattern, in order of likeness and then of name.
fn nearest_ids<'a>(glob: &Glob, ids: impl Iterator<Item = &'a String>) -> Vec<String> {
    let wanted = glob.as_str();
    let ids: BTreeSet<&String> = ids.collect();
    let mut ranked: Vec<(f64, &String)> = ids
        .into_iter()
        .map(|id| {
            // A pattern often lacks its first parts: `users/create`.
            let tail = id.rsplit('/').next().unwrap_or_default();
            let likeness = strsim::normalized_damerau_levenshtein(wanted, id)
                .max(strsim::normalized_damerau_levenshtein(wanted, tail));
            (likeness, id)
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked
        .into_iter()
        .take(NEAREST)
        .map(|(_, id)| id.clone())
        .collect()
}

fn something_to_run(plan: &Plan, selection: &Selection) -> Result<(), PlanError> {
    if plan.to_play().next().is_some() {
        return Ok(());
    }
    let reason = if plan.cases.is_empty() {
        let patterns: Vec<String> = selection
            .suites
            .iter()
            .chain(&selection.cases)
            .map(|glob| format!("`{glob}`"))
            .collect();
        let profiles = if selection.profiles.is_empty() {
            "the profiles of the default run".to_owned()
        } else {
            selection.profiles.join(", ")
        };
        if patterns.is_empty() {
            format!("there is no case for {profiles}")
        } else {
            format!(
                "{} together fit no case of {profiles}",
                patterns.join(" and ")
            )
        }
    } else {
        let mut reasons: Vec<&str> = Vec::new();
        for skip in plan
            .cases
            .iter()
            .filter_map(|planned| planned.skip.as_ref())
        {
            if !reasons.contains(&skip.reason.as_str()) {
                reasons.push(&skip.reason);
            }
        }
        format!("every selected case is skipped ({})", reasons.join("; "))
    };
    Err(PlanError::NothingSelected { reason })
}
