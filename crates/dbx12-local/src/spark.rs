//! Apache Spark, for the contexts of one cluster: one JVM, started when a context first needs it.
//!
//! Spark is found or installed (`provision.rs`), started (`start.rs`), and a session of each context opened in it
//! (`session.rs`). What runs inside the JVM is the Scala of `spark/bridge`; it speaks over two pipes (`jvm.rs`), and ends
//! when they do.
//!
//! Instead there may be a Spark on another machine, or Sail, that is spoken to over Spark Connect (`connect.rs`): then no
//! JVM is started, and Python processes do all the talking.

mod address;
mod broker;
mod connect;
mod frames;
mod java;
mod jvm;
mod log;
mod provision;
mod sail;
mod session;
mod start;
mod tool;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{debug, info};

use self::jvm::Jvm;

pub use self::address::{SparkAddressError, SparkConnectAddress, SparkMaster};
pub(crate) use self::broker::{Broker, VARIABLE as BROKER_VARIABLE};
pub(crate) use self::connect::Connect;
pub(crate) use self::session::{Session, Sessions};

/// Which Spark, and what it may use.
#[derive(Clone)]
pub(crate) struct SparkConfig {
    pub(crate) source: Source,
    /// The Python that installs Spark, and that runs user-defined functions.
    pub(crate) python: PathBuf,
    /// Variables on top of what is inherited by name.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// Most bytes of its heap.
    pub(crate) memory: u64,
    /// Where what was installed and compiled is kept between runs.
    pub(crate) cache: Option<PathBuf>,
    /// Where its jobs run.
    pub(crate) master: SparkMaster,
    /// Properties over those that are set here.
    pub(crate) properties: Vec<(String, String)>,
}

/// Variables and properties may hold secrets.
impl fmt::Debug for SparkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SparkConfig")
            .field("source", &self.source)
            .field("master", &self.master)
            .finish_non_exhaustive()
    }
}

/// Where Spark comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// There is none.
    Off,
    /// It is installed on first need.
    Install,
    /// The home of one that is there: the folder with `jars` in it.
    Home(PathBuf),
    /// One on another machine that speaks Spark Connect.
    Remote(SparkConnectAddress),
    /// No Spark at all, but a light engine that speaks Spark Connect too.
    Sail,
}

impl Source {
    /// Whether it is spoken to over Spark Connect.
    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Self::Remote(_) | Self::Sail)
    }
}

/// What has become of a workspace's Apache Spark.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SparkStatus {
    /// The workspace was told to do without.
    Off,
    /// Nothing has needed it yet, or it was ended with its cluster.
    NotStarted,
    /// It is being installed or started; what is going on, for people.
    Preparing(String),
    /// It runs; its version. Of the light engine this is `Sail 0.7.2, which is not Apache Spark`.
    Running(String),
    /// It could not be installed or started, or it ended; why, for people. The next context that needs it tries again.
    Failed(String),
}

/// The Spark of one cluster.
#[derive(Debug)]
pub(crate) struct Spark {
    config: SparkConfig,
    status: Arc<watch::Sender<SparkStatus>>,
    attempt: Mutex<Option<Attempt>>,
}

/// One try to have a JVM: a task that makes it, and what came of it.
#[derive(Debug)]
struct Attempt {
    outcome: watch::Receiver<Outcome>,
    task: JoinHandle<()>,
}

type Outcome = Option<Result<Engine, String>>;

/// What runs SQL and the like.
#[derive(Clone, Debug)]
enum Engine {
    Jvm(Arc<Jvm>),
    Connect(Arc<Connect>),
}

impl Engine {
    fn version(&self) -> &str {
        match self {
            Self::Jvm(jvm) => jvm.version(),
            Self::Connect(connect) => connect.version(),
        }
    }

    /// How it died, to be read after "the Spark process"; `None` while it lives.
    fn watch_death(&self) -> watch::Receiver<Option<String>> {
        match self {
            Self::Jvm(jvm) => jvm.watch_death(),
            Self::Connect(connect) => connect.watch_death(),
        }
    }

    async fn shutdown(&self) {
        match self {
            Self::Jvm(jvm) => jvm.shutdown().await,
            Self::Connect(connect) => connect.shutdown().await,
        }
    }
}

impl Spark {
    pub(crate) fn new(config: SparkConfig) -> Self {
        let status = match config.source {
            Source::Off => SparkStatus::Off,
            _ => SparkStatus::NotStarted,
        };
        Self {
            config,
            status: Arc::new(watch::Sender::new(status)),
            attempt: Mutex::default(),
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.config.source == Source::Off
    }

    pub(crate) fn status(&self) -> watch::Receiver<SparkStatus> {
        self.status.subscribe()
    }

    /// Whether it is spoken to over Spark Connect.
    pub(crate) fn is_connect(&self) -> bool {
        self.config.source.is_connect()
    }

    /// Whether it is the light engine, and no Spark.
    pub(crate) fn is_sail(&self) -> bool {
        self.config.source == Source::Sail
    }

    /// The engine, which is made if there is none that runs. Dropping the future leaves that to the others who wait.
    ///
    /// # Errors
    /// Why there is none, for people.
    async fn engine(&self) -> Result<Engine, String> {
        let mut outcome = self.attempt();
        match outcome.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err("Apache Spark was ended with its cluster".to_owned()),
        }
    }

    fn attempt(&self) -> watch::Receiver<Outcome> {
        let mut attempt = self.lock();
        if let Some(last) = &*attempt {
            let is_good = match &*last.outcome.borrow() {
                Some(Ok(engine)) => engine.watch_death().borrow().is_none(),
                Some(Err(_)) => false,
                None => !last.task.is_finished(),
            };
            if is_good {
                return last.outcome.clone();
            }
        }
        let (made, outcome) = watch::channel(None);
        let task = tokio::spawn(make(self.config.clone(), Arc::clone(&self.status), made));
        *attempt = Some(Attempt {
            outcome: outcome.clone(),
            task,
        });
        outcome
    }

    /// Ends it and waits until it is gone. It can be had again.
    pub(crate) async fn end(&self) {
        let Some(attempt) = self.lock().take() else { return };
        attempt.task.abort();
        let _ = attempt.task.await; // it was told to end; a panic is its own
        let made = attempt.outcome.borrow().clone();
        if let Some(Ok(engine)) = made {
            engine.shutdown().await;
        }
        self.status.send_replace(SparkStatus::NotStarted);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Attempt>> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spark {
    fn drop(&mut self) {
        if let Some(attempt) = self.lock().take() {
            attempt.task.abort();
        }
    }
}

/// Makes an engine, tells of it, and then of its death.
async fn make(config: SparkConfig, status: Arc<watch::Sender<SparkStatus>>, made: watch::Sender<Outcome>) {
    let progress = |what: &str| {
        info!(what, "Apache Spark");
        status.send_replace(SparkStatus::Preparing(what.to_owned()));
    };
    let engine = if config.source.is_connect() {
        let connect = Connect::new(&config, &progress).await;
        connect.map(|connect| Engine::Connect(Arc::new(connect)))
    } else {
        let jvm = start::start(&config, &progress).await;
        jvm.map(|jvm| Engine::Jvm(Arc::new(jvm)))
    };
    let engine = match engine {
        Ok(engine) => engine,
        Err(reason) => {
            info!(reason, "Apache Spark cannot be had");
            status.send_replace(SparkStatus::Failed(reason.clone()));
            made.send_replace(Some(Err(reason)));
            return;
        }
    };
    debug!(version = engine.version(), "Apache Spark runs");
    status.send_replace(SparkStatus::Running(engine.version().to_owned()));
    let mut death = engine.watch_death();
    made.send_replace(Some(Ok(engine)));
    // An error means that it was dropped.
    if let Ok(reason) = death.wait_for(Option::is_some).await {
        let reason = reason.clone().unwrap_or_default();
        status.send_replace(SparkStatus::Failed(format!("the Spark process {reason}")));
    }
}
