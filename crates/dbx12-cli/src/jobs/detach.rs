//! `dbx12 run --detach`.

use super::closed;
use crate::failure::{Exit, Failure};
use crate::output::{Output, note, print_line};
use crate::signals::Interrupts;
use crate::state;
use dbx12_exec::api::Cluster;
use dbx12_exec::types::{CommandId, Language};
use dbx12_exec::{Closing, Journal, Session};
use serde_json::json;

/// Code that is to run alone.
pub(crate) struct Detached {
    pub(crate) code: String,
    pub(crate) language: Language,
    pub(crate) name: Option<String>,
}

/// Submits it in a context of its own, prints the id of the command, and leaves both.
pub(crate) async fn detach(detached: Detached, cluster: &Cluster, output: Output) -> Result<(), Failure> {
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
    note(&format!(
        "It runs on. `dbx12 attach {command}` waits for it and prints what it gives."
    ));
    Ok(())
}

async fn leave(
    detached: Detached,
    cluster: &Cluster,
    journal: &Journal,
    closing: &Closing,
) -> Result<CommandId, Failure> {
    let builder = Session::builder(cluster, detached.language)
        .journal(journal)
        .closing(closing)
        // What is not known to have been submitted ends with the context.
        .at_most_once(false);
    let session = builder.open().await?;
    let mut run = session.run(detached.code);
    if let Some(name) = detached.name {
        run = run.name(name);
    }
    let command = run.submit().await?.command().id().clone();
    session.detach().await?;
    Ok(command)
}
