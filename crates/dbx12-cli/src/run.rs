//! `dbx12 run`: a program through all layers and back.

use crate::arguments::{Global, Run};
use crate::connect::{self, Target};
use crate::failure::{Exit, Failure};
use crate::jobs::Detached;
use crate::output::{Output, note, print_exception};
use crate::signals::Interrupts;
use crate::state;
use dbx12_exec::http::ErrorKind;
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{Closing, ExecError, Outcome, Progress, Session, Waiter, read_code};
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a program that was told to stop is watched, and how long what was opened may take to close.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) async fn run(arguments: Run, global: &Global, output: Output) -> Result<(), Failure> {
    let program = Program::read(&arguments)?;
    if arguments.detach {
        let target = connect::target(&arguments, global).await?;
        let detached = Detached {
            code: program.code,
            language: program.language,
            name: program.name,
        };
        return crate::jobs::detach(detached, &target.cluster, output).await;
    }
    let interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let mut road = Road {
        timeout: arguments.timeout,
        started: Instant::now(),
        interrupts,
    };
    let target = connect::target(&arguments, global).await?;
    let ended = match road.in_time(target.ready()).await {
        Ok(Ok(())) => road.execute(&target, program).await,
        Ok(Err(failure)) | Err(failure) => Err(failure),
    };
    road.close("the local workspace", target.close()).await;
    let (outcome, late) = ended?;
    let reported = report(outcome, output);
    late.map_or(reported, Err)
}

/// What is to be run.
struct Program {
    code: String,
    language: Language,
    /// What the journal calls it: the name of its file.
    name: Option<String>,
}

impl Program {
    /// Reads the program before anything is sent.
    fn read(arguments: &Run) -> Result<Self, Failure> {
        let by_ending = arguments.file.as_deref().and_then(language_of);
        let language = arguments.language.clone().or(by_ending).unwrap_or(Language::Python);
        let code = match (&arguments.code, arguments.file.as_deref()) {
            (Some(code), _) => code.clone(),
            (None, Some(path)) if path == Path::new("-") => read_stdin()?,
            (None, Some(path)) => read_code(path)?,
            (None, None) => return Err(Failure::usage("there is no program to run")),
        };
        let name = arguments.file.as_deref().and_then(Path::file_name);
        let name = name.map(|name| name.to_string_lossy().into_owned());
        Ok(Self { code, language, name })
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut code = String::new();
    std::io::stdin()
        .read_to_string(&mut code)
        .map_err(|error| Failure::usage(format!("cannot read the program from stdin: {error}")))?;
    Ok(code.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(code))
}

pub(crate) fn language_of(path: &Path) -> Option<Language> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "py" => Some(Language::Python),
        "scala" | "sc" => Some(Language::Scala),
        "sql" => Some(Language::Sql),
        "r" => Some(Language::R),
        _ => None,
    }
}

/// How a program ended; and why that is not what was asked for, when it was told to stop before.
type Ended = (Outcome, Option<Failure>);

/// The way of one program: the time it has, and the signals that end it.
struct Road {
    timeout: Option<Duration>,
    started: Instant,
    interrupts: Interrupts,
}

impl Road {
    /// What is left of the program's time.
    fn left(&self) -> Option<Duration> {
        self.timeout
            .map(|timeout| timeout.saturating_sub(self.started.elapsed()))
    }

    /// Does a step before the program runs, unless the time is over or a signal comes before.
    async fn in_time<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.left().unwrap_or(Duration::MAX);
        let overdue = self.timeout.unwrap_or_default();
        tokio::select! {
            done = timeout(left, step) => done.map_err(|_| not_started(overdue, "it was still being prepared")),
            () = self.interrupts.next() => Err(interrupted()),
        }
    }

    async fn execute(&mut self, target: &Target, program: Program) -> Result<Ended, Failure> {
        let closing = Closing::new();
        let mut builder = Session::builder(&target.cluster, program.language)
            .timeout(self.left())
            .closing(&closing)
            // The context ends with the program: then nothing runs late, and it is not worth a request more each time.
            .at_most_once(false);
        // A workspace in this process ends with it.
        let journal = if target.is_local() {
            None
        } else {
            state::journal_if_any().await
        };
        if let Some(journal) = &journal {
            builder = builder.journal(journal);
        }
        let ended = match self.in_time(builder.open()).await {
            Ok(Ok(session)) => self.run_in(session, program.code, program.name).await,
            Ok(Err(error)) => Err(self.overdue(error)),
            Err(failure) => Err(failure),
        };
        self.close("the execution context", closing.finished()).await;
        ended
    }

    async fn run_in(&mut self, session: Session, code: String, name: Option<String>) -> Result<Ended, Failure> {
        let mut run = session.run(code).deadline(self.left());
        if let Some(name) = name {
            run = run.name(name);
        }
        let submitted = tokio::select! {
            submitted = run.submit() => submitted.map_err(|error| self.overdue(error)),
            () = self.interrupts.next() => Err(interrupted()),
        };
        let ended = match submitted {
            Ok(waiter) => self.wait(waiter.stop_grace(GRACE)).await,
            Err(failure) => Err(failure),
        };
        let of = format!(
            "context {} on cluster {}",
            session.context().id(),
            session.context().cluster_id()
        );
        if let Some(Err(error)) = self.close(&of, session.close()).await {
            note(&format!("Warning: {of} may be left behind: {error}"));
        }
        ended
    }

    /// Waits for the end. The first signal cancels the command and watches it stop, the second leaves it to the
    /// context's destruction.
    async fn wait(&mut self, mut waiter: Waiter) -> Result<Ended, Failure> {
        let mut cancelling = false;
        loop {
            let progress = tokio::select! {
                progress = waiter.next() => progress,
                () = self.interrupts.next() => {
                    if cancelling {
                        return Err(interrupted());
                    }
                    cancelling = true;
                    note("Interrupted: cancelling the command; once more to leave without waiting for it.");
                    waiter.cancel();
                    continue;
                }
            };
            match progress {
                Ok(Progress::Ended(Outcome::Cancelled)) => return Err(interrupted()),
                Ok(Progress::Ended(outcome)) => return Ok((outcome, self.too_late(&waiter, cancelling))),
                Ok(_) => {}
                Err(ExecError::StillRunning { .. }) if cancelling => return Err(interrupted()),
                Err(error) => return Err(self.overdue(error)),
            }
        }
    }

    /// A program that was told to stop and ended by itself may have been cut short: it can catch an interrupt.
    fn too_late(&self, waiter: &Waiter, cancelling: bool) -> Option<Failure> {
        let told = "it ended after it was told to stop";
        match self.timeout {
            _ if cancelling => Some(Failure::new(Exit::Interrupted, format!("interrupted; {told}"))),
            Some(timeout) if waiter.is_stopping() => Some(not_ended(timeout, told)),
            _ => None,
        }
    }

    /// The time that `--timeout` gave is over: said with that time, not with what was left of it at some step.
    fn overdue(&self, error: ExecError) -> Failure {
        let Some(timeout) = self.timeout else {
            return error.into();
        };
        match &error {
            ExecError::OpenTimeout { last_seen, .. } => not_started(timeout, last_seen),
            ExecError::DeadlineExceeded { stopped: true, .. } => not_ended(timeout, "it was cancelled"),
            ExecError::DeadlineExceeded { ids, .. } => {
                not_ended(timeout, &format!("{ids} was told to stop and still runs"))
            }
            ExecError::NotSubmitted { source: None, .. } => not_ended(timeout, "it was not sent"),
            ExecError::SubmissionUnknown { source, .. } | ExecError::Call(source)
                if source.kind() == ErrorKind::Deadline =>
            {
                not_ended(
                    timeout,
                    "the server did not say whether it took it; its context was destroyed",
                )
            }
            _ => error.into(),
        }
    }

    /// Closes what was opened, for as long as that may take and nobody is in a hurry.
    async fn close<T>(&mut self, what: &str, closing: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            closed = timeout(GRACE, closing) => {
                if closed.is_err() {
                    note(&format!("Warning: {what} could not be closed within {} and may be left behind.", seconds(GRACE)));
                }
                closed.ok()
            }
            () = self.interrupts.next() => {
                note(&format!("Warning: interrupted while {what} was being closed; it may be left behind."));
                None
            }
        }
    }
}

fn not_started(timeout: Duration, why: &str) -> Failure {
    Failure::new(
        Exit::Timeout,
        format!("the program did not start within {}; {why}", seconds(timeout)),
    )
}

fn not_ended(timeout: Duration, why: &str) -> Failure {
    Failure::new(
        Exit::Timeout,
        format!("the program did not end within {}; {why}", seconds(timeout)),
    )
}

fn seconds(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(time)
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

pub(crate) fn report(outcome: Outcome, output: Output) -> Result<(), Failure> {
    match outcome {
        Outcome::Finished(results) => output.results(&results),
        Outcome::Failed(error) => {
            if output.is_json() {
                output.results(&Results::Error(error.clone()))?;
            }
            print_exception(&error)?;
            Err(Failure::silent(Exit::RemoteException))
        }
        other => Err(other.into()),
    }
}
