//! Expectations and settings with their `{{...}}` filled in, ready to be judged or sent.
//!
//! The model keeps texts as the author wrote them; this is the one place that knows which of them are templates and in
//! which position each stands.

use serde_json::Value;

use super::model::{
    Alternative, Change, Changes, ContainsItem, ErrorExpect, Expect, ListExpect, Matcher, Unchanged,
};
use super::template::{Lookup, Position, Template, TemplateError, render_json};

type Filled<T> = Result<T, TemplateError>;

/// A text that stands in JSON, a header or a path of an attribute.
///
/// # Errors
/// Where a name has no value.
pub fn text(text: &str, names: &dyn Lookup) -> Filled<String> {
    Template::parse(text)?.render(names, Position::Body)
}

/// `set` of a fixture or an echo: paths and values.
///
/// # Errors
/// Where a name has no value.
pub fn settings(set: &[(String, Value)], names: &dyn Lookup) -> Filled<Vec<(String, Value)>> {
    set.iter()
        .map(|(path, value)| Ok((text(path, names)?, render_json(value, names)?)))
        .collect()
}

/// Texts of a list, such as `without` or `lacks_text`.
///
/// # Errors
/// Where a name has no value.
pub fn texts(texts: &[String], names: &dyn Lookup) -> Filled<Vec<String>> {
    texts.iter().map(|item| text(item, names)).collect()
}

/// An expectation without any `{{...}}` left in it.
///
/// # Errors
/// Where a name has no value.
pub fn expect(expect: &Expect, names: &dyn Lookup) -> Filled<Expect> {
    Ok(Expect {
        status: expect.status.clone(),
        headers: matchers(&expect.headers, names)?,
        body: matchers(&expect.body, names)?,
        list: expect
            .list
            .as_ref()
            .map(|expected| list(expected, names))
            .transpose()?,
        error: expect
            .error
            .as_ref()
            .map(|error| {
                Ok(ErrorExpect {
                    scim_type: texts(&error.scim_type, names)?,
                })
            })
            .transpose()?,
        empty: expect.empty,
        lacks_text: texts(&expect.lacks_text, names)?,
        unchanged: expect
            .unchanged
            .as_ref()
            .map(|unchanged| {
                Ok(Unchanged {
                    of: unchanged.of.clone(),
                    except: texts(&unchanged.except, names)?,
                })
            })
            .transpose()?,
        either: expect
            .either
            .iter()
            .map(|one| alternative(one, names))
            .collect::<Filled<_>>()?,
    })
}

fn alternative(one: &Alternative, names: &dyn Lookup) -> Filled<Alternative> {
    Ok(Alternative {
        expect: expect(&one.expect, names)?,
        note: text(&one.note, names)?,
        severity: one.severity,
    })
}

fn list(list: &ListExpect, names: &dyn Lookup) -> Filled<ListExpect> {
    Ok(ListExpect {
        items: list
            .items
            .iter()
            .map(|(name, paths)| Ok((name.clone(), matchers(paths, names)?)))
            .collect::<Filled<_>>()?,
        each: matchers(&list.each, names)?,
        ..list.clone()
    })
}

/// Changes without any `{{...}}` left in them.
///
/// # Errors
/// Where a name has no value.
pub fn changes(changes: &Changes, names: &dyn Lookup) -> Filled<Changes> {
    let of = changes
        .of
        .iter()
        .map(|(name, change)| {
            let change = match change {
                Change::Paths(paths) => Change::Paths(matchers(paths, names)?),
                Change::Gone => Change::Gone,
                Change::Any => Change::Any,
            };
            Ok((name.clone(), change))
        })
        .collect::<Filled<_>>()?;
    Ok(Changes {
        of,
        later: changes.later,
    })
}

/// Paths (or header names) and what stands at them, without any `{{...}}` left.
///
/// # Errors
/// Where a name has no value.
pub fn matchers(pairs: &[(String, Matcher)], names: &dyn Lookup) -> Filled<Vec<(String, Matcher)>> {
    pairs
        .iter()
        .map(|(path, expected)| Ok((text(path, names)?, matcher(expected, names)?)))
        .collect()
}

fn matcher(expected: &Matcher, names: &dyn Lookup) -> Filled<Matcher> {
    Ok(match expected {
        Matcher::Is(value) => Matcher::Is(render_json(value, names)?),
        Matcher::Exactly(value) => Matcher::Exactly(render_json(value, names)?),
        Matcher::Matches(pattern) => {
            Matcher::Matches(Template::parse(pattern)?.render(names, Position::Pattern)?)
        }
        Matcher::AnyOf(all) => Matcher::AnyOf(
            all.iter()
                .map(|one| matcher(one, names))
                .collect::<Filled<_>>()?,
        ),
        Matcher::All(all) => Matcher::All(
            all.iter()
                .map(|one| matcher(one, names))
                .collect::<Filled<_>>()?,
        ),
        Matcher::Not(inner) => Matcher::Not(Box::new(matcher(inner, names)?)),
        Matcher::Contains(item) => Matcher::Contains(contained(item, names)?),
        Matcher::Lacks(item) => Matcher::Lacks(contained(item, names)?),
        Matcher::Present
        | Matcher::Absent
        | Matcher::Empty
        | Matcher::Type(_)
        | Matcher::Count(_)
        | Matcher::Ids(_)
        | Matcher::Any => expected.clone(),
    })
}

fn contained(item: &ContainsItem, names: &dyn Lookup) -> Filled<ContainsItem> {
    Ok(match item {
        ContainsItem::Element(paths) => ContainsItem::Element(matchers(paths, names)?),
        ContainsItem::Value(value) => ContainsItem::Value(render_json(value, names)?),
    })
}
