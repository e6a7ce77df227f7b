//! The built-in transport: hyper with a pool of connections, and rustls.

mod body;
mod classify;
mod pool;

use crate::transport::{BoxFuture, Progress, Transport, TransportError, TransportErrorKind};
use crate::{BuildError, tls};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use pool::{Limits, Pool};
use std::fmt;
use std::time::Duration;

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
    /// How many connections to a host there may be at once. Requests beyond that wait for their turn, in order, which
    /// counts as time to connect of the attempt: a request that waits was not sent. Default 16.
    pub max_connections: usize,
    /// How long a connection is kept that nobody uses. Default 30 s: shorter than the gateways of the service keep it, so
    /// that requests seldom meet a connection which the other side is just closing.
    pub idle_timeout: Duration,
}

impl HyperOptions {
    /// The default settings.
    pub fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            response_limit: 256 * 1024 * 1024,
            ca_certificates: Vec::new(),
            https: true,
            max_connections: 16,
            idle_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for HyperOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The built-in transport: HTTP/1.1 over TCP or TLS, with a bounded number of connections that are kept alive, `gzip`, and
/// a limit on the size of responses. Needs a tokio runtime. Redirects are not followed and proxies not used.
///
/// Requests in sequence share one connection. Without a runtime that lives on, its connections end with it.
///
/// # Delivery
/// A request that was given to a kept connection and was not yet begun when that connection ended is sent over another
/// one. Everything else that goes wrong is reported, never repeated.
pub struct HyperTransport {
    pool: Pool,
    https: bool,
    connect_timeout: Duration,
    response_limit: usize,
}

impl HyperTransport {
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
        let limits = Limits {
            connect_timeout: options.connect_timeout,
            idle_timeout: options.idle_timeout,
            max_connections: options.max_connections,
        };
        let pool = if options.https {
            let https = HttpsConnectorBuilder::new()
                .with_tls_config(tls::client_config(&options.ca_certificates)?)
                .https_or_http()
                .enable_http1()
                .wrap_connector(connector);
            Pool::new(https, limits)
        } else {
            Pool::new(connector, limits)
        };
        Ok(Self {
            pool,
            https: options.https,
            connect_timeout: options.connect_timeout,
            response_limit: options.response_limit,
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if !self.https && request.uri().scheme_str() == Some("https") {
            let message = "this transport was made without https";
            return Err(TransportError::new(TransportErrorKind::Request, message));
        }
        let progress = Progress::of(&request);
        progress.not_sent();
        let mut request = request.map(Full::new);
        request
            .headers_mut()
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("gzip"));
        let (response, lease) = self.pool.send(request, &progress).await?;
        let (mut parts, incoming) = response.into_parts();
        let body = body::read(incoming, &parts.headers, self.response_limit).await?;
        lease.release().await;
        // What they said of the body as it came is not true of it as it is.
        if parts.headers.remove(CONTENT_ENCODING).is_some() {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, body))
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
            .field("https", &self.https)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_limit", &self.response_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests;
