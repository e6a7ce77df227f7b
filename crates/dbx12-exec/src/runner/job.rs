//! A job, what is told of it, and what came of all.

use crate::{CommandIds, ExecError, LeftBehind, Outcome, OutputChunk};
use dbx12_api::types::{CommandStatus, Language, Parameters};
use dbx12_api::{Cluster, Code};
use std::sync::Arc;
use std::time::Duration;

/// Steps that run one after the other in one context.
#[derive(Clone, Debug)]
#[must_use = "a job runs when a runner is given it"]
pub struct Job {
    pub(super) name: String,
    pub(super) cluster: Cluster,
    pub(super) language: Language,
    pub(super) steps: Vec<Step>,
    pub(super) deadline: Option<Duration>,
    pub(super) go_on: bool,
    pub(super) share_context: bool,
}

/// One command of a job.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) code: Code,
    pub(super) parameters: Parameters,
}

impl Job {
    /// A job without steps.
    pub fn new(name: impl Into<String>, cluster: &Cluster, language: Language) -> Self {
        Self {
            name: name.into(),
            cluster: cluster.clone(),
            language,
            steps: Vec::new(),
            deadline: None,
            go_on: false,
            share_context: false,
        }
    }

    /// Then runs this.
    pub fn step(self, code: impl Into<Code>) -> Self {
        self.step_with(code, Parameters::default())
    }

    /// Then runs this, with [parameters](crate::Run::parameters).
    pub fn step_with(mut self, code: impl Into<Code>, parameters: Parameters) -> Self {
        let code = code.into();
        self.steps.push(Step { code, parameters });
        self
    }

    /// How long each step may take, see [`Run::deadline`](crate::Run::deadline). Default: as long as it likes.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Whether the next step runs after one whose code raised an exception. Default `false`. After any other failure none
    /// does.
    pub fn go_on(mut self, go_on: bool) -> Self {
        self.go_on = go_on;
        self
    }

    /// Whether it may run in the context of an earlier job that shares its own, and leave it to a later one: faster, and it
    /// sees their variables. Default `false`.
    pub fn share_context(mut self, share: bool) -> Self {
        self.share_context = share;
        self
    }
}

/// What happens to a job. `job` is its place among the jobs that were given.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JobEvent {
    /// A step was submitted.
    Started {
        /// The job.
        job: usize,
        /// The step, from 0.
        step: usize,
        /// Its command; `None` when it is followed.
        ids: Option<CommandIds>,
    },
    /// A look at a step that has not ended. Not told when the reader is slow.
    State {
        /// The job.
        job: usize,
        /// The step, from 0.
        step: usize,
        /// Its status; `None` when the look failed in a way that may pass.
        status: Option<CommandStatus>,
        /// Time since it was submitted.
        elapsed: Duration,
        /// How often the server was asked.
        polls: u32,
    },
    /// A step that is followed printed something.
    Output {
        /// The job.
        job: usize,
        /// The step, from 0.
        step: usize,
        /// What it printed.
        chunk: OutputChunk,
    },
    /// The job has ended, or was not begun.
    Finished(JobReport),
}

/// What came of a job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobReport {
    /// Its place among the jobs that were given.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// How the steps ended that were begun.
    pub steps: Vec<Outcome>,
    /// How it ended.
    pub end: JobEnd,
    /// How long it took, its session included.
    pub elapsed: Duration,
}

/// How a job ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JobEnd {
    /// All steps ran to their ends.
    Succeeded,
    /// A step did not: the last of its outcomes tells, or one before it where the job goes on.
    Failed,
    /// Something went wrong outside of the code. [`ExecError::submission`] tells whether the step may have run.
    Error(Arc<ExecError>),
    /// It was not begun.
    Skipped,
}

impl JobEnd {
    /// Whether all steps ran to their ends.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded)
    }
}

/// What came of all jobs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summary {
    /// One for each job, in the order they were given.
    pub reports: Vec<JobReport>,
    /// Contexts that could not be destroyed.
    pub left: Vec<LeftBehind>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary {
    /// How many jobs succeeded.
    pub fn succeeded(&self) -> usize {
        self.reports.iter().filter(|report| report.end.is_success()).count()
    }

    /// How many were begun and did not succeed.
    pub fn failed(&self) -> usize {
        self.reports.len() - self.succeeded() - self.skipped()
    }

    /// How many were not begun.
    pub fn skipped(&self) -> usize {
        let skipped = |report: &&JobReport| matches!(report.end, JobEnd::Skipped);
        self.reports.iter().filter(skipped).count()
    }
}
