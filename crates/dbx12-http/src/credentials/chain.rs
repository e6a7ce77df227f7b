//! The first of several kinds of credentials that works.

use super::{CredentialContext, CredentialError, CredentialSource, Credentials};
use crate::BoxFuture;
use http::HeaderMap;
use std::sync::OnceLock;

/// Whether some kinds of credentials are there shows only when they are asked, such as the login of another program. They
/// are asked in order; the first that answers is kept.
#[derive(Debug)]
pub(crate) struct Chain {
    candidates: Vec<Credentials>,
    chosen: OnceLock<usize>,
}

impl Chain {
    pub(crate) fn new(candidates: Vec<Credentials>) -> Self {
        Self {
            candidates,
            chosen: OnceLock::new(),
        }
    }

    fn chosen(&self) -> Option<&Credentials> {
        self.chosen.get().map(|index| &self.candidates[*index])
    }

    async fn choose(&self, context: &CredentialContext) -> Result<HeaderMap, CredentialError> {
        let mut problems = Vec::new();
        for (index, candidate) in self.candidates.iter().enumerate() {
            match candidate.headers(context).await {
                Ok(headers) => {
                    // Of two calls that choose at once, one wins; both have working headers.
                    let _ = self.chosen.set(index);
                    return Ok(headers);
                }
                // It is there and will be again: the next kind may be somebody else.
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    problems.push(format!("{}: {error}", candidate.auth_type()));
                }
            }
        }
        let message = format!("none of the configured kinds works: {}", problems.join("; "));
        Err(CredentialError::new(message))
    }
}

impl CredentialSource for Chain {
    fn auth_type(&self) -> &str {
        self.chosen().map_or("default", Credentials::auth_type)
    }

    fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
        Box::pin(async move {
            match self.chosen() {
                Some(chosen) => chosen.headers(context).await,
                None => self.choose(context).await,
            }
        })
    }

    fn refused(&self, headers: &HeaderMap) -> bool {
        self.chosen().is_some_and(|chosen| chosen.refused(headers))
    }

    fn accepted(&self, headers: &HeaderMap) {
        if let Some(chosen) = self.chosen() {
            chosen.accepted(headers);
        }
    }
}

#[cfg(test)]
mod tests;
