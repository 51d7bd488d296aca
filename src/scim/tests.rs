//! Paths, access, equality, schemas and encoding from outside: tables, and laws that hold for whatever comes.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    AttrPath, QueryStyle, SchemaView, differences, encode_path_segment, encode_query_value, equal,
    escape_filter_literal, flatten, get, instant, misplaced, named, remove, set,
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn path(text: &str) -> AttrPath {
    AttrPath::parse(text).expect("the tables hold paths")
}

fn person() -> Value {
    json!({
        "userName": "amara", "name": {"givenName": "Amara", "familyName": "Okafor"},
        "emails": [{"type": "work", "value": "A@example.com", "primary": true}, {"type": "Home", "value": "b@example.com"}],
        "nums": [1, 2], "tags": ["x", "y"],
        (ENTERPRISE): {"department": "R", "manager": {"value": "m1"}},
        "urn:acme:1.0": {"badge": "7"},
        "Operations": [{"bulkId": "a", "response": {"status": "400"}}]
    })
}

#[test]
fn paths_lead_to_values() {
    let rows: &[(&str, Value)] = &[
        ("userName", json!(["amara"])),
        ("USERNAME", json!(["amara"])),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            json!(["amara"]),
        ),
        ("name.givenName", json!(["Amara"])),
        ("Name.GIVENNAME", json!(["Amara"])),
        ("emails.value", json!(["A@example.com", "b@example.com"])),
        ("emails[type eq \"work\"].value", json!(["A@example.com"])),
        ("emails[type eq \"home\"].value", json!(["b@example.com"])),
        ("emails[Type EQ \"HOME\"].Value", json!(["b@example.com"])),
        ("emails[value eq \"a@EXAMPLE.com\"].type", json!(["work"])),
        ("emails[primary eq true].value", json!(["A@example.com"])),
        ("emails[type eq \"work\" and value sw \"b\"]", json!([])),
        (
            "emails[type eq \"work\" or value sw \"b\"].type",
            json!(["work", "Home"]),
        ),
        ("emails[not (type eq \"work\")].type", json!(["Home"])),
        ("emails[not(type eq \"work\")].type", json!(["Home"])),
        (
            "emails[(type eq \"work\" or type eq \"home\") and primary pr].type",
            json!(["work"]),
        ),
        ("emails[primary ne true].type", json!(["Home"])),
        (
            "emails[value co \"@\" and value ew \".com\"].type",
            json!(["work", "Home"]),
        ),
        ("emails[1].type", json!(["Home"])),
        ("emails[7].type", json!([])),
        ("nums[value gt 1]", json!([2])),
        ("tags[value eq \"x\"]", json!(["x"])),
        (
            ENTERPRISE,
            json!([{"department": "R", "manager": {"value": "m1"}}]),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            json!(["R"]),
        ),
        (
            "URN:ietf:params:scim:schemas:extension:Enterprise:2.0:user:Department",
            json!(["R"]),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            json!(["m1"]),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department",
            json!(["R"]),
        ),
        ("urn:acme:1.0:badge", json!(["7"])),
        (
            "Operations[bulkId eq \"a\"].response.status",
            json!(["400"]),
        ),
        ("nothing.at.all", json!([])),
        ("userName.deeper", json!([])),
    ];
    let person = person();
    for (text, wanted) in rows {
        let found: Vec<Value> = get(&person, &path(text)).into_iter().cloned().collect();
        assert_eq!(Value::Array(found), *wanted, "{text}");
    }
}

#[test]
fn what_is_no_path_is_refused_with_its_place() {
    for (text, at) in [
        ("", 1),
        ("  ", 1),
        ("name.", 6),
        (".name", 1),
        ("emails[", 8),
        ("emails[type eq \"work\"", 22),
        ("emails[type eq work]", 16),
        ("emails[type is \"work\"]", 15),
        ("emails[type eq \"work]", 16),
        ("emails[type eq \"work\"]value", 23),
        ("a b", 2),
        ("emails[(type eq \"a\"]", 20),
    ] {
        let error = AttrPath::parse(text).expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
    }
    assert!(AttrPath::parse(&format!("a[{}", "(".repeat(10_000))).is_err());
}

#[test]
fn set_makes_what_is_missing() {
    let rows: &[(&str, Value, Value)] = &[
        ("userName", json!("x"), json!({"userName": "x"})),
        (
            "name.givenName",
            json!("x"),
            json!({"name": {"givenName": "x"}}),
        ),
        (
            "emails[type eq \"work\"].value",
            json!("x"),
            json!({"emails": [{"type": "work", "value": "x"}]}),
        ),
        (
            "emails.value",
            json!("x"),
            json!({"emails": [{"value": "x"}]}),
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            json!("m"),
            json!({(ENTERPRISE): {"manager": {"value": "m"}}}),
        ),
        (
            ENTERPRISE,
            json!({"department": "R"}),
            json!({(ENTERPRISE): {"department": "R"}}),
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:title",
            json!("x"),
            json!({"title": "x"}),
        ),
        (
            "members[value eq \"u1\"].value",
            json!("u1"),
            json!({"members": [{"value": "u1"}]}),
        ),
    ];
    for (text, value, wanted) in rows {
        let mut resource = json!({});
        set(&mut resource, &path(text), value.clone());
        assert_eq!(resource, *wanted, "{text}");
        assert_eq!(get(&resource, &path(text)), vec![value], "{text}");
        remove(&mut resource, &path(text));
        assert!(get(&resource, &path(text)).is_empty(), "{text}");
    }
    let mut keeps_spelling = json!({"UserName": "a"});
    set(&mut keeps_spelling, &path("userName"), json!("b"));
    assert_eq!(keeps_spelling, json!({"UserName": "b"}));
}

#[test]
fn removing_leaves_the_rest() {
    let mut person = person();
    remove(&mut person, &path("emails[type eq \"work\"]"));
    remove(&mut person, &path("name.givenName"));
    remove(
        &mut person,
        &path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"),
    );
    remove(&mut person, &path("nothing[type eq \"x\"].here"));
    assert_eq!(
        person["emails"],
        json!([{"type": "Home", "value": "b@example.com"}])
    );
    assert_eq!(person["name"], json!({"familyName": "Okafor"}));
    assert_eq!(person[ENTERPRISE], json!({"department": "R"}));
}

#[test]
fn equality_is_that_of_the_attribute() {
    let id = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
    let rows: &[(&str, Value, Value, bool)] = &[
        ("userName", json!("Amara"), json!("aMARA"), true),
        ("userName", json!("STRASSE"), json!("straße"), false),
        ("userName", json!("ÄRGER"), json!("ärger"), true),
        ("userName", json!("a"), json!("a "), false),
        ("id", json!("A"), json!("a"), false),
        ("externalId", json!("A"), json!("a"), false),
        ("members.value", json!("A"), json!("a"), false),
        (id, json!("A"), json!("a"), false),
        ("custom", json!("A"), json!("a"), false),
        ("active", json!(true), json!("true"), false),
        ("active", json!(true), json!(true), true),
        ("title", json!("7"), json!(7), false),
        ("title", Value::Null, json!([]), true),
        ("title", json!(""), Value::Null, false),
        (
            "meta.created",
            json!("2026-01-01T10:00:00Z"),
            json!("2026-01-01T11:00:00.000+01:00"),
            true,
        ),
        (
            "meta.created",
            json!("2026-01-01T10:00:00Z"),
            json!("2026-01-01T10:00:01Z"),
            false,
        ),
        (
            "custom",
            json!("2026-01-01T10:00:00Z"),
            json!("2026-01-01T10:00:00.000Z"),
            true,
        ),
        (
            "title",
            json!("2026-01-01T10:00:00Z"),
            json!("2026-01-01T10:00:00.000Z"),
            false,
        ),
        ("count", json!(1), json!(1.0), true),
        ("count", json!(1), json!(2), false),
        (
            "profileUrl",
            json!("https://EXAMPLE.com"),
            json!("https://example.com/"),
            true,
        ),
        (
            "profileUrl",
            json!("https://example.com/A"),
            json!("https://example.com/a"),
            false,
        ),
        (
            "x509Certificates.value",
            json!("QUJD+/8="),
            json!("QUJD-_8"),
            true,
        ),
        (
            "name",
            json!({"givenName": "A"}),
            json!({"GIVENNAME": "a", "formatted": "A"}),
            true,
        ),
        (
            "name",
            json!({"givenName": "A", "familyName": "B"}),
            json!({"givenName": "A"}),
            false,
        ),
        (
            "emails",
            json!([{"value": "a"}, {"value": "b"}]),
            json!([{"value": "B"}, {"value": "A", "type": "work"}]),
            true,
        ),
        (
            "emails",
            json!([{"value": "a"}]),
            json!([{"value": "a"}, {"value": "a"}]),
            false,
        ),
        (
            "emails",
            json!([{"value": "a"}, {"value": "a"}]),
            json!([{"value": "a"}]),
            true,
        ),
        (
            "emails",
            json!([{"value": "a"}]),
            json!([{"value": "b"}]),
            false,
        ),
        (
            "emails",
            json!([{"value": "a"}, {"value": "b"}]),
            json!([{"value": "a"}]),
            false,
        ),
        (
            "emails",
            json!([{"value": "a", "primary": false}]),
            json!([{"value": "a"}]),
            true,
        ),
        (
            "emails",
            json!([{"value": "a", "primary": true}]),
            json!([{"value": "a"}]),
            false,
        ),
        (
            "emails",
            json!([{"type": "work"}, {"type": "work", "value": "a"}]),
            json!([{"type": "work", "value": "a"}, {"type": "work", "value": "b"}]),
            true,
        ),
        ("emails", json!([]), Value::Null, true),
        ("emails", json!([]), json!([{"value": "a"}]), false),
        (
            "emails",
            json!([{"value": "a"}]),
            json!({"value": "a"}),
            false,
        ),
        ("schemas", json!(["a", "b"]), json!(["b", "a"]), true),
        ("tags", json!(["x", "X"]), json!(["X", "x"]), true),
    ];
    for (at, expected, actual, wanted) in rows {
        assert_eq!(
            equal(expected, actual, &path(at), SchemaView::standard()),
            *wanted,
            "{at}: {expected} / {actual}"
        );
    }
}

#[test]
fn the_target_decides_case_but_not_of_ids() {
    let document = json!({"schemas": [], "Resources": [{"id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": [
        {"name": "userName", "type": "string", "caseExact": true}, {"name": "id", "caseExact": false},
        {"name": "emails", "type": "complex", "multiValued": true}, {"name": "hue", "type": "string"}]},
        {"id": "urn:acme:1.0:User", "attributes": [{"name": "tag", "type": "string", "caseExact": false}]}]});
    let view = SchemaView::with_target(&[document]);
    assert!(view.case_exact(&path("userName")));
    assert!(!SchemaView::standard().case_exact(&path("userName")));
    assert!(view.case_exact(&path("id")));
    assert!(!view.case_exact(&path("hue")));
    assert!(
        !view.case_exact(&path("emails.value")),
        "parts that the target does not list are as published"
    );
    assert!(!view.case_exact(&path("urn:acme:1.0:User:tag")));
    assert!(
        !view.case_exact(&path("nickName")),
        "what the target leaves out is as published"
    );
}

#[test]
fn garbage_for_schemas_is_passed_over() {
    let endless = json!({"id": "urn:x", "attributes": vec![json!({"name": "a"}); 5_000]});
    let deep = (0..100).fold(
        json!({"name": "a"}),
        |inner, _| json!({"name": "a", "subAttributes": [inner]}),
    );
    let documents = [
        Value::Null,
        json!([]),
        json!("x"),
        json!({"Resources": {"id": 7}}),
        json!({"Resources": [null, 1, {"id": []}, {"id": "x"}, {"id": "y", "attributes": {"name": "z"}}]}),
        json!([{"id": "urn:bare", "attributes": [{"name": "a", "type": 7, "multiValued": "yes", "returned": null}, {"name": null}]}]),
        json!({"id": "urn:deep", "attributes": [deep]}),
        endless,
    ];
    let view = SchemaView::with_target(&documents);
    assert!(view.knows_schema("URN:BARE"));
    assert_eq!(view.declared_attributes_of("urn:bare").len(), 1);
    assert!(view.declared_attributes_of("urn:x").len() <= 2_000);
}

#[test]
fn published_schemas_know_what_the_errata_add() {
    let view = SchemaView::standard();
    for text in [
        "members.display",
        "addresses.primary",
        "emails.primary",
        "meta.version",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    ] {
        assert!(view.attribute(&path(text)).is_some(), "{text}");
    }
    assert!(view.attribute(&path("emails.nothing")).is_none());
}

#[test]
fn differences_name_the_place() {
    let before = person();
    let mut after = person();
    set(
        &mut after,
        &path("emails[type eq \"home\"].value"),
        json!("c@example.com"),
    );
    remove(
        &mut after,
        &path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"),
    );
    set(&mut after, &path("title"), json!("x"));
    let found: Vec<String> = differences(&before, &after, &[path("name")], SchemaView::standard())
        .iter()
        .map(|d| d.path.to_string())
        .collect();
    assert_eq!(
        found,
        [
            "emails[type eq \"Home\"].value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "title"
        ]
    );
    assert!(
        differences(
            &before,
            &after,
            &[path("emails"), path("title"), path(ENTERPRISE)],
            SchemaView::standard()
        )
        .is_empty()
    );
}

#[test]
fn values_are_encoded_as_the_provider_does() {
    let plus = QueryStyle {
        space_plus: true,
        lower_hex: true,
    };
    let upper = QueryStyle {
        space_plus: false,
        lower_hex: false,
    };
    assert_eq!(encode_query_value("a b+c\"é", &plus), "a+b%2bc%22%c3%a9");
    assert_eq!(encode_query_value("a b+c\"é", &upper), "a%20b%2Bc%22%C3%A9");
    assert_eq!(encode_path_segment("../a b?#%"), "..%2Fa%20b%3F%23%25");
    assert_eq!(escape_filter_literal("O\"Neil\\\n"), "O\\\"Neil\\\\\\n");
}

#[test]
fn misplaced_keys_are_told_from_names() {
    let view = SchemaView::standard();
    for key in [
        "name.givenName",
        "emails[type eq \"work\"]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "op",
        "urn:acme:1.0:User:tag",
        "urn:ietf:params:scim:schemas:core:2.0:User",
    ] {
        assert!(
            misplaced(key, &["urn:acme:1.0:User"], view).is_some(),
            "{key}"
        );
    }
    for key in [
        "userName",
        ENTERPRISE,
        "urn:acme:1.0:User",
        "urn:other:1.0:User",
        "my.own",
        "value",
        "$ref",
        "http://x/y.z",
    ] {
        assert!(
            misplaced(key, &["urn:acme:1.0:User"], view).is_none(),
            "{key}"
        );
    }
}

#[test]
fn instants_are_read_as_xsd_has_them() {
    for text in [
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00.123456+05:30",
        "2026-01-01T10:00:00",
        "2008-01-23T04:56:22.0Z",
    ] {
        assert!(instant(text).is_some(), "{text}");
    }
    for text in [
        "",
        "2026-01-01",
        "10:00:00",
        "2026-13-01T10:00:00Z",
        "yesterday",
        "2026-01-01 10:00:00Z",
        "1700000000",
    ] {
        assert!(instant(text).is_none(), "{text}");
    }
}

#[test]
fn large_groups_are_compared_without_a_square() {
    let members = |turn: bool| {
        let ids: Vec<Value> = (0..20_000)
            .map(|n| json!({"value": format!("user-{n}")}))
            .collect();
        Value::Array(if turn {
            ids.into_iter().rev().collect()
        } else {
            ids
        })
    };
    assert!(equal(
        &members(false),
        &members(true),
        &path("members"),
        SchemaView::standard()
    ));
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "userName", "name", "emails", "value", "type", "active", "title", "id", "x", "$ref",
        "primary", "Value",
    ])
    .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2026-01-01T10:00:00Z")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4).prop_map(|members| {
                let mut map = Map::new();
                for (name, value) in members {
                    if !map
                        .keys()
                        .any(|key: &String| key.eq_ignore_ascii_case(&name))
                    {
                        map.insert(name, value);
                    }
                }
                Value::Object(map)
            }),
        ]
    })
}

fn some_path() -> impl Strategy<Value = String> {
    let plain = prop::collection::vec(
        name().prop_filter("a name of its own", |n| n != "$ref"),
        1..3,
    )
    .prop_map(|names| names.join("."));
    let filtered = (name(), "[a-zA-Z@. \"\\\\é]{0,8}", name()).prop_map(|(list, wanted, sub)| {
        format!("list{list}[type eq {}].{sub}", Value::from(wanted))
    });
    let qualified = name().prop_map(|name| format!("{ENTERPRISE}:{name}"));
    prop_oneof![plain, filtered, qualified, Just(ENTERPRISE.to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_value_equals_itself(value in value(), at in some_path()) {
        prop_assert!(equal(&value, &value, &path(&at), SchemaView::standard()));
        prop_assert!(differences(&value, &value, &[], SchemaView::standard()).is_empty());
    }

    #[test]
    fn order_of_elements_and_names_is_nothing(items in prop::collection::vec(value(), 0..6), seed in any::<u64>()) {
        let mut turned = items.clone();
        let length = turned.len().max(1);
        turned.rotate_left(usize::try_from(seed % 7).unwrap_or(0) % length);
        turned.reverse();
        prop_assert!(equal(&Value::from(items), &Value::from(turned), &path("emails"), SchemaView::standard()));
    }

    #[test]
    fn a_path_reads_as_it_is_written(text in some_path()) {
        let once = path(&text);
        let again = path(&once.to_string());
        prop_assert_eq!(&once, &again);
        prop_assert_eq!(once.to_string(), text);
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in "\\PC{0,40}") {
        let _ = AttrPath::parse(&text);
        let _ = AttrPath::parse(&format!("emails[{text}].value"));
        let _ = instant(&text);
    }

    #[test]
    fn what_is_set_is_found(start in value(), text in some_path(), new in "[a-z]{1,6}") {
        let mut resource = if start.is_object() { start } else { json!({}) };
        let path = path(&text);
        set(&mut resource, &path, Value::from(new.as_str()));
        let found = get(&resource, &path);
        // A path through an array reaches its complex elements; where there are none, nothing can be set.
        // Nor does an element stay selected whose selecting sub-attribute is what was set.
        let unselects = path.selects() && text.ends_with("].type");
        let blocked = unselects || (path.segments.len() > 1 && !path.selects());
        prop_assert!(blocked || found.iter().any(|value| **value == new.as_str()), "{} in {}", path, resource);
    }

    #[test]
    fn flatten_names_what_get_finds(value in value()) {
        let resource = if value.is_object() { value } else { json!({"title": value}) };
        for (path, leaf) in flatten(&resource) {
            let found = get(&resource, &path);
            prop_assert!(found.iter().any(|value| **value == leaf), "{} of {}", path, resource);
        }
    }
}

#[test]
fn names_prefer_their_exact_spelling() {
    let twice = json!({"USERNAME": 1, "userName": 2});
    assert_eq!(named(&twice, "userName"), Some(&json!(2)));
    assert_eq!(named(&twice, "UserName"), Some(&json!(1)));
    assert_eq!(named(&json!([1]), "userName"), None);
}
