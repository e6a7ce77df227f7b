//! Sessions: a context that is destroyed when it is no longer used.

use crate::closing::Open;
use crate::poll::Ticker;
use crate::{Closing, ExecError, Outcome, PollSchedule, Waiter};
use dbx12_api::http::{CallOptions, Error};
use dbx12_api::types::{ClusterStatus, ContextStatus, Language};
use dbx12_api::{Cluster, Code, Context};
use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

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
    runtime: Handle,
    /// Taken when the context is destroyed: a session without it has nothing left to do.
    open: Option<Open>,
}

/// Opens a [`Session`].
#[derive(Debug)]
#[must_use = "nothing is opened until `open` is called"]
pub struct SessionBuilder {
    cluster: Cluster,
    language: Language,
    schedule: PollSchedule,
    timeout: Option<Duration>,
    open: Open,
}

impl SessionBuilder {
    /// Lets `closing` wait for the end of this session, and for what its opening leaves to the background.
    pub fn closing(mut self, closing: &Closing) -> Self {
        self.open = closing.open();
        self
    }

    /// When to ask for the state of contexts and commands.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// How long the opening may take. Without, it waits for as long as the cluster starts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Makes a context and waits until it runs. A cluster that is starting is waited for.
    ///
    /// Dropping the future, and an opening that fails, leave nothing behind: the context is destroyed in the background,
    /// see [`closing`](Self::closing).
    ///
    /// # Errors
    /// [`ExecError::ClusterUnavailable`] when the cluster will not take commands by waiting,
    /// [`ExecError::ContextFailed`], [`ExecError::OpenTimeout`], or the failure of a call.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn open(self) -> Result<Session, ExecError> {
        let mut opening = Opening::new(&self);
        let session = opening.create().await?;
        opening.wait_until_running(&session).await?;
        Ok(session)
    }
}

impl Session {
    /// Opens a session on a cluster, with defaults.
    ///
    /// # Errors
    /// As [`SessionBuilder::open`].
    pub async fn open(cluster: &Cluster, language: Language) -> Result<Self, ExecError> {
        Self::builder(cluster, language).open().await
    }

    /// Prepares to open a session on a cluster. `language` is the language of code that names none.
    pub fn builder(cluster: &Cluster, language: Language) -> SessionBuilder {
        SessionBuilder {
            cluster: cluster.clone(),
            language,
            schedule: PollSchedule::default(),
            timeout: None,
            open: Closing::new().open(),
        }
    }

    /// The context it owns.
    pub fn context(&self) -> &Context {
        &self.context
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
        Run {
            session: self,
            code: code.into(),
            deadline: None,
        }
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
    /// [`ExecError::SubmissionUnknown`] when the code may or may not be running; it is never sent again. Otherwise the
    /// code was not submitted. Dropping the future leaves that open too: the code ends with the session.
    pub async fn submit(&self, code: impl Into<Code>) -> Result<Waiter, ExecError> {
        self.submit_within(code, None).await
    }

    /// [`submit`](Self::submit), with a deadline from now for the submission and for the command.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); where the submission itself took until the deadline, its source says so.
    pub async fn submit_within(
        &self,
        code: impl Into<Code>,
        deadline: impl Into<Option<Duration>>,
    ) -> Result<Waiter, ExecError> {
        let (begun, deadline) = (Instant::now(), deadline.into());
        let options = deadline.map_or_else(CallOptions::new, |deadline| CallOptions::new().deadline(deadline));
        let submitted = self
            .context
            .execute_with(&code.into(), Some(&self.language), &options)
            .await;
        match submitted {
            Ok(command) => Ok(Waiter::new(command)
                .schedule(self.schedule, None)
                .begun(begun)
                .deadline(deadline)),
            Err(source) if source.maybe_delivered() => Err(ExecError::SubmissionUnknown {
                cluster: self.context.cluster_id().clone(),
                context: self.context.id().clone(),
                source,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Destroys the context. A context that is gone already is fine.
    ///
    /// When the future is dropped, the context is destroyed in the background.
    ///
    /// # Errors
    /// When the call fails: the context may be left behind, until the cluster restarts.
    pub async fn close(mut self) -> Result<(), ExecError> {
        let destroyed = destroy(&self.context).await;
        // Answered either way: trying once more in the background would change nothing.
        self.open = None;
        destroyed.map_err(Into::into)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let context = self.context.clone();
            self.runtime.spawn(async move {
                destroy_or_report(&context).await;
                drop(open);
            });
        }
    }
}

/// Code that is to run, see [`Session::run`]. `await` it for the [`Outcome`].
#[derive(Debug)]
#[must_use = "nothing runs until it is awaited"]
pub struct Run<'s> {
    session: &'s Session,
    code: Code,
    deadline: Option<Duration>,
}

impl Run<'_> {
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

/// What is going on while a session is being opened.
struct Opening<'b> {
    builder: &'b SessionBuilder,
    ticker: Ticker,
    limit: Option<Instant>,
    last_seen: String,
}

impl<'b> Opening<'b> {
    fn new(builder: &'b SessionBuilder) -> Self {
        let limit = builder.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let ticker = Ticker::new(builder.schedule, None);
        Self {
            builder,
            ticker,
            limit,
            last_seen: "nothing yet".to_owned(),
        }
    }

    /// Makes the context; waits for a cluster that is not ready yet.
    async fn create(&mut self) -> Result<Session, ExecError> {
        loop {
            self.tick().await?;
            let created = self.in_time(create_session(self.builder)).await?;
            self.ticker.plan_next();
            match created {
                Ok(session) => {
                    self.ticker.restart();
                    return Ok(session);
                }
                Err(error) if error.is_cluster_not_ready() => self.look_at_cluster().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A cluster that is on its way is waited for; one that is down is an error.
    async fn look_at_cluster(&mut self) -> Result<(), ExecError> {
        let cluster = &self.builder.cluster;
        let status = self.in_time(cluster.status()).await??.status;
        match status {
            ClusterStatus::Terminated | ClusterStatus::Terminating | ClusterStatus::Error => {
                Err(ExecError::ClusterUnavailable {
                    cluster: cluster.id().clone(),
                    status,
                })
            }
            _ => {
                self.last_seen = format!("the cluster is {status}");
                Ok(())
            }
        }
    }

    async fn wait_until_running(&mut self, session: &Session) -> Result<(), ExecError> {
        let context = &session.context;
        loop {
            self.tick().await?;
            let looked = self.in_time(context.status()).await?;
            self.ticker.plan_next();
            match looked.map(|info| info.status) {
                Ok(ContextStatus::Running) => return Ok(()),
                Ok(ContextStatus::Error) => {
                    return Err(ExecError::ContextFailed {
                        cluster: context.cluster_id().clone(),
                        context: context.id().clone(),
                    });
                }
                Ok(status) => self.last_seen = format!("the context is {status}"),
                Err(error) if self.may_not_be_known_yet(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Right after its creation a server may not know the context yet.
    fn may_not_be_known_yet(&self, error: &Error) -> bool {
        error.is_context_not_found() && self.ticker.elapsed() < crate::state::READ_AFTER_WRITE
    }

    async fn tick(&self) -> Result<(), ExecError> {
        self.in_time(self.ticker.tick(None)).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ExecError> {
        let Some(limit) = self.limit else { return Ok(work.await) };
        tokio::time::timeout_at(limit, work)
            .await
            .map_err(|_| ExecError::OpenTimeout {
                cluster: self.builder.cluster.id().clone(),
                after: self.builder.timeout.unwrap_or_default(),
                last_seen: self.last_seen.clone(),
            })
    }
}

/// Makes a context in a task of its own, since the call cannot be taken back. It is a session from its first moment: when
/// nobody waits for it any more, the task's answer is dropped, at whatever moment that is, and the context destroyed.
async fn create_session(builder: &SessionBuilder) -> Result<Session, Error> {
    let (cluster, language, schedule) = (builder.cluster.clone(), builder.language.clone(), builder.schedule);
    let open = builder.open.clone();
    let created = tokio::spawn(async move {
        // Whether the cluster will be ready is seen by looking at it, which is better than knocking again.
        let options = CallOptions::new().report_not_ready();
        let context = cluster.create_context_with(language.clone(), &options).await?;
        Ok(Session {
            context,
            language,
            schedule,
            runtime: Handle::current(),
            open: Some(open),
        })
    });
    match created.await {
        Ok(answer) => answer,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // Nobody cancels the task but the runtime at its end, and then nobody waits here any more.
        Err(_) => std::future::pending().await,
    }
}

async fn destroy_or_report(context: &Context) {
    if let Err(error) = destroy(context).await {
        tracing::warn!(
            cluster_id = %context.cluster_id(),
            context_id = %context.id(),
            %error,
            "an execution context could not be destroyed and may be left behind"
        );
    }
}

async fn destroy(context: &Context) -> Result<(), Error> {
    match context.destroy().await {
        Err(error) if !error.is_context_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// What some editors put before a text: UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The code in a file of this machine, without a byte order mark.
///
/// # Errors
/// [`ExecError::File`] when the file cannot be read or is not UTF-8.
pub fn read_code(path: &Path) -> Result<String, ExecError> {
    let file_error = |reason: String| ExecError::File {
        path: path.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| file_error(error.to_string()))?;
    // A byte order mark is no part of the program; interpreters skip it in files too.
    let code = bytes
        .strip_prefix(BYTE_ORDER_MARK)
        .map_or_else(|| bytes.clone(), <[u8]>::to_vec);
    String::from_utf8(code).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        file_error(format!("it is not UTF-8 text (byte {at})"))
    })
}
