//! Every cell of the retry table.

use super::*;
use crate::{TransportError, TransportErrorKind, decode};
use bytes::Bytes;
use http::Response;

fn transport(kind: TransportErrorKind) -> Failure {
    Failure::of_transport(TransportError::new(kind, "x"))
}

fn status(status: u16, body: &'static str) -> Failure {
    Failure::of_response(&Response::builder().status(status).body(Bytes::from(body)).unwrap())
}

fn asking(status: u16, retry_after: &str) -> Failure {
    let response = Response::builder().status(status).header("Retry-After", retry_after);
    Failure::of_response(&response.body(Bytes::new()).unwrap())
}

/// The table of the docs: what happened, again if idempotent, again if once, maybe delivered.
fn table() -> Vec<(&'static str, Failure, bool, bool, bool)> {
    use TransportErrorKind::{Connect, Interrupted, Malformed, Other, Request, Timeout, Tls, TooLarge};
    let error = |exception: &str| -> &'static str { format!(r#"{{"error":"{exception}"}}"#).leak() };
    let again = |name, failure| (name, failure, true, true, false);
    let unknown = |name, failure| (name, failure, true, false, true);
    let refused = |name, failure| (name, failure, false, false, false);
    let stop_unknown = |name, failure| (name, failure, false, false, true);
    vec![
        again("could not connect", transport(Connect)),
        refused("certificate refused", transport(Tls)),
        refused("cannot be sent", transport(Request)),
        unknown("timeout", transport(Timeout)),
        unknown("connection lost", transport(Interrupted)),
        stop_unknown("too large", transport(TooLarge)),
        stop_unknown("not HTTP", transport(Malformed)),
        stop_unknown("transport's own", transport(Other)),
        again("429", status(429, "")),
        again("429 with Retry-After", asking(429, "1")),
        refused(
            "429 quota",
            status(429, r#"{"error_code":"RESOURCE_EXHAUSTED","message":"m"}"#),
        ),
        again(
            "400 rate limit",
            status(400, r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"m"}"#),
        ),
        again("503 with Retry-After", asking(503, "1")),
        unknown("503 with nonsense in Retry-After", asking(503, "soon")),
        unknown("503", status(503, "")),
        unknown("408", status(408, "")),
        unknown("502", status(502, "<html><title>Bad Gateway</title></html>")),
        unknown("504", status(504, "")),
        again(
            "cluster not ready",
            status(500, error("ClusterNotReadyException: Cluster 1 not currently ready")),
        ),
        again(
            "cluster not ready, 400",
            status(400, error("ClusterNotReadyException: x")),
        ),
        again(
            "worker 1",
            status(500, error("Foo: c does not have any associated worker environments")),
        ),
        again(
            "worker 2",
            status(500, error("Foo: There is no worker environment with id x")),
        ),
        again("worker 3", status(500, error("Unknown worker environment x"))),
        again(
            "worker 4",
            status(
                400,
                error("com.databricks.backend.manager.util.UnknownWorkerEnvironmentException: x"),
            ),
        ),
        again(
            "worker 5",
            status(404, error("Foo: worker env WorkerEnvId(workerenv-1) not found")),
        ),
        again("503 refused", status(503, error("ClusterNotReadyException: x"))),
        unknown("gave up", status(500, error("TimeoutException: Timed out after 30 s"))),
        unknown("gave up 2", status(500, error("RuntimeException: deadline exceeded"))),
        refused("301", status(301, "")),
        refused("304", status(304, "")),
        refused("400", status(400, error("x"))),
        refused("401", status(401, "")),
        refused(
            "403",
            status(403, r#"{"error_code":"403","message":"Invalid access token."}"#),
        ),
        refused("404", status(404, error("Bad Target: /api/1.2/x"))),
        refused("409", status(409, "")),
        refused("413", status(413, "")),
        refused("499", status(499, "")),
        refused("500 context not found", status(500, error("ContextNotFound: x"))),
        refused(
            "500 bad argument",
            status(
                500,
                error("IllegalArgumentException: requirement failed: missing contextId"),
            ),
        ),
        stop_unknown("500", status(500, "")),
        stop_unknown(
            "500 of another exception",
            status(500, error("RuntimeException: Unknown ExecutionStatus")),
        ),
        refused("501", status(501, "")),
        stop_unknown("507", status(507, "")),
        stop_unknown("599", status(599, "")),
        stop_unknown("999", status(999, "")),
        refused(
            "login page",
            decode::untyped(Response::new(Bytes::from("<title>Sign In</title>"))).unwrap_err(),
        ),
        stop_unknown(
            "undecodable",
            Failure::of_answer(&Response::new(Bytes::new()), crate::ErrorKind::Decode, String::new()),
        ),
        stop_unknown("deadline after sending", Failure::deadline(Duration::ZERO, true)),
        refused("deadline before sending", Failure::deadline(Duration::ZERO, false)),
        again(
            "connecting took too long",
            Failure::attempt_timed_out(Duration::ZERO, false),
        ),
        unknown(
            "the response took too long",
            Failure::attempt_timed_out(Duration::ZERO, true),
        ),
        refused("no credentials", Failure::credentials(crate::CredentialError::new("x"))),
    ]
}

#[test]
fn every_cell_of_the_table() {
    let policy = RetryPolicy::default();
    for (name, failure, idempotent, once, maybe_delivered) in table() {
        let again = |idempotency| {
            let mut rng = fastrand::Rng::with_seed(1);
            decide(&policy, 1, &failure, idempotency, &mut rng).is_some()
        };
        assert_eq!(again(Idempotency::Idempotent), idempotent, "{name}, idempotent");
        assert_eq!(again(Idempotency::Once), once, "{name}, once");
        assert_eq!(failure.maybe_delivered, maybe_delivered, "{name}, delivered");
    }
}

#[test]
fn once_is_never_sent_again_when_it_may_have_been_processed() {
    for (name, failure, _, again_once, _) in table() {
        assert!(!(again_once && failure.maybe_delivered), "{name}");
    }
}

#[test]
fn attempts_are_counted_with_the_first() {
    let failure = transport(TransportErrorKind::Connect);
    let decide = |policy: RetryPolicy, attempt| {
        decide(
            &policy,
            attempt,
            &failure,
            Idempotency::Once,
            &mut fastrand::Rng::with_seed(1),
        )
        .is_some()
    };
    assert!(decide(RetryPolicy::default(), 3) && !decide(RetryPolicy::default(), 4));
    assert!(!decide(RetryPolicy::never(), 1));
    assert!(!decide(RetryPolicy::default().max_attempts(0), 1));
}

#[test]
fn waits_double_to_the_cap_and_lose_up_to_a_half() {
    let failure = transport(TransportErrorKind::Connect);
    let policy = RetryPolicy::default().max_attempts(u32::MAX);
    let mut rng = fastrand::Rng::with_seed(3);
    for (attempt, longest) in [
        (1, 500),
        (2, 1_000),
        (3, 2_000),
        (5, 8_000),
        (6, 10_000),
        (60, 10_000),
        (4_000_000, 10_000),
    ] {
        let longest = Duration::from_millis(longest);
        let waits: Vec<_> = (0..200)
            .map(|_| decide(&policy, attempt, &failure, Idempotency::Once, &mut rng).unwrap())
            .collect();
        assert!(
            waits.iter().all(|wait| longest / 2 <= *wait && *wait <= longest),
            "{attempt}"
        );
        // They spread over the whole half.
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(
            *least < longest.mul_f64(0.55) && *most > longest.mul_f64(0.95),
            "{attempt}"
        );
    }
}

#[test]
fn the_same_seed_waits_the_same() {
    let wait = || {
        let failure = transport(TransportErrorKind::Connect);
        decide(
            &RetryPolicy::default(),
            1,
            &failure,
            Idempotency::Once,
            &mut fastrand::Rng::with_seed(9),
        )
    };
    assert_eq!(wait(), wait());
}

#[test]
fn retry_after_is_a_floor_up_to_the_longest_wait() {
    let wait = |retry_after: &str| {
        let failure = asking(429, retry_after);
        decide(
            &RetryPolicy::default(),
            1,
            &failure,
            Idempotency::Once,
            &mut fastrand::Rng::with_seed(1),
        )
    };
    assert!(wait("0").is_some_and(|wait| wait >= Duration::from_millis(250)));
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("60"), Some(Duration::from_secs(60)));
    assert_eq!(wait("61"), None);
    assert_eq!(wait("99999999999999999999999"), None);
    assert_eq!(wait("Fri, 31 Dec 9999 23:59:59 GMT"), None);
}
