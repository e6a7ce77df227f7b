//! Many jobs over many sessions, clusters and workspaces.

mod job;
mod worker;

pub use job::{Job, JobEnd, JobEvent, JobReport, Summary};

use crate::{Closing, Journal};
use dbx12_api::Cluster;
use dbx12_api::types::{ClusterId, Language, Parameters};
use dbx12_api::{Code, http::Host};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use worker::Worker;

/// The most contexts that a cluster takes.
const MOST_CONTEXTS: usize = 145;
/// Events that may wait for their reader.
const EVENTS: usize = 64;

/// Runs jobs: so many at once on each cluster, in the order they were given, each in a context of its own.
///
/// ```no_run
/// # async fn example(workspace: &dbx12_exec::api::Workspace) {
/// use dbx12_exec::types::Language;
/// use dbx12_exec::{Job, JobEvent, Runner};
///
/// let cluster = workspace.cluster("1234-567890-span123");
/// let jobs = ["north", "south"].map(|name| {
///     Job::new(name, &cluster, Language::Python)
///         .step("import pipeline")
///         .step(format!("pipeline.run('{name}')"))
/// });
/// let mut running = Runner::new().per_cluster(4).run(jobs);
/// while let Some(event) = running.next().await {
///     if let JobEvent::Finished(report) = event {
///         println!("{}: {:?}", report.name, report.end);
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Runner {
    per_cluster: usize,
    stop_on_error: bool,
    retries: u32,
    follow: bool,
    journal: Option<Journal>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            per_cluster: 8,
            stop_on_error: false,
            retries: 2,
            follow: false,
            journal: None,
        }
    }
}

impl Runner {
    /// A runner with defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many jobs run at once on one cluster. Default 8; from 1 to 145, which is as many contexts as a cluster takes.
    #[must_use]
    pub fn per_cluster(mut self, jobs: usize) -> Self {
        self.per_cluster = jobs.clamp(1, MOST_CONTEXTS);
        self
    }

    /// Whether no more jobs begin once one has failed; those that run go on. Default `false`: the others go on.
    #[must_use]
    pub fn stop_on_error(mut self, stop: bool) -> Self {
        self.stop_on_error = stop;
        self
    }

    /// How often an opening or a submission is repeated of which surely nothing ran. Default 2. What may have run is never
    /// repeated.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Whether what Python code prints is told while it runs, see [`Run::follow`](crate::Run::follow). Default `false`. There
    /// are no [`JobEvent::State`] of code that is followed.
    #[must_use]
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Writes down what is opened and submitted, see [`Journal`]. Submissions are called there what their job is called.
    #[must_use]
    pub fn journal(mut self, journal: &Journal) -> Self {
        self.journal = Some(journal.clone());
        self
    }

    /// Starts jobs. Those of one cluster begin in the order they are given; clusters do not wait for each other.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn run(&self, jobs: impl IntoIterator<Item = Job>) -> Running {
        let (events, receiver) = mpsc::channel(EVENTS);
        let (phase, _) = watch::channel(Phase::Run);
        let (phase, closing) = (Arc::new(phase), Closing::new());
        let mut queues: HashMap<(Host, ClusterId), VecDeque<(usize, Job)>> = HashMap::new();
        let mut jobs_in_all = 0;
        for (index, job) in jobs.into_iter().enumerate() {
            let cluster = (job.cluster.client().host().clone(), job.cluster.id().clone());
            queues.entry(cluster).or_default().push_back((index, job));
            jobs_in_all += 1;
        }
        let mut workers = JoinSet::new();
        for queue in queues.into_values() {
            let most = self.per_cluster.min(queue.len());
            let queue = Arc::new(Mutex::new(queue));
            for _ in 0..most {
                let worker = Worker::new(self, &closing, Arc::clone(&queue), events.clone(), Arc::clone(&phase));
                workers.spawn(worker.work());
            }
        }
        Running {
            events: receiver,
            workers,
            phase,
            closing: Some(closing),
            reports: Vec::with_capacity(jobs_in_all),
            begun: Instant::now(),
        }
    }

    /// Runs one script with many sets of parameters: a job for each, on the clusters in turn, named by its number. The
    /// contexts are used again: a job may find what an earlier one left in its variables.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or without a cluster.
    pub fn map(
        &self,
        clusters: &[Cluster],
        language: &Language,
        code: impl Into<Code>,
        parameters: impl IntoIterator<Item = Parameters>,
    ) -> Running {
        let code = code.into();
        let jobs = parameters.into_iter().enumerate().map(|(index, parameters)| {
            let cluster = &clusters[index % clusters.len()];
            Job::new(index.to_string(), cluster, language.clone())
                .step_with(code.clone(), parameters)
                .share_context(true)
        });
        self.run(jobs)
    }
}

/// What is to become of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Run,
    Drain,
    Abort,
}

/// Jobs that run. Dropping it ends them: their contexts are destroyed in the background, and their commands with them.
#[derive(Debug)]
#[must_use = "dropping it ends the jobs"]
pub struct Running {
    events: mpsc::Receiver<JobEvent>,
    workers: JoinSet<()>,
    phase: Arc<watch::Sender<Phase>>,
    closing: Option<Closing>,
    reports: Vec<JobReport>,
    begun: Instant,
}

impl Running {
    /// What happens next; `None` when all jobs have ended.
    ///
    /// At most 64 events wait to be read. Where more come, jobs wait before they go on, and nothing is lost but
    /// [`JobEvent::State`], which a later one replaces. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<JobEvent> {
        let event = self.events.recv().await?;
        if let JobEvent::Finished(report) = &event {
            self.reports.push(report.clone());
        }
        Some(event)
    }

    /// Steers the jobs from elsewhere.
    #[must_use]
    pub fn control(&self) -> Control {
        Control(Arc::clone(&self.phase))
    }

    /// Waits for the end of all jobs and of their contexts, and says what came of them. Events that were not read are
    /// passed over, so that nothing waits for a reader.
    ///
    /// Dropping the future is dropping this.
    pub async fn summary(mut self) -> Summary {
        while self.next().await.is_some() {}
        while self.workers.join_next().await.is_some() {}
        let left = match self.closing.take() {
            Some(closing) => closing.finished().await,
            None => Vec::new(),
        };
        self.reports.sort_by_key(|report| report.index);
        Summary {
            reports: std::mem::take(&mut self.reports),
            left,
            elapsed: self.begun.elapsed(),
        }
    }
}

/// Steers jobs that run. Clones steer the same ones.
#[derive(Clone, Debug)]
pub struct Control(Arc<watch::Sender<Phase>>);

impl Control {
    /// Lets no more jobs begin; those that run go on.
    pub fn drain(&self) {
        self.raise(Phase::Drain);
    }

    /// Lets no more jobs begin, and cancels the commands of those that run. What waits before it is tried again is not
    /// tried again.
    pub fn abort(&self) {
        self.raise(Phase::Abort);
    }

    fn raise(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let changes = *phase < to;
            *phase = to.max(*phase);
            changes
        });
    }
}

#[cfg(test)]
mod tests;
