//! What programs give, in the form that is asked for.

mod arrow;
mod images;
mod markdown;
mod table;
#[cfg(test)]
mod tests;

use crate::arguments::{Global, OutputFormat, ResultPlaces};
use crate::destination::Destination;
use crate::failure::{Exit, Failure};
use crate::output::{note, print, to_json, warn};
use dbx12_exec::http::Client;
use dbx12_exec::types::results::Table;
use dbx12_exec::types::{RemoteError, Results};
use images::Images;
use std::io::IsTerminal;
use std::path::Path;

/// Takes the results of a program's commands, one after the other, and puts them where they belong.
#[derive(Debug)]
pub(crate) struct Renderer {
    format: OutputFormat,
    /// What stands in the file at the end; `None` when it goes to stdout at once.
    file: Option<(Destination, Vec<u8>)>,
    images: Images,
    /// Where the form holds one table: the last that came, and how many came.
    last_table: Option<Table>,
    tables: usize,
    /// Whether something was written, that the next has to be parted from.
    has_written: bool,
}

impl Renderer {
    /// Finds out what can be said before anything runs: whether the places can be written.
    pub(crate) fn prepare(global: &Global, places: &ResultPlaces) -> Result<Self, Failure> {
        let by_ending = places.out.as_deref().and_then(format_of);
        let format = match (global.json, global.output, by_ending) {
            (false, None, Some(format)) => format,
            _ => global.format().unwrap_or_default(),
        };
        if format == OutputFormat::Arrow && places.out.is_none() && std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "Arrow is not for terminals: give --out FILE, or send stdout elsewhere",
            ));
        }
        let file = places.out.as_deref().map(Destination::prepare).transpose()?;
        Ok(Self {
            format,
            file: file.map(|destination| (destination, Vec::new())),
            images: Images::prepare(places, global.quiet)?,
            last_table: None,
            tables: 0,
            has_written: false,
        })
    }

    /// For one result on stdout.
    pub(crate) fn plain(global: &Global) -> Result<Self, Failure> {
        let places = ResultPlaces {
            out: None,
            images: None,
            show_images: false,
            notebook_out: None,
        };
        Self::prepare(global, &places)
    }

    /// Whether text goes to stdout as it comes.
    pub(crate) fn is_live(&self) -> bool {
        self.file.is_none() && matches!(self.format, OutputFormat::Text | OutputFormat::Table)
    }

    /// Whether text has a place in what is written, and not only on stderr.
    pub(crate) fn keeps_text(&self) -> bool {
        !matches!(
            self.format,
            OutputFormat::Jsonl | OutputFormat::Csv | OutputFormat::Arrow
        )
    }

    /// Puts one command's result in its place. `client` fetches images that are on the server.
    pub(crate) async fn result(&mut self, results: &Results, client: &Client) -> Result<(), Failure> {
        let images = self.images.take(results, client).await?;
        self.put(results, &images)?;
        warn_of_cuts(results);
        Ok(())
    }

    fn put(&mut self, results: &Results, images: &[images::Shown]) -> Result<(), Failure> {
        match self.format {
            OutputFormat::Json => self.line(&to_json(results)?),
            OutputFormat::Markdown => {
                let text = markdown::of(results, images)?;
                let gap = if self.has_written && !text.is_empty() { "\n" } else { "" };
                self.write(&format!("{gap}{text}"))
            }
            OutputFormat::Jsonl | OutputFormat::Csv | OutputFormat::Arrow => {
                self.hold(results);
                Ok(())
            }
            OutputFormat::Text | OutputFormat::Table => self.text(results, images),
        }
    }

    fn text(&mut self, results: &Results, images: &[images::Shown]) -> Result<(), Failure> {
        match results {
            Results::Text(text) => self.line(text.as_str()),
            Results::Table(table) if self.format == OutputFormat::Table => {
                let width = self.file.is_none() && std::io::stdout().is_terminal();
                self.line(&table::with_lines(table, width)?)
            }
            Results::Table(table) => self.line(&table::without_lines(table)?),
            Results::Image(_) | Results::Images(_) => images.iter().try_for_each(|image| match &image.place {
                images::Place::Server(path) => self.line(path),
                _ => Ok(()),
            }),
            // Told on stderr.
            Results::Error(_) | Results::Empty(_) => Ok(()),
            other => self.line(&to_json(other)?),
        }
    }

    /// An exception is a result too, where results are data.
    pub(crate) fn exception(&mut self, error: &RemoteError) -> Result<(), Failure> {
        let results = Results::Error(error.clone());
        match self.format {
            OutputFormat::Json => self.line(&to_json(&results)?),
            OutputFormat::Markdown => {
                let gap = if self.has_written { "\n" } else { "" };
                self.write(&format!("{gap}{}", markdown::of(&results, &[])?))
            }
            _ => Ok(()),
        }
    }

    /// Keeps the table; says on stderr what is none.
    fn hold(&mut self, results: &Results) {
        match results {
            Results::Table(table) => {
                self.tables += 1;
                self.last_table = Some(table.clone());
            }
            Results::Text(text) if !text.as_str().is_empty() => note(text.as_str()),
            _ => {}
        }
    }

    /// Writes what was held back. Of a program that failed no file is left; what it gave before goes to stdout.
    pub(crate) fn finish(mut self, ended_well: bool) -> Result<(), Failure> {
        if !self.keeps_text() {
            return if ended_well { self.finish_table() } else { Ok(()) };
        }
        match self.file.take() {
            Some((destination, content)) if ended_well => destination.write(&content),
            Some((_, content)) => print(&[&content]),
            None => Ok(()),
        }
    }

    fn finish_table(self) -> Result<(), Failure> {
        let form = self.format.name();
        let Some(table) = &self.last_table else {
            return Err(Failure::usage(format!(
                "the program ran to its end, but gave no table, and {form} is a form of tables"
            ))
            .hint("make a table the value of the last line, or give it to display()"));
        };
        if self.tables > 1 {
            let tables = self.tables;
            warn(&format!(
                "the program gave {tables} tables; {form} holds one, and has the last of them."
            ));
        }
        let mut content = Vec::new();
        let written = match self.format {
            OutputFormat::Csv => table.to_csv(&mut content).map_err(unreadable),
            OutputFormat::Jsonl => table.to_json_lines(&mut content).map_err(unreadable),
            _ => arrow::write(table, self.file.is_some(), &mut content).map_err(unreadable),
        };
        written?;
        match self.file {
            Some((destination, _)) => destination.write(&content),
            None => print(&[&content]),
        }
    }

    fn line(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.write(text)?;
        self.write("\n")
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.has_written |= !text.is_empty();
        match &mut self.file {
            Some((_, content)) => {
                content.extend_from_slice(text.as_bytes());
                Ok(())
            }
            None => print(&[text.as_bytes()]),
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Transport, format!("the server's table cannot be read: {error}"))
}

/// The form that a file's ending stands for.
fn format_of(path: &Path) -> Option<OutputFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "txt" => Some(OutputFormat::Text),
        "json" => Some(OutputFormat::Json),
        "jsonl" | "ndjson" => Some(OutputFormat::Jsonl),
        "csv" => Some(OutputFormat::Csv),
        "md" => Some(OutputFormat::Markdown),
        "arrow" | "feather" => Some(OutputFormat::Arrow),
        _ => None,
    }
}

/// What the server kept back is not to be taken for nothing.
fn warn_of_cuts(results: &Results) {
    match results {
        Results::Table(table) if table.truncated() => {
            let rows = table
                .row_count()
                .map_or_else(|_| String::new(), |rows| format!(" after {rows} rows"));
            warn(&format!("THE TABLE IS NOT COMPLETE: the server cut it{rows}."));
            note(
                "  To have all rows, let the program write them to a table or to files; to have fewer, let it aggregate \
                 them or end in LIMIT.",
            );
        }
        Results::Text(text) if text.extra.read("truncated").unwrap_or(false) => {
            warn("THE OUTPUT IS NOT COMPLETE: it was too long, and the server cut it.");
            note("  With --follow all of it is shown; or let the program write it to a file.");
        }
        _ => {}
    }
}
