//! Running a program for what it prints: pip, java, the Scala compiler.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::SparkConfig;
use crate::engine::environment;
use crate::engine::output::Output;
use crate::engine::process::{Process, describe};

/// Most bytes that are kept of what it prints.
const OUTPUT_LIMIT: usize = 1 << 20;

/// How much is told of a failure, in bytes: the reason comes last.
const LAST_OUTPUT: usize = 2 << 10;

/// A program in the environment of what Spark runs.
pub(super) fn command(config: &SparkConfig, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment::inherited())
        .envs(config.env.iter().map(|(name, value)| (name, value)));
    command
}

/// Folders of packages before those that are inherited.
pub(super) fn python_path<const N: usize>(folders: [&Path; N]) -> OsString {
    let inherited = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let inherited = std::env::split_paths(&inherited).filter(|path| !path.as_os_str().is_empty());
    let all = folders.into_iter().map(PathBuf::from).chain(inherited);
    // It fails for a name with a colon, which Python could not find either.
    std::env::join_paths(all).unwrap_or_else(|_| folders[0].as_os_str().to_owned())
}

/// Runs a program to its end and returns what it printed. Dropping the future kills it, with all in its group.
///
/// # Errors
/// It cannot be started, or ends without success; in words that follow its name.
pub(super) async fn run(mut command: Command) -> Result<String, String> {
    let setup = |error: io::Error| format!("cannot be started: {error}");
    let (reader, writer) = io::pipe().map_err(setup)?;
    let output = Output::new(reader, OUTPUT_LIMIT).map_err(setup)?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(setup)?)
        .stderr(writer);
    let mut process = Process::spawn(command).await.map_err(setup)?;
    let exit = process.wait().await;
    let (printed, _) = output.take();
    match &exit {
        Ok(status) if status.success() => Ok(printed),
        _ => Err(format!("{}: {}", describe(&exit), last(&printed))),
    }
}

fn last(printed: &str) -> &str {
    let start = printed.len().saturating_sub(LAST_OUTPUT);
    let start = (start..=printed.len()).find(|index| printed.is_char_boundary(*index));
    printed[start.unwrap_or_default()..].trim()
}
