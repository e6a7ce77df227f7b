//! OAuth at the workspace: machine to machine, and where its token endpoint is.

use super::context::{SecretPart, address_of};
use super::{AccessToken, CredentialContext, CredentialError, TokenSource, basic_value};
use crate::BoxFuture;
use bytes::Bytes;
use http::Request;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What is asked for when nobody says.
const ALL_SCOPES: &str = "all-apis";

/// A service principal with a client secret (RFC 6749, 4.4; `oauth-m2m`): the token endpoint is found at the workspace's
/// `/oidc/.well-known/oauth-authorization-server`.
///
/// ```
/// use dbx12_http::Credentials;
/// use dbx12_http::credentials::OAuthM2m;
///
/// let principal = OAuthM2m::new("11111111-2222-3333-4444-555555555555", "dose…").scopes(["command-execution", "clusters"]);
/// let credentials = Credentials::from_tokens(principal);
/// assert_eq!(credentials.auth_type(), "oauth-m2m");
/// ```
#[derive(Debug)]
pub struct OAuthM2m {
    client_id: String,
    client_secret: SecretString,
    endpoint: TokenEndpoint,
}

impl OAuthM2m {
    /// A service principal by its application id.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: SecretString::from(client_secret.into()),
            endpoint: TokenEndpoint::default(),
        }
    }

    asks_the_workspace!();
}

impl TokenSource for OAuthM2m {
    fn auth_type(&self) -> &str {
        "oauth-m2m"
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async move {
            let url = self.endpoint.find(context).await?;
            let authorization = basic_value(&self.client_id, self.client_secret.expose_secret())?;
            let form = [
                ("grant_type", "client_credentials"),
                ("scope", self.endpoint.scopes.as_str()),
            ];
            context.token(&url, Some(authorization), &form).await
        })
    }
}

/// The settings of all who ask the workspace's [`TokenEndpoint`].
macro_rules! asks_the_workspace {
    () => {
        /// Asks for these scopes. Default `all-apis`.
        #[must_use]
        pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
            self.endpoint.ask_for(scopes);
            self
        }

        /// Finds the token endpoint in the document at this URL instead of the workspace's own. Its query may hold a
        /// secret: it is not shown.
        #[must_use]
        pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
            self.endpoint.describe_at(url);
            self
        }
    };
}
pub(super) use asks_the_workspace;

/// The workspace's token endpoint, looked for once, and what is asked of it.
pub(super) struct TokenEndpoint {
    /// Separated by spaces.
    pub(super) scopes: String,
    described_at: Option<SecretString>,
    found: Mutex<Option<String>>,
}

impl TokenEndpoint {
    pub(super) fn ask_for<S: Into<String>>(&mut self, scopes: impl IntoIterator<Item = S>) {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        self.scopes = match scopes.iter().all(|scope| scope.trim().is_empty()) {
            true => ALL_SCOPES.to_owned(),
            false => scopes.join(" "),
        };
    }

    pub(super) fn describe_at(&mut self, url: impl Into<String>) {
        self.described_at = Some(SecretString::from(url.into()));
    }

    pub(super) async fn find(&self, context: &CredentialContext) -> Result<String, CredentialError> {
        #[derive(Deserialize)]
        struct Description {
            token_endpoint: String,
        }
        if let Some(found) = self.found().clone() {
            return Ok(found);
        }
        let at_workspace = || format!("{}/oidc/.well-known/oauth-authorization-server", context.host());
        let url = self.described_at.as_ref().map(|url| url.expose_secret().to_owned());
        let request = Request::get(url.unwrap_or_else(at_workspace)).extension(SecretPart::Query);
        let request = request.body(Bytes::new());
        let request = request.map_err(|_| CredentialError::new("the discovery URL (discovery_url) is not a URL"))?;
        let url = address_of(request.uri());
        let failed = |problem: &str| CredentialError::new(format!("OAuth is not available at {url}: {problem}"));
        let response = context.send(request).await?;
        let description = serde_json::from_slice::<Description>(response.body());
        let description = description.map_err(|_| failed("it does not describe a token endpoint in JSON"))?;
        *self.found() = Some(description.token_endpoint.clone());
        Ok(description.token_endpoint)
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TokenEndpoint {
    fn default() -> Self {
        Self {
            scopes: ALL_SCOPES.to_owned(),
            described_at: None,
            found: Mutex::default(),
        }
    }
}

/// Without the addresses, whose queries may hold secrets.
impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
