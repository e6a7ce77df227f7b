//! Reading one column.

use super::error::{Problem, TableError};
use super::walk::Walk;
use crate::json::scan::Cursor;
use crate::json::{self, Place};
use serde::Deserialize;
use std::fmt;
use std::marker::PhantomData;

/// The cells of one column, decoded one at a time: an iterator that borrows the table's text.
///
/// A cell that does not fit is an error; the cells after it can still be read.
pub struct ColumnValues<'a, T> {
    walk: Walk<'a>,
    column: usize,
    value: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> ColumnValues<'a, T> {
    pub(super) fn new(walk: Walk<'a>, name: &str) -> Result<Self, TableError> {
        let names = walk.names().unwrap_or_default();
        let mut found = (0..names.len()).filter(|index| names[*index] == name);
        let column = match (found.next(), found.next()) {
            (Some(column), None) => Ok(column),
            (Some(_), Some(_)) => Err(Problem::Ambiguous),
            (None, _) => Err(Problem::NoColumn {
                names: names.iter().map(ToString::to_string).collect(),
            }),
        };
        let column = column.map_err(|problem| TableError::new(problem).in_column(name))?;
        Ok(Self {
            walk,
            column,
            value: PhantomData,
        })
    }
}

impl<'a, T: Deserialize<'a>> Iterator for ColumnValues<'a, T> {
    type Item = Result<T, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut found = None;
        let row = self.walk.each_cell(|index, token| {
            if index == self.column {
                found = Some(token);
            }
            Ok(())
        })?;
        // A row has as many cells as there are columns, or it is an error.
        let token = match row {
            Ok(()) => found?,
            Err(error) => return Some(Err(error)),
        };
        let mut place = Place::default();
        let value = json::decode(&mut Cursor::new(token.text), &mut place, PhantomData);
        Some(value.map_err(|source| self.walk.in_cell_at(self.column, Problem::decode(source, place))))
    }
}

impl<T> fmt::Debug for ColumnValues<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnValues")
            .field("walk", &self.walk)
            .field("column", &self.column)
            .finish()
    }
}
