//! A successful response as the operation's answer. Pure.

use crate::ErrorKind;
use crate::failure::Failure;
use crate::types::{self, DecodeError};
use bytes::Bytes;
use http::{Response, header};
use serde::de::DeserializeOwned;

/// Reads the answer of an operation. JSON is read under any content type.
pub(crate) fn answer<T: DeserializeOwned>(response: Response<Bytes>) -> Result<T, Failure> {
    let body = match response.body().trim_ascii() {
        // Real servers answer nothing to destroy and cancel.
        b"" => b"{}",
        body => body,
    };
    let error = match types::decode(body) {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    if is_page(&response) {
        return Err(login_page(&response, title(response.body())));
    }
    let message = format!("the response is not what the API documents: {}", located(&error));
    Err(Failure::of_answer(&response, ErrorKind::Decode, message))
}

/// The response as it came, unless it is a login page: an untyped endpoint may answer with any other page.
pub(crate) fn untyped(response: Response<Bytes>) -> Result<Response<Bytes>, Failure> {
    let title = if is_page(&response) {
        title(response.body())
    } else {
        None
    };
    match title {
        Some(title) if asks_to_sign_in(&title) => Err(login_page(&response, Some(title))),
        _ => Ok(response),
    }
}

fn asks_to_sign_in(title: &str) -> bool {
    let title = title.to_ascii_lowercase();
    ["sign in", "sign-in", "login", "log in"]
        .iter()
        .any(|words| title.contains(words))
}

/// A page in the place of an answer. One that asks to sign in stands before the API, so the request did not get there; of
/// any other nobody knows.
fn login_page(response: &Response<Bytes>, title: Option<String>) -> Failure {
    let maybe_delivered = !title.as_deref().is_some_and(asks_to_sign_in);
    let title = title.map(|title| format!(" (“{title}”)")).unwrap_or_default();
    let status = response.status().as_u16();
    let message = format!("{status}, but with a web page{title} instead of the API's answer");
    Failure {
        maybe_delivered,
        ..Failure::of_answer(response, ErrorKind::LoginPage, message)
    }
}

/// One line of at most 300 characters, without what a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    let mut line = words.collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn is_page(response: &Response<Bytes>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let says_so = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    says_so || response.body().trim_ascii_start().starts_with(b"<")
}

fn title(body: &[u8]) -> Option<String> {
    // A title stands at the beginning; the rest of a large page need not be looked at.
    let page = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(one_line(&page[start..end])).filter(|title| !title.is_empty())
}

/// What is wrong, and where in the JSON it is.
fn located(error: &DecodeError) -> String {
    let problem = without_values(&error.problem().to_string());
    match error.path() {
        _ if error.problem().is_syntax() || error.problem().is_eof() => format!("it is not JSON: {problem}"),
        "" => problem,
        path => format!("at `{}`: {problem}", one_line(path)),
    }
}

/// The message without the text that serde quotes from the response: it may be somebody's result.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            let (before, after) = (message[..first].trim_end(), &message[last + 1..]);
            one_line(&format!("{before}{after}"))
        }
        _ => one_line(message),
    }
}

#[cfg(test)]
mod tests;
