//! A table's columns, as its schema describes them.

use super::error::{Problem, TableError};
use crate::DataType;
use crate::json::scan::Token;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// A column of a table, as the schema describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type as it came, in whatever spelling: JSON text such as `"long"` with its quotes, or a Hive string such as
    /// `bigint`. Empty when the schema does not say.
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
        DataType::parse(&self.data_type).into_plain()
    }
}

/// The columns of a schema: an array of objects in practice, of arrays in the document.
pub(super) fn columns(schema: &RawValue) -> Result<Vec<Column>, TableError> {
    parts(schema, |name, data_type| Column {
        name: name.map(text_or_raw).unwrap_or_default().into_owned(),
        data_type: data_type.map(text_or_raw).unwrap_or_default().into_owned(),
    })
}

/// The names of its columns, borrowed where they have no escapes.
pub(super) fn names(schema: &RawValue) -> Result<Vec<Cow<'_, str>>, TableError> {
    parts(schema, |name, _| name.map(text_or_raw).unwrap_or_default())
}

/// What `make` makes of each column's name and type.
fn parts<'a, T>(
    schema: &'a RawValue,
    make: impl Fn(Option<&'a RawValue>, Option<&'a RawValue>) -> T,
) -> Result<Vec<T>, TableError> {
    let items: Vec<&RawValue> = serde_json::from_str(schema.get()).map_err(Problem::Schema)?;
    let parts = |(index, item): (usize, &'a RawValue)| {
        let (name, data_type) = name_and_type(item)
            .map_err(|source| TableError::new(Problem::Schema(source)).in_column(format!("#{}", index + 1)))?;
        Ok(make(name, data_type))
    };
    items.into_iter().enumerate().map(parts).collect()
}

fn name_and_type(item: &RawValue) -> Result<(Option<&RawValue>, Option<&RawValue>), serde_json::Error> {
    if item.get().starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(item.get())?;
        return Ok((said(parts.first()), said(parts.get(1))));
    }
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(item.get())?;
    Ok((said(fields.get("name")), said(fields.get("type"))))
}

/// `null` says nothing, as everywhere.
fn said<'a>(raw: Option<&&'a RawValue>) -> Option<&'a RawValue> {
    raw.copied().filter(|raw| raw.get() != "null")
}

/// A text by its value, borrowed where it has no escapes; anything else by its JSON text.
fn text_or_raw(raw: &RawValue) -> Cow<'_, str> {
    Token::of(raw).string().unwrap_or(Cow::Borrowed(raw.get()))
}
