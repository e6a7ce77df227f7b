//! Any bytes as `Retry-After`, with any `Date`: read by the rules or not at all, and never a reason to hang.
#![no_main]

use std::time::Duration;

use dbx12_http::bytes::Bytes;
use dbx12_http::http::{HeaderValue, Response};
use dbx12_http::{Client, Credentials, ErrorKind, RetryPolicy, transport};
use dbx12_types::ListClusters;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (asked, date) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], Some(&data[end + 1..])),
        None => (data, None),
    };
    let Ok(asked) = HeaderValue::from_bytes(asked) else {
        return;
    };
    let date = date.and_then(|date| HeaderValue::from_bytes(date).ok());
    let waited = ask(asked.clone(), date);

    let text = asked.to_str().unwrap_or_default().trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_or(Duration::MAX, Duration::from_secs);
        assert_eq!(waited, Some(seconds), "seconds are seconds, however many");
    } else if waited.is_some() {
        assert!(
            text.ends_with("GMT")
                || text
                    .bytes()
                    .next()
                    .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'+')
        );
    }
});

/// What a client makes of it.
fn ask(retry_after: HeaderValue, date: Option<HeaderValue>) -> Option<Duration> {
    let transport = transport::from_fn(move |_| {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = dbx12_http::http::StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().insert("retry-after", retry_after.clone());
        if let Some(date) = date.clone() {
            response.headers_mut().insert("date", date);
        }
        std::future::ready(Ok(response))
    });
    let client = Client::builder("https://example.com")
        .credentials(Credentials::none())
        .retry(RetryPolicy::never())
        .transport(transport);
    let client = client.build().expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let error = runtime.block_on(client.send(&ListClusters::default()));
    let error = error.expect_err("it was refused");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let _ = format!("{error} {error:?}");
    error.retry_after()
}
