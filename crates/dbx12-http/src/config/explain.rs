//! What is configured, where it comes from, and what comes of it.

use super::candidate::Candidate;
use super::{AuthType, Config, Origin, Setting};
use crate::{Host, host};
use std::fmt;

/// What is configured, where each value comes from, which kind of credentials is used, and why no other: for people, who
/// get it by `Display`, and for programs. It holds no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// Every setting there is, in the order of the documentation.
    pub settings: Vec<ExplainedSetting>,
    /// Every kind of credentials there is, in the order in which they are tried.
    pub auth_types: Vec<ExplainedAuthType>,
    /// Why there would be no client; `None` when there would be one.
    pub problem: Option<String>,
    /// What else is worth knowing: files that were skipped or that others can read.
    pub notes: Vec<String>,
}

/// One setting.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExplainedSetting {
    /// Which one.
    pub setting: Setting,
    /// Its value, `***` for a secret; `None` when it has none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
    /// Where else one was found, which did not count.
    pub ignored: Vec<Origin>,
}

/// One kind of credentials.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExplainedAuthType {
    /// Which one.
    pub auth_type: AuthType,
    /// Whether it is used.
    pub verdict: Verdict,
    /// Why it is not; empty when it is.
    pub reason: String,
}

/// Whether a kind of credentials is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is.
    Used,
    /// It is tried with the first call, in its turn: whether it works, such as the login of another program, shows then.
    Tried,
    /// It is not.
    NotUsed,
}

impl Explanation {
    /// The name of the kind of credentials that is used, if that is sure.
    pub fn auth_type(&self) -> Option<AuthType> {
        let mut possible = self
            .auth_types
            .iter()
            .filter(|explained| explained.verdict != Verdict::NotUsed);
        match (possible.next(), possible.next()) {
            (Some(only), None) => Some(only.auth_type),
            _ => None,
        }
    }
}

impl Config {
    /// Explains what is configured. Asks nobody: neither servers nor programs.
    pub fn explain(&self) -> Explanation {
        let host = self.given(Setting::Host).and_then(|text| Host::parse(text).ok());
        let auth_types = self.explain_auth_types(host.as_ref());
        let is_used = |name: &str| {
            let mut found = auth_types.iter();
            found.any(|explained| explained.auth_type.name() == name && explained.verdict == Verdict::Used)
        };
        let netrc = host.as_ref().filter(|_| is_used("netrc"));
        let netrc = netrc.and_then(|host| self.netrc_entry(host).ok()?.ok());
        let settings = Setting::all().map(|setting| {
            let mut explained = self.explain_setting(setting);
            if let (Some((entry, origin)), Setting::Username | Setting::Password) = (&netrc, setting) {
                let login = || crate::decode::one_line(&entry.login);
                explained.value = Some(if setting.is_secret() { "***".to_owned() } else { login() });
                explained.origin = origin.clone();
            }
            explained
        });
        Explanation {
            settings: settings.collect(),
            problem: self.problem(),
            notes: self.notes.clone(),
            auth_types,
        }
    }

    fn problem(&self) -> Option<String> {
        let host = self.given(Setting::Host).and_then(|text| Host::parse(text).ok());
        let none = match host.map(|host| self.credentials(&host)) {
            Some(Ok(None)) => Some("there are no credentials".to_owned()),
            _ => None,
        };
        self.clone()
            .into_builder()
            .err()
            .map(|error| error.to_string())
            .or(none)
    }

    fn explain_setting(&self, setting: Setting) -> ExplainedSetting {
        let ids = || host::ids_in(self.text(Setting::Host));
        let pasted = match setting {
            Setting::WorkspaceId => ids().workspace_id,
            Setting::AccountId => ids().account_id,
            _ => None,
        };
        let default = match setting {
            Setting::ConfigFile => Some("~/.databrickscfg"),
            Setting::NetrcFile => Some("~/.netrc"),
            Setting::UseNetrc => Some("true"),
            Setting::Scopes => Some("all-apis"),
            Setting::HttpTimeoutSeconds => Some("60"),
            Setting::SkipVerify => Some("false"),
            _ => None,
        };
        let (value, origin) = match (self.values.get(&setting), pasted, default) {
            (Some(value), _, _) => (self.shown(setting), value.origin.clone()),
            (None, Some(pasted), _) => (Some(crate::decode::one_line(&pasted)), Origin::Address),
            (None, None, default) => (default.map(str::to_owned), Origin::Default),
        };
        let ignored = self.ignored.iter().filter(|(ignored, _)| *ignored == setting);
        ExplainedSetting {
            setting,
            value,
            origin,
            ignored: ignored.map(|(_, origin)| origin.clone()).collect(),
        }
    }

    fn explain_auth_types(&self, host: Option<&Host>) -> Vec<ExplainedAuthType> {
        let chosen = self.given(Setting::AuthType);
        let mut sure: Option<AuthType> = None;
        let explain = |auth_type: AuthType| {
            let no = |reason: String| (Verdict::NotUsed, reason);
            let (verdict, reason) = match (host, chosen, sure) {
                (None, _, _) => no("there is no host".to_owned()),
                (_, Some(chosen), _) if chosen != auth_type.name() => no(format!("auth_type is {chosen}")),
                (_, _, Some(sure)) => no(format!("{sure} comes first")),
                (Some(host), _, None) => match auth_type.candidate(self, host) {
                    Ok(Candidate::Sure(_)) => {
                        sure = Some(auth_type);
                        (Verdict::Used, String::new())
                    }
                    Ok(Candidate::Perhaps(_)) if chosen.is_some() => (Verdict::Used, String::new()),
                    Ok(Candidate::Perhaps(_)) => (Verdict::Tried, String::new()),
                    Ok(Candidate::Broken(error)) => {
                        sure = Some(auth_type);
                        no(error.to_string())
                    }
                    Ok(Candidate::No(reason)) => no(reason),
                    Err(error) => no(error.to_string()),
                },
            };
            ExplainedAuthType {
                auth_type,
                verdict,
                reason,
            }
        };
        AuthType::all().map(explain).collect()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Settings:")?;
        for explained in &self.settings {
            let ignored = explained.ignored.iter().map(|origin| format!("ignored: {origin}"));
            let mut remarks: Vec<_> = ignored.collect();
            match &explained.value {
                Some(value) => {
                    remarks.insert(0, explained.origin.to_string());
                    writeln!(f, "  {} = {value}  ({})", explained.setting, remarks.join("; "))?;
                }
                None if remarks.is_empty() => {}
                None => writeln!(f, "  {} is not set  ({})", explained.setting, remarks.join("; "))?,
            }
        }
        let is_missing = |explained: &&ExplainedSetting| explained.value.is_none() && explained.ignored.is_empty();
        let missing = self.settings.iter().filter(is_missing);
        let missing: Vec<_> = missing.map(|explained| explained.setting.name()).collect();
        writeln!(f, "  not set: {}", missing.join(", "))?;
        writeln!(f, "Credentials:")?;
        for explained in &self.auth_types {
            let verdict = match explained.verdict {
                Verdict::Used => "used".to_owned(),
                Verdict::Tried => "tried with the first call".to_owned(),
                Verdict::NotUsed => format!("not used: {}", explained.reason),
            };
            writeln!(f, "  {}: {verdict}", explained.auth_type)?;
        }
        for note in &self.notes {
            writeln!(f, "Note: {note}")?;
        }
        match &self.problem {
            Some(problem) => writeln!(f, "Problem: {problem}"),
            None => Ok(()),
        }
    }
}
