//! Tables: a preview for people, all rows for programs.

use super::{HTML, JSON, MimeBundle, PLAIN, html};
use crate::Table;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// How many rows people are shown.
const MOST_ROWS: usize = 100;
/// How many characters of a cell people are shown.
const WIDEST: usize = 60;

pub(super) fn bundle(table: &Table) -> MimeBundle {
    let columns = table.columns().unwrap_or_default();
    let preview = Preview::of(table, columns.into_iter().map(|column| column.name).collect());
    let bundle = MimeBundle::default()
        .with_text(PLAIN, preview.plain())
        .with_text(HTML, preview.html());
    match records(table, &preview.names) {
        Some(records) => bundle.with_json(JSON, &records),
        None => match table.data() {
            Some(data) => bundle.with_json(JSON, data),
            None => bundle,
        },
    }
}

/// Every row as an object by column name. `None` when something would be lost: names that come twice, rows that have
/// not a cell for each name.
fn records(table: &Table, names: &[String]) -> Option<Box<RawValue>> {
    let unique: BTreeSet<_> = names.iter().collect();
    if unique.len() < names.len() {
        return None;
    }
    let names: Vec<_> = names.iter().map(|name| serde_json::json!(name).to_string()).collect();
    let mut json = String::from("[");
    for row in rows(table)? {
        let row = cells(row).filter(|row| row.len() == names.len())?;
        let cells: Vec<_> = names
            .iter()
            .zip(row)
            .map(|(name, cell)| format!("{name}:{cell}"))
            .collect();
        let comma = if json.len() > 1 { "," } else { "" };
        json.push_str(&format!("{comma}{{{}}}", cells.join(",")));
    }
    json.push(']');
    RawValue::from_string(json).ok()
}

/// The rows as they came, whatever the schema says; `None` when they are no list.
fn rows(table: &Table) -> Option<Vec<&RawValue>> {
    serde_json::from_str(table.data()?.get()).ok()
}

fn cells(row: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(row.get()).ok()
}

/// The first rows as text.
struct Preview {
    names: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// What is not shown.
    notes: Vec<String>,
}

struct Cell {
    text: String,
    is_number: bool,
}

impl Preview {
    fn of(table: &Table, names: Vec<String>) -> Self {
        let rows = rows(table).unwrap_or_default();
        let more = rows.len().saturating_sub(MOST_ROWS);
        // A row that is no list of cells is shown as one.
        let shown = rows
            .into_iter()
            .take(MOST_ROWS)
            .map(|row| cells(row).unwrap_or(vec![row]));
        let rows = shown.map(|cells| cells.iter().map(|cell| Cell::of(cell.get())).collect());
        let rows = rows.collect();
        let mut notes = Vec::new();
        if more > 0 {
            notes.push(format!("… and {more} more rows"));
        }
        if table.truncated() {
            notes.push("The server cut the table: there are more rows than it sent.".to_owned());
        }
        Self { names, rows, notes }
    }

    fn plain(&self) -> String {
        let mut lines = Vec::new();
        let widths = self.widths();
        if !self.names.is_empty() {
            let names: Vec<_> = self.names.iter().map(|name| Cell::text(name)).collect();
            lines.push(aligned(&names, &widths));
            let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
            lines.push(rule.join("  "));
        }
        lines.extend(self.rows.iter().map(|row| aligned(row, &widths)));
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    fn widths(&self) -> Vec<usize> {
        let names: Vec<_> = self.names.iter().map(|name| Cell::text(name)).collect();
        let mut widths = Vec::new();
        for row in self.rows.iter().chain([&names]) {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        widths
    }

    fn html(&self) -> String {
        let row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
            let cells: String = cells
                .map(|cell| format!("<{name}>{}</{name}>", html::escaped(&cell)))
                .collect();
            format!("<tr>{cells}</tr>\n")
        };
        let head = row("th", &mut self.names.iter().map(|name| Cell::text(name).text));
        let rows = self.rows.iter();
        let body: String = rows
            .map(|cells| row("td", &mut cells.iter().map(|cell| cell.text.clone())))
            .collect();
        let notes: String = self.notes.iter().map(|note| format!("\n<p>{note}</p>")).collect();
        format!("<table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>{notes}")
    }
}

impl Cell {
    /// A cell by its JSON: text as it is, anything else as its JSON.
    fn of(json: &str) -> Self {
        let text = serde_json::from_str::<String>(json);
        Self {
            is_number: json.starts_with(|c: char| c == '-' || c.is_ascii_digit()),
            ..Self::text(text.as_deref().unwrap_or(json))
        }
    }

    /// On one line, not too long, and without characters that move a terminal's cursor.
    fn text(text: &str) -> Self {
        let mut line = String::new();
        for (count, character) in text.chars().enumerate() {
            if count == WIDEST {
                line.push('…');
                break;
            }
            match character {
                control if control.is_control() => line.extend(control.escape_default()),
                other => line.push(other),
            }
        }
        Self {
            text: line,
            is_number: false,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

fn aligned(row: &[Cell], widths: &[usize]) -> String {
    let cells: Vec<_> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| match cell.is_number {
            true => format!("{:>width$}", cell.text),
            false => format!("{:<width$}", cell.text),
        })
        .collect();
    cells.join("  ").trim_end().to_owned()
}
