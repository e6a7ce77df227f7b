//! Tokens that the workspace issues to a service principal (OAuth client credentials), and for how long they open it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{random_secret, same};

/// As the real service issues them.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// How many issued tokens are known; then the oldest one opens nothing any more.
const MOST_TOKENS: usize = 10_000;

/// A service principal, and the tokens that were issued to it.
pub(crate) struct Issuer {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) lifetime: Duration,
    issued: Mutex<HashMap<String, Instant>>,
}

/// What is known of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Valid,
    Expired,
    /// It was never issued, or so long ago that it is forgotten.
    Unknown,
}

impl Issuer {
    pub(crate) fn new(client_id: String, client_secret: String, lifetime: Duration) -> Self {
        Self {
            client_id,
            client_secret,
            lifetime,
            issued: Mutex::default(),
        }
    }

    /// A principal made up for one workspace, with id and secret of the real shapes.
    pub(crate) fn random_principal() -> (String, String) {
        (Uuid::new_v4().to_string(), format!("dose{}", random_secret()))
    }

    /// Whether id and secret are the principal's.
    pub(crate) fn accepts(&self, client_id: &str, client_secret: &str) -> bool {
        same(client_id, &self.client_id) & same(client_secret, &self.client_secret)
    }

    /// Issues a token that opens the workspace for [`lifetime`](Self::lifetime).
    pub(crate) fn issue(&self) -> String {
        let now = Instant::now();
        let token = format!("local-oauth-{}{}", random_secret(), random_secret());
        let mut issued = self.issued();
        if issued.len() >= MOST_TOKENS {
            let oldest = issued.iter().min_by_key(|(_, expiry)| **expiry);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                issued.remove(&oldest);
            }
        }
        issued.insert(token.clone(), now + self.lifetime);
        token
    }

    pub(crate) fn standing(&self, token: &str) -> Standing {
        match self.issued().get(token) {
            Some(expiry) if Instant::now() < *expiry => Standing::Valid,
            Some(_) => Standing::Expired,
            None => Standing::Unknown,
        }
    }

    fn issued(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never shows a secret.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_opens_until_it_expires() {
        let issuer = Issuer::new("id".to_owned(), "dose0".to_owned(), Duration::from_secs(10));
        let token = issuer.issue();
        assert_ne!(token, issuer.issue());
        assert_eq!(issuer.standing(&token), Standing::Valid);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(issuer.standing(&token), Standing::Expired);
        assert_eq!(issuer.standing("other"), Standing::Unknown);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_token_is_forgotten_first() {
        let issuer = Issuer::new("id".to_owned(), "dose0".to_owned(), LIFETIME);
        let oldest = issuer.issue();
        tokio::time::advance(Duration::from_millis(1)).await;
        for _ in 0..MOST_TOKENS {
            issuer.issue();
        }
        assert_eq!(issuer.standing(&oldest), Standing::Unknown);
        assert_eq!(issuer.issued().len(), MOST_TOKENS);
    }

    #[test]
    fn both_id_and_secret_must_be_right() {
        let issuer = Issuer::new("id".to_owned(), "dose0".to_owned(), LIFETIME);
        assert!(issuer.accepts("id", "dose0"));
        for (id, secret) in [("id", "dose1"), ("ID", "dose0"), ("", ""), ("dose0", "id")] {
            assert!(!issuer.accepts(id, secret), "{id} {secret}");
        }
        assert!(!format!("{issuer:?}").contains("dose0"));
    }
}
