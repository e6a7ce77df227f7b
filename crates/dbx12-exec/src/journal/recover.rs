//! After a crash: what is still there, and whose it is now.

use super::logged::{Openings, Trace, maybe_opened, still_matters, traces};
use super::{Event, Inner, Journal, Line, blocking};
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
    /// Contexts that were to be destroyed and could not be. They stay in the journal, for the next recovery of this process,
    /// or of any when this one has ended.
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
        let _taking = self.0.taking.lock().await;
        let host = workspace.client().host().to_string();
        let (lines, dead) = self.lines_and_dead().await?;
        let mut openings = maybe_opened(&lines, &dead);
        openings.retain(|_, (of, _)| *of == host);
        let is_left = |trace: &Trace| trace.host == host && !trace.is_detached && self.0.is_to_be_had(trace, &dead);

        let mut recovery = Recovery::default();
        let mut found = Vec::new();
        for trace in traces(&lines).into_iter().filter(is_left) {
            let context = workspace
                .cluster(trace.cluster.as_str())
                .context(trace.context.as_str());
            let is_over = has_nothing_to_tell(&context, &trace).await;
            if !self.take(&context).await? {
                continue; // another process was first
            }
            match is_over {
                true => self.destroy(&context, &mut recovery).await,
                false => found.push((context, trace)),
            }
        }
        self.forget_openings(openings).await?;
        // Nothing is awaited any more: whoever drops this before has dropped no session, and finds all of it again.
        recovery.maybe_opened = self.take_openings(&host);
        let adopt = |(context, trace)| self.adopt(context, &trace, closing);
        recovery.recovered = found.into_iter().map(adopt).collect();
        Ok(recovery)
    }

    /// Takes a context over that is [detached](crate::Holder::Detached) or [orphaned](crate::Holder::Orphaned): from now on it
    /// belongs to this process, and dropping the session destroys it. Its language is Python unless code names another.
    /// `None` when somebody else has it, or it is not in the journal any more.
    ///
    /// What is detached stays so when this process is killed.
    ///
    /// Dropping the future leaves the context as it was, or to this process, which may take it over again.
    ///
    /// # Errors
    /// [`ExecError::Journal`].
    pub async fn take_over(&self, context: &Context, closing: &Closing) -> Result<Option<Session>, ExecError> {
        let _taking = self.0.taking.lock().await;
        let taken = self.take(context).await?;
        Ok(taken.then(|| self.session(context.clone(), closing)))
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
                self.unfinished().contexts.remove(id.as_str());
                recovery.destroyed.push((cluster, id));
            }
            Err(error) => recovery.left.push(LeftBehind {
                cluster,
                context: id,
                error,
            }),
        }
    }

    /// Makes a context ours in the journal, for whoever gets it then, if it is still to be had.
    async fn take(&self, context: &Context) -> Result<bool, ExecError> {
        let (inner, line) = (Arc::clone(&self.0), self.line(self.opened_event(context)));
        let (host, id) = (context.client().host().to_string(), context.id().to_string());
        blocking(self.path().to_owned(), move || {
            inner.file.append_if(&line, |lines| {
                let dead = inner.dead(lines)?;
                let mut traces = traces(lines).into_iter();
                let is_it = |trace: &Trace| trace.host == host && trace.context == id;
                let is_to_be_had = traces.any(|trace| is_it(&trace) && inner.is_to_be_had(&trace, &dead));
                if is_to_be_had {
                    inner.unfinished().contexts.insert(id.clone());
                }
                Ok(is_to_be_had)
            })
        })
        .await
    }

    /// Takes openings that led to nothing out of the journal, and all that is over.
    async fn forget_openings(&self, openings: Openings) -> Result<(), ExecError> {
        self.unfinished().openings.extend(openings.clone());
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
        let (here, elsewhere) = openings.into_iter().partition(|(_, (of, _))| of == host);
        unfinished.openings = elsewhere;
        let here: Openings = here;
        here.into_values().map(|(_, cluster)| cluster).collect()
    }

    fn adopt(&self, context: Context, trace: &Trace, closing: &Closing) -> Recovered {
        let session = self.session(context, closing);
        Recovered {
            waiters: trace.running().map(|command| session.waiter(command.clone())).collect(),
            unknown: trace.unknown(),
            session,
        }
    }

    /// Gives away a context that was taken.
    fn session(&self, context: Context, closing: &Closing) -> Session {
        self.unfinished().contexts.remove(context.id().as_str());
        Session::adopt(context, Language::Python, closing.open().journal(Some(self.clone())))
    }
}

impl Inner {
    /// Whether a context is open, and either its process is no more, or we have taken it and given it to nobody.
    fn is_to_be_had(&self, trace: &Trace, dead: &HashSet<String>) -> bool {
        let is_ours = || trace.owner == self.owner.id() && self.unfinished().contexts.contains(&trace.context);
        trace.is_open() && (dead.contains(&trace.owner) || is_ours())
    }
}

/// Whether nobody would miss a context.
async fn has_nothing_to_tell(context: &Context, trace: &Trace) -> bool {
    let is_gone = matches!(context.status().await, Err(error) if error.is_context_not_found());
    trace.running().next().is_none() && (trace.unknown() == 0 || is_gone)
}
