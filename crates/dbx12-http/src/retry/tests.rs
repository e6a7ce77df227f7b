//! When, and after how long.

mod table;

use super::*;
use crate::{TransportError, TransportErrorKind};
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
