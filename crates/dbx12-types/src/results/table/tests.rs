//! Tables are read and written as they came.

mod any_table;
mod cells;
mod nested;
mod numbers;
mod reading;
mod writing;

use super::{Table, TableError};
use crate::Results;
use serde::Deserialize;

/// A table as a server sends it.
pub(super) fn table(fields: &str) -> Table {
    let results = format!(r#"{{"resultType":"table",{fields}}}"#);
    let Results::Table(table) = serde_json::from_str(&results).unwrap() else {
        panic!("a table")
    };
    table
}

/// A table of these columns, `name type` each, and these rows.
pub(super) fn typed(columns: &[&str], data: &str) -> Table {
    let columns: Vec<_> = columns
        .iter()
        .map(|column| {
            let (name, data_type) = column.split_once(' ').unwrap_or((column, ""));
            serde_json::json!({"name": name, "type": data_type, "metadata": "{}"})
        })
        .collect();
    table(&format!(
        r#""schema":{},"data":{data},"isJsonSchema":false"#,
        serde_json::to_string(&columns).unwrap()
    ))
}

pub(super) fn text(error: &TableError) -> String {
    error.to_string()
}

pub(super) fn all<'a, T: Deserialize<'a>>(table: &'a Table) -> Result<Vec<T>, TableError> {
    table.rows()?.collect()
}
