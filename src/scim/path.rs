//! Attribute paths: `userName`, `name.givenName`, `emails[type eq "work"].value`,
//! `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value`.
//!
//! RFC 7644 section 3.10 and figure 7 give the grammar. This reader is wider on purpose: suites also point into
//! documents that are no resources (`Operations[bulkId eq "a"].response.status`, `Resources[0].id`), so any depth, a
//! filter on any segment and a position in brackets are understood.

use std::fmt;
use std::str::FromStr;

use super::filter::{Cursor, Filter};

/// A path to values inside a JSON document, with names compared without case.
#[derive(Debug, Clone, PartialEq)]
pub struct AttrPath {
    /// The schema URN that qualifies the path, without its trailing colon.
    pub urn: Option<String>,
    /// The names from the outside in. Empty only where the path is a URN alone (a whole extension).
    pub segments: Vec<Segment>,
}

/// One name of a path, with what selects among several values.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The attribute's name as it was written.
    pub name: String,
    /// What stands in brackets behind it.
    pub selector: Option<Selector>,
}

/// What stands in brackets behind a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// A value filter: `[type eq "work"]`.
    Filter(Filter),
    /// A position, from 0: `[0]`. Not SCIM; for documents such as lists.
    Index(usize),
}

/// Why a path could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no attribute path: {reason} (at character {at})")]
pub struct PathError {
    /// The path as written.
    pub text: String,
    /// What was wrong.
    pub reason: String,
    /// Where, in characters from 1.
    pub at: usize,
}

impl AttrPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Where the text is empty, a name is missing, or a bracket does not hold a filter or a position.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let fail = |reason: &str, at: usize| PathError {
            text: text.to_owned(),
            reason: reason.to_owned(),
            at: text.get(..at).map_or(at, |t| t.chars().count()) + 1,
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(fail("it is empty", 0));
        }
        let mut cursor = Cursor::new(text);
        cursor.skip_spaces();
        let urn = read_urn(&mut cursor);
        let mut segments = Vec::new();
        if urn.is_some() && cursor.rest().trim().is_empty() {
            return Ok(Self { urn, segments });
        }
        // A whole extension may be followed by `.name`, as some clients write it.
        if urn.is_some() && cursor.rest().starts_with('.') {
            cursor.advance(1);
        }
        loop {
            let name = cursor.take_while(|c| !matches!(c, '.' | '[' | ']') && !c.is_whitespace());
            if name.is_empty() {
                return Err(fail("a name is missing", cursor.at()));
            }
            let name = name.to_owned();
            let selector = if cursor.rest().starts_with('[') {
                cursor.advance(1);
                Some(read_selector(&mut cursor).map_err(|reason| fail(&reason, cursor.at()))?)
            } else {
                None
            };
            segments.push(Segment { name, selector });
            if cursor.rest().starts_with('.') {
                cursor.advance(1);
            } else if cursor.rest().trim().is_empty() {
                return Ok(Self { urn, segments });
            } else {
                return Err(fail("text follows that belongs to no name", cursor.at()));
            }
        }
    }

    /// A path of one plain name, such as a key of a document.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self {
            urn: None,
            segments: vec![Segment {
                name: name.to_owned(),
                selector: None,
            }],
        }
    }

    /// A path that is a schema URN alone.
    #[must_use]
    pub fn extension(urn: &str) -> Self {
        Self {
            urn: Some(urn.to_owned()),
            segments: Vec::new(),
        }
    }

    /// This path with one more name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut path = self.clone();
        path.segments.push(Segment {
            name: name.to_owned(),
            selector: None,
        });
        path
    }

    /// This path with a filter behind its last name.
    #[must_use]
    pub fn selecting(&self, filter: Filter) -> Self {
        let mut path = self.clone();
        if let Some(last) = path.segments.last_mut() {
            last.selector = Some(Selector::Filter(filter));
        }
        path
    }

    /// The path without its filters: what a schema calls the attribute.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            urn: self.urn.clone(),
            segments: self
                .segments
                .iter()
                .map(|s| Segment {
                    name: s.name.clone(),
                    selector: None,
                })
                .collect(),
        }
    }

    /// The path in one spelling whatever its case: for sets and maps.
    #[must_use]
    pub fn key(&self) -> String {
        let core = self.urn.as_deref().is_some_and(is_core_urn);
        let path = self.bare();
        let path = if core {
            Self { urn: None, ..path }
        } else {
            path
        };
        path.to_string().to_ascii_lowercase()
    }

    /// True where `other` is this path or lies below it; filters are not looked at.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.key(), other.key());
        theirs.strip_prefix(&mine).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with('.')
                || (self.segments.is_empty() && rest.starts_with(':'))
        })
    }

    /// True where any segment selects among values.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.segments.iter().any(|s| s.selector.is_some())
    }
}

/// True for the URNs of the core resource types, whose attributes stand at the top of the document.
pub(super) fn is_core_urn(urn: &str) -> bool {
    urn.to_ascii_lowercase()
        .starts_with("urn:ietf:params:scim:schemas:core:")
}

/// Reads the URN in front of the attribute: everything up to the last colon before a bracket.
///
/// A URN alone (`...:enterprise:2.0:User`) has the same shape as a URN with an attribute; where what stands
/// before the last colon ends in a version, the last word is taken as the URN's own resource name.
fn read_urn(cursor: &mut Cursor<'_>) -> Option<String> {
    let rest = cursor.rest();
    if !rest
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
    {
        return None;
    }
    let end = rest
        .find(|c: char| c == '[' || c.is_whitespace())
        .unwrap_or(rest.len());
    let head = &rest[..end];
    let colon = head.rfind(':').filter(|&at| at > 3);
    let split = colon?;
    let (before, tail) = (&head[..split], &head[split + 1..]);
    if ends_in_version(before) || tail.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let word = if ends_in_version(before) {
            tail.find('.').unwrap_or(tail.len())
        } else {
            tail.len()
        };
        let whole = &head[..split + 1 + word];
        // A filter behind the last word makes that word an attribute after all.
        if split + 1 + word < rest.len() && rest[split + 1 + word..].starts_with('[') {
            cursor.advance(split + 1);
            return Some(before.to_owned());
        }
        cursor.advance(whole.len());
        return Some(whole.to_owned());
    }
    cursor.advance(split + 1);
    Some(before.to_owned())
}

fn ends_in_version(urn: &str) -> bool {
    urn.rsplit(':').next().is_some_and(|last| {
        !last.is_empty()
            && last.starts_with(|c: char| c.is_ascii_digit())
            && last.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn read_selector(cursor: &mut Cursor<'_>) -> Result<Selector, String> {
    cursor.skip_spaces();
    let digits: String = cursor
        .rest()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    if !digits.is_empty() && cursor.rest()[digits.len()..].trim_start().starts_with(']') {
        let index = digits
            .parse()
            .map_err(|_| "the position is too large".to_owned())?;
        cursor.advance(digits.len());
        cursor.skip_spaces();
        cursor.advance(1);
        return Ok(Selector::Index(index));
    }
    let filter = Filter::read(cursor)?;
    cursor.skip_spaces();
    if !cursor.rest().starts_with(']') {
        return Err("the bracket is not closed".to_owned());
    }
    cursor.advance(1);
    Ok(Selector::Filter(filter))
}

impl FromStr for AttrPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            f.write_str(urn)?;
            if !self.segments.is_empty() {
                f.write_str(":")?;
            }
        }
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&segment.name)?;
            match &segment.selector {
                Some(Selector::Filter(filter)) => write!(f, "[{filter}]")?,
                Some(Selector::Index(at)) => write!(f, "[{at}]")?,
                None => {}
            }
        }
        Ok(())
    }
}
