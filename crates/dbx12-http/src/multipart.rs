//! `multipart/form-data` (RFC 7578), written. Pure.

use bytes::Bytes;
use std::fmt::Write as _;

/// One part: a field, or a file when it has a name.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a str,
    pub(crate) filename: Option<&'a str>,
    pub(crate) content: &'a str,
}

/// The `Content-Type` and the body.
pub(crate) fn encode(parts: &[Part<'_>], rng: &mut fastrand::Rng) -> (String, Bytes) {
    let boundary = boundary(parts, rng);
    let mut body = String::new();
    for part in parts {
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            escape(part.name)
        ));
        // The encoding is said for text too: some servers take Latin-1 for granted.
        match part.filename {
            Some(filename) => {
                body.push_str(&format!(
                    "; filename=\"{}\"\r\nContent-Type: application/octet-stream",
                    escape(filename)
                ));
            }
            None => body.push_str("\r\nContent-Type: text/plain; charset=utf-8"),
        }
        body.push_str("\r\n\r\n");
        body.push_str(part.content);
        body.push_str("\r\n");
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    (format!("multipart/form-data; boundary={boundary}"), Bytes::from(body))
}

/// Text that stands in no part. It is random, so that no content can be made that holds all of them.
fn boundary(parts: &[Part<'_>], rng: &mut fastrand::Rng) -> String {
    loop {
        let boundary = format!("dbx12-{:032x}", rng.u128(..));
        if parts.iter().all(|part| !part.content.contains(&boundary)) {
            return boundary;
        }
    }
}

/// As browsers do it (WHATWG HTML, "multipart form data"), and in the same way other control characters, which no header may
/// hold, and the backslash, which half of all readers take for an escape.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for char in name.chars() {
        if matches!(char, '"' | '\\') || char.is_ascii_control() {
            let _ = write!(escaped, "%{:02X}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_as_the_document_asks_for() {
        let parts = [
            Part {
                name: "clusterId",
                filename: None,
                content: "c-1",
            },
            Part {
                name: "command",
                filename: Some("a \"b\".py"),
                content: "print('ü')\r\n--",
            },
        ];
        let (content_type, body) = encode(&parts, &mut fastrand::Rng::with_seed(7));
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"clusterId\"\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nc-1\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"command\"; filename=\"a %22b%22.py\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nprint('ü')\r\n--\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, expected);
        // RFC 2046 allows 70 characters.
        assert!(boundary.len() <= 70);
    }

    #[test]
    fn no_header_holds_what_readers_stumble_over() {
        assert_eq!(escape("a\0\r\n\"\\\x7f ü"), "a%00%0D%0A%22%5C%7F ü");
    }

    #[test]
    fn the_boundary_never_stands_in_the_content() {
        let seed = 42;
        let first = format!("dbx12-{:032x}", fastrand::Rng::with_seed(seed).u128(..));
        let parts = [Part {
            name: "command",
            filename: None,
            content: &format!("\r\n--{first}--\r\n"),
        }];
        let (content_type, _) = encode(&parts, &mut fastrand::Rng::with_seed(seed));
        assert!(!content_type.contains(&first));
    }
}
