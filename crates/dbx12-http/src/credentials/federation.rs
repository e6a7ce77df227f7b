//! Token federation: a token of another issuer is exchanged for one of the workspace (RFC 8693).

use super::oauth::{TokenEndpoint, asks_the_workspace};
use super::{AccessToken, CredentialContext, CredentialError, IdToken, TokenSource};
use crate::BoxFuture;
use secrecy::ExposeSecret as _;

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
    endpoint: TokenEndpoint,
}

impl TokenFederation {
    /// Exchanges this token.
    pub fn new(id_token: IdToken) -> Self {
        Self {
            id_token,
            client_id: None,
            audience: None,
            endpoint: TokenEndpoint::default(),
        }
    }

    /// The service principal whose policy applies. Without one, the policies of the account do.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The audience that GitHub writes into its token (Azure DevOps has one of its own). Default: the workspace's token endpoint.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    asks_the_workspace!();
}

impl TokenSource for TokenFederation {
    fn auth_type(&self) -> &str {
        self.id_token.auth_type()
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async move {
            let url = self.endpoint.find(context).await?;
            let audience = self.audience.as_deref().unwrap_or(&url);
            let id_token = self.id_token.read(context, audience).await?;
            let mut form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", id_token.expose_secret()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                ("scope", self.endpoint.scopes.as_str()),
            ];
            form.extend(self.client_id.as_deref().map(|id| ("client_id", id)));
            context.token(&url, None, &form).await
        })
    }
}
