//! Taking secrets out of what others write: a server that echoes a token in its error must not make us show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use secrecy::{ExposeSecret, SecretString};

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Shorter ones are found in ordinary words, so that taking them out would only garble the text.
const SHORTEST: usize = 4;

/// The secrets that a request carries, in all spellings in which they might come back.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Those in the headers that authenticate a request.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        let mut secrets = Self::default();
        for value in headers.values().filter(|value| value.is_sensitive()) {
            secrets.add_header(value);
        }
        secrets.longest_first()
    }

    /// Those in the headers and the form of a request for a token.
    pub(crate) fn of_request(request: &Request<Bytes>) -> Self {
        let mut secrets = Self::default();
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            secrets.add_header(value);
        }
        for (name, value) in form_urlencoded::parse(request.body()) {
            if matches!(
                &*name,
                "client_secret" | "subject_token" | "client_assertion" | "password" | "refresh_token"
            ) {
                secrets.add(&value);
            }
        }
        secrets.longest_first()
    }

    /// What follows the path of an address, also each value of it; and with the path, all behind the host.
    pub(crate) fn add_address(&mut self, uri: &Uri, with_path: bool) {
        let query = uri.query().unwrap_or_default();
        self.add(query);
        for (_, value) in form_urlencoded::parse(query.as_bytes()) {
            self.add(&value);
        }
        if with_path {
            self.add(uri.path().trim_start_matches('/'));
            self.add(uri.path_and_query().map_or("", |path| path.as_str()));
        }
        *self = std::mem::take(self).longest_first();
    }

    /// One that was read from somewhere.
    pub(crate) fn add(&mut self, secret: &str) {
        let json = serde_json::to_string(secret).unwrap_or_default();
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for spelling in [secret, json.trim_matches('"'), &form] {
            let known = self.0.iter().any(|known| known.expose_secret() == spelling);
            if spelling.len() >= SHORTEST && !known {
                self.0.push(SecretString::from(spelling));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without them.
    pub(crate) fn hide(&self, text: String) -> String {
        let found = |secret: &&SecretString| text.contains(secret.expose_secret());
        if !self.0.iter().any(|secret| found(&secret)) {
            return text;
        }
        let hide = |text: String, secret: &SecretString| text.replace(secret.expose_secret(), MASK);
        self.0.iter().fold(text, hide)
    }

    /// The response without them, in its headers and in its body.
    pub(crate) fn hide_in(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        for value in response.headers_mut().values_mut() {
            if let Some(hidden) = self.hidden_in(value.as_bytes()) {
                *value = HeaderValue::from_bytes(&hidden).unwrap_or(HeaderValue::from_static(MASK));
            }
        }
        match self.hidden_in(response.body()) {
            Some(hidden) => response.map(|_| Bytes::from(hidden)),
            None => response,
        }
    }

    /// The bytes without them, if there are any in them.
    fn hidden_in(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut hidden = None;
        for secret in &self.0 {
            let secret = secret.expose_secret().as_bytes();
            let text: &[u8] = hidden.as_deref().unwrap_or(bytes);
            if let Some(replaced) = replaced(text, secret) {
                hidden = Some(replaced);
            }
        }
        hidden
    }

    /// `Scheme SECRET`; of Basic also what is encoded in it.
    fn add_header(&mut self, value: &HeaderValue) {
        let Ok(value) = value.to_str() else { return };
        let secret = value.rsplit(' ').next().unwrap_or(value);
        self.add(secret);
        let Some(encoded) = value.strip_prefix("Basic ") else {
            return;
        };
        let pair = BASE64
            .decode(encoded)
            .ok()
            .and_then(|pair| String::from_utf8(pair).ok());
        if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            self.add(password);
        }
    }

    /// So that the part of a secret that is itself one does not leave the rest of it.
    fn longest_first(mut self) -> Self {
        self.0
            .sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        self
    }
}

fn replaced(text: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let find = |text: &[u8]| text.windows(secret.len()).position(|window| window == secret);
    let mut at = find(text)?;
    let (mut rest, mut hidden) = (text, Vec::with_capacity(text.len()));
    loop {
        hidden.extend_from_slice(&rest[..at]);
        hidden.extend_from_slice(MASK.as_bytes());
        rest = &rest[at + secret.len()..];
        match find(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    hidden.extend_from_slice(rest);
    Some(hidden)
}

/// What a program wrote, without anything that could be a secret: what it printed where only errors belong may be one.
///
/// Only words in lower case, numbers, and the hosts of addresses are kept; whatever has the look of a token is not.
#[cfg(feature = "command")]
pub(crate) fn only_plain_words(text: &str) -> String {
    let mut plain: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let shown = if is_plain(word) { word } else { MASK };
        // Many secrets in a row say no more than one.
        if shown != MASK || plain.last() != Some(&MASK) {
            plain.push(shown);
        }
    }
    crate::decode::one_line(&plain.join(" "))
}

#[cfg(feature = "command")]
fn is_plain(word: &str) -> bool {
    let address = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if let Some((_, address)) = address.split_once("https://") {
        return address
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || b".-/".contains(&byte));
    }
    let part_is_plain = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().is_none_or(|c| c.is_ascii_alphabetic());
        let rest = letters.all(|c| c.is_ascii_lowercase());
        let abbreviation = part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_uppercase());
        let number = part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        (part.len() <= 16 && first && rest) || abbreviation || number
    };
    word.len() <= 64 && word.is_ascii() && word.split(|c: char| !c.is_ascii_alphanumeric()).all(part_is_plain)
}

#[cfg(test)]
mod tests;
