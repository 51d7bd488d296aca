//! `scimproof list KIND`: everything that has an id, for people or as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::args::{Kind, ListArgs, ListFormat};
use super::error::{CLEAN, CliError};
use super::terminal::Terminal;
use crate::config::Config;
use crate::data::{detection, gates, mappings, quirks, requirements};
use crate::plan;
use crate::results::{Certainty, CertaintyLevel, Severity};
use crate::suite::model::{Case, Profile, Suite};
use crate::suite::{self, Library, Outline};

/// A thing with an id and a title; the contract names the further members of each kind.
type Item = Map<String, Value>;

/// Prints a list.
pub(super) fn list(args: &ListArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let library = || library(args.suites_dir.as_deref());
    let wanted =
        |profile: &str| args.profile.is_empty() || args.profile.iter().any(|p| p == profile);
    let items = match args.kind {
        Kind::Suites => suites(&outlines(args.suites_dir.as_deref())?, &wanted),
        Kind::Cases => cases(&library()?, &wanted),
        Kind::Rules => rules(),
        Kind::Mappings => mappings(&wanted),
        Kind::Requirements => requirements(&library()?),
        Kind::Gates => gates(&wanted),
        Kind::Faults => faults(),
        Kind::Lawful => lawful(),
        Kind::Personas => personas(),
    };
    let text = match args.format {
        ListFormat::Json => format!(
            "{}\n",
            serde_json::to_string_pretty(&items).unwrap_or_default()
        ),
        ListFormat::Text => text(args.kind, &items),
    };
    terminal.write_out(text.as_bytes())?;
    Ok(CLEAN)
}

/// The bundled suites, those of a folder, and the cases of the default mapping tables.
pub(super) fn library(dir: Option<&std::path::Path>) -> Result<Library, CliError> {
    let mut library = written(dir)?;
    add_generated(&mut library, &Config::default())?;
    Ok(library)
}

/// The bundled suites and those of a folder.
pub(super) fn written(dir: Option<&std::path::Path>) -> Result<Library, CliError> {
    Ok(match dir {
        Some(dir) => suite::with_dir(dir)?,
        None => suite::bundled()?,
    })
}

/// Adds the suites that are made from the configuration: mapped attributes, access to the application.
pub(super) fn add_generated(library: &mut Library, config: &Config) -> Result<(), CliError> {
    let profiles: BTreeSet<String> = library.profiles.iter().map(|p| p.id.clone()).collect();
    for suite in generated(config, &profiles)? {
        add(library, suite)?;
    }
    library.suites.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(())
}

/// The suites that are made from the configuration for these profiles.
fn generated(config: &Config, profiles: &BTreeSet<String>) -> Result<Vec<Suite>, CliError> {
    let mut made = Vec::new();
    let tables = config.mappings().map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        CliError::Usage(errors.join("; "))
    })?;
    for table in &tables {
        made.extend(
            plan::mapping::suite(table, &config.policy)
                .filter(|suite| profiles.contains(&suite.profile)),
        );
    }
    if let Some(check) = &config.access_check {
        for profile in profiles {
            made.extend(plan::access::suite(check, profile, &config.policy));
        }
    }
    Ok(made)
}

fn add(library: &mut Library, suite: Suite) -> Result<(), CliError> {
    if let Some(taken) = library.suites.iter().find(|other| other.id == suite.id) {
        return Err(CliError::Usage(format!(
            "{}: the suite name `{}` is used by {}; choose another",
            taken.file, suite.id, suite.file
        )));
    }
    library.suites.push(suite);
    Ok(())
}

fn item(members: Value) -> Item {
    match members {
        Value::Object(members) => members,
        _ => Item::new(),
    }
}

/// What suites there are. Files of the user's own are read whole, lest a list show what cannot be played.
fn outlines(dir: Option<&std::path::Path>) -> Result<Vec<Outline>, CliError> {
    if dir.is_some() {
        return Ok(library(dir)?.suites.iter().map(Outline::from).collect());
    }
    let mut outlines = suite::outlines();
    let profiles: BTreeSet<String> = outlines.iter().map(|one| one.profile.clone()).collect();
    for suite in generated(&Config::default(), &profiles)? {
        outlines.push(Outline::from(&suite));
    }
    outlines.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(outlines)
}

fn suites(outlines: &[Outline], wanted: &dyn Fn(&str) -> bool) -> Vec<Item> {
    outlines
        .iter()
        .filter(|suite| wanted(&suite.profile))
        .map(|suite| {
            item(json!({
                "id": suite.id, "title": suite.title, "profile": suite.profile, "file": suite.file,
                "cases": suite.cases,
            }))
        })
        .collect()
}

/// Every case in every row and flavour, by the id that reports and patterns use.
pub(super) fn each_case<'l>(
    library: &'l Library,
    mut see: impl FnMut(String, &'l Suite, &'l Case, Option<&'l str>),
) {
    for suite in &library.suites {
        let profile = library.profiles.iter().find(|p| p.id == suite.profile);
        for case in &suite.cases {
            let rows: Vec<String> = if case.rows.is_empty() {
                vec![String::new()]
            } else {
                case.rows.iter().map(|row| format!("-{}", row.id)).collect()
            };
            for row in rows {
                let id = format!("{}/{}{row}", suite.id, case.id);
                let flavours = flavours_of(case, profile);
                if flavours.is_empty() {
                    see(id, suite, case, None);
                } else {
                    for flavour in flavours {
                        see(format!("{id}.{flavour}"), suite, case, Some(flavour));
                    }
                }
            }
        }
    }
}

fn flavours_of<'l>(case: &'l Case, profile: Option<&'l Profile>) -> Vec<&'l str> {
    if case.flavours.is_empty() {
        profile
            .map(|p| p.flavours.iter().map(|f| f.id.as_str()).collect())
            .unwrap_or_default()
    } else {
        case.flavours.iter().map(String::as_str).collect()
    }
}

fn cases(library: &Library, wanted: &dyn Fn(&str) -> bool) -> Vec<Item> {
    let mut items = Vec::new();
    each_case(library, |id, suite, case, flavour| {
        if wanted(&suite.profile) {
            items.push(item(json!({
                "id": id, "title": case.title, "suite": suite.id, "profile": suite.profile, "flavour": flavour,
                "severity": case.severity, "certainty": case.certainty, "refs": case.refs, "needs": case.needs,
                "core": case.core, "opt_in": case.opt_in,
            })));
        }
    });
    items
}

fn rules() -> Vec<Item> {
    crate::rules::all()
        .iter()
        .map(|rule| {
            item(json!({
                "id": rule.id, "title": rule.title, "severity": rule.severity, "refs": rule.refs, "breaks": rule.breaks,
            }))
        })
        .collect()
}

fn mappings(wanted: &dyn Fn(&str) -> bool) -> Vec<Item> {
    mappings::all()
        .iter()
        .filter(|mapping| wanted(&mapping.profile))
        .flat_map(|mapping| {
            mapping.rows.iter().map(|row| {
                item(json!({
                    "id": format!("{}/{:?}/{}", mapping.profile, row.resource, row.attribute),
                    "title": format!("{} -> {}", row.attribute, row.path),
                    "profile": mapping.profile, "attribute": row.attribute, "path": row.path,
                    "resource": format!("{:?}", row.resource), "sample": row.sample,
                }))
            })
        })
        .collect()
}

/// Requirement -> the cases and rules that cite it.
pub(super) fn coverage(library: &Library) -> BTreeMap<String, Vec<String>> {
    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut cite = |reference: &str, id: &str| {
        let by = covered.entry(reference.to_owned()).or_default();
        if by.last().is_none_or(|last| last != id) {
            by.push(id.to_owned());
        }
    };
    for suite in &library.suites {
        for case in &suite.cases {
            let id = format!("{}/{}", suite.id, case.id);
            for reference in case.cited() {
                cite(reference, &id);
            }
        }
    }
    for rule in crate::rules::all() {
        for reference in rule.refs {
            cite(reference, rule.id);
        }
    }
    covered
}

fn requirements(library: &Library) -> Vec<Item> {
    let covered = coverage(library);
    requirements::all()
        .iter()
        .map(|requirement| {
            let reference = format!("rfc:{}", requirement.id);
            let by = covered.get(&reference).cloned().unwrap_or_default();
            let mut entry = item(json!({
                "id": requirement.id, "title": requirement.requirement, "level": requirement.level.as_str(),
                "section": requirement.section, "side": requirement.side.as_str(), "covered_by": by,
            }));
            if by.is_empty() {
                let reason = library
                    .not_covered
                    .iter()
                    .find(|gap| gap.reference == reference)
                    .map(|gap| gap.reason.clone())
                    .or_else(|| (!requirement.binds_provider()).then(|| "it binds the client, not the endpoint".to_owned()));
                entry.insert("reason".to_owned(), Value::from(reason.unwrap_or_else(|| "no case covers it".to_owned())));
            }
            entry
        })
        .collect()
}

fn gates(wanted: &dyn Fn(&str) -> bool) -> Vec<Item> {
    gates::all()
        .into_iter()
        .filter(|gate| wanted(gate.profile))
        .flat_map(|gate| {
            gate.steps().map(move |step| {
                item(json!({
                    "id": step.id, "title": step.title, "gate": gate.id, "gate_title": gate.title, "profile": gate.profile,
                    "judged": step.judged.as_str(),
                }))
            })
        })
        .collect()
}

fn faults() -> Vec<Item> {
    scim_reference::faults()
        .iter()
        .map(|fault| {
            let mut noticed_by: Vec<&str> = detection::of(fault.name)
                .flat_map(|row| row.noticed_by.iter().copied())
                .collect();
            noticed_by.dedup();
            item(json!({
                "id": fault.name, "title": fault.title, "defect": fault.defect, "breaks": fault.breaks,
                "source": fault.source, "noticed_by": noticed_by,
            }))
        })
        .collect()
}

fn lawful() -> Vec<Item> {
    scim_reference::lawful_variants()
        .iter()
        .map(|variant| {
            item(json!({ "id": variant.name, "title": variant.title, "source": variant.source }))
        })
        .collect()
}

fn personas() -> Vec<Item> {
    scim_reference::personas()
        .iter()
        .map(|persona| {
            item(json!({ "id": persona.name, "title": persona.title, "source": persona.source }))
        })
        .collect()
}

/// Quirks are not listed by themselves, but `explain` knows them.
pub(super) fn quirk_title(quirk: &quirks::Quirk) -> String {
    format!("{}: {}", quirk.shape, quirk.need)
}

fn text(kind: Kind, items: &[Item]) -> String {
    let word = |item: &Item, name: &str| {
        item.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let width = items
        .iter()
        .map(|i| word(i, "id").chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    let mut out = String::new();
    for entry in items {
        let mark = match kind {
            Kind::Cases | Kind::Rules => format!("{:<9} ", word(entry, "severity")),
            Kind::Requirements => {
                let covered = entry
                    .get("covered_by")
                    .and_then(Value::as_array)
                    .is_some_and(|by| !by.is_empty());
                format!(
                    "{} {:<10} ",
                    if covered { "+" } else { "-" },
                    word(entry, "level")
                )
            }
            Kind::Gates => format!("{:<9} ", word(entry, "judged")),
            Kind::Suites | Kind::Mappings | Kind::Faults | Kind::Lawful | Kind::Personas => {
                String::new()
            }
        };
        let _ = writeln!(
            out,
            "{:<width$}  {mark}{}",
            word(entry, "id"),
            word(entry, "title")
        );
    }
    if kind == Kind::Requirements {
        let covered = items.iter().filter(|i| !i.contains_key("reason")).count();
        let _ = writeln!(
            out,
            "\n{covered} of {} requirements are covered (+).",
            items.len()
        );
    }
    out
}

/// `documented shape, inferred need`, for people.
pub(super) fn certainty_words(certainty: Certainty) -> String {
    let word = |level| match level {
        CertaintyLevel::Documented => "documented",
        CertaintyLevel::Observed => "observed",
        CertaintyLevel::Inferred => "inferred",
    };
    format!(
        "the request is {}, the need is {}",
        word(certainty.shape),
        word(certainty.need)
    )
}

/// The word of the contract.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Violation => "violation",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
