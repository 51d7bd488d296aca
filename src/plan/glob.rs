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
