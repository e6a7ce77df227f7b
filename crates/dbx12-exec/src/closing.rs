//! Waiting for what sessions clean up in the background, and closing all of them at once.

use crate::Journal;
use dbx12_api::Context;
use dbx12_api::http::Error;
use dbx12_api::types::{ClusterId, ContextId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Knows what sessions have open, tells when it is all destroyed, and closes all of it when asked: for a program that is
/// about to end.
///
/// A session that is dropped, and an opening that is dropped, destroy their context in the background. A runtime that
/// ends first would cut that off. Give sessions a `Closing` with
/// [`SessionBuilder::closing`](crate::SessionBuilder::closing), and await [`finished`](Self::finished) before the end; or
/// [`when`](Self::when) a signal comes.
#[derive(Debug)]
pub struct Closing(Open);

/// A context that could not be destroyed: it may be there until its cluster restarts.
#[derive(Debug)]
#[non_exhaustive]
pub struct LeftBehind {
    /// The cluster it is on.
    pub cluster: ClusterId,
    /// The context.
    pub context: ContextId,
    /// Why.
    pub error: Error,
}

impl fmt::Display for LeftBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "context {} on cluster {} may be left behind: {}",
            self.context, self.cluster, self.error
        )
    }
}

/// Held by everything that is open, or may become so.
#[derive(Debug)]
pub(crate) struct Open {
    register: Arc<Register>,
    journal: Option<Journal>,
}

#[derive(Debug)]
struct Register {
    state: Mutex<State>,
    /// Changes whenever something is closed.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    holders: usize,
    contexts: HashMap<ContextId, (Context, Option<Journal>)>,
    left: Vec<LeftBehind>,
    /// Nothing new may be opened.
    is_closing: bool,
    /// Contexts that are being made.
    in_the_making: usize,
}

impl Closing {
    /// Nothing is open yet.
    #[must_use]
    pub fn new() -> Self {
        let register = Arc::new(Register {
            state: Mutex::new(State {
                holders: 1,
                ..State::default()
            }),
            changed: watch::Sender::new(()),
        });
        Self(Open {
            register,
            journal: None,
        })
    }

    pub(crate) fn open(&self) -> Open {
        self.0.clone()
    }

    /// Waits until every session that was given this is closed, and every opening has ended; says what could not be
    /// destroyed. It takes as long as the calls take: put a timeout around it. Dropping the future stops the waiting only.
    pub async fn finished(self) -> Vec<LeftBehind> {
        self.until(|state| state.holders == 1).await
    }

    /// Closes everything that is open and was given this, whoever holds it, and says what could not be destroyed. Commands
    /// end with their contexts: who waits for one hears that its context was lost. Nothing can be opened with this any more.
    ///
    /// Dropping the future leaves what was not destroyed yet to the sessions that hold it.
    pub async fn close_all(self) -> Vec<LeftBehind> {
        let contexts: Vec<_> = {
            let mut state = self.0.register.lock();
            state.is_closing = true;
            state.contexts.values().cloned().collect()
        };
        let mut destroying = tokio::task::JoinSet::new();
        for (context, journal) in contexts {
            let open = self.open().journal(journal);
            destroying.spawn(async move { open.destroy(&context).await });
        }
        while destroying.join_next().await.is_some() {}
        self.until(|state| state.in_the_making == 0 && state.contexts.is_empty())
            .await
    }

    /// Waits for `shutdown`, then [closes everything](Self::close_all): `closing.when(ctrl_c)`.
    ///
    /// Dropping the future before `shutdown` has come closes nothing; after that it is as with [`close_all`](Self::close_all).
    pub async fn when(self, shutdown: impl Future) -> Vec<LeftBehind> {
        shutdown.await;
        self.close_all().await
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) -> Vec<LeftBehind> {
        let mut changed = self.0.register.changed.subscribe();
        loop {
            {
                let mut state = self.0.register.lock();
                if is_so(&state) {
                    return std::mem::take(&mut state.left);
                }
            }
            // The sender lives in what we hold.
            let _ = changed.changed().await;
        }
    }
}

impl Default for Closing {
    fn default() -> Self {
        Self::new()
    }
}

impl Register {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The same, and what is opened goes into this journal.
    pub(crate) fn journal(mut self, journal: Option<Journal>) -> Self {
        self.journal = journal;
        self
    }

    pub(crate) fn journal_of(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// A context is about to be made; `None` when everything is being closed.
    pub(crate) fn make(&self) -> Option<InTheMaking> {
        let mut state = self.register.lock();
        if state.is_closing {
            return None;
        }
        state.in_the_making += 1;
        drop(state);
        Some(InTheMaking(self.clone()))
    }

    /// A context was made. `false` when everything is being closed: then it must be destroyed.
    pub(crate) fn made(&self, context: &Context) -> bool {
        let mut state = self.register.lock();
        let entry = (context.clone(), self.journal.clone());
        state.contexts.insert(context.id().clone(), entry);
        !state.is_closing
    }

    /// Destroys a context that was made, or reports it. One that is gone already is fine.
    pub(crate) async fn destroy(&self, context: &Context) {
        let destroyed = destroy(context).await;
        if let (Some(journal), Ok(())) = (&self.journal, &destroyed) {
            journal.closed(context.id()).await;
        }
        let mut state = self.register.lock();
        state.contexts.remove(context.id());
        if let Err(error) = destroyed {
            tracing::warn!(
                cluster_id = %context.cluster_id(),
                context_id = %context.id(),
                %error,
                "an execution context could not be destroyed and may be left behind"
            );
            state.left.push(LeftBehind {
                cluster: context.cluster_id().clone(),
                context: context.id().clone(),
                error,
            });
        }
        drop(state);
        self.register.changed.send_replace(());
    }

    /// Destroys a context that was made.
    pub(crate) async fn try_destroy(&self, context: &Context) -> Result<(), Error> {
        destroy(context).await?;
        if let Some(journal) = &self.journal {
            journal.closed(context.id()).await;
        }
        Ok(())
    }

    /// A context was destroyed, or could not be and its owner was told.
    pub(crate) fn closed(&self, context: &Context) {
        self.register.lock().contexts.remove(context.id());
        self.register.changed.send_replace(());
    }
}

/// Destroys a context. One that is gone already is fine.
pub(crate) async fn destroy(context: &Context) -> Result<(), Error> {
    match context.destroy().await {
        Err(error) if !error.is_context_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// A context is being made, until this is dropped.
#[derive(Debug)]
pub(crate) struct InTheMaking(Open);

impl Drop for InTheMaking {
    fn drop(&mut self) {
        self.0.register.lock().in_the_making -= 1;
        self.0.register.changed.send_replace(());
    }
}

impl Clone for Open {
    fn clone(&self) -> Self {
        self.register.lock().holders += 1;
        Self {
            register: Arc::clone(&self.register),
            journal: self.journal.clone(),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.register.lock().holders -= 1;
        self.register.changed.send_replace(());
    }
}
