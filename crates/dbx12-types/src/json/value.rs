//! Decoding a value, straight from its text.

use super::Place;
use super::scan::{Cursor, Kind, Token};
use serde::de::{DeserializeSeed, Deserializer, Error as _, Visitor};
use std::str::FromStr;

/// Decodes the value that begins at the cursor, and goes past it.
///
/// # Errors
/// When it is not what `seed` asks for; then `place` says where in it, and the cursor is past it nevertheless.
pub(crate) fn decode<'a, S: DeserializeSeed<'a>>(
    cursor: &mut Cursor<'a>,
    place: &mut Place,
    seed: S,
) -> Result<S::Value, serde_json::Error> {
    let start = *cursor;
    let decoded = seed.deserialize(JsonText { cursor, place });
    // A type may ask for nothing. Whatever else it asks goes past the value, also when it is refused.
    if cursor.is_at(&start) {
        cursor.value();
    }
    if decoded.is_ok() {
        place.forget();
    }
    decoded
}

/// The text of a value as serde reads it.
///
/// Arrays, objects, text without escapes, whole numbers, floats and `null` are read here, in the same pass that finds
/// where they end; everything else is `serde_json`'s business.
pub(crate) struct JsonText<'c, 'a> {
    pub(crate) cursor: &'c mut Cursor<'a>,
    pub(crate) place: &'c mut Place,
}

type Json<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

impl<'a> JsonText<'_, 'a> {
    /// Whether it is `serde_json` that asks, for raw text.
    pub(crate) fn is_raw_value(name: &str) -> bool {
        name.starts_with("$serde_json::private::")
    }

    fn json(self) -> Json<'a> {
        json(self.cursor.value())
    }
}

fn json(token: Token<'_>) -> Json<'_> {
    serde_json::Deserializer::from_str(token.text)
}

/// The nearest float; `serde_json` rounds twice for 32 bits, and takes what is too large for them as infinity. `None` when
/// it is no number.
fn float<T: FromStr + Into<f64> + Copy>(token: Token<'_>) -> Result<Option<T>, serde_json::Error> {
    if token.kind() != Kind::Number {
        return Ok(None);
    }
    let number: Option<T> = token.text.parse().ok();
    match number {
        Some(number) if !number.into().is_finite() => Err(serde_json::Error::custom("number out of range")),
        number => Ok(number),
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.cursor.integer() {
                Some(number) => visit_integer(number, visitor),
                None => self.json().$method(visitor),
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.cursor.plain_string() {
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

impl<'a> Deserializer<'a> for JsonText<'_, 'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.cursor.kind() {
            Kind::String => self.deserialize_str(visitor),
            Kind::Array => self.deserialize_seq(visitor),
            Kind::Object => self.deserialize_map(visitor),
            Kind::Number => match self.cursor.integer() {
                Some(number) => visit_integer(number, visitor),
                None => self.json().deserialize_any(visitor),
            },
            Kind::Null | Kind::Boolean => self.json().deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cursor.kind() != Kind::Array {
            return self.json().deserialize_seq(visitor);
        }
        self.array(|elements| visitor.visit_seq(elements))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cursor.kind() != Kind::Object {
            return self.json().deserialize_map(visitor);
        }
        self.object(|members| visitor.visit_map(members))
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cursor.kind() != Kind::Boolean {
            return self.json().deserialize_bool(visitor);
        }
        visitor.visit_bool(self.cursor.value().text == "true")
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.cursor.kind() == Kind::Null {
            self.cursor.value();
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
        self.cursor.value();
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
        match self.cursor.kind() {
            Kind::Array => self.deserialize_seq(visitor),
            Kind::Object => self.deserialize_map(visitor),
            _ => self.json().deserialize_struct(name, fields, visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, name: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        self.json().deserialize_unit_struct(name, visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let token = self.cursor.value();
        match float(token)? {
            Some(number) => visitor.visit_f32(number),
            None => json(token).deserialize_f32(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if let Some(number) = self.cursor.float() {
            return visitor.visit_f64(number);
        }
        let token = self.cursor.value();
        match float(token)? {
            Some(number) => visitor.visit_f64(number),
            None => json(token).deserialize_f64(visitor),
        }
    }

    texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    wide_integers! { deserialize_i128 deserialize_u128 }

    others! {
        deserialize_bytes deserialize_byte_buf deserialize_unit
    }
}

/// Numbers that are not negative go to `visit_u64`, as `serde_json` does it.
fn visit_integer<'a, V: Visitor<'a>>(number: i64, visitor: V) -> Result<V::Value, serde_json::Error> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}
