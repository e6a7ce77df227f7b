//! Table results: kept as text, decoded once, straight into what the caller wants.

use super::rows::{Rows, TableError};
use crate::Fields;
use crate::fields::{FieldError, Object};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt;

/// A table. Its rows stay as the JSON text they came in until somebody asks for them.
#[derive(Clone, Default)]
pub struct Table {
    data: Option<Box<RawValue>>,
    schema: Option<Box<RawValue>>,
    extra: Fields,
}

/// A column of a table, as the schema describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type as it came: JSON text such as `"long"` with its quotes, or a Hive string such as `bigint`. Empty when
    /// the schema does not say.
    pub data_type: String,
}

impl Column {
    /// A column of a Spark type, given as Spark's own JSON for it: `"long"` becomes `"\"long\""` on the wire.
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            data_type: data_type.into(),
        }
    }

    /// The type without the quotes that the service wraps simple types in: `long`.
    pub fn type_name(&self) -> &str {
        self.data_type.trim_matches('"')
    }
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
        let mut extra = Fields::default();
        extra.set("truncated", &truncated)?;
        extra.set("isJsonSchema", &true)?;
        Ok(Self {
            data: Some(serde_json::value::to_raw_value(rows)?),
            schema: Some(serde_json::value::to_raw_value(&schema)?),
            extra,
        })
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
        let Some(schema) = &self.schema else {
            return Ok(Vec::new());
        };
        let items: Vec<&RawValue> = serde_json::from_str(schema.get()).map_err(TableError::schema)?;
        items.into_iter().map(column).collect()
    }

    /// The rows, decoded one at a time into tuples, vectors, maps, or structs by column name.
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
    /// When the rows are no array, or the schema cannot be read. A row that does not fit `T` is an error of its own,
    /// naming the row; the rows after it can still be read.
    pub fn rows<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<Rows<'a, T>, TableError> {
        let names = self.columns()?.into_iter().map(|column| column.name).collect();
        Rows::new(self.data.as_deref().map_or("[]", RawValue::get), names)
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

fn column(item: &RawValue) -> Result<Column, TableError> {
    if item.get().starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(item.get()).map_err(TableError::schema)?;
        let part = |index: usize| parts.get(index).map_or_else(String::new, |raw| text_or_raw(raw));
        return Ok(Column::new(part(0), part(1)));
    }
    let fields: Fields = serde_json::from_str(item.get()).map_err(TableError::schema)?;
    let field = |name| fields.get(name).map_or_else(String::new, text_or_raw);
    Ok(Column::new(field("name"), field("type")))
}

fn text_or_raw(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
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
        let text = |raw: &Option<Box<RawValue>>| raw.as_ref().map(|raw| raw.get().to_owned());
        text(&self.data) == text(&other.data) && text(&self.schema) == text(&other.schema) && self.extra == other.extra
    }
}
