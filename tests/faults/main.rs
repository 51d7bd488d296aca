//! The fault matrix: the reference server with each of its faults, and what the harness says of it.
//!
//! The ordinary test plays, for each row of fixtures/detection.tsv, the cases that are named there and a small canary
//! slice, and fails when none of the named checks fails, or with another severity or verdict. And each check that a suite
//! writes stands in fixtures/checks-proven.tsv with a fault that makes it fail, or in fixtures/checks-unproven.tsv. How
//! many checks a fault sets off is a figure of the full run.
//!
//! With `SCIMPROOF_MATRIX=full` everything is played with every fault in every setting, the figures are printed, and the
//! table and docs/detection.md are written anew. `SCIMPROOF_MATRIX_ONLY` narrows what is played to the faults whose name
//! fits a pattern; for the others stands what was recorded last. `SCIMPROOF_MATRIX=new` plays only the cases with checks
//! that have no row yet, and adds their rows: a minute after a new case was written; `SCIMPROOF_MATRIX_CHECKS` narrows
//! them to those that fit a pattern. `SCIMPROOF_MATRIX=tables` plays nothing and writes what the recorded runs and the
//! tables say; `SCIMPROOF_MATRIX=page` writes only the page.

mod definitions;
mod matrix;
mod page;
mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use scimproof::data::defects;
use scimproof::data::detection::{self, Detection};
use scimproof::plan::Glob;
use scimproof::results::{Severity, Verdict};

use crate::definitions::is_written;
use crate::matrix::{Found, Job, SETTINGS, Setting, library, play_all, recorded};

/// A small slice that is played with every fault: rules need exchanges to judge, and a fault must not set off what it has
/// nothing to do with.
const CANARIES: &[&str] = &[
    "entra/users/create-minimal",
    "jumpcloud/users/create-full",
    "okta/users/create",
    "rfc/create/minimal",
    "rfc/read/user",
];

/// The cases of which a row names checks, and the canaries.
fn cases_of(row: &Detection) -> Vec<Glob> {
    let named = row
        .noticed_by
        .iter()
        .filter(|id| !id.starts_with("rules/") && !id.starts_with("probe/"));
    named
        .map(|id| id.split('#').next().unwrap_or(id))
        .chain(
            CANARIES
                .iter()
                .copied()
                .filter(|id| id.split('/').next() == Some(row.profile)),
        )
        .map(Glob::new)
        .collect()
}

/// Why a row does not hold; `None` when it does. A selection of cases cannot be *ready*, so the verdict is compared only
/// where a failure decides it.
fn complaint(row: &Detection, found: &Found) -> Option<String> {
    let named: Vec<Glob> = row.noticed_by.iter().map(|id| Glob::new(id)).collect();
    let hits: Vec<(&String, &Severity)> = found
        .failed
        .iter()
        .filter(|(id, _)| named.iter().any(|glob| glob.matches(id)))
        .collect();
    if hits.is_empty() {
        let others: Vec<&str> = found.failed.keys().map(String::as_str).take(5).collect();
        return Some(format!(
            "nothing of {:?} failed; what did: {others:?}",
            row.noticed_by
        ));
    }
    // A rule is worse where `rfc` is played beside the provider.
    let as_named = |(id, severity): &(&String, &Severity)| {
        **severity == row.severity || (id.starts_with("rules/") && **severity > row.severity)
    };
    if !hits.iter().any(as_named) {
        return Some(format!(
            "no finding is a {}: {hits:?}",
            row.severity.as_str()
        ));
    }
    let verdict = found.verdicts.get(row.profile);
    (row.verdict == Verdict::NotReady && verdict != Some(&Verdict::NotReady))
        .then(|| format!("the verdict of {} is {verdict:?}", row.profile))
}

/// A row as the table names it.
fn name_of(row: &Detection) -> String {
    let Detection {
        fault,
        profile,
        setting,
        ..
    } = row;
    if *setting == "plain" {
        format!("{fault}@{profile}")
    } else {
        format!("{fault}@{profile}+{setting}")
    }
}

#[test]
fn each_fault_is_noticed_by_the_checks_that_are_named() {
    let jobs = detection::all()
        .iter()
        .map(|row| Job {
            fault: Some(row.fault),
            setting: Setting::named(row.setting).expect("the settings that rows name exist"),
            profiles: vec![row.profile],
            cases: cases_of(row),
            keep: false,
        })
        .collect();
    let mut complaints = String::new();
    for (row, (_, found)) in detection::all().iter().zip(play_all(library(), jobs)) {
        let complaint = match found {
            None => Some("nothing of what is named can be played".to_owned()),
            Some(found) => complaint(row, &found),
        };
        if let Some(complaint) = complaint {
            let _ = writeln!(complaints, "{}: {complaint}", name_of(row));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_defect_has_a_fault_or_a_reason() {
    let shown: BTreeSet<u16> = scim_reference::faults()
        .iter()
        .filter_map(|fault| fault.defect)
        .collect();
    let reasoned: BTreeSet<u16> = detection::not_shown()
        .iter()
        .map(|row| row.defect)
        .collect();
    for defect in defects::all() {
        assert!(
            shown.contains(&defect.number) != reasoned.contains(&defect.number),
            "defect {} needs a fault or a reason, and not both",
            defect.number
        );
    }
}

/// The profiles in which a row says that a defect is noticed.
fn noticed_in(defect: u16) -> BTreeSet<&'static str> {
    let shows = |row: &&Detection| {
        let mut faults = scim_reference::faults().iter();
        faults.any(|fault| fault.name == row.fault && fault.defect == Some(defect))
    };
    detection::all()
        .iter()
        .filter(shows)
        .map(|row| row.profile)
        .collect()
}

#[test]
fn every_defect_that_a_fault_shows_is_noticed() {
    for defect in defects::all() {
        let noticed = noticed_in(defect.number);
        let shown = detection::not_shown()
            .iter()
            .all(|row| row.defect != defect.number);
        assert!(
            !shown || !noticed.is_empty(),
            "no row says who notices defect {}: {}",
            defect.number,
            defect.title
        );
        let bites = ["okta", "entra", "jumpcloud"].contains(&defect.idp);
        assert!(
            !shown || !bites || noticed.contains(defect.idp),
            "defect {} ({}) bites {}, and is noticed in {noticed:?} only",
            defect.number,
            defect.title,
            defect.idp
        );
    }
}

#[test]
fn the_table_names_faults_that_exist() {
    for row in detection::all() {
        assert!(
            scim_reference::faults()
                .iter()
                .any(|fault| fault.name == row.fault),
            "there is no fault named {}",
            row.fault
        );
    }
}

#[test]
fn the_page_is_current() {
    let page = std::fs::read_to_string(page::FILE).unwrap_or_default();
    assert!(
        page == page::rendered(),
        "{} is not what the tables say; SCIMPROOF_MATRIX=page cargo test --test faults the_whole_matrix writes it anew",
        page::FILE
    );
}

#[test]
fn every_check_has_a_fault() {
    let missing = proof::missing();
    assert!(
        missing.is_empty(),
        "{} checks have no row in {}, nor a reason in {}; `SCIMPROOF_MATRIX=new cargo test --test faults the_whole_matrix` \
         looks for faults that make them fail:\n{}",
        missing.len(),
        proof::FILE,
        proof::REASONS,
        missing.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn the_whole_matrix() {
    let text = match std::env::var("SCIMPROOF_MATRIX").as_deref() {
        Ok("full") => {
            play_everything(&wanted());
            proof::write();
            figures()
        }
        Ok("new") => proof::add(&wanted()),
        Ok("tables") => {
            proof::write();
            figures()
        }
        Ok("page") => "nothing was played, the page was written\n".to_owned(),
        _ => return,
    };
    std::fs::write(page::FILE, page::rendered()).expect("the page can be written");
    std::fs::write("target/fault-matrix.txt", &text).expect("the figures can be written");
    assert!(!text.contains("NOT "), "{text}");
}

/// The names of the faults that `SCIMPROOF_MATRIX_ONLY` asks for: patterns, with commas between them.
fn wanted() -> Vec<&'static str> {
    let only = std::env::var("SCIMPROOF_MATRIX_ONLY").unwrap_or_else(|_| "**".to_owned());
    let patterns: Vec<Glob> = only.split(',').map(Glob::new).collect();
    let names = scim_reference::faults().iter().map(|fault| fault.name);
    names
        .filter(|name| patterns.iter().any(|pattern| pattern.matches(name)))
        .collect()
}

/// Every fault that fits, and the faultless server, in every setting.
fn play_everything(faults: &[&'static str]) {
    let jobs = SETTINGS
        .iter()
        .flat_map(|&setting| {
            std::iter::once(None)
                .chain(faults.iter().copied().map(Some))
                .map(move |fault| Job {
                    fault,
                    setting,
                    profiles: profiles_of(fault, setting),
                    cases: Vec::new(),
                    keep: true,
                })
        })
        .collect();
    play_all(library(), jobs);
}

/// Those of the setting, and those of other providers that a row is about.
fn profiles_of(fault: Option<&str>, setting: Setting) -> Vec<&'static str> {
    let mut profiles = setting.profiles.to_vec();
    let rows = fault.into_iter().flat_map(detection::of);
    for row in rows.filter(|row| row.setting == setting.name) {
        if !profiles.contains(&row.profile) {
            profiles.push(row.profile);
        }
    }
    profiles
}

/// What the recorded runs say, for people. A line that begins with NOT is what should not be.
fn figures() -> String {
    let mut text = String::new();
    let (mut right, mut rows, mut noticed) = (0, 0, 0);
    let mut breadth: BTreeMap<&str, usize> = BTreeMap::new();
    let faultless = recorded(None, Setting::plain());
    for fault in scim_reference::faults() {
        let Some(mut found) = recorded(Some(fault.name), Setting::plain()) else {
            let _ = writeln!(text, "NOT recorded: {}", fault.name);
            continue;
        };
        let mut elsewhere = BTreeMap::new();
        for setting in SETTINGS.into_iter().skip(1) {
            if let Some(more) = recorded(Some(fault.name), setting) {
                found.failed.extend(more.failed.clone());
                elsewhere.insert(setting.name, more);
            }
        }
        breadth.insert(fault.name, found.failed.len());
        let mut seen = true;
        for row in detection::of(fault.name) {
            rows += 1;
            match complaint(row, elsewhere.get(row.setting).unwrap_or(&found)) {
                None => right += 1,
                Some(complaint) => {
                    seen = false;
                    let _ = writeln!(text, "NOT as named: {}: {complaint}", name_of(row));
                }
            }
        }
        let named = detection::of(fault.name).next().is_some();
        if !named && proof::proven_by(fault.name).is_empty() {
            seen = false;
            for profile in fault.breaks {
                let _ = writeln!(
                    text,
                    "NOT noticed: {}",
                    suggestion(fault.name, profile, &found)
                );
            }
        }
        noticed += usize::from(seen);
    }
    let mut widths: Vec<usize> = breadth.values().copied().collect();
    widths.sort_unstable();
    let at = |share: usize| widths.get(widths.len() * share / 100).copied().unwrap_or(0);
    let checks = faultless.map_or(0, |found| {
        found.evaluated.iter().filter(|id| is_written(id)).count()
    });
    let (written, proven, reasoned) = proof::count();
    let _ = writeln!(
        text,
        "{noticed} of {} faults are noticed as named; {right} of {rows} rows hold\n\
         {proven} of {written} checks and rules are made to fail by some fault, {reasoned} by none, with a reason\n\
         a fault makes {} checks fail in the median, {} in the upper quarter, of {checks} in a plain run",
        scim_reference::faults().len(),
        at(50),
        at(75),
    );
    for id in proof::missing() {
        let _ = writeln!(text, "NOT proven: {id}");
    }
    text
}

/// A row as the run has it, to be judged by a person.
fn suggestion(fault: &str, profile: &str, found: &Found) -> String {
    let of_profile = |id: &str| {
        id.split('/').next() == Some(profile)
            || id.starts_with("rules/")
            || id.starts_with("probe/")
    };
    let failed = || found.failed.iter().filter(|(id, _)| of_profile(id));
    let worst = failed().map(|(_, severity)| *severity).max();
    let ids: Vec<&str> = failed()
        .filter(|(_, severity)| Some(**severity) == worst)
        .map(|(id, _)| id.as_str())
        .take(3)
        .collect();
    format!(
        "{fault}@{profile}\t{:?}\t{}\t{}",
        found.verdicts.get(profile),
        worst.map_or("nothing", Severity::as_str),
        ids.join(" ")
    )
}
