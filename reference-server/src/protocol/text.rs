//! Preparation of strings for comparison (RFC 7644 sections 5 and 7.8).
//!
//! User names and operands are compared after Unicode normalisation, so that a composed and a
//! decomposed accent are one person. Plain ASCII, the common case, takes a short way.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Normalises a case-exact string.
pub fn exact(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Normalises and folds a string whose case has no meaning. Full-width forms are mapped to their
/// plain ones, as the user name profile of PRECIS (RFC 8265) demands.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        let narrow = text
            .chars()
            .map(narrow)
            .flat_map(char::to_lowercase)
            .collect::<String>();
        Cow::Owned(narrow.nfc().collect())
    }
}

/// Prepares a string as its attribute's `caseExact` asks.
pub fn prepared(text: &str, case_exact: bool) -> Cow<'_, str> {
    if case_exact {
        exact(text)
    } else {
        folded(text)
    }
}

/// The plain form of a full-width character (U+FF01 to U+FF5E), or the character itself.
fn narrow(character: char) -> char {
    match u32::from(character) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_people_read_as_one_are_one() {
        for (one, other) in [
            ("Amara@Example.com", "amara@example.COM"),
            ("Jos\u{e9}", "JOSE\u{301}"),
            ("\u{ff21}mara", "amara"),
            ("ÅSA", "a\u{30a}sa"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} and {other}");
        }
        assert_ne!(exact("Amara"), exact("amara"));
        assert_eq!(exact("Jos\u{e9}"), exact("Jose\u{301}"));
    }
}
