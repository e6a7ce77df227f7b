//! What a response with a status of failure says.

use super::*;
use crate::ErrorKind::{NotFound, RateLimited, Redirect, Rejected, Unauthorized, Unavailable};

fn failure(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Failure {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Failure::of_response(&response.body(Bytes::from(body)).unwrap())
}

#[test]
fn every_shape_of_error_becomes_a_message() {
    for (status, body, kind, message) in [
        (
            500,
            r#"{"error":"ContextNotFound: x"}"#,
            Rejected,
            "500 Internal Server Error, ContextNotFound: x",
        ),
        (
            404,
            r#"{"error":"Bad Target: /api/1.2/x"}"#,
            NotFound,
            "404 Not Found, Bad Target: /api/1.2/x",
        ),
        (
            403,
            r#"{"error_code":"403","message":"Invalid access token."}"#,
            Unauthorized,
            "403 Forbidden, 403: Invalid access token.",
        ),
        (
            429,
            r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow"}"#,
            RateLimited,
            "429 Too Many Requests, REQUEST_LIMIT_EXCEEDED: slow",
        ),
        (
            400,
            "<html><title>Error 400</title><pre>    bad\n claims</pre></html>",
            Rejected,
            "400 Bad Request, bad claims",
        ),
        (
            400,
            "MALFORMED_REQUEST: vpc",
            Rejected,
            "400 Bad Request, MALFORMED_REQUEST: vpc",
        ),
        (401, "", Unauthorized, "401 Unauthorized"),
        (503, "", Unavailable, "503 Service Unavailable"),
        (500, "{}", Rejected, "500 Internal Server Error"),
        (799, "", Rejected, "799"),
    ] {
        let failure = failure(status, &[], body);
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (kind, message),
            "{status} {body}"
        );
        assert_eq!(failure.status.unwrap().as_u16(), status);
    }
}

#[test]
fn the_message_may_stand_in_a_header() {
    let failure = failure(500, &[("x-thriftserver-error-message", "no such table")], "");
    assert_eq!(failure.message, "500 Internal Server Error, no such table");
    assert_eq!(failure.body.unwrap().text(), "no such table");
}

#[test]
fn a_redirect_names_its_target_without_query_and_user() {
    let redirect = |location: &str| failure(302, &[("location", location)], "");
    let named = redirect("https://x.example/login.html?error=private-link-validation-error");
    assert_eq!(named.kind, Redirect);
    assert_eq!(named.message, "302 Found, which points to https://x.example/login.html");
    assert!(named.hint().unwrap().contains("not followed"));
    assert_eq!(redirect("https://user:CANARY@x.example/").message, "302 Found");
}

#[test]
fn what_the_service_says_cannot_drive_a_terminal_or_fill_the_screen() {
    let long: &'static str = format!("{{\"error\":\"E: \\u001b[31mred\\nnext {}\"}}", "x".repeat(5000)).leak();
    let failure = failure(500, &[], long);
    assert!(failure.message.contains("E: [31mred next x"), "{}", failure.message);
    assert!(failure.message.chars().count() < 400);
}

#[test]
fn the_request_id_and_retry_after_are_kept() {
    let failure = failure(429, &[("x-request-id", "r-1"), ("retry-after", "3")], "");
    assert_eq!(failure.request_id.as_deref(), Some("r-1"));
    assert_eq!(failure.retry_after, Some(Duration::from_secs(3)));
}
