//! Reading a table's rows, one at a time.

use super::decode::CellText;
use super::error::{Problem, TableError};
use super::walk::Walk;
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The rows of a table, decoded one at a time: an iterator that borrows the table's text.
///
/// A row that does not fit is an error; the rows after it can still be read.
pub struct Rows<'a, T> {
    walk: Walk<'a>,
    row: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> Rows<'a, T> {
    pub(super) fn new(walk: Walk<'a>) -> Self {
        Self { walk, row: PhantomData }
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Rows<'a, T> {
    type Item = Result<T, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.walk.next_row()?;
        let mut decoding = None;
        let decoded = T::deserialize(Row {
            walk: &mut self.walk,
            decoding: &mut decoding,
        });
        // A row of the wrong length explains most of what else may be wrong with it.
        if let Err(error) = self.walk.finish(start) {
            return Some(Err(error));
        }
        Some(decoded.map_err(|source| match decoding {
            Some(index) => self.walk.in_cell_at(index, Problem::Decode(source)),
            None => self.walk.in_row(Problem::Decode(source)),
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
    /// The index of the cell that is being decoded.
    decoding: &'w mut Option<usize>,
}

impl<'a> Row<'_, 'a> {
    fn read<V>(
        self,
        visit: impl FnOnce(&mut Cells<'_, 'a>) -> Result<V, serde_json::Error>,
    ) -> Result<V, serde_json::Error> {
        if !self.walk.enter() {
            return Err(de::Error::custom("the row is not an array of cells"));
        }
        let mut cells = Cells { row: self, index: 0 };
        let value = visit(&mut cells)?;
        match cells.row.walk.cell() {
            Some(_) => Err(de::Error::custom("the row has more cells than the type takes")),
            None => Ok(value),
        }
    }
}

impl<'a> Deserializer<'a> for Row<'_, 'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read(|cells| visitor.visit_seq(cells))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.read(|cells| visitor.visit_map(cells))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if CellText::is_raw_value(name) {
            let row = self.walk.whole_row();
            return CellText(row).deserialize_newtype_struct(name, visitor);
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
struct Cells<'w, 'a> {
    row: Row<'w, 'a>,
    index: usize,
}

impl<'a> Cells<'_, 'a> {
    fn next<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, serde_json::Error> {
        let Some(cell) = self.row.walk.cell() else {
            return Ok(None);
        };
        *self.row.decoding = Some(self.index);
        let value = seed.deserialize(CellText(cell))?;
        *self.row.decoding = None;
        self.index += 1;
        Ok(Some(value))
    }
}

impl<'a> SeqAccess<'a> for Cells<'_, 'a> {
    type Error = serde_json::Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error> {
        self.next(seed)
    }
}

impl<'a> MapAccess<'a> for Cells<'_, 'a> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let name = self.row.walk.names().and_then(|names| names.get(self.index));
        name.map(|name| seed.deserialize(StrDeserializer::new(name)))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Self::Error> {
        let cell = self.next(seed)?;
        cell.ok_or_else(|| de::Error::custom("the row has fewer cells than the schema has columns"))
    }
}
