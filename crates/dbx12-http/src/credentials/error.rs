//! Why there are no credentials.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Why there are no credentials. Cheap to clone: everybody who waits for the same token is told the same.
///
/// The message must not hold a secret: it is shown to people.
#[derive(Clone, Debug)]
pub struct CredentialError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    transient: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CredentialError {
    /// An error with a message that says what happened and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self::make(message.into(), false, None)
    }

    /// An error that may go away by itself: the network or a server was at fault, not the credentials.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::make(message.into(), true, None)
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::make(self.0.message.clone(), self.0.transient, Some(source.into()))
    }

    /// Whether the same request may well succeed later.
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    fn make(message: String, transient: bool, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::new(Inner {
            message,
            transient,
            source,
        }))
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
