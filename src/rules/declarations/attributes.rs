//! Definitions of attributes in /Schemas (RFC 7643 sections 2.1 to 2.4 and 7).

use serde_json::Value;

use super::{called, each, member, schemas, text};
use crate::results::Severity;
use crate::rules::book::{Check, Rule, Ruling};
use crate::rules::view::{View, cut, show, type_of};
use crate::scim::Attribute;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "rules/schema-attributes",
            title: "Every declared attribute has a name, a type and characteristics that exist",
            severity: Severity::Violation,
            refs: &[
                "rfc:7643-7-R04",
                "rfc:7643-2.1-R03",
                "rfc:7643-1.2-R01",
                "rfc:7643-2.3.8-R02",
            ],
            breaks: &[],
            hint: "Give each attribute in /Schemas a name, give subAttributes to complex ones alone, and write characteristics with the words of RFC 7643 section 7.",
        },
        judge: definitions,
    },
    Check {
        rule: Rule {
            id: "rules/schema-complete",
            title: "Declared attributes say all their characteristics",
            severity: Severity::Warning,
            refs: &[
                "rfc:7643-7-R04",
                "rfc:7643-2.2-R01",
                "rfc:7643-2.3-R01",
                "rfc:7643-7-R05",
                "rfc:7643-7-R06",
                "rfc:7643-7-R24",
            ],
            breaks: &[],
            hint: "Say type, multiValued, required, mutability and returned of each attribute, subAttributes of complex ones and referenceTypes of references; what is left out has the defaults of RFC 7643 section 2.2.",
        },
        judge: complete,
    },
    Check {
        rule: Rule {
            id: "rules/schema-predefined",
            title: "type, primary, display and $ref keep their meanings",
            severity: Severity::Warning,
            refs: &["rfc:7643-2.4-R01"],
            breaks: &[],
            hint: "In multi-valued attributes declare primary as boolean, $ref as reference, type and display as string.",
        },
        judge: predefined,
    },
    Check {
        rule: Rule {
            id: "rules/schema-standard",
            title: "Attributes of the published schemas are declared in their published shape",
            severity: Severity::Warning,
            refs: &["rfc:7643-8.7-R01", "rfc:7643-3.1-R23"],
            breaks: &[],
            hint: "Declare the attributes of User, Group and the enterprise extension with the type and multiplicity of RFC 7643 section 8.7, and id and externalId as case exact.",
        },
        judge: standard,
    },
    Check {
        rule: Rule {
            id: "rules/extension-names",
            title: "An extension does not define core attributes again",
            severity: Severity::Info,
            refs: &["rfc:7643-3.3-R03"],
            breaks: &[],
            hint: "Use the core attribute, or give the extension's attribute another name.",
        },
        judge: redefined,
    },
];

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schema of schemas nests complex attributes by its nature (RFC 7643 section 8.7.2).
const META: [&str; 1] = ["urn:ietf:params:scim:schemas:core:2.0:schema"];

const TYPES: [&str; 8] = [
    "string",
    "boolean",
    "decimal",
    "integer",
    "datetime",
    "binary",
    "reference",
    "complex",
];

/// Characteristics whose values are words of RFC 7643 section 7.
const WORDS: [(&str, &[&str]); 3] = [
    (
        "mutability",
        &["readonly", "readwrite", "immutable", "writeonly"],
    ),
    ("returned", &["always", "never", "default", "request"]),
    ("uniqueness", &["none", "server", "global"]),
];

/// Definitions looked at in one list, so that a garbage document costs little.
const MOST: usize = 2_000;

/// A definition with where it stands.
struct Defined<'a> {
    value: &'a Value,
    path: String,
    depth: usize,
    /// The attribute that holds it is multi-valued.
    in_list: bool,
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    member(value, name)
        .and_then(Value::as_array)
        .map_or(&[], |items| items.get(..MOST).unwrap_or(items))
}

/// All definitions of a schema, two levels deep: deeper ones are a fault of their parents.
fn all(schema: &Value) -> Vec<Defined<'_>> {
    let mut out = Vec::new();
    for value in list(schema, "attributes") {
        let name = text(value, "name").map_or_else(|| "an attribute".to_owned(), cut);
        let multi = member(value, "multiValued").and_then(Value::as_bool) == Some(true);
        for sub in list(value, "subAttributes") {
            let under = text(sub, "name").map_or_else(|| "a sub-attribute".to_owned(), cut);
            out.push(Defined {
                value: sub,
                path: format!("{name}.{under}"),
                depth: 1,
                in_list: multi,
            });
        }
        out.push(Defined {
            value,
            path: name,
            depth: 0,
            in_list: false,
        });
    }
    out
}

fn kind(value: &Value) -> Option<String> {
    text(value, "type").map(str::to_ascii_lowercase)
}

fn broken(schema: &Value, path: &str, what: &str, wanted: &str, actual: String) -> Ruling {
    Ruling::broken(
        format!("in {}, {path} {what}", called(schema)),
        wanted,
        actual,
    )
}

/// Looks at each definition of each schema; held where there is none to complain of.
fn every(
    view: &View<'_>,
    look: impl Fn(&Value, &Defined<'_>) -> Option<(String, &'static str, String)>,
) -> Ruling {
    each(schemas(view), |schema| {
        for defined in all(schema) {
            if let Some((what, wanted, actual)) = look(schema, &defined) {
                return broken(schema, &defined.path, &what, wanted, actual);
            }
        }
        Ruling::Held
    })
}

fn name_fits(name: &str) -> bool {
    name == "$ref"
        || (name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '-' | '_')))
}

fn definitions(view: &View<'_>) -> Ruling {
    every(view, |schema, defined| {
        let value = defined.value;
        if !value.is_object() {
            return Some(("is no object".to_owned(), "a definition", show(value)));
        }
        let Some(name) = text(value, "name") else {
            return Some(("has no name".to_owned(), "a name", show(value)));
        };
        if !name_fits(name) {
            return Some((
                "has a name that the grammar does not allow".to_owned(),
                "a letter, then letters, digits, $, - or _",
                cut(name),
            ));
        }
        for flag in ["multiValued", "required", "caseExact"] {
            if let Some(said) = member(value, flag).filter(|v| !v.is_boolean()) {
                return Some((
                    format!("says {flag} as {}", type_of(said)),
                    "true or false",
                    show(said),
                ));
            }
        }
        for (characteristic, words) in WORDS {
            if let Some(said) = member(value, characteristic) {
                let known = said
                    .as_str()
                    .is_some_and(|word| words.contains(&word.to_ascii_lowercase().as_str()));
                if !known {
                    return Some((
                        format!("has a {characteristic} that does not exist"),
                        "a word of RFC 7643 section 7",
                        show(said),
                    ));
                }
            }
        }
        let subs = list(value, "subAttributes");
        let kind = kind(value);
        if !subs.is_empty() && kind.as_deref().is_some_and(|kind| kind != "complex") {
            return Some((
                "is not complex and has sub-attributes".to_owned(),
                "no subAttributes, or type complex",
                kind.unwrap_or_default(),
            ));
        }
        let of_schemas =
            text(schema, "id").is_some_and(|id| META.contains(&id.to_ascii_lowercase().as_str()));
        if defined.depth > 0 && kind.as_deref() == Some("complex") && !of_schemas {
            return Some((
                "is a complex attribute inside a complex one".to_owned(),
                "simple sub-attributes",
                "complex".to_owned(),
            ));
        }
        None
    })
}

fn complete(view: &View<'_>) -> Ruling {
    every(view, |_, defined| {
        let value = defined.value;
        if !value.is_object() {
            return None;
        }
        let Some(kind) = kind(value) else {
            return Some(("does not say its type".to_owned(), "a type", show(value)));
        };
        if !TYPES.contains(&kind.as_str()) {
            return Some((
                "has a type that RFC 7643 does not know".to_owned(),
                "one of the eight types",
                cut(&kind),
            ));
        }
        for name in ["multiValued", "required", "mutability", "returned"] {
            if member(value, name).is_none() {
                return Some((
                    format!("does not say {name}"),
                    "all characteristics",
                    show(value),
                ));
            }
        }
        if kind == "complex" && list(value, "subAttributes").is_empty() && defined.depth == 0 {
            return Some((
                "is complex and lists no sub-attributes".to_owned(),
                "subAttributes",
                show(value),
            ));
        }
        let references = member(value, "referenceTypes");
        if let Some(said) = references.filter(|v| !v.is_array()) {
            return Some((
                "says referenceTypes as no list".to_owned(),
                "an array",
                show(said),
            ));
        }
        if kind == "reference" && references.is_none() {
            return Some((
                "is a reference and does not say to what".to_owned(),
                "referenceTypes",
                show(value),
            ));
        }
        None
    })
}

fn predefined(view: &View<'_>) -> Ruling {
    every(view, |_, defined| {
        if !defined.in_list {
            return None;
        }
        let (name, kind) = (text(defined.value, "name")?, kind(defined.value)?);
        let wanted: (&str, &'static str) = match name.to_ascii_lowercase().as_str() {
            "primary" => ("boolean", "type boolean"),
            "$ref" => ("reference", "type reference"),
            "type" | "display" => ("string", "type string"),
            _ => return None,
        };
        (kind != wanted.0).then(|| (format!("is declared as {}", cut(&kind)), wanted.1, kind))
    })
}

/// Types that are all JSON strings: which of them is declared is taste.
fn textual(kind: &str) -> bool {
    matches!(kind, "string" | "reference" | "binary" | "datetime")
}

fn standard(view: &View<'_>) -> Ruling {
    each(schemas(view), |schema| {
        let id = text(schema, "id").unwrap_or_default();
        for (urn, parents) in [USER, GROUP, ENTERPRISE]
            .into_iter()
            .map(|urn| (urn, view.schema.published_attributes_of(urn)))
        {
            if !id.eq_ignore_ascii_case(urn) {
                continue;
            }
            for defined in all(schema) {
                let names: Vec<&str> = defined.path.split('.').collect();
                let found = find(parents, &names);
                let common = (urn != ENTERPRISE && names.len() == 1)
                    .then(|| names[0])
                    .filter(|name| {
                        ["id", "externalId"]
                            .iter()
                            .any(|c| c.eq_ignore_ascii_case(name))
                    });
                if common.is_some()
                    && member(defined.value, "caseExact").and_then(Value::as_bool) == Some(false)
                {
                    return broken(
                        schema,
                        &defined.path,
                        "is declared without case",
                        "caseExact true (RFC 7643 section 3.1)",
                        "false".to_owned(),
                    );
                }
                let Some(published) = found else { continue };
                let multi = member(defined.value, "multiValued").and_then(Value::as_bool);
                if let Some(said) = multi.filter(|said| *said != published.multi_valued) {
                    return broken(
                        schema,
                        &defined.path,
                        if said {
                            "is declared multi-valued"
                        } else {
                            "is declared single-valued"
                        },
                        "multiValued as published",
                        said.to_string(),
                    );
                }
                let usual = format!("{:?}", published.kind).to_ascii_lowercase();
                if let Some(kind) = kind(defined.value)
                    .filter(|kind| *kind != usual && !(textual(kind) && textual(&usual)))
                {
                    return broken(
                        schema,
                        &defined.path,
                        "is declared with another type",
                        "the type as published",
                        kind,
                    );
                }
            }
        }
        Ruling::Held
    })
}

fn find<'a>(list: &'a [Attribute], names: &[&str]) -> Option<&'a Attribute> {
    let (first, rest) = names.split_first()?;
    let found = list.iter().find(|a| a.name.eq_ignore_ascii_case(first))?;
    if rest.is_empty() {
        Some(found)
    } else {
        find(&found.sub, rest)
    }
}

fn redefined(view: &View<'_>) -> Ruling {
    let core = view.schema.published_attributes_of(USER);
    each(schemas(view), |schema| {
        let id = text(schema, "id").unwrap_or_default().to_ascii_lowercase();
        if !id.contains(":extension:") || id.eq_ignore_ascii_case(ENTERPRISE) {
            return Ruling::Held;
        }
        for defined in all(schema).iter().filter(|d| d.depth == 0) {
            if core
                .iter()
                .any(|a| a.name.eq_ignore_ascii_case(&defined.path))
            {
                return broken(
                    schema,
                    &defined.path,
                    "has the name of a core attribute",
                    "a name of its own",
                    defined.path.clone(),
                );
            }
        }
        Ruling::Held
    })
}
