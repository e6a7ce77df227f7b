//! The built-in transport: hyper with a pool of connections, and rustls.

mod body;
mod classify;

use crate::transport::{BoxFuture, Progress, ResponseLimit, Transport, TransportError, TransportErrorKind};
use crate::{BuildError, tls};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// The settings of a [`HyperTransport`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HyperOptions {
    /// How long a connection may take to be made: name, TCP and TLS. Default 10 s.
    pub connect_timeout: Duration,
    /// The largest response that is read, in bytes, counted after decompression. Default 256 MiB.
    pub response_limit: usize,
    /// Certificates to trust beside those of the platform, as PEM. Default none.
    pub ca_certificates: Vec<Vec<u8>>,
    /// Whether `https` is spoken. Without, the certificates of the platform need not be loaded. Default true.
    pub https: bool,
}

impl HyperOptions {
    /// The default settings.
    pub fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            response_limit: 256 * 1024 * 1024,
            ca_certificates: Vec::new(),
            https: true,
        }
    }
}

impl Default for HyperOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The built-in transport: HTTP/1.1 over TCP or TLS, with connections kept alive, `gzip`, and a limit on the size of
/// responses. Needs a tokio runtime. Redirects are not followed and proxies not used.
///
/// # Delivery
/// A request that was given to a kept connection and was not yet begun when that connection ended is sent over another
/// one. Everything else that goes wrong is reported, never repeated.
pub struct HyperTransport {
    pool: Pool,
    connect_timeout: Duration,
    response_limit: usize,
}

enum Pool {
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl HyperTransport {
    /// How long a connection that nobody uses is kept. Shorter than the gateways of the service keep it, so that requests
    /// seldom meet a connection which the other side is just closing.
    const IDLE: Duration = Duration::from_secs(30);

    /// How many such connections are kept after a burst.
    const IDLE_CONNECTIONS: usize = 32;

    /// A transport with no connection yet.
    ///
    /// # Errors
    /// When a CA certificate cannot be used, or when the platform has no certificates at all.
    pub fn new(options: HyperOptions) -> Result<Self, BuildError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(Duration::from_secs(30)));
        // Divided among the addresses of a name, so that a dead one leaves time for the others.
        connector.set_connect_timeout(Some(options.connect_timeout));
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        // `retry_canceled_requests` stays on: hyper resends only what its connection task never took up, see `Delivery`.
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Self::IDLE)
            .pool_max_idle_per_host(Self::IDLE_CONNECTIONS);
        let pool = if options.https {
            let https = HttpsConnectorBuilder::new()
                .with_tls_config(tls::client_config(&options.ca_certificates)?)
                .https_or_http()
                .enable_http1()
                .wrap_connector(connector);
            Pool::Tls(builder.build(https))
        } else {
            Pool::Plain(builder.build(connector))
        };
        Ok(Self {
            pool,
            connect_timeout: options.connect_timeout,
            response_limit: options.response_limit,
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let progress = Progress::of(&request);
        progress.not_sent();
        let asked = request.extensions().get::<ResponseLimit>();
        let limit = asked.map_or(self.response_limit, |asked| asked.0.min(self.response_limit));
        let response = self.response_head(request, &progress).await?;
        let (mut parts, incoming) = response.into_parts();
        let body = body::read(incoming, &parts.headers, limit).await?;
        // What they said of the body as it came is not true of it as it is.
        if parts.headers.remove(CONTENT_ENCODING).is_some() {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, body))
    }

    async fn response_head(
        &self,
        request: Request<Bytes>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, TransportError> {
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        headers
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("gzip"));
        if !matches!(self.pool, Pool::Tls(_)) && request.uri().scheme_str() == Some("https") {
            let message = "this transport was made without https";
            return Err(TransportError::new(TransportErrorKind::Request, message));
        }
        let connection = capture_connection(&mut request);
        let connected = || connection.connection_metadata().is_some();
        let mut response = pin!(match &self.pool {
            Pool::Plain(client) => client.request(request),
            Pool::Tls(client) => client.request(request),
        });
        // Until the request is given to a connection, nothing of it has left. Connecting has a time limit of its own.
        let until_connected = poll_fn(|cx| match response.as_mut().poll(cx) {
            Poll::Ready(response) => Poll::Ready(Some(response)),
            Poll::Pending if connected() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let early = timeout(self.connect_timeout, until_connected).await;
        let early = early.map_err(|_| classify::connect_timed_out(self.connect_timeout))?;
        if connected() {
            progress.sending();
        }
        let response = match early {
            Some(response) => response,
            None => response.await,
        };
        response.map_err(|error| classify::failed(error, connected()))
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("https", &matches!(self.pool, Pool::Tls(_)))
            .field("connect_timeout", &self.connect_timeout)
            .field("response_limit", &self.response_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests;
