//! The search by the matching attribute, encoded as the provider encodes it.

use super::super::values::Pick;
use super::super::{FILTER, Table, case, send, status, step};
use super::person::{is_essential, person, with_values};
use super::{Provider, about};
use crate::results::CertaintyLevel::{Documented, Inferred, Observed};
use crate::suite::model::{Also, Alternative, Case, Expect, ListExpect, SendBody};

/// The search by which the provider finds a person again.
pub(super) fn filter(table: &Table, provider: &Provider) -> Option<Case> {
    let row = *table.rows(|row| table.is_matching(row)).first()?;
    let mut rows = table.rows(|other| other.create && is_essential(table, other));
    rows.retain(|other| other.path != row.path);
    rows.push(row);
    let values = with_values(table, &rows, Pick::Sample, "first");
    let value = values
        .last()
        .and_then(|(_, value)| value.as_str())?
        .to_owned();
    let mut post = send("post", "POST", "/Users", person(table, provider, &values));
    post.makes = Some("user".to_owned());
    post.expect = status(&[201]);
    let (start, middle, end) = provider.search;
    let target = |value: &str| {
        format!(
            "{start}{}{middle}{}{end}",
            written(&row.path, table),
            query(value)
        )
    };
    let target_of_nobody = target(&format!("nobody.{value}"));
    let target = target(&value);
    let mut search = send("search", "GET", &target, SendBody::Empty);
    search.expect = status(&[200]);
    search.rows = table.checks("", &[row]);
    for check in &mut search.rows {
        check.hint = format!(
            "Find the person whose {} is searched for, and nobody else.",
            row.path
        );
    }
    search.also = search
        .rows
        .iter()
        .map(|check| Also {
            id: check.slug.clone(),
            severity: None,
            refs: Vec::new(),
            hint: String::new(),
            expect: Expect {
                list: Some(ListExpect {
                    total: Some(1),
                    only: Some(vec!["user".to_owned()]),
                    ..ListExpect::default()
                }),
                ..Expect::default()
            },
        })
        .collect();
    // Only Entra is known to search by another attribute than userName: Okta takes the value from the field that the
    // administrator chose and compares it with userName, and of JumpCloud nobody has seen the search.
    let shape = match (table.profile.as_str(), row.path.as_str()) {
        ("entra", _) | (_, "userName") => Documented,
        _ => Inferred,
    };
    let mut case = case(
        FILTER,
        "the person is found by the attribute that the administrator matches by",
        (shape, Observed),
    );
    case.core = true;
    case.steps = vec![step(post), step(search)];
    // On a tenant with nobody else in it a search that is not understood, and answered with everybody, has one hit too.
    let mut nobody = send("nobody", "GET", &target_of_nobody, SendBody::Empty);
    let found_nobody = Expect {
        status: vec![200],
        list: Some(ListExpect {
            total: Some(0),
            ..ListExpect::default()
        }),
        ..Expect::default()
    };
    let alternative = |expect, note: &str| Alternative {
        expect,
        note: note.to_owned(),
        severity: None,
    };
    nobody.expect.either = vec![
        alternative(found_nobody, ""),
        alternative(
            status(&[400, 403, 404, 422, 500, 501]),
            "the search is refused; the step before says what follows",
        ),
    ];
    nobody.hint = format!(
        "Compare {} with the value that is searched for, or refuse the search; never answer with everybody.",
        row.path
    );
    case.steps.push(step(nobody));
    Some(about(case, provider))
}

/// A path as the provider writes it into a query: brackets, quotes and colons encoded.
fn written(path: &str, table: &Table) -> String {
    let upper = table.profile != "entra";
    let mut out = String::new();
    for c in path.chars() {
        match c {
            ' ' if upper => out.push_str("%20"),
            ' ' => out.push('+'),
            c if c.is_ascii_alphanumeric() || ".-_~{}".contains(c) => out.push(c),
            c => {
                for byte in c.to_string().bytes() {
                    let hex = if upper {
                        format!("%{byte:02X}")
                    } else {
                        format!("%{byte:02x}")
                    };
                    out.push_str(&hex);
                }
            }
        }
    }
    out
}

/// The parts of a value that are plain text, encoded; `{{...}}` is encoded when it is filled in.
fn query(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(&encoded(before));
        let end = from.find("}}").map_or(from.len(), |end| end + 2);
        out.push_str(&from[..end]);
        rest = &from[end..];
    }
    out.push_str(&encoded(rest));
    out
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b if b.is_ascii_alphanumeric() || b".-_~".contains(&b) => (b as char).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}
