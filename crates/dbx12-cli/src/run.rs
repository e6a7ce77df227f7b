//! `dbx12 run`: a program through all layers and back.

use crate::arguments::{Global, Run};
use crate::connect::{self, Target};
use crate::failure::{Exit, Failure};
use crate::output::{Output, note, print_exception};
use crate::signals::Interrupts;
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{ExecError, Outcome, Progress, Session, Waiter, read_code};
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) async fn run(arguments: Run, global: &Global, output: Output) -> Result<(), Failure> {
    let program = Program::read(&arguments)?;
    let mut interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let started = Instant::now();
    let target = tokio::select! {
        target = connect::target(&arguments, global) => target?,
        () = interrupts.next() => return Err(interrupted()),
    };
    let ended = execute(&target, program, arguments.timeout, started, &mut interrupts).await;
    target.close().await;
    report(ended?, output)
}

/// What is to be run.
struct Program {
    code: String,
    language: Language,
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
        Ok(Self { code, language })
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut code = String::new();
    std::io::stdin()
        .read_to_string(&mut code)
        .map_err(|error| Failure::usage(format!("cannot read the program from stdin: {error}")))?;
    Ok(code)
}

fn language_of(path: &Path) -> Option<Language> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "py" => Some(Language::Python),
        "scala" | "sc" => Some(Language::Scala),
        "sql" => Some(Language::Sql),
        "r" => Some(Language::R),
        _ => None,
    }
}

async fn execute(
    target: &Target,
    program: Program,
    timeout: Option<Duration>,
    started: Instant,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let left = || timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
    let session = tokio::select! {
        session = Session::builder(&target.cluster, program.language).timeout(left()).open() => session.map_err(|error| overdue(error, timeout))?,
        () = interrupts.next() => return Err(interrupted()),
    };
    let ended = submit_and_wait(&session, program.code, timeout, left(), interrupts).await;
    let closed = session.close().await;
    if let Err(error) = closed {
        note(&format!("Warning: the context may be left behind: {error}"));
    }
    ended
}

async fn submit_and_wait(
    session: &Session,
    code: String,
    timeout: Option<Duration>,
    left: Option<Duration>,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let waiter = tokio::select! {
        waiter = session.submit(code) => waiter?.deadline(left),
        () = interrupts.next() => return Err(interrupted()),
    };
    wait(waiter, timeout, interrupts).await
}

/// Waits for the end. The first signal cancels the command and watches it stop, the second leaves it to the context's
/// destruction.
async fn wait(mut waiter: Waiter, timeout: Option<Duration>, interrupts: &mut Interrupts) -> Result<Outcome, Failure> {
    let mut cancelling = false;
    loop {
        let progress = tokio::select! {
            progress = waiter.next() => progress,
            () = interrupts.next() => {
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
            Ok(Progress::Ended(outcome)) => return Ok(outcome),
            Ok(_) => {}
            Err(ExecError::StillRunning { .. }) if cancelling => return Err(interrupted()),
            Err(error) => return Err(overdue(error, timeout)),
        }
    }
}

/// The time that `--timeout` gave is over: said with that time, not with what was left of it at some step.
fn overdue(error: ExecError, timeout: Option<Duration>) -> Failure {
    let Some(timeout) = timeout else { return error.into() };
    let (step, fate) = match &error {
        ExecError::OpenTimeout { last_seen, .. } => ("start", last_seen.clone()),
        ExecError::DeadlineExceeded { stopped: true, .. } => ("end", "it was cancelled".to_owned()),
        ExecError::DeadlineExceeded { ids, .. } => ("end", format!("{ids} was told to stop and still runs")),
        _ => return error.into(),
    };
    let timeout = humantime::format_duration(timeout);
    Failure::new(
        Exit::Timeout,
        format!("the program did not {step} within {timeout}; {fate}"),
    )
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

fn report(outcome: Outcome, output: Output) -> Result<(), Failure> {
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
