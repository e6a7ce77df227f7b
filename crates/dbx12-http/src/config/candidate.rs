//! What each kind of credentials comes to with a configuration.

use super::auth_type::Make;
use super::{AuthType, Config, Origin, Setting};
use crate::credentials::{
    Azure, AzureEnvironment, IdToken, MetadataService, Netrc, NetrcEntry, OAuthM2m, TokenFederation,
};
use crate::{BuildError, CredentialError, Credentials, Host};

/// What a kind comes to with a configuration.
pub(super) enum Candidate {
    /// It is configured; none after it is looked at.
    Sure(Credentials),
    /// Whether it works shows when it is asked.
    Perhaps(Credentials),
    /// It is there and cannot be used; none after it is looked at. This matters only when nothing before it works.
    Broken(CredentialError),
    /// It is not, and why.
    No(String),
}

use Candidate::{Broken, No, Perhaps, Sure};

impl AuthType {
    /// What comes of it with this configuration. Programs are only looked for, not run.
    pub(super) fn candidate(self, config: &Config, host: &Host) -> Result<Candidate, BuildError> {
        let make = self.0.make;
        let missing = self.needs().iter().find(|setting| !config.is_set(**setting));
        if let (Some(missing), true) = (missing, self.is_supported()) {
            return Ok(No(format!("{missing} is not set")));
        }
        let is_of_azure = matches!(
            make,
            Make::AzureMsi | Make::AzureClientSecret | Make::GithubOidcAzure | Make::AzureCli
        );
        if is_of_azure && !config.is_azure(host) {
            return Ok(No(format!("{} is not a host of Azure", host.name())));
        }
        let text = |setting| config.text(setting);
        let github = || IdToken::github(text(Setting::GithubTokenUrl), text(Setting::GithubToken));
        let federated = |id_token| config.federation(id_token);
        Ok(match make {
            Make::Pat => Sure(Credentials::bearer(text(Setting::Token))),
            Make::Basic => Sure(Credentials::basic(text(Setting::Username), text(Setting::Password))),
            Make::MetadataService => match MetadataService::new(text(Setting::MetadataServiceUrl)) {
                Ok(service) => Sure(Credentials::from_tokens(service)),
                Err(_) => return Err(config.invalid(Setting::MetadataServiceUrl, "is no URL of this machine")),
            },
            Make::OAuthM2m => Sure(config.oauth_m2m()),
            Make::EnvOidc => Sure(federated(IdToken::value(text(Setting::OidcToken)))),
            Make::FileOidc => {
                let path = config.expand_home(text(Setting::OidcTokenFilepath));
                Sure(federated(IdToken::file(path)))
            }
            // Every job with the permission has the variables, also one that has its login from elsewhere.
            Make::GithubOidc => Perhaps(federated(github())),
            Make::AzureDevopsOidc => Perhaps(federated(IdToken::azure_devops(|name| config.variable(name))?)),
            Make::AzureMsi if !config.flag(Setting::AzureUseMsi)? => No("azure_use_msi is false".to_owned()),
            Make::AzureMsi => {
                let identity = Azure::managed_identity();
                Sure(config.azure(match config.given(Setting::AzureClientId) {
                    Some(id) => identity.managed_client_id(id),
                    None => identity,
                }))
            }
            Make::AzureClientSecret => {
                let (id, secret) = (text(Setting::AzureClientId), text(Setting::AzureClientSecret));
                Sure(config.azure(Azure::client_secret(id, secret)))
            }
            Make::GithubOidcAzure => {
                let azure = Azure::github_oidc(text(Setting::AzureClientId), github());
                Perhaps(config.azure(azure))
            }
            Make::AzureCli | Make::DatabricksCli | Make::GoogleId => of_program(make, config, host),
            Make::Netrc => netrc(config, host)?,
            Make::Unsupported => self.unsupported(config, host),
        })
    }

    /// One that is configured is not passed over in silence.
    fn unsupported(self, config: &Config, host: &Host) -> Candidate {
        let reason = format!("the official tools know it, dbx12 does not; {}", self.about());
        let is_configured = !self.needs().is_empty() && self.needs().iter().all(|setting| config.is_set(*setting));
        match is_configured && config.is_google(host) {
            true => Broken(CredentialError::new(format!("{self}: {reason}"))),
            false => No(reason),
        }
    }
}

#[cfg(feature = "command")]
fn of_program(make: Make, config: &Config, host: &Host) -> Candidate {
    use crate::credentials::{Command, find_program};
    let find = |program: &str| {
        let found = find_program(program, config.path.as_deref());
        found.ok_or_else(|| format!("`{program}` is not installed"))
    };
    let tokens = |command| Credentials::from_tokens(command);
    match make {
        Make::AzureCli => match find("az") {
            Ok(program) => {
                let azure = Azure::command_line().program(program.display().to_string());
                Perhaps(config.azure(azure))
            }
            Err(reason) => No(reason),
        },
        Make::GoogleId => match find("gcloud") {
            Ok(program) => {
                let account = config.text(Setting::GoogleServiceAccount);
                Sure(tokens(Command::gcloud(program, account, host)))
            }
            Err(reason) => Broken(CredentialError::new(format!("google-id: {reason}"))),
        },
        _ => match find(config.given(Setting::DatabricksCliPath).unwrap_or("databricks")) {
            Ok(program) => Perhaps(tokens(Command::databricks(program, host))),
            Err(reason) => No(reason),
        },
    }
}

#[cfg(not(feature = "command"))]
fn of_program(make: Make, _: &Config, _: &Host) -> Candidate {
    let reason = "it needs the feature `command` of dbx12-http";
    match make {
        Make::GoogleId => Broken(CredentialError::new(format!("google-id: {reason}"))),
        _ => No(reason.to_owned()),
    }
}

fn netrc(config: &Config, host: &Host) -> Result<Candidate, BuildError> {
    if config.is_set(Setting::UseNetrc) && !config.flag(Setting::UseNetrc)? {
        return Ok(No("use_netrc is false".to_owned()));
    }
    Ok(match config.netrc_entry(host) {
        Ok(Ok((entry, _))) => Sure(Credentials::from_netrc_entry(entry)),
        Ok(Err(reason)) => No(reason),
        Err(error) => Broken(error),
    })
}

impl Config {
    /// The host's entry in `.netrc` with where it stands, or why there is none.
    pub(super) fn netrc_entry(&self, host: &Host) -> Result<Result<(NetrcEntry, Origin), String>, CredentialError> {
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

    /// The value of a setting by the name of its variable, wherever it comes from.
    fn variable(&self, name: &str) -> Option<String> {
        let setting = Setting::all().find(|setting| setting.environment().contains(&name))?;
        self.given(setting).map(str::to_owned)
    }

    fn is_azure(&self, host: &Host) -> bool {
        self.text(Setting::Cloud).eq_ignore_ascii_case("azure")
            || self.is_set(Setting::AzureWorkspaceResourceId)
            || AzureEnvironment::is_azure(host)
    }

    fn is_google(&self, host: &Host) -> bool {
        self.text(Setting::Cloud).eq_ignore_ascii_case("gcp") || host.name().ends_with(".gcp.databricks.com")
    }

    fn azure(&self, azure: Azure) -> Credentials {
        let with = |azure: Azure, setting, method: fn(Azure, String) -> Azure| match self.given(setting) {
            Some(value) => method(azure, value.to_owned()),
            None => azure,
        };
        let azure = with(azure, Setting::AzureTenantId, Azure::tenant_id);
        let azure = with(azure, Setting::AzureWorkspaceResourceId, Azure::workspace_resource_id);
        with(azure, Setting::AzureEnvironment, Azure::environment).credentials()
    }

    fn oauth_m2m(&self) -> Credentials {
        let mut principal = OAuthM2m::new(self.text(Setting::ClientId), self.text(Setting::ClientSecret));
        principal = principal.scopes(self.scopes());
        if let Some(url) = self.given(Setting::DiscoveryUrl) {
            principal = principal.discovery_url(url);
        }
        Credentials::from_tokens(principal)
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
