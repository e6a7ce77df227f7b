//! A table's columns, as its schema describes them.

use super::error::{Problem, TableError};
use crate::{DataType, Fields};
use serde_json::value::RawValue;

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

    /// The type, from either form; see [`Table::is_json_schema`](super::Table::is_json_schema). What this version does
    /// not know is kept as text, and so is a missing type.
    ///
    /// ```
    /// use dbx12_types::{DataType, results::Column};
    /// assert_eq!(Column::new("id", "\"long\"").spark_type(), DataType::Long);
    /// assert_eq!(Column::new("id", "bigint").spark_type(), DataType::Long);
    /// ```
    pub fn spark_type(&self) -> DataType {
        DataType::parse(&self.data_type)
    }
}

/// The columns of a schema: an array of objects in practice, of arrays in the document.
pub(super) fn columns(schema: &RawValue) -> Result<Vec<Column>, TableError> {
    let items: Vec<&RawValue> = serde_json::from_str(schema.get()).map_err(Problem::Schema)?;
    let columns: Result<_, _> = items.into_iter().map(column).collect();
    Ok(columns.map_err(Problem::Schema)?)
}

fn column(item: &RawValue) -> Result<Column, serde_json::Error> {
    if item.get().starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(item.get())?;
        let part = |index: usize| parts.get(index).map_or_else(String::new, |raw| text_or_raw(raw));
        return Ok(Column::new(part(0), part(1)));
    }
    let fields: Fields = serde_json::from_str(item.get())?;
    let field = |name| fields.get(name).map_or_else(String::new, text_or_raw);
    Ok(Column::new(field("name"), field("type")))
}

fn text_or_raw(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}
