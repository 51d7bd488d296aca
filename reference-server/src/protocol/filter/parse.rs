//! Reads filters and PATCH paths after the ABNF of RFC 7644 figures 1 and 7.
//!
//! A recursive descent over bytes, bounded in length and depth, so that no input can exhaust the
//! stack. `not` takes a space before its parenthesis or none (erratum 7319).

use serde_json::Value;

use super::{Filter, Operator, PatchPath};
use crate::protocol::leniency::Leniency;
use crate::protocol::path::{AttrPath, is_name};

/// The longest filter that is read, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// How deep parentheses and `not` may nest.
const MAX_DEPTH: usize = 64;

/// What is wrong with a filter or path, for the error's detail.
pub(super) type Complaint = String;

/// Reads a filter.
///
/// # Errors
/// When the text does not follow the grammar; the complaint says where.
pub fn parse(text: &str, leniency: &Leniency) -> Result<Filter, Complaint> {
    let mut parser = Parser::new(text, leniency)?;
    let filter = parser.or(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.complain("expected 'and', 'or' or the end"));
    }
    Ok(filter)
}

/// Reads the path of a PATCH operation.
///
/// # Errors
/// When the text does not follow the grammar; the complaint says where.
pub fn parse_path(text: &str, leniency: &Leniency) -> Result<PatchPath, Complaint> {
    let mut parser = Parser::new(text, leniency)?;
    let path = parser.path()?;
    if parser.peek() != Some(b'[') {
        return if parser.at == text.len() {
            Ok(PatchPath {
                path,
                selection: None,
                sub: None,
            })
        } else {
            Err(parser.complain("expected the end"))
        };
    }
    if path.sub.is_some() {
        return Err(parser
            .complain("a value filter stands behind an attribute, not behind a sub-attribute"));
    }
    let selection = Some(parser.brackets(0)?);
    let sub = match parser.rest() {
        "" => None,
        rest => match rest.strip_prefix('.') {
            Some(sub) if is_name(sub) => Some(sub.to_owned()),
            _ => return Err(parser.complain("expected '.' and a sub-attribute")),
        },
    };
    Ok(PatchPath {
        path,
        selection,
        sub,
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    inside: bool,
    leniency: &'a Leniency,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, leniency: &'a Leniency) -> Result<Self, Complaint> {
        if text.len() > MAX_LENGTH {
            return Err(format!("longer than {MAX_LENGTH} bytes"));
        }
        Ok(Self {
            text,
            at: 0,
            inside: false,
            leniency,
        })
    }

    fn complain(&self, what: &str) -> Complaint {
        format!(
            "{what} at character {}",
            self.text[..self.at].chars().count() + 1
        )
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// The next run of characters that cannot end a token, without taking it.
    fn token(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character: char| {
            character.is_whitespace() || matches!(character, '[' | ']' | '(' | ')' | '"')
        });
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Takes a logical word that is followed by a blank or parenthesis.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        self.blanks();
        if self.at > before && self.token().eq_ignore_ascii_case(word) {
            self.at += word.len();
            if matches!(self.peek(), Some(b' ' | b'(')) {
                return true;
            }
        }
        self.at = before;
        false
    }

    fn or(&mut self, depth: usize) -> Result<Filter, Complaint> {
        let mut parts = vec![self.and(depth)?];
        while self.word("or") {
            parts.push(self.and(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Filter, Complaint> {
        let mut parts = vec![self.term(depth)?];
        while self.word("and") {
            parts.push(self.term(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn term(&mut self, depth: usize) -> Result<Filter, Complaint> {
        if depth > MAX_DEPTH {
            return Err(self.complain("nested too deep"));
        }
        self.blanks();
        if self.peek() == Some(b'(') {
            return self.parentheses(depth);
        }
        if self.token().eq_ignore_ascii_case("not") {
            let start = self.at;
            self.at += 3;
            self.blanks();
            if self.peek() == Some(b'(') {
                return Ok(Filter::Not(Box::new(self.parentheses(depth)?)));
            }
            self.at = start;
        }
        self.expression(depth)
    }

    fn parentheses(&mut self, depth: usize) -> Result<Filter, Complaint> {
        self.at += 1;
        let inner = self.or(depth + 1)?;
        self.blanks();
        if self.peek() != Some(b')') {
            return Err(self.complain("expected ')'"));
        }
        self.at += 1;
        Ok(inner)
    }

    fn brackets(&mut self, depth: usize) -> Result<Filter, Complaint> {
        if self.inside {
            return Err(self.complain("a value filter cannot hold another"));
        }
        self.inside = true;
        self.at += 1;
        let inner = self.or(depth + 1)?;
        self.inside = false;
        self.blanks();
        if self.peek() != Some(b']') {
            return Err(self.complain("expected ']'"));
        }
        self.at += 1;
        Ok(inner)
    }

    fn path(&mut self) -> Result<AttrPath, Complaint> {
        let token = self.token();
        let path =
            AttrPath::parse(token).ok_or_else(|| self.complain("expected an attribute name"))?;
        self.at += token.len();
        Ok(path)
    }

    fn expression(&mut self, depth: usize) -> Result<Filter, Complaint> {
        let path = self.path()?;
        if self.peek() != Some(b'[') {
            return self.comparison(path);
        }
        if path.sub.is_some() {
            return Err(self.complain(
                "a value filter stands behind an attribute, not behind a sub-attribute",
            ));
        }
        let inner = self.brackets(depth)?;
        if self.leniency.filter_tail && self.peek() == Some(b'.') {
            // `emails[type eq "work"].value eq "x"` asks for one element that meets both.
            self.at += 1;
            let tail = self.path()?;
            let tail = self.comparison(tail)?;
            let mut parts = match inner {
                Filter::And(parts) => parts,
                other => vec![other],
            };
            parts.push(tail);
            return Ok(Filter::Element(path, Box::new(Filter::And(parts))));
        }
        Ok(Filter::Element(path, Box::new(inner)))
    }

    fn comparison(&mut self, path: AttrPath) -> Result<Filter, Complaint> {
        if self.peek() != Some(b' ') {
            return Err(self.complain("expected a blank and an operator"));
        }
        self.blanks();
        let word = self.token();
        if word.eq_ignore_ascii_case("pr") {
            self.at += word.len();
            return Ok(Filter::Present(path));
        }
        let Some((operator, _)) = Operator::ALL
            .into_iter()
            .find(|(_, name)| word.eq_ignore_ascii_case(name))
        else {
            return Err(self.complain(&format!(
                "unknown operator {word:?}; expected eq, ne, co, sw, ew, pr, gt, ge, lt or le,"
            )));
        };
        self.at += word.len();
        if self.peek() != Some(b' ') {
            return Err(self.complain("expected a blank and a value"));
        }
        self.blanks();
        let value = self.value()?;
        Ok(Filter::Compare(path, operator, value))
    }

    fn value(&mut self) -> Result<Value, Complaint> {
        let text = if self.peek() == Some(b'"') {
            let mut escaped = false;
            let end = self
                .rest()
                .char_indices()
                .skip(1)
                .find_map(|(index, character)| match character {
                    _ if escaped => {
                        escaped = false;
                        None
                    }
                    '\\' => {
                        escaped = true;
                        None
                    }
                    '"' => Some(index + 1),
                    _ => None,
                });
            &self.rest()
                [..end.ok_or_else(|| self.complain("a string without its closing quote"))?]
        } else {
            self.token()
        };
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) if !value.is_object() && !value.is_array() => value,
            // ABNF literals ignore case, so `True` is `true` where no string is meant.
            _ if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            _ if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ if text.eq_ignore_ascii_case("null") => Value::Null,
            _ => {
                return Err(self.complain(
                    "expected a string in double quotes, a number, true, false or null",
                ));
            }
        };
        self.at += text.len();
        Ok(value)
    }
}

fn one_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        join(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_as_the_grammar_has_it() {
        for (text, printed) in [
            (r#"userName eq "x""#, r#"userName eq "x""#),
            (
                r#"userName EQ "x" AND active Eq TRUE"#,
                r#"userName eq "x" and active eq true"#,
            ),
            (
                "title pr or title pr and title pr",
                "title pr or title pr and title pr",
            ),
            (
                "(title pr or title pr) and title pr",
                "(title pr or title pr) and title pr",
            ),
            ("not (title pr)", "not (title pr)"),
            (
                "not(title pr) and (not (title pr))",
                "not (title pr) and not (title pr)",
            ),
            (
                r#"emails[type eq "work" and (value co "@" or value pr)]"#,
                r#"emails[type eq "work" and (value co "@" or value pr)]"#,
            ),
            (
                r#"emails[type eq "work"].value eq "x""#,
                r#"emails[type eq "work" and value eq "x"]"#,
            ),
            (r#"userName eq "a \" ) b""#, r#"userName eq "a \" ) b""#),
            (
                r#"urn:a:b:2.0:User:x.y gt -1.5e3"#,
                r#"urn:a:b:2.0:User:x.y gt -1500.0"#,
            ),
            (r#"  title  eq  null "#, r#"title eq null"#),
            (r#"not.x eq 1"#, r#"not.x eq 1"#),
        ] {
            let filter = parse(text, &Leniency::DEFAULT).expect(text);
            assert_eq!(filter.to_string(), printed);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName eq ",
            "eq \"x\"",
            "userName eq x",
            "userName eq 'x'",
            "userName xx \"x\"",
            "userName eq \"x",
            "(userName pr",
            "userName pr)",
            "not userName pr",
            "userName pr and",
            "and userName pr",
            "userName pr userName pr",
            "emails[type eq \"work\"",
            "emails[]",
            "emails[type eq \"a\"].value",
            "emails[x[y pr]]",
            "a.b[c pr]",
            "a eq {}",
            "a eq []",
            "userName eq \"x\"and title pr",
        ] {
            assert!(parse(text, &Leniency::DEFAULT).is_err(), "{text}");
        }
        let deep = "(".repeat(10_000) + "a pr" + &")".repeat(10_000);
        assert!(parse(&deep, &Leniency::DEFAULT).is_err());
        assert!(parse(r#"emails[type eq "work"].value eq "x""#, &Leniency::STRICT).is_err());
    }

    #[test]
    fn paths_read_as_the_grammar_has_it() {
        for text in [
            "members",
            "name.familyName",
            r#"emails[type eq "work"]"#,
            r#"emails[type eq "a.b"].value"#,
            r#"urn:a:b:2.0:User:x[y eq 1].z"#,
        ] {
            assert_eq!(
                parse_path(text, &Leniency::STRICT)
                    .expect("a path")
                    .to_string(),
                text
            );
        }
        for text in [
            "",
            "emails[0]",
            "emails[type eq \"work\"",
            "emails[type eq \"work\"]value",
            "emails[type pr].",
            "/userName",
            "a/b",
            "a..b",
            "emails[type pr].a.b",
            "a b",
        ] {
            assert!(parse_path(text, &Leniency::STRICT).is_err(), "{text}");
        }
    }
}
