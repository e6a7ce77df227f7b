//! How a workspace is made.

mod clusters;
mod credentials;
mod spark;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dbx12_types::ClusterId;

use crate::access::issuer;
use crate::cluster_spec::ClusterSpec;
use crate::engine::PythonConfig;
use crate::faults::{FaultRules, Faults, Journal};
use crate::gateway::Gateway;
use crate::operations::{self, Registry};
use crate::plots::Plots;
use crate::router::BODY_LIMIT;
use crate::run_folder::RunFolder;
use crate::spark::{Source, SparkMaster};
use crate::workspace::{Inner, Workspace};

/// The cluster of a workspace that was not told of another id.
const CLUSTER_ID: &str = "1234-567890-local1";
const CLUSTER_NAME: &str = "local";

/// What the documentation of the real service names.
const MOST_CONTEXTS: usize = 145;
const ROW_LIMIT: usize = 10_000;

/// Most bytes of the heap of Spark.
const SPARK_MEMORY: u64 = 1 << 30;

/// Makes a [`Workspace`]. Everything has a default.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let workspace = dbx12_local::Workspace::builder()
///     .python("/opt/analytics/bin/python")
///     .memory_limit(2 << 30)
///     .command_files("jobs")
///     .start()
///     .await?;
/// let server = workspace.serve("127.0.0.1:0".parse()?, true).await?;
/// server.ready_file().write("workspace.json")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct WorkspaceBuilder {
    token: Option<String>,
    login: Option<(String, String)>,
    principal: Option<(String, String)>,
    token_lifetime: Duration,
    cluster_id: ClusterId,
    cluster_name: String,
    clusters: Vec<ClusterSpec>,
    python: PythonConfig,
    spark: Source,
    spark_memory: u64,
    spark_master: SparkMaster,
    spark_properties: Vec<(String, String)>,
    cache: Option<PathBuf>,
    row_limit: usize,
    max_contexts: usize,
    command_files: Option<PathBuf>,
    faults: FaultRules,
    body_limit: usize,
    allow_remote: bool,
    wait_for_cluster: bool,
}

/// Why a workspace cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The given token, user name or password cannot be used.
    #[error("the {what} cannot be used: {why}")]
    Credentials {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder for `commandFile` cannot be used.
    #[error("the folder {} for command files cannot be used", .path.display())]
    CommandFiles {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No temporary folder can be made.
    #[error("no temporary folder can be made")]
    Folder(#[source] io::Error),
}

impl Default for WorkspaceBuilder {
    fn default() -> Self {
        Self {
            token: None,
            login: None,
            principal: None,
            token_lifetime: issuer::LIFETIME,
            cluster_id: CLUSTER_ID.into(),
            cluster_name: CLUSTER_NAME.to_owned(),
            clusters: Vec::new(),
            python: PythonConfig::default(),
            spark: Source::Install,
            spark_memory: SPARK_MEMORY,
            spark_master: SparkMaster::default(),
            spark_properties: Vec::new(),
            cache: None,
            row_limit: ROW_LIMIT,
            max_contexts: MOST_CONTEXTS,
            command_files: None,
            faults: FaultRules::default(),
            body_limit: BODY_LIMIT,
            allow_remote: false,
            wait_for_cluster: true,
        }
    }
}

impl WorkspaceBuilder {
    /// The token that opens the workspace. Default: a random one, `dapi` and 32 hexadecimal digits.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The user name and password that open the workspace by Basic authentication. Default: `local` and a random one.
    #[must_use]
    pub fn login(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some((username.into(), password.into()));
        self
    }

    /// Id and secret of the service principal that gets tokens by OAuth client credentials. Default: random ones.
    #[must_use]
    pub fn service_principal(mut self, client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        self.principal = Some((client_id.into(), client_secret.into()));
        self
    }

    /// How long a token that is issued to the service principal opens the workspace, in whole seconds. Default: an hour.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// The id of the cluster. Default: `1234-567890-local1`.
    #[must_use]
    pub fn cluster_id(mut self, id: impl Into<ClusterId>) -> Self {
        self.cluster_id = id.into();
        self
    }

    /// The name of the cluster. Default: `local`.
    #[must_use]
    pub fn cluster_name(mut self, name: impl Into<String>) -> Self {
        self.cluster_name = name.into();
        self
    }

    /// The clusters, instead of the one. The first has the [`cluster_id`](Self::cluster_id), the others are
    /// `1234-567890-local2` and so on. Each has contexts and libraries of its own.
    #[must_use]
    pub fn clusters(mut self, clusters: impl IntoIterator<Item = ClusterSpec>) -> Self {
        self.clusters = clusters.into_iter().collect();
        self
    }

    /// The Python interpreter, 3.9 or newer; a bare name is looked up in `PATH`. Default: `python3`.
    #[must_use]
    pub fn python(mut self, interpreter: impl Into<PathBuf>) -> Self {
        self.python.interpreter = interpreter.into();
        self
    }

    /// Most bytes of data that the process of a context may have; over it, Python raises `MemoryError`. Default: no limit.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.python.memory_limit = Some(bytes);
        self
    }

    /// Most bytes of output that are kept of one command. Default: 20 MiB.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.python.output_limit = bytes;
        self
    }

    /// Most rows of a table; a command may ask for another number by `options.displayRowLimit`. Default: 10,000.
    #[must_use]
    pub fn row_limit(mut self, rows: usize) -> Self {
        self.row_limit = rows;
        self
    }

    /// How long a cancelled command may go on before its process is killed. Default: 5 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.python.grace = grace;
        self
    }

    /// A variable in the environment of the code. It sees few others: those that Python programs need, and none that
    /// holds a credential of the real service.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.python.env.push((name.into(), value.into()));
        self
    }

    /// The folder for what is installed once and used again, by other workspaces too. Default: `dbx12` in `XDG_CACHE_HOME` or
    /// in `~/.cache`.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Most contexts at once; then the one that was idle for the longest time ends when another is created. Default: 145.
    #[must_use]
    pub fn max_contexts(mut self, contexts: usize) -> Self {
        self.max_contexts = contexts.max(1);
        self
    }

    /// The folder below which `commandFile` may name files. Default: none, and `commandFile` is refused.
    #[must_use]
    pub fn command_files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command_files = Some(folder.into());
        self
    }

    /// What goes wrong, to test one's own client. Default: nothing.
    #[must_use]
    pub fn faults(mut self, rules: FaultRules) -> Self {
        self.faults = rules;
        self
    }

    /// Where Python works, for programs that open files by relative paths. Default: a temporary folder of each context.
    #[must_use]
    pub fn working_directory(mut self, folder: impl Into<PathBuf>) -> Self {
        self.python.working_directory = Some(folder.into());
        self
    }

    /// The largest body of a request, before and after decompression, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Allows to serve on addresses that other machines reach; TLS is required there. Who has the credentials can then
    /// run code on this machine from elsewhere. Default: no.
    #[must_use]
    pub fn allow_remote(mut self, allow: bool) -> Self {
        self.allow_remote = allow;
        self
    }

    /// Whether [`start`](Self::start) waits until the cluster has found its Python, or found none. Default: yes. Without,
    /// the cluster is `Pending` at first, and refuses contexts as one that starts does.
    #[must_use]
    pub fn wait_for_cluster(mut self, wait: bool) -> Self {
        self.wait_for_cluster = wait;
        self
    }

    /// Starts the workspace. Needs a tokio runtime with I/O and time.
    ///
    /// A workspace without Python starts too, and says so: its cluster is in status `Error`, see [`Workspace::ready`].
    ///
    /// # Errors
    /// When given credentials or folders cannot be used, or no temporary folder can be made.
    ///
    /// # Cancellation
    /// Dropping the future ends what was started.
    pub async fn start(self) -> Result<Workspace, StartError> {
        let access = self.access()?;
        let command_files = match &self.command_files {
            Some(path) => Some(canonical_folder(path)?),
            None => None,
        };
        let folder = RunFolder::make().map_err(StartError::Folder)?;
        let access = Arc::new(access);
        let (journal, plots) = (Arc::<Journal>::default(), Arc::<Plots>::default());
        let registry = Arc::new(Registry {
            clusters: self.clusters_in(folder.path(), &journal, &plots),
            command_files,
            body_limit: self.body_limit,
            plots,
        });
        let workspace = Workspace::new(Inner {
            router: operations::router(&registry),
            gateway: Gateway {
                access: Arc::clone(&access),
                registry: Arc::clone(&registry),
                workspace_id: fastrand::u64(1_000_000_000_000_000..10_000_000_000_000_000).to_string(),
            },
            faults: Faults::default(),
            journal,
            access,
            registry,
            body_limit: self.body_limit,
            allow_remote: self.allow_remote,
            folder_path: folder.path().to_owned(),
            folder: Mutex::new(Some(folder)),
            servers: Mutex::new(Some(Vec::new())),
        });
        workspace.set_faults(self.faults);
        if self.wait_for_cluster {
            for cluster in &workspace.inner().registry.clusters {
                // Its status tells what came of it.
                let _ = cluster.settled().await;
            }
        }
        Ok(workspace)
    }
}

fn canonical_folder(path: &Path) -> Result<PathBuf, StartError> {
    let error = |source| StartError::CommandFiles {
        path: path.to_owned(),
        source,
    };
    let folder = path.canonicalize().map_err(error)?;
    if !folder.is_dir() {
        return Err(error(io::ErrorKind::NotADirectory.into()));
    }
    Ok(folder)
}

/// Never shows a secret.
impl std::fmt::Debug for WorkspaceBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkspaceBuilder")
            .field("cluster_id", &self.cluster_id)
            .field("python", &self.python.interpreter)
            .field("command_files", &self.command_files)
            .field("allow_remote", &self.allow_remote)
            .finish_non_exhaustive()
    }
}
