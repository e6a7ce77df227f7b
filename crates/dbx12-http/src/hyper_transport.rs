//! The built-in transport: hyper with a pool of connections, and rustls.

mod body;
mod classify;
mod connection;
mod connector;
mod options;
mod pool;
mod proxy;

pub use self::options::HyperOptions;

use self::connector::Connector;
use self::pool::{Limits, Pool};
use self::proxy::{Proxies, Proxy};
use crate::transport::{BoxFuture, Progress, ResponseLimit, Transport, TransportError, TransportErrorKind};
use crate::{BuildError, tls};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The built-in transport: HTTP/1.1 over TCP or TLS, or HTTP/2 where it is asked for; directly or by proxies; with a bounded
/// number of connections that are kept alive, `gzip`, and a limit on the size of responses. Needs a tokio runtime. Redirects
/// are not followed.
///
/// Requests in sequence share one connection; over HTTP/2, requests at the same time do too. Without a runtime that lives
/// on, its connections end with it. A name with several addresses is tried in both families of addresses, the second 300 ms
/// after the first (RFC 8305), so that a dead one costs little.
///
/// # Delivery
/// A request that was given to a kept connection and was not yet begun when that connection ended is sent over another
/// one. Everything else that goes wrong is reported, never repeated.
///
/// A proxy that does not lead to the workspace was never given the request. A proxy that is given requests over plain
/// `http` answers in the place of the workspace; what it says is taken for the workspace's own word, but for a 407, which
/// it says before it passes anything on.
pub struct HyperTransport {
    pool: Pool,
    proxies: Arc<Proxies>,
    https: bool,
    connect_timeout: Duration,
    response_limit: usize,
}

impl HyperTransport {
    /// A transport with no connection yet.
    ///
    /// # Errors
    /// When a certificate or a proxy cannot be used, or when the platform has no certificates at all.
    pub fn new(options: HyperOptions) -> Result<Self, BuildError> {
        let proxies = Arc::new(Proxies::new(&options.proxies)?);
        let mut tls = None;
        if options.https || proxies.speak_tls() {
            tls = Some(tls::client_config(&options)?);
        }
        let tcp = connector::tcp(GaiResolver::new(), options.connect_timeout);
        let connector = Connector::new(tcp, proxies.clone(), tls.clone().map(Arc::new));
        let limits = Limits {
            connect_timeout: options.connect_timeout,
            idle_timeout: options.idle_timeout,
            max_connections: options.max_connections,
        };
        let pool = match tls.filter(|_| options.https) {
            Some(mut tls) => {
                if options.offers_http2() {
                    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                }
                Pool::new(HttpsConnector::from((connector, tls)), limits)
            }
            None => Pool::new(connector, limits),
        };
        Ok(Self {
            pool,
            proxies,
            https: options.https,
            connect_timeout: options.connect_timeout,
            response_limit: options.response_limit,
        })
    }

    /// Whether a proxy is on the way.
    pub(crate) fn goes_by_proxy(&self, target: &Uri) -> bool {
        self.proxies.on_the_way_to(target).is_some()
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if !self.https && request.uri().scheme_str() == Some("https") {
            let message = "this transport was made without https";
            return Err(TransportError::new(TransportErrorKind::Request, message));
        }
        let progress = Progress::of(&request);
        progress.not_sent();
        let asked = request.extensions().get::<ResponseLimit>();
        let response_limit = asked.map_or(self.response_limit, |asked| asked.0.min(self.response_limit));
        let proxy = self.proxies.on_the_way_to(request.uri());
        let standing_in = proxy.filter(|proxy| proxy.takes_requests_to(request.uri()));
        complete(&mut request, standing_in);
        let (response, lease) = self.pool.send(request.map(Full::new), proxy, &progress).await?;
        if let Some(proxy) = standing_in.filter(|_| response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED) {
            return Err(TransportError::from(&proxy.wants_credentials()));
        }
        let (mut parts, incoming) = response.into_parts();
        let body = body::read(incoming, &parts.headers, response_limit).await?;
        lease.release().await;
        // What they said of the body as it came is not true of it as it is.
        if parts.headers.remove(CONTENT_ENCODING).is_some() {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, body))
    }
}

/// Adds the headers that are the transport's to say.
fn complete(request: &mut Request<Bytes>, standing_in: Option<&Proxy>) {
    let says_length = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let is_empty = request.body().is_empty();
    let headers = request.headers_mut();
    headers
        .entry(ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static("gzip"));
    // Some gateways answer 411 without it, and hyper leaves it out (RFC 9110, 8.6).
    if says_length && is_empty {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if let Some(login) = standing_in.and_then(Proxy::authorization) {
        headers.insert(PROXY_AUTHORIZATION, login.clone());
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
            .field("proxies", &self.proxies)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_limit", &self.response_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests;
