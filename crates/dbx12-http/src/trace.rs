//! The one span a call, and all that may be in it.

use crate::Host;
use crate::encode::Operation;
use http::StatusCode;
use std::time::Duration;
use tracing::{Span, field};

/// The span of a call, with the names of OpenTelemetry's HTTP clients. No query, no header, no body.
pub(crate) fn span(operation: &Operation, host: &Host) -> Span {
    tracing::info_span!(
        "dbx12.call",
        http.request.method = operation.method.as_str(),
        url.path = operation.path.as_str(),
        server.address = host.name(),
        http.response.status_code = field::Empty,
        attempts = field::Empty,
        elapsed_ms = field::Empty,
        request_id = field::Empty,
    )
}

/// Writes down how the call went.
pub(crate) fn record(
    span: &Span,
    attempts: u32,
    elapsed: Duration,
    status: Option<StatusCode>,
    request_id: Option<&str>,
) {
    span.record("attempts", attempts);
    span.record("elapsed_ms", u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if let Some(request_id) = request_id {
        span.record("request_id", request_id);
    }
}

#[cfg(test)]
mod tests;
