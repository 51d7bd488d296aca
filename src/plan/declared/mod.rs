//! Cases that the target's own schemas write: `rfc/declared` says what is sent and judged, /Schemas and /ResourceTypes say on which attributes.
//!
//! Only what the target invented is tried here; the published attributes have suites of their own. What is read is foreign input:
//! numbers are bounded, and whatever does not look like a declaration is passed over.

mod closed;
mod complete;
mod fill;
mod sample;
mod subject;

use serde_json::Value;

pub(super) use closed::closed;
pub(super) use complete::complete;

use self::fill::Filling;
use crate::scim::SchemaView;
use crate::suite::model::{Case, Step};

/// The suite that is filled in.
pub(super) const SUITE: &str = "rfc/declared";

/// The cases about resource types; the others are about people.
const OF_TYPES: [&str; 2] = ["own-type", "own-type-patch"];

/// Puts the target's own attributes into the steps. A reason where nothing is left to try.
pub(super) fn fill(
    case: &mut Case,
    schema: &SchemaView,
    resource_types: Option<&Value>,
) -> Option<String> {
    if OF_TYPES.contains(&case.id.as_str()) {
        let types = subject::invented(schema, resource_types);
        let template = std::mem::take(&mut case.steps);
        for (number, subject) in types.iter().enumerate() {
            let filling = Filling::of_type(subject, number);
            case.steps.extend(template.iter().filter_map(|step| {
                let mut step = step.clone();
                filled(&filling, &mut step).then_some(step)
            }));
        }
        return case.steps.is_empty().then(|| {
            "the target's /ResourceTypes declares no type of its own whose resources a client could make and know again"
                .to_owned()
        });
    }
    let people = subject::people(schema, resource_types);
    let filling = Filling::of_people(&people);
    case.steps.retain_mut(|step| filled(&filling, step));
    case.steps.is_empty().then(|| {
        "the target's /Schemas and /ResourceTypes declare no attribute of its own for people"
            .to_owned()
    })
}

fn filled(filling: &Filling<'_>, step: &mut Step) -> bool {
    match step {
        Step::Send(send) => filling.fill(send),
        Step::Together(_) | Step::Walk(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::subject::USER;
    use super::*;
    use crate::suite::model::{Send, SendBody};

    const ACME: &str = "urn:acme:extension:1.0:User";

    fn view(attributes: Value) -> SchemaView {
        SchemaView::with_target(&[json!({"Resources": [
            {"id": USER, "attributes": [{"name": "userName", "type": "string"}, {"name": "shoeSize", "type": "integer"}]},
            {"id": ACME, "attributes": attributes},
        ]})])
    }

    fn types(extension: Value) -> Value {
        json!({"Resources": [{"name": "User", "endpoint": "Users/", "schema": USER, "schemaExtensions": extension}]})
    }

    fn case(id: &str) -> Case {
        let library = crate::suite::bundled().expect("tests/suites.rs loads the bundled suites");
        let suite = library.suites.iter().find(|suite| suite.id == SUITE);
        let suite = suite.expect("the suite that this module fills in");
        let case = suite.cases.iter().find(|case| case.id == id);
        case.expect("a case of this id").clone()
    }

    fn filled(schema: &SchemaView, types: Option<&Value>) -> (Vec<String>, Option<String>) {
        let mut case = case("own-attributes");
        let why = fill(&mut case, schema, types);
        let mut out = Vec::new();
        for step in &case.steps {
            if let Step::Send(send) = step
                && let SendBody::Echo { set, .. } = &send.body
            {
                out.extend(
                    set.iter()
                        .map(|(path, value)| format!("{} {path}={value}", send.id)),
                );
            }
        }
        (out, why)
    }

    #[test]
    fn own_attributes_are_written_by_their_characteristics() {
        let schema = view(json!([
            {"name": "badge", "type": "string", "mutability": "immutable"},
            {"name": "secret", "type": "string", "returned": "request"},
            {"name": "score", "type": "decimal"},
            {"name": "owner", "type": "reference"},
            {"name": "stamp", "type": "boolean", "mutability": "readOnly"},
            {"name": "tags", "type": "string", "multiValued": true, "canonicalValues": ["red"]},
        ]));
        let types = types(json!([{"schema": ACME, "required": false}]));
        let (sent, why) = filled(&schema, Some(&types));
        let schemas = format!("schemas=[\"{USER}\",\"{ACME}\"]");
        assert_eq!(why, None);
        assert_eq!(
            sent,
            [
                format!("write {schemas}"),
                "write shoeSize=7".to_owned(),
                format!("write {ACME}:badge=\"v1-{{{{unique.own}}}}\""),
                format!("write {ACME}:secret=\"v2-{{{{unique.own}}}}\""),
                format!("write {ACME}:score=7.5"),
                format!("write {ACME}:tags=[\"red\"]"),
                format!("immutable {schemas}"),
                format!("immutable {ACME}:badge=\"other1-{{{{unique.other}}}}\""),
                "wrong-type shoeSize={\"wrong\":\"type\"}".to_owned(),
            ]
        );
    }

    #[test]
    fn what_is_not_declared_for_people_is_not_sent() {
        let bare = SchemaView::with_target(&[json!({"Resources": [
            {"id": USER, "attributes": [{"name": "userName", "type": "string"}]},
            {"id": ACME, "attributes": [{"name": "level", "type": "integer"}]},
        ]})]);
        for types in [
            None,
            Some(json!({})),
            Some(json!({"Resources": [7, null, {"endpoint": []}]})),
            Some(types(json!("x"))),
        ] {
            let (sent, why) = filled(&bare, types.as_ref());
            assert_eq!(sent, Vec::<String>::new(), "{types:?}");
            assert!(why.is_some());
        }
    }

    const DEVICE: &str = "urn:acme:core:1.0:Device";

    /// The requests for a type with these attributes.
    fn of_type(attributes: Value, endpoint: &str) -> Vec<Send> {
        let schema = SchemaView::with_target(&[json!([{"id": DEVICE, "attributes": attributes}])]);
        let types = json!({"Resources": [
            {"name": "Device", "endpoint": endpoint, "schema": DEVICE},
            {"name": "Tool", "endpoint": "Tools", "schema": DEVICE},
        ]});
        let mut case = case(OF_TYPES[0]);
        fill(&mut case, &schema, Some(&types));
        let send = |step: Step| match step {
            Step::Send(send) => Some(*send),
            Step::Together(_) | Step::Walk(_) => None,
        };
        case.steps.into_iter().filter_map(send).collect()
    }

    #[test]
    fn a_type_is_tried_by_what_it_declares() {
        let sends = of_type(
            json!([
                {"name": "label", "type": "string", "required": true, "uniqueness": "server"},
                {"name": "weight", "type": "decimal", "required": true},
                {"name": "note", "type": "string", "returned": "request", "caseExact": true},
            ]),
            "/Devices",
        );
        let told: Vec<(&str, &str)> = sends
            .iter()
            .map(|send| (send.id.as_str(), send.target.as_str()))
            .take(11)
            .collect();
        let whose = "label%20eq%20%22v0-{{unique.own}}%22%20and%20";
        let hit = format!(
            "/Devices?filter={whose}label%20eq%20%22V0-{{{{unique.own|upper}}}}%22%20and%20weight%20gt%207.25"
        );
        let miss = format!(
            "/Devices?filter={whose}(label%20ne%20%22v0-{{{{unique.own}}}}%22%20or%20weight%20lt%207.5)"
        );
        assert_eq!(
            told,
            [
                ("list", "/Devices?count=1"),
                ("create", "/Devices"),
                ("read", "/Devices/{{thing.id}}"),
                ("requested", "/Devices/{{thing.id}}?attributes=note"),
                ("lookup", hit.as_str()),
                ("lookup-miss", miss.as_str()),
                ("again", "/Devices"),
                ("replace", "/Devices/{{thing.id}}"),
                ("wrong-type", "/Devices/{{thing.id}}"),
                ("incomplete", "/Devices"),
                ("delete", "/Devices/{{thing.id}}"),
            ]
        );
        let body = |send: &Send| match &send.body {
            SendBody::Json(body) => body.clone(),
            _ => Value::Null,
        };
        assert_eq!(
            body(&sends[1]),
            json!({"schemas": [DEVICE], "label": "v0-{{unique.own}}", "weight": 7.5, "note": "v2-{{unique.own}}"})
        );
        assert_eq!(body(&sends[9])["weight"], Value::Null);
        assert_eq!(
            (sends[13].id.as_str(), sends[13].target.as_str()),
            ("read-2", "/Tools/{{thing2.id}}")
        );
    }

    #[test]
    fn a_type_that_nobody_could_clean_up_after_is_not_tried() {
        let text = json!([{"name": "label", "type": "string"}]);
        for (attributes, endpoint, tried) in [
            (text.clone(), "/Devices", true),
            (text.clone(), "/Things/Devices", false),
            (text.clone(), "/Dev%2e", false),
            (text, "/Users", false),
            (
                json!([{"name": "size", "type": "integer"}]),
                "/Devices",
                false,
            ),
            (
                json!([{"name": "label", "type": "string", "mutability": "readOnly"}]),
                "/Devices",
                false,
            ),
        ] {
            let sends = of_type(attributes.clone(), endpoint);
            let found = sends.iter().any(|send| send.target.starts_with(endpoint));
            assert_eq!(found, tried, "{endpoint} {attributes}");
        }
    }
}
