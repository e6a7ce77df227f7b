//! The state machine of contexts and commands: what one look means. Pure.
//!
//! The tables are what [`judge`], [`judge_context`] and [`judge_cluster`] answer, written down by a test that fails when
//! they answer something else.
//!
#![doc = include_str!("state/table.md")]

use crate::Outcome;
use dbx12_api::http::Error;
use dbx12_api::types::{ClusterStatus, CommandInfo, CommandStatus, ContextStatus, RemoteError, Results};
use std::time::Duration;

/// How long after the submission "no such command" may only mean "not yet".
pub const READ_AFTER_WRITE: Duration = Duration::from_secs(1);

/// What one look at a command, or at a context, showed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen {
    /// The server described the command.
    Command(CommandInfo),
    /// The server knows no such context; with its words.
    NoContext(String),
    /// The server knows no such command; with its words.
    NoCommand(String),
    /// The cluster takes no commands now: it may be changing, or be gone for good.
    NotReady,
    /// There is no such cluster.
    NoCluster,
    /// The look failed in a way that may pass.
    Trouble,
    /// The look failed in a way that will not pass.
    Refused,
}

impl Seen {
    /// What a failed call shows of the command.
    pub fn failure(error: &Error) -> Self {
        let Some(body) = error.body() else {
            return if may_pass(error) { Self::Trouble } else { Self::Refused };
        };
        if body.is_context_not_found() {
            Self::NoContext(body.to_string())
        } else if body.is_command_not_found() {
            Self::NoCommand(body.to_string())
        } else if body.is_cluster_not_found() {
            Self::NoCluster
        } else if body.is_cluster_not_ready() {
            Self::NotReady
        } else if may_pass(error) {
            Self::Trouble
        } else {
            Self::Refused
        }
    }
}

/// Server trouble passes, and so does a lost connection. A refusal, a login page or an answer that cannot be read
/// stays.
fn may_pass(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| status.is_server_error() || status.as_u16() == 429)
        || error.is_transient()
}

/// What is known beside what was seen.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Circumstances {
    /// We asked to cancel the command.
    pub cancel_requested: bool,
    /// Time since the command was submitted, or the context made.
    pub since_submit: Duration,
    /// Time since a look last succeeded.
    pub since_answer: Duration,
    /// How long looks may fail before we give up.
    pub patience: Duration,
}

impl Circumstances {
    /// Circumstances of a command that was just submitted, with five minutes of patience.
    pub fn new() -> Self {
        Self {
            cancel_requested: false,
            since_submit: Duration::ZERO,
            since_answer: Duration::ZERO,
            patience: Duration::from_secs(300),
        }
    }
}

impl Default for Circumstances {
    fn default() -> Self {
        Self::new()
    }
}

/// What a look means.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Look again later.
    Wait,
    /// The command has ended.
    Ended(Outcome),
    /// The command was cancelled though we did not ask: whether the context lives tells by whom.
    LookAtContext {
        /// What the server said.
        reason: String,
    },
    /// Whether the cluster is still there tells more: ask [`judge_cluster`].
    LookAtCluster {
        /// What it means if the cluster is there.
        otherwise: Box<Verdict>,
    },
    /// Nothing more can be found out; the command may run on.
    GiveUp,
}

/// What a look at a command means.
pub fn judge(seen: Seen, circumstances: &Circumstances) -> Verdict {
    match seen {
        Seen::Command(info) => judge_command(info, circumstances),
        Seen::NoContext(reason) => look_at_cluster(Verdict::Ended(Outcome::ContextLost { reason })),
        Seen::NotReady if circumstances.since_answer < circumstances.patience => look_at_cluster(Verdict::Wait),
        Seen::NotReady => look_at_cluster(Verdict::GiveUp),
        Seen::NoCluster => Verdict::Ended(Outcome::ClusterGone { status: None }),
        Seen::NoCommand(_) if circumstances.since_submit < READ_AFTER_WRITE => Verdict::Wait,
        Seen::NoCommand(reason) => Verdict::Ended(Outcome::ContextLost { reason }),
        Seen::Trouble if circumstances.since_answer < circumstances.patience => Verdict::Wait,
        Seen::Trouble | Seen::Refused => Verdict::GiveUp,
    }
}

fn look_at_cluster(otherwise: Verdict) -> Verdict {
    Verdict::LookAtCluster {
        otherwise: Box::new(otherwise),
    }
}

/// What the cluster's status, where it could be had, makes of [`Verdict::LookAtCluster`].
pub fn judge_cluster(status: Option<ClusterStatus>, otherwise: Verdict) -> Verdict {
    match status {
        Some(ClusterStatus::Terminated | ClusterStatus::Terminating | ClusterStatus::Error) => {
            Verdict::Ended(Outcome::ClusterGone { status })
        }
        _ => otherwise,
    }
}

/// What the context's status, where it could be had, makes of [`Verdict::LookAtContext`]: a context that lives on was
/// told to cancel by somebody else.
pub fn judge_unasked_cancel(status: Option<ContextStatus>, reason: String) -> Verdict {
    match status {
        Some(ContextStatus::Running) => Verdict::Ended(Outcome::CancelledByOthers),
        _ => look_at_cluster(Verdict::Ended(Outcome::ContextLost { reason })),
    }
}

/// What a look at a context that is being set up means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextVerdict {
    /// Look again later.
    Wait,
    /// It takes commands.
    Ready,
    /// It could not be set up.
    Broken,
    /// It is no more.
    Gone,
    /// Nothing more can be found out.
    GiveUp,
}

/// What a look at a context that is being set up means: its status, or what the failed look showed.
pub fn judge_context(seen: Result<ContextStatus, Seen>, circumstances: &Circumstances) -> ContextVerdict {
    match seen {
        Ok(ContextStatus::Running) => ContextVerdict::Ready,
        Ok(ContextStatus::Error) => ContextVerdict::Broken,
        Ok(_) => ContextVerdict::Wait,
        Err(Seen::NoContext(_)) if circumstances.since_submit < READ_AFTER_WRITE => ContextVerdict::Wait,
        Err(Seen::NoContext(_) | Seen::NoCluster) => ContextVerdict::Gone,
        Err(Seen::Trouble | Seen::NotReady) if circumstances.since_answer < circumstances.patience => {
            ContextVerdict::Wait
        }
        Err(_) => ContextVerdict::GiveUp,
    }
}

fn judge_command(info: CommandInfo, circumstances: &Circumstances) -> Verdict {
    match info.status {
        CommandStatus::Finished => judge_results(info.results, circumstances),
        ref status if status.is_absent() && info.results.is_some() => judge_results(info.results, circumstances),
        CommandStatus::Cancelled => judge_cancelled("the command was cancelled".to_owned(), circumstances),
        CommandStatus::Error => Verdict::Ended(Outcome::EngineFailed {
            reason: engine_reason(info.results),
        }),
        _ => Verdict::Wait,
    }
}

fn judge_results(results: Option<Results>, circumstances: &Circumstances) -> Verdict {
    match results {
        Some(Results::Error(error)) if error.is_cancelled() => judge_cancelled(cancel_reason(&error), circumstances),
        Some(Results::Error(error)) => Verdict::Ended(Outcome::Failed(error)),
        Some(results) => Verdict::Ended(Outcome::Finished(results)),
        None => Verdict::Ended(Outcome::Finished(Results::Empty(Default::default()))),
    }
}

fn judge_cancelled(reason: String, circumstances: &Circumstances) -> Verdict {
    if circumstances.cancel_requested {
        Verdict::Ended(Outcome::Cancelled)
    } else {
        Verdict::LookAtContext { reason }
    }
}

/// The first line of the trace that cancelled the command.
fn cancel_reason(error: &RemoteError) -> String {
    error.traceback().lines().next().unwrap_or_default().to_owned()
}

fn engine_reason(results: Option<Results>) -> String {
    match results {
        Some(Results::Error(error)) => error.plain(),
        Some(Results::Text(text)) => text.as_str().to_owned(),
        Some(Results::Empty(fields) | Results::Unrecognized(fields)) => {
            fields.read("cause").or_else(|| fields.read("data")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
