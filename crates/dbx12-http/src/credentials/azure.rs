//! Microsoft Entra ID: service principals, managed identities, and the login of `az`.

mod token;

use super::cached::Cached;
use super::{CredentialContext, CredentialError, CredentialSource, Credentials, IdToken, authorization};
use crate::{BoxFuture, Host};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::SecretString;
use std::sync::Arc;
use token::{Audience, AzureToken};

/// Allows a service principal that is not a user of the workspace to enter it.
const MANAGEMENT_TOKEN: HeaderName = HeaderName::from_static("x-databricks-azure-sp-management-token");
/// Which workspace the management token is for.
const RESOURCE_ID: HeaderName = HeaderName::from_static("x-databricks-azure-workspace-resource-id");

/// A cloud of Azure: where its login is, and what tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// With a slash at its end.
    pub(crate) login: String,
    management: &'static str,
    application: &'static str,
}

impl Environment {
    /// The cloud of a workspace by its host, as the official tools know them; `name` is for hosts that say nothing.
    pub(crate) fn of(host: &Host, name: Option<&str>) -> Self {
        let name = name.unwrap_or_default().to_ascii_uppercase();
        let name = name.trim_start_matches("AZURE").trim_end_matches("CLOUD");
        let ends = |ending: &str| host.name().ends_with(ending);
        let (login, management) = if ends(".databricks.azure.us") || name == "USGOVERNMENT" {
            (
                "https://login.microsoftonline.us/",
                "https://management.core.usgovcloudapi.net/",
            )
        } else if ends(".databricks.azure.cn") || name == "CHINA" {
            (
                "https://login.chinacloudapi.cn/",
                "https://management.core.chinacloudapi.cn/",
            )
        } else {
            (
                "https://login.microsoftonline.com/",
                "https://management.core.windows.net/",
            )
        };
        Self {
            login: login.to_owned(),
            management,
            application: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
        }
    }

    /// Whether the official tools take a host for one of Azure.
    pub(crate) fn is_azure(host: &Host) -> bool {
        [".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"]
            .iter()
            .any(|ending| host.name().ends_with(ending))
    }
}

/// Credentials of Microsoft Entra ID for a workspace of Azure.
///
/// ```
/// use dbx12_http::credentials::Azure;
///
/// let credentials = Azure::client_secret("client", "secret")
///     .tenant_id("tenant")
///     .workspace_resource_id("/subscriptions/…/workspaces/mine")
///     .credentials();
/// assert_eq!(credentials.auth_type(), "azure-client-secret");
/// ```
#[derive(Clone, Debug)]
pub struct Azure {
    identity: Identity,
    tenant_id: Option<String>,
    environment: Option<String>,
    login: Option<String>,
    workspace_resource_id: Option<String>,
}

#[derive(Clone, Debug)]
enum Identity {
    Principal {
        client_id: String,
        proof: Proof,
    },
    Managed {
        client_id: Option<String>,
        metadata: String,
    },
    #[cfg(feature = "command")]
    CommandLine {
        program: String,
    },
}

/// How a service principal shows that it is the one.
#[derive(Clone, Debug)]
enum Proof {
    Secret(Arc<SecretString>),
    Assertion(Arc<IdToken>),
}

impl Azure {
    /// A service principal with a client secret (`azure-client-secret`).
    pub fn client_secret(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let secret = SecretString::from(client_secret.into());
        Self::principal(client_id.into(), Proof::Secret(Arc::new(secret)))
    }

    /// A service principal that trusts GitHub's tokens (`github-oidc-azure`), see [`IdToken::github`].
    pub fn github_oidc(client_id: impl Into<String>, token: IdToken) -> Self {
        Self::principal(client_id.into(), Proof::Assertion(Arc::new(token)))
    }

    /// The identity of the machine that this runs on (`azure-msi`), asked of its metadata service.
    pub fn managed_identity() -> Self {
        Self::new(Identity::Managed {
            client_id: None,
            metadata: "http://169.254.169.254/metadata".to_owned(),
        })
    }

    /// The login of `az` (`azure-cli`).
    #[cfg(feature = "command")]
    pub fn command_line() -> Self {
        Self::new(Identity::CommandLine {
            program: "az".to_owned(),
        })
    }

    /// The tenant of a service principal or of the login of `az`. Default: the one to which the workspace sends its users
    /// for their login.
    #[must_use]
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// Of several managed identities the one with this client id.
    #[must_use]
    pub fn managed_client_id(mut self, id: impl Into<String>) -> Self {
        if let Identity::Managed { client_id, .. } = &mut self.identity {
            *client_id = Some(id.into());
        }
        self
    }

    /// Lets a principal that is no user of the workspace enter it by its rights in Azure: a token for its management and
    /// this id of the workspace are sent along.
    #[must_use]
    pub fn workspace_resource_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_resource_id = Some(id.into());
        self
    }

    /// The cloud, `PUBLIC`, `USGOVERNMENT` or `CHINA`, where the workspace's host does not tell.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Another address for the login, for a private cloud or a test.
    #[must_use]
    pub fn login_url(mut self, url: impl Into<String>) -> Self {
        self.login = Some(url.into());
        self
    }

    /// Another address for the metadata service of managed identities, for Azure Arc or a test.
    #[must_use]
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        if let Identity::Managed { metadata, .. } = &mut self.identity {
            *metadata = url.into();
        }
        self
    }

    /// Another program than `az`.
    #[cfg(feature = "command")]
    #[must_use]
    pub fn program(mut self, path: impl Into<String>) -> Self {
        if let Identity::CommandLine { program, .. } = &mut self.identity {
            *program = path.into();
        }
        self
    }

    /// The credentials.
    pub fn credentials(self) -> Credentials {
        let token = |audience| {
            Cached::new(AzureToken {
                azure: self.clone(),
                audience,
            })
        };
        Credentials::new(AzureSource {
            workspace: token(Audience::Workspace),
            management: self
                .workspace_resource_id
                .clone()
                .map(|id| (id, token(Audience::Management))),
            needs_management: !self.is_command_line(),
        })
    }

    fn principal(client_id: String, proof: Proof) -> Self {
        Self::new(Identity::Principal { client_id, proof })
    }

    fn new(identity: Identity) -> Self {
        Self {
            identity,
            tenant_id: None,
            environment: None,
            login: None,
            workspace_resource_id: None,
        }
    }

    fn is_command_line(&self) -> bool {
        #[cfg(feature = "command")]
        if matches!(self.identity, Identity::CommandLine { .. }) {
            return true;
        }
        false
    }
}

#[derive(Debug)]
struct AzureSource {
    workspace: Cached,
    management: Option<(String, Cached)>,
    /// A user of `az` need not have the right to manage.
    needs_management: bool,
}

impl CredentialSource for AzureSource {
    fn auth_type(&self) -> &str {
        self.workspace.auth_type()
    }

    fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async move {
            let mut headers = authorization("Bearer", self.workspace.token(context).await?.secret())?;
            let Some((id, management)) = &self.management else {
                return Ok(headers);
            };
            let invalid = |what: &str| CredentialError::new(format!("the {what} cannot be sent in a header"));
            headers.insert(
                RESOURCE_ID,
                HeaderValue::try_from(id).map_err(|_| invalid("azure_workspace_resource_id"))?,
            );
            match management.token(context).await {
                Ok(token) => {
                    let value = HeaderValue::try_from(token.expose()).map_err(|_| invalid("management token"))?;
                    headers.insert(MANAGEMENT_TOKEN, value);
                }
                Err(error) if self.needs_management => return Err(error),
                Err(error) => tracing::debug!(%error, "goes without a management token"),
            }
            Ok(headers)
        })
    }

    fn refused(&self, headers: &HeaderMap) -> bool {
        if let (Some((_, management)), Some(headers)) = (&self.management, management_as_bearer(headers)) {
            management.refused(&headers);
        }
        self.workspace.refused(headers)
    }

    fn accepted(&self, headers: &HeaderMap) {
        if let (Some((_, management)), Some(headers)) = (&self.management, management_as_bearer(headers)) {
            management.accepted(&headers);
        }
        self.workspace.accepted(headers);
    }
}

/// The token for the management where those who keep tokens look for it.
fn management_as_bearer(headers: &HeaderMap) -> Option<HeaderMap> {
    let value = [b"Bearer ", headers.get(MANAGEMENT_TOKEN)?.as_bytes()].concat();
    let value = HeaderValue::from_bytes(&value).ok()?;
    Some(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

#[cfg(test)]
mod tests;
