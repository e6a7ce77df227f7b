//! Takes one job of a cluster after the other.

use super::job::{Job, JobEnd, JobEvent, JobReport, Step};
use super::{Control, Phase, Runner};
use crate::poll::{patience_after_abort, pause};
use crate::{Closing, CommandIds, ExecError, Outcome, Progress, Session, Submission, Waiter};
use dbx12_api::types::Language;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub(super) struct Worker {
    runner: Runner,
    open: crate::closing::Open,
    queue: Arc<Mutex<VecDeque<(usize, Job)>>>,
    events: mpsc::Sender<JobEvent>,
    control: Control,
    phase: watch::Receiver<Phase>,
    /// Of a job that shares its context with the next.
    shared: Option<Session>,
}

/// Why a job went no further.
enum Stop {
    Failed,
    Error(ExecError),
}

impl From<ExecError> for Stop {
    fn from(error: ExecError) -> Self {
        Self::Error(error)
    }
}

impl Worker {
    pub(super) fn new(
        runner: &Runner,
        closing: &Closing,
        queue: Arc<Mutex<VecDeque<(usize, Job)>>>,
        events: mpsc::Sender<JobEvent>,
        phase: Arc<watch::Sender<Phase>>,
    ) -> Self {
        Self {
            runner: runner.clone(),
            open: closing.open().journal(runner.journal.clone()),
            queue,
            events,
            phase: phase.subscribe(),
            control: Control(phase),
            shared: None,
        }
    }

    pub(super) async fn work(mut self) {
        while let Some((index, job)) = self.take() {
            let begun = Instant::now();
            let mut steps = Vec::new();
            let end = if *self.phase.borrow() == Phase::Run {
                match self.run(index, &job, &mut steps).await {
                    Ok(()) => JobEnd::Succeeded,
                    Err(Stop::Failed) => JobEnd::Failed,
                    Err(Stop::Error(error)) => JobEnd::Error(Arc::new(error)),
                }
            } else {
                JobEnd::Skipped
            };
            if self.runner.stop_on_error && !end.is_success() {
                self.control.drain();
            }
            let report = JobReport {
                index,
                name: job.name,
                steps,
                end,
                elapsed: begun.elapsed(),
            };
            self.tell(JobEvent::Finished(report)).await;
        }
        if let Some(session) = self.shared.take() {
            close(session).await;
        }
    }

    fn take(&self) -> Option<(usize, Job)> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// An error means that nobody reads any more.
    async fn tell(&self, event: JobEvent) {
        let _ = self.events.send(event).await;
    }

    async fn run(&mut self, index: usize, job: &Job, outcomes: &mut Vec<Outcome>) -> Result<(), Stop> {
        let session = self.session(job).await?;
        let ended = self.steps(index, job, &session, outcomes).await;
        let is_sound = !matches!(ended, Err(Stop::Error(_))) && outcomes.iter().all(leaves_context);
        if job.share_context && is_sound {
            self.shared = Some(session);
        } else {
            close(session).await;
        }
        ended
    }

    /// That of an earlier job, or a new one.
    async fn session(&mut self, job: &Job) -> Result<Session, ExecError> {
        let shared = self.shared.take();
        match shared {
            Some(session) if job.share_context && *session.language() == job.language => return Ok(session),
            Some(session) => close(session).await,
            None => {}
        }
        let mut attempt = 0;
        loop {
            let builder = Session::builder(&job.cluster, job.language.clone()).counted_by(Some(self.open.clone()));
            let opened = self.unless_aborted(builder.open()).await;
            match opened.unwrap_or_else(|| Err(stopped(job))) {
                Err(error) if attempt < self.runner.retries && may_pass(&error) => {
                    self.unless_aborted(pause(attempt)).await.ok_or_else(|| stopped(job))?;
                }
                opened => return opened,
            }
            attempt += 1;
        }
    }

    /// `None` when the jobs are aborted before this is done.
    async fn unless_aborted<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = aborted(&mut self.phase) => None,
        }
    }

    async fn steps(
        &mut self,
        index: usize,
        job: &Job,
        session: &Session,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Stop> {
        for (number, step) in job.steps.iter().enumerate() {
            if *self.phase.borrow() == Phase::Abort {
                return Err(stopped(job).into());
            }
            let outcome = self.step((index, number), job, step, session).await?;
            let goes_on = outcome.is_finished() || job.go_on && matches!(outcome, Outcome::Failed(_));
            outcomes.push(outcome);
            if !goes_on {
                return Err(Stop::Failed);
            }
        }
        if outcomes.iter().all(Outcome::is_finished) {
            Ok(())
        } else {
            Err(Stop::Failed)
        }
    }

    async fn step(
        &mut self,
        at: (usize, usize),
        job: &Job,
        step: &Step,
        session: &Session,
    ) -> Result<Outcome, ExecError> {
        let run = || {
            let run = session.run(step.code.clone()).parameters(step.parameters.clone());
            run.deadline(job.deadline).name(job.name.as_str())
        };
        let language = step.code.named_language().unwrap_or(&job.language);
        if self.runner.follow && *language == Language::Python {
            return self.follow(at, session, run().follow()?).await;
        }
        let mut attempt = 0;
        let waiter = loop {
            let Some(submitted) = self.unless_aborted(run().submit()).await else {
                return Err(aborted_on_its_way(session));
            };
            match submitted {
                Ok(waiter) => break waiter,
                Err(error) if attempt < self.runner.retries && may_pass(&error) => {
                    self.unless_aborted(pause(attempt)).await.ok_or_else(|| stopped(job))?;
                }
                Err(error) => return Err(error),
            }
            attempt += 1;
        };
        self.wait(at, waiter).await
    }

    async fn wait(&mut self, (job, step): (usize, usize), mut waiter: Waiter) -> Result<Outcome, ExecError> {
        let ids = Some(CommandIds::of(waiter.command()));
        self.tell(JobEvent::Started { job, step, ids }).await;
        loop {
            let progress = tokio::select! {
                progress = waiter.next() => progress?,
                () = aborted(&mut self.phase), if !waiter.is_stopping() => {
                    waiter.cancel();
                    continue;
                }
            };
            match progress {
                Progress::Ended(outcome) => return Ok(outcome),
                Progress::Waiting { status, elapsed, polls } => {
                    // A later one tells more.
                    let _ = self.events.try_send(JobEvent::State {
                        job,
                        step,
                        status,
                        elapsed,
                        polls,
                    });
                }
            }
        }
    }

    async fn follow(
        &mut self,
        (job, step): (usize, usize),
        session: &Session,
        mut follow: crate::Follow<'_>,
    ) -> Result<Outcome, ExecError> {
        self.tell(JobEvent::Started { job, step, ids: None }).await;
        let mut is_stopping = false;
        let mut patience = std::pin::pin!(patience_after_abort());
        loop {
            let chunk = tokio::select! {
                chunk = follow.next() => chunk,
                () = aborted(&mut self.phase), if !is_stopping => {
                    is_stopping = true;
                    follow.cancel();
                    continue;
                }
                // It is still being submitted, and there is nothing to cancel.
                () = &mut patience, if is_stopping => return Err(aborted_on_its_way(session)),
            };
            match chunk {
                Some(chunk) => self.tell(JobEvent::Output { job, step, chunk }).await,
                None => return Ok(follow.finish().await?.outcome),
            }
        }
    }
}

/// Nothing of it runs.
fn stopped(job: &Job) -> ExecError {
    ExecError::ShuttingDown {
        cluster: job.cluster.id().clone(),
    }
}

/// Code that may have been sent. It has no id to be cancelled by, and ends with the context, which is not used again.
fn aborted_on_its_way(session: &Session) -> ExecError {
    ExecError::Aborted {
        cluster: session.context().cluster_id().clone(),
        context: session.context().id().clone(),
    }
}

async fn aborted(phase: &mut watch::Receiver<Phase>) {
    // An error is impossible: the worker holds a sender.
    let _ = phase.wait_for(|phase| *phase == Phase::Abort).await;
}

/// Whether the context is there, and free, after a step that ended so.
fn leaves_context(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Finished(_) | Outcome::Failed(_) | Outcome::Cancelled)
}

/// Whether surely nothing ran, and another attempt may do better.
fn may_pass(error: &ExecError) -> bool {
    match error {
        ExecError::Call(call) => call.is_transient() && error.submission() == Submission::NotSubmitted,
        ExecError::ContextFailed { .. } | ExecError::NotSubmitted { .. } => true,
        _ => false,
    }
}

/// What could not be closed is in the summary.
async fn close(session: Session) {
    session.close_or_report().await;
}
