//! What was opened and submitted, on disk: so that nothing is lost when this process is.

mod file;
mod logged;
mod recover;

pub use logged::{Holder, Logged, LoggedContext, LoggedFate, LoggedSubmission};
pub use recover::{Recovered, Recovery};

use crate::{CommandIds, ExecError};
use dbx12_api::Context;
use dbx12_api::http::Host;
use dbx12_api::types::{ClusterId, CommandId, ContextId};
use file::{File, Owner};
use logged::Openings;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An append-only file of what sessions open and submit: ids, hosts, and the names that were given to submissions and
/// jobs; never code, results or credentials.
///
/// Give it to sessions with [`SessionBuilder::journal`](crate::SessionBuilder::journal). What is about to be sent is on
/// disk before it is: after this process was killed at whatever moment, [`recover`](Self::recover) knows what to look for.
/// [`logged`](Self::logged) tells what it knows, and [`take_over`](Self::take_over) goes on with a context that was left.
///
/// The file is JSON lines. Several processes may share one: each writes under a lock, and holds a second file,
/// `JOURNAL.ID.owner`, locked for as long as it lives, which tells the others that its contexts are no orphans. A line
/// that was cut short by a crash is passed over. Clones write to the same journal as the same owner.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    owner: Owner,
    numbers: AtomicU64,
    unfinished: Mutex<Unfinished>,
    /// One of this process at a time takes over what others left.
    taking: tokio::sync::Mutex<()>,
}

/// What was taken over and not given to anybody, since nobody waited for it any more: whoever asks next gets it.
#[derive(Debug, Default)]
struct Unfinished {
    contexts: HashSet<String>,
    openings: Openings,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    owner: String,
    /// Seconds since 1970.
    #[serde(default)]
    at: u64,
    #[serde(flatten)]
    event: Event,
}

/// What happened. Numbers are unique for their owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    /// A context is about to be made.
    Opening { host: String, cluster: String, number: u64 },
    /// It was made, or taken over from another owner.
    Opened {
        host: String,
        cluster: String,
        context: String,
        number: u64,
    },
    /// It surely was not made.
    NotOpened { number: u64 },
    /// Code is about to be sent.
    Submitting {
        context: String,
        number: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The server took it.
    Submitted {
        context: String,
        command: String,
        number: u64,
    },
    /// It surely will not run, or has run and its answer is lost: there is nothing to look for.
    Settled {
        context: String,
        number: u64,
        #[serde(default)]
        ran: bool,
    },
    /// The end of the command was told to whoever waited for it.
    Ended { context: String, command: String },
    /// Its owner left it on purpose: it is no orphan.
    Detached { context: String },
    /// The context is no more, or its owner was told that it may be there.
    Closed { context: String },
}

impl Event {
    fn context(&self) -> Option<&str> {
        match self {
            Self::Opened { context, .. }
            | Self::Submitting { context, .. }
            | Self::Submitted { context, .. }
            | Self::Settled { context, .. }
            | Self::Ended { context, .. }
            | Self::Detached { context }
            | Self::Closed { context } => Some(context),
            Self::Opening { .. } | Self::NotOpened { .. } => None,
        }
    }
}

impl Inner {
    fn unfinished(&self) -> MutexGuard<'_, Unfinished> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who wrote lines and is no more.
    fn dead(&self, lines: &[Line]) -> std::io::Result<HashSet<String>> {
        let owners: HashSet<_> = lines.iter().map(|line| line.owner.as_str()).collect();
        let mut dead = HashSet::new();
        for owner in owners {
            if owner != self.owner.id() && !self.file.lives(owner)? {
                dead.insert(owner.to_owned());
            }
        }
        Ok(dead)
    }
}

impl Journal {
    /// Opens a journal, or makes one.
    ///
    /// Dropping the future leaves at most an empty journal behind.
    ///
    /// # Errors
    /// [`ExecError::Journal`] when the file cannot be read, written or locked.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, ExecError> {
        let path = path.into();
        blocking(path.clone(), move || {
            let file = File::open(path)?;
            let owner = file.own()?;
            Ok(Self(Arc::new(Inner {
                file,
                owner,
                numbers: AtomicU64::new(0),
                unfinished: Mutex::default(),
                taking: tokio::sync::Mutex::default(),
            })))
        })
        .await
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.file.path()
    }

    /// Drops what is over: contexts that were closed, with all that ran in them. Safe while others write.
    ///
    /// Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`ExecError::Journal`]; the journal is then as it was.
    pub async fn compact(&self) -> Result<(), ExecError> {
        self.compact_to(logged::still_matters).await
    }

    async fn compact_to(&self, select: impl FnOnce(Vec<Line>) -> Vec<Line> + Send + 'static) -> Result<(), ExecError> {
        let inner = Arc::clone(&self.0);
        blocking(self.path().to_owned(), move || inner.file.compact(select)).await
    }

    fn unfinished(&self) -> MutexGuard<'_, Unfinished> {
        self.0.unfinished()
    }

    pub(crate) async fn opening(&self, host: &Host, cluster: &ClusterId) -> Result<u64, ExecError> {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let event = Event::Opening {
            host: host.to_string(),
            cluster: cluster.to_string(),
            number,
        };
        self.write(event).await.map(|()| number)
    }

    /// Whether the answer says that it surely was not made.
    pub(crate) async fn not_opened(&self, number: u64) {
        self.note(Event::NotOpened { number }).await;
    }

    pub(crate) async fn opened(&self, context: &Context, number: u64) -> Result<(), ExecError> {
        self.write(opened(context, number)).await
    }

    /// As if it had been opened here.
    fn opened_event(&self, context: &Context) -> Event {
        opened(context, self.0.numbers.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn submitting(&self, context: &ContextId, name: Option<&str>) -> Result<u64, ExecError> {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let event = Event::Submitting {
            context: context.to_string(),
            number,
            name: name.map(str::to_owned),
        };
        self.write(event).await.map(|()| number)
    }

    pub(crate) async fn submitted(&self, context: &ContextId, command: &CommandId, number: u64) {
        let (context, command) = (context.to_string(), command.to_string());
        self.note(Event::Submitted {
            context,
            command,
            number,
        })
        .await;
    }

    pub(crate) async fn settled(&self, context: &ContextId, number: u64, ran: bool) {
        let context = context.to_string();
        self.note(Event::Settled { context, number, ran }).await;
    }

    pub(crate) async fn detached(&self, context: &ContextId) -> Result<(), ExecError> {
        let context = context.to_string();
        self.write(Event::Detached { context }).await
    }

    pub(crate) async fn ended(&self, ids: &CommandIds) {
        let (context, command) = (ids.context.to_string(), ids.command.to_string());
        self.note(Event::Ended { context, command }).await;
    }

    pub(crate) async fn closed(&self, context: &ContextId) {
        let context = context.to_string();
        self.note(Event::Closed { context }).await;
    }

    /// Writes a line and waits until it is on disk.
    async fn write(&self, event: Event) -> Result<(), ExecError> {
        let (inner, line) = (Arc::clone(&self.0), self.line(event));
        blocking(self.path().to_owned(), move || inner.file.append(&line)).await
    }

    /// Writes what happened already: whoever recovers finds it out again if this is lost.
    async fn note(&self, event: Event) {
        if let Err(error) = self.write(event).await {
            tracing::warn!(%error, "the journal was not written");
        }
    }

    fn line(&self, event: Event) -> Line {
        Line {
            owner: self.0.owner.id().to_owned(),
            at: crate::clock::now(),
            event,
        }
    }
}

fn opened(context: &Context, number: u64) -> Event {
    Event::Opened {
        host: context.client().host().to_string(),
        cluster: context.cluster_id().to_string(),
        context: context.id().to_string(),
        number,
    }
}

/// Does what may block.
async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ExecError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|failed| Err(std::io::Error::other(failed)))
        .map_err(|source| ExecError::Journal { path, source })
}

#[cfg(test)]
mod tests;
