//! Who asks: credentials for the `Authorization` header, asked for before each attempt.

use crate::{BoxFuture, Host};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub(crate) mod netrc;

/// A source of credentials. The client asks it before each attempt, so a source may refresh what has expired.
///
/// Its `Debug` must not show a secret: it is part of the client's.
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The kind of credentials in the words of the official tools, such as `pat` or `basic`; part of the `User-Agent`.
    fn auth_type(&self) -> &str;

    /// The headers that authenticate a request to `host`: `Authorization`, mostly. The client marks them sensitive and
    /// sends them with one attempt. They replace headers of the same name.
    ///
    /// # Errors
    /// When there are no credentials to be had. The call fails with [`ErrorKind::Credentials`](crate::ErrorKind), and is
    /// not tried again.
    ///
    /// # Cancellation
    /// The future is dropped when the caller gives up; work shared by many calls must not be lost by that.
    fn headers<'a>(&'a self, host: &'a Host) -> BoxFuture<'a, Result<HeaderMap, CredentialError>>;
}

/// Credentials of any kind. Cheap to clone; `Debug` shows the kind only.
#[derive(Clone)]
pub struct Credentials(Arc<dyn CredentialSource>);

impl Credentials {
    /// Credentials from a source of your own.
    pub fn new(source: impl CredentialSource) -> Self {
        Self(Arc::new(source))
    }

    /// A user and a password (HTTP Basic). For a personal access token the user is `token`.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::new(Basic {
            auth_type: "basic",
            user: user.into(),
            password: SecretString::from(password.into()),
        })
    }

    /// A personal access token, or any other token that goes into `Authorization: Bearer`. White space around it, such as
    /// the line break at the end of a file, is ignored.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self::new(Bearer(SecretString::from(token.into().trim().to_owned())))
    }

    /// No credentials at all, for a server that asks for none.
    pub fn none() -> Self {
        Self::new(Anonymous)
    }

    /// The user and the password for `host` in the file that the environment variable `NETRC` names, else in `~/.netrc`.
    ///
    /// # Errors
    /// See [`from_netrc_file`](Self::from_netrc_file).
    pub fn netrc(host: &Host) -> Result<Self, CredentialError> {
        let path = netrc::default_path(|name| std::env::var(name).ok())
            .ok_or_else(|| CredentialError::new("there is no home directory to look for .netrc in"))?;
        Self::from_netrc_file(path, host)
    }

    /// The user and the password for `host` in a `.netrc` file: those of the entry `machine` with the host's name, else
    /// of the entry `default`. The file is read once, now.
    ///
    /// The rules are those of Python's `netrc` module, with one addition: an entry for `name:port` goes before `name`.
    ///
    /// # Errors
    /// When the file cannot be read, when it is not well-formed, when others than its owner can read it, or when it has
    /// no entry for the host.
    pub fn from_netrc_file(path: impl AsRef<Path>, host: &Host) -> Result<Self, CredentialError> {
        let path = path.as_ref();
        let entry = netrc::read(path)?.find(host).ok_or_else(|| {
            let name = host.name();
            CredentialError::new(format!(
                "{} has no entry for {name}; add: machine {name} login … password …",
                path.display()
            ))
        })?;
        Ok(Self::from_netrc_entry(entry))
    }

    pub(crate) fn from_netrc_entry(entry: netrc::Entry) -> Self {
        Self::new(Basic {
            auth_type: "netrc",
            user: entry.login,
            password: entry.password,
        })
    }

    /// The kind of credentials in the words of the official tools.
    pub fn auth_type(&self) -> &str {
        self.0.auth_type()
    }

    /// The headers for an attempt, marked sensitive so that nobody prints them.
    pub(crate) async fn headers(&self, host: &Host) -> Result<HeaderMap, CredentialError> {
        let mut headers = self.0.headers(host).await?;
        for value in headers.values_mut() {
            value.set_sensitive(true);
        }
        Ok(headers)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.auth_type())
    }
}

/// Why there are no credentials. The message must not hold a secret: it is shown to people.
#[derive(Debug)]
pub struct CredentialError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CredentialError {
    /// An error with a message that says what happened and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[derive(Debug)]
struct Basic {
    auth_type: &'static str,
    user: String,
    password: SecretString,
}

impl CredentialSource for Basic {
    fn auth_type(&self) -> &str {
        self.auth_type
    }

    fn headers<'a>(&'a self, _: &'a Host) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        // RFC 7617: the first colon ends the user.
        if self.user.contains(':') {
            let error = CredentialError::new("a user name with a colon cannot be sent with HTTP Basic");
            return Box::pin(async { Err(error) });
        }
        let pair = SecretString::from(format!("{}:{}", self.user, self.password.expose_secret()));
        let encoded = SecretString::from(BASE64.encode(pair.expose_secret()));
        Box::pin(async move { authorization("Basic", &encoded) })
    }
}

#[derive(Debug)]
struct Bearer(SecretString);

impl CredentialSource for Bearer {
    fn auth_type(&self) -> &str {
        "pat"
    }

    fn headers<'a>(&'a self, _: &'a Host) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async { authorization("Bearer", &self.0) })
    }
}

#[derive(Debug)]
struct Anonymous;

impl CredentialSource for Anonymous {
    fn auth_type(&self) -> &str {
        "none"
    }

    fn headers<'a>(&'a self, _: &'a Host) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async { Ok(HeaderMap::new()) })
    }
}

fn authorization(scheme: &str, secret: &SecretString) -> Result<HeaderMap, CredentialError> {
    let secret = secret.expose_secret();
    let visible = |byte: u8| byte.is_ascii_graphic();
    if secret.is_empty() || !secret.bytes().all(visible) {
        return Err(CredentialError::new(
            "the token is empty or has white space or other characters in it that no token has; copy it again",
        ));
    }
    let value = HeaderValue::try_from(format!("{scheme} {secret}"));
    // Visible ASCII is always valid; the source is left out, since it might show the value.
    let mut value = value.map_err(|_| CredentialError::new("the token cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

#[cfg(test)]
mod tests;
