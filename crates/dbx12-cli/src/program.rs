//! What is to be run: read and checked before anything is sent.

mod cell;
mod databricks;
mod given;
mod jupyter;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use cell::{Cell, Origin};
pub(crate) use given::of_json;
pub(crate) use jupyter::Notebook;
pub(crate) use source::language_of;

use crate::arguments::Run;
use crate::failure::Failure;
use dbx12_exec::types::Language;
use given::Given;
use source::Source;

/// The cells of all files, in their order.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) cells: Vec<Cell>,
    /// The notebook that outputs are written into, where one is.
    pub(crate) notebook: Option<Notebook>,
}

impl Program {
    /// Reads all of it.
    pub(crate) fn read(arguments: &Run) -> Result<Self, Failure> {
        let given = Given::parse(arguments)?;
        let sources = match &arguments.code {
            Some(code) => vec![Source::of_code(code, arguments.language.clone())],
            None => source::read_all(&arguments.files, arguments.language.as_ref())?,
        };
        let notebook = Notebook::of(&sources, arguments.result.notebook_out.as_deref())?;
        let mut cells = Vec::new();
        for source in sources {
            cells.extend(given.put_into(source)?);
        }
        given.check_used(&cells)?;
        match cells.iter().any(|cell| !cell.is_hidden()) {
            true => Ok(Self { cells, notebook }),
            false => Err(Failure::usage("there is no code to run: all cells are empty or text")),
        }
    }

    /// Whether there is code of this language.
    pub(crate) fn has(&self, language: &Language) -> bool {
        let mut cells = self.cells.iter().filter(|cell| !cell.is_hidden());
        cells.any(|cell| cell.language == *language)
    }
}
