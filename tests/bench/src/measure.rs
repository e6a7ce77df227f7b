//! What one measurement is: a fresh process that does one thing once, and tells the CPU time and memory it took.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::task::{Function, Program, Task, Way};

/// What a process took.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// User and system time of the task alone, in seconds.
    pub(crate) cpu: f64,
    /// How far memory rose above where it was when the body had been read, in bytes.
    pub(crate) memory: u64,
    /// A sum over what was found.
    pub(crate) sum: u64,
    /// How many connections were made, if it is about that.
    #[serde(default)]
    pub(crate) connections: u64,
}

/// How many connections the function being measured has made; it says so itself.
pub(crate) static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// Measures a function in this process, after it has run once on a small body: loading the program's own pages is not
/// what is compared.
///
/// # Errors
/// When the input cannot be read, or the function fails.
pub(crate) fn here(run: Function, small: &[u8], input: &Path) -> Result<Measured> {
    let body = fs::read(input).with_context(|| input.display().to_string())?;
    run(small)?;

    let memory = start_of_peak()?;
    let start = cpu();
    let sum = measured(run, &body)?;
    let cpu = cpu().saturating_sub(start);
    Ok(Measured {
        cpu: cpu.as_secs_f64(),
        memory: status("VmHWM")?.saturating_sub(memory),
        sum,
        connections: CONNECTIONS.load(Ordering::Relaxed),
    })
}

/// What callgrind counts, found by its name: a call of its own.
#[inline(never)]
fn measured(run: Function, body: &[u8]) -> Result<u64> {
    run(std::hint::black_box(body))
}

/// Measures a way of doing a task in a process of its own.
///
/// # Errors
/// When the process cannot be started, fails, or prints something else.
pub(crate) fn elsewhere(task: &Task, way: &Way, input: &Path) -> Result<Measured> {
    let mut command = command(task, way, input)?;
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} as {}: {error}", task.name, way.name);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{} as {}", task.name, way.name))
}

/// The process that does a task in one way.
pub(crate) fn command(task: &Task, way: &Way, input: &Path) -> Result<Command> {
    Ok(match way.program {
        Program::Function(_) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["measure", task.name, way.name]).arg(input);
            command
        }
        Program::Python(program, argument) => {
            let mut command = Command::new("python3");
            command.args(["-c", program, argument]).arg(input);
            command
        }
    })
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// Forgets the highest memory so far, and says how much there is now.
pub(crate) fn start_of_peak() -> Result<u64> {
    fs::write("/proc/self/clear_refs", "5").context("resetting VmHWM")?;
    status("VmRSS")
}

/// A line of `/proc/self/status`, in bytes.
pub(crate) fn status(name: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kilobytes.with_context(|| format!("{name} is not in /proc/self/status"))? * 1024)
}
