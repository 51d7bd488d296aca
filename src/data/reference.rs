//! Citations: `rfc:7644-3.5.2.3-R02`, `quirk:ENTRA-42`, `gate:entra-gallery/3`, `defect:42`, `url:https://...`.
//!
//! A case that cites nothing has no source, and a citation that names nothing is a slip of the pen: both are refused
//! when suites are read, with the nearest citation that exists.

use std::fmt;
use std::str::FromStr;

use super::defects::{self, Defect};
use super::gates;
use super::quirks::{self, Quirk};
use super::requirements::{self, Requirement};

/// Similarity (0 to 1) from which another citation is worth suggesting: two or three slips in a usual id.
const WORTH_SUGGESTING: f64 = 0.7;

/// A citation, read but not yet known to exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `rfc:ID`: a requirement.
    Requirement(String),
    /// `quirk:ID`: a provider's need.
    Quirk(String),
    /// `gate:GATE/STEP`: a step of a vendor's acceptance test.
    Gate(String),
    /// `defect:NUMBER`: a defect of a real server.
    Defect(u16),
    /// `url:https://...`: a document outside the project.
    Url(String),
}

/// What a citation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A requirement.
    Requirement(&'static Requirement),
    /// A provider's need.
    Quirk(&'static Quirk),
    /// A step of a vendor's acceptance test.
    Gate(&'static gates::Step),
    /// A defect of a real server.
    Defect(&'static Defect),
    /// A document outside the project; nobody looked whether it is there.
    Url,
}

/// Why a text is no citation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// No `NAMESPACE:` in front that we know.
    #[error("`{0}` has no known namespace; use rfc:, quirk:, gate:, defect: or url:")]
    Namespace(String),
    /// The part after the namespace is empty.
    #[error("`{0}` names nothing after its namespace")]
    Empty(String),
    /// `defect:` is followed by something else than a number.
    #[error("`{0}` must be `defect:` and a number")]
    DefectNumber(String),
    /// `url:` is followed by something else than an http or https address.
    #[error("`{0}` must be `url:` and an address that begins with https:// or http://")]
    Url(String),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (namespace, id) = text
            .split_once(':')
            .ok_or_else(|| ReferenceError::Namespace(text.to_owned()))?;
        if !["rfc", "quirk", "gate", "defect", "url"].contains(&namespace) {
            return Err(ReferenceError::Namespace(text.to_owned()));
        }
        if id.is_empty() {
            return Err(ReferenceError::Empty(text.to_owned()));
        }
        match namespace {
            "rfc" => Ok(Self::Requirement(id.to_owned())),
            "quirk" => Ok(Self::Quirk(id.to_owned())),
            "gate" => Ok(Self::Gate(id.to_owned())),
            "defect" => match id.parse::<u16>() {
                Ok(number) if number.to_string() == id => Ok(Self::Defect(number)),
                _ => Err(ReferenceError::DefectNumber(text.to_owned())),
            },
            _ => {
                let host = id
                    .strip_prefix("https://")
                    .or_else(|| id.strip_prefix("http://"));
                let plain = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
                if plain && !id.contains(char::is_whitespace) {
                    Ok(Self::Url(id.to_owned()))
                } else {
                    Err(ReferenceError::Url(text.to_owned()))
                }
            }
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requirement(id) => write!(f, "rfc:{id}"),
            Self::Quirk(id) => write!(f, "quirk:{id}"),
            Self::Gate(id) => write!(f, "gate:{id}"),
            Self::Defect(number) => write!(f, "defect:{number}"),
            Self::Url(url) => write!(f, "url:{url}"),
        }
    }
}

impl Reference {
    /// What it names; `None` where its list has no such entry.
    pub fn resolve(&self) -> Option<Entry> {
        match self {
            Self::Requirement(id) => requirements::find(id).map(Entry::Requirement),
            Self::Quirk(id) => quirks::find(id).map(Entry::Quirk),
            Self::Gate(id) => gates::find(id).map(Entry::Gate),
            Self::Defect(number) => defects::find(*number).map(Entry::Defect),
            Self::Url(_) => Some(Entry::Url),
        }
    }
}

/// The citation that exists and reads most like `text`, if any reads like it. `text` may lack its namespace.
pub fn nearest(text: &str) -> Option<String> {
    let folded = text.to_lowercase();
    every_citation()
        .map(|citation| {
            let known = citation.to_lowercase();
            let bare = known.split_once(':').map_or(known.as_str(), |(_, id)| id);
            let likeness = strsim::normalized_damerau_levenshtein(&folded, &known)
                .max(strsim::normalized_damerau_levenshtein(&folded, bare));
            (likeness, citation)
        })
        .filter(|(likeness, _)| *likeness >= WORTH_SUGGESTING)
        // The first of equals, so that the suggestion does not depend on chance.
        .fold(None, |best: Option<(f64, String)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, citation)| citation)
}

fn every_citation() -> impl Iterator<Item = String> {
    let rfc = requirements::all()
        .iter()
        .map(|requirement| format!("rfc:{}", requirement.id));
    let quirk = quirks::all()
        .iter()
        .map(|quirk| format!("quirk:{}", quirk.id));
    let gate = gates::steps()
        .iter()
        .map(|step| format!("gate:{}", step.id));
    let defect = defects::all()
        .iter()
        .map(|defect| format!("defect:{}", defect.number));
    rfc.chain(quirk).chain(gate).chain(defect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_namespace_resolves_in_its_own_list() {
        for text in [
            "rfc:7644-3.5.2.3-R02",
            "quirk:ENTRA-42",
            "gate:entra-gallery/3",
            "gate:okta-qa/C9340",
            "gate:jumpcloud-activation/A10b",
            "defect:42",
            "url:https://www.rfc-editor.org/rfc/rfc7644",
        ] {
            let reference: Reference = text.parse().expect("the form is right");
            assert!(reference.resolve().is_some(), "{text}");
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn what_names_nothing_does_not_resolve() {
        for text in [
            "rfc:7644-3.5.2.3-R99",
            "quirk:ENTRA-88",
            "quirk:entra-42",
            "gate:entra-gallery",
            "defect:158",
        ] {
            let reference: Reference = text.parse().expect("the form is right");
            assert_eq!(reference.resolve(), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_citation_is_refused() {
        for text in [
            "ENTRA-42",
            "quirks:ENTRA-42",
            "",
            "rfc:",
            "defect:4x",
            "defect:042",
            "defect:-1",
            "defect:70000",
            "url:www.example.com",
            "url:https://",
            "url:https:///x",
            "url:https://a b",
            "URL:https://example.com",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn slips_get_a_suggestion() {
        for (text, expected) in [
            ("quirk:ENTRA-088", Some("quirk:ENTRA-08")),
            ("quirks:ENTRA-42", Some("quirk:ENTRA-42")),
            ("ENTRA-42", Some("quirk:ENTRA-42")),
            ("quirk:entra-42", Some("quirk:ENTRA-42")),
            ("gate:entra-galery/16", Some("gate:entra-gallery/16")),
            ("rfc:7644-3.5.2.3-R2", Some("rfc:7644-3.5.2.3-R02")),
            ("something else altogether", None),
        ] {
            assert_eq!(nearest(text).as_deref(), expected, "{text}");
        }
    }
}
