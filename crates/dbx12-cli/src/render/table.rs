//! Tables for people.

use super::unreadable;
use crate::failure::Failure;
use crate::output::text_table;
use comfy_table::{CellAlignment, ContentArrangement, Table as TextTable, presets};
use dbx12_exec::types::results::Table;
use serde_json::Value;

/// As wide as it is, nothing between the columns.
pub(super) fn without_lines(table: &Table) -> Result<String, Failure> {
    let text = filled(text_table(), table)?;
    Ok(text.trim_fmt())
}

/// With lines around the cells, and numbers to the right; no wider than the terminal where `fits` says so.
pub(super) fn with_lines(table: &Table, fits: bool) -> Result<String, Failure> {
    let mut empty = TextTable::new();
    empty.load_style(presets::UTF8_FULL_CONDENSED);
    empty.set_content_arrangement(match fits {
        true => ContentArrangement::Dynamic,
        false => ContentArrangement::Disabled,
    });
    let mut text = filled(empty, table)?;
    for (index, column) in table.columns().map_err(unreadable)?.iter().enumerate() {
        if let (true, Some(column)) = (column.spark_type().is_numeric(), text.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    Ok(text.trim_fmt())
}

fn filled(mut text: TextTable, table: &Table) -> Result<TextTable, Failure> {
    let columns = table.columns().map_err(unreadable)?;
    if !columns.is_empty() {
        text.set_header(columns.into_iter().map(|column| column.name));
    }
    for row in table.rows::<Vec<Value>>().map_err(unreadable)? {
        text.add_row(row.map_err(unreadable)?.iter().map(cell));
    }
    Ok(text)
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
