//! Filling a configuration from the environment and from the file.

use super::file::SETTINGS;
use super::{Config, ConfigFile, Origin, Setting};
use crate::BuildError;
use crate::credentials::netrc::readable_by_others;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

impl Config {
    /// Fills what is not set from the environment, then from the file with profiles: [`or_environment`] and [`or_file`].
    /// With [`profile_wins`], the file comes first, and the environment gives neither host nor credentials.
    ///
    /// Pass `|name| std::env::var(name).ok()` for the real environment.
    ///
    /// # Errors
    /// As [`or_file`].
    ///
    /// [`or_environment`]: Self::or_environment
    /// [`or_file`]: Self::or_file
    /// [`profile_wins`]: Self::profile_wins
    pub fn resolve(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BuildError> {
        if !(self.profile_wins && self.is_set(Setting::Profile)) {
            let mut config = self.or_environment(&lookup).or_file()?;
            config.read_named_token(&lookup);
            return Ok(config);
        }
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        self.look_around(&set);
        self.fill_from_environment(Setting::ConfigFile, &set);
        let mut config = self.or_file()?;
        let profiled = |setting: &Setting| {
            let says_who = setting.family().is_some() || matches!(setting, Setting::OidcToken | Setting::AuthType);
            says_who || matches!(setting, Setting::Host | Setting::WorkspaceId | Setting::AccountId)
        };
        for setting in Setting::all() {
            if profiled(&setting) {
                config.pass_over_environment(setting, &set);
            } else {
                config.fill_from_environment(setting, &set);
            }
        }
        config.read_named_token(&set);
        Ok(config)
    }

    /// Fills what is not set from environment variables, see [`Setting::environment`]. An empty one counts as missing.
    /// `HOME` (or `USERPROFILE`) says where files are, and `PATH` where programs are.
    #[must_use]
    pub fn or_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        self.look_around(&set);
        for setting in Setting::all() {
            self.fill_from_environment(setting, &set);
        }
        self.read_named_token(&set);
        self
    }

    /// Fills what is not set from the file with profiles, by the rules described at [`Config`]. Unknown keys are ignored.
    ///
    /// # Errors
    /// When the file cannot be read or is not well-formed, or when it has no profile of the name that was asked for.
    pub fn or_file(mut self) -> Result<Self, BuildError> {
        let requested = self.given(Setting::Profile).map(str::to_owned);
        let is_configured = self.values.keys().any(|setting| {
            setting.family().is_some() || matches!(setting, Setting::Host | Setting::AzureWorkspaceResourceId)
        });
        if requested.is_none() && is_configured {
            self.notes.push(
                "the file with profiles was not read: no profile was asked for, and a host or credentials are set"
                    .to_owned(),
            );
            return Ok(self);
        }
        let default = self.home.as_deref().map(|home| home.join(".databrickscfg"));
        let named = self.given(Setting::ConfigFile).map(|path| self.expand_home(path));
        let Some(path) = named.or(default) else {
            return Ok(self);
        };
        let Some(file) = self.read_file(&path)? else {
            self.notes.push(format!("{} does not exist", path.display()));
            return match requested {
                // The official tools go on; whoever names a profile surely means it.
                Some(name) => Err(self.no_profile(&path, &name)),
                None => Ok(self),
            };
        };
        let name = requested.as_deref().or_else(|| file.default_profile());
        if name == Some(SETTINGS) {
            let problem = format!("{SETTINGS} is a reserved section name and cannot be used as a profile");
            return Err(BuildError::ConfigFile { path, problem });
        }
        let profile = file.profile(name.unwrap_or("DEFAULT"));
        match (profile.filter(|profile| !profile.is_empty()), name) {
            (Some(profile), _) => {
                let name = name.unwrap_or("DEFAULT").to_owned();
                self.fill_from_profile(profile, &path, &name);
                Ok(self)
            }
            (None, Some(name)) => Err(self.no_profile(&path, name)),
            (None, None) => {
                self.notes
                    .push(format!("{} has no DEFAULT profile configured", path.display()));
                Ok(self)
            }
        }
    }

    /// `~` at the beginning is the home directory.
    pub(super) fn expand_home(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), &self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
                home.join(rest.trim_start_matches(['/', '\\']))
            }
            _ => PathBuf::from(path),
        }
    }

    fn look_around(&mut self, set: &impl Fn(&str) -> Option<String>) {
        let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
        self.home = home.or(self.home.take());
        self.path = set("PATH").or(self.path.take());
    }

    fn fill_from_environment(&mut self, setting: Setting, set: &impl Fn(&str) -> Option<String>) {
        for name in setting.environment() {
            if let Some(value) = set(name) {
                self.variables.insert((setting, name));
                self.fill(setting, value, Origin::Environment((*name).to_owned()));
                return;
            }
        }
    }

    /// What is there is told as ignored.
    fn pass_over_environment(&mut self, setting: Setting, set: &impl Fn(&str) -> Option<String>) {
        let names = setting.environment().iter().filter(|name| set(name).is_some());
        let origins = names.map(|name| (setting, Origin::Environment((*name).to_owned())));
        self.ignored.extend(origins);
    }

    /// Which variable holds the token of another issuer is itself a setting, also of the file.
    fn read_named_token(&mut self, set: &impl Fn(&str) -> Option<String>) {
        let Some(name) = self.given(Setting::OidcTokenEnv).map(str::to_owned) else {
            return;
        };
        self.values.remove(&Setting::OidcToken);
        let token = set(&name).unwrap_or_default();
        self.fill(Setting::OidcToken, token, Origin::Environment(name));
    }

    fn fill_from_profile(&mut self, profile: &super::Profile, path: &Path, name: &str) {
        for setting in Setting::all() {
            let value = setting
                .keys()
                .iter()
                .find_map(|key| profile.value(key).filter(|value| !value.is_empty()));
            if let Some(value) = value {
                let origin = Origin::File {
                    path: path.to_owned(),
                    profile: name.to_owned(),
                };
                self.fill(setting, value.to_owned(), origin);
            }
        }
        if !self.is_set(Setting::Profile) {
            let origin = Origin::File {
                path: path.to_owned(),
                profile: name.to_owned(),
            };
            self.fill(Setting::Profile, name.to_owned(), origin);
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<Option<ConfigFile>, BuildError> {
        let unusable = |problem: String| BuildError::ConfigFile {
            path: path.to_owned(),
            problem,
        };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| unusable(format!("it cannot be opened: {error}")))?,
        };
        if file.metadata().is_ok_and(|metadata| readable_by_others(&metadata)) {
            let path = path.display();
            let note = format!("{path} can be read by others; run: chmod 600 {path}");
            tracing::warn!("{note}");
            self.notes.push(note);
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| unusable(format!("it cannot be read: {error}")))?;
        let parsed = ConfigFile::parse(&text);
        parsed.map(Some).map_err(|error| unusable(error.to_string()))
    }

    fn no_profile(&self, path: &Path, name: &str) -> BuildError {
        BuildError::NoProfile {
            path: path.to_owned(),
            name: name.to_owned(),
            configured: self.summary(),
        }
    }
}
