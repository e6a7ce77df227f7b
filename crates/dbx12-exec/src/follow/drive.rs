//! Runs code and reads its spool at the same time.

use super::OutputChunk;
use super::spool::Spool;
use crate::session::assign;
use crate::submission::Submitting;
use crate::{ExecError, Outcome, Progress, Session, Waiter};
use dbx12_api::Code;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

pub(super) struct Drive<'s> {
    pub(super) session: &'s Session,
    pub(super) chunks: mpsc::Sender<OutputChunk>,
    pub(super) stop: Arc<Notify>,
    /// How long the code is watched once it was told to stop, where that was said.
    pub(super) stop_grace: Option<Duration>,
    /// What the journal calls the code.
    pub(super) name: Option<String>,
}

impl Drive<'_> {
    pub(super) async fn run(
        self,
        prelude: Option<Code>,
        code: Code,
        deadline: Option<Duration>,
    ) -> Result<Outcome, ExecError> {
        if let Some(prelude) = prelude {
            assign(self.session, prelude, deadline).await?;
        }
        let submitting = Submitting::new(self.session, code, deadline).named(self.name.clone());
        let turn = submitting.in_time(self.session.reading().turn()).await;
        let mut spool = submitting.in_time(Spool::begin(self.session)).await.flatten();
        let ended = match submitting.submit().await {
            Ok(waiter) => self.wait(waiter, spool.as_mut()).await,
            Err(error) => Err(error),
        };
        if let Some(spool) = &mut spool {
            spool.drain(has_ended(&ended), &self.chunks).await;
        }
        drop(turn);
        ended
    }

    async fn wait(&self, mut waiter: Waiter, spool: Option<&mut Spool<'_>>) -> Result<Outcome, ExecError> {
        let mut reading = pin!(async {
            if let Some(spool) = spool {
                spool.read_live(&self.chunks).await;
            }
        });
        if let Some(grace) = self.stop_grace {
            waiter = waiter.stop_grace(grace);
        }
        let mut is_reading = true;
        loop {
            tokio::select! {
                progress = waiter.next() => if let Progress::Ended(outcome) = progress? {
                    return Ok(outcome);
                },
                () = self.stop.notified() => waiter.cancel(),
                () = &mut reading, if is_reading => is_reading = false,
            }
        }
    }
}

/// Whether the code's context is there, and free for commands of our own.
fn has_ended(ended: &Result<Outcome, ExecError>) -> bool {
    match ended {
        Ok(Outcome::ContextLost { .. }) => false,
        Ok(_) | Err(ExecError::AnswerLost { .. } | ExecError::DeadlineExceeded { stopped: true, .. }) => true,
        Err(_) => false,
    }
}
