//! Connections that are kept: never more than agreed on, and of each request it is known whether it was begun.
//!
//! The pool of hyper-util is not used: it connects while it waits for a kept connection, so that neither the number of
//! connections has a limit nor do requests in sequence surely share one.

use super::classify;
use super::connection::{Connection, Ended};
use super::proxy::Proxy;
use crate::transport::{BoxFuture, Progress, TransportError};
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
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
    /// The workspace, and perhaps one or two that give tokens.
    hosts: Mutex<Vec<Arc<HostPool>>>,
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
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// The connections to one host.
struct HostPool {
    scheme: Scheme,
    authority: Authority,
    /// What requests say of where they go.
    header: HeaderValue,
    /// One permit for each connection that may exist: waited for in order.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    /// The connection that takes all requests, where the server speaks HTTP/2.
    shared: Mutex<Option<Shared>>,
    idle_timeout: Duration,
    /// Alive while a task ends what was idle too long.
    reaper: Mutex<Weak<()>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

struct Shared {
    connection: Connection,
    used: Instant,
    /// As long as it exists.
    _permit: OwnedSemaphorePermit,
}

/// A connection in use. Dropping it ends the connection; [`release`](Self::release) keeps it.
pub(super) struct Lease {
    /// None when it has ended already.
    connection: Option<Connection>,
    host: Arc<HostPool>,
    /// Given back after the connection, so that who comes next finds it. None for a hand on the shared one.
    permit: Option<OwnedSemaphorePermit>,
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
            dial: Box::new(move |uri| Box::pin(Connection::dial(connector.clone(), uri))),
            limits,
            hosts: Mutex::default(),
        }
    }

    /// Sends a request with an absolute URI over a kept connection or a new one, and waits for the head of the response.
    ///
    /// A kept connection may have ended by now. A request that was not begun on it goes to another one.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        proxy: Option<&Proxy>,
        progress: &Progress,
    ) -> Result<(Response<Incoming>, Lease), TransportError> {
        let target = request.uri().clone();
        let host = self.host(&target)?;
        let header = request.headers_mut().entry(HOST);
        header.or_insert_with(|| host.header.clone());
        loop {
            let (connection, permit, is_new) = self.connection(&host, &target, proxy).await?;
            *request.uri_mut() = connection.form(&target);
            progress.sending();
            let shared = permit.is_none().then(|| connection.ended());
            let mut failed = match connection.send(request).await {
                Ok((response, connection)) => {
                    let lease = Lease {
                        connection,
                        host,
                        permit,
                    };
                    return Ok((response, lease));
                }
                Err(failed) => failed,
            };
            if let Some(shared) = shared {
                host.forget_shared(&shared);
            }
            match failed.take_message() {
                Some(unsent) if !is_new => {
                    request = unsent;
                    progress.not_sent();
                }
                unsent => {
                    return Err(classify::send_failed(
                        failed.into_error(),
                        unsent.is_some(),
                        is_new,
                        proxy,
                    ));
                }
            }
        }
    }

    /// A connection for one request, its permit unless it is the shared one, and whether it was made for the request.
    async fn connection(
        &self,
        host: &Arc<HostPool>,
        target: &Uri,
        proxy: Option<&Proxy>,
    ) -> Result<(Connection, Option<OwnedSemaphorePermit>, bool), TransportError> {
        if let Some(connection) = host.share() {
            return Ok((connection, None, false));
        }
        // The semaphore is never closed.
        let permit = Arc::clone(&host.permits).acquire_owned().await;
        let permit = permit.map_err(|_| classify::not_absolute())?;
        if let Some(connection) = host.share() {
            return Ok((connection, None, false));
        }
        if let Some(connection) = host.take() {
            return Ok((connection, Some(permit), false));
        }
        let connection = self.connect(target, proxy).await?;
        let permit = host.offer(&connection, permit);
        Ok((connection, permit, true))
    }

    async fn connect(&self, target: &Uri, proxy: Option<&Proxy>) -> Result<Connection, TransportError> {
        let limit = self.limits.connect_timeout;
        let connecting = timeout(limit, (self.dial)(target.clone())).await;
        let connected = connecting.map_err(|_| classify::connect_timed_out(limit, proxy))?;
        connected.map_err(|error| classify::connect_failed(error, proxy))
    }

    fn host(&self, target: &Uri) -> Result<Arc<HostPool>, TransportError> {
        let (Some(scheme), Some(authority)) = (target.scheme(), target.authority()) else {
            return Err(classify::not_absolute());
        };
        let mut hosts = lock(&self.hosts);
        let known = hosts
            .iter()
            .find(|it| it.scheme == *scheme && it.authority == *authority);
        if let Some(host) = known {
            return Ok(Arc::clone(host));
        }
        let most = self.limits.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        let host = Arc::new(HostPool {
            scheme: scheme.clone(),
            authority: authority.clone(),
            header: host_header(scheme, authority).map_err(|_| classify::not_absolute())?,
            permits: Arc::new(Semaphore::new(most)),
            idle: Mutex::default(),
            shared: Mutex::default(),
            idle_timeout: self.limits.idle_timeout,
            reaper: Mutex::default(),
        });
        hosts.push(Arc::clone(&host));
        Ok(host)
    }
}

impl HostPool {
    /// The connection that was used last, so that what is not needed grows old.
    fn take(&self) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        while let Some(Idle { connection, since }) = idle.pop() {
            if connection.is_ready() && since.elapsed() < self.idle_timeout {
                return Some(connection);
            }
        }
        None
    }

    /// A hand on the connection that takes all requests, if there is one.
    fn share(&self) -> Option<Connection> {
        let mut shared = lock(&self.shared);
        // Whoever watches for its end may have ended with its runtime.
        shared.take_if(|shared| shared.connection.is_closed());
        let shared = shared.as_mut()?;
        shared.used = Instant::now();
        shared.connection.share()
    }

    /// Shares a new connection if it can be shared and none is yet. Gives the permit back where it is not.
    fn offer(self: &Arc<Self>, new: &Connection, permit: OwnedSemaphorePermit) -> Option<OwnedSemaphorePermit> {
        let mut shared = lock(&self.shared);
        let is_taken = shared.as_ref().is_some_and(|shared| !shared.connection.is_closed());
        let Some(connection) = new.share().filter(|_| !is_taken) else {
            return Some(permit);
        };
        *shared = Some(Shared {
            connection,
            used: Instant::now(),
            _permit: permit,
        });
        self.see_to_reaping();
        let (host, mut ended) = (Arc::downgrade(self), new.ended());
        tokio::spawn(async move {
            ended.wait().await;
            if let Some(host) = host.upgrade() {
                lock(&host.shared).take_if(|shared| shared.connection.is_closed());
            }
        });
        None
    }

    /// A shared connection on which something went wrong, which may be that the server takes no more requests on it, gets
    /// none. Those on their way have a hand on it. One that took its place meanwhile stays.
    fn forget_shared(&self, failed: &Ended) {
        lock(&self.shared).take_if(|shared| shared.connection.ended().is_of_same(failed));
    }

    fn keep(self: &Arc<Self>, connection: Connection) {
        let since = Instant::now();
        lock(&self.idle).push(Idle { connection, since });
        self.see_to_reaping();
    }

    fn see_to_reaping(self: &Arc<Self>) {
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
        idle.retain(|idle| idle.since.elapsed() < self.idle_timeout && !idle.connection.is_closed());
        let mut shared = lock(&self.shared);
        // Requests on their way have a hand on it, and end it with the last.
        shared.take_if(|shared| shared.used.elapsed() >= self.idle_timeout || shared.connection.is_closed());
        !idle.is_empty() || shared.is_some()
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
        // One that has ended, and the shared one, need not be kept.
        let (Some(mut connection), Some(_permit)) = (self.connection, self.permit) else {
            return;
        };
        if !connection.is_ready() {
            // One that says that it closes, or has not taken all of the request, is of no use.
            match timeout(SETTLE, connection.ready()).await {
                Ok(Ok(())) => {}
                _ => return,
            }
        }
        self.host.keep(connection);
    }
}

/// The authority without user, and without the port that goes without saying.
fn host_header(scheme: &Scheme, authority: &Authority) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match authority.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::try_from(format!("{}:{port}", authority.host())),
        None => HeaderValue::from_str(authority.host()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
