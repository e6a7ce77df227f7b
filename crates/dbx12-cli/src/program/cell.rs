//! A piece of code that is sent as one command, and where it is from.

use dbx12_exec::Run;
use dbx12_exec::types::Language;
use std::fmt;
use std::path::Path;
use std::rc::Rc;

/// Code of one language, sent as one command.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) language: Language,
    pub(crate) code: String,
    /// Where it is from; `None` for code that we add.
    pub(crate) origin: Option<Origin>,
}

/// The place in a file of this machine that a cell is from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The file as the command line names it; `-c` and `stdin` where there is none.
    pub(crate) name: Rc<str>,
    /// The cell's number in a notebook, from 1, text cells counted; `None` in a program that is no notebook.
    pub(crate) number: Option<usize>,
    /// Where the cell's first line is: in the file, from 1. In an .ipynb file lines are counted in each cell.
    pub(crate) first_line: usize,
    /// The text as it is in the file, which may have markers in the place of parameters.
    pub(crate) text: Rc<str>,
}

impl Cell {
    /// Code of our own.
    pub(crate) fn hidden(language: Language, code: String) -> Self {
        Self {
            language,
            code,
            origin: None,
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.origin.is_none()
    }

    /// Lets the journal call it by the file it is from.
    pub(crate) fn named<'s>(&self, run: Run<'s>) -> Run<'s> {
        match &self.origin {
            Some(origin) if origin.is_file() => run.name(origin.without_folder().to_string()),
            _ => run,
        }
    }
}

impl Origin {
    /// The line of the file that a line of the cell is, both from 1, and its text.
    pub(crate) fn line(&self, line: usize) -> Option<(usize, &str)> {
        let text = self.text.lines().nth(line.checked_sub(1)?)?;
        Some((self.first_line + line - 1, text))
    }

    /// Whether lines are counted in each cell: nobody reads the lines of an .ipynb file.
    pub(crate) fn is_counted_by_cell(&self) -> bool {
        self.number.is_some() && self.name.to_ascii_lowercase().ends_with(".ipynb")
    }

    /// With the file's name alone.
    fn without_folder(&self) -> Self {
        let name = Path::new(&*self.name).file_name().unwrap_or_default();
        Self {
            name: name.to_string_lossy().into(),
            ..self.clone()
        }
    }

    /// Whether it is a file that others can open.
    pub(crate) fn is_file(&self) -> bool {
        !matches!(&*self.name, "-c" | "stdin")
    }
}

/// As `cell 3 of etl.py`, or `etl.py`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "cell {number} of {}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
