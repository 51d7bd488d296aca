//! The format as tables: which keys a map has, what each takes, and what it means.
//!
//! The one source of key names. The loader checks files against these tables (`check`), and the JSON Schema for
//! editors is written from them (`schema`), so that neither can know a key that the other does not.

mod case;
mod expect;
mod matchers;
mod profile;
mod step;
mod words;

pub(super) use case::SUITE;
pub(super) use matchers::{Argument, MATCHERS};
pub(super) use profile::{NOT_COVERED, PROFILE};
pub(super) use words::{METHODS, SCIM_TYPES, TYPES};

/// What may stand somewhere.
#[derive(Debug)]
pub(super) enum Kind {
    /// A text that is not empty.
    Text,
    /// A text, maybe empty.
    AnyText,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Count,
    /// An HTTP status code.
    Status,
    /// Nothing at all: `null`.
    Nothing,
    /// One of these words.
    Word(&'static Words),
    /// One of these words, or `attr:`, `shared:` or `hideable:` and a SCIM path.
    WordOrAttribute(&'static Words),
    /// Any JSON.
    Json,
    /// A value or a `$` word.
    Matcher,
    /// SCIM paths, nested or not, and what stands at them.
    Paths,
    /// A list.
    List(&'static Kind),
    /// One, or a list of them.
    OneOrMany(&'static Kind),
    /// A map with the keys of a table.
    Map(&'static Table),
    /// A map with names of the author's own choice.
    Named(&'static Kind),
    /// A map with names of the author's own choice beside the table's keys.
    Open(&'static Table),
    /// The first that fits the shape of what stands there: no two may take the same shape.
    Either(&'static [Kind]),
    /// A map whose table is told by a key that only it has; the last table is taken where none of them is there.
    Tagged(&'static [(&'static str, &'static Table)]),
}

/// A closed vocabulary.
#[derive(Debug)]
pub(super) struct Words {
    /// `a severity`.
    pub(super) what: &'static str,
    /// The words.
    pub(super) words: &'static [&'static str],
}

/// The keys of a map.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name in the JSON Schema.
    pub(super) name: &'static str,
    /// `a case`.
    pub(super) what: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) doc: &'static str,
}

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        doc,
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: true,
        doc,
    }
}
