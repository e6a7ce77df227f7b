//! What every verb understands.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

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
