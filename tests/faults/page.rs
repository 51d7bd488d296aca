//! docs/detection.md, as the tables say it.

use std::fmt::Write as _;

use scimproof::data::{defects, detection};

use crate::proof;

/// The page.
pub(crate) const FILE: &str = "docs/detection.md";

/// The page's text.
pub(crate) fn rendered() -> String {
    let mut page = String::from(
        "# What is noticed, and by what\n\n\
         Generated from the faults of the reference server and fixtures/detection.tsv by\n\
         `SCIMPROOF_MATRIX=full cargo test --test faults the_whole_matrix`; `cargo test --test faults` holds every row.\n\n\
         | defect | fault | what the server does | profile | verdict | severity | noticed by |\n|---|---|---|---|---|---|---|\n",
    );
    let mut faults: Vec<_> = scim_reference::faults().iter().collect();
    faults.sort_by_key(|fault| (fault.defect.is_none(), fault.defect, fault.name));
    for fault in faults {
        let defect = fault
            .defect
            .map_or(String::new(), |number| number.to_string());
        let head = format!(
            "| {defect} | {} | {} |",
            fault.name,
            fault.what.replace('|', "\\|")
        );
        let mut rows = detection::of(fault.name).peekable();
        if rows.peek().is_none() {
            let proven = proof::proven_by(fault.name);
            let some: Vec<&str> = proven.iter().map(String::as_str).take(3).collect();
            let _ = match proven.len() {
                0 => writeln!(page, "{head} | | | not noticed yet |"),
                n => writeln!(
                    page,
                    "{head} | | | {} ({n} checks in all) |",
                    some.join("<br>")
                ),
            };
        }
        for row in rows {
            let verdict = format!("{:?}", row.verdict);
            let profile = match row.setting {
                "plain" => row.profile.to_owned(),
                setting => format!("{} ({setting})", row.profile),
            };
            let _ = writeln!(
                page,
                "{head} {profile} | {verdict} | {} | {} |",
                row.severity.as_str(),
                row.noticed_by.join("<br>")
            );
        }
    }
    page.push_str(
        "\n## Defects that no fault shows\n\n| defect | what it is | why not |\n|---|---|---|\n",
    );
    for row in detection::not_shown() {
        let title = defects::find(row.defect).map_or("", |defect| defect.title);
        let _ = writeln!(page, "| {} | {title} | {} |", row.defect, row.reason);
    }
    page
}
