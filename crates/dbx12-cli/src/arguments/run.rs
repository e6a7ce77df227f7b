//! `dbx12 run`.

use clap::Args;
use dbx12_exec::types::Language;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The program; `-` reads it from stdin.
    #[arg(value_name = "FILE", required_unless_present = "code", conflicts_with = "code")]
    pub(crate) file: Option<PathBuf>,
    /// The program's text.
    #[arg(short = 'c', value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) code: Option<String>,
    /// The id of the cluster to run on. Else DATABRICKS_CLUSTER_ID.
    #[arg(long, value_name = "ID")]
    pub(crate) cluster: Option<String>,
    /// Run on this machine, in a workspace for this one program. It runs as you, with all your rights.
    #[arg(long, conflicts_with = "cluster")]
    pub(crate) local: bool,
    /// python, scala, sql or r. Told by the file's ending when not given; else python.
    #[arg(short, long)]
    pub(crate) language: Option<Language>,
    /// Cancel the program when it has not ended after this time, its start included: 90s, 20m, 1h30m. One that does
    /// not stop when told is watched for ten seconds more, then left to the end of its context.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print an id and leave the program running: `dbx12 attach ID` waits for it later, on this machine.
    #[arg(short, long, conflicts_with_all = ["local", "timeout"])]
    pub(crate) detach: bool,
}
