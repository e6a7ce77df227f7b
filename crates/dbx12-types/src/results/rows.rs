//! Reading a table's rows, one at a time.

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The rows of a table, decoded one at a time: an iterator that borrows the table's text.
pub struct Rows<'a, T> {
    rest: &'a str,
    number: usize,
    names: Vec<String>,
    row: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> Rows<'a, T> {
    pub(super) fn new(data: &'a str, names: Vec<String>) -> Result<Self, TableError> {
        let rest = data
            .trim_start()
            .strip_prefix('[')
            .ok_or(TableError { kind: Kind::NoRows })?;
        Ok(Self {
            rest,
            number: 0,
            names,
            row: PhantomData,
        })
    }

    /// The text of the next row. The table's text was found to be sound JSON when it was decoded.
    fn next_text(&mut self) -> Option<Result<&'a str, serde_json::Error>> {
        let rest = self.rest.trim_start().trim_start_matches(',').trim_start();
        if rest.is_empty() || rest.starts_with(']') {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&serde_json::value::RawValue>();
        let row = values.next()?;
        self.rest = rest.get(values.byte_offset()..).unwrap_or_default();
        Some(row.map(|raw| raw.get()))
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Rows<'a, T> {
    type Item = Result<T, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.next_text()?;
        self.number += 1;
        let decoded = text.and_then(|text| {
            let mut json = serde_json::Deserializer::from_str(text);
            T::deserialize(Row {
                json: &mut json,
                names: &self.names,
            })
        });
        Some(decoded.map_err(|source| TableError {
            kind: Kind::Row {
                number: self.number,
                source,
            },
        }))
    }
}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("number", &self.number)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// A row: an array that a struct or a map reads by column name.
struct Row<'j, 'a> {
    json: &'j mut serde_json::Deserializer<serde_json::de::StrRead<'a>>,
    names: &'j [String],
}

impl<'a> Deserializer<'a> for Row<'_, 'a> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.json.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.json.deserialize_any(Named {
            names: self.names,
            visitor,
        })
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        // How serde_json recognises a raw value, and everybody else a wrapper around a row.
        if name.contains("RawValue") {
            self.json.deserialize_newtype_struct(name, visitor)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct enum identifier ignored_any
    }
}

/// Shows the array to a visitor of maps, with the columns' names as keys.
struct Named<'j, V> {
    names: &'j [String],
    visitor: V,
}

impl<'a, V: Visitor<'a>> Visitor<'a> for Named<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row: an array of cells")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, cells: A) -> Result<V::Value, A::Error> {
        let access = NamedCells {
            names: self.names.iter(),
            cells,
        };
        self.visitor.visit_map(access)
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<V::Value, A::Error> {
        Deserializer::deserialize_map(MapAccessDeserializer::new(map), self.visitor)
    }
}

struct NamedCells<'j, A> {
    names: std::slice::Iter<'j, String>,
    cells: A,
}

impl<'a, A: SeqAccess<'a>> MapAccess<'a> for NamedCells<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.names
            .next()
            .map(|name| seed.deserialize(StrDeserializer::new(name)))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let cell = self.cells.next_element_seed(seed)?;
        cell.ok_or_else(|| de::Error::custom("the row has fewer cells than the schema has columns"))
    }
}

/// A table that cannot be read as asked.
#[derive(Debug)]
pub struct TableError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    NoRows,
    Schema(serde_json::Error),
    Row { number: usize, source: serde_json::Error },
}

impl TableError {
    pub(super) fn schema(source: serde_json::Error) -> Self {
        Self {
            kind: Kind::Schema(source),
        }
    }

    /// The number of the row that does not fit, counted from 1.
    pub fn row(&self) -> Option<usize> {
        match self.kind {
            Kind::Row { number, .. } => Some(number),
            Kind::NoRows | Kind::Schema(_) => None,
        }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NoRows => f.write_str("the table's rows are not an array"),
            Kind::Schema(source) => write!(f, "the table's schema cannot be read: {source}"),
            Kind::Row { number, source } => write!(f, "row {number} of the table does not fit: {source}"),
        }
    }
}

impl std::error::Error for TableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::NoRows => None,
            Kind::Schema(source) | Kind::Row { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::results::{Column, Table};
    use serde::Deserialize;
    use std::collections::BTreeMap;

    fn people() -> Table {
        let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
        Table::new(&columns, &[(1, "Al,[]"), (2, "B\"ob")], false).unwrap()
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Person {
        name: String,
        id: u8,
    }

    #[test]
    fn rows_become_tuples_structs_and_maps() {
        let table = people();
        let tuples: Vec<(u8, String)> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(tuples, [(1, "Al,[]".to_owned()), (2, "B\"ob".to_owned())]);
        let structs: Vec<Person> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            structs[1],
            Person {
                name: "B\"ob".to_owned(),
                id: 2
            }
        );
        let maps: Vec<BTreeMap<String, serde_json::Value>> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(maps[0]["name"], "Al,[]");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let table = people();
        let mut rows = table.rows::<(u8, &str)>().unwrap();
        assert_eq!(rows.next().unwrap().unwrap(), (1, "Al,[]"));
        assert_eq!(rows.next().unwrap().unwrap_err().row(), Some(2));
        assert!(rows.next().is_none());
    }

    #[test]
    fn a_row_that_does_not_fit_is_named_and_the_next_is_read() {
        let table = Table::new::<serde_json::Value>(
            &[Column::new("a", ""), Column::new("b", "")],
            &[
                serde_json::json!([1]),
                serde_json::json!([1, 2, 3]),
                serde_json::json!([1, 2]),
            ],
            true,
        )
        .unwrap();
        #[derive(Debug, Deserialize, PartialEq)]
        struct Pair {
            a: u8,
            b: u8,
        }
        let rows: Vec<_> = table.rows::<Pair>().unwrap().collect();
        assert_eq!(
            rows.iter()
                .map(|row| row.as_ref().err().and_then(|e| e.row()))
                .collect::<Vec<_>>(),
            [Some(1), Some(2), None]
        );
        assert_eq!(rows[2].as_ref().unwrap(), &Pair { a: 1, b: 2 });
        assert!(table.truncated());
    }
}
