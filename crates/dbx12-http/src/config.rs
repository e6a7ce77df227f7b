//! Host and credentials from arguments and environment, put together without looking at the world.

use crate::credentials::netrc;
use crate::{BuildError, ClientBuilder, Credentials};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Where the workspace is and who asks, as gathered from arguments and environment variables.
///
/// Arguments win over the environment. An argument that gives credentials rules out the environment's of the other kind:
/// `token` makes `DATABRICKS_USERNAME` meaningless, and `username` makes `DATABRICKS_TOKEN` so. When nothing gives
/// credentials, the `.netrc` file does.
///
/// ```
/// use dbx12_http::Config;
/// let environment = |name: &str| match name {
///     "DATABRICKS_HOST" => Some("https://example.com".to_owned()),
///     "DATABRICKS_TOKEN" => Some("dapi…".to_owned()),
///     _ => None,
/// };
/// let builder = Config::new().or_environment(environment).into_builder()?;
/// # Ok::<_, dbx12_http::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    host: Option<String>,
    token: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    netrc_file: Option<PathBuf>,
}

impl Config {
    /// Nothing is configured.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address of the workspace.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets the token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(SecretString::from(token.into()));
        self
    }

    /// Sets the user for HTTP Basic.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Sets the password for HTTP Basic.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(SecretString::from(password.into()));
        self
    }

    /// Sets the `.netrc` file that is read when nothing else gives credentials.
    #[must_use]
    pub fn netrc_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.netrc_file = Some(path.into());
        self
    }

    /// Fills what is not set from `DATABRICKS_HOST`, `DATABRICKS_TOKEN`, `DATABRICKS_USERNAME` and
    /// `DATABRICKS_PASSWORD`; `NETRC` and `HOME` say where `.netrc` is. An empty variable counts as missing.
    ///
    /// Pass `|name| std::env::var(name).ok()` for the real environment.
    #[must_use]
    pub fn or_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let secret = |name: &str| set(name).map(SecretString::from);
        let (has_token, has_basic) = (self.token.is_some(), self.username.is_some() || self.password.is_some());
        self.host = self.host.or_else(|| set("DATABRICKS_HOST"));
        if !has_basic {
            self.token = self.token.or_else(|| secret("DATABRICKS_TOKEN"));
        }
        if !has_token {
            self.username = self.username.or_else(|| set("DATABRICKS_USERNAME"));
            self.password = self.password.or_else(|| secret("DATABRICKS_PASSWORD"));
        }
        self.netrc_file = self.netrc_file.or_else(|| netrc::default_path(lookup));
        self
    }

    /// A builder with this host and these credentials.
    ///
    /// # Errors
    /// When there is no host, or when the credentials are of more than one kind or incomplete. That there are none at
    /// all shows when the client is built, since the `.netrc` file is only read then.
    pub fn into_builder(self) -> Result<ClientBuilder, BuildError> {
        let builder = ClientBuilder::new(self.host.ok_or(BuildError::NoHost)?);
        let incomplete = |given, missing| Err(BuildError::IncompleteCredentials { given, missing });
        match (self.token, self.username, self.password) {
            (Some(token), None, None) => Ok(builder.credentials(Credentials::bearer(token.expose_secret()))),
            (None, Some(username), Some(password)) => {
                Ok(builder.credentials(Credentials::basic(username, password.expose_secret())))
            }
            (Some(_), _, _) => Err(BuildError::AmbiguousCredentials),
            (None, Some(_), None) => incomplete("a user name", "a password (DATABRICKS_PASSWORD)"),
            (None, None, Some(_)) => incomplete("a password", "a user name (DATABRICKS_USERNAME)"),
            (None, None, None) => Ok(builder.netrc_as_last_resort(self.netrc_file)),
        }
    }
}

#[cfg(test)]
mod tests;
