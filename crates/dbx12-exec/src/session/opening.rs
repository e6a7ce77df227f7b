//! Opening a session: a context is made and waited for, and cleaned up when that fails or is given up.

mod making;

use super::Session;
use super::starting::start;
use crate::closing::Open;
use crate::poll::Ticker;
use crate::state::{Circumstances, ContextVerdict, Seen, judge_context};
use crate::{Closing, ExecError, Journal, Outcome, PollBudget, PollSchedule};
use dbx12_api::types::{ClusterStatus, Language, LibraryStatus};
use dbx12_api::{Cluster, Code};
use making::create_session;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a cluster that was told to restart may still be said to be terminated, or broken.
const RESTART_TAKES_HOLD: Duration = Duration::from_secs(60);

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
    start_cluster: bool,
    wait_for_libraries: bool,
    set_up: Vec<Code>,
    open: Open,
    watcher: Option<Watcher>,
}

/// Who is told what the opening waits for.
#[derive(Clone)]
struct Watcher(Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
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
            start_cluster: false,
            wait_for_libraries: false,
            set_up: Vec::new(),
            open: Closing::new().open(),
            watcher: None,
        }
    }

    /// Lets `closing` wait for the end of this session, and for what its opening leaves to the background.
    pub fn closing(mut self, closing: &Closing) -> Self {
        self.open = closing.open().journal(self.open.journal_of().cloned());
        self
    }

    /// Writes down what is opened and submitted, so that it is found again when this process is killed.
    pub fn journal(mut self, journal: &Journal) -> Self {
        self.open = self.open.journal(Some(journal.clone()));
        self
    }

    /// Whether a cluster that is terminated, or broken, is started and then waited for. Default `false`: that costs money.
    ///
    /// API 1.2 has no call to start a cluster: `clusters/restart` is sent, once, and where a server refuses it for a cluster
    /// that does not run, `clusters/start` of API 2.1. When that is refused too, the opening fails with its words.
    pub fn start_cluster(mut self, start: bool) -> Self {
        self.start_cluster = start;
        self
    }

    /// Whether the opening waits until the libraries of the cluster are installed, and fails if one is not. Default `false`:
    /// `libraries/list` is deprecated, and newer workspaces may not answer it.
    pub fn wait_for_libraries(mut self, wait: bool) -> Self {
        self.wait_for_libraries = wait;
        self
    }

    /// Code that runs when the context is there, before the session is given away. It runs once; may be called again for
    /// more, in other languages too. If it does not run to its end, the opening fails.
    pub fn set_up(mut self, code: impl Into<Code>) -> Self {
        self.set_up.push(code.into());
        self
    }

    pub(crate) fn counted_by(mut self, open: Option<Open>) -> Self {
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

    /// Tells what the opening sees while it waits, in words for people: `the cluster is Pending`. It is called from the
    /// opening's task, and should return at once.
    pub fn on_progress(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Watcher(Arc::new(tell)));
        self
    }

    /// How long the opening may take. Without, it waits for as long as the cluster starts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Whether the context is asked what became of code when the answer to its submission was lost. Default `true`.
    ///
    /// For that, Python code is sent with a comment at its end, Scala behind a statement, and the first of a session after a
    /// small command of our own; the README says what that changes, and when nothing can be found out. Without, and in
    /// other languages, such a submission fails with [`ExecError::SubmissionUnknown`]. Code is never sent again either way, unless it surely does
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
    /// [`ExecError::ContextFailed`], [`ExecError::OpenTimeout`], [`ExecError::LibrariesFailed`],
    /// [`ExecError::SetUpFailed`], [`ExecError::ShuttingDown`], [`ExecError::Journal`], or the failure of a call.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn open(self) -> Result<Session, ExecError> {
        let mut opening = Opening::new(&self);
        let session = opening.create().await?;
        opening.wait_until_running(&session).await?;
        if self.wait_for_libraries {
            opening.wait_for_libraries().await?;
        }
        for code in &self.set_up {
            opening.set_up(&session, code).await?;
        }
        Ok(session)
    }
}

/// What is going on while a session is being opened.
struct Opening<'b> {
    builder: &'b SessionBuilder,
    ticker: Ticker,
    limit: Option<Instant>,
    last_seen: String,
    restarted: Option<Instant>,
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
            restarted: None,
        }
    }

    fn see(&mut self, what: String) {
        if let Some(Watcher(tell)) = &self.builder.watcher {
            tell(&what);
        }
        self.last_seen = what;
    }

    /// Makes the context; waits for a cluster that is not ready yet.
    async fn create(&mut self) -> Result<Session, ExecError> {
        loop {
            self.tick().await?;
            let created = self.in_time(create_session(self.builder)).await?;
            self.ticker.plan_next();
            match created? {
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
            ClusterStatus::Terminated | ClusterStatus::Error
                if self.builder.start_cluster && self.restarted.is_none() =>
            {
                self.in_time(start(cluster)).await??;
                self.restarted = Some(Instant::now());
                self.see("the cluster was told to start".to_owned());
                Ok(())
            }
            ClusterStatus::Terminating if self.builder.start_cluster => {
                self.see("the cluster is Terminating".to_owned());
                Ok(())
            }
            // What it was before the restart took hold.
            ClusterStatus::Terminated | ClusterStatus::Error
                if self.restarted.is_some_and(|at| at.elapsed() < RESTART_TAKES_HOLD) =>
            {
                Ok(())
            }
            ClusterStatus::Terminated | ClusterStatus::Terminating | ClusterStatus::Error => {
                Err(ExecError::ClusterUnavailable {
                    cluster: cluster.id().clone(),
                    status,
                })
            }
            _ => {
                self.see(format!("the cluster is {status}"));
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
                    self.see(format!("the context is {}", info.status));
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

    async fn wait_for_libraries(&mut self) -> Result<(), ExecError> {
        self.ticker.restart();
        loop {
            self.tick().await?;
            let libraries = self.in_time(self.builder.cluster.libraries()).await??;
            self.ticker.plan_next();
            let named = |status: LibraryStatus| {
                let those = libraries.iter().filter(move |library| library.status == status);
                those
                    .map(|library| library.name.clone().unwrap_or_default())
                    .collect::<Vec<_>>()
            };
            let failed = named(LibraryStatus::LibraryError);
            if !failed.is_empty() {
                return Err(ExecError::LibrariesFailed {
                    cluster: self.builder.cluster.id().clone(),
                    libraries: failed,
                });
            }
            let pending = named(LibraryStatus::LibraryPending);
            if pending.is_empty() {
                return Ok(());
            }
            self.see(format!("being installed: {}", pending.join(", ")));
        }
    }

    async fn set_up(&mut self, session: &Session, code: &Code) -> Result<(), ExecError> {
        self.see("the set-up code is running".to_owned());
        match self.in_time(session.run(code.clone()).into_future()).await?? {
            Outcome::Finished(_) => Ok(()),
            outcome => Err(ExecError::SetUpFailed {
                outcome: Box::new(outcome),
            }),
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
