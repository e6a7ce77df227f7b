//! An exception of the code, told with the place in the user's own file.

use crate::arguments::Annotations;
use crate::failure::{Exit, Failure};
use crate::output::{note, print_failure};
use crate::program::{Cell, Origin};
use dbx12_exec::types::{Language, RemoteError};

/// The exception that ended a program, and what of the program is known.
pub(crate) struct Raised<'a> {
    pub(crate) error: &'a RemoteError,
    /// The cells up to the one that raised it.
    pub(crate) cells: &'a [Cell],
    /// How many cells there are after it.
    pub(crate) left: usize,
}

impl Raised<'_> {
    /// The trace as the server sent it, then what was raised and where: a line of the user's, with its text.
    pub(crate) fn print(&self, annotations: Option<Annotations>) {
        print_trace(self.error);
        let failure = Failure::new(Exit::RemoteException, format!("{}{}", self.place(), self.summary()));
        print_failure(&failure);
        if let Some((_, Some((line, text)))) = self.location() {
            note(&format!("{line:>6} | {}", text.trim_end()));
        }
        match self.left {
            0 => {}
            1 => note("The cell after it was not run."),
            left => note(&format!("The {left} cells after it were not run.")),
        }
        if annotations == Some(Annotations::Github) {
            self.annotate();
        }
    }

    /// `etl.py:12: `, or as much as is known.
    fn place(&self) -> String {
        match self.location() {
            Some((origin, Some((line, _)))) if origin.is_counted_by_cell() => format!("{origin}, line {line}: "),
            Some((origin, Some((line, _)))) => match origin.number {
                Some(number) => format!("{}:{line} (cell {number}): ", origin.name),
                None => format!("{}:{line}: ", origin.name),
            },
            Some((origin, None)) => format!("{origin}: "),
            None => "before the program: ".to_owned(),
        }
    }

    fn summary(&self) -> String {
        let plain = self.error.plain();
        match plain.lines().next() {
            Some(line) => line.to_owned(),
            None => "the code raised an exception, and the server does not say which".to_owned(),
        }
    }

    /// Where the deepest call is that the program itself made; else the cell that failed.
    fn location(&self) -> Option<(&Origin, Option<(usize, &str)>)> {
        let failed = self.cells.last()?;
        if failed.language == Language::Sql
            && let (Some(origin), Some(position)) = (&failed.origin, self.error.position())
        {
            return Some((origin, origin.line(position.line.try_into().ok()?)));
        }
        let frames = self.error.frames();
        let found = frames.iter().rev().find_map(|frame| {
            let line = usize::try_from(frame.line).ok().filter(|_| is_sent_code(&frame.file))?;
            let mut origins = self.cells.iter().rev().filter_map(|cell| cell.origin.as_ref());
            match &frame.source_line {
                // Another cell's code may have the same number of lines, but not the same line.
                Some(text) => origins.find_map(|origin| {
                    let found = origin.line(line).filter(|(_, own)| own.trim() == text.trim())?;
                    Some((origin, Some(found)))
                }),
                None => failed.origin.as_ref().map(|origin| (origin, origin.line(line))),
            }
        });
        found.or_else(|| Some((failed.origin.as_ref()?, None)))
    }

    fn annotate(&self) {
        let (file, line) = match self.location() {
            Some((origin, line)) if origin.is_file() => {
                let line = line.filter(|_| !origin.is_counted_by_cell());
                (Some(origin.name.to_string()), line.map(|(line, _)| line))
            }
            _ => (None, None),
        };
        let title = self.error.exception().map(|exception| exception.name().to_owned());
        let mut message = self.error.plain();
        if line.is_none() {
            message = format!("{}{message}", self.place());
        }
        note(&github("error", file.as_deref(), line, title.as_deref(), &message));
    }
}

/// The server's trace, with its colours on a terminal; its last line says what was raised.
pub(crate) fn print_trace(error: &RemoteError) {
    let traceback = error.cause.as_deref().unwrap_or_default().trim_end();
    if !traceback.is_empty() {
        note(traceback);
    }
    // A trace that ends with the summary has said it.
    let summary = error.plain();
    if !summary.is_empty() && !error.traceback().trim_end().ends_with(&summary) {
        note(&summary);
    }
}

/// The failure that ended a verb, as a CI server shows it.
pub(crate) fn annotate_failure(failure: &Failure) {
    let message = failure.to_string();
    let message = message.strip_prefix("Error: ").unwrap_or(&message);
    note(&github("error", None, None, Some("dbx12"), message));
}

/// A workflow command, see
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>: `::error file=etl.py,line=3::text`.
fn github(command: &str, file: Option<&str>, line: Option<usize>, title: Option<&str>, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let properties = [
        file.map(|file| format!("file={}", property(file))),
        line.map(|line| format!("line={line}")),
        title.map(|title| format!("title={}", property(title))),
    ];
    let properties: Vec<_> = properties.into_iter().flatten().collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{command}{space}{}::{}", properties.join(","), data(message))
}

/// What traces call code that came as a command: Python's own words, IPython's, the service's, Scala's.
fn is_sent_code(file: &str) -> bool {
    const NAMES: [&str; 6] = [
        "<command-",
        "<cell",
        "<ipython-input-",
        "Cell In",
        "<stdin>",
        "<console>",
    ];
    NAMES.iter().any(|name| file.starts_with(name))
}

#[cfg(test)]
mod tests;
