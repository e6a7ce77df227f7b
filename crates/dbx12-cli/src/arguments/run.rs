//! `dbx12 run`.

use super::EXIT_CODES;
use crate::local::SparkArguments;
use clap::{Args, ValueEnum};
use dbx12_exec::types::Language;
use std::path::PathBuf;
use std::time::Duration;

/// What to run, where, and what is done with what it gives.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Run {
    /// The programs: .py, .sql, .scala or .r files, notebooks in Databricks' source format, .ipynb notebooks; `-` is stdin.
    #[arg(value_name = "FILE", required_unless_present = "code", conflicts_with = "code")]
    pub(crate) files: Vec<PathBuf>,
    /// Arguments for the program: `sys.argv` in Python, `args` in Scala.
    #[arg(value_name = "ARGUMENT", last = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
    /// The program's text.
    #[arg(short = 'c', value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) code: Option<String>,
    /// python, scala, sql or r. Told by the file's ending when not given; else python.
    #[arg(short, long)]
    pub(crate) language: Option<Language>,
    /// Cancel the program when it has not ended after this time, its start included: 90s, 20m, 1h30m. One that does
    /// not stop when told is watched for ten seconds more, then left to the end of its context.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print an id and leave the program running: `dbx12 attach ID` waits for it later, on this machine. For a program of one
    /// cell.
    #[arg(
        short, long,
        conflicts_with_all = ["local", "timeout", "follow", "context", "annotations", "out", "images", "show_images", "notebook_out"],
    )]
    pub(crate) detach: bool,
    /// Show what Python prints while it runs.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Say where it failed in a form that a CI server shows beside the line.
    #[arg(long, value_name = "SERVER", value_enum)]
    pub(crate) annotations: Option<Annotations>,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) given: Given,
    #[command(flatten)]
    pub(crate) result: ResultPlaces,
}

/// Where a program runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where it runs")]
pub(crate) struct Target {
    /// The cluster to run on, by id or by name. Else DATABRICKS_CLUSTER_ID.
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// Start the cluster if it is terminated, and wait for it. That costs money.
    #[arg(long)]
    pub(crate) start: bool,
    /// Run in this context, which lives on afterwards with all that is defined in it. `dbx12 contexts create` makes one.
    #[arg(long, value_name = "ID", conflicts_with = "start")]
    pub(crate) context: Option<String>,
    /// Run on this machine, in a workspace for this one program. It runs as you, with all your rights.
    #[arg(long, conflicts_with_all = ["cluster", "start", "context"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) spark: SparkArguments,
}

/// What a program is given.
#[derive(Debug, Args)]
#[command(next_help_heading = "What it is given")]
pub(crate) struct Given {
    /// A value for the program: the variable NAME in Python and Scala, `:NAME` in SQL. Nothing in it can become code. It is
    /// text, unless TYPE is int, float, decimal, bool, date, timestamp or json.
    #[arg(long = "param", value_name = "NAME[:TYPE]=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// A variable for Python's `os.environ` on the cluster. Without =VALUE it has the value it has here, so that a secret
    /// need not be on the command line.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(crate) environment: Vec<String>,
}

/// Where what a program gives is put.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where results go")]
pub(crate) struct ResultPlaces {
    /// Write to this file instead of stdout, when the program has ended well. Its ending (.txt, .json, .jsonl, .csv, .md,
    /// .arrow) tells the form where -o does not.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Save images in this folder as image-1.png and so on.
    #[arg(long, value_name = "DIR")]
    pub(crate) images: Option<PathBuf>,
    /// Show images in the terminal: by kitty's, iTerm's or sixel graphics where it has them, else by half blocks.
    #[arg(long)]
    pub(crate) show_images: bool,
    /// Write the .ipynb notebook with its outputs to this file; `-` writes it in place. It is written when a cell fails,
    /// too.
    #[arg(long, value_name = "FILE")]
    pub(crate) notebook_out: Option<PathBuf>,
}

/// A CI server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Annotations {
    /// Workflow commands of GitHub Actions, on stderr.
    Github,
}
