//! What an error of hyper says about delivery. Pure.

use super::pool::BoxError;
use super::proxy::{Proxy, ProxyError};
use crate::tls;
use crate::transport::{TransportError, TransportErrorKind};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;

pub(super) fn connect_timed_out(limit: Duration, proxy: Option<&Proxy>) -> TransportError {
    let message = format!("could not connect within {limit:?}{}", way(proxy));
    TransportError::new(TransportErrorKind::Connect, message)
}

/// There is no connection.
pub(super) fn connect_failed(error: BoxError, proxy: Option<&Proxy>) -> TransportError {
    if let Some(refusal) = find::<ProxyError>(&*error) {
        return TransportError::from(refusal).with_source(error);
    }
    if let Some(refusal) = find::<rustls::Error>(&*error) {
        let message = format!("{}{}", tls::explain(refusal), way(proxy));
        return TransportError::new(TransportErrorKind::Tls, message).with_source(error);
    }
    let message = format!("could not connect: {}", root_cause(&*error));
    TransportError::new(TransportErrorKind::Connect, message).with_source(error)
}

/// No response came over a connection. `unsent` when hyper gave the request back without having begun it; `is_new` when it
/// was the first on its connection.
pub(super) fn send_failed(error: hyper::Error, unsent: bool, is_new: bool, proxy: Option<&Proxy>) -> TransportError {
    if unsent || (is_new && client_refused(&error)) {
        return connect_failed(error.into(), proxy);
    }
    if given_back(&error) {
        let what = "the server gave the request back without having begun with it";
        return of_kind(TransportErrorKind::Refused, what, error);
    }
    if error.is_parse() {
        return of_kind(TransportErrorKind::Malformed, "the response is not HTTP", error);
    }
    // hyper calls it the user's error when the connection's task ended with its runtime. The request may have left.
    of_kind(
        TransportErrorKind::Interrupted,
        "the connection was lost before the response came",
        error,
    )
}

/// There is nobody to send it to.
pub(super) fn not_absolute() -> TransportError {
    TransportError::new(TransportErrorKind::Request, "the request's URI names no host")
}

/// The response's head came, but its body did not come to its end.
pub(super) fn body_failed(error: hyper::Error) -> TransportError {
    // Chunks that are none, rather than a connection that ended. hyper reports them as wrong input.
    let wrong_input = find::<io::Error>(&error)
        .is_some_and(|io| matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    if wrong_input && find::<rustls::Error>(&error).is_none() {
        return of_kind(TransportErrorKind::Malformed, "the response is not HTTP", error);
    }
    of_kind(
        TransportErrorKind::Interrupted,
        "the connection was lost in the middle of the response",
        error,
    )
}

/// The server ended the handshake because of who the client is. In TLS 1.3 that arrives when the client already takes the
/// handshake for done; but a server looks at no request before it has seen the client's part of it (RFC 8446, 4.4.2). On a
/// connection that carried a request before, the handshake is long over: then an alert says nothing of delivery.
fn client_refused(error: &hyper::Error) -> bool {
    find::<rustls::Error>(error).is_some_and(tls::is_refusal_of_the_client)
}

/// HTTP/2 can say for sure that a request was not begun (RFC 9113, 8.7). h2 reports a `GOAWAY` of the server only for the
/// streams beyond the last one that it names; the others are told when the connection ends.
#[cfg(feature = "http2")]
fn given_back(error: &hyper::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
    })
}

#[cfg(not(feature = "http2"))]
fn given_back(_: &hyper::Error) -> bool {
    false
}

impl From<&ProxyError> for TransportError {
    fn from(error: &ProxyError) -> Self {
        let kind = if error.is_final {
            TransportErrorKind::Proxy
        } else {
            TransportErrorKind::Connect
        };
        Self::new(kind, error.to_string())
    }
}

fn way(proxy: Option<&Proxy>) -> String {
    proxy.map_or_else(String::new, |proxy| format!(" (by the proxy {proxy})"))
}

fn of_kind(kind: TransportErrorKind, what: &str, error: impl StdError + Send + Sync + 'static) -> TransportError {
    let message = format!("{what}: {}", root_cause(&error));
    TransportError::new(kind, message).with_source(error)
}

/// An error and its causes.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// `io::Error` hides what it wraps from `source`, so it is asked for it.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

pub(super) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_io_errors_wrap_is_found() {
        let refusal = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, refusal));
        assert!(find::<rustls::Error>(&error).is_some());
        assert!(root_cause(&error).contains("UnknownIssuer"));
        assert!(find::<rustls::Error>(&io::Error::from(io::ErrorKind::ConnectionReset)).is_none());
    }
}
