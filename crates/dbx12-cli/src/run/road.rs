//! The way of one program: the time it has, and the signals that end it.

use crate::failure::{Exit, Failure};
use crate::output::{note, warn};
use crate::program::Cell;
use crate::progress::Progress as Telling;
use crate::signals::Interrupts;
use dbx12_exec::http::ErrorKind;
use dbx12_exec::{Code, ExecError, Outcome, OutputChunk, Progress, Session, Waiter};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a program that was told to stop is watched, and how long what was opened may take to close.
const GRACE: Duration = Duration::from_secs(10);

/// How a cell ended; and why that is not what was asked for, when it was told to stop before.
pub(super) type Ended = (Outcome, Option<Failure>);

/// The way of one program.
pub(super) struct Road {
    timeout: Option<Duration>,
    started: Instant,
    interrupts: Interrupts,
    pub(super) telling: Telling,
    /// Whether the context outlives the program.
    context_stays: bool,
}

impl Road {
    pub(super) fn begin(timeout: Option<Duration>, context_stays: bool, telling: Telling) -> Result<Self, Failure> {
        let interrupts = Interrupts::listen()
            .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
        Ok(Self {
            timeout,
            started: Instant::now(),
            interrupts,
            telling,
            context_stays,
        })
    }

    /// What is left of the program's time.
    pub(super) fn left(&self) -> Option<Duration> {
        self.timeout
            .map(|timeout| timeout.saturating_sub(self.started.elapsed()))
    }

    /// Does a step before the program runs, unless the time is over or a signal comes before.
    pub(super) async fn in_time<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.left().unwrap_or(Duration::MAX);
        let overdue = self.timeout.unwrap_or_default();
        tokio::select! {
            done = timeout(left, step) => done.map_err(|_| not_started(overdue, "it was still being prepared")),
            () = self.interrupts.next() => Err(interrupted()),
        }
    }

    /// Runs a cell to its end.
    pub(super) async fn run(&mut self, session: &Session, cell: &Cell) -> Result<Ended, Failure> {
        let code = Code::new(&cell.code).language(cell.language.clone());
        let run = cell.named(session.run(code)).deadline(self.left()).stop_grace(GRACE);
        let submitted = tokio::select! {
            submitted = run.submit() => submitted.map_err(|error| self.overdue(error)),
            () = self.interrupts.next() => {
                if self.context_stays {
                    warn(&format!("the code may be running in context {}.", session.context().id()));
                }
                Err(interrupted())
            }
        };
        self.wait(submitted?).await
    }

    /// Waits for the end. The first signal cancels the command and watches it stop, the second leaves it to the
    /// context's destruction.
    async fn wait(&mut self, mut waiter: Waiter) -> Result<Ended, Failure> {
        let mut cancelling = false;
        loop {
            let progress = tokio::select! {
                progress = waiter.next() => progress,
                () = self.interrupts.next() => {
                    self.tell_of_cancelling(&mut cancelling)?;
                    waiter.cancel();
                    continue;
                }
            };
            match progress {
                Ok(Progress::Ended(Outcome::Cancelled)) => return Err(interrupted()),
                Ok(Progress::Ended(outcome)) => return Ok((outcome, self.too_late(waiter.is_stopping(), cancelling))),
                Ok(Progress::Waiting { status, .. }) => {
                    let status = status.map_or_else(|| "not answered".to_owned(), |status| status.to_string());
                    self.telling.say(&format!("the command is {status}"));
                }
                Ok(_) => {}
                Err(ExecError::StillRunning { .. }) if cancelling => return Err(interrupted()),
                Err(error) => return Err(self.overdue(error)),
            }
        }
    }

    /// As [`run`](Self::run), and shows what it prints meanwhile. Returns also what is still to be shown of a text.
    pub(super) async fn follow(
        &mut self,
        session: &Session,
        cell: &Cell,
        mut show: impl FnMut(&OutputChunk) -> Result<(), Failure>,
    ) -> Result<(Ended, Option<String>), Failure> {
        let run = session.run(Code::new(&cell.code).language(cell.language.clone()));
        let mut follow = cell.named(run).deadline(self.left()).stop_grace(GRACE).follow()?;
        let mut cancelling = false;
        loop {
            tokio::select! {
                chunk = follow.next() => match chunk {
                    Some(chunk) => show(&chunk)?,
                    None => break,
                },
                () = self.interrupts.next() => {
                    self.tell_of_cancelling(&mut cancelling)?;
                    follow.cancel();
                }
            }
        }
        match follow.finish().await {
            Ok(followed) if followed.outcome == Outcome::Cancelled => Err(interrupted()),
            Ok(followed) => {
                let is_overdue = self.left().is_some_and(|left| left.is_zero());
                let late = self.too_late(is_overdue, cancelling);
                Ok(((followed.outcome, late), followed.rest))
            }
            Err(ExecError::StillRunning { .. }) if cancelling => Err(interrupted()),
            Err(error) => Err(self.overdue(error)),
        }
    }

    fn tell_of_cancelling(&self, cancelling: &mut bool) -> Result<(), Failure> {
        if std::mem::replace(cancelling, true) {
            return Err(interrupted());
        }
        self.telling.hide();
        note("Interrupted: cancelling the command; once more to leave without waiting for it.");
        Ok(())
    }

    /// A program that was told to stop and ended by itself may have been cut short: it can catch an interrupt.
    fn too_late(&self, is_stopping: bool, cancelling: bool) -> Option<Failure> {
        let told = "it ended after it was told to stop";
        match self.timeout {
            _ if cancelling => Some(Failure::new(Exit::Interrupted, format!("interrupted; {told}"))),
            Some(timeout) if is_stopping => Some(not_ended(timeout, told)),
            _ => None,
        }
    }

    /// The time that `--timeout` gave is over: said with that time, not with what was left of it at some step.
    pub(super) fn overdue(&self, error: ExecError) -> Failure {
        if let (true, ExecError::SubmissionUnknown { .. }) = (self.context_stays, &error) {
            return Failure::new(Exit::Unknown, crate::failure::with_sources(&error))
                .hint("it may be running in the context, which stays; look before you run it again");
        }
        let Some(timeout) = self.timeout else {
            return error.into();
        };
        match &error {
            ExecError::OpenTimeout { last_seen, .. } => not_started(timeout, last_seen),
            ExecError::DeadlineExceeded { stopped: true, .. } => not_ended(timeout, "it was cancelled"),
            ExecError::DeadlineExceeded { ids, .. } => {
                not_ended(timeout, &format!("{ids} was told to stop and still runs"))
            }
            ExecError::NotSubmitted { source: None, .. } => not_ended(timeout, "it was not sent"),
            ExecError::SubmissionUnknown { source, .. } | ExecError::Call(source)
                if source.kind() == ErrorKind::Deadline =>
            {
                not_ended(
                    timeout,
                    "the server did not say whether it took it; its context was destroyed",
                )
            }
            _ => error.into(),
        }
    }

    /// Closes what was opened, for as long as that may take and nobody is in a hurry.
    pub(super) async fn close<T>(&mut self, what: &str, closing: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            closed = timeout(GRACE, closing) => {
                if closed.is_err() {
                    let grace = humantime::format_duration(GRACE);
                    warn(&format!("{what} could not be closed within {grace} and may be left behind."));
                }
                closed.ok()
            }
            () = self.interrupts.next() => {
                warn(&format!("interrupted while {what} was being closed; it may be left behind."));
                None
            }
        }
    }
}

fn not_started(timeout: Duration, why: &str) -> Failure {
    let timeout = humantime::format_duration(timeout);
    Failure::new(
        Exit::Timeout,
        format!("the program did not start within {timeout}; {why}"),
    )
}

fn not_ended(timeout: Duration, why: &str) -> Failure {
    let timeout = humantime::format_duration(timeout);
    Failure::new(
        Exit::Timeout,
        format!("the program did not end within {timeout}; {why}"),
    )
}

pub(super) fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}
