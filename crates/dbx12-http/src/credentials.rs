//! Who asks: credentials for the `Authorization` header, asked for before each attempt.
//!
//! [`Credentials`] are made of a [`CredentialSource`]. Those that get a token which expires are a [`TokenSource`], and are
//! kept and renewed by [`Credentials::from_tokens`].

mod azure;
mod cached;
mod chain;
#[cfg(feature = "command")]
mod command;
mod context;
mod error;
mod federation;
mod id_token;
mod metadata_service;
pub(crate) mod netrc;
mod oauth;
pub(crate) mod secrets;
mod token;

pub use azure::Azure;
pub use cached::TokenSource;
#[cfg(feature = "command")]
pub use command::Command;
pub use context::CredentialContext;
pub use error::CredentialError;
pub use federation::TokenFederation;
pub use id_token::IdToken;
pub use metadata_service::MetadataService;
pub use netrc::{Netrc, NetrcEntry, NetrcError};
pub use oauth::OAuthM2m;
pub use token::AccessToken;

pub(crate) use azure::Environment as AzureEnvironment;
pub(crate) use chain::Chain;
#[cfg(feature = "command")]
pub(crate) use command::find_program;
pub(crate) use context::address_of;

use crate::{BoxFuture, Host};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cached::Cached;
use http::{HeaderMap, HeaderValue, header};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A source of credentials. The client asks it before each attempt, so a source may refresh what has expired.
///
/// Its `Debug` must not show a secret: it is part of the client's.
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The kind of credentials in the words of the official tools, such as `pat` or `basic`; part of the `User-Agent`.
    fn auth_type(&self) -> &str;

    /// The headers that authenticate a request to the workspace: `Authorization`, mostly. The client marks them sensitive
    /// and sends them with one attempt. They replace headers of the same name.
    ///
    /// # Errors
    /// When there are no credentials to be had. The call fails with [`ErrorKind::Credentials`](crate::ErrorKind), and is
    /// not tried again.
    ///
    /// # Cancellation
    /// The future is dropped when the caller gives up; work shared by many calls must not be lost by that.
    fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>>;

    /// The service refused a request with these headers: what they were made of has expired or was revoked, and should be
    /// forgotten. Returns whether asking again may bring other headers; then the client tries once more, which is safe for
    /// every operation, since the request was refused before it was processed.
    ///
    /// What is refused although it is new should be kept for a while instead, and `false` returned: the service refuses
    /// whatever comes, and each call would ask for it once more.
    fn refused(&self, headers: &HeaderMap) -> bool {
        let _ = headers;
        false
    }

    /// A request with these headers succeeded: what they are made of is good.
    fn accepted(&self, headers: &HeaderMap) {
        let _ = headers;
    }
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
        let password = SecretString::from(password.into());
        Self::new(Fixed::basic("basic", &user.into(), &password))
    }

    /// A personal access token, or any other token that goes into `Authorization: Bearer`. White space around it, such as
    /// the line break at the end of a file, is ignored.
    pub fn bearer(token: impl Into<String>) -> Self {
        let token = SecretString::from(token.into());
        let token = SecretString::from(token.expose_secret().trim());
        Self::new(Fixed::bearer(&token))
    }

    /// Tokens that expire: the last one is kept while it is good, renewed before it expires without making anybody wait,
    /// and got once for all who need it at the same time. When the service refuses it, it is forgotten, and the call goes on
    /// with a new one. If that is refused too, it is kept all the same: for a minute, no call asks for another.
    ///
    /// A token is renewed when half of its life is over, or 20 minutes before its end, whichever is later; it is not used in
    /// its last 40 seconds, in which the service may refuse it.
    pub fn from_tokens(source: impl TokenSource) -> Self {
        Self::new(Cached::new(source))
    }

    /// Tokens from a function, kept and renewed as by [`from_tokens`](Self::from_tokens). `auth_type` is the kind's name in
    /// the `User-Agent`.
    ///
    /// ```
    /// use dbx12_http::Credentials;
    /// use dbx12_http::credentials::AccessToken;
    /// use std::time::Duration;
    ///
    /// let credentials = Credentials::from_fn("vault", async || {
    ///     Ok(AccessToken::new("what a vault gave").expires_in(Duration::from_secs(3600)))
    /// });
    /// ```
    pub fn from_fn<F, Fut>(auth_type: impl Into<String>, function: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<AccessToken, CredentialError>> + Send + 'static,
    {
        Self::from_tokens(Function {
            auth_type: auth_type.into(),
            function,
        })
    }

    /// An OAuth service principal with a client secret, see [`OAuthM2m`].
    pub fn oauth_m2m(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self::from_tokens(OAuthM2m::new(client_id, client_secret))
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
        let entry = Netrc::read(path)?.find(host).ok_or_else(|| {
            let name = host.name();
            CredentialError::new(format!(
                "{} has no entry for {name}; add: machine {name} login … password …",
                path.display()
            ))
        })?;
        Ok(Self::from_netrc_entry(entry))
    }

    pub(crate) fn from_netrc_entry(entry: NetrcEntry) -> Self {
        Self::new(Fixed::basic("netrc", &entry.login, &entry.password))
    }

    /// The kind of credentials in the words of the official tools.
    pub fn auth_type(&self) -> &str {
        self.0.auth_type()
    }

    /// The headers for an attempt, marked sensitive so that nobody prints them.
    pub(crate) async fn headers(&self, context: &CredentialContext) -> Result<HeaderMap, CredentialError> {
        let mut headers = self.0.headers(context).await?;
        for value in headers.values_mut() {
            value.set_sensitive(true);
        }
        Ok(headers)
    }

    /// See [`CredentialSource::refused`].
    pub(crate) fn refused(&self, headers: &HeaderMap) -> bool {
        self.0.refused(headers)
    }

    /// See [`CredentialSource::accepted`].
    pub(crate) fn accepted(&self, headers: &HeaderMap) {
        self.0.accepted(headers);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.auth_type())
    }
}

/// What never changes: made once, sent with every attempt.
#[derive(Debug)]
struct Fixed {
    auth_type: &'static str,
    headers: Result<HeaderMap, CredentialError>,
}

impl Fixed {
    fn basic(auth_type: &'static str, user: &str, password: &SecretString) -> Self {
        let value = basic_value(user, password.expose_secret());
        let headers = value.map(|value| HeaderMap::from_iter([(header::AUTHORIZATION, value)]));
        Self { auth_type, headers }
    }

    fn bearer(token: &SecretString) -> Self {
        let headers = authorization("Bearer", token);
        Self {
            auth_type: "pat",
            headers,
        }
    }
}

impl CredentialSource for Fixed {
    fn auth_type(&self) -> &str {
        self.auth_type
    }

    fn headers<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async { self.headers.clone() })
    }
}

#[derive(Debug)]
struct Anonymous;

impl CredentialSource for Anonymous {
    fn auth_type(&self) -> &str {
        "none"
    }

    fn headers<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async { Ok(HeaderMap::new()) })
    }
}

struct Function<F> {
    auth_type: String,
    function: F,
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.auth_type)
    }
}

impl<F, Fut> TokenSource for Function<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken, CredentialError>> + Send + 'static,
{
    fn auth_type(&self) -> &str {
        &self.auth_type
    }

    fn token<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin((self.function)())
    }
}

/// The value of `Authorization` for HTTP Basic.
fn basic_value(user: &str, password: &str) -> Result<HeaderValue, CredentialError> {
    // RFC 7617: the first colon ends the user.
    if user.contains(':') {
        return Err(CredentialError::new(
            "a user name with a colon cannot be sent with HTTP Basic",
        ));
    }
    let pair = SecretString::from(format!("{user}:{password}"));
    let encoded = SecretString::from(BASE64.encode(pair.expose_secret()));
    authorization_value("Basic", &encoded)
}

fn authorization(scheme: &str, secret: &SecretString) -> Result<HeaderMap, CredentialError> {
    let value = authorization_value(scheme, secret)?;
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

fn authorization_value(scheme: &str, secret: &SecretString) -> Result<HeaderValue, CredentialError> {
    let secret = secret.expose_secret();
    let visible = |byte: u8| byte.is_ascii_graphic();
    if secret.is_empty() || !secret.bytes().all(visible) {
        return Err(CredentialError::new(
            "the token is empty or has white space or other characters in it that no token has; copy it again",
        ));
    }
    // Wiped with its last copy.
    let text = Zeroizing::new([scheme, " ", secret].concat().into_bytes());
    let value = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
    // Visible ASCII is always valid; the source is left out, since it might show the value.
    let mut value = value.map_err(|_| CredentialError::new("the token cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
