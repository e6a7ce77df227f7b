//! What every verb understands.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
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
    /// How to print what comes back. Else DATABRICKS_OUTPUT_FORMAT, or text.
    #[arg(short, long, global = true, value_enum, ignore_case = true, value_name = "FORMAT")]
    pub(crate) output: Option<OutputFormat>,
    /// The same as -o json.
    #[arg(long, global = true, conflicts_with = "output")]
    pub(crate) json: bool,
    /// Show no progress and no notes, only warnings and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell on stderr what is being done. Never shows secrets, code or results.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
}

impl Global {
    /// The form that is asked for; an unknown word in the environment is ignored, as the official tools do.
    pub(crate) fn format(&self) -> Option<OutputFormat> {
        let from_environment = || {
            let word = std::env::var("DATABRICKS_OUTPUT_FORMAT").ok()?;
            OutputFormat::from_str(&word, true).ok()
        };
        let by_flag = self.json.then_some(OutputFormat::Json);
        by_flag.or(self.output).or_else(from_environment)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For people, with lines around the cells of tables.
    Table,
    /// As the API answers, a line for each command.
    Json,
    /// The last table, an object a row.
    Jsonl,
    /// The last table, as RFC 4180 says.
    Csv,
    /// Tables, text and images as GitHub's Markdown.
    Markdown,
    /// The last table as Arrow IPC: a file with --out, else a stream.
    Arrow,
}

impl OutputFormat {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Arrow => "arrow",
        }
    }
}
