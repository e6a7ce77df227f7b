//! What went wrong in one attempt, and what that says about delivery. Pure.

use crate::decode;
use crate::retry::retry_after;
use crate::types::ErrorBody;
use crate::{CredentialError, ErrorKind, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use std::error::Error as StdError;
use std::time::Duration;

/// What went wrong in one attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// What happened, for people; without the operation and the host.
    pub(crate) message: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) body: Option<Box<ErrorBody>>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<String>,
    /// It may go away by itself, so that trying again makes sense.
    pub(crate) transient: bool,
    /// The server may have processed the request. When false, it surely did not.
    pub(crate) maybe_delivered: bool,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            body: None,
            retry_after: None,
            request_id: None,
            transient: false,
            maybe_delivered: false,
            source: None,
        }
    }

    /// No complete response came.
    pub(crate) fn of_transport(error: TransportError) -> Self {
        use TransportErrorKind::{Connect, Interrupted, Proxy, Refused, Request, Timeout, Tls};
        let kind = error.kind();
        let (message, source) = error.into_parts();
        Self {
            transient: matches!(kind, Connect | Refused | Timeout | Interrupted),
            maybe_delivered: !matches!(kind, Connect | Tls | Proxy | Refused | Request),
            source,
            ..Self::new(kind.into(), message)
        }
    }

    /// The attempt took longer than it may. `maybe_sent` is what the transport told of its progress.
    pub(crate) fn attempt_timed_out(limit: Duration, maybe_sent: bool) -> Self {
        if !maybe_sent {
            let message = format!("could not connect within {limit:?}");
            return Self::of_transport(TransportError::new(TransportErrorKind::Connect, message));
        }
        let message = format!("no complete response within {limit:?}");
        Self::of_transport(TransportError::new(TransportErrorKind::Timeout, message))
    }

    /// The time of the whole call was over.
    pub(crate) fn deadline(limit: Duration, maybe_sent: bool) -> Self {
        Self {
            maybe_delivered: maybe_sent,
            ..Self::new(ErrorKind::Deadline, format!("the deadline of {limit:?} was over"))
        }
    }

    pub(crate) fn credentials(error: CredentialError) -> Self {
        Self {
            message: format!("no credentials: {error}"),
            source: Some(Box::new(error)),
            ..Self::new(ErrorKind::Credentials, "")
        }
    }

    /// The response's status is not one of success.
    pub(crate) fn of_response(response: &Response<Bytes>) -> Self {
        let (status, headers) = (response.status(), response.headers());
        let body = error_body(response);
        let retry_after = retry_after(headers);
        let verdict = judge(status, retry_after, body.as_ref());
        let message = match redirect_target(status, headers) {
            Some(target) => format!("{}, which points to {target}", status_phrase(status)),
            None => match body.as_ref().map(readable).filter(|text| !text.is_empty()) {
                Some(text) => format!("{}, {text}", status_phrase(status)),
                None => status_phrase(status),
            },
        };
        Self {
            status: Some(status),
            body: body.map(Box::new),
            retry_after,
            request_id: request_id(headers),
            transient: verdict.transient,
            maybe_delivered: verdict.maybe_delivered,
            ..Self::new(verdict.kind, message)
        }
    }

    /// The response's status is one of success, but it is not what the API documents: the request was processed.
    pub(crate) fn of_answer(response: &Response<Bytes>, kind: ErrorKind, message: String) -> Self {
        Self {
            status: Some(response.status()),
            request_id: request_id(response.headers()),
            maybe_delivered: true,
            ..Self::new(kind, message)
        }
    }

    /// The service does not take the token (any more). It says so with 401, and its gateway with 403 and these words; a
    /// 403 of another kind is about what the user may do.
    pub(crate) fn refuses_token(&self) -> bool {
        let says = |text| self.body.as_ref().is_some_and(|body| mentions(body, text));
        match self.status {
            Some(StatusCode::UNAUTHORIZED) => true,
            Some(StatusCode::FORBIDDEN) => says("Invalid access token") || says("expired"),
            _ => false,
        }
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self.kind {
            ErrorKind::Connect => Some("check the host, and that this machine can reach it"),
            ErrorKind::Proxy => {
                Some("check the proxy (HTTPS_PROXY, or the client's own setting), or name the host in NO_PROXY")
            }
            ErrorKind::Unauthorized => {
                Some("check that the credentials belong to this workspace, have not expired, and may use the cluster")
            }
            ErrorKind::NotFound => Some("check that the host is a workspace and serves API 1.2"),
            ErrorKind::LoginPage => {
                Some("check that the host is the workspace's own address and that the credentials are valid there")
            }
            ErrorKind::Redirect => {
                Some("redirects are not followed, so as not to show the credentials elsewhere; use the final address")
            }
            ErrorKind::TooLarge => Some("raise the response limit, or ask for less"),
            _ => None,
        }
    }
}

/// What a status and a body say.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    kind: ErrorKind,
    transient: bool,
    maybe_delivered: bool,
}

/// The service refused before it processed anything: the same request may be sent again by anyone.
const REFUSED: [&str; 7] = [
    "ClusterNotReadyException",
    "UnknownWorkerEnvironmentException",
    "does not have any associated worker environments",
    "There is no worker environment with id",
    "Unknown worker environment",
    "RPC token bucket limit has been exceeded",
    "REQUEST_LIMIT_EXCEEDED",
];

/// The service gave up on its way; the official clients try again, but it may have processed the request.
const GAVE_UP: [&str; 4] = [
    "Timed out after ",
    "deadline exceeded",
    "Unexpected error",
    "Please try again later or try a faster operation.",
];

/// Exceptions that say that the request was looked at and turned down, although the status is 500.
const TURNED_DOWN: [&str; 11] = [
    "ContextNotFound",
    "CommandNotFound",
    "ClusterNotFound",
    "ContextNotRunning",
    "ClusterNotRunning",
    "TooManyContexts",
    "TooManyCommands",
    "IllegalArgumentException",
    "UnauthorizedCommandException",
    "UnsupportedOperationException",
    "NameConflictException",
];

fn judge(status: StatusCode, retry_after: Option<Duration>, body: Option<&ErrorBody>) -> Verdict {
    let says = |texts: &[&str]| texts.iter().any(|text| body.is_some_and(|body| mentions(body, text)));
    let refused = |kind| Verdict {
        kind,
        transient: true,
        maybe_delivered: false,
    };
    let unknown = |kind| Verdict {
        kind,
        transient: true,
        maybe_delivered: true,
    };
    let stop = |kind, maybe_delivered| Verdict {
        kind,
        transient: false,
        maybe_delivered,
    };

    let failed = status.is_client_error() || status.is_server_error();
    match status.as_u16() {
        // A quota that does not refill by waiting a little; the official clients stop too.
        429 if says(&["RESOURCE_EXHAUSTED"]) => stop(ErrorKind::RateLimited, false),
        429 => refused(ErrorKind::RateLimited),
        400 if says(&["REQUEST_LIMIT_EXCEEDED"]) => refused(ErrorKind::RateLimited),
        // A gateway's word: it may repeat what it heard of an earlier try, and does not know what became of this one.
        408 | 502 | 504 => unknown(ErrorKind::Unavailable),
        _ if failed && (says(&REFUSED) || says(&["worker env "]) && says(&["not found"])) => {
            refused(ErrorKind::Unavailable)
        }
        503 if retry_after.is_some() => refused(ErrorKind::Unavailable),
        503 => unknown(ErrorKind::Unavailable),
        // Seen elsewhere: what was processed is to be looked at by GET (RFC 9110, 15.4.4).
        303 => stop(ErrorKind::Redirect, true),
        300..=399 => stop(ErrorKind::Redirect, false),
        401 | 403 => stop(ErrorKind::Unauthorized, false),
        404 => stop(ErrorKind::NotFound, false),
        500..=599 if says(&GAVE_UP) => unknown(ErrorKind::Rejected),
        500..=599 => stop(
            ErrorKind::Rejected,
            status != StatusCode::NOT_IMPLEMENTED && !body.is_some_and(turns_down),
        ),
        // 1xx, or a code that HTTP does not define: nobody knows.
        ..=399 | 600.. => stop(ErrorKind::Rejected, true),
        _ => stop(ErrorKind::Rejected, false),
    }
}

/// Whether the exception itself, rather than one that it tells of, says that the request was turned down.
fn turns_down(body: &ErrorBody) -> bool {
    [&body.error, &body.error_code, &body.message]
        .into_iter()
        .flatten()
        .filter_map(|field| field.split(':').next()?.rsplit(['.', '$']).next())
        .any(|name| TURNED_DOWN.contains(&name.trim()))
}

fn mentions(body: &ErrorBody, text: &str) -> bool {
    [&body.error, &body.error_code, &body.message]
        .into_iter()
        .flatten()
        .any(|field| field.contains(text))
}

/// What the service says about its failure, wherever it says it.
fn error_body(response: &Response<Bytes>) -> Option<ErrorBody> {
    let said = ErrorBody::parse(response.body());
    // Seen in clients of the service: an empty body, and the message in this header.
    let in_header = || ErrorBody::parse(response.headers().get("x-thriftserver-error-message")?.as_bytes());
    said.or_else(in_header)
}

fn readable(body: &ErrorBody) -> String {
    decode::one_line(&body.to_string())
}

fn status_phrase(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// Where a redirect points, without query: scheme, host and path.
fn redirect_target(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if !status.is_redirection() {
        return None;
    }
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let target = location.split(['?', '#']).next()?;
    // A user or a password has no business in an error.
    (!target.contains('@')).then(|| decode::one_line(target))
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    Some(decode::one_line(id))
}

#[cfg(test)]
mod tests;
