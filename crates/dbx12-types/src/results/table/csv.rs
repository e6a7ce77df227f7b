//! Tables as CSV.

use super::error::TableError;
use super::walk::Walk;
use crate::json::scan::{Kind, Token};
use std::io::{self, Write};

/// Writes a line of names, where there is a schema, and a line a row.
pub(super) fn write(mut walk: Walk<'_>, mut out: impl Write) -> Result<(), TableError> {
    if let Some(names) = walk.names().filter(|names| !names.is_empty()) {
        for (index, name) in names.iter().enumerate() {
            separate(index, &mut out)?;
            write_text(name, &mut out)?;
        }
        out.write_all(END)?;
    }
    while walk.enter_row()? {
        let mut index = 0;
        let mut ends_in_null = false;
        while let Some(cell) = walk.cell() {
            separate(index, &mut out)?;
            write_cell(cell, &mut out).map_err(|error| walk.in_cell(error))?;
            ends_in_null = cell.kind() == Kind::Null;
            index += 1;
        }
        walk.check_length()?;
        if index == 1 && ends_in_null {
            // Python, pandas and Spark drop empty lines: better another value than a row less.
            write_quoted("", &mut out)?;
        }
        out.write_all(END)?;
    }
    Ok(())
}

/// The end of a line, as RFC 4180 wants it.
const END: &[u8] = b"\r\n";

fn separate(index: usize, out: &mut impl Write) -> io::Result<()> {
    if index > 0 { out.write_all(b",") } else { Ok(()) }
}

fn write_cell(cell: Token<'_>, out: &mut impl Write) -> Result<(), TableError> {
    match cell.kind() {
        Kind::Null => {}
        Kind::Boolean | Kind::Number => out.write_all(cell.text.as_bytes())?,
        Kind::String => write_text(&cell.string()?, out)?,
        Kind::Array | Kind::Object => write_quoted(cell.text, out)?,
    }
    Ok(())
}

/// Quotes what needs it, and empty text, so that it is not taken for `null`.
fn write_text(text: &str, out: &mut impl Write) -> io::Result<()> {
    let special = |byte| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if text.is_empty() || text.bytes().any(special) {
        write_quoted(text, out)
    } else {
        out.write_all(text.as_bytes())
    }
}

fn write_quoted(text: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.write_all(b"\"\"")?;
        }
        out.write_all(part.as_bytes())?;
    }
    out.write_all(b"\"")
}
