//! The one span a call, all that may be in it, and the trace that a call belongs to.

use crate::encode::Operation;
use crate::failure::Failure;
use crate::{ErrorKind, Host};
use http::{HeaderMap, HeaderName, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tracing::{Span, field};

/// The span of a call, with the names of OpenTelemetry's semantic conventions for HTTP clients and those by which
/// `tracing-opentelemetry` is told what a span is. No query, no header, no body; and so no `url.full`.
pub(crate) fn span(operation: &Operation, host: &Host) -> Span {
    let method = operation.method.as_str();
    let span = tracing::info_span!(
        "dbx12.call",
        otel.kind = "client",
        otel.name = field::Empty,
        otel.status_code = field::Empty,
        http.request.method = method,
        url.scheme = if host.is_https() { "https" } else { "http" },
        url.path = &*operation.path,
        url.template = operation.template,
        server.address = host.name(),
        server.port = host.port(),
        http.response.status_code = field::Empty,
        http.request.resend_count = field::Empty,
        error.type = field::Empty,
        attempts = field::Empty,
        elapsed_ms = field::Empty,
        request_id = field::Empty,
    );
    // A path of the caller's own may hold ids: too many names for a span.
    match operation.template {
        Some(template) => span.record("otel.name", format_args!("{method} {template}")),
        None => span.record("otel.name", method),
    };
    span
}

/// Whether anybody is told of the span.
pub(crate) fn is_seen(span: &Span) -> bool {
    span.metadata().is_some()
}

/// How a call went.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) status: Option<StatusCode>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) failure: Option<&'a Failure>,
}

impl Outcome<'_> {
    pub(crate) fn record(&self, span: &Span) {
        span.record("attempts", self.attempts);
        span.record(
            "elapsed_ms",
            u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
        );
        if self.attempts > 1 {
            span.record("http.request.resend_count", self.attempts - 1);
        }
        if let Some(status) = self.status {
            span.record("http.response.status_code", status.as_u16());
        }
        if let Some(request_id) = self.request_id {
            span.record("request_id", request_id);
        }
        if let Some(failure) = self.failure {
            span.record("otel.status_code", "ERROR");
            match self.status.filter(|status| !status.is_success()) {
                Some(status) => span.record("error.type", status.as_str()),
                None => span.record("error.type", kind_name(failure.kind).as_str()),
            };
        }
    }
}

/// The kind as it is called in the documentation.
fn kind_name(kind: ErrorKind) -> String {
    format!("{kind:?}")
}

/// Says which trace the calls belong to, see [`ClientBuilder::trace_context`](crate::ClientBuilder::trace_context).
#[derive(Clone)]
pub(crate) struct TraceContext(Arc<dyn Fn(&mut HeaderMap) + Send + Sync>);

/// What belongs to a trace (W3C Trace Context, 3). Nothing else that is written is sent.
pub(crate) const TRACE_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

impl TraceContext {
    pub(crate) fn new(write: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let mut written = HeaderMap::new();
        (self.0)(&mut written);
        for name in TRACE_HEADERS {
            if let Some(value) = written.remove(&name) {
                headers.insert(name, value);
            }
        }
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceContext")
    }
}

#[cfg(test)]
mod tests;
