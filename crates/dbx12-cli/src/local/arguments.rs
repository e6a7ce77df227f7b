//! `dbx12 local`.

use super::SparkArguments;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Local {
    /// Serve a workspace that really runs Python, SQL and Scala, until interrupted. It runs code as you, with all your rights.
    Serve(Serve),
    /// Start such a workspace in the background, one for each user, and print what a shell needs to use it.
    Up(Up),
    /// Say whether the workspace in the background runs, and where.
    Status,
    /// End the workspace in the background.
    Down,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Serve https, with a certificate authority made at start.
    #[arg(long)]
    pub(crate) tls: bool,
    /// A cluster, instead of the one named `local`: NAME, NAME:WORKERS or NAME:WORKERS:terminated. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Vec<dbx12_local::ClusterSpec>,
    #[command(flatten)]
    pub(crate) spark: SparkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen on. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Serve https, with a certificate authority made at start.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write host, credentials and ids to this file as JSON, once the server answers.
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
    /// A cluster, instead of the one named `local`: NAME, NAME:WORKERS or NAME:WORKERS:terminated. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Vec<dbx12_local::ClusterSpec>,
    /// Lock this file while it runs.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) hold: Option<PathBuf>,
    /// Let requests go wrong as the rules in this file (JSON) say, to test a client.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Allow `commandFile` of commands to read files below this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) command_files: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) spark: SparkArguments,
}
