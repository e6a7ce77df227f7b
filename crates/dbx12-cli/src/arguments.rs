//! The command line, as clap reads it and `--help` tells it.

use crate::spark::SparkArguments;
use clap::{Args, Parser, Subcommand, ValueEnum};
use dbx12_exec::types::{CommandOptions, Language};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Run code on a Databricks cluster, or on this machine.
#[derive(Debug, Parser)]
#[command(name = "dbx12", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    the code ran to its end; the call was answered
  1    the remote code raised an exception
  2    the command line is wrong, or a file cannot be read
  3    credentials or configuration
  4    the cluster or the context is not available
  5    the connection or the server failed
  6    the outcome is unknown: it may have been delivered, and was not sent again
  124  the time given by --timeout is over
  130  interrupted by Ctrl-C or a signal

Environment:
  DATABRICKS_HOST, DATABRICKS_CLUSTER_ID, and DATABRICKS_TOKEN or another kind of credentials, as the official tools
  read them. Without, the DEFAULT profile of ~/.databrickscfg (or of the file that DATABRICKS_CONFIG_FILE names).
  With a host but nothing else, the .netrc file (or the one that NETRC names) is looked at.";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The workspace's address, for example adb-1234.azuredatabricks.net. Else DATABRICKS_HOST, or that of a profile.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) host: Option<String>,
    /// The profile of ~/.databrickscfg to use. Wins over host and credentials in the environment.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A file with certificates (PEM) to trust beside the system's own.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How to print what comes back.
    #[arg(short, long, global = true, value_enum, default_value_t, ignore_case = true)]
    pub(crate) output: OutputFormat,
    /// Tell on stderr what is being done. Never shows secrets, code or results.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// As the API answers.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program and print what it gives.
    Run(Run),
    /// Look at clusters, restart one.
    #[command(subcommand)]
    Clusters(Clusters),
    /// Create, look at and destroy execution contexts.
    #[command(subcommand)]
    Contexts(Contexts),
    /// Execute, look at and cancel commands.
    #[command(subcommand)]
    Commands(Commands),
    /// List and upload libraries (deprecated by the API's own document).
    #[command(subcommand)]
    Libraries(Libraries),
    /// A workspace on this machine.
    #[command(subcommand)]
    Local(Local),
}

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
    #[command(flatten)]
    pub(crate) spark: SparkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterArgument {
    /// The cluster's id.
    #[arg(long, env = "DATABRICKS_CLUSTER_ID", value_name = "ID")]
    pub(crate) cluster: String,
}

#[derive(Debug, Args)]
pub(crate) struct ContextArguments {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgument,
    /// The context's id.
    #[arg(long, value_name = "ID")]
    pub(crate) context: String,
}

#[derive(Debug, Args)]
pub(crate) struct CommandArguments {
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// The command's id.
    #[arg(long, value_name = "ID")]
    pub(crate) command_id: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Clusters {
    /// All clusters of the workspace.
    List,
    /// One cluster.
    Status(ClusterArgument),
    /// Restart a cluster. Its contexts end.
    Restart(ClusterArgument),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Contexts {
    /// Create a context and print its id. It lives until it is destroyed.
    Create {
        #[command(flatten)]
        cluster: ClusterArgument,
        /// python, scala, sql or r.
        #[arg(long)]
        language: Language,
    },
    /// One context.
    Status(ContextArguments),
    /// Destroy a context. The commands in it end.
    Destroy(ContextArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Submit code and print the command's id. Does not wait.
    Execute(Execute),
    /// One command and its results.
    Status(CommandArguments),
    /// Ask to cancel a command.
    Cancel(CommandArguments),
}

#[derive(Debug, Args)]
pub(crate) struct Execute {
    #[command(flatten)]
    pub(crate) context: ContextArguments,
    /// The code's language; the context's when not given.
    #[arg(long)]
    pub(crate) language: Option<Language>,
    #[command(flatten)]
    pub(crate) source: ExecuteSource,
    /// Options for the server, as the JSON text of a map: '{"displayRowLimit": 10}'.
    #[arg(long, value_name = "JSON")]
    pub(crate) options: Option<CommandOptions>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ExecuteSource {
    /// The code.
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) command: Option<String>,
    /// The path, on the server, of a file with the code. For a file of this machine: `dbx12 run FILE`.
    #[arg(long, value_name = "PATH")]
    pub(crate) command_file: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Libraries {
    /// The libraries of a cluster.
    List(ClusterArgument),
    /// Install a library on a cluster.
    Upload {
        #[command(flatten)]
        cluster: ClusterArgument,
        /// What to call it.
        #[arg(long)]
        name: String,
        /// The language it is for.
        #[arg(long)]
        language: Language,
        /// Where the server finds it: a file, http or https URI.
        #[arg(long)]
        uri: String,
    },
}

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
