//! POST: a new person with everything that is mapped.

use super::super::values::Pick;
use super::super::{CREATE, Table, case, send, status, step};
use super::person::{bare, is_essential, person, single, with_values};
use super::{ONE, Provider, about};
use crate::data::mappings::MappingRow;
use crate::results::CertaintyLevel::Observed;
use crate::suite::model::{Also, Case, Expect, SendBody, Single};

/// POST with everything that is mapped, and a GET that shows it.
pub(super) fn create(table: &Table, provider: &Provider) -> Option<Case> {
    let rows = table.created();
    let values = with_values(table, &rows, Pick::Sample, "first");
    let mut post = send("post", "POST", "/Users", person(table, provider, &values));
    post.makes = Some("user".to_owned());
    post.expect = status(&[201]);
    post.rows = table.checks("", &rows);
    post.singly = alone_on_create(table, provider, &rows);
    let mut read = send("read", "GET", ONE, SendBody::Empty);
    read.expect = status(&[200]);
    read.rows = table.checks("", &rows);
    read.also = read
        .rows
        .iter()
        .zip(values.iter().filter(|(row, _)| !row.read_only))
        .map(|(check, (row, value))| Also {
            id: check.slug.clone(),
            severity: None,
            refs: Vec::new(),
            hint: String::new(),
            expect: Expect {
                body: vec![(row.path.clone(), table.wanted(row, value))],
                ..Expect::default()
            },
        })
        .collect();
    let mut case = case(
        CREATE,
        "a new person arrives with every mapped attribute",
        (Observed, Observed),
    );
    case.core = true;
    case.steps = vec![step(post), step(read)];
    Some(about(case, provider))
}

/// Where the packed POST is refused: a person without the attributes in question, then one for each of them.
fn alone_on_create(table: &Table, provider: &Provider, rows: &[&MappingRow]) -> Vec<Single> {
    let (essential, others): (Vec<&MappingRow>, Vec<&MappingRow>) =
        rows.iter().partition(|row| is_essential(table, row));
    let post = |number: usize, row: Option<&MappingRow>| {
        let name = format!("alone{number}");
        let mut rows = essential.clone();
        rows.extend(row);
        let values = with_values(table, &rows, Pick::Sample, &name);
        let body = person(table, provider, &values);
        let value = values.last().map(|(_, value)| value.clone());
        (send(&name, "POST", "/Users", body), value)
    };
    let mut all = vec![bare(post(0, None).0)];
    for (number, row) in others.into_iter().enumerate() {
        let (send, value) = post(number + 1, Some(row));
        all.extend(value.map(|value| single(table, "", row, &value, send)));
    }
    all
}
