//! How a client is made.

use crate::client::Settings;
use crate::retry::Budget;
use crate::user_agent::{Product, UserAgent};
use crate::{BuildError, Client, CredentialContext, Credentials, Host, RetryPolicy, Transport, host};
use http::HeaderValue;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Makes a [`Client`].
///
/// Nothing is read or resolved before [`build`](Self::build); its error says what is missing or wrong.
///
/// ```
/// # #[cfg(feature = "hyper")] {
/// use dbx12_http::{Client, Credentials};
/// use std::time::Duration;
///
/// let client = Client::builder("http://localhost:8080")
///     .credentials(Credentials::basic("me", "secret"))
///     .product("my-scheduler", "1.4.0")
///     .attempt_timeout(Duration::from_secs(30))
///     .build()
///     .unwrap();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    host: String,
    credentials: Choice,
    transport: Option<Arc<dyn Transport>>,
    allow_plain_http: bool,
    product: Option<Product>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    deadline: Option<Duration>,
    response_limit: usize,
    ca_certificates: Vec<CaCertificate>,
    retry: RetryPolicy,
    seed: Option<u64>,
    workspace_id: Option<String>,
}

/// Where the credentials come from.
#[derive(Clone, Debug)]
enum Choice {
    /// What was configured instead, if a configuration was asked.
    Missing(String),
    Given(Credentials),
    Netrc,
    NetrcFile(PathBuf),
}

/// Where PEM certificates come from.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport uses them")
)]
enum CaCertificate {
    Pem(Vec<u8>),
    File(PathBuf),
}

impl ClientBuilder {
    /// As [`Client::builder`].
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            credentials: Choice::Missing(String::new()),
            transport: None,
            allow_plain_http: false,
            product: None,
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(60),
            deadline: None,
            response_limit: 256 * 1024 * 1024,
            ca_certificates: Vec::new(),
            retry: RetryPolicy::default(),
            seed: None,
            workspace_id: None,
        }
    }

    /// A builder with host and credentials from environment variables and the file with profiles, see
    /// [`Config`](crate::Config): `from_environment(|name| std::env::var(name).ok())`.
    ///
    /// # Errors
    /// When they name no host, or more or less than one way to authenticate, or when the file cannot be used.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BuildError> {
        crate::Config::new().resolve(lookup)?.into_builder()
    }

    /// The credentials. There is no default; [`Credentials::none`] is for servers that ask for none.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Choice::Given(credentials);
        self
    }

    /// Takes the credentials from the `.netrc` file, see [`Credentials::netrc`].
    #[must_use]
    pub fn netrc(mut self) -> Self {
        self.credentials = Choice::Netrc;
        self
    }

    /// Takes the credentials from this `.netrc` file, see [`Credentials::from_netrc_file`].
    #[must_use]
    pub fn netrc_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Choice::NetrcFile(path.into());
        self
    }

    /// A configuration gave no credentials; `configured` is what it gave.
    pub(crate) fn no_credentials_in(mut self, configured: String) -> Self {
        self.credentials = Choice::Missing(configured);
        self
    }

    /// The id of the workspace, for a host that serves many; sent as `X-Databricks-Workspace-Id`. Default: the one in the
    /// address, if it was pasted with one: `https://dbc-1234.cloud.databricks.com/?o=1234567890`.
    #[must_use]
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = Some(id.into());
        self
    }

    /// Sends through another transport than the built-in one. Settings of the built-in one (connect timeout, response
    /// limit, CA certificates) are then without effect.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Allows `http` to other machines too. Then anybody on the way can read the credentials and the code.
    #[must_use]
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// The application on whose behalf requests are made; the beginning of the `User-Agent`. Characters other than
    /// letters, digits and `_.+-` are replaced by `-`.
    #[must_use]
    pub fn product(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.product = Some(Product {
            name: name.into(),
            version: version.into(),
        });
        self
    }

    /// How long a connection may take to be made: name, TCP and TLS. Default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the response. Default 60 s.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a whole call may take: credentials, attempts, and the waits between them. Default none.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The largest response that is read, in bytes, counted after decompression. Default 256 MiB.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Trusts the certificates in this PEM text too, beside those of the platform. May be called more than once.
    #[must_use]
    pub fn ca_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates.push(CaCertificate::Pem(pem.into()));
        self
    }

    /// Trusts the certificates in this PEM file too, beside those of the platform. May be called more than once.
    ///
    /// On Unix the platform's own are those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where these variables are set.
    #[must_use]
    pub fn ca_certificate_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_certificates.push(CaCertificate::File(path.into()));
        self
    }

    /// When calls are tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Seeds the random part of the waits between attempts, for repeatable tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes the client. Reads the `.netrc` and CA files that it was told of; opens no connection.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(self) -> Result<Client, BuildError> {
        let host = Host::parse(&self.host)?;
        if !host.is_https() && !host.is_loopback() && !self.allow_plain_http {
            return Err(BuildError::PlainHttp { host: host.to_string() });
        }
        let credentials = self.credentials.resolve(&host)?;
        let transport = match &self.transport {
            Some(transport) => transport.clone(),
            None => self.built_in_transport(&host)?,
        };
        let user_agent = UserAgent {
            product: self.product.as_ref(),
            auth_type: credentials.auth_type(),
        };
        // Its characters are all allowed in a header.
        let user_agent = HeaderValue::try_from(user_agent.to_string());
        let user_agent = user_agent.unwrap_or(HeaderValue::from_static("dbx12-http"));
        let context = CredentialContext::of_client(
            host.clone(),
            transport.clone(),
            self.attempt_timeout,
            self.retry,
            user_agent.clone(),
        );
        Ok(Client::new(Settings {
            user_agent,
            workspace_id: self.workspace_id_header()?,
            host,
            credentials,
            context,
            transport,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
            retry: self.retry,
            budget: Budget::full(),
            rng: Mutex::new(self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)),
        }))
    }

    /// The id that was set, else the one in a pasted address.
    fn workspace_id_header(&self) -> Result<Option<HeaderValue>, BuildError> {
        let id = self
            .workspace_id
            .clone()
            .or_else(|| host::ids_in(&self.host).workspace_id);
        let header = id.map(HeaderValue::try_from).transpose();
        header.map_err(|_| BuildError::WorkspaceId)
    }

    #[cfg(feature = "hyper")]
    fn built_in_transport(&self, host: &Host) -> Result<Arc<dyn Transport>, BuildError> {
        let mut options = crate::HyperOptions::new();
        options.connect_timeout = self.connect_timeout;
        options.response_limit = self.response_limit;
        options.https = host.is_https();
        for certificate in &self.ca_certificates {
            options.ca_certificates.push(certificate.read()?);
        }
        Ok(Arc::new(crate::HyperTransport::new(options)?))
    }

    #[cfg(not(feature = "hyper"))]
    fn built_in_transport(&self, _: &Host) -> Result<Arc<dyn Transport>, BuildError> {
        let _ = (self.connect_timeout, self.response_limit, &self.ca_certificates);
        Err(BuildError::NoTransport)
    }
}

impl Choice {
    fn resolve(&self, host: &Host) -> Result<Credentials, BuildError> {
        let credentials = match self {
            Self::Given(credentials) => Ok(credentials.clone()),
            Self::Netrc => Credentials::netrc(host),
            Self::NetrcFile(path) => Credentials::from_netrc_file(path, host),
            Self::Missing(configured) => {
                return Err(BuildError::NoCredentials {
                    host: host.name().to_owned(),
                    configured: configured.clone(),
                });
            }
        };
        credentials.map_err(BuildError::from)
    }
}

impl CaCertificate {
    #[cfg(feature = "hyper")]
    fn read(&self) -> Result<Vec<u8>, BuildError> {
        match self {
            Self::Pem(pem) => Ok(pem.clone()),
            Self::File(path) => std::fs::read(path).map_err(|error| BuildError::CaCertificate {
                problem: format!("{}: {error}", path.display()),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
