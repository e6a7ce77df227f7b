//! How a command ended.

use crate::ExecError;
use dbx12_api::types::{ClusterStatus, RemoteError, Results};

/// How a command ended. An exception of the code is an outcome, not an error: the call worked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The code ran to its end.
    Finished(Results),
    /// The code raised an exception.
    Failed(RemoteError),
    /// The command was cancelled because we asked for it.
    Cancelled,
    /// The command was cancelled, not by us, and its context lives on.
    CancelledByOthers,
    /// The context ended while the command was in it: its variables are gone, the command may have run in part.
    ContextLost {
        /// What the server said.
        reason: String,
    },
    /// The cluster is no more, and with it the context: variables are gone, the command may have run in part.
    ClusterGone {
        /// What the cluster is doing; `None` when the server knows no such cluster.
        status: Option<ClusterStatus>,
    },
    /// The engine that should have run the code failed.
    EngineFailed {
        /// What the server said; often nothing.
        reason: String,
    },
}

impl Outcome {
    /// The results of code that ran to its end.
    ///
    /// # Errors
    /// [`ExecError::Unsuccessful`] with the outcome, for any other.
    pub fn ok(self) -> Result<Results, ExecError> {
        match self {
            Self::Finished(results) => Ok(results),
            other => Err(ExecError::Unsuccessful(Box::new(other))),
        }
    }

    /// Whether the code ran to its end.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Finished(_))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finished(_) => f.write_str("the code ran to its end"),
            Self::Failed(error) => write!(f, "the code raised {error}"),
            Self::Cancelled => f.write_str("the command was cancelled"),
            Self::CancelledByOthers => f.write_str("the command was cancelled, and not by this client"),
            Self::ContextLost { reason } => {
                write!(
                    f,
                    "the execution context was lost while the command was in it: {reason}"
                )
            }
            Self::ClusterGone { status: Some(status) } => {
                write!(f, "the cluster is {status}: the execution context was lost with it")
            }
            Self::ClusterGone { status: None } => {
                f.write_str("there is no such cluster any more: the execution context was lost with it")
            }
            Self::EngineFailed { reason } if reason.is_empty() => f.write_str("the engine that runs the code failed"),
            Self::EngineFailed { reason } => write!(f, "the engine that runs the code failed: {reason}"),
        }
    }
}
