//! From a configuration to an interpreter that takes commands.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;
use tracing::debug;

use super::channel::{Channel, Message, Request};
use super::interrupt::Interrupter;
use super::output::Output;
use super::process::{Process, describe};
use super::{Interpreter, PythonConfig, State, environment};

/// How long an interpreter may take until it is ready; a busy machine with a cold disk needs a few seconds.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The program of `python -c`; it receives the worker over the control channel, so no file of it can be in the way.
const BOOT: &str = include_str!("python/boot.py");

/// The worker, in the order of its imports.
const MODULES: &[(&str, &str)] = &[
    ("_dbx12_errors", include_str!("python/errors.py")),
    ("_dbx12_table", include_str!("python/table.py")),
    ("_dbx12_connect", include_str!("python/connect.py")),
    ("_dbx12_spark", include_str!("python/spark.py")),
    ("_dbx12_display", include_str!("python/display.py")),
    ("_dbx12_cell", include_str!("python/cell.py")),
    ("_dbx12_worker", include_str!("python/worker.py")),
];

/// Why there is no interpreter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(
        "no Python interpreter `{}` was found: install Python 3.9 or newer, or name one that is there",
        .interpreter.display()
    )]
    NotFound { interpreter: PathBuf },

    #[error("`{}` is Python {version}, which is too old: Python 3.9 or newer is needed", .interpreter.display())]
    TooOld { interpreter: PathBuf, version: String },

    #[error("the Python interpreter `{}` could not be started", .interpreter.display())]
    Spawn { interpreter: PathBuf, source: io::Error },

    #[error(
        "the Python interpreter `{}` {reason} before it was ready{}",
        .interpreter.display(),
        told(output)
    )]
    Died {
        interpreter: PathBuf,
        /// As in `exited with code 1`.
        reason: String,
        /// What it wrote until then.
        output: String,
    },

    #[error("nobody waits for the Python interpreter any more")]
    GivenUp,

    #[error("pipes and a folder for a Python process could not be made")]
    Setup(#[source] io::Error),
}

fn told(output: &str) -> String {
    if output.is_empty() {
        String::new()
    } else {
        format!("; it wrote:\n{output}")
    }
}

pub(super) async fn start(
    config: &PythonConfig,
    given_up: impl Future<Output = ()>,
) -> Result<Interpreter, StartError> {
    let interpreter = || config.interpreter.clone();
    let folder = tempfile::Builder::new()
        .prefix("dbx12-python-")
        .tempdir_in(config.scratch())
        .map_err(StartError::Setup)?;
    let (mut channel, their_end) = Channel::pair().map_err(StartError::Setup)?;
    let (reader, writer) = io::pipe().map_err(StartError::Setup)?;
    let output = Output::new(reader, config.output_limit).map_err(StartError::Setup)?;

    let mut command = command(config, folder.path());
    command
        .stdin(std::os::fd::OwnedFd::from(their_end))
        .stdout(writer.try_clone().map_err(StartError::Setup)?)
        .stderr(writer);
    let mut process = Process::spawn(command).await.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => StartError::NotFound {
            interpreter: interpreter(),
        },
        _ => StartError::Spawn {
            interpreter: interpreter(),
            source,
        },
    })?;

    let hello = Request::Start {
        modules: MODULES,
        memory_limit: config.memory_limit,
    };
    let greeting = async {
        channel.send(&hello).await?;
        channel.receive().await
    };
    let answer = tokio::select! {
        biased;
        () = given_up => {
            process.kill();
            let _ = process.wait().await; // nothing is left to be done about an error
            return Err(StartError::GivenUp);
        }
        answer = timeout(START_LIMIT, greeting) => answer,
        _ = process.wait() => Ok(Ok(None)),
    };
    let version = match answer {
        Ok(Ok(Some(Message::Ready(version)))) => version,
        Ok(Ok(Some(Message::TooOld(version)))) => {
            return Err(StartError::TooOld {
                interpreter: interpreter(),
                version,
            });
        }
        other => {
            let reason = cause_of_death(&mut process, other.is_err()).await;
            return Err(StartError::Died {
                interpreter: interpreter(),
                reason,
                output: output.take().0,
            });
        }
    };
    debug!(pid = process.id(), version, "python process is ready");
    Ok(Interpreter {
        interrupter: Interrupter::new(process.group()),
        process,
        channel,
        output,
        grace: config.grace,
        version,
        state: State::Idle,
        _folder: folder,
    })
}

fn command(config: &PythonConfig, folder: &Path) -> Command {
    let mut command = Command::new(&config.interpreter);
    command
        .arg("-c")
        .arg(BOOT)
        .args(&config.library_dir)
        .env_clear()
        .envs(environment::inherited())
        .envs(config.env.iter().map(|(name, value)| (name, value)))
        .current_dir(config.working_directory.as_deref().unwrap_or(folder));
    command
}

async fn cause_of_death(process: &mut Process, too_slow: bool) -> String {
    if too_slow {
        process.kill();
        let _ = process.wait().await;
        return format!("took longer than {START_LIMIT:?} and was killed");
    }
    match timeout(super::EXIT_MOMENT, process.wait()).await {
        Ok(exit) => describe(&exit),
        Err(_) => {
            process.kill();
            let _ = process.wait().await;
            "did not answer like Python and was killed".to_owned()
        }
    }
}
