//! Everything else with an id in words: rules, requirements, quirks, defects, gates, suites, profiles, faults, variants,
//! personas.

use super::page::{Page, source_line};
use crate::cli::list::{certainty_words, coverage, quirk_title, severity_word};
use crate::data::defects::{Harm, View};
use crate::data::{defects, gates, quirks, requirements, targets};
use crate::suite::Library;
use crate::suite::model::Suite;

pub(super) fn rule(id: &str) -> Option<String> {
    let rules = crate::rules::all();
    let rule = rules
        .iter()
        .find(|rule| rule.id == id || rule.id.strip_prefix("rules/") == Some(id))?;
    let mut page = Page::new(rule.id, rule.title);
    page.gap();
    page.line("Severity", severity_word(rule.severity));
    page.line("Breaks", &rule.breaks.join(", "));
    page.line(
        "Judged on",
        "every exchange of a run, and reported once with a count",
    );
    page.section("How to mend it");
    page.item(rule.hint);
    page.sources(rule.refs);
    Some(page.end())
}

/// A citation, with or without its namespace.
pub(super) fn reference(library: &Library, id: &str) -> Option<String> {
    let bare = id.split_once(':').map_or(id, |(_, rest)| rest);
    let namespace = id.split_once(':').map(|(namespace, _)| namespace);
    let is = |name: &str| namespace.is_none_or(|n| n == name);
    let requirement = is("rfc").then(|| requirements::find(bare)).flatten();
    if let Some(requirement) = requirement {
        let mut page = Page::new(&format!("rfc:{}", requirement.id), requirement.requirement);
        page.gap();
        page.line("Where", requirement.section);
        page.line("Strength", requirement.level.as_str());
        page.line("Binds", requirement.side.as_str());
        page.line("On the wire", requirement.how_to_test);
        covered_by(&mut page, library, &format!("rfc:{}", requirement.id));
        return Some(page.end());
    }
    if let Some(quirk) = is("quirk").then(|| quirks::find(bare)).flatten() {
        let mut page = Page::new(&format!("quirk:{}", quirk.id), &quirk_title(quirk));
        page.gap();
        page.line("Provider", quirk.profile);
        page.line("Sent", quirk.shape);
        page.line("Needed", quirk.need);
        page.line("Severity", severity_word(quirk.severity));
        page.line("Evidence", &certainty_words(quirk.certainty));
        page.line("Source", quirk.source);
        covered_by(&mut page, library, &format!("quirk:{}", quirk.id));
        return Some(page.end());
    }
    let number = is("defect").then(|| bare.parse().ok()).flatten();
    let defect = number.and_then(defects::find)?;
    let mut page = Page::new(&format!("defect:{}", defect.number), defect.title);
    page.gap();
    page.line("Area", defect.area);
    page.line("Bites", defect.idp);
    page.line("Did", defect.wrong);
    page.line("Should do", defect.right);
    page.line("Harm", harm_words(defect.harm));
    page.line("RFCs", view_words(defect.view));
    page.line("Source", defect.source);
    covered_by(&mut page, library, &format!("defect:{}", defect.number));
    Some(page.end())
}

fn harm_words(harm: Harm) -> &'static str {
    match harm {
        Harm::Blocker => "provisioning stopped",
        Harm::DataLoss => "data was lost or mixed up",
        Harm::Security => "access stayed open or opened",
        Harm::Annoyance => "it cost time",
    }
}

fn view_words(view: View) -> &'static str {
    match view {
        View::Rule => "breaks a MUST",
        View::Should => "breaks a SHOULD or an optional feature that providers rely on",
        View::Idp => {
            "lawful, or the request itself is off the specification; breaks with that provider"
        }
        View::Outside => "not covered",
    }
}

fn covered_by(page: &mut Page, library: &Library, reference: &str) {
    page.section("Covered by");
    let covered = coverage(library);
    match covered.get(reference) {
        Some(by) => by.iter().for_each(|id| page.item(id)),
        None => {
            let reason = library
                .not_covered
                .iter()
                .find(|gap| gap.reference == reference);
            page.item(&reason.map_or_else(
                || "no case".to_owned(),
                |gap| format!("no case: {}", gap.reason),
            ));
        }
    }
}

pub(super) fn gate(library: &Library, id: &str) -> Option<String> {
    let id = id.strip_prefix("gate:").unwrap_or(id);
    if let Some(step) = gates::find(id) {
        let mut page = Page::new(&format!("gate:{}", step.id), step.title);
        page.gap();
        page.line("Asserts", step.asserts);
        page.line("Weight", step.category.as_str());
        page.line("Judged", step.judged.as_str());
        page.line("Note", step.note);
        covered_by(&mut page, library, &format!("gate:{}", step.id));
        return Some(page.end());
    }
    let gate = gates::all().into_iter().find(|gate| gate.id == id)?;
    let mut page = Page::new(gate.id, gate.title);
    page.section("Steps");
    for step in gate.steps() {
        page.item(&format!(
            "{} ({}): {}",
            step.id,
            step.judged.as_str(),
            step.title
        ));
    }
    Some(page.end())
}

pub(super) fn suite(library: &Library, id: &str) -> Option<String> {
    let suite: &Suite = library.suites.iter().find(|suite| suite.id == id)?;
    let mut page = Page::new(&suite.id, &suite.title);
    page.section("Cases");
    for case in &suite.cases {
        page.item(&format!("{}: {}", case.id, case.title));
    }
    Some(page.end())
}

pub(super) fn profile(library: &Library, id: &str) -> Option<String> {
    let profile = library.profile(id)?;
    let mut page = Page::new(&profile.id, &profile.title);
    page.gap();
    page.line(
        "Played",
        if profile.default_run {
            "in every run"
        } else {
            "where --profile names it"
        },
    );
    for flavour in &profile.flavours {
        page.line("Flavour", &format!("{}: {}", flavour.id, flavour.title));
    }
    page.section("Suites");
    for suite in library.suites.iter().filter(|s| s.profile == profile.id) {
        page.item(&format!("{}: {}", suite.id, suite.title));
    }
    Some(page.end())
}

/// A fault, lawful variant or persona of the reference server.
pub(super) fn server_word(library: &Library, id: &str) -> Option<String> {
    if let Some(fault) = scim_reference::faults()
        .iter()
        .find(|fault| fault.name == id)
    {
        let mut page = Page::new(fault.name, fault.title);
        page.gap();
        page.line("Fault", fault.what);
        page.line("Breaks", &fault.breaks.join(", "));
        page.line("Source", fault.source);
        if let Some(defect) = fault.defect {
            page.line("Mimics", &source_line(&format!("defect:{defect}")));
            covered_by(&mut page, library, &format!("defect:{defect}"));
        }
        page.try_it(&format!("scimproof run --reference --fault {}", fault.name));
        return Some(page.end());
    }
    if let Some(variant) = scim_reference::lawful_variants()
        .iter()
        .find(|variant| variant.name == id)
    {
        let mut page = Page::new(variant.name, variant.title);
        page.gap();
        page.line("Lawful", variant.what);
        page.line("Source", variant.source);
        page.try_it(&format!(
            "scimproof run --reference --lawful {}",
            variant.name
        ));
        return Some(page.end());
    }
    let persona = scim_reference::personas()
        .iter()
        .find(|persona| persona.name == id);
    let target = targets::find(id);
    let title = persona
        .map(|p| p.title)
        .or(target.map(|t| t.title.as_str()))?;
    let mut page = Page::new(id, title);
    page.gap();
    if let Some(persona) = persona {
        page.line("Behaves", persona.what);
        page.line("Source", persona.source);
    }
    if let Some(target) = target {
        page.line(
            "Deactivates",
            target.policy.deactivation.as_deref().unwrap_or_default(),
        );
        page.line(
            "Groups",
            target.policy.groups.as_deref().unwrap_or_default(),
        );
        page.line("Not offered", &target.policy.not_offered.join(", "));
        page.line("Set up with", &target.documented_with.join(", "));
    }
    page.try_it(&format!("scimproof run --reference --persona {id}"));
    Some(page.end())
}
