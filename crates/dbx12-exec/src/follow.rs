//! Following what code prints while it runs.
//!
//! A command of our own, right before the code, has its context copy what is written to `sys.stdout` and `sys.stderr` into
//! a spool on the driver. While the code runs, a second context reads the spool; the rest of it is read in the context
//! itself once the code has ended. ARCHITECTURE.md says why it is so.

mod decoder;
mod drive;
mod reader;
mod shown;
mod spool;

pub(crate) use reader::Reading;

use crate::{ExecError, Outcome, Session};
use dbx12_api::Code;
use dbx12_api::types::Language;
use drive::Drive;
use shown::Shown;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Where code wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputStream {
    /// `sys.stdout`.
    Stdout,
    /// `sys.stderr`.
    Stderr,
}

/// Some of what code wrote, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputChunk {
    /// Where the code wrote it.
    pub stream: OutputStream,
    /// What it wrote: whole characters, with the newlines; at most about 64 KiB. Bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// How code ended that was followed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Followed {
    /// The outcome, as [`Run`](crate::Run) would have given it: with all of the output, where it keeps it.
    pub outcome: Outcome,
    /// What remains to be shown of a text result to somebody who was shown the chunks; all of it when nothing could be
    /// followed, empty when everything was.
    ///
    /// `None` when the result is no text, or does not begin with the chunks: what child processes and C code print is in
    /// the result alone, and may stand anywhere.
    pub rest: Option<String>,
}

/// Code that runs, and what it prints; see [`Run::follow`](crate::Run::follow).
///
/// Nothing happens unless [`next`](Self::next) or [`finish`](Self::finish) is awaited. When it is dropped, the command is
/// left to itself, as when a [`Waiter`](crate::Waiter) is dropped, and the spool is removed in the background.
#[must_use = "nothing runs until it is awaited"]
pub struct Follow<'s> {
    driver: Pin<Box<dyn Future<Output = Result<Outcome, ExecError>> + Send + 's>>,
    chunks: mpsc::Receiver<OutputChunk>,
    ended: Option<Result<Outcome, ExecError>>,
    stop: Arc<Notify>,
    shown: Shown,
}

impl<'s> Follow<'s> {
    /// `prelude` runs before the code, and is not followed. The limits are the deadline, and the time that the command is
    /// watched once it was told to stop.
    pub(crate) fn new(
        session: &'s Session,
        prelude: Option<Code>,
        code: Code,
        (deadline, stop_grace): (Option<Duration>, Option<Duration>),
        name: Option<String>,
    ) -> Result<Self, ExecError> {
        let language = code.named_language().unwrap_or(session.language());
        if *language != Language::Python {
            return Err(ExecError::CannotFollow {
                language: language.clone(),
            });
        }
        let (sender, chunks) = mpsc::channel(1);
        let stop = Arc::<Notify>::default();
        let drive = Drive {
            session,
            chunks: sender,
            stop: Arc::clone(&stop),
            stop_grace,
            name,
        };
        Ok(Self {
            driver: Box::pin(drive.run(prelude, code, deadline)),
            chunks,
            ended: None,
            stop,
            shown: Shown::default(),
        })
    }

    /// The next output; `None` when the code has ended and all of its output was given.
    ///
    /// Dropping the future loses nothing: the next call goes on where this one was.
    pub async fn next(&mut self) -> Option<OutputChunk> {
        while self.ended.is_none() {
            tokio::select! {
                biased;
                Some(chunk) = self.chunks.recv() => return Some(self.show(chunk)),
                ended = &mut self.driver => self.ended = Some(ended),
            }
        }
        let last = self.chunks.try_recv().ok()?;
        Some(self.show(last))
    }

    /// Tells the command to stop, as [`Waiter::cancel`](crate::Waiter::cancel) does. What it printed still comes.
    pub fn cancel(&self) {
        self.stop.notify_one();
    }

    /// Waits for the end, without the output that is still to come.
    ///
    /// Dropping the future is dropping this: the command is left to itself.
    ///
    /// # Errors
    /// As a [`Run`](crate::Run) that is awaited. That output could not be followed is never an error.
    pub async fn finish(mut self) -> Result<Followed, ExecError> {
        while self.next().await.is_some() {}
        let outcome = match self.ended.take() {
            Some(ended) => ended?,
            None => unreachable!("`next` says `None` only at the end"),
        };
        let rest = self.shown.rest(&outcome);
        Ok(Followed { outcome, rest })
    }

    fn show(&mut self, chunk: OutputChunk) -> OutputChunk {
        self.shown.note(&chunk.text);
        chunk
    }
}

impl fmt::Debug for Follow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("ended", &self.ended.is_some())
            .finish_non_exhaustive()
    }
}
