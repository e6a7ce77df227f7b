//! Requests as a peer reads them, and the right answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Reads one request to its end and says which operation it is. One that ends too soon is counted as partial.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin), partial: &AtomicUsize) -> Option<String> {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        match stream.read_buf(&mut bytes).await {
            Ok(read) if read > 0 => {}
            _ => {
                partial.fetch_add(usize::from(!bytes.is_empty()), Ordering::SeqCst);
                return None;
            }
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let path = head.split_whitespace().nth(1)?.split('?').next()?;
    Some(path.trim_start_matches("/api/1.2/").to_owned())
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    bytes.len() >= end + 4 + length.unwrap_or(0)
}

/// What a service that works answers.
pub(super) fn right_answer(operation: &str, content_type: &str) -> Vec<u8> {
    let content_type = format!("Content-Type: {content_type}\r\n");
    http("200 OK", &content_type, right_body(operation)).into()
}

fn right_body(operation: &str) -> &'static str {
    match operation {
        "clusters/list" | "libraries/list" => "[]",
        _ => r#"{"id":"1","status":"Running"}"#,
    }
}

/// An answer with any status and further headers, each with `\r\n` at its end.
pub(super) fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}
