//! What can be wrong with a table.

use crate::json::{Place, without_place};
use std::fmt;
use std::io;

/// A table that cannot be read, or written, as asked. It names the row and the column where it can.
#[derive(Debug)]
pub struct TableError {
    row: Option<usize>,
    column: Option<String>,
    problem: Problem,
}

#[derive(Debug)]
pub(super) enum Problem {
    /// `data` is no array.
    NoRows,
    /// `schema` is no array of columns.
    Schema(serde_json::Error),
    /// A row is no array.
    NoRow,
    /// A row has more or fewer cells than the schema has columns.
    Length { cells: usize, columns: usize },
    /// A cell or a row is not of the type asked for.
    Decode {
        source: serde_json::Error,
        /// Where in the cell it is; empty when it is all of it.
        path: String,
    },
    /// There is no column of that name; these there are.
    NoColumn { names: Vec<String> },
    /// Several columns have that name.
    Ambiguous,
    /// The output cannot be written.
    Write(io::Error),
    /// A cell is not of its column's type.
    #[cfg(feature = "arrow")]
    Misfit(super::record_batch::Misfit),
    /// There is more text than one batch can hold.
    #[cfg(feature = "arrow")]
    TooLarge { bytes: usize },
    /// Arrow refuses the batch.
    #[cfg(feature = "arrow")]
    Arrow(arrow_schema::ArrowError),
}

impl Problem {
    pub(super) fn decode(source: serde_json::Error, place: Place) -> Self {
        Self::Decode {
            source,
            path: place.into_path(),
        }
    }
}

impl TableError {
    pub(super) fn new(problem: Problem) -> Self {
        Self {
            row: None,
            column: None,
            problem,
        }
    }

    pub(super) fn in_row(self, number: usize) -> Self {
        Self {
            row: Some(number),
            ..self
        }
    }

    pub(super) fn in_column(self, name: impl Into<String>) -> Self {
        Self {
            column: Some(name.into()),
            ..self
        }
    }

    /// The number of the row, counted from 1. Missing when it is not about one row.
    pub fn row(&self) -> Option<usize> {
        self.row
    }

    /// The name of the column; `#3` for the third when the table does not name it. Missing when it is not about one column.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// Why the output could not be written, when that was it: for example that whoever read it has gone.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.problem {
            Problem::Write(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Problem> for TableError {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

impl From<serde_json::Error> for TableError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Problem::decode(error, Place::default()))
    }
}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::new(Problem::Write(error))
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, &self.column) {
            (Some(row), Some(column)) => write!(f, "row {row}, column `{column}` of the table: ")?,
            (Some(row), None) => write!(f, "row {row} of the table: ")?,
            (None, Some(column)) => write!(f, "column `{column}` of the table: ")?,
            (None, None) => f.write_str("table: ")?,
        }
        self.problem.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => f.write_str("its rows are not an array"),
            Self::Schema(source) => write!(f, "its schema cannot be read: {source}"),
            Self::NoRow => f.write_str("it is not an array of cells"),
            Self::Length { cells, columns } => {
                let ending = if *cells == 1 { "" } else { "s" };
                write!(
                    f,
                    "it has {cells} cell{ending}, and the schema's number of columns is {columns}"
                )
            }
            Self::Decode { source, path } => {
                if !path.is_empty() {
                    write!(f, "at `{path}` ")?;
                }
                write!(f, "it is not what was asked for: {}", without_place(source))
            }
            Self::NoColumn { names } if names.is_empty() => f.write_str("the schema names no columns"),
            Self::NoColumn { names } => write!(f, "there is none of that name, only `{}`", names.join("`, `")),
            Self::Ambiguous => f.write_str("several columns have that name; rename them in the query"),
            Self::Write(source) => write!(f, "it cannot be written: {source}"),
            #[cfg(feature = "arrow")]
            Self::Misfit(misfit) => misfit.fmt(f),
            #[cfg(feature = "arrow")]
            Self::TooLarge { bytes } => {
                write!(
                    f,
                    "its rows are {bytes} bytes of text and a record batch holds 2 GiB; ask for fewer rows"
                )
            }
            #[cfg(feature = "arrow")]
            Self::Arrow(source) => write!(f, "Arrow refuses the batch: {source}"),
        }
    }
}

impl std::error::Error for TableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Schema(source) | Problem::Decode { source, .. } => Some(source),
            Problem::Write(source) => Some(source),
            #[cfg(feature = "arrow")]
            Problem::Arrow(source) => Some(source),
            _ => None,
        }
    }
}
