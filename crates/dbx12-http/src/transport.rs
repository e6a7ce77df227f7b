//! The one seam to the network: a whole request goes in, a whole response comes out.

#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use self::tower::{ServiceTransport, TransportService, from_service, into_service};

use bytes::Bytes;
use http::{Request, Response};
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one request to the workspace and brings back the response.
///
/// A transport makes one attempt: it does not retry, follow redirects, add credentials or judge the status. Time is kept
/// by the [`Client`](crate::Client), which drops the future when an attempt has taken too long; a transport that can tell
/// whether the request had left by then says so through [`Progress`].
///
/// The request's URI is absolute. The response's body is complete and decoded: no `Content-Encoding` is left.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request.
    ///
    /// # Errors
    /// When no complete response came; the [`TransportErrorKind`] says what is known about delivery. A response of any
    /// status is not an error here.
    ///
    /// # Cancellation
    /// Dropping the future abandons the attempt. If the request had left, the server may still carry it out.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        (**self).send(request)
    }
}

/// A transport made of a function, for tests and for embedding a server without a socket.
///
/// ```
/// use bytes::Bytes;
/// use dbx12_http::{Client, Credentials, transport, types::ListClusters};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = transport::from_fn(async |_request| Ok(http::Response::new(Bytes::from_static(b"[]"))));
/// let client = Client::builder("https://example.com").credentials(Credentials::none()).transport(transport).build()?;
/// assert!(client.send(&ListClusters::default()).await?.is_empty());
/// # Ok(()) }
/// ```
pub fn from_fn<F, Fut>(function: F) -> FromFn<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static,
{
    FromFn(function)
}

/// See [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F>(F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F, Fut> Transport for FromFn<F>
where
    F: Fn(Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static,
{
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin((self.0)(request))
    }
}

/// How far one attempt got, told by the transport while it works.
///
/// When the client's patience ends it drops the attempt, and then this is all that is known about delivery. A transport
/// that says nothing is taken to have sent the request, which is always safe.
///
/// ```
/// # use bytes::Bytes;
/// # use dbx12_http::transport::Progress;
/// # async fn connect() {}
/// # async fn write(_: http::Request<Bytes>) {}
/// # async fn send(request: http::Request<Bytes>) {
/// let progress = Progress::of(&request);
/// progress.not_sent();
/// connect().await;
/// progress.sending();
/// write(request).await;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU8>);

impl Progress {
    const NOT_SENT: u8 = 1;
    const SENDING: u8 = 2;

    /// The progress of a request, which the client put into its extensions; one that nobody watches when there is none.
    pub fn of(request: &Request<Bytes>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Nothing of the request has left, and nothing will before [`sending`](Self::sending) is called.
    pub fn not_sent(&self) {
        self.0.store(Self::NOT_SENT, Ordering::Release);
    }

    /// From now on the server may see the request.
    pub fn sending(&self) {
        self.0.store(Self::SENDING, Ordering::Release);
    }

    pub(crate) fn maybe_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) != Self::NOT_SENT
    }
}

/// The largest response that the client wants to read to this request, in bytes, where that is less than the transport
/// itself allows: in the request's extensions.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport looks at it")
)]
pub(crate) struct ResponseLimit(pub(crate) usize);

/// Why no complete response came.
///
/// Neither message nor source may hold a secret, a query or a body: they are shown to people.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of a kind, with a message such as `could not connect to example.com: connection refused`.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What is known about delivery.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) fn into_parts(self) -> (String, Option<Box<dyn StdError + Send + Sync>>) {
        (self.message, self.source)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// What is known about delivery when no complete response came. The client's retries rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// There was no connection: the request was never sent. Tried again for every operation.
    Connect,
    /// The peer's certificate or its TLS was refused: the request was never sent, and never will be. Not tried again.
    Tls,
    /// A proxy on the way refused to lead to the server: the request was never sent, and the proxy would say the same
    /// again. Not tried again.
    Proxy,
    /// The server gave the request back and says that it did not begin with it (HTTP/2: `REFUSED_STREAM`, or `GOAWAY` with
    /// an earlier last stream; RFC 9113, 8.7). Tried again for every operation.
    Refused,
    /// The request cannot be sent as it is: it was never sent, and never will be. Not tried again.
    Request,
    /// No complete response in time; the request may have been carried out. Only idempotent operations are tried again.
    Timeout,
    /// The connection was lost when the request may have left. Only idempotent operations are tried again.
    Interrupted,
    /// The response is larger than the limit; the request was delivered. Not tried again.
    TooLarge,
    /// The response is not HTTP, or its compression is broken; the request was delivered. Not tried again.
    Malformed,
    /// Anything else; nothing is known about delivery. Not tried again.
    Other,
}
