//! Decoding one cell, straight from its text.

use super::scan::{Cursor, Kind, Token};
use serde::de::{DeserializeSeed, Deserializer, Visitor};
use std::str::FromStr;

/// Decodes the value that begins at the cursor, and goes past it.
///
/// # Errors
/// When it is not what `seed` asks for; the cursor is past it nevertheless.
pub(super) fn decode<'a, S: DeserializeSeed<'a>>(
    cursor: &mut Cursor<'a>,
    seed: S,
) -> Result<S::Value, serde_json::Error> {
    let start = *cursor;
    let decoded = seed.deserialize(CellText(cursor));
    // A type may ask for nothing.
    if decoded.is_err() || cursor.is_at(&start) {
        *cursor = start;
        cursor.value();
    }
    decoded
}

/// The text of a cell as serde reads it.
///
/// Text without escapes, whole numbers, floats and `null` are read here, in the same pass that finds where they end;
/// everything else is `serde_json`'s business.
pub(super) struct CellText<'c, 'a>(pub(super) &'c mut Cursor<'a>);

type Json<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

impl<'a> CellText<'_, 'a> {
    /// Whether it is `serde_json` that asks, for raw text.
    pub(super) fn is_raw_value(name: &str) -> bool {
        name.starts_with("$serde_json::private::")
    }

    fn json(self) -> Json<'a> {
        json(self.0.value())
    }
}

fn json(token: Token<'_>) -> Json<'_> {
    serde_json::Deserializer::from_str(token.text)
}

/// The nearest float; `serde_json` alone may miss it by one bit. Not what is too large for one.
fn float<T: FromStr + Into<f64> + Copy>(token: Token<'_>) -> Option<T> {
    if token.kind() != Kind::Number {
        return None;
    }
    let number: T = token.text.parse().ok()?;
    number.into().is_finite().then_some(number)
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.integer() {
                Some(number) => visit_integer(number, visitor),
                None => self.json().$method(visitor),
            }
        }
    )*};
}

macro_rules! floats {
    ($($method:ident: $visit:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let token = self.0.value();
            match float(token) {
                Some(number) => visitor.$visit(number),
                None => json(token).$method(visitor),
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.plain_string() {
                Some(text) => visitor.visit_borrowed_str(text),
                None => self.json().$method(visitor),
            }
        }
    )*};
}

macro_rules! others {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.json().$method(visitor)
        }
    )*};
}

/// Integers beyond 64 bits, of which `serde_json` reads what begins as one: the rest of the number must be looked at.
macro_rules! wide_integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            let mut json = self.json();
            let number = json.$method(visitor)?;
            json.end()?;
            Ok(number)
        }
    )*};
}

impl<'a> Deserializer<'a> for CellText<'_, 'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if let Some(text) = self.0.plain_string() {
            return visitor.visit_borrowed_str(text);
        }
        match self.0.integer() {
            Some(number) => visit_integer(number, visitor),
            None => self.json().deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.kind() != Kind::Boolean {
            return self.json().deserialize_bool(visitor);
        }
        visitor.visit_bool(self.0.value().text == "true")
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.kind() == Kind::Null {
            self.0.value();
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if Self::is_raw_value(name) {
            return self.json().deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.value();
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.json().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.json().deserialize_struct(name, fields, visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.json().deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.json().deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        self.json().deserialize_unit_struct(name, visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    floats! { deserialize_f32: visit_f32 deserialize_f64: visit_f64 }

    texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    wide_integers! { deserialize_i128 deserialize_u128 }

    others! {
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
        deserialize_map
    }
}

/// Numbers that are not negative go to `visit_u64`, as `serde_json` does it.
fn visit_integer<'a, V: Visitor<'a>>(number: i64, visitor: V) -> Result<V::Value, serde_json::Error> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}
