//! `Retry-After`: how long a server asks to wait.

use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). `None` when it is missing or is neither.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // More seconds than fit: still a number, and surely more than anybody waits.
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::MAX);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date in the past asks for no wait.
    Some(date.duration_since(server_time(headers)).unwrap_or_default())
}

/// The server's own clock, where it tells: the clock here may be wrong.
fn server_time(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    date.and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(crate::clock::now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        headers.insert(header::DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:30 GMT"));
        retry_after(&headers)
    }

    #[test]
    fn seconds_and_all_three_forms_of_a_date_are_read() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(asked("0"), seconds(0));
        assert_eq!(asked(" 120 "), seconds(120));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), seconds(7));
        assert_eq!(asked("Sunday, 06-Nov-94 08:49:37 GMT"), seconds(7));
        assert_eq!(asked("Sun Nov  6 08:49:37 1994"), seconds(7));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), seconds(0));
    }

    #[test]
    fn the_absurd_is_long_and_the_senseless_is_nothing() {
        assert_eq!(asked("99999999999999999999999999"), Some(Duration::MAX));
        assert!(asked("Fri, 31 Dec 9999 23:59:59 GMT").is_some_and(|wait| wait > Duration::from_secs(1 << 30)));
        for senseless in ["", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT", "1e9"] {
            assert_eq!(asked(senseless), None, "{senseless}");
        }
    }

    #[test]
    fn without_the_servers_date_the_clock_here_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
        );
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
    }
}
