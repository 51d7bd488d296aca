//! Value filters, as they stand in the brackets of a path (RFC 7644 section 3.4.2.2 and figure 1).

use std::fmt;

use serde_json::Value;

use super::instant::instant;
use super::named;

/// A filter over one element of a multi-valued attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `type eq "work"`.
    Compare {
        /// The sub-attribute, perhaps with a further name (`name.familyName`).
        attribute: String,
        /// The operator.
        operator: Comparison,
        /// What it is compared with.
        value: Value,
    },
    /// `value pr`.
    Present {
        /// The sub-attribute.
        attribute: String,
    },
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// `not (...)`.
    Not(Box<Filter>),
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `co`
    Co,
    /// `sw`
    Sw,
    /// `ew`
    Ew,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `lt`
    Lt,
    /// `le`
    Le,
}

impl Comparison {
    const ALL: [(Self, &'static str); 9] = [
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

    fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| word.eq_ignore_ascii_case(text))
            .map(|(operator, _)| *operator)
    }

    fn text(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(operator, _)| *operator == self)
            .map_or("eq", |(_, text)| text)
    }
}

/// How deep parentheses may nest before a filter is refused; a suite never comes near.
const DEPTH: usize = 32;

impl Filter {
    /// `attribute eq value`.
    #[must_use]
    pub fn equals(attribute: &str, value: Value) -> Self {
        Self::Compare {
            attribute: attribute.to_owned(),
            operator: Comparison::Eq,
            value,
        }
    }

    /// The equalities that an element must satisfy: what `[type eq "work" and primary eq true]` says of a new element.
    #[must_use]
    pub fn equalities(&self) -> Vec<(&str, &Value)> {
        match self {
            Self::Compare {
                attribute,
                operator: Comparison::Eq,
                value,
            } => vec![(attribute, value)],
            Self::And(left, right) => left
                .equalities()
                .into_iter()
                .chain(right.equalities())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an element satisfies the filter. `exact` says whether a sub-attribute's case counts.
    #[must_use]
    pub fn matches(&self, element: &Value, exact: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::And(left, right) => left.matches(element, exact) && right.matches(element, exact),
            Self::Or(left, right) => left.matches(element, exact) || right.matches(element, exact),
            Self::Not(inner) => !inner.matches(element, exact),
            Self::Present { attribute } => {
                sub_value(element, attribute).is_some_and(|v| !is_unassigned(v))
            }
            Self::Compare {
                attribute,
                operator,
                value,
            } => {
                let found = sub_value(element, attribute).filter(|v| !v.is_null());
                match (found, operator) {
                    (None, Comparison::Eq) => value.is_null(),
                    (None, Comparison::Ne) => !value.is_null(),
                    (None, _) => false,
                    (Some(found), operator) => compare(found, *operator, value, exact(attribute)),
                }
            }
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        Self::read_or(cursor, 0)
    }

    fn read_or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, String> {
        let mut left = Self::read_and(cursor, depth)?;
        while cursor.take_word("or") {
            left = Self::Or(Box::new(left), Box::new(Self::read_and(cursor, depth)?));
        }
        Ok(left)
    }

    fn read_and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, String> {
        let mut left = Self::read_one(cursor, depth)?;
        while cursor.take_word("and") {
            left = Self::And(Box::new(left), Box::new(Self::read_one(cursor, depth)?));
        }
        Ok(left)
    }

    fn read_one(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, String> {
        if depth > DEPTH {
            return Err("the parentheses nest too deeply".to_owned());
        }
        cursor.skip_spaces();
        let negated = cursor.take_word_before("not", '(');
        if cursor.rest().starts_with('(') {
            cursor.advance(1);
            let inner = Self::read_or(cursor, depth + 1)?;
            cursor.skip_spaces();
            if !cursor.rest().starts_with(')') {
                return Err("a parenthesis is not closed".to_owned());
            }
            cursor.advance(1);
            return Ok(if negated {
                Self::Not(Box::new(inner))
            } else {
                inner
            });
        }
        let attribute =
            cursor.take_while(|c| !c.is_whitespace() && !matches!(c, '[' | ']' | '(' | ')' | '"'));
        if attribute.is_empty() {
            return Err("a filter needs an attribute".to_owned());
        }
        let attribute = attribute.to_owned();
        cursor.skip_spaces();
        let word = cursor.take_while(|c| c.is_ascii_alphabetic());
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Self::Present { attribute });
        }
        let Some(operator) = Comparison::parse(word) else {
            return Err(format!(
                "\"{word}\" is no operator; eq ne co sw ew gt ge lt le pr are"
            ));
        };
        cursor.skip_spaces();
        let value = cursor.take_json()?;
        Ok(Self::Compare {
            attribute,
            operator,
            value,
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare {
                attribute,
                operator,
                value,
            } => write!(f, "{attribute} {} {value}", operator.text()),
            Self::Present { attribute } => write!(f, "{attribute} pr"),
            Self::And(left, right) => {
                write_side(f, left, matches!(**left, Self::Or(..)))?;
                f.write_str(" and ")?;
                write_side(f, right, matches!(**right, Self::Or(..) | Self::And(..)))
            }
            Self::Or(left, right) => {
                write!(f, "{left} or ")?;
                write_side(f, right, matches!(**right, Self::Or(..)))
            }
            Self::Not(inner) => write!(f, "not ({inner})"),
        }
    }
}

fn write_side(f: &mut fmt::Formatter<'_>, side: &Filter, parentheses: bool) -> fmt::Result {
    if parentheses {
        write!(f, "({side})")
    } else {
        write!(f, "{side}")
    }
}

/// The value of a sub-attribute; a simple element is its own `value`.
fn sub_value<'a>(element: &'a Value, attribute: &str) -> Option<&'a Value> {
    if !element.is_object() {
        return attribute.eq_ignore_ascii_case("value").then_some(element);
    }
    attribute
        .split('.')
        .try_fold(element, |value, name| named(value, name))
}

fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn compare(found: &Value, operator: Comparison, wanted: &Value, exact: bool) -> bool {
    if let (Value::String(found), Value::String(wanted)) = (found, wanted) {
        let (a, b) = if exact {
            (found.clone(), wanted.clone())
        } else {
            (found.to_lowercase(), wanted.to_lowercase())
        };
        let instants = instant(found).zip(instant(wanted));
        let order = instants.map_or_else(|| a.cmp(&b), |(a, b)| a.cmp(&b));
        return match operator {
            Comparison::Eq => order.is_eq(),
            Comparison::Ne => order.is_ne(),
            Comparison::Co => a.contains(&b),
            Comparison::Sw => a.starts_with(&b),
            Comparison::Ew => a.ends_with(&b),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
        };
    }
    let order = found
        .as_f64()
        .zip(wanted.as_f64())
        .and_then(|(a, b)| a.partial_cmp(&b));
    match operator {
        Comparison::Eq => found == wanted || order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Ne => found != wanted && !order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Gt => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::Ge => order.is_some_and(std::cmp::Ordering::is_ge),
        Comparison::Lt => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::Le => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Co | Comparison::Sw | Comparison::Ew => false,
    }
}

/// A place in a text that is being read.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.text.len());
    }

    pub(super) fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start().len());
    }

    pub(super) fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.advance(end);
        &rest[..end]
    }

    /// Takes a word that stands alone, whatever its case and the spaces before it.
    fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest().trim_start();
        let follows = rest.get(word.len()..).and_then(|r| r.chars().next());
        if rest
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
            && follows.is_some_and(|c| c.is_whitespace() || c == '(')
        {
            self.skip_spaces();
            self.advance(word.len());
            self.skip_spaces();
            return true;
        }
        false
    }

    /// Takes a word where this character follows it, perhaps after spaces.
    fn take_word_before(&mut self, word: &str, next: char) -> bool {
        let rest = self.rest();
        if rest
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
            && rest[word.len()..].trim_start().starts_with(next)
        {
            self.advance(word.len());
            self.skip_spaces();
            return true;
        }
        false
    }

    fn take_json(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let end = if rest.starts_with('"') {
            let mut escaped = false;
            let close = rest.char_indices().skip(1).find(|&(_, c)| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            close
                .map(|(at, _)| at + 1)
                .ok_or("a quotation mark is not closed")?
        } else {
            rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']'))
                .unwrap_or(rest.len())
        };
        let text = &rest[..end];
        let value = serde_json::from_str(text)
            .map_err(|_| format!("{text} is no JSON value (text needs double quotation marks)"))?;
        self.advance(end);
        Ok(value)
    }
}
