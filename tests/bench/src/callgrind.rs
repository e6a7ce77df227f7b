//! Instruction counts: what a function costs, whatever else the machine does meanwhile.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::measure;
use crate::task::{Program, Task, Way};

/// How many instructions a way took.
#[derive(Serialize)]
pub(crate) struct Count {
    /// The task's name.
    pub(crate) task: &'static str,
    /// The way's name.
    pub(crate) way: &'static str,
    /// Instructions for a byte of body.
    pub(crate) per_byte: f64,
    /// As a part of those of the first way that is counted.
    pub(crate) ratio: f64,
}

/// Whether there is something to count with.
pub(crate) fn is_there() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Counts the instructions of every way that is a function of this program.
///
/// # Errors
/// When valgrind fails, or writes something else.
pub(crate) fn count(tasks: &[Task], input: &Path, directory: &Path) -> Result<Vec<Count>> {
    let bytes = fs::metadata(input)?.len() as f64;
    let mut counts = Vec::new();
    for task in tasks {
        let mut peer = None;
        let functions = task
            .ways
            .iter()
            .filter(|way| matches!(way.program, Program::Function(_)));
        for way in functions {
            let instructions = instructions(task, way, input, directory)? as f64;
            counts.push(Count {
                task: task.name,
                way: way.name,
                per_byte: instructions / bytes,
                ratio: instructions / *peer.get_or_insert(instructions),
            });
        }
    }
    Ok(counts)
}

fn instructions(task: &Task, way: &Way, input: &Path, directory: &Path) -> Result<u64> {
    let written = directory.join("callgrind.out");
    let plain = measure::command(task, way, input)?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*measure*measured*"])
        .arg(format!("--callgrind-out-file={}", written.display()))
        .arg(plain.get_program())
        .args(plain.get_args())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} as {}: {error}", task.name, way.name);
    let text = fs::read_to_string(&written)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    let total = total.context("callgrind wrote no sum")?;
    Ok(total.trim().parse()?)
}
