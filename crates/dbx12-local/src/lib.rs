#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!(
    "dbx12-local runs processes as Unix has them (process groups, signals, pipes): depend on it under \
     `[target.'cfg(unix)'.dependencies]`, or build in WSL"
);

mod access;
mod admin;
mod answer;
mod body;
mod builder;
#[cfg(feature = "client")]
mod client;
mod cluster;
mod cluster_spec;
mod command;
mod command_file;
mod context;
mod engine;
mod faults;
mod frames;
mod gateway;
mod library;
mod operations;
mod outcome;
mod plots;
mod ready;
mod repls;
mod report;
mod router;
mod run_folder;
mod server;
mod spark;
mod spelling;
mod tls;
mod workspace;

pub use answer::{Refusal, Reply};
pub use builder::{StartError, WorkspaceBuilder};
pub use cluster_spec::{ClusterSpec, ClusterSpecError};
pub use faults::{CommandEnd, CommandEntry, Fault, FaultRule, FaultRules, FaultRulesError, JournalEntry};
pub use ready::ReadyFile;
pub use router::Router;
pub use server::{ServeError, Server};
pub use spark::{SparkAddressError, SparkConnectAddress, SparkMaster, SparkStatus};
pub use workspace::{NotReady, Workspace};

#[cfg(test)]
mod tests;
