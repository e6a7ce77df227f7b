//! All settings: the one table that the environment, the file, validation, explanations and the documentation go by.

use std::fmt;

/// A setting, as the official tools know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is described by its row in the table")]
pub enum Setting {
    Host,
    ClusterId,
    WarehouseId,
    ServerlessComputeId,
    MetadataServiceUrl,
    AccountId,
    WorkspaceId,
    Token,
    Username,
    Password,
    Profile,
    ConfigFile,
    OauthCallbackPort,
    GoogleServiceAccount,
    GoogleCredentials,
    AzureWorkspaceResourceId,
    AzureUseMsi,
    AzureClientSecret,
    AzureClientId,
    AzureTenantId,
    GithubTokenUrl,
    GithubToken,
    AzureDevopsToken,
    AzureDevopsCollection,
    AzureDevopsProject,
    AzureDevopsPlan,
    AzureDevopsJob,
    AzureDevopsHostType,
    AzureEnvironment,
    ClientId,
    ClientSecret,
    Scopes,
    DisableOauthRefreshToken,
    DisableAsyncTokenRefresh,
    DatabricksCliPath,
    AuthType,
    OidcTokenFilepath,
    OidcTokenEnv,
    OidcToken,
    TokenAudience,
    DiscoveryUrl,
    Cloud,
    SkipVerify,
    HttpTimeoutSeconds,
    RetryTimeoutSeconds,
    RateLimit,
    DebugTruncateBytes,
    DebugHeaders,
    NetrcFile,
    UseNetrc,
}

/// What is known of one setting.
#[derive(Debug)]
struct Row {
    setting: Setting,
    name: &'static str,
    /// The first that is set counts.
    environment: &'static [&'static str],
    /// Its names in the file. None where it has no place there.
    keys: &'static [&'static str],
    is_secret: bool,
    /// The family of credentials that it belongs to; of two families one must be chosen.
    family: Option<&'static str>,
    about: &'static str,
}

const fn row(
    setting: Setting,
    name: &'static str,
    environment: &'static [&'static str],
    keys: &'static [&'static str],
    about: &'static str,
) -> Row {
    Row {
        setting,
        name,
        environment,
        keys,
        is_secret: false,
        family: None,
        about,
    }
}

impl Row {
    const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    const fn family(mut self, family: &'static str) -> Self {
        self.family = Some(family);
        self
    }
}

/// In the order in which the official tools list them.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row(Setting::Host, "host", &["DATABRICKS_HOST"], &["host"], "Address of the workspace; a pasted page of it will do"),
    row(Setting::ClusterId, "cluster_id", &["DATABRICKS_CLUSTER_ID"], &["cluster_id"], "Cluster to run on, for `dbx12-cli`"),
    row(Setting::WarehouseId, "warehouse_id", &["DATABRICKS_WAREHOUSE_ID"], &["warehouse_id"], "Read, not used: API 1.2 knows no warehouses"),
    row(Setting::ServerlessComputeId, "serverless_compute_id", &["DATABRICKS_SERVERLESS_COMPUTE_ID"], &["serverless_compute_id"], "Read, not used: API 1.2 knows no serverless compute"),
    row(Setting::MetadataServiceUrl, "metadata_service_url", &["DATABRICKS_METADATA_SERVICE_URL"], &["metadata_service_url"], "Service on this machine that gives tokens").secret().family("metadata-service"),
    row(Setting::AccountId, "account_id", &["DATABRICKS_ACCOUNT_ID"], &["account_id"], "Account, also read from a pasted address (`?a=`)"),
    row(Setting::WorkspaceId, "workspace_id", &["DATABRICKS_WORKSPACE_ID"], &["workspace_id"], "Workspace of a host that serves many, also read from a pasted address (`?o=`, `?w=`); sent as `X-Databricks-Workspace-Id`"),
    row(Setting::Token, "token", &["DATABRICKS_TOKEN"], &["token"], "Personal access token").secret().family("pat"),
    row(Setting::Username, "username", &["DATABRICKS_USERNAME"], &["username"], "User for HTTP Basic").family("basic"),
    row(Setting::Password, "password", &["DATABRICKS_PASSWORD"], &["password"], "Password for HTTP Basic").secret().family("basic"),
    row(Setting::Profile, "profile", &["DATABRICKS_CONFIG_PROFILE"], &[], "Profile of the file to read"),
    row(Setting::ConfigFile, "config_file", &["DATABRICKS_CONFIG_FILE"], &[], "The file with profiles; `~/.databrickscfg` by default"),
    row(Setting::OauthCallbackPort, "oauth_callback_port", &["DATABRICKS_OAUTH_CALLBACK_PORT"], &["oauth_callback_port"], "Read, not used: nobody logs in with a browser here"),
    row(Setting::GoogleServiceAccount, "google_service_account", &["DATABRICKS_GOOGLE_SERVICE_ACCOUNT"], &["google_service_account"], "Service account in whose name `gcloud` asks for an ID token").family("google"),
    row(Setting::GoogleCredentials, "google_credentials", &["GOOGLE_CREDENTIALS"], &["google_credentials"], "Not supported: see `google-credentials` below").secret().family("google"),
    row(Setting::AzureWorkspaceResourceId, "azure_workspace_resource_id", &["DATABRICKS_AZURE_RESOURCE_ID"], &["azure_workspace_resource_id"], "Lets a principal that is no user of the workspace enter by its rights in Azure").family("azure"),
    row(Setting::AzureUseMsi, "azure_use_msi", &["ARM_USE_MSI"], &["azure_use_msi"], "Use the managed identity of this machine").family("azure"),
    row(Setting::AzureClientSecret, "azure_client_secret", &["ARM_CLIENT_SECRET"], &["azure_client_secret"], "Secret of an Azure service principal").secret().family("azure"),
    row(Setting::AzureClientId, "azure_client_id", &["ARM_CLIENT_ID"], &["azure_client_id"], "An Azure service principal or managed identity").family("azure"),
    row(Setting::AzureTenantId, "azure_tenant_id", &["ARM_TENANT_ID"], &["azure_tenant_id"], "Azure tenant; the workspace is asked for it by default").family("azure"),
    row(Setting::GithubTokenUrl, "actions_id_token_request_url", &["ACTIONS_ID_TOKEN_REQUEST_URL"], &[], "Where a job of GitHub Actions gets its token").secret(),
    row(Setting::GithubToken, "actions_id_token_request_token", &["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], &[], "What a job of GitHub Actions gets its token with").secret(),
    row(Setting::AzureDevopsToken, "system_accesstoken", &["SYSTEM_ACCESSTOKEN"], &[], "What a job of Azure DevOps gets its token with; its step must map it").secret(),
    row(Setting::AzureDevopsCollection, "system_teamfoundationcollectionuri", &["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"], &[], "Where a job of Azure DevOps gets its token"),
    row(Setting::AzureDevopsProject, "system_teamprojectid", &["SYSTEM_TEAMPROJECTID"], &[], "Project of a job of Azure DevOps"),
    row(Setting::AzureDevopsPlan, "system_planid", &["SYSTEM_PLANID"], &[], "Plan of a job of Azure DevOps"),
    row(Setting::AzureDevopsJob, "system_jobid", &["SYSTEM_JOBID"], &[], "Job of Azure DevOps that runs"),
    row(Setting::AzureDevopsHostType, "system_hosttype", &["SYSTEM_HOSTTYPE"], &[], "`build` or `release`, in a job of Azure DevOps"),
    row(Setting::AzureEnvironment, "azure_environment", &["ARM_ENVIRONMENT"], &["azure_environment"], "`PUBLIC`, `USGOVERNMENT` or `CHINA`, where the host does not tell"),
    row(Setting::ClientId, "client_id", &["DATABRICKS_CLIENT_ID"], &["client_id"], "A service principal of Databricks").family("oauth"),
    row(Setting::ClientSecret, "client_secret", &["DATABRICKS_CLIENT_SECRET"], &["client_secret"], "OAuth secret of a service principal").secret().family("oauth"),
    row(Setting::Scopes, "scopes", &[], &["scopes"], "OAuth scopes, separated by commas; `all-apis` by default"),
    row(Setting::DisableOauthRefreshToken, "disable_oauth_refresh_token", &["DATABRICKS_DISABLE_OAUTH_REFRESH_TOKEN"], &["disable_oauth_refresh_token"], "Read, not used: nobody logs in with a browser here"),
    row(Setting::DisableAsyncTokenRefresh, "disable_async_token_refresh", &["DATABRICKS_DISABLE_ASYNC_TOKEN_REFRESH"], &["disable_async_token_refresh"], "Read, not used: a token is always renewed before anybody has to wait"),
    row(Setting::DatabricksCliPath, "databricks_cli_path", &["DATABRICKS_CLI_PATH"], &["databricks_cli_path"], "The official command line; `databricks` by default"),
    row(Setting::AuthType, "auth_type", &["DATABRICKS_AUTH_TYPE"], &["auth_type"], "The only kind of credentials to use"),
    row(Setting::OidcTokenFilepath, "oidc_token_filepath", &["DATABRICKS_OIDC_TOKEN_FILEPATH", "DATABRICKS_OIDC_TOKEN_FILE"], &["oidc_token_filepath", "databricks_id_token_filepath"], "File with a token of another issuer").family("file-oidc"),
    row(Setting::OidcTokenEnv, "oidc_token_env", &["DATABRICKS_OIDC_TOKEN_ENV"], &["oidc_token_env"], "Name of the variable with a token of another issuer; `DATABRICKS_OIDC_TOKEN` by default").family("env-oidc"),
    row(Setting::OidcToken, "oidc_token", &["DATABRICKS_OIDC_TOKEN"], &[], "Token of another issuer").secret(),
    row(Setting::TokenAudience, "audience", &["DATABRICKS_TOKEN_AUDIENCE"], &["audience", "token_audience"], "Audience of GitHub's token; the token endpoint by default"),
    row(Setting::DiscoveryUrl, "discovery_url", &["DATABRICKS_DISCOVERY_URL"], &["discovery_url"], "Where the OAuth endpoints are described, shown without its query; asked of the workspace by default"),
    row(Setting::Cloud, "cloud", &["DATABRICKS_CLOUD"], &["cloud"], "`Azure`, where the host does not tell"),
    row(Setting::SkipVerify, "skip_verify", &[], &["skip_verify"], "Refused when true: trust a certificate authority instead"),
    row(Setting::HttpTimeoutSeconds, "http_timeout_seconds", &[], &["http_timeout_seconds"], "How long one attempt may take; 60 by default"),
    row(Setting::RetryTimeoutSeconds, "retry_timeout_seconds", &[], &["retry_timeout_seconds"], "How long a call may take with all its attempts; no limit by default"),
    row(Setting::RateLimit, "rate_limit", &["DATABRICKS_RATE_LIMIT"], &["rate_limit"], "Requests a second at most"),
    row(Setting::DebugTruncateBytes, "debug_truncate_bytes", &["DATABRICKS_DEBUG_TRUNCATE_BYTES"], &["debug_truncate_bytes"], "Read, not used: bodies are never logged"),
    row(Setting::DebugHeaders, "debug_headers", &["DATABRICKS_DEBUG_HEADERS"], &["debug_headers"], "Read, not used: headers are never logged"),
    row(Setting::NetrcFile, "netrc_file", &["NETRC"], &[], "The `.netrc` file, which is looked at last; `~/.netrc` by default"),
    row(Setting::UseNetrc, "use_netrc", &["DBX12_USE_NETRC"], &["use_netrc"], "`false`: the `.netrc` file is not looked at"),
];

impl Setting {
    /// All there are, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.setting)
    }

    /// Its name, which is also that in the file: `azure_client_id`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The environment variables it is read from. The first that is set counts.
    pub fn environment(self) -> &'static [&'static str] {
        self.row().environment
    }

    /// The keys it has in a profile of the file; none where it has no place there.
    pub fn keys(self) -> &'static [&'static str] {
        self.row().keys
    }

    /// Whether its value must not be shown.
    pub fn is_secret(self) -> bool {
        self.row().is_secret
    }

    /// The family of credentials it belongs to, such as `azure`. Of settings of two families one must be chosen by
    /// `auth_type`.
    pub fn family(self) -> Option<&'static str> {
        self.row().family
    }

    /// What it is, in one line of Markdown.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_the_row_at_its_place() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.setting as usize, index, "{}", row.name);
        }
        assert_eq!(Setting::UseNetrc as usize + 1, TABLE.len());
    }

    #[test]
    fn no_name_stands_for_two() {
        for names in [
            TABLE.iter().map(|row| row.name).collect::<Vec<_>>(),
            TABLE.iter().flat_map(|row| row.keys).copied().collect(),
            TABLE.iter().flat_map(|row| row.environment).copied().collect(),
        ] {
            let mut once = names.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), names.len());
        }
    }
}
