//! Connections that are kept: never more than agreed on, and of each request it is known whether it was begun.
//!
//! The pool of hyper-util is not used: it connects while it waits for a kept connection, so that neither the number of
//! connections has a limit nor do requests in sequence surely share one.

use super::classify;
use crate::transport::{BoxFuture, Progress, TransportError};
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection as _;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tower_service::Service;

/// How long a connection may take to be ready again once its response was read. It takes no network, only a task's turn.
const SETTLE: Duration = Duration::from_millis(20);

/// The connections of a transport.
pub(super) struct Pool {
    dial: Dial,
    limits: Limits,
    hosts: Mutex<HashMap<(Scheme, Authority), Arc<HostPool>>>,
}

/// What a pool keeps to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long a connection may take to be made.
    pub(super) connect_timeout: Duration,
    /// How long a connection is kept that nobody uses.
    pub(super) idle_timeout: Duration,
    /// How many connections to a host there may be.
    pub(super) max_connections: usize,
}

/// Makes a connection.
type Dial = Box<dyn Fn(Uri) -> BoxFuture<'static, Result<Connection, BoxError>> + Send + Sync>;
type BoxError = Box<dyn StdError + Send + Sync>;

/// The connections to one host.
struct HostPool {
    /// One permit for each connection that may exist: waited for in order.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    idle_timeout: Duration,
    /// Alive while a task ends what was idle too long.
    reaper: Mutex<Weak<()>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// The other side is a proxy, which has to be told the whole URI.
    proxied: bool,
}

/// A connection in use. Dropping it ends the connection; [`release`](Self::release) keeps it.
pub(super) struct Lease {
    /// None, when it has ended since.
    connection: Option<Connection>,
    host: Arc<HostPool>,
    /// Given back after the connection, so that who comes next finds it.
    permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Connections made by `connector`.
    pub(super) fn new<C>(connector: C, limits: Limits) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Read + Write + hyper_util::client::legacy::connect::Connection + Unpin + Send,
        C::Error: Into<BoxError>,
        C::Future: Send,
    {
        Self {
            dial: Box::new(move |uri| Box::pin(dial(connector.clone(), uri))),
            limits,
            hosts: Mutex::default(),
        }
    }

    /// Sends a request with an absolute URI over a kept connection or a new one, and waits for the head of the response.
    ///
    /// A kept connection may have ended by now. A request that was not begun on it goes to another one.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        progress: &Progress,
    ) -> Result<(Response<Incoming>, Lease), TransportError> {
        let (mut request, target) = Target::of(request)?;
        let host = self.host(&target);
        // The semaphore is never closed.
        let permit = Arc::clone(&host.permits).acquire_owned().await;
        let permit = permit.map_err(|_| classify::not_absolute())?;
        loop {
            let kept = host.take();
            let is_new = kept.is_none();
            let connection = match kept {
                Some(connection) => connection,
                None => self.connect(&target).await?,
            };
            *request.uri_mut() = target.form(connection.proxied);
            progress.sending();
            let (answer, connection) = connection.respond(request).await;
            let mut failed = match answer {
                Ok(response) => {
                    let lease = Lease {
                        connection,
                        host,
                        permit,
                    };
                    return Ok((response, lease));
                }
                Err(failed) => failed,
            };
            match failed.take_message() {
                Some(unsent) if !is_new => {
                    request = unsent;
                    progress.not_sent();
                }
                unsent => return Err(classify::send_failed(failed.into_error(), unsent.is_some())),
            }
        }
    }

    async fn connect(&self, target: &Target) -> Result<Connection, TransportError> {
        let limit = self.limits.connect_timeout;
        let connecting = timeout(limit, (self.dial)(target.uri.clone())).await;
        let connected = connecting.map_err(|_| classify::connect_timed_out(limit))?;
        connected.map_err(classify::connect_failed)
    }

    fn host(&self, target: &Target) -> Arc<HostPool> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(&target.key) {
            return Arc::clone(host);
        }
        let most = self.limits.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        let host = Arc::new(HostPool {
            permits: Arc::new(Semaphore::new(most)),
            idle: Mutex::default(),
            idle_timeout: self.limits.idle_timeout,
            reaper: Mutex::default(),
        });
        hosts.insert(target.key.clone(), Arc::clone(&host));
        host
    }
}

async fn dial<C>(mut connector: C, uri: Uri) -> Result<Connection, BoxError>
where
    C: Service<Uri>,
    C::Response: Read + Write + hyper_util::client::legacy::connect::Connection + Unpin + Send + 'static,
    C::Error: Into<BoxError>,
{
    poll_fn(|cx| connector.poll_ready(cx)).await.map_err(Into::into)?;
    let stream = connector.call(uri).await.map_err(Into::into)?;
    let proxied = stream.connected().is_proxied();
    let (sender, driver) = http1::handshake(stream).await?;
    // What goes wrong is told to the request; without one nobody misses it.
    tokio::spawn(async move { drop(driver.await) });
    Ok(Connection { sender, proxied })
}

type Answer = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>;

impl Connection {
    /// Sends a request and waits for the head of its response. Gives the connection back unless it has ended.
    ///
    /// A request that is handed over in the very moment in which the connection ends may stay in the channel between the
    /// two, and be neither sent nor given back for as long as somebody could hand over more. So one that has ended is let
    /// go of at once.
    async fn respond(mut self, request: Request<Full<Bytes>>) -> (Answer, Option<Self>) {
        let mut answer = pin!(self.sender.try_send_request(request));
        let before_its_end = poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(Some(answer));
            }
            match self.sender.poll_ready(cx) {
                Poll::Ready(Err(_)) => Poll::Ready(None),
                // It takes the next one, so this one's answer is about to come.
                Poll::Ready(Ok(())) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Pending => Poll::Pending,
            }
        });
        match before_its_end.await {
            Some(answer) => (answer, Some(self)),
            None => {
                drop(self);
                (answer.await, None)
            }
        }
    }
}

impl HostPool {
    /// The connection that was used last, so that what is not needed grows old.
    fn take(&self) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        while let Some(Idle { connection, since }) = idle.pop() {
            if connection.sender.is_ready() && since.elapsed() < self.idle_timeout {
                return Some(connection);
            }
        }
        None
    }

    fn keep(self: &Arc<Self>, connection: Connection) {
        let since = Instant::now();
        lock(&self.idle).push(Idle { connection, since });
        let mut reaper = lock(&self.reaper);
        if reaper.strong_count() == 0 {
            let alive = Arc::new(());
            *reaper = Arc::downgrade(&alive);
            tokio::spawn(reap(Arc::downgrade(self), self.idle_timeout / 2, alive));
        }
    }

    /// Ends what was idle too long. Whether some are left.
    fn end_idle(&self) -> bool {
        let mut idle = lock(&self.idle);
        idle.retain(|idle| idle.since.elapsed() < self.idle_timeout && !idle.connection.sender.is_closed());
        !idle.is_empty()
    }
}

/// Runs as long as there are idle connections to end.
async fn reap(host: Weak<HostPool>, period: Duration, alive: Arc<()>) {
    loop {
        sleep(period).await;
        let Some(host) = host.upgrade() else { return };
        let mut reaper = lock(&host.reaper);
        if !host.end_idle() {
            // Under the lock, so that whoever keeps a connection from now on sees that nobody reaps.
            *reaper = Weak::new();
            drop(alive);
            return;
        }
    }
}

impl Lease {
    /// Keeps the connection for the next request. Its response must have been read to the end.
    pub(super) async fn release(self) {
        let Self {
            connection,
            host,
            permit,
        } = self;
        let Some(mut connection) = connection else { return };
        if !connection.sender.is_ready() {
            // One that says that it closes, or has not taken all of the request, is of no use.
            match timeout(SETTLE, connection.sender.ready()).await {
                Ok(Ok(())) => {}
                _ => return,
            }
        }
        host.keep(connection);
        drop(permit);
    }
}

/// Where a request goes.
struct Target {
    uri: Uri,
    key: (Scheme, Authority),
}

impl Target {
    /// Takes the target from a request, and tells it the host.
    fn of(mut request: Request<Full<Bytes>>) -> Result<(Request<Full<Bytes>>, Self), TransportError> {
        let uri = request.uri().clone();
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(classify::not_absolute());
        };
        let key = (scheme.clone(), authority.clone());
        if !request.headers().contains_key(HOST) {
            let host = host_header(&key).map_err(|_| classify::not_absolute())?;
            request.headers_mut().insert(HOST, host);
        }
        Ok((request, Self { uri, key }))
    }

    /// The request's URI as it is written into its first line.
    fn form(&self, proxied: bool) -> Uri {
        if proxied && self.key.0 == Scheme::HTTP {
            return self.uri.clone();
        }
        let path = self.uri.path_and_query().cloned();
        Uri::from(path.unwrap_or(PathAndQuery::from_static("/")))
    }
}

/// The authority without user, and without the port that goes without saying.
fn host_header((scheme, authority): &(Scheme, Authority)) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match authority.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::try_from(format!("{}:{port}", authority.host())),
        None => HeaderValue::from_str(authority.host()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
