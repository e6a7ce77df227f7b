//! `dbx12 run --detach`.

use super::closed;
use crate::arguments::Global;
use crate::failure::{Exit, Failure};
use crate::output::{Output, note, print_line};
use crate::program::Cell;
use crate::signals::Interrupts;
use crate::state;
use dbx12_exec::api::Cluster;
use dbx12_exec::types::CommandId;
use dbx12_exec::{Closing, Code, Journal, Session};
use serde_json::json;

/// Code that is to run alone.
pub(crate) struct Detached {
    /// What is waited for before: code of ours, which gives it its arguments.
    before: Vec<Cell>,
    cell: Cell,
    start_cluster: bool,
}

impl Detached {
    /// Of a program with one cell: of several, the others would run after one that fails, with nobody there to stop them.
    pub(crate) fn new(mut cells: Vec<Cell>, start_cluster: bool) -> Result<Self, Failure> {
        let visible = cells.iter().filter(|cell| !cell.is_hidden()).count();
        match cells.pop() {
            Some(cell) if visible == 1 && !cell.is_hidden() => Ok(Self {
                before: cells,
                cell,
                start_cluster,
            }),
            _ => Err(Failure::usage(format!(
                "only a program of one cell can be detached, and this one has {visible}: nobody would be there to stop \
                 after one that fails"
            ))),
        }
    }
}

/// Submits it in a context of its own, prints the id of the command, and leaves both.
pub(crate) async fn detach(detached: Detached, cluster: &Cluster, global: &Global) -> Result<(), Failure> {
    let output = Output::of(global)?;
    // Without a journal nobody would find it again.
    let journal = state::journal().await?;
    let mut interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let closing = Closing::new();
    let left = tokio::select! {
        left = leave(detached, cluster, &journal, &closing) => left,
        () = interrupts.next() => Err(Failure::new(Exit::Interrupted, "interrupted")),
    };
    // Where it failed, the context is destroyed in the background.
    closed(closing).await;
    let command = left?;
    if output.is_json() {
        return output.answer(&json!({ "id": command }), |_| String::new());
    }
    print_line(command.as_str())?;
    if !global.quiet {
        note(&format!(
            "It runs on. `dbx12 attach {command}` waits for it and prints what it gives."
        ));
    }
    Ok(())
}

async fn leave(
    detached: Detached,
    cluster: &Cluster,
    journal: &Journal,
    closing: &Closing,
) -> Result<CommandId, Failure> {
    let Detached { before, cell, .. } = detached;
    let builder = Session::builder(cluster, cell.language.clone())
        .journal(journal)
        .closing(closing)
        .start_cluster(detached.start_cluster)
        // What is not known to have been submitted ends with the context.
        .at_most_once(false);
    let session = builder.open().await?;
    for cell in &before {
        session.run(code(cell)).await?.ok()?;
    }
    let run = cell.named(session.run(code(&cell)));
    let command = run.submit().await?.command().id().clone();
    session.detach().await?;
    Ok(command)
}

fn code(cell: &Cell) -> Code {
    Code::new(&cell.code).language(cell.language.clone())
}
