//! `dbx12 gc`.

use super::{Job, Journals, ps};
use crate::arguments::{Gc, Global};
use crate::failure::Failure;
use crate::output::{Output, note, print_line};
use crate::{connect, map};
use dbx12_exec::http::Client;
use dbx12_exec::{Closing, Holder, Journal};
use serde_json::{Value, json};

/// Destroys contexts that nobody has, and drops what is over from the journals.
pub(crate) async fn gc(arguments: Gc, global: &Global, output: Output) -> Result<(), Failure> {
    let journals = Journals::open().await?;
    let mut jobs = journals.jobs().await?;
    jobs.retain(|job| job.logged.holder != Holder::Process);
    let mut done = Vec::new();
    let mut failed = None;
    if !jobs.is_empty() {
        let client = connect::client(global)?;
        let (here, elsewhere): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| job.is_on(&client));
        for job in here {
            match collect(job, &client, arguments.ended).await {
                Ok(Some(why)) => done.push(tell(job, why, output)?),
                Ok(None) => {}
                Err(failure) => {
                    note(&format!("Warning: context {} is left: {failure}", job.logged.context));
                    failed = Some(failure.exit);
                }
            }
        }
        if !elsewhere.is_empty() {
            note(&format!(
                "{} on other workspaces than {} were left alone: name one by --profile or --host.",
                elsewhere.len(),
                client.host()
            ));
        }
    }
    // The journals of maps are needed whole to resume those.
    if let Some(journal) = journals.0.first() {
        tell_maybe_opened(journal).await?;
        journal.compact().await?;
    }
    map::forget_lost()?;
    if output.is_json() {
        output.answer(&done, |_| String::new())?;
    }
    failed.map_or(Ok(()), |exit| Err(Failure::silent(exit)))
}

/// Destroys its context if nobody wants it; says why.
async fn collect(job: &Job, client: &Client, ended: bool) -> Result<Option<&'static str>, Failure> {
    let why = match job.logged.holder {
        Holder::Orphaned => "its process has ended without closing it",
        _ => match &*ps::state(job, client).await? {
            "Gone" => "it was gone already",
            "Finished" | "Failed" | "Cancelled" if ended => "it was detached and has ended",
            _ => return Ok(None),
        },
    };
    let Some(session) = job.journal.take_over(&job.context(client), &Closing::new()).await? else {
        // Somebody was quicker.
        return Ok(None);
    };
    session.close().await?;
    Ok(Some(why))
}

fn tell(job: &Job, why: &str, output: Output) -> Result<Value, Failure> {
    let (context, cluster) = (&job.logged.context, &job.logged.cluster);
    if !output.is_json() {
        print_line(&format!("destroyed context {context} on cluster {cluster}: {why}"))?;
    }
    Ok(json!({ "context": context, "cluster": cluster, "command": job.command(), "why": why }))
}

async fn tell_maybe_opened(journal: &Journal) -> Result<(), Failure> {
    for (host, cluster) in journal.logged().await?.maybe_opened {
        note(&format!(
            "A context was being made on cluster {cluster} of {host} when its client ended: whether it was made, nobody can \
             tell. It would end when it has been idle for long, or with its cluster."
        ));
    }
    Ok(())
}
