//! One token for all calls: kept while it is good, and renewed once for all who wait.

use super::token::Age;
use super::{AccessToken, CredentialContext, CredentialError, CredentialSource, authorization};
use crate::BoxFuture;
use http::{HeaderMap, header};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Gets tokens that expire. [`Credentials::from_tokens`](super::Credentials::from_tokens) keeps and renews them.
///
/// Its `Debug` must not show a secret: it is part of the client's.
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// The kind of credentials in the words of the official tools, such as `oauth-m2m`; part of the `User-Agent`.
    fn auth_type(&self) -> &str;

    /// Gets a new token.
    ///
    /// # Errors
    /// When there is none to be had. All calls that wait for it fail, and the next one asks again.
    ///
    /// # Cancellation
    /// The future runs in a task of its own. It is not dropped when a caller gives up, only with the runtime.
    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>>;
}

/// A source of tokens with the token that it gave last.
#[derive(Debug)]
pub(super) struct Cached {
    source: Arc<dyn TokenSource>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<AccessToken>,
    refresh: Option<Refresh>,
    /// When a renewal failed while the old token was still good.
    failed: Option<Instant>,
    /// When a token was forgotten because it was refused.
    forgotten: Option<Instant>,
    /// Whether the token was accepted.
    is_proven: bool,
}

/// What comes of a renewal. Empty until it ends; closed when its task was ended first.
type Refresh = watch::Receiver<Option<Result<AccessToken, CredentialError>>>;

impl Cached {
    /// How long to wait with another renewal after one that failed while the token was good, or brought one that was refused.
    const PAUSE: Duration = Duration::from_secs(60);

    pub(super) fn new(source: impl TokenSource) -> Self {
        Self {
            source: Arc::new(source),
            state: Arc::default(),
        }
    }

    /// A token that is good for a while.
    ///
    /// # Cancellation
    /// A caller that gives up leaves the renewal to those who wait and those who come.
    pub(super) async fn token(&self, context: &CredentialContext) -> Result<AccessToken, CredentialError> {
        loop {
            let mut refresh = match self.kept_or_refresh(context) {
                Ok(token) => return Ok(token),
                Err(refresh) => refresh,
            };
            if let Ok(ended) = refresh.wait_for(Option::is_some).await
                && let Some(result) = &*ended
            {
                return result.clone();
            }
            // Its task ended with the runtime it was begun on; this one is another.
        }
    }

    /// Forgets the token of these headers, unless it is new and was never accepted: then the next one would be refused as
    /// well. Whether there may be another.
    fn forget(&self, headers: &HeaderMap) -> bool {
        let mut state = lock(&self.state);
        // Another call may have got a new one by now.
        if !state.is_of(headers) {
            return true;
        }
        let recently = state.forgotten.is_some_and(|at| at.elapsed() < Self::PAUSE);
        if recently && !state.is_proven {
            return false;
        }
        state.token = None;
        state.forgotten = Some(Instant::now());
        true
    }

    fn kept_or_refresh(&self, context: &CredentialContext) -> Result<AccessToken, Refresh> {
        let mut state = lock(&self.state);
        let kept = state.token.clone().map(|token| (token.age(), token));
        match kept {
            Some((Age::Fresh, token)) => Ok(token),
            Some((Age::Stale, token)) => {
                let paused = state.failed.is_some_and(|failed| failed.elapsed() < Self::PAUSE);
                if !paused {
                    self.refresh(&mut state, context);
                }
                Ok(token)
            }
            Some((Age::Expired, _)) | None => Err(self.refresh(&mut state, context)),
        }
    }

    /// The renewal that is under way, or a new one.
    fn refresh(&self, state: &mut State, context: &CredentialContext) -> Refresh {
        if let Some(refresh) = &state.refresh
            && refresh.has_changed().is_ok()
        {
            return refresh.clone();
        }
        let (sender, refresh) = watch::channel(None);
        state.refresh = Some(refresh.clone());
        let (source, context, shared) = (Arc::clone(&self.source), context.clone(), Arc::clone(&self.state));
        tokio::spawn(async move {
            let result = source.token(&context).await;
            let mut state = lock(&shared);
            state.refresh = None;
            state.failed = result.is_err().then(Instant::now);
            match &result {
                Ok(token) => {
                    state.token = Some(token.clone());
                    state.is_proven = false;
                }
                Err(error) => tracing::debug!(auth_type = source.auth_type(), %error, "no new token"),
            }
            drop(state);
            sender.send_replace(Some(result));
        });
        refresh
    }
}

impl CredentialSource for Cached {
    fn auth_type(&self) -> &str {
        self.source.auth_type()
    }

    fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async move { authorization("Bearer", self.token(context).await?.secret()) })
    }

    fn refused(&self, headers: &HeaderMap) -> bool {
        self.forget(headers)
    }

    fn accepted(&self, headers: &HeaderMap) {
        let mut state = lock(&self.state);
        if !state.is_proven {
            state.is_proven = state.is_of(headers);
        }
    }
}

impl State {
    /// Whether its token is the one of these headers.
    fn is_of(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let secret = value.and_then(|value| value.strip_prefix(b"Bearer "));
        let token = self.token.as_ref().map(|token| token.expose().as_bytes());
        token.is_some() && token == secret
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
