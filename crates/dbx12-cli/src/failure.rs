//! What went wrong, as a person and a script see it: a message, a hint, an exit code.

use dbx12_exec::http::{self, ErrorKind};
use dbx12_exec::types::{ClusterStatus, Idempotency, endpoint};
use dbx12_exec::{ExecError, Outcome};
use std::fmt;

/// What is said of a request that may have been delivered.
pub(crate) const NOT_SENT_AGAIN: &str = "it was not sent again, so that nothing runs twice; look whether it happened";

/// The exit codes. They are documented in `--help` and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    RemoteException = 1,
    Usage = 2,
    Credentials = 3,
    Unavailable = 4,
    Transport = 5,
    Unknown = 6,
    Timeout = 124,
    Interrupted = 130,
}

/// Ends the program: printed to stderr as `Error: …`, exits with its code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
            hint: None,
        }
    }

    /// For what has been told already.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// What went wrong, without the hint.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether there is something to tell.
    pub(crate) fn is_silent(&self) -> bool {
        self.message.is_empty()
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What the reader should know, where there is no other hint.
    pub(crate) fn or_hint(self, hint: impl Into<String>) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// What the reader can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nHint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<http::Error> for Failure {
    fn from(error: http::Error) -> Self {
        Self::of_call(&error)
    }
}

impl Failure {
    fn of_call(error: &http::Error) -> Self {
        let exit = exit_of(error);
        let failure = Self::new(exit, with_sources(error));
        match exit {
            Exit::Unknown => failure.hint(NOT_SENT_AGAIN),
            Exit::Unavailable if error.is_context_not_found() => {
                failure.hint("a context ends when it is destroyed, when its cluster restarts, or after long idleness")
            }
            _ => failure,
        }
    }
}

fn exit_of(error: &http::Error) -> Exit {
    if error.maybe_delivered() && must_not_run_twice(error.path()) {
        return Exit::Unknown;
    }
    if error.is_cluster_not_ready() || error.is_context_not_found() || is_not_running(error) {
        return Exit::Unavailable;
    }
    match error.kind() {
        ErrorKind::Unauthorized | ErrorKind::Credentials | ErrorKind::LoginPage => Exit::Credentials,
        _ => Exit::Transport,
    }
}

/// There is no such cluster, or it or the context is broken.
fn is_not_running(error: &http::Error) -> bool {
    error.body().is_some_and(|body| {
        let broken = body
            .exception()
            .is_some_and(|name| name.ends_with("NotRunning") || name == "TooManyContexts");
        body.is_cluster_not_found() || broken
    })
}

fn must_not_run_twice(path: &str) -> bool {
    endpoint::all()
        .iter()
        .any(|operation| operation.path == path && operation.idempotency == Idempotency::Once)
}

impl From<ExecError> for Failure {
    fn from(error: ExecError) -> Self {
        match error {
            ExecError::Unsuccessful(outcome) => (*outcome).into(),
            error => Self::of(&error),
        }
    }
}

impl Failure {
    /// Of an error that others have too.
    pub(crate) fn of(error: &ExecError) -> Self {
        match error {
            ExecError::Call(error) => Self::of_call(error),
            ExecError::SubmissionUnknown { .. } => Self::new(Exit::Unknown, with_sources(error))
                .hint("the context was destroyed, which ends the code if it was running"),
            ExecError::LostSight { .. } | ExecError::StillRunning { .. } | ExecError::AnswerLost { .. } => {
                Self::new(Exit::Unknown, with_sources(error))
            }
            ExecError::ClusterUnavailable {
                status: ClusterStatus::Terminated | ClusterStatus::Error,
                ..
            } => Self::new(Exit::Unavailable, with_sources(error))
                .hint("`dbx12 run --start` starts it and waits for it; that costs money"),
            ExecError::ClusterUnavailable { .. } | ExecError::ContextFailed { .. } => {
                Self::new(Exit::Unavailable, with_sources(error))
            }
            ExecError::OpenTimeout { .. } | ExecError::DeadlineExceeded { .. } => {
                Self::new(Exit::Timeout, with_sources(error))
            }
            ExecError::File { .. } | ExecError::Parameters(_) | ExecError::CannotFollow { .. } => {
                Self::usage(with_sources(error))
            }
            other => Self::new(Exit::Transport, with_sources(other)),
        }
    }
}

/// Outcomes other than success, where there is no traceback to print.
impl From<Outcome> for Failure {
    fn from(outcome: Outcome) -> Self {
        let exit = match &outcome {
            Outcome::Failed(_) => Exit::RemoteException,
            Outcome::Cancelled => Exit::Interrupted,
            Outcome::ContextLost { .. } | Outcome::ClusterGone { .. } => Exit::Unavailable,
            _ => Exit::Transport,
        };
        Self::new(exit, &outcome)
    }
}

/// The error and what it comes from, each said once.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !message.contains(&said) {
            message.push_str(": ");
            message.push_str(&said);
        }
        source = error.source();
    }
    message
}
