//! Sessions: a context that is destroyed when it is no longer used.

mod opening;
mod run;
mod starting;

pub use opening::SessionBuilder;
pub use run::Run;
pub(crate) use run::assign;

use crate::closing::Open;
use crate::follow::Reading;
use crate::journal::Journal;
use crate::submission::{Submitting, Watch};
use crate::{ExecError, PollBudget, PollSchedule, Waiter, read_code};
use dbx12_api::types::{CommandId, Language};
use dbx12_api::{Cluster, Code, Context};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// An execution context of our own: code runs in it, variables live in it, and it is destroyed at the end.
///
/// [`close`](Self::close) destroys it and says whether that worked. A session that is dropped is destroyed in the
/// background, on the runtime it was opened on; what that could not destroy is reported as a `tracing` warning with its
/// ids.
#[derive(Debug)]
pub struct Session {
    context: Context,
    language: Language,
    schedule: PollSchedule,
    budget: PollBudget,
    runtime: Handle,
    /// Taken when the context is destroyed: a session without it has nothing left to do.
    open: Option<Open>,
    watch: Watch,
    reading: Arc<Reading>,
}

impl Session {
    /// Opens a session on a cluster, with defaults.
    ///
    /// Dropping the future leaves nothing behind, see [`SessionBuilder::open`].
    ///
    /// # Errors
    /// As [`SessionBuilder::open`].
    pub async fn open(cluster: &Cluster, language: Language) -> Result<Self, ExecError> {
        Self::builder(cluster, language).open().await
    }

    /// Prepares to open a session on a cluster. `language` is the language of code that names none.
    pub fn builder(cluster: &Cluster, language: Language) -> SessionBuilder {
        SessionBuilder::new(cluster.clone(), language)
    }

    /// A session in a context that somebody else made, and destroys: closing or dropping the session leaves the context as
    /// it is, and what runs in it runs on. `language` is the language of code that names none. Sends nothing.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn in_context(context: Context, language: Language) -> Self {
        Self::made(context, language, None)
    }

    /// The context it works in.
    pub fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn language(&self) -> &Language {
        &self.language
    }

    pub(crate) fn schedule(&self) -> PollSchedule {
        self.schedule
    }

    pub(crate) fn budget(&self) -> &PollBudget {
        &self.budget
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.open.as_ref().and_then(Open::journal_of)
    }

    /// Makes a context that was made elsewhere a session.
    pub(crate) fn adopt(context: Context, language: Language, open: Open) -> Self {
        open.made(&context);
        Self::made(context, language, Some(open))
    }

    fn made(context: Context, language: Language, open: Option<Open>) -> Self {
        let schedule = PollSchedule::default();
        Self {
            watch: Watch::new(true, &context, schedule),
            reading: Arc::default(),
            budget: PollBudget::of(context.client()),
            context,
            language,
            schedule,
            runtime: Handle::current(),
            open,
        }
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn reading(&self) -> &Arc<Reading> {
        &self.reading
    }

    /// Prepares to open another session on the same cluster, for our own use. Who waits for this one to be closed waits
    /// for that one too.
    pub(crate) fn beside(&self) -> SessionBuilder {
        SessionBuilder::new(self.context.cluster(), Language::Python)
            .schedule(self.schedule)
            .budget(&self.budget)
            .at_most_once(false)
            .counted_by(self.open.clone())
    }

    /// Cleans something up that nobody waits for but who waits for this session to be closed.
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let open = self.open.clone();
        self.runtime.spawn(async move {
            work.await;
            drop(open);
        });
    }

    /// Runs code and waits for its end: `session.run("1 + 1").await`, or with a deadline.
    ///
    /// ```no_run
    /// # async fn example(session: &dbx12_exec::Session) -> Result<(), dbx12_exec::ExecError> {
    /// use std::time::Duration;
    /// let results = session.run("1 + 1").deadline(Duration::from_secs(60)).await?.ok()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run(&self, code: impl Into<Code>) -> Run<'_> {
        Run::new(self, code.into())
    }

    /// Runs the code in a file of this machine, in the language of the session.
    ///
    /// # Errors
    /// [`ExecError::File`], before anything is sent, when the file cannot be read or is not UTF-8.
    pub fn run_file(&self, path: &Path) -> Result<Run<'_>, ExecError> {
        Ok(self.run(read_code(path)?))
    }

    /// Submits code and returns the waiter for its end.
    ///
    /// # Errors
    /// [`ExecError::submission`] tells what is known. [`ExecError::SubmissionUnknown`] when the code may or may not be
    /// running; it is not sent again then. [`ExecError::AnswerLost`] when it has run, and only the server's answer was lost.
    /// Otherwise it was not submitted, and will not run. See [`SessionBuilder::at_most_once`].
    ///
    /// Dropping the future leaves it open whether the code was submitted: the code ends with the session.
    pub async fn submit(&self, code: impl Into<Code>) -> Result<Waiter, ExecError> {
        self.submit_within(code, None).await
    }

    /// [`submit`](Self::submit), with a deadline from now for the submission and for the command. Dropping the future does
    /// the same.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); where the submission itself took until the deadline, its source says so.
    pub async fn submit_within(
        &self,
        code: impl Into<Code>,
        deadline: impl Into<Option<Duration>>,
    ) -> Result<Waiter, ExecError> {
        Submitting::new(self, code.into(), deadline.into()).submit().await
    }

    /// Waits for a command that was submitted to its context before, maybe by another process.
    pub fn waiter(&self, command: impl Into<CommandId>) -> Waiter {
        Waiter::new(self.context.command(command.into())).journal(self.journal().cloned())
    }

    /// Leaves the context, and what runs in it, to whoever comes for it: nobody destroys it but that one, and the service when
    /// it has been idle for long. Its journal, if it has one, says so, and [`Journal::take_over`] takes it up again.
    ///
    /// # Errors
    /// [`ExecError::Journal`]; the context is then destroyed in the background, as it is when the future is dropped.
    pub async fn detach(mut self) -> Result<Context, ExecError> {
        if let Some(journal) = self.journal() {
            journal.detached(self.context.id()).await?;
        }
        if let Some(open) = self.open.take() {
            open.closed(&self.context);
        }
        Ok(self.context.clone())
    }

    /// Destroys the context. A context that is gone already is fine.
    ///
    /// When the future is dropped, the context is destroyed in the background.
    ///
    /// # Errors
    /// When the call fails: the context may be left behind, until the cluster restarts.
    pub async fn close(mut self) -> Result<(), ExecError> {
        if let Some(mut reader) = self.reading.end() {
            if let Some(open) = &reader.open {
                open.destroy(&reader.context).await;
            }
            reader.open = None;
        }
        let Some(open) = &self.open else { return Ok(()) };
        let destroyed = open.try_destroy(&self.context).await;
        // Answered either way: trying once more in the background would change nothing.
        open.closed(&self.context);
        self.open = None;
        destroyed.map_err(Into::into)
    }
}

impl Session {
    /// Destroys the context, and leaves it to [`Closing`](crate::Closing) to tell if that fails.
    pub(crate) async fn close_or_report(mut self) {
        if let Some(open) = self.open.take() {
            let context = self.context.clone();
            // In a task of its own: whoever waits may go.
            let _ = self.runtime.spawn(async move { open.destroy(&context).await }).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let context = self.context.clone();
            self.runtime.spawn(async move {
                open.destroy(&context).await;
            });
        }
    }
}
