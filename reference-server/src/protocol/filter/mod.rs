//! Filters (RFC 7644 section 3.4.2.2): the tree, and how it is written.

mod bind;
mod evaluate;
mod parse;

pub use bind::{Bound, Origin, bind, elements};
pub use evaluate::{holds, matches};
pub use parse::{parse, parse_path};

use std::fmt;

use serde_json::Value;

use super::path::AttrPath;

/// The comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    /// All operators with their spelling.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// The spelling.
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(operator, _)| *operator == self)
            .map_or("eq", |(_, word)| word)
    }

    /// Whether the operator needs an order among values.
    pub fn orders(self) -> bool {
        matches!(self, Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }

    /// Whether the operator looks inside of strings.
    pub fn searches(self) -> bool {
        matches!(self, Self::Co | Self::Sw | Self::Ew)
    }
}

/// A filter as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of two or more.
    And(Vec<Filter>),
    /// Any of two or more.
    Or(Vec<Filter>),
    /// The contrary.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttrPath),
    /// The attribute compares with a value: a string, number, boolean or null.
    Compare(AttrPath, Operator, Value),
    /// One element of a multi-valued attribute meets the inner filter.
    Element(AttrPath, Box<Filter>),
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>,
                      parts: &[Filter],
                      word: &str,
                      bracket: fn(&Filter) -> bool| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                if bracket(part) {
                    write!(f, "({part})")?
                } else {
                    write!(f, "{part}")?
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => joined(f, parts, "and", |part| {
                matches!(part, Self::And(_) | Self::Or(_))
            }),
            Self::Or(parts) => joined(f, parts, "or", |part| matches!(part, Self::Or(_))),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.word()),
            Self::Element(path, inner) => write!(f, "{path}[{inner}]"),
        }
    }
}

/// The target of a PATCH operation: an attribute, or selected elements of one
/// (RFC 7644 section 3.5.2, figure 7).
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    /// The attribute; with a selection its sub-attribute is in `sub`.
    pub path: AttrPath,
    /// Which elements.
    pub selection: Option<Filter>,
    /// The sub-attribute of the selected elements.
    pub sub: Option<String>,
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(selection) = &self.selection {
            write!(f, "[{selection}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
