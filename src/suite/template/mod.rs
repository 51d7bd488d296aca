//! `{{...}}` in suites and fixtures: parsed once, filled in for the place where the text stands.
//!
//! A value that goes into a path, a query, a body or a pattern is written differently in each, and identity
//! providers differ from one another in the query. That is decided here, so that a suite names the value only.

mod filter;
mod parse;
mod position;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use super::repeat;

use parse::{end_of_expression, parse_expression};
use position::Writing;

pub use filter::{FILTERS, Filter};
pub use position::Position;

/// Where the names of a template get their values.
pub trait Lookup {
    /// The value of an expression, which is all that stands before the first `|`, such as
    /// `user.emails[type eq "work"].value`. `None` where nothing of this name has a value.
    fn lookup(&self, name: &str) -> Option<Value>;
}

impl<F: Fn(&str) -> Option<Value>> Lookup for F {
    fn lookup(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

/// Why a template cannot be parsed or filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{{` without its end.
    #[error("`{{{{` has no `}}}}` after it")]
    Unclosed {
        /// Bytes before the `{{`.
        at: usize,
    },
    /// `{{}}` or `{{|upper}}`.
    #[error("`{{{{}}}}` names nothing")]
    Unnamed {
        /// Bytes before the `{{`.
        at: usize,
    },
    /// Not one of the filters.
    #[error("no such filter: `{filter}`{}", super::problem::did_you_mean(.near.as_deref()))]
    UnknownFilter {
        /// What was written.
        filter: String,
        /// The nearest filter.
        near: Option<String>,
        /// Bytes before the `{{`.
        at: usize,
    },
    /// The name has no value.
    #[error("`{{{{{name}}}}}` has no value here")]
    NoValue {
        /// The expression.
        name: String,
    },
    /// An array, an object or null in the middle of a text.
    #[error("`{{{{{name}}}}}` is {kind}, which cannot stand inside a text")]
    NotText {
        /// The expression.
        name: String,
        /// `an array` and the like.
        kind: &'static str,
    },
}

impl TemplateError {
    /// How many bytes of the text stand before the error, where it is one of syntax.
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::Unclosed { at } | Self::Unnamed { at } | Self::UnknownFilter { at, .. } => {
                Some(*at)
            }
            Self::NoValue { .. } | Self::NotText { .. } => None,
        }
    }
}

/// A `{{...}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// All that stands before the first `|`, without the spaces around it.
    pub name: String,
    /// The filters, in order.
    pub filters: Vec<Filter>,
}

impl Variable {
    /// The first part of the name: `user` of `user.name.givenName` and of `user[0]`.
    pub fn root(&self) -> &str {
        self.name.split(['.', '[', ':']).next().unwrap_or_default()
    }

    /// What follows the root and its point; empty where nothing does.
    pub fn rest(&self) -> &str {
        let rest = &self.name[self.root().len()..];
        rest.strip_prefix('.').unwrap_or(rest)
    }

    fn is_raw(&self) -> bool {
        self.filters.contains(&Filter::Raw)
    }

    fn value(&self, names: &dyn Lookup) -> Result<Value, TemplateError> {
        let value = names
            .lookup(&self.name)
            .ok_or_else(|| TemplateError::NoValue {
                name: self.name.clone(),
            })?;
        if self.filters.iter().all(|filter| *filter == Filter::Raw) {
            return Ok(value);
        }
        let text = self.text_of(value)?;
        Ok(Value::String(
            self.filters
                .iter()
                .fold(text, |text, filter| filter.apply(text)),
        ))
    }

    fn text(&self, names: &dyn Lookup) -> Result<String, TemplateError> {
        self.value(names).and_then(|value| self.text_of(value))
    }

    fn text_of(&self, value: Value) -> Result<String, TemplateError> {
        let kind = match value {
            Value::String(text) => return Ok(text),
            Value::Number(number) => return Ok(number.to_string()),
            Value::Bool(flag) => return Ok(flag.to_string()),
            Value::Null => "null",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Err(TemplateError::NotText {
            name: self.name.clone(),
            kind,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// A text with `{{...}}` in it, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Parses a text. A text without `{{` is its own template.
    ///
    /// # Errors
    /// Where a `{{` is not closed, names nothing, or has a filter that does not exist.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let at = text.len() - rest.len() + start;
            let inside = &rest[start + 2..];
            let end = end_of_expression(inside).ok_or(TemplateError::Unclosed { at })?;
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            parts.push(Part::Variable(parse_expression(&inside[..end], at)?));
            rest = &inside[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The variables, in order, each mention.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }

    /// The variable, where the text is one `{{...}}` and nothing else.
    pub fn whole(&self) -> Option<&Variable> {
        match self.parts.as_slice() {
            [Part::Variable(variable)] => Some(variable),
            _ => None,
        }
    }

    /// The text with all values written in.
    ///
    /// # Errors
    /// Where a name has no value, or one that is not text, a number or a boolean.
    pub fn render(&self, names: &dyn Lookup, position: Position) -> Result<String, TemplateError> {
        let mut out = String::new();
        let mut place = Writing::at(position);
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    place.passes(text);
                    out.push_str(text);
                }
                Part::Variable(variable) => {
                    let text = variable.text(names)?;
                    out.push_str(&if variable.is_raw() {
                        text
                    } else {
                        place.write(&text)
                    });
                }
            }
        }
        Ok(out)
    }
}

/// All texts of a JSON value filled in, the keys too. A text that is one `{{...}}` and nothing else becomes the
/// value itself, with its JSON type.
///
/// # Errors
/// Where a template does not parse, or a name has no value.
pub fn render_json(value: &Value, names: &dyn Lookup) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => {
            let template = Template::parse(text)?;
            match template.whole() {
                Some(variable) => variable.value(names)?,
                None => Value::String(template.render(names, Position::Body)?),
            }
        }
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match item.get("$repeat") {
                    Some(of) => {
                        for copy in repeat::copies(of, names)? {
                            out.push(render_json(&copy, names)?);
                        }
                    }
                    None => out.push(render_json(item, names)?),
                }
            }
            Value::Array(out)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, member)| {
                    let key = Template::parse(key)?.render(names, Position::Body)?;
                    Ok((key, render_json(member, names)?))
                })
                .collect::<Result<_, TemplateError>>()?,
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Variable(variable) => write!(f, "{{{{{}}}}}", variable.name)?,
            }
        }
        Ok(())
    }
}
