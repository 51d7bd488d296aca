//! Text from elsewhere, made fit to be shown: bounded, and with everything visible that a terminal would obey.

use std::fmt::Write as _;

use crate::results::Body;

/// The text on one line: control characters, line ends and marks that reorder or hide text become visible escapes.
pub(super) fn visible(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same over several lines: line ends and tabs stay.
pub(super) fn visible_lines(text: &str) -> String {
    escaped(&text.replace("\r\n", "\n"), |c| c == '\n' || c == '\t')
}

fn escaped(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if keep(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{{{:04x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Control characters, and Unicode's marks that have no shape of their own: direction, joining, byte order, tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// At most `limit` bytes of the text, cut between characters, with a mark that says how long it was.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} [... {} bytes in all]", &text[..end], text.len())
}

/// A message body on one line, cut at `limit` bytes, with a word on what is odd about it.
pub(super) fn body_line(body: &Body, limit: usize) -> String {
    if body.text.is_empty() {
        return "(no body)".to_owned();
    }
    let mut line = visible(&cut(body.text.trim(), limit));
    if body.truncated {
        line.push_str(" [longer than the client reads]");
    }
    if body.invalid_utf8 {
        line.push_str(" [not UTF-8]");
    }
    line
}

/// Lines of at most `width` columns, broken at spaces, or within a word that is longer than a line. One character counts as
/// one column, which is exact enough for prose.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|w| !w.is_empty()) {
            let length = word.chars().count();
            if used > 0 && used + 1 + length > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            for c in word.chars() {
                if used == width {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += 1;
            }
        }
        lines.push(line);
    }
    lines
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        for (raw, line, lines) in [
            ("plain ä 漢 🙂", "plain ä 漢 🙂", "plain ä 漢 🙂"),
            ("\u{1b}[31mred", "\\u{001b}[31mred", "\\u{001b}[31mred"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd", "a\nb\tc\\rd"),
            ("a\r\nb", "a\\r\\nb", "a\nb"),
            (
                "x\u{202e}y\u{feff}",
                "x\\u{202e}y\\u{feff}",
                "x\\u{202e}y\\u{feff}",
            ),
            ("\u{9b}31m", "\\u{009b}31m", "\\u{009b}31m"),
        ] {
            assert_eq!(visible(raw), line);
            assert_eq!(visible_lines(raw), lines);
        }
    }

    #[test]
    fn cutting_stays_between_characters_and_says_so() {
        assert_eq!(cut("häh", 3), "hä [... 4 bytes in all]");
        assert_eq!(cut("häh", 2), "h [... 4 bytes in all]");
        assert_eq!(cut("häh", 4), "häh");
    }

    #[test]
    fn lines_break_at_spaces_or_within_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a 1234567890", 4), ["a", "1234", "5678", "90"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("x\ny", 4), ["x", "y"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(text in "\\PC{0,200}", width in 1usize..60) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|l| l.chars().count() <= width));
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn nothing_visible_can_move_a_terminal(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_hidden));
        }
    }
}
