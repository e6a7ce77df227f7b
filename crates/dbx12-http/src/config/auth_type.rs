//! All kinds of credentials in their order: the one table that the choice, explanations and the documentation go by.

use super::setting::Setting;
use super::{Config, Origin};
use crate::credentials::{Azure, AzureEnvironment, IdToken, Netrc, OAuthM2m, TokenFederation};
use crate::{BuildError, CredentialError, Credentials, Host};
use std::fmt;

/// A kind of credentials, as the official tools know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AuthType(&'static Row);

/// What is known of one kind.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Row {
    name: &'static str,
    /// What must be set for it.
    needs: &'static [Setting],
    make: Make,
    about: &'static str,
}

/// How it is made. Those that only show when they are asked whether they are there are tried in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Make {
    Pat,
    Basic,
    OAuthM2m,
    EnvOidc,
    FileOidc,
    GithubOidc,
    AzureMsi,
    AzureClientSecret,
    GithubOidcAzure,
    AzureCli,
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

/// The order of sdk-py, with `azure-msi` where sdk-go has it, and `netrc`, which the official tools do not know, last:
/// what is configured comes before what is merely found on the machine.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("pat", &[Setting::Token], Make::Pat, "Personal access token, as `Authorization: Bearer`"),
    row("basic", &[Setting::Username, Setting::Password], Make::Basic, "User and password (HTTP Basic)"),
    row("metadata-service", &[Setting::MetadataServiceUrl], Make::Unsupported, ""),
    row("oauth-m2m", &[Setting::ClientId, Setting::ClientSecret], Make::OAuthM2m, "Service principal with an OAuth secret"),
    row("env-oidc", &[Setting::OidcToken], Make::EnvOidc, "Token of another issuer in a variable, exchanged (RFC 8693)"),
    row("file-oidc", &[Setting::OidcTokenFilepath], Make::FileOidc, "Token of another issuer in a file, exchanged"),
    row("github-oidc", &[Setting::GithubTokenUrl, Setting::GithubToken], Make::GithubOidc, "Token of a job of GitHub Actions, exchanged"),
    row("azure-msi", &[Setting::AzureUseMsi], Make::AzureMsi, "Managed identity of this machine, in Azure"),
    row("azure-client-secret", &[Setting::AzureClientId, Setting::AzureClientSecret], Make::AzureClientSecret, "Azure service principal with a secret"),
    row("github-oidc-azure", &[Setting::AzureClientId, Setting::AzureTenantId, Setting::GithubTokenUrl, Setting::GithubToken], Make::GithubOidcAzure, "Azure service principal that trusts GitHub"),
    row("azure-cli", &[], Make::AzureCli, "Login of `az`, for a workspace in Azure"),
    row("azure-devops-oidc", &[], Make::Unsupported, ""),
    row("external-browser", &[], Make::Unsupported, ""),
    row("databricks-cli", &[], Make::DatabricksCli, "Login of `databricks`, by `databricks auth token`"),
    row("runtime-oauth", &[], Make::Unsupported, ""),
    row("runtime", &[], Make::Unsupported, ""),
    row("google-credentials", &[Setting::GoogleCredentials], Make::Unsupported, ""),
    row("google-id", &[Setting::GoogleServiceAccount], Make::GoogleId, "ID token of Google, by `gcloud auth print-identity-token`"),
    row("model-serving", &[], Make::Unsupported, ""),
    row("netrc", &[], Make::Netrc, "User and password of the host's entry in `.netrc`; only when nothing else is there"),
];

/// What a kind comes to with a configuration.
pub(super) enum Candidate {
    /// It is configured; none after it is looked at.
    Sure(Credentials),
    /// Whether it works shows when it is asked.
    Perhaps(Credentials),
    /// It is not, and why.
    No(String),
}

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

    /// What it is, in one line of Markdown. Empty where it is not supported.
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// What comes of it with this configuration. Programs are only looked for, not run.
    pub(super) fn candidate(self, config: &Config, host: &Host) -> Result<Candidate, BuildError> {
        use Candidate::{No, Perhaps, Sure};
        if let Some(missing) = self.0.needs.iter().find(|setting| !config.is_set(**setting)) {
            return Ok(No(format!("{missing} is not set")));
        }
        let is_azure = || {
            let says_so = config.text(Setting::Cloud).eq_ignore_ascii_case("azure");
            says_so || config.is_set(Setting::AzureWorkspaceResourceId) || AzureEnvironment::is_azure(host)
        };
        let azure = |azure: Azure| config.with_azure_settings(azure).credentials();
        let id_token = || IdToken::github(config.text(Setting::GithubTokenUrl), config.text(Setting::GithubToken));
        let federation = |id_token| config.federation(id_token);
        Ok(match self.0.make {
            Make::Pat => Sure(Credentials::bearer(config.text(Setting::Token))),
            Make::Basic => Sure(Credentials::basic(
                config.text(Setting::Username),
                config.text(Setting::Password),
            )),
            Make::OAuthM2m => {
                let principal = OAuthM2m::new(config.text(Setting::ClientId), config.text(Setting::ClientSecret));
                let principal = principal.scopes(config.scopes());
                Sure(Credentials::from_tokens(match config.given(Setting::DiscoveryUrl) {
                    Some(url) => principal.discovery_url(url),
                    None => principal,
                }))
            }
            Make::EnvOidc => Sure(federation(IdToken::value(config.text(Setting::OidcToken)))),
            Make::FileOidc => Sure(federation(IdToken::file(
                config.expand_home(config.text(Setting::OidcTokenFilepath)),
            ))),
            // Every job with the permission has the variables, also one that has its login from elsewhere.
            Make::GithubOidc => Perhaps(federation(id_token())),
            Make::AzureMsi | Make::AzureClientSecret | Make::GithubOidcAzure | Make::AzureCli if !is_azure() => {
                No(format!("{} is not a host of Azure", host.name()))
            }
            Make::AzureMsi if !config.flag(Setting::AzureUseMsi)? => No("azure_use_msi is false".to_owned()),
            Make::AzureMsi => {
                let identity = Azure::managed_identity();
                Sure(azure(match config.given(Setting::AzureClientId) {
                    Some(id) => identity.managed_client_id(id),
                    None => identity,
                }))
            }
            Make::AzureClientSecret => {
                let (id, secret) = (
                    config.text(Setting::AzureClientId),
                    config.text(Setting::AzureClientSecret),
                );
                Sure(azure(match config.given(Setting::AzureTenantId) {
                    Some(tenant) => Azure::client_secret(tenant, id, secret),
                    None => Azure::principal_of_unknown_tenant(id.to_owned(), secret.to_owned()),
                }))
            }
            Make::GithubOidcAzure => Perhaps(azure(Azure::github_oidc(
                config.text(Setting::AzureTenantId),
                config.text(Setting::AzureClientId),
                id_token(),
            ))),
            Make::AzureCli | Make::DatabricksCli | Make::GoogleId => self.of_program(config, host),
            Make::Netrc => netrc(config, host)?,
            Make::Unsupported => No("the official tools know it, dbx12 does not".to_owned()),
        })
    }

    #[cfg(feature = "command")]
    fn of_program(self, config: &Config, host: &Host) -> Candidate {
        use crate::credentials::{Command, find_program};
        let find = |program: &str| {
            find_program(program, config.path.as_deref())
                .ok_or_else(|| Candidate::No(format!("`{program}` is not installed")))
        };
        let made = || {
            Ok(match self.0.make {
                Make::AzureCli => {
                    let tenant = config.given(Setting::AzureTenantId).map(str::to_owned);
                    let program = find("az")?.display().to_string();
                    Candidate::Perhaps(
                        config
                            .with_azure_settings(Azure::command_line(tenant).program(program))
                            .credentials(),
                    )
                }
                Make::GoogleId => {
                    let account = config.text(Setting::GoogleServiceAccount);
                    Candidate::Sure(Credentials::from_tokens(Command::gcloud(account, host)))
                }
                _ => {
                    let program = find(config.given(Setting::DatabricksCliPath).unwrap_or("databricks"))?;
                    Candidate::Perhaps(Credentials::from_tokens(Command::databricks(program, host)))
                }
            })
        };
        made().unwrap_or_else(|no| no)
    }

    #[cfg(not(feature = "command"))]
    fn of_program(self, _: &Config, _: &Host) -> Candidate {
        Candidate::No("it needs the feature `command` of dbx12-http".to_owned())
    }
}

impl fmt::Display for AuthType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn netrc(config: &Config, host: &Host) -> Result<Candidate, BuildError> {
    if !config.is_set(Setting::UseNetrc) || config.flag(Setting::UseNetrc)? {
        return Ok(match config.netrc_entry(host)? {
            Ok((entry, _)) => Candidate::Sure(Credentials::from_netrc_entry(entry)),
            Err(reason) => Candidate::No(reason),
        });
    }
    Ok(Candidate::No("use_netrc is false".to_owned()))
}

impl Config {
    /// The host's entry in `.netrc` with where it stands, or why there is none.
    pub(super) fn netrc_entry(
        &self,
        host: &Host,
    ) -> Result<Result<(crate::credentials::NetrcEntry, Origin), String>, CredentialError> {
        let at_home = || self.home.as_deref().map(|home| home.join(".netrc"));
        let named = self.given(Setting::NetrcFile).map(|path| self.expand_home(path));
        let Some(path) = named.or_else(at_home) else {
            return Ok(Err("there is no home directory to look for .netrc in".to_owned()));
        };
        if !path.exists() {
            return Ok(Err(format!("{} does not exist", path.display())));
        }
        let entry = Netrc::read(&path)?.find(host);
        let missing = format!("{} has no entry for {}", path.display(), host.name());
        Ok(entry.map(|entry| (entry, Origin::Netrc(path))).ok_or(missing))
    }

    fn with_azure_settings(&self, mut azure: Azure) -> Azure {
        if let Some(id) = self.given(Setting::AzureWorkspaceResourceId) {
            azure = azure.workspace_resource_id(id);
        }
        if let Some(name) = self.given(Setting::AzureEnvironment) {
            azure = azure.environment(name);
        }
        azure
    }

    fn federation(&self, id_token: IdToken) -> Credentials {
        let mut federation = TokenFederation::new(id_token).scopes(self.scopes());
        if let Some(id) = self.given(Setting::ClientId) {
            federation = federation.client_id(id);
        }
        if let Some(audience) = self.given(Setting::TokenAudience) {
            federation = federation.audience(audience);
        }
        if let Some(url) = self.given(Setting::DiscoveryUrl) {
            federation = federation.discovery_url(url);
        }
        Credentials::from_tokens(federation)
    }

    fn scopes(&self) -> Vec<String> {
        let scopes = self.text(Setting::Scopes).split([',', ' ']).map(str::trim);
        scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    }
}
