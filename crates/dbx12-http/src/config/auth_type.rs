//! All kinds of credentials in their order: the one table that the choice, explanations and the documentation go by.

use super::setting::Setting;
use std::fmt;

/// A kind of credentials, as the official tools know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AuthType(pub(super) &'static Row);

/// What is known of one kind.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    name: &'static str,
    /// What must be set for it.
    needs: &'static [Setting],
    pub(super) make: Make,
    about: &'static str,
}

/// How it is made. Those that only show when they are asked whether they are there are tried in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Make {
    Pat,
    Basic,
    MetadataService,
    OAuthM2m,
    EnvOidc,
    FileOidc,
    GithubOidc,
    AzureMsi,
    AzureClientSecret,
    GithubOidcAzure,
    AzureCli,
    AzureDevopsOidc,
    DatabricksCli,
    GoogleId,
    Netrc,
    Unsupported,
}

const fn row(name: &'static str, needs: &'static [Setting], make: Make, about: &'static str) -> Row {
    Row {
        name,
        needs,
        make,
        about,
    }
}

/// What a job of Azure DevOps has.
const AZURE_DEVOPS: &[Setting] = &[
    Setting::AzureDevopsToken,
    Setting::AzureDevopsCollection,
    Setting::AzureDevopsProject,
    Setting::AzureDevopsPlan,
    Setting::AzureDevopsJob,
    Setting::AzureDevopsHostType,
];

/// The order of sdk-py, with `azure-msi` where sdk-go has it, and `netrc`, which the official tools do not know, last:
/// what is configured comes before what is merely found on the machine.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("pat", &[Setting::Token], Make::Pat, "Personal access token, as `Authorization: Bearer`"),
    row("basic", &[Setting::Username, Setting::Password], Make::Basic, "User and password (HTTP Basic)"),
    row("metadata-service", &[Setting::MetadataServiceUrl], Make::MetadataService, "Service on this machine that gives tokens, as the VS Code extension starts one"),
    row("oauth-m2m", &[Setting::ClientId, Setting::ClientSecret], Make::OAuthM2m, "Service principal with an OAuth secret"),
    row("env-oidc", &[Setting::OidcToken], Make::EnvOidc, "Token of another issuer in a variable, exchanged (RFC 8693)"),
    row("file-oidc", &[Setting::OidcTokenFilepath], Make::FileOidc, "Token of another issuer in a file, exchanged"),
    row("github-oidc", &[Setting::GithubTokenUrl, Setting::GithubToken], Make::GithubOidc, "Token of a job of GitHub Actions, exchanged"),
    row("azure-msi", &[Setting::AzureUseMsi], Make::AzureMsi, "Managed identity of this machine, in Azure"),
    row("azure-client-secret", &[Setting::AzureClientId, Setting::AzureClientSecret], Make::AzureClientSecret, "Azure service principal with a secret"),
    row("github-oidc-azure", &[Setting::AzureClientId, Setting::AzureTenantId, Setting::GithubTokenUrl, Setting::GithubToken], Make::GithubOidcAzure, "Azure service principal that trusts GitHub"),
    row("azure-cli", &[], Make::AzureCli, "Login of `az`, for a workspace in Azure"),
    row("azure-devops-oidc", AZURE_DEVOPS, Make::AzureDevopsOidc, "Token of a job of Azure DevOps, exchanged"),
    row("external-browser", &[], Make::Unsupported, "log in with `databricks auth login`, and use `databricks-cli`"),
    row("databricks-cli", &[], Make::DatabricksCli, "Login of `databricks`, by `databricks auth token`"),
    row("runtime-oauth", &[], Make::Unsupported, "only Python in a notebook has it: set `DATABRICKS_TOKEN`, or use `oauth-m2m`"),
    row("runtime", &[], Make::Unsupported, "only Python in a notebook has it: set `DATABRICKS_TOKEN`, or use `oauth-m2m`"),
    row("google-credentials", &[Setting::GoogleCredentials], Make::Unsupported, "give the key to `gcloud`, and use `google-id` (`DATABRICKS_GOOGLE_SERVICE_ACCOUNT`), or use `oauth-m2m`"),
    row("google-id", &[Setting::GoogleServiceAccount], Make::GoogleId, "ID token of Google, by `gcloud auth print-identity-token`"),
    row("model-serving", &[], Make::Unsupported, "only a model that is served has it: use `oauth-m2m`"),
    row("netrc", &[], Make::Netrc, "User and password of the host's entry in `.netrc`; only when nothing else is there"),
];

impl AuthType {
    /// All there are, in the order in which they are tried.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|auth_type| auth_type.name() == name)
    }

    /// Its name, the value of `auth_type`: `oauth-m2m`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The settings without which it cannot be used.
    pub fn needs(self) -> &'static [Setting] {
        self.0.needs
    }

    /// Whether this crate knows how to use it. The other names are those that official tools know.
    pub fn is_supported(self) -> bool {
        self.0.make != Make::Unsupported
    }

    /// What it is, in one line of Markdown; where it is not supported, what to use instead.
    pub fn about(self) -> &'static str {
        self.0.about
    }
}

impl fmt::Display for AuthType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
