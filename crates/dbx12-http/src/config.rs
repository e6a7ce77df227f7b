#![doc = include_str!("../CONFIGURATION.md")]

mod auth_type;
mod candidate;
mod choice;
mod explain;
mod file;
mod load;
mod setting;

pub use auth_type::AuthType;
pub use explain::{ExplainedAuthType, ExplainedSetting, Explanation, Verdict};
pub use file::{ConfigFile, ConfigFileError, Profile};
pub use setting::Setting;

use crate::credentials::address_of;
use crate::{BuildError, ClientBuilder, Host, host};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the workspace is and who asks, as the official tools are configured: arguments win over environment variables,
/// and those over the file with profiles. `.netrc` is looked at when nothing else gives credentials.
///
/// ```
/// use dbx12_http::Config;
/// let environment = |name: &str| match name {
///     "DATABRICKS_HOST" => Some("https://example.com".to_owned()),
///     "DATABRICKS_TOKEN" => Some("dapi…".to_owned()),
///     _ => None,
/// };
/// let config = Config::new().resolve(environment)?;
/// println!("{}", config.explain());
/// let builder = config.into_builder()?;
/// # Ok::<_, dbx12_http::BuildError>(())
/// ```
///
/// # The file
/// `~/.databrickscfg`, or the one that `DATABRICKS_CONFIG_FILE` names. It is not looked at when no profile was asked for
/// and a host or anything of credentials is set already. The profile is the one that was asked for, else the one that
/// `[__settings__] default_profile` names, else `DEFAULT`. One that was named must be there; `DEFAULT` need not.
#[derive(Clone, Default)]
pub struct Config {
    values: BTreeMap<Setting, Value>,
    /// What was set again further down, and did not count.
    ignored: Vec<(Setting, Origin)>,
    /// The variables that were set, by the table's order.
    variables: BTreeSet<(Setting, &'static str)>,
    home: Option<PathBuf>,
    #[cfg_attr(not(feature = "command"), allow(dead_code, reason = "programs are looked for in it"))]
    path: Option<String>,
    profile_wins: bool,
    notes: Vec<String>,
}

#[derive(Clone)]
struct Value {
    text: SecretString,
    origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program gave it.
    Argument,
    /// An environment variable.
    Environment(String),
    /// A profile of a file.
    #[non_exhaustive]
    File {
        /// The file.
        path: PathBuf,
        /// The profile.
        profile: String,
    },
    /// The address of the workspace, pasted with its query.
    Address,
    /// A `.netrc` file.
    Netrc(PathBuf),
    /// Nobody set it.
    Default,
}

impl Config {
    /// Nothing is configured.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets any setting. An empty value counts as none.
    #[must_use]
    pub fn set(mut self, setting: Setting, value: impl Into<String>) -> Self {
        self.values.remove(&setting);
        self.fill(setting, value.into(), Origin::Argument);
        self
    }

    /// Sets the address of the workspace.
    #[must_use]
    pub fn host(self, host: impl Into<String>) -> Self {
        self.set(Setting::Host, host)
    }

    /// Sets the token.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.set(Setting::Token, token)
    }

    /// Sets the user for HTTP Basic.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        self.set(Setting::Username, username)
    }

    /// Sets the password for HTTP Basic.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        self.set(Setting::Password, password)
    }

    /// Sets the profile. Environment variables win over what is in it.
    #[must_use]
    pub fn profile(self, name: impl Into<String>) -> Self {
        self.set(Setting::Profile, name)
    }

    /// Whether a profile that was set as an argument wins over the environment, as `--profile` does with the official command
    /// line. Default no, as with the official SDKs.
    ///
    /// The environment then gives the host and the credentials that the profile leaves out, but no credentials of a second
    /// family (which the official command line refuses), and none of what says where to go and how to ask: `workspace_id`,
    /// `account_id`, `auth_type`, `discovery_url`, `audience` and `cloud`. What says nothing of these, such as `cluster_id`,
    /// it still decides.
    #[must_use]
    pub fn profile_wins(mut self, wins: bool) -> Self {
        self.profile_wins = wins;
        self
    }

    /// Sets the file with profiles.
    #[must_use]
    pub fn config_file(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::ConfigFile, path.as_ref().to_string_lossy())
    }

    /// Sets the only kind of credentials to use, see [`AuthType`].
    #[must_use]
    pub fn auth_type(self, name: impl Into<String>) -> Self {
        self.set(Setting::AuthType, name)
    }

    /// Sets the `.netrc` file that is read when nothing else gives credentials.
    #[must_use]
    pub fn netrc_file(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::NetrcFile, path.as_ref().to_string_lossy())
    }

    /// Whether `.netrc` is looked at when nothing else gives credentials. Default yes.
    #[must_use]
    pub fn use_netrc(self, yes: bool) -> Self {
        self.set(Setting::UseNetrc, yes.to_string())
    }

    /// The value of a setting that is no secret. (Of `discovery_url`, a query may be one: it is given as it is.)
    pub fn value(&self, setting: Setting) -> Option<&str> {
        self.given(setting).filter(|_| !setting.is_secret())
    }

    /// The most requests a second that are configured.
    ///
    /// # Errors
    /// When it is not a number.
    pub fn requests_per_second(&self) -> Result<Option<u32>, BuildError> {
        self.number(Setting::RateLimit)
    }

    /// A builder with this host, these credentials and these limits. Reads the `.netrc` file if nothing else gives
    /// credentials, but no token: programs and servers are asked with the first call.
    ///
    /// # Errors
    /// When there is no host, or when the credentials are of more than one family or incomplete, or when a value cannot be
    /// understood. That there are no credentials at all shows when the client is built, so that the builder may still be
    /// given some.
    pub fn into_builder(self) -> Result<ClientBuilder, BuildError> {
        let address = self.given(Setting::Host).ok_or(BuildError::NoHost)?;
        let host = Host::parse(address)?;
        self.refuse_what_is_not_safe()?;
        let mut builder = ClientBuilder::new(address);
        if let Some(id) = self.workspace_id() {
            builder = builder.workspace_id(id);
        }
        if let Some(seconds) = self.number(Setting::HttpTimeoutSeconds)? {
            builder = builder.attempt_timeout(Duration::from_secs(seconds.into()));
        }
        if let Some(seconds) = self.seconds_of_call()? {
            builder = builder.deadline(seconds);
        }
        // As for the official tools, none at all is no limit of its own.
        if let Some(most) = self.requests_per_second()?.filter(|most| *most > 0) {
            builder = builder.requests_per_second(most.into());
        }
        Ok(match self.credentials(&host)? {
            Some(credentials) => builder.credentials(credentials),
            None => builder.no_credentials_in(self.summary()),
        })
    }

    /// `Config: host=…, token=***. Env: DATABRICKS_TOKEN`, in the words of the official tools.
    fn summary(&self) -> String {
        let used = self.values.keys().map(|setting| {
            let value = self.shown(*setting).unwrap_or_default();
            format!("{setting}={value}")
        });
        let used = used.collect::<Vec<_>>().join(", ");
        let variables: Vec<_> = self.variables.iter().map(|(_, name)| *name).collect();
        match (used.as_str(), variables.as_slice()) {
            ("", []) => String::new(),
            (_, []) => format!("Config: {used}"),
            ("", _) => format!("Env: {}", variables.join(", ")),
            _ => format!("Config: {used}. Env: {}", variables.join(", ")),
        }
    }

    /// The value as it may be shown to anybody.
    fn shown(&self, setting: Setting) -> Option<String> {
        let value = self.given(setting)?;
        Some(match setting {
            _ if setting.is_secret() => "***".to_owned(),
            Setting::DiscoveryUrl => value.parse().map_or_else(|_| "***".to_owned(), |url| address_of(&url)),
            // What is no host may hold a password.
            Setting::Host => Host::parse(value).map_or_else(|_| "***".to_owned(), |host| host.to_string()),
            _ => crate::decode::one_line(value),
        })
    }

    /// `none` is how the official command line writes that there is no workspace.
    fn workspace_id(&self) -> Option<String> {
        let given = self.given(Setting::WorkspaceId).filter(|id| *id != "none");
        given
            .map(str::to_owned)
            .or_else(|| host::ids_in(self.text(Setting::Host)).workspace_id)
    }

    /// How long a call may take with all its attempts. With the official tools, a negative number is no limit.
    fn seconds_of_call(&self) -> Result<Option<Duration>, BuildError> {
        if self.text(Setting::RetryTimeoutSeconds).starts_with('-') {
            return Ok(None);
        }
        let seconds = self.number(Setting::RetryTimeoutSeconds)?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }

    /// A yes or no, in the spellings of sdk-go.
    fn flag(&self, setting: Setting) -> Result<bool, BuildError> {
        match self.text(setting) {
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            _ => Err(self.invalid(setting, "is neither `true` nor `false`")),
        }
    }

    fn number(&self, setting: Setting) -> Result<Option<u32>, BuildError> {
        let number = self.given(setting).map(|text| text.trim().parse());
        number
            .transpose()
            .map_err(|_| self.invalid(setting, "is not a whole number"))
    }

    fn invalid(&self, setting: Setting, problem: &str) -> BuildError {
        let origin = self.values.get(&setting).map(|value| value.origin.to_string());
        BuildError::Setting {
            name: setting.name(),
            origin: origin.unwrap_or_default(),
            problem: problem.to_owned(),
        }
    }

    /// Secret or not: for those who use it.
    fn given(&self, setting: Setting) -> Option<&str> {
        self.values.get(&setting).map(|value| value.text.expose_secret())
    }

    /// Secret or not; empty when there is none.
    fn text(&self, setting: Setting) -> &str {
        self.given(setting).unwrap_or_default()
    }

    fn is_set(&self, setting: Setting) -> bool {
        self.values.contains_key(&setting)
    }

    /// Sets what is not set.
    fn fill(&mut self, setting: Setting, text: String, origin: Origin) {
        if text.is_empty() {
            return;
        }
        if self.is_set(setting) {
            self.ignore(setting, origin);
            return;
        }
        let text = SecretString::from(text);
        self.values.insert(setting, Value { text, origin });
    }

    /// Notes that a value was found, which does not count.
    fn ignore(&mut self, setting: Setting, origin: Origin) {
        if !self.ignored.contains(&(setting, origin.clone())) {
            self.ignored.push((setting, origin));
        }
    }

    /// The families of credentials that anything is set of.
    fn families(&self) -> BTreeSet<&'static str> {
        self.values.keys().filter_map(|setting| setting.family()).collect()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .values
            .keys()
            .map(|setting| (setting.name(), self.shown(*setting).unwrap_or_default()));
        f.debug_map().entries(shown).finish()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("argument"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File { path, profile } => write!(f, "file {}, profile {profile}", path.display()),
            Self::Address => f.write_str("the host's address"),
            Self::Netrc(path) => write!(f, "netrc {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests;
