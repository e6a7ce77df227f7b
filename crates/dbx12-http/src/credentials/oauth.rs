//! OAuth at the workspace: machine to machine, and where its token endpoint is.

use super::{AccessToken, CredentialContext, CredentialError, TokenSource, basic_value};
use crate::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
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
    scopes: Scopes,
    endpoint: TokenEndpoint,
}

impl OAuthM2m {
    /// A service principal by its application id.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: SecretString::from(client_secret.into()),
            scopes: Scopes::default(),
            endpoint: TokenEndpoint::default(),
        }
    }

    /// Asks for these scopes. Default `all-apis`.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Scopes::new(scopes);
        self
    }

    /// Finds the token endpoint in the document at this URL instead.
    #[must_use]
    pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint = TokenEndpoint::described_at(url);
        self
    }
}

impl TokenSource for OAuthM2m {
    fn auth_type(&self) -> &str {
        "oauth-m2m"
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async move {
            let endpoint = self.endpoint.find(context).await?;
            let authorization = basic_value(&self.client_id, self.client_secret.expose_secret())?;
            let form = [("grant_type", "client_credentials"), ("scope", self.scopes.as_str())];
            context.token(&endpoint, Some(authorization), &form).await
        })
    }
}

/// The scopes to ask for, separated by spaces.
#[derive(Debug)]
pub(super) struct Scopes(String);

impl Scopes {
    pub(super) fn new<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        match scopes.iter().all(|scope| scope.trim().is_empty()) {
            true => Self::default(),
            false => Self(scopes.join(" ")),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self(ALL_SCOPES.to_owned())
    }
}

/// The workspace's token endpoint, looked for once.
#[derive(Debug, Default)]
pub(super) struct TokenEndpoint {
    described_at: Option<String>,
    found: Mutex<Option<String>>,
}

impl TokenEndpoint {
    pub(super) fn described_at(url: impl Into<String>) -> Self {
        Self {
            described_at: Some(url.into()),
            found: Mutex::default(),
        }
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
        let url = self.described_at.clone().unwrap_or_else(at_workspace);
        let failed = |problem: &str| CredentialError::new(format!("OAuth is not available at {url}: {problem}"));
        let response = context.get(&url).await?;
        let description = serde_json::from_slice::<Description>(response.body());
        let description = description.map_err(|_| failed("it does not describe a token endpoint in JSON"))?;
        *self.found() = Some(description.token_endpoint.clone());
        Ok(description.token_endpoint)
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
