//! Where a value stands, and how it is written there.

use super::super::model::QueryStyle;
use crate::scim::{encode_path_segment, encode_query_value, escape_filter_literal};

/// Where a template's text stands, which decides how values are written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A path: each value is one segment.
    Path,
    /// A query: encoded in the provider's style; between double quotes first escaped as a filter string
    /// (RFC 7644 section 3.4.2.2).
    Query(QueryStyle),
    /// A whole request target: `Path` up to the first `?` that is written out, `Query` after it.
    Target(QueryStyle),
    /// Text inside JSON, a header or raw text.
    Body,
    /// Nothing is encoded.
    Raw,
    /// A regular expression: values stand for themselves.
    Pattern,
}

/// Follows the written text, to know how the next value must be written.
pub(super) struct Writing {
    position: Position,
    in_literal: bool,
}

impl Writing {
    pub(super) fn at(position: Position) -> Self {
        Self {
            position,
            in_literal: false,
        }
    }

    pub(super) fn passes(&mut self, text: &str) {
        let mut rest = text;
        if let Position::Target(style) = self.position {
            match rest.split_once('?') {
                Some((_, query)) => {
                    self.position = Position::Query(style);
                    rest = query;
                }
                None => return,
            }
        }
        if matches!(self.position, Position::Query(_)) {
            for parameter in rest.split_inclusive('&') {
                if quotes(parameter) % 2 == 1 {
                    self.in_literal = !self.in_literal;
                }
                if parameter.ends_with('&') {
                    self.in_literal = false;
                }
            }
        }
    }

    pub(super) fn write(&self, text: &str) -> String {
        match self.position {
            Position::Body | Position::Raw => text.to_owned(),
            Position::Path | Position::Target(_) => encode_path_segment(text),
            Position::Query(style) if self.in_literal => {
                encode_query_value(&escape_filter_literal(text), &style)
            }
            Position::Query(style) => encode_query_value(text, &style),
            Position::Pattern => regex::escape(text),
        }
    }
}

/// How many double quotes of a filter string are in this piece of a query, without those that are escaped.
fn quotes(text: &str) -> usize {
    let plain = text
        .replace("%22", "\"")
        .replace("%5C", "\\")
        .replace("%5c", "\\");
    let mut escaped = false;
    plain
        .chars()
        .filter(|c| {
            let counts = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            counts
        })
        .count()
}
