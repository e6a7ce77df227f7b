//! Many requests at once over one connection of HTTP/2, or, where the server does not speak it, over several of HTTP/1.1.

use super::connector::Connector;
use super::proxy::Proxy;
use super::{HyperOptions, classify};
use crate::transport::{Progress, TransportError};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// How often a connection that serves requests is asked whether it is still there: all of them are on it.
const PING: Duration = Duration::from_secs(15);

pub(super) struct Multiplexed {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    connect_timeout: Duration,
}

impl Multiplexed {
    pub(super) fn new(connector: Connector, mut tls: ClientConfig, options: &HyperOptions) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // `retry_canceled_requests` stays on: hyper resends only what its connection task never took up.
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle_timeout)
            .pool_max_idle_per_host(options.max_connections)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_while_idle(false)
            .build(HttpsConnector::from((connector, tls)));
        Self {
            client,
            connect_timeout: options.connect_timeout,
        }
    }

    /// Sends a request with an absolute URI, and waits for the head of the response.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        proxy: Option<&Proxy>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, TransportError> {
        let connection = capture_connection(&mut request);
        let connected = || connection.connection_metadata().is_some();
        let mut response = pin!(self.client.request(request));
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
        response.map_err(|error| {
            let unsent = !connected() || is_unbegun(&error);
            classify::send_failed(error, unsent, proxy)
        })
    }
}

/// hyper says "canceled" of a request that it gives back without having begun it.
fn is_unbegun(error: &Error) -> bool {
    error.is_connect() || classify::find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}
