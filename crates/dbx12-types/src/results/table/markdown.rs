//! Tables as Markdown.

use super::error::TableError;
use super::walk::Walk;
use crate::DataType;
use crate::json::scan::{Kind, Token};
use std::io::{self, Write};

/// Writes the table in GitHub's Markdown: a line of names, a line of dashes, a line a row.
pub(super) fn write(mut walk: Walk<'_>, types: &[DataType], mut out: impl Write) -> Result<(), TableError> {
    write_head(&walk, types, &mut out)?;
    while walk.enter_row()? {
        out.write_all(b"|")?;
        while let Some(cell) = walk.cell() {
            write_cell(cell, &mut out).map_err(|error| walk.in_cell(error))?;
        }
        walk.check_length()?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// There is no table without a head: without a schema it has as many empty names as the first row has cells.
fn write_head(walk: &Walk<'_>, types: &[DataType], out: &mut impl Write) -> Result<(), TableError> {
    let width = match walk.names() {
        Some(names) => names.len(),
        None => width_of_first_row(walk.clone())?,
    };
    if width == 0 {
        return Ok(());
    }
    let names = walk.names().unwrap_or_default();
    out.write_all(b"|")?;
    for index in 0..width {
        write_field(out, |out| write_text(names.get(index).map_or("", AsRef::as_ref), out))?;
    }
    out.write_all(b"\n|")?;
    for index in 0..width {
        let is_number = types.get(index).is_some_and(DataType::is_numeric);
        out.write_all(if is_number { b" ---: |" } else { b" --- |" })?;
    }
    Ok(out.write_all(b"\n")?)
}

fn width_of_first_row(mut walk: Walk<'_>) -> Result<usize, TableError> {
    if !walk.enter_row()? {
        return Ok(0);
    }
    Ok(std::iter::from_fn(|| walk.cell()).count())
}

fn write_cell(cell: Token<'_>, out: &mut impl Write) -> Result<(), TableError> {
    match cell.kind() {
        // Text never looks like this: its asterisks are escaped.
        Kind::Null => write_field(out, |out| out.write_all(b"*null*"))?,
        Kind::Boolean | Kind::Number => write_field(out, |out| out.write_all(cell.text.as_bytes()))?,
        Kind::String => {
            let text = cell.string()?;
            write_field(out, |out| write_text(&text, out))?;
        }
        Kind::Array | Kind::Object => write_field(out, |out| write_text(cell.text, out))?,
    }
    Ok(())
}

fn write_field<W: Write>(out: &mut W, write: impl FnOnce(&mut W) -> io::Result<()>) -> io::Result<()> {
    out.write_all(b" ")?;
    write(out)?;
    out.write_all(b" |")
}

/// Writes text so that it is shown as it is, in one line: no markup, no pipe that ends the cell.
fn write_text(text: &str, out: &mut impl Write) -> io::Result<()> {
    let mut plain = 0;
    for (at, special) in text.match_indices(is_special) {
        out.write_all(&text.as_bytes()[plain..at])?;
        plain = at + special.len();
        match special {
            // One line break, not two.
            "\r" if text[plain..].starts_with('\n') => {}
            "\r" | "\n" => out.write_all(b"<br>")?,
            _ => write!(out, "\\{special}")?,
        }
    }
    out.write_all(&text.as_bytes()[plain..])
}

fn is_special(character: char) -> bool {
    matches!(
        character,
        '|' | '\\' | '\n' | '\r' | '`' | '*' | '_' | '~' | '<' | '&' | '['
    )
}
