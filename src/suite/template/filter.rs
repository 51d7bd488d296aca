//! What may happen to a value before it is written: `{{x|upper}}`.

use jiff::tz::Offset;

use crate::scim::instant;

/// What happens to a value before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Capitals.
    Upper,
    /// Small letters.
    Lower,
    /// Each letter in the other case.
    SwapCase,
    /// No encoding for the place.
    Raw,
    /// So many characters from the start.
    First(usize),
    /// A date-time, written so many hours ahead of UTC: the same instant in other words.
    Zone(i8),
    /// So many times in a row, for cases about values that are far too long.
    Repeat(usize),
}

/// Times that `repeat` repeats at most: long input is tested, a load is not.
const MOST_REPEATS: usize = 100_000;

/// The names of the filters, as written; `first` takes a number: `first:5`.
pub const FILTERS: [&str; 7] = [
    "upper", "lower", "swapcase", "raw", "first:N", "zone:N", "repeat:N",
];

impl Filter {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "upper" => Some(Self::Upper),
            "lower" => Some(Self::Lower),
            "swapcase" => Some(Self::SwapCase),
            "raw" => Some(Self::Raw),
            _ => match text.split_once(':')? {
                ("first", n) => n.trim().parse().ok().map(Self::First),
                ("zone", n) => n
                    .trim()
                    .parse()
                    .ok()
                    .filter(|n| (-24..=24).contains(n))
                    .map(Self::Zone),
                ("repeat", n) => n
                    .trim()
                    .parse()
                    .ok()
                    .filter(|n| *n <= MOST_REPEATS)
                    .map(Self::Repeat),
                _ => None,
            },
        }
    }

    pub(super) fn apply(self, text: String) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::SwapCase => text
                .chars()
                .flat_map(|c| -> Box<dyn Iterator<Item = char>> {
                    if c.is_uppercase() {
                        Box::new(c.to_lowercase())
                    } else {
                        Box::new(c.to_uppercase())
                    }
                })
                .collect(),
            Self::Raw => text,
            Self::First(n) => text.chars().take(n).collect(),
            Self::Zone(hours) => match instant(&text) {
                Some(instant) => instant
                    .display_with_offset(Offset::constant(hours))
                    .to_string(),
                None => text,
            },
            Self::Repeat(n) => text.repeat(n),
        }
    }
}
