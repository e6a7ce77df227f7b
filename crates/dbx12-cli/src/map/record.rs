//! What came of a set, and of all.

use super::table::Row;
use crate::arguments::Again;
use crate::failure::{Exit, Failure, with_sources};
use dbx12_exec::types::Results;
use dbx12_exec::{ExecError, JobEnd, JobReport, Outcome, Submission};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a set ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Finished,
    Failed,
    Cancelled,
    TimedOut,
    /// It ran, to its end or not, and what it gave is lost.
    Lost,
    /// Nobody knows whether it ran.
    Unknown,
}

impl End {
    /// Whether it is to be run again, though it ran or may have.
    pub(super) fn is_among(self, again: &[Again]) -> bool {
        let named = match self {
            Self::Finished => return false,
            Self::Failed => Again::Failed,
            Self::Cancelled => Again::Cancelled,
            Self::TimedOut => Again::TimedOut,
            Self::Lost => Again::Lost,
            Self::Unknown => Again::Unknown,
        };
        again.contains(&named)
    }
}

/// What is written of a set.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its row in the table, from 1.
    pub(super) set: usize,
    /// Which time it ran, from 1.
    pub(super) attempt: u32,
    pub(super) outcome: End,
    pub(super) parameters: Row,
    /// What it gave, or the exception, as the API answers.
    pub(super) results: Option<Results>,
    /// What went wrong beside its code.
    pub(super) error: Option<String>,
    /// How long it took, its context included; of a set that was resumed the waiting alone.
    pub(super) seconds: f64,
}

/// What came of a set.
#[derive(Debug)]
pub(super) enum Came {
    /// It ran, or may have.
    Ended(End, Option<Results>, Option<String>),
    /// It surely did not, and why.
    NotRun(Failure),
    /// It was not begun.
    Skipped,
}

impl Came {
    pub(super) fn of_report(report: &JobReport) -> Self {
        match (&report.end, report.steps.last()) {
            (JobEnd::Skipped, _) => Self::Skipped,
            (JobEnd::Error(error), _) => Self::of_error(error),
            (_, Some(outcome)) => Self::of_outcome(outcome.clone()),
            (_, None) => Self::Skipped,
        }
    }

    pub(super) fn of_outcome(outcome: Outcome) -> Self {
        let said = outcome.to_string();
        match outcome {
            Outcome::Finished(results) => Self::Ended(End::Finished, Some(results), None),
            Outcome::Failed(error) => Self::Ended(End::Failed, Some(Results::Error(error)), None),
            Outcome::Cancelled | Outcome::CancelledByOthers => Self::Ended(End::Cancelled, None, Some(said)),
            _ => Self::Ended(End::Lost, None, Some(said)),
        }
    }

    pub(super) fn of_error(error: &ExecError) -> Self {
        let said = with_sources(error);
        match error {
            ExecError::ShuttingDown { .. } => Self::Skipped,
            // Only what gives it its parameters ends so, and then the code is not sent.
            ExecError::Unsuccessful(_) => Self::NotRun(Failure::new(Exit::Transport, said)),
            ExecError::DeadlineExceeded { .. } => Self::Ended(End::TimedOut, None, Some(said)),
            ExecError::AnswerLost { .. } => Self::Ended(End::Lost, None, Some(said)),
            _ if error.submission() == Submission::NotSubmitted => Self::NotRun(Failure::of(error)),
            _ => Self::Ended(End::Unknown, None, Some(said)),
        }
    }
}

/// How many sets ended how.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) sets: usize,
    pub(super) finished: usize,
    pub(super) failed: usize,
    pub(super) cancelled: usize,
    pub(super) timed_out: usize,
    pub(super) lost: usize,
    pub(super) unknown: usize,
    /// Of those that did not run: why the first one did not.
    #[serde(skip)]
    pub(super) not_run: Option<Exit>,
}

impl Tally {
    pub(super) fn count(&mut self, end: End) {
        let count = match end {
            End::Finished => &mut self.finished,
            End::Failed => &mut self.failed,
            End::Cancelled => &mut self.cancelled,
            End::TimedOut => &mut self.timed_out,
            End::Lost => &mut self.lost,
            End::Unknown => &mut self.unknown,
        };
        *count += 1;
    }

    pub(super) fn ended(&self) -> usize {
        self.finished + self.failed + self.cancelled + self.timed_out + self.lost + self.unknown
    }

    /// What weighs most decides.
    pub(super) fn exit(&self, interrupted: bool) -> Option<Exit> {
        let all = [
            (interrupted, Exit::Interrupted),
            (self.unknown > 0, Exit::Unknown),
            (self.lost > 0, Exit::Unavailable),
            (self.timed_out > 0, Exit::Timeout),
            (self.failed > 0, Exit::RemoteException),
            (self.cancelled > 0, Exit::Interrupted),
        ];
        let by_end = all.into_iter().find(|(is_so, _)| *is_so).map(|(_, exit)| exit);
        match by_end {
            Some(Exit::RemoteException) | None => self.not_run.or(by_end),
            by_end => by_end,
        }
    }

    /// As a sentence; what is none is not said.
    pub(super) fn sentence(&self) -> String {
        let not_run = self.sets - self.ended();
        let all = [
            (self.finished, "finished"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.timed_out, "timed out"),
            (self.lost, "lost"),
            (self.unknown, "unknown"),
            (not_run, "not run"),
        ];
        let said = all.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said.map(|(count, what)| format!("{count} {what}")).collect();
        format!("{} sets: {}", self.sets, said.join(", "))
    }
}

/// In seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
