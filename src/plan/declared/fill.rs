//! One step of `rfc/declared`, filled in for a subject.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::sample::{Round, filters, in_query, sample};
use super::subject::{Own, Subject, is, settable, writable};
use crate::scim::{AttrPath, Attribute, Kind, Returned, set};
use crate::suite::model::{Change, Expect, ListExpect, Matcher, Send, SendBody};

/// The endpoint that stands for a type in the suite, and the name of the resource there.
const PLACEHOLDER: &str = "/OwnTypes";
const THING: &str = "thing";

/// What a text that nobody declared looks like: it must not be kept where it was refused.
const OTHER: &str = "other-{{unique.other}}";

/// A subject, and how the suite speaks of its resource.
pub(super) struct Filling<'a> {
    subject: &'a Subject<'a>,
    /// From 0; later types have it in the ids of their steps.
    number: usize,
    /// How a filter names the resource.
    whose: Option<String>,
}

impl<'a> Filling<'a> {
    pub(super) fn of_people(subject: &'a Subject<'a>) -> Self {
        Self {
            subject,
            number: 0,
            whose: Some("userName eq \"{{user.userName}}\"".to_owned()),
        }
    }

    pub(super) fn of_type(subject: &'a Subject<'a>, number: usize) -> Self {
        let whose = subject.bearer().and_then(|(place, bearer)| {
            let value = sample(bearer.attribute, place, Round::First)?;
            Some(format!("{} eq {value}", bearer.path))
        });
        Self {
            subject,
            number,
            whose,
        }
    }

    /// Whether there is anything to do in this step.
    pub(super) fn fill(&self, send: &mut Send) -> bool {
        let worth = match send.id.as_str() {
            "create" => self.create(send),
            "read" => self.read(send),
            "write" | "patch" => self.write(send, Round::First),
            "replace" | "change" => self.write(send, Round::Second),
            "clear" => self.clear(send),
            "requested" => self.requested(send),
            "lookup" => self.lookup(send, true),
            "lookup-miss" => self.lookup(send, false),
            "again" => self.again(send),
            "incomplete" => self.incomplete(send),
            "immutable" => self.immutable(send),
            "wrong-type" => self.wrong_type(send),
            _ => true,
        };
        if worth {
            self.name(send);
        }
        worth
    }

    fn own(&self) -> impl Iterator<Item = (usize, &Own<'_>)> {
        self.subject.own.iter().enumerate()
    }

    fn create(&self, send: &mut Send) -> bool {
        let Some(body) = self.body(None) else {
            return false;
        };
        send.body = SendBody::Json(body);
        true
    }

    /// A whole resource, or one that lacks an attribute. `None` where something that is required cannot be made up.
    fn body(&self, without: Option<&str>) -> Option<Value> {
        let mut urns = vec![json!(self.subject.schema)];
        let mut body = json!({"schemas": []});
        let mut used = BTreeSet::new();
        for (place, own) in self.own() {
            if without == Some(own.path.as_str()) || !settable(own.attribute) {
                continue;
            }
            let Some(value) = sample(own.attribute, place, Round::First) else {
                if own.attribute.required {
                    return None;
                }
                continue;
            };
            let Ok(path) = AttrPath::parse(&own.path) else {
                continue;
            };
            set(&mut body, &path, value);
            used.extend(own.urn.clone());
        }
        if !self.subject.required.is_subset(&used) {
            return None;
        }
        urns.extend(used.into_iter().map(Value::String));
        body["schemas"] = Value::Array(urns);
        Some(body)
    }

    /// What a resource shows that was made with all values.
    fn read(&self, send: &mut Send) -> bool {
        let paths: Vec<(String, Matcher)> = self
            .own()
            .filter(|(_, own)| settable(own.attribute))
            .filter_map(|(place, own)| {
                let value = sample(own.attribute, place, Round::First)?;
                Some((own.path.clone(), shown(own.attribute, value)?))
            })
            .collect();
        let worth = !paths.is_empty();
        send.expect.body.extend(paths);
        worth
    }

    fn write(&self, send: &mut Send, round: Round) -> bool {
        let mut values = Vec::new();
        let mut paths = Vec::new();
        for (place, own) in self.own() {
            let attribute = own.attribute;
            let read_only = is(attribute, "readOnly");
            // What the server makes up itself may well be true, 7 or a canonical value; text that carries the run's tag may not.
            if read_only
                && (attribute.kind != Kind::String || !attribute.canonical_values.is_empty())
            {
                continue;
            }
            // Once it is set, another value is another matter.
            if is(attribute, "immutable") && round == Round::Second {
                continue;
            }
            let Some(value) = sample(attribute, place, round) else {
                continue;
            };
            let matcher = if attribute.returned == Returned::Never {
                Matcher::Absent
            } else if read_only {
                Matcher::Not(Box::new(Matcher::Is(value.clone())))
            } else {
                match shown(attribute, value.clone()) {
                    Some(matcher) => matcher,
                    None => continue,
                }
            };
            paths.push((own.path.clone(), matcher));
            values.push((own, value));
        }
        self.put(send, &values);
        if round == Round::Second {
            operations(send, |operation| operation["op"] = json!("replace"));
        }
        expect(send, &paths);
        !values.is_empty()
    }

    /// Takes a value away that nobody needs. A default may take its place, but not the old text.
    fn clear(&self, send: &mut Send) -> bool {
        let bearer = self.subject.bearer().map(|(place, _)| place);
        let found = self.own().find(|&(place, own)| {
            Some(place) != bearer
                && own.attribute.kind == Kind::String
                && !own.attribute.required
                && own.attribute.canonical_values.is_empty()
                && is(own.attribute, "readWrite")
                && writable(own.attribute)
        });
        let Some((place, own)) = found else {
            return false;
        };
        let Some(old) = sample(own.attribute, place, Round::Second) else {
            return false;
        };
        if let SendBody::Json(body) = &mut send.body {
            body["Operations"] = json!([{"op": "remove", "path": own.path}]);
        }
        let gone = Matcher::Not(Box::new(Matcher::Is(old)));
        expect(send, &[(own.path.clone(), gone)]);
        true
    }

    /// Attributes that are shown to whoever names them, and those that are shown even to whoever does not.
    fn requested(&self, send: &mut Send) -> bool {
        let mut names = Vec::new();
        let mut paths = Vec::new();
        for (place, own) in self.own() {
            let attribute = own.attribute;
            let asked = attribute.returned == Returned::Request;
            if !settable(attribute) || !(asked || attribute.returned == Returned::Always) {
                continue;
            }
            let Some(value) = sample(attribute, place, Round::First) else {
                continue;
            };
            if asked {
                names.push(own.path.clone());
            }
            paths.push((own.path.clone(), Matcher::Is(value)));
        }
        if paths.is_empty() {
            return false;
        }
        if names.is_empty() {
            names.push("id".to_owned());
        }
        send.target = format!("{}?attributes={}", send.target, names.join(","));
        send.expect.body.extend(paths);
        true
    }

    fn lookup(&self, send: &mut Send, hit: bool) -> bool {
        let both = self
            .whose
            .as_deref()
            .and_then(|whose| filters(whose, &self.subject.own));
        let Some((holds, fails)) = both else {
            return false;
        };
        let filter = if hit { holds } else { fails };
        send.target = format!("{}?filter={}", send.target, in_query(&filter));
        true
    }

    /// The same once more, where some value must be unique.
    fn again(&self, send: &mut Send) -> bool {
        let unique = self.own().any(|(place, own)| {
            let said = own.attribute.uniqueness.as_str();
            (said.eq_ignore_ascii_case("server") || said.eq_ignore_ascii_case("global"))
                && writable(own.attribute)
                && own.attribute.kind == Kind::String
                && own.attribute.canonical_values.is_empty()
                && sample(own.attribute, place, Round::First).is_some()
        });
        unique && self.create(send)
    }

    fn incomplete(&self, send: &mut Send) -> bool {
        let bearer = self.subject.bearer().map(|(place, _)| place);
        let needed = |&(place, own): &(usize, &Own<'_>)| {
            own.attribute.required && settable(own.attribute) && Some(place) != bearer
        };
        // What carries the tag stays in, so that whatever is made can be removed again.
        let Some((_, own)) = self.own().find(needed) else {
            return false;
        };
        let Some(mut body) = self.body(None) else {
            return false;
        };
        if let Ok(path) = AttrPath::parse(&own.path) {
            crate::scim::remove(&mut body, &path);
        }
        // A value that must be unique would be refused for another reason.
        for (_, unique) in self.own().filter(|(_, one)| {
            !matches!(
                one.attribute.uniqueness.to_ascii_lowercase().as_str(),
                "" | "none"
            )
        }) {
            if let Ok(path) = AttrPath::parse(&unique.path) {
                set(&mut body, &path, json!(OTHER));
            }
        }
        send.body = SendBody::Json(body);
        true
    }

    fn immutable(&self, send: &mut Send) -> bool {
        let found = self.own().find(|(_, own)| {
            is(own.attribute, "immutable")
                && own.attribute.kind == Kind::String
                && !own.attribute.multi_valued
                && own.attribute.canonical_values.is_empty()
                && writable(own.attribute)
        });
        let Some((place, own)) = found else {
            return false;
        };
        let other = json!(format!("other{place}-{{{{unique.other}}}}"));
        let kept = Matcher::Not(Box::new(Matcher::Is(other.clone())));
        self.put(send, &[(own, other)]);
        expect(send, &[(own.path.clone(), kept)]);
        true
    }

    fn wrong_type(&self, send: &mut Send) -> bool {
        let found = self.own().find(|(_, own)| {
            writable(own.attribute)
                && is(own.attribute, "readWrite")
                && !own.attribute.multi_valued
                && matches!(
                    own.attribute.kind,
                    Kind::Integer | Kind::Boolean | Kind::Decimal | Kind::String
                )
        });
        let Some((_, own)) = found else {
            return false;
        };
        self.put(send, &[(own, json!({"wrong": "type"}))]);
        true
    }

    /// Puts values into what is sent; the URNs of their extensions stand in `schemas`. What a GET does not show and yet is
    /// required goes with them.
    fn put(&self, send: &mut Send, values: &[(&Own<'_>, Value)]) {
        let hidden: Vec<(&Own<'_>, Value)> = self
            .own()
            .filter(|(_, own)| {
                let attribute = own.attribute;
                attribute.required
                    && settable(attribute)
                    && matches!(attribute.returned, Returned::Never | Returned::Request)
                    && !values.iter().any(|(known, _)| known.path == own.path)
            })
            .filter_map(|(place, own)| Some((own, sample(own.attribute, place, Round::First)?)))
            .collect();
        let all = || values.iter().chain(&hidden);
        match &mut send.body {
            SendBody::Echo { set, .. } => {
                let urns: BTreeSet<&String> =
                    all().filter_map(|(own, _)| own.urn.as_ref()).collect();
                if !urns.is_empty() {
                    let mut schemas = vec![json!(self.subject.schema)];
                    schemas.extend(
                        urns.into_iter()
                            .chain(&self.subject.required)
                            .collect::<BTreeSet<_>>()
                            .into_iter()
                            .map(|urn| json!(urn)),
                    );
                    set.push(("schemas".to_owned(), Value::Array(schemas)));
                }
                set.extend(all().map(|(own, value)| (own.path.clone(), value.clone())));
            }
            SendBody::Json(body) => {
                let operations: Vec<Value> = all()
                    .filter(|(own, _)| !is(own.attribute, "readOnly"))
                    .map(|(own, value)| json!({"op": "add", "path": own.path, "value": value}))
                    .collect();
                body["Operations"] = Value::Array(operations);
            }
            SendBody::Empty | SendBody::Raw(_) | SendBody::Fixture { .. } => {}
        }
    }

    /// Puts the type in the place of its placeholder.
    fn name(&self, send: &mut Send) {
        send.target = send.target.replacen(PLACEHOLDER, &self.subject.endpoint, 1);
        if self.number == 0 {
            return;
        }
        let name = format!("{THING}{}", self.number + 1);
        send.id = format!("{}-{}", send.id, self.number + 1);
        send.target = send
            .target
            .replace(&format!("{{{{{THING}."), &format!("{{{{{name}."));
        let rename = |text: &mut String| {
            if text == THING {
                text.clone_from(&name);
            }
        };
        if let Some(makes) = &mut send.makes {
            rename(makes);
        }
        if let SendBody::Echo { of, .. } = &mut send.body {
            rename(of);
        }
        if let Some(changes) = &mut send.changes {
            changes.of.iter_mut().for_each(|(of, _)| rename(of));
        }
        let named = |list: &mut Option<ListExpect>| {
            for list in list.iter_mut() {
                list.has
                    .iter_mut()
                    .chain(&mut list.lacks)
                    .chain(list.only.iter_mut().flatten())
                    .for_each(rename);
            }
        };
        let Expect { list, either, .. } = &mut send.expect;
        named(list);
        either
            .iter_mut()
            .for_each(|one| named(&mut one.expect.list));
    }
}

/// Changes each operation of a PATCH.
fn operations(send: &mut Send, change: impl FnMut(&mut Value)) {
    if let SendBody::Json(body) = &mut send.body
        && let Some(operations) = body["Operations"].as_array_mut()
    {
        operations.iter_mut().for_each(change);
    }
}

/// How a value that was sent is shown unasked; `None` where that cannot be said.
fn shown(attribute: &Attribute, value: Value) -> Option<Matcher> {
    match attribute.returned {
        Returned::Never | Returned::Request => Some(Matcher::Absent),
        Returned::Always | Returned::Default => writable(attribute).then_some(Matcher::Is(value)),
    }
}

fn expect(send: &mut Send, paths: &[(String, Matcher)]) {
    if let Some(changes) = &mut send.changes {
        for (_, change) in &mut changes.of {
            if let Change::Paths(all) = change {
                all.extend(paths.iter().cloned());
            }
        }
    }
}
