//! Which attributes an answer holds: `attributes`, `excludedAttributes` and the `returned`
//! characteristic (RFC 7644 section 3.9, RFC 7643 section 7).

use serde_json::Value;

use super::Object;
use super::leniency::Leniency;
use super::path::{AttrPath, Resolved};
use super::schema::{Attribute, ResourceType, Returned};

/// What the client asked to see, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these.
    pub attributes: Option<Vec<String>>,
    /// All but these.
    pub excluded: Option<Vec<String>>,
}

impl Wanted {
    /// Whether nothing special was asked for.
    pub fn is_default(&self) -> bool {
        self.attributes.is_none() && self.excluded.is_none()
    }

    /// Matches the names with a type; names that it does not have are passed over.
    pub fn resolve<'t>(&self, kind: &'t ResourceType, leniency: &Leniency) -> View<'t> {
        let resolve = |names: &Vec<String>| {
            let found = |name: &String| match kind.extension(name) {
                Some(schema) => Some(Resolved::Container(schema)),
                None => AttrPath::parse(name)?.resolve(kind, leniency),
            };
            names.iter().filter_map(found).collect()
        };
        View {
            only: self.attributes.as_ref().map(resolve),
            without: self.excluded.as_ref().map(resolve).unwrap_or_default(),
            echoed: Vec::new(),
        }
    }
}

/// What the client asked to see of one type.
#[derive(Debug, Clone, Default)]
pub struct View<'t> {
    only: Option<Vec<Resolved<'t>>>,
    without: Vec<Resolved<'t>>,
    echoed: Vec<String>,
}

/// How much of an attribute is shown.
enum Share {
    Whole,
    Nothing,
    Only(Vec<String>),
    Without(Vec<String>),
}

impl<'t> View<'t> {
    /// Whether everything that is returned by default is wanted.
    pub fn is_default(&self) -> bool {
        self.only.is_none() && self.without.is_empty()
    }

    /// Shows the attributes of these names although they are returned on request only, since the
    /// client has just written them.
    pub fn echo(mut self, kind: &ResourceType, written: &Object) -> Self {
        if kind.guarded {
            self.echoed = written.keys().cloned().collect();
        }
        self
    }

    /// Whether an attribute of the core would be shown, wholly or in part.
    pub fn shows(&self, kind: &ResourceType, name: &str) -> bool {
        kind.core(name)
            .is_some_and(|attribute| !matches!(self.share(None, attribute), Share::Nothing))
    }

    fn share(&self, extension: Option<&str>, attribute: &Attribute) -> Share {
        match attribute.returned {
            Returned::Always => return Share::Whole,
            Returned::Never => return Share::Nothing,
            Returned::Default | Returned::Request => {}
        }
        let mut shared = if let Some(only) = &self.only {
            match named(
                only,
                extension,
                attribute,
                attribute.returned == Returned::Default,
            ) {
                Some(subs) if subs.is_empty() => Share::Whole,
                Some(subs) => Share::Only(subs),
                None => Share::Nothing,
            }
        } else if attribute.returned == Returned::Request && !self.echoed.contains(&attribute.name)
        {
            Share::Nothing
        } else {
            Share::Whole
        };
        if let Some(subs) = named(&self.without, extension, attribute, true) {
            shared = match (shared, subs.is_empty()) {
                (_, true) | (Share::Nothing, _) => Share::Nothing,
                (Share::Only(only), false) => Share::Only(
                    only.into_iter()
                        .filter(|name| !subs.contains(name))
                        .collect(),
                ),
                (_, false) => Share::Without(subs),
            };
        }
        shared
    }

    /// Cuts a resource down to what is shown.
    pub fn project(&self, kind: &ResourceType, resource: &mut Object) {
        for (schema, _) in &kind.extensions {
            let Some(Value::Object(content)) = resource.get_mut(&schema.id) else {
                continue;
            };
            self.cut(Some(&schema.id), content, |name| schema.attribute(name));
            if content.is_empty() {
                resource.shift_remove(&schema.id);
            }
        }
        self.cut(None, resource, |name| kind.core(name));
    }

    fn cut<'a>(
        &self,
        extension: Option<&str>,
        object: &mut Object,
        find: impl Fn(&str) -> Option<&'a Attribute>,
    ) {
        object.retain(|name, value| {
            // What no attribute describes here is the object of an extension, cut on its own.
            let Some(attribute) = find(name) else {
                return true;
            };
            let keep: Box<dyn Fn(&str) -> bool> = match self.share(extension, attribute) {
                Share::Nothing => return false,
                Share::Whole => Box::new(|_| true),
                Share::Only(subs) => Box::new(move |name| subs.iter().any(|sub| sub == name)),
                Share::Without(subs) => Box::new(move |name| !subs.iter().any(|sub| sub == name)),
            };
            cut_subs(attribute, value, &keep);
            !super::value::is_unassigned(value)
        });
    }
}

/// The sub-attributes of an attribute that a list names; empty when it names the whole.
fn named(
    list: &[Resolved<'_>],
    extension: Option<&str>,
    attribute: &Attribute,
    by_schema: bool,
) -> Option<Vec<String>> {
    let mut subs: Option<Vec<String>> = None;
    for entry in list {
        match entry {
            Resolved::Core if by_schema && extension.is_none() => return Some(Vec::new()),
            Resolved::Container(schema) if by_schema && extension == Some(schema.id.as_str()) => {
                return Some(Vec::new());
            }
            Resolved::Place(place)
                if place.extension == extension && place.attribute.name == attribute.name =>
            {
                match place.sub {
                    None => return Some(Vec::new()),
                    Some(sub) => subs.get_or_insert_with(Vec::new).push(sub.name.clone()),
                }
            }
            _ => {}
        }
    }
    subs
}

fn cut_subs(attribute: &Attribute, value: &mut Value, keep: &dyn Fn(&str) -> bool) {
    match value {
        Value::Array(list) => {
            for element in list.iter_mut() {
                cut_subs(attribute, element, keep);
            }
            list.retain(|element| !super::value::is_unassigned(element));
        }
        Value::Object(object) => {
            object.retain(
                |name, _| match attribute.sub(name).map(|sub| sub.returned) {
                    Some(Returned::Always) => true,
                    Some(Returned::Never) => false,
                    _ => keep(name),
                },
            )
        }
        _ => {}
    }
}
