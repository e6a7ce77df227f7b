//! Why there is no client.

use crate::{CredentialError, HostError};
use std::path::PathBuf;

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
    /// `http` to another machine, or by a proxy.
    #[error(
        "{host} would carry the credentials unprotected; use https, or allow plain http by name if you must \
         (only this machine is reached over http without asking, and not by a proxy)"
    )]
    #[non_exhaustive]
    PlainHttp {
        /// The address.
        host: String,
    },
    /// Nothing says who is asking.
    #[error(
        "{}there are no credentials for {host}; set DATABRICKS_TOKEN, or DATABRICKS_USERNAME and DATABRICKS_PASSWORD, \
         or add to ~/.netrc (or the file that NETRC names): machine {host} login … password …",
        default_auth(.configured)
    )]
    #[non_exhaustive]
    NoCredentials {
        /// The name of the host.
        host: String,
        /// What was configured, in the form of the official tools: `Config: host=…. Env: DATABRICKS_HOST`. Empty when
        /// no [`Config`](crate::Config) was asked.
        configured: String,
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
        "more than one authorization method configured: {families}. {configured}; to choose one, set auth_type \
         (DATABRICKS_AUTH_TYPE), or set only one of them"
    )]
    #[non_exhaustive]
    AmbiguousCredentials {
        /// Their families: `basic and pat`.
        families: String,
        /// What was configured, in the form of the official tools: `Config: host=…, token=***. Env: DATABRICKS_TOKEN`.
        configured: String,
    },
    /// The kind of credentials that `auth_type` names cannot be used.
    #[error("auth_type {name:?} cannot be used: {problem}")]
    #[non_exhaustive]
    AuthType {
        /// Its name.
        name: String,
        /// Why, and what to do.
        problem: String,
    },
    /// A value cannot be understood.
    #[error("{name} ({origin}) {problem}")]
    #[non_exhaustive]
    Setting {
        /// The setting.
        name: &'static str,
        /// Where its value comes from.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificates were not to be checked.
    #[error(
        "skip_verify asks not to check the server's certificate, which would show the credentials to anybody on the way; \
         remove it, and trust the certificate authority instead: SSL_CERT_FILE, or a CA file given to the client"
    )]
    SkipVerify,
    /// The file with profiles cannot be used.
    #[error("the config file {path} cannot be used: {problem}", path = .path.display())]
    #[non_exhaustive]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and in which line. Nothing of the text is repeated.
        problem: String,
    },
    /// The file has no profile of the name that was asked for.
    #[error("{path} has no {name} profile configured{}", after_stop(.configured), path = .path.display())]
    #[non_exhaustive]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// What was configured, as in [`NoCredentials`](Self::NoCredentials).
        configured: String,
    },
    /// The id of the workspace cannot be sent.
    #[error("the workspace id (workspace_id, DATABRICKS_WORKSPACE_ID) has characters in it that no header can carry")]
    WorkspaceId,
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

/// The beginning that users of the official tools know.
fn default_auth(configured: &str) -> String {
    if configured.is_empty() {
        return String::new();
    }
    let page = "https://docs.databricks.com/en/dev-tools/auth.html#databricks-client-unified-authentication";
    format!(
        "default auth: cannot configure default credentials, please check {page} to configure credentials for your \
         preferred authentication method. {configured}. That is, "
    )
}

fn after_stop(configured: &str) -> String {
    match configured {
        "" => String::new(),
        _ => format!(". {configured}"),
    }
}
