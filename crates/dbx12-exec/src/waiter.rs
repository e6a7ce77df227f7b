//! Waiting for a command.

use crate::poll::Ticker;
use crate::state::{Circumstances, Seen, Verdict, judge, judge_cluster, judge_unasked_cancel};
use crate::submission::Marker;
use crate::{CommandIds, ExecError, Journal, Outcome, PollBudget, PollSchedule};
use dbx12_api::Command;
use dbx12_api::http::{CallOptions, Error};
use dbx12_api::types::{CommandInfo, CommandStatus, Results};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// How long the last look at a command may take when its time is over.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Waits for a command: `await` it for the [`Outcome`], or step it with [`next`](Self::next).
///
/// There is no hidden timeout: without a [`deadline`](Self::deadline) it waits for as long as the command runs.
/// Dropping it stops the waiting, not the command; a [`Session`](crate::Session) ends the command with its context.
#[derive(Debug)]
#[must_use = "a waiter does nothing until it is awaited or stepped"]
pub struct Waiter {
    command: Command,
    ticker: Ticker,
    submitted: Instant,
    /// From when the deadline counts.
    begun: Instant,
    answered: Instant,
    deadline: Option<Duration>,
    stopping: Option<Stopping>,
    stop_grace: Duration,
    patience: Duration,
    journal: Option<Journal>,
    polls: u32,
    /// The mark that the code carried, to be taken off what the server says of the code.
    marker: Option<Marker>,
}

/// The command is to end now.
#[derive(Debug)]
struct Stopping {
    since: Instant,
    /// The server took the cancellation.
    told: bool,
    /// It is the deadline that ends it.
    overdue: bool,
}

/// What a step of the waiting showed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress {
    /// The command has not ended.
    Waiting {
        /// Its status; `None` when this look failed in a way that may pass.
        status: Option<CommandStatus>,
        /// Time since the waiting began.
        elapsed: Duration,
        /// How often the server was asked so far.
        polls: u32,
    },
    /// The command has ended.
    Ended(Outcome),
}

impl Waiter {
    /// Waits for a command that was submitted just now.
    pub fn new(command: Command) -> Self {
        let now = Instant::now();
        let budget = PollBudget::of(command.client());
        Self {
            command,
            ticker: Ticker::new(PollSchedule::default(), budget, None),
            submitted: now,
            begun: now,
            answered: now,
            deadline: None,
            stopping: None,
            stop_grace: Duration::from_secs(30),
            patience: Circumstances::new().patience,
            polls: 0,
            journal: None,
            marker: None,
        }
    }

    /// Ends the command when it runs longer than this, counted from the submission: it is cancelled and watched until
    /// it stops. Without, it may take as long as it likes.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Lets the deadline count from an earlier moment: when the submission began.
    pub(crate) fn begun(mut self, begun: Instant) -> Self {
        self.begun = begun;
        self
    }

    pub(crate) fn journal(mut self, journal: Option<Journal>) -> Self {
        self.journal = journal;
        self
    }

    pub(crate) fn marked(mut self, marker: Option<Marker>) -> Self {
        self.marker = marker;
        self
    }

    /// When to ask. `seed` makes the jitter repeatable.
    pub fn schedule(mut self, schedule: PollSchedule, seed: Option<u64>) -> Self {
        self.ticker = Ticker::new(schedule, self.ticker.budget().clone(), seed);
        self
    }

    /// The budget that its looks come out of. Default: the one of the client, see [`PollBudget::of`].
    pub fn budget(mut self, budget: &PollBudget) -> Self {
        self.ticker.set_budget(budget.clone());
        self
    }

    /// How long a command that was told to stop is watched. Default 30 s.
    pub fn stop_grace(mut self, grace: Duration) -> Self {
        self.stop_grace = grace;
        self
    }

    /// How long the server may fail to tell the command's state before we give up. Default 5 minutes.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The command.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// Tells the command to stop. The waiting goes on: [`next`](Self::next) cancels it, and sees whether it was cancelled
    /// or finished just in time.
    pub fn cancel(&mut self) {
        self.stop(false);
    }

    /// Whether the command was told to stop, by [`cancel`](Self::cancel) or by the deadline. One that finishes all the
    /// same may have been cut short: code can catch an interrupt.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    fn stop(&mut self, overdue: bool) {
        if self.stopping.is_none() {
            self.stopping = Some(Stopping {
                since: Instant::now(),
                told: false,
                overdue,
            });
            self.ticker.restart();
        }
    }

    /// Sleeps until the next look is due, looks once, and says what was seen.
    ///
    /// Dropping the future loses nothing: the next call goes on where this one was.
    ///
    /// # Errors
    /// [`ExecError::DeadlineExceeded`] after the deadline, once the command has stopped or has not within the grace
    /// time; [`ExecError::LostSight`] when the server does not tell the command's state any more.
    pub async fn next(&mut self) -> Result<Progress, ExecError> {
        self.ticker.tick(self.limit()).await;
        self.tell_to_stop().await;
        // A look that fails is not repeated but followed by the next one, so that the budget knows of all of them.
        let options = CallOptions::new().single_attempt();
        let looked = self.in_time(self.command.status_with(&options)).await;
        self.polls += 1;
        self.ticker.plan_next();
        match &looked {
            Some(Ok(_)) => self.answered = Instant::now(),
            Some(Err(error)) if error.status().is_some_and(|status| status.as_u16() == 429) => {
                self.ticker.budget().refused(error.retry_after());
            }
            _ => {}
        }
        let concluded = self.conclude(looked).await;
        if let (Some(journal), Ok(Progress::Ended(_)) | Err(ExecError::DeadlineExceeded { stopped: true, .. })) =
            (&self.journal, &concluded)
        {
            journal.ended(&CommandIds::of(&self.command)).await;
        }
        concluded
    }

    /// A call may take until the limit, and a little longer, so that there is a last look. `None` when it took longer.
    async fn in_time<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let Some(limit) = self.limit() else {
            return Some(call.await);
        };
        tokio::time::timeout_at(limit.max(Instant::now() + LAST_LOOK), call)
            .await
            .ok()
    }

    /// When to look at the latest: at the deadline, or when the grace time is over.
    fn limit(&self) -> Option<Instant> {
        match &self.stopping {
            Some(stopping) => stopping.since.checked_add(self.stop_grace),
            None => self.begun.checked_add(self.deadline?),
        }
    }

    /// Cancelling is safe to repeat: where the call fails, the next step tries again.
    async fn tell_to_stop(&mut self) {
        if self.stopping.as_ref().is_none_or(|stopping| stopping.told) {
            return;
        }
        let told = self.in_time(self.command.cancel()).await;
        if let Some(stopping) = &mut self.stopping {
            stopping.told = matches!(told, Some(Ok(_)));
        }
    }

    async fn conclude(&mut self, looked: Option<Result<CommandInfo, Error>>) -> Result<Progress, ExecError> {
        let (seen, status, failure) = match looked {
            Some(Ok(info)) => {
                let status = info.status.clone();
                (Seen::Command(info), Some(status), None)
            }
            Some(Err(error)) => (Seen::failure(&error), None, Some(error)),
            None => (Seen::Trouble, None, None),
        };
        match self.settle(judge(seen, &self.circumstances())).await {
            Verdict::Ended(outcome) => self.ended(outcome),
            Verdict::Wait => self.wait_on(status),
            _ => Err(ExecError::LostSight {
                ids: CommandIds::of(&self.command),
                source: failure,
            }),
        }
    }

    /// Takes the further looks that a verdict asks for.
    async fn settle(&self, verdict: Verdict) -> Verdict {
        let verdict = match verdict {
            Verdict::LookAtContext { reason } => {
                let looked = self.in_time(self.command.context().status()).await;
                judge_unasked_cancel(looked.and_then(Result::ok).map(|context| context.status), reason)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::LookAtCluster { otherwise } => {
                let looked = self.in_time(self.command.cluster().status()).await;
                judge_cluster(looked.and_then(Result::ok).map(|cluster| cluster.status), *otherwise)
            }
            verdict => verdict,
        }
    }

    fn circumstances(&self) -> Circumstances {
        Circumstances {
            cancel_requested: self.stopping.is_some(),
            since_submit: self.submitted.elapsed(),
            since_answer: self.answered.elapsed(),
            patience: self.patience,
        }
    }

    /// A command that ended by our cancel at the deadline is overdue; one that finished just in time is finished.
    fn ended(&self, outcome: Outcome) -> Result<Progress, ExecError> {
        match (&self.stopping, outcome) {
            (Some(Stopping { overdue: true, .. }), Outcome::Cancelled) => Err(self.deadline_exceeded(true)),
            (_, outcome) => Ok(Progress::Ended(self.unmarked(outcome))),
        }
    }

    /// A trace and a warning show the code: without what was put on it.
    fn unmarked(&self, mut outcome: Outcome) -> Outcome {
        let texts = match &mut outcome {
            Outcome::Failed(error) => [error.summary.as_mut(), error.cause.as_mut()],
            Outcome::Finished(Results::Text(text)) => [text.data.as_mut(), None],
            _ => [None, None],
        };
        if let Some(marker) = &self.marker {
            for text in texts.into_iter().flatten().filter(|text| marker.is_in(text)) {
                *text = marker.take_off(text);
            }
        }
        outcome
    }

    fn wait_on(&mut self, status: Option<CommandStatus>) -> Result<Progress, ExecError> {
        let over = self.limit().is_some_and(|limit| Instant::now() >= limit);
        match &self.stopping {
            Some(stopping) if over && stopping.overdue => return Err(self.deadline_exceeded(false)),
            Some(_) if over => {
                return Err(ExecError::StillRunning {
                    ids: CommandIds::of(&self.command),
                });
            }
            None if over => self.stop(true),
            _ => {}
        }
        Ok(Progress::Waiting {
            status,
            elapsed: self.submitted.elapsed(),
            polls: self.polls,
        })
    }

    fn deadline_exceeded(&self, stopped: bool) -> ExecError {
        ExecError::DeadlineExceeded {
            ids: CommandIds::of(&self.command),
            after: self.deadline.unwrap_or_default(),
            stopped,
        }
    }

    async fn wait(mut self) -> Result<Outcome, ExecError> {
        loop {
            if let Progress::Ended(outcome) = self.next().await? {
                return Ok(outcome);
            }
        }
    }
}

impl IntoFuture for Waiter {
    type Output = Result<Outcome, ExecError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}
