//! One connection, over HTTP/1.1 or HTTP/2.

use super::pool::BoxError;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper::client::conn::{TrySendError, http1};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection as ConnectionInfo;
use std::pin::pin;
#[cfg(feature = "http2")]
use std::time::Duration;
use tokio::sync::watch;
use tower_service::Service;

/// A connection that takes requests.
pub(super) struct Connection {
    sender: Sender,
    ended: Ended,
    /// The other side is a proxy, which has to be told the whole URI.
    proxied: bool,
}

enum Sender {
    /// One request after the other.
    Http1(http1::SendRequest<Full<Bytes>>),
    /// All at once.
    #[cfg(feature = "http2")]
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Tells when a connection has ended: nothing is ever sent by it, but the other side is dropped.
#[derive(Clone)]
pub(super) struct Ended(watch::Receiver<()>);

impl Ended {
    /// Waits for the end. Cancel safe.
    pub(super) async fn wait(&mut self) {
        while self.0.changed().await.is_ok() {}
    }

    /// Whether it tells of the same connection.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// Drives a connection to its end.
fn drive(driver: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Ended {
    let (lives, ended) = watch::channel(());
    tokio::spawn(async move {
        // What goes wrong is told to the request; without one nobody misses it.
        drop(driver.await);
        drop(lives);
    });
    Ended(ended)
}

type Unsent = TrySendError<Request<Full<Bytes>>>;

impl Connection {
    /// Connects by `connector`.
    pub(super) async fn dial<C>(mut connector: C, uri: Uri) -> Result<Self, BoxError>
    where
        C: Service<Uri>,
        C::Response: Read + Write + ConnectionInfo + Unpin + Send + 'static,
        C::Error: Into<BoxError>,
    {
        std::future::poll_fn(|cx| connector.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        let stream = connector.call(uri).await.map_err(Into::into)?;
        let info = stream.connected();
        let (sender, ended) = if info.is_negotiated_h2() {
            Self::http2(stream).await?
        } else {
            Self::http1(stream).await?
        };
        let proxied = info.is_proxied();
        Ok(Self { sender, ended, proxied })
    }

    async fn http1(stream: impl Read + Write + Unpin + Send + 'static) -> Result<(Sender, Ended), BoxError> {
        let (sender, driver) = http1::handshake(stream).await?;
        Ok((Sender::Http1(sender), drive(driver)))
    }

    #[cfg(feature = "http2")]
    async fn http2(stream: impl Read + Write + Unpin + Send + 'static) -> Result<(Sender, Ended), BoxError> {
        use hyper_util::rt::{TokioExecutor, TokioTimer};
        /// After so long without a word, a connection that serves requests is asked whether it is still there: all of them
        /// are on it.
        const PING: Duration = Duration::from_secs(10);
        /// And so long it may take to say so.
        const PONG: Duration = Duration::from_secs(5);

        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .keep_alive_while_idle(false)
            .handshake(stream)
            .await?;
        Ok((Sender::Http2(sender), drive(driver)))
    }

    #[cfg(not(feature = "http2"))]
    async fn http2(_: impl Read + Write + Unpin + Send + 'static) -> Result<(Sender, Ended), BoxError> {
        Err("the server chose HTTP/2, which nobody offered".into())
    }

    /// The URI as it is written into the first line of a request.
    pub(super) fn form(&self, uri: &Uri) -> Uri {
        if self.takes_whole_uris() || (self.proxied && uri.scheme() == Some(&Scheme::HTTP)) {
            return uri.clone();
        }
        let path = uri.path_and_query().cloned();
        Uri::from(path.unwrap_or(http::uri::PathAndQuery::from_static("/")))
    }

    /// HTTP/2 makes its own fields of the parts of a URI.
    fn takes_whole_uris(&self) -> bool {
        !matches!(self.sender, Sender::Http1(_))
    }

    /// Another hand on the same connection, where it takes several requests at once.
    pub(super) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => Some(Self {
                sender: Sender::Http2(sender.clone()),
                ended: self.ended.clone(),
                proxied: self.proxied,
            }),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    pub(super) async fn ready(&mut self) -> Result<(), hyper::Error> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await,
            #[cfg(feature = "http2")]
            Sender::Http2(sender) => sender.ready().await,
        }
    }

    /// Tells of its end.
    pub(super) fn ended(&self) -> Ended {
        self.ended.clone()
    }

    /// Sends a request, and comes back with the head of its response. The error gives the request back where it was not
    /// begun.
    pub(super) async fn send(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Option<Self>), Unsent> {
        let Self {
            sender,
            mut ended,
            proxied,
        } = self;
        match sender {
            Sender::Http1(mut sender) => {
                let response = sender.try_send_request(request);
                let (response, sender) = answered(response, sender, &mut ended).await?;
                let sender = sender.map(Sender::Http1);
                Ok((response, sender.map(|sender| Self { sender, ended, proxied })))
            }
            #[cfg(feature = "http2")]
            Sender::Http2(mut sender) => {
                let response = sender.try_send_request(request);
                let (response, sender) = answered(response, sender, &mut ended).await?;
                let sender = sender.map(Sender::Http2);
                Ok((response, sender.map(|sender| Self { sender, ended, proxied })))
            }
        }
    }
}

/// Waits for a response. The sender is given back unless the connection ended before.
///
/// A request that is sent in the very moment in which the connection ends can be left in the channel between them, where
/// nobody takes it and nobody gives it back; only the end of all senders empties it (seen once in some ten thousand
/// requests on connections that die).
async fn answered<S>(
    response: impl Future<Output = Result<Response<Incoming>, Unsent>>,
    sender: S,
    ended: &mut Ended,
) -> Result<(Response<Incoming>, Option<S>), Unsent> {
    let mut response = pin!(response);
    tokio::select! {
        biased;
        answered = &mut response => return Ok((answered?, Some(sender))),
        () = ended.wait() => drop(sender),
    }
    Ok((response.await?, None))
}

#[cfg(all(test, feature = "http2"))]
mod tests;
