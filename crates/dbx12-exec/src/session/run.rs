//! Code that is to run in a session.

use super::Session;
use crate::submission::Submitting;
use crate::{ExecError, Follow, Outcome, Waiter};
use dbx12_api::types::{Language, Parameters};
use dbx12_api::{Code, Command};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// Code that is to run, see [`Session::run`]. `await` it for the [`Outcome`].
///
/// When the future is dropped, the command is cancelled in the background; [`Closing`](crate::Closing) waits for that. One
/// that is just being submitted then ends with the session at the latest. To let a command run on without waiting for it,
/// use [`Session::submit`].
#[derive(Debug)]
#[must_use = "nothing runs until it is awaited"]
pub struct Run<'s> {
    session: &'s Session,
    code: Code,
    parameters: Parameters,
    deadline: Option<Duration>,
    stop_grace: Option<Duration>,
    name: Option<String>,
}

impl<'s> Run<'s> {
    pub(super) fn new(session: &'s Session, code: Code) -> Self {
        Self {
            session,
            code,
            parameters: Parameters::default(),
            deadline: None,
            stop_grace: None,
            name: None,
        }
    }

    /// Cancels the command when it runs longer than this, see [`Waiter::deadline`](crate::Waiter::deadline).
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// How long the command is watched once it was told to stop, see [`Waiter::stop_grace`](crate::Waiter::stop_grace).
    pub fn stop_grace(mut self, grace: Duration) -> Self {
        self.stop_grace = Some(grace);
        self
    }

    /// What the [journal](crate::Journal) calls this submission, for whoever looks for it later. It stands there as it is:
    /// give it no secret.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Runs the code in this language, instead of that of the session. Each language has variables of its own in a context,
    /// and they share the Spark session.
    pub fn language(mut self, language: Language) -> Self {
        self.code = self.code.language(language);
        self
    }

    /// Gives values to the code. In SQL they take the place of `:name` markers; in Python and Scala a command before the
    /// code assigns them to variables, so that the line numbers of the code stay what they are. Nothing in a value can
    /// become code.
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters;
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
    /// [`ExecError::CannotFollow`], before anything is sent, for code in another language than Python;
    /// [`ExecError::Parameters`].
    pub fn follow(mut self) -> Result<Follow<'s>, ExecError> {
        let prelude = self.bind()?;
        let limits = (self.deadline, self.stop_grace);
        Follow::new(self.session, prelude, self.code, limits, self.name)
    }

    /// Puts the parameters into the code, or else into code that has to run before.
    fn bind(&mut self) -> Result<Option<Code>, ExecError> {
        if self.parameters.is_empty() {
            return Ok(None);
        }
        let language = self.code.named_language().unwrap_or(self.session.language()).clone();
        match self.code.as_text() {
            Some(text) if language == Language::Sql => {
                let bound = self.parameters.bind_sql(text)?;
                self.code = self.code.clone().with_text(bound);
                Ok(None)
            }
            _ => Ok(Some(Code::new(self.parameters.prelude(&language)?).language(language))),
        }
    }

    /// Submits the code and returns the waiter for its end, see [`Session::submit`]. Dropping the future does the same; where
    /// there are parameters, they may have been assigned and the code not submitted.
    ///
    /// # Errors
    /// As [`Session::submit`], and [`ExecError::Parameters`].
    pub async fn submit(mut self) -> Result<Waiter, ExecError> {
        let begun = Instant::now();
        if let Some(prelude) = self.bind()? {
            assign(self.session, prelude, self.deadline).await?;
        }
        let submitting = Submitting::new(self.session, self.code, self.deadline);
        let waiter = submitting.since(begun).named(self.name).submit().await?;
        Ok(match self.stop_grace {
            Some(grace) => waiter.stop_grace(grace),
            None => waiter,
        })
    }

    async fn run(self) -> Result<Outcome, ExecError> {
        let session = self.session;
        let waiter = self.submit().await?;
        let mut running = Running {
            session,
            command: Some(waiter.command().clone()),
        };
        let ended = waiter.await;
        running.command = None;
        ended
    }
}

impl<'s> IntoFuture for Run<'s> {
    type Output = Result<Outcome, ExecError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 's>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Runs code that gives values to variables. The code that needs them must not run without.
pub(crate) async fn assign(session: &Session, prelude: Code, deadline: Option<Duration>) -> Result<(), ExecError> {
    session.submit_within(prelude, deadline).await?.await?.ok().map(drop)
}

/// A command that somebody waits for: cancelled when nobody does any more.
struct Running<'s> {
    session: &'s Session,
    command: Option<Command>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(command) = self.command.take() {
            self.session.in_background(async move {
                if let Err(error) = command.cancel().await {
                    tracing::warn!(command_id = %command.id(), %error, "a command that nobody waits for was not cancelled");
                }
            });
        }
    }
}
