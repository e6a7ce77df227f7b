//! A cluster: what it is doing, its contexts, its libraries, and the tasks that do the work.

mod contexts;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dbx12_types::{ClusterId, ClusterInfo, ClusterStatus, CommandId, CommandInfo, ContextId, Language};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::debug;

use self::contexts::{Contexts, DESTROYED, RESTARTED, TERMINATED, command_not_found};
use crate::answer::{Refusal, Reply};
use crate::command::{self, Work};
use crate::context::Context;
use crate::engine::{Interpreter, PythonConfig, StartError};
use crate::faults::Journal;
use crate::library::{self, Libraries};
use crate::plots::{ContextPlots, Plots};
use crate::repls::Repls;
use crate::spark::{Spark, SparkConfig};
use crate::{outcome, report};

/// What the real service names; nothing listens on it here.
const JDBC_PORT: u16 = 10_000;

/// How a cluster is made.
#[derive(Debug)]
pub(crate) struct ClusterConfig {
    pub(crate) id: ClusterId,
    pub(crate) name: String,
    /// How many workers it says to have.
    pub(crate) workers: u32,
    /// Whether it has to be started first.
    pub(crate) terminated: bool,
    pub(crate) python: PythonConfig,
    pub(crate) spark: SparkConfig,
    pub(crate) max_contexts: usize,
    /// Tables end after this many rows, unless a command says otherwise.
    pub(crate) row_limit: usize,
    pub(crate) journal: Arc<Journal>,
    pub(crate) plots: Arc<Plots>,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    config: ClusterConfig,
    libraries: Arc<Libraries>,
    spark: Arc<Spark>,
    /// Changed only while the contexts are locked.
    standing: watch::Sender<Standing>,
    contexts: Mutex<Contexts>,
    /// How often everything on it was ended by terminating it. It only grows, so nobody misses an end.
    ends: watch::Sender<u64>,
    /// Everything that runs for this cluster. Dropping it ends all of it, and the processes with it.
    tasks: Mutex<JoinSet<()>>,
}

/// What a cluster is doing, and why when it is not what one would wish.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) status: ClusterStatus,
    pub(crate) reason: Option<String>,
}

impl Standing {
    fn new(status: ClusterStatus) -> Self {
        Self { status, reason: None }
    }
}

impl Cluster {
    /// A cluster that is `Pending` and looks for its Python; or one that is `Terminated`.
    pub(crate) fn start(config: ClusterConfig) -> Arc<Self> {
        let terminated = config.terminated;
        let cluster = Arc::new(Self {
            libraries: Arc::default(),
            spark: Arc::new(Spark::new(config.spark.clone())),
            standing: watch::Sender::new(Standing::new(ClusterStatus::Terminated)),
            contexts: Mutex::default(),
            ends: watch::Sender::new(0),
            tasks: Mutex::default(),
            config,
        });
        if !terminated {
            // It was terminated a moment ago.
            let _ = cluster.power_on();
        }
        cluster
    }

    pub(crate) fn id(&self) -> &ClusterId {
        &self.config.id
    }

    pub(crate) fn config(&self) -> &ClusterConfig {
        &self.config
    }

    pub(crate) fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    pub(crate) fn spark(&self) -> &Spark {
        &self.spark
    }

    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// What it is doing once it has started or ended.
    pub(crate) async fn settled(&self) -> Standing {
        use ClusterStatus::{Pending, Restarting, Terminating};
        let mut standing = self.standing();
        let is_settled = |standing: &Standing| !matches!(standing.status, Pending | Restarting | Terminating);
        // An error means that the cluster is gone; the caller has it.
        let _ = standing.wait_for(is_settled).await;
        standing.borrow().clone()
    }

    pub(crate) fn info(&self) -> ClusterInfo {
        let status = self.standing.borrow().status.clone();
        let has_driver = matches!(status, ClusterStatus::Running | ClusterStatus::Restarting);
        let mut info = ClusterInfo::new(self.id(), &*self.config.name, status);
        info.driver_ip = Some(if has_driver {
            "127.0.0.1".to_owned()
        } else {
            String::new()
        });
        info.jdbc_port = Some(JDBC_PORT);
        info.num_workers = Some(self.config.workers);
        info
    }

    /// Ends all contexts and their processes, looks for Python again, and then runs again. Returns at once.
    pub(crate) fn restart(self: &Arc<Self>) -> Result<(), Refusal> {
        let mut contexts = self.lock();
        let status = self.standing.borrow().status.clone();
        match status {
            ClusterStatus::Terminated | ClusterStatus::Terminating => {
                let hint = match contexts.closed {
                    true => "its workspace was shut down",
                    false => "start it first (POST /api/2.1/clusters/start)",
                };
                let message = format!("Cluster {} is in status {status}: {hint}", self.id());
                return Err(Refusal::new("ClusterNotRunning", message));
            }
            // It is starting as it is.
            ClusterStatus::Pending | ClusterStatus::Restarting => return Ok(()),
            _ => {}
        }
        self.standing.send_replace(Standing::new(ClusterStatus::Restarting));
        self.probe(contexts.end_all(RESTARTED));
        Ok(())
    }

    /// Starts a cluster that is `Terminated` or in `Error`. Returns at once; it is `Pending` until it has found its Python.
    ///
    /// # Errors
    /// The status of a cluster that cannot be started from it.
    pub(crate) fn power_on(self: &Arc<Self>) -> Result<(), ClusterStatus> {
        let contexts = self.lock();
        let status = self.standing.borrow().status.clone();
        if contexts.closed || !matches!(status, ClusterStatus::Terminated | ClusterStatus::Error) {
            return Err(status);
        }
        self.standing.send_replace(Standing::new(ClusterStatus::Pending));
        self.probe(Vec::new());
        Ok(())
    }

    /// Ends all contexts; the cluster is `Terminating` until their processes are gone, and can be started again then.
    /// Returns at once.
    pub(crate) fn power_off(self: &Arc<Self>) {
        let mut contexts = self.lock();
        let status = self.standing.borrow().status.clone();
        if matches!(status, ClusterStatus::Terminated | ClusterStatus::Terminating) {
            return;
        }
        self.standing.send_replace(Standing::new(ClusterStatus::Terminating));
        self.ends.send_modify(|ends| *ends += 1);
        let ending = contexts.end_all(TERMINATED);
        let (cluster, spark) = (Arc::downgrade(self), Arc::clone(&self.spark));
        self.spawn(async move {
            for context in ending {
                context.gone().await;
            }
            spark.end().await;
            if let Some(cluster) = cluster.upgrade() {
                let _contexts = cluster.lock();
                cluster.standing.send_replace(Standing::new(ClusterStatus::Terminated));
            }
        });
    }

    /// Ends everything for good and waits until it is gone.
    pub(crate) async fn close(&self) {
        {
            let mut contexts = self.lock();
            contexts.closed = true;
            self.standing.send_replace(Standing::new(ClusterStatus::Terminated));
            self.ends.send_modify(|ends| *ends += 1);
            contexts.end_all(TERMINATED);
        }
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
        self.spark.end().await;
    }

    /// Runs a future for this cluster. It must end soon once the cluster is terminated.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    pub(crate) fn create_context(&self, language: Language) -> Result<ContextId, Refusal> {
        let mut contexts = self.lock();
        self.check_ready()?;
        if contexts.len() >= self.config.max_contexts {
            contexts.evict().ok_or_else(|| {
                let most = self.config.max_contexts;
                let message =
                    format!("Too many execution contexts are open right now (the limit is {most}), and none is idle");
                Refusal::new("TooManyContexts", message)
            })?;
        }
        let id = contexts.unused_id();
        let repls = Repls::new(&id, self.config.python.clone(), Arc::clone(&self.spark));
        let plots = ContextPlots::new(id.clone(), Arc::clone(&self.config.plots));
        let journal = Arc::clone(&self.config.journal);
        let (context, driver) = Context::new(id.clone(), language, repls, journal, plots);
        self.spawn(driver);
        contexts.insert(id.clone(), context);
        Ok(id)
    }

    pub(crate) fn context(&self, id: &ContextId) -> Result<Arc<Context>, Refusal> {
        let contexts = self.lock();
        let context = contexts.get(id).map(Arc::clone);
        context.ok_or_else(|| self.not_found(&contexts, id))
    }

    #[cfg(test)]
    pub(crate) fn open_contexts(&self) -> usize {
        self.lock().len()
    }

    /// Ends all contexts, as if each had been destroyed, and waits until their processes are gone.
    pub(crate) async fn end_contexts(&self) {
        let ending = self.lock().end_all(DESTROYED);
        for context in ending {
            context.gone().await;
        }
    }

    /// Ends a context and waits until its process is gone.
    pub(crate) async fn destroy_context(&self, id: &ContextId) -> Result<(), Refusal> {
        let context = {
            let mut contexts = self.lock();
            contexts
                .end(id, DESTROYED)
                .ok_or_else(|| self.not_found(&contexts, id))?
        };
        context.gone().await;
        Ok(())
    }

    /// The answer to `commands/status`, also of a command that was cut off with its context.
    pub(crate) fn command(&self, context: &ContextId, id: &CommandId) -> Result<Reply<CommandInfo>, Refusal> {
        let contexts = self.lock();
        if let Some(open) = contexts.get(context) {
            return open.command(id).ok_or_else(|| command_not_found(context, id));
        }
        match contexts.ended(context) {
            Some(ended) if ended.cut_off.contains(id) => Ok(Reply::written(
                command::answer(id, outcome::context_ended(ended.how)).json,
            )),
            _ => Err(self.not_found(&contexts, context)),
        }
    }

    pub(crate) fn cancel(&self, context: &ContextId, id: &CommandId) -> Result<(), Refusal> {
        self.context(context)?
            .cancel(id)
            .ok_or_else(|| command_not_found(context, id))
    }

    /// Lets a command wait for its turn in a context.
    pub(crate) fn submit(&self, context: &ContextId, work: Work) -> Result<CommandId, Refusal> {
        let submitted = self.context(context)?.submit(work);
        submitted.unwrap_or_else(|| Err(self.not_found(&self.lock(), context)))
    }

    /// Installs a library in the background.
    pub(crate) fn upload_library(&self, name: &str, uri: &str) -> Result<(), Refusal> {
        let _contexts = self.lock(); // so that the cluster is not terminated meanwhile
        self.check_ready()?;
        self.libraries.begin(name, uri)?;
        let libraries = Arc::clone(&self.libraries);
        let python = self.config.python.clone();
        let (name, uri) = (name.to_owned(), uri.to_owned());
        let terminated = self.terminated();
        self.spawn(async move {
            let mut terminated = pin!(terminated);
            let _one_at_a_time = tokio::select! {
                lock = libraries.installing.lock() => lock,
                () = &mut terminated => return,
            };
            let result = library::install(&python, &uri, terminated).await;
            libraries.end(&name, result);
        });
        Ok(())
    }

    /// Ends when the cluster is terminated, from now on.
    fn terminated(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ends = self.ends.subscribe();
        async move {
            // An error means that the cluster was dropped.
            let _ = ends.changed().await;
        }
    }

    fn check_ready(&self) -> Result<(), Refusal> {
        let Standing { status, reason } = self.standing.borrow().clone();
        let id = self.id();
        match status {
            ClusterStatus::Running => Ok(()),
            ClusterStatus::Error => {
                let reason = reason.unwrap_or_default();
                let message = format!("Cluster {id} is in status Error: {reason}. Then restart it (clusters/restart)");
                Err(Refusal::new("ClusterNotRunning", message))
            }
            // The words of the real service; clients know them and try again.
            _ => {
                let message = format!("Cluster {id} not currently ready for driver client (currently {status})");
                Err(Refusal::new("ClusterNotReadyException", message))
            }
        }
    }

    fn not_found(&self, contexts: &Contexts, id: &ContextId) -> Refusal {
        let known = match contexts.ended(id) {
            Some(ended) => ended.how.to_owned(),
            None => format!("Contexts that are open on it: {}.", contexts.len()),
        };
        let message = format!("Context {id} not found on cluster {}. {known}", self.id());
        Refusal::new("ContextNotFound", message)
    }

    /// Waits until the contexts are gone, then starts an interpreter to see whether there is one.
    fn probe(self: &Arc<Self>, ending: Vec<Arc<Context>>) {
        let cluster = Arc::downgrade(self);
        let python = self.config.python.clone();
        let spark = Arc::clone(&self.spark);
        let terminated = self.terminated();
        self.spawn(async move {
            for context in ending {
                context.gone().await;
            }
            spark.end().await;
            let found = match Interpreter::start(&python, terminated).await {
                Ok(interpreter) => {
                    debug!(version = interpreter.version(), "Python answers");
                    interpreter.shutdown().await;
                    Standing::new(ClusterStatus::Running)
                }
                Err(StartError::GivenUp) => return,
                Err(error) => Standing {
                    status: ClusterStatus::Error,
                    reason: Some(report::chain(&error)),
                },
            };
            if let Some(cluster) = cluster.upgrade() {
                cluster.settle(found);
            }
        });
    }

    fn settle(&self, found: Standing) {
        let _contexts = self.lock();
        self.standing.send_if_modified(|standing| {
            let is_starting = matches!(standing.status, ClusterStatus::Pending | ClusterStatus::Restarting);
            if is_starting {
                *standing = found;
            }
            is_starting
        });
    }

    fn lock(&self) -> MutexGuard<'_, Contexts> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
