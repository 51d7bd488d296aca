//! Reads what stands between `{{` and `}}`: a name, then filters behind `|`.

use super::super::problem::nearest;
use super::{FILTERS, Filter, TemplateError, Variable};

/// The end of an expression, which is a `}}` outside double quotes: a path may hold a filter with a text in it.
pub(super) fn end_of_expression(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            b'\n' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

pub(super) fn parse_expression(text: &str, at: usize) -> Result<Variable, TemplateError> {
    let mut parts = split_outside_quotes(text).into_iter().map(str::trim);
    let name = parts.next().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(TemplateError::Unnamed { at });
    }
    let filters = parts
        .map(|filter| {
            Filter::parse(filter).ok_or_else(|| TemplateError::UnknownFilter {
                filter: filter.to_owned(),
                near: nearest(filter, FILTERS),
                at,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Variable { name, filters })
}

/// Splits at `|` where it is not inside double quotes.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
