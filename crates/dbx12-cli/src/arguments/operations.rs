//! One verb for each operation of the API.

use clap::{Args, Subcommand};
use dbx12_exec::types::{ClusterStatus, CommandOptions, Language};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum Clusters {
    /// All clusters of the workspace.
    List,
    /// One cluster.
    Status(ClusterArgument),
    /// Restart a cluster. Its contexts end.
    Restart(ClusterArgument),
    /// Wait until a cluster is Running, or in another state. Gives up when it has been down for a minute.
    Wait(ClusterWait),
}

#[derive(Debug, Args)]
pub(crate) struct ClusterWait {
    /// The cluster's id or name.
    #[arg(env = "DATABRICKS_CLUSTER_ID", value_name = "ID|NAME")]
    pub(crate) cluster: String,
    /// The state to wait for.
    #[arg(long, value_name = "STATE", default_value = "Running")]
    pub(crate) state: ClusterStatus,
    /// How long to wait at most: 90s, 20m, 1h30m. Else for as long as it takes.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
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
