//! A file, or what stands for one, and the cells in it.

use super::cell::{Cell, Origin};
use super::databricks::{self, Section};
use super::jupyter;
use crate::failure::Failure;
use dbx12_exec::read_code;
use dbx12_exec::types::Language;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// One of the programs on the command line.
#[derive(Debug)]
pub(super) struct Source {
    /// As the command line names it.
    pub(super) name: Rc<str>,
    pub(super) cells: Vec<Cell>,
    /// The text of an .ipynb file and where it is.
    pub(super) notebook: Option<(PathBuf, String)>,
}

/// How many notebooks may run each other.
const DEEPEST: usize = 16;

/// Reads all programs before anything is sent.
pub(super) fn read_all(files: &[PathBuf], language: Option<&Language>) -> Result<Vec<Source>, Failure> {
    files.iter().map(|path| Source::read(path, language, DEEPEST)).collect()
}

impl Source {
    /// What `-c` gives.
    pub(super) fn of_code(code: &str, language: Option<Language>) -> Self {
        let language = language.unwrap_or(Language::Python);
        Self::plain("-c".into(), code, language)
    }

    fn plain(name: Rc<str>, text: &str, language: Language) -> Self {
        let origin = Origin {
            name: Rc::clone(&name),
            number: None,
            first_line: 1,
            text: text.into(),
        };
        let cell = Cell {
            language,
            code: text.to_owned(),
            origin: Some(origin),
        };
        Self {
            name,
            cells: vec![cell],
            notebook: None,
        }
    }

    fn read(path: &Path, language: Option<&Language>, depth: usize) -> Result<Self, Failure> {
        let is_stdin = path == Path::new("-");
        let (name, text) = if is_stdin {
            ("stdin".into(), read_stdin()?)
        } else {
            (path.display().to_string().into(), read_code(path)?)
        };
        if ends_with(path, "ipynb") {
            return Self::jupyter(path, name, text, language, depth);
        }
        let language = language
            .cloned()
            .or_else(|| language_of(path))
            .unwrap_or(Language::Python);
        let Some(sections) = databricks::sections(&text, &language) else {
            return Ok(Self::plain(name, &text, language));
        };
        let numbered = sections.into_iter().zip(1..).map(|(section, number)| (number, section));
        Ok(Self {
            cells: Reader::new(path, &name, &language, depth).cells(numbered)?,
            name,
            notebook: None,
        })
    }

    fn jupyter(
        path: &Path,
        name: Rc<str>,
        text: String,
        language: Option<&Language>,
        depth: usize,
    ) -> Result<Self, Failure> {
        let notebook =
            jupyter::parse(&text).map_err(|problem| Failure::usage(format!("cannot read {name}: {problem}")))?;
        let language = language.cloned().unwrap_or_else(|| jupyter::language(&notebook));
        let sections = jupyter::code_cells(&notebook).map(|(number, text)| {
            let first_line = 1;
            (number, Section { text, first_line })
        });
        Ok(Self {
            cells: Reader::new(path, &name, &language, depth).cells(sections)?,
            name,
            notebook: Some((path.to_owned(), text)),
        })
    }
}

/// Makes cells of what a notebook says.
struct Reader<'a> {
    path: &'a Path,
    name: &'a Rc<str>,
    language: &'a Language,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Path, name: &'a Rc<str>, language: &'a Language, depth: usize) -> Self {
        Self {
            path,
            name,
            language,
            depth,
        }
    }

    fn cells(&self, sections: impl Iterator<Item = (usize, Section)>) -> Result<Vec<Cell>, Failure> {
        let mut cells = Vec::new();
        for (number, section) in sections {
            cells.extend(self.cells_of(number, section)?);
        }
        Ok(cells)
    }

    /// No cell of what is no code; those of another notebook for `%run`.
    fn cells_of(&self, number: usize, section: Section) -> Result<Vec<Cell>, Failure> {
        let (magic, rest) = split_magic(&section.text);
        let language = match magic {
            "md" | "md-sandbox" | "markdown" => return Ok(Vec::new()),
            "run" => return self.included(number, rest),
            "python" | "py" => Language::Python,
            "sql" => Language::Sql,
            "scala" => Language::Scala,
            "r" => Language::R,
            // What the server makes of other magics is for it to say.
            "" => return Ok(self.cell(number, section.first_line, self.language, &section.text)),
            _ => return Ok(self.cell(number, section.first_line, &Language::Python, &section.text)),
        };
        let code = rest.trim_start_matches([' ', '\t']);
        let (code, first_line) = match code.strip_prefix("\r\n").or_else(|| code.strip_prefix('\n')) {
            Some(code) => (code, section.first_line + 1),
            None => (code, section.first_line),
        };
        Ok(self.cell(number, first_line, &language, code))
    }

    fn cell(&self, number: usize, first_line: usize, language: &Language, code: &str) -> Vec<Cell> {
        if code.trim().is_empty() {
            return Vec::new();
        }
        let origin = Origin {
            name: Rc::clone(self.name),
            number: Some(number),
            first_line,
            text: code.into(),
        };
        vec![Cell {
            language: language.clone(),
            code: code.to_owned(),
            origin: Some(origin),
        }]
    }

    /// The cells of the notebook that `%run` names: of a file of this machine, beside this one.
    fn included(&self, number: usize, named: &str) -> Result<Vec<Cell>, Failure> {
        let refused =
            |why: &str| Failure::usage(format!("cell {number} of {}: %run {}: {why}", self.name, named.trim()));
        let target = named.trim().trim_matches(['"', '\'']);
        if target.is_empty() || target.contains(" $") {
            return Err(refused("name one notebook, without arguments"));
        }
        if self.depth == 0 {
            return Err(refused("notebooks run each other without end"));
        }
        let beside = self.path.parent().unwrap_or(Path::new("")).join(target);
        let endings = ["", ".py", ".sql", ".scala", ".r", ".ipynb"];
        let candidates = endings.map(|ending| {
            let mut path = beside.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        });
        let Some(found) = candidates.iter().find(|path| path.is_file()) else {
            return Err(refused(
                "there is no such file here; a notebook of the workspace cannot be run through API 1.2",
            ));
        };
        Ok(Source::read(found, None, self.depth - 1)?.cells)
    }
}

/// The magic that a cell begins with, without its sign, and what follows it. Nothing where there is none.
fn split_magic(text: &str) -> (&str, &str) {
    let Some(rest) = text.trim_start().strip_prefix('%') else {
        return ("", text);
    };
    let rest = rest.strip_prefix('%').unwrap_or(rest);
    rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
}

fn read_stdin() -> Result<String, Failure> {
    let mut code = String::new();
    std::io::stdin()
        .read_to_string(&mut code)
        .map_err(|error| Failure::usage(format!("cannot read the program from stdin: {error}")))?;
    Ok(code.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(code))
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

pub(crate) fn language_of(path: &Path) -> Option<Language> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "py" => Some(Language::Python),
        "scala" | "sc" => Some(Language::Scala),
        "sql" => Some(Language::Sql),
        "r" => Some(Language::R),
        _ => None,
    }
}
