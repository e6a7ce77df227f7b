//! A request as a command of curl, without its secret. Pure.

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request};
use std::fmt::Write as _;

/// A command for a POSIX shell that sends this request. `login` is what tells curl who is asking.
pub(crate) fn command(request: &Request<bytes::Bytes>, login: Option<&str>) -> String {
    let body = Body::of(request);
    let mut command = body.piped();
    command.push_str("curl");
    match *request.method() {
        Method::GET => {}
        Method::HEAD => command.push_str(" --head"),
        _ => option(&mut command, "--request", request.method().as_str()),
    }
    let url = request.uri().to_string();
    if url.contains(['[', ']', '{', '}']) {
        command.push_str(" --globoff");
    }
    if request.uri().path().contains("/.") {
        command.push_str(" --path-as-is");
    }
    command.push(' ');
    command.push_str(&quoted(&url));
    if let Some(login) = login {
        command.push_str(CONTINUED);
        command.push_str(login);
    }
    for (name, value) in request.headers() {
        header(&mut command, name, value);
    }
    // Else curl would name itself, and a form for whatever has no type.
    for name in [USER_AGENT, CONTENT_TYPE] {
        if !request.headers().contains_key(&name) {
            option(&mut command, "--header", &format!("{name}:"));
        }
    }
    body.attach(&mut command);
    command
}

const CONTINUED: &str = " \\\n  ";

fn header(command: &mut String, name: &HeaderName, value: &HeaderValue) {
    // Whatever it is, it is not for anybody's eyes.
    if value.is_sensitive() {
        return;
    }
    let value = String::from_utf8_lossy(value.as_bytes());
    option(command, "--header", &format!("{name}: {value}"));
}

fn option(command: &mut String, name: &str, value: &str) {
    command.push_str(CONTINUED);
    command.push_str(name);
    command.push(' ');
    command.push_str(&quoted(value));
}

/// How a body gets to curl.
enum Body<'a> {
    None,
    /// On the command line.
    Argument(&'a str),
    /// By a pipe: what a command line cannot hold, or what does not survive being copied from a terminal.
    Pipe(&'a [u8]),
}

impl<'a> Body<'a> {
    /// Linux allows 128 KiB for one argument.
    const LONGEST_ARGUMENT: usize = 100_000;

    fn of(request: &'a Request<bytes::Bytes>) -> Self {
        let bytes: &[u8] = request.body();
        // The methods whose requests say that they have no body.
        let says_so = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
        if bytes.is_empty() && !says_so {
            return Self::None;
        }
        let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
        match std::str::from_utf8(bytes) {
            // curl takes what begins with an @ for the name of a file.
            Ok(text)
                if text.len() <= Self::LONGEST_ARGUMENT && !text.starts_with('@') && text.chars().all(is_plain) =>
            {
                Self::Argument(text)
            }
            _ => Self::Pipe(bytes),
        }
    }

    fn piped(&self) -> String {
        match self {
            // What begins as an option is none.
            Self::Pipe(bytes) => format!("printf -- {} | ", quoted(&format_of_printf(bytes))),
            Self::None | Self::Argument(_) => String::new(),
        }
    }

    fn attach(&self, command: &mut String) {
        match self {
            Self::None => {}
            Self::Argument(text) => option(command, "--data-binary", text),
            Self::Pipe(_) => option(command, "--data-binary", "@-"),
        }
    }
}

/// A format that the shell's `printf` writes as these bytes.
fn format_of_printf(bytes: &[u8]) -> String {
    let mut format = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '%' => format.push_str("%%"),
                '\\' => format.push_str("\\\\"),
                '\n' => format.push_str("\\n"),
                '\r' => format.push_str("\\r"),
                '\t' => format.push('\t'),
                // Of these, only those of ASCII are one byte.
                c if c.is_ascii_control() => octal(&mut format, c as u8),
                c => format.push(c),
            }
        }
        for byte in chunk.invalid() {
            octal(&mut format, *byte);
        }
    }
    format
}

fn octal(format: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(format, "\\{byte:03o}");
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
