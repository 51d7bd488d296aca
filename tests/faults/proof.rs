//! A fault for every check: fixtures/checks-proven.tsv names, for each check that a suite writes and for each rule, a fault
//! that makes it fail. fixtures/checks-unproven.tsv has those that no fault makes fail, with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use scimproof::plan::Glob;
use scimproof::rules;

use crate::definitions::is_written;
use crate::matrix::{
    Found, Job, PROFILES, SETTINGS, Setting, library, play_all, recorded, settings_for,
};

/// Check or rule, fault, setting.
pub(crate) const FILE: &str = "fixtures/checks-proven.tsv";
/// Check or rule, reason.
pub(crate) const REASONS: &str = "fixtures/checks-unproven.tsv";

const HEAD: &str = "check\tfault\tsetting\n";

/// Faults that count requests: what they damage depends on what was asked before, so they prove nothing by themselves.
const COUNTING: &[&str] = &["every-tenth-500", "second-user-shown"];

type Proofs = BTreeMap<String, (String, String)>;

fn table() -> Proofs {
    let text = fs::read_to_string(FILE).unwrap_or_default();
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split('\t').map(str::to_owned);
            Some((cells.next()?, (cells.next()?, cells.next()?)))
        })
        .collect()
}

fn reasons() -> BTreeSet<String> {
    let text = fs::read_to_string(REASONS).unwrap_or_default();
    text.lines()
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, reason)| !reason.trim().is_empty())
        .map(|(id, _)| id.to_owned())
        .collect()
}

/// What is proven needs no reason any more, nor does what no suite writes any more.
fn forget_reasons(proofs: &Proofs, written: &BTreeSet<String>) {
    let text = fs::read_to_string(REASONS).unwrap_or_default();
    let kept: String = text
        .lines()
        .enumerate()
        .filter(|(number, line)| {
            let id = line.split('\t').next().unwrap_or(line);
            *number == 0 || (!proofs.contains_key(id) && written.contains(id))
        })
        .map(|(_, line)| line)
        .map(|line| format!("{line}\n"))
        .collect();
    if kept != text {
        fs::write(REASONS, kept).expect("the reasons can be written");
    }
}

fn store(proofs: &Proofs) {
    let mut text = HEAD.to_owned();
    for (id, (fault, setting)) in proofs {
        let _ = writeln!(text, "{id}\t{fault}\t{setting}");
    }
    fs::write(FILE, text).expect("the table can be written");
}

/// Plays the server as it should be, in every setting: these checks there are. A case that no setting plays stands for
/// itself.
fn written() -> BTreeSet<String> {
    let jobs = SETTINGS
        .iter()
        .map(|&setting| Job {
            fault: None,
            setting,
            profiles: setting.profiles.to_vec(),
            cases: Vec::new(),
            keep: false,
        })
        .collect();
    let library = library();
    let cases: BTreeSet<String> = library
        .suites
        .iter()
        .filter(|suite| {
            let mut settings = SETTINGS.iter();
            settings.any(|setting| setting.profiles.contains(&suite.profile.as_str()))
        })
        .flat_map(|suite| {
            suite
                .cases
                .iter()
                .map(move |case| format!("{}/{}", suite.id, case.id))
        })
        .collect();
    let found: Vec<Found> = play_all(library, jobs)
        .into_iter()
        .filter_map(|(_, found)| found)
        .collect();
    all_of(found.iter(), cases)
}

fn all_of<'a>(
    found: impl Iterator<Item = &'a Found> + Clone,
    cases: BTreeSet<String>,
) -> BTreeSet<String> {
    let played: BTreeSet<&String> = found.clone().flat_map(|found| &found.played).collect();
    let unplayed = cases.into_iter().filter(|case| !played.contains(case));
    let checks = found
        .flat_map(|found| &found.evaluated)
        .filter(|id| is_written(id))
        .cloned();
    let rules = rules::all().into_iter().map(|rule| rule.id.to_owned());
    checks.chain(rules).chain(unplayed).collect()
}

/// Checks and rules without a fault and without a reason.
pub(crate) fn missing() -> BTreeSet<String> {
    let reasons = reasons();
    without_among(&written(), &table().into_keys().chain(reasons).collect())
}

/// Checks and rules that these ids do not cover. A step that moved to another case of its profile is covered until the
/// table is written anew.
fn without_among(written: &BTreeSet<String>, known: &BTreeSet<String>) -> BTreeSet<String> {
    let moved: BTreeSet<(&str, &str)> = known
        .iter()
        .filter(|id| !written.contains(*id))
        .filter_map(|id| step_of(id))
        .collect();
    written
        .iter()
        .filter(|id| !known.contains(*id))
        .filter(|id| step_of(id).is_none_or(|step| !moved.contains(&step)))
        .cloned()
        .collect()
}

/// The profile of a check, and what it is within its case.
fn step_of(id: &str) -> Option<(&str, &str)> {
    Some((id.split('/').next()?, id.split_once('#')?.1))
}

/// The checks that a fault is named for.
pub(crate) fn proven_by(fault: &str) -> Vec<String> {
    table()
        .into_iter()
        .filter(|(_, (named, _))| named == fault)
        .map(|(id, _)| id)
        .collect()
}

/// All checks and rules, those with a fault, those with a reason.
pub(crate) fn count() -> (usize, usize, usize) {
    let (proofs, reasons) = (table().len(), reasons().len());
    (proofs + reasons + missing().len(), proofs, reasons)
}

/// Writes the table from the recorded runs: for each check the fault that sets off least beside it. A row whose run is not
/// recorded stands.
pub(crate) fn write() {
    let rows = table();
    let mut best: BTreeMap<String, (usize, &str, &str)> = BTreeMap::new();
    let written = written();
    let mut unrecorded: BTreeSet<(&str, &str)> = BTreeSet::new();
    for setting in SETTINGS {
        for fault in scim_reference::faults() {
            match recorded(Some(fault.name), setting) {
                Some(found) if !COUNTING.contains(&fault.name) => {
                    keep_best(&mut best, &found, fault.name, setting);
                }
                Some(_) => {}
                None => {
                    unrecorded.insert((fault.name, setting.name));
                }
            }
        }
    }
    for (id, (fault, setting)) in &rows {
        if unrecorded.contains(&(fault.as_str(), setting.as_str())) {
            best.entry(id.clone())
                .or_insert((usize::MAX, fault, setting));
        }
    }
    best.retain(|id, _| written.contains(id));
    let proofs: Proofs = best
        .into_iter()
        .map(|(id, (_, fault, setting))| (id, (fault.to_owned(), setting.to_owned())))
        .collect();
    store(&proofs);
    forget_reasons(&proofs, &written);
}

fn keep_best<'a>(
    best: &mut BTreeMap<String, (usize, &'a str, &'a str)>,
    found: &Found,
    fault: &'static str,
    setting: Setting,
) {
    let width = found.definitions.len();
    for id in &found.definitions {
        let held = best
            .entry(id.clone())
            .or_insert((usize::MAX, fault, setting.name));
        if width < held.0 {
            *held = (width, fault, setting.name);
        }
    }
}

/// Those of the checks that `SCIMPROOF_MATRIX_CHECKS` asks for: patterns, with commas between them. Without it, those that
/// have no reason either: for a rule everything would be played.
fn asked_for(checks: BTreeSet<String>) -> BTreeSet<String> {
    let Ok(only) = std::env::var("SCIMPROOF_MATRIX_CHECKS") else {
        let reasons = reasons();
        return checks.difference(&reasons).cloned().collect();
    };
    let patterns: Vec<Glob> = only.split(',').map(Glob::new).collect();
    checks
        .into_iter()
        .filter(|id| patterns.iter().any(|pattern| pattern.matches(id)))
        .collect()
}

/// Rules have no cases of their own: for those without a fault everything is played.
fn for_rules(missing: &BTreeSet<String>, faults: &[&'static str]) -> Vec<Job> {
    if !missing.iter().any(|id| id.starts_with("rules/")) {
        return Vec::new();
    }
    let job = |&fault: &&'static str| Job {
        fault: Some(fault),
        setting: Setting::plain(),
        profiles: PROFILES.to_vec(),
        cases: Vec::new(),
        keep: false,
    };
    let counts = |fault: &&&str| !COUNTING.contains(*fault);
    faults.iter().filter(counts).map(job).collect()
}

/// Looks for faults that make the checks fail that have no row yet, in their own cases only, and adds the rows.
pub(crate) fn add(faults: &[&'static str]) -> String {
    let written = written();
    let missing = asked_for(without_among(&written, &table().into_keys().collect()));
    let cases: BTreeSet<&str> = missing
        .iter()
        .filter(|id| !id.starts_with("rules/"))
        .map(|id| id.split('#').next().unwrap_or(id))
        .collect();
    let globs: Vec<Glob> = cases.into_iter().map(Glob::new).collect();
    let mut proofs = table();
    if !missing.is_empty() {
        let library = library();
        // Without a pattern everything would be meant.
        let settings = match globs.as_slice() {
            [] => Vec::new(),
            some => settings_for(&library, some),
        };
        let jobs = settings
            .into_iter()
            .flat_map(|setting| {
                let globs = globs.clone();
                faults
                    .iter()
                    .filter(|fault| !COUNTING.contains(fault))
                    .map(move |&fault| Job {
                        fault: Some(fault),
                        setting,
                        profiles: setting.profiles.to_vec(),
                        cases: globs.clone(),
                        keep: false,
                    })
            })
            .collect();
        let mut best = BTreeMap::new();
        for (job, found) in play_all(library, [jobs, for_rules(&missing, faults)].concat()) {
            if let (Some(fault), Some(found)) = (job.fault, found) {
                keep_best(&mut best, &found, fault, job.setting);
            }
        }
        for (id, (_, fault, setting)) in best {
            if missing.contains(&id) {
                proofs.insert(id, (fault.to_owned(), setting.to_owned()));
            }
        }
        store(&proofs);
    }
    forget_reasons(&proofs, &written);
    let reasons = reasons();
    let left: Vec<String> = missing
        .iter()
        .filter(|id| !proofs.contains_key(*id) && !reasons.contains(*id))
        .map(|id| format!("NOT proven: {id}\n"))
        .collect();
    format!(
        "{} checks had no row, {} still have none\n{}",
        missing.len(),
        left.len(),
        left.concat()
    )
}
