//! What an error says.

use super::*;
use crate::failure::Failure;
use crate::{ErrorKind, TransportError};

fn error(failure: Failure, idempotency: Idempotency, attempts: u32) -> Error {
    let maybe_delivered = failure.maybe_delivered;
    let operation = Operation {
        method: Method::POST,
        path: "/api/1.2/commands/execute".into(),
        template: None,
        idempotency,
    };
    let record = CallRecord {
        operation,
        host: Host::parse("example.com").unwrap(),
        attempts,
        elapsed: Duration::from_millis(2540),
        maybe_delivered,
    };
    Error::new(failure, record)
}

fn interrupted() -> Failure {
    let cause = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let error = TransportError::new(TransportErrorKind::Interrupted, "the connection was lost").with_source(cause);
    Failure::of_transport(error)
}

#[test]
fn it_is_one_sentence_with_all_that_helps() {
    assert_eq!(
        error(interrupted(), Idempotency::Once, 1).to_string(),
        "POST /api/1.2/commands/execute on https://example.com failed: the connection was lost; it may have been carried \
         out all the same"
    );
    assert_eq!(
        error(interrupted(), Idempotency::Idempotent, 4).to_string(),
        "POST /api/1.2/commands/execute on https://example.com failed: the connection was lost, after 4 attempts in 2.5 s"
    );
    let mut failure = Failure::new(ErrorKind::Unauthorized, "403 Forbidden, Invalid access token.");
    failure.request_id = Some("r-1".to_owned());
    assert_eq!(
        error(failure, Idempotency::Once, 1).to_string(),
        "POST /api/1.2/commands/execute on https://example.com failed: 403 Forbidden, Invalid access token. (request id \
         r-1); check that the credentials belong to this workspace, have not expired, and may use the cluster"
    );
}

#[test]
fn it_says_how_long_the_service_asks_to_wait() {
    let mut failure = Failure::new(ErrorKind::RateLimited, "429 Too Many Requests");
    failure.retry_after = Some(Duration::from_secs(3600));
    let text = error(failure, Idempotency::Idempotent, 1).to_string();
    assert!(
        text.ends_with("failed: 429 Too Many Requests; the service asks to wait 3600 s"),
        "{text}"
    );
}

#[test]
fn the_cause_is_kept_for_programs() {
    let error = error(interrupted(), Idempotency::Once, 1);
    let cause = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(cause.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(format!("{error:?}").contains("Interrupted"));
}

#[test]
fn errors_are_small_and_travel_between_threads() {
    fn is_shared<T: Send + Sync + StdError + 'static>() {}
    is_shared::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
