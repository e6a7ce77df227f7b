//! The workspace: clusters behind a router, credentials before it.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dbx12_types::{ClusterId, ClusterStatus};
use http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Request, Response};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use crate::access::Access;
use crate::answer::Refusal;
use crate::builder::{StartError, WorkspaceBuilder};
use crate::cluster::Cluster;
use crate::faults::{CommandEntry, FaultRules, Faults, Journal, JournalEntry, Outcome};
use crate::gateway::{Call, Gateway};
use crate::operations::Registry;
use crate::router::Router;
use crate::run_folder::RunFolder;
use crate::server::{self, ServeError, Server};
use crate::spark::SparkStatus;

/// By which the real service tells which workspace it was; the older official clients read it.
const WORKSPACE_ID: HeaderName = HeaderName::from_static("x-databricks-org-id");

/// Where a browser says what kind of page a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A workspace on this machine. Clones are handles to the same one.
///
/// It ends with [`shutdown`](Self::shutdown), or when its last handle and [`Server`] are dropped; its processes are
/// killed then, but not waited for.
#[derive(Clone)]
pub struct Workspace(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) access: Arc<Access>,
    pub(crate) router: Router,
    pub(crate) gateway: Gateway,
    pub(crate) faults: Faults,
    pub(crate) journal: Arc<Journal>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) body_limit: usize,
    pub(crate) allow_remote: bool,
    /// Where everything is written to that lasts as long as the workspace: last, so that it outlives the processes.
    pub(crate) folder: Mutex<Option<RunFolder>>,
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
    /// are required. What is refused gets the response that says so. An answer that a fault loses is one of status 502.
    ///
    /// # Cancellation
    /// Dropping the future drops the answer; what the request began goes on.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.0.call(request).await {
            Outcome::Answer(response) => response,
            Outcome::Reset(_) => Refusal::lost().into_response(),
        }
    }

    /// Replaces the rules by which requests go wrong. At first there are those of
    /// [`WorkspaceBuilder::faults`](crate::WorkspaceBuilder::faults), or none.
    pub fn set_faults(&self, rules: FaultRules) {
        self.0.faults.set(rules);
    }

    /// The last 10,000 requests with right credentials, in the order of their answers.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.journal.entries()
    }

    /// The last 10,000 commands that were accepted, in that order, and how each ended.
    pub fn command_journal(&self) -> Vec<CommandEntry> {
        self.0.journal.commands()
    }

    /// Back to the beginning, for the next test: no faults, an empty journal, no contexts. Libraries stay.
    ///
    /// # Cancellation
    /// Dropping the future leaves contexts that have not ended yet.
    pub async fn reset(&self) {
        self.0.reset().await;
    }

    /// The cluster that is there; the first one, when there are several.
    pub fn cluster_id(&self) -> &ClusterId {
        self.0.cluster().id()
    }

    /// All clusters.
    pub fn cluster_ids(&self) -> impl Iterator<Item = &ClusterId> {
        self.0.registry.clusters.iter().map(|cluster| cluster.id())
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

    /// The id of the service principal that gets tokens by OAuth client credentials.
    pub fn client_id(&self) -> &str {
        &self.0.access.issuer.client_id
    }

    /// The secret of the service principal.
    pub fn client_secret(&self) -> &str {
        &self.0.access.issuer.client_secret
    }

    /// Waits until the (first) cluster has started, and says whether it runs.
    ///
    /// # Errors
    /// When it does not: no Python was found, it was not started, or the workspace was shut down.
    ///
    /// # Cancellation
    /// Dropping the future changes nothing.
    pub async fn ready(&self) -> Result<(), NotReady> {
        let standing = self.0.cluster().settled().await;
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
        self.0.cluster().spark().status().borrow().clone()
    }

    /// Waits until something else has become of Apache Spark than `known`, and says what: for those who show progress.
    ///
    /// # Cancellation
    /// Dropping the future changes nothing.
    pub async fn spark_changed(&self, known: &SparkStatus) -> SparkStatus {
        let mut status = self.0.cluster().spark().status();
        // An error means that the workspace is gone, and there is a handle to it here.
        let _ = status.wait_for(|status| status != known).await;
        status.borrow().clone()
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
        for cluster in &self.0.registry.clusters {
            cluster.close().await;
        }
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
    pub(crate) async fn call(&self, request: Request<Bytes>) -> Outcome {
        let started = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let mut outcome = match self.admit(&path, request.headers()) {
            Err(refusal) => Outcome::Answer(refusal.into_response()),
            Ok(()) => self.serve(request).await,
        };
        if let Outcome::Answer(response) | Outcome::Reset(Some(response)) = &mut outcome {
            if let Ok(id) = HeaderValue::from_str(&self.gateway.workspace_id) {
                response.headers_mut().insert(WORKSPACE_ID, id);
            }
            self.log(&method, &path, response, started);
        }
        outcome
    }

    /// Whether a request may be read at all.
    pub(crate) fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        if is_of_another_site(headers) {
            return Err(Refusal::of_another_site());
        }
        if Call::of(path).is_some_and(Call::is_public) {
            return Ok(());
        }
        self.access.check(headers)
    }

    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.registry.clusters[0]
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

/// Whether a browser sends this for a page of another site. A page must not reach what its reader can, not even with
/// credentials that the browser remembers. Other programs send neither header, and may call this host what they like.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let sent_from = text(FETCH_SITE).unwrap_or_default();
    if matches!(sent_from.as_str(), "cross-site" | "same-site") {
        return true;
    }
    let Some(origin) = text(ORIGIN) else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_none() || authority.map(str::to_owned) != text(HOST)
}

/// Never shows a secret.
impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("cluster_id", self.cluster_id())
            .finish_non_exhaustive()
    }
}
