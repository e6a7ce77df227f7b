//! `dbx12 wait`.

use super::{Job, all, find};
use crate::arguments::{Global, Wait};
use crate::failure::{Exit, Failure};
use crate::output::{Output, note, print_line};
use crate::signals::Interrupts;
use dbx12_exec::http::Client;
use dbx12_exec::{Outcome, Waiter};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Waits for ends, and leaves what they gave to `attach`. Fails as the first one of them that failed.
pub(crate) async fn wait(arguments: Wait, global: &Global, output: Output) -> Result<(), Failure> {
    let jobs = all().await?;
    let mut waiting = JoinSet::new();
    for (place, id) in arguments.ids.iter().enumerate() {
        let job = find(&jobs, id)?.clone();
        let client = job.client(global)?;
        waiting.spawn(async move { (place, ended(&job, &client).await, job) });
    }
    let mut interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let mut ends: Vec<Option<(String, Result<Outcome, Failure>)>> = Vec::new();
    ends.resize_with(arguments.ids.len(), || None);
    let limit = arguments.timeout.unwrap_or(Duration::MAX);
    let all_of_them = async {
        while let Some(joined) = waiting.join_next().await {
            // None of them panics, and nobody cancels one.
            let Ok((place, ended, job)) = joined else { continue };
            if !output.is_json() {
                print_line(&format!("{} {}", job.id(), named(&ended)))?;
            }
            ends[place] = Some((job.id().to_owned(), ended));
        }
        Ok::<_, Failure>(())
    };
    tokio::select! {
        done = timeout(limit, all_of_them) => match done {
            Ok(printed) => printed?,
            Err(_) => {
                let limit = humantime::format_duration(limit);
                return Err(Failure::new(Exit::Timeout, format!("not all have ended within {limit}; they run on")));
            }
        },
        () = interrupts.next() => return Err(Failure::new(Exit::Interrupted, "interrupted; what runs goes on")),
    }
    let ends: Vec<_> = ends.into_iter().flatten().collect();
    if output.is_json() {
        let ends: Vec<_> = ends
            .iter()
            .map(|(id, ended)| json!({ "id": id, "end": named(ended) }))
            .collect();
        output.answer(&ends, |_| String::new())?;
    }
    let mut failures = ends.into_iter().filter_map(|(_, ended)| match ended {
        Ok(Outcome::Finished(_)) => None,
        Ok(outcome) => Some(Failure::from(outcome).exit),
        Err(failure) => {
            note(&failure.to_string());
            Some(failure.exit)
        }
    });
    failures.next().map_or(Ok(()), |exit| Err(Failure::silent(exit)))
}

async fn ended(job: &Job, client: &Client) -> Result<Outcome, Failure> {
    let Some(command) = job.command() else {
        let message = format!(
            "nothing that could end is known to run in context {}",
            job.logged.context
        );
        return Err(Failure::new(Exit::Unavailable, message));
    };
    // Not in the journal: it is not this one who is told what it gave.
    Ok(Waiter::new(job.context(client).command(command.clone())).await?)
}

fn named(ended: &Result<Outcome, Failure>) -> &'static str {
    match ended {
        Ok(Outcome::Finished(_)) => "Finished",
        Ok(Outcome::Failed(_)) => "Failed",
        Ok(Outcome::Cancelled | Outcome::CancelledByOthers) => "Cancelled",
        Ok(Outcome::ContextLost { .. } | Outcome::ClusterGone { .. }) => "Gone",
        _ => "Unknown",
    }
}
