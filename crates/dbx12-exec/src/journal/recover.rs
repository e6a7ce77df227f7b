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
        let host = workspace.client().host().to_string();
        let (lines, dead) = self.lines_and_dead().await?;
        let openings = maybe_opened(&lines, &dead, &host);
        let mut traces: Vec<_> = traces(lines).into_iter().collect();
        traces.retain(|(id, trace)| trace.host == host && (dead.contains(&trace.owner) || self.is_claimed(id)));
        traces.sort_by(|one, other| one.0.cmp(&other.0));

        let mut recovery = Recovery::default();
        let mut found = Vec::new();
        for (id, trace) in traces {
            let context = workspace.cluster(trace.cluster.as_str()).context(id.as_str());
            if has_nothing_to_tell(&context, &trace).await {
                self.destroy(&context, &mut recovery).await;
            } else {
                self.claim(&context).await?;
                found.push((context, trace));
            }
        }
        self.forget_openings(&host, openings).await?;
        // Nothing is awaited any more: whoever drops this before has dropped no session, and finds all of it again.
        recovery.maybe_opened = self.take_openings(&host);
        let adopt = |(context, trace)| self.adopt(context, &trace, closing);
        recovery.recovered = found.into_iter().map(adopt).collect();
        Ok(recovery)
    }

    /// All lines, and those who wrote them and are no more.
    async fn lines_and_dead(&self) -> Result<(Vec<Line>, HashSet<String>), ExecError> {
        let inner = Arc::clone(&self.0);
        blocking(self.path().to_owned(), move || {
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
        .await
    }

    async fn destroy(&self, context: &Context, recovery: &mut Recovery) {
        let (cluster, id) = (context.cluster_id().clone(), context.id().clone());
        match destroy(context).await {
            Ok(()) => {
                self.closed(&id).await;
                recovery.destroyed.push((cluster, id));
            }
            Err(error) => recovery.left.push(LeftBehind {
                cluster,
                context: id,
                error,
            }),
        }
    }

    /// Makes a context ours in the journal, for now on behalf of the recovery.
    async fn claim(&self, context: &Context) -> Result<(), ExecError> {
        self.unfinished().contexts.insert(context.id().to_string());
        let number = self.opening(context.client().host(), context.cluster_id()).await?;
        self.opened(context, number).await
    }

    fn is_claimed(&self, context: &str) -> bool {
        self.unfinished().contexts.contains(context)
    }

    /// Takes openings that led to nothing out of the journal, and all that is over.
    async fn forget_openings(&self, host: &str, openings: Openings) -> Result<(), ExecError> {
        let told = openings.iter().map(|(_, cluster)| (host.to_owned(), cluster.clone()));
        self.unfinished().openings.extend(told);
        let openings: HashSet<_> = openings.into_iter().map(|(opening, _)| opening).collect();
        self.compact_to(move |lines| {
            let is_told = |line: &Line| matches!(line.event, Event::Opening { number, .. } if openings.contains(&(line.owner.clone(), number)));
            still_matters(lines).into_iter().filter(|line| !is_told(line)).collect()
        })
        .await
    }

    fn take_openings(&self, host: &str) -> Vec<ClusterId> {
        let openings = std::mem::take(&mut self.unfinished().openings);
        let (here, elsewhere): (Vec<_>, Vec<_>) = openings.into_iter().partition(|(of, _)| of == host);
        self.unfinished().openings = elsewhere;
        here.into_iter().map(|(_, cluster)| cluster.into()).collect()
    }

    fn adopt(&self, context: Context, trace: &Trace, closing: &Closing) -> Recovered {
        self.unfinished().contexts.remove(context.id().as_str());
        let waiter = |command: &String| {
            let command = context.command(CommandId::from(command.as_str()));
            Waiter::new(command).journal(Some(self.clone()))
        };
        Recovered {
            waiters: trace.running.iter().map(waiter).collect(),
            unknown: trace.on_their_way.len(),
            session: Session::adopt(context, Language::Python, closing.open().journal(Some(self.clone()))),
        }
    }
}

/// Whether nobody would miss a context.
async fn has_nothing_to_tell(context: &Context, trace: &Trace) -> bool {
    let is_gone = matches!(context.status().await, Err(error) if error.is_context_not_found());
    trace.running.is_empty() && (trace.on_their_way.is_empty() || is_gone)
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

/// Openings, by their owners and numbers, and their clusters.
type Openings = Vec<((String, u64), String)>;

/// Openings of the dead that were neither answered nor refused.
fn maybe_opened(lines: &[Line], dead: &HashSet<String>, host: &str) -> Openings {
    let mut openings = BTreeMap::new();
    for Line { owner, event } in lines.iter().filter(|line| dead.contains(&line.owner)) {
        match event {
            Event::Opening {
                host: of,
                cluster,
                number,
            } if of == host => {
                openings.insert((owner.clone(), *number), cluster.clone());
            }
            Event::Opened { number, .. } | Event::NotOpened { number } => {
                openings.remove(&(owner.clone(), *number));
            }
            _ => {}
        }
    }
    openings.into_iter().collect()
}

/// The lines of contexts that are open or may be.
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
