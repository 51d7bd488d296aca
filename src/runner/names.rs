//! What a run calls the things that it makes: the run's tag, unique tokens, generated identifiers.
//!
//! The tag is always fresh, so that a run never meets what an earlier one left behind. Everything else is a function of
//! (tag, seed, case), so that `--jobs` and the order of arrival change nothing. Tokens have a fixed length: none is a
//! prefix of another, so that a filter with `sw` or `co` on a token finds one resource and no more.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What every tag begins with.
const MARK: &str = "sp";

/// Random characters of a tag: 36^6 tags, about two thousand million.
const TAG_RANDOM: usize = 6;

/// Characters of a token: the tag, the case's number (3), the attempt (1) and a counter (2), with two hyphens.
const TOKEN_LENGTH: usize = MARK.len() + TAG_RANDOM + 1 + 3 + 1 + 3;

/// The tag of a run, part of every name that the run makes: `sp` and six characters `[0-9a-z]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunTag(String);

impl RunTag {
    /// A tag that no earlier run had, from the system's randomness.
    #[must_use]
    pub fn fresh() -> Self {
        let mut rng = rand::rng();
        Self(format!("{MARK}{}", text_of(&mut rng, BASE36, TAG_RANDOM)))
    }

    /// The tag with this text, where it is one (as read back from a journal).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(MARK)?;
        (random.len() == TAG_RANDOM && random.bytes().all(|b| BASE36.contains(&b)))
            .then(|| Self(text.to_owned()))
    }

    /// The tag's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text carries this tag, in whatever case a server folded it to.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let tag = self.0.as_bytes();
        let mut windows = text.as_bytes().windows(tag.len());
        windows.any(|window| window.eq_ignore_ascii_case(tag))
    }

    /// Whether any name or text of a value carries this tag.
    #[must_use]
    pub fn is_within(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_in(text),
            Value::Array(items) => items.iter().any(|item| self.is_within(item)),
            Value::Object(members) => members
                .iter()
                .any(|(name, item)| self.is_within(item) || self.is_in(name)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The unique tokens of this run that occur in a text, each once, in lower case, in order of appearance.
    #[must_use]
    pub fn tokens_in(&self, text: &str) -> Vec<String> {
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<String> = Vec::new();
        for (at, _) in lower.match_indices(self.0.as_str()) {
            let Some(token) = lower.get(at..at + TOKEN_LENGTH) else {
                continue;
            };
            if is_token(token) && !found.iter().any(|known| known == token) {
                found.push(token.to_owned());
            }
        }
        found
    }
}

impl fmt::Display for RunTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_token(text: &str) -> bool {
    let after_tag = MARK.len() + TAG_RANDOM;
    text.len() == TOKEN_LENGTH
        && text.bytes().enumerate().all(|(i, b)| {
            if i == after_tag || i == after_tag + 4 {
                b == b'-'
            } else {
                BASE36.contains(&b)
            }
        })
}

/// The names of one attempt at one case.
#[derive(Debug)]
pub(super) struct Names {
    tag: RunTag,
    seed: u64,
    case_id: String,
    case_number: usize,
    attempt: u8,
    given_out: Mutex<GivenOut>,
}

#[derive(Debug, Default)]
struct GivenOut {
    tokens: u32,
    by_key: BTreeMap<String, String>,
}

impl Names {
    /// The names of a case: `case_number` is its place in the plan, `attempt` 0, or 1 for the repeat.
    #[must_use]
    pub(super) fn new(
        tag: RunTag,
        seed: u64,
        case_id: &str,
        case_number: usize,
        attempt: u8,
    ) -> Self {
        Self {
            tag,
            seed,
            case_id: case_id.to_owned(),
            case_number,
            attempt,
            given_out: Mutex::default(),
        }
    }

    /// The run's tag.
    #[must_use]
    pub(super) fn tag(&self) -> &RunTag {
        &self.tag
    }

    /// The value of `unique`, `guid`, `hex24`, `alnum17`, `digits9`, each also as `WORD.NAME`; `None` for any other expression.
    ///
    /// Without a name the value belongs to the step (each mention in one step is the same), with a name to the case.
    #[must_use]
    pub(super) fn lookup(&self, step: &str, expression: &str) -> Option<Value> {
        let (word, name) = match expression.split_once('.') {
            Some((word, name)) => (word, Some(name)),
            None => (expression, None),
        };
        if !matches!(word, "unique" | "guid" | "hex24" | "alnum17" | "digits9") {
            return None;
        }
        let key = match name {
            Some(name) => format!("{word}.{name}"),
            None => format!("{word}@{step}"),
        };
        let mut given_out = self
            .given_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = given_out.by_key.get(&key) {
            return Some(Value::String(known.clone()));
        }
        let value = match word {
            "unique" => {
                given_out.tokens += 1;
                self.token(given_out.tokens)
            }
            "guid" => guid(&mut self.generator(&key)),
            "hex24" => text_of(&mut self.generator(&key), b"0123456789abcdef", 24),
            "digits9" => text_of(&mut self.generator(&key), b"0123456789", 9),
            _ => text_of(
                &mut self.generator(&key),
                b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                17,
            ),
        };
        given_out.by_key.insert(key, value.clone());
        Some(Value::String(value))
    }

    /// Whether a text contains something that only this case can have made up: a token or a generated identifier.
    #[must_use]
    pub(super) fn made_up(&self, text: &str) -> bool {
        let given_out = self
            .given_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let lower = text.to_ascii_lowercase();
        given_out
            .by_key
            .iter()
            // Nine digits can stand in anybody's telephone number.
            .filter(|(key, _)| !key.starts_with("digits9"))
            .any(|(_, value)| lower.contains(&value.to_ascii_lowercase()))
    }

    fn token(&self, count: u32) -> String {
        format!(
            "{}-{}-{}{}",
            self.tag,
            base36(self.case_number as u64, 3),
            base36(u64::from(self.attempt), 1),
            base36(u64::from(count), 2)
        )
    }

    /// A generator of its own for each value, so that adding one value to a case leaves the others as they were. The
    /// tag is part of the seed: a target that deletes softly would otherwise refuse a second run's identifiers.
    fn generator(&self, key: &str) -> ChaCha8Rng {
        let mut seed = [0_u8; 32];
        for (i, part) in seed.chunks_mut(8).enumerate() {
            let text = format!(
                "{i}/{}/{}/{}/{}/{key}",
                self.tag, self.seed, self.case_id, self.attempt
            );
            part.copy_from_slice(&fnv64(text.as_bytes()).to_le_bytes());
        }
        ChaCha8Rng::from_seed(seed)
    }
}

fn base36(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        *digit = BASE36[(number % 36) as usize];
        number /= 36;
    }
    digits.into_iter().map(char::from).collect()
}

fn text_of(rng: &mut impl Rng, alphabet: &[u8], length: usize) -> String {
    (0..length)
        .map(|_| char::from(alphabet[(rng.next_u64() % alphabet.len() as u64) as usize]))
        .collect()
}

/// A version 4 UUID (RFC 9562 section 5.4) from our own generator.
fn guid(rng: &mut impl Rng) -> String {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// FNV-1a, 64 bits: small, and the same on every machine and in every release, unlike the standard hasher.
pub(super) fn fnv64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> RunTag {
        RunTag::parse("spk3f9x2").expect("a tag")
    }

    fn names(case: &str, number: usize, attempt: u8) -> Names {
        Names::new(tag(), 7, case, number, attempt)
    }

    fn get(names: &Names, step: &str, expression: &str) -> String {
        names
            .lookup(step, expression)
            .expect(expression)
            .as_str()
            .expect("text")
            .to_owned()
    }

    #[test]
    fn names_are_a_function_of_run_seed_and_case() {
        let (a, b) = (names("okta/users/x", 12, 0), names("okta/users/x", 12, 0));
        for expression in ["unique", "unique.a", "guid", "guid.a", "hex24", "alnum17.z"] {
            assert_eq!(
                get(&a, "s", expression),
                get(&b, "s", expression),
                "{expression}"
            );
        }
        let other_seed = Names::new(tag(), 8, "okta/users/x", 12, 0);
        let other_run = Names::new(
            RunTag::parse("spaaaaaa").expect("a tag"),
            7,
            "okta/users/x",
            12,
            0,
        );
        for other in [
            names("okta/users/y", 13, 0),
            names("okta/users/x", 12, 1),
            other_seed,
            other_run,
        ] {
            assert_ne!(get(&a, "s", "guid"), get(&other, "s", "guid"));
        }
        assert_ne!(
            get(&a, "s", "unique"),
            get(&names("okta/users/x", 12, 1), "s", "unique")
        );
    }

    #[test]
    fn a_mention_without_a_name_belongs_to_the_step() {
        let names = names("c", 1, 0);
        assert_eq!(get(&names, "one", "unique"), get(&names, "one", "unique"));
        assert_ne!(get(&names, "one", "unique"), get(&names, "two", "unique"));
        assert_eq!(
            get(&names, "one", "unique.a"),
            get(&names, "two", "unique.a")
        );
        assert_ne!(
            get(&names, "one", "unique.a"),
            get(&names, "one", "unique.b")
        );
        assert_ne!(get(&names, "one", "guid"), get(&names, "one", "guid.a"));
        assert_eq!(names.lookup("one", "user.id"), None);
    }

    #[test]
    fn shapes() {
        let names = names("c", 46_655, 1);
        let guid = get(&names, "s", "guid");
        assert_eq!(guid.len(), 36);
        assert_eq!(guid.as_bytes()[14], b'4');
        assert_eq!(get(&names, "s", "hex24").len(), 24);
        assert_eq!(get(&names, "s", "alnum17").len(), 17);
        let digits = get(&names, "s", "digits9");
        assert!(digits.len() == 9 && digits.bytes().all(|digit| digit.is_ascii_digit()));
        assert!(
            !names.made_up(&format!("tel:+31-30-{digits}")),
            "a number is nobody's mark"
        );
        assert_eq!(get(&names, "s", "unique"), "spk3f9x2-zzz-101");
        assert!(names.made_up(&format!("/Users/{}", guid.to_uppercase())));
        assert!(!names.made_up("/Users/2819c223"));
    }

    #[test]
    fn no_token_is_a_prefix_of_another() {
        let names = names("c", 0, 0);
        let all: Vec<String> = (0..40)
            .map(|i| get(&names, "s", &format!("unique.{i}")))
            .collect();
        for a in &all {
            assert_eq!(
                all.iter().filter(|b| b.starts_with(a.as_str())).count(),
                1,
                "{a}"
            );
        }
    }

    #[test]
    fn tokens_are_found_in_whatever_case() {
        let names = names("c", 3, 0);
        let (a, b) = (get(&names, "s", "unique.a"), get(&names, "s", "unique.b"));
        let text = format!(
            "X{}@example.com {a} {b}{} spk3f9x2-",
            a.to_uppercase(),
            tag()
        );
        assert_eq!(tag().tokens_in(&text), vec![a, b]);
        assert!(tag().is_in("SPK3F9X2"));
        assert!(tag().tokens_in("spzzzzzz-003-001").is_empty());
    }

    #[test]
    fn tags_are_fresh_and_read_back() {
        let fresh = RunTag::fresh();
        assert_eq!(RunTag::parse(fresh.as_str()), Some(fresh.clone()));
        assert_ne!(RunTag::fresh(), fresh);
        for not in ["", "sp", "spABCDEF", "xxabcdef", "spabcdefg"] {
            assert_eq!(RunTag::parse(not), None, "{not}");
        }
    }
}
