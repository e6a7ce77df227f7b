//! Where what the cells of a program give goes: to the renderer, and into the notebook.

use crate::arguments::Annotations;
use crate::exception::Raised;
use crate::failure::{Exit, Failure};
use crate::output::{note_part, print};
use crate::program::{Cell, Notebook};
use crate::render::Renderer;
use dbx12_exec::http::Client;
use dbx12_exec::types::{RemoteError, Results};
use dbx12_exec::{OutputChunk, OutputStream};

pub(super) struct Show {
    pub(super) renderer: Renderer,
    pub(super) notebook: Option<Notebook>,
    pub(super) annotations: Option<Annotations>,
    /// Whether the last of what was followed left a line open on stdout.
    open_line: bool,
}

impl Show {
    pub(super) fn new(renderer: Renderer, notebook: Option<Notebook>, annotations: Option<Annotations>) -> Self {
        Self {
            renderer,
            notebook,
            annotations,
            open_line: false,
        }
    }

    /// Output while it comes: where its text would stand, else on stderr.
    pub(super) fn chunk(&mut self, chunk: &OutputChunk) -> Result<(), Failure> {
        if chunk.stream == OutputStream::Stdout && self.renderer.is_live() {
            self.open_line = !chunk.text.ends_with('\n');
            return print(&[chunk.text.as_bytes()]);
        }
        note_part(&chunk.text);
        Ok(())
    }

    /// What a cell gave. `rest` is what of a text was not followed.
    pub(super) async fn finished(
        &mut self,
        cell: &Cell,
        results: &Results,
        rest: Option<String>,
        client: &Client,
    ) -> Result<(), Failure> {
        self.record(cell, results);
        let shown_as_it_came = self.renderer.is_live() || !self.renderer.keeps_text();
        self.end_line()?;
        match rest.filter(|_| shown_as_it_came) {
            Some(rest) => self.renderer.result(&Results::text(rest), client).await,
            None => self.renderer.result(results, client).await,
        }
    }

    /// What the last of the cells raised, and how many are left.
    pub(super) fn raised(&mut self, error: &RemoteError, cells: &[Cell], left: usize) -> Failure {
        let raised = Raised { error, cells, left };
        if let Some(cell) = cells.last() {
            self.record(cell, &Results::Error(error.clone()));
        }
        let written = self.end_line().and_then(|()| self.renderer.exception(error));
        raised.print(self.annotations);
        written.err().unwrap_or_else(|| Failure::silent(Exit::RemoteException))
    }

    fn record(&mut self, cell: &Cell, results: &Results) {
        if let (Some(notebook), Some(origin)) = (&mut self.notebook, &cell.origin) {
            notebook.record(origin, results);
        }
    }

    fn end_line(&mut self) -> Result<(), Failure> {
        match std::mem::take(&mut self.open_line) {
            true => print(&[b"\n"]),
            false => Ok(()),
        }
    }

    /// Writes the files: the notebook in any case, what the program gave when it ended well.
    pub(super) fn finish(mut self, ended_well: bool) -> Result<(), Failure> {
        self.end_line()?;
        let notebook = self.notebook.map_or(Ok(()), Notebook::write);
        self.renderer.finish(ended_well)?;
        notebook
    }
}
