//! Printing: data on stdout, all else on stderr.

use crate::arguments::{Global, OutputFormat};
use crate::failure::{Exit, Failure};
use comfy_table::{ContentArrangement, Table as TextTable, presets};
use dbx12_exec::types::results::{ImageSource, Table};
use dbx12_exec::types::{RemoteError, Results};
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};

/// Where data goes, and in what form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: OutputFormat,
}

impl Output {
    /// As the command line asks for.
    pub(crate) fn of(global: &Global) -> Self {
        Self { format: global.output }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Prints an answer as JSON, or as the text that `text` makes of it.
    pub(crate) fn answer<T: Serialize>(self, answer: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        match self.format {
            OutputFormat::Json => print_line(&to_json(answer)?),
            OutputFormat::Text => print_line(&text(answer)),
        }
    }

    /// Prints what a program gave.
    pub(crate) fn results(self, results: &Results) -> Result<(), Failure> {
        if self.is_json() {
            return print_line(&to_json(results)?);
        }
        match results {
            Results::Text(text) => {
                print_line(text.as_str())?;
                if text.extra.read("truncated").unwrap_or(false) {
                    note("Warning: the output was too long and has been cut.");
                }
                Ok(())
            }
            Results::Table(table) => print_table(table),
            Results::Image(image) => image.source().iter().try_for_each(print_image),
            Results::Images(images) => images.sources().try_for_each(|source| print_image(&source)),
            Results::Error(error) => print_exception(error),
            Results::Empty(_) => Ok(()),
            other => print_line(&to_json(other)?),
        }
    }
}

/// The trace of an exception, on stderr; with the server's colours on a terminal.
pub(crate) fn print_exception(error: &RemoteError) -> Result<(), Failure> {
    let summary = error.plain();
    let traceback = error.cause.as_deref().unwrap_or_default().trim_end();
    if !traceback.is_empty() {
        note(traceback);
    }
    // A trace that ends with the summary has said it.
    if !error.traceback().trim_end().ends_with(&summary) || summary.is_empty() {
        note(if summary.is_empty() {
            "the code raised an exception, and the server does not say which"
        } else {
            &summary
        });
    }
    Ok(())
}

/// A line on stderr, without colours where they are not wanted.
pub(crate) fn note(line: &str) {
    let mut stderr = anstream::stderr().lock();
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(stderr, "{line}");
}

/// A table of columns for people.
pub(crate) fn columns(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = text_table();
    table.set_header(head.iter().map(|name| name.to_uppercase()));
    table.add_rows(rows);
    table.trim_fmt()
}

fn text_table() -> TextTable {
    let mut table = TextTable::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn print_table(table: &Table) -> Result<(), Failure> {
    let unreadable = |error| Failure::new(Exit::Transport, format!("the server's table cannot be read: {error}"));
    let names: Vec<String> = table
        .columns()
        .map_err(unreadable)?
        .into_iter()
        .map(|column| column.name)
        .collect();
    let mut text = text_table();
    if !names.is_empty() {
        text.set_header(&names);
    }
    for row in table.rows::<Vec<serde_json::Value>>().map_err(unreadable)? {
        text.add_row(row.map_err(unreadable)?.iter().map(cell));
    }
    print_line(&text.trim_fmt())?;
    if table.truncated() {
        note("Warning: the server cut this table; there are more rows than these.");
    }
    Ok(())
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn print_image(source: &ImageSource<'_>) -> Result<(), Failure> {
    match source {
        ImageSource::Path(path) => print_line(path),
        data => match data.decode() {
            Some(bytes) => {
                note(&format!(
                    "The result is an image of {} bytes; -o json prints it.",
                    bytes.len()
                ));
                Ok(())
            }
            None => Err(Failure::new(
                Exit::Transport,
                "the server sent an image that cannot be decoded",
            )),
        },
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::new(Exit::Transport, format!("cannot write JSON: {error}")))
}

/// One line of data, or several. Nothing where there is nothing to say.
pub(crate) fn print_line(text: &str) -> Result<(), Failure> {
    if text.is_empty() {
        return Ok(());
    }
    write(text.as_bytes(), true)
}

/// Data as it came. On a terminal it ends its line.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    write(bytes, std::io::stdout().is_terminal() && !bytes.ends_with(b"\n"))
}

fn write(bytes: &[u8], ends_line: bool) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let end: &[u8] = if ends_line { b"\n" } else { b"" };
    let written = stdout
        .write_all(bytes)
        .and_then(|()| stdout.write_all(end))
        .and_then(|()| stdout.flush());
    match written {
        // Whoever read it has had enough: that is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::new(Exit::Usage, format!("cannot write to stdout: {error}"))),
    }
}
