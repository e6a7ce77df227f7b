//! Transports and the services of `tower`, each as the other.

use super::{BoxFuture, Progress, Transport, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower_service::Service;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A transport made of a `tower` service that answers HTTP requests: a stack of layers, another client, a server.
///
/// `B` is the body that the service takes, made of the whole of it.
///
/// # Delivery
/// What a service knows of delivery it cannot say, so nothing is taken for known: an error of the service is
/// [`TransportErrorKind::Other`], the request may have been delivered, and it is not tried again. Who knows better says so by
/// [`ServiceTransport::classify_errors`]. Only while the service is not ready has the request surely not been sent. When an
/// attempt takes too long, the request counts as sent as soon as the service has been given it.
///
/// A layer that retries knows nothing of what may be delivered only once. Leave retries to the [`Client`](crate::Client).
///
/// # Bodies
/// The response must come decoded: a service that asks for compression must undo it too.
///
/// ```
/// use bytes::Bytes;
/// use dbx12_http::{Client, Credentials, transport, types::ListClusters};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Any client that is a service may stand here, with any layers around it.
/// let service = ServiceBuilder::new().concurrency_limit(8).service(service_fn(async |request: http::Request<Full<Bytes>>| {
///     assert_eq!(request.uri().host(), Some("example.com"));
///     Ok::<_, std::io::Error>(http::Response::new(Full::new(Bytes::from_static(b"[]"))))
/// }));
/// let client = Client::builder("https://example.com")
///     .credentials(Credentials::none())
///     .transport(transport::from_service(service))
///     .build()?;
/// assert!(client.send(&ListClusters::default()).await?.is_empty());
/// # Ok(()) }
/// ```
pub fn from_service<S, B, R>(service: S) -> ServiceTransport<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: From<Bytes> + Send + 'static,
    R: Body<Data: Send> + Send,
    R::Error: Into<BoxError>,
{
    ServiceTransport {
        service: Mutex::new(service),
        response_limit: 256 * 1024 * 1024,
        classify: |_| TransportErrorKind::Other,
        body: PhantomData,
    }
}

/// See [`from_service`].
pub struct ServiceTransport<S, B> {
    /// Cloned for each request, since many services cannot be shared.
    service: Mutex<S>,
    response_limit: usize,
    classify: fn(&(dyn StdError + Send + Sync + 'static)) -> TransportErrorKind,
    body: PhantomData<fn(B)>,
}

impl<S, B> ServiceTransport<S, B> {
    /// The largest response that is read, in bytes. Default 256 MiB.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Says what an error of the service means for delivery. A kind that says that the request was not sent must be true of
    /// the whole stack: no layer of it may have sent the request before.
    #[must_use]
    pub fn classify_errors(
        mut self,
        classify: fn(&(dyn StdError + Send + Sync + 'static)) -> TransportErrorKind,
    ) -> Self {
        self.classify = classify;
        self
    }
}

impl<S: Clone, B> ServiceTransport<S, B> {
    fn service(&self) -> S {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S, B, R> Transport for ServiceTransport<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: From<Bytes> + Send + 'static,
    R: Body<Data: Send> + Send,
    R::Error: Into<BoxError>,
{
    fn send(&self, mut request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let mut service = self.service();
        Box::pin(async move {
            // Taken out: a layer may send the request twice, and what the second attempt says is not true of the first.
            let progress = request.extensions_mut().remove::<Progress>().unwrap_or_default();
            progress.not_sent();
            let ready = poll_fn(|context| service.poll_ready(context)).await;
            ready.map_err(|error| failed(TransportErrorKind::Connect, "the service is not ready", error.into()))?;
            progress.sending();
            let response = service.call(request.map(B::from)).await.map_err(|error| {
                let error = error.into();
                failed((self.classify)(&*error), "the service failed", error)
            })?;
            let (parts, body) = response.into_parts();
            check_encoding(&parts.headers)?;
            let body = read(body, self.response_limit).await?;
            Ok(Response::from_parts(parts, body))
        })
    }
}

impl<S: Clone, B> Clone for ServiceTransport<S, B> {
    fn clone(&self) -> Self {
        Self {
            service: Mutex::new(self.service()),
            ..*self
        }
    }
}

impl<S, B> fmt::Debug for ServiceTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTransport")
            .field("response_limit", &self.response_limit)
            .finish_non_exhaustive()
    }
}

async fn read<R>(body: R, limit: usize) -> Result<Bytes, TransportError>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the response is larger than the limit of {limit} bytes");
            Err(TransportError::new(TransportErrorKind::TooLarge, message))
        }
        Err(error) => Err(failed(
            TransportErrorKind::Interrupted,
            "the service failed in the middle of the response",
            error,
        )),
    }
}

fn check_encoding(headers: &HeaderMap) -> Result<(), TransportError> {
    let encoding = headers.get(CONTENT_ENCODING).map_or(&b""[..], |value| value.as_bytes());
    if encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity") {
        return Ok(());
    }
    let encoding = crate::decode::one_line(&String::from_utf8_lossy(encoding));
    let message = format!(
        "the response came encoded as `{encoding}`; the service must decode it, as a layer for decompression does"
    );
    Err(TransportError::new(TransportErrorKind::Malformed, message))
}

/// The words of an error from elsewhere are shown as they are: a service must not put secrets there.
fn failed(kind: TransportErrorKind, what: &str, error: BoxError) -> TransportError {
    TransportError::new(kind, format!("{what}: {error}")).with_source(error)
}

/// A transport as a `tower` service, so that layers can be put around it; [`from_service`] makes a transport of the whole.
///
/// Always ready. Cloning is cheap.
///
/// ```
/// # #[cfg(feature = "hyper")] {
/// use dbx12_http::{HyperOptions, HyperTransport, transport};
/// use tower::ServiceBuilder;
///
/// let ours = transport::into_service(HyperTransport::new(HyperOptions::new()).unwrap());
/// let limited = ServiceBuilder::new().concurrency_limit(4).service(ours);
/// let transport = transport::from_service(limited);
/// # }
/// ```
pub fn into_service(transport: impl Transport) -> TransportService {
    TransportService(Arc::new(transport))
}

/// See [`into_service`].
#[derive(Clone, Debug)]
pub struct TransportService(Arc<dyn Transport>);

impl Service<Request<Full<Bytes>>> for TransportService {
    type Response = Response<Full<Bytes>>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let transport = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            // It is there already, and taking it out cannot fail.
            let Ok(body) = body.collect().await;
            let body = body.to_bytes();
            let response = transport.send(Request::from_parts(parts, body)).await?;
            Ok(response.map(Full::new))
        })
    }
}

#[cfg(test)]
mod tests;
