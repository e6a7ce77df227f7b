//! Every fault there is.

mod answers;

use super::wire::http;
use super::{Act, Fault, Step};
use crate::Authority;
use answers::{JSON, bodies, framing};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

const NAMES: &[&str] = &["127.0.0.1"];
const NOW_AND_THEN: Duration = Duration::from_millis(20);

impl Fault {
    /// All of them, in the order of a request's way. Clients are taken to trust `authority`.
    pub fn all(authority: &Authority) -> Vec<Self> {
        [
            connections(),
            tls(authority),
            times(),
            refusals(),
            failures(),
            bodies(),
            framing(),
        ]
        .concat()
    }

    fn new(name: &'static str, act: Act) -> Self {
        let hangs = act.hangs();
        let tls = None;
        Self {
            name,
            hangs,
            refuses: false,
            act,
            tls,
        }
    }

    fn over_tls(name: &'static str, acceptor: TlsAcceptor, act: Act) -> Self {
        let tls = Some(acceptor);
        Self {
            tls,
            ..Self::new(name, act)
        }
    }

    /// Reads the request and answers these bytes.
    fn answer(name: &'static str, answer: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Act::Read(vec![Step::Write(answer.into())]))
    }

    /// Reads the request, writes these bytes, and ends the connection.
    fn last_words(name: &'static str, words: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Act::Read(vec![Step::Write(words.into()), Step::Close]))
    }

    /// Reads the request, writes the first bytes, and then the others forever.
    fn endless(name: &'static str, first: &str, again: impl Into<Vec<u8>>, pause: Duration) -> Self {
        let steps = vec![Step::Write(first.into()), Step::Forever(again.into(), pause)];
        Self::new(name, Act::Read(steps))
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some() || self.name.starts_with("TLS")
    }
}

impl Act {
    fn hangs(&self) -> bool {
        match self {
            Self::Unread(steps) | Self::Read(steps) => steps.iter().any(|step| matches!(step, Step::Hang)),
            _ => false,
        }
    }
}

fn connections() -> Vec<Fault> {
    let reset_half = Step::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\"".into());
    vec![
        Fault::new("nobody listens", Act::Refuse),
        Fault::new("reset before the request was read", Act::Unread(vec![Step::Reset])),
        Fault::new("reset in the middle of the request", Act::HalfRead),
        Fault::new("reset after the request was read", Act::Read(vec![Step::Reset])),
        Fault::new("closed after the request was read", Act::Read(vec![Step::Close])),
        Fault::last_words("closed after the status line", "HTTP/1.1 200 OK\r\n"),
        Fault::last_words("closed in the middle of a header", "HTTP/1.1 200 OK\r\nContent-Le"),
        Fault::new("reset in the middle of the body", Act::Read(vec![reset_half, Step::Reset])),
        Fault::new(
            "a kept connection, reset as the next request is written; then all is well",
            Act::Second(Box::new(Act::Unread(vec![]))),
        ),
        Fault::new(
            "a kept connection, closed after the next request was read; then all is well",
            Act::Second(Box::new(Act::Read(vec![Step::Close]))),
        ),
        Fault::new(
            "503, Retry-After: 0, and closed",
            Act::Read(vec![
                Step::Write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()),
                Step::Close,
            ]),
        )
        .refusing(),
        Fault::new(
            "401 before the request was read",
            Act::Unread(vec![Step::Write(http("401 Unauthorized", "", "").into()), Step::Hang]),
        )
        .not_hanging(),
    ]
}

impl Fault {
    fn not_hanging(self) -> Self {
        Self { hangs: false, ..self }
    }

    fn hanging(self) -> Self {
        Self { hangs: true, ..self }
    }

    fn refusing(self) -> Self {
        Self { refuses: true, ..self }
    }
}

fn tls(authority: &Authority) -> Vec<Fault> {
    let right = authority.server(NAMES);
    let answer = || Act::Read(vec![Step::Answer]);
    // Ends where the connection does, which must be said by TLS too.
    let unbounded = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{JSON}");
    vec![
        Fault::over_tls(
            "TLS: nobody knows the authority",
            Authority::new("theirs").server(NAMES),
            answer(),
        ),
        Fault::over_tls(
            "TLS: the certificate has expired",
            authority.expired_server(NAMES),
            answer(),
        ),
        Fault::over_tls(
            "TLS: the certificate is for another name",
            authority.server(&["example.com"]),
            answer(),
        ),
        Fault::new("TLS: closed in the handshake", Act::Unread(vec![Step::Close])),
        Fault::new("TLS: reset in the handshake", Act::Unread(vec![Step::Reset])),
        Fault::new("TLS: the handshake never ends", Act::Unread(vec![Step::Hang])),
        Fault::new(
            "TLS: the port speaks plain HTTP",
            Act::Unread(vec![Step::Write(http("400 Bad Request", "", "").into()), Step::Hang]),
        )
        .not_hanging(),
        Fault::over_tls(
            "TLS: reset after the request was read",
            right.clone(),
            Act::Read(vec![Step::Reset]),
        ),
        Fault::over_tls(
            "TLS: an answer without length whose end is cut off",
            right,
            Act::Read(vec![Step::Write(unbounded.into()), Step::Close]),
        ),
    ]
}

fn times() -> Vec<Fault> {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    vec![
        Fault::new("never answers", Act::Read(vec![Step::Hang])),
        Fault::endless(
            "a byte of the head now and then",
            "HTTP/1.1 200 OK\r\nX: ",
            "x",
            NOW_AND_THEN,
        )
        .hanging(),
        Fault::endless("a byte of the body now and then", head, " ", NOW_AND_THEN).hanging(),
        Fault::endless(
            "100 Continue without end",
            "",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(50),
            NOW_AND_THEN,
        )
        .hanging(),
        Fault::answer("1,000 early hints, then 503", {
            let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(1000);
            hints + &http("503 Service Unavailable", "", "")
        }),
    ]
}

fn refusals() -> Vec<Fault> {
    let answer = |name, status: &str, headers: &str| Fault::answer(name, http(status, headers, ""));
    let (many, gone) = ("429 Too Many Requests", "503 Service Unavailable");
    vec![
        answer("429", many, ""),
        answer("429, Retry-After: 0", many, "Retry-After: 0\r\n"),
        answer(
            "429, Retry-After: a date in the past",
            many,
            "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        ),
        answer(
            "429, Retry-After: a date far away",
            many,
            "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        ),
        answer("429, Retry-After: 3600", many, "Retry-After: 3600\r\n"),
        answer(
            "429, Retry-After: 10³⁰",
            many,
            "Retry-After: 1000000000000000000000000000000\r\n",
        ),
        answer("429, Retry-After: -1", many, "Retry-After: -1\r\n"),
        answer("429, Retry-After: soon", many, "Retry-After: soon\r\n"),
        Fault::answer(
            "429, RESOURCE_EXHAUSTED",
            http(many, "", r#"{"error_code":"RESOURCE_EXHAUSTED","message":"quota"}"#),
        ),
        Fault::answer(
            "400, REQUEST_LIMIT_EXCEEDED",
            http(
                "400 Bad Request",
                "",
                r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow"}"#,
            ),
        ),
        answer("503, Retry-After: 0", gone, "Retry-After: 0\r\n"),
        answer(
            "503, Retry-After: a date in the past",
            gone,
            "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        ),
        answer(
            "503, Retry-After: a date far away",
            gone,
            "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        ),
        answer(
            "503, Retry-After: 10³⁰",
            gone,
            "Retry-After: 1000000000000000000000000000000\r\n",
        ),
        backend(
            "500, ClusterNotReadyException",
            "ClusterNotReadyException: Cluster c not currently ready for driver client",
        ),
        backend(
            "500, no worker environment",
            "Foo: c does not have any associated worker environments",
        ),
    ]
    .into_iter()
    .map(Fault::refusing)
    .collect()
}

fn failures() -> Vec<Fault> {
    let page = |name, status: &str| {
        Fault::answer(
            name,
            http(
                status,
                "Content-Type: text/html\r\n",
                "<html><title>Error</title></html>",
            ),
        )
    };
    let answer = |name, status: &str| Fault::answer(name, http(status, "", ""));
    vec![
        answer("500 without a word", "500 Internal Server Error"),
        backend("500, Timed out after", "TimeoutException: Timed out after 30 seconds"),
        backend("500, ContextNotFound", "ContextNotFound: no such context"),
        backend(
            "500, IllegalArgumentException",
            "IllegalArgumentException: requirement failed: missing contextId",
        ),
        backend(
            "500, any other exception",
            "RuntimeException: Unknown ExecutionStatus RunningInBackground()",
        ),
        answer("501", "501 Not Implemented"),
        page("502, a page", "502 Bad Gateway"),
        page("503, a page", "503 Service Unavailable"),
        page("504, a page", "504 Gateway Timeout"),
        answer("503", "503 Service Unavailable"),
        Fault::answer(
            "503, Retry-After: -1",
            http("503 Service Unavailable", "Retry-After: -1\r\n", ""),
        ),
        answer("507", "507 Insufficient Storage"),
        answer("520", "520 Unknown"),
        answer("599", "599 Unknown"),
        answer("999", "999 Unknown"),
        answer("408", "408 Request Timeout"),
        page("400, a page", "400 Bad Request"),
        answer("401", "401 Unauthorized"),
        answer("403", "403 Forbidden"),
        answer("404", "404 Not Found"),
        answer("409", "409 Conflict"),
        answer("413", "413 Content Too Large"),
        Fault::answer("302", http("302 Found", "Location: /login.html\r\n", "")),
        answer("304", "304 Not Modified"),
    ]
}

/// What the service says when it fails.
fn backend(name: &'static str, error: &str) -> Fault {
    let body = format!(r#"{{"error":"{error}"}}"#);
    let headers = "Content-Type: application/json\r\n";
    Fault::answer(name, http("500 Internal Server Error", headers, &body))
}
