//! How a client is made.

mod network;

use self::network::Network;
use crate::client::Settings;
use crate::pace::Pace;
use crate::retry::Budget;
use crate::trace::TraceContext;
use crate::user_agent::{Product, UserAgent};
use crate::{
    BuildError, Client, CredentialContext, Credentials, Host, ProxySettings, RetryPolicy, Transport, host, user_agent,
};
use http::{HeaderMap, HeaderValue};
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
    user_agent_extra: Vec<(String, String)>,
    trace_context: Option<TraceContext>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    deadline: Option<Duration>,
    response_limit: usize,
    max_connections: usize,
    network: Network,
    retry: RetryPolicy,
    requests_per_second: Option<f64>,
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

impl ClientBuilder {
    /// As [`Client::builder`].
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            credentials: Choice::Missing(String::new()),
            transport: None,
            allow_plain_http: false,
            product: None,
            user_agent_extra: Vec::new(),
            trace_context: None,
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(60),
            deadline: None,
            response_limit: 256 * 1024 * 1024,
            max_connections: 16,
            network: Network::default(),
            retry: RetryPolicy::default(),
            requests_per_second: None,
            seed: None,
            workspace_id: None,
        }
    }

    /// A builder with host and credentials from environment variables and the file with profiles, see
    /// [`Config`](crate::Config), and with the environment's [proxies](ProxySettings::from_environment). What it says of the
    /// surroundings (`DATABRICKS_SDK_UPSTREAM`, `DATABRICKS_RUNTIME_VERSION`, the provider of continuous integration) goes
    /// into the `User-Agent`, as the official tools do: `from_environment(|name| std::env::var(name).ok())`.
    ///
    /// # Errors
    /// When they name no host, or more or less than one way to authenticate, or when the file cannot be used.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, BuildError> {
        let proxies = ProxySettings::from_environment(&lookup);
        let user_agent_extra = user_agent::from_environment(&lookup);
        let builder = crate::Config::new().resolve(lookup)?.into_builder()?;
        Ok(Self {
            user_agent_extra,
            ..builder.proxies(proxies)
        })
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
    /// limit, connections, certificates, proxies) are then without effect.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Allows `http` to other machines too, and by a proxy. Then anybody on the way can read the credentials and the code.
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

    /// Adds a pair to the end of the `User-Agent`, such as `cmd/run` or `upstream/airflow`. May be called more than once. The
    /// characters are replaced as in [`product`](Self::product).
    #[must_use]
    pub fn user_agent_extra(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.user_agent_extra.push((key.into(), value.into()));
        self
    }

    /// Says which trace the calls belong to: the function writes `traceparent` and `tracestate` (W3C Trace Context) for each
    /// request, and is called within the span of the call. Whatever else it writes is not sent.
    ///
    /// With OpenTelemetry, it gives the headers to a propagator: `propagator.inject_context(&Span::current().context(), &mut
    /// HeaderInjector(headers))`.
    ///
    /// ```
    /// use dbx12_http::Client;
    /// use dbx12_http::http::HeaderValue;
    /// let builder = Client::builder("https://example.com").trace_context(|headers| {
    ///     let ours = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    ///     headers.insert("traceparent", HeaderValue::from_static(ours));
    /// });
    /// ```
    #[must_use]
    pub fn trace_context(mut self, write: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.trace_context = Some(TraceContext::new(write));
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

    /// How many connections there may be at once; further requests wait for their turn, in order, which counts as
    /// connecting: they were not sent. Default 16.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// When calls are tried again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sends at most so many requests in any second, attempts of all clones together, in the order of the calls. A request
    /// that waits for its turn was not sent; the wait counts toward the call's deadline, not toward the attempt.
    ///
    /// Default none: how many a workspace bears is not documented for API 1.2 (about 30 a second for its other APIs; the
    /// official tools for Go send at most 15), and a local one bears any number. With and without a limit, a workspace that
    /// answers 429 slows down all calls: nobody sends for as long as `Retry-After` asks, then at half the pace, which
    /// doubles again every 15 s without a 429.
    #[must_use]
    pub fn requests_per_second(mut self, most: f64) -> Self {
        self.requests_per_second = Some(most);
        self
    }

    /// Seeds the random part of the waits between attempts, for repeatable tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes the client. Reads the files that it was told of and, for proxies, the environment; opens no connection.
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
            extra: &self.user_agent_extra,
            auth_type: credentials.auth_type(),
        };
        // Its characters are all allowed in a header.
        let user_agent = HeaderValue::try_from(user_agent.to_string());
        let user_agent = user_agent.unwrap_or(HeaderValue::from_static("dbx12-http"));
        let budget = Budget::full();
        let context = CredentialContext::of_client(
            host.clone(),
            transport.clone(),
            self.attempt_timeout,
            self.retry,
            budget.clone(),
            user_agent.clone(),
        );
        Ok(Client::new(Settings {
            user_agent,
            workspace_id: self.workspace_id_header()?,
            trace_context: self.trace_context,
            host,
            credentials,
            context,
            transport,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
            retry: self.retry,
            budget,
            pace: Pace::new(self.requests_per_second),
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
        options.max_connections = self.max_connections;
        options.https = host.is_https();
        self.network.apply(&mut options)?;
        let transport = crate::HyperTransport::new(options)?;
        let root = http::uri::PathAndQuery::from_static("/");
        // Then it is not this machine that is reached, but the one of the proxy.
        if !host.is_https() && !self.allow_plain_http && transport.goes_by_proxy(&host.join(root)) {
            return Err(BuildError::PlainHttp { host: host.to_string() });
        }
        Ok(Arc::new(transport))
    }

    #[cfg(not(feature = "hyper"))]
    fn built_in_transport(&self, _: &Host) -> Result<Arc<dyn Transport>, BuildError> {
        let _ = (
            self.connect_timeout,
            self.response_limit,
            self.max_connections,
            &self.network,
        );
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

#[cfg(test)]
mod tests;
