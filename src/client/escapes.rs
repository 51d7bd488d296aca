//! A secret in whatever escapes a server or a proxy writes it: JSON of any dialect, URLs encoded once or twice, HTML; and the
//! beginning of one, where a message was cut.

use std::fmt::Write as _;

use regex::Regex;

/// Finds a secret with any of its special characters escaped in any way. `None` where it has none, so that the plain form is
/// all there is.
pub(super) fn finder(secret: &str) -> Option<Regex> {
    if secret.chars().all(is_plain) {
        return None;
    }
    let mut pattern = String::from("(?i)");
    for c in secret.chars() {
        if is_plain(c) {
            pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        } else {
            one(c, &mut pattern);
        }
    }
    // A secret too long for an automaton keeps its common forms.
    Regex::new(&pattern).ok()
}

/// Characters of a secret's beginning from which on it is one, and no chance.
const TELLING: usize = 6;

/// Characters of a beginning that are compared; what follows counts as a part of it up to the next blank.
const COMPARED: usize = 40;

/// Finds the beginning of a secret where a text was cut: before `…`, or at its end. `cores` are its forms in base64.
pub(super) fn cut_short(secret: &str, cores: &[String]) -> Option<Regex> {
    let mut pattern = String::from("(?i)(?:");
    for (at, form) in std::iter::once(secret)
        .chain(cores.iter().map(String::as_str))
        .enumerate()
    {
        if at > 0 {
            pattern.push('|');
        }
        let mut open = 0;
        for (place, c) in form.chars().take(COMPARED).enumerate() {
            if place >= TELLING {
                pattern.push_str("(?:");
                open += 1;
            }
            if is_plain(c) {
                pattern.push(c);
            } else {
                one(c, &mut pattern);
            }
        }
        if form.chars().count() > COMPARED {
            pattern.push_str(r"[^\s…]*");
        }
        pattern.push_str(&")?".repeat(open));
    }
    // Perhaps in the middle of an escape.
    pattern.push_str(r")(?:[%\\&][#%\\0-9a-z]{0,9})?(…|\z)");
    Regex::new(&pattern).ok()
}

/// What no encoder touches.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// One character, as it is or escaped.
fn one(c: char, pattern: &mut String) {
    let mut buffer = [0; 4];
    let literal = regex::escape(c.encode_utf8(&mut buffer));
    pattern.push_str("(?:");
    if c == ' ' {
        pattern.push_str(r"\+|");
    }
    // RFC 3986, encoded once or twice.
    for byte in c.encode_utf8(&mut buffer).bytes() {
        let _ = write!(pattern, "%(?:25)?{byte:02x}");
    }
    pattern.push('|');
    // RFC 8259 section 7; JSON within JSON doubles the backslash.
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(pattern, r"\\+u{unit:04x}");
    }
    let _ = write!(pattern, "|&#0*{};|&#x0*{:x};", u32::from(c), u32::from(c));
    if let Some(name) = match c {
        '&' => Some("amp"),
        '<' => Some("lt"),
        '>' => Some("gt"),
        '"' => Some("quot"),
        '\'' => Some("apos"),
        _ => None,
    } {
        let _ = write!(pattern, "|&(?:amp;)?{name};");
    }
    // Last, or a backslash would be taken for itself where it begins an escape.
    let _ = write!(pattern, r"|\\*{literal})");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_of_escapes_is_found() {
        let found = finder("a/b+c\"d&é \\").expect("it has special characters");
        for written in [
            "a/b+c\"d&é \\",
            r#"a\/b+c\"d&é \\"#,
            r"a/b\u002Bc\u0022d\u0026\u00e9 \\",
            r"a\\/b\\u002bc\\u0022d\\u0026é\u0020\u005c",
            "a%2Fb%2bc%22d%26%c3%a9+%5C",
            "a%252Fb%252bc%2522d%2526%25c3%25a9%2520%255C",
            "a&#x2F;b&#43;c&quot;d&amp;&#233; &#92;",
            "A/B+C\"D&é \\",
        ] {
            let text = format!("x{written}y");
            let all = found.find(&text).map(|found| found.as_str());
            assert_eq!(all, Some(written));
        }
        assert!(!found.is_match("a/b+c\"d"));
        assert!(finder("0a1b2c3d").is_none());
    }

    #[test]
    fn a_secret_that_was_cut_is_found() {
        let found =
            cut_short("c4nary/Token+1", &["YzRuYXJ5L1Rva2Vu".to_owned()]).expect("a pattern");
        for (text, rest) in [
            ("seen: c4nary/Tok… more", "seen: $X… more"),
            ("seen: c4nary%2fTok%2", "seen: $X"),
            ("seen: c4nary%… more", "seen: $X… more"),
            ("seen: YzRuYXJ5L1R… more", "seen: $X… more"),
            ("c4nary is a bird…", "c4nary is a bird…"),
            ("c4nar…", "c4nar…"),
        ] {
            assert_eq!(found.replace_all(text, "$$X$1"), rest);
        }
    }
}
