//! Which credentials are used, and what is refused.

use super::candidate::Candidate;
use super::{AuthType, Config, Setting};
use crate::credentials::Chain;
use crate::{BuildError, CredentialError, Credentials, Host};

impl Config {
    /// The credentials that come of it; `None` when there are none.
    pub(super) fn credentials(&self, host: &Host) -> Result<Option<Credentials>, BuildError> {
        if let Some(auth_type) = self.chosen_auth_type()? {
            return match auth_type.candidate(self, host)? {
                Candidate::Sure(credentials) | Candidate::Perhaps(credentials) => Ok(Some(credentials)),
                Candidate::Broken(error) => Err(error.into()),
                Candidate::No(reason) => Err(BuildError::AuthType {
                    name: auth_type.name().to_owned(),
                    problem: self.remedy(auth_type, reason),
                }),
            };
        }
        self.refuse_two_families()?;
        self.refuse_half_of_basic()?;
        let mut candidates = Vec::new();
        for auth_type in AuthType::all() {
            match auth_type.candidate(self, host)? {
                Candidate::Sure(credentials) => {
                    candidates.push(credentials);
                    break;
                }
                Candidate::Perhaps(credentials) => candidates.push(credentials),
                Candidate::Broken(error) if candidates.is_empty() => return Err(error.into()),
                Candidate::Broken(error) => {
                    candidates.push(failing(auth_type, error));
                    break;
                }
                Candidate::No(_) => {}
            }
        }
        Ok(match candidates.len() {
            0 | 1 => candidates.pop(),
            _ => Some(Credentials::new(Chain::new(candidates))),
        })
    }

    /// The kind that `auth_type` names.
    fn chosen_auth_type(&self) -> Result<Option<AuthType>, BuildError> {
        let Some(name) = self.given(Setting::AuthType) else {
            return Ok(None);
        };
        let unknown = || BuildError::AuthType {
            name: name.to_owned(),
            problem: format!(
                "there is none of that name; there are {}",
                AuthType::all()
                    .filter(|auth_type| auth_type.is_supported())
                    .map(AuthType::name)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        AuthType::named(name).map(Some).ok_or_else(unknown)
    }

    fn remedy(&self, auth_type: AuthType, reason: String) -> String {
        let missing = auth_type.needs().iter().find(|setting| !self.is_set(**setting));
        match missing.and_then(|setting| setting.environment().first()) {
            Some(variable) if auth_type.is_supported() => format!("{reason}; set {variable}"),
            _ => reason,
        }
    }

    /// In the words of the official tools.
    fn refuse_two_families(&self) -> Result<(), BuildError> {
        let families = self.families();
        if families.len() < 2 {
            return Ok(());
        }
        let families: Vec<_> = families.into_iter().collect();
        Err(BuildError::AmbiguousCredentials {
            families: families.join(" and "),
            configured: self.summary(),
        })
    }

    fn refuse_half_of_basic(&self) -> Result<(), BuildError> {
        let (given, missing) = match (self.is_set(Setting::Username), self.is_set(Setting::Password)) {
            (true, false) => ("a user name", "a password (DATABRICKS_PASSWORD)"),
            (false, true) => ("a password", "a user name (DATABRICKS_USERNAME)"),
            _ => return Ok(()),
        };
        Err(BuildError::IncompleteCredentials { given, missing })
    }

    pub(super) fn refuse_what_is_not_safe(&self) -> Result<(), BuildError> {
        match self.flag(Setting::SkipVerify)? {
            true => Err(BuildError::SkipVerify),
            false => Ok(()),
        }
    }
}

/// What cannot be used, for the message when nothing before it can be either.
fn failing(auth_type: AuthType, error: CredentialError) -> Credentials {
    Credentials::from_fn(auth_type.name(), move || std::future::ready(Err(error.clone())))
}
