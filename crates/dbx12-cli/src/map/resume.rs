//! What a run that was interrupted has done already, from its results and its journal.

use super::folder::Folder;
use super::record::{Came, End};
use crate::arguments::Again;
use crate::failure::Failure;
use dbx12_exec::api::{Context, Workspace};
use dbx12_exec::types::CommandId;
use dbx12_exec::{Closing, Holder, Journal, LoggedContext, LoggedFate, Outcome, Progress, Session, Waiter};
use std::collections::HashMap;
use tokio::sync::watch;

/// What is to be done for a set.
#[derive(Debug)]
pub(super) enum Todo {
    /// Nothing: its record is there.
    Nothing(End),
    /// It ran, or may have, and nothing more can be found out.
    Record(u32, Came),
    /// It was submitted: its end is to be had from the server.
    Collect(u32, CommandId),
    /// It is to run.
    Run(u32),
}

/// What is left of an interrupted run.
pub(super) struct Left {
    /// Of each set.
    pub(super) todo: Vec<Todo>,
    /// The contexts in which sets ran. They end when this is dropped, or better by [`Session::close`].
    pub(super) sessions: Vec<Session>,
    /// Waiters for the commands that were submitted to them.
    pub(super) commands: HashMap<CommandId, Waiter>,
}

/// What the name of a submission says: the set and which time it runs.
pub(super) fn name(script: &str, set: usize, attempt: u32) -> String {
    format!("{script} {set}.{attempt}")
}

fn parsed(name: &str) -> Option<(usize, u32)> {
    let (_, numbers) = name.rsplit_once(' ')?;
    let (set, attempt) = numbers.split_once('.')?;
    Some((set.parse().ok()?, attempt.parse().ok()?))
}

/// Looks at what is there, and takes over what runs.
pub(super) async fn look(
    folder: &Folder,
    journal: &Journal,
    workspace: &Workspace,
    again: &[Again],
    closing: &Closing,
) -> Result<Left, Failure> {
    let logged = journal.logged().await?.contexts;
    let mut sessions = Vec::new();
    let mut commands = HashMap::new();
    for context in logged.iter().filter(|context| context.holder != Holder::Closed) {
        let there = in_workspace(context, workspace);
        let Some(session) = journal.take_over(&there, closing).await? else {
            continue;
        };
        let submitted = context
            .submissions
            .iter()
            .filter_map(|submission| submission.fate.command());
        commands.extend(submitted.map(|command| (command.clone(), session.waiter(command.clone()))));
        sessions.push(session);
    }
    let attempts = last_attempts(&logged);
    let todo = (1..=folder.rows().len()).map(|set| {
        let known = attempts.get(&set).copied();
        let last = known.map_or(0, |(attempt, _)| attempt);
        match folder.record(set).filter(|record| record.attempt >= last) {
            Some(record) if record.outcome.is_among(again) => Todo::Run(record.attempt + 1),
            Some(record) => Todo::Nothing(record.outcome),
            None => match known {
                None => Todo::Run(1),
                Some((attempt, fate)) => without_record(attempt, fate, &commands, again),
            },
        }
    });
    Ok(Left {
        todo: todo.collect(),
        sessions,
        commands,
    })
}

fn without_record(attempt: u32, fate: &LoggedFate, there: &HashMap<CommandId, Waiter>, again: &[Again]) -> Todo {
    let lost = |end: End, why: &str| match end.is_among(again) {
        true => Todo::Run(attempt + 1),
        false => Todo::Record(attempt, Came::Ended(end, None, Some(why.to_owned()))),
    };
    match fate {
        LoggedFate::NotSubmitted => Todo::Run(attempt + 1),
        LoggedFate::Submitted(command) | LoggedFate::Told(command) if there.contains_key(command) => {
            Todo::Collect(attempt, command.clone())
        }
        LoggedFate::Unknown => lost(
            End::Unknown,
            "it was on its way when the run was interrupted: whether it ran is not known",
        ),
        _ => lost(
            End::Lost,
            "it ran, and the run was interrupted before its results were saved",
        ),
    }
}

/// The last attempt of each set. Of several submissions of one attempt the one that says most counts: others were sent
/// again because they surely did not arrive.
fn last_attempts(logged: &[LoggedContext]) -> HashMap<usize, (u32, &LoggedFate)> {
    let mut last: HashMap<usize, (u32, &LoggedFate)> = HashMap::new();
    for submission in logged.iter().flat_map(|context| &context.submissions) {
        let Some((set, attempt)) = submission.name.as_deref().and_then(parsed) else {
            continue;
        };
        let weight = |(attempt, fate): (u32, &LoggedFate)| (attempt, *fate != LoggedFate::NotSubmitted);
        let found = (attempt, &submission.fate);
        let known = last.entry(set).or_insert(found);
        if weight(found) > weight(*known) {
            *known = found;
        }
    }
    last
}

fn in_workspace(logged: &LoggedContext, workspace: &Workspace) -> Context {
    let cluster = workspace.cluster(logged.cluster.clone());
    cluster.context(logged.context.clone())
}

/// Waits for the end of what was submitted before; cancels it when told.
pub(super) async fn collect(mut waiter: Waiter, mut abort: watch::Receiver<bool>) -> Came {
    loop {
        let progress = tokio::select! {
            progress = waiter.next() => progress,
            Ok(_) = abort.wait_for(|abort| *abort), if !waiter.is_stopping() => {
                waiter.cancel();
                continue;
            }
        };
        match progress {
            Ok(Progress::Ended(Outcome::ContextLost { .. })) => {
                let why = "its context ended while nobody looked, and what it gave with it";
                return Came::Ended(End::Lost, None, Some(why.to_owned()));
            }
            Ok(Progress::Ended(outcome)) => return Came::of_outcome(outcome),
            Ok(_) => {}
            Err(error) => return Came::of_error(&error),
        }
    }
}
