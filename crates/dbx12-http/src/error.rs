//! Why a call failed.

use crate::encode::Operation;
use crate::failure::Failure;
use crate::types::{ErrorBody, Idempotency};
use crate::{CredentialError, Host, TransportErrorKind};
use http::{Method, StatusCode};
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a call failed, after all attempts.
///
/// Its text is one sentence: the operation, the host, what happened and what can be done. Neither text nor source holds a
/// secret, a query, code or results. The text already names the cause; [`source`](StdError::source) is for programs.
pub struct Error(Box<Inner>);

struct Inner {
    failure: Failure,
    call: CallRecord,
}

/// What a call was and how it went.
#[derive(Debug)]
pub(crate) struct CallRecord {
    pub(crate) operation: Operation,
    pub(crate) host: Host,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Whether any attempt may have been delivered.
    pub(crate) maybe_delivered: bool,
}

impl Error {
    pub(crate) fn new(failure: Failure, call: CallRecord) -> Self {
        Self(Box::new(Inner { failure, call }))
    }

    /// What kind of failure it is: the thing to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.0.failure.kind
    }

    /// The status of the last response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.failure.status
    }

    /// What the service says in its last response, if it was a failure that says something.
    pub fn body(&self) -> Option<&ErrorBody> {
        self.0.failure.body.as_deref()
    }

    /// How often the request was tried; 0 when it failed before the first attempt.
    pub fn attempts(&self) -> u32 {
        self.0.call.attempts
    }

    /// How long the call took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.0.call.elapsed
    }

    /// Whether the operation may have been carried out, by any of the attempts, or may still be.
    ///
    /// `false` is certain: nothing was sent, or it was refused before it was processed. `true` means that nobody knows;
    /// for an operation that must happen once, look at the state of the workspace before asking again.
    pub fn maybe_delivered(&self) -> bool {
        self.0.call.maybe_delivered
    }

    /// How long the service asked to wait, in its last response.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.failure.retry_after
    }

    /// The request id in the last response: what the support of the service asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.failure.request_id.as_deref()
    }

    /// The HTTP method of the call.
    pub fn method(&self) -> &Method {
        &self.0.call.operation.method
    }

    /// The path of the call, without its query.
    pub fn path(&self) -> &str {
        &self.0.call.operation.path
    }

    /// The host the call went to.
    pub fn host(&self) -> &Host {
        &self.0.call.host
    }

    /// The service says that the context does not exist, or does no longer.
    pub fn is_context_not_found(&self) -> bool {
        self.body().is_some_and(ErrorBody::is_context_not_found)
    }

    /// The service says that the command does not exist, or not yet.
    pub fn is_command_not_found(&self) -> bool {
        self.body().is_some_and(ErrorBody::is_command_not_found)
    }

    /// The service says that the cluster exists but takes no commands now.
    pub fn is_cluster_not_ready(&self) -> bool {
        self.body().is_some_and(ErrorBody::is_cluster_not_ready)
    }

    /// Time ran out: that of an attempt, or that of the call.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout | ErrorKind::Deadline)
    }

    /// The failure would probably not happen again later: the network, the load or the state of the service was at fault.
    pub fn is_transient(&self) -> bool {
        let credentials = self
            .source()
            .and_then(|source| source.downcast_ref::<CredentialError>());
        let no_token_now = credentials.is_some_and(CredentialError::is_transient);
        self.0.failure.transient || no_token_now || self.is_timeout()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { failure, call } = &*self.0;
        let Operation {
            method,
            path,
            idempotency,
            ..
        } = &call.operation;
        write!(f, "{method} {path} on {} failed: {}", call.host, failure.message)?;
        if let Some(id) = &failure.request_id {
            write!(f, " (request id {id})")?;
        }
        if call.attempts > 1 {
            let seconds = call.elapsed.as_secs_f64();
            write!(f, ", after {} attempts in {seconds:.1} s", call.attempts)?;
        }
        if call.maybe_delivered && *idempotency == Idempotency::Once {
            write!(f, "; it may have been carried out all the same")?;
        }
        if let Some(wait) = failure.retry_after {
            write!(f, "; the service asks to wait {} s", wait.as_secs())?;
        }
        match failure.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { failure, call } = &*self.0;
        f.debug_struct("Error")
            .field("kind", &failure.kind)
            .field("status", &failure.status)
            .field("message", &failure.message)
            .field("call", call)
            .field("source", &failure.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.failure.source.as_ref().map(|source| &**source as _)
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There was no connection; nothing was sent.
    Connect,
    /// The server's certificate or its TLS was refused; nothing was sent.
    Tls,
    /// A proxy on the way refused, or wants credentials of its own; nothing was sent. A proxy that cannot be reached, or
    /// that cannot reach the server, is [`Connect`](Self::Connect).
    Proxy,
    /// No complete response within the time of an attempt.
    Timeout,
    /// The time of the whole call was over.
    Deadline,
    /// The connection was lost before the response was complete.
    Interrupted,
    /// 401 or 403: the credentials are missing, wrong, expired, or may not do this.
    Unauthorized,
    /// 404: there is no such path. What the service does not find answers with another status, see
    /// [`Error::is_context_not_found`].
    NotFound,
    /// The service understood and refused, or failed: any other 4xx or 5xx. [`Error::body`] says why.
    Rejected,
    /// 429, or a body that says the same: too many requests.
    RateLimited,
    /// 408, 502, 503, 504, a body that says that the service or the cluster is not ready, or a request that was given back.
    Unavailable,
    /// A page in HTML came where the API answers JSON: a login page, mostly.
    LoginPage,
    /// 3xx: the server points elsewhere. Redirects are not followed.
    Redirect,
    /// The response is not what the API documents.
    Decode,
    /// The response is larger than the limit.
    TooLarge,
    /// The credentials could not be had.
    Credentials,
    /// The request cannot be sent as it is.
    Request,
    /// The transport failed in its own way.
    Transport,
}

impl From<TransportErrorKind> for ErrorKind {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connect => Self::Connect,
            TransportErrorKind::Tls => Self::Tls,
            TransportErrorKind::Proxy => Self::Proxy,
            TransportErrorKind::Refused => Self::Unavailable,
            TransportErrorKind::Request => Self::Request,
            TransportErrorKind::Timeout => Self::Timeout,
            TransportErrorKind::Interrupted => Self::Interrupted,
            TransportErrorKind::TooLarge => Self::TooLarge,
            TransportErrorKind::Malformed => Self::Decode,
            TransportErrorKind::Other => Self::Transport,
        }
    }
}

#[cfg(test)]
mod tests;
