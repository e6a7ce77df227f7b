//! Reading a table's rows, one at a time.

use super::error::{Problem, TableError};
use super::walk::Walk;
use crate::json::{self, JsonText, Place};
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

/// The rows of a table, decoded one at a time: an iterator that borrows the table's text.
///
/// A row that does not fit is an error; the rows after it can still be read.
pub struct Rows<'a, T> {
    walk: Walk<'a>,
    /// The index of a column whose name is that of one before it: a map would keep only one of them.
    repeated: Option<usize>,
    row: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> Rows<'a, T> {
    pub(super) fn new(walk: Walk<'a>) -> Self {
        let mut known = HashSet::new();
        let names = walk.names().unwrap_or_default();
        Self {
            repeated: names.iter().position(|name| !known.insert(name)),
            walk,
            row: PhantomData,
        }
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Rows<'a, T> {
    type Item = Result<T, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.walk.next_row()?;
        let (mut failed, mut place) = (None, Place::default());
        let decoded = T::deserialize(Row {
            walk: &mut self.walk,
            repeated: self.repeated,
            failed: &mut failed,
            place: &mut place,
        });
        // A row of the wrong length explains most of what else may be wrong with it.
        if let Err(error) = self.walk.finish(start) {
            return Some(Err(error));
        }
        Some(decoded.map_err(|source| match failed {
            Some(index) => self.walk.in_cell_at(index, Problem::decode(source, place)),
            None => self.walk.in_row(source),
        }))
    }
}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("walk", &self.walk).finish()
    }
}

/// A row: an array that a struct or a map reads by column name.
struct Row<'w, 'a> {
    walk: &'w mut Walk<'a>,
    repeated: Option<usize>,
    /// The index of the cell that could not be decoded.
    failed: &'w mut Option<usize>,
    /// Where in it.
    place: &'w mut Place,
}

impl<'a> Row<'_, 'a> {
    fn read<V>(
        self,
        visit: impl FnOnce(&mut Cells<'_, 'a>) -> Result<V, serde_json::Error>,
    ) -> Result<V, serde_json::Error> {
        if !self.walk.enter() {
            return Err(de::Error::custom("the row is not an array of cells"));
        }
        let mut cells = Cells(self);
        let decoded = visit(&mut cells);
        if decoded.is_ok() && cells.0.walk.cell().is_some() {
            return Err(de::Error::custom("the row has more cells than the type takes"));
        }
        decoded
    }

    /// The next cell. `None` at the row's end.
    fn cell<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Option<Result<S::Value, serde_json::Error>> {
        let cell = self.walk.at_cell()?;
        let decoded = json::decode(cell, self.place, seed);
        if decoded.is_err() {
            *self.failed = Some(self.walk.cells() - 1);
        }
        Some(decoded)
    }
}

impl<'a> Deserializer<'a> for Row<'_, 'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read(|cells| visitor.visit_seq(cells))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.repeated.is_some() {
            *self.failed = self.repeated;
            return Err(de::Error::custom(
                "several columns have that name, and a map holds one of them; rename them in the query",
            ));
        }
        self.read(|cells| visitor.visit_map(cells))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.read(|cells| visitor.visit_map(cells))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if JsonText::is_raw_value(name) {
            let text = JsonText {
                cursor: &mut self.walk.cursor(),
                place: self.place,
            };
            return text.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct enum identifier ignored_any
    }
}

/// The cells of a row, to be read in order or by column name.
struct Cells<'w, 'a>(Row<'w, 'a>);

impl<'a> SeqAccess<'a> for Cells<'_, 'a> {
    type Error = serde_json::Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error> {
        self.0.cell(seed).transpose()
    }
}

impl<'a> MapAccess<'a> for Cells<'_, 'a> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let decode = |name: &Cow<'a, str>| match name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => seed.deserialize(StrDeserializer::new(name)),
        };
        self.0.walk.next_name().map(decode).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Self::Error> {
        let missing = || Err(de::Error::custom("the row has fewer cells than the schema has columns"));
        self.0.cell(seed).unwrap_or_else(missing)
    }
}
