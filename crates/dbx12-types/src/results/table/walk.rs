//! Walking over a table's rows and cells: what reading rows, columns and cells and writing have in common.

use super::error::{Problem, TableError};
use crate::json::scan::{Cursor, Token};
use std::borrow::Cow;

/// A walk over the rows of a table, and over the cells of each.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    cursor: Cursor<'a>,
    /// The names of the columns, when there is a schema: then each row must have as many cells.
    names: Option<Vec<Cow<'a, str>>>,
    /// The number of the row, counted from 1.
    row: usize,
    /// How many cells of the row were given out.
    cells: usize,
    /// Whether the row's end was reached.
    left: bool,
}

impl<'a> Walk<'a> {
    /// Before the first row of `data`.
    pub(super) fn new(data: &'a str, names: Option<Vec<Cow<'a, str>>>) -> Result<Self, TableError> {
        let mut cursor = Cursor::new(data);
        if !cursor.enter(b'[') {
            return Err(Problem::NoRows.into());
        }
        Ok(Self {
            cursor,
            names,
            row: 0,
            cells: 0,
            left: true,
        })
    }

    /// The names of the columns. Missing without a schema.
    pub(super) fn names(&self) -> Option<&[Cow<'a, str>]> {
        self.names.as_deref()
    }

    /// The name of the next cell's column. `None` after the last column, and without a schema.
    pub(super) fn next_name(&self) -> Option<&Cow<'a, str>> {
        self.names.as_ref()?.get(self.cells)
    }

    /// How many cells of the row were given out.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Goes on to the next row, which begins at the cursor. `None` after the last.
    pub(super) fn next_row(&mut self) -> Option<Cursor<'a>> {
        if !self.cursor.has_next() {
            return None;
        }
        self.row += 1;
        self.cells = 0;
        self.left = false;
        Some(self.cursor)
    }

    /// Goes past the next row without looking into it. `None` after the last.
    pub(super) fn pass_row(&mut self) -> Option<()> {
        self.next_row()?;
        self.cursor.value();
        Some(())
    }

    /// Goes into the row. False when it is no array; then it stays.
    pub(super) fn enter(&mut self) -> bool {
        self.cursor.enter(b'[')
    }

    /// Where it is.
    pub(super) fn cursor(&self) -> Cursor<'a> {
        self.cursor
    }

    /// The next cell of the row. `None` at its end, which it leaves.
    pub(super) fn cell(&mut self) -> Option<Token<'a>> {
        self.at_cell().map(Cursor::value)
    }

    /// Where the next cell of the row begins; whoever asks goes past it. `None` at the row's end, which it leaves.
    pub(super) fn at_cell(&mut self) -> Option<&mut Cursor<'a>> {
        if self.left || !self.cursor.has_next() {
            self.left = true;
            return None;
        }
        self.cells += 1;
        Some(&mut self.cursor)
    }

    /// Goes into the next row. False after the last.
    ///
    /// # Errors
    /// When the row is no array.
    pub(super) fn enter_row(&mut self) -> Result<bool, TableError> {
        if self.next_row().is_none() {
            return Ok(false);
        }
        if self.enter() {
            Ok(true)
        } else {
            Err(self.in_row(Problem::NoRow))
        }
    }

    /// The next row and its cells, given to `each` with their index; goes past the row also when it fails. `None` after
    /// the last row.
    pub(super) fn each_cell(
        &mut self,
        mut each: impl FnMut(usize, Token<'a>) -> Result<(), TableError>,
    ) -> Option<Result<(), TableError>> {
        let start = self.next_row()?;
        let mut result = Ok(());
        if self.enter() {
            while let Some(cell) = self.cell() {
                result = each(self.cells - 1, cell).map_err(|error| self.in_cell(error));
                if result.is_err() {
                    break;
                }
            }
        }
        let finished = self.finish(start);
        Some(result.and(finished))
    }

    /// Goes past the row that begins at `start`, wherever it is now.
    ///
    /// # Errors
    /// When the row is no array, or has more or fewer cells than there are columns.
    pub(super) fn finish(&mut self, start: Cursor<'a>) -> Result<(), TableError> {
        if !self.left {
            self.cursor = start;
            self.cells = 0;
            if !self.enter() {
                self.cursor.value();
                return Err(self.in_row(Problem::NoRow));
            }
            while self.cell().is_some() {}
        }
        self.check_length()
    }

    /// Whether the row that it has left had as many cells as there are columns.
    ///
    /// # Errors
    /// When it had not.
    pub(super) fn check_length(&self) -> Result<(), TableError> {
        match &self.names {
            Some(names) if names.len() != self.cells => Err(self.in_row(Problem::Length {
                cells: self.cells,
                columns: names.len(),
            })),
            _ => Ok(()),
        }
    }

    /// An error about this row.
    pub(super) fn in_row(&self, error: impl Into<TableError>) -> TableError {
        error.into().in_row(self.row)
    }

    /// An error about the cell that was given out last.
    pub(super) fn in_cell(&self, error: impl Into<TableError>) -> TableError {
        self.in_cell_at(self.cells.saturating_sub(1), error)
    }

    /// An error about the cell at `index` of this row, counted from 0.
    pub(super) fn in_cell_at(&self, index: usize, error: impl Into<TableError>) -> TableError {
        let name = self.names.as_ref().and_then(|names| names.get(index));
        let name = name.map_or_else(|| format!("#{}", index + 1), |name| name.clone().into_owned());
        self.in_row(error).in_column(name)
    }
}
