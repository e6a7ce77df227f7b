//! After a crash: what is still there, and whose it is now.

use super::{Event, Journal, Line, blocking};
use crate::closing::destroy;
use crate::{Closing, ExecError, LeftBehind, Session, Waiter};
use dbx12_api::types::{ClusterId, CommandId, ContextId, Language};
use dbx12_api::{Context, Workspace};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What was found of processes that ended without closing what they had opened.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// Contexts in which commands were submitted whose ends nobody was told. They belong to this process now.
    pub recovered: Vec<Recovered>,
    /// Contexts that had nothing left to tell, and were destroyed.
    pub destroyed: Vec<(ClusterId, ContextId)>,
    /// Contexts that were to be destroyed and could not be. They stay in the journal.
    pub left: Vec<LeftBehind>,
    /// On which clusters contexts were being made when their process ended: whether they were, nobody can tell, since the
    /// API has no list of contexts. They end when they have been idle for long, or when their cluster restarts.
    pub maybe_opened: Vec<ClusterId>,
}

/// A context with commands whose ends nobody was told.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recovered {
    /// The context. Dropping the session destroys it, as always.
    pub session: Session,
    /// A waiter for each command whose id is known, in the order of their submission: it comes to its outcome whether the
    /// command is running still or has ended. Dropped ones are found again by the next recovery, if the context is.
    pub waiters: Vec<Waiter>,
    /// How many submissions were on their way: whether they arrived, the journal does not know. They are not repeated.
    pub unknown: usize,
}

/// What the journal says of a context.
#[derive(Debug, Default)]
struct Trace {
    owner: String,
    host: String,
    cluster: String,
    on_their_way: BTreeMap<(String, u64), ()>,
    running: Vec<String>,
}

impl Journal {
    /// Takes over what processes that are no more had open on this workspace: finds the commands whose ends nobody was told,
    /// and destroys the contexts that have none. What belongs to a process that lives is left alone. Nothing is run again.
    ///
    /// Sessions that it gives are in this journal, and tell `closing`. Their language is Python unless code names another.
    ///
    /// Dropping the future, or another crash, loses nothing: the next recovery begins again.
    ///
    /// # Errors
    /// [`ExecError::Journal`]. That a context could not be destroyed is no error, see [`Recovery::left`].
    pub async fn recover(&self, workspace: &Workspace, closing: &Closing) -> Result<Recovery, ExecError> {
        let inner = Arc::clone(&self.0);
        let (lines, dead) = blocking(self.path().to_owned(), move || {
            let lines = inner.file.lines()?;
            let owners: HashSet<_> = lines.iter().map(|line| line.owner.clone()).collect();
            let mut dead = HashSet::new();
            for owner in owners {
                if owner != inner.owner.id() && !inner.file.lives(&owner)? {
                    dead.insert(owner);
                }
            }
            Ok((lines, dead))
        })
        .await?;

        let host = workspace.client().host().to_string();
        let mut recovery = Recovery {
            maybe_opened: maybe_opened(&lines, &dead, &host),
            ..Recovery::default()
        };
        let mut traces: Vec<_> = traces(lines).into_iter().collect();
        traces.retain(|(_, trace)| trace.host == host && dead.contains(&trace.owner));
        traces.sort_by(|one, other| one.0.cmp(&other.0));
        for (id, trace) in traces {
            let context = workspace.cluster(trace.cluster.as_str()).context(id.as_str());
            self.take_over(context, trace, closing, &mut recovery).await?;
        }
        self.compact().await?;
        Ok(recovery)
    }

    async fn take_over(
        &self,
        context: Context,
        trace: Trace,
        closing: &Closing,
        recovery: &mut Recovery,
    ) -> Result<(), ExecError> {
        let is_gone = matches!(context.status().await, Err(error) if error.is_context_not_found());
        if trace.running.is_empty() && trace.on_their_way.is_empty() || is_gone && trace.running.is_empty() {
            let ids = (context.cluster_id().clone(), context.id().clone());
            match destroy(&context).await {
                Ok(()) => {
                    self.closed(context.id()).await;
                    recovery.destroyed.push(ids);
                }
                Err(error) => recovery.left.push(LeftBehind {
                    cluster: ids.0,
                    context: ids.1,
                    error,
                }),
            }
            return Ok(());
        }
        let number = self.opening(context.client().host(), context.cluster_id()).await?;
        self.opened(&context, number).await?;
        let mut waiters = Vec::new();
        for command in &trace.running {
            let command = context.command(CommandId::from(command.as_str()));
            waiters.push(Waiter::new(command).journal(Some(self.clone())));
        }
        recovery.recovered.push(Recovered {
            session: Session::adopt(context, Language::Python, closing.open().journal(Some(self.clone()))),
            waiters,
            unknown: trace.on_their_way.len(),
        });
        Ok(())
    }
}

/// What is open, by context.
fn traces(lines: Vec<Line>) -> HashMap<String, Trace> {
    let mut traces: HashMap<String, Trace> = HashMap::new();
    for Line { owner, event } in lines {
        match event {
            Event::Opened {
                host, cluster, context, ..
            } => {
                let trace = traces.entry(context).or_default();
                (trace.owner, trace.host, trace.cluster) = (owner, host, cluster);
            }
            Event::Closed { context } => drop(traces.remove(&context)),
            Event::Submitting { context, number } => {
                if let Some(trace) = traces.get_mut(&context) {
                    trace.on_their_way.insert((owner, number), ());
                }
            }
            Event::Submitted {
                context,
                command,
                number,
            } => {
                if let Some(trace) = traces.get_mut(&context) {
                    trace.on_their_way.remove(&(owner, number));
                    trace.running.push(command);
                }
            }
            Event::Settled { context, number } => {
                if let Some(trace) = traces.get_mut(&context) {
                    trace.on_their_way.remove(&(owner, number));
                }
            }
            Event::Ended { context, command } => {
                if let Some(trace) = traces.get_mut(&context) {
                    trace.running.retain(|running| *running != command);
                }
            }
            Event::Opening { .. } | Event::NotOpened { .. } => {}
        }
    }
    traces
}

/// Openings of the dead that were neither answered nor refused.
fn maybe_opened(lines: &[Line], dead: &HashSet<String>, host: &str) -> Vec<ClusterId> {
    let mut openings = BTreeMap::new();
    for Line { owner, event } in lines.iter().filter(|line| dead.contains(&line.owner)) {
        match event {
            Event::Opening {
                host: of,
                cluster,
                number,
            } if of == host => {
                openings.insert((owner, number), cluster);
            }
            Event::Opened { number, .. } | Event::NotOpened { number } => {
                openings.remove(&(owner, number));
            }
            _ => {}
        }
    }
    openings.into_values().map(|cluster| cluster.as_str().into()).collect()
}

/// The lines of contexts that are open. Openings that led to nothing are told once, by the recovery that compacts.
pub(super) fn still_matters(lines: Vec<Line>) -> Vec<Line> {
    let open: HashSet<String> = traces(lines.clone()).into_keys().collect();
    let context_of = |event: &Event| match event {
        Event::Opened { context, .. }
        | Event::Submitting { context, .. }
        | Event::Submitted { context, .. }
        | Event::Settled { context, .. }
        | Event::Ended { context, .. }
        | Event::Closed { context } => Some(context.clone()),
        Event::Opening { .. } | Event::NotOpened { .. } => None,
    };
    // An opening of a process that lives may be answered yet: the last lines tell.
    let answered: HashSet<(String, u64)> = lines.iter().filter_map(answered_opening).collect();
    lines
        .into_iter()
        .filter(|line| match &line.event {
            Event::Opening { number, .. } => !answered.contains(&(line.owner.clone(), *number)),
            event => context_of(event).is_some_and(|context| open.contains(&context)),
        })
        .collect()
}

fn answered_opening(line: &Line) -> Option<(String, u64)> {
    match line.event {
        Event::Opened { number, .. } | Event::NotOpened { number } => Some((line.owner.clone(), number)),
        _ => None,
    }
}
