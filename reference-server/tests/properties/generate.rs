//! What the properties are tried with: filters, people, JSON of any shape, operations of a PATCH.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scim_reference::protocol::filter::{Filter, Operator};
use scim_reference::protocol::path::AttrPath;
use serde_json::{Value, json};

use crate::{ENTERPRISE, GROUP, PATCH_OP, USER};

/// Text with everything that a grammar could stumble over.
pub(crate) fn text() -> impl Strategy<Value = String> {
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

pub(crate) fn any_filter() -> BoxedStrategy<Filter> {
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
pub(crate) fn person() -> impl Strategy<Value = Value> {
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
pub(crate) fn sensible() -> BoxedStrategy<Filter> {
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

pub(crate) fn any_json() -> BoxedStrategy<Value> {
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

pub(crate) fn any_operation() -> impl Strategy<Value = Value> {
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
