//! A token and how long it is good for.

use super::CredentialError;
use crate::clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The service refuses tokens in about the last half minute of their lives.
const MARGIN: Duration = Duration::from_secs(40);

/// A token for `Authorization: Bearer`, and when it expires. `Debug` shows the latter only.
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    obtained: Instant,
    expires: Option<Instant>,
}

/// What may be done with a token now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It is good for a while.
    Fresh,
    /// It is good, and the time has come to get the next one.
    Stale,
    /// It must not be used any more.
    Expired,
}

impl AccessToken {
    /// A token as it was given. White space around it is ignored. A JSON Web Token says itself when it expires; any other
    /// is kept until the service refuses it, unless one of the methods below says more.
    pub fn new(token: impl Into<String>) -> Self {
        let token = token.into().trim().to_owned();
        let expiry = expiry_of_jwt(&token);
        let token = Self {
            secret: SecretString::from(token),
            obtained: Instant::now(),
            expires: None,
        };
        match expiry {
            Some(expiry) => token.expires_at(expiry),
            None => token,
        }
    }

    /// The same token, which expires after this time from now.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires = Instant::now().checked_add(lifetime);
        self
    }

    /// The same token, which expires at this time of the wall clock.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        let lifetime = time.duration_since(clock::now()).unwrap_or_default();
        self.expires_in(lifetime)
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// A token is renewed when half of its life is over, or 20 minutes before its end, whichever is later; and it is not
    /// used in its last 40 seconds.
    pub(super) fn age(&self) -> Age {
        const LONGEST: Duration = Duration::from_secs(20 * 60);
        let Some(expires) = self.expires else {
            return Age::Fresh;
        };
        let left = expires.saturating_duration_since(Instant::now());
        let lifetime = expires.saturating_duration_since(self.obtained);
        match left {
            left if left <= MARGIN => Age::Expired,
            left if left <= (lifetime / 2).min(LONGEST) => Age::Stale,
            _ => Age::Fresh,
        }
    }

    /// Reads what token endpoints, `az` and `databricks` answer: `access_token` and when it expires, in all spellings.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, CredentialError> {
        // Neither serde's words nor the text are repeated: they may hold the token.
        let invalid = |problem: &str| CredentialError::new(format!("the answer {problem}"));
        let answer: Answer = serde_json::from_slice(json).map_err(|_| invalid("is not a token in JSON"))?;
        let token = answer.access_token.filter(|token| !token.is_empty());
        let token = Self::new(token.ok_or_else(|| invalid("has no access_token in it"))?);
        let seconds = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let lifetime = answer.expires_in.as_ref().and_then(seconds);
        if let Some(lifetime) = lifetime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            return Ok(token.expires_in(lifetime));
        }
        let epoch = answer.expires_on.as_ref().and_then(seconds);
        let epoch = epoch.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let epoch = epoch.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(seconds));
        let date = || clock::parse_rfc3339(answer.expiry.as_deref()?);
        Ok(match epoch.or_else(date) {
            Some(time) => token.expires_at(time),
            None => token,
        })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self
            .expires
            .map(|expires| expires.saturating_duration_since(Instant::now()));
        f.debug_struct("AccessToken")
            .field("expires_in", &left)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "accessToken")]
    access_token: Option<String>,
    /// Seconds, as a number or as text.
    expires_in: Option<Value>,
    /// Seconds since 1970, as a number or as text. `az` before 2.54 writes local time only, `expiresOn`, which nobody can
    /// read without its time zone; its tokens say themselves.
    expires_on: Option<Value>,
    /// A date of RFC 3339: `databricks auth token`.
    expiry: Option<String>,
}

/// `exp` of RFC 7519, read without checking the signature: it only says when to get another.
fn expiry_of_jwt(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(claims.exp).ok()?)
}

/// The value of `Authorization`.
impl AccessToken {
    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[cfg(test)]
mod tests;
