//! Properties that hold for every input: filters, PATCH, and bodies of any shape.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
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

/// Text with everything that a grammar could stumble over.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "", "a", "A", "work", "x@y", "\"", "\\", "é", "e\u{301}", "😀", " ", ")", "] and (",
            "\u{0}", "%20+"
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ]
}

fn operand() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null)
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    select(Operator::ALL.map(|(operator, _)| operator).to_vec())
}

fn path() -> impl Strategy<Value = AttrPath> {
    let written = vec![
        "userName",
        "name.givenName",
        "emails",
        "emails.value",
        "meta.created",
        "urn:a:b:2.0:User:x.y",
        "members.$ref",
        "not",
        "and",
    ];
    select(written).prop_map(|text| AttrPath::parse(text).expect("a path"))
}

fn joined(leaf: BoxedStrategy<Filter>, depth: u32) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(depth, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Filter::And),
            vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

fn any_filter() -> BoxedStrategy<Filter> {
    let leaf = prop_oneof![
        path().prop_map(Filter::Present),
        (path(), operator(), operand())
            .prop_map(|(path, operator, operand)| Filter::Compare(path, operator, operand)),
    ]
    .boxed();
    let element = (
        select(vec!["emails", "urn:a:b:2.0:User:x"]),
        joined(leaf.clone(), 2),
    )
        .prop_map(|(name, inner)| {
            Filter::Element(AttrPath::parse(name).expect("a path"), Box::new(inner))
        });
    joined(prop_oneof![leaf, element].boxed(), 4)
}

/// People as the filters of [`sensible`] look at them.
fn person() -> impl Strategy<Value = Value> {
    let word = || select(vec!["a", "A", "ab", "b", "é"]);
    let email =
        (word(), select(vec!["work", "home"]), any::<bool>()).prop_map(|(value, kind, primary)| {
            if primary {
                json!({"value": value})
            } else {
                json!({"value": value, "type": kind})
            }
        });
    (
        proptest::option::of(word()),
        any::<bool>(),
        vec(email, 0..3),
        proptest::option::of(word()),
        proptest::option::of(word()),
    )
        .prop_map(|(title, active, emails, given, department)| {
            let mut body =
                json!({"schemas": [USER, ENTERPRISE], "active": active, "emails": emails});
            if let Some(title) = title {
                body["title"] = json!(title);
            }
            if let Some(given) = given {
                body["name"] = json!({"givenName": given});
            }
            if let Some(department) = department {
                body[ENTERPRISE] = json!({"department": department});
            }
            body
        })
}

/// Filters that fit the user schema.
fn sensible() -> BoxedStrategy<Filter> {
    let path = |text: &str| AttrPath::parse(text).expect("a path");
    let department = format!("{ENTERPRISE}:department");
    let names = move |list: Vec<String>| select(list).prop_map(move |text| path(&text));
    let of_user = [
        "title",
        "externalId",
        "userName",
        "emails.value",
        "emails.type",
        "name.givenName",
    ]
    .map(str::to_owned);
    let of_user: Vec<String> = of_user.into_iter().chain([department]).collect();
    let of_email = ["value", "type"].map(str::to_owned).to_vec();
    let word = || select(vec!["a", "A", "b", "AB", "work", "é"]).prop_map(Value::from);
    let leaf = move |list: Vec<String>| {
        prop_oneof![
            3 => (names(list.clone()), operator(), word()).prop_map(|(path, operator, operand)| Filter::Compare(path, operator, operand)),
            1 => names(list).prop_map(Filter::Present),
        ]
        .boxed()
    };
    let active = (select(vec![Operator::Eq, Operator::Ne]), any::<bool>()).prop_map(
        move |(operator, value)| {
            Filter::Compare(
                AttrPath::parse("active").expect("a path"),
                operator,
                json!(value),
            )
        },
    );
    let element = joined(leaf(of_email), 2).prop_map(|inner| {
        Filter::Element(AttrPath::parse("emails").expect("a path"), Box::new(inner))
    });
    joined(
        prop_oneof![4 => leaf(of_user), 1 => active, 1 => element].boxed(),
        3,
    )
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

fn any_json() -> BoxedStrategy<Value> {
    let keys = || {
        let known = vec![
            "value",
            "type",
            "primary",
            "schemas",
            "id",
            "userName",
            "name",
            "emails",
            "members",
            "active",
            "Operations",
            "op",
            "path",
            "meta",
        ];
        prop_oneof![3 => select(known).prop_map(str::to_owned), 1 => text()]
    };
    let leaf = prop_oneof![
        operand(),
        any::<f64>().prop_map(Value::from),
        select(vec![
            json!([USER]),
            json!([GROUP]),
            json!([PATCH_OP]),
            json!("True"),
            json!("bulkId:x")
        ]),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((keys(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

fn any_operation() -> impl Strategy<Value = Value> {
    let paths = [
        "title",
        "userName",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[primary eq true].type",
        "emails[value pr]",
        "active",
        "manager",
        "groups",
        "id",
        "password",
        "schemas",
        "roles[primary eq \"True\"].value",
        "meta.version",
    ]
    .map(str::to_owned);
    let department = format!("{ENTERPRISE}:department");
    let paths: Vec<String> = paths
        .into_iter()
        .chain([department, ENTERPRISE.to_owned()])
        .collect();
    let path =
        prop_oneof![6 => select(paths).prop_map(Some), 1 => text().prop_map(Some), 2 => Just(None)];
    let fitting = select(vec![
        json!("x"),
        json!(true),
        json!({"value": "n@x", "type": "work", "primary": true}),
        json!([{"value": "n@x", "type": "home"}, {"value": "w@x", "type": "work"}]),
        json!({"givenName": "N"}),
        json!({"title": "T", "name.familyName": "F", "active": "False"}),
        json!(null),
        json!([]),
        json!(""),
    ]);
    let value =
        prop_oneof![4 => fitting.prop_map(Some), 2 => any_json().prop_map(Some), 1 => Just(None)];
    (
        select(vec!["add", "remove", "replace", "Add", "Replace", "move"]),
        path,
        value,
    )
        .prop_map(|(op, path, value)| {
            let mut operation = json!({"op": op});
            if let Some(path) = path {
                operation["path"] = json!(path);
            }
            if let Some(value) = value {
                operation["value"] = value;
            }
            operation
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

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
