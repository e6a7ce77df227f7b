//! Code that is to run in a session.

use super::Session;
use crate::{ExecError, Outcome};
use dbx12_api::Code;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

/// Code that is to run, see [`Session::run`]. `await` it for the [`Outcome`].
#[derive(Debug)]
#[must_use = "nothing runs until it is awaited"]
pub struct Run<'s> {
    session: &'s Session,
    code: Code,
    deadline: Option<Duration>,
}

impl<'s> Run<'s> {
    pub(super) fn new(session: &'s Session, code: Code) -> Self {
        Self {
            session,
            code,
            deadline: None,
        }
    }

    /// Cancels the command when it runs longer than this, see [`Waiter::deadline`].
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }
}

impl<'s> IntoFuture for Run<'s> {
    type Output = Result<Outcome, ExecError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.session.submit_within(self.code, self.deadline).await?.await })
    }
}
