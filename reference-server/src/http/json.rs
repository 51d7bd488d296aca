//! Reads JSON bodies in which a name that stands twice in one object is an error.
//!
//! RFC 8259 section 4 leaves what such an object means to its reader, and RFC 7643 section 2.1 has
//! each attribute once. A server that takes the one and a gateway before it that takes the other
//! would disagree on what was asked for, so it is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Reads a JSON text, nested no deeper than the reader's own limit of 128.
///
/// # Errors
/// When it is not JSON, or, as an error of data, when a name stands twice in an object.
pub(super) fn read(text: &[u8]) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Once.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A JSON value whose objects have each name once.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Once)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Occupied(taken) => {
                    return Err(A::Error::custom(format!(
                        "'{}' stands twice in one object",
                        taken.key()
                    )));
                }
                Entry::Vacant(free) => {
                    free.insert(members.next_value_seed(Once)?);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is_and_names_that_stand_twice_are_refused() {
        for text in [
            "null",
            " true ",
            "-3",
            "18446744073709551615",
            "1.5e3",
            "\"\\u00e9\"",
            "[]",
            "{}",
            r#"{"b":[1,{"a":null}],"a":{"b":"x"}}"#,
        ] {
            let plain: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(read(text.as_bytes()).expect("the same"), plain, "{text}");
        }
        for text in [
            "",
            "{",
            "[1,]",
            "{} x",
            "\"\\ud800\"",
            "1e999",
            &"[".repeat(200),
        ] {
            let error = read(text.as_bytes()).expect_err("is no JSON");
            assert!(!error.is_data(), "{text}: {error}");
        }
        for (text, says) in [
            (
                r#"{"a":1,"a":1}"#,
                "'a' stands twice in one object at line 1 column 10",
            ),
            (r#"[{"x":{"":{},"b":0,"":{}}}]"#, "'' stands twice"),
            (r#"{"a":1,"\u0061":2}"#, "'a' stands twice"),
        ] {
            let error = read(text.as_bytes()).expect_err("stands twice");
            assert!(
                error.is_data() && error.to_string().starts_with(says),
                "{text}: {error}"
            );
        }
    }
}
