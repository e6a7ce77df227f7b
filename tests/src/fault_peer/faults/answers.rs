//! Faults in an answer of success.

use super::super::wire::http;
use super::super::{Act, Fault, Step};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use std::time::Duration;

pub(super) const JSON: &str = r#"{"id":"1","status":"Running"}"#;
const OK: &str = "200 OK";

/// Answers whose body is not what it should be.
pub(super) fn bodies() -> Vec<Fault> {
    let ok = |name, headers: &str, body: &str| Fault::answer(name, http(OK, headers, body));
    let coded = |name, encoding: &str, body: Vec<u8>| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Fault::answer(name, [head.as_bytes(), &body].concat())
    };
    let (html, login) = (
        "Content-Type: text/html\r\n",
        "<html><title>Databricks - Sign In</title></html>",
    );
    let whole = gzip(JSON.as_bytes());
    let mut flipped = whole.clone();
    flipped[whole.len() - 6] ^= 1;
    vec![
        ok("200, a login page", html, login),
        ok("200, any other page", html, "<html><title>It works</title></html>"),
        Fault::new("200, right, but called text/html", Act::Read(vec![Step::AnswerAsPage])),
        ok("200 without a body", "", ""),
        ok("200, text", "Content-Type: text/plain\r\n", "fine, thanks"),
        ok("200, JSON that ends too soon", "", r#"{"id":"1","sta"#),
        ok("200, JSON of another kind", "", "42"),
        coded("gzip that was cut", "gzip", whole[..whole.len() - 4].to_vec()),
        coded("gzip with a wrong sum", "gzip", flipped),
        coded("gzip that is none", "gzip", JSON.into()),
        coded("a compression that was not asked for", "br", JSON.into()),
        coded("a gzip bomb: 16 MB in 16 KB", "gzip", gzip(&vec![0; 16 << 20])),
        coded("gzip members without end or content", "gzip", gzip(b"").repeat(60_000)),
        Fault::endless(
            "a body without end",
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            vec![b' '; 1 << 16],
            Duration::ZERO,
        ),
        Fault::endless(
            "chunks without end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            [&b"10000\r\n"[..], &[b' '; 1 << 16], b"\r\n"].concat(),
            Duration::ZERO,
        ),
        Fault::answer(
            "a length of 10¹⁵ bytes",
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n",
        ),
    ]
}

/// Answers that are not framed as HTTP asks for.
pub(super) fn framing() -> Vec<Fault> {
    let head = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{JSON}");
    vec![
        Fault::answer("Content-Length too short", head("Content-Length: 10")),
        Fault::last_words("Content-Length too long, then closed", head("Content-Length: 1000")),
        Fault::new(
            "Content-Length too long, then nothing",
            Act::Read(vec![Step::Write(head("Content-Length: 1000").into()), Step::Hang]),
        ),
        Fault::answer("Content-Length: -1", head("Content-Length: -1")),
        Fault::answer(
            "two lengths that differ",
            head("Content-Length: 29\r\nContent-Length: 30"),
        ),
        Fault::answer("chunks that are none", head("Transfer-Encoding: chunked")),
        Fault::answer(
            "a chunk larger than any number",
            head("Transfer-Encoding: chunked").replace('{', "fffffffffffffffffff\r\n"),
        ),
        Fault::last_words(
            "closed in the middle of a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{\"id\"",
        ),
        Fault::answer(
            "a header of 1 MB",
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
        ),
        Fault::answer(
            "10,000 headers",
            format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: x\r\n".repeat(10_000)),
        ),
        Fault::endless(
            "a header without end",
            "HTTP/1.1 200 OK\r\nX: ",
            vec![b'x'; 1 << 14],
            Duration::ZERO,
        ),
        Fault::answer("an answer that is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        Fault::last_words("HTTP/0.9", JSON),
    ]
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}
