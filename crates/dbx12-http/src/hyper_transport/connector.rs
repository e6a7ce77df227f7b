//! From a URI to a connection: directly, or by a proxy.

use super::proxy::{Proxies, Proxy};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;

type BoxError = Box<dyn StdError + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// TCP to one of the addresses of a name.
pub(super) fn tcp<R>(resolver: R, connect_timeout: Duration) -> HttpConnector<R> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(Duration::from_secs(30)));
    // Divided among the addresses of a name, so that a dead one leaves time for the others.
    connector.set_connect_timeout(Some(connect_timeout));
    connector
}

/// Opens the connection over which a request travels, up to but without the TLS of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tcp: HttpConnector,
    proxies: Arc<Proxies>,
    /// For proxies that speak TLS themselves.
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    pub(super) fn new(tcp: HttpConnector, proxies: Arc<Proxies>, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { tcp, proxies, tls }
    }

    async fn connect(mut self, target: http::Uri) -> Result<Stream, BoxError> {
        let Some(proxy) = self.proxies.on_the_way_to(&target).cloned() else {
            return Ok(Stream::Direct(self.tcp.call(target).await?));
        };
        let io = self.reach(&proxy).await.map_err(|error| proxy.unreachable(error))?;
        let io = proxy.lead(io, &target).await?;
        let speaks_for_target = proxy.takes_requests_to(&target);
        Ok(Stream::Proxied { io, speaks_for_target })
    }

    /// Connects to the proxy itself.
    async fn reach(&mut self, proxy: &Proxy) -> Result<Io, BoxError> {
        match &self.tls {
            Some(tls) if proxy.speaks_tls() => {
                let mut connector = HttpsConnector::from((self.tcp.clone(), tls.clone()));
                Ok(Box::new(connector.call(proxy.uri().clone()).await?))
            }
            _ => Ok(Box::new(self.tcp.call(proxy.uri().clone()).await?)),
        }
    }
}

impl Service<http::Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Result<Stream, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, target: http::Uri) -> Self::Future {
        Box::pin(self.clone().connect(target))
    }
}

/// What bytes go through, whatever it is.
pub(super) trait ReadWrite: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> ReadWrite for T {}

pub(super) type Io = Box<dyn ReadWrite>;

/// A connection to the workspace, or to a proxy that stands for it.
pub(super) enum Stream {
    Direct(TokioIo<TcpStream>),
    Proxied {
        io: Io,
        /// The proxy takes the requests themselves, in absolute form, instead of a tunnel.
        speaks_for_target: bool,
    },
}

impl Stream {
    fn io(self: Pin<&mut Self>) -> Pin<&mut dyn ReadWrite> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io),
            Self::Proxied { io, .. } => Pin::new(&mut **io),
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Direct(io) => io.connected(),
            Self::Proxied { speaks_for_target, .. } => Connected::new().proxy(*speaks_for_target),
        }
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.io().poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Direct(io) => io.is_write_vectored(),
            Self::Proxied { io, .. } => io.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, bufs)
    }
}
