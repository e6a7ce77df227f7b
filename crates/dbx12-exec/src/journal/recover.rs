//! After a crash: what is still there, and whose it is now.

use super::logged::{Openings, Trace, maybe_opened, still_matters, traces};
use super::{Event, Journal, Line, blocking};
use crate::closing::destroy;
use crate::{Closing, ExecError, LeftBehind, Session, Waiter};
use dbx12_api::types::{ClusterId, ContextId, Language};
use dbx12_api::{Context, Workspace};
use std::collections::HashSet;
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

impl Journal {
    /// Takes over what processes that are no more had open on this workspace: finds the commands whose ends nobody was told,
    /// and destroys the contexts that have none. What belongs to a process that lives, or was
    /// [detached](Session::detach), is left alone. Nothing is run again.
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
        let mut openings = maybe_opened(&lines, &dead);
        openings.retain(|_, (of, _)| *of == host);
        let is_left = |trace: &Trace| {
            let nobody_has_it = dead.contains(&trace.owner) || self.is_claimed(&trace.context);
            trace.host == host && trace.is_open() && !trace.is_detached && nobody_has_it
        };

        let mut recovery = Recovery::default();
        let mut found = Vec::new();
        for trace in traces(&lines).into_iter().filter(is_left) {
            let context = workspace
                .cluster(trace.cluster.as_str())
                .context(trace.context.as_str());
            if has_nothing_to_tell(&context, &trace).await {
                self.destroy(&context, &mut recovery).await;
            } else {
                self.claim(&context).await?;
                found.push((context, trace));
            }
        }
        self.forget_openings(openings).await?;
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
            let dead = inner.dead(&lines)?;
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
        self.write(self.opened_event(context)).await
    }

    fn is_claimed(&self, context: &str) -> bool {
        self.unfinished().contexts.contains(context)
    }

    /// Takes openings that led to nothing out of the journal, and all that is over.
    async fn forget_openings(&self, openings: Openings) -> Result<(), ExecError> {
        self.unfinished().openings.extend(openings.values().cloned());
        self.compact_to(move |lines| {
            let is_told = |line: &Line| match line.event {
                Event::Opening { number, .. } => openings.contains_key(&(line.owner.clone(), number)),
                _ => false,
            };
            still_matters(lines).into_iter().filter(|line| !is_told(line)).collect()
        })
        .await
    }

    fn take_openings(&self, host: &str) -> Vec<ClusterId> {
        let mut unfinished = self.unfinished();
        let openings = std::mem::take(&mut unfinished.openings);
        let (here, elsewhere): (Vec<_>, Vec<_>) = openings.into_iter().partition(|(of, _)| of == host);
        unfinished.openings = elsewhere;
        here.into_iter().map(|(_, cluster)| cluster).collect()
    }

    fn adopt(&self, context: Context, trace: &Trace, closing: &Closing) -> Recovered {
        self.unfinished().contexts.remove(context.id().as_str());
        let session = Session::adopt(context, Language::Python, closing.open().journal(Some(self.clone())));
        Recovered {
            waiters: trace.running().map(|command| session.waiter(command.clone())).collect(),
            unknown: trace.unknown(),
            session,
        }
    }
}

/// Whether nobody would miss a context.
async fn has_nothing_to_tell(context: &Context, trace: &Trace) -> bool {
    let is_gone = matches!(context.status().await, Err(error) if error.is_context_not_found());
    trace.running().next().is_none() && (trace.unknown() == 0 || is_gone)
}
