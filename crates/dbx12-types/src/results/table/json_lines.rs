//! Tables as JSON Lines.

use super::error::{Problem, TableError};
use super::walk::Walk;
use crate::json::scan::{Kind, Token};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

/// Writes an object a row, by column name; an array a row where there is no schema.
pub(super) fn write(mut walk: Walk<'_>, mut out: impl Write) -> Result<(), TableError> {
    let keys = walk.names().map(keys).transpose()?;
    let (begin, end) = if keys.is_some() { (b"{", b"}\n") } else { (b"[", b"]\n") };
    let keys = keys.unwrap_or_default();
    while walk.enter_row()? {
        out.write_all(begin)?;
        let mut index = 0;
        while let Some(cell) = walk.cell() {
            if index > 0 {
                out.write_all(b",")?;
            }
            // A cell too many has no key; the row is refused at its end.
            out.write_all(keys.get(index).map_or(&[], Vec::as_slice))?;
            write_cell(cell, &mut out).map_err(|error| walk.in_cell(error))?;
            index += 1;
        }
        walk.check_length()?;
        out.write_all(end)?;
    }
    Ok(())
}

/// `"name":` for each column.
fn keys(names: &[Cow<'_, str>]) -> Result<Vec<Vec<u8>>, TableError> {
    let mut known = HashSet::new();
    let mut keys = Vec::with_capacity(names.len());
    for name in names {
        if !known.insert(name) {
            return Err(TableError::new(Problem::Ambiguous).in_column(name.as_ref()));
        }
        let mut key = serde_json::to_vec(name).map_err(Problem::Schema)?;
        key.push(b':');
        keys.push(key);
    }
    Ok(keys)
}

/// The cell as it came, without the line breaks that may be between its parts: elsewhere they are escaped.
fn write_cell(cell: Token<'_>, out: &mut impl Write) -> io::Result<()> {
    if !matches!(cell.kind(), Kind::Array | Kind::Object) {
        return out.write_all(cell.text.as_bytes());
    }
    let lines = cell.text.split(['\n', '\r']);
    lines.map(str::as_bytes).try_for_each(|line| out.write_all(line))
}
