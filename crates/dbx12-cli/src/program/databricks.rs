//! Notebooks in Databricks' source format: files whose comments hold the cells.
//!
//! The format is that of <https://docs.databricks.com/notebooks/notebook-export-import.html>: a first line
//! `# Databricks notebook source`, cells between lines `# COMMAND ----------`, and cells in other languages and magics
//! behind `# MAGIC`. The comment is `--` in SQL and `//` in Scala.

use dbx12_exec::types::Language;

/// A cell as it stands in the file, its comments taken off.
#[derive(Debug, PartialEq)]
pub(super) struct Section {
    pub(super) text: String,
    /// The line in the file that its first line is, from 1.
    pub(super) first_line: usize,
}

/// The cells of a notebook; `None` for a text that is none.
pub(super) fn sections(text: &str, language: &Language) -> Option<Vec<Section>> {
    let comment = match language {
        Language::Sql => "--",
        Language::Scala => "//",
        _ => "#",
    };
    let mut lines = text.lines().zip(1..);
    let (first, _) = lines.next()?;
    if marker(first, comment)? != "Databricks notebook source" {
        return None;
    }
    let mut sections = Vec::new();
    let mut lines_of_cell = Vec::new();
    for (line, number) in lines {
        match marker(line, comment) {
            Some(marker) if marker.starts_with("COMMAND -----") => {
                sections.push(section(std::mem::take(&mut lines_of_cell), number));
            }
            // The title of a cell is no part of its code.
            Some(marker) if marker.starts_with("DBTITLE ") => lines_of_cell.push(("", number)),
            Some("MAGIC") => lines_of_cell.push(("", number)),
            Some(marker) => lines_of_cell.push((marker.strip_prefix("MAGIC ").unwrap_or(line), number)),
            None => lines_of_cell.push((line, number)),
        }
    }
    sections.push(section(lines_of_cell, 1));
    Some(sections)
}

/// What stands in a line behind the comment sign and a space.
fn marker<'a>(line: &'a str, comment: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(comment)?;
    Some(rest.strip_prefix(' ')?.trim_end_matches('\r'))
}

/// Without the empty lines around it.
fn section(lines: Vec<(&str, usize)>, otherwise: usize) -> Section {
    let is_blank = |(line, _): &(&str, usize)| line.trim().is_empty();
    let begin = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let end = lines
        .iter()
        .rposition(|line| !is_blank(line))
        .map_or(begin, |last| last + 1);
    let lines = &lines[begin..end];
    Section {
        text: lines.iter().map(|(line, _)| *line).collect::<Vec<_>>().join("\n"),
        first_line: lines.first().map_or(otherwise, |(_, number)| *number),
    }
}
