#![doc = include_str!("../README.md")]

pub mod budget;
mod clock;
mod closing;
mod cluster_wait;
mod code_file;
mod errand;
mod error;
mod follow;
mod journal;
mod outcome;
mod poll;
mod runner;
mod session;
pub mod state;
mod submission;
mod waiter;

pub use budget::PollBudget;
pub use closing::{Closing, LeftBehind};
pub use cluster_wait::wait_for_cluster;
pub use code_file::read_code;
pub use dbx12_api as api;
pub use dbx12_api::{Code, http, types};
pub use error::{CommandIds, ExecError};
pub use follow::{Follow, Followed, OutputChunk, OutputStream};
pub use journal::{Holder, Journal, Logged, LoggedContext, LoggedFate, LoggedSubmission, Recovered, Recovery};
pub use outcome::Outcome;
pub use poll::PollSchedule;
pub use runner::{Control, Job, JobEnd, JobEvent, JobReport, Runner, Running, Summary};
pub use session::{Run, Session, SessionBuilder};
pub use submission::Submission;
pub use waiter::{Progress, Waiter};

#[cfg(test)]
mod tests;
