//! Decoding one cell, straight from its text.

use super::scan::{Kind, Token};
use serde::de::{Deserializer, Visitor};
use std::str::FromStr;

/// The text of a cell as serde reads it.
///
/// Text without escapes, whole numbers, floats and `null` are read here, because the walk over the row has already found
/// where they end; everything else is `serde_json`'s business.
pub(super) struct CellText<'a>(pub(super) Token<'a>);

type Json<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

impl<'a> CellText<'a> {
    /// Whether it is `serde_json` that asks, for raw text.
    pub(super) fn is_raw_value(name: &str) -> bool {
        name.starts_with("$serde_json::private::")
    }

    fn json(&self) -> Json<'a> {
        serde_json::Deserializer::from_str(self.0.text)
    }

    /// The number, when it is one that `i64` holds exactly.
    fn integer(&self) -> Option<i64> {
        let text = self.0.text;
        // The most usual by far; and `-0` is a float.
        let is_number = self.0.kind() == Kind::Number && text != "-0";
        is_number.then(|| text.parse().ok()).flatten()
    }

    /// The nearest float; `serde_json` alone may miss it by one bit. Not what is too large for one.
    fn float<T: FromStr + Into<f64> + Copy>(&self) -> Option<T> {
        let is_number = self.0.kind() == Kind::Number;
        let number: T = is_number.then(|| self.0.text.parse().ok()).flatten()?;
        number.into().is_finite().then_some(number)
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.integer() {
                Some(number) => visit_integer(number, visitor),
                None => self.json().$method(visitor),
            }
        }
    )*};
}

macro_rules! floats {
    ($($method:ident: $visit:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.float() {
                Some(number) => visitor.$visit(number),
                None => self.json().$method(visitor),
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.plain() {
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

impl<'a> Deserializer<'a> for CellText<'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if let Some(text) = self.0.plain() {
            return visitor.visit_borrowed_str(text);
        }
        match self.integer() {
            Some(number) => visit_integer(number, visitor),
            None => self.json().deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => self.json().deserialize_bool(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.kind() == Kind::Null {
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

    others! {
        deserialize_i128 deserialize_u128 deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
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
