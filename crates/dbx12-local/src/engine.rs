//! The engine of python contexts: one CPython process a context.
//!
//! [`Interpreter::start`] starts the process, [`Interpreter::execute`] runs one command at a time in it, and an
//! [`Interrupter`] stops that command from anywhere. What is set inside the process (death signal, limits, streams) its
//! own worker sets first thing, see `engine/python/worker.py`; here nothing needs `unsafe`.
//!
//! Commands and results travel on a socket pair. Output does not: stdout and stderr of the process are one pipe, so it
//! is in true order, whoever in the process tree writes it, and a crash loses none of it.

mod channel;
pub(crate) mod environment;
mod interrupt;
mod mark;
pub(crate) mod output;
pub(crate) mod process;
mod result;
mod start;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;
use tracing::debug;

use self::channel::{Channel, Message, Request};
use self::output::Output;
use self::process::Process;

pub(crate) use self::interrupt::Interrupter;
pub(crate) use self::result::{Column, End, Execution};
pub(crate) use self::start::StartError;

/// How long a process may take to end once its channel is closed, once asked to, and once told to.
const EXIT_MOMENT: Duration = Duration::from_secs(1);

/// How to start an interpreter, and what it may use.
#[derive(Debug, Clone)]
pub(crate) struct PythonConfig {
    /// The program; a bare name is looked up in `PATH`.
    pub(crate) interpreter: PathBuf,
    /// Most bytes of data the process may have (`RLIMIT_DATA`). Over it, Python raises `MemoryError` and lives on.
    pub(crate) memory_limit: Option<u64>,
    /// Most bytes of output kept of one command; what comes after them is read and dropped.
    pub(crate) output_limit: usize,
    /// How long an interrupted command may go on before its process group is killed.
    pub(crate) grace: Duration,
    /// A folder of libraries: last in `sys.path`, and where `%pip install` puts its packages. It need not exist yet.
    pub(crate) library_dir: Option<PathBuf>,
    /// Where the process works; a temporary folder of its own when not given.
    pub(crate) working_directory: Option<PathBuf>,
    /// Where temporary folders are made; where the system wants them when not given.
    pub(crate) scratch: Option<PathBuf>,
    /// Variables on top of what is inherited by name (`environment.rs`).
    pub(crate) env: Vec<(OsString, OsString)>,
}

impl Default for PythonConfig {
    fn default() -> Self {
        Self {
            interpreter: PathBuf::from("python3"),
            memory_limit: None,
            output_limit: 20 << 20,
            grace: Duration::from_secs(5),
            library_dir: None,
            working_directory: None,
            scratch: None,
            env: Vec::new(),
        }
    }
}

impl PythonConfig {
    /// Where temporary folders are made.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.scratch.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// A CPython process that keeps its variables from command to command.
///
/// Dropping it kills the process and all others of its group, and removes its temporary folder.
/// [`shutdown`](Self::shutdown) does the same politely and waits for it.
#[derive(Debug)]
pub(crate) struct Interpreter {
    process: Process, // first: the group dies before its folder is removed
    channel: Channel,
    output: Output,
    interrupter: Interrupter,
    grace: Duration,
    version: String,
    state: State,
    _folder: TempDir,
}

#[derive(Debug)]
enum State {
    Idle,
    /// A command is running, or its future was dropped.
    Busy,
    Dead(String),
}

impl Interpreter {
    /// Starts a process and waits until it is ready for commands, unless `given_up` ends before: then what was started
    /// is killed, and gone when this returns.
    ///
    /// Needs a tokio runtime with I/O and time. Dropping the future kills what was started, and does not wait for it.
    ///
    /// # Errors
    ///
    /// The program is not there, is no Python of version 3.9 or newer, or ended before it was ready; or
    /// [`StartError::GivenUp`].
    pub(crate) async fn start(config: &PythonConfig, given_up: impl Future<Output = ()>) -> Result<Self, StartError> {
        start::start(config, given_up).await
    }

    /// The handle that interrupts a command of this process from elsewhere.
    pub(crate) fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// The id of the process, which is also the one of its group.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The version of the interpreter, as in `3.11.7`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Runs one command to its end. Its text is `<command-NUMBER>` in tracebacks, and `number` is what
    /// [`Interrupter::interrupt`] takes. Tables end after `row_limit` rows.
    ///
    /// **Not cancel safe**: once this future is dropped before its end, the interpreter answers nothing but
    /// [`End::Died`]; drop it, which kills the process.
    pub(crate) async fn execute(&mut self, number: u64, code: &str, row_limit: usize) -> Execution {
        let request = Request::Execute {
            number,
            code,
            row_limit,
        };
        self.run(number, &request).await
    }

    /// Has it send a command of SQL over Spark Connect; all else as [`execute`](Self::execute).
    pub(crate) async fn execute_sql(&mut self, number: u64, code: &str, row_limit: usize) -> Execution {
        self.run(number, &Request::Sql { code, row_limit }).await
    }

    async fn run(&mut self, number: u64, request: &Request<'_>) -> Execution {
        let end = match std::mem::replace(&mut self.state, State::Busy) {
            State::Idle => {
                self.output.discard();
                self.interrupter.begin(number);
                let end = self.converse(request).await;
                self.interrupter.finish();
                end
            }
            State::Busy => End::died("an earlier command was abandoned while it ran"),
            State::Dead(reason) => End::died(reason),
        };
        self.state = match &end {
            End::Died { reason, killed_by_us } => {
                debug!(
                    pid = self.pid(),
                    reason, killed_by_us, "python process died in a command"
                );
                State::Dead(reason.clone())
            }
            _ => State::Idle,
        };
        let (output, output_truncated) = self.output.take();
        Execution {
            output,
            output_truncated,
            end,
        }
    }

    /// Waits until the process ends by itself while no command runs, and says how it ended. Cancel safe.
    pub(crate) async fn died(&mut self) -> String {
        if let State::Dead(reason) = &self.state {
            return reason.clone();
        }
        let lost = tokio::select! {
            biased;
            message = self.channel.receive() => Lost::channel(message),
            exit = self.process.wait() => Lost::Exited(exit),
            () = self.interrupter.to_be_killed() => Lost::Exited(self.kill().await),
        };
        let reason = self.bury(lost).await;
        self.state = State::Dead(reason.clone());
        reason
    }

    /// Ends the process: asks it to, then SIGTERM after a second, then SIGKILL to its group after another. The process
    /// is reaped and its folder removed when this returns. Dropping the future kills at once.
    pub(crate) async fn shutdown(mut self) {
        if matches!(self.state, State::Idle) {
            let polite = async {
                // A failure means that it is ending already.
                let _ = self.channel.send(&Request::Exit).await;
                self.process.wait().await
            };
            if timeout(EXIT_MOMENT, polite).await.is_ok() {
                return;
            }
        }
        self.process.terminate();
        if timeout(EXIT_MOMENT, self.process.wait()).await.is_err() {
            self.process.kill();
            let _ = self.process.wait().await; // nothing is left to be done about an error
        }
    }

    async fn converse(&mut self, request: &Request<'_>) -> End {
        let sent = tokio::select! {
            sent = self.channel.send(request) => sent,
            () = self.interrupter.goes_on_for(self.grace) => {
                self.process.kill(); // it does not even read
                Err(io::ErrorKind::TimedOut.into())
            }
        };
        if sent.is_err() {
            return self.death(Lost::Closed, false).await;
        }
        let (mut asked_again, mut killed) = (false, false);
        loop {
            let lost = tokio::select! {
                biased;
                message = self.channel.receive() => match message {
                    Ok(Some(Message::Started)) => {
                        self.interrupter.started();
                        continue;
                    }
                    Ok(Some(Message::Result(end))) => return end.after_interrupt(self.interrupter.interrupted()),
                    other => Lost::channel(other),
                },
                exit = self.process.wait() => Lost::Exited(exit),
                () = self.interrupter.to_be_killed() => {
                    self.process.kill();
                    continue;
                }
                () = self.interrupter.goes_on_for(self.grace / 2), if !asked_again => {
                    asked_again = true;
                    self.interrupter.again();
                    continue;
                }
                () = self.interrupter.goes_on_for(self.grace), if !killed => {
                    killed = true;
                    self.process.kill();
                    continue;
                }
            };
            return self.death(lost, killed).await;
        }
    }

    async fn death(&mut self, lost: Lost, killed: bool) -> End {
        let interrupted = self.interrupter.interrupted();
        let reason = self.bury(lost).await;
        let reason = if killed {
            let grace = self.grace;
            format!("was killed because the command went on for {grace:?} after it had been interrupted")
        } else {
            reason
        };
        End::Died {
            reason,
            killed_by_us: killed || interrupted,
        }
    }

    /// Sees to it that the process and its group are gone, and says how it ended.
    async fn bury(&mut self, lost: Lost) -> String {
        self.interrupter.finish();
        let (exit, reason) = match lost {
            Lost::Exited(exit) => (exit, None),
            Lost::Closed => match timeout(EXIT_MOMENT, self.process.wait()).await {
                Ok(exit) => (exit, None),
                Err(_) => (self.kill().await, Some("closed its control channel".to_owned())),
            },
            Lost::Garbled(error) => (self.kill().await, Some(format!("broke the protocol ({error})"))),
        };
        reason.unwrap_or_else(|| process::describe(&exit))
    }

    async fn kill(&mut self) -> io::Result<std::process::ExitStatus> {
        self.process.kill();
        self.process.wait().await
    }
}

/// How an interpreter was found to be lost.
enum Lost {
    Exited(io::Result<std::process::ExitStatus>),
    Closed,
    Garbled(io::Error),
}

impl Lost {
    fn channel(message: io::Result<Option<Message>>) -> Self {
        match message {
            Ok(None) => Self::Closed,
            Ok(Some(_)) => Self::Garbled(io::Error::other("a message nobody asked for")),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Self::Garbled(error),
            Err(_) => Self::Closed,
        }
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        self.interrupter.finish();
    }
}
