//! Resources as they are shown: the stored document with what is derived of the rest of the state.
//!
//! The short way copies the stored text and writes `id`, memberships and `meta` beside it; the
//! long way builds the object, for projections, filters and documents that refer to others.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::hooks::Moment;
use super::{Engine, Times, known};
use crate::protocol::Object;
use crate::protocol::projection::View;
use crate::protocol::schema::{ENTERPRISE, ResourceType, slots};
use crate::store::{Record, Slot, State};

/// How deep nested groups are followed upwards.
const MAX_NESTING: usize = 64;

/// A resource ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The JSON text.
    pub text: String,
    /// Its id.
    pub id: String,
    /// Its URI.
    pub location: String,
    /// Its entity tag, where tags are offered.
    pub version: Option<String>,
}

/// Which derived parts of a resource are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) members: bool,
    pub(super) groups: bool,
    pub(super) meta: bool,
    pub(super) references: bool,
}

impl Engine {
    /// A resource as it is sent to the client.
    pub(super) fn show(
        &self,
        state: &State,
        moment: Moment<'_>,
        slot: Slot,
        view: &View<'_>,
    ) -> Shown {
        let record = known(state, slot);
        let version = self.version(state, slot);
        let location = self.location(moment.kind, &record.id);
        let text = if view.is_default()
            && !moment.kind.guarded
            && !record.decorated
            && self.behaviour.own_extension.is_none()
            && !self.behaviour.computed_names
            && self.hooks.is_none()
        {
            self.text(state, moment.kind, slot, &location, version.as_deref())
        } else {
            let needs = Needs {
                members: view.shows(moment.kind, "members"),
                groups: view.shows(moment.kind, "groups"),
                meta: view.shows(moment.kind, "meta"),
                references: true,
            };
            let mut object = self.object(state, moment.kind, slot, needs);
            if let Some(hooks) = &self.hooks {
                hooks.shown(moment, &mut object);
            }
            view.project(moment.kind, &mut object);
            written(&object)
        };
        Shown {
            text,
            id: record.id.to_string(),
            location,
            version,
        }
    }

    /// The URI of a resource.
    pub(super) fn location(&self, kind: &ResourceType, id: &str) -> String {
        let mut location =
            String::with_capacity(self.base_url.len() + kind.endpoint.len() + id.len() + 1);
        let _ = write!(location, "{}{}/", self.base_url, kind.endpoint);
        for byte in id.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                location.push(char::from(byte));
            } else {
                let _ = write!(location, "%{byte:02X}");
            }
        }
        location
    }

    /// A reference to a resource (RFC 7643 section 2.3.7: relative ones begin at the base URL).
    fn reference(&self, kind: &ResourceType, id: &str) -> String {
        let location = self.location(kind, id);
        if self.behaviour.relative_references {
            location[self.base_url.len()..]
                .trim_start_matches('/')
                .to_owned()
        } else {
            location
        }
    }

    fn instant(&self, milliseconds: i64) -> String {
        let instant = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        match self.behaviour.times {
            Times::Milliseconds => format!("{instant:.3}"),
            Times::Seconds => format!("{instant:.0}"),
            Times::Fine => format!("{instant:.7}"),
            Times::Offset => instant.display_with_offset(jiff::tz::offset(2)).to_string(),
        }
    }

    /// The entity tag of a record: its revision, and a mark of what is derived and changes without
    /// it. Weak, since members' names may change within one revision (RFC 7644 section 3.14).
    pub(super) fn version(&self, state: &State, slot: Slot) -> Option<String> {
        if !self.behaviour.etags {
            return None;
        }
        let record = known(state, slot);
        if record.kind == slots::USER && (record.decorated || !state.groups(slot).is_empty()) {
            let mut hasher = DefaultHasher::new();
            self.memberships(state, slot)
                .iter()
                .for_each(|entry| entry.to_string().hash(&mut hasher));
            if record.decorated {
                self.object(
                    state,
                    self.registry.kind(record.kind),
                    slot,
                    Needs {
                        references: true,
                        ..Needs::default()
                    },
                )
                .get(ENTERPRISE)
                .map(ToString::to_string)
                .hash(&mut hasher);
            }
            return Some(self.tag(&format!("{}.{:x}", record.revision, hasher.finish())));
        }
        Some(self.tag(&record.revision.to_string()))
    }

    fn tag(&self, opaque: &str) -> String {
        let weak = if self.behaviour.strong_etags {
            ""
        } else {
            "W/"
        };
        format!("{weak}\"{opaque}\"")
    }

    /// The short way: the stored text with the derived parts written into it.
    fn text(
        &self,
        state: &State,
        kind: &ResourceType,
        slot: Slot,
        location: &str,
        version: Option<&str>,
    ) -> String {
        let record = known(state, slot);
        let document = &record.document;
        // `schemas` stands first in every stored document; `id` goes behind its bracket.
        let head = document.find(']').map_or(1, |position| position + 1);
        let mut text = String::with_capacity(document.len() + 384);
        text.push_str(&document[..head]);
        if head > 1 {
            text.push(',');
        }
        text.push_str("\"id\":");
        push_string(&mut text, &record.id);
        let rest = &document[head..document.len() - 1];
        if head == 1 && !rest.is_empty() {
            text.push(',');
        }
        text.push_str(rest);
        if kind.has_members() {
            let members = state.members(slot);
            if let Some(members) = members.filter(|members| !members.is_empty()) {
                text.push_str(",\"members\":[");
                for (position, member) in members.iter().enumerate() {
                    if position > 0 {
                        text.push(',');
                    }
                    self.push_member(&mut text, known(state, member));
                }
                text.push(']');
            }
        } else if kind.slot == slots::USER {
            let groups = self.memberships(state, slot);
            if !groups.is_empty() {
                let _ = write!(text, ",\"groups\":{}", Value::Array(groups));
            }
        }
        let created = self.instant(record.created);
        let modified = (record.modified != record.created).then(|| self.instant(record.modified));
        let modified = modified.as_deref().unwrap_or(&created);
        let parts = [
            ",\"meta\":{\"resourceType\":\"",
            &kind.name,
            "\",\"created\":\"",
            &created,
            "\",\"lastModified\":\"",
            modified,
            "\",\"location\":\"",
            location,
            "\"",
        ];
        text.extend(parts);
        if let Some(version) = version {
            text.push_str(",\"version\":");
            push_string(&mut text, version);
        }
        text.push_str("}}");
        text
    }

    fn push_member(&self, text: &mut String, member: &Record) {
        let kind = self.registry.kind(member.kind);
        text.push_str("{\"value\":");
        push_string(text, &member.id);
        if self.behaviour.bare_members {
            text.push('}');
            return;
        }
        let _ = write!(text, ",\"$ref\":\"{}\"", self.reference(kind, &member.id));
        if !member.display.is_empty() {
            text.push_str(",\"display\":");
            push_string(text, &member.display);
        }
        let _ = write!(text, ",\"type\":\"{}\"}}", kind.name);
    }

    /// A member of a group as an element.
    pub(super) fn member_element(&self, member: &Record) -> Value {
        if self.behaviour.bare_members {
            return json!({"value": &*member.id});
        }
        let kind = self.registry.kind(member.kind);
        let mut element = json!({"value": &*member.id, "$ref": self.reference(kind, &member.id)});
        if !member.display.is_empty() {
            element["display"] = json!(&*member.display);
        }
        element["type"] = json!(kind.name);
        element
    }

    /// The long way: the resource as an object, with the derived parts that are needed.
    pub(super) fn object(
        &self,
        state: &State,
        kind: &ResourceType,
        slot: Slot,
        needs: Needs,
    ) -> Object {
        let record = known(state, slot);
        let stored = stored(record);
        let mut object = Map::new();
        let mut rest = stored.into_iter();
        if let Some((name, schemas)) = rest.next() {
            object.insert(name, schemas);
        }
        object.insert("id".to_owned(), json!(&*record.id));
        object.extend(rest);
        if needs.references && record.decorated {
            self.decorate(state, &mut object);
        }
        if self.behaviour.computed_names && kind.slot == slots::USER {
            format_name(&mut object);
        }
        if needs.members && kind.has_members() {
            let members = state
                .members(slot)
                .into_iter()
                .flat_map(|members| members.iter());
            let members: Vec<Value> = members
                .map(|member| self.member_element(known(state, member)))
                .collect();
            if !members.is_empty() {
                object.insert("members".to_owned(), Value::Array(members));
            }
        }
        if kind.slot == slots::USER
            && let Some(urn) = &self.behaviour.own_extension
        {
            self.add_own(urn, slot, &mut object);
        }
        if needs.groups && kind.slot == slots::USER {
            let groups = self.memberships(state, slot);
            if !groups.is_empty() {
                object.insert("groups".to_owned(), Value::Array(groups));
            }
        }
        if needs.meta {
            let mut meta = json!({
                "resourceType": kind.name,
                "created": self.instant(record.created),
                "lastModified": self.instant(record.modified),
                "location": self.location(kind, &record.id),
            });
            if let Some(version) = self.version(state, slot) {
                meta["version"] = json!(version);
            }
            object.insert("meta".to_owned(), meta);
        }
        object
    }

    /// Completes a manager with the URI and name of the user (RFC 7643 section 4.3).
    fn decorate(&self, state: &State, object: &mut Object) {
        let Some(manager) = object
            .get_mut(ENTERPRISE)
            .and_then(|extension| extension.get_mut("manager"))
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        let found = manager
            .get("value")
            .and_then(Value::as_str)
            .and_then(|id| state.slot_of(slots::USER, id));
        if let Some(user) = found {
            let user = known(state, user);
            manager.insert(
                "$ref".to_owned(),
                json!(self.reference(self.registry.kind(user.kind), &user.id)),
            );
            if !user.display.is_empty() {
                manager.insert("displayName".to_owned(), json!(&*user.display));
            }
        }
    }

    /// The groups of a user, direct ones and those that hold them (RFC 7643 section 4.1.2).
    fn memberships(&self, state: &State, member: Slot) -> Vec<Value> {
        if !self.behaviour.shows_groups || state.groups(member).is_empty() {
            return Vec::new();
        }
        let mut seen: Vec<Slot> = state.groups(member).to_vec();
        let direct = seen.len();
        let mut at = 0;
        let mut level_end = direct;
        let mut depth = 0;
        while at < seen.len() && depth < MAX_NESTING {
            for group in state.groups(seen[at]) {
                if !seen.contains(group) {
                    seen.push(*group);
                }
            }
            at += 1;
            if at == level_end {
                level_end = seen.len();
                depth += 1;
            }
        }
        let element = |(position, slot): (usize, &Slot)| {
            let group = known(state, *slot);
            if self.behaviour.bare_groups {
                return json!({"value": &*group.id});
            }
            json!({
                "value": &*group.id,
                "$ref": self.reference(self.registry.kind(group.kind), &group.id),
                "display": &*group.display,
                "type": if position < direct { "direct" } else { "indirect" },
            })
        };
        seen.iter().enumerate().map(element).collect()
    }
}

/// Makes the whole name of its parts where nobody gave it (RFC 7643 section 4.1.1).
fn format_name(user: &mut Object) {
    let Some(Value::Object(name)) = user.get_mut("name") else {
        return;
    };
    let parts: Vec<&str> = ["givenName", "familyName"]
        .iter()
        .filter_map(|part| name.get(*part).and_then(Value::as_str))
        .collect();
    let whole = parts.join(" ");
    if !whole.is_empty() {
        name.entry("formatted").or_insert(json!(whole));
    }
}

/// A document as compact JSON.
pub(super) fn written(document: &Object) -> String {
    serde_json::to_string(document).expect("a JSON value can be written")
}

/// The stored document of a record.
pub(super) fn stored(record: &Record) -> Object {
    match serde_json::from_str(&record.document) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Writes a JSON string; text without special characters is copied.
pub(super) fn push_string(out: &mut String, text: &str) {
    if text
        .bytes()
        .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
    {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::String(text.to_owned()).to_string());
    }
}
