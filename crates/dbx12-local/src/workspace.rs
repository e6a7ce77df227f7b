//! The workspace: clusters behind a router, credentials before it.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dbx12_types::{ClusterId, ClusterStatus};
use http::{Method, Request, Response};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use crate::access::Access;
use crate::builder::{StartError, WorkspaceBuilder};
use crate::cluster::Cluster;
use crate::router::Router;
use crate::server::{self, ServeError, Server};
use crate::spark::SparkStatus;

/// A workspace on this machine. Clones are handles to the same one.
///
/// It ends with [`shutdown`](Self::shutdown), or when its last handle and [`Server`] are dropped; its processes are
/// killed then, but not waited for.
#[derive(Clone)]
pub struct Workspace(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) access: Access,
    pub(crate) router: Router,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) body_limit: usize,
    pub(crate) allow_remote: bool,
    /// Where everything is written to that lasts as long as the workspace: last, so that it outlives the processes.
    pub(crate) folder: Mutex<Option<TempDir>>,
    pub(crate) folder_path: std::path::PathBuf,
    /// Those that were started and may still run; none any more once the workspace was shut down.
    pub(crate) servers: Mutex<Option<Vec<Arc<watch::Sender<bool>>>>>,
}

/// The cluster of a workspace does not run.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the local cluster is in status {status}{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
#[non_exhaustive]
pub struct NotReady {
    /// What it is doing instead.
    pub status: ClusterStatus,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Workspace {
    /// Starts a workspace with one cluster and credentials made up for it, as [`WorkspaceBuilder::start`].
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A builder for a workspace that is not like the others.
    pub fn builder() -> WorkspaceBuilder {
        WorkspaceBuilder::default()
    }

    /// Answers one request of the API, without a socket. Path, method, headers and body count, as over HTTP; credentials
    /// are required. What is refused gets the response that says so.
    ///
    /// # Cancellation
    /// Dropping the future drops the answer; what the request began goes on.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.0.call(request).await
    }

    /// The cluster that is there.
    pub fn cluster_id(&self) -> &ClusterId {
        self.0.cluster.id()
    }

    /// The token that opens the workspace.
    pub fn token(&self) -> &str {
        &self.0.access.token
    }

    /// The user name for Basic authentication.
    pub fn username(&self) -> &str {
        &self.0.access.username
    }

    /// The password for Basic authentication.
    pub fn password(&self) -> &str {
        &self.0.access.password
    }

    /// Waits until the cluster has started, and says whether it runs.
    ///
    /// # Errors
    /// When it does not: no Python was found, or the workspace was shut down.
    ///
    /// # Cancellation
    /// Dropping the future changes nothing.
    pub async fn ready(&self) -> Result<(), NotReady> {
        let mut standing = self.0.cluster.standing();
        let is_settled = |status: &ClusterStatus| !matches!(status, ClusterStatus::Pending | ClusterStatus::Restarting);
        // An error means that the cluster is gone; the handle keeps it.
        let _ = standing.wait_for(|standing| is_settled(&standing.status)).await;
        let standing = standing.borrow().clone();
        match standing.status {
            ClusterStatus::Running => Ok(()),
            status => Err(NotReady {
                status,
                reason: standing.reason,
            }),
        }
    }

    /// What has become of Apache Spark, which `sql`, `scala` and Python's `spark` run on.
    pub fn spark(&self) -> SparkStatus {
        self.0.cluster.spark().status().borrow().clone()
    }

    /// Serves the workspace on a port, over HTTPS or HTTP. Port 0 chooses one.
    ///
    /// With TLS the server gets a certificate for `localhost`, `127.0.0.1`, `::1` and its address, from an authority that
    /// is made for it alone; [`Server::ca_file`] is what clients have to trust. The key is never written.
    ///
    /// # Errors
    /// When the address cannot be listened on; or can be reached from other machines and that was not allowed by
    /// [`WorkspaceBuilder::allow_remote`], or is without TLS.
    pub async fn serve(&self, address: SocketAddr, tls: bool) -> Result<Server, ServeError> {
        server::serve(self.clone(), address, tls).await
    }

    /// Ends everything and waits until it is gone: servers and their connections, contexts and their processes, the
    /// temporary folder. The cluster is `Terminated` then. A second time there is nothing to do.
    ///
    /// # Cancellation
    /// Dropping the future leaves the rest to its last handle, see [`Workspace`].
    pub async fn shutdown(&self) {
        let servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner).take();
        for server in servers.into_iter().flatten() {
            server::stop(&server).await;
        }
        self.0.cluster.terminate().await;
        let folder = self.0.folder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(folder) = folder else { return };
        // Libraries are many files.
        let removed = tokio::task::spawn_blocking(|| folder.close()).await;
        if let Err(error) = removed.map_err(std::io::Error::other).and_then(|removed| removed) {
            debug!(%error, "the temporary folder could not be removed");
        }
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl Inner {
    pub(crate) async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let started = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = match self.access.check(request.headers()) {
            Ok(()) => self.router.call(request).await,
            Err(refusal) => refusal.into_response(),
        };
        self.log(&method, &path, &response, started);
        response
    }

    /// One line a request; never a query, a body or a credential.
    pub(crate) fn log(&self, method: &Method, path: &str, response: &Response<Bytes>, started: Instant) {
        let status = response.status().as_u16();
        debug!(%method, path, status, elapsed = ?started.elapsed(), "request");
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder_path
    }

    /// Remembers a server, to stop it with the workspace. False when the workspace was shut down.
    pub(crate) fn add_server(&self, stop: &Arc<watch::Sender<bool>>) -> bool {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(servers) = servers.as_mut() else { return false };
        servers.retain(|server| !server.is_closed());
        servers.push(Arc::clone(stop));
        true
    }
}

/// Never shows a secret.
impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("cluster_id", self.cluster_id())
            .finish_non_exhaustive()
    }
}
