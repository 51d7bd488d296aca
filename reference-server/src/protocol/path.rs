//! Attribute paths: `userName`, `name.givenName`,
//! `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName`
//! (RFC 7644 section 3.10), and what they mean for a resource type.

use std::fmt;

use super::leniency::Leniency;
use super::schema::{Attribute, ResourceType, Schema};

/// A path as written, not yet matched with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttrPath {
    /// The URN before the last colon, where there is one.
    pub urn: Option<String>,
    /// The attribute; for the URN of an extension alone its last part.
    pub name: String,
    /// The sub-attribute after the dot.
    pub sub: Option<String>,
}

/// What a path means for one resource type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved<'t> {
    /// The base schema as a whole.
    Core,
    /// All attributes of an extension.
    Container(&'t Schema),
    /// One attribute, or one sub-attribute.
    Place(Place<'t>),
}

/// Where an attribute stands in a resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'t> {
    /// The URN of the extension whose object holds it.
    pub extension: Option<&'t str>,
    /// The attribute.
    pub attribute: &'t Attribute,
    /// The sub-attribute.
    pub sub: Option<&'t Attribute>,
}

impl<'t> Place<'t> {
    /// The attribute whose characteristics govern a value here.
    pub fn leaf(&self) -> &'t Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

impl AttrPath {
    /// Reads a path; `None` when it does not fit the grammar.
    pub fn parse(text: &str) -> Option<Self> {
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || sub.is_some_and(|sub| !is_name(sub)) {
            return None;
        }
        Some(Self {
            urn,
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }

    /// Matches the path with a resource type; `None` when no schema of the type declares it.
    pub fn resolve<'t>(&self, kind: &'t ResourceType, leniency: &Leniency) -> Option<Resolved<'t>> {
        let Some(urn) = &self.urn else {
            if let Some(attribute) = kind.core(&self.name) {
                return place(None, attribute, self.sub.as_deref());
            }
            if leniency.bare_extension_names {
                for (schema, _) in &kind.extensions {
                    if let Some(attribute) = schema.attribute(&self.name) {
                        return place(Some(&schema.id), attribute, self.sub.as_deref());
                    }
                }
            }
            return None;
        };
        if urn.eq_ignore_ascii_case(&kind.schema.id) {
            return kind
                .core(&self.name)
                .and_then(|attribute| place(None, attribute, self.sub.as_deref()));
        }
        if let Some(schema) = kind.extension(urn) {
            return schema
                .attribute(&self.name)
                .and_then(|attribute| place(Some(&schema.id), attribute, self.sub.as_deref()));
        }
        // The last colon may be inside of the URN: `urn:...:2.0:User`, alone or with a dot.
        let whole = format!("{urn}:{}", self.name);
        let core = whole.eq_ignore_ascii_case(&kind.schema.id);
        let schema = if core {
            Some(&kind.schema)
        } else {
            kind.extension(&whole)
        }?;
        match &self.sub {
            None if core => Some(Resolved::Core),
            None => Some(Resolved::Container(schema)),
            Some(name) if leniency.dotted_urn => schema.attribute(name).and_then(|attribute| {
                place((!core).then_some(schema.id.as_str()), attribute, None)
            }),
            Some(_) => None,
        }
    }
}

fn place<'t>(
    extension: Option<&'t str>,
    attribute: &'t Attribute,
    sub: Option<&str>,
) -> Option<Resolved<'t>> {
    let sub = match sub {
        Some(name) => Some(attribute.sub(name)?),
        None => None,
    };
    Some(Resolved::Place(Place {
        extension,
        attribute,
        sub,
    }))
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

/// Whether text is an attribute name. `$ref` begins with a character that RFC 7643 section 2.1
/// does not allow at the front, yet names a sub-attribute of its own schemas.
pub fn is_name(text: &str) -> bool {
    let body = text.strip_prefix('$').unwrap_or(text);
    body.starts_with(|first: char| first.is_ascii_alphabetic())
        && body.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '$')
        })
}

/// Whether text can be the URN of a schema: a scheme, and no character that ends a token.
fn is_urn(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, rest)| is_name(scheme) && !rest.is_empty())
        && !text.chars().any(|character| {
            character.is_whitespace()
                || character.is_control()
                || matches!(character, '[' | ']' | '(' | ')' | '"')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::schema::{ENTERPRISE, Registry, slots};

    #[test]
    fn paths_read_and_print_alike() {
        for text in [
            "userName",
            "name.givenName",
            "members.$ref",
            "urn:a:b:2.0:User:x.y",
            "urn:a:b:2.0:User",
            "urn:a:b:2.0:User.x",
        ] {
            assert_eq!(AttrPath::parse(text).expect("a path").to_string(), text);
        }
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "1a",
            "a b",
            "a[",
            ":a",
            "a:b",
            "urn:",
            "emails[0]",
            "é",
        ] {
            assert!(AttrPath::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn paths_find_their_attribute() {
        let registry = Registry::built_in(&Leniency::DEFAULT).expect("the shipped schemas load");
        let user = registry.kind(slots::USER);
        let found = |text: &str, leniency: &Leniency| match AttrPath::parse(text)
            .and_then(|path| path.resolve(user, leniency))
        {
            Some(Resolved::Core) => "core".to_owned(),
            Some(Resolved::Container(_)) => "container".to_owned(),
            Some(Resolved::Place(place)) => {
                format!(
                    "{}{}.{}",
                    if place.extension.is_some() { "x:" } else { "" },
                    place.attribute.name,
                    place.sub.map_or("", |sub| &sub.name)
                )
            }
            None => String::new(),
        };
        for (text, default, strict) in [
            ("USERNAME", "userName.", "userName."),
            ("name.givenname", "name.givenName", "name.givenName"),
            ("name.nothing", "", ""),
            ("id", "id.", "id."),
            (
                "meta.lastModified",
                "meta.lastModified",
                "meta.lastModified",
            ),
            ("manager", "x:manager.", ""),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName",
                "userName.",
                "userName.",
            ),
            ("urn:ietf:params:scim:schemas:core:2.0:User", "core", "core"),
            (ENTERPRISE, "container", "container"),
            (
                "URN:ietf:params:scim:schemas:extension:Enterprise:2.0:user:MANAGER.value",
                "x:manager.value",
                "x:manager.value",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department",
                "x:department.",
                "",
            ),
            (
                "urn:ietf:params:scim:schemas:core:2.0:Group:displayName",
                "",
                "",
            ),
        ] {
            assert_eq!(found(text, &Leniency::DEFAULT), default, "{text}");
            assert_eq!(found(text, &Leniency::STRICT), strict, "{text}, strict");
        }
    }
}
