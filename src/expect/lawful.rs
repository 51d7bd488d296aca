//! What a server may change by itself although nobody asked for it, so that no right server is accused.
//!
//! The rule of thumb: what the client said must stay as it was; what it never said may be filled in, computed and derived by the server,
//! but not turned against the person (deactivation, members from nowhere) and not filled with a value that was meant for another place.

use serde_json::Value;

use super::state::{StateContext, Wrote};
use crate::scim::{AttrPath, Difference, Returned, equal, get, is_unassigned, named};

/// Judges differences between two states from which the paths that were to change are already taken out.
pub(super) struct Lawful<'a> {
    pub(super) before: &'a Value,
    pub(super) after: &'a Value,
    /// Both states as they came, with the paths that were to change.
    pub(super) whole: [&'a Value; 2],
    pub(super) changed: &'a [AttrPath],
    pub(super) context: &'a StateContext<'a>,
}

/// Values that servers derive from one another where the client did not give them: names, addresses of a person.
const DERIVED: [&str; 8] = [
    "displayname",
    "name",
    "nickname",
    "username",
    "emails",
    "profileurl",
    "photos",
    "ims",
];
/// What servers fill from their own affairs (licences, role models, directories) where the client never said anything.
const MANAGED: [&str; 6] = [
    "roles",
    "entitlements",
    "photos",
    "profileurl",
    "x509certificates",
    "groups",
];
/// Never filled, cleared or changed by a server on its own.
const FIXED: [&str; 4] = ["id", "username", "externalid", "members"];

impl Lawful<'_> {
    /// Whether the server may have done this by itself.
    pub(super) fn allows(&self, difference: &Difference) -> bool {
        let Difference {
            path,
            before,
            after,
        } = difference;
        let top = top_of(path);
        let last = path
            .segments
            .last()
            .map(|s| s.name.to_ascii_lowercase())
            .unwrap_or_default();
        if matches!(top.as_str(), "meta" | "groups" | "password") {
            return true;
        }
        if top == "schemas" {
            return self.allows_schemas(before.as_ref(), after.as_ref());
        }
        if last == "$ref"
            || (matches!(top.as_str(), "members" | "manager") && last.starts_with("display"))
        {
            return true;
        }
        if last == "primary" && path.segments.len() > 1 {
            return self.allows_primary(path, after.as_ref());
        }
        if after.is_none()
            && before
                .as_ref()
                .is_some_and(|value| self.refers_to_gone(value))
        {
            return true;
        }
        let sent = self.context.sent.mentions(path);
        if !sent && self.is_unknown(path) {
            return true;
        }
        if top == "active" {
            return self.allows_active(path, before.as_ref(), after.as_ref());
        }
        if self.is_declared_read_only(path) && top != "id" {
            return true;
        }
        if self.is_on_request(path) {
            return true;
        }
        if last == "formatted"
            && after.is_some()
            && self.changed.iter().any(|changed| top_of(changed) == top)
        {
            // By its definition it is made of its siblings (RFC 7643 section 4.1.1).
            return true;
        }
        if top == "displayname" && path.segments.len() == 1 && self.is_made_of_name() {
            return true;
        }
        if self.left_out_of_put(path) && !matches!(top.as_str(), "id" | "username" | "members") {
            return true;
        }
        if FIXED.contains(&top.as_str()) {
            // Of a member, what was never sent may come and go: `type`, for one.
            return top == "members" && path.segments.len() > 1 && last != "value" && !sent;
        }
        let derived = self.is_derived(&top, &last);
        match (before, after) {
            (None, Some(value)) if sent => {
                // It was said before and comes to light now; what is there already does not come to light again.
                let at = path.bare();
                let same = |found: &Value| equal(found, value, &at, self.context.schema);
                get(self.context.sent.resource(), path)
                    .iter()
                    .any(|said| same(said))
                    && !get(self.before, path).iter().any(|old| same(old))
            }
            (None, Some(value)) => derived || !self.carries_what_was_written(value),
            (Some(value), _) if sent => {
                derived && !self.context.sent.says(path, value, self.context.schema)
            }
            (Some(_), _) => derived || MANAGED.contains(&top.as_str()),
            (None, None) => true,
        }
    }

    /// URNs of extensions come and go with their attributes; the type's own URN stays.
    fn allows_schemas(&self, before: Option<&Value>, after: Option<&Value>) -> bool {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_ascii_lowercase);
        if [before, after]
            .into_iter()
            .flatten()
            .any(|value| !value.is_string())
        {
            return false;
        }
        match (text(before), text(after)) {
            (Some(lost), None) => !lost.contains(":schemas:core:"),
            (None, Some(come)) => !come.contains(":api:messages:"),
            _ => false,
        }
    }

    /// At most one element is primary: naming a new one takes it from the old one (RFC 7644 section 3.5.2).
    fn allows_primary(&self, path: &AttrPath, after: Option<&Value>) -> bool {
        let list = AttrPath {
            urn: path.urn.clone(),
            segments: path.segments[..path.segments.len() - 1].to_vec(),
        }
        .bare();
        let flag = list.child("primary");
        let yes = |state: &Value| {
            get(state, &flag)
                .iter()
                .filter(|v| **v == &Value::Bool(true))
                .count()
        };
        let touched = self
            .changed
            .iter()
            .any(|changed| top_of(changed) == top_of(path))
            || matches!(self.context.wrote, Wrote::Put(_));
        match after {
            Some(Value::Bool(true)) => yes(self.after) <= 1 && (touched || yes(self.before) == 0),
            None | Some(Value::Bool(false)) => {
                touched && (yes(self.after) == 1 || self.primary_was_named(path))
            }
            _ => false,
        }
    }

    /// The change itself names a primary, which is no longer in the states compared here.
    fn primary_was_named(&self, path: &AttrPath) -> bool {
        let named = self.changed.iter().any(|changed| {
            top_of(changed) == top_of(path)
                && changed
                    .segments
                    .last()
                    .is_some_and(|s| s.name.eq_ignore_ascii_case("primary"))
        });
        named || {
            let wrote = match self.context.wrote {
                Wrote::Patch(body) | Wrote::Put(body) => Some(body),
                Wrote::Nothing => None,
            };
            wrote.is_some_and(|body| any_primary(body, 0))
        }
    }

    /// A default of true is lawful; losing access is not.
    fn allows_active(
        &self,
        path: &AttrPath,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> bool {
        match (before, after) {
            (None, Some(Value::Bool(true))) => true,
            (Some(Value::Bool(true)), None) => self.left_out_of_put(path),
            (Some(Value::Bool(false)), None | Some(Value::Bool(true))) => {
                self.left_out_of_put(path)
            }
            _ => false,
        }
    }

    fn refers_to_gone(&self, value: &Value) -> bool {
        let id = if value.is_object() {
            named(value, "value").and_then(Value::as_str)
        } else {
            value.as_str()
        };
        id.is_some_and(|id| self.context.gone.iter().any(|gone| gone == id))
    }

    /// Outside the User, Group and enterprise schemas.
    fn is_unknown(&self, path: &AttrPath) -> bool {
        match (&path.urn, path.segments.is_empty()) {
            (Some(urn), true) => !urn
                .to_ascii_lowercase()
                .starts_with("urn:ietf:params:scim:schemas:"),
            _ => self
                .context
                .schema
                .published_attribute(&path.bare())
                .is_none(),
        }
    }

    /// The target says in its /Schemas that clients cannot write it: then it is the server's own.
    fn is_declared_read_only(&self, path: &AttrPath) -> bool {
        let declared = self.context.schema.declared_attribute(&path.bare());
        declared.is_some_and(|attribute| attribute.mutability.eq_ignore_ascii_case("readOnly"))
    }

    /// The target says that this is shown to who asks for it, or to nobody: an answer to a write may show it, a GET need not
    /// (RFC 7643 section 7).
    fn is_on_request(&self, path: &AttrPath) -> bool {
        let bare = path.bare();
        let top = AttrPath {
            urn: bare.urn.clone(),
            segments: bare.segments.iter().take(1).cloned().collect(),
        };
        [bare, top].iter().any(|path| {
            self.context
                .schema
                .declared_attribute(path)
                .is_some_and(|attribute| {
                    matches!(attribute.returned, Returned::Request | Returned::Never)
                })
        })
    }

    /// A PUT that does not name an attribute may clear it or give it its default (RFC 7644 section 3.5.1).
    fn left_out_of_put(&self, path: &AttrPath) -> bool {
        match self.context.wrote {
            Wrote::Put(body) => get(body, path).iter().all(|value| is_unassigned(value)),
            Wrote::Patch(_) | Wrote::Nothing => false,
        }
    }

    /// Derived from something that this request changed.
    fn is_derived(&self, top: &str, last: &str) -> bool {
        let formatted = last == "formatted" || last == "display";
        let touched = |names: &dyn Fn(&str) -> bool| {
            matches!(self.context.wrote, Wrote::Put(_))
                || self.changed.iter().any(|changed| names(&top_of(changed)))
        };
        (DERIVED.contains(&top) && touched(&|name| DERIVED.contains(&name)))
            || (formatted && touched(&|name| name == top))
    }

    /// `displayName` was given name and surname, they changed, and it is given name and surname again. A server that makes it
    /// of them loses what a client says there, which the mapping's checks find; it does no damage to the person.
    fn is_made_of_name(&self) -> bool {
        let text = |state: &Value, path: &AttrPath| match get(state, path).as_slice() {
            [Value::String(text)] if !text.trim().is_empty() => Some(text.to_lowercase()),
            _ => None,
        };
        let name = AttrPath::name("name");
        let parts = |state: &Value| {
            let given = text(state, &name.child("givenName"));
            given.zip(text(state, &name.child("familyName")))
        };
        let made = |state: &Value| {
            text(state, &AttrPath::name("displayName"))
                .zip(parts(state))
                .is_some_and(|(shown, (given, family))| {
                    shown.contains(&given) && shown.contains(&family)
                })
        };
        let [before, after] = self.whole;
        made(before) && made(after) && parts(before) != parts(after)
    }

    /// The value is one that this PATCH wrote, and so was meant for another place.
    fn carries_what_was_written(&self, value: &Value) -> bool {
        let Wrote::Patch(body) = self.context.wrote else {
            return false;
        };
        let mut written = Vec::new();
        texts(named(body, "Operations").unwrap_or(body), &mut written, 0);
        let mut appeared = Vec::new();
        texts(value, &mut appeared, 0);
        appeared.iter().any(|text| {
            text.chars().count() >= 3 && written.iter().any(|w| w.eq_ignore_ascii_case(text))
        })
    }
}

fn texts<'a>(value: &'a Value, out: &mut Vec<&'a str>, depth: usize) {
    match value {
        _ if depth > 16 => {}
        Value::String(text) => out.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out, depth + 1)),
        Value::Object(map) => {
            map.iter()
                .filter(|(key, _)| !matches!(key.as_str(), "op" | "path" | "type"))
                .for_each(|(_, v)| texts(v, out, depth + 1));
        }
        _ => {}
    }
}

fn any_primary(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth > 16 => false,
        Value::Array(items) => items.iter().any(|item| any_primary(item, depth + 1)),
        Value::Object(map) => map.iter().any(|(key, value)| {
            (key.eq_ignore_ascii_case("primary") && value == &Value::Bool(true))
                || any_primary(value, depth + 1)
        }),
        _ => false,
    }
}

/// The first name of a path, in lower case; for an extension the first name within it.
fn top_of(path: &AttrPath) -> String {
    path.segments
        .first()
        .map(|segment| segment.name.to_ascii_lowercase())
        .unwrap_or_default()
}
