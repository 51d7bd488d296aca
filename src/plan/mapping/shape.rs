//! How each identity provider packs its mapped attributes: Okta and JumpCloud write the whole person by PUT, Entra names
//! what changed in a PATCH, in two dialects.
//!
//! Sources: the quirks that the cases cite (fixtures/quirks).

use serde_json::{Map, Value, json};

use super::values::{Pick, element_of, extension_of, settings};
use super::{CLEAR, CREATE, FILTER, PATCH, REPLACE, Table, case, given, send, status, step};
use crate::data::mappings::{Clear, MappingRow};
use crate::results::CertaintyLevel::{Documented, Inferred, Observed};
use crate::results::Severity;
use crate::suite::model::{
    Also, Case, Change, Changes, Expect, ListExpect, Matcher, Send, SendBody, Single,
};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ONE: &str = "/Users/{{user.id}}";

/// What of a provider's usual body is mapped, and so comes from the table.
const MAPPED: [&str; 12] = [
    "name",
    "emails",
    "displayName",
    "locale",
    "externalId",
    "active",
    "addresses",
    "phoneNumbers",
    "preferredLanguage",
    "title",
    "userType",
    ENTERPRISE,
];

/// A provider's body of a new person, which holds everything that it sends besides what is mapped.
struct Provider {
    /// The body from which the unmapped part is taken.
    fixture: &'static str,
    /// A person that others refer to.
    bystander: &'static str,
    refs: &'static [(&'static str, &'static [&'static str])],
    /// Path and query of the search, up to the path that is compared.
    search: (&'static str, &'static str, &'static str),
}

const OKTA: Provider = Provider {
    fixture: "okta/user",
    bystander: "okta/user-minimal",
    refs: &[
        (CREATE, &["quirk:OKTA-23", "quirk:OKTA-24", "quirk:OKTA-25"]),
        (REPLACE, &["quirk:OKTA-29", "rfc:7644-3.5.1-R03"]),
        (CLEAR, &["quirk:OKTA-36", "rfc:7644-3.5.1-R06"]),
        (FILTER, &["quirk:OKTA-09"]),
    ],
    search: (
        "/Users?filter=",
        "%20eq%20%22",
        "%22&startIndex=1&count=100",
    ),
};

const ENTRA: Provider = Provider {
    fixture: "entra/user",
    bystander: "entra/user-minimal",
    refs: &[
        (CREATE, &["quirk:ENTRA-15", "quirk:ENTRA-18"]),
        (
            PATCH,
            &["quirk:ENTRA-24", "quirk:ENTRA-28", "quirk:ENTRA-31"],
        ),
        (CLEAR, &["quirk:ENTRA-74"]),
        (
            FILTER,
            &["quirk:ENTRA-01", "quirk:ENTRA-02", "quirk:ENTRA-03"],
        ),
    ],
    search: ("/Users?filter=", "+eq+%22", "%22"),
};

const JUMPCLOUD: Provider = Provider {
    fixture: "jumpcloud/user",
    bystander: "jumpcloud/user",
    refs: &[
        (CREATE, &["quirk:JC-14", "quirk:JC-15"]),
        (REPLACE, &["quirk:JC-08", "rfc:7644-3.5.1-R03"]),
        (PATCH, &["quirk:JC-27", "rfc:7644-3.5.2.3-R02"]),
        (CLEAR, &["quirk:JC-09", "rfc:7644-3.5.1-R06"]),
        (FILTER, &["quirk:JC-20"]),
    ],
    search: ("/Users?filter=", "%20eq%20%22", "%22"),
};

/// Okta: POST, then the server's own answer sent back with changes, in apps of both kinds.
pub(super) fn okta(table: &Table) -> Vec<Case> {
    [
        create(table, &OKTA),
        replace(table, &OKTA, Pick::Awkward(1), &[]),
        clear_by_put(table, &OKTA, &[]),
        filter(table, &OKTA),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Entra: POST, then PATCH; only its acceptance test empties attributes.
pub(super) fn entra(table: &Table) -> Vec<Case> {
    [
        create(table, &ENTRA),
        patch(table),
        clear_by_patch(table),
        filter(table, &ENTRA),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// JumpCloud: POST, then PUT of what the server showed, without `meta`; as `patch`, a replace for each attribute.
pub(super) fn jumpcloud(table: &Table) -> Vec<Case> {
    [
        create(table, &JUMPCLOUD),
        replace(table, &JUMPCLOUD, Pick::Awkward(0), &["meta"]),
        replace_by_patch(table),
        clear_by_put(table, &JUMPCLOUD, &["meta"]),
        filter(table, &JUMPCLOUD),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn about(mut case: Case, provider: &Provider) -> Case {
    case.refs = provider
        .refs
        .iter()
        .find(|(operation, _)| *operation == case.id)
        .map(|(_, refs)| refs.iter().map(|text| (*text).to_owned()).collect())
        .unwrap_or_default();
    if case.id != CREATE && case.id != FILTER {
        case.uses = vec!["updates".to_owned()];
    }
    let text = format!("{:?}", case.steps);
    let needed = ["manager", "manager2"]
        .into_iter()
        .filter(|name| text.contains(&format!("{{{{{name}.id}}}}")));
    let mut bystanders: Vec<_> = needed.map(|name| given(name, provider.bystander)).collect();
    bystanders.append(&mut case.given);
    case.given = bystanders;
    case
}

/// The body of a new person with these rows.
fn person(table: &Table, provider: &Provider, rows: &[(&MappingRow, Value)]) -> SendBody {
    let (set, without) = person_parts(table, rows);
    SendBody::Fixture {
        fixture: provider.fixture.to_owned(),
        set,
        without,
        members: Vec::new(),
    }
}

type Settings = Vec<(String, Value)>;

fn person_parts(table: &Table, rows: &[(&MappingRow, Value)]) -> (Settings, Vec<String>) {
    let mut schemas = vec![CORE.to_owned()];
    for (row, _) in rows {
        let Some(urn) = extension_of(&row.path) else {
            continue;
        };
        // Entra lists the two schemas of the RFC and never an extension of the administrator's own (ENTRA-15).
        let listed = table.profile != "entra" || urn.eq_ignore_ascii_case(ENTERPRISE);
        if listed && !schemas.contains(&urn) {
            schemas.push(urn);
        }
    }
    if table.profile != "okta" && !schemas.iter().any(|urn| urn == ENTERPRISE) {
        schemas.push(ENTERPRISE.to_owned());
    }
    let mut set = vec![("schemas".to_owned(), json!(schemas))];
    // What is taken out comes back from the table: taking out is done last, so it can't be done here by `without`.
    for name in MAPPED {
        let mapped = rows.iter().any(|(row, _)| within(name, &row.path));
        if mapped {
            set.push((name.to_owned(), Value::Null));
        }
    }
    for (row, value) in rows {
        set.extend(settings(row, value.clone()));
    }
    let without = MAPPED
        .iter()
        .filter(|name| !rows.iter().any(|(row, _)| within(name, &row.path)))
        .map(|name| (*name).to_owned())
        .collect();
    (set, without)
}

/// Whether a path lies in this attribute or extension.
fn within(name: &str, path: &str) -> bool {
    let plain = path
        .strip_prefix(CORE)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(path);
    plain
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
        && plain[name.len()..]
            .chars()
            .next()
            .is_none_or(|next| ".[:".contains(next))
}

fn with_values<'r>(
    table: &Table,
    rows: &[&'r MappingRow],
    pick: Pick,
    name: &str,
) -> Vec<(&'r MappingRow, Value)> {
    rows.iter()
        .map(|row| (*row, table.value(row, pick, name)))
        .collect()
}

/// What every request must hold so that a lawful server can take it for a person.
fn is_essential(table: &Table, row: &MappingRow) -> bool {
    const ESSENTIAL: [&str; 5] = [
        "active",
        "name.givenName",
        "name.familyName",
        "emails[type eq \"work\"].value",
        "displayName",
    ];
    row.identity || table.is_matching(row) || ESSENTIAL.contains(&row.path.as_str())
}

/// POST with everything that is mapped, and a GET that shows it.
fn create(table: &Table, provider: &Provider) -> Option<Case> {
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

fn bare(send: Send) -> Single {
    Single {
        row: None,
        send,
        path: "id".to_owned(),
        value: Matcher::Any,
    }
}

fn single(table: &Table, prefix: &str, row: &MappingRow, value: &Value, send: Send) -> Single {
    let check = table.check(prefix, row);
    // A refused request loses everything that came with it, whatever the attribute is worth by itself.
    let refused = if row.certainty == Inferred && !row.listed {
        Severity::Warning
    } else {
        Severity::Blocker
    };
    Single {
        row: Some((check.id, refused)),
        send,
        path: row.path.clone(),
        value: table.wanted(row, value),
    }
}

/// A person made with everything, as set-up.
fn made(table: &Table, provider: &Provider, rows: &[&MappingRow]) -> crate::suite::model::Given {
    let rows: Vec<&MappingRow> = rows
        .iter()
        .copied()
        .filter(|row| row.refers.is_none())
        .collect();
    let values = with_values(table, &rows, Pick::Sample, "first");
    let (set, without) = person_parts(table, &values);
    crate::suite::model::Given {
        set,
        without,
        ..given("user", provider.fixture)
    }
}

fn changes(paths: Vec<(String, Matcher)>) -> Option<Changes> {
    Some(Changes {
        of: vec![("user".to_owned(), Change::Paths(paths))],
        later: false,
    })
}

/// GET, then PUT of the same with every mapped attribute changed.
fn replace(
    table: &Table,
    provider: &Provider,
    pick: Pick,
    without: &'static [&'static str],
) -> Option<Case> {
    let rows = table.changed();
    if rows.is_empty() {
        return None;
    }
    let put = |id: &str, rows: &[(&MappingRow, Value)]| {
        let set: Settings = rows
            .iter()
            .flat_map(|(row, value)| settings(row, value.clone()))
            .collect();
        let body = SendBody::Echo {
            of: "user".to_owned(),
            set,
            without: without.iter().map(|name| (*name).to_owned()).collect(),
        };
        send(id, "PUT", ONE, body)
    };
    let values = with_first_reference(table, &rows, pick, "second");
    let mut packed = put("put", &values);
    packed.expect = status(&[200]);
    packed.changes = changes(expected(table, &values));
    packed.rows = table.checks("", &rows);
    packed.singly = vec![bare(put("alone0", &[]))];
    for (number, (row, value)) in values.iter().enumerate() {
        let one = put(&format!("alone{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, "", row, value, one));
    }
    let mut case = case(
        REPLACE,
        "every mapped attribute of a person changes, and nothing else",
        (Observed, Observed),
    );
    case.core = true;
    case.given = vec![made(table, provider, &table.created())];
    case.steps = vec![step(packed)];
    Some(about(case, provider))
}

/// JumpCloud's other flavour, which nobody captured: a PATCH with a replace for each attribute that has a value.
fn replace_by_patch(table: &Table) -> Option<Case> {
    let rows: Vec<&MappingRow> = table
        .changed()
        .into_iter()
        .filter(|row| row.create && row.refers.is_none())
        .collect();
    if rows.is_empty() {
        return None;
    }
    let patch = |id: &str, rows: &[(&MappingRow, Value)]| {
        let operations = rows
            .iter()
            .map(|(row, value)| json!({"op": "replace", "path": row.path, "value": value}))
            .collect();
        send(id, "PATCH", ONE, patch_body(operations))
    };
    let values = with_values(table, &rows, Pick::Other, "second");
    let mut packed = patch("patch", &values);
    packed.expect = status(&[200, 204]);
    packed.changes = changes(expected(table, &values));
    packed.rows = table.checks("", &rows);
    for (number, (row, value)) in values.iter().enumerate() {
        let one = patch(&format!("alone{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, "", row, value, one));
    }
    let mut case = case(
        PATCH,
        "every mapped attribute of a person is replaced by PATCH, and nothing else moves",
        (Inferred, Observed),
    );
    case.every_flavour_alike = false;
    case.flavours = vec!["patch".to_owned()];
    case.given = vec![made(table, &JUMPCLOUD, &table.created())];
    case.steps = vec![step(packed)];
    Some(about(case, &JUMPCLOUD))
}

/// Values for a change; a person that is referred to is the first one, since nobody was referred to before.
fn with_first_reference<'r>(
    table: &Table,
    rows: &[&'r MappingRow],
    pick: Pick,
    name: &str,
) -> Vec<(&'r MappingRow, Value)> {
    rows.iter()
        .map(|row| {
            let pick = if row.refers.is_some() {
                Pick::Sample
            } else {
                pick
            };
            (*row, table.value(row, pick, name))
        })
        .collect()
}

fn expected(table: &Table, values: &[(&MappingRow, Value)]) -> Vec<(String, Matcher)> {
    values
        .iter()
        .map(|(row, value)| {
            let matcher = if row.read_only {
                Matcher::Any
            } else {
                table.wanted(row, value)
            };
            (row.path.clone(), matcher)
        })
        .collect()
}

/// Entra's two dialects of PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Legacy,
    Flag,
}

impl Dialect {
    fn id(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Flag => "flag",
        }
    }

    /// The operations that write these rows.
    fn operations(self, word: &str, rows: &[(&MappingRow, Value)]) -> Value {
        match self {
            // One operation an attribute; booleans as texts (ENTRA-19, ENTRA-20).
            Self::Legacy => rows
                .iter()
                .map(|(row, value)| {
                    let value = match value {
                        Value::Bool(true) => json!("True"),
                        Value::Bool(false) => json!("False"),
                        other => other.clone(),
                    };
                    json!({"op": word, "path": row.path, "value": value})
                })
                .collect(),
            // Paths with brackets and references one by one, then everything else in one value (ENTRA-21 to ENTRA-23).
            Self::Flag => {
                let op = word.to_ascii_lowercase();
                let own =
                    |row: &MappingRow| element_of(&row.path).is_some() || row.refers.is_some();
                let mut all: Vec<Value> = rows
                    .iter()
                    .filter(|(row, _)| own(row))
                    .map(|(row, value)| json!({"op": op, "path": row.path, "value": value}))
                    .collect();
                let packed: Map<String, Value> = rows
                    .iter()
                    .filter(|(row, _)| !own(row))
                    .map(|(row, value)| (row.path.clone(), value.clone()))
                    .collect();
                if !packed.is_empty() {
                    all.push(json!({"op": op, "value": packed}));
                }
                Value::Array(all)
            }
        }
    }
}

fn patch_body(operations: Value) -> SendBody {
    SendBody::Json(json!({"schemas": [PATCH_OP], "Operations": operations}))
}

/// PATCH: what a person did not have is added, then everything is replaced.
fn patch(table: &Table) -> Option<Case> {
    let kept = |row: &MappingRow| row.identity || row.path.eq_ignore_ascii_case("active");
    let (added, replaced) = (table.rows(|row| !kept(row)), table.changed());
    let user = crate::suite::model::Given {
        without: ["displayName", "externalId"]
            .into_iter()
            .filter(|name| !table.rows.iter().any(|row| row.path == *name))
            .map(str::to_owned)
            .collect(),
        ..given("user", ENTRA.bystander)
    };
    let mut case = case(
        PATCH,
        "every mapped attribute is added where there was none, then replaced, and nothing else moves",
        (Documented, Observed),
    );
    case.every_flavour_alike = false;
    case.core = true;
    case.given = vec![user];
    for dialect in [Dialect::Legacy, Dialect::Flag] {
        let (first, second) = match dialect {
            Dialect::Legacy => (Pick::Awkward(0), Pick::Other),
            Dialect::Flag => (Pick::Sample, Pick::Awkward(1)),
        };
        let added = with_first_reference(table, &added, first, "first");
        let replaced = with_values(table, &replaced, second, "second");
        for (id, word, rows) in [("add", "Add", added), ("replace", "Replace", replaced)] {
            if !rows.is_empty() {
                case.steps
                    .push(step(patch_step(table, dialect, id, word, &rows)));
            }
        }
    }
    (!case.steps.is_empty()).then(|| about(case, &ENTRA))
}

fn patch_step(
    table: &Table,
    dialect: Dialect,
    id: &str,
    word: &str,
    rows: &[(&MappingRow, Value)],
) -> Send {
    let prefix = if id == "add" { "add." } else { "" };
    let one = |id: &str, rows: &[(&MappingRow, Value)]| {
        let mut one = send(id, "PATCH", ONE, patch_body(dialect.operations(word, rows)));
        one.only = vec![dialect.id().to_owned()];
        one
    };
    let mut packed = one(id, rows);
    packed.expect = status(&[200, 204]);
    packed.changes = changes(expected(table, rows));
    let checked: Vec<&MappingRow> = rows.iter().map(|(row, _)| *row).collect();
    packed.rows = table.checks(prefix, &checked);
    for (number, (row, value)) in rows.iter().enumerate() {
        let alone = one(&format!("{id}{}", number + 1), &[(*row, value.clone())]);
        packed.singly.push(single(table, prefix, row, value, alone));
    }
    packed
}

/// What is emptied: nothing that a product may well demand of every person.
fn cleared<'t>(table: &'t Table, by: &[Clear]) -> Vec<&'t MappingRow> {
    table.rows(|row| {
        by.contains(&row.clear) && row.create && row.refers.is_none() && !is_essential(table, row)
    })
}

/// What a PUT says of an attribute that was emptied.
fn clear_by_put(
    table: &Table,
    provider: &Provider,
    without: &'static [&'static str],
) -> Option<Case> {
    let rows = cleared(table, &[Clear::Live]);
    if rows.is_empty() {
        return None;
    }
    let mut gone: Vec<String> = without.iter().map(|name| (*name).to_owned()).collect();
    let mut set = Settings::new();
    for row in &rows {
        match element_of(&row.path) {
            // An element without its value is none.
            Some(element) if !gone.iter().any(|known| known == element) => {
                gone.push(element.to_owned());
            }
            Some(_) => {}
            None => set.push((row.path.clone(), Value::Null)),
        }
    }
    let body = SendBody::Echo {
        of: "user".to_owned(),
        set,
        without: gone,
    };
    let put = emptied(table, send("put", "PUT", ONE, body), &rows, &[200]);
    let mut case = case(
        CLEAR,
        "emptied attributes are empty, and nothing else moves",
        (Inferred, Observed),
    );
    case.severity = Severity::Warning;
    case.given = vec![made(table, provider, &table.created())];
    case.steps = vec![step(put)];
    Some(about(case, provider))
}

/// Entra's acceptance test replaces optional attributes by empty texts (ENTRA-74).
fn clear_by_patch(table: &Table) -> Option<Case> {
    let rows = cleared(table, &[Clear::Live, Clear::Gate]);
    if rows.is_empty() {
        return None;
    }
    let operations = rows
        .iter()
        .map(|row| json!({"op": "replace", "path": row.path, "value": ""}))
        .collect();
    let patch = emptied(
        table,
        send("patch", "PATCH", ONE, patch_body(operations)),
        &rows,
        &[200, 204],
    );
    let mut case = case(
        CLEAR,
        "attributes that are emptied by the acceptance test are empty, and nothing else moves",
        (Documented, Documented),
    );
    case.severity = Severity::Warning;
    case.given = vec![made(table, &ENTRA, &table.created())];
    case.steps = vec![step(patch)];
    Some(about(case, &ENTRA))
}

fn emptied(table: &Table, mut send: Send, rows: &[&MappingRow], allowed: &[u16]) -> Send {
    send.expect = status(allowed);
    send.rows = table.checks("", rows);
    for row in &mut send.rows {
        row.severity = Severity::Warning;
        row.by_schema = false;
        row.hint = format!("Let {} be empty once it was emptied.", row.path);
    }
    let mut paths: Vec<(String, Matcher)> = rows
        .iter()
        .map(|row| (row.path.clone(), Matcher::Empty))
        .collect();
    // What is left of an element whose values went may go, too.
    for element in rows.iter().filter_map(|row| element_of(&row.path)) {
        if !paths.iter().any(|(path, _)| path == element) {
            paths.push((element.to_owned(), Matcher::Any));
        }
    }
    send.changes = changes(paths);
    send
}

/// The search by which the provider finds a person again.
fn filter(table: &Table, provider: &Provider) -> Option<Case> {
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
    let target = format!(
        "{start}{}{middle}{}{end}",
        written(&row.path, table),
        query(&value)
    );
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
    let mut case = case(
        FILTER,
        "the person is found by the attribute that the administrator matches by",
        (Documented, Observed),
    );
    case.core = true;
    case.steps = vec![step(post), step(search)];
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
