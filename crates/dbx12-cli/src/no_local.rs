//! What stands in the place of `local.rs` where there is no Unix: the same names, and a refusal.

use crate::failure::{Exit, Failure};
use clap::{Args, Subcommand};
use dbx12_exec::api::Cluster;
use std::convert::Infallible;

/// A workspace on this machine, which needs Unix.
#[derive(Debug, Subcommand)]
pub(crate) enum Local {
    /// Whatever is asked for.
    #[command(external_subcommand)]
    Any(Vec<String>),
}

/// `dbx12 local`.
pub(crate) async fn local(Local::Any(words): Local) -> Result<(), Failure> {
    Err(refusal(&format!("`dbx12 local {}`", words.join(" "))))
}

#[derive(Args, Debug, Default)]
pub(crate) struct SparkArguments {}

impl SparkArguments {
    pub(crate) fn is_given(&self) -> bool {
        false
    }
}

/// A workspace in this process: there is none.
pub(crate) struct Own(Infallible);

impl Own {
    pub(crate) async fn start(_: &SparkArguments) -> Result<Self, Failure> {
        Err(refusal("the local workspace"))
    }

    pub(crate) fn cluster(&self) -> Cluster {
        match self.0 {}
    }

    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        match self.0 {}
    }

    pub(crate) async fn close(self) {
        match self.0 {}
    }
}

fn refusal(what: &str) -> Failure {
    Failure::new(Exit::Unavailable, format!("{what} needs Unix")).hint("use WSL, or a workspace of Databricks")
}
