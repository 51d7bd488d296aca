//! Properties that hold for every input: filters, paths, PATCH, query strings, and bodies of any shape.
//!
//! `PROPTEST_CASES=100000 cargo test -p scim-reference --release --test properties` tries more inputs.

mod generate;
mod wire;

use generate::{any_filter, any_json, any_operation, person, sensible};
use proptest::collection::vec;
use proptest::prelude::*;
use scim_reference::engine::{Behaviour, Condition, Engine, Query};
use scim_reference::protocol::Object;
use scim_reference::protocol::filter::{Filter, Operator, parse, parse_path};
use scim_reference::protocol::leniency::Leniency;
use scim_reference::protocol::path::AttrPath;
use scim_reference::protocol::projection::Wanted;
use scim_reference::protocol::schema::{Registry, slots};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// So many inputs, unless `PROPTEST_CASES` says otherwise.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { default.cases } else { few },
        failure_persistence: None,
        ..default
    }
}

fn engine(strict: bool) -> Engine {
    let behaviour = Behaviour::new(strict);
    let registry = Registry::built_in(&behaviour.leniency).expect("the shipped schemas load");
    Engine::new(
        registry,
        behaviour,
        "http://127.0.0.1/scim/v2".to_owned(),
        None,
        None,
    )
    .expect("an empty store opens")
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn read(engine: &Engine, id: &str) -> Value {
    let shown = engine
        .read(engine.registry().kind(slots::USER), id, &Wanted::default())
        .expect("is there");
    serde_json::from_str(&shown.text).expect("is JSON")
}

/// The naive evaluator: looks at every person, by the words of the RFC's operator table.
fn naive(filter: &Filter, holder: &Value) -> bool {
    let values = |path: &AttrPath| -> Vec<Value> {
        let holder = if path.urn.is_some() {
            &holder[ENTERPRISE]
        } else {
            holder
        };
        let found = match &holder[&path.name] {
            Value::Array(list) => list.clone(),
            Value::Null => Vec::new(),
            other => vec![other.clone()],
        };
        let found = found.into_iter().map(|value| {
            path.sub
                .as_ref()
                .map_or(value.clone(), |sub| value[sub].clone())
        });
        found.filter(|value| !value.is_null()).collect()
    };
    match filter {
        Filter::And(parts) => parts.iter().all(|part| naive(part, holder)),
        Filter::Or(parts) => parts.iter().any(|part| naive(part, holder)),
        Filter::Not(part) => !naive(part, holder),
        Filter::Present(path) => !values(path).is_empty(),
        Filter::Element(path, part) => values(path).iter().any(|element| naive(part, element)),
        Filter::Compare(path, operator, operand) => {
            let values = values(path);
            if values.is_empty() {
                return *operator == Operator::Ne;
            }
            values.iter().any(|value| {
                let (Some(left), Some(right)) = (value.as_str(), operand.as_str()) else {
                    return (value == operand) == (*operator == Operator::Eq);
                };
                let exact = path.name == "externalId";
                let fold = |text: &str| {
                    if exact {
                        text.to_owned()
                    } else {
                        text.to_lowercase()
                    }
                };
                let (left, right) = (fold(left), fold(right));
                match operator {
                    Operator::Eq => left == right,
                    Operator::Ne => left != right,
                    Operator::Co => left.contains(&right),
                    Operator::Sw => left.starts_with(&right),
                    Operator::Ew => left.ends_with(&right),
                    Operator::Gt => left > right,
                    Operator::Ge => left >= right,
                    Operator::Lt => left < right,
                    Operator::Le => left <= right,
                }
            })
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_filter_reads_as_it_is_printed(filter in any_filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(parse(&printed, &Leniency::STRICT), Ok(filter), "{}", printed);
    }

    #[test]
    fn no_text_breaks_the_grammars(text in "[a-z().\\[\\]\" :\\\\$-]{0,40}|.{0,60}") {
        for leniency in [Leniency::DEFAULT, Leniency::STRICT] {
            let _ = parse(&text, &leniency);
            if let Ok(path) = parse_path(&text, &leniency) {
                prop_assert_eq!(parse_path(&path.to_string(), &leniency), Ok(path));
            }
        }
    }

    #[test]
    fn a_filter_finds_whom_the_naive_evaluator_finds(people in vec(person(), 1..6), filters in vec(sensible(), 1..6)) {
        let engine = engine(false);
        let kind = engine.registry().kind(slots::USER);
        let mut shown = Vec::new();
        for (number, mut person) in people.into_iter().enumerate() {
            person["userName"] = json!(["a", "Ab", "b", "c", "é", "work"][number % 6]);
            person["externalId"] = json!(["a", "A", "b"][number % 3]);
            let created = engine.create(kind, object(person), &Wanted::default()).expect("fits");
            shown.push(serde_json::from_str::<Value>(&created.text).expect("is JSON"));
        }
        for filter in filters {
            let page = engine.list(Some(kind), &Query { filter: Some(filter.to_string()), ..Query::default() }).expect("fits");
            let page: Value = serde_json::from_str(&page.text).expect("is JSON");
            let expected: Vec<Value> = shown.iter().filter(|person| naive(&filter, person)).cloned().collect();
            prop_assert_eq!(page["Resources"].as_array(), Some(&expected), "{}", filter);
        }
    }

    #[test]
    fn a_patch_applies_wholly_or_not_at_all(strict in any::<bool>(), operations in vec(any_operation(), 1..5)) {
        let engine = engine(strict);
        let kind = engine.registry().kind(slots::USER);
        let start = json!({
            "schemas": [USER, ENTERPRISE], "userName": "amara", "title": "Dr", "name": {"givenName": "A"}, ENTERPRISE: {"department": "Ops"},
            "emails": [{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "type": "home"}],
        });
        let id = engine.create(kind, object(start), &Wanted::default()).expect("fits").id;
        let before = read(&engine, &id);
        let body = object(json!({"schemas": [PATCH_OP], "Operations": operations}));
        let outcome = engine.patch(kind, &id, &body, &Condition::default(), &Wanted::default());
        let after = read(&engine, &id);
        match outcome {
            Err(error) => {
                prop_assert!((400..500).contains(&error.status), "{}", error);
                prop_assert_eq!(&after, &before);
            }
            Ok(_) => {
                // What came out is a resource that the server itself would take.
                let put = engine.replace(kind, &id, object(after.clone()), &Condition::default(), &Wanted::default());
                prop_assert!(put.is_ok(), "{:?} of {}", put, after);
                prop_assert_eq!(read(&engine, &id), after);
            }
        }
    }

    #[test]
    fn bodies_of_any_shape_get_an_answer(body in any_json()) {
        for strict in [false, true] {
            let engine = engine(strict);
            let body = object(body.clone());
            let fine = |status: Option<u16>| status.is_none_or(|status| (400..500).contains(&status));
            for kind in &engine.registry().types.clone() {
                let created = engine.create(kind, body.clone(), &Wanted::default());
                prop_assert!(fine(created.as_ref().err().map(|error| error.status)), "{:?}", created);
                let mut typed = body.clone();
                typed.insert("schemas".to_owned(), json!([kind.schema.id]));
                typed.entry(if kind.slot == slots::USER { "userName" } else { "displayName" }).or_insert(json!("x"));
                let created = engine.create(kind, typed, &Wanted::default());
                prop_assert!(fine(created.as_ref().err().map(|error| error.status)), "{:?}", created);
            }
            let bulk = engine.bulk(&body);
            prop_assert!(fine(bulk.as_ref().err().map(|error| error.status)), "{:?}", bulk);
        }
    }
}
