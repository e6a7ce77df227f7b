//! Token federation: a token of another issuer is exchanged for one of the workspace (RFC 8693).

use super::oauth::{Scopes, TokenEndpoint};
use super::{AccessToken, CredentialContext, CredentialError, TokenSource};
use crate::BoxFuture;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;

/// A token that somebody else issued, which says who asks: where it comes from.
#[derive(Debug)]
pub struct IdToken(Origin);

#[derive(Debug)]
enum Origin {
    Value(SecretString),
    File(PathBuf),
    GitHub { url: SecretString, token: SecretString },
}

impl IdToken {
    /// This token (`env-oidc`, when it is the value of `DATABRICKS_OIDC_TOKEN`).
    pub fn value(token: impl Into<String>) -> Self {
        Self(Origin::Value(SecretString::from(token.into())))
    }

    /// The token in this file (`file-oidc`). It is read anew for each exchange: whoever issues it may write a new one.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Origin::File(path.into()))
    }

    /// A token of GitHub for the job that runs (`github-oidc`): `ACTIONS_ID_TOKEN_REQUEST_URL` and
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job has with the permission `id-token: write`.
    pub fn github(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self(Origin::GitHub {
            url: SecretString::from(url.into()),
            token: SecretString::from(token.into()),
        })
    }

    pub(super) async fn read(
        &self,
        context: &CredentialContext,
        audience: &str,
    ) -> Result<SecretString, CredentialError> {
        let token = match &self.0 {
            Origin::Value(token) => token.expose_secret().to_owned(),
            Origin::File(path) => std::fs::read_to_string(path).map_err(|error| {
                let message = format!("the OIDC token in {} cannot be read: {error}", path.display());
                CredentialError::new(message).with_source(error)
            })?,
            Origin::GitHub { url, token } => {
                github_token(context, url.expose_secret(), token.expose_secret(), audience).await?
            }
        };
        match token.trim() {
            "" => Err(CredentialError::new("the OIDC token is empty")),
            token => Ok(SecretString::from(token)),
        }
    }

    fn auth_type(&self) -> &'static str {
        match self.0 {
            Origin::Value(_) => "env-oidc",
            Origin::File(_) => "file-oidc",
            Origin::GitHub { .. } => "github-oidc",
        }
    }
}

async fn github_token(
    context: &CredentialContext,
    url: &str,
    token: &str,
    audience: &str,
) -> Result<String, CredentialError> {
    #[derive(Deserialize)]
    struct Answer {
        value: String,
    }
    let audience: String = form_urlencoded::byte_serialize(audience.as_bytes()).collect();
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| CredentialError::new("ACTIONS_ID_TOKEN_REQUEST_TOKEN is not a token"))?;
    authorization.set_sensitive(true);
    let request = Request::get(format!("{url}{separator}audience={audience}"))
        .header(header::AUTHORIZATION, authorization)
        .body(Bytes::new());
    let request = request.map_err(|_| CredentialError::new("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL"))?;
    let response = context.send(request).await?;
    let answer = serde_json::from_slice::<Answer>(response.body());
    let answer = answer.map_err(|_| CredentialError::new("GitHub's answer has no token in it"))?;
    Ok(answer.value)
}

/// Exchanges a token of another issuer for one of the workspace, by a federation policy of the service principal or of
/// the account.
///
/// ```
/// use dbx12_http::Credentials;
/// use dbx12_http::credentials::{IdToken, TokenFederation};
///
/// let principal = TokenFederation::new(IdToken::file("/var/run/secrets/token")).client_id("11111111-2222");
/// assert_eq!(Credentials::from_tokens(principal).auth_type(), "file-oidc");
/// ```
#[derive(Debug)]
pub struct TokenFederation {
    id_token: IdToken,
    client_id: Option<String>,
    audience: Option<String>,
    scopes: Scopes,
    endpoint: TokenEndpoint,
}

impl TokenFederation {
    /// Exchanges this token.
    pub fn new(id_token: IdToken) -> Self {
        Self {
            id_token,
            client_id: None,
            audience: None,
            scopes: Scopes::default(),
            endpoint: TokenEndpoint::default(),
        }
    }

    /// The service principal whose policy applies. Without one, the policies of the account do.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The audience that GitHub writes into its token. Default: the workspace's token endpoint.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Asks for these scopes. Default `all-apis`.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Scopes::new(scopes);
        self
    }

    /// Finds the token endpoint in the document at this URL instead of the workspace's own.
    #[must_use]
    pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint = TokenEndpoint::described_at(url);
        self
    }
}

impl TokenSource for TokenFederation {
    fn auth_type(&self) -> &str {
        self.id_token.auth_type()
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async move {
            let endpoint = self.endpoint.find(context).await?;
            let audience = self.audience.as_deref().unwrap_or(&endpoint);
            let id_token = self.id_token.read(context, audience).await?;
            let mut form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", id_token.expose_secret()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                ("scope", self.scopes.as_str()),
            ];
            form.extend(self.client_id.as_deref().map(|id| ("client_id", id)));
            context.token(&endpoint, None, &form).await
        })
    }
}
