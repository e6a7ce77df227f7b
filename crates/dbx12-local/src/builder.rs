//! How a workspace is made.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dbx12_types::ClusterId;

use crate::access::{Access, random_secret, random_token};
use crate::cluster::{Cluster, ClusterConfig};
use crate::engine::PythonConfig;
use crate::operations::{self, Registry};
use crate::router::BODY_LIMIT;
use crate::spark::{Source, SparkConfig};
use crate::workspace::{Inner, Workspace};

/// The cluster of a workspace that was not told of another id.
const CLUSTER_ID: &str = "1234-567890-local1";
const CLUSTER_NAME: &str = "local";
const USERNAME: &str = "local";

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
    cluster_id: ClusterId,
    cluster_name: String,
    python: PythonConfig,
    spark: Source,
    spark_memory: u64,
    cache: Option<PathBuf>,
    row_limit: usize,
    max_contexts: usize,
    command_files: Option<PathBuf>,
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
            cluster_id: CLUSTER_ID.into(),
            cluster_name: CLUSTER_NAME.to_owned(),
            python: PythonConfig::default(),
            spark: Source::Install,
            spark_memory: SPARK_MEMORY,
            cache: None,
            row_limit: ROW_LIMIT,
            max_contexts: MOST_CONTEXTS,
            command_files: None,
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

    /// Runs `sql`, `scala` and Python's `spark` on a Spark 4 that is there: the folder with `jars` in it, which is that of the
    /// package `pyspark` or a `SPARK_HOME`. Default: `pyspark` is installed from PyPI when a context first needs it, into a
    /// folder of its own below [`cache`](Self::cache), and a Java too where neither `JAVA_HOME` nor `PATH` has 17 or 21.
    #[must_use]
    pub fn spark_home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spark = Source::Home(folder.into());
        self
    }

    /// Does without Spark: `sql` and `scala` are refused.
    #[must_use]
    pub fn without_spark(mut self) -> Self {
        self.spark = Source::Off;
        self
    }

    /// Most bytes of the heap of Spark; its process needs about twice of it. Default: 1 GiB.
    #[must_use]
    pub fn spark_memory(mut self, bytes: u64) -> Self {
        self.spark_memory = bytes;
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
        let folder = tempfile::Builder::new()
            .prefix("dbx12-local-")
            .tempdir()
            .map_err(StartError::Folder)?;
        let mut python = self.python;
        python.library_dir = Some(folder.path().join("libraries"));
        let spark = SparkConfig {
            source: self.spark,
            python: python.interpreter.clone(),
            env: python.env.clone(),
            memory: self.spark_memory,
            cache: self.cache,
        };
        let cluster = Cluster::start(ClusterConfig {
            id: self.cluster_id,
            name: self.cluster_name,
            python,
            spark,
            max_contexts: self.max_contexts,
            row_limit: self.row_limit,
        });
        let registry = Arc::new(Registry {
            clusters: vec![Arc::clone(&cluster)],
            command_files,
            body_limit: self.body_limit,
        });
        let workspace = Workspace::new(Inner {
            access,
            router: operations::router(&registry),
            cluster,
            body_limit: self.body_limit,
            allow_remote: self.allow_remote,
            folder_path: folder.path().to_owned(),
            folder: Mutex::new(Some(folder)),
            servers: Mutex::new(Some(Vec::new())),
        });
        if self.wait_for_cluster {
            // The status of the cluster tells what came of it.
            let _ = workspace.ready().await;
        }
        Ok(workspace)
    }

    fn access(&self) -> Result<Access, StartError> {
        let token = self.token.clone().unwrap_or_else(random_token);
        let (username, password) = self
            .login
            .clone()
            .unwrap_or_else(|| (USERNAME.to_owned(), random_secret()));
        check_secret("token", &token)?;
        check_secret("user name", &username)?;
        check_secret("password", &password)?;
        if !token.chars().all(|character| character.is_ascii_graphic()) {
            return Err(StartError::Credentials {
                what: "token",
                why: "it is not plain ASCII",
            });
        }
        if username.contains(':') {
            return Err(StartError::Credentials {
                what: "user name",
                why: "it contains a colon",
            });
        }
        Ok(Access {
            token,
            username,
            password,
        })
    }
}

/// What a header can carry, and nobody guesses at once.
fn check_secret(what: &'static str, text: &str) -> Result<(), StartError> {
    let why = if text.trim().is_empty() {
        "it is empty"
    } else if text.chars().any(char::is_control) {
        "it contains a control character"
    } else if text.trim() != text {
        "it begins or ends with a space"
    } else {
        return Ok(());
    };
    Err(StartError::Credentials { what, why })
}

fn canonical_folder(path: &std::path::Path) -> Result<PathBuf, StartError> {
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
