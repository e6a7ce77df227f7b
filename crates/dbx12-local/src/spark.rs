//! Apache Spark, for the contexts of one cluster: one JVM, started when a context first needs it.
//!
//! [`Spark::session`] sees to it that Spark is there (`provision.rs`), starts it (`start.rs`), and opens a session of one
//! context in it (`session.rs`). What runs inside the JVM is the Scala of `spark/bridge`; it speaks over two pipes
//! (`jvm.rs`), and ends when they do.

mod broker;
mod frames;
mod java;
mod jvm;
mod log;
mod provision;
mod session;
mod start;
mod tool;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{debug, info};

use self::jvm::Jvm;

pub(crate) use self::broker::{Broker, VARIABLE as BROKER_VARIABLE};
pub(crate) use self::session::{Session, Sessions};

/// Which Spark, and what it may use.
#[derive(Debug, Clone)]
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
    /// It runs; its version.
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
    outcome: watch::Receiver<Option<Result<Arc<Jvm>, String>>>,
    task: JoinHandle<()>,
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

    /// The JVM, which is made if there is none that runs. Dropping the future leaves that to the others who wait.
    ///
    /// # Errors
    /// Why there is none, for people.
    async fn jvm(&self) -> Result<Arc<Jvm>, String> {
        let mut outcome = self.attempt();
        match outcome.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err("Apache Spark was ended with its cluster".to_owned()),
        }
    }

    fn attempt(&self) -> watch::Receiver<Option<Result<Arc<Jvm>, String>>> {
        let mut attempt = self.lock();
        if let Some(last) = &*attempt {
            let is_good = match &*last.outcome.borrow() {
                Some(Ok(jvm)) => jvm.death().is_none(),
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
        if let Some(Ok(jvm)) = made {
            jvm.shutdown().await;
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

/// Makes a JVM, tells of it, and then of its death.
async fn make(
    config: SparkConfig,
    status: Arc<watch::Sender<SparkStatus>>,
    made: watch::Sender<Option<Result<Arc<Jvm>, String>>>,
) {
    let progress = |what: &str| {
        info!(what, "Apache Spark");
        status.send_replace(SparkStatus::Preparing(what.to_owned()));
    };
    let jvm = match start::start(&config, &progress).await {
        Ok(jvm) => Arc::new(jvm),
        Err(reason) => {
            info!(reason, "Apache Spark cannot be had");
            status.send_replace(SparkStatus::Failed(reason.clone()));
            made.send_replace(Some(Err(reason)));
            return;
        }
    };
    debug!(pid = jvm.pid(), version = jvm.version(), "Apache Spark runs");
    status.send_replace(SparkStatus::Running(jvm.version().to_owned()));
    let mut death = jvm.watch_death();
    made.send_replace(Some(Ok(jvm)));
    // An error means that the JVM was dropped.
    if let Ok(reason) = death.wait_for(Option::is_some).await {
        let reason = reason.clone().unwrap_or_default();
        status.send_replace(SparkStatus::Failed(format!("the Spark process {reason}")));
    }
}
