//! What can go wrong while code is being run.

use crate::{Outcome, Submission};
use dbx12_api::http::Error;
use dbx12_api::types::{ClusterId, ClusterStatus, CommandId, ContextId, Language, ParameterError};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Names a command, so that it can be found again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandIds {
    /// The cluster it runs on.
    pub cluster: ClusterId,
    /// The context it runs in.
    pub context: ContextId,
    /// The command.
    pub command: CommandId,
}

impl CommandIds {
    pub(crate) fn of(command: &dbx12_api::Command) -> Self {
        Self {
            cluster: command.cluster_id().clone(),
            context: command.context_id().clone(),
            command: command.id().clone(),
        }
    }
}

impl fmt::Display for CommandIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "command {} in context {} on cluster {}",
            self.command, self.context, self.cluster
        )
    }
}

/// What went wrong. An exception of the code is not among it: that is an [`Outcome`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// A call failed, and nothing is left unknown by it.
    #[error(transparent)]
    Call(#[from] Error),
    /// The code may have been submitted and may be running: nobody knows, and it was not sent again.
    #[error("it is not known whether the code was submitted to context {context} on cluster {cluster}")]
    SubmissionUnknown {
        /// The cluster.
        cluster: ClusterId,
        /// The context: the code ran in it, or did not.
        context: ContextId,
        /// Why.
        source: Error,
    },
    /// The code was submitted and has run, to its end or to an exception: its context was asked. The server's answer with
    /// the command's id was lost, and with it whatever the command returned.
    #[error(
        "the code ran in context {context} on cluster {cluster}, but its results are lost with the server's answer"
    )]
    AnswerLost {
        /// The cluster.
        cluster: ClusterId,
        /// The context: what the code changed in it is there.
        context: ContextId,
        /// How the answer was lost.
        source: Error,
    },
    /// The code was not submitted: it was not sent, or each time it was its context was asked, and had not seen it. It will
    /// not run, not even when it arrives late. Sending it again is safe.
    #[error("the code did not reach context {context} on cluster {cluster}, and will not run")]
    NotSubmitted {
        /// The cluster.
        cluster: ClusterId,
        /// The context.
        context: ContextId,
        /// Why, the last time; `None` when the deadline came before it was sent.
        source: Option<Error>,
    },
    /// We lost sight of a command: it may run on.
    #[error("the state of {ids} cannot be found out any more; it may still be running")]
    LostSight {
        /// The command.
        ids: CommandIds,
        /// Why the last look failed; `None` when it was not answered in time.
        source: Option<Error>,
    },
    /// We told a command to stop, and it did not within the grace time.
    #[error("{ids} was told to stop and is still running")]
    StillRunning {
        /// The command.
        ids: CommandIds,
    },
    /// The cluster takes no commands, and will not by waiting.
    #[error("cluster {cluster} is {status}{}", hint(.status))]
    ClusterUnavailable {
        /// The cluster.
        cluster: ClusterId,
        /// What it is doing.
        status: ClusterStatus,
    },
    /// The context broke while it was being set up.
    #[error("context {context} on cluster {cluster} could not be set up: the server says it is in state Error")]
    ContextFailed {
        /// The cluster.
        cluster: ClusterId,
        /// The context; it has been destroyed.
        context: ContextId,
    },
    /// Libraries of the cluster could not be installed.
    #[error("libraries of cluster {cluster} could not be installed: {}", .libraries.join(", "))]
    LibrariesFailed {
        /// The cluster.
        cluster: ClusterId,
        /// Their names.
        libraries: Vec<String>,
    },
    /// The code that sets a session up did not run to its end. The context has been destroyed.
    #[error("the set-up of the session failed: {outcome}")]
    SetUpFailed {
        /// How it ended.
        outcome: Box<Outcome>,
    },
    /// Everything is being closed, see [`Closing::close_all`](crate::Closing::close_all): nothing can be opened.
    #[error("no session was opened on cluster {cluster}: everything is being closed")]
    ShuttingDown {
        /// The cluster.
        cluster: ClusterId,
    },
    /// A job was aborted while its code was being submitted, see [`Control::abort`](crate::Control::abort): nobody knows
    /// whether it was. Whatever runs of it ends with its context, which is destroyed.
    #[error("the job was aborted while its code was on its way to context {context} on cluster {cluster}")]
    Aborted {
        /// The cluster.
        cluster: ClusterId,
        /// The context.
        context: ContextId,
    },
    /// The journal cannot be used; nothing was sent.
    #[error("the journal {} cannot be used", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Parameters cannot be given to this code; nothing was sent.
    #[error("the parameters cannot be given to the code: {0}")]
    Parameters(#[from] ParameterError),
    /// The session was not open in time. What was made for it is destroyed in the background.
    #[error("no context was ready on cluster {cluster} within {after:?}; last seen: {last_seen}")]
    OpenTimeout {
        /// The cluster.
        cluster: ClusterId,
        /// The time it had.
        after: Duration,
        /// What was seen last.
        last_seen: String,
    },
    /// The command did not end in time. We cancelled it and watched it.
    #[error("{ids} did not end within {after:?}; {}", if *.stopped { "it was cancelled" } else { "it was told to stop and is still running" })]
    DeadlineExceeded {
        /// The command.
        ids: CommandIds,
        /// The time it had.
        after: Duration,
        /// Whether we saw it stop. If not, it may still be running.
        stopped: bool,
    },
    /// The command ended, but not well; from [`Outcome::ok`].
    #[error("{0}")]
    Unsuccessful(Box<Outcome>),
    /// The output of code in this language cannot be followed while it runs.
    #[error("the output of {language} code cannot be followed while it runs; that of python code can")]
    CannotFollow {
        /// The language.
        language: Language,
    },
    /// A file with code could not be read.
    #[error("cannot read {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl ExecError {
    /// What this error, of a submission or a run, says about whether the code was submitted.
    ///
    /// ```
    /// use dbx12_exec::{ExecError, Session, Submission};
    /// # async fn example(session: &Session) -> Result<(), ExecError> {
    /// match session.run("append_today()").await {
    ///     Err(error) if error.submission() == Submission::NotSubmitted => eprintln!("{error}: try again later"),
    ///     Err(error) if error.submission() == Submission::Unknown => eprintln!("{error}: look before you try again"),
    ///     ended => drop(ended?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn submission(&self) -> Submission {
        match self {
            Self::SubmissionUnknown { .. } | Self::Aborted { .. } => Submission::Unknown,
            Self::Call(error) if error.maybe_delivered() => Submission::Unknown,
            Self::AnswerLost { .. }
            | Self::LostSight { .. }
            | Self::StillRunning { .. }
            | Self::DeadlineExceeded { .. }
            | Self::Unsuccessful(_) => Submission::Submitted,
            Self::Call(_)
            | Self::NotSubmitted { .. }
            | Self::ClusterUnavailable { .. }
            | Self::ContextFailed { .. }
            | Self::OpenTimeout { .. }
            | Self::LibrariesFailed { .. }
            | Self::SetUpFailed { .. }
            | Self::ShuttingDown { .. }
            | Self::Journal { .. }
            | Self::Parameters(_)
            | Self::CannotFollow { .. }
            | Self::File { .. } => Submission::NotSubmitted,
        }
    }
}

fn hint(status: &ClusterStatus) -> &'static str {
    match status {
        ClusterStatus::Terminated | ClusterStatus::Terminating => ": start it, then try again",
        ClusterStatus::Error => ": restart it, or look at its events for the reason",
        _ => "",
    }
}
