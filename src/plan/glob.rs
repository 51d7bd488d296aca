//! Patterns over ids: one matcher for flags and for the known-failures file.

use std::fmt;

/// A pattern: `*` stands for anything within a part of an id, `**` also across parts; a part ends at `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Glob {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Piece {
    Text(String),
    WithinPart,
    AcrossParts,
}

impl Glob {
    /// Reads a pattern. Every text is one; only `*` has a meaning.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('*') {
            if at > 0 {
                pieces.push(Piece::Text(rest[..at].to_owned()));
            }
            let stars = rest[at..].len() - rest[at..].trim_start_matches('*').len();
            pieces.push(if stars == 1 {
                Piece::WithinPart
            } else {
                Piece::AcrossParts
            });
            rest = &rest[at + stars..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Self {
            text: text.to_owned(),
            pieces,
        }
    }

    /// Whether the whole id fits.
    pub fn matches(&self, id: &str) -> bool {
        fits(&self.pieces, id)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the first star.
    pub fn literal_start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether it has no star, and so names one id.
    pub fn is_literal(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Text(_)))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Keeps, for each piece, the set of places in the id that the pieces so far can reach, so that no pattern can make
/// the time explode.
fn fits(pieces: &[Piece], id: &str) -> bool {
    let mut reached = vec![false; id.len() + 1];
    reached[0] = true;
    for piece in pieces {
        let mut next = vec![false; id.len() + 1];
        match piece {
            Piece::Text(text) => {
                for at in (0..id.len()).filter(|at| reached[*at]) {
                    if id.as_bytes()[at..].starts_with(text.as_bytes()) {
                        next[at + text.len()] = true;
                    }
                }
            }
            Piece::WithinPart | Piece::AcrossParts => {
                let mut open = false;
                for at in 0..=id.len() {
                    open |= reached[at];
                    next[at] = open;
                    if *piece == Piece::WithinPart && id.as_bytes().get(at) == Some(&b'/') {
                        open = false;
                    }
                }
            }
        }
        reached = next;
    }
    reached[id.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_star_stays_within_a_part_and_two_do_not() {
        for (pattern, id, fits) in [
            ("okta/users/create", "okta/users/create", true),
            ("okta/users/create", "okta/users/create.aiw", false),
            ("okta/*/create*", "okta/users/create.aiw", true),
            ("okta/*", "okta/users/create", false),
            ("okta/**", "okta/users/create", true),
            ("**", "", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("**/create", "okta/users/create", true),
            ("**create**", "okta/users/create.aiw#get.status", true),
            ("*.aiw#*", "okta.aiw#get.status", true),
            ("a***b", "a/x/b", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "ab/bc", false),
            ("ä*", "äb", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(id), fits, "{pattern} {id}");
        }
    }

    proptest! {
        #[test]
        fn an_id_fits_itself_and_its_wider_patterns(id in "[a-z.#-]{0,6}(/[a-z.#-]{0,6}){0,3}", at in 0usize..20, len in 0usize..20) {
            prop_assert!(Glob::new(&id).matches(&id));
            prop_assert!(Glob::new("**").matches(&id));
            let start = at.min(id.len());
            let end = (start + len).min(id.len());
            let (before, cut, after) = (&id[..start], &id[start..end], &id[end..]);
            let across = Glob::new(&format!("{before}**{after}"));
            prop_assert!(across.matches(&id));
            let within = Glob::new(&format!("{before}*{after}"));
            prop_assert!(!within.matches(&id) || across.matches(&id));
            if !cut.contains('/') {
                prop_assert!(within.matches(&id));
            }
        }

        #[test]
        fn a_pattern_without_a_star_fits_nothing_else(id in "[a-z/]{0,8}", other in "[a-z/]{0,8}") {
            prop_assert_eq!(Glob::new(&id).matches(&other), id == other);
            prop_assert!(Glob::new(&id).is_literal());
        }

        #[test]
        fn no_pattern_takes_long_or_breaks(pattern in "[*a/ä]{0,40}", id in "[a/ä]{0,60}") {
            let glob = Glob::new(&pattern);
            glob.matches(&id);
            prop_assert_eq!(glob.as_str(), pattern.as_str());
        }
    }
}
