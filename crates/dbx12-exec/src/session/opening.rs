//! Opening a session: a context is made and waited for, and cleaned up when that fails or is given up.

use super::Session;
use crate::closing::Open;
use crate::poll::Ticker;
use crate::state::{Circumstances, ContextVerdict, Seen, judge_context};
use crate::submission::Watch;
use crate::{Closing, ExecError, PollBudget, PollSchedule};
use dbx12_api::Cluster;
use dbx12_api::http::Error;
use dbx12_api::types::{ClusterStatus, Language};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Opens a [`Session`].
#[derive(Debug)]
#[must_use = "nothing is opened until `open` is called"]
pub struct SessionBuilder {
    cluster: Cluster,
    language: Language,
    schedule: PollSchedule,
    budget: PollBudget,
    timeout: Option<Duration>,
    at_most_once: bool,
    open: Open,
}

impl SessionBuilder {
    pub(super) fn new(cluster: Cluster, language: Language) -> Self {
        let budget = PollBudget::of(cluster.client());
        Self {
            cluster,
            language,
            schedule: PollSchedule::default(),
            budget,
            timeout: None,
            at_most_once: true,
            open: Closing::new().open(),
        }
    }

    /// Lets `closing` wait for the end of this session, and for what its opening leaves to the background.
    pub fn closing(mut self, closing: &Closing) -> Self {
        self.open = closing.open();
        self
    }

    pub(super) fn counted_by(mut self, open: Option<Open>) -> Self {
        self.open = open.unwrap_or(self.open);
        self
    }

    /// When to ask for the state of contexts and commands.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The budget that all looks of this session come out of. Default: the one of the client, see [`PollBudget::of`].
    pub fn budget(mut self, budget: &PollBudget) -> Self {
        self.budget = budget.clone();
        self
    }

    /// How long the opening may take. Without, it waits for as long as the cluster starts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Whether the context is asked what became of code when the answer to its submission was lost. Default `true`.
    ///
    /// For that, Python code is sent with a comment at its end, and the first of a session after a small command of our
    /// own; the README says what that changes, and when nothing can be found out. Without, and in other languages, such a
    /// submission fails with [`ExecError::SubmissionUnknown`]. Code is never sent again either way, unless it surely does
    /// not run.
    pub fn at_most_once(mut self, at_most_once: bool) -> Self {
        self.at_most_once = at_most_once;
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
        let ticker = Ticker::new(builder.schedule, builder.budget.clone(), None);
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
        let mut answered = Instant::now();
        loop {
            self.tick().await?;
            let looked = self.in_time(context.status()).await?;
            self.ticker.plan_next();
            let (seen, failure) = match looked {
                Ok(info) => {
                    answered = Instant::now();
                    self.last_seen = format!("the context is {}", info.status);
                    (Ok(info.status), None)
                }
                Err(error) => (Err(Seen::failure(&error)), Some(error)),
            };
            let circumstances = Circumstances {
                since_submit: self.ticker.elapsed(),
                since_answer: answered.elapsed(),
                ..Circumstances::new()
            };
            match (judge_context(seen, &circumstances), failure) {
                (ContextVerdict::Ready, _) => return Ok(()),
                (ContextVerdict::Wait, Some(error)) if error.is_cluster_not_ready() => self.look_at_cluster().await?,
                (ContextVerdict::Wait, _) => {}
                (ContextVerdict::Gone | ContextVerdict::GiveUp, Some(error)) => return Err(error.into()),
                _ => {
                    return Err(ExecError::ContextFailed {
                        cluster: context.cluster_id().clone(),
                        context: context.id().clone(),
                    });
                }
            }
        }
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
    let budget = builder.budget.clone();
    let (open, at_most_once) = (builder.open.clone(), builder.at_most_once);
    let created = tokio::spawn(async move {
        let context = cluster.create_context(language.clone()).await?;
        Ok(Session {
            watch: Watch::new(at_most_once, &context, schedule),
            reading: Arc::default(),
            context,
            language,
            schedule,
            budget,
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
