//! `dbx12 map`.

use clap::{Args, ValueEnum};
use dbx12_exec::types::Language;
use std::path::PathBuf;
use std::time::Duration;

/// Run one script with many sets of parameters, so many at once.
///
/// Each set is a row of the table: its columns are variables in Python and Scala, `:NAME` in SQL. What a set gives is
/// written to a file of its own, 0001.json and so on. Ctrl-C lets those that run come to their ends; a second one cancels
/// them. What was interrupted, in whatever way, is gone on with by --resume, and nothing that may have run is run again.
#[derive(Debug, Args)]
pub(crate) struct Map {
    /// The script: a .py, .sql or .scala file.
    #[arg(value_name = "FILE")]
    pub(crate) script: PathBuf,
    /// The table: a .csv file with a line of names, whose values are text; or a .jsonl file with an object a line, whose
    /// values are what they are.
    #[arg(long, value_name = "FILE")]
    pub(crate) params: PathBuf,
    /// The folder for results. It must be empty, or not there yet, unless it is resumed.
    #[arg(long, value_name = "DIR")]
    pub(crate) results: PathBuf,
    /// How many run at once, each in a context of its own. A cluster takes 145.
    #[arg(short, long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=145))]
    pub(crate) jobs: u8,
    /// Go on with the run that this folder has the results of. Rows may have been added to its table.
    #[arg(long)]
    pub(crate) resume: bool,
    /// With --resume: run sets again that ended so, though they ran, or may have.
    #[arg(long, value_name = "OUTCOME", value_enum, requires = "resume", value_delimiter = ',')]
    pub(crate) again: Vec<Again>,
    /// Begin no more sets once one has not finished.
    #[arg(long)]
    pub(crate) stop_on_error: bool,
    /// A new context for each set. Else contexts are used again, and a set may see what an earlier one defined.
    #[arg(long)]
    pub(crate) isolate: bool,
    /// The cluster to run on, by id or by name. Else DATABRICKS_CLUSTER_ID.
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// Run on this machine, in a workspace for this one run. It runs as you, with all your rights.
    #[arg(long, conflicts_with = "cluster")]
    pub(crate) local: bool,
    /// python, scala or sql. Told by the script's ending when not given; else python.
    #[arg(short, long)]
    pub(crate) language: Option<Language>,
    /// Cancel a set that runs longer than this: 90s, 20m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Again {
    /// Its code raised an exception.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It took longer than --timeout.
    TimedOut,
    /// Its results were lost, with its context or its client.
    Lost,
    /// Whether it ran is not known.
    Unknown,
}
