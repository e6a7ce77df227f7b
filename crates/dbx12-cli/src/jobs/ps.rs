//! `dbx12 ps`.

use super::{Job, all};
use crate::arguments::Global;
use crate::connect;
use crate::failure::Failure;
use crate::output::{Output, columns, note};
use dbx12_exec::Holder;
use dbx12_exec::http::{Client, Error};
use dbx12_exec::types::{CommandStatus, Results};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// Lists what is open, with what the workspace says of it now.
pub(crate) async fn ps(global: &Global, output: Output) -> Result<(), Failure> {
    let jobs = all().await?;
    let states = states(&jobs, global).await;
    let rows: Vec<_> = jobs.iter().zip(&states).collect();
    if output.is_json() {
        let answer: Vec<_> = rows.iter().map(|(job, state)| in_json(job, state.as_deref())).collect();
        return output.answer(&answer, |_| String::new());
    }
    let cells = rows.iter().map(|(job, state)| {
        vec![
            job.short_id().to_owned(),
            state.as_deref().unwrap_or("?").to_owned(),
            holder(job).to_owned(),
            age(job),
            job.name().unwrap_or_default().to_owned(),
            job.logged.cluster.to_string(),
            job.logged.host.clone(),
        ]
    });
    let head = ["id", "state", "held", "age", "name", "cluster", "workspace"];
    crate::output::print_line(&columns(&head, cells))
}

fn in_json(job: &Job, state: Option<&str>) -> Value {
    json!({
        "id": job.id(),
        "state": state,
        "held": holder(job),
        "name": job.name(),
        "opened": humantime::format_rfc3339_seconds(job.logged.opened).to_string(),
        "host": job.logged.host,
        "cluster": job.logged.cluster,
        "context": job.logged.context,
        "command": job.command(),
    })
}

fn holder(job: &Job) -> &'static str {
    match job.logged.holder {
        Holder::Process => "attached",
        Holder::Detached => "detached",
        _ => "orphaned",
    }
}

/// In whole seconds, of the submission.
fn age(job: &Job) -> String {
    let began = job.last().map_or(job.logged.opened, |last| last.submitted);
    let seconds = began.elapsed().unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

/// What the workspace says of each; nothing of those that are on others.
async fn states(jobs: &[Job], global: &Global) -> Vec<Option<String>> {
    let mut states = vec![None; jobs.len()];
    if jobs.is_empty() {
        return states;
    }
    let client = match connect::client(global) {
        Ok(client) => client,
        Err(failure) => {
            note(&format!("Warning: no workspace could be asked. {failure}"));
            return states;
        }
    };
    let mut asking = JoinSet::new();
    for (place, job) in jobs.iter().enumerate().filter(|(_, job)| job.is_on(&client)) {
        let (job, client) = (job.clone(), client.clone());
        asking.spawn(async move { (place, state(&job, &client).await) });
    }
    let elsewhere = jobs.len() - asking.len();
    while let Some(asked) = asking.join_next().await {
        match asked {
            Ok((place, Ok(state))) => states[place] = Some(state),
            Ok((place, Err(error))) => {
                let problem = crate::failure::with_sources(&error);
                note(&format!(
                    "Warning: what {} does is not known: {problem}",
                    jobs[place].id()
                ));
            }
            // Nobody cancels it.
            Err(_) => {}
        }
    }
    if elsewhere > 0 {
        note(&format!(
            "{elsewhere} on other workspaces than {} were not asked: name one by --profile or --host.",
            client.host()
        ));
    }
    states
}

/// `Queued`, `Running`, `Finished`, `Failed`, `Cancelled`; `Gone` when the context is, and what it is where nothing runs.
pub(super) async fn state(job: &Job, client: &Client) -> Result<String, Error> {
    let context = job.context(client);
    let state = match job.command() {
        Some(command) => {
            context
                .command(command.clone())
                .status()
                .await
                .map(|info| match (&info.status, &info.results) {
                    (CommandStatus::Finished, Some(Results::Error(error))) if error.is_cancelled() => {
                        "Cancelled".to_owned()
                    }
                    (CommandStatus::Finished, Some(Results::Error(_))) => "Failed".to_owned(),
                    (status, _) => status.to_string(),
                })
        }
        None => context.status().await.map(|info| format!("Idle ({})", info.status)),
    };
    match state {
        Err(error) if error.is_context_not_found() || error.is_command_not_found() => Ok("Gone".to_owned()),
        state => state,
    }
}
