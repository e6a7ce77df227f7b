//! The command line, as clap reads it and `--help` tells it.

mod api;
mod global;
mod jobs;
mod map;
mod operations;
mod run;

pub(crate) use api::{Api, ApiPath, Auth};
pub(crate) use global::{Global, OutputFormat};
pub(crate) use jobs::{Attach, Cancel, Gc, Wait};
pub(crate) use map::{Again, Map};
pub(crate) use operations::{ClusterArgument, ClusterWait, Clusters, Commands, Contexts, Execute, Libraries};
pub(crate) use run::{Annotations, ResultPlaces, Run, Target};

use crate::local::Local;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Run code on a Databricks cluster, or on this machine.
#[derive(Debug, Parser)]
#[command(name = "dbx12", version, long_version = BUILD, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// The version, and what build of it this is.
const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "\n", env!("DBX12_BUILD"));

pub(crate) const EXIT_CODES: &str = "\
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
  DATABRICKS_HOST, DATABRICKS_CLUSTER_ID, and DATABRICKS_TOKEN or another kind of credentials,
  as the official tools read them. Without, the DEFAULT profile of ~/.databrickscfg (or of the
  file that DATABRICKS_CONFIG_FILE names). With a host but nothing else, the .netrc file (or the
  one that NETRC names) is looked at. DATABRICKS_OUTPUT_FORMAT is what -o is without. With
  NO_COLOR there are no colours and nothing moves.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run programs and print what they give: files, notebooks, or code.
    ///
    /// Several files run in one context, one after the other: what one defines the next can use. The first cell that
    /// fails is the last that runs. A notebook's `%sql`, `%scala`, `%python` and `%r` cells run in their language, `%run`
    /// runs a notebook of this machine, text is left out, and other magics are for the server.
    Run(Run),
    Map(Map),
    /// List what this machine knows to be open: what was detached, and what killed programs left.
    Ps,
    /// Wait for the end of what was detached, print what it gives, and destroy its context. Exits as `run` would have. Ctrl-C
    /// leaves it running.
    Attach(Attach),
    /// Wait until all of these have ended, and leave what they gave to `attach`. Exits as the first that did not finish.
    Wait(Wait),
    /// Cancel what was detached, and destroy its context.
    Cancel(Cancel),
    /// Destroy contexts of programs that were killed, and drop what is over from the journal.
    Gc(Gc),
    /// Look at clusters, restart one, wait for one.
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
    /// Send a request to any path of the workspace.
    #[command(subcommand)]
    Api(Api),
    /// Which credentials there are, and whether they are accepted.
    #[command(subcommand)]
    Auth(Auth),
    /// A workspace on this machine.
    #[command(subcommand)]
    Local(Local),
    /// Print what a shell needs to complete what is typed after `dbx12`.
    #[command(long_about = COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each verb, into a folder.
    #[command(hide = true)]
    Man {
        /// The folder. It is made.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

const COMPLETIONS: &str = "\
Print what a shell needs to complete what is typed after `dbx12`.

bash: source <(dbx12 completions bash), in ~/.bashrc
zsh:  dbx12 completions zsh > _dbx12, in a folder of $fpath
fish: dbx12 completions fish > ~/.config/fish/completions/dbx12.fish
PowerShell: dbx12 completions powershell | Out-String | Invoke-Expression, in $PROFILE";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn no_verb_has_two_options_of_one_name() {
        super::Arguments::command().debug_assert();
    }
}
