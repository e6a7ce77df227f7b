//! The names in an object, as serde reads them.

use super::scan::Token;
use serde::de::{Deserializer, Visitor};
use serde_json::Error;
use std::borrow::Cow;

/// The name of a member: text, or what is no text in quotes.
pub(super) struct Key<'a>(pub(super) Token<'a>);

macro_rules! in_quotes {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.0.plain().unwrap_or_default();
            let mut json = serde_json::Deserializer::from_str(text);
            // Numbers and truth values only; and text that is none is told as text.
            if text.starts_with(|first: char| first == '-' || first.is_ascii_alphanumeric()) {
                let value = json.$method(visitor)?;
                json.end()?;
                return Ok(value);
            }
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'a> Deserializer<'a> for Key<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.0.text).deserialize_enum(name, variants, visitor)
    }

    in_quotes! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
