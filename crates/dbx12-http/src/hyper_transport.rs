//! The built-in transport: hyper with a pool of connections, and rustls.

mod body;
mod classify;
mod connector;
mod options;
mod proxy;

pub use self::options::HyperOptions;

use self::connector::Connector;
use self::proxy::{Proxies, Proxy};
use crate::transport::{BoxFuture, Progress, Transport, TransportError, TransportErrorKind};
use crate::{BuildError, tls};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// The built-in transport: HTTP/1.1 over TCP or TLS, or HTTP/2 where it is asked for; directly or by proxies; with
/// connections kept alive, `gzip`, and a limit on the size of responses. Needs a tokio runtime. Redirects are not followed.
///
/// A name with several addresses is tried in both families of addresses, the second 300 ms after the first (RFC 8305), so
/// that a dead one costs little.
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
    connect_timeout: Duration,
    response_limit: usize,
}

enum Pool {
    Plain(legacy::Client<Connector, Full<Bytes>>),
    Tls(legacy::Client<HttpsConnector<Connector>, Full<Bytes>>),
}

impl HyperTransport {
    /// How long a connection that nobody uses is kept. Shorter than the gateways of the service keep it, so that requests
    /// seldom meet a connection which the other side is just closing.
    const IDLE: Duration = Duration::from_secs(30);

    /// How many such connections are kept after a burst.
    const IDLE_CONNECTIONS: usize = 32;

    /// How often a connection that serves requests over HTTP/2 is asked whether it is still there: all of them are on it.
    #[cfg(feature = "http2")]
    const HTTP2_PING: Duration = Duration::from_secs(15);

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
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        // `retry_canceled_requests` stays on: hyper resends only what its connection task never took up, see `Delivery`.
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Self::IDLE)
            .pool_max_idle_per_host(Self::IDLE_CONNECTIONS);
        #[cfg(feature = "http2")]
        builder
            .timer(TokioTimer::new())
            .http2_keep_alive_interval(Self::HTTP2_PING)
            .http2_keep_alive_while_idle(false);
        let pool = match tls.filter(|_| options.https) {
            Some(mut tls) => {
                if options.offers_http2() {
                    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                }
                Pool::Tls(builder.build(HttpsConnector::from((connector, tls))))
            }
            None => Pool::Plain(builder.build(connector)),
        };
        Ok(Self {
            pool,
            proxies,
            connect_timeout: options.connect_timeout,
            response_limit: options.response_limit,
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let progress = Progress::of(&request);
        progress.not_sent();
        let proxy = self.proxies.on_the_way_to(request.uri());
        let standing_in = proxy.filter(|proxy| proxy.takes_requests_to(request.uri()));
        let response = self.response_head(request, proxy, &progress).await?;
        if let Some(proxy) = standing_in.filter(|_| response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED) {
            return Err(TransportError::from(&proxy.wants_credentials()));
        }
        let (mut parts, incoming) = response.into_parts();
        let body = body::read(incoming, &parts.headers, self.response_limit).await?;
        // What they said of the body as it came is not true of it as it is.
        if parts.headers.remove(CONTENT_ENCODING).is_some() {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(Response::from_parts(parts, body))
    }

    async fn response_head(
        &self,
        request: Request<Bytes>,
        proxy: Option<&Proxy>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, TransportError> {
        let standing_in = proxy.filter(|proxy| proxy.takes_requests_to(request.uri()));
        let authorization = standing_in.and_then(Proxy::authorization);
        let says_length = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
        let is_empty = request.body().is_empty();
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        headers
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("gzip"));
        // Some gateways answer 411 without it, and hyper leaves it out (RFC 9110, 8.6).
        if says_length && is_empty {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let Some(login) = authorization {
            headers.insert(PROXY_AUTHORIZATION, login.clone());
        }
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
        let early = early.map_err(|_| classify::connect_timed_out(self.connect_timeout, proxy))?;
        if connected() {
            progress.sending();
        }
        let response = match early {
            Some(response) => response,
            None => response.await,
        };
        response.map_err(|error| classify::failed(error, connected(), proxy))
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
            .field("proxies", &self.proxies)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_limit", &self.response_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests;
