//! Code that is to run in a session.

use super::Session;
use crate::{ExecError, Follow, Outcome};
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

    /// Cancels the command when it runs longer than this, see [`Waiter::deadline`](crate::Waiter::deadline).
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Shows what the code prints while it runs, and keeps what it printed before an exception: the service itself gives
    /// output at the end only, and none when the code raised.
    ///
    /// ```no_run
    /// # async fn example(session: &dbx12_exec::Session) -> Result<(), dbx12_exec::ExecError> {
    /// let mut follow = session.run("for day in days: print(train(day))").follow()?;
    /// while let Some(chunk) = follow.next().await {
    ///     print!("{}", chunk.text);
    /// }
    /// let followed = follow.finish().await?;
    /// println!("{}", followed.rest.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Only Python's own output is followed, what is written to `sys.stdout` and `sys.stderr`; that of child processes and
    /// of C code comes with the result. Where it cannot be had (no second context, no place on the driver), nothing is
    /// yielded while the code runs, and the outcome is the same. The README says how it works and what it costs.
    ///
    /// # Errors
    /// [`ExecError::CannotFollow`], before anything is sent, for code in another language than Python.
    pub fn follow(self) -> Result<Follow<'s>, ExecError> {
        Follow::new(self.session, self.code, self.deadline)
    }
}

impl<'s> IntoFuture for Run<'s> {
    type Output = Result<Outcome, ExecError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.session.submit_within(self.code, self.deadline).await?.await })
    }
}
