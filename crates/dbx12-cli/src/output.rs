//! Printing: data on stdout, all else on stderr.

use crate::arguments::{Global, OutputFormat};
use crate::failure::{Exit, Failure};
use comfy_table::{ContentArrangement, Table as TextTable, presets};
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};

/// In what form answers of the API are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: OutputFormat,
}

impl Output {
    /// As the command line asks for. What is only for the tables of programs is refused.
    pub(crate) fn of(global: &Global) -> Result<Self, Failure> {
        let format = global.format().unwrap_or_default();
        match format {
            OutputFormat::Text | OutputFormat::Json => Ok(Self { format }),
            // Only -o itself is an order; the environment holds for programs too.
            _ if global.output.is_none() => Ok(Self {
                format: OutputFormat::Text,
            }),
            _ => Err(Failure::usage(format!(
                "-o {} is for what programs give; this prints text or json",
                format.name()
            ))),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Prints an answer as JSON, or as the text that `text` makes of it.
    pub(crate) fn answer<T: Serialize>(self, answer: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.is_json() {
            return print_line(&to_json(answer)?);
        }
        print_line(&text(answer))
    }
}

/// A line on stderr, without colours where they are not wanted.
pub(crate) fn note(line: &str) {
    let mut stderr = anstream::stderr().lock();
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(stderr, "{line}");
}

/// Text on stderr as it is.
pub(crate) fn note_part(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
}

/// A line on stderr that nobody should miss.
pub(crate) fn warn(line: &str) {
    note(&format!("{YELLOW}Warning:{RESET} {line}"));
}

/// How a program ended that did not end well.
pub(crate) fn print_failure(failure: &Failure) {
    if failure.is_silent() {
        return;
    }
    let text = failure.to_string();
    note(&match text.strip_prefix("Error:") {
        Some(rest) => format!(
            "{RED}Error:{RESET}{}",
            rest.replace("\nHint:", &format!("\n{CYAN}Hint:{RESET}"))
        ),
        None => text,
    });
}

/// Written through `anstream`, which takes them off where there is no terminal, and where `NO_COLOR` is set.
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[36m";
const RESET: &str = "\x1b[0m";

/// A table of columns for people.
pub(crate) fn columns(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = text_table();
    table.set_header(head.iter().map(|name| name.to_uppercase()));
    table.add_rows(rows);
    table.trim_fmt()
}

/// A table without lines, as wide as it is.
pub(crate) fn text_table() -> TextTable {
    let mut table = TextTable::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::new(Exit::Transport, format!("cannot write JSON: {error}")))
}

/// One line of data, or several. Nothing where there is nothing to say.
pub(crate) fn print_line(text: &str) -> Result<(), Failure> {
    if text.is_empty() {
        return Ok(());
    }
    print(&[text.as_bytes(), b"\n"])
}

/// Data as it is. On a terminal it ends its line.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let is_open = std::io::stdout().is_terminal() && !bytes.ends_with(b"\n");
    print(&[bytes, if is_open { b"\n" } else { b"" }])
}

/// Data as it is.
pub(crate) fn print(parts: &[&[u8]]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = parts
        .iter()
        .try_for_each(|part| stdout.write_all(part))
        .and_then(|()| stdout.flush());
    match written {
        // Whoever read it has had enough: that is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::new(Exit::Usage, format!("cannot write to stdout: {error}"))),
    }
}
