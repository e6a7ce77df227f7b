//! Table results: kept as text, decoded once, straight into what the caller wants.

use crate::fields::{FieldError, Object};
use crate::{DataType, Fields};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::fmt;
use std::io::{BufWriter, Write};

mod cell;
mod column;
mod column_values;
mod csv;
mod error;
mod json_lines;
mod markdown;
mod number;
#[cfg(feature = "arrow")]
mod record_batch;
mod rows;
#[cfg(test)]
mod tests;
mod walk;

pub use cell::{Cell, Cells};
pub use column::Column;
pub use column_values::ColumnValues;
pub use error::TableError;
pub use rows::Rows;

use walk::Walk;

/// A table. Its rows stay as the JSON text they came in until somebody asks for them.
#[derive(Clone, Default)]
pub struct Table {
    data: Option<Box<RawValue>>,
    schema: Option<Box<RawValue>>,
    extra: Fields,
}

impl Table {
    /// A table as a server writes it, with a schema of objects whose types are JSON text.
    ///
    /// # Errors
    /// When a cell cannot be written as JSON.
    pub fn new<R: Serialize>(columns: &[Column], rows: &[R], truncated: bool) -> Result<Self, serde_json::Error> {
        let schema: Vec<_> = columns
            .iter()
            .map(|column| serde_json::json!({"name": column.name, "type": column.data_type, "metadata": "{}"}))
            .collect();
        let (rows, schema) = (to_raw_value(rows)?, to_raw_value(&schema)?);
        Ok(Self::from_raw(rows, schema, truncated))
    }

    /// A table whose rows and schema already are JSON text, as a server writes it; neither is copied or looked at.
    ///
    /// The rows are an array of arrays. The schema is an array of objects with `name`, `type` (JSON text inside a string)
    /// and whatever else is known of a column, such as `metadata`. If they are not, reading the table fails.
    ///
    /// ```
    /// use dbx12_types::Table;
    /// let rows = serde_json::from_str(r#"[[1, "Alice"], [2, "Bob"]]"#)?;
    /// let schema = r#"[{"name":"id","type":"\"long\""},{"name":"name","type":"\"string\"","metadata":"{}"}]"#;
    /// let table = Table::from_raw(rows, serde_json::from_str(schema)?, false);
    /// assert_eq!(table.rows::<(u8, &str)>()?.nth(1).unwrap()?, (2, "Bob"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_raw(rows: Box<RawValue>, schema: Box<RawValue>, truncated: bool) -> Self {
        let truncated = if truncated { RawValue::TRUE } else { RawValue::FALSE };
        let mut extra = Fields::default();
        extra.set_raw("truncated".to_owned(), truncated.to_owned());
        extra.set_raw("isJsonSchema".to_owned(), RawValue::TRUE.to_owned());
        Self {
            data: Some(rows),
            schema: Some(schema),
            extra,
        }
    }

    /// The rows as raw JSON: an array of arrays. Missing when the server sent none.
    pub fn data(&self) -> Option<&RawValue> {
        self.data.as_deref()
    }

    /// The schema as raw JSON: an array of objects in practice, of arrays in the document.
    pub fn schema(&self) -> Option<&RawValue> {
        self.schema.as_deref()
    }

    /// Whether the server cut the table: there are more rows than these.
    pub fn truncated(&self) -> bool {
        self.extra.read("truncated").unwrap_or(false)
    }

    /// Whether types are JSON text rather than Hive strings. `None` when the server does not say.
    pub fn is_json_schema(&self) -> Option<bool> {
        self.extra.read("isJsonSchema")
    }

    /// Everything beside rows and schema.
    pub fn extra(&self) -> &Fields {
        &self.extra
    }

    /// The columns. Empty when the server sent no schema.
    ///
    /// # Errors
    /// When the schema is neither an array of objects nor an array of arrays.
    pub fn columns(&self) -> Result<Vec<Column>, TableError> {
        self.known_schema().map_or(Ok(Vec::new()), column::columns)
    }

    /// How many rows there are. No cell is decoded for it.
    ///
    /// # Errors
    /// When the rows are no array.
    pub fn row_count(&self) -> Result<usize, TableError> {
        let mut walk = Walk::new(self.rows_text(), None)?;
        Ok(std::iter::from_fn(|| walk.pass_row()).count())
    }

    /// The rows, decoded one at a time into tuples, vectors, maps, or structs by column name.
    ///
    /// Keys of maps can be borrowed (`HashMap<&str, _>`) where no column's name has an escape.
    ///
    /// ```
    /// use dbx12_types::{CommandInfo, Results};
    /// let body = r#"{"status":"Finished","results":{"resultType":"table",
    ///     "schema":[{"name":"id","type":"\"long\""},{"name":"name","type":"\"string\""}],
    ///     "data":[[1,"Alice"],[2,"Bob"]]}}"#;
    /// let info: CommandInfo = serde_json::from_str(body)?;
    /// let Some(Results::Table(table)) = info.results else { panic!("a table") };
    /// let rows = table.rows::<(u64, String)>()?.collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(rows[1], (2, "Bob".to_owned()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the rows are no array, or the schema cannot be read. A row that does not fit `T`, or has more or fewer cells
    /// than the schema has columns, is an error of its own, naming the row and where possible the column and the place in
    /// the cell; the rows after it can still be read. A map is refused where two columns have the same name.
    pub fn rows<'a, T: Deserialize<'a>>(&'a self) -> Result<Rows<'a, T>, TableError> {
        self.walk().map(Rows::new)
    }

    /// The cells of one column, decoded one at a time.
    ///
    /// ```
    /// use dbx12_types::{Table, results::Column};
    /// let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
    /// let table = Table::new(&columns, &[(1, "Alice"), (2, "Bob")], false)?;
    /// let names = table.column::<&str>("name")?.collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(names, ["Alice", "Bob"]);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the rows are no array, the schema cannot be read, or not exactly one column has that name. A cell that is
    /// not a `T`, and a row of the wrong length, is an error of its own; the rows after it can still be read.
    pub fn column<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<ColumnValues<'a, T>, TableError> {
        ColumnValues::new(self.walk()?, name)
    }

    /// The rows as cells of Spark's types, one row at a time.
    ///
    /// ```
    /// use dbx12_types::{Table, results::{Cell, Column}};
    /// let columns = [Column::new("day", "\"date\""), Column::new("share", "\"double\"")];
    /// let table = Table::new(&columns, &[("2024-02-29", "NaN")], false)?;
    /// for row in table.cells()? {
    ///     let [Cell::Date(day), Cell::Float(share)] = &row?[..] else { panic!("a date and a number") };
    ///     assert!(day == "2024-02-29" && share.is_nan());
    /// }
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the rows are no array, or the schema cannot be read. A row of the wrong length, and text with half a
    /// surrogate pair in it, is an error of its own; the rows after it can still be read.
    pub fn cells(&self) -> Result<Cells<'_>, TableError> {
        Ok(Cells::new(self.walk()?, self.types()?))
    }

    /// Writes the table as CSV, as [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180) says: a line of column names, then
    /// a line a row, each ended by CR LF, in UTF-8. The line of names is missing where the server sent no schema.
    ///
    /// `null` is an empty field, empty text is `""`. In a row of one cell `null` is `""` too: it would be an empty line,
    /// which Python, pandas and Spark leave out when they read. Numbers are written with the digits they came with; arrays, maps and
    /// structs as their JSON text. Rows are written as they are read, so memory does not grow with the table.
    ///
    /// ```
    /// use dbx12_types::{Table, results::Column};
    /// let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
    /// let table = Table::new(&columns, &[(1, Some("Ann, \"A\"")), (2, Some("")), (3, None)], false)?;
    /// let mut csv = Vec::new();
    /// table.to_csv(&mut csv)?;
    /// assert_eq!(csv, b"id,name\r\n1,\"Ann, \"\"A\"\"\"\r\n2,\"\"\r\n3,\r\n");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the table cannot be read, with the row and the column, or `out` cannot be written
    /// ([`TableError::io_error`]). What comes before the error may have been written.
    pub fn to_csv(&self, out: impl Write) -> Result<(), TableError> {
        write_buffered(out, |out| csv::write(self.walk()?, out))
    }

    /// Writes the table as [JSON Lines](https://jsonlines.org): an object a row, by column name; an array a row where
    /// the server sent no schema. The cells are copied as they came, so every digit of a number is kept.
    ///
    /// ```
    /// use dbx12_types::{Table, results::Column};
    /// let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
    /// let table = Table::new(&columns, &[(1, Some("Ann")), (2, None)], false)?;
    /// let mut lines = Vec::new();
    /// table.to_json_lines(&mut lines)?;
    /// assert_eq!(lines, b"{\"id\":1,\"name\":\"Ann\"}\n{\"id\":2,\"name\":null}\n");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_csv`](Table::to_csv); and when two columns have the same name, because an object holds only one of them.
    pub fn to_json_lines(&self, out: impl Write) -> Result<(), TableError> {
        write_buffered(out, |out| json_lines::write(self.walk()?, out))
    }

    /// Writes the table as a table of [GitHub's Markdown](https://github.github.com/gfm/#tables-extension-). Numbers are
    /// aligned to the right. Text is escaped so that it is shown as it is; a line break becomes `<br>`, and `null` is
    /// `*null*`, which no text is.
    ///
    /// ```
    /// use dbx12_types::{Table, results::Column};
    /// let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
    /// let table = Table::new(&columns, &[(1, Some("a|b")), (2, None)], false)?;
    /// let mut markdown = Vec::new();
    /// table.to_markdown(&mut markdown)?;
    /// let markdown = String::from_utf8(markdown)?;
    /// assert_eq!(markdown, "| id | name |\n| ---: | --- |\n| 1 | a\\|b |\n| 2 | *null* |\n");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_csv`](Table::to_csv).
    pub fn to_markdown(&self, out: impl Write) -> Result<(), TableError> {
        write_buffered(out, |out| markdown::write(self.walk()?, &self.types()?, out))
    }

    fn types(&self) -> Result<Vec<DataType>, TableError> {
        Ok(self.columns()?.iter().map(Column::spark_type).collect())
    }

    /// Before the first row.
    fn walk(&self) -> Result<Walk<'_>, TableError> {
        Walk::new(self.rows_text(), self.names()?)
    }

    /// The names of the columns. Missing without a schema.
    fn names(&self) -> Result<Option<Vec<Cow<'_, str>>>, TableError> {
        self.known_schema().map(column::names).transpose()
    }

    fn known_schema(&self) -> Option<&RawValue> {
        self.schema().filter(|raw| raw.get() != "null")
    }

    /// The text of the rows. None is as good as an empty array.
    fn rows_text(&self) -> &str {
        match self.data.as_deref().map(RawValue::get) {
            None | Some("null") => "[]",
            Some(text) => text,
        }
    }

    pub(super) fn write_fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(data) = &self.data {
            map.serialize_entry("data", data)?;
        }
        if let Some(schema) = &self.schema {
            map.serialize_entry("schema", schema)?;
        }
        self.extra.write_except(&[], map)
    }
}

/// Gathers the small pieces that a table is written in.
fn write_buffered<W: Write>(
    out: W,
    write: impl FnOnce(&mut BufWriter<W>) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    write(&mut out)?;
    Ok(out.flush()?)
}

/// `data` and `schema` are taken as raw text, whatever they hold; the rest is small.
impl Object for Table {
    fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        Ok(Self {
            data: fields.remove("data"),
            schema: fields.remove("schema"),
            extra: fields,
        })
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("columns", &self.columns())
            .field(
                "data",
                &format_args!("{} bytes", self.data.as_ref().map_or(0, |data| data.get().len())),
            )
            .field("extra", &self.extra)
            .finish()
    }
}

/// Equal when the JSON text is the same.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let same =
            |one: Option<&RawValue>, other: Option<&RawValue>| one.map(RawValue::get) == other.map(RawValue::get);
        same(self.data(), other.data()) && same(self.schema(), other.schema()) && self.extra == other.extra
    }
}
