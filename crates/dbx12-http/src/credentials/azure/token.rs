//! How each identity of Azure gets its tokens.

use super::{Azure, Environment, Identity, Proof};
use crate::credentials::{AccessToken, CredentialContext, CredentialError, TokenSource};
use crate::{BoxFuture, Host};
use bytes::Bytes;
use http::{Request, header};
use secrecy::ExposeSecret as _;

/// What a token is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Audience {
    Workspace,
    Management,
}

#[derive(Debug)]
pub(super) struct AzureToken {
    pub(super) azure: Azure,
    pub(super) audience: Audience,
}

impl TokenSource for AzureToken {
    fn auth_type(&self) -> &str {
        match &self.azure.identity {
            Identity::Principal {
                proof: Proof::Secret(_),
                ..
            } => "azure-client-secret",
            Identity::Principal { .. } => "github-oidc-azure",
            Identity::Managed { .. } => "azure-msi",
            #[cfg(feature = "command")]
            Identity::CommandLine { .. } => "azure-cli",
        }
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async move {
            let environment = self.environment(context.host());
            let resource = match self.audience {
                Audience::Workspace => environment.application,
                Audience::Management => environment.management,
            };
            match &self.azure.identity {
                Identity::Principal { client_id, proof } => {
                    let tenant_id = self.tenant_id(context).await?;
                    principal_token(context, &environment.login, &tenant_id, client_id, proof, resource).await
                }
                Identity::Managed { client_id, metadata } => {
                    managed_token(context, metadata, client_id.as_deref(), resource).await
                }
                #[cfg(feature = "command")]
                Identity::CommandLine { program } => {
                    // `az` has a tenant of its own, should the workspace not tell.
                    let tenant_id = match self.tenant_id(context).await {
                        Err(error) if error.is_transient() => return Err(error),
                        tenant_id => tenant_id.ok(),
                    };
                    command_line::token(
                        program,
                        tenant_id.as_deref(),
                        self.azure.workspace_resource_id.as_deref(),
                        resource,
                    )
                    .await
                }
            }
        })
    }
}

impl AzureToken {
    async fn tenant_id(&self, context: &CredentialContext) -> Result<String, CredentialError> {
        match &self.azure.tenant_id {
            Some(tenant_id) => Ok(tenant_id.clone()),
            None => tenant_of(context).await,
        }
    }

    fn environment(&self, host: &Host) -> Environment {
        let mut environment = Environment::of(host, self.azure.environment.as_deref());
        if let Some(login) = &self.azure.login {
            environment.login = format!("{}/", login.trim_end_matches('/'));
        }
        environment
    }
}

/// The tenant that the workspace sends its users to for their login: the first part of the path.
async fn tenant_of(context: &CredentialContext) -> Result<String, CredentialError> {
    let response = context.get(&format!("{}/aad/auth", context.host())).await?;
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|url| url.to_str().ok());
    let location = location.and_then(|url| url.parse::<http::Uri>().ok());
    let tenant = location.and_then(|url| url.path().split('/').nth(1).map(str::to_owned));
    let tenant = tenant.filter(|tenant| !tenant.is_empty());
    tenant.ok_or_else(|| {
        CredentialError::new("the workspace does not tell its Azure tenant; set azure_tenant_id (ARM_TENANT_ID)")
    })
}

async fn principal_token(
    context: &CredentialContext,
    login: &str,
    tenant_id: &str,
    client_id: &str,
    proof: &Proof,
    resource: &str,
) -> Result<AccessToken, CredentialError> {
    let endpoint = format!("{login}{tenant_id}/oauth2/token");
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("resource", resource),
    ];
    match proof {
        Proof::Secret(secret) => {
            form.push(("client_secret", secret.expose_secret()));
            context.token(&endpoint, None, &form).await
        }
        Proof::Assertion(token) => {
            let assertion = token.read(context, "api://AzureADTokenExchange").await?;
            form.push((
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ));
            form.push(("client_assertion", assertion.expose_secret()));
            context.token(&endpoint, None, &form).await
        }
    }
}

/// Asks the metadata service. Nothing secret is sent there, and only this machine reaches it.
async fn managed_token(
    context: &CredentialContext,
    metadata: &str,
    client_id: Option<&str>,
    resource: &str,
) -> Result<AccessToken, CredentialError> {
    let client_id = client_id.map(|id| ("client_id", id));
    let pairs = [("api-version", "2018-02-01"), ("resource", resource)];
    let query: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.into_iter().chain(client_id))
        .finish();
    let url = format!("{}/identity/oauth2/token?{query}", metadata.trim_end_matches('/'));
    let request = Request::get(url).header("Metadata", "true").body(Bytes::new());
    let request = request.map_err(|_| CredentialError::new("the URL of the metadata service is none"))?;
    context.token_of(request).await
}

#[cfg(feature = "command")]
mod command_line {
    use super::{AccessToken, CredentialError};
    use crate::credentials::Command;

    /// As the official tools do: for the tenant where it is known, for the workspace's subscription where that is, and
    /// else for whatever `az` is set to. Identities that know no tenant fail with one.
    pub(super) async fn token(
        program: &str,
        tenant_id: Option<&str>,
        workspace_resource_id: Option<&str>,
        resource: &str,
    ) -> Result<AccessToken, CredentialError> {
        let command = Command::new(program).arguments([
            "account",
            "get-access-token",
            "--resource",
            resource,
            "--output",
            "json",
        ]);
        let subscription = workspace_resource_id.and_then(|id| id.split('/').nth(2));
        let narrowed = match (tenant_id, subscription) {
            (Some(tenant_id), _) => Some(["--tenant", tenant_id]),
            (None, Some(subscription)) => Some(["--subscription", subscription]),
            (None, None) => None,
        };
        if let Some(narrowed) = narrowed
            && let Ok(token) = command.clone().arguments(narrowed).run().await
        {
            return Ok(token);
        }
        command.run().await
    }
}
