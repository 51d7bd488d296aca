//! The `$` words and what they take.

/// What a `$` word takes.
#[derive(Debug)]
pub(in crate::suite) enum Argument {
    /// Only `true`.
    True,
    /// Any JSON.
    Json,
    /// A text: a regular expression.
    Pattern,
    /// A type's name.
    Type,
    /// A whole number.
    Count,
    /// A matcher.
    Matcher,
    /// A list of matchers.
    Matchers,
    /// An element: paths, or a plain value.
    Element,
    /// A list of resources' names.
    Resources,
}

/// The `$` words. `$ref` is an attribute's name (RFC 7643 section 2.4) and none of them.
pub(in crate::suite) static MATCHERS: &[(&str, Argument, &str)] = &[
    (
        "$exactly",
        Argument::Json,
        "the same string byte for byte, the same JSON",
    ),
    ("$present", Argument::True, "is there and not empty"),
    (
        "$absent",
        Argument::True,
        "is absent, null or an empty list",
    ),
    (
        "$empty",
        Argument::True,
        "is absent, null, an empty list, an empty text, or has nothing in it",
    ),
    ("$type", Argument::Type, "has this type"),
    (
        "$matches",
        Argument::Pattern,
        "is a text that this regular expression matches",
    ),
    ("$any_of", Argument::Matchers, "one of these"),
    ("$all", Argument::Matchers, "all of these"),
    ("$not", Argument::Matcher, "not this"),
    (
        "$contains",
        Argument::Element,
        "has such an element (a text: such a part)",
    ),
    (
        "$lacks",
        Argument::Element,
        "has no such element (a text: no such part)",
    ),
    ("$count", Argument::Count, "has so many elements"),
    (
        "$ids",
        Argument::Resources,
        "its elements' values are exactly these resources",
    ),
    ("$any", Argument::True, "whatever it is"),
];
