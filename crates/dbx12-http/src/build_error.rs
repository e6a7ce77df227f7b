//! Why there is no client.

use crate::{CredentialError, Host, HostError};

/// Why there is no client. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No workspace was named.
    #[error("no workspace is named; set DATABRICKS_HOST, or pass its address (https://adb-….azuredatabricks.net)")]
    NoHost,
    /// The address of the workspace is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// `http` to another machine.
    #[error(
        "{host} would carry the credentials unprotected; use https, or allow plain http by name if you must \
         (only this machine is reached over http without asking)"
    )]
    #[non_exhaustive]
    PlainHttp {
        /// The address.
        host: String,
    },
    /// Nothing says who is asking.
    #[error(
        "there are no credentials for {host}; set DATABRICKS_TOKEN, or DATABRICKS_USERNAME and DATABRICKS_PASSWORD, \
         or add to ~/.netrc (or the file that NETRC names): machine {host} login … password …"
    )]
    #[non_exhaustive]
    NoCredentials {
        /// The name of the host.
        host: String,
    },
    /// Half of a pair is set.
    #[error("{given} is given but {missing} is not; HTTP Basic needs both")]
    #[non_exhaustive]
    IncompleteCredentials {
        /// What is set.
        given: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// Two ways to authenticate are configured.
    #[error(
        "more than one authorization method configured: basic and pat; set either a token (DATABRICKS_TOKEN) or a user and \
         a password (DATABRICKS_USERNAME, DATABRICKS_PASSWORD)"
    )]
    AmbiguousCredentials,
    /// The credentials could not be read.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// An extra CA certificate could not be used.
    #[error("the CA certificate cannot be used: {problem}")]
    #[non_exhaustive]
    CaCertificate {
        /// Which one, and why.
        problem: String,
    },
    /// The certificate of the client could not be used.
    #[error("the client certificate cannot be used: {problem}")]
    #[non_exhaustive]
    ClientCertificate {
        /// Which one, and why; nothing of the key.
        problem: String,
    },
    /// A proxy's address is none.
    #[error("{origin} cannot be used: {problem}")]
    #[non_exhaustive]
    Proxy {
        /// Where it was set.
        origin: String,
        /// Why; nothing of the address, which may hold a password.
        problem: String,
    },
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {problem}")]
    #[non_exhaustive]
    Tls {
        /// What is wrong.
        problem: String,
    },
    /// The crate was built without the feature `hyper`, and no transport was given.
    #[error(
        "there is no transport: enable the feature `hyper` of dbx12-http, or give the builder a transport of your own"
    )]
    NoTransport,
}

impl BuildError {
    pub(crate) fn no_credentials(host: &Host) -> Self {
        Self::NoCredentials {
            host: host.name().to_owned(),
        }
    }
}
