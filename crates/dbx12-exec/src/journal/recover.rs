//! After a crash: what is still there, and whose it is now.

use super::logged::{Trace, maybe_opened, traces};
use super::{Journal, blocking};
use crate::closing::destroy;
use crate::{Closing, ExecError, LeftBehind, Session, Waiter};
use dbx12_api::types::{ClusterId, ContextId, Language};
use dbx12_api::{Context, Workspace};
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
        let inner = Arc::clone(&self.0);
        let (lines, dead) = blocking(self.path().to_owned(), move || {
            let lines = inner.file.lines()?;
            let dead = inner.dead(&lines)?;
            Ok((lines, dead))
        })
        .await?;

        let host = workspace.client().host().to_string();
        let mut recovery = Recovery {
            maybe_opened: of_host(maybe_opened(&lines, &dead), &host),
            ..Recovery::default()
        };
        let left = |trace: &Trace| trace.is_open() && !trace.is_detached && dead.contains(&trace.owner);
        for trace in traces(&lines)
            .into_iter()
            .filter(left)
            .filter(|trace| trace.host == host)
        {
            let cluster = workspace.cluster(trace.cluster.as_str());
            let context = cluster.context(trace.context.as_str());
            self.settle(context, &trace, closing, &mut recovery).await?;
        }
        self.compact().await?;
        Ok(recovery)
    }

    async fn settle(
        &self,
        context: Context,
        trace: &Trace,
        closing: &Closing,
        recovery: &mut Recovery,
    ) -> Result<(), ExecError> {
        let is_gone = matches!(context.status().await, Err(error) if error.is_context_not_found());
        let has_ended = trace.running().next().is_none();
        if has_ended && (is_gone || trace.unknown() == 0) {
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
        let session = Session::adopt(context, Language::Python, closing.open().journal(Some(self.clone())));
        recovery.recovered.push(Recovered {
            waiters: trace.running().map(|command| session.waiter(command.clone())).collect(),
            unknown: trace.unknown(),
            session,
        });
        Ok(())
    }
}

fn of_host(openings: Vec<(String, ClusterId)>, host: &str) -> Vec<ClusterId> {
    let there = openings.into_iter().filter(|(of, _)| of == host);
    there.map(|(_, cluster)| cluster).collect()
}
