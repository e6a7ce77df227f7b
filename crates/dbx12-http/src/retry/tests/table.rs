//! The retry table, cell by cell, and as the documentation shows it.

use super::*;
use crate::decode;

/// A row of the table: what happened, in the words of the documentation; the failures that it stands for; whether an
/// idempotent operation is tried again, one that must happen once, and whether it may have been delivered; and why.
struct Row {
    what: &'static str,
    failures: Vec<Failure>,
    idempotent: bool,
    once: bool,
    maybe_delivered: bool,
    why: &'static str,
}

fn row(
    what: &'static str,
    (idempotent, once, maybe_delivered): (bool, bool, bool),
    why: &'static str,
    failures: impl Into<Vec<Failure>>,
) -> Row {
    Row {
        what,
        failures: failures.into(),
        idempotent,
        once,
        maybe_delivered,
        why,
    }
}

/// Tried again, maybe delivered.
const AGAIN: (bool, bool, bool) = (true, true, false);
const UNKNOWN: (bool, bool, bool) = (true, false, true);
const STOP: (bool, bool, bool) = (false, false, false);
const STOP_UNKNOWN: (bool, bool, bool) = (false, false, true);

fn table() -> Vec<Row> {
    [
        before_the_server(),
        without_an_answer(),
        refused(),
        failed(),
        not_the_answer(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn before_the_server() -> Vec<Row> {
    use TransportErrorKind::{Connect, Request, Tls};
    let credentials = Failure::credentials(crate::CredentialError::new("x"));
    vec![
        row("could not connect", AGAIN, "never sent", [transport(Connect)]),
        row(
            "no connection within the time of an attempt",
            AGAIN,
            "never sent",
            [Failure::attempt_timed_out(Duration::ZERO, false)],
        ),
        row(
            "certificate or TLS refused",
            STOP,
            "will not get better",
            [transport(Tls)],
        ),
        row(
            "cannot be sent as it is",
            STOP,
            "will not get better",
            [transport(Request)],
        ),
        row("no credentials", STOP, "will not get better", [credentials]),
        row(
            "the call's deadline was over before it was sent",
            STOP,
            "never sent, and no time is left",
            [Failure::deadline(Duration::ZERO, false)],
        ),
    ]
}

fn without_an_answer() -> Vec<Row> {
    use TransportErrorKind::{Interrupted, Other, Timeout};
    vec![
        row("connection lost", UNKNOWN, "nobody knows", [transport(Interrupted)]),
        row(
            "no complete answer within the time of an attempt",
            UNKNOWN,
            "nobody knows",
            [transport(Timeout), Failure::attempt_timed_out(Duration::ZERO, true)],
        ),
        row(
            "the call's deadline was over after it was sent",
            STOP_UNKNOWN,
            "no time is left",
            [Failure::deadline(Duration::ZERO, true)],
        ),
        row(
            "a failure of the transport's own",
            STOP_UNKNOWN,
            "nobody knows",
            [transport(Other)],
        ),
    ]
}

fn refused() -> Vec<Row> {
    const WHY: &str = "refused before it was processed";
    let coded = |code: &str| -> &'static str { format!(r#"{{"error_code":"{code}","message":"m"}}"#).leak() };
    vec![
        row(
            "429",
            AGAIN,
            WHY,
            [status(429, ""), asking(429, "1"), asking(429, "soon")],
        ),
        row(
            "429 with `RESOURCE_EXHAUSTED`",
            STOP,
            "a quota, which waiting does not refill",
            [status(429, coded("RESOURCE_EXHAUSTED"))],
        ),
        row(
            "400 with `REQUEST_LIMIT_EXCEEDED`",
            AGAIN,
            WHY,
            [status(400, coded("REQUEST_LIMIT_EXCEEDED"))],
        ),
        row("503 with `Retry-After`", AGAIN, WHY, [asking(503, "1")]),
        row(
            "another 4xx or 5xx that names `ClusterNotReadyException`",
            AGAIN,
            WHY,
            [
                status(500, error("ClusterNotReadyException: Cluster 1 not currently ready")),
                status(400, error("ClusterNotReadyException: x")),
                status(503, error("ClusterNotReadyException: x")),
            ],
        ),
        row(
            "another 4xx or 5xx that misses a worker environment",
            AGAIN,
            WHY,
            [
                status(500, error("Foo: c does not have any associated worker environments")),
                status(500, error("Foo: There is no worker environment with id x")),
                status(500, error("Unknown worker environment x")),
                status(
                    400,
                    error("com.databricks.backend.manager.util.UnknownWorkerEnvironmentException: x"),
                ),
                status(404, error("Foo: worker env WorkerEnvId(workerenv-1) not found")),
            ],
        ),
        row(
            "another 4xx or 5xx that names the token bucket of calls",
            AGAIN,
            WHY,
            [status(500, error("Foo: RPC token bucket limit has been exceeded"))],
        ),
    ]
}

fn failed() -> Vec<Row> {
    const GIVEN_UP: &str = "the service gave up on its way; nobody knows";
    vec![
        row(
            "408, 502, 504, whatever they say; 503 without `Retry-After`",
            UNKNOWN,
            "nobody knows",
            [
                status(408, ""),
                status(502, "<html><title>Bad Gateway</title></html>"),
                status(504, ""),
                status(504, error("gateway timeout; last: ClusterNotReadyException")),
                status(502, error("ClusterNotReadyException: x")),
                status(408, error("Unknown worker environment")),
                status(503, ""),
                asking(503, "soon"),
                asking(503, "-1"),
            ],
        ),
        row(
            "5xx with `Timed out after`, `deadline exceeded`, `Unexpected error` or `try again later`",
            UNKNOWN,
            GIVEN_UP,
            [
                status(500, error("TimeoutException: Timed out after 30 s")),
                status(500, error("RuntimeException: deadline exceeded")),
                status(500, error("Unexpected error")),
                status(500, error("Please try again later or try a faster operation.")),
            ],
        ),
        row(
            "500 that turns the request down: `ContextNotFound`, `IllegalArgumentException` and the like",
            STOP,
            "will not get better",
            [
                status(500, error("ContextNotFound: x")),
                status(500, error("CommandNotFound: x")),
                status(
                    500,
                    error("java.lang.IllegalArgumentException: requirement failed: missing contextId"),
                ),
                status(500, error("UnauthorizedCommandException: x")),
                status(500, error("NameConflictException: x")),
            ],
        ),
        row("501", STOP, "will not get better", [status(501, "")]),
        row(
            "any other 5xx",
            STOP_UNKNOWN,
            "the service failed, and may do so again",
            [
                status(500, ""),
                status(500, error("RuntimeException: Unknown ExecutionStatus")),
                // It tells of an exception that would have turned the request down.
                status(
                    500,
                    error("RpcException: reply lost; caused by java.lang.IllegalArgumentException"),
                ),
                status(507, ""),
                status(599, ""),
            ],
        ),
        row(
            "303",
            STOP_UNKNOWN,
            "what a server says that has processed a POST",
            [status(303, "")],
        ),
        row(
            "any other 3xx or 4xx",
            STOP,
            "turned down",
            [
                status(301, ""),
                status(304, ""),
                status(400, error("x")),
                status(401, ""),
                status(403, r#"{"error_code":"403","message":"Invalid access token."}"#),
                status(404, error("Bad Target: /api/1.2/x")),
                status(409, ""),
                status(413, ""),
                status(499, ""),
            ],
        ),
        row(
            "a status that HTTP does not know",
            STOP_UNKNOWN,
            "nobody knows",
            [status(199, ""), status(999, "")],
        ),
    ]
}

fn not_the_answer() -> Vec<Row> {
    use TransportErrorKind::{Malformed, TooLarge};
    const WHY: &str = "it was carried out";
    let login = decode::untyped(Response::new(Bytes::from("<title>Sign In</title>"))).unwrap_err();
    let undecodable = Failure::of_answer(&Response::new(Bytes::new()), crate::ErrorKind::Decode, String::new());
    vec![
        row(
            "an answer that cannot be read, or is too large",
            STOP_UNKNOWN,
            WHY,
            [transport(Malformed), transport(TooLarge), undecodable],
        ),
        row(
            "a login page in the place of an answer",
            STOP,
            "it did not reach the API",
            [login],
        ),
    ]
}

fn error(exception: &str) -> &'static str {
    format!(r#"{{"error":"{exception}"}}"#).leak()
}

#[test]
fn every_cell_of_the_table() {
    let policy = RetryPolicy::default();
    for row in table() {
        for failure in &row.failures {
            let again =
                |idempotency| decide(&policy, 1, failure, idempotency, &mut fastrand::Rng::with_seed(1)).is_some();
            let context = format!("{}: {}", row.what, failure.message);
            assert_eq!(again(Idempotency::Idempotent), row.idempotent, "{context}, idempotent");
            assert_eq!(again(Idempotency::Once), row.once, "{context}, once");
            assert_eq!(failure.maybe_delivered, row.maybe_delivered, "{context}, delivered");
        }
    }
}

#[test]
fn once_is_never_sent_again_when_it_may_have_been_processed() {
    assert!(table().iter().all(|row| !(row.once && row.maybe_delivered)));
}

/// The table of the documentation is this one. `DBX12_WRITE_TABLES=1 cargo test -p dbx12-http retry` writes it anew.
#[test]
fn the_table_of_the_documentation_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/retry/table.md");
    let mut text = "| what happened | idempotent | once | why |\n|---|---|---|---|\n".to_owned();
    for row in table() {
        let cell = |again| match (again, row.maybe_delivered) {
            (true, _) => "again",
            (false, true) => "stop, maybe delivered",
            (false, false) => "stop",
        };
        let (idempotent, once) = (cell(row.idempotent), cell(row.once));
        text += &format!("| {} | {idempotent} | {once} | {} |\n", row.what, row.why);
    }
    if std::env::var_os("DBX12_WRITE_TABLES").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), text);
}
